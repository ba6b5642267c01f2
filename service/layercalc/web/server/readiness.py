"""Whether the service can take requests, or why not."""

import mmap
import os
from pathlib import Path

from layercalc.environment import setting

stopping = mmap.mmap(-1, 1)  # made before the fork: the master writes, every worker sees it


def begin_draining() -> None:
    stopping[0] = 1


def draining() -> bool:
    return stopping[0] != 0


def why_not(models: Path | None) -> str:
    """Why the service should get no more requests just now; empty if it can take them."""
    if draining():
        return "The service is about to stop."
    if models and not os.path.isdir(models):  # Path's raises where a folder above may not be entered
        return f"The folder of models ({setting('models')}) is not there."
    if models and not os.access(models, os.R_OK | os.X_OK):
        return f"The folder of models ({setting('models')}) cannot be read."
    return ""
