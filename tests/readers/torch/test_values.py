"""Forward passes of recorded exported programs against what PyTorch gave."""

import numpy as np
import pytest

import layercalc
from layercalc.files import read_model
from tests.formula import input_of, weight_of
from tests.torch_files import DATA, body_of, expected

VALUES = sorted(path.stem for path in (DATA / "values").glob("*.npz"))


@pytest.mark.parametrize("name", VALUES)
def test_a_forward_pass_gives_what_pytorch_gave(name):
    recorded, values = expected(name), np.load(DATA / "values" / f"{name}.npz")
    inputs = [
        values[f"in{i}"] if f"in{i}" in values.files else input_of(i, shape)
        for i, (shape, _) in enumerate(recorded["inputs"])
    ]
    weights = {}
    for path, shape, dtype, *rest in recorded["weights"]:
        if len(rest) > 1:  # tied to another
            continue
        const = f"const/{path}"
        weights[path] = values[const] if const in values.files else weight_of(path, shape).astype(dtype)
    answer = layercalc.forward(read_model(body_of(name))[0], inputs, weights)
    assert answer["verified"]
    for place, found in enumerate(answer["outputs"]):
        want = values[f"out{place}"]
        assert found.shape == want.shape
        assert found.dtype == want.dtype
        np.testing.assert_allclose(found, want, rtol=1e-3, atol=1e-4 * np.abs(want).max())
