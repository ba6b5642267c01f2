"""What an op is, and the reading in force that decides whether calling one computes or counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, size
from layercalc.errors import ShapeError
from layercalc.ops.kernels.fusion import Affine
from layercalc.ops.spans import Spans
from layercalc.ops.spec import STRING, Spec, Tensor
from layercalc.ops.work import EACH, ELEMENT, ROW, SLOW


class Cost(NamedTuple):
    """Arithmetic by kind. Work that depends on weights alone is done once and is not counted."""

    macs: Dim = 0
    adds: Dim = 0
    muls: Dim = 0
    divs: Dim = 0
    compares: Dim = 0
    transcendentals: Dim = 0

    @property
    def flops(self) -> Dim:
        """Two for each multiply-accumulate, one for every other operation."""
        return 2 * self.macs + self.adds + self.muls + self.divs + self.compares + self.transcendentals

    @property
    def work(self) -> Dim:
        """As long as it takes NumPy's loops, in FLOPs of a large matrix product."""
        return sum([EACH[kind] * n for kind, n in zip(KINDS, self, strict=True)], 0)

    def times(self, n: Dim) -> Cost:
        return Cost(*[one * n for one in self])


KINDS = Cost._fields
FREE = Cost()

FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPUTED = ("float32", "float64")  # those of them that a pass computes in


def promote(*dtypes: str) -> str:
    """The dtype of a result, by Keras' rule: a float keeps its width against any integer."""
    first = dtypes[0]
    if dtypes.count(first) == len(dtypes):
        return first
    floats = {dtype for dtype in dtypes if dtype in FLOATS}
    if {"float16", "bfloat16"} <= floats:
        return "float32"
    if floats:
        return max(floats, key=FLOATS.index)
    if STRING in dtypes:
        raise ShapeError("Strings and numbers are not brought together.")
    return str(np.result_type(*dtypes))


class Reading(Protocol):
    """What calling an op means just now."""

    compute: str  # the dtype that floats are computed in

    def spend(self, calls: int = 1) -> None: ...

    def begun(self) -> int: ...

    def ended(self, start: int) -> None: ...

    def op(self, op: Op, inputs: tuple[Tensor, ...], attributes: dict[str, Any]) -> Tensor: ...

    def constant(self, values: Callable[[], np.ndarray], shape: Shape, dtype: str) -> Tensor: ...

    def layout(self, x: Tensor, axes: tuple[int, ...]) -> Tensor: ...

    def autocast(self, x: Tensor) -> Tensor: ...

    def shape_of(self, x: Tensor, dtype: str) -> Tensor: ...

    def known(self, values: np.ndarray, dtype: str) -> Tensor: ...

    def scan(self, step: Callable, xs: tuple, carry: tuple, reverse: bool) -> tuple[tuple, Tensor]: ...

    def choose(self, condition: Tensor, then: Branch, otherwise: Branch) -> tuple[Tensor, ...]: ...

    def loop(
        self, step: Callable, trips: Dim | None, going: Tensor | None, carry: tuple
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]: ...


Branch = Callable[[], tuple[Tensor, ...]]

READING: ContextVar[Reading] = ContextVar("reading")

OPS: dict[str, Op] = {}


