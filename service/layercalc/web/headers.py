"""Headers about who may do what with an answer: security headers, CORS; and those that proxies in front have set."""

import base64
import hashlib
import re

from flask import Flask, Response
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from layercalc.settings import Settings
from layercalc.web.binary import HEADER as BINARY_HEADER
from layercalc.web.telemetry import HEADER as REQUEST_ID

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
    fixed = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
    if settings.hsts_seconds:
        fixed["Strict-Transport-Security"] = f"max-age={settings.hsts_seconds}; includeSubDomains"

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers.update(fixed)
        response.headers["Content-Security-Policy"] = policy(response)
        return response

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


def exactly(origin: str) -> re.Pattern[str]:
    """An origin and nothing else: Flask-CORS reads a text as a pattern when it looks like one."""
    return re.compile(re.escape(origin) + r"\Z")


def policy(response: Response) -> str:
    """Nothing may be loaded, but for the page of Swagger UI what it consists of; its script goes by its hash."""
    if response.mimetype != "text/html" or response.direct_passthrough:
        return NOTHING
    digests = [hashlib.sha256(script.encode()).digest() for script in INLINE.findall(response.get_data(as_text=True))]
    scripts = " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in digests)
    return PAGE.format(scripts=scripts)
