"""Every candidate of a sweep is what the analysis says of it alone, in every metric; what it refuses is refused."""

import re

import pytest

from layercalc import sweep
from layercalc.layers import fields_of, written
from layercalc.layers.array_fields import Dims, Ints
from layercalc.layers.fields import Int
from layercalc.sweeps import blocks
from layercalc.sweeps.metrics import METRICS
from tests.sweeps.oracle import DEVICE, candidates, said


def holds(model, space, **options):
    """Hold a sweep against the analysis of each candidate; how many are networks."""
    answer = sweep(model, space, columns=METRICS, device=DEVICE, limit=100_000, **options)
    rows = iter(answer["rows"])
    refused = {}
    every = list(candidates(space))
    for values in every:
        alone = said(model, values, **options)
        if isinstance(alone, str):
            kind = re.sub(r"-?\d+(?:[.,]\d+)*", "#", alone)
            refused.setdefault(kind, []).append((alone, values))
        else:
            row = next(rows)
            assert row.pop("values") == values
            assert row == alone, values
    assert next(rows, None) is None
    assert answer["count"] == len(every)
    assert answer["valid"] == answer["matching"] == len(answer["rows"])
    assert sum(one["count"] for one in answer["refused"]) == len(every) - answer["valid"]
    examples = [pair for several in refused.values() for pair in several]
    for one in answer["refused"]:
        assert (one["detail"], one["example"]) in examples
    return answer["valid"]


EXAMPLES = [
    pytest.param(vocabulary, kind.type, id=f"{vocabulary}-{kind.type}")
    for vocabulary in ("keras", "torch", "onnx")
    for kind in written()[vocabulary].kinds.values()
    if kind.example is not None and not kind.is_input
]


def example(vocabulary, name):
    """A layer type, the config of its example, and the inputs that it is called on, the batch left out."""
    kind = written()[vocabulary].kinds[name]
    config, shapes = kind.example[:2]
    several = isinstance(shapes, list) and shapes and isinstance(shapes[0], tuple | list)
    shapes = shapes if several else [shapes]
    dtypes = kind.example_dtypes or ("float32",) * len(shapes)
    inputs = [
        {"name": f"x{number}", "batch_shape": [*shape], "dtype": dtype}
        for number, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=False))
    ]
    return kind, config, inputs


def network(vocabulary, kind, config, inputs):
    layer = {"type": kind.type, "inputs": [one["name"] for one in inputs], **config}
    return {"vocabulary": vocabulary, "inputs": inputs, "layers": [layer]}


@pytest.mark.parametrize(("vocabulary", "name"), EXAMPLES)
def test_every_layer_with_sizes_of_its_input_left_open(vocabulary, name):
    kind, config, inputs = example(vocabulary, name)
    space = {}
    for one in inputs:
        for axis, size in enumerate(one["batch_shape"]):
            if type(size) is int and (axis or vocabulary == "onnx"):
                if len(space) < 2:
                    space.setdefault(f"n{size}", sorted({max(size - 1, 0), size, size + 1, 2 * size}))
                one["batch_shape"][axis] = {"$": f"n{size}"} if f"n{size}" in space else size
    if space:
        holds(network(vocabulary, kind, config, inputs), space)


def arguments(kind, config):
    """The arguments of a layer that are numbers, or lists of some, with what its example says of them."""
    for key, field in fields_of(kind).items():
        value = config.get(key, field.default)
        if type(value) in (int, list, tuple) or isinstance(field, Int | Dims | Ints):
            yield key, value


@pytest.mark.parametrize(("vocabulary", "name"), EXAMPLES)
def test_every_layer_with_each_argument_left_open(vocabulary, name):
    kind, config, inputs = example(vocabulary, name)
    for key, given in arguments(kind, config):
        values = list(given) if isinstance(given, list | tuple) else [given]
        first = values[0] if values and type(values[0]) is int else 1
        opened = [{"$": "n"}, *values[1:]] if isinstance(given, list | tuple) else {"$": "n"}
        space = {"n": sorted({0, 1, 2, 3, first, 2 * first, 50, -1})}
        holds(network(vocabulary, kind, {**config, key: opened}, inputs), space)


