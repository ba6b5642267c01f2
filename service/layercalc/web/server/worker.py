"""gunicorn's threaded worker, but that no client makes a thread wait longer than the limits say, nor a probe at all.

A request has a thread once its headers are there (on TCP, without TLS). gunicorn alone lets a thread wait for the rest
of them and for a client to take its answer as long as it pleases them, gives each silent connection five seconds of a
thread, and the whole worker two seconds of its life to each client that is slow to hang up; it accepts nobody once it
has as many connections as it may have, and ends where there is no file descriptor left for one more.
"""

import errno
import re
import resource
import select
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from gunicorn.workers import gthread

from layercalc.environment import setting
from layercalc.limits import Limits
from layercalc.web.problems import raw_problem
from layercalc.web.server.in_flight import Ledger
from layercalc.web.server.timeouts import PATIENCE, Wait

STOPPING_SECONDS = 1  # that a worker which is about to end waits for what a client may be sending
PART = 1 << 16  # bytes
HEAD = 1 << 15  # bytes that the headers of a request may have
SPARE = 100  # connections that may come when all others have a thread or wait for one, so that a probe is heard
WAITING = 30  # probes of one kind that may wait for their thread
ROOM = 16  # files that are made free at a time where there are none
OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
END = re.compile(rb"\n\r?\n")  # of the headers
LINE = re.compile(rb"[A-Z]+ \S+ HTTP/1\.[01]\r\n")
PROBE = re.compile(rb"(?:GET|HEAD) (/[a-z0-9/]*?)/?(?:\?[^\s]*)? HTTP/1\.[01]\r\n")
WITH_BODY = re.compile(rb"\r\n(?:transfer-encoding|expect|upgrade|content-length)[ \t]*:(?![ \t]*0\r\n)", re.I)
KINDS = [("/livez", "/v2/health/live"), ("/readyz", "/v2/health/ready"), ("/metrics",)]  # each with a thread of its own


class Reserved:
    """A thread that one kind of probe has and nothing else; of so many that ask for it at a time."""

    def __init__(self, name: str) -> None:
        self.pool = ThreadPoolExecutor(1, name)
        self.taken = 0


@dataclass(slots=True)
class Half:
    """A part of the headers of a request: until when the rest is waited for, and the bytes that stand in the socket."""

    until: float
    arrived: int = -1


