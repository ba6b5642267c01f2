"""The composite action: its steps run by bash as GitHub's runner runs them, its comment sent to a server on loopback."""

import json
import os
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import yaml

from tests.ci.workspace import BUDGETS, DEPLOY, ROOT, WHERE, environment, git, index, net, repository

ACTION = yaml.safe_load((DEPLOY / "github" / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    """The runner's folder, in which the first step has installed layercalc."""
    folder = tmp_path_factory.mktemp("runner")
    (install,) = [step for step in STEPS if step["name"].startswith("Install")]
    (folder / "workspace").mkdir()
    for name in ("pip", "venv", "sysconfig", "layercalc"):
        (folder / "workspace" / f"{name}.py").write_text("raise SystemExit('not of the repository that is checked')\n")
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", install["run"]], capture_output=True, text=True, timeout=600, cwd=folder / "workspace",
        env=environment(RUNNER_TEMP=folder, GITHUB_ACTION_PATH=DEPLOY / "github", **index(tmp_path_factory.mktemp("index"))),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    return folder


@pytest.fixture
def api():
    """GitHub's API as far as comments go."""
    calls, comments = [], []

    class Handler(BaseHTTPRequestHandler):
        def do(self):
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            calls.append((self.command, self.path, self.headers["Authorization"]))
            status, answer = state.status, {}
            if status == 200 and self.command == "GET":
                page = int(re.search(r"[?&]page=(\d+)", self.path)[1])
                answer = comments[(page - 1) * 100 : page * 100]
            elif status == 200 and self.command == "POST":
                comments.append({"id": len(comments) + 1, "body": body["body"]})
            elif status == 200:
                comments[int(self.path.rsplit("/", 1)[1]) - 1]["body"] = body["body"]
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state = SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", calls=calls, comments=comments, status=200)
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def evaluated(text, context):
    """A template with GitHub's expressions: names, strings, `||`, `&&`, `!`, `==`."""

    def lookup(name):
        node = context
        for part in name.split("."):
            node = node.get(part) if isinstance(node, dict) else None
        return node

    def value(match):
        code = re.sub(
            r"'[^']*'|[A-Za-z_][\w-]*(?:\.[\w-]+)*(?!\()",
            lambda m: m[0] if m[0].startswith("'") else f"lookup({m[0]!r})",
            match[1].replace("cancelled()", "''"),
        )
        code = re.sub(r"!(?!=)", " not ", code.replace("||", " or ").replace("&&", " and "))
        found = eval(code.strip(), {"lookup": lookup})
        return (
            ""
            if found is None
            else {True: "true", False: "false"}.get(found, str(found))
            if isinstance(found, bool)
            else str(found)
        )

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


def run(runner, where, event, api=None, **inputs):
    """The steps after the installation, as GitHub runs them; what they printed, wrote and gave."""
    assert set(inputs) <= set(ACTION["inputs"])
    (runner / "event.json").write_text(json.dumps(event))
    for name in ("summary", "layercalc.json", "layercalc.md"):
        (runner / name).unlink(missing_ok=True)
    context = {"github": {"token": "t0ken", "event": event}, "steps": {}}
    context["inputs"] = {
        key: evaluated(one.get("default", ""), context) for key, one in ACTION["inputs"].items()
    } | inputs
    printed, failed = "", 0
    for step in STEPS[1:]:
        if failed and "if" not in step:
            continue
        if evaluated(step.get("if", "true"), context) != "true":
            continue
        (runner / "output").write_text("")
        variables = {key: evaluated(str(value), context) for key, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], capture_output=True, text=True, timeout=600,
            cwd=where / evaluated(step.get("working-directory", "."), context),
            env=environment(
                GITHUB_ACTIONS="true", GITHUB_ACTION_PATH=DEPLOY / "github", GITHUB_OUTPUT=runner / "output", GITHUB_WORKSPACE=where,
                GITHUB_STEP_SUMMARY=runner / "summary", GITHUB_EVENT_PATH=runner / "event.json", GITHUB_REPOSITORY="me/mine",
                GITHUB_API_URL=api.url if api else "http://127.0.0.1:1", RUNNER_TEMP=runner, **variables,
            ),
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        printed += done.stdout
        failed = failed or done.returncode
        lines = (runner / "output").read_text().splitlines()
        context["steps"][step.get("id", "")] = {"outputs": dict(line.split("=", 1) for line in lines)}
    outputs = {key: evaluated(one["value"], context) for key, one in ACTION["outputs"].items()}
    summary = (runner / "summary").read_text() if (runner / "summary").exists() else ""
    return SimpleNamespace(code=failed, printed=printed, outputs=outputs, summary=summary)


def pull_request(base, head="me/mine"):
    return {"pull_request": {"number": 7, "base": {"sha": base}, "head": {"repo": {"full_name": head}}}}


def test_inputs_reach_scripts_as_variables_only():
    for step in STEPS:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
    text = (DEPLOY / "github" / "action.yml").read_text()
    for name, one in ACTION["inputs"].items():
        assert f"inputs.{name}" in text
        assert one["description"]


def test_what_is_installed_is_the_checkout_of_the_action(runner):
    python = runner / "layercalc" / "bin" / "python"
    where = subprocess.run([python, "-P", "-c", WHERE], capture_output=True, text=True, env=environment())
    assert where.stdout == f"{ROOT}/service/layercalc/__init__.py\n", where.stderr
    listed = subprocess.run(
        [python, "-m", "pip", "list"], capture_output=True, text=True, env=environment(PYTHONPATH="")
    )
    assert "layercalc" not in listed.stdout, "installed beside the checkout"


def test_module_of_the_repository_that_is_checked_is_not_run(runner, tmp_path):
    first = repository(tmp_path)
    for name in ("layercalc", "numpy", "json"):
        (tmp_path / f"{name}.py").write_text("open('pwned', 'w')\n")
    assert "params 180 exceeds 100" in run(runner, tmp_path, pull_request(first)).printed
    assert not (tmp_path / "pwned").exists()


def test_pull_request_that_breaks_a_budget(runner, tmp_path, api):
    first = repository(tmp_path, "ml")
    done = run(runner, tmp_path, pull_request(first), api, **{"working-directory": "ml"})
    assert done.code == 1
    assert done.outputs["passed"] == "false"
    report = json.loads((runner / "layercalc.json").read_text())
    assert (done.outputs["report"], report["passed"]) == (str(runner / "layercalc.json"), False)
    errors = [line for line in done.printed.splitlines() if line.startswith("::error ")]
    assert errors[0].startswith(
        "::error file=ml/layercalc.yaml,line=5,title=layercalc%3A ml/nets/a.json%3A params max::params 180 exceeds 100"
    )
    assert "head +90" in errors[0]
    assert len(errors) == 2
    assert "| params | 90 | 180 | +90 (+100.0 %) |" in done.summary
    (comment,) = api.comments
    assert comment["body"] == f"<!-- layercalc check ml/layercalc.yaml -->\n{done.summary}"
    assert [(method, path.split("?")[0]) for method, path, _ in api.calls] == [
        ("GET", "/repos/me/mine/issues/7/comments"), ("POST", "/repos/me/mine/issues/7/comments")
    ]  # fmt: skip
    assert {token for _, _, token in api.calls} == {"Bearer t0ken"}

    api.comments[:0] = [{"id": 0, "body": None}] * 100  # on the second page now
    (tmp_path / "ml" / "nets" / "a.json").write_text(net(11))
    api.calls.clear()
    better = run(runner, tmp_path, pull_request(first), api, **{"working-directory": "ml"})
    assert (better.code, better.outputs["passed"]) == (0, "true")
    assert [method for method, _, _ in api.calls] == ["GET", "GET", "PATCH"]


def test_fork_has_the_summary_and_no_comment(runner, tmp_path, api):
    first = repository(tmp_path)
    done = run(runner, tmp_path, pull_request(first, "you/fork"), api)
    assert (done.code, api.calls) == (1, [])
    assert "::notice title=layercalc::a pull request from you/fork may not be commented on" in done.printed
    assert "params 180 exceeds 100" in done.summary


def test_comment_that_is_refused_or_not_wanted_changes_no_verdict(runner, tmp_path, api):
    first = repository(tmp_path)
    api.status = 403
    done = run(runner, tmp_path, pull_request(first), api)
    assert done.code == 1
    assert "refused (HTTP 403)" in done.printed
    api.calls.clear()
    assert run(runner, tmp_path, pull_request(first), api, comment="false").code == 1
    assert api.calls == []


def test_shallow_clone_gets_the_commit_it_is_compared_with(runner, tmp_path):
    (tmp_path / "origin").mkdir()
    first = repository(tmp_path / "origin")
    git(tmp_path / "origin", "config", "uploadpack.allowAnySHA1InWant", "true")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path}/origin", "clone")
    done = run(runner, tmp_path / "clone", {"before": first})
    assert "| params | 90 | 180 |" in done.summary
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path}/origin", "again")
    gone = run(runner, tmp_path / "again", {"before": "1" * 40}, models="nets/*.json")
    assert "cannot be fetched" in gone.printed
    assert (gone.code, gone.outputs["passed"]) == (2, "false")
    git(tmp_path / "origin", "branch", "old", first)
    assert "| params | 90 | 180 |" in run(runner, tmp_path / "again", {}, baseline="origin/old").summary


