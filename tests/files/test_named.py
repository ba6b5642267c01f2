"""What the command line reads has an end: files, pipes and standard input are bounded, devices refused."""

import os
import resource
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from types import SimpleNamespace

import pytest

from layercalc import Unreadable
from layercalc.files import beginnings, named
from layercalc.readers import archive
from tests.command import run

LITTLE = 3 * named.PIECE


@pytest.fixture(autouse=True)
def little(monkeypatch):
    monkeypatch.setattr(named, "TEXT_BYTES", LITTLE)
    monkeypatch.setattr(named, "FILE_BYTES", 2 * LITTLE)


def endless(descriptor, text):
    """Write until nobody reads any more, in a thread."""

    def write():
        with suppress(BrokenPipeError), open(descriptor, "wb", buffering=0) as file:
            while True:
                file.write(text)

    threading.Thread(target=write, daemon=True).start()


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/urandom", "/dev/null"])
def test_a_device_is_refused(name):
    with pytest.raises(Unreadable, match="It is a device or a socket"):
        named.read_bytes(name)


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(Unreadable, match="It is a device or a socket"):
            named.read_bytes("socket")


@pytest.mark.parametrize("by_name", [True, False])
def test_a_pipe_without_end_is_read_as_far_as_a_text_may_go(tmp_path, monkeypatch, by_name):
    name = str(tmp_path / "pipe") if by_name else "-"
    os.mkfifo(tmp_path / "pipe")
    endless(tmp_path / "pipe", b"[1, " * 10_000)
    with ExitStack() as stack:
        if not by_name:
            opened = stack.enter_context(open(tmp_path / "pipe", "rb"))
            monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=opened))
        with pytest.raises(Unreadable) as refused:
            named.read_bytes(name)
    (fault,) = refused.value.errors
    assert fault["detail"] == f"It has more than {LITTLE:,} bytes; at most {LITTLE:,} are read of a text."
    assert fault.get("file") == (name if by_name else None)


def test_a_pipe_that_ends_is_read_whole(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    text = bytes(range(32, 120)) * (LITTLE // 100)
    threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(text,), daemon=True).start()
    assert named.read_bytes(str(tmp_path / "pipe")) == text


@pytest.mark.parametrize("size", [0, 1, named.PIECE - 1, named.PIECE, named.PIECE + 1, LITTLE])
def test_a_file_is_read_whole_up_to_the_bound(tmp_path, size):
    text = (b"0123456789" * (size // 10 + 1))[:size]
    (tmp_path / "file").write_bytes(text)
    assert named.read_bytes(str(tmp_path / "file")) == text


SAFETENSORS = (1000).to_bytes(8, "little") + b"{"


@pytest.mark.parametrize(
    ("beginning", "most"),
    [(b"{", LITTLE), (b"", LITTLE)]
    + [(magic, 2 * LITTLE) for magic in (archive.MAGIC, beginnings.HDF5, beginnings.NUMPY, SAFETENSORS)],
)
def test_a_file_past_the_bound_of_its_kind_is_refused_unread(tmp_path, beginning, most):
    """A file with holes has any length, and takes no room on the disk."""
    path = tmp_path / "file"
    path.write_bytes(beginning)
    os.truncate(path, most)
    assert len(named.read_bytes(str(path))) == most
    os.truncate(path, 1 << 40)
    with pytest.raises(Unreadable, match=f"It has {1 << 40:,} bytes; at most {most:,} are read"):
        named.read_bytes(str(path))


@pytest.mark.parametrize(
    "arguments",
    [("analyze", "X"), ("forward", "X"), ("forward", "net.json", "--input", "X"), ("forward", "net.json", "--weights", "X"),
     ("forward", "net.json", "--expected", "X"), ("check", "X", "--max-params", "1"), ("diff", "net.json", "X"),
     ("check", "net.json", "--budgets", "X"), ("check", "net.json", "--max-params", "1", "--baseline", "X")],
)  # fmt: skip
@pytest.mark.parametrize("name", ["/dev/zero", "long.json"])
def test_every_command_refuses_what_has_no_end(tmp_path, arguments, name):
    (tmp_path / "net.json").write_text('{"input_shape": [2], "layers": [{"type": "ReLU"}]}')
    (tmp_path / "long.json").touch()
    os.truncate(tmp_path / "long.json", 1 << 40)
    done = run(*(name if one == "X" else one for one in arguments), cwd=tmp_path)
    assert done.returncode == 2
    assert name in done.stderr
    assert ("device" if name == "/dev/zero" else "at most") in done.stderr


def test_a_process_that_is_given_zeros_ends_within_its_memory():
    """With the bounds as they are."""
    most = named.PIECE * 1024 * 3  # one text as long as may be, and what the process takes before
    with open("/dev/zero", "rb") as zeros:
        done = subprocess.run(
            [sys.executable, "-m", "layercalc", "analyze", "-"],
            stdin=zeros,
            capture_output=True,
            text=True,
            timeout=300,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
        )
    assert done.returncode == 2
    assert "at most 536,870,912 are read of a text" in done.stderr
    assert "Traceback" not in done.stderr
