"""Who may ask, and how often: API keys and rate limits. What is not configured costs nothing."""

import logging
import time
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import Unauthorized

from layercalc.environment import setting
from layercalc.keys import BadKeys, Keys
from layercalc.settings import Settings
from layercalc.web.problems import problem
from layercalc.web.telemetry.metrics import STORAGE_FAILURES, Counting
from layercalc.web.telemetry.request_log import is_probe

log = logging.getLogger("layercalc")

OPEN = {"docs", "page"}  # the blueprints that need no key: how to send one is said there
PATIENCE: dict[str, Any] = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}  # seconds that a Redis may take
HOW = "Send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`."


class KeyWanted(Unauthorized):
    """No key, or one that is not known."""

    kind = "unauthorized"

    def get_headers(self, *_: Any) -> list[tuple[str, str]]:
        """The challenge of RFC 6750."""
        known = ', error="invalid_token"' if presented() else ""
        return [("WWW-Authenticate", f'Bearer realm="layercalc"{known}')]


def register(app: Flask, settings: Settings) -> None:
    """Keys first, since the rate goes by them; then the rate; then the refusal of who has no key: it counts too."""
    if settings.api_keys_file:
        try:
            keys = app.extensions["layercalc.keys"] = Keys(settings.api_keys_file)
        except BadKeys as error:
            raise SystemExit(f"layercalc: {setting('api_keys_file')}: {error}") from None

        @app.before_request
        def identify() -> None:
            g.key = keys.owner(given) if (given := presented()) else None

    if settings.rate_limit:
        limited(app, settings)
    if settings.api_keys_file:

        @app.before_request
        def wanted() -> None:
            if g.key is None and not open_to_all():
                raise KeyWanted(f"{'The API key is not known.' if presented() else 'An API key is needed.'} {HOW}")


def presented() -> str:
    """The key that came with the request, if any."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.headers.get("X-API-Key", "")


def open_to_all() -> bool:
    """Probes, the documentation, the page, and what browsers ask before they send a key."""
    return is_probe() or not OPEN.isdisjoint(request.blueprints) or request.method == "OPTIONS"


def is_preflight() -> bool:
    """What a browser asks before it sends what a page wants to: the answer is the same for every key."""
    asked = request.headers
    return request.method == "OPTIONS" and "Origin" in asked and "Access-Control-Request-Method" in asked


def reload(app: Flask) -> None:
    """Read the keys again; a file that is broken leaves them as they are, and the log says so."""
    keys = app.extensions.get("layercalc.keys")
    if keys is None:
        return
    try:
        keys.reload()
        log.info("API keys read again: %d in %s", len(keys.known), keys.path)
    except BadKeys as error:
        log.error("API keys stay as they were: %s", error)


def who() -> str:
    """Whose requests are counted together: those of a key, else those of an address (of a /64 in IPv6)."""
    if g.get("key"):
        return f"key {g.key}"
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "local"  # a Unix socket
    if address.version == 6 and (mapped := address.ipv4_mapped):
        address = mapped
    return str(address if address.version == 4 else ip_network((address, 64), strict=False).network_address)


def limited(app: Flask, settings: Settings) -> None:
    """Count requests by who sent them. While the storage is away each process counts for itself."""
    from flask_limiter import Limiter, RateLimitExceeded

    remote = not settings.rate_limit_storage.startswith("memory")
    limiter = Limiter(
        who,
        app=app,
        application_limits=[settings.rate_limit],
        application_limits_exempt_when=lambda: is_probe() or (bool(settings.cors_origins) and is_preflight()),
        request_identifier=lambda: "any",  # by their endpoint it would let pass what has none: 404, 405, static files
        storage_uri=settings.rate_limit_storage,
        storage_options=PATIENCE if remote else {},
        strategy="fixed-window",
        in_memory_fallback_enabled=remote,
        key_prefix="layercalc",
    )
    logging.getLogger("flask-limiter").addFilter(failures)

    @app.errorhandler(RateLimitExceeded)
    def exceeded(error: RateLimitExceeded) -> Response:
        detail = f"The limit is {error.limit.limit} ({setting('rate_limit')}) for each key or address."
        return problem(429, "Too many requests", detail, "rate-limit-exceeded")

    @app.after_request
    def tell(response: Response) -> Response:
        try:
            current = limiter.current_limit
            if current is None:
                return response
            left = max(current.remaining, 0)
            wait = max(ceil(current.window.reset_time - time.time()), 1)
        except Exception as error:  # the storage went away in between; the request has been counted
            log.warning("The state of the rate limit is not known: %s", type(error).__name__)
            return response
        response.headers["RateLimit-Limit"] = str(current.limit.amount)
        response.headers["RateLimit-Remaining"] = str(left)
        response.headers["RateLimit-Reset"] = str(wait)
        response.headers["RateLimit-Policy"] = f"{current.limit.amount};w={current.limit.get_expiry()}"
        if current.breached:
            response.headers["Retry-After"] = str(wait)
        return response


def failures(record: logging.LogRecord) -> Any:
    """Count the times that the storage was found away; what exceeds a rate has its line as a request."""
    if "unreachable" in record.msg and Counting.on:
        STORAGE_FAILURES.inc()
    return not record.msg.startswith("ratelimit ")
