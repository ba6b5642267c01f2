"""The outline of a document in JSON: all of its text but its integers and the name of its model.

Two texts of one outline are parsed to documents that differ in these alone.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from layercalc.limits import Limits
from layercalc.readers.text import parse_json

MOST_BYTES, MOST_INTEGERS = 1 << 15, 500  # of a text that has an outline
DIGITS = 9  # of an integer that is left out: a longer one may pass a limit, or be read by another parser
LETTERS = 100  # bytes of a name that is left out, for the same reason
STANDS = rb"(?<=[\[,:\s][0-9])(?:(?<=[1-9])[0-9]{0,%d})?(?=[,\]}\s])" % (DIGITS - 1)  # JSON has no 07
INTEGER = re.compile(rb"([0-9]" + STANDS + rb")")  # of at least 0, as a value
NAME = rb'"name"\s*:\s*"([^"\\\x00-\x1f]{0,%d})"' % LETTERS
FIRST, LAST = re.compile(rb"\s*\{\s*" + NAME), re.compile(NAME + rb"\s*\}\s*")  # the model's: a key of the object
KEY, OBJECT = b'"name"', re.compile(rb"\s*\{")
BLANK = "@{}@"  # what stands for a value that is left out; no JSON, so that it is no part of a text


class Outline(NamedTuple):
    """A text in parts: what stands around the integers; they; and the name, if it is left out."""

    parts: tuple[bytes, ...]
    numbers: list[int]
    name: str | None

    @property
    def given(self) -> list[Any]:
        """What is left out: the integers, and the name behind them."""
        return self.numbers if self.name is None else [*self.numbers, self.name]

    def filled(self, given: Sequence[Any]) -> Any:
        """The document with other values in their places; Unreadable where one of these is inside a text."""
        blanks = [BLANK.format(place) for place in range(len(self.numbers))]
        texts = [*[b'"%b"' % one.encode() for one in blanks], b""]
        document = parse_json(b"".join([part for pair in zip(self.parts, texts, strict=True) for part in pair]))
        return put_in(document, dict(zip([*blanks, NAMED], given, strict=False)))


NAMED = BLANK.format("name")


def outline_of(text: bytes, limits: Limits) -> Outline | None:
    """The outline of a text; None for one that is no object, is too long, or may come to a limit by them."""
    if len(text) > MOST_BYTES or limits.max_integer_digits <= DIGITS or limits.max_name_length < LETTERS:
        return None
    if not OBJECT.match(text):
        return None
    name = None
    if found := FIRST.match(text) or LAST.fullmatch(text, max(text.rfind(KEY), 0)):
        begin, end = found.span(1)
        try:
            name = text[begin:end].decode()
        except UnicodeDecodeError:
            return None
        text = b"%b%b%b" % (text[:begin], NAMED.encode(), text[end:])
    parts = INTEGER.split(text, MOST_INTEGERS + 1)
    if len(parts) > 2 * MOST_INTEGERS + 1:
        return None
    return Outline(tuple(parts[::2]), [*map(int, parts[1::2])], name)


def put_in(value: Any, given: dict[str, Any]) -> Any:
    """A value of JSON with others in place of the texts that stand for them."""
    if isinstance(value, dict):
        return {key: put_in(one, given) for key, one in value.items()}
    if isinstance(value, list):
        return [put_in(one, given) for one in value]
    return given.get(value, value) if isinstance(value, str) else value
