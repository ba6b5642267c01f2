"""The command line: reads files, calls the verbs in this process, prints."""

from layercalc.cli.base import cli, main

__all__ = ["cli", "main"]
