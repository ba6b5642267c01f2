"""A block of candidates read: columns first, parted where a rule holds for some of them only."""

import re
from typing import Any, NamedTuple

import numpy as np

from layercalc import deadline
from layercalc.columns import Column, Overfull, Parted, measured
from layercalc.document import analysed, guarded
from layercalc.errors import InvalidBudgets, Overdue, Refused, Tokens
from layercalc.input_shapes import ModelOptions, declared
from layercalc.limits import UNLIMITED, Limits
from layercalc.sweeps.figures import MATCHING, Wanted, figures
from layercalc.sweeps.parts import Part, parts_of
from layercalc.sweeps.selection import Found, Selection
from layercalc.sweeps.space import Block, Space
from layercalc.sweeps.template import Template

BYTES = 1 << 28  # of all columns that are made while a part is read, about four times what it holds; twice at most
MOST_REFUSED = 100  # kinds of refusals that are told apart
OTHERS = ""  # the kind of all that are past those
ALIKE = 24  # characters by which two messages are of one kind
NUMBERS = re.compile(r"Column|#|-?\d+(?:[.,]\d+)*")


class Refusal(NamedTuple):
    """Candidates that are no networks for one reason: how many, what is said of the first, its number."""

    candidates: int
    first: int
    pointer: str
    detail: str


def gather(found: dict[str, Refusal], one: Refusal) -> None:
    """Add a refusal to those of its kind: one place, and one message but for the numbers in it."""
    kind = f"{one.pointer} {NUMBERS.sub('#', one.detail)}"
    if kind not in found and len(found) >= MOST_REFUSED:
        kind, one = OTHERS, one._replace(pointer="", detail=f"Other reasons, such as: {one.detail}")
    known = found.get(kind, one._replace(candidates=0))
    first = one if one.first < known.first else known
    found[kind] = first._replace(candidates=known.candidates + one.candidates)


class Answer(NamedTuple):
    """What was found of a block."""

    size: int
    valid: int
    matching: int
    found: Found
    refused: dict[str, Refusal]
    warnings: list[dict[str, Any]]


class Question(NamedTuple):
    """All that is asked of a block: it can be sent to another process."""

    document: Any
    options: dict[str, Any]
    space: Space
    wanted: Wanted
    selection: Selection
    limits: Limits = UNLIMITED
    path: Tokens = ()


