"""Whether the service can take requests, or why not."""

import mmap
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
    if models and not models.is_dir():
        return f"The folder of models ({setting('models')}) is not there."
    return ""
