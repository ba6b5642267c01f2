"""A space as texts: `w=16,32,64`, `w=8..128:8`, `act=relu,swish`, `k=[[3, 3], 5]`."""

import re
from collections.abc import Iterable
from typing import Any

from layercalc.errors import InvalidModel, Unreadable
from layercalc.readers.text import parse_json

RANGE = re.compile(r"(-?\d{1,300})\.\.(-?\d{1,300})(?::(\d{1,300}))?", re.ASCII)
NUMBER = re.compile(r"-?\d{1,300}(\.\d{1,300})?(e[+-]?\d{1,3})?", re.ASCII)
WORDS = {"true": True, "false": False, "null": None}


def written_space(texts: Iterable[str]) -> dict[str, Any]:
    """The space that texts say, a name in each; InvalidModel for one that says none."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip()
        if not equals:
            raise refused(f"Expected a name with its values, such as w=16,32,64 or w=8..128:8; received {text!r}.")
        if name in found:
            raise refused(f"The name {name!r} takes values twice.")
        found[name] = written_values(values.strip())
    return found


def written_values(text: str) -> Any:
    """The values of one name: JSON, a range, or values between commas."""
    if text[:1] in ("[", "{"):
        try:
            return parse_json(text)
        except Unreadable as error:
            raise refused(str(error)) from None
    if found := RANGE.fullmatch(text):
        first, last, step = found.groups()
        return {"from": int(first), "to": int(last), "step": int(step or 1)}
    return [written_value(one.strip()) for one in text.split(",")] if text else []


def written_value(text: str) -> Any:
    """A number, a truth, null, or the text itself."""
    if found := NUMBER.fullmatch(text):
        return float(text) if found[1] or found[2] else int(text)
    return WORDS.get(text, text)


def refused(detail: str) -> InvalidModel:
    return InvalidModel([{"parameter": "--space", "detail": detail}])
