"""Tensors seen with their axes in another order: pointwise ops join the kernel before them whatever the order is."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layercalc import ops
from layercalc.ops import READING, Running, forced
from layercalc.ops.kernels.fusion import Pending, Transposed, inverse, order, seen
from layercalc.ops.running import SMALL_RUN

FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)
NORM = {"epsilon": 1e-3, "scale": False, "center": False}


@pytest.fixture
def reading():
    token = READING.set(Running())
    yield
    READING.reset(token)


def normalized(x, mean, variance, axis):
    along = [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]
    return (x - mean.reshape(along)) / np.sqrt(variance.reshape(along) + 1e-3)


def step(name, x, plain, generator):
    """An op on a tensor that may wait, and the same by NumPy on its numbers."""
    name, axis = name[0], int(name[1])
    vector = np.abs(generator.standard_normal(x.shape[axis])) + 0.5
    wide = vector.reshape(-1, *(1,) * (x.ndim - axis - 1))
    whole = generator.standard_normal(x.shape)
    turned = np.ascontiguousarray(whole.transpose(FIRST)).transpose(inverse(FIRST))
    last = generator.standard_normal(x.shape[-1])
    return {
        "relu": lambda: (ops.ACTIVATIONS["relu"](x), np.maximum(plain, 0)),
        "add": lambda: (ops.add(x, whole), plain + whole),
        "added to": lambda: (ops.subtract(turned, x), whole - plain),
        "itself": lambda: (ops.multiply(x, x), plain * plain),
        "a number": lambda: (ops.multiply(x, np.array(2.0)), plain * 2),
        "a vector": lambda: (ops.multiply(x, wide), plain * wide),
        "the last axis": lambda: (ops.maximum(x, last), np.maximum(plain, last)),
        "bias": lambda: (ops.bias_add(x, last), plain + last),
        "norm": lambda: (
            ops.batch_norm(x, vector, vector, axis=axis, **NORM),
            normalized(plain, vector, vector, axis),
        ),
        "first": lambda: (ops.layout(x, FIRST), plain.transpose(FIRST)),
        "last": lambda: (ops.layout(x, LAST), plain.transpose(LAST)),
        "read": lambda: (forced(x), plain),
    }[name]()


PLAIN = ("relu", "add", "added to", "itself", "a number", "the last axis", "bias", "read", "first", "last")
NAMES = [*((name, 1) for name in PLAIN), *((name, axis) for name in ("a vector", "norm") for axis in (1, 2, 3))]


@given(st.lists(st.sampled_from(NAMES), max_size=8), st.integers(0, 99), st.booleans())
@example([("first", 1), ("norm", 3), ("first", 1), ("norm", 2), ("norm", 1)], 0, True)
def test_what_joins_in_any_order_is_what_numpy_says(names, seed, made):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((2, 8, 20, 16))
    assert x.size >= SMALL_RUN
    kernel = generator.standard_normal((1, 1, 16, 16))
    token = READING.set(Running("float64"))
    try:
        tensor = ops.conv(x, kernel) if made else x
        plain = x @ kernel[0, 0] if made else x
        every = []
        for name in names:
            tensor, plain = step(name, tensor, plain, generator)
            every.append((tensor, plain))
        for found, wanted in every:
            assert found.shape == wanted.shape
            np.testing.assert_allclose(forced(found), wanted, rtol=1e-9, atol=1e-9)
    finally:
        READING.reset(token)


def test_pointwise_ops_between_two_kernels_with_the_channels_first_are_one_pass_over_memory(reading):
    """Nothing is computed before the second kernel asks, and nothing is copied into another order for it."""
    x = np.ones((1, 16, 16, 32), np.float32)
    kernel, vector = np.ones((1, 1, 32, 32), np.float32), np.ones(32, np.float32)
    made = ops.conv(x, kernel)
    y = ops.bias_add(made, vector)
    y = ops.layout(y, FIRST)
    y = ops.batch_norm(y, vector, vector, axis=1, **NORM)
    y = ops.ACTIVATIONS["relu"](y)
    y = ops.add(y, np.ones((16, 16, 32), np.float32).transpose(2, 0, 1)[None])
    assert y.__class__ is Transposed
    assert made.array is None
    z = ops.layout(y, LAST)
    assert z.__class__ is Pending
    assert z is y.base
    assert forced(z).flags.c_contiguous


def test_arrays_keep_their_order_in_memory_through_pointwise_ops(reading):
    x = np.ones((2, 32, 32, 8), np.float32).transpose(FIRST)
    for y in (ops.ACTIVATIONS["relu"](x), ops.ACTIVATIONS["gelu"](x), ops.add(x, x), ops.equal(x, x)):
        assert forced(y).transpose(LAST).flags.c_contiguous
    big = np.ones((2, 64, 64, 16), np.int32).transpose(FIRST)
    assert ops.OPS["absolute"](big).transpose(LAST).flags.c_contiguous


@given(st.permutations(range(4)), st.permutations(range(4)))
def test_orders_compose(first, second):
    x = np.arange(120).reshape(2, 3, 4, 5)
    made = Pending(x.shape, x.dtype, lambda finish, scale: x)
    found = seen(seen(made, tuple(first)), tuple(second))
    wanted = x.transpose(first).transpose(second)
    assert found.shape == wanted.shape
    assert (forced(found) == wanted).all()
    assert found.made.shape == wanted.shape
    lying = wanted.transpose(inverse(order(wanted)))
    assert lying.flags.c_contiguous
    gaps = np.zeros((2, 3, 4, 10))[..., ::2].transpose(first)
    assert order(gaps) == (0, 1, 2, 3)
