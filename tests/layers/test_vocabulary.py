"""A vocabulary of three layers whose names are Keras' too and mean something else: read, run, compared and listed."""

from typing import Any, ClassVar

import numpy as np
import pytest

import layercalc
from layercalc import catalogue, ops
from layercalc.layers import VOCABULARIES, Layer, Vocabulary
from layercalc.layers.fields import Bool, Int
from layercalc.layers.initializers import ONES
from layercalc.layers.nested import LayerField
from layercalc.web import create_app
from tests.command import run


@pytest.fixture(autouse=True)
def toy():
    toy = Vocabulary(
        "toy",
        "Toy",
        unnamed=lambda kind: f"the{kind}",
        slips={"width": ("features",)},
        ignored=frozenset({"device"}),
        refused={"Softmax": "was left out on purpose"},
    )

    @toy.layer(aliases=("Linear",))
    class Dense(Layer):
        """A product whose kernel lies the other way round, without an activation."""

        features = Int(min=1)
        shift = Bool(False)

        example: ClassVar[Any] = {"features": 4}, (2, 8)

        def call(self, weight, x):
            kernel = weight("matrix", (self.features, x.shape[-1]), ONES)
            y = ops.matmul(x, ops.transpose(kernel, axes=(1, 0)))
            return ops.bias_add(y, weight("shift", (self.features,), ONES)) if self.shift else y

    @toy.layer
    class Add(Layer):
        """One more."""

        example: ClassVar[Any] = {}, (2, 8)

        def call(self, weight, x):
            return ops.add(x, ops.constant(1.0))

    @toy.layer
    class Wrapper(Layer):
        """Another layer, twice."""

        layer = LayerField()

        example: ClassVar[Any] = {"layer": {"type": "Dense", "features": 8}}, (2, 8)

        def call(self, weight, x):
            return self.layer(weight.scope("again"), self.layer(weight.scope("once"), x))

    yield toy
    del VOCABULARIES["toy"]


NET = {
    "vocabulary": "toy",
    "input_shape": [3],
    "layers": [
        {"type": "Dense", "features": 4, "shift": True, "device": "cpu"},
        {"type": "Add"},
        {"type": "Wrapper", "layer": {"type": "Linear", "features": 4}},
    ],
}


def test_its_names_mean_its_layers():
    report = layercalc.analyze(NET)
    assert report["model"]["vocabulary"] == "toy"
    assert [(row["name"], row["type"], row["params"]) for row in report["layers"]] == [
        ("theDense", "Dense", 16),
        ("theAdd", "Add", 0),
        ("theWrapper", "Wrapper", 32),
    ]
    weights = [weight["name"] for row in report["layers"] for weight in row["weights"]]
    assert weights == ["theDense/matrix", "theDense/shift", "theWrapper/once/matrix", "theWrapper/again/matrix"]
    assert layercalc.analyze({"input_shape": [3], "layers": [{"type": "Dense", "units": 4}]})["model"] == {
        "name": "model",
        "format": "stack",
        "vocabulary": "keras",
    }


def test_it_runs():
    answer = layercalc.forward(NET, [np.ones((2, 3), "float32")])
    assert answer["verified"]
    assert answer["outputs"][0].tolist() == [[80.0] * 4] * 2  # (3 + 1 + 1) · 4 · 4


@pytest.mark.parametrize(
    ("layer", "pointer", "detail"),
    [
        ({"type": "Dense", "width": "x"}, "/layers/0/width", "Expected features to be an integer"),
        ({"type": "Dense", "units": 3}, "/layers/0/units", "Dense has no argument 'units'."),
        ({"type": "Dense", "features": 3, "trainable": False}, "/layers/0/trainable", "no argument 'trainable'"),
        ({"type": "Liner"}, "/layers/0/type", "Did you mean 'Linear'?"),
        ({"type": "Softmax"}, "/layers/0/type", "Softmax was left out on purpose."),
        ({"type": "Conv2D", "filters": 3}, "/layers/0/type", "Unknown layer type"),
        ({"type": "Wrapper", "layer": {"type": "Flatten"}}, "/layers/0/layer/type", "Unknown layer type"),
    ],
)
def test_its_faults_speak_of_it(layer, pointer, detail):
    with pytest.raises(layercalc.InvalidModel) as refused:
        layercalc.analyze({"vocabulary": "toy", "input_shape": [3], "layers": [layer]})
    found = {fault["pointer"]: fault["detail"] for fault in refused.value.errors}
    assert detail in found[pointer]


def test_a_slip_is_its_own():
    report = layercalc.analyze({"vocabulary": "toy", "input_shape": [3], "layers": [{"type": "Dense", "width": 4}]})
    assert report["warnings"] == [{"pointer": "/layers/0/width", "detail": "'width' read as 'features'"}]


def test_unknown_vocabulary_is_a_fault():
    with pytest.raises(layercalc.InvalidModel, match=r'Expected one of keras, .*toy; received "caffe"'):
        layercalc.analyze({**NET, "vocabulary": "caffe"})


def test_differences_know_which_names_were_given():
    """`theDense` is what an unnamed Dense of this vocabulary is called, so that a layer put in front renames nothing."""
    wider = {**NET, "layers": [{"type": "Dense", "features": 3}, *NET["layers"]]}
    changes = layercalc.diff(NET, wider)["layers"]
    assert [(one["change"], one["before"], one["after"]) for one in changes] == [("added", None, "theDense")]
    earlier = layercalc.analyze(NET)
    assert layercalc.diff(earlier, NET)["identical"]


def test_it_is_listed():
    assert [one["type"] for one in catalogue.layers("toy")] == ["Dense", "Add", "Wrapper"]
    assert catalogue.entry("Linear", "toy")["fields"][0]["name"] == "features"
    client = create_app().test_client()
    listed = client.get("/v1/layers?vocabulary=toy").json["layers"]
    assert [one["type"] for one in listed] == ["Dense", "Add", "Wrapper"]
    assert client.get("/v1/layers/Linear?vocabulary=toy").json["type"] == "Dense"
    assert client.get("/v1/layers/Conv2D?vocabulary=toy").status_code == 404
    refused = client.get("/v1/layers?vocabulary=toi")
    assert (refused.status_code, refused.json["errors"][0]["parameter"]) == (422, "vocabulary")
    assert "Did you mean 'toy'?" in refused.json["detail"]
    assert len(client.get("/v1/layers").json["layers"]) > 100
    assert '"features"' in run("layers", "Dense", "--vocabulary", "toy").stdout


def test_a_name_is_one_layer_in_each_vocabulary(toy):
    with pytest.raises(ValueError, match="There is a layer 'Add' already"):
        toy.layer(type("Add", (Layer,), {"call": lambda self, weight, x: x}))
    with pytest.raises(ValueError, match="There is a vocabulary 'toy' already"):
        Vocabulary("toy", "Toy", unnamed=str)
    assert VOCABULARIES["keras"].get("Add") is not toy.get("Add")
