"""Small networks, a way of calling a function or a module each: what six tools count for them, and PyTorch's values."""

import io
import json
import zipfile
from functools import cache

import numpy as np
import pytest

import layercalc
from layercalc.files import read_model
from tests.torch_files import DATA, archive_of

with zipfile.ZipFile(DATA / "calls.zip") as _archive:
    EXPECTED = json.loads(_archive.read("expected.json"))
    ARRAYS = dict(np.load(io.BytesIO(_archive.read("arrays.npz"))))
    MEMBERS = {name: _archive.read(name) for name in _archive.namelist()}

TOOLS = ("fvcore", "torch", "torchinfo", "thop", "ptflops", "calflops")


@cache
def document_of(name):
    members = {path.removeprefix(f"{name}/"): one for path, one in MEMBERS.items() if path.startswith(f"{name}/")}
    return read_model(archive_of(members))[0]


@cache
def report_of(name):
    return layercalc.analyze(document_of(name), conventions=TOOLS)


@pytest.mark.parametrize("name", EXPECTED)
def test_counts_are_what_the_tools_report(name):
    recorded = EXPECTED[name]
    report = report_of(name)
    assert report["totals"]["params"] == recorded["params"]
    assert [[one["shape"], one["dtype"]] for one in report["outputs"]] == recorded["outputs"]
    counts = {tool: n for tool, n in report["totals"]["counts"].items() if n is not None}
    assert counts == {tool: n for tool, n in recorded["tools"].items() if tool in counts} | {
        tool: n
        for tool, n in counts.items()
        if tool not in recorded["tools"]  # which do not run on it
    }


def test_nearly_all_counts_are_known():
    counts = [report_of(name)["totals"]["counts"] for name in EXPECTED]
    asked = [one[tool] for one, each in zip(counts, EXPECTED.values(), strict=True) for tool in each["tools"]]
    assert asked.count(None) < len(asked) / 100


WITH_VALUES = [
    name
    for name, one in EXPECTED.items()
    if all(f"{name}/{key}" in ARRAYS for key in ("out0", *(f"in{i}" for i in range(len(one["inputs"])))))
]


@pytest.mark.parametrize("name", WITH_VALUES)
def test_values_are_those_of_pytorch(name):
    inputs = [ARRAYS[f"{name}/in{i}"] for i in range(len(EXPECTED[name]["inputs"]))]
    with np.errstate(all="ignore"):
        answer = layercalc.forward(document_of(name), inputs)
    for i, found in enumerate(answer["outputs"]):
        want = ARRAYS.get(f"{name}/out{i}")
        if want is not None:
            assert found.shape == want.shape
            most = np.abs(want[np.isfinite(want)].astype(float)).max(initial=0)
            np.testing.assert_allclose(found.astype(float), want.astype(float), rtol=2e-3, atol=1e-3 * most + 1e-6)
