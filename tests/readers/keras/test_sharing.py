"""A layer that stands in several places of a document is one layer: its weights are there once."""

import gzip
import json

import numpy as np
import pytest

from layercalc import analyze, files, forward
from layercalc.analysis.walk import analyse
from layercalc.errors import Unreadable
from layercalc.execution.running import execute
from layercalc.execution.seeds import seeded_weights
from layercalc.layers import build
from layercalc.layers.keras.base import KERAS
from layercalc.locations import JsonLocation
from layercalc.model import INPUTS, Call, Input, Model, Ref
from layercalc.ops import Spec
from tests import oracle

FOLDER = oracle.DATA / "keras_shared"
FILES = sorted(path.name.removesuffix(".gz") for path in FOLDER.glob("*.gz") if not path.name.startswith("models"))
MODELS = oracle.unzipped(FOLDER / "models.json.gz")
PLACE = JsonLocation((), {})


def call(name, layer, source, identity=None):
    return Call(name, 1, layer, PLACE, (source,), identity=identity)


def dense(units, **config):
    return build(KERAS.find("Dense"), {"units": units, **config})


def model(name, calls, output):
    made = Model(name, "code", [Input("x", (None, 6, 4), "float32", PLACE)], calls, [output], [PLACE])
    made.of_vocabulary = KERAS
    return made


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


def recorded(name, kind):
    return oracle.numbered("keras_shared", f"{name}/{kind}")


@pytest.mark.parametrize("name", FILES)
def test_a_file_counts_what_keras_counted_and_runs_to_its_outputs(name):
    """Truth is the model that was saved. Its weights come once, as a list and from the file itself."""
    model = name.rpartition(".")[0]
    wanted = MODELS[model]
    document, weights = files.read_model(gzip.decompress((FOLDER / f"{name}.gz").read_bytes()))
    report = analyze(document)
    assert report["totals"]["params"] == sum(row["params"] for row in report["layers"]) == wanted["params"]
    assert report["totals"]["trainable_params"] == wanted["trainable_params"]
    own = [one for row in report["layers"] for one in row["weights"] if "shared" not in one]
    assert [one["shape"] for one in own] == wanted["weights"]
    assert len({one["name"] for one in own}) == len(own)
    for given in (recorded(model, "w"), weights):
        result = forward(document, recorded(model, "x"), given, expected=recorded(model, "y"))
        assert result["comparison"]["passed"], result["comparison"]


def test_every_way_to_share_is_recorded_by_both_kerases():
    """And Keras does say it in the files: without the marks something would count twice."""
    assert {name.rpartition(".")[2] for name in FILES} == {"keras", "h5"}
    assert len(FILES) == 11 + 10 + 4
    shared = [row["params"] for name in FILES for row in rows_of(name) if any("shared" in w for w in row["weights"])]
    assert len(shared) > len(FILES)


def rows_of(name):
    return analyze(files.read_model(gzip.decompress((FOLDER / f"{name}.gz").read_bytes()))[0])["layers"]


def graph(*layers):
    """A model of layers one after another: (class, name, mark or None), or with a list of such in place of a class."""
    out = [{"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "name": "x"}, "inbound_nodes": []}]
    before = "x"
    for kind, name, mark in layers:
        config = {"units": 4, "name": name} if kind == "Dense" else {**graph(*kind)["config"], "name": name}
        item = {"class_name": kind if kind == "Dense" else "Functional", "config": config, "name": name}
        item |= {"shared_object_id": mark} if mark is not None else {}
        out.append({**item, "inbound_nodes": [[[before, int(out[-1]["class_name"] == "Functional"), 0, {}]]]})
        before = name
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [[before, int(out[-1]["class_name"] == "Functional"), 0]]}
    return {"class_name": "Functional", "config": {"name": "m", "layers": out, **ends}, "keras_version": "2.15.0"}


@pytest.mark.parametrize(
    ("layers", "params"),
    [
        ([([("Dense", "d", None)], "a", None), ("Dense", "d", 3)], 20),
        ([([("Dense", "d", None)], "a", None), ("Dense", "d", None)], 40),  # nothing says that they are one
        ([([("Dense", "d", None)], "a", None), ("Dense", "e", 3)], 40),  # one object has one name
        ([([("Dense", "d", None)], "a", None), ([("Dense", "d", 3)], "b", None), ("Dense", "d", 3)], 20),
        ([([("Dense", "d", None)], "a", None), ("Dense", "e", None), ([("Dense", "e", 1), ("Dense", "d", 2)], "b", None)], 40),
        ([([("Dense", "d", None)], "a", None), ([([("Dense", "d", 4)], "a", 5)], "b", None)], 20),
        ([([("Dense", "d", 0), ("Dense", "e", 0)], "a", None), ("Dense", "d", 0)], 40),  # Keras 2 counts anew
    ],
)  # fmt: skip
def test_the_first_place_has_no_mark_of_its_own(layers, params):
    document = graph(*layers)
    before = json.dumps(document)
    assert analyze(document)["totals"]["params"] == params
    assert json.dumps(document) == before
    assert forward(document, {"seed": 1})["verified"]


def test_a_mark_that_two_places_answer_is_a_fault():
    document = graph(([("Dense", "d", None)], "a", None), ([("Dense", "d", None)], "b", None), ("Dense", "d", 3))
    with pytest.raises(Unreadable) as caught:
        analyze(document)
    (fault,) = caught.value.errors
    assert fault["pointer"] == "/config/layers/3/shared_object_id"
    assert "one of 2 layers Dense 'd' before it" in fault["detail"]
