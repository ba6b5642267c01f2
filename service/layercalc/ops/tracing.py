"""The reading with shapes of one layer: an entry for each op that it calls."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, Unknown, certainly, differ, most, presumably, provably, size, text
from layercalc.errors import ShapeError
from layercalc.formulas import Undecided
from layercalc.ops.base import FLOATS, FREE, KINDS, Cost, Op
from layercalc.ops.constant_folding import SMALL, Known, folded, objects
from layercalc.ops.loops import Step, looped
from layercalc.ops.spec import STRING, Spec
from layercalc.ops.work import PIECE, cut

new = tuple.__new__  # a named tuple of values that are at hand, in half the time


class Entry(NamedTuple):
    """One op of a layer as it was traced."""

    op: Op
    cost: Cost
    times: Dim
    out: Spec
    shapes: list[Shape]
    attributes: dict[str, Any]
    inputs: tuple[Spec, ...]

    @property
    def launches(self) -> Dim:
        """How many calls of NumPy one pass makes for it."""
        return self.times * self.op.launches(*self.shapes, **self.attributes)

    @property
    def workspace(self) -> Dim:
        """How many elements a run holds beside its inputs and its result, by the piece where it is cut."""
        op, _, _, (out, _), shapes, attributes, _ = self
        whole = op.workspace(out, *shapes, **attributes)
        if not op.cuts or isinstance(whole, Unknown) or (pieces := self.pieces) == 1:
            return whole
        return -(-(whole + 2 * prod(out) + 2 * sum(map(prod, shapes))) // pieces)  # the piece's own too

    @property
    def pieces(self) -> int:
        """In how many pieces a run is cut; one where sizes are unknown, and where there is nothing to cut."""
        op, _, _, (out, _), shapes, attributes, _ = self
        if not op.cuts:
            return 1
        elements = prod(out)
        if shapes and shapes[0] is not out:
            elements = most(elements, prod(shapes[0]))
        if (elements.__class__ is int and 0 < elements <= PIECE // 2) or isinstance(elements, Unknown):
            return 1
        lead = out[: op.lead(*shapes, **attributes)]
        if not lead or elements + lead[0] <= PIECE:
            return 1
        return max(cut(lead, elements).number, 1)

    @property
    def work(self) -> Dim:
        """How long its runs take, in FLOPs of a large matrix product: calls have a limit of their own."""
        once = 0 if self.op.view else self.op.work(self.out, self.cost, *self.shapes, **self.attributes)
        return self.times * once


MAPPED = "Make integers of them first, by TextVectorization, StringLookup or Hashing."
LOOK = 16  # ops between looks at the clock
MAX_VISITS = 100_000  # calls of layers: models that hold models twice, and so on, double with each level


class Tracing:
    """Read with shapes: every op checks, notes its cost, and answers a Spec."""

    def __init__(self, visits: list[int] | None = None) -> None:
        self.entries: list[Entry] = []
        self.times: Dim = 1
        self.visits = [0] if visits is None else visits  # shared by the whole analysis
        self.compute = "float32"
        self.seen_as: list[tuple[Spec, Spec, tuple[int, ...]]] = []  # what is no op: a tensor, how it is seen, its axes
        self.allocated: list[tuple[int, Spec]] = []  # what no op makes: before which entry, and the tensor
        self.scopes: list[tuple[int, int]] = []  # the entries of each function that held what it made until its end

    def spend(self, calls: int = 1) -> None:
        """Count calls of layers inside a layer; refuse what would never end."""
        self.visits[0] += calls
        if self.visits[0] > MAX_VISITS:
            raise ShapeError(f"The model inside calls more than {MAX_VISITS:,} layers.")

    def begun(self) -> int:
        """Where a function begins that holds what it makes until its end."""
        return len(self.entries)

    def ended(self, start: int) -> None:
        """Note the entries of such a function."""
        self.scopes.append((start, len(self.entries)))

    def op(self, op: Op, inputs: tuple[Spec, ...], attributes: dict[str, Any]) -> Spec:
        entries = self.entries
        if not (len(entries) + 1) % LOOK:
            deadline.check()
        shapes = [x[0] for x in inputs]
        out = op.shape(*shapes, **attributes)
        for n in out:
            if n < 0 if n.__class__ is int else provably(n < 0):
                raise ShapeError(f"One axis of the result would be {n}, of {text(out)}; no size is below 0.")
        cost = FREE if op.view or op.free else self.price(op, out, shapes, attributes)
        dtypes = [x[1] for x in inputs]
        result = new(Spec, (out, op.dtype(*dtypes, **attributes)))
        if STRING in dtypes and not op.strings and (result[1] != STRING or not (op.view or op.free)):
            raise ShapeError(f"{op.name} takes numbers; received strings. {MAPPED}")
        for x in inputs:
            if x.__class__ is not Spec:
                result = folded(op, inputs, attributes, result)
                break
        entries.append(new(Entry, (op, cost, self.times, result, shapes, attributes, inputs)))
        return result

    def price(self, op: Op, out: Shape, shapes: list[Shape], attributes: dict[str, Any]) -> Cost:
        try:
            return op.cost(out, *shapes, **attributes)
        except Undecided as error:  # by sizes that are names
            return Cost(*[Unknown(str(error))] * len(KINDS))

    def shape_of(self, x: Spec, dtype: str) -> Spec:
        return Known((x.ndim,), dtype, objects(list(x.shape)))

    def known(self, values: np.ndarray, dtype: str) -> Spec:
        if values.size <= SMALL:
            return Known(values.shape, dtype, objects(values if values.dtype == object else values.tolist()))
        return self.constant(lambda: values, values.shape, dtype)

    def autocast(self, x: Spec) -> Spec:
        if x.dtype == self.compute or x.dtype not in FLOATS:
            return x
        cast = Spec(x.shape, self.compute)
        self.seen_as.append((x, cast, tuple(range(x.ndim))))
        return cast

    def constant(self, values: Callable[[], np.ndarray], shape: Shape, dtype: str) -> Spec:
        if dtype in ("int32", "int64") and len(shape) < 2 and certainly(size(shape) <= SMALL):
            return Known(shape, dtype, objects(values()))
        made = Spec(shape, dtype)
        self.allocated.append((len(self.entries), made))
        return made

    def layout(self, x: Spec, axes: tuple[int, ...]) -> Spec:
        turned = Spec(tuple(x.shape[axis] for axis in axes), x.dtype)
        self.seen_as.append((x, turned, axes))
        return turned

    def scan(self, step: Callable, xs: tuple[Spec, ...], carry: tuple, reverse: bool) -> tuple[tuple, Spec]:
        batch, steps = xs[0].shape[:2]
        start = len(self.entries)
        if steps == 0:
            raise ShapeError(f"There is no time step to run over: axis 1 of {text(xs[0].shape)} is 0.")
        outer, self.times = self.times, self.times * steps
        before = carry
        carry, y = step(carry, *(Spec((x.shape[0], *x.shape[2:]), x.dtype) for x in xs))
        self.times = outer
        for old, new in zip(flattened(before), flattened(carry), strict=True):
            if old.ndim != new.ndim or any(map(differ, old.shape, new.shape)):
                raise ShapeError(f"A state of shape {text(old.shape)} would be {text(new.shape)} after one step.")
        whole = Spec((batch, steps, *y.shape[1:]), y.dtype)
        self.allocated += [(start, whole), *((start, Spec(*one)) for one in (*flattened(before), y))]
        self.ended(start)
        return carry, whole

    def choose(self, condition: Spec, then: Callable, otherwise: Callable) -> tuple[Spec, ...]:
        self.spend()
        if isinstance(condition, Known) and not isinstance(value := condition.values.reshape(-1)[0], Unknown):
            made: tuple[Spec, ...] = (then if value else otherwise)()
            return made
        (first, a), (second, b) = self.tried(then), self.tried(otherwise)
        (then if isinstance(a, Unknown) or presumably(a >= b) else otherwise)()  # the one that is kept
        if len(first) != len(second):
            raise ShapeError(f"One branch gives {len(first)} tensors, the other {len(second)}.")
        return tuple(map(either, first, second))

    def loop(
        self, step: Step, trips: Dim | None, going: Spec | None, carry: tuple[Spec, ...]
    ) -> tuple[tuple[Spec, ...], tuple[Spec, ...]]:
        return looped(self, step, trips, going, carry)

    def tried(self, branch: Callable) -> tuple[tuple[Spec, ...], Dim]:
        """What a branch gives, and its FLOPs; nothing of it is kept."""
        before = self.mark()
        made: tuple[Spec, ...] = branch()
        flops = sum([entry.cost.flops * entry.times for entry in self.entries[before[0] :]], 0)
        self.back(before)
        return made, flops

    @property
    def lists(self) -> tuple[list[Any], ...]:
        """All that is noted."""
        return self.entries, self.seen_as, self.allocated, self.scopes

    def mark(self) -> list[int]:
        """How much is noted by now."""
        return [len(one) for one in self.lists]

    def back(self, mark: list[int]) -> None:
        """Forget what was noted since."""
        for one, length in zip(self.lists, mark, strict=True):
            del one[length:]


def either(a: Spec, b: Spec) -> Spec:
    """What is known of a tensor that is one or the other."""
    if a.dtype != b.dtype or a.ndim != b.ndim:
        raise ShapeError(f"One branch gives {text(a.shape)} of {a.dtype}, the other {text(b.shape)} of {b.dtype}.")
    if isinstance(a, Known) and a == b:
        return a
    sizes = zip(a.shape, b.shape, strict=True)
    return Spec(tuple(n if n is m or n == m else Unknown("which branch is taken") for n, m in sizes), a.dtype)


def flattened(carry: Any) -> list[Spec]:
    """The specs in what a loop carries from step to step."""
    return [carry] if isinstance(carry, Spec) else [spec for one in carry for spec in flattened(one)]
