"""nginx.conf: read by a real nginx, and requests through it to a real service."""

import http.client
import json
import re

import pytest
import yaml
from scripts import sizing

from layercalc.settings import Settings
from tests.proxy import CONFIGURATION, ask, begun, nginx
from tests.proxy import answer as answered
from tests.service import TINY, running

TEXT = re.sub(r"#.*", "", CONFIGURATION.read_text())
LIMIT = int(re.search(r"client_max_body_size (\d+);", TEXT)[1])


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Nginx and the service behind it."""
    folder = tmp_path_factory.mktemp("nginx")
    with running(trusted_proxies=1, max_body_bytes=LIMIT) as behind, nginx(folder, behind.port) as front:
        yield front, behind


def test_analysis_and_pass_come_through(both):
    front, _ = both
    status, headers, text = ask(front.port, "/v1/analyze", json.dumps(TINY))
    assert (status, json.loads(text)["totals"]["params"]) == (200, 36)
    assert headers["Content-Type"] == "application/json"
    assert headers["Server"] == "nginx"
    assert ask(front.port, "/v1/forward", json.dumps({"model": TINY, "inputs": {"seed": 1}}))[0] == 200
    for path in ("/livez", "/readyz", "/openapi.yaml", "/docs/", "/v1/limits"):
        assert ask(front.port, path)[0] == 200


def test_answer_is_compressed_where_the_client_takes_it(both):
    front, _ = both
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)
    connection.request("GET", "/openapi.yaml", headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.read()) < 100_000
    connection.close()


def test_page_comes_through_as_it_is_sent(both):
    front, behind = both
    for path, accept in (("/", "text/html"), ("/", "*/*"), ("/page/app.js", "*/*"), ("/page/editor.js", "*/*")):
        answers = [ask(port, path, headers={"Accept": accept}) for port in (front.port, behind.port)]
        assert [answer[0] for answer in answers] == [200, 200]
        assert answers[0][2] == answers[1][2]
        for name in ("Content-Type", "Content-Security-Policy", "ETag"):
            assert answers[0][1][name] == answers[1][1][name]


def test_request_id_of_the_client_is_kept_and_one_is_made_where_there_is_none(both):
    front, behind = both
    own = ask(front.port, "/v1/analyze", "{", {"X-Request-Id": "order-66"})
    made = ask(front.port, "/v1/analyze", "{")
    assert own[1]["X-Request-Id"] == "order-66"
    assert re.fullmatch(r"[0-9a-f]{32}", made[1]["X-Request-Id"])
    ids = {own[1]["X-Request-Id"], made[1]["X-Request-Id"]}

    def logged():
        lines = [line for line in front.text().splitlines() if line.startswith("{") and line.endswith("}")]
        return ids <= {json.loads(line)["request_id"] for line in lines}

    behind.wait(logged)  # nginx writes its line after the answer


def test_body_past_the_limit_is_refused_by_nginx_in_the_words_of_the_service(both):
    front, behind = both
    for port in (front.port, behind.port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.putrequest("POST", "/v1/analyze")
        connection.putheader("Content-Length", str(LIMIT + 1))
        connection.endheaders()  # refused before a byte of it is sent
        answer = connection.getresponse()
        problem = json.loads(answer.read())
        connection.close()
        assert (answer.status, problem["status"]) == (413, 413)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert str(LIMIT) in problem["detail"].replace(",", "")
        assert "LAYERCALC_MAX_BODY_BYTES" in problem["detail"]


def test_chunked_body_comes_through_whole(both):
    front, _ = both
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)
    body = json.dumps(TINY).encode() + b" " * 300_000
    parts = [body[i : i + 1000] for i in range(0, len(body), 1000)]
    connection.request("POST", "/v1/analyze", iter(parts), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()


def test_metrics_are_not_for_strangers(both):
    front, _ = both
    status, headers, text = ask(front.port, "/metrics")
    assert (status, json.loads(text)["status"]) == (404, 404)
    assert headers["Content-Type"] == "application/problem+json"
    assert "nginx/" not in text + str(headers)


def test_service_that_is_away_is_said_as_a_problem(tmp_path):
    with nginx(tmp_path, 9) as front:
        status, headers, text = ask(front.port, "/v1/analyze", json.dumps(TINY))
        assert (status, json.loads(text)["status"], headers["Retry-After"]) == (502, 502, "2")
        assert ask(front.port, "/nginx-health")[0] == 200


def test_addresses_behind_nginx_are_told_apart(tmp_path):
    """X-Forwarded-For says who asked; what a client itself claims in it changes nothing."""
    with running(trusted_proxies=1, rate_limit="2/minute", workers=1) as behind, nginx(tmp_path, behind.port) as front:

        def status(source, claim=""):
            body = json.dumps(TINY).encode()
            connection = begun(front.port, body, len(body), source, headers=claim)
            with connection:
                return answered(connection)[0]

        claims = [f"X-Forwarded-For: 10.0.0.{n}\r\n" for n in range(3)]
        assert [status("127.0.0.1", claim) for claim in claims] == [200, 200, 429]
        assert status("127.0.0.2") == 200
        assert status("127.0.0.1") == 429


def test_numbers_fit_those_of_the_service():
    compose = yaml.safe_load((CONFIGURATION.parent / "compose.yaml").read_text())["services"]["layercalc"][
        "environment"
    ]
    host = sizing.settings_in((CONFIGURATION.parent / "layercalc.env").read_text())
    assert LIMIT == compose["LAYERCALC_MAX_BODY_BYTES"] == int(host["LAYERCALC_MAX_BODY_BYTES"])
    assert f"larger than {LIMIT} bytes" in TEXT
    seconds = {name: int(text) for name, text in re.findall(r"(\w+) (\d+)s;", TEXT)}
    assert Settings().keepalive_seconds > int(re.findall(r"keepalive_timeout (\d+)s", TEXT)[-1])
    longest = int(sizing.SETTINGS["LAYERCALC_MAX_FORWARD_SECONDS"]) + int(sizing.SETTINGS["LAYERCALC_MAX_READ_SECONDS"])
    assert seconds["proxy_read_timeout"] > 2 * longest
    assert f"longer than {seconds['proxy_read_timeout']} seconds" in TEXT
    (places,) = re.findall(r"limit_conn address (\d+);\n    limit_conn_status", TEXT)
    assert f"has {places} requests under way; the limit is {places}" in TEXT
    assert int(re.search(r"worker_rlimit_nofile (\d+)", TEXT)[1]) >= 2 * int(
        re.search(r"worker_connections (\d+)", TEXT)[1]
    )
    assert CONFIGURATION.name in (CONFIGURATION.parent / "compose.yaml").read_text()
