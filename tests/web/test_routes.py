"""HTTP: routes, content, status codes, problem documents."""

import base64
import json
import re

import pytest

from layercalc import analyze
from layercalc.analysis.roofline import DEVICES
from layercalc.conventions import CONVENTIONS
from layercalc.limits import Limits
from layercalc.web import create_app
from tests import oracle

TINY = {
    "name": "tiny",
    "input_shape": [8, 8, 1],
    "layers": [{"type": "Conv2D", "filters": 2, "kernel_size": 3}, {"type": "Flatten"}],
}
FORWARD = {
    "model": {"input_shape": [3], "layers": [{"type": "Dense", "units": 2, "name": "d"}]},
    "inputs": [[[1, 2, 3]]],
}
CODE = "Dense(10, input_dim=10, activation='relu')"


@pytest.mark.parametrize(
    "content_type",
    [None, "", "application/json", "application/x-www-form-urlencoded", "text/plain", "application/vnd.model+json"],
)
def test_document_is_read_by_content(client, content_type):
    response = client.post("/v1/analyze", data=json.dumps(TINY), content_type=content_type)
    assert response.status_code == 200
    assert response.json == analyze(TINY)


@pytest.mark.parametrize("content_type", [None, "text/plain", "text/x-python", "application/x-www-form-urlencoded"])
def test_code_is_read_by_content(client, content_type):
    response = client.post("/v1/analyze", data=CODE, content_type=content_type)
    assert response.json["totals"]["params"] == 110


@pytest.mark.parametrize("enclosed", [json.dumps(TINY), CODE])
def test_a_file_in_base64_is_read_bare_or_in_an_envelope(client, enclosed):
    document = {"b64": base64.b64encode(enclosed.encode()).decode()}
    found = client.post("/v1/analyze", json=document)
    assert found.status_code == 200
    assert found.json["totals"] == client.post("/v1/analyze", json={"model": document}).json["totals"]
    twice = {"b64": base64.b64encode(json.dumps(document).encode()).decode()}
    assert [client.post("/v1/analyze", json=one).status_code for one in (twice, {"model": twice})] == [422, 422]


def test_counts_of_other_tools_arithmetic_and_roofline(client):
    options = {"conventions": ["fvcore", "tf"], "explain": True, "device": "h100"}
    expected = analyze(TINY, **options)
    inside = client.post("/v1/analyze", json={"model": TINY, **options}).json
    assert inside == analyze(TINY, **options, path=("model",))
    query = "/v1/analyze?conventions=fvcore,tf&explain=1&device=h100"
    assert client.post(query, json=TINY).json == expected
    assert (
        client.post("/v1/analyze?conventions=fvcore&conventions=tf&explain=true&device=h100", json=TINY).json
        == expected
    )
    own = {"peak_flops": 1e12, "bandwidth": 1e11}
    given = client.post("/v1/analyze", json={"model": TINY, "device": own}).json
    assert given["roofline"] == analyze(TINY, device="1e12,1e11")["roofline"]
    text = client.post(f"{query}&columns=name,fvcore,bound", json=TINY, headers={"Accept": "text/plain"}).text
    assert "Layer" in text
    assert "Bound by" in text
    assert "From fvcore to tf" in text
    table = client.post(f"{query}&columns=name,fvcore", json=TINY, headers={"Accept": "text/csv"}).text
    assert table.splitlines()[0] == "name,fvcore"
    for query, words in (
        ("conventions=nope", "no convention"),
        ("device=x", "Expected one of"),
        ("columns=x", "no column"),
    ):
        answer = client.post(f"/v1/analyze?{query}", json=TINY, headers={"Accept": "text/csv"})
        assert answer.status_code == 422
        assert answer.json["errors"][0]["parameter"] == query.partition("=")[0]
        assert words in answer.json["errors"][0]["detail"]
    pointed = client.post("/v1/analyze", json={"model": TINY, "conventions": ["nope"]}).json["errors"][0]
    assert pointed["pointer"] == "/conventions"


def test_what_counts_and_what_bounds_are_listed(client):
    conventions = client.get("/v1/conventions").json["conventions"]
    assert [one["name"] for one in conventions] == list(CONVENTIONS)
    assert all(rule["source"] for one in conventions for rule in one["rules"])
    assert {one["name"] for one in client.get("/v1/devices").json["devices"]} == set(DEVICES)


