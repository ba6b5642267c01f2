"""Budgets and differences: verdicts, messages, faults, and the same verdict from every face."""

import json
import subprocess
import xml.etree.ElementTree as ET

import pytest

import layercalc
from layercalc import InvalidBudgets, InvalidModel, check, diff
from layercalc.budgets.quantities import quantity
from tests.command import run

NET = {
    "name": "net",
    "input_shape": [8, 8, 3],
    "layers": [
        {"type": "Conv2D", "filters": 32, "kernel_size": 3},
        {"type": "Flatten"},
        {"type": "Dense", "units": 10, "name": "head"},
    ],
}
GROWN = {**NET, "layers": [{**NET["layers"][0], "filters": 48}, {"type": "ReLU"}, *NET["layers"][1:]]}
PARAMS, FLOPS = 896 + 11530, 2 * 31104 + 1152 + 2 * 11520 + 10


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({"metric": "params", "max": PARAMS}, (PARAMS, PARAMS, 0, True)),
        ({"metric": "params", "max": PARAMS - 1}, (PARAMS - 1, PARAMS, 1, False)),
        ({"metric": "params", "max": "5M"}, (5_000_000, PARAMS, PARAMS - 5_000_000, True)),
        ({"metric": "param_bytes", "max": "16KiB"}, (16384, 4 * PARAMS, 4 * PARAMS - 16384, False)),
        ({"metric": "flops", "min": FLOPS + 5}, (FLOPS + 5, FLOPS, 5, False)),
        ({"metric": "macs", "equals": 42_624}, (42_624, 42_624, 0, True)),
        ({"metric": "macs", "equals": 42_623}, (42_623, 42_624, 1, False)),
        ({"metric": "output_shape", "equals": [None, 10]}, ([None, 10], [None, 10], None, True)),
        ({"metric": "output_shape", "equals": [1, 10]}, ([1, 10], [None, 10], None, False)),
        ({"metric": "params", "max": 10**30}, (10**30, PARAMS, PARAMS - 10**30, True)),
        ({"metric": "receptive_field", "max": 8}, (8, 8, 0, True)),
    ],
)
def test_one_result_says_limit_actual_and_excess(budget, expected):
    verdict = check(NET, [budget])
    (result,) = verdict["results"]
    assert (result["limit"], result["actual"], result["excess"], result["passed"]) == expected
    assert verdict["passed"] is expected[3]
    assert verdict["totals"] == layercalc.analyze(NET)["totals"]
    assert (result["metric"], result["level"]) == (budget["metric"], "error")


def test_results_stand_in_the_order_of_the_budgets_and_warnings_fail_nothing():
    verdict = check(NET, [{"metric": "flops", "max": 1, "level": "warn"}, {"metric": "params", "max": "1M"}])
    assert [one["passed"] for one in verdict["results"]] == [False, True]
    assert verdict["passed"]


def test_a_glob_holds_every_match_and_names_the_worst():
    (result,) = check(NET, [{"metric": "params", "layer": "*", "max": 900}])["results"]
    assert (result["layer"], result["actual"], result["passed"]) == ("head", 11530, False)
    (result,) = check(NET, [{"metric": "params", "layer": "conv*", "max": 900}])["results"]
    assert (result["layer"], result["passed"]) == ("conv2d", True)
    (result,) = check(NET, [{"metric": "output_shape", "layer": "flatten", "equals": [None, 1152]}])["results"]
    assert result["passed"]


@pytest.mark.parametrize(
    ("budget", "passed"),
    [
        ({"max_increase": "48%"}, False),
        ({"max_increase": "50%"}, True),
        ({"max_increase": 6_208}, True),
        ({"max_increase": 6_207}, False),
        ({"max_increase": "0%", "min_delta": "7K"}, True),
        ({"max_increase": "0%", "min_delta": 6_207}, False),
    ],
)
def test_slack_against_a_baseline_that_is_a_model_or_its_report(budget, passed):
    for baseline in (NET, json.loads(json.dumps(layercalc.analyze(NET)))):
        (result,) = check(GROWN, [{"metric": "params", **budget}], baseline)["results"]
        assert result["actual"] == PARAMS + 6_208
        assert result["passed"] is passed


def test_message_says_by_how_much_and_which_layers_did_it():
    (result,) = check(GROWN, [{"metric": "flops", "max": "100K"}], NET)["results"]
    assert result["detail"] == (
        "flops 131.3 K exceeds 100 K by 31.3 K (31.3 %); the largest parts of it: conv2d +31.7 K, head +11.5 K, re_lu +1.7 K"
    )