class Worker(gthread.ThreadWorker):
    """As gunicorn's, with bounded waits, threads that are kept for probes, and a ledger of the requests under way.

    Only gunicorn calls what is overridden; tests/web/server/test_worker.py says what of it is gone in a newer one.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ledger = Ledger(self.cfg.threads + len(KINDS))
        self.limits = Limits.from_environment()
        self.reading = threading.local()
        self.taken = 0  # connections that have a thread or wait for one
        self.reserved: dict[str, Reserved] = {}
        self.halves: dict[Any, Half] = {}  # connections with a part of their headers, the oldest first

    def init_process(self) -> None:
        for kind in KINDS:
            self.reserved |= dict.fromkeys(kind, Reserved(f"probe {kind[0]}"))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * self.worker_connections + 1024  # those that are being closed too, and files
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi = sent_in_time(self.wsgi, self.limits)

    def accept(self, listener: Any) -> None:
        """A new connection; the one that has been silent longest makes room for it where there is none."""
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in OUT_OF_FILES:
                raise
            if not sum(self.hang_up_on_silent() for _ in range(ROOM)):
                time.sleep(PATIENCE.tick)  # what is being closed will have made room
        if self.nr_conns >= self.worker_connections:
            self.hang_up_on_silent()

    def hang_up_on_silent(self) -> bool:
        """Close a connection on which nothing is under way: one without a request first."""
        for silent in (self.pending_conns, self.keepalived_conns):
            if silent:
                conn = silent.popleft()
                self.poller.unregister(conn.sock)
                self.nr_conns -= 1
                conn.close()  # it has sent nothing that would have to be read first
                return True
        if self.halves:
            self.give_up(next(iter(self.halves)), 503, "Too many connections wait already.")
            return True
        return False

    def enqueue_req(self, conn: Any) -> None:
        """A connection from which something may be read: to the threads, once something can be."""
        if conn.initialized and (self.cfg.is_ssl or conn.is_http2):
            return self.to_threads(conn)
        ahead = conn.parser.unreader.buf.getvalue() if conn.initialized else b""  # read with the request before
        more = arrived(conn.sock)
        head = ahead + (more or b"")
        if more is None and not ahead:
            return self.wait_for_request(conn)
        if is_half(head) and not self.cfg.is_ssl and conn.sock.family != socket.AF_UNIX:
            return self.wait_for_headers(conn, None if more is None else len(more), len(head))
        if self.halves.pop(conn, None):
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        if not head:  # the client hung up
            return self.let_go(conn)
        conn.data_ready = True
        if ahead:
            return self.to_threads(conn)
        own = self.reserved.get(probe_of(head))
        if own and own.taken < WAITING and can_be_written(conn.sock):
            own.taken += 1
            fs = own.pool.submit(self.handle, conn)
            return fs.add_done_callback(lambda fs: self.method_queue.defer(self.finish_probe, own, conn, fs))
        return self.to_threads(conn)

    def to_threads(self, conn: Any) -> None:
        """To the next thread that is free; where too many wait for one, the client is told to come again."""
        if self.taken >= self.worker_connections - SPARE:
            with suppress(OSError):
                conn.sock.send(raw_problem(503, "Too many requests wait for a thread already."), socket.MSG_DONTWAIT)
            return self.let_go(conn)
        self.taken += 1
        super().enqueue_req(conn)
        return None

    def wait_for_request(self, conn: Any) -> None:
        """A silent connection has no thread."""
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + (self.cfg.keepalive if self.alive else STOPPING_SECONDS)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def wait_for_headers(self, conn: Any, arrived: int | None, length: int) -> None:
        """A connection with a part of its headers has no thread; it is heard of again when there are more bytes."""
        half = self.halves.setdefault(conn, Half(time.monotonic() + self.limits.max_read_seconds))
        if length >= HEAD:
            return self.give_up(conn, 431, f"The request's headers have more than {HEAD:,} bytes.")
        if arrived is not None and arrived <= half.arrived:  # it is readable without more bytes: the client hung up
            del self.halves[conn]
            return self.let_go(conn)
        half.arrived = arrived or 0
        conn.sock.setblocking(False)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, half.arrived + 1)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_more_headers, conn))
        return None

    def on_more_headers(self, conn: Any, _: Any) -> None:
        """More bytes are there, or the client hung up."""
        self.poller.unregister(conn.sock)
        self.enqueue_req(conn)

    def give_up(self, conn: Any, status: int, detail: str) -> None:
        """Answer and close a connection with a part of its headers."""
        del self.halves[conn]
        with suppress(KeyError, ValueError):  # it is not being waited for just now
            self.poller.unregister(conn.sock)
        with suppress(OSError):
            conn.sock.send(raw_problem(status, detail), socket.MSG_DONTWAIT)
        self.let_go(conn)

    def finish_request(self, conn: Any, fs: "Future[Any]") -> None:
        """Called in the main thread, as is all of the above."""
        self.taken -= 1
        super().finish_request(conn, fs)

    def finish_probe(self, own: Reserved, conn: Any, fs: "Future[Any]") -> None:
        own.taken -= 1
        super().finish_request(conn, fs)

    def let_go(self, conn: Any) -> None:
        """Close a connection that has no thread."""
        self.nr_conns -= 1
        PATIENCE.close(conn.sock)

    def handle(self, conn: Any) -> Any:
        """A connection from which something can be read, in a thread."""
        self.reading.wait = wait = Wait(conn.sock, time.monotonic() + self.limits.max_read_seconds)
        PATIENCE.begin(wait)
        try:
            kept = super().handle(conn)
        finally:
            PATIENCE.end(wait)
        if wait.over:
            with suppress(OSError):  # it hung up itself
                conn.sock.sendall(raw_problem(408, self.late()))
        return kept or self.closed(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """A request whose headers are there."""
        PATIENCE.end(self.reading.wait)
        request_id = next((value for name, value in req.headers if name == "X-REQUEST-ID"), None)
        address = conn.client[0] if isinstance(conn.client, tuple) else ""
        with self.ledger.entry(req.method, req.path, request_id, address):
            return super().handle_request(req, conn)

    def late(self) -> str:
        """What a client hears whose headers took too long."""
        seconds = f"{self.limits.max_read_seconds} seconds ({setting('max_read_seconds')})"
        return f"The request's headers did not arrive within {seconds}."

    def closed(self, conn: Any) -> bool:
        """Close a connection without waiting for its client, as gunicorn's main thread would when it is told False."""
        PATIENCE.close(conn.sock)
        conn.close = lambda **_: None
        return False

    def murder_pending(self) -> None:
        """Silent connections, and those with a part of their headers, go in time, and are no reason to stop later."""
        now = time.monotonic()
        if not self.alive:
            last = now + STOPPING_SECONDS
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout or last, last)
            for half in self.halves.values():
                half.until = min(half.until, last)
        for conn in [conn for conn, half in self.halves.items() if half.until < now]:
            self.give_up(conn, 408, self.late())
        super().murder_pending()


def arrived(connection: Any) -> bytes | None:
    """What can be read from a connection, and stays there; empty where the client hung up, None while it is silent."""
    try:
        found: bytes = connection.recv(HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""
    return found


def is_half(head: bytes) -> bool:
    """Whether bytes may still become the headers of a request; a first line that is none is answered at once."""
    return bool(head) and not END.search(head) and (b"\n" not in head or LINE.match(head) is not None)


def can_be_written(connection: Any) -> bool:
    """Whether a short answer goes out without waiting for the client to take what it has been sent before."""
    poll = select.poll()
    poll.register(connection, select.POLLOUT)
    return bool(poll.poll(0))


def probe_of(head: bytes) -> str:
    """The probe that is asked for, if its headers are there whole and no body follows: a thread never waits for it."""
    asked = PROBE.match(head)
    end = head.find(b"\r\n\r\n")
    if not asked or end < 0 or WITH_BODY.search(head, 0, end + 2):
        return ""
    return asked[1].decode()


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
