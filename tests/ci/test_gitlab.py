"""The GitLab template: its inputs put in as GitLab does, its scripts run by sh with GitLab's variables."""

import json
import re
import subprocess
import xml.etree.ElementTree as ET

import pytest
import yaml

from tests.ci.workspace import DEPLOY, environment, git, net, repository

TEXT = (DEPLOY / "gitlab" / "layercalc.yml").read_text()
HEAD, BODY = yaml.safe_load_all(TEXT)


def template(**inputs):
    """The job, once `$[[ inputs.… ]]` is replaced; an input of no declaration is an error, as in GitLab."""
    given = {key: one["default"] for key, one in HEAD["spec"]["inputs"].items()}
    assert set(inputs) <= set(given)
    text = re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: (given | inputs)[found[1]], TEXT.split("\n---\n")[1])
    ((name, job),) = yaml.safe_load(text).items()
    return name, job


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    """The runner's folder, in which before_script has installed layercalc."""
    folder = tmp_path_factory.mktemp("builds")
    shell(template()[1]["before_script"], folder, CI_BUILDS_DIR=folder, VERSION="0.1.0")
    return folder


def shell(script, cwd, code=0, **variables):
    """A list of commands, as the runner's shell executor joins them."""
    done = subprocess.run(["sh", "-ec", "\n".join(script)], capture_output=True, text=True, timeout=600, cwd=cwd, env=environment(**variables))  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def run(builds, where, code, variables, **inputs):
    job = template(**inputs)[1]
    known = {
        "CI_BUILDS_DIR": builds,
        "CI_PROJECT_DIR": where,
        "CI_DEFAULT_BRANCH": "main",
        "CI_COMMIT_BEFORE_SHA": "0" * 40,
    }
    return shell(job["script"], where, code, **{**known, **job["variables"], **variables})


def test_job_has_the_reports_that_merge_requests_show():
    name, job = template(job="sizes", stage="checks")
    assert (name, job["stage"]) == ("sizes", "checks")
    assert set(job) <= {"stage", "image", "rules", "variables", "before_script", "script", "artifacts"}
    artifacts = job["artifacts"]
    assert artifacts["when"] == "always"
    assert artifacts["reports"] == {
        "codequality": "gl-code-quality-report.json",
        "metrics": "metrics.txt",
        "junit": "layercalc.xml",
    }
    assert artifacts["reports"]["metrics"] in artifacts["paths"], "GitLab shows no metrics that are not kept too"
    assert all(isinstance(line, str) for line in (*job["before_script"], *job["script"]))
    assert not re.search(r"\$\[\[", "".join(job["script"] + job["before_script"])), (
        "inputs reach scripts as variables only"
    )
    assert all("description" in one or key == "stage" for key, one in HEAD["spec"]["inputs"].items())


def test_merge_request_that_breaks_a_budget(builds, tmp_path):
    first = repository(tmp_path, "ml")
    printed = run(builds, tmp_path, 1, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": first}, **{"working-directory": "ml"})
    assert "params 180 exceeds 100 by 80 (80.0 %); the largest part of it: head +90" in printed
    files = template()[1]["artifacts"]
    entries = json.loads((tmp_path / files["reports"]["codequality"]).read_text())
    assert [(one["location"]["path"], one["location"]["lines"]["begin"]) for one in entries] == [
        ("ml/layercalc.yaml", 5),
        ("ml/layercalc.yaml", 6),
    ]
    assert ET.parse(tmp_path / files["reports"]["junit"]).find(".//failure") is not None
    assert 'layercalc_params{model="ml/nets/a.json"} 180' in (tmp_path / "metrics.txt").read_text()
    assert "| params | 90 | 180 | +90 (+100.0 %) |" in (tmp_path / "layercalc.md").read_text()


def test_shallow_clone_falls_back_to_the_target_branch(builds, tmp_path):
    (tmp_path / "origin").mkdir()
    first = repository(tmp_path / "origin")
    git(tmp_path / "origin", "branch", "old", first)
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path}/origin", "clone")
    variables = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "1" * 40, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "old"}
    run(builds, tmp_path / "clone", 1, variables)
    assert "| params | 90 | 180 |" in (tmp_path / "clone" / "layercalc.md").read_text()


def test_model_that_is_new_has_not_increased(builds, tmp_path):
    first = repository(tmp_path)
    (tmp_path / "nets" / "a.json").unlink()
    (tmp_path / "nets" / "b.json").write_text(net(3))
    printed = run(builds, tmp_path, 0, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": first})
    assert "flops 51 is within 76" in printed
    assert "(new)" in (tmp_path / "layercalc.md").read_text()
    (tmp_path / "nets" / "b.json").write_text(net(30))
    assert "params 270 exceeds 100" in run(builds, tmp_path, 1, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": first})


def test_default_branch_and_faults(builds, tmp_path):
    first = repository(tmp_path)
    run(builds, tmp_path, 1, {"CI_COMMIT_BEFORE_SHA": first})
    run(builds, tmp_path, 2, {}, baseline="none")
    assert json.loads((tmp_path / "gl-code-quality-report.json").read_text())[0]["severity"] == "critical"
    run(builds, tmp_path, 2, {}, budgets="$(touch pwned); touch pwned")
    assert not list(tmp_path.rglob("pwned"))
