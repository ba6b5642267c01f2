"""What the routes share: limits, the body and its deadline, answers as the client accepts them or has them already.

An analysis follows from the request alone, so its ETag is a digest of the request: who sends it back in If-None-Match
is told 304 before anything is read, by any process of this version with these limits.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from errno import ECONNRESET
from functools import lru_cache, wraps
from hashlib import blake2b
from itertools import chain
from typing import Any, NamedTuple

from flask import Request, Response, current_app, request

from layercalc import __version__, deadline
from layercalc.cache import Store, using
from layercalc.environment import setting
from layercalc.errors import Busy, InvalidModel, Refused
from layercalc.formats import BADGE, DRAWINGS, MEDIA, draw, rendered, report_badge
from layercalc.formats import sheet as formats
from layercalc.formats.drawing import Drawing
from layercalc.limits import Limits
from layercalc.readers.bounds import in_sum
from layercalc.web.encoding import json_bytes, utf8
from layercalc.web.requests.body import read_body
from layercalc.wording import nearest

JSON = "application/json"
VARIES = "Accept"
ANYTHING = "*/*"


class Answer(NamedTuple):
    """What is kept of an answer."""

    body: bytes
    media: str


def told(tag: str) -> dict[str, str]:
    """The headers of an answer that is the same for all requests of that tag."""
    return {"ETag": f'"{tag}"', "Vary": VARIES}


def limits() -> Limits:
    found: Limits = current_app.extensions["layercalc"]
    return found


def store() -> Store:
    found: Store = current_app.extensions["layercalc.cache"]
    return found


def current_request() -> Request:
    """The request itself: Flask's stand-in for it looks for it at every attribute."""
    found: Request = request._get_current_object()  # type: ignore[attr-defined]
    return found


