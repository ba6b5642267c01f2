"""Documents of a form that is met often, answered by arithmetic that was recorded once.

A form is all of a document in JSON but its integers and the name of its model, and what is asked of it. The first
documents of a form are read and reported as any. Then one is on integers that record (`layercalc.recording`), and
others are answered by what was recorded, where all is decided as it was there: it is the one analysis, no second.
"""

from collections.abc import Callable, Hashable
from itertools import count
from math import isfinite
from os import urandom
from threading import Lock
from typing import Any, NamedTuple

import orjson

from layercalc import deadline
from layercalc.analysis.readings import Readings
from layercalc.document import layers_listed
from layercalc.errors import Refused
from layercalc.limits import Limits
from layercalc.readers.bounds import PARSED, in_sum
from layercalc.readers.builder import EXACTLY
from layercalc.readers.outline import MOST_BYTES, Outline, outline_of
from layercalc.readers.text import Json, parse_json
from layercalc.recording import Recording, Unfit, compiled
from layercalc.usage import uncounted, used

OFTEN = 32  # documents of a form before one is recorded, which takes as long as about as many analyses
MOST_COUNTED = 10_000  # forms whose documents are counted
MOST_FORMS, MOST_PROGRAMS = 64, 100  # of a process; a program of 20 layers takes about 100 KB
MOST_DECIDED = 16  # programs of one form, each for other decisions
MOST_LAYERS = 22  # of an object that is written to see its form: one of more has too many steps, all but always
MOST_WRITTEN = 100_000  # characters of a report as Python writes it, which a program of it is about as long as
MOST_BEFORE = 1 << 16  # bytes of the last answer of a form, which are kept
SOMEBODY = urandom(16).hex()  # a name that nobody gives a model

Report = dict[str, Any]
Answer = Callable[[Any, Readings | None], Report]  # of a document; what was read of it goes to the readings, if given
Encode = Callable[[Any], bytes]  # what makes JSON

TURNS = count()


class Program(NamedTuple):
    """What gives the report for numbers and a name, or None where all is not decided as it was recorded."""

    run: Callable[..., Report | None]
    others: set[str]  # the names that decide otherwise

    def answer(self, outline: Outline) -> Report | None:
        return None if outline.name in self.others else self.run(*outline.given)


class Before(NamedTuple):
    """The last document of a form that a program was for: its numbers, and, once they come again, its answer in JSON.

    That is in parts, between which the name stands.
    """

    numbers: list[int]
    program: Program
    layers: int
    parts: list[bytes] | None = None


class Form:
    """What is known of the documents of one form."""

    __slots__ = ("before", "missed", "programs", "turn", "unfit")

    def __init__(self) -> None:
        self.programs: tuple[Program, ...] = ()  # the one that held last is the first
        self.missed = OFTEN  # documents that no program was for, since the last was made
        self.unfit = False  # whether no program can be made
        self.turn = next(TURNS)  # when there was one the last time
        self.before: Before | None = None

    def answer(self, outline: Outline) -> Report | None:
        """What one of the programs gives for a document; None where none holds for it."""
        self.turn = next(TURNS)
        for program in self.programs:
            found = program.answer(outline)
            if found is not None:
                if program is not self.programs[0]:
                    self.programs = program, *[one for one in self.programs if one is not program]
                self.before = Before(outline.numbers, program, len(found["layers"]))
                return found
        return None

    def answer_as_before(self, outline: Outline, encode: Encode) -> bytes | None:
        """The answer in JSON for a document that differs from the one before in its name alone; None for any other."""
        before = self.before
        if before is None or outline.name is None or before.numbers != outline.numbers:
            return None
        if outline.name in before.program.others:
            return None
        parts = before.parts
        if parts is None:
            found = encode(before.program.run(*before.numbers, SOMEBODY))
            if len(found) > MOST_BEFORE:
                return None
            parts = found.split(encode(SOMEBODY).strip())
            self.before = before._replace(parts=parts)
        self.turn = next(TURNS)
        used(layers=before.layers)
        return encode(outline.name).strip().join(parts)

    def due(self) -> bool:
        """Whether another program would pay."""
        self.missed += 1
        return not self.unfit and self.missed > OFTEN and len(self.programs) < MOST_DECIDED


