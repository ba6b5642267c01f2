"""Passes that would take long or hold much: refused at once, or ended within a few seconds of the deadline."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from layercalc.limits import Limits
from tests.web.attacks_ops import PASSES

WORKER = """
import json, sys, time
from layercalc.limits import Limits
from layercalc.web import create_app
from tests.web.attacks_ops import PASSES

def status(key):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(key)) * 1024

app = create_app(Limits(max_forward_seconds=1)).test_client()
app.post("/v1/forward", data=json.dumps({"model": {"input_shape": [3], "layers": [{"type": "Dense", "units": 4}]},
                                         "inputs": {"seed": 1}}))
wanted = {one.name: one for one in PASSES}
for name in sys.stdin:
    open("/proc/self/clear_refs", "w").write("5")
    before, start = status("VmRSS"), time.monotonic()
    answer = app.post("/v1/forward", data=wanted[name.strip()].body)
    print(json.dumps([answer.status_code, time.monotonic() - start, status("VmHWM") - before, answer.text[:1000]]), flush=True)
"""


class Worker:
    """A process that is asked for one pass after another: a thread that waits too long for it ends it."""

    def __init__(self) -> None:
        environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # its log
            text=True,
            env=environment,
            cwd=Path(__file__).parents[2],
        )

    def ask(self, name: str) -> list[object]:
        assert self.process.stdin
        assert self.process.stdout
        timer = threading.Timer(120, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(name + "\n")
            self.process.stdin.flush()
            return list(json.loads(self.process.stdout.readline() or "[0, 120, 0, null]"))
        finally:
            timer.cancel()


@pytest.fixture(scope="module")
def worker():
    made = Worker()
    yield made
    made.process.kill()
    made.process.communicate()


def test_none_is_there_twice():
    names = [one.name for one in PASSES]
    assert len(set(names)) == len(names)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux' /proc")
@pytest.mark.parametrize("attack", PASSES, ids=lambda one: one.name)
def test_a_pass_is_ended_in_time_and_within_its_memory(worker, attack):
    started, load = time.monotonic(), os.getloadavg()[0]
    status, seconds, held, text = worker.ask(attack.name)
    assert status in ((422,) if attack.refused else (200, 422, 503)), text
    patience = max(1.0, load / (os.cpu_count() or 1))  # others' work is not this one's
    assert seconds < (1 + 4) * patience
    assert held < 1.1 * Limits().max_forward_bytes + (64 << 20), f"{held:,}"
    if status == 422:
        assert seconds < 3 * patience, "what is refused is refused at once"
    assert time.monotonic() - started < 115
