"""Shapes, weights, counts and values against what Keras itself answers."""

import json
import re

import numpy as np
import pytest

import layercalc
from layercalc.layers import fields_of
from layercalc.layers.fields import MISSING
from layercalc.layers.keras.base import KERAS
from layercalc.layers.keras.functions import operations
from layercalc.ops import ACTIVATIONS
from tests import oracle

KNOWN = {*KERAS.kinds, *KERAS.aliases, *(f"ops.{name}" for name in operations())}
CASES = [case for case in oracle.cases() if oracle.kinds(case["layer"]) <= KNOWN]
ZOO = [name for name, entry in oracle.zoo().items() if oracle.kinds(entry["model"]) <= KNOWN]


def test_most_recorded_calls_are_of_layers_we_have():
    assert len(CASES) >= 211
    assert len(ZOO) >= 10


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize("name", oracle.APPS)
def test_application(name, by_name):
    text, expected = oracle.app(name)
    report = layercalc.analyze(f"model = keras.applications.{name}(weights=None)" if by_name else json.loads(text))
    layers = [layer for layer in expected["layers"] if layer["type"] != "InputLayer"]
    nested = {layer["name"]: layer for layer in layers if layer["type"] == "Sequential"}
    for name, layer in nested.items():
        inside = [row for row in report["layers"] if row["name"].startswith(f"{name}/")]
        assert sum(row["params"] for row in inside) == layer["params"]
        assert inside[-1]["output_shape"] == layer["output_shape"]
    apart = {*nested, *oracle.operations(json.loads(text))}  # operations are not in model.layers
    rows = [row for row in report["layers"] if row["name"].partition("/")[0] not in apart]
    layers = [layer for layer in layers if layer["name"] not in nested]
    assert sorted(row["name"] for row in rows) == sorted(layer["name"] for layer in layers)
    by_name = {layer["name"]: layer for layer in layers}
    for row, layer in ((row, by_name[row["name"]]) for row in rows):
        found = {key: row[key] for key in ("type", "output_shape", "params", "trainable_params")}
        assert found == {key: layer[key] for key in found}, row["name"]
        # Keras' paths may lead with a name scope of the code that built the model; the document does not record it.
        # A weight without a name is called `variable`, and numbered over the whole process.
        paths = {re.sub(r"/variable_\d+$", "/variable", path): shape for path, shape in layer["weights"].items()}
        weights = [(path.split("/")[-2:], shape) for path, shape in paths.items()]
        assert [(weight["name"].split("/"), weight["shape"]) for weight in row["weights"]] == weights
    assert report["totals"]["params"] == expected["total_params"]
    assert report["totals"]["trainable_params"] == expected["trainable_params"]
    assert report["outputs"][0]["shape"] == expected["output_shape"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['type']}-{case['id']}")
def test_recorded_layer_call(case):
    several = bool(case["output_shape"]) and isinstance(case["output_shape"][0], list)
    outputs = oracle.numbered("keras_layers", f"{case['id']}/out")
    document = oracle.functional(case, len(outputs) or 1)
    (row,) = layercalc.analyze(document)["layers"]
    assert (row["output_shapes"] if several else row["output_shape"]) == case["output_shape"]
    assert row["params"] == case["params"]
    weights = [(weight["name"].split("/")[-1], weight["shape"], weight["trainable"]) for weight in row["weights"]]
    assert weights == [(path.split("/")[-1], shape, trainable) for path, shape, trainable in case["weights"]]
    if case["has_values"]:
        inputs = oracle.numbered("keras_layers", f"{case['id']}/in")
        given = oracle.numbered("keras_layers", f"{case['id']}/w")
        result = layercalc.forward(document, inputs, given, expected=outputs, rtol=1e-4, atol=1e-5)
        assert result["verified"]
        assert result["comparison"]["passed"], result["comparison"]


