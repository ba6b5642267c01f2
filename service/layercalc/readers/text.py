"""From bytes or text to a document: JSON read strictly, anything else as Keras code. Nothing else here parses either.

A parser cannot be interrupted, so what it may be given is bounded by what it costs, before it is called.
"""

import ast
import base64
import binascii
import json
import re
from typing import Any, NamedTuple

import orjson

from layercalc.environment import setting
from layercalc.errors import Refused, Unreadable
from layercalc.gc_pause import paused
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.bounds import affordable, bounded, fault, too_much
from layercalc.readers.json_counts import Counts, counted
from layercalc.readers.notebooks import Notebook
from layercalc.wording import received

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PAST_PYTHON = 4000  # digits; Python itself refuses to read a little more
JSON_BEGINS = r'[ \t\n\r\f\v]*(\{|\[\s*[\]\[{"\d]|"(?!"")|(null|true|false|-?\d[\d.]{0,99})\s*$)'
BEGINS, BEGINS_IN_BYTES = re.compile(JSON_BEGINS), re.compile(JSON_BEGINS.encode())


class Json(NamedTuple):
    """A document that is JSON, and is not parsed yet."""

    text: bytes


def parse_json(source: str | bytes, limits: Limits = UNLIMITED, path: tuple[object, ...] = ()) -> Any:
    """JSON as RFC 8259 has it: no NaN, no infinity, no key twice, and nothing past the limits."""
    body = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    body = body.removeprefix(BYTE_ORDER_MARK)
    counts = affordable(counted(body), limits, path)
    try:
        with paused():  # what is parsed has no cycles, and every collection would walk all of it
            document = exact(body, counts, limits, path)
    except Refused:
        raise
    except json.JSONDecodeError as error:
        if isinstance(source, bytes):
            decode_text(source)  # to say where it is no UTF-8
        detail = f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise Unreadable([{"line": error.lineno, "column": error.colno, "detail": detail}]) from None
    except RecursionError:
        most = "" if limits is UNLIMITED else f"; the limit is {limits.max_depth} levels ({setting('max_depth')})"
        raise Unreadable([{"pointer": "", "detail": f"The JSON is nested too deeply{most}."}]) from None
    except ValueError as error:
        raise Unreadable([{"pointer": "", "detail": f"Not JSON: {error}."}]) from None
    return bounded(document, limits, path)


def exact(body: bytes, counts: Counts, limits: Limits, path: tuple[object, ...]) -> Any:
    """The document, by orjson where that is exact, by the standard library where it is not and short enough."""
    most = limits.max_slow_json_bytes
    if counts.long and len(body) > most:
        told = f"JSON of {len(body):,} bytes with integers of 19 digits or more"
        raise too_much([fault(path, told, limits, "max_slow_json_bytes")])
    document = None
    try:
        if not counts.long:
            document = orjson.loads(body)  # which would make a float of an integer past 64 bits
    except orjson.JSONDecodeError:
        if len(body) > most:  # of less, what it refuses may be right (a lone surrogate, 1e400), or deserve better words
            raise
    if document is None:
        document = slowly(body)
    if counts.keys > (keys(document) if len(body) > most else written_keys(document)):
        if len(body) > most:
            raise ValueError("an object has a key twice")
        json.loads(text_of(body), object_pairs_hook=unique, parse_int=str)
    return document


def slowly(body: bytes) -> Any:
    """The document by the standard library."""
    text = text_of(body)
    try:
        return json.loads(text, parse_constant=no_constant)
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        if "digits" not in str(error):
            raise
        return json.loads(text, parse_constant=no_constant, parse_int=shortened)


def text_of(body: bytes) -> str:
    """The text, that of lone surrogates too, which a string may have held."""
    try:
        return body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return decode_text(body)


def shortened(digits: str) -> int:
    """An integer that Python would not read, as one that is past every limit all the same."""
    return int(digits[:PAST_PYTHON])


def written_keys(document: Any) -> int:
    """How many keys the objects of a short document have: as many as are in its text, where orjson can write it."""
    try:
        return counted(orjson.dumps(document)).keys
    except TypeError:  # of integers past 64 bits, lone surrogates, and what is nested deeply
        return keys(document)


def keys(document: Any) -> int:
    """The same, counted one object after another."""
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


def parse_code(code: str | Notebook, limits: Limits = UNLIMITED) -> ast.Module:
    """The syntax tree of Python code as it was pasted, by Python's own parser; nothing is compiled or run."""
    from layercalc.readers.code_bounds import bounded_code
    from layercalc.readers.languages import of_language
    from layercalc.readers.pastes import tree_of

    if isinstance(code, Notebook):
        return code.tree(limits)
    text = bounded_code(code, limits)
    try:
        return tree_of(text)
    except Unreadable:
        if (found := of_language(text)) is None:
            raise
    line, told = found
    raise Unreadable([{"line": line, "column": 1, "detail": told}], status=422)


def decode_text(body: bytes) -> str:
    """UTF-8, with or without a byte order mark."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            [{"pointer": "", "detail": f"Not UTF-8: byte {error.start} is {body[error.start]:#04x}."}]
        ) from None


def decode_base64(text: Any) -> bytes:
    """The bytes that a text says in base64, over several lines too; ValueError says why it is none."""
    if not isinstance(text, str):
        raise ValueError(f"Expected a string of base64; received {received(text)}.")
    try:
        return base64.b64decode(text.encode("ascii").translate(None, b" \t\r\n"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(f"Not base64: {error}.") from None


def looks_like_json(text: str | bytes) -> bool:
    """Whether a text begins as JSON does, and not as a list of layers or a docstring."""
    if isinstance(text, str):
        return BEGINS.match(text) is not None
    return BEGINS_IN_BYTES.match(text, 3 if text.startswith(BYTE_ORDER_MARK) else 0) is not None
