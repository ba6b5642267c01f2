"""The space of a sweep: the values that each name takes, and the candidates in their order, the last name fastest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc.environment import setting
from layercalc.errors import InvalidModel, Tokens, pointer
from layercalc.limits import UNLIMITED, Limits
from layercalc.sweeps.expressions import FUNCTIONS
from layercalc.wording import HUGE, is_name, received, whole

RANGE = ("from", "to", "step")
EXAMPLE = '{"w": [16, 32, 64], "h": {"from": 32, "to": 256, "step": 32}}'
VALUES = 'a list of values, a range such as {"from": 8, "to": 64, "step": 8}, or {"zip": {name: list, …}}'
MOST = 1 << 53  # candidates of any sweep


class Choice(NamedTuple):
    """One choice that is made independently of others: its names, and their values, place by place."""

    names: tuple[str, ...]
    values: tuple[Sequence[Any], ...]  # a list or range for each name, all of one length

    def __len__(self) -> int:
        return len(self.values[0])

    @property
    def words(self) -> int:
        """How many combinations there are of what is no number in its values."""
        return 1 if all(map(plain, self.values)) else len({*map(words_of, zip(*self.values, strict=True))})

    def at(self, place: int) -> dict[str, Any]:
        """The value of each name at one place."""
        return {name: values[place] for name, values in zip(self.names, self.values, strict=True)}


class Space(NamedTuple):
    """The choices of a sweep in their order; candidates count from 0, the last choice changing fastest."""

    choices: tuple[Choice, ...]

    @property
    def size(self) -> int:
        return prod(len(one.values[0]) for one in self.choices)

    @property
    def names(self) -> list[str]:
        return [name for one in self.choices for name in one.names]

    def at(self, number: int) -> dict[str, Any]:
        """The values of one candidate by name."""
        found: list[dict[str, Any]] = []
        for one in reversed(self.choices):
            number, place = divmod(number, len(one.values[0]))
            found.append(one.at(place))
        return {name: value for one in reversed(found) for name, value in one.items()}


def read_space(given: Any, limits: Limits = UNLIMITED, path: Tokens = ("space",)) -> Space:
    """The space that a request says; InvalidModel with every fault."""
    faults: list[dict[str, Any]] = []
    choices: list[Choice] = []

    def fault(detail: str, *at: object) -> None:
        faults.append({"pointer": pointer(*path, *at), "detail": detail})

    if not isinstance(given, Mapping) or not given:
        fault(f"Expected names with the values that they take, such as {EXAMPLE}; received {received(given)}.")
        given = {}
    for name, values in given.items():
        together = values if name == "zip" else values.get("zip") if isinstance(values, Mapping) else None
        if isinstance(values, Mapping) and "zip" in values and len(values) > 1 and name != "zip":
            fault("Beside 'zip' there is nothing to say.", name)
        if together is not None:
            at: Tokens = (name,) if name == "zip" else (name, "zip")
            if not isinstance(together, Mapping) or not together:
                fault(f"Expected lists by name, all of one length; received {received(together)}.", *at)
                continue
            found = {one: read_values(one, several, fault, *at, one) for one, several in together.items()}
            lengths = {len(one) for one in found.values() if one is not None}
            if len(lengths) > 1:
                told = ", ".join(f"{one} has {len(several):,}" for one, several in found.items() if several is not None)
                fault(f"Names of one 'zip' take as many values each; {told}.", *at)
            elif None not in found.values():
                choices.append(Choice(tuple(found), tuple(found.values())))  # type: ignore[arg-type]
        elif (one := read_values(name, values, fault, name)) is not None:
            choices.append(Choice((name,), (one,)))
    seen: set[str] = set()
    for name in (name for one in choices for name in one.names):
        if name in seen:
            fault(f"The name {name!r} takes values twice.", name)
        seen.add(name)
    if faults:
        raise InvalidModel(faults)
    space = Space(tuple(choices))
    if space.size > (most := min(limits.max_candidates, MOST)):
        sizes = " × ".join(f"{len(one.values[0]):,}" for one in choices)
        detail = f"{space.size:,} candidates ({sizes}); the limit is {most:,} ({setting('max_candidates')})."
        raise InvalidModel([{"pointer": pointer(*path), "detail": detail}])
    if (several := prod(one.words for one in choices)) > limits.max_words:
        detail = f"{several:,} combinations of values that are no integers, each of which is read by itself"
        detail = f"{detail}; the limit is {limits.max_words:,} ({setting('max_words')})."
        raise InvalidModel([{"pointer": pointer(*path), "detail": detail}])
    return space


def read_values(name: object, given: Any, fault: Any, *at: object) -> Sequence[Any] | None:
    """The values of a name: a list as it is, or a range."""
    if not is_name(name) or name in FUNCTIONS:
        fault(f"Expected a name, a letter and letters, digits or _; received {received(name)}.", *at)
        return None
    if isinstance(given, Mapping):
        for key in [key for key in given if key not in RANGE]:
            fault(f"There is no key {key!r} of a range; it takes {', '.join(RANGE)}.", *at, key)
            return None
        first: Any = given.get("from")
        last: Any = given.get("to")
        step: Any = given.get("step", 1)
        for key, value, lowest in (("from", first, None), ("to", last, None), ("step", step, 1)):
            if not whole(value, lowest):
                expected = "an integer of at least 1" if lowest else "an integer"
                fault(f"Expected {expected}; received {received(value)}.", *at, *((key,) if key in given else ()))
                return None
        found = range(first, last + 1, step)
        if not found:
            fault(f"From {first:,} to {last:,} there is no value.", *at)
            return None
        if last - first >= 1 << 62:
            fault("A range has fewer than 2^62 values.", *at)
            return None
        return found
    if not isinstance(given, list | tuple):
        fault(f"Expected {VALUES}; received {received(given)}.", *at)
        return None
    if not given:
        fault(f"{name!r} takes no value: the list is empty.", *at)
        return None
    for place, value in enumerate(given):
        if value.__class__ is int and not -HUGE < value < HUGE:
            fault("A number has at most 300 digits.", *at, place)
            return None
    return list(given)


def plain(values: Any) -> bool:
    """Whether all values are integers."""
    return isinstance(values, range) or all(one.__class__ is int for one in values)


def words_of(row: Sequence[Any]) -> tuple[Any, ...]:
    """What tells values that are made together from others, but for their integers, which are read together."""
    return tuple(None if value.__class__ is int else key(value) for value in row)


def key(value: Any) -> Any:
    """What tells a value from others: lists and objects by what they are made of."""
    if isinstance(value, dict):
        return dict, tuple((name, key(one)) for name, one in value.items())
    if isinstance(value, list | tuple):
        return list, tuple(map(key, value))
    return value.__class__, repr(value) if isinstance(value, float) else value


class Block(NamedTuple):
    """Candidates that follow one another: of each choice a run of places; the first candidate's number."""

    runs: tuple[tuple[int, int], ...]
    first: int

    @property
    def size(self) -> int:
        return prod(stop - start for start, stop in self.runs)


