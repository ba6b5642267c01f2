"""The body of a request: bounded, whatever way it is sent, and parsed by content."""

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
from flask import Request
from werkzeug.exceptions import BadRequest, LengthRequired, RequestEntityTooLarge, UnsupportedMediaType

from layercalc.limits import Limits
from layercalc.readers.text import decode_text, looks_like_json, parse_json
from layercalc.web.binary import HEADER, read_binary
from layercalc.web.parts import read_parts

READ_BY_CONTENT = {
    "",
    "application/x-www-form-urlencoded",
    "application/json",
    "text/plain",
    "text/x-python",
    "application/octet-stream",
}
CHUNK = 1 << 20
READ_SECONDS = 20  # a client that is silent for longer is given up


def read_body(request: Request, limits: Limits) -> bytes:
    """The whole body, or 413; a chunked one is read to its end or to the limit, never cut."""
    most = limits.max_body_bytes
    too_large = RequestEntityTooLarge(f"The body is larger than {most} bytes (LAYERCALC_MAX_BODY_BYTES).")
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise UnsupportedMediaType(f"Content-Encoding {encoding!r} is not supported; send the body as it is.")
    if request.content_length is not None:
        if request.content_length > most:
            raise too_large
        body = b"".join(chunks(request, request.content_length))
        if len(body) < request.content_length:
            raise BadRequest(f"The body ends after {len(body)} of {request.content_length} bytes.")
        return body
    if not request.environ.get("wsgi.input_terminated"):
        raise LengthRequired("Send a Content-Length, or the body in chunks.")
    parts, size = [], 0
    for part in chunks(request):
        parts.append(part)
        size += len(part)
        if size > most:
            raise too_large
    return b"".join(parts)


def chunks(request: Request, length: int | None = None) -> Iterator[bytes]:
    """The body in parts; one that is broken, or that stops coming, is a bad request."""
    stream, left = request.environ["wsgi.input"], length
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(READ_SECONDS)
    try:
        while part := stream.read(CHUNK if left is None else min(CHUNK, left)):
            yield part
            left = None if left is None else left - len(part)
    except Exception as error:  # whatever the server raises on a broken chunk or a silent client
        raise BadRequest(f"The body cannot be read: {type(error).__name__}.") from error


def read_document(request: Request, limits: Limits, schema: type[ma.Schema]) -> Any:
    """A parsed JSON document, the text of Keras code, or the envelope that parts or bytes after the JSON make up."""
    media = request.mimetype
    if (length := request.headers.get(HEADER)) is not None:
        return read_binary(read_body(request, limits), length)
    if media == "multipart/form-data":
        return read_parts(read_body(request, limits), request.mimetype_params.get("boundary", ""), schema, limits)
    if media not in READ_BY_CONTENT and not media.endswith("+json"):
        raise UnsupportedMediaType(
            f"Content-Type {media!r} is not supported; send JSON, Keras code as text/plain, or multipart/form-data."
        )
    text = decode_text(read_body(request, limits))
    if not text.strip():
        raise BadRequest(
            'The body is empty; send a model, such as {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}.'
        )
    if looks_like_json(text) or media == "application/json" or media.endswith("+json"):
        return parse_json(text)
    return text