@pytest.mark.parametrize("name", ZOO)
def test_zoo(name):
    entry = oracle.zoo()[name]
    report = layercalc.analyze(entry["model"])
    layers = [layer for layer in entry["layers"] if layer["type"] != "InputLayer"]
    operations = oracle.operations(entry["model"])  # which are not in model.layers
    assert [(row["name"], row["params"]) for row in report["layers"] if row["name"] not in operations] == [
        (one["name"], one["params"]) for one in layers
    ]
    assert [output["shape"] for output in report["outputs"]] == entry["output_shapes"]
    assert [[one["shape"], one["dtype"]] for one in report["inputs"]] == [one[1:] for one in entry["inputs"]]
    assert report["totals"]["params"] == entry["total_params"]
    assert report["totals"]["trainable_params"] == entry["trainable_params"]
    inputs, outputs = (oracle.numbered("keras_zoo", f"{name}/{kind}") for kind in ("in", "out"))
    prefix = f"{name}/w/"
    weights = {
        path.removeprefix(prefix): w for path, w in oracle.values("keras_zoo").items() if path.startswith(prefix)
    }
    result = layercalc.forward(entry["model"], inputs, weights, expected=outputs, rtol=1e-3, atol=1e-5)
    assert result["verified"]
    assert result["comparison"]["passed"], result["comparison"]


@pytest.mark.parametrize("name", list(oracle.keras2()))
def test_keras_2(name):
    entry = oracle.keras2()[name]
    report = layercalc.analyze(entry["model"])
    layers = [layer for layer in entry["layers"] if layer["type"] != "InputLayer"]
    rows = [(row["name"], row["type"], row["params"], row["output_shape"]) for row in report["layers"]]
    assert rows == [(layer["name"], layer["type"], layer["params"], layer["output_shape"]) for layer in layers]
    weights = [weight["shape"] for row in report["layers"] for weight in row["weights"]]
    assert weights == [shape for layer in layers for shape in layer["weights"]]
    assert report["totals"]["params"] == entry["total_params"]
    assert report["totals"]["trainable_params"] == entry["trainable_params"]
    assert [output["shape"] for output in report["outputs"]] == entry["output_shapes"]


SIGNATURES = json.loads((oracle.DATA / "keras_signatures.json").read_text())
OURS_ONLY = {
    "InputLayer": {"ragged", "sparse", "optional"},  # Keras takes them too; its order mixes in input_tensor
    **dict.fromkeys(  # arguments of the call
        ("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"),
        {"use_causal_mask", "return_attention_scores", "seed"},
    ),
    # Keras' RNN takes the first through **kwargs and writes it into the config; Keras 2 wrote the second
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "RNN"), {"zero_output_for_mask", "time_major"}),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), {"zero_output_for_mask", "time_major", "unroll"}),
    # an argument of the call, and what it hands on to Embedding
    "ReversibleEmbedding": {"reverse", "weights", "lora_rank", "lora_alpha", "quantization_config"},
    # Keras writes the first into the config of a layer that has adapted, and the others of those that take strings
    **dict.fromkeys(("IntegerLookup", "TextVectorization"), {"vocabulary_size"}),
    "StringLookup": {"vocabulary_size", "vocabulary_dtype", "oov_method"},
    "LayerNormalization": {"rms_scaling"},  # the same
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), {"lora_rank", "lora_alpha"}),  # the same
}


@pytest.mark.parametrize("name", [name for name in KERAS.kinds if name in SIGNATURES])
def test_signature_is_that_of_keras(name):
    """Every argument of Keras is a field, in Keras' order, with Keras' default."""
    fields = fields_of(KERAS.kinds[name])
    recorded = [entry for entry in SIGNATURES[name] if entry[0] not in ("name", "dtype", "input_tensor")]
    for argument, required, default in recorded:
        field = fields[argument]
        assert field.required is required, argument
        if not required:
            ours = field.deserialize(default, argument)
            defaulted = field.deserialize(MISSING, argument)
            assert normal(ours) == normal(defaulted), argument
    ours_only = OURS_ONLY.get(name, set())
    order = [key for key in fields if key not in ("name", "dtype", "trainable", "activity_regularizer", *ours_only)]
    theirs = [entry[0] for entry in recorded if entry[0] not in ("activity_regularizer", *ours_only)]
    if name != "InputLayer":
        assert order == theirs


def normal(value):
    """A loaded value as something that compares equal when it means the same."""
    return (value.name, getattr(value, "arguments", None)) if hasattr(value, "name") else value


ALIASED = {"swish": "silu", "hard_swish": "hard_silu"}
RECORDED = dict(np.load(oracle.DATA / "keras_activations.npz"))


@pytest.mark.parametrize("name", [name for name in RECORDED if name != "x"])
def test_activation(name):
    arguments = {"threshold": 0.5, "default_value": -1.0} if name == "threshold" else {}
    op = ACTIVATIONS[ALIASED.get(name, name)]
    x = RECORDED["x"]
    with np.errstate(all="ignore"):
        y = x if op is None else op.run(x, **arguments)
    assert y.dtype == x.dtype
    np.testing.assert_allclose(y, RECORDED[name], rtol=1e-5, atol=1e-6)