def test_nothing_in_an_input_is_executed(runner, tmp_path):
    repository(tmp_path)
    (tmp_path / "layercalc.yaml").write_text(BUDGETS.replace("      - {metric: flops, max_increase: 50%}\n", ""))
    evil = '"; touch pwned; $(touch pwned) `touch pwned`\n; touch pwned\n-x'
    for name in ("models", "budgets", "baseline"):
        done = run(runner, tmp_path, {"before": "0" * 40}, **{name: evil})
        assert done.code == 2, name
        assert not list(tmp_path.rglob("pwned"))


def test_models_are_lines_and_globs(runner, tmp_path):
    first = repository(tmp_path)
    (tmp_path / "nets" / "b c.json").write_text(net(3))
    (tmp_path / "abs.yaml").write_text("budgets: [{metric: params, max: 1K}]\n")
    done = run(
        runner,
        tmp_path,
        {"before": first},
        models="  nets/a.json\n\n nets/b*.json \n",
        baseline="none",
        budgets="abs.yaml",
    )
    assert done.code == 0
    assert [one["model"] for one in json.loads((runner / "layercalc.json").read_text())["models"]] == [
        "nets/a.json",
        "nets/b c.json",
    ]
    missing = run(runner, tmp_path, {}, models="nets/no*.json", budgets="abs.yaml")
    assert missing.code == 2
    assert "nets/no*.json" in missing.printed


