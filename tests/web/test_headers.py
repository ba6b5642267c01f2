"""Security headers, CORS, and what is believed of a proxy."""

import base64
import hashlib
import re

import pytest

from layercalc.keys import new_key
from layercalc.limits import Limits
from layercalc.settings import Settings
from layercalc.web import create_app


def client_of(**settings):
    return create_app(Limits(), settings=Settings(**settings)).test_client()


@pytest.mark.parametrize(
    "path", ["/v1/layers", "/nowhere", "/livez", "/docs/", "/openapi.yaml", "/docs/swagger-ui.css"]
)
def test_every_answer_has_the_security_headers_once(path):
    answer = client_of().get(path)
    for name, value in {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
    }.items():
        assert answer.headers.getlist(name) == [value]
    (policy,) = answer.headers.getlist("Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "Strict-Transport-Security" not in answer.headers
    answer.close()


def test_the_page_of_swagger_ui_may_run_its_own_script_and_no_other():
    answer = client_of().get("/docs/")
    policy = answer.headers["Content-Security-Policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", answer.get_data(as_text=True), re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


def test_hsts_is_sent_where_it_is_set():
    assert client_of(hsts_seconds=300).get("/livez").headers["Strict-Transport-Security"] == "max-age=300"


ORIGINS = ("https://app.example.org", "http://[::1]:3000")


@pytest.mark.parametrize(
    ("configured", "origin", "allowed"),
    [
        ((), "https://app.example.org", None),
        (ORIGINS, "https://app.example.org", "https://app.example.org"),
        (ORIGINS, "http://[::1]:3000", "http://[::1]:3000"),
        (ORIGINS, "https://appxexample.org", None),
        (ORIGINS, "https://app.example.org.evil.net", None),
        (ORIGINS, "http://app.example.org", None),
        (ORIGINS, "null", None),
        (ORIGINS, None, None),
        (("*",), "https://anywhere.net", "*"),
    ],
)
def test_an_origin_is_allowed_if_it_is_named(configured, origin, allowed):
    headers = {"Origin": origin} if origin else {}
    answer = client_of(cors_origins=configured).get("/v1/limits", headers=headers)
    assert answer.status_code == 200
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers
    if allowed:
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert {"X-Request-Id", "Retry-After", "RateLimit-Remaining", "ETag"} <= set(exposed.split(", "))
    if configured == ORIGINS and allowed:
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_preflight_works_with_keys_and_rates_on(tmp_path, method):
    path = tmp_path / "keys"
    path.write_text(new_key("ci")[1])
    client = client_of(cors_origins=ORIGINS, api_keys_file=path, rate_limit="1/hour")
    headers = {
        "Origin": ORIGINS[0],
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type, x-api-key, if-none-match, x-request-id",
    }
    for _ in range(3):
        answer = client.options("/v1/analyze" if method == "POST" else "/v1/limits", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGINS[0]
        allowed = {one.lower() for one in answer.headers["Access-Control-Allow-Headers"].split(", ")}
        assert {"authorization", "content-type", "x-api-key", "if-none-match", "x-request-id"} <= allowed
        assert method in answer.headers["Access-Control-Allow-Methods"]
    refused = client.get("/v1/limits", headers={"Origin": ORIGINS[0]})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, ORIGINS[0])


@pytest.mark.parametrize(
    ("trusted", "forwarded", "counted"),
    [
        (0, "192.0.2.9", "10.0.0.1"),  # the header is the client's own word
        (1, "192.0.2.9", "192.0.2.9"),
        (1, "203.0.113.66, 192.0.2.9", "192.0.2.9"),  # the first is what the client claims
        (2, "203.0.113.66, 192.0.2.9, 10.0.0.7", "192.0.2.9"),
        (2, "192.0.2.9", "10.0.0.1"),  # fewer than there should be: none is believed
        (1, "nonsense", "nonsense"),
    ],
)
def test_as_many_proxies_are_believed_as_there_are(trusted, forwarded, counted, capsys):
    client = client_of(trusted_proxies=trusted)
    client.get("/v1/limits", headers={"X-Forwarded-For": forwarded}, environ_overrides={"REMOTE_ADDR": "10.0.0.1"})
    assert f"client={counted} " in capsys.readouterr().err


def test_a_forwarded_host_is_not_believed():
    answer = client_of(trusted_proxies=1).get("/docs", headers={"X-Forwarded-Host": "evil.net"})
    assert "evil" not in answer.headers.get("Location", "")
