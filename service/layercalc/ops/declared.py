"""An op of declared cost."""

from typing import Any

from layercalc.dims import Dim
from layercalc.ops.base import FLOATS, Cost, Op, promote


class Declared(Op):
    """What a document declares of a layer that it does not describe; there is nothing to run."""

    price = "what the document declares"
    slowness = 1

    def shape(self, *shapes: Any, to: Any, macs: Dim, flops: Dim, kind: str | None = None) -> Any:
        return to

    def cost(self, out: Any, *shapes: Any, to: Any, macs: Dim, flops: Dim, kind: str | None = None) -> Cost:
        return Cost(macs=macs, adds=flops - 2 * macs)

    def dtype(self, *dtypes: str, kind: str | None = None, **attributes: Any) -> str:
        if kind is not None:
            return kind
        return promote(*dtypes, "float32") if not set(dtypes) & set(FLOATS) else dtypes[0]


declared = Declared("declared")
