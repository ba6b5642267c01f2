"""Sweeps: candidates of a network of 20 layers in a second of one core, beside one analysis after another."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from layercalc import analyze, sweep

BLOCK = ("Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D")
WIDTHS = [f"w{number}" for number in range(5)]
HERE = "import sys; from benchmarks.sweeps import held; held(int(sys.argv[1]))"
BEST = [{"max": "params"}, {"min": "flops"}]


def network(value: Callable[[str], Any]) -> dict[str, Any]:
    """Twenty layers and a head, whose widths, kernel and resolution are what `value` says of their names."""
    layers: list[dict[str, Any]] = []
    for width in WIDTHS:
        conv = {"type": "Conv2D", "filters": value(width), "kernel_size": value("k"), "padding": "same"}
        layers += [conv, *({"type": kind} for kind in BLOCK[1:])]
    layers[-1] = {"type": "Flatten"}
    return {"input_shape": [value("hw"), value("hw"), 3], "layers": [*layers, {"type": "Dense", "units": 10}]}


def grid(count: int) -> dict[str, Any]:
    """So many candidates, a power of ten of at least 10^4: all combinations."""
    widths: dict[str, Any] = {name: {"from": 8, "to": 80, "step": 8} for name in WIDTHS[1:]}
    return {"hw": [64], "k": [3], "w0": {"from": 8, "to": 8 * count // 10_000, "step": 8}, **widths}


def drawn(count: int) -> dict[str, Any]:
    """So many candidates, each drawn by itself."""
    rng = random.Random(7)
    values = {name: [rng.randrange(8, 200) for _ in range(count)] for name in WIDTHS}
    values["hw"] = [rng.randrange(48, 96) for _ in range(count)]
    return {"all": {"zip": values | {"k": [rng.choice((1, 3, 5)) for _ in range(count)]}}}


def rate(space: dict[str, Any]) -> float:
    """Candidates in a second of one core."""
    start = time.process_time()
    found = sweep(network(lambda name: {"$": name}), space, best=BEST)
    return found["count"] / (time.process_time() - start)


def alone() -> float:
    """The same of one analysis after another."""
    rng = random.Random(7)
    documents = [network(lambda _: rng.choice((48, 56, 64))) for _ in range(200)]
    start = time.process_time()
    for document in documents:
        analyze(document)
    return len(documents) / (time.process_time() - start)


def held(count: int) -> None:
    """Print the MiB that a process came to hold that swept so many candidates."""
    rate(grid(count))
    status = Path("/proc/self/status").read_text()  # what getrusage says is that of the parent, too
    print(int(status.partition("VmHWM:")[2].split()[0]) >> 10)


def figures(line: Callable[..., None]) -> None:
    """What `make bench` prints of sweeps."""
    single = alone()
    for what, space in (("all combinations", grid(1_000_000)), ("drawn at random", drawn(1_000_000))):
        many = rate(space)
        told = f"sweep of 20 layers × 1,000,000, {what}, candidates/s and core"
        line(told, f"{many:,.0f}", f"goal: 200,000; {many / single:,.0f} × one at a time ({single:,.0f}/s)")
    for count in (100_000, 1_000_000, 10_000_000):
        done = subprocess.run([sys.executable, "-c", HERE, str(count)], capture_output=True, text=True, check=True)
        line(f"memory of a process that sweeps {count:,} candidates", f"{done.stdout.strip()} MiB", "goal: flat")
