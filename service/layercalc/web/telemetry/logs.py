"""Logs on standard error, one event a line, for people or for machines; gunicorn's and the libraries' in the same form.

Whatever a client sent stays on the line it is on: control characters are escaped, in both forms.
"""

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import g, has_request_context

from layercalc.escapes import printable

Event = MutableMapping[str, Any]
LONGEST = 2000  # characters of one value


class Stderr:
    """Where lines go. One that cannot be written (a full disk, a closed pipe) is lost; the request is not."""

    def msg(self, line: str) -> None:
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass

    debug = info = warning = warn = error = critical = exception = failure = log = msg


def of_request(_: Any, __: str, event: Event) -> Event:
    """What is said while a request is answered says which one."""
    if "request_id" not in event and has_request_context() and "request_id" in g:
        event["request_id"] = g.request_id
    return event


def escaped(text: str) -> str:
    """A text without line breaks and other control characters."""
    return printable(text[:LONGEST] + "…" if len(text) > LONGEST else text)


def console(_: Any, __: str, event: Event) -> str:
    """`time level event key=value …`; the lines of a traceback follow, indented."""
    time, level, what = event.pop("timestamp"), event.pop("level"), event.pop("event")
    trace = str(event.pop("exception", ""))
    words = [time, f"{level:<7}", escaped(str(what))]
    for key, value in event.items():
        text = escaped(str(value))
        words.append(f"{key}={text if text and ' ' not in text else repr(text)}")
    return "\n    ".join([" ".join(words), *(escaped(line) for line in trace.splitlines())])


def as_json(_: Any, __: str, event: Event) -> str:
    return json.dumps(event, ensure_ascii=True, default=str)


RENDERERS = {"console": console, "json": as_json}


def configure(form: str, level: str) -> Any:
    """Send every log of this process, structlog's and the standard library's, to standard error in one form.

    Returns a logger, bound already: that of every request need not be bound each time.
    """
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        of_request,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, RENDERERS[form]],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: Stderr(),
        cache_logger_on_first_use=False,
    )
    handler = Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                RENDERERS[form],
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, Handler)] + [handler]
    root.setLevel(level.upper())
    return structlog.get_logger().bind()


class Handler(logging.Handler):
    """The standard library's logs, on the same way out."""

    def emit(self, record: logging.LogRecord) -> None:
        Stderr().msg(self.format(record))
