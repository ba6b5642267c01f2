"""What the operations of the specification answer: components, texts, problems, and what keys and rates add to each."""

from typing import Any

from layercalc.formats import DRAWINGS, MEDIA
from layercalc.web.openapi.primitives import BINARY, INTEGER, PLACE, STRING, WHOLE, Schema, any_of, array, ref, row
from layercalc.web.telemetry.request_log import HEADER as REQUEST_ID

BYTES = {"schema": BINARY}
TEXT = {"schema": STRING}
TEXTS: Schema = {MEDIA[one]: TEXT for one in ("text", "markdown", "csv", *DRAWINGS)}
SAME = {"304": {"description": "the answer whose ETag stands in If-None-Match is still right"}}
TITLES = {
    400: "not JSON",
    401: "an API key is needed, or is not known",
    404: "no such thing",
    408: "the body came too slowly",
    411: "no length",
    413: "body too large",
    415: "media type",
    422: "model or tensors invalid",
    429: "too many requests, or forward passes at a time",
    503: "past its deadline, out of memory, or about to stop",
}
DOCUMENT = (400, 408, 411, 413, 415, 422, 503)  # what may be wrong with a request whose body is a document
PROBLEM = row(
    {
        "type": STRING,
        "title": STRING,
        "status": INTEGER,
        "detail": STRING,
        "instance": STRING,
        "request_id": {**STRING, "description": "as in X-Request-Id, and in the log"},
        "error": {**STRING, "description": "the detail again, under /v2"},
        "errors": array(row({**PLACE, "detail": STRING, "layer": STRING, "fix": ref("Fix")}, "detail")),
        "layers": array(ref("Row")),
    },
    "type title status detail instance",
)

KEYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API key, where the service asks for one"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "the same key in a header"},
}
COUNT = {"schema": WHOLE}
RATE = {
    "RateLimit-Limit": {**COUNT, "description": "requests allowed in a window"},
    "RateLimit-Remaining": {**COUNT, "description": "those that are left of it"},
    "RateLimit-Reset": {**COUNT, "description": "seconds to the next window"},
    "Retry-After": {**COUNT, "description": "seconds to wait"},
}
CHALLENGE = {"WWW-Authenticate": {"schema": STRING, "description": "RFC 6750"}}
REFUSED = {401: ("Unauthorized", CHALLENGE), 429: ("TooManyRequests", RATE)}
IDENTIFIED = {
    "name": REQUEST_ID,
    "schema": STRING,
    "description": "comes back with the answer and stands in the log, if it is at most 128 letters, digits and "
    "`._:/+=@-`; else one is made",
}


def reply(schemas: str, description: str, **texts: Any) -> Schema:
    """An answer of one of the schemas named, or of another media type."""
    content = {"application/json": {"schema": any_of(schemas.split())}, **texts}
    return {"description": description, "content": content}


def problems(*statuses: int) -> Schema:
    """The refusals of those statuses, as problem+json or as text."""
    content = {"application/problem+json": {"schema": ref("Problem")}, "text/plain": {"schema": STRING}}
    return {str(status): {"description": TITLES[status], "content": content} for status in statuses}


def guarded(operation: Schema) -> Schema:
    """An operation that may ask for a key and counts in a rate."""
    more = {str(status): name for status, (name, _) in REFUSED.items()}
    return {
        **operation,
        "parameters": [*operation.get("parameters", []), "RequestId"],
        "responses": dict(sorted({**operation["responses"], **more}.items())),
        "security": [{}, *({name: []} for name in KEYS)],
    }
