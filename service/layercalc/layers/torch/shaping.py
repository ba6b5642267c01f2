"""The same elements in other places, images in other sizes, and distances."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Ints
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int, Number, ValidationError
from layercalc.layers.torch.base import number
from layercalc.layers.torch.functions import shaping as functions
from layercalc.layers.torch.functions.linear import cosine_similarity
from layercalc.layers.torch.functions.normalization import norm_of
from layercalc.layers.torch.functions.resizing import linear, nearest, target
from layercalc.layers.torch.module import Factors, Module, module, windowed
from layercalc.ops import Tensor


@module
class Flatten(Module):
    """The axes from `start_dim` to `end_dim` as one."""

    start_dim = Int(1)
    end_dim = Int(-1)

    example: ClassVar[Any] = ({}, (2, 3, 4))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.flatten(input, self.start_dim, self.end_dim)


@module
class Unflatten(Module):
    """One axis as several."""

    dim = Int()
    unflattened_size = Ints(single=False)

    example: ClassVar[Any] = ({"dim": 1, "unflattened_size": [2, 4]}, (2, 8))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.unflatten(input, self.dim, self.unflattened_size)


class Pair(Ints):
    """Two integers, for height and width, or one for both."""

    def __init__(self, default: Any = ..., min: int = 1):
        super().__init__(default, min=min, count=2)

    def read(self, value: Any, name: str) -> tuple[int, ...]:
        found = super().read(value, name)
        return found * 2 if len(found) == 1 else found


@module
class Unfold(Module):
    """Every window of images as a column: (batch, channels · window, windows)."""

    kernel_size = Pair()
    dilation = Pair(1)
    padding = Pair(0, min=0)
    stride = Pair(1)

    example: ClassVar[Any] = ({"kernel_size": [2, 3]}, (2, 3, 6, 7))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        how = self.kernel_size, self.dilation, self.padding, self.stride
        with windowed():
            if input.ndim == 3:
                made = functions.im2col(ops.reshape(input, to=(1, *input.shape)), *how)
                return ops.reshape(made, to=made.shape[1:])
            return functions.im2col(input, *how)


@module
class Fold(Module):
    """Columns added up into images, as windows lie on them."""

    output_size = Pair()
    kernel_size = Pair()
    dilation = Pair(1)
    padding = Pair(0, min=0)
    stride = Pair(1)

    example: ClassVar[Any] = ({"output_size": [4, 5], "kernel_size": 2}, (2, 12, 12))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        how = self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        return functions.col2im(input, *how)


@module
class PixelShuffle(Module):
    """Channels as finer positions (Shi et al. 2016)."""

    upscale_factor = Int(min=1)

    example: ClassVar[Any] = ({"upscale_factor": 2}, (2, 8, 3, 3))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.pixel_shuffle(input, self.upscale_factor)


@module
class PixelUnshuffle(Module):
    """And back again."""

    downscale_factor = Int(min=1)

    example: ClassVar[Any] = ({"downscale_factor": 2}, (2, 3, 6, 6))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.pixel_unshuffle(input, self.downscale_factor)


@module
class ChannelShuffle(Module):
    """Channels of each group spread over all (Zhang et al. 2018)."""

    groups = Int(min=1)

    example: ClassVar[Any] = ({"groups": 2}, (2, 4, 3, 3))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.channel_shuffle(input, self.groups)


METHODS = {"linear": (1, "linear"), "bilinear": (2, "linear"), "trilinear": (3, "linear"), "bicubic": (2, "cubic")}


class Resized(Module):
    """Images in another size, by `size` or by `scale_factor`."""

    mode: Any = "nearest"
    align_corners: Any = None
    recompute_scale_factor: Any = None

    def check(self) -> None:
        if (self.size is None) == (self.scale_factor is None):
            raise ValidationError("Give size or scale_factor, one of them.", "size")
        if self.align_corners is not None and self.mode.startswith("nearest"):
            raise ValidationError("align_corners is for linear and cubic modes.", "align_corners")

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        spatial = input.ndim - 2
        rank, method = METHODS.get(self.mode, (spatial, "nearest"))
        if not 1 <= spatial <= 3 or spatial != rank:
            raise ShapeError(f"{self.type} by {self.mode!r} takes other axes than {text(input.shape)} has.", "mode")
        sizes = self.sizes(input, spatial)
        if method == "nearest":
            return nearest(input, sizes, self.mode == "nearest-exact")
        return linear(input, sizes, bool(self.align_corners), method)

    def sizes(self, x: Tensor, rank: int) -> list[tuple[Any, Any]]:
        """The new size of each axis, and the factor that places are computed by."""
        given = self.scale_factor if self.size is None else self.size
        numbers = given if isinstance(given, tuple) else (given,)
        each = numbers * rank if len(numbers) == 1 else numbers
        if len(each) != rank:
            raise ShapeError(f"{len(each)} numbers do not go with the {rank} spatial axes of {text(x.shape)}.", "size")
        if self.size is not None:
            return target(x, each, None, rank, self.type)
        found = target(x, None, each, rank, self.type)
        return [(to, None) for to, _ in found] if self.recompute_scale_factor else found


@module
class Upsample(Resized):
    """Images, sequences or volumes in another size."""

    size = Ints(None, min=1)
    scale_factor = Factors(None)
    mode = Choice(("nearest", "nearest-exact", *METHODS), "nearest")
    align_corners = Bool(None)
    recompute_scale_factor = Bool(None)

    example: ClassVar[Any] = ({"scale_factor": 2, "mode": "bilinear"}, (2, 3, 4, 5))


@module
class UpsamplingNearest2d(Resized):
    """Images in another size, by the nearest element."""

    size = Ints(None, min=1)
    scale_factor = Factors(None)

    example: ClassVar[Any] = ({"scale_factor": 2}, (2, 3, 4, 5))


@module
class UpsamplingBilinear2d(Resized):
    """Images in another size, the corners staying where they are."""

    mode = "bilinear"
    align_corners = True

    size = Ints(None, min=1)
    scale_factor = Factors(None)

    example: ClassVar[Any] = ({"size": [7, 9]}, (2, 3, 4, 5))


@module
class CosineSimilarity(Module):
    """x1 · x2 by their lengths, each at least eps, along an axis."""

    dim = Int(1)
    eps = Number(1e-8)

    example: ClassVar[Any] = ({}, [(2, 8), (2, 8)])

    def call(self, weight: Weight, x1: Tensor, x2: Tensor) -> Tensor:
        return cosine_similarity(x1, x2, self.dim, self.eps)


@module
class PairwiseDistance(Module):
    """The p-norm of x1 − x2 + eps along the last axis."""

    p = Number(2.0)
    eps = Number(1e-6)
    keepdim = Bool(False)

    example: ClassVar[Any] = ({}, [(2, 8), (2, 8)])

    def check(self) -> None:
        if self.p not in (1, 2):
            raise ValidationError(f"A norm with p = {self.p:g} is not read; 1 and 2 are.", "p")

    def call(self, weight: Weight, x1: Tensor, x2: Tensor) -> Tensor:
        apart = ops.add(ops.subtract(x1, x2), number(self.eps, str(x1.dtype)))
        return norm_of(apart, self.p, (apart.ndim - 1,), self.keepdim)
