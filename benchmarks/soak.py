"""Many mixed requests to one process: does its memory stay where it was after the first thousand?

`make soak` sends 100,000 (SOAK_REQUESTS) through the WSGI application, on several threads, and says what is held.
"""

import gc
import json
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from layercalc.limits import Limits
from layercalc.web import create_app

FIRST, THREADS = 1_000, 4
ALLOWED = 1.10  # of what was held after the first


def network(n: int, random_: random.Random) -> dict[str, Any]:
    """Another network for each n."""
    layers = [
        {"type": "Conv2D", "filters": 1 + n % 61, "kernel_size": 3, "activation": "relu", "name": f"first{n}"},
        {"type": "BatchNormalization"},
        {"type": "MaxPooling2D"},
        {"type": "Flatten"},
        {"type": "Dense", "units": 1 + n % 97},
    ]
    return {"name": f"m{n}", "input_shape": [12, 12, 3], "layers": layers[: random_.randrange(1, 6)]}


def asked(n: int) -> tuple[str, str, bytes | None, dict[str, str]]:
    """The n-th request: method, path, body, headers. One in ten is wrong."""
    random_ = random.Random(n)
    model = network(n if n % 3 else n % 50, random_)
    kind = n % 20
    if kind < 8:
        query = ("", "?batch_size=4", "?conventions=all", "?explain=1")[n % 4]
        return "POST", f"/v1/analyze{query}", json.dumps(model).encode(), {"Accept": ("*/*", "text/plain")[n % 2]}
    if kind < 11:
        return (
            "POST",
            "/v1/forward",
            json.dumps({"model": model, "inputs": {"seed": n}, "stats": n % 2 == 0}).encode(),
            {},
        )
    if kind < 13:
        budgets = [{"metric": "params", "max": n}, {"metric": "flops", "max": "5M", "layer": "*"}]
        return "POST", "/v1/check", json.dumps({"model": model, "budgets": budgets}).encode(), {}
    if kind < 14:
        return "POST", "/v1/diff", json.dumps({"before": model, "after": network(n + 1, random_)}).encode(), {}
    if kind < 15:
        return "POST", "/v1/analyze", f"Dense({n % 300 + 1}, input_dim=3, name='d{n}')\nDense(4)".encode(), {}
    if kind < 18:
        path = ("/v1/layers", "/livez", "/openapi.json", f"/v1/layers/nobody{n}", "/v1/limits", f"/v2/models/m{n}")[
            n % 6
        ]
        return "GET", path, None, {}
    equation = f"ab,b{chr(99 + n % 20)}->a{chr(99 + n % 20)}" + " " * (n % 40)
    wrong = [
        {"input_shape": [3], "layers": [{"type": f"Dense{n}"}]},
        {"input_shape": [3], "layers": [{"type": "Dense", f"unit{n}": 3}]},
        {"input_shape": [3], "layers": [{"type": "EinsumDense", "equation": equation, "output_shape": [4]}]},
        {"input_shape": [n], "layers": [{"type": "Reshape", "target_shape": [n + 1]}]},
    ]
    return "POST", "/v1/analyze", json.dumps(wrong[n % 4]).encode(), {}


def held() -> int:
    """The bytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def soak(requests: int, first: int = FIRST, least: int = 4) -> Iterator[tuple[int, int, int]]:
    """Send them, and say now and then: how many so far, the bytes held, the threads there are."""
    app = create_app(Limits())
    numbers = iter(range(requests))
    lock = threading.Lock()

    def client(until: int) -> None:
        browser = app.test_client()
        while True:
            with lock:
                n = next(numbers, None) if state["sent"] < until else None
                state["sent"] += n is not None
            if n is None:
                return
            method, path, body, headers = asked(n)
            answer = browser.open(path, method=method, data=body, headers=headers)
            answer.get_data()
            if answer.status_code >= 500 and "deadline" not in answer.text:  # which a busy machine may miss
                raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")

    state = {"sent": 0}
    with ThreadPoolExecutor(THREADS) as pool:
        for until in sorted({first, *(requests * part // least for part in range(1, least + 1))}):
            if until < first:
                continue
            list(pool.map(client, [until] * THREADS))
            gc.collect()
            yield state["sent"], held(), threading.active_count()
    for name, cache in zip(("answers", "layers", "traces"), app.extensions["layercalc.cache"], strict=True):
        assert cache.bytes <= cache.most_bytes, name
        assert len(cache.things) <= cache.most, name


def main() -> int:
    """Exit code 1 where more than 10 % came on top."""
    requests = int(os.environ.get("SOAK_REQUESTS", "100000"))
    start, base = time.monotonic(), 0
    now = 0
    for sent, now, threads in soak(requests, least=10):
        base = base or now
        told = f"{now / base:.3f} of what was held after the first {FIRST:,}"
        print(
            f"{sent:7,} requests, {time.monotonic() - start:6.0f} s, {now / 2**20:6.1f} MiB, {threads} threads, {told}",
            flush=True,
        )
    return int(now > ALLOWED * base)


if __name__ == "__main__":
    sys.exit(main())