def test_columns_are_what_most_layers_are_read_with(monkeypatch):
    """Fewer than a third as many readings as candidates, over all layers of Keras."""
    sizes, figures = [], blocks.Reader.figures
    monkeypatch.setattr(
        blocks.Reader, "figures", lambda reader, part, *rest: sizes.append(part.size) or figures(reader, part, *rest)
    )
    count = 0
    for vocabulary, name in (one.values for one in EXAMPLES if one.values[0] == "keras"):
        kind, config, inputs = example(vocabulary, name)
        axis = next((axis for axis, n in enumerate(inputs[0]["batch_shape"]) if axis and type(n) is int), None)
        if axis is not None:
            size = inputs[0]["batch_shape"][axis]
            for one in inputs:
                one["batch_shape"] = [{"$": "n"} if n == size and at else n for at, n in enumerate(one["batch_shape"])]
            count += sweep(network(vocabulary, kind, config, inputs), {"n": [size + n for n in range(9)]})["count"]
    assert len(sizes) < count / 3


def test_what_is_no_network_is_refused_for_many_at_once(monkeypatch):
    sizes, figures = [], blocks.Reader.figures
    monkeypatch.setattr(
        blocks.Reader, "figures", lambda reader, part, *rest: sizes.append(part.size) or figures(reader, part, *rest)
    )
    layer = {"type": "Conv2D", "filters": 8, "kernel_size": {"$": "k"}}
    space = {"h": {"from": 1, "to": 50}, "k": {"from": -3, "to": 50}}
    answer = sweep({"input_shape": [{"$": "h"}, {"$": "h"}, 3], "layers": [layer]}, space)
    assert (answer["count"], answer["valid"], len(answer["refused"])) == (2700, 1275, 2)
    assert len(sizes) < 20


@pytest.mark.parametrize("dtypes", [{"weight_dtype": "int4:32"}, {"weight_dtype": "int8", "activation_dtype": "int4"}])
def test_bytes_as_if_stored_otherwise(dtypes):
    layers = [
        {"type": "Conv2D", "filters": {"$": "w"}, "kernel_size": 3, "activation": "relu"},
        {"type": "BatchNormalization"},
        {"type": "ReLU"},
        {"type": "Flatten"},
        {"type": "Dense", "units": {"$": "w + 1"}},
    ]
    assert holds(
        {"input_shape": [{"$": "h"}, {"$": "h"}, 3], "layers": layers}, {"h": [5, 6, 9], "w": [1, 2, 7, 8]}, **dtypes
    )


def test_a_usual_network_is_read_as_one(monkeypatch):
    sizes, figures = [], blocks.Reader.figures
    monkeypatch.setattr(
        blocks.Reader, "figures", lambda reader, part, *rest: sizes.append(part.size) or figures(reader, part, *rest)
    )
    layers = [
        {"type": kind, **config}
        for width in ("a", "b", "c")
        for kind, config in (
            ("Conv2D", {"filters": {"$": width}, "kernel_size": {"$": "k"}, "padding": "same"}),
            ("BatchNormalization", {}),
            ("ReLU", {}),
            ("MaxPooling2D", {}),
        )
    ]
    layers += [{"type": "Flatten"}, {"type": "Dense", "units": {"$": "a + b"}, "activation": "relu"}]
    space = {**dict.fromkeys("abc", {"from": 1, "to": 9}), "h": [32, 47], "k": [1, 3, 4]}
    answer = sweep({"input_shape": [{"$": "h"}, {"$": "h"}, 3], "layers": layers}, space)
    assert answer["valid"] == 9**3 * 2 * 3
    assert len(sizes) <= 3
