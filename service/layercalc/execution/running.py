"""The reading with arrays: the forward pass, layer by layer, checked against the analysis."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc.analysis.walk import Analysis, Row
from layercalc.analysis.weight_specs import Owner, owner_of
from layercalc.deadline import DEADLINE
from layercalc.errors import InvalidTensors, Overdue, PassOverdue, ShapeError
from layercalc.layers import Layer
from layercalc.layers.base import Identity
from layercalc.model import Call, Model, apply
from layercalc.ops import READING, Running, forced
from layercalc.ops.kernels.fusion import Made, Pending, Seen, Transposed
from layercalc.ops.kernels.scratch import release
from layercalc.ops.kernels.threads import ALONE
from layercalc.ops.typed import Typed
from layercalc.ops.work import cut

log = logging.getLogger("layercalc")


class Weights:
    """What a layer's `call` gets as `weight` while it runs: the arrays of its place in the document, or its object."""

    __slots__ = ("anew", "arrays", "owner")

    def __init__(self, arrays: Mapping[Owner, np.ndarray], owner: Owner, anew: bool = False):
        self.arrays, self.owner, self.anew = arrays, owner, anew

    def __call__(self, name: str, *_: Any, **__: Any) -> np.ndarray:
        return self.arrays[Owner(self.owner.identity, self.owner.path + name)]

    def scope(self, name: str) -> Weights:
        return Weights(self.arrays, self.owner.scope(name), self.anew)

    def owned(self, layer: Layer) -> Weights:
        return self.of(layer.identity)

    def locked(self) -> Weights:
        return self

    def of(self, identity: Identity | None) -> Weights:
        owner = owner_of(identity, self.owner, self.anew)
        return self if owner is self.owner or owner is None else Weights(self.arrays, owner, self.anew)

    def copied(self) -> Weights:
        return Weights(self.arrays, self.owner, True)


