"""pre-commit, for real: it clones the hook's repository, makes its environment, and runs the hook that we ship."""

import os
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.ci.workspace import ROOT, environment, git, net, repository


def test_hook_stops_a_commit_that_breaks_a_budget(tmp_path):
    shutil.copy(sys.executable, tmp_path / "program")
    if not os.access(tmp_path / "program", os.X_OK):
        pytest.skip("needs a temporary folder that programs may be run from")
    hooks, project = tmp_path / "hooks", tmp_path / "project"
    hooks.mkdir()
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, hooks)
    shutil.copytree(ROOT / "service", hooks / "service", ignore=shutil.ignore_patterns("__pycache__"))
    git(hooks, "init", "-q")
    git(hooks, "add", "-A")
    git(hooks, "commit", "-qm", "hooks")
    project.mkdir()
    repository(project)
    (project / "layercalc.yaml").write_text("budgets: [{metric: params, max: 100}]\nmodels: [{path: nets/*.json}]\n")
    use = {"repo": str(hooks), "rev": git(hooks, "rev-parse", "HEAD"), "hooks": [{"id": "layercalc"}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [use]}))
    git(project, "add", "-A")
    # what the package needs is found on PYTHONPATH, and is not built in isolation: no network
    known = environment(PRE_COMMIT_HOME=tmp_path / "home", PIP_NO_BUILD_ISOLATION="0")

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", *arguments], cwd=project, env=known, capture_output=True, text=True, timeout=600
        )  # fmt: skip

    stopped = run("--all-files")
    assert stopped.returncode == 1, stopped.stdout + stopped.stderr
    assert "params 180 exceeds 100 by 80" in stopped.stdout
    (project / "nets" / "a.json").write_text(net(10))
    git(project, "add", "-A")
    fine = run("--all-files")
    assert (fine.returncode, "Passed" in fine.stdout) == (0, True), fine.stdout
    assert "Skipped" in run("--files", "README.md").stdout
