"""Sizes by name: formulas hold at every size at which their conditions do."""

import math
import operator
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc import analyze, catalogue
from layercalc.errors import Refused
from layercalc.formulas import Undecided, at, bounds, code, effort, extreme, guarded, named, signs
from layercalc.layers.keras.base import KERAS

H, W = named("H"), named("W")
NAMES = ("H", "W", "D", "C", "E", "F")
WORDS = {"max": max, "min": min, "__builtins__": {}}


def value(text, sizes):
    return eval(text, WORDS, dict(sizes))  # the contract: Python's integers, with the names bound


@pytest.mark.parametrize(("formula", "text", "python"), [
    ((H // 2) // 2, "⌊H/4⌋", "H//4"),
    (H - H // 2, "⌈H/2⌉", "(H + 1)//2"),
    (H // 2 + -(-H // 2), "H", "H"),
    (-(-H // 3), "⌈H/3⌉", "(H + 2)//3"),
    ((H - 3) // 2 + 1 - (H - 1) // 2, "0", "0"),
    ((3 * H) // 2, "H + ⌊H/2⌋", "H + H//2"),
    (H % 2, "H − 2·⌊H/2⌋", "H - 2*(H//2)"),
    (12 * H * W // (4 * W), "3·H", "3*H"),
    (1000 * H * W + H**2, "H² + 1,000·H·W", "H**2 + 1000*H*W"),
    (extreme("max", H * W * 3, H * W * 2, 64 * H), "max(3·H·W, 64·H)", "max(3*H*W, 64*H)"),
    (extreme("max", H - 1, 0), "H − 1", "H - 1"),
    (extreme("min", H, W, H), "min(H, W)", "min(H, W)"),
])  # fmt: skip
def test_normal_form(formula, text, python):
    assert (signs(formula), code(formula)) == (text, python)


@pytest.mark.parametrize(("claim", "holds"), [
    (H >= 1, True), (H < 1, False), (H // 2 < H, True), ((H // 2) * 2 <= H, True), (H - H // 2 >= 1, True),
    (H % 3 <= 2, True), (named("N", 32, 512) > 31, True), (named("N", 32, 512) <= 512, True),
])  # fmt: skip
def test_what_bounds_prove_is_decided(claim, holds):
    assert claim is holds


def test_what_depends_on_sizes_is_no_truth():
    for claim in (H > 1, H < W):
        with pytest.raises(Undecided):
            bool(claim)
    with pytest.raises(Undecided):
        assert H == 2
    with guarded() as guards, pytest.raises(Undecided):
        int(H)
    assert not guards


STEPS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod}
LEAVES = st.one_of(st.sampled_from([H, W]), st.integers(-3, 9))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "max", "min"]), inner, inner),
        st.tuples(st.sampled_from(["//", "%"]), inner, st.integers(1, 7)),
    ),
    max_leaves=8,
)


def computed(tree, sizes):
    if not isinstance(tree, tuple):
        return tree if sizes is None else at(tree, sizes)
    word, a, b = tree[0], computed(tree[1], sizes), computed(tree[2], sizes)
    if word in STEPS:
        return STEPS[word](a, b)
    return extreme(word, a, b) if sizes is None else WORDS[word](a, b)


@given(TREES, st.integers(1, 60), st.integers(1, 60))
def test_arithmetic_is_that_of_integers(tree, h, w):
    sizes = {"H": h, "W": w}
    formula, number = computed(tree, None), computed(tree, sizes)
    assert at(formula, sizes) == value(code(formula), sizes) == number
    low, high = bounds(formula)
    assert low is None or low <= number
    assert high is None or number <= high


def held(document, shapes, sizes, **options):
    """What formulas and numbers say of the same sizes."""
    numbers = [[sizes.get(dim, dim) for dim in shape] for shape in shapes]
    try:
        return analyze(document(numbers), **options)
    except Refused:
        return None


def compare(report, numbers, sizes):
    totals = report["totals"]
    assert {key: value(text, sizes) for key, text in totals.get("formulas", {}).items()} == {
        key: numbers["totals"][key] for key in totals.get("formulas", {})
    }
    for row, wanted in zip(report["layers"], numbers["layers"], strict=True):
        for key, text in row.get("formulas", {}).items():
            assert value(text, sizes) == wanted[key], (row["name"], key, text)
        if "output_formula" in row:
            found = [None if dim is None else value(dim, sizes) for dim in row["output_formula"]]
            assert found == wanted["output_shape"], row


@pytest.mark.parametrize("name", [name for name, kind in KERAS.kinds.items() if not kind.is_input])
def test_every_layer_at_every_size(name):
    """Its example on sizes by name; at sizes for which the conditions hold it is what the numbers say."""
    example = catalogue.example(KERAS.kinds[name])
    dtypes = example.get("input_dtypes") or ["float32"] * len(example["input_shapes"])
    shapes = [list(shape) for shape in example["input_shapes"]]
    letters = dict(zip(sorted({dim for shape in shapes for dim in shape[1:]}), NAMES, strict=False))
    by_name = [[shape[0], *(letters.get(dim, dim) for dim in shape[1:])] for shape in shapes]

    def document(sizes):
        inputs = [
            {"name": f"in{i}", "batch_shape": shape, "dtype": dtype}
            for i, (shape, dtype) in enumerate(zip(sizes, dtypes, strict=True))
        ]
        return {"inputs": inputs, "layers": [{**example["layer"], "inputs": [one["name"] for one in inputs]}]}

    try:
        report = analyze(document(by_name))
    except Refused:
        return
    if not any("formulas" in one or "output_formula" in one for one in (report["totals"], *report["layers"])):
        return
    conditions = [one["detail"] for one in report["warnings"] if "hold where" in one["detail"]]
    draw = random.Random(name)
    usual = {letter: dim for dim, letter in letters.items()}
    for sizes in [usual, *({letter: draw.randint(1, 40) for letter in usual} for _ in range(6))]:
        numbers = held(document, by_name, sizes)
        assert numbers is not None or conditions, (name, sizes)
        if numbers is not None and (not conditions or hold(conditions, sizes)):
            compare(report, numbers, sizes)


def hold(conditions, sizes):
    """Whether what a warning says in the signs of mathematics is so."""
    text = conditions[0].partition("hold where ")[2].partition("; elsewhere")[0]
    for sign, word in {
        "·": "*",
        "−": "-",
        "²": "**2",
        "≥": ">=",
        " = ": " == ",
        "⌋": "))",
        "⌊": "math.floor((",
        "/": "/",
    }.items():
        text = text.replace(sign, word)
    text = re.sub(r"⌈(.*?)/(\d+)⌉", r"(-(-(\1)//\2))", text)
    return all(eval(one, {"math": math, **WORDS}, dict(sizes)) for one in split(text))


def split(text):
    """The conditions, those inside a maximum or minimum left together."""
    parts = [""]
    for part in text.split(", "):
        parts[-1] += part
        parts[-1:] = [parts[-1], ""] if parts[-1].count("(") == parts[-1].count(")") else [parts[-1] + ", "]
    return [part for part in parts if part]


def test_formulas_that_take_too_long_are_left_out(monkeypatch):
    """What depends on them is null, as where sizes are unknown."""
    monkeypatch.setattr(effort, "MOST", 500)
    layers = [{"type": "Conv2D", "filters": 2, "kernel_size": 3 + i % 5} for i in range(60)]
    report = analyze({"input_shape": ["H", "W", 3], "layers": layers})
    assert report["totals"]["macs"] is None
    assert "formulas" not in report["totals"]
    assert report["layers"][-1]["output_shape"] == [None, None, None, 2]


def test_what_is_spent_on_formulas_ends():
    with effort.limited(), pytest.raises(Undecided):
        sum(H + i for i in range(effort.MOST))
