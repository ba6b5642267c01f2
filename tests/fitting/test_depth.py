"""Fits by depth: proven where the copies of a block are alike, tried where they are not; both as value by value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercalc import InvalidModel, check, fit
from layercalc.limits import Limits
from tests.fitting.test_fit import METRICS, budgets, found_by_trying, holds
from tests.sweeps.oracle import filled

SAME = [
    {"type": "Conv2D", "filters": 4, "kernel_size": 3, "padding": "same"},
    {"type": "BatchNormalization"},
    {"type": "ReLU"},
    {"type": "Dense", "units": 4},
    {"type": "LayerNormalization"},
    {"type": "Dropout", "rate": 0.5},
]
OTHER = [
    {"type": "Conv2D", "filters": 2, "kernel_size": 1},
    {"type": "Conv2D", "filters": 4, "kernel_size": 2},
    {"type": "MaxPooling2D"},
    {"type": "UpSampling2D"},
    {"type": "Add", "inputs": ["in", "stem"]},
    {"type": "Concatenate", "inputs": ["in", "stem"]},
]
BLOCKS = st.lists(st.sampled_from([*SAME, *SAME, *OTHER]), min_size=1, max_size=2)
BUDGETS = st.lists(
    st.tuples(st.sampled_from(METRICS), st.sampled_from(["max", "min"]), st.integers(1, 400_000)),
    min_size=1,
    max_size=2,
)
TIMES = st.sampled_from(["d", "d", "2*d", "d + 2", "2*d - 1", "d // 2", "5", "max(d, 4)", "8 - d"])


def block(times, layers):
    """Layers repeated: the first gets a name by which others in the block can take what it gives."""
    first = {**layers[0], "name": "in"}
    first.pop("inputs", None)
    first = first if first["type"] not in ("Add", "Concatenate") else {"type": "ReLU", "name": "in"}
    return {"repeat": {"$": times}, "layers": [first, *layers[1:]]}


def network(first, last, times, beside):
    tail = [{"type": "Conv2D", "filters": 3, "kernel_size": 1}, {"type": "Add", "inputs": ["in", "in"]}]
    stem = {"type": "Conv2D", "filters": 4, "kernel_size": 1, "name": "stem"}
    second = [{"repeat": {"$": times}, "layers": last}] if last else []
    return {"input_shape": [9, 9, 4], "layers": [stem, block("d", first), *second, *(tail if beside else [])]}


def copied(model, n):
    """The same written out, each copy under names of its own."""
    out, last = [], {}
    for item in model["layers"]:
        times = filled(item["repeat"], {"d": n}) if "repeat" in item else 1
        for copy in range(1, times + 1):
            mine = {}
            for layer in item.get("layers", [item]):
                layer = dict(layer)
                if "inputs" in layer:
                    layer["inputs"] = [(last | mine).get(name, name) for name in layer["inputs"]]
                if "name" in layer:
                    mine[layer["name"]] = f"{layer['name']}{copy}" if copy > 1 else layer["name"]
                    layer["name"] = mine[layer["name"]]
                out.append(layer)
            last |= mine
    return {**model, "layers": out}


@settings(max_examples=10)
@given(BLOCKS, st.one_of(st.just([]), st.lists(st.sampled_from(SAME), min_size=1, max_size=2)), TIMES, st.booleans(),
       BUDGETS, st.integers(1, 2), st.sampled_from(["largest", "smallest"]))  # fmt: skip
def test_depths_are_as_one_by_one(first, last, times, beside, drawn, step, goal):
    model, within = network(first, last, times, beside), budgets(drawn)

    def holding(n):
        return holds(copied(model, n), within)

    try:
        answer = fit(model, "d", within, range={"from": 1, "to": 7, "step": step}, goal=goal)
    except InvalidModel:  # a name that the first depth does not have
        return
    assert (answer["value"], answer["next"]) == found_by_trying(range(1, 8, step), holding, goal)


RESIDUAL = [
    {"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "name": "a"},
    {"type": "ReLU"},
    {"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "name": "b"},
    {"type": "Add", "inputs": ["a", "b"]},
]


@pytest.mark.parametrize(("metric", "limit"), [
    ("params", "800K"), ("macs", "500M"), ("training.total_bytes.adam", "20MB"), ("inference_bytes", "2MB"),
    ("workspace_bytes", "1GB"), ("peak_in_place_bytes", "1GB"),
])  # fmt: skip
def test_a_depth_that_no_trying_would_reach(metric, limit):
    model = {"input_shape": [32, 32, 3], "layers": [{"repeat": {"$": "d"}, "layers": RESIDUAL}]}
    within = [{"metric": metric, "max": limit}]
    answer = fit(model, "d", within, limits=Limits(max_layers=3_000, max_analysis_seconds=600))
    assert answer["proof"] == "formula"
    assert answer["next"] == answer["value"] + 1
    if metric.startswith(("peak", "workspace")):
        assert answer["value"] == 750
        assert "3,004 layers; the limit is 3,000" in answer["stopped_by"]["detail"]
        return
    stopped = answer["stopped_by"]
    assert (stopped["metric"], stopped["actual"] > stopped["limit"]) == (metric, True)
    own = check(copied(model, answer["value"]), within)
    assert (own["passed"], own["totals"]) == (True, answer["totals"])


@pytest.mark.parametrize(("layers", "proof"), [
    ([{"type": "Conv2D", "filters": 4, "kernel_size": 2}], "tried"),
    ([{"type": "Dense", "units": {"$": "d"}}], "tried"),
    ([{"type": "Concatenate", "inputs": ["x", "input"]}], "tried"),
    ([{"type": "Dense", "units": 4}], "formula"),
])  # fmt: skip
def test_what_is_proven_is_said(layers, proof):
    repeat = {"repeat": {"$": "d"}, "layers": [{"type": "ReLU", "name": "x"}, *layers]}
    model = {"input_shape": [30, 30, 4], "layers": [repeat]}
    answer = fit(model, "d", [{"metric": "params", "max": 130}], range="1..9")
    assert answer["proof"] == proof
