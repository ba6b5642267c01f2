"""What goes wrong in operation, through real gunicorn: nothing hangs, the service is ready again, what was lost is said."""

import http.client
import itertools
import json
import os
import re
import resource
import select
import signal
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.proxy import answer, ask, begun, nginx
from tests.service import TINY, load, running

BODY = json.dumps(TINY).encode()
LONG = {"input_shape": [200_000, 1], "layers": [{"type": "LSTM", "units": 1}]}  # cheap to count, slow to run
PASS = json.dumps({"model": LONG, "inputs": {"seed": 1}}).encode()


@pytest.fixture(scope="module")
def quick():
    """One worker with two threads, where a client has two seconds for what it does."""
    with running(workers=1, threads=2, max_read_seconds=2, min_read_rate=1 << 20) as service:
        yield service


@pytest.fixture(scope="module")
def front(quick, tmp_path_factory):
    with nginx(tmp_path_factory.mktemp("nginx"), quick.port) as proxy:
        yield proxy


def rest(connection):
    """What still comes, until the other side hangs up."""
    text = b""
    with suppress(ConnectionError):
        while part := connection.recv(1 << 16):
            text += part
    return text


def hung_up(connection):
    """Whether the other side has closed a connection, as the kernel knows it before what was sent is taken."""
    ends = [f":{port:04X}" for _, port in (connection.getpeername(), connection.getsockname())]
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return not any([one[1][-5:], one[2][-5:], one[3]] == [*ends, "01"] for one in rows)  # established


def lost_lines(service):
    return [
        json.loads(line) for line in service.text().splitlines() if "request lost" in line and '"/metrics"' not in line
    ]


def test_worker_killed_mid_request_is_replaced_and_what_was_lost_is_said(tmp_path):
    settings = {"max_forward_seconds": 60, "max_forward_steps": 10**8, "log_format": "json", "trusted_proxies": 1}
    with running(workers=2, **settings) as service, nginx(tmp_path, service.port) as proxy:
        workers = service.workers()
        direct = begun(service.port, PASS, len(PASS), path="/v1/forward", headers="X-Request-Id: direct\r\n")
        behind = begun(proxy.port, PASS, len(PASS), path="/v1/forward", headers="X-Request-Id: behind\r\n")
        flying = "layercalc_http_requests_in_flight"
        service.wait(lambda: service.samples()[flying] == 3)  # the scrape is one
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        with direct, pytest.raises((ConnectionError, http.client.HTTPException)):
            answer(direct)
        with behind:
            status, text, _ = answer(behind)
        assert (status, json.loads(text)["status"]) == (502, 502)
        service.wait(lambda: service.analyze()[0] == 200)
        service.wait(lambda: not set(workers) & set(service.workers()) and len(lost_lines(service)) == 2)
        assert {(line["request_id"], line["method"], line["path"]) for line in lost_lines(service)} == {
            ("direct", "POST", "/v1/forward"),
            ("behind", "POST", "/v1/forward"),
        }
        assert all(line["level"] == "error" and line["process"] in workers for line in lost_lines(service))
        samples = service.samples()
        assert samples["layercalc_http_requests_lost_total"] == service.text().count(
            "request lost"
        )  # the last scrape may be one
        service.wait(lambda: service.samples()[flying] == 1)


def test_sigterm_under_load_ends_in_answers_and_nothing_is_lost(tmp_path):
    with running(workers=2, log_format="json") as service:
        with load(service, clients=2) as told:
            service.wait(lambda: len(told) > 50)
            service.signal(signal.SIGTERM)
            assert service.process.wait(timeout=60) == 0
        kinds = Counter(told)
        assert kinds.pop(200) > 50
        # after the end nobody listens; before it no answer broke off
        assert set(kinds) <= {"ConnectionRefusedError first", "ConnectionResetError first"}, kinds
        assert not lost_lines(service)


def test_what_is_cut_off_by_the_end_is_said():
    settings = {
        "max_forward_seconds": 60,
        "max_forward_steps": 10**8,
        "max_forward_flops": 10**15,
        "log_format": "json",
        "graceful_seconds": 1,
    }
    with running(workers=1, **settings) as service:
        with begun(service.port, PASS, len(PASS), path="/v1/forward", headers="X-Request-Id: late\r\n") as connection:
            service.wait(lambda: service.samples()["layercalc_http_requests_in_flight"] == 2)
            service.signal(signal.SIGTERM)
            assert service.process.wait(timeout=60) == 0
            assert rest(connection) == b""
        assert [line["request_id"] for line in lost_lines(service)] == ["late"]


def test_client_that_sends_a_byte_at_a_time_is_given_up_by_the_service(quick):
    """Without nginx LAYERCALC_MAX_READ_SECONDS is what bounds it."""
    with begun(quick.port, BODY) as connection:
        for place in range(len(BODY) - 1):
            connection.sendall(BODY[place : place + 1])
            if select.select([connection], [], [], 0.3)[0]:
                break
        status, text, _ = answer(connection)
        assert status == 408
        assert "LAYERCALC_MAX_READ_SECONDS" in text
    assert quick.analyze()[0] == 200


def test_client_that_sends_a_byte_at_a_time_is_waited_for_by_nginx(quick, front):
    """Longer than the service itself would: nginx has the body whole before the service hears of it."""
    with begun(front.port, BODY) as connection:
        for place in range(8):
            connection.sendall(BODY[place : place + 1])
            assert ask(front.port, "/v1/analyze", BODY)[0] == 200
            time.sleep(0.3)
        quick.wait(lambda: quick.samples()["layercalc_http_requests_in_flight"] == 1)  # the scrape
        connection.sendall(BODY[8:])
        assert answer(connection)[0] == 200


