"""Settings: what they are read from, and what is said of one that makes no sense; keys and cores likewise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from layercalc import cores
from layercalc.settings import Settings, documented
from layercalc.web.server.launch import strangers


def test_defaults_serve_one_laptop_and_tell_strangers_nothing():
    found = Settings.from_environment({})
    assert found == Settings()
    assert found.bind.startswith("127.0.0.1:")
    assert (found.workers, found.trusted_proxies, found.cors_origins, found.rate_limit) == (1, 0, (), "")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("workers", "8", 8),
        ("max_requests", "0", 0),
        ("cors_origins", " https://a.example , http://localhost:3000,", ("https://a.example", "http://localhost:3000")),
        ("cors_origins", "*", ("*",)),
        ("rate_limit", "10/second; 5000 per day", "10/second; 5000 per day"),
        ("rate_limit_storage", "redis+sentinel://127.0.0.1:26379/main", "redis+sentinel://127.0.0.1:26379/main"),
        ("log_format", "JSON", "json"),
        ("log_level", "WARNING", "warning"),
        ("models", "/", Path("/")),
        ("workers", "", 1),
        ("bind", "[::1]:8000,unix:/tmp/a:b.sock,0.0.0.0:0", "[::1]:8000,unix:/tmp/a:b.sock,0.0.0.0:0"),
    ],
)
def test_a_setting_is_read(name, text, value):
    assert getattr(Settings.from_environment({f"LAYERCALC_{name.upper()}": text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("WORKERS", "0", "an integer from 1 to 1000; it is '0'"),
        ("WORKERS", "1_0", "an integer"),
        ("WORKERS", "٣", "an integer"),
        ("WORKERS", "9" * 5000, "an integer"),
        ("WORKSPACE_BYTES", "64 MiB", "an integer of at least 0; it is '64 MiB'"),
        ("THREADS", "-1", "an integer from 1 to 1000"),
        ("MAX_REQUESTS", "many", "an integer of at least 0; it is 'many'"),
        ("RATE_LIMIT", "often", "rates such as 100/minute"),
        ("RATE_LIMIT", "10/fortnight", "rates such as"),
        ("RATE_LIMIT_STORAGE", "mongodb://u:secret@h", "memory:// or the address of a Redis"),
        ("CORS_ORIGINS", "app.example.org", "origins such as .*'app.example.org' is none"),
        ("CORS_ORIGINS", "https://a.example/path", "origins such as"),
        ("CORS_ORIGINS", "https://*.example", "origins such as"),
        ("CORS_ORIGINS", "null", "origins such as"),
        ("TRUSTED_PROXIES", "all", "an integer from 0 to 100"),
        ("LOG_FORMAT", "xml", "one of console, json; it is 'xml'"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("MODELS", "/nowhere", "a folder that is there"),
        ("API_KEYS_FILE", "/", "a file that is there"),
        ("BIND", "127.0.0.1:99999", "a port from 0 to 65535"),
        ("BIND", "[::1]:8000,localhost:http", "a port from 0 to 65535"),
    ],
)
def test_one_that_makes_no_sense_is_named_with_what_was_expected(name, text, message):
    with pytest.raises(SystemExit) as error:
        Settings.from_environment({f"LAYERCALC_{name}": text})
    assert re.search(f"^layercalc: LAYERCALC_{name} has to be .*{message}", error.value.code)
    assert "secret" not in error.value.code


def test_one_that_the_kernels_read_is_refused_by_the_command_line_too():
    environment = {**os.environ, "LAYERCALC_WORKSPACE_BYTES": "64 MiB"}
    done = subprocess.run(
        [sys.executable, "-m", "layercalc", "layers"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == "layercalc: LAYERCALC_WORKSPACE_BYTES has to be an integer of at least 0; it is '64 MiB'.\n"


def test_a_misspelt_setting_is_said_and_what_kubernetes_injects_is_not():
    found = strangers({"LAYERCALC_WORKRS": "2", "LAYERCALC_PORT_80_TCP": "", "LAYERCALC_MAX_LAYERS": "3", "HOME": "/"})
    assert found == ["LAYERCALC_WORKRS is no setting, and is ignored. Did you mean 'LAYERCALC_WORKERS'?"]


def test_every_setting_says_what_it_is_for():
    rows = documented()
    assert len({row["setting"] for row in rows}) == len(rows)
    for row in rows:
        assert row["what"]
        assert row["form"]
        assert row["setting"] != "LAYERCALC_PORT"  # which Kubernetes sets for a service of that name


@pytest.mark.parametrize(
    ("files", "membership", "most"),
    [
        ({}, "0::/\n", 99),
        ({"cpu.max": "max 100000"}, "0::/\n", 99),
        ({"cpu.max": "50000 100000"}, "0::/\n", 1),
        ({"cpu.max": "250000 100000"}, "0::/\n", 3),
        ({"pod/cpu.max": "100000 100000", "pod/app/cpu.max": "max 100000"}, "0::/pod/app\n", 1),
        ({"cpu.max": "100000 100000"}, "0::/../../elsewhere\n", 1),
        ({"cpu,cpuacct/cpu.cfs_quota_us": "200000", "cpu,cpuacct/cpu.cfs_period_us": "100000"}, "3:cpu,cpuacct:/\n", 2),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "3:cpu:/\n2:memory:/x\n", 99),
        ({"cpu.max": "nonsense"}, "0::/\n", 99),
        ({"cpu.max": "100000 0"}, "0::/\n", 99),
        ({}, None, 99),
    ],
)
def test_processors_are_those_that_the_container_leaves(tmp_path, monkeypatch, files, membership, most):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(99)))
    root, own = tmp_path / "cgroup", tmp_path / "self"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    if membership is not None:
        own.write_text(membership)
    assert cores.available(root, own) == most
