"""Windows in numbers: ONNX' node cases of convolution, pooling and resizing, and plain loops as a reference."""

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.ops import READING, Running, Spec, Tracing, forced
from layercalc.ops.resizing import (
    HALF,
    Places,
    align_corners,
    asymmetric,
    crop_and_resize,
    half_pixel,
    half_pixel_symmetric,
    ratio,
)
from layercalc.ops.window import around, counted, span

FOLDER = Path(__file__).parents[1] / "data" / "onnx_nodes"
CASES = json.loads((FOLDER / "cases.json").read_text())
ARRAYS = np.load(FOLDER / "arrays.npz")

ROUNDED = {"test_averagepool_2d_ceil_last_window_starts_on_pad": 5.6e-5}  # it is written with four digits
INDICES = {"test_maxpool_with_argmax_2d_precomputed_pads"}  # their second output, where the largest stood, is not made


def run(call, *arrays, dtype="float32"):
    """The numbers of a call, and the shape that the analysis finds for it."""
    token = READING.set(Tracing())
    try:
        traced = call(*(Spec(x.shape, str(x.dtype)) for x in arrays))
    finally:
        READING.reset(token)
    token = READING.set(Running(dtype))
    try:
        with np.errstate(all="ignore"):
            y = np.asarray(forced(call(*arrays)))
    finally:
        READING.reset(token)
    assert traced.shape == y.shape
    return y


def last(x):
    """(batch, channels, *spatial) with the channels last."""
    return ops.layout(x, (0, *range(2, x.ndim), 1))


def first(x):
    return ops.layout(x, (0, x.ndim - 1, *range(1, x.ndim - 1)))


def kernel(x):
    """(filters, channels, *window) as (*window, channels, filters)."""
    return ops.layout(x, (*range(2, x.ndim), 1, 0))