def test_wrong_budgets_file_is_an_annotation(runner, tmp_path, api):
    first = repository(tmp_path)
    (tmp_path / "layercalc.yaml").write_text("budgets:\n  - {metric: parms, max: 1}\n")
    done = run(runner, tmp_path, pull_request(first), api)
    assert (done.code, done.outputs["passed"]) == (2, "false")
    assert done.printed.startswith("::error file=layercalc.yaml,line=2,")
    assert "could not be judged" in api.comments[0]["body"]


def test_example_shows_the_messages_that_are_recorded(runner, tmp_path, api):
    example = ROOT / "examples" / "ci"
    shutil.copytree(example / "repository", tmp_path, dirs_exist_ok=True)
    (job,) = yaml.safe_load((tmp_path / ".github" / "workflows" / "budgets.yml").read_text())["jobs"].values()
    step = job["steps"][-1]
    folder = step["uses"].partition("@")[0].split("/", 2)[2]
    assert (ROOT / folder / "action.yml").is_file()
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "before")
    before = git(tmp_path, "rev-parse", "HEAD")
    assert run(runner, tmp_path, pull_request(before), **step["with"], comment="false").code == 0
    git(tmp_path, "apply", str(example / "change.patch"))
    done = run(runner, tmp_path, pull_request(before), api, **step["with"])
    assert (done.code, api.comments[0]["body"].partition("\n")[2]) == (1, done.summary)
    for name, text in (("annotations.txt", done.printed), ("comment.md", api.comments[0]["body"])):
        if os.environ.get("RECORD"):
            (example / "messages" / name).write_text(text)
        assert (example / "messages" / name).read_text() == text, "RECORD=1 writes it anew"
