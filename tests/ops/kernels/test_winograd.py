"""Convolution by Winograd's detour: the transforms are exact, and float32 stays near the direct sum."""

import numpy as np
import pytest

from layercalc.ops.kernels import winograd
from layercalc.ops.kernels.fusion import unfinished


def drawn(m, batch, height, width, channels, filters, pads=((1, 1), (1, 1))):
    generator = np.random.default_rng(7)
    x = generator.standard_normal((batch, height, width, channels))
    kernel = generator.standard_normal((3, 3, channels, filters)) / np.sqrt(9 * channels)
    around = np.pad(x, [(0, 0), *pads, (0, 0)])
    height, width = around.shape[1] - 2, around.shape[2] - 2
    wanted = np.zeros((batch, height, width, filters))
    for i in range(3):
        for j in range(3):
            wanted += around[:, i : i + height, j : j + width] @ kernel[i, j]
    out = np.full(wanted.shape, np.nan, np.float32)
    made = winograd.convolved(x.astype(np.float32), kernel.astype(np.float32), out, pads, m, unfinished)
    return made, out, wanted


@pytest.mark.parametrize("m", winograd.POINTS)
def test_the_transforms_are_exact_in_float64(m):
    points = np.array(winograd.POINTS[m])
    tile, kernel, back = (np.asarray(one, np.float64) for one in winograd.transforms(m))
    generator = np.random.default_rng(0)
    d, g = generator.standard_normal(((m + 2), (m + 2))), generator.standard_normal((3, 3))
    y = (back @ ((tile @ d.reshape(-1)) * (kernel @ g.reshape(-1)))).reshape(m, m)
    wanted = [[(d[i : i + 3, j : j + 3] * g).sum() for j in range(m)] for i in range(m)]
    assert len(set(points)) == m + 1
    np.testing.assert_allclose(y, wanted, rtol=1e-5, atol=1e-5)  # the transforms are kept in float32


@pytest.mark.parametrize(("m", "rms", "most"), [(2, 8e-7, 6e-6), (4, 2e-6, 2.5e-5)])
@pytest.mark.parametrize("sizes", [(1, 16, 16, 64, 8), (3, 13, 10, 256, 4), (2, 1, 5, 512, 3), (1, 61, 7, 128, 16)])
def test_the_error_is_bounded_for_results_around_one(m, rms, most, sizes):
    made, out, wanted = drawn(m, *sizes)
    error = np.abs(out - wanted)
    assert made
    assert np.sqrt((error**2).mean()) < rms
    assert error.max() < most
    assert np.isclose(out, wanted, rtol=1e-4, atol=1e-5).mean() > 0.999  # the tolerances of a comparison


@pytest.mark.parametrize("m", winograd.POINTS)
@pytest.mark.parametrize(
    "pads", [((9, 0), (0, 7)), ((0, 13), (11, 0)), ((40, 0), (0, 0)), ((0, 30), (2, 2)), ((7, 8), (9, 9))]
)
@pytest.mark.parametrize("sizes", [(2, 6, 5, 64, 8), (1, 30, 40, 32, 16), (1, 3, 3, 16, 400)])
def test_pads_may_be_wider_than_a_tile_and_than_the_image(m, pads, sizes):
    made, out, wanted = drawn(m, *sizes, pads)
    assert made
    np.testing.assert_allclose(out, wanted, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("m", winograd.POINTS)
@pytest.mark.parametrize("bad", [np.inf, np.nan, 1e38])
def test_numbers_too_large_for_the_detour_go_the_direct_way(m, bad):
    x, kernel = np.ones((1, 10, 10, 2), np.float32), np.ones((3, 3, 2, 3), np.float32)
    x[0, 5, 5, 0] = bad
    with np.errstate(all="ignore"):
        assert not winograd.convolved(x, kernel, np.empty((1, 8, 8, 3), np.float32), [(0, 0)] * 2, m, unfinished)


def test_the_least_work_is_chosen():
    assert winograd.chosen(1, (224, 224), (3, 3, 64, 64)) == 4  # much to save, a small kernel to transform
    assert winograd.chosen(1, (7, 7), (3, 3, 512, 512)) == 0  # the kernel is larger than the image
    assert winograd.price(1, (56, 56), 256, 256, 4) < winograd.price(1, (56, 56), 256, 256, 0)
