"""A service under real gunicorn on loopback, for tests that restart it, kill parts of it or read its log."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

TINY = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}

PATIENT = {"LAYERCALC_MAX_ANALYSIS_SECONDS": "60", "LAYERCALC_MAX_FORWARD_SECONDS": "60"}  # the machine may be busy


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Service:
    """One master and its workers; the log is in `log`."""

    def __init__(self, settings, command=("-m", "layercalc", "serve"), preexec=None):
        self.port = free_port()
        self.log = Path(tempfile.mkstemp(suffix=".log")[1])
        settings = {f"LAYERCALC_{name.upper()}": str(value) for name, value in settings.items()}
        defaults = {**PATIENT, "LAYERCALC_BIND": f"127.0.0.1:{self.port}", "LAYERCALC_WORKERS": "2"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                stdout=log,
                stderr=log,
                env={**os.environ, **defaults, **settings},
                preexec_fn=preexec,
            )
        self.wait(lambda: self.get("/livez")[0] == 200)

    def wait(self, condition, seconds=90):
        """Until something holds; AssertionError if it does not come to hold."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(self.text())

    def text(self):
        return self.log.read_text()

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode(), response.headers
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def analyze(self):
        return self.request("POST", "/v1/analyze", json.dumps(TINY))

    def samples(self):
        """Every sample of /metrics, by its name with labels."""
        lines = self.get("/metrics")[1].splitlines()
        return {name: float(value) for name, _, value in (one.rpartition(" ") for one in lines if one[0] != "#")}

    def signal(self, number):
        self.process.send_signal(number)

    def workers(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def stop(self):
        """Gracefully, in time, and with nothing to complain of."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0, self.text()
        assert "Traceback" not in self.text(), self.text()


@contextmanager
def running(command=("-m", "layercalc", "serve"), preexec=None, **settings):
    service = Service(settings, command, preexec)
    try:
        yield service
        service.stop()
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()
        service.log.unlink()


@contextmanager
def load(service, clients=3):
    """Clients that keep asking on kept connections, as a browser or a proxy does; yields what they were told."""
    told, stop = [], threading.Event()

    def client():
        body, connection = json.dumps(TINY), None
        while not stop.is_set():
            fresh = connection is None
            connection = connection or http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
            try:
                connection.request("POST", "/v1/analyze", body)
                response = connection.getresponse()
                response.read()
                told.append(response.status)
                time.sleep(0.005)
                over = response.will_close
            except (OSError, http.client.HTTPException) as error:
                told.append(f"{type(error).__name__} {'first' if fresh else 'kept'}")
                over = True
            if over:
                connection.close()
                connection = None
        if connection:
            connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        stop.set()
        for thread in threads:
            thread.join()
