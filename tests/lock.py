"""The lock of what the service needs, `deploy/requirements.txt`."""

import re
from pathlib import Path

from packaging.requirements import Requirement

LOCK = Path(__file__).parents[1] / "deploy" / "requirements.txt"


def pins() -> list[Requirement]:
    """Each line of the lock, without its hashes."""
    return [Requirement(line) for line in re.findall(r"(?m)^([\w.-]+==.*?) \\$", LOCK.read_text())]
