"""ONNX' own node cases: what is read gives their shapes, types and values; what is not is refused by its name."""

import ast
import base64
import gzip
import json
import re
import tracemalloc
from collections import defaultdict

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from layercalc.readers.onnx.tensors import array_of
from layercalc.readers.onnx.wire import read_message
from tests.onnx_files import DATA, file_of, node, varint, written

SOURCES = ("node_tests", "pytorch_converted_tests")
DRAWN = "operators"  # nodes with attributes and tensors drawn at random
ARRAYS = {source: dict(np.load(DATA / f"{source}.npz")) for source in (*SOURCES, DRAWN)}


def cases_of(*sources):
    return {
        name: (source, case)
        for source in sources
        for name, case in json.loads(gzip.decompress((DATA / f"{source}.json.gz").read_bytes()))["cases"].items()
        if "_expanded" not in name
    }


CASES = cases_of(*SOURCES)
LEAST = 0.94  # of all cases that are read
BY_OPERATOR = defaultdict(list)
for _name, (_, _case) in CASES.items():
    BY_OPERATOR[_case["ops"][0] if _case["ops"] else ""].append(_name)
ALL_READ = cases_of(DRAWN)
READ: dict[str, bool] = {}


def tensor(source, one):
    """A recorded tensor with its type, or None for one that is left out or is none of numbers."""
    if one is not None and is_told(one):
        return told(one)
    if one is None or "stored" not in one:
        return None
    at, shape = one["at"], one["shape"]
    return ARRAYS[source][one["stored"]][at : at + int(np.prod(shape, dtype=int))].reshape(shape), one["dtype"]


def told(one):
    """A tensor that was recorded as the text of a message: its dims, type and bytes."""
    text = one["data"][0]
    dims = tuple(int(n) for n in re.findall(r"^dims: (\d+)$", text, re.M))
    raw = re.search(r'raw_data: "(.*)"', text)
    body = ast.literal_eval(f'b"{raw[1]}"') if raw else b""
    message = {"dims": list(dims), "data_type": int(re.search(r"data_type: (\d+)", text)[1])}
    numbers = [int(n) for n in re.findall(r"^int32_data: (-?\d+)$", text, re.M)]
    message |= {"int32_data": [b"".join(map(varint, numbers))]} if numbers else {"raw_data": body}
    array = array_of(read_message(written("Tensor", message), kind="Tensor"))
    return array.values, array.dtype


def numeric(one):
    return one is None or "stored" in one or is_told(one)


def is_told(one):
    return one.get("dtype") == "string" and len(one["data"]) == 1 and "data_type: " in one["data"][0]


def close(found, want, dtype, case):
    if found.dtype.kind != "f":
        np.testing.assert_array_equal(found.astype(float), want.astype(float))
        return
    near = {"float16": 2e-3, "bfloat16": 8e-3}.get(dtype, 0)
    rtol, atol = max(case.get("rtol", 1e-3), near), max(case.get("atol", 1e-7), near, 1e-6)
    np.testing.assert_allclose(found.astype(float), want.astype(float), rtol=rtol, atol=atol)


def held(name):
    """Whether a case is read; AssertionError where it is and gives something else."""
    source, case = CASES[name] if name in CASES else ALL_READ[name]
    try:
        document, _ = read_model(base64.b64decode(case["onnx"]))
        if not all(map(numeric, [*case["inputs"], *case["outputs"]])):
            layercalc.analyze(document)
            return False
        given = [tensor(source, one) for one in case["inputs"]]
        inputs = {key: one[0] for key, one in zip(case["input_names"], given, strict=False) if one is not None}
        answer = layercalc.forward(document, inputs, return_layers=())
        shapes = {key: list(one.shape) for key, one in inputs.items() if one.ndim}
        report = None
        try:
            report = layercalc.analyze(document, batch_shape=shapes)
        except InvalidModel as error:
            assert "values" in str(error) or "known" in str(error)
    except InvalidModel as error:
        assert str(error)
        return False
    assert answer["verified"]
    for place, one in enumerate(case["outputs"]):
        if one is None:
            continue
        want, dtype = tensor(source, one)
        found = answer["outputs"][place]
        found = np.asarray(found["data"]) if isinstance(found, dict) else found
        assert list(found.shape) == list(want.shape)
        close(found, want, dtype, case)
        if report is not None:
            assert report["outputs"][place]["dtype"] == dtype
            sizes = report["outputs"][place]["shape"]
            assert all(a in (None, b) for a, b in zip(sizes, want.shape, strict=True))
    return True


