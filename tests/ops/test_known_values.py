"""Values that are known while shapes are read: of every dtype and rank, with unknown sizes and a batch among them."""

import numpy as np
import pytest

from layercalc import ops
from layercalc.dims import Batch, Unknown
from layercalc.ops import READING, Running, Spec, Tracing
from layercalc.ops.base import OPS
from layercalc.ops.constant_folding import Known, objects

H = Unknown("the size 'H'")


def traced(call):
    token = READING.set(Tracing())
    try:
        return call()
    finally:
        READING.reset(token)


def run(call):
    token = READING.set(Running())
    try:
        return np.asarray(call())
    finally:
        READING.reset(token)


def whole(values):
    return Known(np.shape(values), "int64", objects(values))


CALLS = {
    "matrix": lambda: ops.transpose(ops.reshape(ops.known([0, 0, 1, 2], "int64"), to=(-1, 2)), axes=(1, 0)),
    "backwards": lambda: ops.flip(ops.known([[1, 2], [3, 4]], "int64"), axis=0),
    "floats": lambda: OPS["floor"](
        ops.multiply(ops.cast(ops.known([7, 9], "int64"), to="float32"), ops.known([1.1, 2.5], "float32"))
    ),
    "single-precision": lambda: ops.cast(
        OPS["floor"](ops.multiply(ops.known(10.0, "float32"), ops.known(0.7, "float32"))), to="int64"
    ),
    "truths": lambda: ops.select(
        ops.equal(ops.known([2, -1], "int64"), ops.known(-1, "int64")),
        ops.known([1, 1], "int64"),
        ops.known([2, -1], "int64"),
    ),
    "towards-0": lambda: OPS["truncate_divide"](ops.known([-7, 7, -7], "int64"), ops.known([2, -2, -2], "int64")),
    "product": lambda: ops.reduce_prod(ops.known([2, 3, 4], "int64"), axes=(0,)),
    "largest": lambda: ops.reduce_max(ops.known([2.5, 3.5], "float32"), axes=(0,)),
    "joined": lambda: ops.concatenate(ops.known([1], "int64"), ops.known([2, 3], "int64"), axis=0),
    "seen": lambda: ops.broadcast_to(ops.known([1, 2], "int64"), to=(2, 2)),
}


@pytest.mark.parametrize("name", CALLS)
def test_known_values_are_those_of_a_run(name):
    found, ran = traced(CALLS[name]), run(CALLS[name])
    assert isinstance(found, Known)
    assert found.shape == ran.shape
    np.testing.assert_array_equal(found.values.astype(ran.dtype), ran)


def unknown(values):
    return [None if isinstance(n, Unknown) else n for n in np.asarray(values, object).reshape(-1)]


def test_an_unknown_size_stays_one_and_spoils_no_other():
    sizes = whole([2, H])
    assert unknown(traced(lambda: ops.add(sizes, ops.known([1, 1], "int64"))).values) == [3, None]
    assert unknown(traced(lambda: OPS["truncate_divide"](sizes, ops.known([2, 2], "int64"))).values) == [1, None]
    assert unknown(traced(lambda: ops.cast(sizes, to="float32")).values) == [2.0, None]
    assert unknown(traced(lambda: OPS["floor"](ops.cast(sizes, to="float32"))).values) == [2.0, None]
    assert unknown(traced(lambda: ops.concatenate(sizes, sizes, axis=0)).values) == [2, None, 2, None]


def test_what_is_compared_with_an_unknown_size_is_unknown_but_no_size_is_below_0():
    sizes = whole([2, H])
    assert unknown(traced(lambda: ops.equal(sizes, ops.known(2, "int64"))).values) == [True, None]
    assert unknown(traced(lambda: ops.equal(sizes, ops.known(-1, "int64"))).values) == [False, False]
    assert unknown(traced(lambda: ops.greater(sizes, ops.known(1, "int64"))).values) == [True, None]


def test_what_an_unknown_condition_chooses_is_unknown_unless_both_are_the_same():
    condition = Known((2,), "bool", objects([H, H]))
    found = traced(lambda: ops.select(condition, ops.known([1, 2], "int64"), ops.known([1, 3], "int64")))
    assert unknown(found.values) == [1, None]


def test_what_a_batch_goes_into_is_one():
    sizes = whole([Batch(1), 7])
    doubled = traced(lambda: ops.multiply(sizes, ops.known([49, 2], "int64"))).values.tolist()
    assert doubled == [49, 14]
    assert [type(n) for n in doubled] == [Batch, int]


def test_few_values_are_known_and_a_large_result_of_them_is_none():
    assert type(traced(lambda: ops.known(np.zeros(65, np.int64), "int64"))) is Spec
    large = traced(lambda: ops.broadcast_to(ops.known([1], "int64"), to=(10**12,)))
    assert type(large) is Spec


def test_a_shape_is_known_in_the_dtype_that_is_asked_for():
    assert traced(lambda: ops.shape_of(Spec((2, H)), "int64")).dtype == "int64"
    assert run(lambda: ops.shape_of(np.zeros((2, 3)), "int64")).dtype == np.int64
