"""From bytes or text to a document: JSON read strictly, anything else as Keras code."""

import json
import re
from typing import Any

from layercalc.errors import Unreadable


def parse_json(text: str) -> Any:
    """JSON as RFC 8259 has it: no NaN, no infinity, a depth and digits that can be reckoned with."""
    try:
        return json.loads(text, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        detail = f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise Unreadable([{"line": error.lineno, "column": error.colno, "detail": detail}]) from None
    except RecursionError:
        raise Unreadable([{"pointer": "", "detail": "The JSON is nested too deeply."}]) from None
    except ValueError as error:
        raise Unreadable([{"pointer": "", "detail": f"Not JSON: {error}."}]) from None


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
