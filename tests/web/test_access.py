"""Who may ask, and how often, through the application."""

import json
import re

import pytest

from layercalc.keys import BadKeys, new_key, read_keys
from layercalc.limits import Limits
from layercalc.settings import Settings
from layercalc.web import create_app
from layercalc.web.access import reload

TINY = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}
PROBES = ["/livez", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready"]


def application(**settings):
    return create_app(Limits(), settings=Settings(**settings))


@pytest.fixture
def keys(tmp_path):
    """A file with two keys, and the keys."""
    made = {name: new_key(name) for name in ("ci", "ops@example.org")}
    path = tmp_path / "keys"
    path.write_text("# who may ask\n\n" + "".join(f"{line}\n" for _, line in made.values()))
    return path, {name: key for name, (key, _) in made.items()}


def test_a_key_is_long_random_and_stored_as_a_hash_only():
    key, line = new_key("ci")
    assert re.fullmatch(r"lck_[A-Za-z0-9_-]{43}", key)
    assert re.fullmatch(r"ci:sha256:[0-9a-f]{64}", line)
    assert key[4:] not in line
    assert new_key("ci")[0] != key


@pytest.mark.parametrize("name", ["", "a b", "a:b", "-a", "a\nb", "é", "a" * 65])
def test_a_name_that_cannot_stand_in_the_file_is_refused(name):
    with pytest.raises(ValueError, match="A name has letters"):
        new_key(name)


GOOD = f"ci:sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no key"),
        ("# nothing\n", "holds no key"),
        (f"{GOOD}\nlck_secretsecretsecret\n", "line 2: expected name:sha256:"),
        (f"ci:sha256:{'0' * 63}", "line 1"),
        (f"ci:sha256:{'g' * 64}", "line 1"),
        (f"ci:md5:{'0' * 64}", "line 1.*'md5'"),
        (f":sha256:{'0' * 64}", "line 1"),
        (f"a b:sha256:{'0' * 64}", "line 1"),
        (b"\xff\xfe", "not UTF-8"),
        (None, "No such file"),
    ],
)
def test_a_broken_file_says_where_and_what_and_never_repeats_a_key(tmp_path, text, message):
    path = tmp_path / "keys"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadKeys, match=message) as error:
        read_keys(path)
    assert "secret" not in str(error.value)
    if text is not None:
        with pytest.raises(SystemExit, match=r"LAYERCALC_API_KEYS_FILE: .*keys"):
            application(api_keys_file=path)


def test_a_name_may_have_two_keys_while_one_is_replaced(tmp_path):
    path = tmp_path / "keys"
    made = [new_key("ci") for _ in range(2)]
    path.write_text("\n".join(line for _, line in made))
    client = application(api_keys_file=path).test_client()
    for key, _ in made:
        assert client.post("/v1/analyze", json=TINY, headers={"X-API-Key": key}).status_code == 200


@pytest.mark.parametrize("name", ["ci", "ops@example.org"])
@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER  {} "])
def test_a_key_opens_as_bearer_token_and_as_header(keys, name, form):
    path, known = keys
    client = application(api_keys_file=path).test_client()
    for headers in ({"Authorization": form.format(known[name])}, {"X-API-Key": known[name]}):
        assert client.post("/v1/analyze", json=TINY, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "detail", "challenge"),
    [
        ({}, "An API key is needed", 'Bearer realm="layercalc"'),
        ({"Authorization": "Basic YTpi"}, "An API key is needed", 'Bearer realm="layercalc"'),
        ({"Authorization": "Bearer "}, "An API key is needed", 'Bearer realm="layercalc"'),
        ({"X-API-Key": "lck_no"}, "not known", 'Bearer realm="layercalc", error="invalid_token"'),
        ({"Authorization": "Bearer lck_no"}, "not known", 'Bearer realm="layercalc", error="invalid_token"'),
        ({"X-API-Key": "ci"}, "not known", 'Bearer realm="layercalc", error="invalid_token"'),
        ({"X-API-Key": "\udcff\xe9"}, "not known", 'Bearer realm="layercalc", error="invalid_token"'),
    ],
)
@pytest.mark.parametrize("path", ["/v1/analyze", "/v1/layers", "/v1/limits", "/v2", "/nowhere"])
def test_without_a_known_key_it_is_401_with_a_challenge(keys, headers, detail, challenge, path):
    client = application(api_keys_file=keys[0]).test_client()
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert detail in answer.json["detail"]
    assert answer.json["type"] == "urn:layercalc:problem:unauthorized"
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert answer.headers["WWW-Authenticate"] == challenge


@pytest.mark.parametrize("path", [*PROBES, "/docs/", "/openapi.json", "/openapi.yaml"])
def test_probes_and_documentation_need_no_key(keys, path):
    assert application(api_keys_file=keys[0]).test_client().get(path).status_code == 200


def test_keys_are_read_again_and_a_broken_file_keeps_the_old_ones(keys, caplog):
    path, known = keys
    app = application(api_keys_file=path)
    caplog.set_level("INFO")

    def status(key):
        return app.test_client().get("/v1/limits", headers={"X-API-Key": key}).status_code

    key, line = new_key("new")
    assert status(key) == 401
    path.write_text("broken")
    reload(app)
    assert status(known["ci"]) == 200
    assert "API keys stay as they were" in caplog.text
    path.write_text(line)
    reload(app)
    assert (status(key), status(known["ci"])) == (200, 401)
    path.unlink()
    reload(app)
    assert status(key) == 200


