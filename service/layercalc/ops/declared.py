"""Ops that no pass runs: of declared cost, and numbers drawn at random."""

from typing import Any

from layercalc.dims import Dim
from layercalc.ops.base import FLOATS, FREE, Cost, Op, promote


class Declared(Op):
    """What a document declares of a layer that it does not describe; there is nothing to run."""

    price = "what the document declares"
    slowness = 1
    unmade = "what a document declares, and does not describe"

    def shape(self, *shapes: Any, to: Any, macs: Dim, flops: Dim, kind: str | None = None) -> Any:
        return to

    def cost(self, out: Any, *shapes: Any, to: Any, macs: Dim, flops: Dim, kind: str | None = None) -> Cost:
        return Cost(macs=macs, adds=flops - 2 * macs)

    def dtype(self, *dtypes: str, kind: str | None = None, **attributes: Any) -> str:
        if kind is not None:
            return kind
        return promote(*dtypes, "float32") if not set(dtypes) & set(FLOATS) else dtypes[0]


class Drawn(Op):
    """Numbers drawn at random, of one type, in a tensor of one shape."""

    price = "nothing"
    slowness = 1
    unmade = "numbers drawn at random"

    def shape(self, *shapes: Any, to: Any, kind: str) -> Any:
        return to

    def cost(self, out: Any, *shapes: Any, to: Any, kind: str) -> Cost:
        return FREE

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def dtype(self, *dtypes: str, kind: str = "", **attributes: Any) -> str:
        return kind


declared = Declared("declared")
drawn = Drawn("drawn")