class Reader:
    """Reads blocks of one question."""

    def __init__(self, question: Question):
        self.question = question
        self.template = Template(question.document, question.path)
        self.options = Template(question.options)
        self.columns = isinstance(question.document, dict | list)  # code and files are read with numbers alone
        self.refused: dict[
            Said, tuple[int, int, Part]
        ] = {}  # of one block: how many, the number of the first, it alone
        self.known: dict[Said, Refusal] = {}  # what was found to be said of one candidate
        self.sure: dict[Said, bool] = {}  # whether what is said of columns is said of a candidate
        self.largest = 0  # bytes of the columns that were made for one part
        self.warnings: list[dict[str, Any]] | None = None

    def read(self, block: Block) -> Answer:
        """All candidates of a block."""
        self.refused = {}
        pieces: list[tuple[np.ndarray, dict[str, Any]]] = []
        for first in parts_of(self.question.space, block):
            work = [first]
            while work:
                part = work.pop()
                deadline.check()
                if part.size > 1 and not self.columns:
                    work += part.halves()
                    continue
                try:
                    with measured(2 * BYTES) as taken:
                        found = self.figures(part)
                    self.largest = max(self.largest, taken.bytes)
                except Overfull:
                    self.largest = 2 * BYTES
                    work += part.halves()
                except Parted as parted:
                    work += parted_in(part, parted.values)
                except (Overdue, InvalidBudgets):
                    raise
                except Refused as error:
                    work += self.refuse(part, error, block)
                except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                    if part.size == 1:
                        raise
                    work += part.halves()  # code that takes no columns takes numbers
                else:
                    pieces.append((part.numbers(), {name: spread(part, value) for name, value in found.items()}))
        valid = sum(len(numbers) for numbers, _ in pieces)
        match = self.gathered(pieces, block)
        chosen = self.question.selection.of(match)
        return Answer(block.size, valid, len(match.numbers), chosen, self.reasons(), self.warnings or [])

    def figures(self, part: Part) -> dict[str, Any]:
        """What is wanted of the candidates of a part, with columns."""
        values = part.values()
        question = self.question
        document, origins = self.template.filled(values, question.limits)
        options, _ = self.options.filled(values)
        asked = ModelOptions(**options)
        try:
            model, builder = guarded(document, question.path, question.limits, asked)
            found = figures(
                analysed(model, builder, declared(model, builder, asked), question.path, so_far=False), question.wanted
            )
        except Refused as error:
            for fault in error.every:
                if "pointer" in fault:
                    fault["pointer"] = origins.located(fault["pointer"])
            raise
        if self.warnings is None:
            self.warnings = [{**one, "pointer": origins.located(one.get("pointer", ""))} for one in builder.warnings]
        return found

    def refuse(self, part: Part, error: Refused, block: Block) -> list[Part]:
        """Note that the candidates of a part are no networks; the parts to read instead where that is not sure.

        What is said with columns in it has to be said of the first candidate alone, too: code that takes no columns may
        have refused them as such.
        """
        said, first = blanked(error), part.first()
        number = block.first + int(first.numbers()[0])
        if part.size > 1 and said not in self.sure:
            alone = self.alone(first)
            self.sure[said] = alone is not None and alike(said, blanked(alone))
        if part.size > 1 and not self.sure[said]:
            return [*part.halves()]
        count, lowest, one = self.refused.get(said, (0, number, first))
        self.refused[said] = count + part.size, *min((lowest, one), (number, first), key=lambda pair: pair[0])
        return []

    def reasons(self) -> dict[str, Refusal]:
        """What was refused in a block, by what is said of the first candidate of each kind alone."""
        out: dict[str, Refusal] = {}
        for said, (count, first, part) in sorted(self.refused.items(), key=lambda item: item[1][1]):
            known = self.known.get(said)
            if known is None or first < known.first:
                alone = self.alone(part)
                assert alone is not None, "what is refused of many is refused of each"
                where, detail = place_of(alone.every[0]), str(alone.every[0]["detail"])
                known = self.known[said] = Refusal(0, first, where, detail)
            gather(out, known._replace(candidates=count))
        return out

    def alone(self, part: Part) -> Refused | None:
        """What is said of one candidate; None of a network."""
        try:
            self.figures(part)
        except Refused as error:
            return error
        return None

    def gathered(self, pieces: list[tuple[np.ndarray, dict[str, Any]]], block: Block) -> Found:
        """The candidates that match, in their order."""
        match = np.zeros(block.size, bool)
        for numbers, found in pieces:
            match[numbers] = found[MATCHING]
        out = {}
        for name in self.question.wanted.metrics:
            kinds = {found[name].dtype for _, found in pieces}
            values = np.empty(block.size, kinds.pop() if len(kinds) == 1 else object)
            for numbers, found in pieces:
                values[numbers] = found[name]
            out[name] = values[match]
        return Found(np.flatnonzero(match) + block.first, out)


Said = tuple[tuple[str, str], ...]


def blanked(error: Refused) -> Said:
    """Where faults are and what is said of them, without the numbers in it."""
    return tuple((place_of(one), NUMBERS.sub("#", str(one["detail"]))) for one in error.every)


def place_of(fault: dict[str, Any]) -> str:
    return str(fault.get("pointer") or fault.get("parameter") or "")


def alike(one: Said, other: Said) -> bool:
    """Whether the first of several faults is of one kind."""
    return one[0][0] == other[0][0] and one[0][1][:ALIKE] == other[0][1][:ALIKE]


def parted_in(part: Part, values: np.ndarray) -> list[Part]:
    """The parts of a part."""
    parts = [*part.split(values)]
    return parts if len(parts) > 1 else [*part.halves()]


def spread(part: Part, value: Any) -> np.ndarray:
    """A figure for each candidate of a part, flat."""
    if isinstance(value, list):
        rows = [spread(part, one) for one in value]
        out = np.empty(part.size, object)
        out[:] = [list(row) for row in zip(*(one.tolist() for one in rows), strict=True)] if rows else [[]] * part.size
        return out
    if value is None:
        return np.full(part.size, None, object)
    if type(value) is Column:
        return part.flat(value.array)
    if type(value) is int and not -(1 << 62) < value < 1 << 62:
        return np.full(part.size, value, object)
    return part.flat(value if isinstance(value, np.ndarray) else np.array(value))
