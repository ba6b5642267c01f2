"""Functions of one element, or of a pair of elements with broadcasting, under NumPy's names.

The counts are for one element: a root, a logarithm, an exponential or an angle is one transcendental, rounding and
looking at a sign or a bit one comparison.
"""

from __future__ import annotations

from typing import Any

from layercalc import lazy_numpy as np
from layercalc.ops.activation import erf, sigmoid
from layercalc.ops.base import OPS
from layercalc.ops.elementwise import Elementwise


def rounded(x: np.ndarray, decimals: int = 0) -> Any:
    return np.round(x, decimals)


def clip(x: np.ndarray, low: float, high: float) -> Any:
    return np.minimum(np.maximum(x, np.asarray(low).astype(x.dtype)), np.asarray(high).astype(x.dtype))


def divide_no_nan(x: np.ndarray, y: np.ndarray) -> Any:
    return np.where(y == 0, 0, x / np.where(y == 0, 1, y)).astype(x.dtype)


def nan_to_num(x: np.ndarray, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def truncated(x: np.ndarray, y: np.ndarray) -> Any:
    """Integers divided towards 0, as C does; 0 where the divisor is."""
    whole = np.where(y == 0, np.ones_like(y), y)
    return np.where(y == 0, np.zeros_like(x), (x - np.fmod(x, whole)) // whole)


def heaviside(x: np.ndarray, y: np.ndarray) -> Any:
    return np.heaviside(x, y).astype(x.dtype)


def erfinv(x: np.ndarray) -> Any:
    """Giles 2012, "Approximating the erfinv function", then two Newton steps in double precision."""
    y = np.clip(np.asarray(x, np.float64), -1, 1)
    w = -np.log(np.maximum((1 - y) * (1 + y), 1e-300))
    near, far = w - 2.5, np.sqrt(np.maximum(w, 5)) - 3
    guess = np.where(w < 5, np.polyval(CENTRAL, near), np.polyval(TAIL, far)) * y
    for _ in range(2):
        guess = guess - (erf(guess) - y) * np.exp(np.minimum(guess * guess, 700)) * 0.886226925452758
    out = np.where(np.abs(y) == 1, np.copysign(np.inf, y), guess)
    return np.where(np.abs(x) > 1, np.nan, out).astype(x.dtype)


CENTRAL = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941,
)
TAIL = (
    -0.000200214257,
    0.000100950558,
    0.00134934322,
    -0.00367342844,
    0.00573950773,
    -0.0076224613,
    0.00943887047,
    1.00167406,
    2.83297682,
)


def unary(name: str, function: Any = None, **how: Any) -> None:
    """Register a function of one element under its name, unless an op of that name is there already."""
    if name not in OPS:
        Elementwise(name, function, **how)


TRANSCENDENTAL = (
    *("exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "sqrt", "cbrt", "sin", "cos", "tan", "sinh", "cosh"),
    *("arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh"),
)
for _name in TRANSCENDENTAL:
    unary(_name, floating=True, transcendentals=1)
for _name in ("ceil", "floor", "trunc"):
    unary(_name, floating=_name != "trunc", compares=1)
for _name in ("isfinite", "isinf", "isnan", "signbit"):
    unary(_name, to_bool=True, compares=1)
for _name in ("isneginf", "isposinf"):
    unary(_name, to_bool=True, temporaries=3, compares=1)
unary("round", rounded, slowness=5, compares=1)
unary("absolute", compares=1)
unary("sign", compares=2)
unary("negative", adds=1)
unary("square", muls=1)
unary("reciprocal", lambda x: 1 / x, floating=True, divs=1)
unary("rsqrt", lambda x: 1 / np.sqrt(x), floating=True, transcendentals=1, divs=1)
unary("erf", erf, floating=True, slowness=4, temporaries=8, transcendentals=1)
unary("erfc", lambda x: 1 - erf(x), floating=True, slowness=4, temporaries=8, transcendentals=1, adds=1)
unary("erfinv", erfinv, floating=True, slowness=100, temporaries=40, transcendentals=1)
unary("deg2rad", floating=True, muls=1)
unary("rad2deg", floating=True, muls=1)
unary("sinc", floating=True, temporaries=3, transcendentals=1, muls=1, divs=1, compares=1)
unary("i0", floating=True, slowness=30, temporaries=12, transcendentals=1)
unary("bitwise_not", compares=1)
unary("clip", clip, slowness=4, compares=2)
unary("nan_to_num", nan_to_num, compares=1)
unary("sigmoid", sigmoid, floating=True, transcendentals=1, adds=2, divs=1)

for _name in ("arctan2", "hypot", "logaddexp", "logaddexp2"):
    unary(_name, floating=True, slowness=4, transcendentals=1)
unary("power", slowness=3, transcendentals=1)
unary("floor_divide", slowness=9, divs=1, compares=1)
unary("truncate_divide", truncated, slowness=12, divs=1, compares=1)
unary("mod", slowness=7, divs=1, muls=1, adds=1, compares=1)
unary("fmod", slowness=5, divs=1, muls=1, adds=1, compares=1)
unary("fmax", slowness=7, compares=1)
unary("fmin", slowness=7, compares=1)
unary("heaviside", heaviside, floating=True, slowness=4, compares=1)
unary("copysign", floating=True, compares=1)
unary("nextafter", floating=True, adds=1)
unary("divide_no_nan", divide_no_nan, floating=True, slowness=4, compares=1, divs=1)
unary("ldexp", lambda x, y: x * np.exp2(y), floating=True, muls=1, transcendentals=1)
for _name in ("gcd", "lcm"):
    unary(_name, slowness=200, divs=1)
for _name in ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"):
    unary(_name, compares=1)
