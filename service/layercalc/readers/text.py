"""From bytes or text to a document: JSON read strictly, anything else as Keras code."""

import json
import re
from typing import Any

import orjson

from layercalc.environment import setting
from layercalc.errors import Refused, Unreadable
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.bounds import bounded, bounded_text

PAST_64_BITS = re.compile(r"[0-9]{19}")  # orjson would make a float of such an integer
PAST_PYTHON = 4000  # digits; Python itself refuses to read a little more


def parse_json(text: str, limits: Limits = UNLIMITED, path: tuple[object, ...] = ()) -> Any:
    """JSON as RFC 8259 has it: no NaN, no infinity, no key twice, and nothing past the limits."""
    try:
        document = exact(bounded_text(text, limits, path))
    except Refused:
        raise
    except json.JSONDecodeError as error:
        detail = f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise Unreadable([{"line": error.lineno, "column": error.colno, "detail": detail}]) from None
    except RecursionError:
        most = "" if limits is UNLIMITED else f"; the limit is {limits.max_depth} levels ({setting('max_depth')})"
        raise Unreadable([{"pointer": "", "detail": f"The JSON is nested too deeply{most}."}]) from None
    except ValueError as error:
        raise Unreadable([{"pointer": "", "detail": f"Not JSON: {error}."}]) from None
    return bounded(document, limits, path)


def exact(text: str) -> Any:
    """The document, by orjson where that is exact, by the standard library where it is not."""
    document = None
    try:
        if not PAST_64_BITS.search(text):
            document = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        pass  # what orjson refuses may be right (a lone surrogate, 1e400), or deserve a better message
    if document is None:
        try:
            document = json.loads(text, parse_constant=no_constant)
        except json.JSONDecodeError:
            raise
        except ValueError as error:
            if "digits" not in str(error):
                raise
            document = json.loads(text, parse_constant=no_constant, parse_int=shortened)
    if text.count(":") > keys(document):  # a key twice, or a colon in a string
        json.loads(text, object_pairs_hook=unique, parse_int=str)
    return document


def shortened(digits: str) -> int:
    """An integer that Python would not read, as one that is past every limit all the same."""
    return int(digits[:PAST_PYTHON])


def keys(document: Any) -> int:
    """How many keys the objects of a document have."""
    count, level = 0, [document]
    while level:
        below: list[Any] = []
        for one in level:
            if type(one) is dict:
                count += len(one)
                below += [value for value in one.values() if type(value) in (list, dict)]
            elif type(one) is list and not {dict, list}.isdisjoint(map(type, one)):
                below += [value for value in one if type(value) in (list, dict)]
        level = below
    return count


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, or a fault that names the key it has twice: readers of JSON differ in which one they take."""
    out = dict(pairs)
    if len(out) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"an object has the key {twice[:80]!r} twice")
    return out


def no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def decode_text(body: bytes) -> str:
    """UTF-8, with or without a byte order mark."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            [{"pointer": "", "detail": f"Not UTF-8: byte {error.start} is {body[error.start]:#04x}."}]
        ) from None


def looks_like_json(text: str) -> bool:
    """Whether a text begins as JSON does, and not as a list of layers or a docstring."""
    return re.match(r'\s*(\{|\[\s*[\]\[{"\d]|"(?!"")|(null|true|false|-?\d[\d.]{0,99})\s*$)', text) is not None
