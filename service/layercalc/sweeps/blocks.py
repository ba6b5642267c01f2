"""A block of candidates read: columns first, parted where a rule holds for some of them only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.analysis.readings import Readings
from layercalc.capacity import COLUMN_BYTES as BYTES
from layercalc.columns import Column, Overfull, Parted, measured
from layercalc.document import analysed, guarded
from layercalc.errors import InvalidBudgets, Overdue, Refused, Tokens
from layercalc.input_shapes import ModelOptions, declared
from layercalc.limits import UNLIMITED, Limits
from layercalc.model import Model
from layercalc.readers import Builder, is_code
from layercalc.sweeps.figures import MATCHING, Wanted, figures
from layercalc.sweeps.narrowing import Narrowing
from layercalc.sweeps.parts import Part, parts_of
from layercalc.sweeps.refusals import Refusal, Said, alike, blanked, gather, place_of
from layercalc.sweeps.selection import Found, Selection
from layercalc.sweeps.space import Block, Space
from layercalc.sweeps.template import Template

READ_WITH = ("custom",)  # the options by which a document is read
READ_WITH_CODE = (*READ_WITH, "entry", "input_shape", "batch_shape")


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


class Outcome(NamedTuple):
    """What was found of a part: figures of its candidates, which of them are no networks, and what is left to read."""

    part: Part
    figures: dict[str, Any] | None
    refused: list[tuple[Said, Part]]
    rest: list[Part]


class Reader:
    """Reads blocks of one question."""

    def __init__(self, question: Question):
        self.question = question
        self.template = Template(question.document, question.path)
        self.options = Template(question.options)
        self.model: tuple[Model, Builder] | None = None  # of a document that is the same for all candidates
        self.known: dict[Said, Refusal] = {}  # what was found to be said of one candidate
        self.sure: dict[Said, bool] = {}  # whether what is said of columns is said of a candidate
        self.largest = 0  # bytes of the columns that were made for one part
        self.warnings: list[dict[str, Any]] | None = None

    def read(self, block: Block) -> Answer:
        """All candidates of a block."""
        refused: dict[Said, tuple[int, int, Part]] = {}  # how many, the number of the first, it alone
        pieces: list[tuple[np.ndarray, dict[str, Any]]] = []
        for first in parts_of(self.question.space, block):
            work = [first]
            while work:
                part, found, gone, rest = self.outcome(work.pop())
                work += rest
                for said, several in gone:
                    number = block.first + several.least
                    count, lowest, one = refused.get(said, (0, number, several))
                    one = several if number < lowest else one
                    refused[said] = count + several.size, min(lowest, number), one
                if found is not None:
                    pieces.append((part.numbers(), {name: spread(part, value) for name, value in found.items()}))
        valid = sum(len(numbers) for numbers, _ in pieces)
        match = self.gathered(pieces, block)
        chosen = self.question.selection.of(match)
        return Answer(block.size, valid, len(match.numbers), chosen, self.reasons(refused), self.warnings or [])

    def first(self, block: Block, holds: bool) -> int | None:
        """The number in the block of the first candidate that is a network within `where`, or of the first that is not.

        Of the others as few are read as can be, those in front first.
        """
        work, end = [*parts_of(self.question.space, block)], block.size
        while work:
            work.sort(key=lambda part: -part.least)
            part = work.pop().before(end)
            if not part.size or part.least >= end:
                continue
            part, found, gone, rest = self.outcome(part)
            work += rest
            if not holds:
                end = min([end, *(several.least for _, several in gone)])
            if found is not None:
                which = part.numbers()[spread(part, found[MATCHING]).astype(bool) == holds]
                end = min([end, *which.tolist()])
        return end if end < block.size else None

    def outcome(self, part: Part) -> Outcome:
        """What is found when a part is read as a whole; where that cannot be, into which parts it falls."""
        deadline.check()
        narrowing = Narrowing(part.shape) if part.size > 1 else None
        found, rest, error = None, [], None
        try:
            with measured(BYTES) as taken:
                found = self.figures(part, narrowing)
            self.largest = max(self.largest, taken.bytes)
        except Overfull:
            self.largest = BYTES
            rest = [*part.halves()]
        except Parted as parted:
            rest = parted_in(part, parted.values)
        except (Overdue, InvalidBudgets):
            raise
        except Refused as refused:
            error = refused
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            if part.size == 1:
                raise
            rest = [*part.halves()]  # code that takes no columns takes numbers
        gone: list[tuple[Said, Part]] = []
        if narrowing is not None and narrowing.dropped:
            gone, part = narrowing.parts(part)
            if error is None:
                return Outcome(part, None, gone, [part])  # to be read without them
        if error is not None:
            said = blanked(error)
            if self.certain(said, part):
                gone.append((said, part))
            else:
                rest = [*part.halves()]
        return Outcome(part, found, gone, rest)

    def figures(self, part: Part, readings: Readings | None = None) -> dict[str, Any]:
        """What is wanted of the candidates of a part, with columns."""
        values = part.values()
        question = self.question
        document, origins = self.template.filled(values, question.limits)
        options, _ = self.options.filled(values)
        asked = ModelOptions(**options)
        try:
            model, builder = self.read_model(document, asked)
            specs = declared(model, builder, asked)
            analysis = analysed(model, builder, specs, question.path, so_far=False, readings=readings)
            found = figures(analysis, question.wanted)
        except Refused as error:
            for fault in error.every:
                if "pointer" in fault:
                    fault["pointer"] = origins.located(fault["pointer"])
            raise
        if self.warnings is None:
            self.warnings = [{**one, "pointer": origins.located(one.get("pointer", ""))} for one in builder.warnings]
        return found

    def read_model(self, document: Any, asked: ModelOptions) -> tuple[Model, Builder]:
        """The model of a document; one that is the same for all candidates is read once."""
        if self.model is not None and not self.model[1].faults:
            return self.model
        read_with = READ_WITH_CODE if is_code(document) else READ_WITH
        for n in columns_in([getattr(asked, name) for name in read_with]):
            n.value()  # code is followed with numbers alone
        read = guarded(document, self.question.path, self.question.limits, asked)
        left_open = any(id(self.question.options.get(name)) in self.options.open for name in read_with)
        if not self.template.open and not left_open:
            self.model = read
        return read

    def certain(self, said: Said, part: Part) -> bool:
        """Whether what is said of a part with columns in it is said of its first candidate alone, too.

        Code that takes no columns may have refused them as such.
        """
        if part.size > 1 and said not in self.sure:
            alone = self.alone(part.first())
            self.sure[said] = alone is not None and alike(said, blanked(alone))
        return part.size == 1 or self.sure[said]

    def reasons(self, refused: dict[Said, tuple[int, int, Part]]) -> dict[str, Refusal]:
        """What was refused in a block, by what is said of the first candidate of each kind alone."""
        out: dict[str, Refusal] = {}
        for said, (count, first, part) in sorted(refused.items(), key=lambda item: item[1][1]):
            known = self.known.get(said)
            if known is None or first < known.first:
                alone = self.alone(part.first())
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


def columns_in(value: Any) -> Iterator[Column]:
    """The columns in lists and objects."""
    if type(value) is Column:
        yield value
    elif isinstance(value, list | tuple | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from columns_in(one)


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
