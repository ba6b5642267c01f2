"""Pooling."""

from collections.abc import Callable
from typing import Any, NamedTuple

from layercalc import ops
from layercalc.dims import Unknown
from layercalc.errors import ShapeError, offering
from layercalc.layers.channels import first, last
from layercalc.layers.torch.base import Ints, for_each, function
from layercalc.layers.torch.functions.convolution import batched, unbatched
from layercalc.ops import Tensor
from layercalc.wording import whole


def windows(kernel_size: Any, stride: Any, padding: Any, rank: int, dilation: Any = 1) -> dict[str, Any]:
    """Windows in numbers; without a stride they stand side by side."""
    window = for_each(kernel_size, rank, "kernel_size")
    none = stride is None or (not isinstance(stride, int | Unknown) and len(stride) == 0)
    pads = for_each(padding, rank, "padding")
    for k, p in zip(window, pads, strict=True):
        if not isinstance(p, Unknown) and not isinstance(k, Unknown) and p > k // 2:
            told = f"padding {p} is more than half of the window of {k}."
            raise ShapeError(offering(told, fitting(window, pads)), "padding")
    return {
        "window": window,
        "strides": window if none else for_each(stride, rank, "stride"),
        "pads": tuple((n, n) for n in pads),
        "dilations": for_each(dilation, rank, "dilation"),
    }


def fitting(window: Ints, pads: Ints) -> int | list[int] | None:
    """As much of the padding as goes with the windows."""
    if not all(map(whole, (*window, *pads))):
        return None
    found = [min(p, k // 2) for k, p in zip(window, pads, strict=True)]
    return found[0] if len(set(found)) == 1 else found


def pooled(op: Any, input: Tensor, rank: int, name: str, how: dict[str, Any]) -> Tensor:
    x, had = batched(input, rank, name)
    return unbatched(first(op(last(x), **how)), had)


def max_of(rank: int) -> None:
    name = f"max_pool{rank}d"

    @function(name)
    def call(
        self: Tensor,
        kernel_size: Ints,
        stride: Ints = (),
        padding: Ints = (0,),
        dilation: Ints = (1,),
        ceil_mode: bool = False,
    ) -> Tensor:
        how = windows(kernel_size, stride, padding, rank, dilation)
        return pooled(ops.max_pool, self, rank, name, how | ({"ceil_mode": True} if ceil_mode else {}))

    @function(f"{name}_with_indices")
    def with_indices(
        self: Tensor,
        kernel_size: Ints,
        stride: Ints = (),
        padding: Ints = (0,),
        dilation: Ints = (1,),
        ceil_mode: bool = False,
    ) -> Any:
        how = windows(kernel_size, stride, padding, rank, dilation) | ({"ceil_mode": True} if ceil_mode else {})
        y = pooled(ops.max_pool, self, rank, name, how)
        return y, Later(lambda: pooled(ops.max_pool_places, self, rank, name, how))


class Later(NamedTuple):
    """An output that is made where it is read."""

    make: Callable[[], Tensor]


class Unread:
    """An output that is not computed: where it is read, the model is refused."""


UNREAD = Unread()


def average_of(rank: int) -> None:
    name = f"avg_pool{rank}d"

    @function(name)
    def call(
        self: Tensor,
        kernel_size: Ints,
        stride: Ints = (),
        padding: Ints = (0,),
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Tensor:
        how = windows(kernel_size, stride, padding, rank)
        more: dict[str, Any] = {"count_include_pad": True} if count_include_pad else {}
        if divisor_override is not None:
            more["divisor"] = divisor_override
        return pooled(ops.average_pool, self, rank, name, how | more | ({"ceil_mode": True} if ceil_mode else {}))


def adaptive(op: Any, input: Tensor, output_size: Any, rank: int, name: str) -> Tensor:
    x, had = batched(input, rank, name)
    sizes = for_each(output_size, rank, "output_size")
    to = tuple(n if size is None else size for n, size in zip(x.shape[2:], sizes, strict=True))
    if all(isinstance(n, int) and n == 1 for n in to):
        axes = tuple(range(2, x.ndim))
        whole = ops.global_average_pool if op is ops.adaptive_average_pool else ops.global_max_pool
        return unbatched(whole(x, axes=axes, keepdims=True), had)
    return unbatched(first(op(last(x), output_size=to)), had)


def adaptive_of(rank: int) -> None:
    @function(f"adaptive_avg_pool{rank}d", f"_adaptive_avg_pool{rank}d")
    def mean(self: Tensor, output_size: Ints) -> Tensor:
        return adaptive(ops.adaptive_average_pool, self, output_size, rank, f"adaptive_avg_pool{rank}d")

    @function(f"adaptive_max_pool{rank}d")
    def largest(self: Tensor, output_size: Ints) -> Any:
        return adaptive(ops.adaptive_max_pool, self, output_size, rank, f"adaptive_max_pool{rank}d"), UNREAD


for _rank in (1, 2, 3):
    max_of(_rank)
    average_of(_rank)
    adaptive_of(_rank)
