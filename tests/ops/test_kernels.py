"""Kernels against plain references in float64, on shapes that Hypothesis draws."""

import itertools
import math
from functools import partial

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from layercalc import ops
from layercalc.layers.keras.padding import placed, transposed
from layercalc.ops import OPS, READING, Running, forced
from layercalc.ops.activation import erf
from layercalc.ops.kernels import im2col


def run(op, *arrays, **attributes):
    token = READING.set(Running("float64"))
    try:
        return forced(op(*arrays, **attributes))
    finally:
        READING.reset(token)


@st.composite
def windows(draw):
    """A window over one to three axes: sizes, strides, dilation, padding, batch and channels."""
    rank = draw(st.integers(1, 3))
    axis = st.lists(st.integers(1, 6), min_size=rank, max_size=rank).map(tuple)
    spatial = tuple(n + draw(st.integers(0, 5)) for n in draw(axis))
    window = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    strides = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    padding = draw(st.sampled_from(["valid", "same", "causal"]))
    if padding == "valid":
        assume(all((k - 1) * d + 1 <= n for n, k, d in zip(spatial, window, dilation, strict=True)))
    return spatial, window, {"strides": strides, "padding": padding, "dilations": dilation}


def columns(x, window, how, fill=0.0):
    """Every window of x as (positions, batch, window, channels), cut out one by one."""
    around = placed(x.shape[1:-1], window, **how)["pads"]
    x = np.pad(x, [(0, 0), *around, (0, 0)], constant_values=fill)
    spans = [(k - 1) * d + 1 for k, d in zip(window, how["dilations"], strict=True)]
    counts = [(n - span) // s + 1 for n, span, s in zip(x.shape[1:-1], spans, how["strides"], strict=True)]
    for position in itertools.product(*map(range, counts)):
        where = [
            slice(p * s, p * s + span, d)
            for p, s, span, d in zip(position, how["strides"], spans, how["dilations"], strict=True)
        ]
        yield position, x[(slice(None), *where)]


def numbers(seed, *shapes):
    generator = np.random.default_rng(seed)
    return [generator.standard_normal(shape) for shape in shapes]


@given(windows(), st.integers(1, 2), st.integers(1, 3), st.integers(1, 2), st.integers(1, 3), st.integers(0, 99))
def test_conv(drawn, batch, share, groups, each, seed):
    spatial, window, how = drawn
    x, kernel = numbers(seed, (batch, *spatial, share * groups), (*window, share, each * groups))
    y = run(ops.conv, x, kernel, groups=groups, **placed(spatial, window, **how))
    for position, part in columns(x, window, how):
        for group in range(groups):
            a = part[..., group * share : (group + 1) * share].reshape(batch, -1)
            b = kernel[..., group * each : (group + 1) * each].reshape(-1, each)
            found = y[(slice(None), *position, slice(group * each, (group + 1) * each))]
            np.testing.assert_allclose(found, a @ b, rtol=1e-10, atol=1e-10)


def test_conv_that_needs_several_blocks():
    x, kernel = numbers(1, (3, 40, 50, 16), (5, 5, 16, 8))
    how = {"strides": (1, 1), "padding": "same", "dilations": (1, 1)}
    assert im2col.COLUMN_BYTES < 3 * 40 * 50 * 25 * 16 * 8
    y = run(ops.conv, x, kernel, **placed((40, 50), (5, 5), **how))
    for position, part in columns(x, (5, 5), how):
        np.testing.assert_allclose(
            y[(slice(None), *position)], part.reshape(3, -1) @ kernel.reshape(-1, 8), rtol=1e-10, atol=1e-10
        )


@given(windows(), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.integers(0, 99))
def test_depthwise_conv(drawn, batch, channels, multiplier, seed):
    spatial, window, how = drawn
    x, kernel = numbers(seed, (batch, *spatial, channels), (*window, channels, multiplier))
    y = run(ops.depthwise_conv, x, kernel, **placed(spatial, window, **how))
    for position, part in columns(x, window, how):
        flat, taps = part.reshape(batch, -1, channels), kernel.reshape(-1, channels, multiplier)
        wanted = np.einsum("btc,tcm->bcm", flat, taps).reshape(batch, -1)
        np.testing.assert_allclose(y[(slice(None), *position)], wanted, rtol=1e-10, atol=1e-10)


@given(windows(), st.integers(1, 2), st.integers(1, 3), st.integers(0, 99))
def test_pools(drawn, batch, channels, seed):
    spatial, window, how = drawn
    how = {**how, "dilations": (1,) * len(window)}
    assume(how["padding"] != "causal")
    (x,) = numbers(seed, (batch, *spatial, channels))
    numbers_of = placed(spatial, window, **how)
    largest = run(ops.max_pool, x, window=window, **numbers_of)
    mean = run(ops.average_pool, x, window=window, **numbers_of)
    axes = tuple(range(1, len(window) + 1))
    for position, part in columns(x, window, how, np.nan):
        where = (slice(None), *position)
        np.testing.assert_array_equal(largest[where], np.nanmax(part, axis=axes))
        np.testing.assert_allclose(mean[where], np.nanmean(part, axis=axes), rtol=1e-10, atol=1e-12)


@given(windows(), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.integers(0, 99))
def test_conv_transpose_is_the_gradient_of_conv(drawn, batch, filters, channels, seed):
    """<conv(u), x> = <u, conv_transpose(x)> for every u: the definition of a transposed convolution."""
    spatial, window, how = drawn
    assume(how["padding"] != "causal")
    if how["padding"] == "valid":  # sizes that a forward convolution can come from
        spans = [(k - 1) * d + 1 for k, d in zip(window, how["dilations"], strict=True)]
        spatial = tuple((n - span) // s + 1 for n, span, s in zip(spatial, spans, how["strides"], strict=True))
    x, kernel = numbers(seed, (batch, *spatial, channels), (*window, filters, channels))
    y = run(partial(transposed, ops.conv_transpose), x, kernel, output_padding=None, **how)
    (u,) = numbers(seed + 1, y.shape)
    forward = run(ops.conv, u, kernel, **placed(u.shape[1:-1], window, **how))
    assert forward.shape == x.shape
    np.testing.assert_allclose((forward * x).sum(), (u * y).sum(), rtol=1e-8, atol=1e-8)


@given(st.lists(st.floats(-12, 12), min_size=1, max_size=50))
def test_erf(values):
    found = erf(np.array(values))
    np.testing.assert_allclose(found, [math.erf(value) for value in values], rtol=1e-14, atol=1e-15)


def test_every_op_is_named_after_its_key():
    assert all(op.name == name for name, op in OPS.items())
