"""A worker in a process of its own, whose time and memory for each request are measured: `python -m tests.web.hostage`.

It forks for every request, so that what an earlier one left in its heap hides nothing.
"""

import ctypes
import os
import pickle
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

ADDRESS_SPACE = 8 << 30  # bytes, so that what fails here does not take the machine with it


class Answer(NamedTuple):
    """What came of a request: the processor time it took, and the memory at its worst moment."""

    status: int
    media: str
    body: bytes
    seconds: float
    memory: int


class Hostage:
    """The process, started when it is first asked and again when it has died."""

    def __init__(self, module: str, models: Path | None = None):
        self.module, self.models = module, models
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, name: str) -> Answer | None:
        """The answer to the attack of that name in ATTACKS of the module; None if the process died of it."""
        if self.process is None or self.process.poll() is not None:
            command = [sys.executable, "-m", "tests.web.hostage", self.module, str(self.models or "")]
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        assert self.process.stdin
        assert self.process.stdout
        try:
            pickle.dump(name, self.process.stdin)
            self.process.stdin.flush()
            return Answer(*pickle.load(self.process.stdout))
        except (EOFError, OSError):
            self.process.wait()
            return None

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


def memory(field: str) -> int:
    """A line of the process's state, in bytes."""
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) << 10 for line in text.splitlines() if line.startswith(f"{field}:"))


def measured(client: Any, attack: Any, body: bytes) -> Answer:
    """The answer to one attack."""
    headers = {"Content-Type": attack.media, **attack.headers}
    Path("/proc/self/clear_refs").write_text("5")  # the peak is from here on
    before, begin = memory("VmRSS"), time.process_time()
    answer = client.post(attack.path, data=body, headers=headers)
    data = answer.data
    return Answer(answer.status_code, answer.mimetype, data, time.process_time() - begin, memory("VmHWM") - before)


def main() -> None:
    from importlib import import_module

    from layercalc import deadline
    from layercalc.web import create_app

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    deadline.monotonic = time.process_time  # what else the machine does is no cost of an attack
    module = import_module(sys.argv[1])
    attacks = module.ATTACKS
    client = create_app(module.LIMITS, Path(sys.argv[2]) if sys.argv[2] else None).test_client()
    client.post(
        "/v1/analyze", data=b"Dense(3, input_dim=4)"
    )  # what is loaded when it is first needed is no cost of an attack
    out = sys.stdout.buffer
    sys.stdout = sys.stderr
    while True:
        try:
            name = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        body = attacks[name].make()
        ctypes.CDLL(None).malloc_trim(0)
        child = os.fork()
        if child == 0:
            pickle.dump(tuple(measured(client, attacks[name], body)), out)
            out.flush()
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            return  # it died of it, and this is how it is told


if __name__ == "__main__":
    main()
