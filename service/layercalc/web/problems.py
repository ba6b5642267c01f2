"""Errors as application/problem+json (RFC 9457) or as text, whoever raises them."""

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from layercalc.environment import setting
from layercalc.errors import (
    Busy,
    InvalidBudgets,
    InvalidModel,
    InvalidTensors,
    NotReady,
    Overdue,
    PassOverdue,
    Refused,
    TooLarge,
    UnknownModel,
    Unreadable,
    capped,
)
from layercalc.formats.report import refusal_text
from layercalc.limits import Limits
from layercalc.web.encoding import json_bytes, utf8
from layercalc.wording import nearest

LONGEST = 2_000  # characters of a detail
PROBLEM, TEXT = "application/problem+json", "text/plain"

log = logging.getLogger("layercalc")

TYPES: dict[type[Refused], str] = {
    InvalidModel: "invalid-model",
    InvalidTensors: "invalid-tensors",
    TooLarge: "forward-too-large",
    InvalidBudgets: "invalid-budgets",
    Overdue: "overdue",
    PassOverdue: "forward-overdue",
    UnknownModel: "unknown-model",
    NotReady: "model-not-ready",
    Busy: "too-many-forward-passes",
    Unreadable: "unreadable-document",
}


def problem(status: int, title: str, detail: str, kind: str = "", **more: Any) -> Response:
    """A problem document, or text for who accepts no JSON as gladly.

    `kind` names its type where the status alone does not say it.
    """
    detail = cut(detail)
    body = {
        "type": f"urn:layercalc:problem:{kind}" if kind else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        **({"request_id": g.request_id} if "request_id" in g else {}),
        **more,
    }
    g.refusal = kind or HTTPStatus(status).phrase.lower().replace(" ", "-")
    if request.path.startswith("/v2"):
        body["error"] = detail  # where the Open Inference Protocol's clients look for it
    if request.accept_mimetypes.best_match([PROBLEM, "application/json", TEXT], PROBLEM) == TEXT:
        text = refusal_text(title, more.get("errors") or [{"detail": detail}], more.get("layers"))
        response = Response(utf8(text), status, mimetype=TEXT)
    else:
        response = Response(json_bytes(body), status, mimetype=PROBLEM)
    response.vary.add("Accept")
    return response


def raw_problem(status: int, detail: str) -> bytes:
    """A whole answer, for a connection on which no request came about."""
    title = HTTPStatus(status).phrase
    body = json_bytes({"type": "about:blank", "title": title, "status": status, "detail": detail})
    head = f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}"
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + body


def cut(detail: str) -> str:
    """A sentence of a length that somebody reads: it may cite a shape of a million axes."""
    return detail if len(detail) <= LONGEST else f"{detail[: LONGEST // 2]} … {detail[-LONGEST // 2 :]}"


def reason(app: Flask, error: HTTPException) -> str:
    """What is wrong; of a route that there is not, or not so, also what there is."""
    if isinstance(error, MethodNotAllowed):
        methods = [one for one in sorted(error.valid_methods or ()) if one not in ("HEAD", "OPTIONS")]
        return f"{request.method} is not allowed here; send {' or '.join(methods)}."
    if isinstance(error, NotFound) and error.description == NotFound.description:
        near = nearest(request.path, [rule.rule for rule in app.url_map.iter_rules() if not rule.arguments])
        return f"{request.path} is not found.{near} /docs describes every route."
    return error.description or ""


def register(app: Flask) -> None:
    """Every way out of the application that is no success."""
    limits: Limits = app.extensions["layercalc"]

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        faults = capped(error.every, limits.max_errors, setting("max_errors"))
        layers = {"layers": error.layers} if error.layers is not None else {}
        response = problem(
            error.status,
            error.title,
            error.summary(),
            TYPES.get(type(error), ""),
            errors=[{**fault, "detail": cut(fault["detail"])} for fault in faults],
            **layers,
        )
        if isinstance(error, Busy):
            response.headers["Retry-After"] = "1"
        return response

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        response = problem(status, HTTPStatus(status).phrase, reason(app, error), getattr(error, "kind", ""))
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After", "WWW-Authenticate"):
                response.headers[name] = value
        return response

    @app.errorhandler(MemoryError)
    def memory(error: MemoryError) -> Response:
        return problem(503, "Service Unavailable", "There is not enough memory for this request just now.")

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.exception("A request failed", exc_info=error)
        return problem(500, "Internal Server Error", "An error of ours; the request is in the log.")
