"""What holds of every layer type; a new one joins by existing."""

import inspect

import jsonschema
import numpy as np
import pytest

import layercalc
from layercalc import catalogue
from layercalc.layers import ConfigError, build, fields_of
from layercalc.layers.fields import NOTES, ValidationError
from layercalc.layers.keras.base import KERAS
from layercalc.layers.keras.initializers import INITIALIZERS, load_initializer
from layercalc.ops import OPS
from layercalc.ops.base import Op

PLAIN = [name for name, kind in KERAS.kinds.items() if not kind.is_input and not kind.only_analysed]


def stack(name, config=None, shapes=None):
    """A stack that calls one layer on its example's shapes."""
    example = catalogue.example(KERAS.kinds[name])
    layer = {**example["layer"], **({} if config is None else config), "name": "it"}
    shapes = shapes or example["input_shapes"]
    inputs = [{"name": f"in{i}", "batch_shape": shape} for i, shape in enumerate(shapes)]
    return {"inputs": inputs, "layers": [{**layer, "inputs": [one["name"] for one in inputs]}]}


@pytest.mark.parametrize("name", PLAIN)
def test_example_runs_to_the_shapes_that_the_analysis_says(name):
    result = layercalc.forward(stack(name), {"seed": 1})
    (row,) = layercalc.analyze(stack(name))["layers"]
    assert result["verified"]
    assert [output["shape"] for output in result["outputs"]] == row["output_shapes"]
    assert row["params"] == sum(int(np.prod(weight["shape"])) for weight in row["weights"])
    assert row["flops"] == sum(op["flops"] for op in row["ops"])
    assert row["macs"] == sum(op.get("macs", 0) for op in row["ops"])


@pytest.mark.parametrize("name", [name for name in PLAIN if "data_format" in fields_of(KERAS.kinds[name])])
def test_channels_first_is_the_same_layer_on_moved_axes(name):
    (shape,) = catalogue.example(KERAS.kinds[name])["input_shapes"]
    axis = -1 if KERAS.kinds[name].rank is None else len(shape) - 1
    x = np.random.default_rng(5).standard_normal(shape).astype("float32")
    last = layercalc.forward(stack(name), [x])["outputs"][0]
    at = len(shape) - 1 - (KERAS.kinds[name].rank or len(shape) - 2)
    first_shape = [*shape[:at], shape[-1], *shape[at:-1]]
    document = stack(name, {"data_format": "channels_first"}, [first_shape])
    first = layercalc.forward(document, [np.moveaxis(x, axis, at)])["outputs"][0]
    moved = first if first.ndim < 3 else np.moveaxis(first, at, -1)
    np.testing.assert_allclose(moved, last, rtol=1e-5, atol=1e-6)
    (row,) = layercalc.analyze(document)["layers"]
    (straight,) = layercalc.analyze(stack(name))["layers"]
    assert {key: row[key] for key in ("params", "macs", "flops")} == {
        key: straight[key] for key in ("params", "macs", "flops")
    }


@pytest.mark.parametrize("name", PLAIN)
def test_costs_scale_with_the_batch(name):
    one, five = (layercalc.analyze(stack(name), batch_size=n)["totals"] for n in (1, 5))
    for metric in ("macs", "flops", "activation_bytes"):
        assert five[metric] == 5 * one[metric]
    assert five["params"] == one["params"]


@pytest.mark.parametrize("name", PLAIN)
def test_layer_not_trainable_has_no_trainable_params(name):
    (row,) = layercalc.analyze(stack(name, {"trainable": False}))["layers"]
    inner = not {"layer", "cell", "cells"}.isdisjoint(catalogue.example(KERAS.kinds[name])["layer"])
    (free,) = layercalc.analyze(stack(name))["layers"]
    assert row["trainable_params"] == (
        free["trainable_params"] if inner else 0
    )  # in Keras a wrapped layer says so itself
    assert row["non_trainable_params"] == row["params"] - row["trainable_params"]


CANDIDATES = [
    None, True, False, -1, 0, 1, 2, 3, 0.5, -0.5, 2.0, 1e300, "", "valid", "no such word", "relu", "zeros", [], [1], [1, 1],
    [2, 1], [1, 1, 1], [0], [-1], [None], ["a"], [[1, 1]], [[1, 1], [1, 1]], [[1, 1], [1, 1], [1, 1]], [1.5], {}, {"a": 1},
    10**400,
]  # fmt: skip
FIELDS = [(name, key) for name in KERAS.kinds for key in fields_of(KERAS.kinds[name])]


def accepts(name, key, value):
    token = NOTES.set([])
    try:
        fields_of(KERAS.kinds[name])[key].deserialize(value, key)
    except ValidationError as error:
        assert error.messages
        return False
    finally:
        NOTES.reset(token)
    return True


