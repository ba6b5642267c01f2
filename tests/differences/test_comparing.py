"""Differences: which layers of one model are which of another, and what changed about them."""

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc import analyze, check, diff
from layercalc.differences.alignment import common
from tests import oracle

RELU, NORM = {"type": "ReLU"}, {"type": "BatchNormalization"}


def conv(filters, **more):
    return {"type": "Conv2D", "filters": filters, "kernel_size": 3, "padding": "same", **more}


def net(*layers, **more):
    return {"input_shape": [8, 8, 3], "layers": list(layers), **more}


def changes(before, after):
    found = diff(before, after)
    back = diff(after, before)
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    assert sorted(opposite[one["change"]] for one in back["layers"]) == sorted(one["change"] for one in found["layers"])
    return [(one["change"], one["before"], one["after"], one["fields"]) for one in found["layers"]]


BLOCKS = [conv(8), NORM, RELU, conv(16), NORM, RELU, conv(32), NORM, RELU]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (net(*BLOCKS), net(*BLOCKS), []),
        (  # in the middle: what follows it has other names, and nothing else
            net(*BLOCKS),
            net(*BLOCKS[:3], conv(16), NORM, RELU, *BLOCKS[3:]),
            [("added", None, "conv2d_2", {}), ("added", None, "batch_normalization_2", {}), ("added", None, "re_lu_2", {})],
        ),
        (  # and after a change at the front that makes every row another
            net(conv(8), RELU, conv(16), RELU, conv(32)),
            net(conv(9), RELU, conv(16), RELU, conv(24), RELU, conv(32)),
            [("changed", "conv2d", "conv2d", {"filters": [8, 9]}), ("changed", "re_lu", "re_lu", {}),
             ("changed", "conv2d_1", "conv2d_1", {}), ("added", None, "conv2d_2", {}), ("added", None, "re_lu_2", {}),
             ("changed", "conv2d_2", "conv2d_3", {})],
        ),
        (net(conv(8, name="stem"), RELU), net(conv(8, name="entry"), RELU), [("changed", "stem", "entry", {"name": ["stem", "entry"]})]),
        (net(conv(8), RELU, conv(4)), net(conv(8), NORM, conv(4)), [("removed", "re_lu", None, {}), ("added", None, "batch_normalization", {})]),
        (  # a name that was given is the same layer wherever it stands
            net(conv(3, name="p"), conv(3, name="q", use_bias=False)),
            net(conv(3, name="q", use_bias=False), conv(3, name="p")),
            [("changed", "q", "q", {"inputs": [["p"], ["input"]]}), ("changed", "p", "p", {"inputs": [["input"], ["q"]]})],
        ),
        (  # the same layers, wired otherwise
            net(conv(8, name="p"), conv(8, name="q"), {"type": "Add", "inputs": ["p", "q"], "name": "s"}),
            net(conv(8, name="p"), conv(8, name="q"), {"type": "Add", "inputs": ["q", "q"], "name": "s"}),
            [("changed", "s", "s", {"inputs": [["p", "q"], ["q", "q"]]})],
        ),
        (
            {"input_shape": [5, 3], "layers": [{"type": "Bidirectional", "layer": {"type": "LSTM", "units": 4}}]},
            {"input_shape": [5, 3], "layers": [{"type": "Bidirectional", "layer": {"type": "LSTM", "units": 4, "unroll": True}}]},
            [("changed", "bidirectional", "bidirectional", {"layer.unroll": [False, True]})],
        ),
        (
            net({"type": "Sequential", "name": "enc", "input_shape": [8, 8, 3], "layers": [conv(4), RELU]}),
            net({"type": "Sequential", "name": "enc", "input_shape": [8, 8, 3], "layers": [conv(4, use_bias=False), RELU]}),
            [("changed", "enc/conv2d", "enc/conv2d", {"use_bias": [True, False]})],
        ),
    ],
)  # fmt: skip
def test_layers_are_aligned_and_only_what_changed_is_told(before, after, expected):
    assert changes(before, after) == expected
    assert diff(before, after)["identical"] == (not expected)


def test_outputs_that_change_places_are_no_identity():
    two = net(conv(8, name="p"), conv(8, name="q"), outputs=["p", "q"])
    found = diff(two, {**two, "outputs": ["q", "p"]})
    assert (found["identical"], found["layers"]) == (False, [])
    assert [one["name"] for one in found["outputs"]["after"]] == ["q", "p"]
    assert diff(two, analyze(two))["identical"]


@pytest.mark.parametrize("app", ["ResNet50", "MobileNetV2", "DenseNet121"])
def test_one_change_in_a_network_of_keras_is_one_change(app):
    text = oracle.app(app)[0]
    text = text if isinstance(text, str) else text.decode()
    document = json.loads(text)
    layers = document["config"]["layers"]
    assert diff(document, json.loads(text))["identical"]
    name = [one["config"]["name"] for one in layers if one["class_name"] == "Conv2D"][3]
    assert changes(document, json.loads(text.replace(f'"{name}"', '"another"'))) == [
        ("changed", name, "another", {"name": [name, "another"]})
    ]
    bias = json.loads(text)
    next(one for one in bias["config"]["layers"] if one["config"]["name"] == name)["config"]["trainable"] = False
    assert changes(document, bias) == [("changed", name, name, {"trainable": [True, False]})]


def test_a_chain_of_ten_thousand_is_aligned_where_no_layer_is_unlike_its_neighbours():
    def chain(units):
        return {"input_shape": [4], "layers": [{"type": "Dense", "units": n} for n in units]}

    units = random.Random(1).choices([4, 5, 6], k=10_000)
    found = diff(chain(units), chain([*units[:3_000], 9, *units[3_000:8_000], *units[8_001:]]))
    assert [one["change"] for one in found["layers"]].count("added") == 1
    assert [one["change"] for one in found["layers"]].count("removed") == 1
    assert len(found["layers"]) <= 4


@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(0, 3), max_size=30))
def test_common_parts_are_equal_and_in_order(a, b):
    found = common(a, b)
    assert all(a[i] == b[j] for i, j in found)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(found))
    assert common(a, a) == [(i, i) for i in range(len(a))]


def test_culprits_are_those_that_grew_and_not_those_whose_names_moved():
    before = net(conv(8), RELU, conv(64), RELU, conv(8))
    after = net(conv(8), RELU, conv(9), RELU, conv(64), RELU, conv(8))
    (result,) = check(after, [{"metric": "params", "max": 1}], before)["results"]
    assert [one["name"] for one in result["layers"]] == ["conv2d_1", "conv2d_2"]
    assert result["layers"][0] == {"name": "conv2d_1", "part": 657, "delta": 657}
    assert result["detail"].endswith("; the largest parts of it: conv2d_1 +657, conv2d_2 +576")