LIMITS = b"GET /v1/limits HTTP/1.1\r\nHost: x\r\n\r\n"
HALF = b"POST /v1/analyze HTTP/1.1\r\nHos"
HALVES = {  # what comes at once, the answers to it, and what comes a byte at a time
    "line": (b"POST /v1/ana", 0, b"lyze"),
    "first byte": (b"P", 0, b"OST /v1/analyze"),
    "headers": (HALF, 0, b"t: x\r\nX: 12345678"),
    "behind a request": (LIMITS + HALF, 1, b"t: x\r\n"),
}


@pytest.mark.parametrize("half", HALVES)
def test_clients_that_stop_in_the_middle_of_the_headers_hold_no_thread(quick, half):
    """Thirty of them and two threads; each is answered when its time is over, and others meanwhile."""
    sent, answers, drip = HALVES[half]
    slow = [socket.create_connection(("127.0.0.1", quick.port), 60) for _ in range(30)]
    for connection in slow:
        connection.sendall(sent)
        for _ in range(answers):
            assert answer(connection)[0] == 200
    began = time.monotonic()
    for place in range(len(drip)):
        slow[0].sendall(drip[place : place + 1])
        assert ask(quick.port, "/v1/limits")[0] == 200
    assert time.monotonic() - began < 20  # thirty of them by twos would hold it up for thirty seconds
    for connection in slow:
        with connection:
            status, text, closed = answer(connection)
        assert (status, json.loads(text)["status"], closed) == (408, 408, True)
        assert "LAYERCALC_MAX_READ_SECONDS" in text


def test_headers_that_come_in_pieces_are_a_request(quick):
    whole = f"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY
    with socket.create_connection(("127.0.0.1", quick.port), 60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for pause, cuts in ((0.001, (1, 7, 30, 50, len(whole) - 1)), (0, (5, len(whole) - len(BODY)))):
            for start, stop in itertools.pairwise((0, *cuts, len(whole))):
                connection.sendall(whole[start:stop])
                time.sleep(pause)
            assert answer(connection)[0] == 200
        connection.sendall(whole + whole[:-20])
        assert answer(connection)[0] == 200
        connection.sendall(whole[-20:])
        assert answer(connection)[0] == 200


def test_headers_without_end_are_refused_and_half_of_them_may_be_taken_back(quick):
    with socket.create_connection(("127.0.0.1", quick.port), 60) as connection:
        for _ in range(40):
            with suppress(OSError):  # it is refused by then
                connection.sendall(b"GET / HTTP/1.1\r\n" if not _ else b"X: " + b"a" * 1000 + b"\r\n")
        assert answer(connection)[0] == 431
    with socket.create_connection(("127.0.0.1", quick.port), 60) as connection:
        connection.sendall(HALF)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""  # at once
    assert quick.analyze()[0] == 200


def test_connections_without_a_request_cost_nothing(quick):
    silent = [socket.create_connection(("127.0.0.1", quick.port), 60) for _ in range(100)]
    assert ask(quick.port, "/v1/limits", timeout=60)[0] == 200  # gunicorn's own worker: 5 s for every two of them
    for connection in silent:
        connection.close()


def test_clients_that_do_not_hang_up_hold_nobody_up(quick):
    request = b"GET /v1/limits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    lingering = []
    began = time.monotonic()
    for _ in range(100):
        connection = socket.create_connection(("127.0.0.1", quick.port), 60)
        connection.sendall(request)
        assert answer(connection)[0] == 200
        lingering.append(connection)
    assert time.monotonic() - began < 90  # gunicorn's own worker: 2 s for each, which no busy machine explains
    for connection in lingering:
        connection.close()


def test_client_that_does_not_take_its_answer_is_hung_up_on(quick):
    """Two of them, as many as there are threads, with answers that no buffer holds."""
    layers = [{"type": "Dense", "units": 4}] * 8_000
    body = json.dumps({"input_shape": [4], "layers": layers}).encode()
    greedy = []
    for _ in range(2):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", quick.port))
        head = f"POST /v1/analyze HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        greedy.append(connection)
    for connection in greedy:
        connection.recv(10)  # its answer has begun
    quick.wait(lambda: all(map(hung_up, greedy)))
    assert ask(quick.port, "/v1/limits", timeout=60)[0] == 200
    for connection in greedy:
        with connection:
            head, _, part = rest(connection).partition(b"\r\n\r\n")
            assert len(part) < int(re.search(rb"Content-Length: (\d+)", head)[1])


def test_a_thousand_slow_clients_keep_nobody_else_waiting(quick, front):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("needs 4,096 open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    slow = [begun(front.port, BODY, 10, f"127.0.1.{number // 20 + 1}") for number in range(1000)]
    try:
        with ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(lambda _: ask(front.port, "/v1/analyze", BODY)[0], range(100)))
        assert statuses == [200] * 100
        quick.wait(lambda: quick.samples()["layercalc_http_requests_in_flight"] == 1)  # the scrape
        for connection in slow[::10]:
            connection.sendall(BODY[10:])
        assert Counter(answer(connection)[0] for connection in slow[::10]) == {200: 100}
    finally:
        for connection in slow:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert ask(front.port, "/v1/analyze", BODY)[0] == 200


def test_one_address_has_so_many_places_and_no_more(front):
    many = [begun(front.port, BODY, 10, "127.0.2.1") for _ in range(80)]
    refused, end = [], time.monotonic() + 60  # nginx has several processes: which 16 these are is open
    while len(refused) < 16 and time.monotonic() < end:
        refused = select.select(many, [], [], 0.1)[0]
    for connection in refused:
        status, text, _ = answer(connection)
        assert (status, json.loads(text)["status"]) == (429, 429)
    assert len(refused) == 16
    assert ask(front.port, "/livez")[0] == 200  # another address
    for connection in many:
        connection.close()
