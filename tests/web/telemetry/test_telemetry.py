"""What is noted of a request: its id, its line in the log, its counts, its span."""

import json
import logging
import re
import struct

import pytest

from layercalc.limits import Limits
from layercalc.settings import Settings
from layercalc.web import create_app
from layercalc.web.telemetry import logs, tracing
from layercalc.web.telemetry.metrics import collected

TINY = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}


def client_of(**settings):
    return create_app(Limits(), settings=Settings(**settings)).test_client()


@pytest.fixture
def lines(capsys):
    """The log lines of a form since they were last asked for."""

    def read():
        return capsys.readouterr().err.splitlines()

    return read


@pytest.mark.parametrize(
    "given", ["abc", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "a" * 128, "Root=1-67;x".replace(";", ":")]
)
def test_a_good_request_id_is_kept_in_header_and_problem(given):
    answer = client_of().get("/nowhere", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == answer.json["request_id"] == given


@pytest.mark.parametrize("given", [None, "", "a b", "a" * 129, "é", "a;b", "<script>", '"', "a\tb"])
def test_any_other_is_replaced(given):
    answer = client_of().get("/nowhere", headers={} if given is None else {"X-Request-Id": given})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_a_line_of_json_says_what_was_asked_and_answered(lines):
    body = json.dumps(TINY)
    answer = client_of(log_format="json").post("/v1/analyze?batch_size=3", data=body, headers={"X-Request-Id": "abc"})
    (line,) = map(json.loads, lines())
    assert line.pop("seconds") >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line.pop("timestamp"))
    assert line == {
        "event": "request",
        "level": "info",
        "method": "POST",
        "route": "/v1/analyze",
        "status": 200,
        "bytes_in": len(body),
        "bytes_out": len(answer.data),
        "client": "127.0.0.1",
        "request_id": "abc",
        "layers": 1,
    }


def test_a_refusal_is_named(lines):
    client_of(log_format="json").post("/v1/analyze", data="{")
    (line,) = map(json.loads, lines())
    assert (line["status"], line["refusal"], line["level"]) == (400, "unreadable-document", "info")


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(
    "path",
    [
        "/x%0A2026-01-01T00:00:00Z info request status=200",
        "/x%1B[2J%07",
        "/x%E2%80%A8y",
        "/x%C2%85y",
        "/%22%20level=error",
        "/" + "x" * 5000,
    ],
)
def test_nothing_a_client_sends_makes_a_second_line_or_a_control_character(lines, form, path):
    client_of(log_format=form).get(path)
    (line,) = lines()
    assert line.isprintable()
    assert len(line) < 1000
    if form == "json":
        assert json.loads(line)["level"] == "info"
    else:
        assert re.match(r"\S+ info ", line)


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_fault_of_ours_is_logged_with_its_trace_and_request_and_without_the_body(lines, form, monkeypatch):
    app = create_app(Limits(), settings=Settings(log_format=form))

    def broken():
        raise RuntimeError("one\ntwo\x1b[31m")

    app.add_url_rule("/broken", "broken", broken)
    answer = app.test_client().get("/broken", headers={"X-Request-Id": "abc"}, data="secret" * 3)
    assert (answer.status_code, answer.json["request_id"]) == (500, "abc")
    text = lines()
    assert "secret" not in "".join(text)
    assert "\x1b" not in "".join(text)
    if form == "json":
        fault, line = map(json.loads, text)
        assert fault["request_id"] == line["request_id"] == "abc"
        assert "RuntimeError" in fault["exception"]
        assert line["level"] == "error"
    else:
        assert [one for one in text if not one.startswith("    ")] == [text[0], text[-1]]


@pytest.mark.parametrize(
    ("level", "path", "logged"),
    [
        ("debug", "/livez", True),
        ("info", "/livez", False),
        ("info", "/v1/limits", True),
        ("warning", "/v1/limits", False),
        ("error", "/nowhere", False),
    ],
)
def test_a_level_decides_what_is_logged(lines, level, path, logged):
    client_of(log_level=level).get(path)
    assert any("event" in one or "request" in one for one in lines()) == logged


def test_logs_of_libraries_have_the_same_form(lines):
    client_of(log_format="json")
    logging.getLogger("gunicorn.error").warning("one %s", "two\nthree")
    (line,) = map(json.loads, lines())
    assert (line["event"], line["level"], line["logger"]) == ("one two\nthree", "warning", "gunicorn.error")


def test_a_log_that_cannot_be_written_breaks_no_request(monkeypatch):
    class Full:
        def write(self, _):
            raise OSError(28, "No space left on device")

        def flush(self):
            raise OSError(28, "No space left on device")

    client = client_of()
    monkeypatch.setattr(logs.sys, "stderr", Full())
    assert client.post("/v1/analyze", json=TINY).status_code == 200


