"""Real gunicorn on loopback."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

TINY = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}


@contextmanager
def serving(**settings):
    """The port of a service, started as a user starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "layercalc", "serve", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **settings}, text=True
    )
    for _ in range(1200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.send_signal(signal.SIGTERM)
    output = process.communicate(timeout=20)[0]
    assert process.returncode == 0, output
    assert "curl" in output
    assert "Traceback" not in output


@pytest.fixture(scope="module")
def server():
    with serving(LAYERCALC_MAX_BODY_BYTES="100000", LAYERCALC_MAX_FORWARD_PASSES="8") as port:
        yield port


@pytest.fixture(scope="module")
def narrow():
    """A service that allows little."""
    flops, seconds, passes = (f"LAYERCALC_MAX_FORWARD_{name}" for name in ("FLOPS", "SECONDS", "PASSES"))
    with serving(**{flops: "1000000000", seconds: "1", passes: "1"}) as port:
        yield port


def request(port, method, path, body=None, headers=None, chunked=False):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, headers or {}, encode_chunked=chunked)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def test_analyze_and_forward(server):
    status, text = request(server, "POST", "/v1/analyze", json.dumps(TINY))
    assert (status, json.loads(text)["totals"]["params"]) == (200, 36)
    status, text = request(server, "POST", "/v1/forward", json.dumps({"model": TINY, "inputs": {"seed": 1}}))
    assert (status, json.loads(text)["verified"]) == (200, True)


LONG = {"input_shape": [50_000, 1], "layers": [{"type": "LSTM", "units": 1}]}  # cheap to count, slow to run


def test_pass_past_its_limits_is_refused_at_once_with_both_numbers(narrow):
    wide = {"input_shape": [4096], "layers": [{"type": "Dense", "units": 2**20}]}
    status, text = request(narrow, "POST", "/v1/forward", json.dumps({"model": wide, "inputs": {"seed": 1}}))
    problem = json.loads(text)
    assert (status, problem["type"]) == (422, "urn:layercalc:problem:forward-too-large")
    assert "the limit is 1,000,000,000 (LAYERCALC_MAX_FORWARD_FLOPS)" in problem["errors"][0]["detail"]


def test_deadline_ends_a_pass_inside_a_loop_and_says_what_was_reached(narrow):
    chain = {"input_shape": [50_000, 1], "layers": [{"type": "ReLU", "name": "first"}, *LONG["layers"]]}
    status, text = request(narrow, "POST", "/v1/forward", json.dumps({"model": chain, "inputs": {"seed": 1}}))
    problem = json.loads(text)
    assert (status, problem["type"]) == (503, "urn:layercalc:problem:forward-overdue")
    assert "passed after 1 of 2 layers; the last one was 'first'" in problem["detail"]


def test_more_passes_than_may_run_at_a_time_are_told_to_come_again(narrow):
    body = json.dumps({"model": LONG, "inputs": {"seed": 1}})

    def status(_):
        connection = http.client.HTTPConnection("127.0.0.1", narrow, timeout=20)
        connection.request("POST", "/v1/forward", body)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status, response.getheader("Retry-After")

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(status, range(8)))  # two workers with one place each
    assert found == {(503, None), (429, "1")}


def test_chunked_body_is_read_whole_or_refused_and_never_cut(server):
    def chunks(text, size=1000):
        return (text[i : i + size].encode() for i in range(0, len(text), size))

    padded = json.dumps(TINY) + " " * 50_000
    headers = {"Transfer-Encoding": "chunked"}
    status, text = request(server, "POST", "/v1/analyze", chunks(padded), headers, chunked=True)
    assert (status, json.loads(text)["totals"]["params"]) == (200, 36)
    status, text = request(
        server, "POST", "/v1/analyze", chunks(json.dumps(TINY) + " " * 110_000), headers, chunked=True
    )
    assert (status, json.loads(text)["status"]) == (413, 413)


def test_requests_at_once_do_not_mix(server):
    def params(units):
        document = {"input_shape": [8], "layers": [{"type": "Dense", "units": units}]}
        body = json.dumps({"model": document, "inputs": {"seed": 1}})
        _, analysis = request(server, "POST", "/v1/analyze", json.dumps(document))
        _, forward = request(server, "POST", "/v1/forward", body)
        return json.loads(analysis)["totals"]["params"], json.loads(forward)["outputs"][0]["shape"]

    with ThreadPoolExecutor(8) as pool:
        for units, (count, shape) in zip(range(1, 60), pool.map(params, range(1, 60)), strict=True):
            assert (count, shape) == (9 * units, [1, units])


def test_probes_and_documents(server):
    for path in ("/livez", "/readyz", "/openapi.yaml", "/docs/", "/v1/layers"):
        assert request(server, "GET", path)[0] == 200
