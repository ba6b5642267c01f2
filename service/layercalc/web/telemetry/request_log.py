"""What is noted of every request: its id, its line in the log, its counts."""

import re
from functools import cache
from random import getrandbits  # it is seeded anew in each fork
from time import perf_counter
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

from layercalc.usage import counting
from layercalc.web.telemetry.metrics import FLOPS, IN_FLIGHT, LAYERS, REFUSALS, REQUESTS, SECONDS, Counting

PROBES = {"/livez", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
UNMATCHED = "unmatched"
HEADER = "X-Request-Id"
ACCEPTED = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


def route() -> str:
    """The template of the route: what was asked for in the path has no end of values."""
    rule = request.url_rule
    return rule.rule if rule else UNMATCHED


def is_probe() -> bool:
    return request.url_rule is not None and request.url_rule.rule in PROBES


def register(app: Flask, log: Any) -> None:
    """Note every request of the application, refused ones too. To be registered first: then it sees the answer last."""

    @app.before_request
    def begin() -> None:
        noted = g._get_current_object()
        noted.began = perf_counter()
        given = request.environ.get("HTTP_X_REQUEST_ID")
        noted.request_id = given if given and ACCEPTED.fullmatch(given) else f"{getrandbits(128):032x}"
        noted.usage = counting()
        if Counting.on:
            IN_FLIGHT.inc()

    @app.after_request
    def end(response: Response) -> Response:
        noted = g._get_current_object()
        seconds = perf_counter() - noted.began
        response.headers.add(HEADER, noted.request_id)
        where, status = route(), response.status_code
        if Counting.on:
            count(where, status, seconds, noted)
        note = log.error if status >= 500 else log.info
        if where in PROBES:  # not ready is an answer, and no fault: a roll has one of each instance
            note = log.warning if status >= 500 else log.debug
        note("request", **described(where, response, seconds, noted))
        return response

    @app.teardown_request
    def over(_: BaseException | None) -> None:
        if Counting.on and "began" in g:
            IN_FLIGHT.dec()


@cache
def request_counter(method: str, where: str, status: int) -> Counter:
    """The counter of those labels: prometheus-client takes its time to find it."""
    return REQUESTS.labels(method, where, str(status))


@cache
def clock(where: str) -> Histogram:
    return SECONDS.labels(where)


def count(where: str, status: int, seconds: float, noted: Any) -> None:
    """The request in every metric that it is part of."""
    method = request.method
    request_counter(method if method in METHODS else "other", where, status).inc()
    clock(where).observe(seconds)
    if (refusal := noted.get("refusal")) is not None:
        REFUSALS.labels(refusal).inc()
    if noted.usage.layers:
        LAYERS.inc(noted.usage.layers)
    if noted.usage.flops:
        FLOPS.inc(min(noted.usage.flops, 1 << 62))


def described(where: str, response: Response, seconds: float, noted: Any) -> dict[str, Any]:
    """The line of a request: never a body, a query or a key."""
    asked: Any = request._get_current_object()  # type: ignore[attr-defined]
    line: dict[str, Any] = {
        "method": asked.method,
        "route": where,
        "status": response.status_code,
        "seconds": round(seconds, 6),
        "bytes_in": asked.content_length,
        "bytes_out": response.content_length,
        "client": asked.remote_addr,
        "request_id": noted.request_id,
    }
    if where == UNMATCHED:
        line["path"] = asked.path[:200]
    for name in ("key", "refusal", "trace_id"):
        if (value := noted.get(name)) is not None:
            line[name] = value
    for name in ("layers", "flops"):
        if value := getattr(noted.usage, name):
            line[name] = value
    return line
