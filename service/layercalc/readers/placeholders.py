"""What a document leaves open for a sweep or a fit: `{"$": "2*w"}` where a value varies, and `{"repeat": …}`."""

import re
from collections.abc import Iterator
from typing import Any

from layercalc.errors import Tokens, pointer
from layercalc.wording import received

MARK, REPEAT, LAYERS = "$", "repeat", "layers"
NAME = re.compile(r"\b[A-Za-z]\w*\b(?!\s*\()", re.ASCII)  # of a value in an expression, not of a function


def is_placeholder(value: Any) -> bool:
    return isinstance(value, dict) and MARK in value


def is_repeat(value: Any) -> bool:
    return isinstance(value, dict) and REPEAT in value and LAYERS in value and "type" not in value


def left_open(value: Any, path: Tokens = ()) -> Iterator[tuple[Tokens, Any]]:
    """What is open in a document of JSON, and where it stands; of what is repeated the whole alone."""
    if is_placeholder(value) or is_repeat(value):
        yield path, value
    elif isinstance(value, list | dict):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(one, list | dict):
                yield from left_open(one, (*path, key))


def way_on(value: Any) -> str:
    """What takes a document in which something is open."""
    if is_repeat(value):
        return "Layers are repeated by sweep and fit alone (layercalc sweep, POST /v1/sweep); here write each of them."
    names = NAME.findall(str(value[MARK])[:1000]) or ["w"]
    sweep, fit = f"layercalc sweep --space {names[0]}=8..64", f"layercalc fit --vary {names[0]}"
    return (
        f"{received(value)} leaves open what stands here. A sweep reads the model with many values ({sweep}, POST "
        f"/v1/sweep), a fit finds the largest that fits ({fit}, POST /v1/fit); for anything else put a value here."
    )


def with_way_on(faults: list[dict[str, Any]], document: Any, path: Tokens) -> list[dict[str, Any]]:
    """Faults of a document; where they are of what it leaves open, what takes such a document."""
    if not isinstance(document, list | dict):
        return faults
    openings = {pointer(*where): value for where, value in left_open(document, path)}
    around: dict[str, str] = {}  # the first that stands inside what a pointer points to, or around it
    for one in openings:
        for outer in ancestors(one):
            around.setdefault(outer, one)
    out: dict[str, dict[str, Any]] = {}
    for place, fault in enumerate(faults):
        at = fault.get("pointer")
        inside = None if at is None else next((one for one in ancestors(at) if one in openings), around.get(at))
        if inside is None:
            out[f"fault {place}"] = fault
        else:
            out.setdefault(inside, {"pointer": inside, "detail": way_on(openings[inside])})
    return [*out.values()]


def ancestors(at: str) -> Iterator[str]:
    """A pointer, and those of all that it stands in."""
    while at:
        yield at
        at = at.rpartition("/")[0]
    yield ""