def posted(name: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """A route that is handed the body, and has from then as many seconds as the limit of that name says."""

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def bounded(**which: str) -> Response:
            bounds = limits()
            body = read_body(current_request(), bounds)
            with bounds.deadline(name), using(store()), in_sum():
                return view(body, **which)

        return bounded

    return decorate


def repeatable(view: Callable[[bytes], Response]) -> Callable[[bytes], Response]:
    """A route whose answer follows from the request alone: not made twice, and not sent to who has it."""

    @wraps(view)
    def once(body: bytes) -> Response:
        tag, answers = digest(body), store().answers
        if has_already(tag):
            response = Response(status=304)
            response.set_etag(tag)
            response.headers["Vary"] = VARIES
            return response
        found: Answer | None = answers.get(tag)
        if found is not None:
            return Response(found.body, headers={"Content-Type": found.media, **told(tag)})
        made = view(body)
        if made.status_code == 200:
            found = Answer(made.get_data(), made.content_type or JSON)
            answers.put(tag, found, len(found.body) + ENTRY_BYTES)
            made.headers.update(told(tag))
        return made

    return once


def has_already(tag: str) -> bool:
    """Whether the client has the answer of that tag, and says so."""
    asked = current_request()
    if "HTTP_IF_NONE_MATCH" not in asked.environ:
        return False
    return not asked.if_none_match.star_tag and asked.if_none_match.contains_weak(tag)


ENTRY_BYTES = 500  # about what an entry of the cache takes beside the answer


HEADS = ("CONTENT_TYPE", "HTTP_INFERENCE_HEADER_CONTENT_LENGTH")


def digest(body: bytes) -> str:
    """What tells a request from every other one that would be answered otherwise."""
    of, asked = blake2b(salt(limits()), digest_size=16), current_request()
    heads = [asked.path, asked.query_string, asked.environ.get("HTTP_ACCEPT", ANYTHING), *map(asked.environ.get, HEADS)]
    of.update(repr(heads).encode("utf-8", "backslashreplace"))
    of.update(body)
    return of.hexdigest()


@lru_cache(8)
def salt(limits: Limits) -> bytes:
    """What answers depend on beside the request."""
    return repr((__version__, limits)).encode()


TABLES = ("json", *formats.FORMATS)  # what every answer of rows can be answered as
PRESENTED = (*TABLES, *DRAWINGS)  # and a report and a difference


def answer(body: Any, status: int = 200) -> Response:
    return Response(json_bytes(body), status, mimetype=JSON)


def presented(
    body: dict[str, Any],
    sheet: Callable[[], formats.Sheet],
    drawn: Callable[[], Drawing] | None = None,
    markdown: Callable[[dict[str, Any]], str] | None = None,
) -> Response:
    """An answer as the client asks for it: JSON unless it prefers text or a drawing, and only then is that made."""
    form = asked_form(PRESENTED if drawn else TABLES)
    if form == "json":
        return answer(body)
    if drawn and form in DRAWINGS:
        return Response(utf8(draw(form, drawn())), mimetype=MEDIA[form])
    text = markdown(body) if markdown and form == "markdown" else formats.FORMATS[form](sheet())
    return Response(utf8(text), mimetype=MEDIA[form])


def verdict_answer(name: str, verdict: dict[str, Any], form: str, status: int) -> Response:
    """A verdict in one of its formats, under the name of its model."""
    if form == "json":
        return answer(verdict, status)
    return Response(utf8(in_form(rendered, form, [(name, verdict)])), status, mimetype=MEDIA[form.split(":")[0]])


def streamed(pieces: Iterator[str], media: str) -> Response:
    """An answer of any length, sent as it is made within the deadline; a fault in its beginning is a problem."""
    pieces = deadline.kept(pieces)
    return Response(cut_off(chain([next(pieces, "")], pieces)), mimetype=media)


def cut_off(pieces: Iterator[str]) -> Iterator[bytes]:
    """The pieces of an answer; where one cannot be made the connection ends, so that nobody takes it for the whole."""
    try:
        yield from map(utf8, pieces)
    except Refused as error:
        raise ConnectionResetError(ECONNRESET, error.errors[0]["detail"]) from None


def badge_answer(form: str, report: dict[str, Any]) -> Response:
    return Response(utf8(in_form(report_badge, form, report)), mimetype=MEDIA["badge"])


def in_form(render: Callable[[str, Any], str], form: str, found: Any) -> str:
    try:
        return render(form, found)
    except ValueError as error:
        raise InvalidModel([{"parameter": "format", "detail": str(error)}]) from None


ACCEPTED = ("json", "text", "markdown", "csv", "sarif", "gitlab-metrics", *DRAWINGS)  # each the first of its media type


def asked_form(known: Sequence[str], badges: bool = False) -> str:
    """The format of the answer: by `?format=`, else by what the client accepts; JSON if it does not say."""
    form = request.args.get("format")
    if form is None:
        if current_request().environ.get("HTTP_ACCEPT", ANYTHING) == ANYTHING:
            return "json"
        media = {MEDIA[one]: one for one in ACCEPTED if one in known}
        return media[request.accept_mimetypes.best_match(list(media), JSON)]
    if form in known or (badges and form.startswith(BADGE) and form != BADGE):
        return form
    listed = ", ".join([*known, *(["badge:METRIC"] if badges else [])])
    detail = f"There is no format {form!r} here.{nearest(form, list(known))} There are {listed}."
    raise InvalidModel([{"parameter": "format", "detail": detail}])


def unchanging(body: bytes, media: str = JSON) -> Response:
    """What is the same for all requests until the service is another: a client that has it is told so."""
    response = Response(body, mimetype=media)
    response.set_etag(blake2b(body, digest_size=16).hexdigest())
    response.headers["Cache-Control"] = "no-cache"  # may be kept, and is to be asked about
    response.make_conditional(request)
    return response


@contextmanager
def one_of_few() -> Iterator[None]:
    """A place among the forward passes that run at a time; who finds none is told to come again."""
    places = current_app.extensions["layercalc.passes"]
    if not places.acquire(blocking=False):
        detail = f"{limits().max_forward_passes} forward passes run already ({setting('max_forward_passes')})."
        raise Busy([{"pointer": "", "detail": detail}])
    try:
        yield
    finally:
        places.release()
