"""The command line: reads files, calls the verbs in this process, prints."""

from layercalc.cli import checking, models, service  # noqa: F401  (their commands)
from layercalc.cli.base import cli, main

__all__ = ["cli", "main"]
