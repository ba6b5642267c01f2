"""Expressions of placeholders: Python's arithmetic, read and computed without Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc.columns import Column, Parted, column
from layercalc.sweeps.expressions import InvalidExpression, evaluated, parsed

WORDS = {"max": max, "min": min, "int": int, "round": round, "abs": abs}
ATOMS = st.one_of(
    st.sampled_from(["a", "b"]), st.integers(0, 30).map(str), st.sampled_from(["1.5", ".25", "2.", "1e2"])
)
TEXTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*", "//", "%", "/"]), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "//", "%"]), inner),
        st.builds("-{}".format, inner),
        st.builds("{}**2".format, inner),
        st.builds("{}({})".format, st.sampled_from(["int", "round", "abs"]), inner),
        st.builds("{}({}, {}, {})".format, st.sampled_from(["max", "min"]), inner, inner, inner),
    ),
    max_leaves=8,
)


@given(TEXTS, st.integers(-5, 20), st.integers(-5, 20))
def test_values_are_those_of_python(text, a, b):
    expression = parsed(text)
    assert expression.names == {name for name in ("a", "b") if name in text.replace("abs", "").replace("max", "")}
    try:
        value = eval(text, WORDS, {"a": a, "b": b})
    except ZeroDivisionError:
        with pytest.raises(InvalidExpression, match="has no value here"):
            evaluated(expression, {"a": a, "b": b})
        return
    found = evaluated(expression, {"a": a, "b": b})
    assert found == value
    assert type(found) is type(value)


@given(TEXTS, st.lists(st.integers(-5, 20), min_size=2, max_size=4, unique=True))
def test_columns_have_the_values_of_each_or_part(text, several):
    expression = parsed(text)
    each = []
    for a in several:
        try:
            each.append(evaluated(expression, {"a": a, "b": 3}))
        except InvalidExpression:
            each.append(None)
    try:
        found = evaluated(expression, {"a": column(np.array(several)), "b": 3})
    except InvalidExpression:
        assert set(each) == {None}
    except Parted as parted:
        assert len(set(parted.values.tolist())) > 1
    else:
        assert (found.array.tolist() if type(found) is Column else [found] * len(several)) == each


@pytest.mark.parametrize(("text", "said"), [
    (None, "Expected an expression"),
    (3, "Expected an expression"),
    ("", "Expected an expression"),
    ("2*", "it ends too early"),
    ("w h", "'h' does not fit"),
    ("f(2)", "There is no function 'f'"),
    ("max()", "')' does not fit"),
    ("max(1 (2))", "'(' does not fit"),
    ("(1", "ends too early"),
    ("1)", "')' does not fit"),
    ("a.b", "'.' does not fit"),
    ("a if b else c", "'if' does not fit"),
    ("'a'", "does not fit"),
    ("٣", "does not fit"),
    ("1_0", "does not fit"),
    ("max", "'max' does not fit"),
    ("lambda", "'lambda' does not fit"),
    ("int(1, 2)", "int takes one value"),
    ("9" * 301, "at most 300 characters"),
    ("(" * 51 + "1" + ")" * 51, "at most 50 levels"),
    ("2**" * 60 + "2", "at most 50 levels"),
    ("1e999", "not finite"),
    ("__import__", "'_' does not fit"),
    ("w[0]", "'[' does not fit"),
    ("w" * 101, "does not fit"),
])  # fmt: skip
def test_what_is_no_expression(text, said):
    with pytest.raises(InvalidExpression) as refused:
        parsed(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(("text", "said"), [
    ("1 // 0", "by zero"),
    ("w % (w - 7)", "by zero"),
    ("2**1001", "a power is from 0 to 1,000"),
    ("2**-1", "a power is from 0 to 1,000"),
    ("9**999", "more than 300 digits"),
    ("10**300", "more than 300 digits"),
    ("(0 - 10)**301", "more than 300 digits"),
    ("(9**90)**90", "more than 300 digits"),
    ("(0 - w)**.5", "no number"),
    ("1e300 * 1e300", "no finite number"),
    ("act + 1", "act is \"relu\", no number"),
    ("flag + 1", "flag is true, no number"),
])  # fmt: skip
def test_what_has_no_value(text, said):
    with pytest.raises(InvalidExpression) as refused:
        evaluated(parsed(text), {"w": 7, "act": "relu", "flag": True})
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["1**1000", "(0 - 1)**999", "0**1000", "10**299", "w**w**3", "2**990", "9**313"])
def test_a_power_of_few_digits_has_a_value(text):
    assert evaluated(parsed(text), {"w": 7}) == eval(text, {}, {"w": 7})


@pytest.mark.parametrize(("text", "several"), [
    ("a**400", [8, 1]), ("a**400", [1, 8]), ("a**300", [10, 9, -1, 0]), ("(a - 5)**600", [9, 6, 5, 4, 1]),
])  # fmt: skip
def test_a_power_is_too_large_for_some_of_many_alone(text, several):
    expression = parsed(text)
    with pytest.raises(Parted) as parted:
        evaluated(expression, {"a": column(np.array(several))})
    sizes = {}
    for a, part in zip(several, parted.value.values.tolist(), strict=True):
        sizes.setdefault(part, set()).add(len(str(eval(text, {}, {"a": a}))) > 300)
    assert {True} in sizes.values()
    assert all(len(one) == 1 for one in sizes.values())


def test_a_name_alone_is_its_value_of_any_kind():
    for value in ("relu", True, None, [3, 3], {"type": "ReLU"}, 1.5):
        assert evaluated(parsed(" act "), {"act": value}) is value