class Forms:
    """The forms that a process has met often, and how often it has met others."""

    def __init__(self) -> None:
        self.known: dict[Hashable, Form] = {}
        self.counted: dict[int, int] = {}  # by the hash of a form: no text is kept of what may never come again
        self.lock = Lock()

    def met(self, key: Hashable) -> Form | None:
        """What is known of a form that has come up; None of one that has not done so often."""
        form = self.known.get(key)
        if form is not None:
            return form
        with self.lock:
            which = hash(key)
            times = self.counted[which] = self.counted.pop(which, 0) + 1
            if times <= OFTEN:
                if len(self.counted) > MOST_COUNTED:
                    del self.counted[next(iter(self.counted))]
                return None
            del self.counted[which]
            form = self.known[key] = Form()
            self.bound()
            return form

    def add(self, form: Form, program: Program) -> None:
        with self.lock:
            form.programs = program, *form.programs
            self.bound()

    def bound(self) -> None:
        """Forget the forms that have not come up for longest, as far as there are too many, or too many programs."""
        while len(self.known) > MOST_FORMS or sum(len(one.programs) for one in self.known.values()) > MOST_PROGRAMS:
            del self.known[min(self.known, key=lambda key: self.known[key].turn)]


FORMS = Forms()


def answered(
    document: Any, asked: tuple[Any, ...], limits: Limits, answer: Answer, encode: Encode | None = None
) -> Any:
    """The answer for a document, by recorded arithmetic where there is some for it: a fresh one, the caller's.

    With `encode` it is JSON. `asked` is all that it depends on beside the document and the limits. Raises what `answer`
    raises.
    """
    text = text_of(document)
    outline = None if text is None else outline_of(text, limits)
    form = None
    if outline is not None and PLAIN.issuperset(map(type, asked)) and limits.max_kept_bytes:
        form = FORMS.met((outline.parts, outline.name is None, type(document), limits, asked))
    if text is None or outline is None or form is None or not exact(document):
        found = answer(document, None)
        return found if encode is None else encode(found)
    deadline.check()
    if encode is not None and (written := form.answer_as_before(outline, encode)) is not None:
        return written
    known = form.answer(outline)
    if known is not None:
        used(layers=len(known["layers"]))
    else:
        known = answer(document, None)
        if form.due():
            form.missed = 0
            made = recorded(outline, text, answer, known)
            form.unfit = made is None
            if made is not None:
                FORMS.add(form, made)
    return known if encode is None else encode(known)


PLAIN = {str, int, type(None)}  # the kinds of options of documents that have a form: equal ones of them are the same
KINDS = {str, int, float, bool, type(None), list, dict}  # of what is in a document


def text_of(document: Any) -> bytes | None:
    """The JSON of an object; None of what is no object, or cannot be one, and of one of many layers."""
    try:
        if type(document) is dict and layers_listed(document) <= MOST_LAYERS:
            return orjson.dumps(document, None, EXACTLY)
        if type(document) is Json:
            return document.text
        if type(document) is not str or len(document) > MOST_BYTES or PARSED.get():  # limits are of all that is parsed
            return None
        return document.encode()
    except (TypeError, UnicodeEncodeError):  # what JSON cannot hold
        return None


def exact(document: Any) -> bool:
    """Whether all that is in a document is what JSON has, and nothing that is written alike: a tuple, say, or nan."""
    level: list[Any] = [document] if type(document) is dict else []  # a text says what it is
    while level:
        below: list[Any] = []
        for one in level:
            values = one.values() if type(one) is dict else one
            kinds = {*map(type, values)}
            if not kinds <= KINDS or (float in kinds and not all(isfinite(n) for n in values if type(n) is float)):
                return False
            if list in kinds or dict in kinds:
                below += [value for value in values if type(value) in (list, dict)]
        level = below
    return True


def recorded(outline: Outline, text: bytes, answer: Answer, wanted: Report) -> Program | None:
    """The arithmetic of documents that are decided as this one is, for which it gives what is wanted.

    None where there is none: code takes no recorded numbers, or they stand in a text; or where it is too long.
    """
    told = repr(wanted)
    if len(told) > MOST_WRITTEN:
        return None
    recording = Recording()  # some 30 layers long at most
    try:
        with uncounted(), in_sum():  # the document is read again, and not for whoever asks
            if repr(outline.filled(outline.given)) != repr(parse_json(text)):
                return None
            given: list[Any] = [recording.number(n, switch=True) for n in outline.numbers]
            names = [] if outline.name is None else [recording.text(outline.name)]
            found = answer(outline.filled([*given, *names]), Readings(apart=True))
            program = Program(compiled(recording, found), names[0].others if names else set())
        return program if repr(program.answer(outline)) == told else None
    except (Unfit, Refused, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None
    finally:
        recording.close()