class Blocks:
    """A space cut into blocks of at most so many candidates, in their order."""

    def __init__(self, space: Space, most: int):
        self.sizes = [len(one.values[0]) for one in space.choices]
        inner, cut = 1, len(self.sizes) - 1
        while cut > 0 and inner * self.sizes[cut] <= most:
            inner, cut = inner * self.sizes[cut], cut - 1
        self.inner, self.cut = inner, cut
        self.run = max(1, min(most // inner, self.sizes[cut]))
        self.pieces = -(-self.sizes[cut] // self.run)

    def __len__(self) -> int:
        return prod(self.sizes[: self.cut]) * self.pieces

    def __getitem__(self, number: int) -> Block:
        if not 0 <= number < len(self):
            raise IndexError(number)
        outer, piece = divmod(number, self.pieces)
        start, stop = piece * self.run, min((piece + 1) * self.run, self.sizes[self.cut])
        runs = [(start, stop), *((0, size) for size in self.sizes[self.cut + 1 :])]
        first = outer * self.sizes[self.cut] * self.inner + start * self.inner
        for size in reversed(self.sizes[: self.cut]):
            outer, place = divmod(outer, size)
            runs.insert(0, (place, place + 1))
        return Block(tuple(runs), first)

    def __iter__(self) -> Iterator[Block]:
        return (self[number] for number in range(len(self)))


def numbers(values: Sequence[Any]) -> np.ndarray:
    """Integers as an array, in 64 bits where they fit."""
    if isinstance(values, range) and len(values) > 1:  # the step of one value may be of any size
        return np.arange(len(values), dtype=np.int64) * values.step + values.start if small(values) else wide(values)
    return np.array(values, np.int64) if all(-(1 << 62) < n < 1 << 62 for n in values) else wide(values)


def small(values: range) -> bool:
    """Whether all of them, which may go down, and the step between fit."""
    return min(values[0], values[-1]) > -(1 << 62) and max(values[0], values[-1]) < 1 << 62


def wide(values: Sequence[Any]) -> np.ndarray:
    out = np.empty(len(values), object)
    out[:] = list(values)
    return out
