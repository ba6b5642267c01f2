"""`make` and `.ci/run`: what a machine lacks is said, and nothing of whoever runs them gets into the tests."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.ci.workspace import ROOT

CLEAN = {"HOME", "PATH", "PWD", "SHLVL", "_", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "MAKE_TERMERR", "MAKE_TERMOUT",
         "PYTHON", "VENV"}  # fmt: skip
WAY = {
    "PIP_INDEX_URL": "file:///index",
    "PIP_CERT": "/cert",
    "https_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "localhost,a b",
    "SSL_CERT_FILE": "/cert",
    "REQUESTS_CA_BUNDLE": "/cert",
}
OWN = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "LAYERCALC_BIND": "0.0.0.0:1",
    "PYTHONPATH": "/of/the/author",
    "VIRTUAL_ENV": "/of/the/author",
    "MAKEFLAGS": "",
    "GIT_AUTHOR_NAME": "author",
    "LANG": "de_DE.UTF-8",
    "TMPDIR": "",
    "TZ": "Asia/Kolkata",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("exit 1\n", "layercalc needs Python 3.11 or later; say where it is: make PYTHON=/path/to/python3\n"),
        (
            f"case $2 in *ensurepip*) exit 1;; esac\nexec '{sys.executable}' \"$@\"\n",
            "{} has no venv; on Debian and Ubuntu: apt-get install python3-venv\n",
        ),
    ],
    ids=["old", "without venv"],
)
def test_python_that_will_not_do_is_said_in_a_sentence(tmp_path, body, said):
    (tmp_path / "python3").write_text(body)
    python = f"sh {tmp_path}/python3"
    command = [
        "make",
        "-s",
        "-C",
        str(ROOT),
        f"PYTHON={python}",
        f"VENV={tmp_path}/venv",
        f"{tmp_path}/venv/bin/python",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.splitlines(keepends=True)[:-1] == [said.format(python)]
    assert not (tmp_path / "venv").exists(), "half of one would be taken for a whole one the next time"


def test_suite_runs_with_nothing_of_whoever_runs_it(tmp_path):
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    recipe = "\t@echo target=$@ PYTHON=$(PYTHON) VENV=$(VENV)\n\t@env\n\t@! read line\n\t@ls -A $$HOME\n"
    (tmp_path / "Makefile").write_text(f"clean lint test:\n{recipe}")
    mine, home = tmp_path / "bin", tmp_path / "home"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").touch()
    mine.mkdir()
    for name in ("bash", "dirname", "env", "make", "mktemp", "rm", "python3"):  # no apt-get, which would install
        (mine / name).symlink_to(shutil.which(name) or "")
    done = subprocess.run(
        ["bash", tmp_path / ".ci" / "run"], input="a line\n", capture_output=True, text=True, timeout=60,
        env={**WAY, **OWN, "HOME": str(home), "PATH": str(mine)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    targets = [line.split() for line in lines if line.startswith("target=")]
    assert [one[0] for one in targets] == ["target=clean", "target=lint", "target=test"]
    own, python = "/usr/bin/python3", targets[0][1].removeprefix("PYTHON=")
    able = subprocess.run(
        [own, "-c", "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"], stderr=subprocess.DEVNULL
    )
    assert python == own if able.returncode == 0 else os.path.isabs(python)
    assert {tuple(one[1:]) for one in targets} == {(f"PYTHON={python}", "VENV=.ci/.venv")}
    found = {}
    for line in lines:
        name, _, value = line.partition("=")
        found.setdefault(name, set()).add(value)
    found.pop("target")
    assert set(found) <= CLEAN | set(WAY) | {"PIP_CONFIG_FILE"}, set(found) - CLEAN - set(WAY)
    assert all(found[name] == {value} for name, value in WAY.items())
    assert found["PIP_CONFIG_FILE"] == {f"{home}/.config/pip/pip.conf"}
    assert found["PATH"] == {"/usr/sbin:/usr/bin:/sbin:/bin"}
    (made,) = found["HOME"]
    assert made != str(home)
    assert not os.path.exists(made)
