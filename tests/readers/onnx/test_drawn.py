"""Nodes and stacks of any operator with attributes, inputs and types drawn by chance: answered, or refused in words."""

import random
from dataclasses import replace

import numpy as np
import pytest

import layercalc
from layercalc import catalogue, files
from layercalc.errors import InvalidModel
from layercalc.layers.onnx.base import ONNX
from layercalc.layers.onnx.dtypes import DTYPES
from layercalc.limits import Limits
from tests.onnx_files import attribute, chunk, file_of, node, tensor, value_info, varint

LIMITS = Limits()
NUMBERS = {dtype: number for number, dtype in DTYPES.items()}
SHAPES = [[2, 3], [1], [2, 3, 4], [1, 3, 8, 8], [2, 0], [5], [1, 2, 3, 4, 5], [None, 3], ["H", 4], ["N", 3, "H", "W"]]
TYPES = ["float32"] * 6 + ["int64", "bool", "uint8", "float16", "int32", "int4"]
ATTRIBUTES = [
    *(0, 1, -1, 2, 3, 10**9, -(2**63), 0.5, -1.0, 1e30, "a", "NOTSET", "SAME_UPPER", "constant", "linear"),
    *([0], [1], [1, 1], [2, 2], [0, 0, 0, 0], [-1], [0, 0], [0.5], ["Tanh"], [10**9, 1]),
]
INTEGERS = ([0], [1], [-1], [2, 3], [1, 1, 1, 1], [0] * 4 + [1] * 4, [10**12], [], 5, 0, [-1, 0], [[1, 2], [0, 1]])
FLOATS = (1.0, [0.5], [1, 1, 2, 2], [np.nan], [[1, 2], [3, 4]])
CONSTANTS = [np.array(one, "int64") for one in INTEGERS] + [np.array(one, "float32") for one in FLOATS]
TENSORS = [
    *(None, True, 0, 1, -1, 0.5, 10**20, "a", [], [0], [-1], [2, 2], [0.5], [10**9], [[1, 2], [3, 4]]),
    *({"shape": [2, 3]}, {"shape": []}, {"shape": [0]}, {"shape": [2**31, 2**31]}, {"shape": [4], "dtype": "uint8"}),
    {"shape": [1], "dtype": "int64", "data": [10**12]},
]


def drawn_file(draw):
    """A few nodes of any operators, on any tensors that are there."""
    inputs = {
        name: value_info(name, draw.choice([*SHAPES, [], None]), NUMBERS[draw.choice(TYPES)])
        for name in ("a", "b")[: draw.randint(1, 2)]
    }
    held = [tensor(name, draw.choice(CONSTANTS)) for name in ("c", "d")]
    dims = draw.choice([[4, 3, 3, 3], [3, 4], [4], [1, 12, 3]])
    held.append({"name": "w", "dims": dims, "data_type": 1, "data_location": 1})
    names, nodes = [*inputs, "c", "d", "w"], []
    for number in range(draw.randint(1, 4)):
        full = draw.choice(list(ONNX.functions))
        version = draw.choice(ONNX.functions[full])
        domain, _, kind = full.rpartition(".")
        most = 3 if version.variadic else len(version.inputs)
        given = [draw.choice([*names, ""]) for _ in range(draw.randint(min(1, most), most))]
        outputs = [f"t{number}_{place}" for place in range(draw.choice([1, 1, 1, 2, 3]))]
        made = node(kind, given, outputs, f"n{number}", domain)
        made["attribute"] += [
            attribute(name, draw.choice(ATTRIBUTES)) for name in version.attributes if draw.random() < 0.35
        ]
        nodes.append(made)
        names += outputs
    opsets = [{"version": draw.choice([6, 7, 9, 11, 13, 17, 18, 21, 23])}, {"domain": "com.microsoft", "version": 1}]
    return file_of(nodes, inputs, {names[-1]: None}, held, opset_import=opsets)


