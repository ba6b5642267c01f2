"""What the gunicorn configuration promises, through real gunicorn: counts, reloads, drains, faults."""

import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from layercalc.keys import new_key
from tests.service import TINY, free_port, load, running

ANALYSES = 'layercalc_http_requests_total{method="POST",route="/v1/analyze",status="200"}'


@pytest.fixture
def folder(tmp_path):
    """For the metrics, so that it can be looked into."""
    return tmp_path / "metrics"


def test_counts_are_right_across_workers_that_are_killed_recycled_and_reloaded(folder):
    with running(metrics_dir=folder, max_requests=30, log_format="json") as service:
        asked = 0

        def ask(times):
            nonlocal asked
            for _ in range(times):
                assert service.analyze()[0] == 200
                asked += 1

        ask(100)  # more than workers of 30 to 36 requests live through
        assert "Autorestarting worker" in service.text()
        service.wait(lambda: len(service.workers()) == 2)
        victim = service.workers()[0]
        os.kill(victim, signal.SIGKILL)
        service.wait(lambda: victim not in service.workers() and len(service.workers()) == 2)
        ask(5)
        before = service.workers()
        service.signal(signal.SIGHUP)
        service.wait(lambda: len(service.workers()) == 2 and not set(before) & set(service.workers()))
        ask(5)
        samples = service.samples()
        assert samples[ANALYSES] == asked
        assert samples['layercalc_http_request_duration_seconds_count{route="/v1/analyze"}'] == asked
        assert samples['layercalc_http_request_duration_seconds_bucket{le="+Inf",route="/v1/analyze"}'] == asked
        service.wait(lambda: service.samples()["layercalc_http_requests_in_flight"] == 1)  # the scrape itself
        assert samples["layercalc_workers"] == 2
        (inside,) = [one for one in folder.iterdir() if one.is_dir()]
        owners = {re.search(r"_(\d+)\.db", one.name)[1] for one in inside.glob("*.db")}
        assert owners == {"0", str(service.process.pid), *map(str, service.workers())}
        lines = [json.loads(line) for line in service.text().splitlines() if not line.startswith("Try:")]
        assert {"gunicorn.error"} <= {line.get("logger") for line in lines}  # one form for all of it
    assert not list(folder.iterdir())


def test_what_a_killed_master_left_is_swept(folder):
    with running(metrics_dir=folder) as service:
        (old,) = folder.iterdir()
        workers = service.workers()
        service.process.kill()
        service.process.wait()
        end = time.monotonic() + 60
        while any(Path(f"/proc/{pid}/stat").exists() for pid in workers) and time.monotonic() < end:
            time.sleep(0.05)
        service.process.returncode = 0  # as far as this test is concerned
    with running(metrics_dir=folder):
        assert old not in list(folder.iterdir())


def test_a_disk_without_room_for_metrics_breaks_no_request(folder):
    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 17, 1 << 17))

    with running(metrics_dir=folder, preexec=full) as service:
        assert service.analyze()[0] == 200
        assert service.get("/metrics")[0] == 200
        assert "each process counts for itself" in service.text()


def test_room_that_is_gone_when_a_worker_starts_breaks_no_request(folder):
    with running(metrics_dir=folder, workers=1) as service:
        assert service.analyze()[0] == 200
        # the master's own limit, which the workers it forks from now on inherit
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (1 << 19, 1 << 19))
        old = service.workers()
        os.kill(old[0], signal.SIGTERM)
        service.wait(lambda: service.workers() and service.workers() != old)
        for _ in range(3):
            assert service.analyze()[0] == 200
        assert service.samples()[ANALYSES] == 1  # what was counted before is still told
        assert "No metrics from this process" in service.text()


def test_sighup_reloads_the_keys_in_all_workers(tmp_path):
    path = tmp_path / "keys"
    (old, old_line), (new, new_line) = new_key("old"), new_key("new")
    path.write_text(old_line)
    with running(api_keys_file=path) as service:

        def status(key):
            return service.get("/v1/limits", {"X-API-Key": key})[0]

        assert (status(old), status(new)) == (200, 401)
        path.write_text(new_line)
        service.signal(signal.SIGHUP)
        service.wait(lambda: "API keys read again: 1 in" in service.text())
        service.wait(lambda: {status(new) for _ in range(8)} == {200})
        assert {status(old) for _ in range(8)} == {401}
        path.write_text("broken")
        service.signal(signal.SIGHUP)
        service.wait(lambda: "API keys stay as they were" in service.text())
        assert {status(new) for _ in range(8)} == {200}
        assert new not in service.text()
        assert "key=new" in service.text()


def test_no_request_is_lost_while_workers_are_replaced():
    with running(max_requests=40) as service:
        with load(service) as told:
            service.wait(lambda: service.text().count("Autorestarting worker") > 3)
            service.signal(signal.SIGHUP)
            service.wait(lambda: service.text().count("Booting worker") > 8)
        assert set(told) == {200}, Counter(told)


def test_draining_says_so_and_loses_no_request():
    with running(drain_seconds=5) as service:
        with load(service) as told:
            service.wait(lambda: len(told) > 50)
            service.signal(signal.SIGTERM)
            service.wait(lambda: service.get("/readyz")[0] == 503)
            status, text, headers = service.get("/readyz")
            assert (status, json.loads(text)["type"]) == (503, "urn:layercalc:problem:not-ready")
            assert headers["Connection"] == "close"
            assert service.get("/livez")[0] == 200
            assert service.get("/v2/health/ready")[0] == 503
        assert set(told) == {200}, Counter(told)  # they were told to close, and went before it stopped
        service.process.wait(timeout=60)


