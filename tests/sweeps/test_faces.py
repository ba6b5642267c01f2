"""A sweep over HTTP and on the command line: the same answer, formats, places of faults, exit codes."""

import csv
import io
import json

import pytest

from layercalc import sweep
from layercalc.web import create_app
from tests.command import run

MODEL = {
    "input_shape": [{"$": "hw"}, {"$": "hw"}, 3],
    "layers": [
        {"type": "Conv2D", "filters": {"$": "2*w"}, "kernel_size": {"$": "k"}, "activation": {"$": "act"}},
        {"repeat": {"$": "depth"}, "layers": [{"type": "Conv2D", "filters": {"$": "w"}, "kernel_size": 3}]},
        {"type": "GlobalAveragePooling2D"},
        {"type": "Dense", "units": 10},
    ],
}
SPACE = {"hw": [4, 32], "w": {"from": 8, "to": 24, "step": 8}, "k": [3, 5], "act": ["relu", "gelu"], "depth": [0, 2]}
REQUEST = {"model": MODEL, "space": SPACE}


@pytest.fixture(scope="module")
def client():
    return create_app().test_client()


def posted(client, body=REQUEST, query="", **headers):
    text = json.dumps(body)  # Flask's own client puts the keys in another order
    return client.post(f"/v1/sweep{query}", data=text, content_type="application/json", headers=headers)


def test_http_is_python(client):
    answer = posted(client, {**REQUEST, "best": {"min": "flops"}, "limit": 5})
    assert answer.status_code == 200
    assert answer.json == sweep(MODEL, SPACE, best={"min": "flops"}, limit=5, path=("model",))
    assert (answer.json["count"], answer.json["valid"], len(answer.json["rows"])) == (48, 30, 5)
    assert [one["pointer"] for one in answer.json["refused"]] == [
        "/model/layers/0/kernel_size",
        "/model/layers/1/layers/0/kernel_size",
    ]


def test_csv_has_all_rows_as_they_are_found(client):
    answer = posted(client, query="?columns=params,flops", Accept="text/csv")
    lines = list(csv.reader(io.StringIO(answer.text)))
    assert lines[0] == [*SPACE, "params", "flops"]
    rows = sweep(MODEL, SPACE, columns=["params", "flops"])["rows"]
    assert lines[1:] == [[str(one) for one in (*row["values"].values(), row["params"], row["flops"])] for row in rows]
    best = posted(client, {**REQUEST, "best": {"min": "flops"}, "limit": 2}, "?format=csv")
    assert len(best.text.splitlines()) == 3


@pytest.mark.parametrize(
    ("form", "shown"), [("text", "48 candidates, 30 networks, 30 within"), ("markdown", "| hw | w")]
)
def test_tables(client, form, shown):
    answer = posted(client, query=f"?format={form}")
    assert answer.status_code == 200
    assert shown in answer.text


W = {"w": [1, 2]}
DENSE = {"input_shape": [4], "layers": [{"type": "Dense", "units": {"$": "w"}}]}
FAULTS = [
    ({"model": DENSE}, "", "'space' is required"),
    ({"model": DENSE, "space": {}}, "/space", "Expected names with the values"),
    ({"model": DENSE, "space": {"w": []}}, "/space/w", "the list is empty"),
    ({"model": DENSE, "space": {"w": {"from": 3, "to": 1}}}, "/space/w", "From 3 to 1 there is no value"),
    ({"model": DENSE, "space": {"w": {"from": 3, "to": 9, "step": 0}}}, "/space/w/step", "at least 1"),
    ({"model": DENSE, "space": {"w": {"from": 3, "till": 9}}}, "/space/w/till", "no key 'till'"),
    ({"model": DENSE, "space": {"w": 3}}, "/space/w", "Expected a list of values"),
    ({"model": DENSE, "space": {"max": [3]}}, "/space/max", "Expected a name"),
    ({"model": DENSE, "space": {"zip": {"w": [1, 2], "v": [1]}}}, "/space/zip", "w has 2, v has 1"),
    ({"model": DENSE, "space": {"w": [1], "zip": {"w": [1, 2]}}}, "/space/w", "takes values twice"),
    ({"model": DENSE, "space": {**W, "v": [1]}}, "/space/v", "The model uses no name 'v'"),
    ({"model": DENSE, "space": {"v": [1]}}, "/model/layers/0/units", "The space has no name 'w'"),
    ({"model": DENSE, "space": {"w": {"from": 1, "to": 1_000_001}}}, "/space", "1,000,001 candidates (1,000,001)"),
    ({"model": {**DENSE, "layers": [{"$": "w", "type": "Dense"}]}, "space": W}, "/model/layers/0", "nothing beside"),
    ({"model": {**DENSE, "layers": [{"$": "w +"}]}, "space": W}, "/model/layers/0/$", "it ends too early"),
    ({"model": DENSE, "space": W, "best": {"least": "flops"}}, "/best", 'Expected {"max": "params"}'),
    ({"model": DENSE, "space": W, "best": [{"min": "flop"}]}, "/best/0/min", "Did you mean 'flops'?"),
    ({"model": DENSE, "space": W, "best": [{"min": "macs"}] * 3}, "/best", "a list of two"),
    ({"model": DENSE, "space": W, "columns": ["param"]}, "/columns/0", "Did you mean 'params'?"),
    ({"model": DENSE, "space": W, "columns": ["seconds"]}, "device", "say which"),
    ({"model": DENSE, "space": W, "limit": 10_001}, "/limit", "from 1 to 10,000"),
    ({"model": DENSE, "space": W, "where": [{"metric": "params"}]}, "/where/0", "max"),
    ({"model": DENSE, "space": W, "where": [{"metric": "params", "max_increase": "2%"}]}, "/where/0", "baseline"),
    (
        {"model": DENSE, "space": W, "where": [{"metric": "macs", "max": 1, "layer": "c*"}]},
        "/where/0/layer",
        "No layer",
    ),
    ({"model": DENSE, "space": W, "limits": 3}, "/limits", "Did you mean 'limit'?"),
]