def drawn_stack(draw):
    """The example of an operator with something about it changed."""
    kind = ONNX.kinds[draw.choice(list(ONNX.kinds))]
    example = catalogue.example(kind) or {"layer": {"type": kind.type}, "input_shapes": [[2, 3]]}
    layer, shapes = dict(example["layer"]), [list(shape) for shape in example["input_shapes"]]
    dtypes = list(example.get("input_dtypes") or ["float32"] * len(shapes))
    for _ in range(draw.randint(1, 3)):
        place = draw.randrange(len(shapes)) if shapes else 0
        if not shapes or draw.random() < 0.6:
            layer[draw.choice([*kind.own_fields, "name"])] = draw.choice([*TENSORS, *ATTRIBUTES])
        elif draw.random() < 0.7:
            shapes[place] = draw.choice(SHAPES)
        else:
            dtypes[place] = draw.choice(TYPES)
    named = enumerate(zip(shapes, dtypes, strict=True))
    inputs = [{"name": f"in{i}", "batch_shape": shape, "dtype": dtype} for i, (shape, dtype) in named]
    layer |= {"inputs": [one["name"] for one in inputs]} if inputs else {}
    return {"vocabulary": "onnx", "inputs": inputs or [{"name": "unread", "shape": [1]}], "layers": [layer]}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of numbers that are none
@pytest.mark.parametrize("drawn", [drawn_file, drawn_stack])
def test_whatever_is_drawn_is_answered_or_refused_in_words(drawn):
    draw, answered = random.Random(11), 0
    for _ in range(1_200):
        document = drawn(draw)
        try:
            layercalc.analyze(document, conventions="all" if draw.random() < 0.2 else (), limits=LIMITS)
            answered += 1
            layercalc.forward(document, {"seed": 1}, limits=LIMITS)
        except InvalidModel as error:
            assert str(error)
    assert answered > 20


def test_softmax_of_nothing_is_counted_by_every_tool():
    rows = {"input_shape": [0], "layers": [{"type": "Softmax"}]}
    for document in (rows, {**rows, "vocabulary": "onnx"}):
        assert layercalc.analyze(document, conventions="all")["totals"]["counts"]["thop"] == 0


def nested(levels):
    """A branch inside of a branch, so many times."""
    graph = {"name": "g", "node": [node("Identity", ["x"], ["y"])], "output": [value_info("y", None)]}
    for _ in range(levels):
        graph = {"name": "g", "node": [node("If", ["c"], ["y"], then_branch=graph)], "output": [value_info("y", None)]}
    return file_of(graph["node"], {"x": [1], "c": value_info("c", [], 9)}, {"y": None})


HEAD = b"\x08\x08\x12\x01x"
BOMBS = {
    "branches-in-branches": (nested(40), "nested more than 100 deep"),
    "tensors-without-end": (HEAD + chunk(7, chunk(5, b"") * 10_001), "LAYERCALC_MAX_CONTAINERS"),
    "integers-without-end": (HEAD + chunk(7, chunk(1, chunk(5, chunk(8, b"\0" * 50_001)))), "LAYERCALC_MAX_VALUES"),
    "a-graph-that-stands-twice": (HEAD + chunk(7, b"") * 2, "graph stands twice"),
    "a-name-without-end": (HEAD + chunk(7, chunk(2, b"n" * 100_000)), "A name of 100,000 bytes"),
    "a-length-past-the-end": (HEAD + varint(7 << 3 | 2) + varint(1 << 62), "of which 0 are there"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_they_are_read_whole(name):
    body, words = BOMBS[name]
    few = replace(LIMITS, max_containers=10_000, max_values=50_000)
    with pytest.raises(InvalidModel, match=words):
        layercalc.analyze(files.read_model(body, (), few)[0], limits=few)


def test_a_sparse_bomb_as_the_size_of_something_is_refused():
    """A few bytes that stand for 2^62 numbers: as a weight they are counted, as sizes refused."""
    one = {
        "values": tensor("s", np.array([1], "int64")),
        "indices": tensor("", np.array([0], "int64")),
        "dims": [1 << 31, 1 << 31],
    }
    constant = node("Constant", [], ["s"])
    constant["attribute"] = [{"name": "sparse_value", "sparse_tensor": one, "type": 11}]
    body = file_of([constant, node("Expand", ["x", "s"], ["y"])], {"x": [1]}, {"y": None})
    with pytest.raises(InvalidModel, match="16,777,216 are written out"):
        layercalc.analyze(body)
