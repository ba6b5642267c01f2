"""The body of a request: bounded, whatever way it is sent, and parsed by content."""

from typing import Any

from flask import Request
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    LengthRequired,
    RequestEntityTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
)

from layercalc import files
from layercalc.environment import setting
from layercalc.limits import Limits
from layercalc.readers.foreign import foreign
from layercalc.readers.text import Json, parse_json
from layercalc.web.requests.binary import HEADER, read_binary
from layercalc.web.requests.parts import read_parts
from layercalc.web.server.timeouts import PATIENCE

READ_BY_CONTENT = {
    "",
    "application/x-www-form-urlencoded",
    "application/json",
    "text/plain",
    "text/x-python",
    "application/octet-stream",
}
CHUNK = 1 << 16  # bytes


def read_body(request: Request, limits: Limits) -> bytes:
    """The whole body, or 413; a chunked one is read to its end or to the limit, never cut."""
    most, environ, left = limits.max_body_bytes, request.environ, request.content_length
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity")
    if encoding.lower() != "identity":
        raise UnsupportedMediaType(f"Content-Encoding {encoding!r} is not supported; send the body as it is.")
    if left is not None and left > most:
        raise too_large(most)
    if left is None and not environ.get("wsgi.input_terminated"):
        raise LengthRequired("Send a Content-Length, or the body in chunks.")
    stream = environ["wsgi.input"]
    parts, size = [], 0
    piece = min(CHUNK, limits.min_read_rate * limits.max_read_seconds // 2 or 1)  # slow progress is seen in time
    with PATIENCE.wait_for(environ.get("gunicorn.socket"), limits.max_read_seconds) as waited:
        try:
            while part := stream.read(piece if left is None else min(piece, left - size)):
                parts.append(part)
                size += len(part)
                waited.until += len(part) / limits.min_read_rate
                if size > most:
                    raise too_large(most)
        except HTTPException:
            raise
        except Exception as error:  # whatever the server raises on a broken chunk or a client that is gone
            failed = f"The body cannot be read: {type(error).__name__}."
        else:
            failed = "" if left is None or size == left else f"The body ends after {size} of {left} bytes."
    if waited.over:
        raise RequestTimeout(
            f"{size} bytes of the body arrived in time; the limit is {limits.max_read_seconds} seconds "
            f"({setting('max_read_seconds')}) and one more for every {limits.min_read_rate} bytes "
            f"({setting('min_read_rate')})."
        )
    if failed:
        raise BadRequest(failed)
    return b"".join(parts)


def alone(body: bytes) -> bool:
    """Whether JSON is certainly no envelope, which has a model inside: the verb itself may parse it."""
    return b'"model"' not in body and b"\\" not in body


def binary(body: bytes) -> bool:
    """Whether a body is a file and no text: of Keras or ONNX, or of a form that is called by its name."""
    return files.is_keras(body) or files.is_onnx(body) or foreign(body) is not None


def too_large(most: int) -> RequestEntityTooLarge:
    return RequestEntityTooLarge(f"The body is larger than {most} bytes ({setting('max_body_bytes')}).")


def read_document(request: Request, body: bytes, limits: Limits, verb: str) -> Any:
    """A document of any form, or the envelope that JSON, parts or bytes after the JSON make up.

    What is no text is told by its first bytes, whatever its Content-Type says.
    """
    media = request.mimetype
    if (length := request.headers.get(HEADER)) is not None:
        return read_binary(body, length, limits)
    if media == "multipart/form-data":
        return read_parts(body, request.mimetype_params.get("boundary", ""), verb, limits)
    if media not in READ_BY_CONTENT and not media.endswith("+json") and not binary(body):
        raise UnsupportedMediaType(
            f"Content-Type {media!r} is not supported; send JSON, Keras code as text/plain, or multipart/form-data."
        )
    if not body.strip():
        raise BadRequest(
            'The body is empty; send a model, such as {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}.'
        )
    if media == "application/json" or media.endswith("+json"):
        return Json(body) if verb == "analyze" and alone(body) else parse_json(body, limits)
    return files.read_model(body, (), limits)[0]
