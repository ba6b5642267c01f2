"""The reading with arrays that keep their own dtypes: a float of few bits is computed in float32, and rounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes  # noqa: F401  # makes the names in spec.NUMPY known to NumPy

from layercalc import lazy_numpy as np
from layercalc.dims import Shape
from layercalc.ops.base import FLOATS, Op
from layercalc.ops.running import Running, forced
from layercalc.ops.spec import HELD, NUMPY, named

NARROW = {np.dtype(NUMPY.get(name, name)) for name in (*HELD, "float16") if "float" in name}
TAUGHT = {np.dtype(name): held for name, held in ((NUMPY[name], HELD[name]) for name in NUMPY)}
PLAIN = {np.dtype(name) for name in ("float32", "int32", "int64", "bool")}


class Typed(Running):
    """Read with arrays, each in the dtype that the document gives it; in float64 instead, floats are rounded nowhere.

    Types that NumPy was not born with are arrays of ml_dtypes inside a pass, and what holds their numbers outside.
    """

    def __init__(self, dtype: str = "float32"):
        super().__init__(dtype)
        self.own = dtype == "float32"

    def op(self, op: Op, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> Any:
        if op.view or op.free or not any(x.dtype in NARROW for x in inputs):
            return super().op(op, inputs, attributes)
        to = np.dtype(self.held(op.dtype(*(named(x.dtype) for x in inputs), **attributes)))
        wide = tuple(forced(x).astype(np.float32) if x.dtype in NARROW else x for x in inputs)
        made = super().op(op, wide, attributes)
        return made if made.dtype == to else forced(made).astype(to)

    def common(self, op: Op, inputs: tuple[np.ndarray, ...]) -> Any:
        dtypes = {x.dtype for x in inputs}
        if not self.own or (len(dtypes) == 1 and dtypes <= PLAIN):
            return super().common(op, inputs)
        found = op.common_dtype(*(named(x.dtype) for x in inputs))
        return None if found is None or dtypes == {np.dtype(self.held(found))} else np.dtype(self.held(found))

    def held(self, to: Any) -> Any:
        if self.own or to not in FLOATS:
            return NUMPY.get(to, to) if isinstance(to, str) else to
        return self.float.name

    def constant(self, values: Callable[[], np.ndarray], shape: Shape, dtype: str) -> np.ndarray:
        made = np.asarray(values())
        return made.astype(np.dtype(self.held(dtype)), copy=False)

    def entered(self, x: np.ndarray, dtype: str) -> np.ndarray:
        """An array that is handed to a pass, in its own dtype."""
        return x.astype(np.dtype(self.held(dtype)), copy=False)

    def left(self, x: np.ndarray) -> np.ndarray:
        """An array that is handed back, in a type that NumPy was born with."""
        return x.astype(TAUGHT[x.dtype]) if x.dtype in TAUGHT else x
