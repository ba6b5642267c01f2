"""The pytest plugin, run by pytest itself in a process of its own."""

import json
import subprocess
import xml.etree.ElementTree as ET

import pytest

from layercalc.checks import jobs
from layercalc.checks.plan import plan

NET = {"name": "net", "input_shape": [8], "layers": [{"type": "Dense", "units": 10, "name": "head"}]}
WIDE = {**NET, "layers": [{"type": "Dense", "units": 20, "name": "head"}]}
BUDGETS = """\
models:
  - path: models/*.json
    budgets:
      - metric: params
        max: 100
      - {metric: flops, max: 10, level: warn}
      - {metric: params, layer: head, max: 100}
"""


@pytest.fixture
def project(pytester):
    pytester.makepyfile(test_own="def test_own():\n    pass\n")
    (pytester.path / "models").mkdir()
    (pytester.path / "models" / "fine.json").write_text(json.dumps(NET))
    (pytester.path / "models" / "wide.json").write_text(json.dumps(WIDE))
    (pytester.path / "layercalc.yaml").write_text(BUDGETS)
    return pytester


def test_each_budget_is_an_item_that_fails_with_its_detail(project):
    done = project.runpytest_inprocess("--layercalc", "--junitxml=out.xml", "-v")
    done.assert_outcomes(passed=5, failed=2)
    assert done.ret == 1
    done.stdout.fnmatch_lines(
        [
            "*layercalc.yaml::models/fine.json::params max 100 PASSED*",
            "layercalc.yaml:5: models/wide.json: params 180 exceeds 100 by 80 (80.0 %); the largest part of it: head 180",
            "*layercalc warnings*",
            "layercalc.yaml:6: models/wide.json: flops *",
            "FAILED layercalc.yaml::models/wide.json::params max 100*",
        ]
    )
    cases = ET.parse(project.path / "out.xml").findall(".//testcase[failure]")
    assert [case.get("name") for case in cases] == ["params max 100", "params of head max 100"]


def test_bytes_are_those_of_the_dtypes_that_the_budgets_say(project):
    """80 weights of a kernel and 10 of a bias as int4 with a scale for each 32: 40 + 6 and 5 + 2 bytes."""
    budgets = [{"metric": "param_bytes", "max": n} for n in (53, 52)]
    model = {"path": "models/fine.json", "weight_dtype": "int4:32", "budgets": budgets}
    (project.path / "layercalc.yaml").write_text(json.dumps({"models": [model]}))
    done = project.runpytest_inprocess("--layercalc", "layercalc.yaml")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*param_bytes 53 B exceeds 52 B by 1 B (1.9 %), weights as int4:32; *"])


def test_same_verdict_as_the_other_faces(project, monkeypatch):
    monkeypatch.chdir(project.path)
    judged = jobs.run(plan("layercalc.yaml"))
    wrong = sum(not one["passed"] and one["level"] == "error" for _, verdict in judged for one in verdict["results"])
    project.runpytest_inprocess("--layercalc", "layercalc.yaml").assert_outcomes(failed=wrong, passed=6 - wrong)


@pytest.mark.parametrize(
    ("arguments", "outcomes"),
    [
        (["test_own.py"], {"passed": 1}),
        (["--layercalc", "test_own.py", "-k", "flops or own"], {"passed": 3, "deselected": 4}),
        (["--layercalc", "layercalc.yaml::models/fine.json"], {"passed": 3}),
        (["--layercalc", "-m", "layercalc"], {"passed": 4, "failed": 2, "deselected": 1}),
        (["--layercalc", "-n", "2"], {"passed": 5, "failed": 2}),
        (["--layercalc-budgets", "layercalc.yaml", "--layercalc-budgets", "more.yaml"], {"passed": 6, "failed": 2}),
        (["-o", "layercalc_budgets=more.yaml", "--layercalc"], {"passed": 2}),
        (["--layercalc", "--layercalc-baseline", "models/fine.json"], {"passed": 5, "failed": 2}),
    ],
)
def test_options(project, arguments, outcomes):
    (project.path / "more.yaml").write_text("models: [{path: models/fine.json, budgets: [{metric: params, max: 90}]}]")
    project.runpytest_inprocess(*arguments).assert_outcomes(**outcomes)


def test_model_that_cannot_be_judged_is_an_error_and_hides_no_other(project):
    (project.path / "models" / "broken.json").write_text('{"layers": [')
    done = project.runpytest_inprocess("--layercalc")
    done.assert_outcomes(passed=5, failed=2, errors=3)
    done.stdout.no_fnmatch_line("*judge()*")  # the words, and no line of our code
    done.stdout.fnmatch_lines(["*models/broken.json*"])
    assert "Traceback" not in done.stdout.str()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("budgets: 3\n", "*layercalc.yaml, line 1:*"),
        ("models: [{path: 'no*.json', budgets: [{metric: params, max: 1}]}]", "*No file matches 'no[*].json'*"),
    ],
)
def test_wrong_budgets_are_an_error_of_collection(project, content, words):
    (project.path / "layercalc.yaml").write_text(content)
    done = project.runpytest_inprocess("--layercalc")
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.stdout.fnmatch_lines([words])


def test_no_budgets_is_an_error_of_usage(project):
    (project.path / "layercalc.yaml").unlink()
    done = project.runpytest_inprocess("--layercalc")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*There is no layercalc.yaml*--layercalc-budgets FILE*"])
    both = project.runpytest_inprocess("--layercalc-budgets=x", "--layercalc-baseline=a", "--layercalc-baseline-git=b")
    assert both.ret == pytest.ExitCode.USAGE_ERROR


def test_baseline_from_git(project):
    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        subprocess.run(["git", "-C", str(project.path), *who, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    (project.path / "models" / "fine.json").write_text(json.dumps(WIDE))
    (project.path / "layercalc.yaml").write_text(
        "models: [{path: models/fine.json, budgets: [{metric: params, max_increase: 2%}]}]"
    )
    done = project.runpytest_inprocess("--layercalc", "-o", "layercalc_baseline_git=HEAD")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(
        ["layercalc.yaml:1: models/fine.json: params 180 exceeds * the largest part of it: head +90"]
    )
    project.runpytest_inprocess("--layercalc", "--layercalc-baseline-git=nowhere").assert_outcomes(passed=1, errors=1)


def test_nothing_is_loaded_unless_asked(pytester):
    pytester.makepyfile(
        "import sys\n\ndef test_it(request):\n    assert request.config.pluginmanager.has_plugin('layercalc')\n"
        "    assert not {'numpy', 'layercalc', 'yaml'} & sys.modules.keys()\n"
    )
    pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:schemathesis").assert_outcomes(passed=1)
