"""Normalisation by given or computed moments."""

from __future__ import annotations

from math import prod
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, most, size
from layercalc.ops.base import Cost, Op, first_of
from layercalc.ops.elementwise import broadcast
from layercalc.ops.kernels.fusion import Affine
from layercalc.ops.spans import Spans
from layercalc.ops.spec import Spec


class BatchNorm(Op):
    """x · scale + shift along one axis, scale = gamma / sqrt(variance + epsilon), shift = beta − mean · scale.

    `fused` says that the framework has one kernel for it, and changes nothing but how other tools count.

    Ioffe & Szegedy 2015, arXiv:1502.03167, at inference: scale and shift depend on weights alone.
    """

    price = "1 multiplication and 1 addition for each element"

    local = True

    floating = True
    elementwise = True
    slowness = 4

    def work(self, out: Spec, cost: Cost, x: Shape, *others: Shape, **how: Any) -> Dim:
        return super().work(out, cost, x, *others, **how) + self.rows(x)

    def lead(self, x: Shape, *_: Shape, axis: int, **__: Any) -> int:
        return axis % len(x)

    def shape(
        self, x: Shape, *_: Shape, axis: int, epsilon: float, scale: bool, center: bool, fused: bool = False
    ) -> Shape:
        return x

    def cost(self, out: Shape, *_: Shape, **__: Any) -> Cost:
        elements = size(out)
        return Cost(muls=elements, adds=elements)

    def reach(self, out: Shape, spans: list[Spans], *_: Shape, **__: Any) -> Spans:
        return spans[0]

    def run(self, x: Any, *vectors: Any, axis: int, fused: bool = False, **how: Any) -> np.ndarray:
        factor, shift = self.folded(x.dtype, *vectors, **how)
        along = [1] * x.ndim
        along[axis] = -1
        y: np.ndarray = x * factor.reshape(along)
        y += shift.reshape(along)
        return y

    def affine(self, x: Any, *vectors: Any, channels: int, axis: int, fused: bool = False, **how: Any) -> Affine | None:
        return Affine(*self.folded(x.dtype, *vectors, **how)) if axis % x.ndim == channels else None

    def folded(self, dtype: Any, mean: Any, variance: Any, *affine: Any, epsilon: float, scale: bool, center: bool):  # type: ignore[no-untyped-def]
        """The four vectors as two."""
        factor = 1 / np.sqrt(variance + dtype.type(epsilon))
        if scale:
            factor = factor * affine[0]
        shift = -mean * factor
        return factor, shift + affine[-1] if center else shift


class LayerNorm(Op):
    """(x − mean) / sqrt(variance + epsilon) · gamma + beta, moments over `axes` of each sample.

    Ba et al. 2016, arXiv:1607.06450. With `uncentred`, x / sqrt(variance + epsilon) · gamma.
    """

    price = "each element 3 additions and 2 multiplications, 1 more of each with beta and gamma; "
    price += "each row 3 divisions, 1 root, 1 addition less"

    floating = True
    slowness = 4

    def work(self, out: Spec, cost: Cost, x: Shape, *others: Shape, **how: Any) -> Dim:
        return super().work(out, cost, x, *others, **how) + self.rows(x)

    def lead(self, x: Shape, *_: Shape, axes: Any, **__: Any) -> int:
        return first_of(axes, x)

    def workspace(self, out: Shape, x: Shape, *_: Shape, **__: Any) -> Dim:
        return 3 * size(x)

    def shape(
        self, x: Shape, *_: Shape, axes: Any, epsilon: float, scale: bool, center: bool, uncentred: bool
    ) -> Shape:
        return x

    def cost(self, out: Shape, *_: Shape, axes: Any, scale: bool, center: bool, **__: Any) -> Cost:
        return by_moments(size(out), rows_of(out, axes), scale, center)

    def reach(self, out: Shape, spans: list[Spans], *_: Shape, axes: Any, **__: Any) -> Spans:
        return tuple(None if axis in axes else span for axis, span in enumerate(spans[0]))

    def run(self, x: Any, *affine: Any, axes: Any, epsilon: float, scale: bool, center: bool, uncentred: bool):  # type: ignore[no-untyped-def]
        centred = x - x.mean(axis=axes, keepdims=True)
        variance = np.square(centred).mean(axis=axes, keepdims=True)
        y = x.copy() if uncentred else centred
        y *= 1 / np.sqrt(variance + x.dtype.type(epsilon))
        return scaled(y, axes, affine, scale, center)


