"""The nginx of deploy/nginx.conf before a service, for tests."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.service import free_port

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "nginx.conf"


class Proxy:
    """A running nginx; `text()` is what it has logged."""

    def __init__(self, command, port, log):
        self.port, self.log = port, log
        with log.open("w") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        end = time.monotonic() + 60
        while not self.answers():
            assert time.monotonic() < end, self.text()
            assert self.process.poll() is None, self.text()
            time.sleep(0.05)

    def answers(self):
        try:
            return ask(self.port, "/nginx-health")[0] == 200
        except OSError:
            return False

    def text(self):
        return self.log.read_text()


@contextmanager
def nginx(folder: Path, upstream: int):
    """Nginx before a port; its own port, the folder that it writes to and its patience are all that is not as deployed."""
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not path:
        pytest.skip("needs nginx, of Debian's package nginx-light")
    port = free_port()
    (folder / "nginx.conf").write_text(adapted(folder, port, upstream))
    command = [path, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=60)
    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr, tested.stderr
    user = "user root;" if os.geteuid() == 0 else ""  # a test's folder is closed to others
    proxy = Proxy([*command, "-g", f"daemon off; {user}"], port, folder / "nginx.log")
    try:
        yield proxy
    finally:
        proxy.process.send_signal(signal.SIGTERM)
        proxy.process.wait(60)


def adapted(folder: Path, port: int, upstream: int) -> str:
    """deploy/nginx.conf for a test."""
    text = re.sub(r"#.*", "", CONFIGURATION.read_text())
    for old, new, times in [
        ("listen 8080", f"listen 127.0.0.1:{port}", 1),
        ("server layercalc:8000", f"server 127.0.0.1:{upstream}", 1),
        ("/tmp/", f"{folder}/", 6),
        ("client_body_timeout 15s", "client_body_timeout 120s", 1),
    ]:
        assert text.count(old) == times, old
        text = text.replace(old, new)
    return text


def ask(port, path, body=None, headers=None, timeout=60):
    """Status, headers and text of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def begun(port, body, sent=0, source="127.0.0.1", path="/v1/analyze", headers=""):
    """A connection on which the headers of a request and so many bytes of its body were sent."""
    connection = socket.create_connection(("127.0.0.1", port), 60, (source, 0))
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body[:sent])
    return connection


def answer(connection):
    """Status and text of the answer that comes on a connection, and whether the server then hung up."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read().decode(), response.will_close
