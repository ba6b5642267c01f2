"""Models in files, as the command line and its like name them."""

import sys
from pathlib import Path
from typing import Any

from layercalc import files
from layercalc.errors import Refused, Unreadable
from layercalc.readers.text import parse_json


def read_bytes(name: str) -> bytes:
    """A file, or standard input for `-`."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Unreadable([{"file": name, "detail": f"{error.strerror or error}."}]) from None


def read_model(name: str) -> tuple[Any, Any]:
    """A document from a file or standard input, parsed or as text, and the weights that a Keras file has with it."""
    return parse_model(read_bytes(name), name)


def parse_model(body: bytes, name: str) -> tuple[Any, Any]:
    """The same from its bytes; what is wrong with them says in which file."""
    try:
        if not body.strip():
            raise Unreadable([{"detail": "The file is empty."}])
        document, weights = files.read_model(body, ())
        if isinstance(document, str) and name.endswith(".json"):
            parse_json(document)  # to say what is wrong with it
    except Refused as error:
        raise in_file(error, name) from None
    return document, weights


def in_file(error: Refused, name: str) -> Refused:
    """The same faults, each with the file that it is in."""
    error.errors = placed(error.errors, name)
    return error


def placed(said: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """What is said of a document, each with the file that it is in."""
    return said if name == "-" else [{"file": name, **one} for one in said]