@pytest.mark.parametrize(("name", "key"), FIELDS)
def test_field_takes_what_its_schema_says_and_refuses_the_rest(name, key):
    """The published JSON Schema and the loader agree on every candidate, but where one reads a serialised object."""
    schema = fields_of(KERAS.kinds[name])[key].json_schema()
    validator = jsonschema.Draft202012Validator({**schema, "components": {"schemas": {"Layer": {"type": "object"}}}})
    refused = 0
    for value in CANDIDATES:
        allowed = validator.is_valid(value)
        taken = accepts(name, key, value)
        refused += not taken
        if isinstance(value, dict) or value == 10**400 or (isinstance(value, list) and "array" in str(schema)):
            assert allowed or not taken, value  # the schema may say less than the loader checks, never more
        elif isinstance(value, str) and schema.get("type") in (["string", "object"], ["string", "object", "null"]):
            assert allowed or not taken, value
        elif isinstance(value, float) and value == int(value):
            assert allowed or not taken, value  # JSON Schema calls 2.0 an integer
        else:
            assert allowed == taken, value
    assert refused, "a field that refuses nothing checks nothing"


@pytest.mark.parametrize("name", KERAS.kinds)
def test_unknown_argument_is_refused_by_name(name):
    config = {**catalogue.example(KERAS.kinds[name])["layer"], "no_such": 1}
    config.pop("type")
    with pytest.raises(ConfigError) as caught:
        build(KERAS.kinds[name], config)
    assert [path for path, _ in caught.value.faults] == [("no_such",)]
    assert name in caught.value.faults[0][1]


NULL_REFUSED = {
    "CategoryEncoding": ["num_tokens"],
    "Discretization": ["bin_boundaries"],
}  # null by default, as in Keras


@pytest.mark.parametrize("name", KERAS.kinds)
def test_missing_argument_is_named(name):
    required = [key for key, field in fields_of(KERAS.kinds[name]).items() if field.required] or NULL_REFUSED.get(
        name, []
    )
    if not required:
        build(KERAS.kinds[name], {})
        return
    with pytest.raises(ConfigError) as caught:
        build(KERAS.kinds[name], {})
    assert [path for path, _ in caught.value.faults] == [(key,) for key in required]


@pytest.mark.parametrize("name", KERAS.kinds)
def test_layer_is_documented(name):
    kind = KERAS.kinds[name]
    assert catalogue.description(kind)
    assert inspect.getdoc(kind)
    assert catalogue.entry(name)["example"]["layer"]["type"] == name


def test_aliases_and_slips_lead_somewhere():
    assert set(KERAS.aliases.values()) <= set(KERAS.kinds)
    every = {key for kind in KERAS.kinds.values() for key in fields_of(kind)}
    assert {meant for meanings in KERAS.slips.values() for meant in meanings} <= every


@pytest.mark.parametrize("name", PLAIN)
def test_rank_that_does_not_fit_is_explained(name):
    """An input of one axis too many or too few gives a shape error that says what was received, or a result."""
    shapes = catalogue.example(KERAS.kinds[name])["input_shapes"]
    for changed in (
        [shape[:-1] for shape in shapes],
        [[*shape, 2] for shape in shapes],
        [[shape[0]] for shape in shapes],
    ):
        try:
            layercalc.analyze(stack(name, shapes=changed))
        except layercalc.InvalidModel as error:
            (fault,) = error.errors
            assert fault["pointer"].startswith("/layers/0")
            assert str(changed[0][-1]) in fault["detail"] or str(len(changed[0])) in fault["detail"]


@pytest.mark.parametrize("name", OPS)
def test_op_without_a_cost_says_so(name):
    op = OPS[name]
    assert type(op).cost is not Op.cost or op.view or op.free, (
        f"{name} has no cost and does not declare that it is free"
    )


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializer_fills_the_shape_and_keeps_to_its_seed(name):
    for shape in ((7,), (4, 6), (3, 3, 2, 8)) if name != "identity" else ((4, 6),):
        first, again = (load_initializer(name)(shape, np.random.default_rng(3)) for _ in range(2))
        assert first.shape == shape
        assert np.isfinite(first).all()
        np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(
    ("name", "shape", "deviation"),
    [
        ("glorot_uniform", (200, 300), (2 / 500) ** 0.5),
        ("glorot_normal", (200, 300), (2 / 500) ** 0.5),
        ("he_normal", (3, 3, 40, 50), (2 / 360) ** 0.5),
        ("he_uniform", (3, 3, 40, 50), (2 / 360) ** 0.5),
        ("lecun_normal", (200, 300), (1 / 200) ** 0.5),
        ("lecun_uniform", (200, 300), (1 / 200) ** 0.5),
        ("random_normal", (200, 300), 0.05),
        ("random_uniform", (200, 300), 0.1 / 12**0.5),
        ("orthogonal", (200, 200), 200**-0.5),
    ],
)
def test_initializer_has_the_deviation_of_its_paper(name, shape, deviation):
    drawn = load_initializer(name)(shape, np.random.default_rng(0))
    assert abs(drawn.mean()) < deviation / 20
    assert abs(drawn.std() / deviation - 1) < 0.03


def test_orthogonal_is_orthogonal():
    drawn = load_initializer("orthogonal")((40, 25), np.random.default_rng(0)).astype("float64")
    np.testing.assert_allclose(drawn.T @ drawn, np.eye(25), atol=1e-5)
