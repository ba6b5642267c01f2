"""gunicorn, as `layercalc serve` starts it."""

import os
import sys
import sysconfig
from pathlib import Path

from layercalc.environment import setting

CONFIGURED = ["--config", "python:layercalc.web.gunicorn_conf"]


def command() -> list[str]:
    """By its script: on SIGUSR2 gunicorn starts what it was started by, and `-m gunicorn` does not start twice."""
    script = Path(sysconfig.get_path("scripts")) / "gunicorn"
    return [sys.executable, *([str(script)] if script.exists() else ["-m", "gunicorn"]), *CONFIGURED]


def serve(**given: str | int | None) -> None:
    """Become gunicorn, with what is given in place of those settings."""
    for name, value in given.items():
        if value is not None:
            os.environ[setting(name)] = str(value)
    os.execv(sys.executable, command())
