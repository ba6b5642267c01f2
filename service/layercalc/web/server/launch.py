"""gunicorn, as `layercalc serve` starts it."""

import os
import re
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from layercalc.environment import setting
from layercalc.limits import Limits
from layercalc.settings import Settings
from layercalc.wording import nearest

CONFIGURED = ["--config", "python:layercalc.web.server.gunicorn_conf"]


def command() -> list[str]:
    """By its script: on SIGUSR2 gunicorn starts what it was started by, and `-m gunicorn` does not start twice."""
    script = Path(sysconfig.get_path("scripts")) / "gunicorn"
    return [sys.executable, *([str(script)] if script.exists() else ["-m", "gunicorn"]), *CONFIGURED]


def serve(**given: str | int | None) -> None:
    """Become gunicorn, with what is given in place of those settings."""
    for name, value in given.items():
        if value is not None:
            os.environ[setting(name)] = str(value)
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")  # glibc: a heap for each thread is memory that others cannot use
    os.execv(sys.executable, command())


def strangers(environment: Mapping[str, str]) -> list[str]:
    """Names that look like settings and are none; those that Kubernetes makes for a service of this name may be."""
    known = {setting(one.name) for kind in (Settings, Limits) for one in fields(kind)}
    injected = re.compile(r"LAYERCALC_(SERVICE|PORT)(_|$)")
    return [
        f"{name} is no setting, and is ignored.{nearest(name, sorted(known))}"
        for name in sorted(environment)
        if name.startswith("LAYERCALC_") and name not in known and not injected.match(name)
    ]