@pytest.mark.parametrize("operator", sorted(BY_OPERATOR))
def test_cases_of_an_operator_give_what_onnx_says_or_are_refused(operator):
    for name in BY_OPERATOR[operator]:
        READ[name] = held(name)


def test_so_many_cases_are_read():
    if len(READ) == len(CASES):
        assert sum(READ.values()) / len(CASES) > LEAST


@pytest.mark.parametrize("name", ALL_READ)
def test_nodes_drawn_at_random_give_what_onnx_runtime_gave(name):
    assert held(name)


def opened(case, name_of):
    """The document of a case whose inputs have other sizes: None, or names."""
    document, _ = read_model(base64.b64decode(case["onnx"]))
    for value in document.message["graph"]["input"]:
        for axis, dim in enumerate(value["type"]["tensor_type"]["shape"]["dim"]):
            dim.pop("dim_value", None)
            if name := name_of(value["name"], axis):
                dim["dim_param"] = name
    return document


@pytest.mark.parametrize("name_of", [lambda *_: "", "{}_{}".format], ids=["unknown", "named"])
@pytest.mark.parametrize("operator", sorted({case["ops"][0] for _, case in ALL_READ.values()}))
def test_where_sizes_are_open_none_is_wrong(operator, name_of):
    for _, case in ALL_READ.values():
        if case["ops"] != [operator]:
            continue
        try:
            report = layercalc.analyze(opened(case, name_of))
        except InvalidModel as error:
            assert str(error)
            continue
        for found, want in zip(report["outputs"], case["outputs"], strict=True):
            assert len(found["shape"]) == len(want["shape"])
            assert all(a in (None, b) for a, b in zip(found["shape"], want["shape"], strict=True))


FIRST = {case["ops"][0]: case for _, case in reversed(ALL_READ.values())}  # a case of each operator


def test_sizes_of_billions_take_no_memory():
    """What follows from sizes alone, as the places of a window, is made when it is run."""
    tracemalloc.start()
    for case in FIRST.values():
        document, _ = read_model(base64.b64decode(case["onnx"]))
        for value in document.message["graph"]["input"]:
            for dim in value["type"]["tensor_type"]["shape"]["dim"]:
                dim["dim_value"] *= 1_000_003 if dim["dim_value"] > 1 else 1
        try:
            assert layercalc.analyze(document)["layers"]
        except InvalidModel as error:
            assert str(error)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("kind", "domain", "reason"),
    [
        ("TfIdfVectorizer", "", "works on strings"),
        ("SequenceMap", "", "works on sequences or optional tensors"),
        ("RandomNormal", "", "draws random numbers"),
        ("ImageDecoder", "", "reads pictures"),
        ("TreeEnsemble", "ai.onnx.ml", "is of trees, encoders and the like"),
        ("Adam", "ai.onnx.preview.training", "trains"),
    ],
)
def test_what_is_not_computed_is_refused_by_its_name_and_why(kind, domain, reason):
    opsets = [{"version": 17}, {"domain": domain, "version": 1}]
    made = file_of([node(kind, ["x"], ["y"], domain=domain)], {"x": [2]}, {"y": None}, opset_import=opsets)
    with pytest.raises(InvalidModel, match=f"The operator {kind}.* {reason}, and is not read"):
        layercalc.analyze(read_model(made)[0])