def rows_of(shape: Shape, axes: Any) -> Any:
    """How many times moments are taken: once for each place on the other axes."""
    return prod(dim for axis, dim in enumerate(shape) if axis not in axes)


def by_moments(n: Any, rows: Any, scale: bool, center: bool) -> Cost:
    """N elements shifted and scaled by the moments of each row: two sums of k take 2 (k − 1) additions, epsilon one."""
    adds = 2 * most(n - rows, 0) + rows + n * (1 + center)
    return Cost(adds=adds, muls=n * (2 + scale), divs=rows * 3, transcendentals=rows)


def scaled(y: Any, axes: Any, affine: Any, scale: bool, center: bool) -> np.ndarray:
    """Y · gamma + beta along the axes, in place."""
    along = [n if axis in axes else 1 for axis, n in enumerate(y.shape)]
    if scale:
        y *= affine[0].reshape(along)
    if center:
        y += affine[-1].reshape(along)
    return y


class GroupNorm(Op):
    """Each group of channels of each sample to mean 0 and variance 1, then gamma and beta of each channel.

    Wu & He 2018, arXiv:1803.08494.
    """

    price = LayerNorm.price

    floating = True
    slowness = 10

    def work(self, out: Spec, cost: Cost, x: Shape, *others: Shape, **how: Any) -> Dim:
        return super().work(out, cost, x, *others, **how) + self.rows(x)

    def lead(self, x: Shape, *_: Shape, **__: Any) -> int:
        return 1

    def workspace(self, out: Shape, x: Shape, *_: Shape, **__: Any) -> Dim:
        return 3 * size(x)

    def shape(self, x: Shape, *_: Shape, axis: int, groups: int, epsilon: float, scale: bool, center: bool) -> Shape:
        return x

    def cost(self, out: Shape, *_: Shape, groups: int, scale: bool, center: bool, **__: Any) -> Cost:
        return by_moments(size(out), out[0] * groups, scale, center)

    def run(self, x: Any, *affine: Any, axis: int, groups: int, epsilon: float, scale: bool, center: bool):  # type: ignore[no-untyped-def]
        folded = x.reshape(*x.shape[:axis], groups, -1, *x.shape[axis + 1 :])
        axes = tuple(place for place in range(1, folded.ndim) if place != axis)
        how: dict[str, Any] = {"epsilon": epsilon, "scale": False, "center": False, "uncentred": False}
        return scaled(layer_norm.run(folded, axes=axes, **how).reshape(x.shape), (axis,), affine, scale, center)


class RMSNorm(Op):
    """x / sqrt(mean(x²) + epsilon) over the axes, times scale, which lies along the last ones whichever they are.

    Zhang & Sennrich 2019, arXiv:1910.07467, as Keras has it.
    """

    price = "each element 3 multiplications and 1 addition; each row 2 divisions and 1 root"

    floating = True
    slowness = 4

    def work(self, out: Spec, cost: Cost, x: Shape, *others: Shape, **how: Any) -> Dim:
        return super().work(out, cost, x, *others, **how) + self.rows(x)

    def lead(self, x: Shape, scale: Shape, *, axes: tuple[int, ...], epsilon: float) -> int:
        return first_of(axes, x) if broadcast(x, scale) == x else 0

    def workspace(self, out: Shape, x: Shape, scale: Shape, **_: Any) -> Dim:
        return 3 * size(out)

    def shape(self, x: Shape, scale: Shape, *, axes: tuple[int, ...], epsilon: float) -> Shape:
        return broadcast(x, scale)

    def cost(self, out: Shape, *_: Shape, axes: tuple[int, ...], epsilon: float) -> Cost:
        n, rows = size(out), rows_of(out, axes)
        return Cost(adds=n, muls=3 * n, divs=2 * rows, transcendentals=rows)

    def reach(self, out: Shape, spans: list[Spans], *_: Shape, axes: Any, **__: Any) -> Spans:
        return tuple(None if axis in axes else span for axis, span in enumerate(spans[0]))

    def run(self, x: Any, scale: Any, *, axes: tuple[int, ...], epsilon: float) -> np.ndarray:
        factor = 1 / np.sqrt(np.square(x).mean(axis=axes, keepdims=True) + x.dtype.type(epsilon))
        return x * factor * scale


