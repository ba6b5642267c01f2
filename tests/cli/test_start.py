"""A command starts in the time that its own work takes: what it does not use is not imported."""

import json
import subprocess
import sys

import pytest

STACK = '{"input_shape": [4], "layers": [{"type": "Dense", "units": 2}]}'
KERAS = json.dumps(
    {
        "class_name": "Sequential",
        "config": {
            "name": "m",
            "layers": [
                {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "x"}},
                {"class_name": "Dense", "config": {"units": 2, "name": "y"}},
            ],
        },
    }
)
CODE = "import numpy as np\nfrom keras import layers, Sequential\nm = Sequential([layers.Input((4,)), layers.Dense(2)])"


def imported(*arguments, text=None):
    """What a command printed, and the modules that there are at its end."""
    script = f"import sys\nsys.argv = ['layercalc', *{arguments!r}]\nimport layercalc.cli as face\n"
    script += "try:\n    face.main()\nfinally:\n    print('\\n', *sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, set(done.stderr.splitlines()[-1].split())


PACKAGES = {"numpy", "flask", "rich.console", "yaml", "junitparser", "h5py", "ml_dtypes", "safetensors"}
OWN = {"budgets", "execution", "layers.onnx", "layers.torch"}


@pytest.mark.parametrize(
    ("text", "others"),
    [
        (STACK, {"readers.keras.script", "readers.pastes"}),
        (KERAS, {"readers.keras.script", "readers.pastes"}),
        (CODE, set()),
    ],
    ids=["stack", "keras", "code"],
)
def test_an_analysis_imports_what_its_document_needs(text, others):
    answer, modules = imported("analyze", "-", "--format", "json", text=text)
    assert json.loads(answer)["totals"]["params"] == 10
    assert modules & (PACKAGES | {f"layercalc.{one}" for one in OWN | others}) == set()


WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = None
from layercalc import analyze, errors
from layercalc.layers.keras.base import KERAS
analysed = []
for name, kind in KERAS.kinds.items():
    config, *shapes = kind.example
    try:
        analyze({"input_shape": shapes[0][1:], "layers": [{"type": name, **config}]})
    except ModuleNotFoundError:
        print("needs NumPy:", name)
    except (errors.Refused, TypeError):  # of several inputs
        pass
    else:
        analysed.append(name)
print(len(analysed))
"""


def test_a_check_of_one_model_starts_no_processes():
    answer, modules = imported("check", "-", "--max-params", "20", "--format", "json", text=STACK)
    assert json.loads(answer)["passed"]
    assert modules & {"numpy", "multiprocessing", "concurrent.futures", "layercalc.execution"} == set()


def test_shapes_and_costs_of_every_layer_are_integers_without_numpy():
    done = subprocess.run([sys.executable, "-c", WITHOUT_NUMPY], capture_output=True, text=True, check=True)
    *need, analysed = done.stdout.split("\n")[:-1]
    assert need == []
    assert int(analysed) > 100
