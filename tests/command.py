"""The command line in this process: what one of its own would print and end with, without the half second of its start."""

import contextlib
import io
import os
import subprocess
import sys
from unittest import mock

from layercalc.__main__ import main


def run(*arguments, stdin=None, cwd=".", **environment):
    """A finished process, as subprocess.run gives one with text=True and both streams captured."""
    into, out, err = (io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8") for text in (stdin or "", "", ""))
    known = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB")}
    with (
        contextlib.chdir(cwd),
        mock.patch.dict(os.environ, {**known, "COLUMNS": "200", **environment}, clear=True),
        mock.patch("layercalc.__main__.end", sys.exit),  # which ends a process of its own at once, and would this one
        mock.patch.multiple("sys", argv=["layercalc", *arguments], stdin=into, stdout=out, stderr=err),
    ):
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        printed, said = (stream.flush() or stream.buffer.getvalue().decode() for stream in (out, err))
    assert "Traceback" not in said
    return subprocess.CompletedProcess(arguments, code, printed, said)
