"""Probes are answered, each by a thread of its own, whatever clients do to all the others; through real gunicorn."""

import json
import os
import resource
import signal
import socket
import time
from contextlib import ExitStack, contextmanager

import pytest

from tests.proxy import answer, ask, nginx
from tests.service import running
from tests.web.attacks_service import STALLS, Stall, head

PROBES = ("/livez", "/readyz", "/v2/health/live", "/v2/health/ready", "/metrics")
SOON = 5  # seconds; a thread that a client stalls is given back after LAYERCALC_MAX_READ_SECONDS, here 30
SETTINGS = {"workers": 2, "threads": 2, "max_read_seconds": 30, "max_forward_seconds": 60, "max_forward_steps": 10**8}


@contextmanager
def stalled(port, stall):
    """So many clients that do the same to the service; they go when the test does."""
    with ExitStack() as stack:
        for _ in range(stall.clients):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            connection.sendall(stall.sent)
        yield


def probed(port):
    """How long each probe took, asked for twice: it may be either worker that answers."""
    for path in PROBES * 2:
        began = time.monotonic()
        assert ask(port, path)[0] == 200, path
        yield path, time.monotonic() - began


@contextmanager
def service(**more):
    """A service that is not waited for at the end: what it goes on doing for those clients is another test's."""
    with running(**(SETTINGS | more)) as service:
        yield service
        ended = [service.process.pid, *service.workers()]
        for process in ended:
            os.kill(process, signal.SIGKILL)
        service.process.wait()
        service.process.returncode = 0


@pytest.mark.parametrize("stall", STALLS, ids=lambda one: one.name)
def test_probes_are_answered_while_every_other_thread_is_busy(stall):
    with service() as serving, stalled(serving.port, stall):
        time.sleep(1)  # all of them are accepted
        slow = {path: seconds for path, seconds in probed(serving.port) if seconds > SOON}
        assert not slow


def test_probe_on_a_connection_that_is_kept_and_through_nginx(tmp_path):
    with (
        service() as serving,
        nginx(tmp_path, serving.port) as front,
        socket.create_connection(("127.0.0.1", serving.port), 60) as connection,
    ):
        connection.sendall(b"GET /v1/limits HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer(connection)[0] == 200
        for path in PROBES[:-1]:
            assert ask(front.port, path)[0] == 200  # nginx has connections that it keeps
        with stalled(serving.port, STALLS[0]):
            time.sleep(1)
            began = time.monotonic()
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer(connection)[0] == 200
            for path in PROBES[:-1]:
                assert ask(front.port, path)[0] == 200
            assert time.monotonic() - began < SOON


def test_worker_without_a_file_left_lives_and_answers():
    """As many silent clients as make every file descriptor of its one worker a connection."""

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))

    with running(workers=1, preexec=few) as serving:
        (worker,) = serving.workers()
        with stalled(serving.port, Stall("silence", 300, b"")):
            assert all(seconds < SOON for _, seconds in probed(serving.port))
            assert serving.analyze()[0] == 200
        assert serving.workers() == [worker]


def test_requests_that_wait_for_a_thread_are_so_many_and_no_more():
    """Of one worker: two share clients as they come, and one may have room when the other has refused some."""
    stall = Stall("bodies", 2500, head())
    with service(workers=1) as serving, stalled(serving.port, stall), ExitStack() as stack:
        told = []
        for _ in range(20):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", serving.port), 60))
            connection.sendall(head())
            told.append(connection)
        status, text, closed = answer(told[-1])
        assert (status, json.loads(text)["status"], closed) == (503, 503, True)
