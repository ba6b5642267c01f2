"""Normal forms held against sympy: what is computed is equal to what sympy makes of the same steps."""

import operator

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from layercalc import analyze
from layercalc.formulas import at, code, extreme, named

STEPS = {"+": operator.add, "-": operator.sub, "*": operator.mul}
NAMES = {name: sympy.Symbol(name, integer=True, positive=True) for name in ("H", "W")}
WORDS = {"max": sympy.Max, "min": sympy.Min}
QUOTIENTS = {  # as we compute them, and as sympy does
    "//": (operator.floordiv, lambda a, b: sympy.floor(a / b)),
    "ceiling": (lambda a, b: -(-a // b), lambda a, b: sympy.ceiling(a / b)),
    "%": (operator.mod, sympy.Mod),
}
POLYNOMIALS = st.recursive(
    st.one_of(st.sampled_from(sorted(NAMES)), st.integers(-9, 9)),
    lambda inner: st.tuples(st.sampled_from(sorted(STEPS)), inner, inner),
    max_leaves=8,
)
TREES = st.recursive(
    st.one_of(st.sampled_from(sorted(NAMES)), st.integers(-9, 9)),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from([*STEPS, "max", "min"]), inner, inner),
        st.tuples(st.sampled_from(["//", "ceiling", "%"]), inner, st.integers(1, 7)),
    ),
    max_leaves=6,
)


def ours(tree):
    """The formula of a tree of steps."""
    if not isinstance(tree, tuple):
        return named(tree) if isinstance(tree, str) else tree
    word, a, b = tree[0], ours(tree[1]), ours(tree[2])
    return (
        QUOTIENTS[word][0](a, b) if word in QUOTIENTS else STEPS[word](a, b) if word in STEPS else extreme(word, a, b)
    )


def theirs(tree):
    """The same by sympy."""
    if not isinstance(tree, tuple):
        return NAMES.get(tree, sympy.Integer(tree) if isinstance(tree, int) else None)
    word, a, b = tree[0], theirs(tree[1]), theirs(tree[2])
    return QUOTIENTS[word][1](a, b) if word in QUOTIENTS else (STEPS | WORDS)[word](a, b)


def read(text):
    """An expression of a report as sympy computes it."""
    return eval(text, {"__builtins__": {}, **WORDS}, dict(NAMES))


@given(POLYNOMIALS)
def test_polynomials_are_in_sympys_normal_form(tree):
    formula, wanted = ours(tree), sympy.expand(theirs(tree))
    assert sympy.expand(read(code(formula))) == wanted
    assert not hasattr(formula, "terms") or len(formula.terms) == len(sympy.Add.make_args(wanted))


@given(TREES, st.integers(1, 40), st.integers(1, 40))
def test_formulas_are_what_sympy_makes_of_the_same_steps(tree, h, w):
    at_sizes = {NAMES["H"]: h, NAMES["W"]: w}
    assert at(ours(tree), {"H": h, "W": w}) == theirs(tree).subs(at_sizes)


@pytest.mark.parametrize("metric", ["macs", "flops", "activation_bytes"])
def test_the_formulas_of_a_network_are_sympys(metric):
    """Convolutions written out as their textbook says it, simplified by sympy, are the report's."""
    document = {"input_shape": ["H", "W", 3], "layers": [
        {"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "use_bias": False},
        {"type": "Conv2D", "filters": 5, "kernel_size": 3, "padding": "same", "use_bias": False},
    ]}  # fmt: skip
    h, w = NAMES.values()
    macs = h * w * 8 * 27 + h * w * 5 * 72
    wanted = {"macs": macs, "flops": 2 * macs, "activation_bytes": 4 * h * w * (8 + 5)}[metric]
    assert sympy.simplify(read(analyze(document)["totals"]["formulas"][metric]) - wanted) == 0
