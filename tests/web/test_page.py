"""`/`: the page for browsers, the list of routes for everybody else, and what either may do."""

import gzip
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
    assert client.get("/page/app.js").status_code == 404  # which is there otherwise


@pytest.mark.parametrize("accept", [BROWSER, "text/html", "text/html;q=0.9, application/json;q=0.5"])
def test_browsers_get_the_page(client, accept):
    answer = client.get("/", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "Accept" in answer.headers["Vary"]
    for path in re.findall(r'(?:src|href)="(page/[^"]+)"', answer.text):
        part = client.get(f"/{path}")
        assert part.status_code == 200
        assert part.mimetype in ("text/javascript", "text/css", "image/svg+xml")
        again = client.get(f"/{path}", headers={"If-None-Match": part.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_page_may_load_its_own_files_and_nothing_else(client):
    answer = client.get("/", headers={"Accept": BROWSER})
    (policy,) = answer.headers.getlist("Content-Security-Policy")
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == allowed["frame-ancestors"] == allowed["form-action"] == "'none'"
    for kind in ("script-src", "style-src", "connect-src", "worker-src"):
        assert allowed[kind] == "'self'"
    assert allowed["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "<script>" not in answer.text
    assert "default-src 'none'" in client.get("/page/layout.js").headers["Content-Security-Policy"]


def test_files_are_sent_small_to_who_takes_gzip(client):
    plain, zipped = (client.get("/page/app.js", headers={"Accept-Encoding": how}) for how in ("identity", "gzip, br"))
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert len(zipped.data) < len(plain.data) / 2
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in zipped.headers["Vary"]


@pytest.mark.parametrize("name", ["index.html", "sources.sha256", "..%2fpage.py", "%2e%2e/page.py", "nothing.js", ""])
def test_nothing_but_its_files_is_sent(client, name):
    assert client.get(f"/page/{name}").status_code == 404


def test_page_and_its_files_need_no_key(keyed):
    assert keyed.get("/", headers={"Accept": BROWSER}).mimetype == "text/html"
    assert keyed.get("/page/app.js").status_code == 200
    assert keyed.post("/v1/analyze", json={}).status_code == 401
