"""The page at `/`: its files, out of the package, for browsers; for everybody else a short index of the routes.

The files are built from `page/` and committed (`make page`); they come from memory, and hold nothing of a client's.
"""

import gzip
import json
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotFound

from layercalc import __version__
from layercalc.samples import example
from layercalc.web.answers import JSON, unchanging
from layercalc.web.encoding import json_bytes
from layercalc.web.headers import POLICY
from layercalc.web.openapi.specification import paths

page = Blueprint("page", __name__)

FOLDER = Path(__file__).parent / "static"
MEDIA = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
HTML = MEDIA[".html"]
# No inline script and no inline style, nothing of another origin; and no text becomes markup or the address of a
# script but through the one policy that the page itself names
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types layercalc"
)


START = b'<script type="application/json" id="start">'  # data, which no browser runs


class File:
    """A file of the page as it goes out, to who takes gzip and to who does not."""

    def __init__(self, body: bytes, media: str):
        self.body, self.media = body, media
        self.zipped = gzip.compress(body, 9, mtime=0)
        self.tag = blake2b(body, digest_size=16).hexdigest()


@cache
def files() -> dict[str, File]:
    """The files of the page by their names; none where it has not been built."""
    found = {}
    for path in sorted(FOLDER.iterdir()) if FOLDER.is_dir() else ():
        if path.suffix in MEDIA:
            body = path.read_bytes()
            found[path.name] = File(beginning(body) if path.suffix == ".html" else body, MEDIA[path.suffix])
    return found


def beginning(html: bytes) -> bytes:
    """The page with the network that it begins with in it, so that it asks for its analysis and for nothing before."""
    return html.replace(START, START + json.dumps(example("lenet")).replace("<", "\\u003c").encode())


def sent(file: File) -> Response:
    """A file; who has it already is told so."""
    zipped = request.accept_encodings["gzip"] > 0
    response = Response(file.zipped if zipped else file.body, mimetype=file.media)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{file.tag}-gzip" if zipped else file.tag)
    response.headers["Cache-Control"] = "no-cache"  # may be kept, and is to be asked about
    response.vary.add("Accept-Encoding")
    response.make_conditional(request)
    return response


def is_on() -> bool:
    return bool(current_app.extensions["layercalc.settings"].page)


@page.get("/")
def index() -> Response:
    """The page for who accepts HTML more gladly than JSON, as browsers do."""
    html = files().get("index.html") if is_on() else None
    if html and request.accept_mimetypes.best_match([JSON, HTML], JSON) == HTML:
        response = sent(html)
        response.headers[POLICY] = STRICT
    else:
        response = unchanging(routes())
    if html:
        response.vary.add("Accept")
    return response


@page.get("/page/<name>")
def file(name: str) -> Response:
    found = files().get(name) if is_on() else None
    if found is None or found.media == HTML:
        raise NotFound
    return sent(found)


@cache
def routes() -> bytes:
    """The index for programs, and for people with curl."""
    listed: dict[str, Any] = {
        f"{method.upper()} {path}": operation["summary"]
        for path, operations in paths().items()
        for method, operation in operations.items()
    }
    return json_bytes({"name": "layercalc", "version": __version__, "docs": "/docs", "routes": listed})
