"""Columns compute what integers do, one by one, and never decide for all what is so for some."""

import math
import operator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc.columns import Column, Parted, column
from layercalc.dims import Batch, least, most

NUMBERS = st.one_of(
    st.integers(-9, 9),
    st.integers(-(1 << 40), 1 << 40),
    st.integers(-(1 << 64), 1 << 64),
    st.integers(-(1 << 200), 1 << 200),
)
LISTS = st.integers(1, 5).flatmap(lambda n: st.tuples(*[st.lists(NUMBERS, min_size=n, max_size=n)] * 2))
ARITHMETIC = [
    *(operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, divmod, most, least),
    lambda a, b: (abs(a), -a, +b, a.bit_length(), a**3, (a - b).bit_length()),
    lambda a, b: (a * b - b * a, a + b - b, (a * b) // 7 + b % 5, 3 - a, 100 // (a * a + 1), 100 % (b * b + 1)),
]
DECISIONS = [
    *(operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne, max, min),
    *(lambda a, b: bool(a), lambda a, b: a in (b, 3), lambda a, b: hash(a), lambda a, b: [a, b].index(b)),
    *(lambda a, b: a & b, lambda a, b: ~a, lambda a, b: math.gcd(a, b), lambda a, b: a * 0.5, lambda a, b: a > 2.0),
    *(
        lambda a, b: (a, 1) == (b, 1),
        lambda a, b: Fraction(1, 3) * a,
        lambda a, b: {a: 1}.get(b),
        lambda a, b: a < 1e30,
    ),
    *(lambda a, b: int(a), lambda a, b: float(a), lambda a, b: len(range(abs(a) % 50)), lambda a, b: [7] * (a % 5)),
]


def columns(*lists):
    """The lists as columns, which may be integers."""
    return [column(np.array(one, object) if max(map(abs, one)) >= 1 << 62 else np.array(one)) for one in lists]


def each(op, lists):
    """What an operation gives for each pair of integers, or the error that it raises."""
    return [outcome(op, a, b) for a, b in zip(*lists, strict=True)]


def outcome(op, a, b):
    try:
        return op(a, b)
    except (ZeroDivisionError, OverflowError) as error:
        return type(error)


def spread(made, n):
    """What was made of columns, for each candidate."""
    if isinstance(made, tuple):
        return [*zip(*(spread(one, n) for one in made), strict=True)]
    return [int(one) for one in made.array] if type(made) is Column else [made] * n


def read(op, lists):
    """What an operation on columns gives, its parts read one by one, for each candidate."""
    n = len(lists[0])
    try:
        return spread(outcome(op, *columns(*lists)), n)
    except Parted as parted:
        groups = list(dict.fromkeys(parted.values.tolist())) if len(parted.values) else []
        assert len(groups) > 1
        out = [None] * n
        for group in groups:
            where = [i for i, one in enumerate(parted.values.tolist()) if one == group]
            for i, one in zip(where, read(op, [[one[i] for i in where] for one in lists]), strict=True):
                out[i] = one
        return out


@pytest.mark.parametrize("op", ARITHMETIC)
@given(LISTS)
def test_arithmetic_is_that_of_integers(op, lists):
    assert read(op, lists) == each(op, lists)


@pytest.mark.parametrize("op", DECISIONS)
@given(LISTS)
def test_decisions_are_those_of_integers(op, lists):
    assert read(op, lists) == each(op, lists)


@given(st.lists(NUMBERS, min_size=2, max_size=5, unique=True), NUMBERS)
def test_a_number_on_either_side(numbers, n):
    for op in (operator.add, operator.sub, operator.mul, operator.lt, operator.eq, operator.ge, most):
        assert read(lambda a, _, op=op: op(a, n), [numbers] * 2) == [op(one, n) for one in numbers]
        assert read(lambda a, _, op=op: op(n, a), [numbers] * 2) == [op(n, one) for one in numbers]


def test_bounds_decide_without_a_look():
    a, b = columns([3, 5, 9], [9, 20, 30])
    assert a <= b
    assert not b < a
    assert a < 10
    assert a != 2
    assert a >= 3
    with pytest.raises(Parted) as parted:
        bool(a < 9)
    assert parted.value.values.tolist() == [True, True, False]


def test_a_column_is_an_integer_to_whoever_asks():
    (a,) = columns([3, 5])
    assert isinstance(a, int)
    assert a.__class__ is int
    assert not isinstance(a, Batch)
    batch = a.of(Batch)
    assert isinstance(batch, Batch)
    assert type((batch * 1).of(int)) is Column
    assert (batch + 0).__class__ is int
    assert f"{a} {a:,} {a!r}" == "# # #"


def test_what_is_one_number_is_an_int():
    a, _ = columns([3, 5], [1, 2])
    for n in (a * 0, a // 9, a % 1, column(np.array([7, 7]))):
        assert type(n) is int


def test_arrays_of_several_choices_broadcast():
    a, b = column(np.array([[2], [3]])), column(np.array([[5, 7, 11]]))
    assert (a * b).array.tolist() == [[10, 14, 22], [15, 21, 33]]
    assert (a * b * 1_000).low == 10_000
    with pytest.raises(Parted) as parted:
        bool(a * b < 20)
    assert parted.value.values.shape == (2, 3)
