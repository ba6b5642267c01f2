"""How many requests a second two workers answer, beside a bare Flask application that answers the same bytes.

`make load`: both under the gunicorn that is deployed, in turns, on loopback; by wrk where it is installed, else by
Python. Medians of many short turns: in some of them all connections come to one worker, whichever the application.
Turns with large documents are longer, so that each has its answers on a busy machine too.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import NamedTuple

SECONDS, TURNS, CONNECTIONS = int(os.environ.get("LOAD_SECONDS", "1")), 9, 8
LARGE = 100  # layers from which on a turn takes so many times as long
LONGER = 4
WORKERS, THREADS = 2, 4
CYCLE = ("Conv2D", "BatchNormalization", "MaxPooling2D", "Dropout")
BARE = """
from flask import Flask, Response, request
app = Flask("bare")
BODY = open({path!r}, "rb").read()
@app.post("/v1/analyze")
def analyze():
    request.get_data()
    return Response(BODY, mimetype="application/json")
"""


class Load(NamedTuple):
    """What one turn measured."""

    rate: float  # requests a second
    middle: float  # milliseconds
    late: float  # milliseconds, 99 of 100 are faster
    failed: int


def document(layers: int, width: int = 0) -> dict:
    """A convolutional network; another `width` makes another network of all of its layers."""
    config = {
        "Conv2D": {"filters": 32 + width, "kernel_size": 3, "padding": "same", "activation": "relu"},
        "MaxPooling2D": {"pool_size": 2, "padding": "same"},
        "Dropout": {"rate": 0.2},
    }
    listed = [{"type": CYCLE[n % 4], **config.get(CYCLE[n % 4], {})} for n in range(layers)]
    return {"input_shape": [64, 64, 3], "layers": listed}


def bodies(kind: str, layers: int) -> list[str]:
    """The requests of a variant: one for ever, one that differs in its name, or in every layer."""
    if kind == "same":
        return [json.dumps(document(layers))]
    if kind == "named":
        return [json.dumps({**document(layers), "name": f"m{n}"}) for n in range(400)]
    return [json.dumps(document(layers, n)) for n in range(400)]


@contextmanager
def serving(application: str, folder: str, **settings: str) -> Iterator[int]:
    """The application under gunicorn, on a free port of loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "python:layercalc.web.server.gunicorn_conf"]
    where = {"BIND": f"127.0.0.1:{port}", "WORKERS": str(WORKERS), "THREADS": str(THREADS)}
    known = {f"LAYERCALC_{name}": value for name, value in where.items()}
    environment = {**os.environ, "PYTHONPATH": folder, **known, **settings}
    with Path(folder, f"{port}.log").open("wb") as log:  # lines are written, as they are in service, and not shown
        process = subprocess.Popen([*command, application], env=environment, stderr=log)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit(Path(folder, f"{port}.log").read_text()) from None
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def by_wrk(port: int, sent: list[str], folder: str, seconds: int) -> Load:
    """One turn of wrk; its script hands out the bodies in turn and says what came of them."""
    script = Path(folder) / "load.lua"
    Path(folder, "bodies").write_text("\n".join(sent))
    script.write_text(
        f"""
local bodies, at = {{}}, 0
for line in io.lines("{folder}/bodies") do bodies[#bodies + 1] = line end
wrk.headers["Content-Type"] = "application/json"
function init(args) math.randomseed(os.time()); at = math.random(#bodies) end
function request()
  at = at % #bodies + 1
  return wrk.format("POST", "/v1/analyze", nil, bodies[at])
end
function done(summary, latency)
  local e = summary.errors
  local failed = e.status + e.read + e.write + e.connect + e.timeout
  print(string.format("LOAD %f %f %f %d", summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed))
end
"""
    )
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}/"]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    words = next(line for line in output.splitlines() if line.startswith("LOAD")).split()
    return Load(*map(float, words[1:4]), int(words[4]))


def by_threads(port: int, sent: list[str], folder: str, seconds: int) -> Load:
    """The same by Python, which is the slower side of the two: rates are lower, and nearer to one another."""
    end = time.monotonic() + seconds

    def client(first: int) -> tuple[list[float], int]:
        connection, spent, failed, n = HTTPConnection("127.0.0.1", port, timeout=30), [], 0, first * 97
        while time.monotonic() < end:
            start = time.perf_counter()
            connection.request("POST", "/v1/analyze", sent[n % len(sent)], {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            spent.append((time.perf_counter() - start) * 1000)
            failed, n = failed + (answer.status != 200), n + 1
        connection.close()
        return spent, failed

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        found = list(pool.map(client, range(CONNECTIONS)))
    every = sorted(one for spent, _ in found for one in spent) or [0.0]
    rate = len(every) / seconds if every[-1] else 0.0
    return Load(rate, median(every), every[int(len(every) * 0.99)], sum(failed for _, failed in found))


def times(one: float, other: float) -> str:
    """How many times as much one is as the other; of a turn without an answer nothing can be said."""
    return f"{one / other:.2f}" if other else "unknown"


def line(what: str, ours: list[Load], bare: list[Load]) -> str:
    """The middle turns of both, their ratio, and the least and most ratio of a pair of turns."""
    one, other = (sorted(turns)[len(turns) // 2] for turns in (ours, bare))
    ratios = sorted(a.rate / b.rate for a, b in zip(ours, bare, strict=True) if b.rate)
    ends = f"{ratios[0]:.2f} to {ratios[-1]:.2f}" if ratios else "no turn had answers"
    late = f"{times(one.late, one.middle)} × (bare {times(other.late, other.middle)} ×)"
    return (
        f"{what} {one.rate:8.0f}/s, bare Flask {other.rate:8.0f}/s, ratio {times(one.rate, other.rate)} ({ends}); "
        f"p50 {one.middle:.1f} ms, p99 {one.late:.1f} ms = {late}; failed {sum(turn.failed for turn in ours)}"
    )


def main() -> None:
    """Every variant in turns with the bare application, and the ratios of their middle turns."""
    measure = by_wrk if shutil.which("wrk") else by_threads
    print(f"{WORKERS} workers of {THREADS} threads, {CONNECTIONS} connections, {measure.__name__}, ", end="")
    print(f"{TURNS} turns of {SECONDS} s")
    variants = [("same", 20), ("named", 20), ("other", 20), ("same", 1000), ("other", 1000)]
    for kind, layers in variants:
        with tempfile.TemporaryDirectory() as folder:
            from layercalc.web import create_app

            sent = bodies(kind, layers)[: 50 if layers > LARGE else None]
            answer = create_app().test_client().post("/v1/analyze", data=sent[0])
            Path(folder, "answer").write_bytes(answer.data)
            Path(folder, "bare.py").write_text(BARE.format(path=f"{folder}/answer"))
            settings = {"LAYERCALC_MAX_KEPT_ANSWERS": "0"} if kind == "other" and layers > LARGE else {}
            ours, bare = [], []
            application = "layercalc.web:create_app()"
            seconds = SECONDS * (LONGER if layers > LARGE else 1)
            with serving(application, folder, **settings) as port, serving("bare:app", folder) as plain:
                for warm in (port, plain):
                    measure(warm, sent, folder, seconds)
                for _ in range(TURNS):
                    bare.append(measure(plain, sent, folder, seconds))
                    ours.append(measure(port, sent, folder, seconds))
            told = {"same": "one document", "named": "other names", "other": "other layers"}[kind]
            print(f"{line(f'{layers:5} layers, {told:13}', ours, bare)}; {len(answer.data):,} bytes", flush=True)


if __name__ == "__main__":
    main()