class Standardize(Op):
    """(x − mean) / max(sqrt(variance), 1e-7), or with `invert` back again; mean and variance broadcast to x."""

    price = "1 addition and 1 division for each element; inverted, 1 multiplication and 1 addition"

    floating = True
    slowness = 4

    def work(self, out: Spec, cost: Cost, x: Shape, *others: Shape, **how: Any) -> Dim:
        return super().work(out, cost, x, *others, **how) + self.rows(x)

    broadcasts = True

    def lead(self, x: Shape, *_: Shape, **__: Any) -> int:
        return len(x)

    def workspace(self, out: Shape, x: Shape, *_: Shape, **__: Any) -> Dim:
        return 3 * size(x)

    def shape(self, x: Shape, mean: Shape, variance: Shape, *, invert: bool) -> Shape:
        return x

    def cost(self, out: Shape, *_: Shape, invert: bool) -> Cost:
        elements = size(out)
        return Cost(adds=elements, muls=elements) if invert else Cost(adds=elements, divs=elements)

    def reach(self, out: Shape, spans: list[Spans], *_: Shape, **__: Any) -> Spans:
        return spans[0]

    def run(self, x: Any, mean: Any, variance: Any, *, invert: bool) -> np.ndarray:
        deviation = np.maximum(np.sqrt(variance), x.dtype.type(1e-7))
        return mean + x * deviation if invert else (x - mean) / deviation


class L2Normalize(Op):
    """x / sqrt(max(sum(x²), floor)) along the axes."""

    price = "each element 2 multiplications and 1 addition; each row 1 comparison, division and root, 1 addition less"

    floating = True
    slowness = 3

    def work(self, out: Spec, cost: Cost, x: Shape, *others: Shape, **how: Any) -> Dim:
        return super().work(out, cost, x, *others, **how) + self.rows(x)

    def lead(self, x: Shape, *_: Shape, axes: Any, **__: Any) -> int:
        return first_of(axes, x)

    def workspace(self, out: Shape, x: Shape, *_: Shape, **__: Any) -> Dim:
        return 3 * size(x)

    def shape(self, x: Shape, *, axes: tuple[int, ...], floor: float = 1e-12) -> Shape:
        return x

    def cost(self, out: Shape, x: Shape, *, axes: tuple[int, ...], floor: float = 1e-12) -> Cost:
        n, rows = size(out), rows_of(out, axes)
        rows = rows if n != 0 else 0
        return Cost(adds=n - rows, muls=2 * n, compares=rows, divs=rows, transcendentals=rows)

    def reach(self, out: Shape, spans: list[Spans], *_: Shape, axes: Any, **__: Any) -> Spans:
        return tuple(None if axis in axes else span for axis, span in enumerate(spans[0]))

    def run(self, x: Any, *, axes: tuple[int, ...], floor: float = 1e-12) -> np.ndarray:
        square = np.square(x).sum(axis=axes, keepdims=True)
        return x * (1 / np.sqrt(np.maximum(square, x.dtype.type(floor))))


batch_norm = BatchNorm("batch_norm")
layer_norm = LayerNorm("layer_norm")
group_norm = GroupNorm("group_norm")
rms_norm = RMSNorm("rms_norm")
standardize = Standardize("standardize")
l2_normalize = L2Normalize("l2_normalize")