def samples(client):
    found = client.get("/metrics").get_data(as_text=True).splitlines()
    return {name: float(value) for name, _, value in (one.rpartition(" ") for one in found if one[0] != "#")}


def test_requests_layers_flops_and_refusals_are_counted():
    client = client_of()
    before = samples(client)
    client.post("/v1/analyze", json={**TINY, "name": "counted"})
    client.post("/v1/forward", json={"model": TINY, "inputs": [[[1, 2, 3, 4, 5, 6, 7, 8]]]})
    client.post("/v1/analyze", data="{")
    after = samples(client)
    grown = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}
    assert grown['layercalc_http_requests_total{method="POST",route="/v1/analyze",status="200"}'] == 1
    assert grown['layercalc_http_requests_total{method="POST",route="/v1/analyze",status="400"}'] == 1
    assert grown['layercalc_http_request_duration_seconds_count{route="/v1/analyze"}'] == 2
    assert grown['layercalc_refusals_total{reason="unreadable-document"}'] == 1
    assert grown["layercalc_layers_analyzed_total"] >= 1
    assert grown["layercalc_forward_flops_total"] == 68
    assert after["layercalc_http_requests_in_flight"] == 1


def test_metrics_have_no_label_that_a_client_can_make_up():
    client = client_of()
    for number in range(20):
        client.get(f"/made/up/{number}")
        client.get(f"/v1/layers/made-up-{number}")
        client.open("/v1/analyze", method=f"MADEUP{number}")
        client.get("/v1/limits", headers={"X-Request-Id": f"made-up-{number}"})
    text = client.get("/metrics").get_data(as_text=True)
    assert "made" not in text.lower().replace("made.", "")
    assert 'route="/v1/layers/<name>",status="404"' in text
    assert 'route="unmatched",status="404"' in text
    assert 'method="other"' in text


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0"),
        ("text/html", "text/plain; version=0.0.4; charset=utf-8"),
    ],
)
def test_a_scraper_gets_the_format_it_accepts(accept, media):
    answer = client_of().get("/metrics", headers={"Accept": accept} if accept else {})
    assert answer.content_type.startswith(media)
    assert "layercalc_build_info{" in answer.get_data(as_text=True)


def test_probes_say_when_something_is_missing(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    client = client_of(models=models)
    assert client.get("/readyz").status_code == 200
    models.rmdir()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["type"]) == (503, "urn:layercalc:problem:not-ready")
    assert "LAYERCALC_MODELS" in answer.json["detail"]
    assert client.get("/v2/health/ready").json["ready"] is False
    assert client.get("/livez").status_code == 200


@pytest.fixture
def spans(monkeypatch):
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(tracing, "provider", lambda process: provider)
    yield exporter.get_finished_spans
    provider.shutdown()


def test_a_request_is_a_span_of_its_caller(spans, lines):
    client = client_of(log_format="json")
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    client.post("/v1/analyze", json=TINY, headers={"traceparent": f"00-{trace}-{parent}-01", "X-Request-Id": "abc"})
    client.get("/livez")
    (span,) = spans()
    assert (span.name, span.kind.name) == ("POST /v1/analyze", "SERVER")
    assert format(span.context.trace_id, "032x") == trace
    assert format(span.parent.span_id, "016x") == parent
    assert span.attributes["http.response.status_code"] == 200
    assert span.attributes["http.route"] == "/v1/analyze"
    assert span.attributes["layercalc.request_id"] == "abc"
    assert json.loads(lines()[0])["trace_id"] == trace


def test_a_refused_request_has_its_reason_and_a_broken_one_its_error(spans):
    app = create_app(Limits())
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    client = app.test_client()
    client.post("/v1/analyze", data="{")
    client.get("/broken")
    refused, broken = spans()
    assert refused.attributes["error.type"] == "unreadable-document"
    assert refused.status.status_code.name == "UNSET"
    assert broken.status.status_code.name == "ERROR"


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_traces_are_off_unless_an_endpoint_is_named(monkeypatch, environment, wanted):
    for name in (*tracing.ENDPOINTS, "OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert tracing.wanted() == wanted


def test_traces_that_are_not_installed_are_said_at_once(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry", None)
    with pytest.raises(SystemExit, match=r"OTEL_EXPORTER_OTLP_ENDPOINT asks for traces; install opentelemetry-sdk and"):
        create_app(Limits())


def test_scrape_waits_for_the_file_of_a_process_that_begins():
    tried = iter([struct.error("no bytes"), struct.error("no bytes"), b"all"])

    def collect():
        found = next(tried)
        if isinstance(found, Exception):
            raise found
        return found

    assert collected(collect) == b"all"