class Op:
    """A primitive. Its three facts stand together: the shape it returns, what that costs, how NumPy computes it.

    `shape` validates what is certain and raises ShapeError; it and `cost` see shapes only, in integers of any size or
    unknowns. An op that costs nothing says so: `view` for one that only looks at its input's memory another way,
    `free` for one that moves data without arithmetic.
    """

    view = False
    gathers = False  # a view that is a copy of what is not in one piece of memory
    turned = False  # the result may not be in one piece of memory
    free = False
    floating = False  # the result is a float whatever goes in
    compares = False  # the result is a bool
    strings = False  # it takes strings; those that only move data do anyway
    local = False  # each place of the result sees that place of the inputs, the first of which has as many axes
    elementwise = False  # each number of the result is made of those at its place, of inputs that it is as large as
    sums = False  # every element of the result is a sum: 0 where there is nothing to add up
    decides = False  # values decide the shape of the result: a size that is unknown before they are
    finishes = False  # `run` takes `finish`, which is given each part of the result while it is in cache
    channels = 1  # of an op that finishes: the last axes of its second input, a kernel, that are the result's channels
    unmade = ""  # of an op that no pass runs: what it makes
    price = ""  # the cost in words, for the table in docs/ops.md
    slowness = SLOW  # times as long as NumPy's plain loops a run takes (`make rates`); one that says nothing is slow
    broadcasts = False  # inputs line up from the right, and all of them are cut with the result; otherwise
    along = 1  # so many inputs are cut with the result, from the left

    def __init__(self, name: str):
        self.name = name
        self.cuts = type(self).lead is not Op.lead and not self.view
        if name in OPS:
            raise ValueError(f"There is an op {name!r} already.")
        OPS[name] = self

    def shape(self, *shapes: Any, **attributes: Any) -> Shape:
        raise NotImplementedError

    def cost(self, out: Shape, *shapes: Any, **attributes: Any) -> Cost:
        raise NotImplementedError

    def run(self, *arrays: Any, **attributes: Any) -> np.ndarray:
        raise NotImplementedError

    def joins(self, *arrays: Any, **attributes: Any) -> bool:
        """Whether a run can be put off, to be done on parts of the result of the op before; `into` then does it."""
        return False

    def affine(self, *arrays: Any, **attributes: Any) -> Affine | None:
        """The run as a factor and a summand for each place on one axis, the attribute `channels`, if it is one."""
        return None

    def into(self, out: np.ndarray, *arrays: np.ndarray, **attributes: Any) -> None:
        """A run on rows of (positions, channels), whose result may stand where one of them does."""
        raise NotImplementedError

    def common_dtype(self, *dtypes: str) -> str | None:
        """What the inputs are cast to before `run`; None leaves them as they are."""
        dtype = promote(*dtypes)
        return "float32" if self.floating and dtype not in FLOATS else dtype

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        first = dtypes[0]
        if not self.compares and first in FLOATS and dtypes.count(first) == len(dtypes):
            return first
        return "bool" if self.compares else self.common_dtype(*dtypes) or first

    def __call__(self, *inputs: Tensor, **attributes: Any) -> Tensor:
        return READING.get().op(self, inputs, attributes)

    def workspace(self, out: Shape, *shapes: Any, **attributes: Any) -> Dim:
        """How many elements a run holds beside its inputs and its result."""
        return 0

    def lead(self, *shapes: Any, **attributes: Any) -> int:
        """How many leading axes there are whose places are made each of its own input's: a run is cut along them."""
        return 0

    def work(self, out: Spec, cost: Cost, *shapes: Any, **attributes: Any) -> Dim:
        """How long a run takes, in FLOPs of a large matrix product, beside what calling NumPy takes."""
        return self.slowness * (cost.work + ELEMENT * sum(map(size, shapes), size(out.shape)))

    def rows(self, *shapes: Shape) -> Dim:
        """How long it takes to begin every run along the last axis of these."""
        return ROW * sum((size(shape[:-1]) for shape in shapes if shape), 0)

    def reach(self, out: Shape, spans: list[Spans], *shapes: Any, **attributes: Any) -> Spans:
        """How far each axis of the result sees; unless an op knows better, every place may see everything."""
        return (None,) * len(out)

    def read(self, out: Spec, *inputs: Spec) -> Dim:
        """The bytes that are read: each input once."""
        found: Dim = 0
        for x in inputs:
            found = found + x.bytes
        return found

    def filters(self, place: int, *shapes: Any, **attributes: Any) -> tuple[int, ...]:
        """Which axes of an input, if that is a weight, are those of the result's channels."""
        return (-1,)

    def launches(self, *shapes: Any, **attributes: Any) -> Dim:
        """How many calls of NumPy one run makes, where that depends on the shapes."""
        return 1


