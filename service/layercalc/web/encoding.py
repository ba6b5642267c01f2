"""JSON as it goes out: by orjson where that is exact, by the standard library where it is not."""

import json
from typing import Any

import orjson


def json_bytes(body: Any) -> bytes:
    """A line of JSON in UTF-8. Integers may pass 64 bits; a lone surrogate, which has no UTF-8, stays an escape."""
    try:
        return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer past 64 bits, a lone surrogate, containers more than 254 deep
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n"
        return text.encode("utf-8", "backslashreplace")


def utf8(text: str) -> bytes:
    """UTF-8 whatever the client sent: a lone surrogate, which has none, stays the escape it came as."""
    return text.encode("utf-8", "backslashreplace")
