"""A file inside JSON: `{"b64": "…"}`, its bytes in base64, in place of a model."""

from typing import Any

from layercalc import files
from layercalc.errors import Tokens, Unreadable, faults_at, pointer
from layercalc.limits import Limits
from layercalc.readers.text import decode_base64

KEY = "b64"


def is_enclosed(document: Any) -> bool:
    """Whether a document is a file in base64."""
    return isinstance(document, dict) and KEY in document


def read_enclosed(document: dict[str, Any], path: Tokens, limits: Limits) -> tuple[Any, files.KerasWeights | None]:
    """The document in the file, and the weights there are with it; Unreadable says what is wrong with the file."""
    for key in document:
        if key != KEY:
            detail = f"A file in base64 has no key {key!r} beside {KEY}; what is said of the model stands in the file."
            raise Unreadable([{"pointer": pointer(*path, key), "detail": detail}], status=422)
    at = (*path, KEY)
    try:
        body = decode_base64(document[KEY])
    except ValueError as error:
        raise Unreadable([{"pointer": pointer(*at), "detail": str(error)}], status=422) from None
    with faults_at(at):
        return files.read_model(body, at, limits)
