"""Every candidate of a sweep is what the analysis says of it alone, in every metric; what it refuses is refused."""

import re

import pytest

from layercalc import sweep
from layercalc.layers import fields_of, written
from layercalc.layers.array_fields import Dims, Ints
from layercalc.layers.fields import Int
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
            kind = re.sub(r"-?\d[\d,.]*", "#", alone)
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


KERAS = written()["keras"]
EXAMPLES = {kind.type: kind for kind in KERAS.kinds.values() if kind.example is not None and not kind.is_input}


def opened(value, name, space, spread):
    """A config value with its integers left open, one name for all of them."""
    if type(value) is int and value > 0:
        space.setdefault(name, sorted({max(value + n, 0) for n in spread}))
        return {"$": name if value == space[name][0] - spread[0] else f"{name} + {value - space[name][0] + spread[0]}"}
    return value


def sizes_open(kind):
    """The example of a layer with the sizes of its input left open."""
    config, shape, *rest = (*kind.example, *([None] * 2))[:3]
    return config, shape, rest


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_layer_with_sizes_of_its_input_left_open(name):
    kind = EXAMPLES[name]
    config, shapes = kind.example[:2]
    several = isinstance(shapes, list) and shapes and isinstance(shapes[0], tuple | list)
    shapes = shapes if several else [shapes]
    dtypes = kind.example_dtypes or ("float32",) * len(shapes)
    space = {}
    inputs = []
    for number, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=False)):
        rest = []
        for size in shape[1:]:
            if type(size) is int and len(space) < 2:
                space.setdefault(f"n{size}", sorted({max(size - 1, 0), size, size + 1, 2 * size}))
            rest.append({"$": f"n{size}"} if f"n{size}" in space else size)
        inputs.append({"name": f"x{number}", "shape": rest, "dtype": dtype})
    if not space:
        return
    names = [one["name"] for one in inputs]
    model = {"inputs": inputs, "layers": [{"type": kind.type, "inputs": names, **config}]}
    holds(model, space)


ARGUMENTS = [
    (name, key)
    for name, kind in sorted(EXAMPLES.items())
    for key, field in fields_of(kind).items()
    if isinstance(field, Int | Dims | Ints)
]


@pytest.mark.parametrize(("name", "key"), ARGUMENTS)
def test_every_layer_with_an_argument_left_open(name, key):
    kind = EXAMPLES[name]
    config, shapes = kind.example[:2]
    value = config.get(key, fields_of(kind)[key].default)
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not values or type(values[0]) is not int:
        values = [1]
    several = isinstance(shapes, list) and shapes and isinstance(shapes[0], tuple | list)
    shapes = shapes if several else [shapes]
    dtypes = kind.example_dtypes or ("float32",) * len(shapes)
    inputs = [
        {"name": f"x{n}", "shape": list(shape[1:]), "dtype": dtype}
        for n, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=False))
    ]
    open_ = {"$": "n"} if not isinstance(value, list | tuple) else [{"$": "n"}, *values[1:]]
    layer = {"type": kind.type, "inputs": [one["name"] for one in inputs], **config, key: open_}
    first = values[0]
    holds({"inputs": inputs, "layers": [layer]}, {"n": [0, 1, 2, 3, 4, first, 2 * first, 50, -1]})