@pytest.mark.parametrize(("body", "where", "detail"), FAULTS)
def test_faults_say_where(client, body, where, detail):
    answer = posted(client, body)
    assert answer.status_code == 422
    fault = answer.json["errors"][0]
    assert fault.get("pointer") == where or fault.get("parameter") == where
    assert detail in fault["detail"]


def test_options_may_be_open(client):
    body = {"model": DENSE, "space": {**W, "b": [1, 3]}, "batch_size": {"$": "b"}, "columns": ["flops", "output_shape"]}
    rows = posted(client, body).json["rows"]
    assert [row["output_shape"] for row in rows] == [[1, 1], [3, 1], [1, 2], [3, 2]]


@pytest.fixture
def request_file(tmp_path):
    (tmp_path / "request.json").write_text(json.dumps(REQUEST))
    (tmp_path / "model.json").write_text(json.dumps(MODEL))
    return tmp_path


FLAGS = ["--space", "hw=4,32", "--space", "w=8..24:8", "--space", "k=[3, 5]", "--space", "act=relu,gelu"]
FLAGS += ["--space", "depth=0,2"]


def test_command_line_is_python(request_file):
    said = run("sweep", str(request_file / "request.json"), "--best", "min:flops", "--limit", "3")
    assert said.returncode == 0
    assert json.loads(said.stdout) == sweep(MODEL, SPACE, best=[{"min": "flops"}], limit=3, path=("model",))
    said = run("sweep", str(request_file / "model.json"), *FLAGS, "--where", "max_flops=1")
    assert said.returncode == 1
    assert json.loads(said.stdout)["valid"] == 30
    where = [{"metric": "flops", "max": "600K"}, {"metric": "output_shape", "equals": [None, 10]}]
    limits = ["--where", "max_flops=600K", "--where", "equals_output_shape=null,10"]
    said = run("sweep", str(request_file / "model.json"), *FLAGS, *limits)
    assert said.returncode == 0
    assert json.loads(said.stdout) == sweep(MODEL, SPACE, where=where)


def test_command_line_writes_lines(request_file):
    rows = sweep(MODEL, SPACE)["rows"]
    said = run("sweep", str(request_file / "model.json"), *FLAGS, "--format", "jsonl")
    assert [json.loads(line) for line in said.stdout.splitlines()] == rows
    said = run("sweep", str(request_file / "model.json"), *FLAGS, "--format", "csv", "--limit", "2")
    assert len(said.stdout.splitlines()) == 3
    said = run("sweep", str(request_file / "model.json"), *FLAGS, "--format", "table")
    assert "No network: 12, such as hw = 4, w = 8, k = 5, act = relu, depth = 0" in said.stdout


def test_processes_say_the_same(request_file):
    said = run("sweep", str(request_file / "model.json"), *FLAGS, "--jobs", "2")
    assert said.returncode == 0
    assert json.loads(said.stdout) == sweep(MODEL, SPACE)


@pytest.mark.parametrize(("arguments", "said"), [
    (["--space", "w"], "Expected a name with its values"),
    (["--space", "w=[1"], "--space"),
    (["--space", "w=1", "--space", "w=2"], "takes values twice"),
    (["--space", "w=1", "--where", "flops<3"], "Expected a limit such as max_flops=600M"),
    (["--space", "w=1", "--best", "flops"], "Expected a goal such as min:flops"),
    (["--space", "w=1", "--jobs", "2", "--dask", "tcp://x"], "give one"),
    (["--space", "v=1"], "The space has no name"),
])  # fmt: skip
def test_wrong_arguments(tmp_path, arguments, said):
    (tmp_path / "model.json").write_text(json.dumps(DENSE))
    found = run("sweep", str(tmp_path / "model.json"), *arguments)
    assert found.returncode == 2
    assert said in found.stderr
