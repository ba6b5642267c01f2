"""Sizes by name: formulas hold at every size at which their conditions do."""

import operator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc import analyze, catalogue
from layercalc.errors import Refused
from layercalc.formulas import Guard, Undecided, at, bounds, code, effort, extreme, guarded, named, needed, signs
from layercalc.layers.keras.base import KERAS
from tests.sizes_by_name import WORDS, compare, held, value

H, W = named("H"), named("W")
NAMES = ("H", "W", "D", "C", "E", "F")


@pytest.mark.parametrize(("formula", "text", "python"), [
    ((H // 2) // 2, "⌊H/4⌋", "H//4"),
    (H - H // 2, "⌈H/2⌉", "(H + 1)//2"),
    (H // 2 + -(-H // 2), "H", "H"),
    (-((0 - -(-H // 2)) // 2), "⌈H/4⌉", "(H + 3)//4"),
    ((H + 1) // 2 - (H + 1) // 4, "⌈H/4⌉", "(H + 3)//4"),
    (-(-H // 3), "⌈H/3⌉", "(H + 2)//3"),
    ((H - 3) // 2 + 1 - (H - 1) // 2, "0", "0"),
    ((3 * H) // 2, "H + ⌊H/2⌋", "H + H//2"),
    (H % 2, "H − 2·⌊H/2⌋", "H - 2*(H//2)"),
    (12 * H * W // (4 * W), "3·H", "3*H"),
    (1000 * H * W + H**2, "H² + 1,000·H·W", "H**2 + 1000*H*W"),
    (extreme("max", H * W * 3, H * W * 2, 64 * H), "max(3·H·W, 64·H)", "max(3*H*W, 64*H)"),
    (extreme("max", H - 1, 0), "H − 1", "H - 1"),
    (extreme("min", H, W, H), "min(H, W)", "min(H, W)"),
    (extreme("max", 768 * (H // 2) * W, 999 * (H // 32) * W), "768·⌊H/2⌋·W", "768*(H//2)*W"),
    (extreme("max", 4 * (H - 3) * (W - 3) + 40 * H, 4 * H * W + 9), "max(4·H·W + 28·H − 12·W + 36, 4·H·W + 9)",
     "max(4*H*W + 28*H - 12*W + 36, 4*H*W + 9)"),
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
    assert not guards.conditions


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


@given(st.lists(TREES, min_size=1, max_size=5), st.lists(st.integers(1, 200), min_size=12, max_size=12))
def test_what_is_left_out_of_a_maximum_is_never_the_largest(trees, draws):
    parts = [computed(tree, None) for tree in trees]
    for word in ("max", "min"):
        try:
            found = extreme(word, *parts)
        except Undecided:
            continue
        for h, w in zip(draws[::2], draws[1::2], strict=True):
            sizes = {"H": h, "W": w}
            assert at(found, sizes) == WORDS[word](at(part, sizes) for part in parts)


SUMS = st.lists(
    st.tuples(st.integers(-30, 30), st.integers(0, 7), st.sampled_from([1, 2, 4, 8, 32]), st.booleans()),
    min_size=1,
    max_size=5,
)


@given(SUMS, st.integers(-50, 300), st.integers(1, 40), st.lists(st.integers(0, 200), min_size=16, max_size=16))
def test_what_is_proven_of_a_sum_is_so(terms, more, low, draws):
    h, w = named("H", low), named("W", low, 10 * low)
    total = more
    for c, r, d, both in terms:
        total += c * ((h + r) // d) * ((w + r + 1) // (2 * d) if both else 1)
    known, claims = [], (total >= 0, total < 0)
    for a, b in zip(draws[::2], draws[1::2], strict=True):
        known.append(at(total, {"H": low + a, "W": min(low + b, 10 * low)}))
    assert claims[0] is not True or min(known) >= 0
    assert claims[1] is not True or max(known) < 0


@pytest.mark.parametrize(("guards", "text"), [
    ([(H + 1) // 4 - 5, (H + 5) // 8 - 4, (H + 21) // 32 - 3], "H ≥ 75"),
    ([H - 3, W - 8, H * W - 24], "H ≥ 3, W ≥ 8"),
    ([H - 3, H * W - 100], "H ≥ 3, H·W ≥ 100"),
    ([H - 40, 50 - H], "H ≥ 40, 50 ≥ H"),
    ([H // 2 - 10**15], f"⌊H/2⌋ ≥ {10**15:,}"),
])  # fmt: skip
def test_conditions_say_the_least_sizes(guards, text):
    assert ", ".join(map(str, needed(map(Guard, guards)))) == text


@given(SUMS, st.integers(-300, 50))
def test_the_least_size_is_that_from_which_a_condition_holds(terms, more):
    formula = more + sum((abs(c) + 1) * ((H + r) // d) for c, r, d, _ in terms)
    guard = Guard(formula)
    if not hasattr(formula, "terms"):
        return
    for size in range(1, 120):
        assert guard.holds({"H": size}) == all(one.holds({"H": size}) for one in needed([guard]))


def added(*shapes):
    inputs = [{"name": f"x{place}", "batch_shape": [2, *shape]} for place, shape in enumerate(shapes)]
    return {"inputs": inputs, "layers": [{"type": "Add", "inputs": [one["name"] for one in inputs]}]}


@pytest.mark.parametrize(("document", "conditions", "guards", "presumed"), [
    ({"input_shape": ["H", 3], "layers": [{"type": "Conv1D", "filters": 2, "kernel_size": 5}]},
     ["H >= 5"], ["H >= 5"], []),
    ({"input_shape": ["H"], "layers": [{"type": "Reshape", "target_shape": [-1, 4]}]},
     ["H == 4*(H//4)"], ["H == 4*(H//4)"], []),
    (added(["H"], [5]), ["H == 5"], ["H == 5 or H == 1"], ["H == 5"]),
    (added(["H"], ["W"]), ["H == W"], ["H == W or H == 1 or W == 1"], ["H == W"]),
    (added(["H"], [5], ["W"]), ["H == 5", "H == W"], ["H == 5 or H == 1"], ["H == 5", "H == W"]),
    ({"input_shape": ["H", "W", 3], "layers": [{"type": "CenterCrop", "height": 4, "width": 5}]},
     ["H >= 4", "W >= 5"], [], ["H >= 4", "W >= 5"]),
    ({"input_shape": ["H", 8, 3], "layers": [{"type": "RandomCrop", "height": 4, "width": 8}]},
     ["H != 4"], [], ["H != 4"]),
])  # fmt: skip
def test_what_layers_refuse_is_told_from_what_formulas_presume(document, conditions, guards, presumed):
    report = held(document, 5, times=8, largest=9)[0]
    assert [report[key] for key in ("conditions", "guards", "presumed")] == [conditions, guards, presumed]
    told = report["warnings"][0]["detail"]
    assert told.endswith("; elsewhere ask with numbers." if presumed else "; elsewhere the network is refused.")


def test_what_is_equal_is_one_object():
    """Atoms are told apart by identity, from whatever thread they come."""
    with ThreadPoolExecutor(4) as pool:
        made = [*pool.map(lambda n: ((named("T") + n % 7) // 9 * named("U"), n % 7), range(200))]
    for n in range(7):
        assert len({formula.key for formula, rest in made if rest == n}) == 1


@pytest.mark.parametrize("name", [name for name, kind in KERAS.kinds.items() if not kind.is_input])
def test_every_layer_at_every_size(name):
    """Its example on sizes by name; where the conditions hold it is what the numbers say."""
    example = catalogue.example(KERAS.kinds[name])
    dtypes = example.get("input_dtypes") or ["float32"] * len(example["input_shapes"])
    shapes = [list(shape) for shape in example["input_shapes"]]
    letters = dict(zip(sorted({dim for shape in shapes for dim in shape[1:]}), NAMES, strict=False))
    inputs = [
        {"name": f"in{i}", "batch_shape": [shape[0], *(letters.get(dim, dim) for dim in shape[1:])], "dtype": dtype}
        for i, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=True))
    ]
    document = {"inputs": inputs, "layers": [{**example["layer"], "inputs": [one["name"] for one in inputs]}]}
    try:
        report, _, _ = held(document, name, times=2, largest=40, conventions="all")
    except Refused:
        return
    usual = {letter: dim for dim, letter in letters.items()}
    compare(report, analyze(document, dims=usual, conventions="all"), usual)


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
