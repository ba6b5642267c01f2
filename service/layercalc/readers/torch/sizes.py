"""Sizes of a program: those of its inputs (numbers, symbols, None for the batch), and in which rows others are made."""

import re
from collections.abc import Iterator
from typing import Any

from layercalc.readers.builder import Builder
from layercalc.readers.torch.dtypes import dtype_of
from layercalc.readers.torch.frames import Row
from layercalc.readers.torch.program import Call
from layercalc.readers.torch.rewriting import read_by

SYMBOL = re.compile(r"(?:Symbol\(')?([A-Za-z][A-Za-z0-9_]{0,40})(?:'(?:, [a-z]+=True)*\))?")


class Sizes:
    """The sizes of inputs by name; a size that is no plain symbol has a name of its own, and nothing is computed."""

    def __init__(self, inputs: dict[str, Any], results: list[Any], builder: Builder):
        self.inputs, self.builder = inputs, builder
        self.shapes = {name: [size_of(one) for one in meta.get("sizes") or ()] for name, meta in inputs.items()}
        first = {shape[0] for shape in self.shapes.values() if shape}
        name = first.pop() if len(first) == 1 else None
        apart = any(name == one for shape in self.shapes.values() for one in shape[1:])
        ends = [size_of(sizes[0]) for meta in results if (sizes := meta.get("sizes") or ())]
        whole = isinstance(name, str) and not apart and all(one == name for one in ends)
        self.batch: str = name if whole else ""  # type: ignore[assignment]

    def shape(self, name: str) -> tuple[Any, ...]:
        """The sizes of an input as a model has them."""
        found: list[Any] = []
        for axis, one in enumerate(self.shapes[name]):
            found.append(
                None
                if axis == 0 and one == self.batch and self.batch
                else one or (f"{name}_{axis}" if one == "" else one)
            )
        return tuple(found)

    def dtype(self, name: str) -> str:
        return dtype_of(self.inputs[name].get("dtype"))


def size_of(size: Any) -> int | str:
    """A number, the name of a symbol, or nothing for what is computed of such."""
    number = size.get("as_int")
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    found = SYMBOL.fullmatch(str((size.get("as_expr") or {}).get("expr_str")))
    return found.group(1) if found else ""


def with_sizes(given: list[Call], floating: dict[str, Call], apart: dict[str, Call]) -> list[Call]:
    """The calls of a row with those before them that make the sizes they read.

    The size of a tensor that the row has nothing to do with is made `apart`, so that it is not kept for that.
    """
    out: list[Call] = []
    have = {name for call in given for name in (*read_by(call), *call.outputs)}
    put: set[str] = set()
    waiting = [(call, False) for call in reversed(given)]
    while waiting:
        call, ready = waiting.pop()
        if ready or not (needed := [name for name in read_by(call) if name in floating and name not in put]):
            out.append(call)
            continue
        waiting.append((call, True))
        for name in dict.fromkeys(needed):
            put.add(name)
            source = floating[name]
            if not source.measures or have.issuperset(read_by(source)):
                waiting.append((source, False))
            else:
                apart.setdefault(name, source)
    return out


def with_apart(made: list[Row], apart: dict[str, Call]) -> Iterator[Row]:
    """The rows, those of sizes that are made apart each before the first that reads it."""
    waiting = dict(apart)
    for row in made:
        for name in dict.fromkeys(name for call in row.calls for name in read_by(call) if name in waiting):
            call = waiting.pop(name)
            yield Row(call.word, call.word, "", 1, [call], False, within=row.within)
        yield row
