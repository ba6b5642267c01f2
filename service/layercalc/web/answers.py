"""What the routes share: the limits in force, answers in the form the client accepts, places for forward passes."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Response, current_app, request

from layercalc import formats
from layercalc.errors import Busy, InvalidModel
from layercalc.layers import nearest
from layercalc.limits import Limits, setting
from layercalc.verdicts import BADGE, MEDIA, rendered, report_badge
from layercalc.web.problems import utf8


def limits() -> Limits:
    found: Limits = current_app.extensions["layercalc"]
    return found


def answer(body: Any, status: int = 200) -> Response:
    return Response(utf8(json.dumps(body, ensure_ascii=False) + "\n"), status, mimetype="application/json")


def presented(
    body: dict[str, Any], sheet: formats.Sheet, markdown: Callable[[dict[str, Any]], str] | None = None
) -> Response:
    """An answer as the client asks for it: JSON unless it prefers text."""
    form = asked_form(("json", *formats.FORMATS))
    if form == "json":
        return answer(body)
    text = markdown(body) if markdown and form == "markdown" else formats.FORMATS[form](sheet)
    return Response(utf8(text), mimetype=MEDIA[form])


def verdict_answer(name: str, verdict: dict[str, Any], form: str, status: int) -> Response:
    """A verdict in one of its formats, under the name of its model."""
    if form == "json":
        return answer(verdict, status)
    return Response(utf8(in_form(rendered, form, [(name, verdict)])), status, mimetype=MEDIA[form.split(":")[0]])


def badge_answer(form: str, report: dict[str, Any]) -> Response:
    return Response(utf8(in_form(report_badge, form, report)), mimetype=MEDIA["badge"])


def in_form(render: Callable[[str, Any], str], form: str, found: Any) -> str:
    try:
        return render(form, found)
    except ValueError as error:
        raise InvalidModel([{"parameter": "format", "detail": str(error)}]) from None


ACCEPTED = ("json", "text", "markdown", "csv", "sarif", "gitlab-metrics")  # each the first of its media type


def asked_form(known: Sequence[str], badges: bool = False) -> str:
    """The format of the answer: by `?format=`, else by what the client accepts; JSON if it does not say."""
    form = request.args.get("format")
    if form is None:
        media = {MEDIA[one]: one for one in ACCEPTED if one in known}
        return media[request.accept_mimetypes.best_match(list(media), "application/json")]
    if form in known or (badges and form.startswith(BADGE) and form != BADGE):
        return form
    listed = ", ".join([*known, *(["badge:METRIC"] if badges else [])])
    detail = f"There is no format {form!r} here.{nearest(form, list(known))} There are {listed}."
    raise InvalidModel([{"parameter": "format", "detail": detail}])


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
