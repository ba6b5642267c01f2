"""What fvcore and calflops count for an einsum: the number that numpy.einsum_path prints."""

from __future__ import annotations

from typing import Any

from layercalc import lazy_numpy as np
from layercalc.analysis.observing import SeenCall
from layercalc.dims import known, size

MOST = 6  # operands: the best order of more is not looked for
LINE = "Optimized FLOP count:"
PRODUCTS = ("abc,abd->acd", "abc,adc->adb")  # of which fvcore counts every multiplication


def printed(call: SeenCall) -> int | None:
    """The FLOPs of the best order, to four digits; None where sizes are not known."""
    equation, shapes = call.arguments["equation"].replace(" ", ""), [x.shape for x in call.arguments["tensors"]]
    if len(shapes) > MOST or not all(map(known, shapes)):
        return None
    try:
        empty = [np.broadcast_to(np.int8(0), shape) for shape in shapes]
        _, text = np.einsum_path(equation, *empty, optimize="optimal")
    except ValueError:  # of more elements than NumPy has numbers for
        return None
    line = next(line for line in text.split("\n") if LINE in line)
    return int(float(line.partition(":")[2]))


def multiplied(call: SeenCall) -> Any:
    """The multiply-accumulates: half of the FLOPs, but of two kinds of products."""
    tensors = call.arguments["tensors"]
    equation = call.arguments["equation"].replace(" ", "")
    letters = dict.fromkeys(filter(str.isalpha, equation))
    plain = equation.translate({ord(one): "abcdefghijklmnopqrstuvwxyz"[place] for place, one in enumerate(letters)})
    if plain in PRODUCTS:
        return size(tensors[0].shape) * tensors[1].shape[2 - PRODUCTS.index(plain)]
    flops = printed(call)
    return None if flops is None else flops // 2