class Live:
    """The bytes of all arrays that a walk holds between layers, and the most there were; a view holds what it is of."""

    def __init__(self, arrays: Sequence[np.ndarray]):
        self.now = self.most = 0
        self.known: set[int] = set()
        for array in arrays:
            self.add(array)

    def add(self, array: np.ndarray) -> None:
        owner = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        key = id(owner)
        if key not in self.known and isinstance(owner, np.ndarray):  # a scalar of NumPy's is no array
            self.known.add(key)
            self.now += owner.nbytes
            self.most = max(self.most, self.now)
            weakref.finalize(owner, self.remove, key, owner.nbytes)

    def remove(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.now -= size


class Result(NamedTuple):
    """What came out of one row."""

    row: Row
    outputs: tuple[Any, ...]  # arrays, or what waits to be one


@dataclass
class Execution:
    """A finished forward pass."""

    outputs: list[np.ndarray]
    results: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[str, np.ndarray] = field(default_factory=dict)
    peak_activation_bytes: int = 0  # what was held at once, at the worst moment

    @property
    def verified(self) -> bool:
        return all(result["match"] for result in self.results)


class Arrays:
    """The visitor that runs: every call on arrays, every result handed to `watch`."""

    def __init__(self, rows: dict[str, Row], weights: Mapping[Owner, np.ndarray], watch: Callable[[Result], None]):
        self.rows, self.weights, self.watch = rows, weights, watch
        self.prefix = ""

    def visit(self, call: Call, inputs: list[Any], named: dict[str, Any]) -> Sequence[Any]:
        assert call.layer is not None
        name = self.prefix + call.name + (f"@{call.use}" if call.use > 1 else "")
        if isinstance(call.layer, Model):
            inner = Arrays(self.rows, self.weights, self.watch)
            inner.prefix = f"{name}/"
            return call.layer.walk(inputs, inner)
        row = self.rows[name]
        try:
            outputs = apply(call.layer, Weights(self.weights, row.owner), inputs, named)
        except (ShapeError, Overdue):
            raise
        except (ValueError, TypeError, ArithmeticError, IndexError) as error:  # what NumPy has no room or dtype for
            log.warning("%s could not be run", name, exc_info=error)
            raise ShapeError(str(error) or type(error).__name__) from error
        self.watch(Result(row, tuple(array for array, _ in outputs)))
        return outputs

    def fault(self, call: Call, error: ShapeError) -> None:
        raise InvalidTensors([{"pointer": "/inputs", "detail": f"In {self.prefix + call.name!r}: {error}"}])


class Recorder:
    """Follows a pass: notes each row's line, keeps the outputs asked for, and looks at the deadline in force."""

    def __init__(
        self,
        analysis: Analysis,
        inputs: Sequence[np.ndarray],
        reading: Running,
        *,
        stats: bool,
        profile: bool,
        keep: Sequence[str],
        progress: Callable[[int, int, str], None] | None,
    ):
        self.analysis, self.reading, self.stats, self.profile, self.progress = (
            analysis,
            reading,
            stats,
            profile,
            progress,
        )
        self.keep = frozenset(keep)
        self.live = Live(inputs)
        self.results: dict[str, dict[str, Any]] = {}
        self.kept: dict[str, np.ndarray] = {}
        self.waiting: list[tuple[str, int, Made | Seen, tuple[int, ...]]] = []
        self.clock, self.deadline = monotonic(), DEADLINE.get()

    def overdue(self) -> None:
        """Raise PassOverdue past the deadline."""
        if self.deadline is not None and self.deadline.spent > 1:
            last = f"; the last one was {next(reversed(self.results))!r}" if self.results else ""
            reached = f" after {len(self.results)} of {len(self.analysis.rows)} layers{last}"
            raise PassOverdue([{"pointer": "", "detail": self.deadline.message(reached)}])

    def watch(self, result: Result) -> None:
        """Note what came out of a row."""
        row, outputs = result
        if self.stats or self.profile or row.name in self.keep:
            self.reading.settle()
            outputs = tuple(map(forced, outputs))
        for place, array in enumerate(outputs):
            if isinstance(array, Pending | Transposed):
                self.waiting.append((row.name, place, array.made, array.shape))
            else:
                self.live.add(array)
        self.results[row.name] = self.line(row, outputs)
        if row.name in self.keep:
            self.kept[row.name] = self.reading.left(outputs[0])
        if self.progress is not None:
            self.progress(len(self.results), len(self.analysis.rows), row.name)
        self.overdue()
        self.clock = monotonic()

    def line(self, row: Row, outputs: tuple[Any, ...]) -> dict[str, Any]:
        """What is said of a row: its shapes, analytic and actual, and what else was asked for."""
        expected = [spec.shape for spec, _ in row.traced.outputs]
        actual = [array.shape for array in outputs]
        line: dict[str, Any] = {
            "name": row.name,
            "type": row.call.layer.type,  # type: ignore[union-attr]
            "analytic_shape": list(expected[0]),
            "actual_shape": list(actual[0]),
            "match": expected == actual,
        }
        if self.profile:
            flops, spent = row.traced.counts["flops"], monotonic() - self.clock
            line |= {"seconds": round(spent, 6), "flops": flops, "gflops_per_second": rate(flops, spent)}
        return line | (statistics(self.reading.left(outputs[0])) if self.stats else {})

    def finished(self) -> list[dict[str, Any]]:
        """The lines in the document's order, those of rows that were not computed by themselves made good."""
        for name, place, made, shape in self.waiting:
            if made.shape != tuple(shape):
                seen = {} if place else {"actual_shape": list(made.shape or ())}
                self.results[name] |= {**seen, "match": False}
        return [self.results[row.name] for row in self.analysis.rows]


def execute(
    analysis: Analysis,
    inputs: list[np.ndarray],
    weights: Mapping[str, np.ndarray],
    *,
    stats: bool = False,
    profile: bool = False,
    keep: Sequence[str] = (),
    progress: Callable[[int, int, str], None] | None = None,
    dtype: str = "float32",
) -> Execution:
    """Run the analysed model on arrays; each layer's actual shapes are held against the analytic ones.

    Floats are computed in `dtype`. The list of inputs is emptied, so that the memory of each can be freed after its
    last use. `stats` and `profile` compute every layer by itself; otherwise pointwise layers join the kernel before
    them. `progress` hears after each layer how many of how many have run, and its name. Raises PassOverdue when a layer
    or a step of a loop would begin after the deadline in force.
    """
    reading = (Typed if analysis.model.keeps_dtypes else Running)(dtype)
    recorder = Recorder(analysis, inputs, reading, stats=stats, profile=profile, keep=keep, progress=progress)
    reading.watch = recorder.overdue
    dtypes = {name: weight.spec.dtype for name, weight in analysis.weights}
    arrays = {owner: reading.entered(weights[name], dtypes[name]) for owner, name in analysis.names.items()}
    entered = (reading.entered(inputs.pop(0), value.spec.dtype) for value in analysis.inputs)
    visitor = Arrays({row.name: row for row in analysis.rows}, arrays, recorder.watch)
    token = READING.set(reading)
    try:
        with ALONE, np.errstate(all="ignore"):
            outputs = analysis.model.walk(((array, None) for array in entered), visitor)
            reading.settle()
            outputs = [(reading.left(forced(array)), mask) for array, mask in outputs]
    except Overdue:
        recorder.overdue()
        raise
    finally:
        READING.reset(token)
        del reading.watch  # each knows the other, and arrays are to be freed at once
        release()
    results = recorder.finished()
    return Execution([np.asarray(array, order="C") for array, _ in outputs], results, recorder.kept, recorder.live.most)


def rate(flops: Any, seconds: float) -> float | None:
    """GFLOP/s, to four digits."""
    return float(f"{flops / seconds / 1e9:.4g}") if isinstance(flops, int) and seconds > 0 and flops < 1 << 62 else None


def statistics(array: np.ndarray) -> dict[str, Any]:
    """The smallest, largest and mean number that is one, and how many are not."""
    least, most, total, count, nan, infinite = [], [], 0.0, 0, 0, 0
    for where in cut(array.shape or (1,), array.size).pieces() if array.size else ():
        numbers = array[where] if array.ndim else array
        if array.dtype.kind == "f":
            nan, infinite = nan + int(np.isnan(numbers).sum()), infinite + int(np.isinf(numbers).sum())
            if not (finite := np.isfinite(numbers)).all():
                numbers = numbers[finite]
        if numbers.size:
            least.append(numbers.min().item())
            most.append(numbers.max().item())
            total, count = total + float(numbers.sum(dtype=np.float64)), count + numbers.size
    return {
        "min": min(least, default=None),
        "max": max(most, default=None),
        "mean": total / count if count else None,
        "nan_count": nan,
        "inf_count": infinite,
    }