def pairs(pads):
    return tuple(zip(pads[: len(pads) // 2], pads[len(pads) // 2 :], strict=True))


def window_of(attributes, size, spatial):
    """ONNX' attributes as numbers."""
    once = (1,) * len(size)
    strides, dilations = (tuple(attributes.get(key, once)) for key in ("strides", "dilations"))
    pads, auto = pairs(attributes.get("pads", (0, 0) * len(size))), attributes.get("auto_pad", "NOTSET")
    how = {"strides": strides, "dilations": dilations, "pads": pads}
    if auto.startswith("SAME"):
        totals = [
            max((-(-n // s) - 1) * s + span(k, d) - n, 0)
            for n, k, s, d in zip(spatial, size, strides, dilations, strict=True)
        ]
        small = [(total // 2, total - total // 2) for total in totals]
        how["pads"] = tuple(pair if auto == "SAME_UPPER" else pair[::-1] for pair in small)
        how["positions"] = tuple(-(-n // s) for n, s in zip(spatial, strides, strict=True))
    return how


def conv(attributes, x, weight, bias=None):
    how = window_of(attributes, weight.shape[2:], x.shape[2:])
    y = ops.conv(last(x), kernel(weight), groups=attributes.get("group", 1), **how)
    return first(y if bias is None else ops.bias_add(y, bias))


def conv_integer(attributes, x, weight, *zero_points):
    given = [ops.cast(one, to="int32") for one in (x, weight)]
    for place, zero in enumerate(zero_points):
        given[place] = ops.subtract(given[place], ops.cast(zero, to="int32"))
    return conv(attributes, *given)


def conv_transpose(attributes, x, weight, bias=None):
    how = window_of(attributes, weight.shape[2:], x.shape[2:])
    extra = {key: tuple(attributes[key]) for key in ("output_padding",) if key in attributes}
    y = ops.conv_transpose(last(x), kernel(weight), groups=attributes.get("group", 1), **how, **extra)
    return first(y if bias is None else ops.bias_add(y, bias))


def pool(op, *keys):
    def call(attributes, x):
        size = tuple(attributes["kernel_shape"])
        how = window_of(attributes, size, x.shape[2:])
        if attributes.get("ceil_mode"):
            how["ceil_mode"] = True
        how |= {key: attributes[key] for key in keys if key in attributes}
        return first(op(last(x), window=size, **how))

    return call


def over_all(op):
    return lambda attributes, x: op(x, axes=tuple(range(2, x.ndim)), keepdims=True)


def fold(attributes, x, image, block):
    image, block = (tuple(int(n) for n in one) for one in (CONSTANTS[-2], CONSTANTS[-1]))
    how = window_of(attributes, block, image)
    return ops.fold(x, output_size=image, window=block, **how)


def places(mode, n, to, scale, roi):
    """ONNX' coordinate_transformation_mode as numbers; its reference has align_corners with sizes not yet rounded."""
    slope, exact = 1 / Fraction(scale), Fraction(scale) * n
    return {
        "half_pixel": lambda: half_pixel(slope),
        "pytorch_half_pixel": lambda: half_pixel(slope) if to > 1 else Places(Fraction(0)),
        "half_pixel_symmetric": lambda: half_pixel_symmetric(slope, n, to),
        "asymmetric": lambda: asymmetric(slope),
        "tf_half_pixel_for_nn": lambda: Places(slope, HALF),
        "align_corners": lambda: align_corners(slope, n, exact),
        "tf_crop_and_resize": lambda: crop_and_resize(slope, n, exact, *roi),
    }[mode]()


def resize(attributes, x, *_):
    roi, scales, sizes = (CONSTANTS + [None] * 4)[1:4]
    axes = attributes.get("axes", list(range(x.ndim)))
    if sizes is None or not sizes.size:
        by = [float(scale) for scale in scales]
        to = [math.floor(x.shape[axis] * scale) for axis, scale in zip(axes, by, strict=True)]
    else:
        by = [float(to) / x.shape[axis] for axis, to in zip(axes, sizes, strict=True)]
        to = [int(n) for n in sizes]
        policy = attributes.get("keep_aspect_ratio_policy", "stretch")
        if policy != "stretch":
            one = (min if policy == "not_larger" else max)(by)
            by, to = [one] * len(by), [math.floor(x.shape[axis] * one + 0.5) for axis in axes]
    mode = attributes.get("coordinate_transformation_mode", "half_pixel")
    outside = attributes.get("extrapolation_value", 0.0) if mode == "tf_crop_and_resize" else None
    for place, (axis, n, scale) in enumerate(zip(axes, to, by, strict=True)):
        if scale == 1 and mode != "tf_crop_and_resize":
            continue
        ends = (float(roi[place]), float(roi[place + len(axes)])) if mode == "tf_crop_and_resize" else None
        at = places(mode, x.shape[axis], n, scale, ends)
        if attributes.get("mode", "nearest") == "nearest":
            rounding = attributes.get("nearest_mode", "round_prefer_floor")
            x = ops.resize_nearest(x, axis=axis, to=n, at=at, rounding=rounding, outside=outside)
            continue
        x = ops.resize(
            x,
            axis=axis,
            to=n,
            at=at,
            method=attributes["mode"],
            antialias=bool(attributes.get("antialias")) and scale < 1,
            exclude_outside=bool(attributes.get("exclude_outside")),
            a=attributes.get("cubic_coeff_a", -0.75),
            outside=outside,
        )
    return x


def upsample(attributes, x, *_):
    for axis, scale in enumerate(map(float, CONSTANTS[1])):
        at = asymmetric(1 / Fraction(scale))
        x = ops.resize_nearest(x, axis=axis, to=math.floor(x.shape[axis] * scale), at=at, rounding="floor")
    return x


CONSTANTS: list = []  # the inputs of the case that is run: those that are sizes, for a call that is traced
OPERATORS = {
    "Conv": conv,
    "ConvInteger": conv_integer,
    "ConvTranspose": conv_transpose,
    "MaxPool": pool(ops.max_pool),
    "AveragePool": pool(ops.average_pool, "count_include_pad"),
    "LpPool": pool(ops.lp_pool, "p"),
    "GlobalAveragePool": over_all(ops.global_average_pool),
    "GlobalMaxPool": over_all(ops.global_max_pool),
    "Col2Im": fold,
    "Resize": resize,
    "Upsample": upsample,
}


@pytest.mark.parametrize("name", CASES)
def test_onnx_node(name):
    case = CASES[name]
    given = [None if key is None else ARRAYS[key] for key in case["inputs"]]
    wanted = [ARRAYS[key] for key in case["outputs"]]
    assert len(wanted) == 1 or name in INDICES
    CONSTANTS[:] = given
    half = wanted[0].dtype == np.float16  # a pass is in single precision or double
    arrays = [x.astype(np.float32) if half else x for x in given if x is not None]
    found = run(lambda *x: OPERATORS[case["op"]](case["attributes"], *x), *arrays)
    assert half or found.dtype == wanted[0].dtype
    near = {"rtol": 1e-3, "atol": 1e-3} if half else {"rtol": 1e-5, "atol": ROUNDED.get(name, 2e-6)}
    np.testing.assert_allclose(found, wanted[0], **near)
    assert found.shape == wanted[0].shape


@st.composite
def windows(draw, most=9):
    """A window over one to three axes: sizes of axes and window, and the numbers."""
    rank = draw(st.integers(1, 3))

    def each(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    spatial, size, strides, dilations = each(1, most), each(1, 4), each(1, 4), each(1, 3)
    pads = tuple(zip(each(0, 3), each(0, 3), strict=True))
    return spatial, size, {"strides": strides, "pads": pads, "dilations": dilations}


def starts(n, k, stride, pads, dilation, ceil_mode=False):
    """Where windows begin on one axis, one after another, while they end in the padding or, rounded up, overhang it."""
    reach, end = (k - 1) * dilation + 1, n + pads[1]
    over = stride - 1 if ceil_mode else 0
    begin, found = -pads[0], []
    while begin + reach <= end + over and (not ceil_mode or begin < n):
        found.append(begin)
        begin += stride
    return found


def axes_of(spatial, size, how, **more):
    return [
        starts(*axis, **more) for axis in zip(spatial, size, how["strides"], how["pads"], how["dilations"], strict=True)
    ]


def seen(x, begins, size, how):
    """The window that begins there: for each of its elements its place in it and the numbers under it, if any."""
    for tap in itertools.product(*map(range, size)):
        at = tuple(b + t * d for b, t, d in zip(begins, tap, how["dilations"], strict=True))
        inside = all(0 <= place < n for place, n in zip(at, x.shape[1:-1], strict=True))
        yield tap, at, x[(slice(None), *at)] if inside else None


def numbers(seed, *shapes):
    generator = np.random.default_rng(seed)
    return [generator.standard_normal(shape) for shape in shapes]


def double(call, *arrays):
    return run(call, *arrays, dtype="float64")


def fitting(found):
    """Every window: its place on each axis and where it begins."""
    return itertools.product(*(enumerate(axis) for axis in found))


@given(windows(), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), st.integers(0, 99))
def test_conv_is_its_sum(drawn, groups, share, each, seed):
    spatial, size, how = drawn
    x, kernel = numbers(seed, (2, *spatial, share * groups), (*size, share, each * groups))
    found = axes_of(spatial, size, how)
    assume(all(found))
    y = double(lambda x, k: ops.conv(x, k, groups=groups, **how), x, kernel)
    for spots in fitting(found):
        place, begins = zip(*spots, strict=True)
        wanted = np.zeros((2, groups, each))
        for tap, _, values in seen(x, begins, size, how):
            if values is not None:
                wanted += np.einsum(
                    "bgs,sge->bge", values.reshape(2, groups, share), kernel[tap].reshape(share, groups, each)
                )
        np.testing.assert_allclose(y[(slice(None), *place)], wanted.reshape(2, -1), rtol=1e-10, atol=1e-10)


@given(windows(), st.integers(1, 2), st.integers(1, 2), st.integers(0, 99))
def test_depthwise_conv_is_its_sum(drawn, channels, each, seed):
    spatial, size, how = drawn
    x, kernel = numbers(seed, (2, *spatial, channels), (*size, channels, each))
    found = axes_of(spatial, size, how)
    assume(all(found))
    y = double(lambda x, k: ops.depthwise_conv(x, k, **how), x, kernel)
    for spots in fitting(found):
        place, begins = zip(*spots, strict=True)
        parts = [values[..., None] * kernel[tap] for tap, _, values in seen(x, begins, size, how) if values is not None]
        wanted = np.sum(parts, axis=0).reshape(2, -1) if parts else np.zeros((2, channels * each))
        np.testing.assert_allclose(y[(slice(None), *place)], wanted, rtol=1e-10, atol=1e-10)


@given(windows(), st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.data(), st.integers(0, 99))
def test_conv_transpose_adds_its_kernels(drawn, groups, share, each, data, seed):
    spatial, size, how = drawn
    extra = tuple(data.draw(st.integers(0, stride)) for stride in how["strides"])
    whole = [
        (n - 1) * s + span(k, d) for n, k, s, d in zip(spatial, size, how["strides"], how["dilations"], strict=True)
    ]
    to = [n - before - after + more for n, (before, after), more in zip(whole, how["pads"], extra, strict=True)]
    x, kernel = numbers(seed, (2, *spatial, share * groups), (*size, each, share * groups))

    def call(x, kernel):
        return ops.conv_transpose(x, kernel, groups=groups, output_padding=extra, **how)

    if min(to) < 1:
        with pytest.raises(ShapeError, match="leaves nothing to convolve"):
            double(call, x, kernel)
        return
    wanted = np.zeros((2, *(n + more for n, more in zip(whole, extra, strict=True)), groups, each))
    for place in itertools.product(*map(range, spatial)):
        for tap in itertools.product(*map(range, size)):
            at = (p * s + t * d for p, s, t, d in zip(place, how["strides"], tap, how["dilations"], strict=True))
            values = x[(slice(None), *place)].reshape(2, groups, share)
            wanted[(slice(None), *at)] += np.einsum("bgs,egs->bge", values, kernel[tap].reshape(each, groups, share))
    cut = tuple(slice(before, before + n) for (before, _), n in zip(how["pads"], to, strict=True))
    wanted = wanted.reshape(*wanted.shape[:-2], -1)[(slice(None), *cut)]
    np.testing.assert_allclose(double(call, x, kernel), wanted, rtol=1e-10, atol=1e-10)


@given(
    windows(), st.booleans(), st.booleans(), st.sampled_from([0, 0, 5]), st.sampled_from([1, 2, 3]), st.integers(0, 99)
)
def test_pools_are_what_their_windows_say(drawn, ceil_mode, count_include_pad, divisor, p, seed):
    spatial, size, how = drawn
    (x,) = numbers(seed, (2, *spatial, 2))
    found = axes_of(spatial, size, how, ceil_mode=ceil_mode)
    mean = {"count_include_pad": count_include_pad, "divisor": divisor}

    def pooled(op, **more):
        return double(lambda x: op(x, window=size, ceil_mode=ceil_mode, **how, **more), x)

    if not all(found):
        with pytest.raises(ShapeError, match="window does not fit"):
            pooled(ops.max_pool)
        return
    largest, average, norm = pooled(ops.max_pool), pooled(ops.average_pool, **mean), pooled(ops.lp_pool, p=p)
    ends = [(-before, n + after) for n, (before, after) in zip(spatial, how["pads"], strict=True)]
    for spots in fitting(found):
        place, begins = zip(*spots, strict=True)
        elements = list(seen(x, begins, size, how))
        there = [values for _, _, values in elements if values is not None]
        padded = sum(all(low <= i < high for i, (low, high) in zip(at, ends, strict=True)) for _, at, _ in elements)
        count = divisor or (padded if count_include_pad else len(there))
        where = (slice(None), *place)
        if there:
            np.testing.assert_array_equal(largest[where], np.max(there, axis=0))
            np.testing.assert_allclose(average[where], np.sum(there, axis=0) / count, rtol=1e-10, atol=1e-10)
            np.testing.assert_allclose(norm[where], (np.abs(there) ** p).sum(0) ** (1 / p), rtol=1e-10, atol=1e-10)
        else:
            assert (largest[where] == -np.inf).all()
            assert (norm[where] == 0).all()
            assert (average[where] == 0).all() if count else np.isnan(average[where]).all()


@given(windows())
def test_no_more_is_added_around_an_axis_than_its_windows_see(drawn):
    spatial, size, how = drawn
    found = axes_of(spatial, size, how)
    assume(all(found))
    out = tuple(map(len, found))
    for n, k, d, begins, pads, added in zip(
        spatial, size, how["dilations"], found, how["pads"], around(spatial, size, out, **how), strict=True
    ):
        assert added == (pads[0], max(begins[-1] + span(k, d) - n, 0))


def test_a_window_over_more_axes_than_have_names_is_refused_too():
    with pytest.raises(ShapeError, match=r"spatial axis 2 = ⌊.1 − 2. / 1⌋ . 1 = 0"):
        counted((2, 1, 2, 2), (2,) * 4, strides=(1,) * 4, pads=((0, 0),) * 4, dilations=(1,) * 4)


def test_a_window_that_does_not_fit_is_told_with_its_padding():
    with pytest.raises(ShapeError) as refused:
        counted((4, 3), (3, 3), strides=(1, 2), pads=((0, 0), (1, 0)), dilations=(1, 2))
    assert str(refused.value) == (
        "A [3, 3] window does not fit in [4, 3]: width = ⌊(3 + 1 − 5) / 2⌋ + 1 = 0, the window covers (3 − 1)·2 + 1 = 5. "
        "To fit, set the window to at most 2 along width, or make the input's width at least 4, or pad width with 1 more."
    )


sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@given(sizes, st.sampled_from(["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]))
def test_the_nearest_is_taken_exactly(drawn, rounding):
    """Ties included: places are ratios of integers, and no rounding error decides between two elements."""
    n, to = drawn
    x = np.arange(n, dtype=np.float32)
    for at in (half_pixel(ratio(n, to)), asymmetric(ratio(n, to)), align_corners(ratio(n, to), n, to)):
        y = double(lambda x, at=at: ops.resize_nearest(x, axis=0, to=to, at=at, rounding=rounding), x)
        for i in range(to):
            place = (i + Fraction(at.before)) * at.slope + Fraction(at.after)
            whole = {
                "floor": math.floor(place),
                "ceil": math.ceil(place),
                "round_prefer_floor": math.ceil(place - HALF),
                "round_prefer_ceil": math.floor(place + HALF),
            }[rounding]
            assert y[i] == min(max(whole, 0), n - 1)


KERNELS = {
    "linear": lambda x, a: max(1 - x, 0),
    "cubic": lambda x, a: (
        (a + 2) * x**3 - (a + 3) * x**2 + 1 if x < 1 else a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0
    ),
}


@given(sizes, st.sampled_from(sorted(KERNELS)), st.booleans(), st.booleans(), st.sampled_from([-0.5, -0.75]))
def test_interpolation_is_a_weighted_sum(drawn, method, antialias, exclude_outside, a):
    (n, to), kernel = drawn, KERNELS[method]
    (x,) = numbers(n, n)
    for at in (half_pixel(ratio(n, to)), asymmetric(ratio(n, to)), half_pixel_symmetric(ratio(n, to), n, to)):
        how = {"at": at, "antialias": antialias, "exclude_outside": exclude_outside, "a": a}
        y = double(lambda x, how=how: ops.resize(x, axis=0, to=to, method=method, **how), x)
        wide = max(at.slope, 1) if antialias else Fraction(1)
        for i in range(to):
            place = (i + Fraction(at.before)) * at.slope + Fraction(at.after)
            weights = {j: kernel(float(abs(j - place) / wide), a) for j in range(-30, n + 30)}
            weights = {j: w for j, w in weights.items() if w and (0 <= j < n or not exclude_outside)}
            total = sum(weights.values()) if antialias or exclude_outside else 1
            wanted = sum(w * x[min(max(j, 0), n - 1)] for j, w in weights.items()) / total
            np.testing.assert_allclose(y[i], wanted, rtol=1e-9, atol=1e-9)


def test_places_are_those_of_the_conventions():
    """By ONNX' formulas, four elements by 0.6, which are two and not 2.4."""
    slope, n, to = Fraction(5, 3), 4, 2
    wanted = {
        half_pixel(slope): [1 / 3, 2],
        half_pixel_symmetric(slope, n, to): [2 / 3, 7 / 3],
        asymmetric(slope): [0, 5 / 3],
        align_corners(slope, n, to): [0, 3],
        align_corners(slope, n, Fraction(12, 5)): [0, 15 / 7],
        crop_and_resize(slope, n, to, Fraction(1, 3), Fraction(2, 3)): [1, 2],
        crop_and_resize(slope, n, 1, Fraction(1, 3), 1): [2],
        align_corners(slope, n, 1): [0],
    }
    for places, at in wanted.items():
        np.testing.assert_allclose(places.of(len(at)), at, rtol=1e-15)


def test_a_place_that_is_not_on_the_axis_gives_the_number_for_outside():
    x = np.array([1.0, 2.0, 3.0, 4.0])
    at = crop_and_resize(ratio(4, 4), 4, 4, Fraction(-1, 3), 1)
    for method in ("linear", "cubic"):
        y = double(lambda x, method=method: ops.resize(x, axis=0, to=4, at=at, method=method, outside=9.0), x)
        np.testing.assert_allclose(y, [9, 1 + 1 / 3, 2 + 2 / 3, 4] if method == "linear" else y)
        assert y[0] == 9
        assert y[-1] == 4
    one = crop_and_resize(ratio(4, 1), 4, 1, 0, 1)
    assert double(lambda x: ops.resize(x, axis=0, to=1, at=one, method="linear"), x) == [2.5]