def test_every_activation_of_ours_is_one_of_keras():
    assert set(ACTIVATIONS) <= {ALIASED.get(name, name) for name in RECORDED}


def test_every_alias_is_one_of_keras():
    functional = {"add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot", "Input"}
    elsewhere = {"GroupedQueryAttention", "SyncBatchNormalization"}  # of Keras 3.16, of Keras 2
    assert set(KERAS.aliases) - functional - elsewhere <= set(SIGNATURES)


GRAPHS = oracle.unzipped(oracle.DATA / "keras_graphs" / "models.json.gz")


@pytest.mark.parametrize("name", [name for name, entry in GRAPHS.items() if oracle.kinds(entry["model"]) <= KNOWN])
def test_random_graph(name):
    """Functional and Sequential models drawn at random and run by Keras: nested, shared, several outputs."""
    entry = GRAPHS[name]
    report = layercalc.analyze(entry["model"])
    assert [output["shape"] for output in report["outputs"]] == entry["output_shapes"]
    assert report["totals"]["params"] == entry["total_params"]
    assert report["totals"]["trainable_params"] == entry["trainable_params"]
    inputs, weights, outputs = (oracle.numbered("keras_graphs", f"{name}/{kind}") for kind in ("in", "w", "out"))
    result = layercalc.forward(entry["model"], inputs, weights, expected=outputs, rtol=1e-3, atol=1e-5)
    assert result["verified"]
    assert result["comparison"]["passed"], result["comparison"]


OPERATION_MODELS = {
    name: entry
    for path in sorted((oracle.DATA / "keras_operations").glob("*.json.gz"))
    for name, entry in oracle.unzipped(path).items()
}
FUNCTIONAL = [name for name, entry in OPERATION_MODELS.items() if oracle.kinds(entry["model"]) <= KNOWN]


def test_most_recorded_operations_are_ones_we_have():
    assert len(FUNCTIONAL) >= 1311


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_operation(name):
    """A function of keras.ops in a Functional model: the shape Keras infers, and what it computes."""
    entry = OPERATION_MODELS[name]
    report = layercalc.analyze(entry["model"])
    assert [output["shape"] for output in report["outputs"]] == entry["output_shapes"]
    if "output_dtypes" in entry:
        assert [output["dtype"] for output in report["outputs"]] == entry["output_dtypes"]
    inputs, outputs = (oracle.numbered("keras_operations", f"{name}/{kind}") for kind in ("in", "out"))
    result = layercalc.forward(entry["model"], inputs, expected=outputs, rtol=1e-4, atol=1e-5)
    assert result["comparison"]["passed"], result["comparison"]


ATTENTION = oracle.unzipped(oracle.DATA / "keras_attention" / "models.json.gz")


@pytest.mark.parametrize("name", ATTENTION)
def test_attention_normalisation_and_masked_merges(name):
    entry = ATTENTION[name]
    report = layercalc.analyze(entry["model"])
    assert [output["shape"] for output in report["outputs"]] == entry["output_shapes"]
    assert report["totals"]["params"] == entry["total_params"]
    inputs, weights, outputs = (oracle.numbered("keras_attention", f"{name}/{kind}") for kind in ("in", "w", "out"))
    result = layercalc.forward(entry["model"], inputs, weights, expected=outputs, rtol=1e-4, atol=1e-5)
    assert result["verified"]
    assert result["comparison"]["passed"], result["comparison"]


KERAS_2 = oracle.unzipped(oracle.DATA / "keras2" / "recorded.json.gz")


@pytest.mark.parametrize("name", KERAS_2)
def test_keras_2_values(name):
    """Transformer, sequence to sequence, siamese, U-net, TensorFlow functions …, as tf-keras writes and runs them."""
    entry = KERAS_2[name]
    report = layercalc.analyze(entry["model"])
    assert [output["shape"] for output in report["outputs"]] == entry["output_shapes"]
    assert report["totals"]["params"] == entry["total_params"]
    inputs, weights, outputs = (oracle.numbered("keras2", f"{name}/{kind}") for kind in ("in", "w", "out"))
    if any(layer["config"].get("implementation", 1) in (2, 3) for layer in entry["model"]["config"]["layers"][1:]):
        return  # kernels in a form that is analysed only
    result = layercalc.forward(entry["model"], inputs, weights, expected=outputs, rtol=1e-3, atol=1e-5)
    assert result["comparison"]["passed"], result["comparison"]
