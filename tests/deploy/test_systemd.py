"""The systemd unit: read by systemd itself, and its command run as the unit says, as far as a test can."""

import configparser
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import sizing

UNIT = Path(__file__).parents[2] / "deploy" / "layercalc.service"
LAYERCALC = Path(sys.executable).parent / "layercalc"


class Repeated(dict):
    """The values of a section; a key that comes again adds to the one before."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            value = [*self[key], *value]
        super().__setitem__(key, value)


@pytest.fixture(scope="module")
def service():
    """The [Service] section."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, dict_type=Repeated)
    parser.optionxform = str
    parser.read(UNIT)
    return dict(parser["Service"])


def analyze(*arguments):
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout


def test_unit_is_one_to_systemd(tmp_path):
    copy = tmp_path / "layercalc.service"
    text = UNIT.read_text()
    assert text.count("/opt/layercalc/bin/layercalc serve") == 1
    copy.write_text(text.replace("/opt/layercalc/bin/layercalc", str(LAYERCALC)))
    assert analyze("verify", copy) == (0, "")
    copy.write_text(copy.read_text().replace("MemoryMax=11G", "MemoryMax=plenty\nNoSuchSetting=yes"))
    _, output = analyze("verify", copy)
    assert "plenty" in output
    assert "NoSuchSetting" in output


def test_exposure_is_low():
    _, output = analyze("security", "--offline=yes", "--no-pager", UNIT)
    (score,) = re.findall(r"Overall exposure level for layercalc.service: ([\d.]+)", output)
    assert float(score) <= 1.2


def test_stopping_is_given_the_time_to_drain(service):
    graceful = int(re.search(r"LAYERCALC_GRACEFUL_SECONDS=(\d+)", "".join(service["Environment"]))[1])
    assert int(service["TimeoutStopSec"]) >= graceful + 15


def test_memory_is_what_the_limits_add_up_to(service):
    settings = sizing.settings_in((UNIT.parent / "layercalc.env").read_text())
    assert set(settings) <= sizing.KNOWN
    need = sizing.memory(settings)
    assert need <= sizing.quantity(service["MemoryMax"]) <= 1.5 * need


def test_command_says_when_it_is_ready_and_runs_where_no_memory_may_become_code(service, tmp_path):
    """Type=notify and MemoryDenyWriteExecute=, with a socket and a kernel flag as systemd would set them."""
    assert (service["Type"], service["MemoryDenyWriteExecute"]) == ("notify", "yes")
    deny = "import ctypes, os, sys; print(ctypes.CDLL(None).prctl(65, 1, 0, 0, 0), flush=True); os.execv(sys.argv[1], sys.argv[1:])"
    with socket.socket() as free, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        notices.bind(str(tmp_path / "notify"))
        notices.settimeout(120)
        free.close()
        command = service["ExecStart"].split()
        process = subprocess.Popen(
            [sys.executable, "-c", deny, str(LAYERCALC), *command[1:]],
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "LAYERCALC_BIND": f"127.0.0.1:{port}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert b"READY=1" in notices.recv(4096)
            body = b'{"model": {"input_shape": [9, 9, 3], "layers": [{"type": "Conv2D", "filters": 8, "kernel_size": 3}]}, "inputs": {"seed": 1}}'
            status = post(port, body)
        finally:
            process.send_signal(signal.SIGTERM)
            output = process.communicate(timeout=60)[0]
    assert status == 200, output
    assert process.returncode == 0
    if hasattr(ctypes.CDLL(None), "prctl") and not output.startswith("0"):
        pytest.skip("the kernel has no PR_SET_MDWE (6.3 or later)")


def post(port, body):
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/v1/forward", body)
    status = connection.getresponse().status
    connection.close()
    return status
