"""Programs that a test starts and ends: the service under gunicorn, nginx before it, and what asks them."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

TINY = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}
NGINX = Path(__file__).parents[1] / "deploy" / "nginx.conf"


@dataclass
class Program:
    """A running program; `log` is what it has written so far."""

    process: subprocess.Popen
    port: int
    path: Path
    children: list[int] = field(default_factory=list)

    @property
    def log(self) -> str:
        return self.path.read_text()

    def workers(self) -> list[int]:
        """The processes that it has started."""
        pid = self.process.pid
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def stop(self, seconds: float = 20) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def running(command: list[str], port: int, log: Path, **options) -> Iterator[Program]:
    """A program until the end of the block; killed with its children if it does not stop."""
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **options
        )
    program = Program(process, port, log)
    try:
        yield program
        if process.poll() is None:
            program.stop()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def service(log: Path, *arguments: str, workers: int = 2, options=None, **settings: str) -> Iterator[Program]:
    """`layercalc serve` on a free port, ready."""
    port = free_port()
    bind = ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), *arguments]
    environment = {**os.environ, **{f"LAYERCALC_{name}": str(value) for name, value in settings.items()}}
    command = [sys.executable, "-m", "layercalc", "serve", *bind]
    with running(command, port, log, env=environment, **(options or {})) as program:
        eventually(lambda: ask(port, "/readyz")[0] == 200, program)
        yield program


@contextmanager
def nginx(log: Path, upstream: int) -> Iterator[Program]:
    """The nginx of deploy/nginx.conf before a port; its own port and its folder for files are all that differs."""
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not path:
        pytest.skip("needs nginx")
    port, folder = free_port(), log.parent / "nginx"
    folder.mkdir(exist_ok=True)
    (folder / "nginx.conf").write_text(adapted(folder, port, upstream))
    command = [path, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=20)
    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr.replace('the "user" directive', ""), tested.stderr
    user = "user root;" if os.geteuid() == 0 else ""  # whose files a test's folder is closed to others
    with running([*command, "-g", f"daemon off; {user}"], port, log) as program:
        eventually(lambda: ask(port, "/nginx-health")[0] == 200, program)
        yield program


def adapted(folder: Path, port: int, upstream: int) -> str:
    """deploy/nginx.conf for a test."""
    text = NGINX.read_text()
    for old, new, times in [
        ("listen 8080", f"listen 127.0.0.1:{port}", 1),
        ("server layercalc:8000", f"server 127.0.0.1:{upstream}", 1),
        ("/tmp/", f"{folder}/", 6),
    ]:
        code = re.sub(r"#.*", "", text)
        assert code.count(old) == times, old
        text = code.replace(old, new)
    return text


def eventually(what, program: Program | None = None, seconds: float = 20) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while True:
        try:
            if what():
                return
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > until or (program and program.process.poll() is not None):
            raise AssertionError(f"did not come to be\n{program.log if program else ''}")
        time.sleep(0.05)


def ask(port: int, path: str, body=None, headers=None, timeout: float = 20):
    """Status, headers and text of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def analyze(port: int, **headers: str) -> int:
    """The status of a small analysis."""
    return ask(port, "/v1/analyze", json.dumps(TINY), headers)[0]
