"""Warnings travel: what a model was read with is said by every verb, in every format that can hold text."""

import json
import re
import xml.etree.ElementTree as ET

import pytest

from layercalc import analyze, check, diff, forward
from layercalc.formats import FORMATS
from tests.command import run

SLIP = {"input_shape": [4], "layers": [{"type": "Dense", "units": 3, "bias": True, "name": "d"}]}
FINE = {"input_shape": [4], "layers": [{"type": "Dense", "units": 3, "name": "d"}]}
LINES = "net = Sequential()\nnet.add(Dense(3, input_shape=(4,), bias=True))\n"
OPEN = {"input_shape": [None, 4], "layers": [{"type": "Dense", "units": 3}]}
SAID = "'bias' read as 'use_bias'"
BUDGETS = [{"metric": "params", "max": 100}]


def said(warnings):
    return [(one.get("pointer"), one.get("line"), one["detail"]) for one in warnings]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda: check(SLIP, BUDGETS), [("/layers/0/bias", None, SAID)]),
        (lambda: check(SLIP, BUDGETS, path=("model",)), [("/model/layers/0/bias", None, SAID)]),
        (lambda: check(LINES, BUDGETS), [(None, 2, SAID)]),
        (lambda: check(LINES, BUDGETS, path=("model",)), [("/model", 2, SAID)]),
        (lambda: check(FINE, BUDGETS, SLIP), [("/baseline/layers/0/bias", None, SAID)]),
        (lambda: check(SLIP, BUDGETS, LINES), [("/layers/0/bias", None, SAID), ("/baseline", 2, SAID)]),
        (lambda: check(FINE, BUDGETS, analyze(SLIP)), [("/baseline/warnings/0", None, SAID)]),
        (lambda: check(FINE, BUDGETS), []),
        (lambda: diff(SLIP, LINES), [("/before/layers/0/bias", None, SAID), ("/after", 2, SAID)]),
        (lambda: diff(analyze(LINES), SLIP), [("/before/warnings/0", None, SAID), ("/after/layers/0/bias", None, SAID)]),
        (lambda: diff(FINE, FINE), []),
        (lambda: analyze(LINES, path=("model",)), [("/model", 2, SAID)]),
        (lambda: forward(LINES, {"seed": 1}), [("/model", 2, SAID)]),
    ],
)  # fmt: skip
def test_every_verb_says_what_a_model_was_read_with_and_which_it_was(answer, expected):
    assert said(answer()["warnings"]) == expected


def test_what_is_unknown_is_said_of_the_model_it_is_unknown_in():
    (one,) = diff(FINE, OPEN)["warnings"]
    assert one["pointer"] == "/after"
    assert "is unknown" in one["detail"]


@pytest.mark.parametrize("bad", [{"detail": 3}, {"detail": "x" * 10_000}, "x", None, {"line": 2}])
def test_an_earlier_report_may_hold_anything_where_warnings_stand(bad):
    report = analyze(FINE)
    report["warnings"] = [bad] * 200
    warnings = diff(report, FINE)["warnings"]
    assert all(len(one["detail"]) <= 2_000 for one in warnings)
    assert len(warnings) <= 50