def test_a_rate_is_counted_by_address_over_all_routes_and_says_when_to_come_again():
    client = application(rate_limit="3/minute").test_client()
    answers = [client.get(path) for path in ("/v1/limits", "/v1/layers", "/v1/devices", "/v1/limits")]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["RateLimit-Remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert {one.headers["RateLimit-Limit"] for one in answers} == {"3"}
    assert {one.headers["RateLimit-Policy"] for one in answers} == {"3;w=60"}
    last = answers[-1]
    assert last.mimetype == "application/problem+json"
    assert last.json["type"] == "urn:layercalc:problem:rate-limit-exceeded"
    assert "3 per 1 minute (LAYERCALC_RATE_LIMIT)" in last.json["detail"]
    assert 1 <= int(last.headers["Retry-After"]) <= 60
    assert last.headers["Retry-After"] == last.headers["RateLimit-Reset"]
    assert "Retry-After" not in answers[0].headers
    other = client.get("/v1/limits", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert other.status_code == 200


ANSWERS = [
    ("GET", "/nowhere", 404),
    ("GET", "/v2/models/nobody", 404),
    ("DELETE", "/v1/analyze", 405),
    ("POST", "/livez", 405),
    ("POST", "/v1/analyze", 411),
    ("POST", "/v1/analyze", 415),
    ("OPTIONS", "/v1/analyze", 200),
    ("OPTIONS", "/nowhere", 404),
    ("HEAD", "/v1/layers", 200),
    ("GET", "/docs/", 200),
    ("GET", "/docs/swagger-ui.css", 200),
    ("GET", "/docs/no-such-file", 404),
    ("GET", "/openapi.json", 200),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_but_a_probe_counts_under_the_rate(method, path, status):
    client = application(rate_limit="2/hour").test_client()
    more = {"data": b"x", "content_type": "image/png"} if status == 415 else {}
    answers = [client.open(path, method=method, buffered=True, **more) for _ in range(3)]
    assert [one.status_code for one in answers] == [status, status, 429]
    assert [one.headers["RateLimit-Remaining"] for one in answers] == ["1", "0", "0"]
    assert client.get("/v1/limits").status_code == 429


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in ANSWERS])
def test_keys_that_are_guessed_count_for_their_address_on_every_route(keys, method, path):
    path_of_keys, known = keys
    client = application(api_keys_file=path_of_keys, rate_limit="3/hour").test_client()
    wrong = [{"X-API-Key": f"lck_{n}"} for n in range(5)]
    guessed = [client.open(path, method=method, headers=one, buffered=True).status_code for one in wrong]
    assert 429 not in guessed[:3]
    assert guessed[3:] == [429, 429]
    good = {"X-API-Key": known["ci"]}
    assert client.get("/v1/limits", headers=good).status_code == 200  # counted by itself


def test_several_rates_hold_together():
    client = application(rate_limit="2/second;3/hour").test_client()
    assert 429 in [client.get("/v1/limits").status_code for _ in range(4)]


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("2001:db8::1", "2001:db8::2", True),  # a household has a /64
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),  # a Unix socket
    ],
)
def test_addresses_of_one_client_share_a_rate(first, second, shared):
    client = application(rate_limit="1/hour").test_client()
    assert client.get("/v1/limits", environ_overrides={"REMOTE_ADDR": first}).status_code == 200
    again = client.get("/v1/limits", environ_overrides={"REMOTE_ADDR": second})
    assert again.status_code == (429 if shared else 200)


def test_a_rate_goes_by_key_where_there_is_one_and_refused_keys_count_for_their_address(keys):
    path, known = keys
    client = application(api_keys_file=path, rate_limit="2/hour").test_client()
    for key in known.values():
        statuses = [client.get("/v1/limits", headers={"X-API-Key": key}).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
    assert [client.get("/v1/limits").status_code for _ in range(3)] == [401, 401, 429]


@pytest.mark.parametrize("path", PROBES)
def test_probes_are_never_limited(path):
    client = application(rate_limit="1/hour").test_client()
    answers = [client.get(path) for _ in range(4)]
    assert {one.status_code for one in answers} == {200}
    assert "RateLimit-Limit" not in answers[0].headers


def test_an_unreachable_redis_neither_fails_nor_hangs_a_request_and_is_counted(caplog):
    app = application(rate_limit="2/hour", rate_limit_storage="redis://127.0.0.1:1")
    client = app.test_client()

    def failures():
        found = re.search(r"storage_failures_total (\d+)", client.get("/metrics").get_data(as_text=True))
        return int(found[1])

    before = failures()
    assert [client.get("/v1/limits").status_code for _ in range(3)] == [200, 200, 429]  # this process counts alone
    assert "falling back to in-memory" in caplog.text
    assert failures() == before + 1


def test_what_is_not_configured_is_not_there():
    app = create_app(Limits())
    answer = app.test_client().post("/v1/analyze", data=json.dumps(TINY))
    assert not {"RateLimit-Limit", "WWW-Authenticate", "Access-Control-Allow-Origin"} & set(answer.headers.keys())
