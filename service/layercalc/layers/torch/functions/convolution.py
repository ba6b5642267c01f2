"""Convolutions: kernels are (filters, channels / groups, *window), transposed ones (channels, filters / groups, …)."""

from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, differ, text
from layercalc.errors import ShapeError
from layercalc.layers.channels import first, kernel, last
from layercalc.layers.torch.base import Ints, for_each, function
from layercalc.ops import Tensor
from layercalc.ops.window import span


def batched(input: Tensor, rank: int, name: str) -> tuple[Tensor, bool]:
    """The input with a batch, and whether it has one itself."""
    if input.ndim == rank + 1:
        return ops.reshape(input, to=(1, *input.shape)), False
    if input.ndim != rank + 2:
        raise ShapeError(
            f"{name} takes channels and {rank} spatial axes, with a batch or without; received {text(input.shape)}."
        )
    return input, True


def unbatched(y: Tensor, had: bool) -> Tensor:
    return y if had else ops.reshape(y, to=y.shape[1:])


def fitting(x: Tensor, weight: Tensor, groups: int, channels: Any, name: str) -> None:
    """Refuse a kernel that reads other channels than there are."""
    if weight.ndim != x.ndim:
        raise ShapeError(f"The kernel {text(weight.shape)} of {name} needs as many axes as the input {text(x.shape)}.")
    if differ(x.shape[1], channels):
        raise ShapeError(
            f"{name} expects {channels} channels ({text(weight.shape)}, groups = {groups}); the input "
            f"{text(x.shape)} has {x.shape[1]}.",
            "in_channels",
        )


def convolve(input: Tensor, weight: Tensor, bias: Tensor | None, how: dict[str, Any], rank: int, name: str) -> Tensor:
    """A kernel slid over the spatial axes, `groups` times over its share of the channels."""
    x, had = batched(input, rank, name)
    groups = how["groups"]
    fitting(x, weight, groups, weight.shape[1] * groups, name)
    steps, rates = for_each(how["stride"], rank, "stride"), for_each(how["dilation"], rank, "dilation")
    pads = around(how["padding"], weight.shape[2:], rates, steps, rank)
    y = ops.conv(last(x), kernel(weight), groups=groups, strides=steps, dilations=rates, pads=pads)
    y = first(y if bias is None else ops.bias_add(y, bias))
    return unbatched(y, had)


def around(padding: Any, window: Any, rates: Ints, steps: Ints, rank: int) -> tuple[tuple[Any, Any], ...]:
    """Pads as pairs; "same" puts the odd one at the end."""
    if padding == "valid":
        return ((0, 0),) * rank
    if padding == "same":
        if any(step != 1 for step in steps):
            raise ShapeError("padding='same' goes with a stride of 1 alone.", "padding")
        totals = [span(k, d) - 1 for k, d in zip(window, rates, strict=True)]
        return tuple((n // 2, n - n // 2) for n in totals)
    if isinstance(padding, str):
        raise ShapeError(f"padding is numbers, 'same' or 'valid', not {padding!r}.", "padding")
    return tuple((n, n) for n in for_each(padding, rank, "padding"))


def convolution_of(rank: int) -> None:
    name = f"conv{rank}d"

    @function(name, f"{name}.padding")
    def call(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = (1,),
        padding: Any = (0,),
        dilation: Ints = (1,),
        groups: int = 1,
    ) -> Tensor:
        how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        return convolve(input, weight, bias, how, rank, name)


def transpose_convolve(
    input: Tensor, weight: Tensor, bias: Tensor | None, how: dict[str, Any], rank: int, name: str
) -> Tensor:
    """Each element of the input adds a scaled kernel to the result; what the padding says is cut off."""
    x, had = batched(input, rank, name)
    groups = how["groups"]
    fitting(x, weight, groups, weight.shape[0], name)
    steps, rates, pads, more = (
        for_each(how[key], rank, key) for key in ("stride", "dilation", "padding", "output_padding")
    )
    for extra, step, rate in zip(more, steps, rates, strict=True):
        if not isinstance(extra, Unknown) and extra and extra >= max(step, rate):
            raise ShapeError(
                f"output_padding {extra} must be smaller than stride {step} or dilation {rate}.", "output_padding"
            )
    y = ops.conv_transpose(
        last(x),
        kernel(weight),
        groups=groups,
        strides=steps,
        dilations=rates,
        pads=tuple((n, n) for n in pads),
        output_padding=more,
    )
    y = first(y if bias is None else ops.bias_add(y, bias))
    return unbatched(y, had)


def transposed_of(rank: int) -> None:
    name = f"conv_transpose{rank}d"

    @function(name, f"{name}.input")
    def call(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = (1,),
        padding: Ints = (0,),
        output_padding: Ints = (0,),
        groups: int = 1,
        dilation: Ints = (1,),
    ) -> Tensor:
        how: dict[str, Any] = {"stride": stride, "padding": padding, "output_padding": output_padding}
        return transpose_convolve(input, weight, bias, how | {"groups": groups, "dilation": dilation}, rank, name)


for _rank in (1, 2, 3):
    convolution_of(_rank)
    transposed_of(_rank)


@function("convolution", "_convolution")
def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
    benchmark: bool = False,
    deterministic: bool = False,
    cudnn_enabled: bool = False,
    allow_tf32: bool = False,
) -> Tensor:
    """Both kinds in core ATen."""
    rank = weight.ndim - 2
    how: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if transposed:
        return transpose_convolve(input, weight, bias, how | {"output_padding": output_padding}, rank, "convolution")
    return convolve(input, weight, bias, how, rank, "convolution")