def test_a_second_master_takes_over_without_losing_a_request():
    with running(keepalive_seconds=2) as service:
        with load(service) as told:
            service.wait(lambda: len(told) > 20)
            service.signal(signal.SIGUSR2)
            service.wait(lambda: service.text().count("Listening at") == 2)
            service.wait(lambda: service.text().count("Booting worker") == 4)
            heir = next(pid for pid in service.workers() if children(pid))
            seen = len(told)
            service.wait(lambda: len(told) > seen + 20)
            service.signal(signal.SIGTERM)
            assert service.process.wait(timeout=60) == 0
            seen, end = len(told), time.monotonic() + 60
            while len(told) < seen + 20 and time.monotonic() < end:
                time.sleep(0.05)
            assert len(told) >= seen + 20
        os.kill(heir, signal.SIGTERM)
        end = time.monotonic() + 60
        while Path(f"/proc/{heir}").exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert set(told) == {200}, Counter(told)


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_a_request_under_way_is_answered_when_the_service_stops():
    long = {"input_shape": [5_000, 1], "layers": [{"type": "LSTM", "units": 1}]}
    body = json.dumps({"model": long, "inputs": {"seed": 1}}).encode()
    settings = {"max_read_seconds": 60, "graceful_seconds": 60}
    with running(**settings) as service, socket.create_connection(("127.0.0.1", service.port), 120) as connection:
        head = f"POST /v1/forward HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:-1])
        service.wait(lambda: service.samples()["layercalc_http_requests_in_flight"] == 2)  # the scrape is one
        service.signal(signal.SIGTERM)
        service.wait(lambda: "Handling signal: term" in service.text())
        connection.sendall(body[-1:])
        answer = b""
        while part := connection.recv(1 << 16):
            answer += part
        assert answer.startswith(b"HTTP/1.1 200")


def test_several_workers_may_not_each_count_a_rate_for_themselves():
    done = subprocess.run(
        [sys.executable, "-m", "layercalc", "serve", "--bind", f"127.0.0.1:{free_port()}", "--workers", "2"],
        env={**os.environ, "LAYERCALC_RATE_LIMIT": "10/minute"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "LAYERCALC_RATE_LIMIT_STORAGE" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def redis(tmp_path):
    """The port of a Redis of our own, and its process."""
    server = shutil.which("redis-server")
    if not server:
        pytest.skip("needs redis-server, of Debian's package of that name")
    port = free_port()
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(1200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port, process
    process.kill()
    process.wait()


def test_workers_count_a_rate_together_in_redis_and_go_on_without_it(redis):
    port, process = redis
    with running(rate_limit="10/hour", rate_limit_storage=f"redis://127.0.0.1:{port}/0") as service:
        statuses = [service.analyze()[0] for _ in range(14)]
        assert Counter(statuses) == {200: 10, 429: 4}  # whichever worker it was
        process.kill()
        process.wait()
        again = Counter(service.analyze()[0] for _ in range(60))
        assert set(again) == {200, 429}
        assert 10 <= again[200] <= 20  # each of two workers counts for itself now
        assert "falling back to in-memory" in service.text()
        assert service.samples()["layercalc_rate_limit_storage_failures_total"] >= 1
        assert service.get("/readyz")[0] == 200


def test_a_redis_that_says_nothing_hangs_no_request():
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(64)
        storage = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        with running(rate_limit="100/hour", rate_limit_storage=storage, workers=1) as service:
            assert [service.analyze()[0] for _ in range(5)] == [200] * 5
            assert "falling back to in-memory" in service.text()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("WORKERS", "two", "LAYERCALC_WORKERS has to be an integer from 1 to 1000; it is 'two'"),
        ("API_KEYS_FILE", "/nowhere", "LAYERCALC_API_KEYS_FILE has to be a file that is there; it is '/nowhere'"),
        ("API_KEYS_FILE", __file__, "LAYERCALC_API_KEYS_FILE: .* line 1: expected name:sha256"),
    ],
)
def test_a_setting_that_makes_no_sense_is_said_at_once(name, value, message):
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "python:layercalc.web.server.gunicorn_conf"],
        env={**os.environ, "LAYERCALC_BIND": f"127.0.0.1:{free_port()}", f"LAYERCALC_{name}": value},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr


def test_a_fork_after_the_application_is_loaded_runs_on_every_core():
    """Neither BLAS nor the kernels' helpers have threads in the master that a worker would wait for."""
    layers = [{"type": "Conv2D", "filters": 16, "kernel_size": 3}, {"type": "GlobalAveragePooling2D"}]
    body = json.dumps({"model": {"input_shape": [128, 128, 3], "layers": layers}, "inputs": {"seed": 1}})
    environment = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "2")
    os.environ |= environment
    try:
        with running(workers=1) as service:
            assert len(list(Path(f"/proc/{service.process.pid}/task").iterdir())) == 1
            for _ in range(2):
                status, text, _ = service.request("POST", "/v1/forward", body)
                assert status == 200, text[:500]
            service.signal(signal.SIGHUP)
            service.wait(lambda: service.text().count("Booting worker") == 2)
            assert service.request("POST", "/v1/forward", body)[0] == 200
    finally:
        for name in environment:
            del os.environ[name]


def test_the_server_tells_no_version_and_reads_no_forwarded_header_of_its_own():
    with running(workers=1) as service:
        headers = service.get("/docs", {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.net"})[2]
        assert not re.search(r"\d", headers["Server"])
        assert "evil" not in str(headers)
        assert (
            service.request("POST", "/v1/analyze", json.dumps(TINY), {"X-Request-Id": "mine"})[2]["X-Request-Id"]
            == "mine"
        )