@pytest.mark.parametrize(
    ("budgets", "pointer", "words"),
    [
        ([], "/budgets", "a list of budgets"),
        ({"metric": "params"}, "/budgets", "a list of budgets"),
        ([3], "/budgets/0", "received 3"),
        ([{}], "/budgets/0", "'metric' is required"),
        ([{"metric": "parms", "max": 1}], "/budgets/0/metric", "'params'"),
        ([{"metric": "params"}], "/budgets/0", "needs a limit"),
        ([{"metric": "params", "max": -1}], "/budgets/0/max", "received -1"),
        ([{"metric": "params", "max": "5X"}], "/budgets/0/max", '"16MiB"'),
        ([{"metric": "params", "max": "1.0005K"}], "/budgets/0/max", "whole number"),
        ([{"metric": "params", "max": True}], "/budgets/0/max", "received true"),
        ([{"metric": "params", "maximum": 1}], "/budgets/0/maximum", "'max'"),
        ([{"metric": "params", "max": 1, "level": "info"}], "/budgets/0/level", '"warn"'),
        ([{"metric": "params", "max": 1, "layer": "convolution"}], "/budgets/0/layer", "No layer matches"),
        ([{"metric": "peak_activation_bytes", "max": 1, "layer": "*"}], "/budgets/0/layer", "whole model"),
        ([{"metric": "params", "max_increase": "2%"}], "/budgets/0/max_increase", "needs a baseline"),
        ([{"metric": "params", "max_increase": "two%"}], "/budgets/0/max_increase", "percentage"),
        ([{"metric": "params", "max_increase": 0.02}], "/budgets/0/max_increase", 'a percentage such as "2%"'),
        ([{"metric": "params", "max": "2%"}], "/budgets/0/max", "A percentage is for max_increase."),
        ([{"metric": "output_shape", "equals": "null,10"}], "/budgets/0/equals", "such as [null, 10]"),
        ([{"metric": "params", "max": 1, "layer": "q*"}], "/budgets/0/layer", "The layers are conv2d, "),
        ([{"metric": "output_shape", "max": 3}], "/budgets/0/max", "use equals"),
        ([{"metric": "output_shape", "equals": 3}], "/budgets/0/equals", "batch first"),
        ([{"metric": "params", "max": 1, "min_delta": 1}], "/budgets/0/min_delta", "max_increase"),
    ],
)
def test_fault_of_a_budget_stands_where_it_is(budgets, pointer, words):
    with pytest.raises(InvalidBudgets) as caught:
        check(NET, budgets)
    assert caught.value.errors[0]["pointer"] == pointer
    assert words in caught.value.errors[0]["detail"]


def test_what_is_unknown_is_no_pass():
    unknown = {"input_shape": [None, None, 3], "layers": [{"type": "Conv2D", "filters": 2, "kernel_size": 3}]}
    with pytest.raises(InvalidBudgets) as caught:
        check(unknown, [{"metric": "flops", "max": "1T"}])
    assert "is unknown (null)" in caught.value.errors[0]["detail"]
    without = {**NET, "layers": NET["layers"][:1]}
    with pytest.raises(InvalidBudgets) as caught:
        check(NET, [{"metric": "params", "layer": "head", "max_increase": 1}], without)
    assert "no layer 'head'" in caught.value.errors[0]["detail"]


@pytest.mark.parametrize("part", ["totals", "layers", "outputs"])
def test_a_broken_report_is_no_baseline(part):
    report = {**layercalc.analyze(NET), part: [3] if part != "totals" else {"params": "many"}}
    with pytest.raises(InvalidModel) as caught:
        check(NET, [{"metric": "params", "max_increase": 1}], report)
    assert caught.value.errors[0]["pointer"].startswith(f"/baseline/{part}")
    with pytest.raises(InvalidModel):
        diff(NET, report)


@pytest.mark.parametrize(
    ("text", "n"),
    [("5M", 5_000_000), ("1.2G", 1_200_000_000), ("16MiB", 1 << 24), ("2KB", 2000), ("1e6", 10**6), ("1_000", 1000), (" 3 k ", 3000), (7.0, 7), ("0.5Ki", 512)],
)  # fmt: skip
def test_quantities(text, n):
    assert quantity(text) == n