def test_envelope_and_query(client):
    response = client.post("/v1/analyze", json={"model": TINY, "batch_size": 4})
    assert response.json["batch_size"] == 4
    response = client.post("/v1/analyze?batch_size=5&input_shape=9,9,1", json=TINY)
    assert response.json["inputs"][0]["shape"] == [5, 9, 9, 1]
    two = {"inputs": [{"name": "a"}, {"name": "b"}], "layers": [{"type": "Concatenate", "inputs": ["a", "b"]}]}
    response = client.post("/v1/analyze?input_shape=a:3&input_shape=b:4", json=two)
    assert response.json["outputs"][0]["shape"] == [None, 7]
    response = client.post("/v1/analyze", json={"model": {"layers": [{"type": "Nope"}]}})
    assert response.json["errors"][0]["pointer"] == "/model/layers/0/type"


def test_vgg16_as_keras_wrote_it(client):
    text, expected = oracle.app("VGG16")
    response = client.post("/v1/analyze", data=text)
    assert response.json["totals"]["params"] == expected["total_params"]


@pytest.mark.parametrize(
    ("accept", "media", "start"),
    [
        (None, "application/json", '{"version"'),
        ("*/*", "application/json", '{"version"'),
        ("application/json", "application/json", '{"version"'),
        ("text/plain", "text/plain", "tiny (stack)"),
        ("text/markdown", "text/markdown", "### tiny"),
        ("text/csv", "text/csv", "name,type,inputs,output_shape"),
        ("text/csv;q=0.5, text/markdown", "text/markdown", "### tiny"),
        ("image/png", "application/json", '{"version"'),
    ],
)
def test_report_comes_as_accepted(client, accept, media, start):
    response = client.post("/v1/analyze", json=TINY, headers={"Accept": accept} if accept else {})
    assert response.mimetype == media
    assert response.text.startswith(start)


def test_forward(client):
    request = {
        **FORWARD,
        "weights": {"kernel": [[1, 2], [3, 4], [5, 6]], "bias": [0, 1]},
        "expected": [[[22, 29]]],
        "stats": True,
        "return_layers": ["d"],
    }
    response = client.post("/v1/forward", json=request)
    body = response.json
    assert body["outputs"] == [{"name": "d", "shape": [1, 2], "datatype": "FP32", "data": [[22.0, 29.0]]}]
    assert body["verified"] is True
    assert body["comparison"]["passed"] is True
    assert body["layers"][0]["max"] == 29.0
    assert body["returned_layers"]["d"]["data"] == [[22.0, 29.0]]
    assert client.post("/v1/forward", json={"model": CODE, "inputs": {"seed": 1}}).json["verified"] is True


PROBLEMS = [
    # method, path, body, status, pointer or parameter, words
    ("POST", "/v1/analyze", "", 411, None, "Content-Length"),
    ("POST", "/v1/analyze", " ", 400, None, "body is empty"),
    ("POST", "/v1/analyze", "{", 400, None, "line 1, column 2"),
    ("POST", "/v1/analyze", "{'a': 1}", 400, None, "Not JSON"),
    ("POST", "/v1/analyze", '{"layers": [NaN]}', 400, "", "NaN"),
    ("POST", "/v1/analyze", '{"a": ' * 100_000, 400, "", "nested too deeply"),
    ("POST", "/v1/analyze", '{"input_shape": [' + "9" * 5000 + "]}", 422, "/input_shape/0", "LAYERCALC_MAX_INTEGER_DIGITS"),
    ("POST", "/v1/analyze", b"\xff\xfe{", 400, "", "Not UTF-8"),
    ("POST", "/v1/analyze", "hello world", 400, None, "Neither JSON nor Keras code"),
    ("POST", "/v1/analyze", "[]", 422, "", "a stack"),
    ("POST", "/v1/analyze", "3", 422, "", "received 3"),
    ("POST", "/v1/analyze", "{}", 422, "", "a stack"),
    ("POST", "/v1/analyze", '{"model": 3}', 422, "/model", "received 3"),
    ("POST", "/v1/analyze", '{"model": {}, "modell": 3}', 422, "/modell", "'model'"),
    ("POST", "/v1/analyze?batchsize=3", json.dumps(TINY), 422, "batchsize", "'batch_size'"),
    ("POST", "/v1/analyze?batch_size=x", json.dumps(TINY), 422, "batch_size", "at least 1"),
    ("POST", "/v1/analyze?input_shape=3a,b", json.dumps(TINY), 422, "input_shape", "28,28,1"),
    ("POST", "/v1/forward", json.dumps(TINY), 422, "/layers", "no key 'layers'"),
    ("POST", "/v1/forward", "3", 422, "", '"model"'),
    ("POST", "/v1/forward", json.dumps({**FORWARD, "rtol": "x"}), 422, "/rtol", 'received "x"'),
    ("POST", "/v1/forward", json.dumps({**FORWARD, "stats": 1}), 422, "/stats", "true or false"),
    ("POST", "/v1/forward", json.dumps({**FORWARD, "return_layers": 3}), 422, "/return_layers", "list of names"),
    ("POST", "/v1/forward", json.dumps({"model": FORWARD["model"]}), 422, "", "'inputs' is required"),
    ("POST", "/v1/forward", json.dumps({**FORWARD, "inputs": [[[1, 2]]]}), 422, "/inputs/0", "[batch, 3]"),
    ("GET", "/v1/analyze", None, 405, None, "GET is not allowed here; send POST."),
    ("GET", "/v1/layers/Conv2d", None, 404, None, "'Conv2D'"),
    ("GET", "/nothing", None, 404, None, "/docs describes every route"),
    ("POST", "/v1/analyse", "{}", 404, None, "Did you mean '/v1/analyze'?"),
    ("POST", "/v1/analyze", '{"layers": [], "output": ["a"]}', 422, "/output", "Did you mean 'outputs'?"),
    ("POST", "/v1/diff", '{"before": {}}', 422, "", "'after' is required: a model, or an earlier report."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "place", "words"), PROBLEMS, ids=lambda value: str(value)[:40]
)
def test_problem(client, method, path, body, status, place, words):
    response = client.open(path, method=method, data=body)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    problem = response.json
    assert {"type", "title", "status", "detail", "instance"} <= set(problem)
    assert problem["status"] == status
    assert problem["instance"] == path.partition("?")[0]
    text = " ".join([problem["detail"], *(error["detail"] for error in problem.get("errors", []))])
    assert words in text
    assert "Traceback" not in response.text
    if place is not None:
        assert place in {error.get("pointer", error.get("parameter")) for error in problem["errors"]}


