"""Whole networks with sizes by name: drawn stacks and keras.applications at every size at which their conditions hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc import analyze
from layercalc.errors import Refused
from tests.oracle import APPS, app
from tests.sizes_by_name import held
from tests.test_properties import ANY, IMAGES, SEQUENCES, stacks

CALLED = ("EfficientNetV2B0", "MobileNet", "MobileNetV3Small", "ResNet50V2", "VGG19", "Xception")  # of no other family
LETTERS = st.lists(st.sampled_from(["H", "W", "D", None]), min_size=3, max_size=3)


def with_names(shape, letters):
    return [letter or n for n, letter in zip(shape, letters, strict=False)]


def document(name):
    return app(name)[0] if name in APPS else f"model = keras.applications.{name}(weights=None)"


@pytest.mark.parametrize("name", [*APPS, *CALLED])
def test_networks_of_keras_at_every_size(name):
    report, compared, _ = held(document(name), name, times=2, largest=90, input_shape="H,W,3", conventions="all")
    assert compared == 2
    assert {"params", "macs", "flops", "activation_bytes"} <= {
        key for key, n in report["totals"].items() if n is not None
    } | report["totals"]["formulas"].keys()


@given(stacks, LETTERS, st.integers(0, 10**6))
def test_drawn_stacks_at_every_size(stack, letters, seed):
    try:
        held({**stack, "input_shape": with_names(stack["input_shape"], letters)}, seed, times=2, largest=20)
    except Refused:
        return


BRANCHES = st.lists(st.tuples(st.one_of(IMAGES, ANY, SEQUENCES), st.integers(0, 3)), min_size=1, max_size=6)


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    LETTERS,
    BRANCHES,
    st.sampled_from(["Add", "Concatenate", "Maximum", "Multiply", "Dot"]),
    st.integers(0, 10**6),
)
def test_drawn_branches_that_meet_at_every_size(shape, letters, drawn, merge, seed):
    """Each layer reads the input or one of those before it, and the last two meet."""
    layers = []
    for number, (layer, back) in enumerate(drawn):
        source = "x" if back >= number else f"n{number - 1 - back}"
        layers.append({**layer, "name": f"n{number}", "inputs": [source]})
    ends = [layers[-1]["name"], layers[-2]["name"] if len(layers) > 1 else "x"]
    layers.append({"type": merge, "inputs": ends, **({"axes": 1} if merge == "Dot" else {})})
    inputs = [{"name": "x", "shape": with_names(shape, letters)}]
    try:
        held({"inputs": inputs, "layers": layers}, seed, times=2, largest=20)
    except Refused:
        return


SMALL = {"name": "small", "input_shape": ["H", "W", 3], "layers": [
    {"type": "Conv2D", "filters": 32, "kernel_size": 3, "strides": 2, "padding": "same", "name": "conv"},
    {"type": "GlobalAveragePooling2D", "name": "pool"},
    {"type": "Dense", "units": 10, "name": "head"},
]}  # fmt: skip


def test_what_follows_from_a_report_has_formulas_or_says_why_not():
    report = analyze(SMALL, conventions="all", explain=True, device="a100")
    conv, pool, head = report["layers"]
    assert conv["formulas"]["counts.fvcore"] == conv["formulas"]["macs"] == "864*((H + 1)//2)*((W + 1)//2)"
    assert report["totals"]["counts"]["torch"] is None
    assert report["totals"]["formulas"]["counts.torch"] == "1728*((H + 1)//2)*((W + 1)//2) + 640"
    pair = next(one for one in report["reconciliation"] if one["between"] == ["fvcore", "torch"])
    assert pair["formulas"]["difference"] == "832*((H + 1)//2)*((W + 1)//2) + 320"
    assert {term["op"] for term in pair["terms"]} == {"conv", "global_average_pool", "matmul"}
    assert conv["explain"] == [
        "params = 3·3·3·32 kernel + 32 bias = 896", "height = ⌈H/2⌉", "width = ⌈W/2⌉",
        "macs = 864·⌈H/2⌉·⌈W/2⌉", "flops = 1,760·⌈H/2⌉·⌈W/2⌉", "activation_bytes = 128·⌈H/2⌉·⌈W/2⌉",
    ]  # fmt: skip
    assert "macs = 10 outputs × 32 inputs = 320" in head["explain"]
    assert conv["receptive_field"]["size"] == [3, 3]
    assert conv["receptive_field"]["formulas"] == {"padding": ["2*((H + 1)//2) - H", "2*((W + 1)//2) - W"]}
    assert pool["receptive_field"]["formulas"] == {"size": ["H", "W"]}
    assert head["roofline"]["bound"] == "memory"
    assert (conv["roofline"], report["roofline"]["seconds"]) == (None, None)
    assert any(one["detail"].startswith("Which of arithmetic and bandwidth") for one in report["warnings"])