def test_difference_names_what_changed_and_leaves_out_the_rest():
    found = diff(NET, GROWN)
    assert not found["identical"]
    assert [(one["change"], one["before"], one["after"]) for one in found["layers"]] == [
        ("changed", "conv2d", "conv2d"),
        ("added", None, "re_lu"),
        ("changed", "flatten", "flatten"),
        ("changed", "head", "head"),
    ]
    assert found["layers"][0]["fields"] == {"filters": [32, 48]}
    assert found["layers"][0]["output_shape"] == [[None, 6, 6, 32], [None, 6, 6, 48]]
    assert found["layers"][0]["deltas"]["params"] == 448
    assert found["totals"]["params"] == {"before": PARAMS, "after": PARAMS + 6_208, "delta": 6_208}
    for same in (NET, layercalc.analyze(NET)):
        assert diff(NET, same)["identical"]


def test_layers_whose_names_only_count_are_aligned_by_what_they_are():
    def stack(*units):
        return {"input_shape": [4], "layers": [{"type": "Dense", "units": n} for n in units]}

    (added,) = diff(stack(4, 4, 3), stack(4, 4, 4, 3))["layers"]
    assert (added["change"], added["deltas"]["params"]) == ("added", 20)
    (removed,) = diff(stack(4, 4, 4, 3), stack(4, 4, 3))["layers"]
    assert (removed["change"], removed["deltas"]["params"]) == ("removed", -20)


def test_every_face_gives_the_same_verdict(client, tmp_path, pytester):
    budgets = [{"metric": "params", "max": "10K"}, {"metric": "flops", "max": "1M"}]
    verdict = check(NET, budgets)
    answer = client.post("/v1/check", json={"model": NET, "budgets": budgets})
    assert (answer.status_code, answer.get_json()) == (200, verdict)
    strict = client.post("/v1/check?strict=1&max_params=10K&max_flops=1M", json=NET)
    assert (strict.status_code, strict.get_json()) == (409, verdict)
    fine = client.post("/v1/check?strict=1&max_params=1M&equals_output_shape=null,10", json=NET)
    assert (fine.status_code, fine.get_json()["passed"]) == (200, True)
    (tmp_path / "net.json").write_text(json.dumps(NET))
    process = run("check", "net.json", "--max-params", "10K", "--max-flops", "1M", cwd=tmp_path)
    assert (process.returncode, json.loads(process.stdout)) == (1, verdict)
    (pytester.path / "net.json").write_text(json.dumps(NET))
    (pytester.path / "layercalc.yaml").write_text(json.dumps({"models": [{"path": "net.json", "budgets": budgets}]}))
    reports = pytester.inline_run("--layercalc", "-p", "no:terminal").getreports("pytest_runtest_logreport")
    calls = [one for one in reports if one.when == "call"]
    assert [one.passed for one in calls] == [one["passed"] for one in verdict["results"]]
    assert [
        one["detail"] in str(report.longrepr)
        for one, report in zip(verdict["results"], calls, strict=True)
        if not one["passed"]
    ] == [True]
    found = client.post("/v1/diff", json={"before": NET, "after": GROWN})
    assert found.get_json() == diff(NET, GROWN)
    text = client.post("/v1/diff", json={"before": NET, "after": GROWN}, headers={"Accept": "text/plain"}).text
    assert "filters 32 → 48" in text


def test_fault_in_the_query_names_the_parameter(client):
    problem = client.post("/v1/check?max_params=5X", json=NET).get_json()
    assert (problem["status"], problem["errors"][0]["parameter"]) == (422, "max_params")
    problem = client.post("/v1/check", json=NET).get_json()
    assert "There is no budget" in problem["detail"]
    problem = client.post("/v1/check?max_parms=5", json=NET).get_json()
    assert (problem["status"], problem["errors"][0]["parameter"]) == (422, "max_parms")


