"""Mutated files, and files that are made to do harm: refused with our own errors, in little time and memory."""

import base64
import random
from time import process_time

import numpy as np
import pytest

import layercalc
from layercalc import files
from layercalc.errors import InvalidModel
from layercalc.limits import Limits
from tests.layers.onnx.test_nodes import CASES
from tests.onnx_files import NAMES, body_of, chunk, file_of, node, tensor, value_info, written

LIMITS = Limits()
BYTES = (0, 1, 2, 127, 128, 255)


def analysed(body, limits=LIMITS):
    document, _ = files.read_model(body, (), limits)
    return layercalc.analyze(document, limits=limits)


def mutated(draw, body):
    body = bytearray(body)
    for _ in range(draw.choice([1, 1, 2, 3, 5])):
        at, kind = draw.randrange(len(body)), draw.random()
        if kind < 0.5:
            body[at] = draw.choice([*BYTES, draw.randrange(256)])
        elif kind < 0.7:
            body[at] = (body[at] + draw.choice([-1, 1])) % 256
        elif kind < 0.85:
            del body[at : at + draw.randint(1, 3)]
        else:
            body[at:at] = draw.randbytes(draw.randint(1, 3))
    return bytes(body)


def test_mutations_of_real_files_and_node_cases_give_our_own_errors_only():
    bodies = [body_of(name) for name in NAMES if len(body_of(name)) < 30_000]
    bodies += [base64.b64decode(case["onnx"]) for _, case in CASES.values()]
    draw, read = random.Random(3), 0
    for _ in range(3_000):
        try:
            analysed(mutated(draw, draw.choice(bodies)))
            read += 1
        except InvalidModel:
            pass
    assert read > 20


def doubled(levels):
    """Functions each of which calls the one before twice."""
    functions = [
        {
            "name": "f0",
            "domain": "d",
            "input": ["x"],
            "output": ["y"],
            "node": [node("Relu", ["x"], ["y"])],
            "opset_import": [{"domain": "", "version": 17}],
        }
    ]
    for level in range(1, levels):
        nodes = [node(f"f{level - 1}", ["x"], ["z"], domain="d"), node(f"f{level - 1}", ["z"], ["y"], domain="d")]
        functions.append({**functions[0], "name": f"f{level}", "node": nodes})
    top = [node(f"f{levels - 1}", ["x"], ["y"], domain="d")]
    return file_of(
        top, {"x": [1]}, {"y": [1]}, functions=functions, opset_import=[{"version": 17}, {"domain": "d", "version": 1}]
    )


def calling_itself():
    function = {
        "name": "f",
        "domain": "d",
        "input": ["x"],
        "output": ["y"],
        "node": [node("f", ["x"], ["y"], domain="d")],
    }
    return file_of([node("f", ["x"], ["y"], domain="d")], {"x": [1]}, {"y": [1]}, functions=[function])


def lying():
    """A tensor that says it has 2^31 by 2^31 elements, and one byte."""
    lies = {"name": "w", "dims": [2**31, 2**31], "data_type": 7, "raw_data": b"\0"}
    return file_of([node("Gather", ["w", "x"], ["y"])], {"x": value_info("x", [1], 7)}, {"y": None}, [lies])


def huge():
    return file_of([node("Relu", ["x"], ["y"])], {"x": [2**62, 2**62, 2**62]}, {"y": None})


def expanded():
    sizes = tensor("to", np.array([10**6, 10**6, 10**6], "int64"))
    return file_of([node("ConstantOfShape", ["to"], ["y"]), node("Shape", ["y"], ["z"])], {}, {"z": [3]}, [sizes])


def ranged():
    ends = [tensor(name, np.array(n, "int64")) for name, n in (("a", 0), ("b", 2**62), ("c", 1))]
    return file_of([node("Range", ["a", "b", "c"], ["y"])], {}, {"y": [None]}, ends)


def wide():
    return file_of([node("LRN", ["x"], ["y"], size=10**9)], {"x": [1, 8, 4, 4]}, {"y": None})


REFUSED = {
    "functions-that-double": (doubled(30), "nested too deeply|more than"),
    "a-function-that-calls-itself": (calling_itself(), "calls itself"),
    "no-graph": (written("Model", {"ir_version": 8, "producer_name": "x"}), "without a graph"),
    "a-million-nodes": (chunk(7, chunk(1, b"") * 1_000_000 + chunk(12, b"")), "LAYERCALC_MAX_LAYERS|not read"),
    "lying-sizes": (lying(), "no whole number of int64"),
    "channels-without-end": (wide(), "size is 1 to"),
    "a-tensor-of-another-size": (
        file_of(
            [node("Reshape", ["x", "to"], ["y"])],
            {"x": [4]},
            {"y": None},
            [{"name": "to", "dims": [3], "data_type": 7, "raw_data": b"\0" * 8}],
        ),
        "has 1 values",
    ),
    "twice-made": (
        file_of([node("Relu", ["x"], ["y"]), node("Relu", ["x"], ["y"])], {"x": [1]}, {"y": None}),
        "already",
    ),
    "from-nowhere": (file_of([node("Relu", ["z"], ["y"])], {"x": [1]}, {"y": None}), "There is no tensor 'z'"),
    "too-few-inputs": (file_of([node("Conv", ["x"], ["y"])], {"x": [1, 1, 4, 4]}, {"y": None}), "needs its input 'W'"),
    "too-many-inputs": (file_of([node("Relu", ["x", "x"], ["y"])], {"x": [1]}, {"y": None}), "takes at most 1"),
    "unknown-attribute": (
        file_of([node("Relu", ["x"], ["y"], slope=1.0)], {"x": [1]}, {"y": None}),
        "no attribute 'slope'",
    ),
    "attribute-of-another-kind": (
        file_of([node("Softmax", ["x"], ["y"], axis="last")], {"x": [1, 2]}, {"y": None}),
        "Softmax.axis is an integer; received a text",
    ),
    "unknown-operator": (file_of([node("Rellu", ["x"], ["y"])], {"x": [1]}, {"y": None}), "Did you mean 'Relu'"),
    "unknown-domain": (
        file_of([node("Relu", ["x"], ["y"], domain="mine")], {"x": [1]}, {"y": None}),
        "of the domain 'mine'",
    ),
    "too-old": (file_of([node("Gelu", ["x"], ["y"])], {"x": [1]}, {"y": None}, opset=17), "is read from opset 20"),
    "two-types": (
        file_of([node("Add", ["x", "w"], ["y"])], {"x": [1]}, {"y": None}, [tensor("w", np.zeros(1, "int64"))]),
        "of one type",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_harm_or_is_wrong_is_refused_soon_and_says_why(name):
    body, words = REFUSED[name]
    begin = process_time()
    with pytest.raises(InvalidModel, match=words):
        files_or_analysis(body)
    assert process_time() - begin < 20


def files_or_analysis(body):
    return analysed(b"\x08\x08\x12\x01x" + body if body[:1] != b"\x08" else body)


@pytest.mark.parametrize("make", [huge, expanded, ranged])
def test_large_sizes_are_counted_without_being_made(make):
    begin = process_time()
    report = analysed(make())
    assert report["layers"]
    assert process_time() - begin < 10


def test_a_fault_says_where_in_the_file_it_stands():
    body = file_of([node("Relu", ["x"], ["h"]), node("Softmax", ["h"], ["y"], axis="last")], {"x": [1, 2]}, {"y": None})
    with pytest.raises(InvalidModel) as refused:
        analysed(body)
    assert refused.value.errors[0]["pointer"] == "/graph/node/1/attribute/0"
