"""`/`: the page for browsers, the list of routes for everybody else, and what either may do."""

import re

import pytest

from layercalc.keys import new_key
from layercalc.limits import Limits
from layercalc.settings import Settings
from layercalc.web import create_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PROGRAMS = [None, "*/*", "application/json", "application/json, text/html;q=0.9", "text/plain"]


def client_of(**settings):
    return create_app(Limits(), settings=Settings(**settings)).test_client()


@pytest.fixture
def keyed(tmp_path):
    """A service that asks for a key."""
    (tmp_path / "keys").write_text(new_key("ci")[1] + "\n")
    return client_of(api_keys_file=tmp_path / "keys")


@pytest.mark.parametrize("accept", PROGRAMS)
def test_programs_are_told_the_routes(client, accept):
    answer = client.get("/", headers={} if accept is None else {"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert len(answer.data) < 5000
    assert {"POST /v1/analyze", "GET /v1/layers", "GET /livez"} <= answer.json["routes"].keys()
    assert client.get(answer.json["docs"], follow_redirects=True).status_code == 200
    again = client.get(
        "/", headers={"If-None-Match": answer.headers["ETag"], **({} if accept is None else {"Accept": accept})}
    )
    assert again.status_code == 304


def test_every_route_is_on_the_list(client):
    listed = {re.sub(r"\{.*?\}", "*", line) for line in client.get("/").json["routes"]}
    for rule in client.application.url_map.iter_rules():
        if rule.rule.startswith("/v1"):
            path = re.sub("<.*?>", "*", rule.rule).rstrip("/")
            assert {f"{method} {path}" for method in rule.methods - {"HEAD", "OPTIONS"}} <= listed


def test_list_of_routes_needs_no_key_and_what_is_listed_does(keyed):
    assert keyed.get("/").status_code == 200
    assert keyed.get("/v1/layers").status_code == 401


def test_switched_off_everybody_gets_the_list():
    client = client_of(page=0)
    assert client.get("/", headers={"Accept": BROWSER}).mimetype == "application/json"
    assert client.get("/page/app.js").status_code == 404
