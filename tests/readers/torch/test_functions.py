"""Small programs, a module or a few functions each, with weights: parameters, shapes, types and values of PyTorch."""

import io
import json
import zipfile

import numpy as np
import pytest

import layercalc
from layercalc.files import read_model
from tests.torch_files import DATA, archive_of

with zipfile.ZipFile(DATA / "functions.zip") as _archive:
    PROGRAMS = json.loads(_archive.read("programs.json"))
    ARRAYS = dict(np.load(io.BytesIO(_archive.read("arrays.npz"))))


def body_of(members):
    """The archive of a program that is recorded by its members."""
    raw = {f"m/{path}": ARRAYS[key].tobytes() for path, key in members.get("raw", {}).items()}
    return archive_of({f"m/{path}": json.dumps(one).encode() for path, one in members.items() if path != "raw"} | raw)


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_are_those_of_pytorch(name):
    recorded = PROGRAMS[name]
    with np.errstate(all="ignore"):
        answer = layercalc.forward(
            read_model(body_of(recorded["members"]))[0], [ARRAYS[key] for key in recorded["inputs"]]
        )
    assert answer["verified"]
    assert len(answer["outputs"]) == len(recorded["outputs"])
    for found, (key, dtype) in zip(answer["outputs"], recorded["outputs"], strict=True):
        want = ARRAYS[key].astype(dtype)
        assert found.shape == want.shape
        assert found.dtype == want.dtype
        finite = np.abs(want[np.isfinite(want)].astype(float)).max(initial=0)
        np.testing.assert_allclose(found.astype(float), want.astype(float), rtol=2e-3, atol=1e-3 * finite + 1e-6)
