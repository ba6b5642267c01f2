"""gunicorn's threaded worker, but that no thread waits for a client longer than the limits say.

gunicorn alone lets a thread wait for the rest of a request's headers and for a client to take its answer as long as it
pleases them, gives each silent connection five seconds of a thread, and the whole worker two seconds of its life to
each client that is slow to hang up.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from gunicorn.workers import gthread

from layercalc.environment import setting
from layercalc.limits import Limits
from layercalc.web.ledger import Ledger
from layercalc.web.patience import PATIENCE, Wait
from layercalc.web.problems import raw_problem

# A connection that is silent goes back to gunicorn's poller. These names are private: a gunicorn without them waits for
# such a connection in a thread.
DEFER = getattr(gthread, "_DEFER", None) if hasattr(getattr(gthread, "TConn", None), "wait_for_data") else None
STOPPING_SECONDS = 1  # that a worker which is about to end waits for what a client may be sending
PART = 1 << 16  # bytes


class Worker(gthread.ThreadWorker):
    """As gunicorn's, with bounded waits and a ledger of the requests under way.

    Only gunicorn calls what is overridden; tests/web/test_worker.py says what of it a newer gunicorn has no more.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ledger = Ledger(self.cfg.threads)
        self.limits = Limits.from_environment()
        self.reading = threading.local()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi = sent_in_time(self.wsgi, self.limits)

    def handle(self, conn: Any) -> Any:
        """A connection from which something can be read, in a thread."""
        if DEFER and not conn.initialized and not conn.wait_for_data(0 if self.alive else STOPPING_SECONDS):
            return DEFER if self.alive else self.closed(conn)
        self.reading.wait = wait = Wait(conn.sock, time.monotonic() + self.limits.max_read_seconds)
        PATIENCE.begin(wait)
        try:
            kept = super().handle(conn)
        finally:
            PATIENCE.end(wait)
        if wait.over:
            seconds = f"{self.limits.max_read_seconds} seconds ({setting('max_read_seconds')})"
            with suppress(OSError):  # it hung up itself
                conn.sock.sendall(raw_problem(408, f"The request's headers did not arrive within {seconds}."))
        return kept or self.closed(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """A request whose headers are there."""
        PATIENCE.end(self.reading.wait)
        request_id = next((value for name, value in req.headers if name == "X-REQUEST-ID"), None)
        address = conn.client[0] if isinstance(conn.client, tuple) else ""
        with self.ledger.entry(req.method, req.path, request_id, address):
            return super().handle_request(req, conn)

    def closed(self, conn: Any) -> bool:
        """Close a connection without waiting for its client, as gunicorn's main thread would when it is told False."""
        PATIENCE.close(conn.sock)
        conn.close = lambda **_: None
        return False

    def finish_request(self, conn: Any, fs: "Future[Any]") -> None:
        """What a connection without a request comes to while the worker stops: a last look."""
        if not self.alive and DEFER and not fs.cancelled() and fs.result() is DEFER:
            self.enqueue_req(conn)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Silent connections are no reason to stop later."""
        if not self.alive:
            last = time.monotonic() + STOPPING_SECONDS
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout or last, last)
        super().murder_pending()


def sent_in_time(application: Callable[..., Iterable[bytes]], limits: Limits) -> Callable[..., Iterable[bytes]]:
    """The application; a client that does not take its answer in time is hung up on."""

    def sending(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return parts(application(environ, start_response), environ.get("gunicorn.socket"), limits)

    return sending


def parts(answer: Iterable[bytes], connection: Any, limits: Limits) -> Iterator[bytes]:
    """An answer in parts, each of which is waited for as long as it takes at the slowest rate there may be."""
    try:
        with PATIENCE.wait_for(connection, limits.max_read_seconds, socket.SHUT_RDWR) as wait:
            for text in answer:
                for start in range(0, len(text), PART):
                    part = text[start : start + PART]
                    wait.until += len(part) / limits.min_read_rate
                    yield part
    finally:
        if close := getattr(answer, "close", None):
            close()
