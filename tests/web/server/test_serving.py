"""Real gunicorn on loopback."""

import gzip
import http.client
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.service import TINY, running

DATA = Path(__file__).parents[2] / "data" / "keras_files"


@pytest.fixture(scope="module")
def server():
    with running(max_body_bytes=100_000, max_forward_passes=8, max_forward_outputs=1000) as service:
        yield service.port
        assert "curl" in service.text()


@pytest.fixture(scope="module")
def narrow():
    """A service that allows little."""
    most = {"FLOPS": 10**9, "BYTES": 10**9, "OUTPUTS": 1000, "STEPS": 5 * 10**6, "SECONDS": 1, "PASSES": 1}
    settings = {f"max_forward_{name.lower()}": value for name, value in most.items()}
    with running(**settings, max_hdf5_bytes=100, max_layers=100) as service:
        yield service.port


def request(port, method, path, body=None, headers=None, chunked=False):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
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


def pass_of(shape, *layers, **more):
    return {"model": {"input_shape": shape, "layers": list(layers)}, "inputs": {"seed": 1}, **more}


TOO_MUCH = {
    "FORWARD_FLOPS": ("1,000,000,000", pass_of([4096], {"type": "Dense", "units": 2**20})),
    "FORWARD_BYTES": ("1,000,000,000", pass_of([1], {"type": "RepeatVector", "n": 10**9})),
    "FORWARD_OUTPUTS": ("1,000", pass_of([1001], {"type": "ReLU"})),
    "FORWARD_STEPS": ("5,000,000", pass_of([10**7, 1], {"type": "SimpleRNN", "units": 1})),
    "LAYERS": ("100", pass_of([8], *[{"type": "ReLU"}] * 101)),
}


@pytest.mark.parametrize("limit", TOO_MUCH)
def test_pass_past_a_limit_is_refused_at_once_with_both_numbers(narrow, limit):
    most, body = TOO_MUCH[limit]
    status, text = request(narrow, "POST", "/v1/forward", json.dumps(body))
    found = [one["detail"] for one in json.loads(text)["errors"] if f"LAYERCALC_MAX_{limit}" in one["detail"]]
    assert status == 422
    assert len(found) == 1
    assert re.search(rf"[0-9,]+ .*the limit is {most} ", found[0])


def test_layers_that_are_returned_count_among_the_numbers_of_an_answer(server):
    small = {"type": "Dense", "units": 1}
    body = pass_of([8], {"type": "Dense", "units": 999, "name": "wide"}, small)
    assert request(server, "POST", "/v1/forward", json.dumps(body))[0] == 200
    status, text = request(server, "POST", "/v1/forward", json.dumps({**body, "return_layers": ["wide", "dense"]}))
    assert (status, "LAYERCALC_MAX_FORWARD_OUTPUTS" in text) == (422, True)


def test_hdf5_past_its_limit_is_not_parsed(narrow, server):
    model = gzip.decompress((DATA / "convolutions.keras.gz").read_bytes())
    lines = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = lines % (b"model", model) + lines % (b"inputs", b'{"seed": 1}') + b"--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    for port, words in ((narrow, "the limit is 100"), (server, "LAYERCALC_MAX_HDF5_BYTES")):
        status, text = request(port, "POST", "/v1/forward", body, headers)
        assert status == 422, text
        assert words in json.loads(text)["errors"][0]["detail"]


def test_deadline_ends_a_pass_inside_a_loop_and_says_what_was_reached(narrow):
    chain = {"input_shape": [50_000, 1], "layers": [{"type": "ReLU", "name": "first"}, *LONG["layers"]]}
    status, text = request(narrow, "POST", "/v1/forward", json.dumps({"model": chain, "inputs": {"seed": 1}}))
    problem = json.loads(text)
    assert (status, problem["type"]) == (503, "urn:layercalc:problem:forward-overdue")
    assert "passed after 1 of 2 layers; the last one was 'first'" in problem["detail"]


def test_more_passes_than_may_run_at_a_time_are_told_to_come_again(narrow):
    body = json.dumps({"model": LONG, "inputs": {"seed": 1}})

    def status(_):
        connection = http.client.HTTPConnection("127.0.0.1", narrow, timeout=60)
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