def first_of(axes: Iterable[int], x: Shape) -> int:
    """The first of some axes, counted from the front; all before it may be cut."""
    return min((axis % len(x) for axis in axes), default=0) if x else 0


def scan(step: Callable, xs: tuple[Tensor, ...], carry: tuple, reverse: bool = False) -> tuple[tuple, Tensor]:
    """`step(carry, *x[:, t]) -> (carry, y_t)` along axis 1: T times on arrays, once and counted T times on specs.

    With `reverse` the last step comes first, in the stacked result too.
    """
    return READING.get().scan(step, xs, carry, reverse)


def choose(condition: Tensor, then: Branch, otherwise: Branch) -> tuple[Tensor, ...]:
    """What one of two functions gives: on arrays the one the condition says, on specs the one of more FLOPs.

    What both give must agree in rank and dtype; a size in which they differ is unknown.
    """
    return READING.get().choose(condition, then, otherwise)


def loop(
    step: Callable, trips: Dim | None, going: Tensor | None, carry: tuple[Tensor, ...]
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """`step(i, going, carry) -> (going, carry, made)` for i = 0, 1, … below `trips`, as long as `going` is true.

    Gives the last carry, and what every run made, stacked on a new first axis. Without trips, or a condition, it has no
    such end. On specs the body is read once and counted as often as it runs, or run by run where their sizes differ;
    where it is not known how often, counts are unknown.
    """
    return READING.get().loop(step, trips, going, carry)


def layout(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The axes in another order: a way to look at a tensor that is no op of any layer."""
    return READING.get().layout(x, axes)


class Computing:
    """A function that holds what it makes until its end, and computes floats in a dtype; None leaves that as it is."""

    __slots__ = ("before", "dtype", "reading", "start")

    def __init__(self, dtype: str | None):
        self.dtype = dtype

    def __enter__(self) -> Reading:
        reading = self.reading = READING.get()
        self.before, self.start = reading.compute, reading.begun()
        if self.dtype in FLOATS:
            reading.compute = self.dtype
        return reading

    def __exit__(self, *_: object) -> None:
        self.reading.compute = self.before
        self.reading.ended(self.start)


def autocast(x: Tensor) -> Tensor:
    """A float tensor in the dtype that is computed in; anything else as it is."""
    return READING.get().autocast(x)


def constant(values: Any, dtype: str | None = None, shape: Shape | None = None) -> Tensor:
    """A tensor whose values are known before any input is, seen in `shape` if that is larger.

    A float is of the dtype that is computed in, unless one is named.
    """
    reading = READING.get()
    if shape is None:
        shape = () if isinstance(values, int | float) else np.shape(values)
    return reading.constant(lambda: np.broadcast_to(np.asarray(values), shape), shape, dtype or reading.compute)


def full(shape: Shape, value: float, dtype: str | None = None) -> Tensor:
    """A tensor of one number: a float, unless another dtype is named."""
    reading = READING.get()
    return reading.constant(lambda: np.full(shape, value), shape, dtype or reading.compute)


def identity(n: int, k: int = 0) -> Tensor:
    """A matrix of truths: those on the k-th diagonal."""
    return READING.get().constant(lambda: np.eye(n, k=k, dtype=bool), (n, n), "bool")


def shape_of(x: Tensor, dtype: str = "int32") -> Tensor:
    """The sizes of a tensor as a tensor, whose values are known while shapes are read."""
    return READING.get().shape_of(x, dtype)


def known(values: Any, dtype: str) -> Tensor:
    """A tensor whose few values are known while shapes are read, of any dtype and rank."""
    return READING.get().known(np.asarray(values), dtype)


def built(make: Callable[[], np.ndarray], shape: Shape, dtype: str) -> Tensor:
    """A tensor of numbers that follow from sizes: made when it is run, since it may be large."""
    return READING.get().constant(make, shape, dtype)


def triangle(rows: int, columns: int, k: int = 0) -> Tensor:
    """A matrix of truths: those on and below the k-th diagonal."""
    return READING.get().constant(lambda: np.tri(rows, columns, k, dtype=bool), (rows, columns), "bool")
