"""Keras' activation functions (keras.activations), by name.

The counts are for one element, as the formula is evaluated.
"""

from __future__ import annotations

from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, differ, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op, first_of
from layercalc.ops.elementwise import Elementwise
from layercalc.ops.spans import Spans
from layercalc.ops.spec import Spec

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017, arXiv:1706.02515


def horner(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    """A polynomial in x's own precision, the highest power first."""
    out = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        out *= x
        out += coefficient
    return out


def erf(x: np.ndarray) -> np.ndarray:
    """The error function: rational approximations of Cephes' ndtr.c, accurate to double precision, or to x's."""
    big = np.abs(np.asarray(x, np.float32 if x.dtype == np.float32 else np.float64))
    near = np.minimum(big, 1.0)
    square = near * near
    low = near * horner(ERF_P, square) / horner(ERF_Q, square)
    far = np.clip(big, 1.0, 8.0)
    high = 1 - np.exp(-far * far) * horner(ERFC_P, far) / horner(ERFC_Q, far)
    return np.copysign(np.where(big <= 1, low, high), x).astype(x.dtype)


ERF_P = (
    9.60497373987051638749e0,
    9.00260197203842689217e1,
    2.23200534594684319226e3,
    7.00332514112805075473e3,
    5.55923013010394962768e4,
)
ERF_Q = (
    1.0,
    3.35617141647503099647e1,
    5.21357949780152679795e2,
    4.59432382970980127987e3,
    2.26290000613890934246e4,
    4.92673942608635921086e4,
)
ERFC_P = (
    2.46196981473530512524e-10,
    5.64189564831068821977e-1,
    7.46321056442269912687e0,
    4.86371970985681366614e1,
    1.96520832956077098242e2,
    5.26445194995477358631e2,
    9.34528527171957607540e2,
    1.02755188689515710272e3,
    5.57535335369399327526e2,
)
ERFC_Q = (
    1.0,
    1.32281951154744992508e1,
    8.67072140885989742329e1,
    3.54937778887819891062e2,
    9.75708501743205489753e2,
    1.82390916687909736289e3,
    2.24633760818710981792e3,
    1.65666309194161350182e3,
    5.57535340817727675546e2,
)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)); an exponential too large for the dtype gives 0."""
    out: np.ndarray = np.negative(x, out=np.empty_like(x))  # an array where x is one number, too
    np.exp(out, out=out)
    out += x.dtype.type(1)
    return np.reciprocal(out, out=out)


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp(x)), without overflow."""
    return np.logaddexp(x, x.dtype.type(0))


