"""Keras' words for padding as numbers, by the conventions of tf.nn.convolution.

"valid" keeps the windows that fit, "same" gives ⌈n / stride⌉ of them and puts the odd padding element at the end,
"causal" pads the start only.
"""

from typing import Any

from layercalc.dims import Dim, Shape, most
from layercalc.ops import Tensor
from layercalc.ops.window import Pads, Unfitting, span


def slide(
    op: Any,
    x: Tensor,
    *others: Tensor,
    size: Shape,
    strides: Shape,
    padding: str,
    dilations: Shape | None = None,
    field: str,
    **how: Any,
) -> Tensor:
    """An op whose windows have a size that is called `field` here, on (batch, *spatial, channels)."""
    numbers = placed(x.shape[1:-1], size, strides, padding, dilations)
    try:
        return op(x, *others, **numbers, **how)
    except Unfitting as error:
        raise error.named(field, "use padding 'same'") from None


def placed(spatial: Shape, size: Shape, strides: Shape, padding: str, dilations: Shape | None = None) -> dict[str, Any]:
    """Strides, pads and dilations of windows, and how many there are where the pads are made for it."""
    rates = dilations or (1,) * len(size)
    if padding == "valid":
        return {"strides": strides, "pads": ((0, 0),) * len(size), "dilations": rates}
    pads: Pads
    if padding == "causal":
        pads = tuple([(span(k, rate) - 1, 0) for k, rate in zip(size, rates, strict=True)])
    else:
        pads = tuple(map(same, spatial, size, strides, rates))
    positions = tuple([-(-n // stride) for n, stride in zip(spatial, strides, strict=True)])
    return {"strides": strides, "pads": pads, "dilations": rates, "positions": positions}


def same(n: Dim, k: Dim, stride: Dim, rate: Dim) -> tuple[Dim, Dim]:
    """The pads of one axis for ⌈n / stride⌉ windows; with a stride of 1 they are the same for every n."""
    reach = span(k, rate)
    total = reach - 1 if stride == 1 else most((-(-n // stride) - 1) * stride + reach - n, 0)
    return total // 2, total - total // 2


def transposed(
    op: Any,
    x: Tensor,
    kernel: Tensor,
    *,
    strides: Shape,
    padding: str,
    dilations: Shape,
    output_padding: Shape | None,
) -> Tensor:
    """A transposed convolution in Keras' sizes (`compute_conv_transpose_output_shape`).

    "valid" keeps the whole result, filled up to the stride; "same" makes it n · stride. With `output_padding` they are
    (n − 1) · stride + span, less ⌊span / 2⌋ at both ends for "same".
    """
    extra = output_padding or (None,) * len(strides)
    sizes = list(zip(x.shape[1:-1], kernel.shape[:-2], strides, dilations, extra, strict=True))
    axes = [cut(padding, span(k, rate), stride, add) for _, k, stride, rate, add in sizes]
    positions = None
    if padding == "same":
        positions = tuple(
            n * stride if add is None else (n - 1) * stride + span(k, rate) % 2 + add
            for n, k, stride, rate, add in sizes
        )
    return op(
        x,
        kernel,
        strides=strides,
        pads=tuple(pads for pads, _ in axes),
        output_padding=tuple(more for _, more in axes),
        dilations=dilations,
        positions=positions,
    )


def cut(padding: str, reach: Dim, stride: Dim, add: Dim | None) -> tuple[tuple[Dim, Dim], Dim]:
    """What is cut off the ends of one axis of the whole result, and what is added behind."""
    if padding == "valid":
        return (0, 0), most(stride - reach, 0) if add is None else add
    total = most(reach - stride, 0) if add is None else reach - reach % 2
    before = total // 2 if add is None else most(total - add, 0) // 2
    return (before, total - before), most(stride - reach, 0) if add is None else add
