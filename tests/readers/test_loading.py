"""What reads code is loaded when there is code to read, and before the first request of a service."""

import subprocess
import sys

import pytest

DENSE = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}
CODE = "import keras\nmodel = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(4)])"


@pytest.mark.parametrize(
    ("work", "loaded"),
    [
        (f"from layercalc import analyze; analyze({DENSE!r})", False),
        (f"from layercalc import analyze; analyze({CODE!r})", True),
        ("from layercalc.web import create_app; create_app()", True),
    ],
)
def test_reader_of_code_is_loaded_where_it_is_wanted(work, loaded):
    code = f"{work}; import sys; print('layercalc.readers.keras.script.reader' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert told.stdout.split()[-1] == str(loaded)
