"""Operations that blur images, find their edges and compare them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Numbers
from layercalc.layers.fields import Choice, Int, Number
from layercalc.layers.keras.functions.base import Operation, Sizes, operation, tensor
from layercalc.layers.keras.functions.image import Image
from layercalc.layers.keras.functions.patches import several
from layercalc.layers.keras.padding import slide
from layercalc.ops import OPS, Tensor


def bell(n: int, sigma: float) -> np.ndarray:
    """A Gaussian at n places around its middle, made to sum to 1."""
    x = np.arange(n, dtype=np.float32) - np.float32((n - 1) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.exp(np.float32(-0.5) * (x / np.float32(sigma)) ** 2)
    return y / y.sum()


def filtered(
    x: Tensor, size: tuple[int, ...], kernels: Callable[[], list[np.ndarray]], padding: str, field: str = "kernel_size"
) -> Tensor:
    """Each channel convolved with each kernel of a size: (batch, height, width, channels · how many)."""
    *window, count = size
    kernel = ops.READING.get().constant(lambda: np.stack(kernels(), -1)[:, :, None], (*window, 1, count), str(x.dtype))
    kernel = ops.broadcast_to(kernel, to=(*window, x.shape[-1], count))
    return slide(ops.depthwise_conv, x, kernel, size=tuple(window), strides=(1, 1), padding=padding, field=field)


@operation
class GaussianBlur(Image):
    """Every pixel the mean of those around it, weighted by a Gaussian."""

    kernel_size = Sizes((3, 3))
    sigma = Numbers((1.0, 1.0))
    data_format = Choice(("channels_last", "channels_first"), None)

    def seen(self, x: Tensor) -> Tensor:
        size = several(self.kernel_size, 2, "kernel_size")
        if not isinstance(self.sigma, tuple) or len(self.sigma) != 2 or any(isinstance(s, tuple) for s in self.sigma):
            raise ShapeError("Expected two numbers.", "sigma")
        if str(x.dtype) not in ops.FLOATS:
            raise ShapeError(f"Only floats can be blurred; received {x.dtype}.")

        def kernel() -> list[np.ndarray]:
            # Keras lays the outer product of (size[1],) and (size[0],) out as a kernel of (size[0], size[1]).
            return [np.outer(bell(size[1], self.sigma[1]), bell(size[0], self.sigma[0])).reshape(size)]

        y = x if x.ndim == 4 else ops.reshape(x, to=(1, *x.shape))
        y = filtered(y, (*size, 1), kernel, "same")
        return y if x.ndim == 4 else ops.reshape(y, to=x.shape)


SOBEL = ((-1, -2, -1), (0, 0, 0), (1, 2, 1))


@operation
class SobelEdges(Operation):
    """How much images change from row to row and from column to column: (batch, height, width, channels, 2)."""

    data_format = Choice(("channels_last", "channels_first"), None)

    def compute(self, images: Any) -> Tensor:
        x, first = tensor(images), self.data_format == "channels_first"
        if x.ndim != 4 or str(x.dtype) not in ops.FLOATS:
            raise ShapeError(f"SobelEdges takes floats of 4 axes; received {text(x.shape)} of {x.dtype}.")
        x = ops.layout(x, (0, 2, 3, 1)) if first else x
        down = np.array(SOBEL, np.float32)
        around = ops.pad(x, padding=((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
        y = filtered(around, (3, 3, 2), lambda: [down, down.T], "valid")
        y = ops.reshape(y, to=(*x.shape, 2))
        return ops.layout(y, (0, 3, 1, 2, 4)) if first else y


@operation
class SSIM(Operation):
    """The structural similarity of two images, 1 where they are equal (Wang et al. 2004)."""

    max_val = Number(1.0)
    filter_size = Int(11, min=1)
    filter_sigma = Number(1.5)
    k1 = Number(0.01)
    k2 = Number(0.03)
    data_format = Choice(("channels_last", "channels_first"), None)

    def compute(self, image1: Any, image2: Any) -> Tensor:
        a, b = tensor(image1, image2), tensor(image2, image1)
        for one in (a, b):
            if one.ndim not in (3, 4) or one.ndim != a.ndim or any(map(differ, one.shape, a.shape)):
                raise ShapeError(
                    f"SSIM takes two images of one shape, of 3 or 4 axes; received {text(a.shape)}, {text(b.shape)}."
                )
        dtype, alone, first = str(a.dtype), a.ndim == 3, self.data_format == "channels_first"
        a, b = (self.planes(one, alone, first) for one in (a, b))
        n = self.filter_size

        def kernel() -> list[np.ndarray]:
            return [np.outer(*(bell(n, self.filter_sigma),) * 2)]

        def mean(x: Tensor) -> Tensor:
            return filtered(x, (n, n, 1), kernel, "valid", "filter_size")

        def constant(value: float) -> Tensor:
            return ops.constant(value, str(a.dtype))

        mu1, mu2 = mean(a), mean(b)
        c1, c2 = constant((self.k1 * self.max_val) ** 2), constant((self.k2 * self.max_val) ** 2)
        square, two = OPS["square"], constant(2.0)
        mu11, mu22, mu12 = square(mu1), square(mu2), ops.multiply(mu1, mu2)
        own = ops.add(ops.subtract(mean(square(a)), mu11), ops.subtract(mean(square(b)), mu22))
        both = ops.subtract(mean(ops.multiply(a, b)), mu12)
        above = ops.multiply(ops.add(ops.multiply(two, mu12), c1), ops.add(ops.multiply(two, both), c2))
        below = ops.multiply(ops.add(ops.add(mu11, mu22), c1), ops.add(own, c2))
        y = ops.reduce_mean(ops.divide(above, below), axes=(1, 2, 3))
        y = ops.reshape(y, to=()) if alone else y
        return y if dtype in ops.FLOATS else ops.cast(y, to=dtype)

    def planes(self, x: Tensor, alone: bool, first: bool) -> Tensor:
        """(batch, height, width, channels) in floats."""
        x = x if str(x.dtype) in ops.FLOATS else ops.cast(x, to="float32")
        x = ops.reshape(x, to=(1, *x.shape)) if alone else x
        return ops.layout(x, (0, 2, 3, 1)) if first else x
