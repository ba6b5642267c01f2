"""ONNX files where models stand in files: budgets, baselines, pytest, folders of models, the page."""

import json
import os
import subprocess
import sys

import pytest

import layercalc
from layercalc.files import read_model
from layercalc.web import create_app
from tests.command import run
from tests.onnx_files import body_of, file_of, node

BUDGETS = """\
models:
  - path: net.onnx
    dims: {height: 64, width: 64}
    budgets:
      - {metric: params, max: 12M}
      - {metric: macs, layer: "layer?.?", max: 1G}
      - {metric: macs, max_increase: 0}
  - path: small.onnx
    budgets: [{metric: params, max: 10K}]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "net.onnx").write_bytes(body_of("resnet18.ts17d"))
    (tmp_path / "small.onnx").write_bytes(body_of("lenet.ts12d"))
    (tmp_path / "layercalc.yaml").write_text(BUDGETS)
    return tmp_path


def git(folder, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_budgets_file_holds_them_against_what_they_were(folder):
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    done = run("check", "--baseline-git", "HEAD", "--format", "json", cwd=folder)
    assert done.returncode == 1, done.stderr
    net, small = json.loads(done.stdout)["models"]
    assert [one["passed"] for one in net["results"]] == [True] * 3
    assert small["results"][0]["detail"].startswith("params 61.7 K exceeds 10 K by 51.7 K")
    assert any("to take in a batch norm" in one["detail"] for one in net["warnings"])
    assert "lenet" not in run("check", "net.onnx", "--baseline", "net.onnx", cwd=folder).stdout


@pytest.mark.parametrize("form", ["table", "markdown", "junit", "github", "gitlab", "sarif"])
def test_every_form_of_a_verdict_can_be_had(folder, form):
    done = run("check", "small.onnx", "--max-params", "10K", "--format", form, cwd=folder)
    assert done.returncode == 1, done.stderr
    assert "61.7 K" in done.stdout


def test_pytest_makes_a_test_of_each_budget(folder):
    budgets = (folder / "layercalc.yaml").read_text().replace("      - {metric: macs, max_increase: 0}\n", "")
    (folder / "layercalc.yaml").write_text(budgets)
    plain = [sys.executable, "-m", "pytest", "--layercalc", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(plain, cwd=folder, capture_output=True, text=True, env={**os.environ})
    assert "1 failed, 2 passed" in done.stdout, done.stdout


def test_a_budgets_file_is_made_of_what_is_found(folder):
    (folder / "layercalc.yaml").unlink()
    done = run("init", cwd=folder)
    assert done.returncode == 0, done.stderr
    written = (folder / "layercalc.yaml").read_text()
    assert "path: net.onnx" in written
    assert "{metric: params, max: 61706}" in written
    assert run("check", cwd=folder).returncode == 0


def test_sizes_that_one_of_two_models_names_are_bound_in_it(folder):
    net, small = (read_model((folder / name).read_bytes())[0] for name in ("net.onnx", "small.onnx"))
    bound = layercalc.analyze(net, dims={"height": 64, "width": 64})["totals"]["macs"]
    found = layercalc.diff(small, net, dims={"height": 64, "width": 64})
    assert found["totals"]["macs"]["after"] == bound > 0
    with pytest.raises(layercalc.InvalidModel, match="names no size 'depth'"):
        layercalc.diff(small, net, dims={"depth": 64})
    report = layercalc.analyze(net, dims={"height": 64, "width": 64})
    assert layercalc.diff(report, net, dims="height=64,width=64")["identical"]


def test_the_routes_take_a_file_by_any_of_the_ways(folder):
    """The body itself, a part of a form, base64; as text, Markdown, CSV and a drawing."""
    client = create_app().test_client()
    body = (folder / "net.onnx").read_bytes()
    for accept, part in (
        ("text/plain", "layer1.0.conv1"),
        ("text/markdown", "| layer1.0.conv1 |"),
        ("text/csv", "/layer1/layer1.0/conv1/Conv,layer1.0.conv1,Conv"),
    ):
        answer = client.post("/v1/analyze?dims=height=64,width=64", data=body, headers={"Accept": accept})
        assert part in answer.text
    drawn = client.post("/v1/analyze?format=dot", data=body)
    assert "layer1.0" in drawn.text
    told = client.post("/v1/analyze?dims=depth=3", data=body, headers={"Accept": "text/plain"})
    assert (told.status_code, "names no size 'depth'" in told.text) == (422, True)
    report = client.post("/v1/analyze?dims=height=64,width=64", data=body).json
    assert {row.get("module") for row in report["layers"]} >= {"conv1", "layer1.0", "layer1.0.conv1", "fc"}


def test_counts_of_other_tools_come_with_what_to_know_of_them():
    """Where a tool has a rule for what a node does it is counted; where it has none the warning says so."""
    nodes = [
        node("Conv", ["x", "w"], ["h"], "c"),
        node("Relu", ["h"], ["r"], "r"),
        node("GRU", ["s", "k", "l"], ["y"], "g", hidden_size=4),
    ]
    weights = [("w", [4, 3, 3, 3]), ("k", [1, 12, 5]), ("l", [1, 12, 4])]
    absent = [{"name": name, "dims": dims, "data_type": 1, "data_location": 1} for name, dims in weights]
    body = file_of(nodes, {"x": [1, 3, 8, 8], "s": [6, 1, 5]}, {"r": None, "y": None}, absent)
    report = layercalc.analyze(body, conventions="all")
    rows = {row["name"]: row["counts"] for row in report["layers"]}
    assert {tool: rows["c"][tool] for tool in ("fvcore", "thop")} == {"fvcore": 3888, "thop": 3888}
    said = [one["detail"] for one in report["warnings"]]
    assert any("by the nodes of the file" in one for one in said)
    unknown = [name for name, n in rows["g"].items() if n is None]
    for tool in unknown:
        assert any(f"What {tool} reports for 'g' is not known" in one for one in said)


def test_memory_receptive_fields_and_statistics_are_had(folder):
    document = read_model(body_of("lenet.ts12d"))[0]
    report = layercalc.analyze(document, device="a100")
    assert report["memory"]["inference_bytes"] > report["totals"]["param_bytes"]
    fields = {row["module"]: row["receptive_field"] for row in report["layers"] if "module" in row}
    assert fields["conv1"]["size"] == [5, 5]
    assert report["roofline"]["seconds"] > 0
    answer = layercalc.forward(document, {"seed": 1}, stats=True, profile=True, return_layers=["/conv1/Conv"])
    assert {"min", "max", "mean", "nan_count", "seconds"} <= answer["layers"][0].keys()
    again = layercalc.forward(document, {"seed": 1}, expected=answer["outputs"])
    assert again["comparison"]["passed"]
    assert not layercalc.forward(document, {"seed": 2}, expected=answer["outputs"])["comparison"]["passed"]
