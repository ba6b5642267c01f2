"""What the routes share: the limits in force, answers in the form the client accepts, places for forward passes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from flask import Response, current_app, request

from layercalc import formats
from layercalc.errors import Busy
from layercalc.limits import Limits, setting
from layercalc.web.body import read_body
from layercalc.web.problems import utf8


def limits() -> Limits:
    found: Limits = current_app.extensions["layercalc"]
    return found


def posted(name: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """A route that is handed the body, and has from then as many seconds as the limit of that name says."""

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def bounded(**which: str) -> Response:
            body = read_body(request, limits())
            with limits().deadline(name):
                return view(body, **which)

        return bounded

    return decorate


def answer(body: Any, status: int = 200) -> Response:
    return Response(utf8(json.dumps(body, ensure_ascii=False) + "\n"), status, mimetype="application/json")


def presented(body: dict[str, Any], sheet: formats.Sheet, status: int = 200) -> Response:
    """An answer as the client accepts it: JSON unless it prefers text."""
    media = request.accept_mimetypes.best_match(["application/json", *formats.MEDIA], "application/json")
    if media in formats.MEDIA:
        return Response(utf8(formats.MEDIA[media](sheet)), status, mimetype=media)
    return answer(body, status)


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