def test_shape_fault_carries_the_rows_so_far(client):
    document = {**TINY, "layers": [*TINY["layers"][:1], {"type": "MaxPooling2D", "pool_size": 99}]}
    problem = client.post("/v1/analyze", json=document).json
    assert [row["name"] for row in problem["layers"]] == ["conv2d"]
    assert problem["type"] == "urn:layercalc:problem:invalid-model"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/xml"}, 415),
        ({"Content-Type": "image/png"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
    ],
)
def test_media_that_are_not_read(client, headers, status):
    response = client.post("/v1/analyze", data=json.dumps(TINY), headers=headers)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"


def test_limits_are_named(client):
    small = create_app(Limits(max_body_bytes=100, max_layers=1)).test_client()
    response = small.post("/v1/analyze", data=b" " * 101)
    assert response.status_code == 413
    assert "LAYERCALC_MAX_BODY_BYTES" in response.json["detail"]
    response = small.post("/v1/analyze", data='{"layers":[{"type":"ReLU"},{"type":"ReLU"}],"input_shape":[3]}')
    assert response.status_code == 422
    assert "LAYERCALC_MAX_LAYERS" in response.json["detail"]


def test_an_error_of_ours_is_a_500_without_a_traceback(client, monkeypatch, caplog):
    monkeypatch.setattr("layercalc.verbs.analyze_json", lambda *_, **__: 1 / 0)
    response = client.post("/v1/analyze", json=TINY)
    assert response.status_code == 500
    assert response.mimetype == "application/problem+json"
    assert "ZeroDivision" not in response.text
    assert "ZeroDivision" in caplog.text


def test_catalogue(client):
    listed = client.get("/v1/layers").json["layers"]
    assert {"Conv2D", "Dense", "LSTM"} <= {item["type"] for item in listed}
    entry = client.get("/v1/layers/MaxPool2D").json
    assert entry["type"] == "MaxPooling2D"
    assert entry["fields"][0] == {
        "name": "pool_size",
        "required": False,
        "schema": entry["fields"][0]["schema"],
        "default": 2,
    }
    for item in listed:
        assert item["description"]
        assert client.get(f"/v1/layers/{item['type']}").status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes(client, path):
    assert client.get(path).json["status"] == "ok"


def test_docs_come_from_the_package(client):
    for path in ("/docs", "/docs/", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"):
        with client.get(path) as response:
            assert response.status_code == 200, path
    with client.get("/docs/") as response:
        page = response.text.replace("http://localhost/", "/")
    assert not re.search("https?://", page)
    assert client.get("/openapi.yaml").mimetype == "application/yaml"


@pytest.mark.parametrize("text", ["maybe", "", "yes", "2"])
def test_what_is_no_truth_is_refused(client, text):
    for query, option in ((f"analyze?explain={text}", "explain"), (f"check?max_params=1M&strict={text}", "strict")):
        answer = client.post(f"/v1/{query}", json=TINY)
        assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, option)
