"""Where verdicts go: several formats of one run, paths from the root of the repository, faults in every format."""

import json
import xml.etree.ElementTree as ET

import pytest

from layercalc.cli.outputs import in_repository
from tests.command import run

NET = {"name": "net", "input_shape": [8], "layers": [{"type": "Dense", "units": 10, "name": "head"}]}
BUDGETS = "models:\n  - path: 'nets/*.json'\n    budgets:\n      - metric: params\n        max: 50\n"


@pytest.fixture
def repository(tmp_path):
    """A repository whose models are in a folder of it."""
    (tmp_path / ".git").mkdir()
    here = tmp_path / "ml"
    (here / "nets").mkdir(parents=True)
    (here / "nets" / "a.json").write_text(json.dumps(NET))
    (here / "nets" / "b.json").write_text(json.dumps({**NET, "layers": [{"type": "Dense", "units": 3}]}))
    (here / "layercalc.yaml").write_text(BUDGETS)
    return here


def check(*arguments, cwd, **environment):
    return run("check", *arguments, cwd=cwd, **environment)


def test_one_run_feeds_several_readers(repository):
    done = check(
        "--format", "github", "--output", "sarif=a.sarif", "--output", "junit=j.xml", "--output", "badge:params=p.json", "--output", "json=all.json",
        cwd=repository,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(
        "::error file=ml/layercalc.yaml,line=5,title=layercalc%3A ml/nets/a.json%3A params max::"
    )
    (result,) = json.loads((repository / "a.sarif").read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "ml/layercalc.yaml"
    case = ET.parse(repository / "j.xml").find(".//testcase[failure]")
    assert (case.get("classname"), case.get("file"), case.get("line")) == ("ml/nets/a.json", "ml/layercalc.yaml", "5")
    assert json.loads((repository / "p.json").read_text())["message"] == "90"
    assert [one["model"] for one in json.loads((repository / "all.json").read_text())["models"]] == [
        "nets/a.json",
        "nets/b.json",
    ]


def test_file_alone_takes_the_format_and_nothing_is_printed(repository):
    done = check("--format", "sarif", "--output", "out=1.sarif", cwd=repository)
    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads((repository / "out=1.sarif").read_text())["version"] == "2.1.0"


def test_github_format_appends_to_the_summary_of_the_step(repository):
    summary = repository / "summary.md"
    summary.write_text("before\n")
    inside = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    assert check("--format", "github", cwd=repository, **inside).stdout.count("::error") == 1
    assert summary.read_text().startswith(
        "before\n<!-- layercalc check -->\n### ❌ Model budgets: 1 of 2 budgets exceeded\n"
    )
    assert "ml/nets/a.json" in summary.read_text()
    size = len(summary.read_text())
    check("--format", "sarif", cwd=repository, **inside)
    assert len(summary.read_text()) == size


@pytest.mark.parametrize("broken", ["layercalc.yaml", "nets/a.json"])
def test_what_cannot_be_judged_is_in_every_format_with_exit_code_2(repository, broken):
    (repository / broken).write_text('{"budgets": 3}' if broken.endswith("yaml") else '{"layers": [')
    forms = ["junit=j.xml", "sarif=s.json", "gitlab=g.json", "gitlab-metrics=m.txt", "github=h.txt", "markdown=c.md", "badge=b.json", "json=r.json", "csv=r.csv", "text=r.txt"]  # fmt: skip
    done = check(*(word for one in forms for word in ("--output", one)), cwd=repository)
    assert done.returncode == 2
    assert broken in done.stderr
    text = {name: (repository / name).read_text() for name in (one.split("=")[1] for one in forms)}
    file = f"ml/{broken}"
    assert ET.fromstring(text["j.xml"].encode()).find(".//testcase[error]").get("file") == file
    (told,) = json.loads(text["s.json"])["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == file
    assert json.loads(text["g.json"])[0]["severity"] == "critical"
    assert "layercalc_passed" in text["m.txt"]
    assert text["h.txt"].startswith(f"::error file={file},line=1,")
    assert "could not be judged" in text["c.md"]
    assert json.loads(text["b.json"])["isError"]
    assert not json.loads(text["r.json"])["passed"]
    assert "fault" in text["r.csv"]
    assert "FAULT" in text["r.txt"]
    assert "FAILED" in text["r.txt"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--output", "out.sarif"), "in which format?"),
        (("--output", "junit="), "no file"),
        (("--output", "junit=no/such/x.xml"), "no folder no/such"),
        (("--format", "sarrif"), "'sarrif' is none of"),
        (("--format", "badge:parms"), "There is no metric 'parms'. Did you mean 'params'?"),
        (("--output", "junit=nets"), "nets: Is a directory"),
    ],
)
def test_wrong_output_is_said(repository, arguments, words):
    done = check(*arguments, cwd=repository)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())


def test_several_models_end_in_one_summary(repository):
    done = check("--format", "text", cwd=repository)
    assert done.stdout.endswith("FAILED: 1 of 2 budgets exceeded; 1 of 2 models passed.\n")
    assert "nets/b.json" in done.stdout
    lines = check("--format", "csv", cwd=repository).stdout.splitlines()
    assert lines[0].startswith("model,metric,")
    assert [line.split(",")[0] for line in lines[1:]] == ["nets/a.json", "nets/b.json"]


def test_path_outside_the_repository_stays(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    verdict = {"results": [], "errors": [{"file": "../../x.yaml", "detail": ""}, {"detail": ""}]}
    names = ["-", "m.json", "../n.json", "/elsewhere/o.json", "../../p.json"]
    moved = in_repository([(name, verdict) for name in names])
    assert [name for name, _ in moved] == ["-", "a/m.json", "n.json", "/elsewhere/o.json", "../../p.json"]
    assert moved[0][1]["errors"] == verdict["errors"]


def test_badge_of_a_report(repository):
    process = run("analyze", "nets/a.json", "--format", "badge:params", cwd=repository)
    assert json.loads(process.stdout) == {"schemaVersion": 1, "label": "params", "message": "90", "color": "blue"}


@pytest.mark.parametrize(
    ("query", "accept", "media", "words"),
    [
        ("", "application/sarif+json", "application/sarif+json", '"version": "2.1.0"'),
        ("", "application/openmetrics-text", "application/openmetrics-text", 'layercalc_params{model="net"} 90'),
        ("", "text/markdown", "text/markdown", "<!-- layercalc check -->"),
        ("&format=junit", "*/*", "application/xml", '<testsuite name="net"'),
        ("&format=badge", "*/*", "application/json", '"1 exceeded"'),
        ("&format=badge:params", "*/*", "application/json", '"90"'),
        ("&format=gitlab", "*/*", "application/json", '"fingerprint"'),
        ("&format=json", "text/csv", "application/json", '"passed":false'),
        ("", "text/html,application/xml;q=0.9,*/*;q=0.8", "application/json", '"passed":false'),
    ],
)
def test_formats_over_http(client, query, accept, media, words):
    answer = client.post(f"/v1/check?strict=1&max_params=50{query}", json=NET, headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (409, media)
    assert words in answer.text


def test_wrong_format_over_http_is_a_fault_of_the_parameter(client):
    for route, body in (("check?max_params=1&format=badge:parms", NET), ("analyze?format=junit", NET), ("diff?format=badge:params", {"before": NET, "after": NET})):  # fmt: skip
        answer = client.post(f"/v1/{route}", json=body)
        assert (answer.status_code, answer.get_json()["errors"][0]["parameter"]) == (422, "format"), route
    assert client.post("/v1/analyze?format=badge:params", json=NET).get_json()["message"] == "90"
    assert client.post("/v1/analyze?format=csv", json=NET).mimetype == "text/csv"
    assert (
        "| params | 90 | 90 | 0 |" in client.post("/v1/diff?format=markdown", json={"before": NET, "after": NET}).text
    )


@pytest.mark.parametrize("form", ["markdown", "github-summary"])
def test_what_becomes_a_comment_draws_the_network(tmp_path, form):
    model = tmp_path / "a.json"
    model.write_text(json.dumps({"input_shape": [8], "layers": [{"type": "Dense", "units": 2}]}))
    process = run("check", str(model), "--max-params", "5", "--format", "table", "--output", f"{form}={tmp_path}/out")
    assert process.returncode == 1, process.stderr
    assert "```mermaid" in (tmp_path / "out").read_text()
    assert "mermaid" not in process.stdout
