"""What bounds the waits of a worker, piece by piece; tests/web/server/test_faults.py has it all through gunicorn."""

import inspect
import re
import socket
import time
from contextlib import suppress

import pytest
from gunicorn.http.unreader import Unreader
from gunicorn.workers import gthread

from layercalc.limits import Limits
from layercalc.web.problems import raw_problem
from layercalc.web.server.in_flight import ROOM, Ledger
from layercalc.web.server.timeouts import Patience
from layercalc.web.server.worker import KINDS, PART, Worker, arrived, can_be_written, parts, probe_of
from layercalc.web.telemetry.request_log import PROBES

EVERY = {path for kind in KINDS for path in kind}
REQUEST = ("POST", "/v1/analyze", "one", "127.0.0.1")


def entries(ledger):
    return [{key: value for key, value in one.items() if key != "seconds"} for one in ledger.under_way()]


def test_gunicorn_still_has_what_the_worker_overrides_and_asks():
    own = {name for name, what in vars(Worker).items() if callable(what)}
    added = {"closed", "hang_up_on_silent", "to_threads", "wait_for_request", "finish_probe", "let_go"}
    added |= {"wait_for_headers", "on_more_headers", "give_up", "late"}
    assert not [name for name in own - added if not hasattr(gthread.ThreadWorker, name)]
    assert not [name for name in added if hasattr(gthread.ThreadWorker, name)]
    assert hasattr(Unreader(), "buf")
    assert {"conn.data_ready", "conn.initialized", "self.pending_conns", "self.on_pending_socket_readable"} <= set(
        re.findall(r"(?:conn|self)\.\w+", inspect.getsource(gthread))
    )


WHOLE = b"GET /livez HTTP/1.1\r\nHost: x\r\nUser-Agent: kube-probe/1.30\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "probe"),
    [
        (WHOLE, "/livez"),
        (WHOLE.replace(b"GET", b"HEAD"), "/livez"),
        (WHOLE.replace(b"1.1", b"1.0"), "/livez"),
        (WHOLE.replace(b"/livez", b"/v2/health/ready"), "/v2/health/ready"),
        (WHOLE.replace(b"/livez", b"/readyz/?verbose=1"), "/readyz"),
        (WHOLE.replace(b"Host: x", b"Host: x\r\nContent-Length: 0"), "/livez"),
        (WHOLE + b"POST /v1/analyze HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "/livez"),
        (WHOLE[:-2], ""),
        (WHOLE[:-1], ""),
        (b"", ""),
        (b"GET /livez", ""),
        (b"GET /livez\r\n\r\n", ""),
        (b"\r\n" + WHOLE, ""),
        (WHOLE.replace(b"GET", b"POST"), ""),
        (WHOLE.replace(b"Host: x", b"Host: x\r\ncontent-length : 7"), ""),
        (WHOLE.replace(b"Host: x", b"Host: x\r\nContent-Length: 00"), ""),
        (WHOLE.replace(b"Host: x", b"Transfer-Encoding: chunked"), ""),
        (WHOLE.replace(b"Host: x", b"Host: x\r\nEXPECT: 100-continue"), ""),
        (b"\x16\x03\x01" + WHOLE, ""),
    ],
)
def test_only_a_probe_that_is_there_whole_has_a_thread_kept_for_it(head, probe):
    found = probe_of(head)
    assert found == probe if probe else found not in EVERY


def test_connection_that_takes_nothing_has_no_thread_kept_for_it():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert can_be_written(ours)
        ours.setblocking(False)
        with suppress(BlockingIOError):
            while ours.send(b"x" * 4096):
                pass
        assert not can_be_written(ours)


def test_what_has_arrived_is_looked_at_and_stays():
    ours, theirs = socket.socketpair()
    with ours:
        assert arrived(ours) is None
        theirs.sendall(WHOLE)
        assert arrived(ours) == arrived(ours) == ours.recv(4096) == WHOLE
        theirs.close()
        assert arrived(ours) == b""
    assert arrived(ours) == b""


def test_every_probe_has_a_thread():
    assert EVERY == PROBES


def test_ledger_has_what_is_under_way_and_forgets_what_is_done():
    ledger = Ledger(2)
    with ledger.entry(*REQUEST), ledger.entry("GET", "/livez", None, ""):
        one = {"method": "POST", "path": "/v1/analyze", "request_id": "one", "client_address": "127.0.0.1"}
        two = {"method": "GET", "path": "/livez", "request_id": None, "client_address": ""}
        assert entries(ledger) == [one, two]
        with ledger.entry(*REQUEST):  # more than there are threads
            assert len(entries(ledger)) == 2
    assert entries(ledger) == []
    with pytest.raises(ZeroDivisionError), ledger.entry(*REQUEST):
        raise ZeroDivisionError
    assert entries(ledger) == []
    with ledger.entry(*REQUEST):
        assert entries(ledger) == [one]


@pytest.mark.parametrize("value", ["x" * 10_000, "ü\n\0\ud800" * 100, '"' * 1000])
def test_ledger_keeps_to_its_room_whatever_a_client_sends(value):
    ledger = Ledger(2)
    with ledger.entry(value, value, value, value):
        assert len(ledger.under_way()) == 1
        assert ledger.memory[ROOM] == 0
    assert entries(ledger) == []


def test_ledger_that_was_half_written_is_still_told():
    ledger = Ledger(1)
    ledger.memory[:5] = b'{"met'
    assert [one["path"] for one in ledger.under_way()] == ["unknown"]


def test_connection_is_shut_down_when_its_time_is_over():
    patience = Patience(tick=0.01)
    ours, theirs = socket.socketpair()
    with ours, theirs, patience.wait_for(ours, 0.05) as wait:
        assert ours.recv(1) == b""
        assert wait.over
        ours.sendall(b"408")
        assert theirs.recv(3) == b"408"
    assert not patience.waits


def test_closing_waits_for_the_client_to_hang_up_but_not_for_long():
    patience = Patience(tick=0.01)
    ours, theirs = socket.socketpair()
    theirs.sendall(b"more than was read")
    patience.close(ours, seconds=60)
    assert theirs.recv(1) == b""  # told at once
    assert ours.fileno() >= 0
    theirs.close()
    until(lambda: ours.fileno() < 0)
    silent, other = socket.socketpair()
    patience.close(silent, seconds=0.05)
    until(lambda: silent.fileno() < 0)
    other.close()
    patience.close(silent)  # closed already


def until(what):
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_answer_is_whole_in_parts_and_closed():
    class Answer(list):
        closed = False

        def close(self):
            self.closed = True

    answer = Answer([b"a" * (2 * PART + 1), b"", b"b"])
    found = list(parts(answer, None, Limits()))
    assert b"".join(found) == b"".join(answer)
    assert max(map(len, found)) == PART
    assert answer.closed


def test_problem_without_a_request_is_a_whole_answer():
    head, _, body = raw_problem(408, "late").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b'"detail":"late"' in body.replace(b": ", b":")
