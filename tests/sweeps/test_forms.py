"""Documents of every form may be swept: Keras JSON with placeholders in it, code and files by the options beside them."""

import gzip
import json
from pathlib import Path

import pytest

from layercalc import analyze, sweep
from tests.sweeps.oracle import filled

DATA = Path(__file__).parents[1] / "data"
METRICS = ["params", "macs", "flops", "activation_bytes", "peak_activation_bytes", "receptive_field", "output_shape"]


def alone(document, **options):
    """The same metrics by an analysis."""
    report = analyze(document, **options)
    named = {row["name"]: row for row in report["layers"]}
    end = report["outputs"][0]
    field = (named[end["name"]]["receptive_field"] or {}).get("size") or [None]
    out = {name: report["totals"].get(name) for name in METRICS}
    return out | {"output_shape": end["shape"], "receptive_field": None if None in field else max(field)}


def holds(document, space, **options):
    answer = sweep(document, space, columns=METRICS, **options)
    assert answer["valid"] == answer["count"] == len(answer["rows"]) > 1
    for row in answer["rows"]:
        values = row.pop("values")
        given = filled(document, values) if isinstance(document, dict) else document
        assert row == alone(given, **filled(options, values))


@pytest.mark.parametrize("name", ["MobileNetV2", "EfficientNetB0", "ResNet50"])
def test_recorded_networks_at_many_sizes(name):
    document = json.loads(gzip.decompress((DATA / "keras_apps" / f"{name}.model.json.gz").read_bytes()))
    shape = [{"$": "h"}, {"$": "w"}, 3]
    holds(document, {"h": [64, 96, 224], "w": [97, 224]}, input_shape=shape, batch_size={"$": "h // 32"})


KERAS = {
    "class_name": "Sequential",
    "config": {
        "name": "s",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, {"$": "n"}, 8], "name": "x"}},
            {"class_name": "LSTM", "config": {"units": {"$": "4*w"}, "return_sequences": True}},
            {
                "class_name": "Bidirectional",
                "config": {"layer": {"class_name": "GRU", "config": {"units": {"$": "w"}}}},
            },
            {"class_name": {"$": "kind"}, "config": {"units": 2}},
        ],
    },
}


def test_keras_json():
    holds(KERAS, {"n": [3, 5, 9], "w": {"from": 2, "to": 5}, "kind": ["Dense"]})
    answer = sweep(KERAS, {"n": [3, 5], "w": [0, 1], "kind": ["Dense", "Dens"]}, path=("model",))
    assert answer["valid"] == 2
    (units, kind) = answer["refused"]
    assert (units["pointer"], units["count"]) == ("/model/config/layers/1/config/units", 4)
    assert (kind["pointer"], kind["count"]) == ("/model/config/layers/3/class_name", 2)


NESTED = {
    "input_shape": [{"$": "h"}, {"$": "h"}, 8],
    "layers": [
        {"repeat": {"$": "depth"}, "layers": [{
            "type": "Functional",
            "name": "block",
            "layers": [
                {"type": "Conv2D", "filters": 8, "kernel_size": {"$": "k"}, "padding": "same", "name": "conv"},
                {"type": "Add", "inputs": ["conv", "input"]},
            ],
        }]},
        {"type": "TimeDistributed", "layer": {"type": "Dense", "units": {"$": "w"}}},
    ],
}  # fmt: skip


def test_models_inside_models_and_blocks_with_names():
    answer = sweep(
        NESTED, {"h": [4, 5], "depth": [0, 1, 3], "k": [1, 3], "w": [2, 4]}, columns=["params", "output_shape"]
    )
    assert answer["valid"] == 24
    for row in answer["rows"]:
        k, depth, w, h = (row["values"][name] for name in ("k", "depth", "w", "h"))
        assert row["params"] == depth * (k * k * 64 + 8) + 9 * w
        assert row["output_shape"] == [None, h, h, w]


def test_copies_take_what_is_theirs():
    """A name inside what is repeated is that of the same copy, outside of it that of the last."""
    layers = [
        {"repeat": {"$": "n"}, "layers": [
            {"type": "Dense", "units": 4, "name": "a"},
            {"type": "Dense", "units": 4, "name": "b"},
            {"type": "Add", "name": "c", "inputs": ["a", "b"]},
        ]},
        {"type": "Concatenate", "inputs": ["a", "c"]},
    ]  # fmt: skip
    answer = sweep({"input_shape": [4], "layers": layers, "outputs": ["c"]}, {"n": [1, 3]}, columns=["params", "macs"])
    assert [row["params"] for row in answer["rows"]] == [40, 120]


CODE = """
model = Sequential([Conv2D(8, 3, activation="relu"), Flatten(), Dense(10)])
"""


def test_code():
    holds(CODE, {"h": [8, 9], "b": [1, 4]}, input_shape=[{"$": "h"}, {"$": "h"}, 1], batch_size={"$": "b"})


def test_whole_configs_and_words():
    model = {"input_shape": [{"$": "h"}, {"$": "h"}, 3], "layers": [{"$": "first"}, {"type": {"$": "pool"}}]}
    first = [
        {"type": "Conv2D", "filters": 4, "kernel_size": 3, "padding": "same"},
        {"type": "DepthwiseConv2D", "kernel_size": 3},
    ]
    holds(model, {"h": [6, 9], "first": first, "pool": ["MaxPooling2D", "GlobalAveragePooling2D", "Flatten"]})


def test_counts_past_64_bits_are_exact():
    model = {
        "input_shape": [{"$": "n"}],
        "layers": [{"type": "Dense", "units": {"$": "n*n"}}, {"type": "Dense", "units": 7}],
    }
    sizes = [1, 10**6, 3 * 10**9, 10**12, 2**61, 2**62, 2**63, 2**64 + 1, 10**20]
    holds(model, {"n": sizes})
    best = sweep(model, {"n": sizes}, best={"max": "flops"}, limit=2)["rows"]
    assert [row["values"]["n"] for row in best] == [10**20, 2**64 + 1]


def test_a_null_is_no_number():
    model = {"input_shape": [{"$": "n"}, 4], "layers": [{"type": "Dense", "units": {"$": "u"}}]}
    answer = sweep(model, {"n": [None, 3, "N"], "u": [2, 5]}, columns=["params", "flops"], best={"min": "flops"})
    assert answer["valid"] == 6
    assert [row["values"] for row in answer["rows"]] == [{"n": 3, "u": 2}, {"n": 3, "u": 5}]
    assert [row["flops"] for row in sweep(model, {"n": [None, 3], "u": [2]})["rows"]] == [None, 3 * (2 * 4 * 2 + 2)]
