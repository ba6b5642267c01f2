"""A recording as a function: the line of arithmetic compiled, and what it gives built of its numbers."""

import functools
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from layercalc.recording.numbers import Recorded, Recording, Step
from layercalc.recording.texts import RecordedText, Unfit

PLAIN: Any = int | str | float | None
NAME = re.compile(r"\b[nv]\d+\b")  # of a number
RECORDED = {Recorded, RecordedText}
DEEPEST = 12  # expressions inside one another


def compiled(recording: Recording, result: Any, constant: tuple[type, ...] = ()) -> Callable[..., Any]:
    """The function of the recorded numbers that gives `result`, or None where something is decided otherwise for them.

    The result is made of lists, dicts, tuples, named tuples and recorded numbers; whatever else is in it is the same
    for all numbers: plain, or of a `constant` type. Unfit where it is not.
    """
    program = Program(recording, constant)
    built = program.expression(result)
    lines = [*program.lines(), f"return {built}"]
    names = {**program.names, **recording.functions}
    exec("\n    ".join([f"def run({', '.join(recording.given)}):", *lines]), names)
    made: Callable[..., Any] = names.pop("run")  # which would refer to itself there
    return made


class Program:
    """The text of a function in the making."""

    def __init__(self, recording: Recording, constant: tuple[type, ...]):
        self.recording, self.constant = recording, functools.reduce(operator.or_, constant, PLAIN)
        self.names: dict[str, Any] = {"new": tuple.__new__}  # constants
        self.reads: Counter[str] = Counter()  # of numbers, by what is needed

    def expression(self, value: Any) -> str:
        """How a result is built."""
        kind = type(value)
        if kind is Recorded:
            self.reads[value.name] += 1
            return str(value.name)
        if kind is RecordedText:
            return str(value.name)
        if kind is list:
            return f"[{self.listed(value)}]"
        if kind is dict:
            if not self.fixed((*value,)):
                raise Unfit
            return "{" + ", ".join([f"{self.named(key)}: {self.expression(one)}" for key, one in value.items()]) + "}"
        if isinstance(value, tuple) and not self.fixed(value):
            parts = f"({self.listed(value)},)"
            return parts if kind is tuple else f"new({self.named(kind)}, {parts})"
        if not self.fixed(value):
            raise Unfit
        return self.named(value)

    def listed(self, values: Iterable[Any]) -> str:
        return ", ".join(map(self.expression, values))

    def fixed(self, value: Any) -> bool:
        """Whether a value is the same for all numbers, and nothing that could be changed."""
        if isinstance(value, tuple):
            return all(map(self.fixed, value))
        return type(value) not in RECORDED and isinstance(value, self.constant)

    def named(self, value: Any) -> str:
        """A constant: as it is written where that is short, else a name for it."""
        if value is None or type(value) in (bool, str):
            return repr(value)
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def lines(self) -> list[str]:
        """The steps that are needed, each number that is read once inside what reads it."""
        returned = set(self.reads)
        needed: list[Step] = []
        for step in reversed(self.recording.steps):
            if not step.name or self.reads[step.name]:
                needed.append(step)
                self.reads.update(step.reads)
        inner: dict[str, tuple[str, int]] = {}  # expressions, and how deep they are
        out: list[str] = []
        for step in reversed(needed):
            parts = {name: inner.pop(name) for name in step.reads if name in inner}
            code = put_in(step.code, {name: expression for name, (expression, _) in parts.items()})
            depth = 1 + max((below for _, below in parts.values()), default=-1)
            if not step.name:
                out.append(f"if {'not ' if step.true else ''}{code}: return None")
            elif self.reads[step.name] == 1 and step.name not in returned and depth < DEEPEST:
                inner[step.name] = code, depth
            else:
                out.append(f"{step.name} = {code}")
        return out


def put_in(code: str, parts: dict[str, str]) -> str:
    """The code with expressions in place of names."""
    return NAME.sub(lambda name: f"({parts[name[0]]})" if name[0] in parts else name[0], code) if parts else code
