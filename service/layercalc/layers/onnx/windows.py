"""ONNX' attributes of windows as numbers."""

from typing import Any

from layercalc.dims import Dim, Shape, most
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Ints
from layercalc.ops.window import span


def pairs(pads: Ints) -> tuple[tuple[int, int], ...]:
    """All starts, then all ends, as a pair for each axis."""
    return tuple(zip(pads[: len(pads) // 2], pads[len(pads) // 2 :], strict=True))


def fitting(rank: int, **attributes: Ints | None) -> None:
    """Refuse attributes that are not a number for each spatial axis, two for pads."""
    for name, value in attributes.items():
        wanted = 2 * rank if name == "pads" else rank
        if value is not None and len(value) != wanted:
            raise ShapeError(f"{name} has {len(value)} numbers; {rank} spatial axes need {wanted}.", name)
        if value is not None and name not in ("pads", "output_padding") and any(n < 1 for n in value):
            raise ShapeError(f"{name} must be at least 1; received {list(value)}.", name)


def numbers_of(
    spatial: Shape, window: Shape, strides: Ints | None, pads: Ints | None, dilations: Ints | None, auto_pad: str
) -> dict[str, Any]:
    """Strides, pads and dilations of windows, and how many there are where the pads are made for it."""
    rank = len(spatial)
    fitting(rank, strides=strides, pads=pads, dilations=dilations)
    if len(window) != rank:
        raise ShapeError(f"A window of {len(window)} axes does not slide over {rank}.", "kernel_shape")
    once = (1,) * rank
    how: dict[str, Any] = {"strides": strides or once, "dilations": dilations or once}
    how["pads"] = pairs(pads or (0,) * 2 * rank)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        around = [
            same(n, k, s, d) for n, k, s, d in zip(spatial, window, how["strides"], how["dilations"], strict=True)
        ]
        how["pads"] = tuple(pair if auto_pad == "SAME_UPPER" else pair[::-1] for pair in around)
        how["positions"] = tuple(-(-n // s) for n, s in zip(spatial, how["strides"], strict=True))
    elif auto_pad == "VALID":
        how["pads"] = ((0, 0),) * rank
    elif auto_pad != "NOTSET":
        raise ShapeError(f"auto_pad is NOTSET, VALID, SAME_UPPER or SAME_LOWER, not {auto_pad!r}.", "auto_pad")
    return how


def same(n: Dim, k: Dim, stride: Dim, rate: Dim) -> tuple[Dim, Dim]:
    """The pads of one axis for ⌈n / stride⌉ windows, the odd one at the end."""
    total = most((-(-n // stride) - 1) * stride + span(k, rate) - n, 0)
    return total // 2, total - total // 2