def relu(x: np.ndarray, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """keras.activations.relu: slope below the threshold, identity above it, cut off at max_value."""
    y = np.where(x > threshold, x, 0) if threshold else np.maximum(x, 0)
    if max_value is not None:
        y = np.minimum(y, x.dtype.type(max_value))
    if negative_slope:
        y = y - x.dtype.type(negative_slope) * np.maximum(threshold - x, 0)
    return y.astype(x.dtype, copy=False)


def elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    return np.where(x > 0, x, x.dtype.type(alpha) * np.expm1(np.minimum(x, 0)))


def celu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    a = x.dtype.type(alpha)
    return np.maximum(x, 0) + a * np.expm1(np.minimum(x, 0) / a)


def threshold(x: Any, threshold: float = 0.0, default_value: float = 0.0) -> Any:
    return np.where(x > threshold, x, default_value).astype(x.dtype)


def gelu(x: np.ndarray, approximate: bool = False) -> np.ndarray:
    """Hendrycks & Gimpel 2016, arXiv:1606.08415."""
    if approximate:
        inner = np.float64(0.7978845608028654).astype(x.dtype) * (x + x.dtype.type(0.044715) * x**3)
        return x.dtype.type(0.5) * x * (1 + np.tanh(inner))
    return x.dtype.type(0.5) * x * (1 + erf(x * x.dtype.type(0.7071067811865476)))


class Relu(Elementwise):
    """relu with the arithmetic that its arguments ask for, in floats."""

    price = "1 comparison for each element; 1 more with a ceiling, 1 multiplication with a slope"

    def cost(self, out: Shape, *shapes: Shape, **how: Any) -> Cost:
        n, slope, cut = size(out), bool(how.get("negative_slope")), how.get("max_value") is not None
        apart = slope and (cut or bool(how.get("threshold")))  # the negative part is then computed by itself
        return Cost(compares=n * (1 + cut + apart), muls=n * slope, adds=n * apart)

    def into(self, out: np.ndarray, *arrays: np.ndarray, **how: Any) -> None:
        if how.get("negative_slope") or how.get("threshold"):
            super().into(out, *arrays, **how)
            return
        np.maximum(arrays[0], 0, out=out)
        if how.get("max_value") is not None:
            np.minimum(out, out.dtype.type(how["max_value"]), out=out)


class AlongAxis(Op):
    """An activation that looks along one axis, such as softmax; the counts are for one element."""

    floating = True

    def __init__(self, name: str, function: Any, halves: bool = False, slowness: int = 3, **each: int):
        super().__init__(name)
        self.function, self.halves, self.each, self.slowness = function, halves, each, slowness

    def work(self, out: Spec, cost: Cost, x: Shape, **how: Any) -> Dim:
        return super().work(out, cost, x, **how) + self.rows(x)

    def shape(self, x: Shape, *, axis: int | tuple[int, ...] = -1) -> Shape:
        axes = (axis,) if isinstance(axis, int) else axis
        for one in axes:
            if not -len(x) <= one < len(x):
                raise ShapeError(f"There is no axis {one} in {text(x)}, which has {len(x)} axes.", "axis")
        if not self.halves:
            return x
        length = x[axes[0]]
        if differ(length % 2, 0):
            raise ShapeError(f"{self.name} halves axis {axes[0]} of {text(x)}: {length} must be even.")
        return tuple(n // 2 if i == axes[0] % len(x) else n for i, n in enumerate(x))

    def cost(self, out: Shape, x: Shape, **_: Any) -> Cost:
        elements = size(out)
        return Cost(**{kind: n * elements for kind, n in self.each.items()})

    def lead(self, x: Shape, *, axis: int | tuple[int, ...] = -1) -> int:
        return first_of((axis,) if isinstance(axis, int) else axis, x)

    def workspace(self, out: Shape, x: Shape, *, axis: int | tuple[int, ...] = -1) -> Dim:
        return 6 * size(x)

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, axis: int | tuple[int, ...] = -1) -> Spans:
        axes = {one % len(x) for one in ((axis,) if isinstance(axis, int) else axis)}
        return tuple(None if place in axes else span for place, span in enumerate(spans[0]))

    def run(self, x: Any, *, axis: int | tuple[int, ...] = -1) -> np.ndarray:
        return self.function(x, axis)


def softmax(x: np.ndarray, axis: Any) -> np.ndarray:
    y = x - x.max(axis=axis, keepdims=True)
    np.exp(y, out=y)
    y /= y.sum(axis=axis, keepdims=True)
    return y


def log_softmax(x: np.ndarray, axis: Any) -> np.ndarray:
    y = x - x.max(axis=axis, keepdims=True)
    y -= np.log(np.exp(y).sum(axis=axis, keepdims=True))
    return y


def sparsemax(x: np.ndarray, axis: int) -> np.ndarray:
    """As Keras computes it, which is not Martins & Astudillo 2016 (arXiv:1602.02068): where more than one element is in
    the support, Keras sums their cumulative sums in place of taking the last (keras.src.backend.tensorflow.nn).
    """
    ordered = -np.sort(-x, axis=axis)
    shape = [1] * x.ndim
    shape[axis] = -1
    ranks = np.arange(1, x.shape[axis] + 1, dtype=x.dtype).reshape(shape)
    sums = np.cumsum(ordered, axis=axis)
    support = ordered - (sums - 1) / ranks > 0
    kept = np.where(support, sums, 0).sum(axis=axis, keepdims=True)
    tau = (kept - 1) / support.sum(axis=axis, keepdims=True).astype(x.dtype)
    return np.maximum(x - tau, 0)


def glu(x: np.ndarray, axis: int) -> np.ndarray:
    a, b = np.split(x, 2, axis)
    return a * sigmoid(b)


def pointwise(name: str, function: Any = None, **each: Any) -> Elementwise:
    return Elementwise(name, function, floating=True, **each)


def constant_of(x: np.ndarray, value: float) -> Any:
    return x.dtype.type(value)


ACTIVATIONS: dict[str, Op | None] = {
    "linear": None,
    "relu": Relu("relu", relu, floating=True),
    "relu6": pointwise("relu6", lambda x: relu(x, max_value=6), compares=2),
    "leaky_relu": Elementwise(
        "leaky_relu", lambda x, negative_slope=0.2: relu(x, negative_slope), floating=True, compares=1, muls=1
    ),
    "elu": pointwise("elu", elu, compares=1, transcendentals=1, adds=1, muls=1),
    "selu": pointwise(
        "selu", lambda x: constant_of(x, SELU_SCALE) * elu(x, SELU_ALPHA), compares=1, transcendentals=1, adds=1, muls=2
    ),
    "celu": pointwise("celu", celu, compares=2, transcendentals=1, adds=2, muls=1, divs=1),
    "gelu": pointwise("gelu", gelu, slowness=10, temporaries=10, transcendentals=1, adds=1, muls=3),
    "silu": pointwise("silu", lambda x: x * sigmoid(x), transcendentals=1, adds=2, divs=1, muls=1),
    "sigmoid": pointwise("sigmoid", sigmoid, transcendentals=1, adds=2, divs=1),
    "hard_sigmoid": pointwise(
        "hard_sigmoid", lambda x: np.clip(x / 6 + constant_of(x, 0.5), 0, 1), divs=1, adds=1, compares=2
    ),
    "hard_silu": pointwise(
        "hard_silu", lambda x: x * np.clip(x / 6 + constant_of(x, 0.5), 0, 1), divs=1, adds=1, compares=2, muls=1
    ),
    "hard_tanh": Elementwise("hard_tanh", lambda x: np.clip(x, -1, 1), slowness=4, compares=2),
    "hard_shrink": Elementwise(
        "hard_shrink", lambda x, threshold=0.5: np.where(np.abs(x) > threshold, x, 0), compares=2
    ),
    "soft_shrink": Elementwise(
        "soft_shrink",
        lambda x, threshold=0.5: np.sign(x) * np.maximum(np.abs(x) - constant_of(x, threshold), 0),
        compares=2,
        adds=1,
    ),
    "tanh_shrink": pointwise("tanh_shrink", lambda x: x - np.tanh(x), transcendentals=1, adds=1),
    "tanh": pointwise("tanh", transcendentals=1),
    "exponential": pointwise("exponential", "exp", transcendentals=1),
    "softplus": pointwise("softplus", softplus, transcendentals=2, adds=1),
    "softsign": pointwise("softsign", lambda x: x / (1 + np.abs(x)), compares=1, adds=1, divs=1),
    "squareplus": pointwise(
        "squareplus",
        lambda x, b=4: (x + np.sqrt(x * x + constant_of(x, b))) / 2,
        adds=2,
        muls=1,
        transcendentals=1,
        divs=1,
    ),
    "sparse_plus": Elementwise(
        "sparse_plus",
        lambda x: np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x)).astype(x.dtype),
        floating=True,
        compares=2,
        adds=1,
        muls=1,
        divs=1,
    ),
    "sparse_sigmoid": Elementwise(
        "sparse_sigmoid",
        lambda x: np.where(x <= -1, 0, np.where(x >= 1, 1, (x + 1) / 2)).astype(x.dtype),
        floating=True,
        compares=2,
        adds=1,
        divs=1,
    ),
    "mish": pointwise("mish", lambda x: x * np.tanh(softplus(x)), transcendentals=3, adds=1, muls=1),
    "log_sigmoid": pointwise("log_sigmoid", lambda x: -softplus(-x), transcendentals=2, adds=3),
    "threshold": Elementwise("threshold", threshold, slowness=3, compares=1),
    "softmax": AlongAxis("softmax", softmax, compares=1, adds=2, transcendentals=1, divs=1),
    "log_softmax": AlongAxis("log_softmax", log_softmax, compares=1, adds=3, transcendentals=1),
    "sparsemax": AlongAxis("sparsemax", sparsemax, slowness=12, compares=2, adds=3, muls=1),
    "glu": AlongAxis("glu", glu, halves=True, transcendentals=1, adds=2, divs=1, muls=1),
}
