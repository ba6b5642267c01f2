"""The names of NumPy and of its random numbers, and what each is here."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.methods import known_arguments
from layercalc.readers.script.modules.arrays import (
    NUMBERS,
    Args,
    Kwargs,
    array,
    drawn,
    filled,
    of_values,
    permuted,
    random_of,
    scalar,
    shape_of,
    sized,
)
from layercalc.readers.script.modules.computed import COMPUTED, elementwise
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

FUNCTIONS = [
    "sqrt", "log", "log2", "log10", "log1p", "exp", "expm1", "ceil", "floor", "rint", "trunc", "sin", "cos",
    "tan", "tanh", "power", "absolute", "square", "sign", "maximum", "minimum",
    "mod", "remainder", "floor_divide", "divide", "true_divide", "add", "subtract", "multiply", "negative", "exp2",
    "cbrt", "fabs",
]  # fmt: skip


def converted(kind: type) -> Callable[..., Any]:
    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        known_arguments(m, args, kwargs)
        if len(args) != 1 or type(args[0]) not in NUMBERS:
            return Opaque("", at)
        return scalar(m, kind(args[0]), at)

    return run


def single(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.float32(8): a number whose arithmetic is not Python's, so that only its shape is known."""
    known_arguments(m, args, kwargs)
    return array(m, (), Opaque("", at), at)


NUMPY: dict[str, Any] = {
    **COMPUTED,
    "array": Native("array", of_values),
    "asarray": Native("asarray", of_values),
    **{name: Native(name, filled) for name in ("zeros", "ones", "empty", "full")},
    "shape": Native("shape", shape_of),
    **{name: elementwise(name) for name in FUNCTIONS},
    "abs": elementwise("absolute"),
    "int64": Native("int64", converted(int)),
    "float64": Native("float64", converted(float)),
    "float32": Native("float32", single),
    "pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "newaxis": None,
}  # fmt: skip
SIZES = {"normal": 2, "uniform": 2, "randint": 2, "binomial": 2, "poisson": 1, "choice": 1}  # where the size stands
RANDOM: dict[str, Any] = {
    "rand": Native("rand", drawn),
    "randn": Native("randn", drawn),
    "random": Native("random", random_of),
    "random_sample": Native("random_sample", random_of),
    **{name: Native(name, sized(at)) for name, at in SIZES.items()},
    "permutation": Native("permutation", permuted),
    "seed": Native("seed", lambda m, args, kwargs, at: None),
}
