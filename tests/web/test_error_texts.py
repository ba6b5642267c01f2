"""Errors as text: for who accepts text/plain what is wrong, where, what would fit, then the table so far; same status."""

import json

import pytest

from layercalc.amounts import shape_text
from tests.command import run

BROKEN = {
    "name": "net",
    "input_shape": [8, 8, 3],
    "layers": [
        {"type": "Conv2D", "filters": 4, "kernel_size": 3, "name": "first"},
        {"type": "Conv2D", "filters": 4, "kernel_size": 9, "name": "second"},
        {"type": "Flatten"},
    ],
}
TEXT = {"Accept": "text/plain"}


def table_so_far(text):
    """The rows of the table: what begins with the name of a layer."""
    return [line.split()[0] for line in text.splitlines() if line.startswith(("  first", "  second", "  flatten"))]


@pytest.mark.parametrize(
    ("route", "body", "where"),
    [
        ("/v1/analyze", BROKEN, "/layers/1/kernel_size"),
        ("/v1/analyze", {"model": BROKEN}, "/model/layers/1/kernel_size"),
        ("/v1/check", {"model": BROKEN, "budgets": [{"metric": "params", "max": 1}]}, "/model/layers/1/kernel_size"),
        ("/v1/diff", {"before": BROKEN, "after": BROKEN}, "/before/layers/1/kernel_size"),
        ("/v1/forward", {"model": BROKEN, "inputs": {"seed": 1}}, "/model/layers/1/kernel_size"),
    ],
)
def test_a_shape_fault_is_text_with_the_rows_before_it(client, route, body, where):
    problem = client.post(route, json=body)
    answer = client.post(route, json=body, headers=TEXT)
    assert (answer.status_code, answer.mimetype) == (problem.status_code, "text/plain") == (422, "text/plain")
    (fault,) = problem.json["errors"]
    first, second, *_ = answer.text.splitlines()
    assert first == f"{problem.json['title']}:"
    assert second == f"  {where}: {fault['detail']}"
    assert table_so_far(answer.text) == ["first"]
    assert shape_text([None, 6, 6, 4]) in answer.text
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "said"),
    [
        ("POST", "/v1/analyze", {"data": "{"}, 400, "line 1, column 2"),
        ("POST", "/v1/analyze", {"data": "x = Dense(3, unit=4)"}, 422, "line 1, column"),
        ("POST", "/v1/analyze?colour=1", {"json": BROKEN}, 422, "colour: "),
        ("POST", "/v1/analyze", {"data": b"\\xff", "content_type": "image/png"}, 415, ""),
        ("GET", "/v1/analyse", {}, 404, "/v1/analyze"),
        ("GET", "/v1/analyze", {}, 405, "POST"),
        ("GET", "/v1/layers/Dens", {}, 404, "Dense"),
    ],
)
def test_every_other_error_is_text_too(client, method, path, more, status, said):
    answer = client.open(path, method=method, headers=TEXT, **more)
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")
    assert said in answer.text
    assert answer.text.endswith("\n")
    assert "{" not in answer.text.splitlines()[0]
    assert client.open(path, method=method, **more).mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "accept",
    [None, "*/*", "application/json", "text/plain, application/json", "application/problem+json", "text/html, */*;q=0.1",
     "application/json, text/plain;q=0.5", "text/markdown", "image/png", "nonsense", ""],
)  # fmt: skip
def test_who_takes_json_as_gladly_gets_the_problem(client, accept):
    headers = {} if accept is None else {"Accept": accept}
    answer = client.post("/v1/analyze", json=BROKEN, headers=headers)
    assert answer.mimetype == "application/problem+json"
    assert answer.json["layers"][0]["name"] == "first"


@pytest.mark.parametrize(
    "arguments",
    [("analyze", "net.json"), ("forward", "net.json"), ("diff", "net.json", "net.json"),
     ("check", "net.json", "--max-params", "1")],
)  # fmt: skip
def test_the_command_line_prints_the_table_with_the_error(arguments, tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(BROKEN))
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "/layers/1/kernel_size: " in done.stderr
    assert table_so_far(done.stderr) == ["first"]
    (tmp_path / "net.json").write_text("{")
    assert len(run(*arguments, cwd=tmp_path).stderr.splitlines()) == 2