@pytest.mark.parametrize(
    ("route", "body", "pointer"),
    [
        ("check", {"model": NET, "budgets": None}, "/budgets"),
        ("check", {"model": NET, "budgets": [], "baseline": 3}, "/budgets"),
        ("check", {"model": NET, "budgets": [{"metric": "params", "max": 1}], "baseline": 3}, "/baseline"),
        ("check", {"model": NET, "budget": []}, "/budget"),
        ("diff", {"before": None, "after": NET}, "/before"),
        ("diff", {"before": NET, "after": {"layers": []}}, "/after/layers"),
        ("diff", {"before": NET}, ""),
        ("diff", {"before": NET, "after": "Dense(3, unitz=2)"}, "/after"),
        ("check", {"model": "Dense(3)", "budgets": ["mobile"], "baseline": NET}, "/model"),
        ("check", {"model": NET, "budgets": ["mobile"], "baseline": "Dense(3, unitz=2)"}, "/baseline"),
        ("check", {"model": NET, "budgets": ["mobile"], "baseline": {"totals": {}, "layers": []}}, "/baseline/inputs"),
    ],
)
def test_fault_of_an_envelope_stands_where_it_is(client, route, body, pointer):
    answer = client.post(f"/v1/{route}", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer


@pytest.fixture
def project(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(NET))
    (tmp_path / "b.json").write_text(json.dumps(GROWN))
    (tmp_path / "layercalc.yaml").write_text(
        "models:\n  - path: '*.json'\n    budgets:\n      - metric: params\n        max: 13K\n"
        "      - {metric: flops, max: 10, level: warn}\n"
    )
    return tmp_path


def test_a_file_of_budgets_checks_its_own_models(project):
    process = run("check", "--budgets", "layercalc.yaml", cwd=project)
    answer = json.loads(process.stdout)
    assert process.returncode == 1
    assert [(one["model"], one["passed"]) for one in answer["models"]] == [("a.json", True), ("b.json", False)]
    named = run("check", "a.json", "--output-shape", "null,10", cwd=project)
    assert named.returncode == 0


def test_formats_that_other_programs_read(project):
    def printed(form):
        return run("check", "--budgets", "layercalc.yaml", "--format", form, cwd=project).stdout

    xml = ET.fromstring(printed("junit"))
    suites = xml.findall("testsuite")
    assert [(suite.get("tests"), suite.get("failures")) for suite in suites] == [("2", "0"), ("2", "1")]
    lines = printed("github").splitlines()
    assert lines[0].startswith(
        "::error file=layercalc.yaml,line=5,title=layercalc%3A b.json%3A params max::params 18.6 K exceeds 13 K by 5.6 K (43.3 %25)"
    )
    assert all(line.startswith("::warning file=") for line in lines[1:])
    quality = json.loads(printed("gitlab"))
    assert len({one["fingerprint"] for one in quality}) == len(quality) == 3
    assert {one["severity"] for one in quality} == {"major", "minor"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("budgets: 3\n", "line 1: Expected a list of budgets"),
        ("budgets:\n  - metric: params\n    max: 5X\n", 'line 3: Expected a number, or text such as "5M"'),
        ("budget: []\n", "no key 'budget'"),
        ("models:\n  - path: nothing*.json\n    budgets: [{metric: params, max: 1}]\n", "line 2: No file matches"),
        ("a: [\n", "line 2: Neither YAML nor JSON"),
    ],
)
def test_fault_of_a_file_names_the_line(project, content, words):
    (project / "budgets.yaml").write_text(content)
    process = run("check", "a.json", "--budgets", "budgets.yaml", cwd=project)
    assert process.returncode == 2
    assert words in process.stderr


def test_baseline_from_git(project):
    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        subprocess.run(["git", "-C", str(project), *who, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    (project / "a.json").write_text(json.dumps(GROWN))
    (project / "up.yaml").write_text("budgets: [{metric: params, max_increase: 2%}]\n")
    process = run("check", "a.json", "--budgets", "up.yaml", "--baseline-git", "HEAD", cwd=project)
    assert process.returncode == 1, process.stderr
    assert "head +5.8 K" in json.loads(process.stdout)["results"][0]["detail"]
    missing = run("check", "a.json", "--budgets", "up.yaml", "--baseline-git", "nowhere", cwd=project)
    assert missing.returncode == 2
    assert "There is no commit 'nowhere'" in missing.stderr


def test_diff_on_the_command_line(project):
    process = run("diff", "a.json", "b.json", "--format", "markdown", cwd=project)
    assert process.returncode == 0
    assert "| changed | conv2d | Conv2D | filters 32 → 48 |" in process.stdout
    assert run("diff", "a.json", "missing.json", cwd=project).returncode == 2
    (project / "bad.py").write_text("Dense(3, unitz=2, input_dim=1)")
    process = run("diff", "a.json", "bad.py", cwd=project)
    assert (process.returncode, "bad.py, line 1, column 16: " in process.stderr) == (2, True)
    process = run("check", "missing.json", cwd=project)
    assert (process.returncode, "There is no file missing.json." in process.stderr) == (2, True)


def test_budgets_times_layers_are_bounded(monkeypatch):
    monkeypatch.setattr("layercalc.budgets.judging.MAX_FINDINGS", 5)
    budget = {"metric": "params", "layer": "*", "max": 1}
    assert check(NET, [budget])["results"]
    with pytest.raises(InvalidBudgets, match="More than 5 layers"):
        check(NET, [budget, budget])
