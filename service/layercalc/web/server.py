"""gunicorn, as `layercalc serve` starts it."""

import os
import sys

COMMAND = [sys.executable, "-m", "gunicorn", "--config", "python:layercalc.web.gunicorn_conf"]


def serve(**given: str | int | None) -> None:
    """Become gunicorn, with what is given in place of those settings."""
    for name, value in given.items():
        if value is not None:
            os.environ[f"LAYERCALC_{name.upper()}"] = str(value)
    os.execv(COMMAND[0], COMMAND)
