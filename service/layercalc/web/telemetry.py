"""What is noted of every request: its id, its line in the log, its counts."""

import re
from time import perf_counter
from typing import Any
from uuid import uuid4

from flask import Flask, Response, g, request

from layercalc.effort import effort
from layercalc.web.metrics import FLOPS, IN_FLIGHT, LAYERS, REFUSALS, REQUESTS, SECONDS, Counting

PROBES = {"/livez", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
UNMATCHED = "unmatched"
HEADER = "X-Request-Id"
ACCEPTED = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


def route() -> str:
    """The template of the route: what was asked for in the path has no end of values."""
    return request.url_rule.rule if request.url_rule else UNMATCHED


def is_probe() -> bool:
    return request.url_rule is not None and request.url_rule.rule in PROBES


def request_id() -> str:
    """The client's, if it is one that can stand anywhere; else a new one."""
    given = request.headers.get(HEADER, "")
    return given if ACCEPTED.fullmatch(given) else uuid4().hex


def register(app: Flask, log: Any) -> None:
    """Note every request of the application, refused ones too. To be registered first: then it sees the answer last."""

    @app.before_request
    def begin() -> None:
        g.began = perf_counter()
        g.request_id = request_id()
        effort.reset()
        if Counting.on:
            IN_FLIGHT.inc()

    @app.after_request
    def end(response: Response) -> Response:
        seconds = perf_counter() - g.began
        response.headers[HEADER] = g.request_id
        where = route()
        if Counting.on:
            count(where, response.status_code, seconds)
        level = "error" if response.status_code >= 500 else "debug" if where in PROBES else "info"
        note = getattr(log, level)
        note("request", **described(where, response, seconds))
        return response

    @app.teardown_request
    def over(_: BaseException | None) -> None:
        if Counting.on and "began" in g:
            IN_FLIGHT.dec()


def count(where: str, status: int, seconds: float) -> None:
    """The request in every metric that it is part of."""
    REQUESTS.labels(request.method if request.method in METHODS else "other", where, str(status)).inc()
    SECONDS.labels(where).observe(seconds)
    if "refusal" in g:
        REFUSALS.labels(g.refusal).inc()
    if effort.layers:
        LAYERS.inc(effort.layers)
    if effort.flops:
        FLOPS.inc(min(effort.flops, 1 << 62))


def described(where: str, response: Response, seconds: float) -> dict[str, Any]:
    """The line of a request: never a body, a query or a key."""
    line: dict[str, Any] = {
        "method": request.method,
        "route": where,
        "status": response.status_code,
        "seconds": round(seconds, 6),
        "bytes_in": request.content_length,
        "bytes_out": response.content_length,
        "client": request.remote_addr,
        "request_id": g.request_id,
    }
    if where == UNMATCHED:
        line["path"] = request.path[:200]
    for name in ("key", "refusal", "trace_id"):
        if name in g:
            line[name] = g.get(name)
    if effort.layers:
        line["layers"] = effort.layers
    if effort.flops:
        line["flops"] = effort.flops
    return line
