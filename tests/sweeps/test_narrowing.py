"""Candidates that a layer refuses are dropped where it does: the others are read on, and all are told of as they are."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercalc import analyze, fit, sweep
from layercalc.fitting import question
from layercalc.fitting.proof import Run
from layercalc.sweeps import blocks
from tests.sweeps.test_exact import holds

CONV = st.fixed_dictionaries({
    "type": st.just("Conv2D"), "filters": st.sampled_from([1, {"$": "w"}]), "kernel_size": st.integers(1, 4),
    "strides": st.integers(1, 2), "groups": st.sampled_from([1, 1, 2]),
})  # fmt: skip
POOL = st.fixed_dictionaries({"type": st.just("MaxPooling2D"), "pool_size": st.sampled_from([2, 3, {"$": "k"}])})
CROP = st.fixed_dictionaries({"type": st.just("Cropping2D"), "cropping": st.integers(0, 2)})
RESHAPE = st.just({"type": "Reshape", "target_shape": [-1, 6]})
SPACE = {"h": {"from": 1, "to": 11}, "w": [1, 4], "k": [1, 5]}


def used(model):
    text = json.dumps(model)
    return {name: values for name, values in SPACE.items() if json.dumps({"$": name}) in text}


@settings(max_examples=20)
@given(st.lists(st.one_of(CONV, CONV, POOL, CROP), min_size=1, max_size=4), st.lists(RESHAPE, max_size=1))
def test_chains_in_which_many_layers_refuse(layers, last):
    model = {"input_shape": [{"$": "h"}, {"$": "h"}, 2], "layers": [*layers, *last]}
    holds(model, used(model))


@settings(max_examples=20)
@given(st.lists(st.one_of(CONV, POOL), min_size=1, max_size=3), st.lists(st.one_of(CONV, CROP), min_size=1, max_size=3))
def test_branches_that_meet(left, right):
    layers = []
    for name, branch in (("left", left), ("right", right)):
        layers.append({"type": "ReLU", "name": f"{name}0", "inputs": ["input"]})
        layers += [{**one, "name": f"{name}{place}"} for place, one in enumerate(branch, 1)]
    ends = [f"left{len(left)}", f"right{len(right)}"]
    model = {"input_shape": [{"$": "h"}, {"$": "h"}, 2], "layers": [*layers, {"type": "Concatenate", "inputs": ends}]}
    holds(model, used(model))


@pytest.fixture
def readings(monkeypatch):
    sizes, figures = [], blocks.Reader.figures
    monkeypatch.setattr(
        blocks.Reader, "figures", lambda reader, part, *rest: sizes.append(part.size) or figures(reader, part, *rest)
    )
    return sizes


def test_a_deep_network_is_not_read_once_for_each_layer_that_refuses(readings):
    layers = [{"type": "Conv2D", "filters": 2, "kernel_size": 3}] * 40
    answer = fit({"input_shape": ["H", "H", 1], "layers": layers}, "H", [{"metric": "macs", "max": "1G"}])
    assert (answer["next"], answer["proof"]) == (answer["value"] + 1, "formula")
    assert len(readings) < 12
    readings.clear()
    swept = sweep({"input_shape": [{"$": "h"}, 100, 1], "layers": layers}, {"h": {"from": 1, "to": 100}})
    assert (swept["valid"], sum(one["count"] for one in swept["refused"])) == (20, 80)
    assert len([size for size in readings if size > 1]) < 6


@pytest.mark.parametrize(
    ("goal", "run"), [("largest", Run(1, 1, 5)), ("largest", Run(1, 1, 90)), ("smallest", Run(1, 7, None))]
)
def test_an_end_that_formulas_told_is_held_against_the_analysis(monkeypatch, goal, run):
    model = {"input_shape": ["H", 4], "layers": [{"type": "Dense", "units": 1}]}
    within = [{"metric": "macs", "max": 80}] if goal == "largest" else [{"metric": "macs", "min": 12}]
    wanted = fit(model, "H", within, range="1..40", goal=goal)
    monkeypatch.setattr(question.Asked, "proof", lambda _: run)
    answer = fit(model, "H", within, range="1..40", goal=goal)
    assert answer.pop("proof") == "tried"
    assert answer == {key: value for key, value in wanted.items() if key != "proof"}


def test_a_size_inside_a_model_is_the_only_one_that_fits():
    inner = {"type": "Functional", "name": "stem", "input_shape": [12, 3], "layers": [{"type": "Dense", "units": 2}]}
    model = {"input_shape": ["H", 3], "layers": [inner]}
    assert any("==" in one for one in analyze(model)["conditions"])
    answer = fit(model, "H", [{"metric": "macs", "max": 10**9}])
    assert (answer["value"], answer["next"]) == (12, 13)
    assert "declares an input" in answer["stopped_by"]["detail"]
