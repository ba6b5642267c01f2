"""A layer that stands in several places of a document is one layer: its weights are there once."""

import numpy as np

from layercalc import analyze, forward
from layercalc.analysis import analyse
from layercalc.execution import execute, seeded_weights
from layercalc.layers import build
from layercalc.layers.keras import KERAS
from layercalc.model import INPUTS, Call, Input, Model, Ref
from layercalc.ops import Spec
from layercalc.places import JsonPlace

PLACE = JsonPlace((), (), {})


def call(name, layer, source, identity=None):
    return Call(name, 1, layer, PLACE, (source,), identity=identity)


def dense(units, **config):
    return build(KERAS.find("Dense"), {"units": units, **config})


def model(name, calls, output):
    return Model(name, "code", [Input("x", (None, 6, 4), "float32", PLACE)], calls, [output], [PLACE])


def wrapped(identity, name="inner"):
    made = build(KERAS.find("TimeDistributed"), {"layer": {"type": "Dense", "units": 4, "name": name}})
    made.layer.identity = identity
    return made


def test_a_reader_says_by_identity_that_one_object_stands_in_several_places():
    """Calls of one object in a model and in two inside it, and in a wrapper; another of the same config is another."""
    layer = dense(4)
    inside = [model(n, [call("d", layer, Ref(INPUTS), 7)], Ref(0)) for n in ("one", "two")]
    calls = [
        call("one", inside[0], Ref(INPUTS)),
        call("outer", layer, Ref(0), 7),
        call("two", inside[1], Ref(1)),
        call("td", wrapped(7), Ref(2)),
        call("other", layer, Ref(3)),
    ]
    whole = model("whole", calls, Ref(4))
    analysis = analyse(whole, [("x", Spec((2, 6, 4), "float32"))])
    assert not analysis.faults
    assert [row.counts["params"] for row in analysis.rows] == [20, 0, 0, 0, 20]
    assert [row.layer for row in analysis.rows] == ["one/d", "one/d", "one/d", "td", "other"]
    names = ["one/d/kernel", "one/d/bias", "other/kernel", "other/bias"]
    assert [name for name, _ in analysis.weights] == names
    assert [[one.name for one in row.weights] for row in analysis.rows] == [*[names[:2]] * 4, names[2:]]
    assert analysis.totals()["params"] == 40
    x = np.random.default_rng(0).normal(size=(2, 6, 4)).astype("float32")
    weights = seeded_weights(analysis, 0)
    y = x
    for name in ("one/d", "one/d", "one/d", "one/d", "other"):
        y = y @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]
    assert np.allclose(execute(analysis, [x], weights).outputs[0], y, atol=1e-5)


def test_what_keras_makes_anew_from_a_config_is_no_object_of_the_document():
    """Both ways of a Bidirectional are copies of its layer, and so are their cells; a backward_layer is itself."""
    lstm = {"class_name": "LSTM", "config": {"units": 3, "name": "l"}, "shared_object_id": 5}
    bare = {"class_name": "Bidirectional", "config": {"layer": lstm, "name": "b"}}
    back = {"class_name": "LSTM", "config": {"units": 3, "name": "m", "go_backwards": True}, "shared_object_id": 6}
    own = {"class_name": "Bidirectional", "config": {"layer": lstm, "backward_layer": back, "name": "c"}}
    one = 4 * 3 * (4 + 3 + 1)
    for layers, params in (([bare], 2 * one), ([own], 2 * one), ([bare, own], 4 * one), ([own, own | {}], 3 * one)):
        read = [
            {**item, "config": {**item["config"], "name": f"b{i}"}, "inbound_nodes": [[["x", 0, 0, {}]]]}
            for i, item in enumerate(layers)
        ]
        start = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 5, 4], "name": "x"}}
        ends = [[f"b{i}", 0, 0] for i in range(len(read))]
        config = {"name": "m", "layers": [start, *read], "input_layers": [["x", 0, 0]], "output_layers": ends}
        document = {"class_name": "Functional", "config": config}
        assert analyze(document)["totals"]["params"] == params
        assert forward(document, {"seed": 1})["verified"]
