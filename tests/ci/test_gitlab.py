"""The GitLab template: its inputs put in as GitLab does, its scripts run by sh with GitLab's variables."""

import json
import re
import shutil
import subprocess
import threading
import xml.etree.ElementTree as ET
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from layercalc import __version__
from tests.ci.workspace import DEPLOY, ROOT, WHERE, environment, git, index, net, repository

TEXT = (DEPLOY / "gitlab" / "layercalc.yml").read_text()
HEAD, BODY = yaml.safe_load_all(TEXT)


def template(**inputs):
    """The job, once `$[[ inputs.… ]]` is replaced; an input that is not declared, or required and not given, is an error,
    as in GitLab.
    """
    inputs = {"project": "group/layercalc", "ref": "main"} | inputs
    declared = HEAD["spec"]["inputs"]
    given = {key: one["default"] for key, one in declared.items() if "default" in one}
    assert set(inputs) <= set(declared) <= set(given | inputs)
    text = re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: (given | inputs)[found[1]], TEXT.split("\n---\n")[1])
    ((name, job),) = yaml.safe_load(text).items()
    return name, job


@pytest.fixture(scope="module")
def gitlab(tmp_path_factory):
    """A GitLab with the project group/layercalc: its address, and a commit that comes after `main`.

    There the installation asks nothing of pip, which takes seconds: `main` is what is installed as it stands.
    """
    folder = tmp_path_factory.mktemp("gitlab")
    project = folder / "group" / "layercalc.git"
    for name in ("deploy", "service"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    git(project, "init", "-q")
    git(project, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "main")
    git(project, "checkout", "-qb", "later")
    package = project / "service" / "layercalc" / "__init__.py"
    package.write_text(package.read_text() + "\n__version__ = '7.0'\n")
    install = project / "deploy" / "ci" / "install.sh"
    lines = install.read_text().replace("-m venv", "-m venv --without-pip").splitlines()
    install.write_text("\n".join(line for line in lines if "-m pip" not in line))
    git(project, "commit", "-qam", "later")
    return f"file://{folder}", git(project, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def builds(tmp_path_factory, gitlab):
    """The runner's folder, in which before_script has installed layercalc."""
    return installed(tmp_path_factory, gitlab[0])


def installed(tmp_path_factory, server, code=0, **inputs):
    """A runner's folder after before_script, which ran beside modules that are none of its."""
    folder, here = tmp_path_factory.mktemp("builds"), tmp_path_factory.mktemp("project")
    for name in ("pip", "venv", "sysconfig", "layercalc"):
        (here / f"{name}.py").write_text("raise SystemExit('not of the repository that is checked')\n")
    job = template(**inputs)[1]
    known = {**job["variables"], **index(tmp_path_factory.mktemp("index"))}
    shell(job["before_script"], here, code, CI_BUILDS_DIR=folder, CI_SERVER_URL=server, CI_JOB_TOKEN="t0ken", **known)
    return folder


def version(builds):
    python = builds / ".layercalc" / ".venv" / "bin" / "python"
    command = [python, "-P", "-c", f"{WHERE}; print(layercalc.__version__)"]
    where, found = subprocess.run(command, capture_output=True, text=True, env=environment()).stdout.splitlines()
    assert where == f"{builds}/.layercalc/service/layercalc/__init__.py"
    return found


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


def test_project_and_ref_have_no_default():
    assert {key for key, one in HEAD["spec"]["inputs"].items() if "default" not in one} == {"project", "ref"}


def test_what_is_installed_is_the_project_at_the_ref(builds, gitlab, tmp_path_factory):
    server, later = gitlab
    assert version(builds) == __version__
    assert version(installed(tmp_path_factory, server, ref=later)) == "7.0"
    pwned = "main; touch pwned $(touch pwned)"
    for wrong in ({"ref": "gone"}, {"ref": "-x"}, {"project": "group/other"}, {"ref": pwned}, {"project": pwned}):
        folder = installed(tmp_path_factory, server, 128, **wrong)
        assert not (folder / ".layercalc" / ".venv").exists()
        assert not list(folder.parent.rglob("pwned"))


def test_private_project_is_asked_for_with_the_token_of_the_job(tmp_path_factory):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(403 if self.headers["Authorization"] else 401)
            self.send_header("WWW-Authenticate", 'Basic realm="GitLab"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        folder = installed(tmp_path_factory, f"http://127.0.0.1:{server.server_port}", 128)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    path, login = "/group/layercalc.git/info/refs?service=git-upload-pack", b64encode(b"gitlab-ci-token:t0ken").decode()
    assert asked == [(path, None), (path, f"Basic {login}")]
    assert "t0ken" not in (folder / ".layercalc" / ".git" / "config").read_text()


def test_module_of_the_repository_that_is_checked_is_not_run(builds, tmp_path):
    first = repository(tmp_path)
    for name in ("layercalc", "numpy", "json"):
        (tmp_path / f"{name}.py").write_text("open('pwned', 'w')\n")
    assert "params 180 exceeds 100" in run(builds, tmp_path, 1, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": first})
    assert not (tmp_path / "pwned").exists()


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
