"""Headers about who may do what with an answer: security headers, CORS; and those that proxies in front have set."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from layercalc.settings import Settings
from layercalc.web.requests.binary import HEADER as BINARY_HEADER
from layercalc.web.telemetry.request_log import HEADER as REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = "Content-Security-Policy"
NOTHING = "default-src 'none'; frame-ancestors 'none'"
PAGE = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
RATES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy", "Retry-After")
EXPOSED = [REQUEST_ID, BINARY_HEADER, "ETag", "WWW-Authenticate", *RATES]
ALLOWED = ["Accept", "Authorization", "Content-Type", "If-None-Match", "X-API-Key", REQUEST_ID, BINARY_HEADER]
INLINE = re.compile(r"<script>(.*?)</script>", re.S)


def register(app: Flask, settings: Settings) -> None:
    """CORS, proxies, and security headers, which are added where that costs least: outside of Flask."""
    fixed = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
    if settings.hsts_seconds:
        fixed["Strict-Transport-Security"] = f"max-age={settings.hsts_seconds}"

    if settings.cors_origins:
        CORS(
            app,
            origins="*" if "*" in settings.cors_origins else [exactly(one) for one in settings.cors_origins],
            allow_headers=ALLOWED,
            expose_headers=EXPOSED,
            methods=["GET", "HEAD", "POST", "OPTIONS"],
            max_age=600,
            send_wildcard="*" in settings.cors_origins,
        )
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.wsgi_app = Secured(app.wsgi_app, list(fixed.items()))  # type: ignore[method-assign]


class Secured:
    """The application with security headers on every answer."""

    def __init__(self, inner: WSGIApplication, fixed: list[tuple[str, str]]) -> None:
        self.inner, self.fixed = inner, fixed
        self.closed = [*fixed, (POLICY, NOTHING)]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            own = any(name == POLICY for name, _ in headers)
            return start_response(status, headers + (self.fixed if own else self.closed), *more)

        return self.inner(environ, start)


def exactly(origin: str) -> re.Pattern[str]:
    """An origin and nothing else: Flask-CORS reads a text as a pattern when it looks like one."""
    return re.compile(re.escape(origin) + r"\Z")


def page(response: Response) -> Response:
    """A page of Swagger UI may load what it consists of; its script goes by its hash."""
    if response.mimetype != "text/html":
        return response
    digests = [hashlib.sha256(script.encode()).digest() for script in INLINE.findall(response.get_data(as_text=True))]
    scripts = " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in digests)
    response.headers[POLICY] = PAGE.format(scripts=scripts)
    return response
