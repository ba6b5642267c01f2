"""What a worker may come to hold is what `GET /v1/limits` says: a real one, with requests that go up to each limit."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from layercalc.capacity import BASE_BYTES, parts, worker_peak_bytes
from layercalc.limits import Limits
from layercalc.settings import Settings
from tests.service import running
from tests.web.attacks_service import BODY, FILLS, LAYERS, OUTPUTS, PASS_BYTES, TOKENS

SMALL = {
    "max_body_bytes": BODY,
    "max_code_tokens": TOKENS,
    "max_layers": LAYERS,
    "max_forward_bytes": PASS_BYTES,
    "max_forward_outputs": OUTPUTS,
    "max_forward_passes": 1,
    "max_analysis_seconds": 30,
    "max_forward_seconds": 30,
}
THREADS = {"threads": 2, "workspace_bytes": 8 << 20}


def peak(process):
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())[1]) << 10


def test_published_number_is_the_sum_of_its_parts(client):
    body = client.get("/v1/limits").json
    every = parts(Limits(), Settings())
    assert body["worker_peak_bytes"] == worker_peak_bytes(Limits(), Settings())
    assert body["worker_peak_bytes"] == sum(one.times * one.each for one in every)
    assert body["worker_peak_bytes"] > BASE_BYTES + Limits().max_forward_bytes * Limits().max_forward_passes
    assert len({one.what for one in every}) == len(every)


@pytest.mark.parametrize(
    "field", ["max_body_bytes", "max_kept_bytes", "max_hdf5_bytes", "max_forward_bytes", "max_forward_outputs"]
)
def test_every_limit_on_bytes_has_its_part(field):
    more = Limits(**{field: getattr(Limits(), field) + (64 << 20)})
    assert worker_peak_bytes(more, Settings()) >= worker_peak_bytes(Limits(), Settings()) + (64 << 20)


def test_settings_that_make_it_larger():
    usual = worker_peak_bytes(Limits(), Settings())
    assert worker_peak_bytes(Limits(), Settings(threads=5)) > usual
    assert worker_peak_bytes(Limits(), Settings(workspace_bytes=1 << 30)) > usual
    assert worker_peak_bytes(Limits(), Settings(workers=8)) == usual  # of one worker


@pytest.fixture(scope="module")
def workers():
    """A service and its worker, with what that held when it was fresh: one for all requests that fill the same parts."""
    with ExitStack() as stack:

        @cache
        def started(_parts):
            service = stack.enter_context(running(workers=1, **SMALL, **THREADS))
            (worker,) = service.workers()
            return service, worker, peak(worker)

        yield started


@pytest.mark.parametrize("fill", FILLS, ids=lambda one: one.name)
def test_worker_stays_within_the_parts_that_a_request_fills(fill, workers):
    """Twice as many at a time as there are threads, again and again."""
    every = parts(Limits(**SMALL), Settings(**THREADS))
    most = sum(one.times * one.each for index, one in enumerate(every) if index in fill.parts)
    service, worker, fresh = workers(fill.parts)
    assert json.loads(service.get("/v1/limits")[1])["worker_peak_bytes"] == sum(one.times * one.each for one in every)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: service.request("POST", fill.path, fill.body), range(8)))
    assert {status for status, _, _ in told} <= {200, 400, 422, 429}, told[0][1][:500]
    assert service.workers() == [worker]
    assert fresh < BASE_BYTES
    assert peak(worker) - fresh <= most, f"{peak(worker) - fresh >> 20} of {most >> 20} MiB"
