"""The body of a request: bounded, whatever way it is sent, and parsed by content."""

from typing import Any

from flask import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from layercalc.limits import Limits
from layercalc.readers.text import decode_text, looks_like_json, parse_json

READ_BY_CONTENT = {
    "",
    "application/x-www-form-urlencoded",
    "application/json",
    "text/plain",
    "text/x-python",
    "application/octet-stream",
}
CHUNK = 1 << 20


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
        return request.get_data(cache=False)
    if not request.environ.get("wsgi.input_terminated"):
        return b""
    stream, parts, size = request.environ["wsgi.input"], [], 0
    while part := stream.read(CHUNK):
        parts.append(part)
        size += len(part)
        if size > most:
            raise too_large
    return b"".join(parts)


def read_document(request: Request, limits: Limits) -> Any:
    """A parsed JSON document, or the text of Keras code."""
    media = request.mimetype
    if media not in READ_BY_CONTENT and not media.endswith("+json"):
        raise UnsupportedMediaType(f"Content-Type {media!r} is not supported; send JSON, or Keras code as text/plain.")
    text = decode_text(read_body(request, limits))
    if not text.strip():
        raise BadRequest(
            'The body is empty; send a model, such as {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}.'
        )
    if looks_like_json(text) or media == "application/json" or media.endswith("+json"):
        return parse_json(text)
    return text