# A format that has no place for words says at least how many there are, but a badge.
TEXTS = {
    "csv": "warning,null,null,null,null,null,True,",
    "gitlab-metrics": 'layercalc_warnings{model="net.json"} 1',
    "badge": None,
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("models", [["net.json"], ["net.json", "fine.json"], ["fine.json", "code.py"]])
def test_every_format_of_a_verdict_holds_them(form, models, tmp_path):
    for name, model in (("net.json", SLIP), ("fine.json", FINE)):
        (tmp_path / name).write_text(json.dumps(model))
    (tmp_path / "code.py").write_text(LINES)
    done = run("check", *models, "--max-params", "100", "--format", form, cwd=tmp_path)
    assert done.returncode == 0
    slip = next(one for one in models if one != "fine.json")
    wanted = TEXTS.get(form, SAID)
    if wanted is not None:
        text = re.sub("&#?x?27;|&#39;|&apos;", "'", done.stdout.replace("&#95;", "_"))
        assert (wanted.replace("net.json", slip)) in text
    assert slip in done.stderr
    assert SAID in done.stderr


def test_programs_find_the_place_and_no_failure(tmp_path):
    (tmp_path / "code.py").write_text(LINES)

    def shown(form):
        return run("check", "code.py", "--max-params", "100", "--format", form, cwd=tmp_path).stdout

    assert (
        shown("github")
        == f"::warning file=code.py,line=2,title=layercalc%3A code.py%3A warning::line 2, column 41: {SAID}\n"
    )
    (entry,) = json.loads(shown("gitlab"))
    assert (entry["severity"], entry["location"]) == ("info", {"path": "code.py", "lines": {"begin": 2}})
    (run_of,) = json.loads(shown("sarif"))["runs"]
    (result,) = run_of["results"]
    assert (result["level"], result["ruleId"]) == ("note", "warning")
    assert run_of["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "warning"
    suite = ET.fromstring(shown("junit")).find("testsuite")
    assert (suite.get("failures"), suite.get("errors"), suite.get("tests")) == ("0", "0", "1")
    assert "the budget holds" in shown("markdown")
    assert "✅" in shown("markdown")


@pytest.mark.parametrize("accept", ["text/plain", "text/markdown", "application/sarif+json", "application/json"])
def test_they_go_over_http(client, accept):
    for route, body in (
        ("/v1/check", {"model": SLIP, "budgets": BUDGETS}),
        ("/v1/check", {"model": FINE, "budgets": BUDGETS, "baseline": SLIP}),
        ("/v1/diff", {"before": FINE, "after": SLIP}),
        ("/v1/analyze", SLIP),
    ):
        if route == "/v1/check" or "sarif" not in accept:
            text = client.post(route, json=body, headers={"Accept": accept}).text
            assert SAID in text.replace("&#95;", "_"), (route, text)


@pytest.mark.parametrize("form", ["table", "text", "json", "markdown", "csv"])
def test_a_difference_holds_them_in_every_format(form, tmp_path):
    (tmp_path / "a.py").write_text(LINES)
    (tmp_path / "b.json").write_text(json.dumps(SLIP))
    done = run("diff", "a.py", "b.json", "--format", form, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.replace("&#95;", "_").count(SAID) == 2
    assert "a.py, line 2, column 41" in done.stderr
    assert "b.json, /layers/0/bias" in done.stderr


@pytest.mark.parametrize("form", ["table", "json", "markdown", "csv"])
@pytest.mark.parametrize("command", [("analyze",), ("forward", "--seed", "1")])
def test_the_command_line_says_them_on_stderr_whatever_it_prints(form, command, tmp_path):
    (tmp_path / "a.py").write_text(LINES)
    (tmp_path / "fine.json").write_text(json.dumps(FINE))
    done = run(command[0], "a.py", *command[1:], "--format", form, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == f"Read with warnings:\n  a.py, line 2, column 41: {SAID}\n"
    assert run(command[0], "fine.json", *command[1:], "--format", form, cwd=tmp_path).stderr == ""


def test_the_baseline_of_a_check_is_named(tmp_path):
    (tmp_path / "was.json").write_text(json.dumps(SLIP))
    (tmp_path / "now.json").write_text(json.dumps(FINE))
    done = run("check", "now.json", "--max-params", "100", "--baseline", "was.json", cwd=tmp_path)
    assert done.stderr == f"Read with warnings:\n  was.json, /layers/0/bias: {SAID}\n"
    (one,) = json.loads(done.stdout)["warnings"]
    assert one == {"file": "was.json", "pointer": "/layers/0/bias", "detail": SAID}


def test_pytest_shows_them_in_its_summary(pytester):
    (pytester.path / "net.json").write_text(json.dumps(SLIP))
    for most in (100, 1):
        text = f"models: [{{path: net.json, budgets: [{{metric: params, max: {most}}}, {{metric: flops, max: 9M}}]}}]\n"
        (pytester.path / "layercalc.yaml").write_text(text)
        done = pytester.runpytest_inprocess("--layercalc")
        done.assert_outcomes(passed=1 + (most == 100), failed=most == 1)
        found = [line for line in done.outlines if SAID in line]
        assert found == [f"net.json, /layers/0/bias: {SAID}"]
