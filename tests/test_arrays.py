"""Arrays of nested lists: NumPy's own where all are numbers, refused before anything is made of them where they are not."""

import tracemalloc

import numpy as np
import pytest

from layercalc.arrays import RaggedError, array_of

NUMBERS = [
    3, 2.5, True, [], [1, 2], [1, 2.5], [True, False], [True, 2], [[1, 2], [3, 4]], [[], []], [[[]]], ((1, 2), [3, 4]),
    [2**63 - 1], [2**63, 1], [-(2**63)], [float("nan"), 1], [[[[1]]]], [np.float32(1), 2], [np.ones(2), np.ones(2)],
    [[np.int8(1)], [2]], np.ones((2, 3), "float16"),
]  # fmt: skip


@pytest.mark.parametrize("value", NUMBERS, ids=str)
def test_numbers_are_as_numpy_has_them(value):
    array, right = array_of(value), np.array(value)
    assert (array.dtype, array.shape) == (right.dtype, right.shape)
    assert np.array_equal(array, right, equal_nan=True)


REFUSED = [
    ("a", ValueError), (None, ValueError), ({}, ValueError), (["a"], ValueError), ([1, None], ValueError), ([[1], ["a"]], ValueError),
    ([{}], ValueError), ([[1], [2, 3]], RaggedError), ([[1], 2], RaggedError), ([1, [2]], RaggedError), ([[], [1]], RaggedError),
    ([[1, 2], 3.0, [4]], RaggedError), ([10**30], ValueError), (10**30, ValueError), ([b"a"], ValueError), ([np.str_("a")], ValueError),
    ([[1, 2], [3, "x"]], ValueError), ([[None], [1]], ValueError),
]  # fmt: skip


@pytest.mark.parametrize(("value", "error"), REFUSED, ids=str)
def test_what_is_no_number_is_refused(value, error):
    with pytest.raises(error):
        array_of(value)


@pytest.mark.parametrize(
    "value",
    [
        ["a" * 100_000] + ["b"] * 1_000,
        [["a" * 100_000, 1]] + [[1, 1]] * 1_000,
        [1] * 10_000 + ["a" * 100_000],
        [None] * 1_000_000,
        [{}] * 1_000_000,
        [[1], [1, 2]] + [[1]] * 100_000,
    ],
    ids=["text and texts", "text in a row", "text and numbers", "nothing", "objects", "ragged"],
)
def test_refusal_costs_no_more_than_the_list(value):
    tracemalloc.start()
    try:
        with pytest.raises(ValueError):  # noqa: PT011  # its kind is above
            array_of(value)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
