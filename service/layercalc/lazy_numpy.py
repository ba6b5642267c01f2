"""NumPy, imported when something of it is first asked for: shapes and costs are integers, most answers need no more.

`from layercalc import lazy_numpy as np` stands where `import numpy as np` would. What a module asks of it while it is
itself imported is asked too early: annotations are not evaluated (`from __future__ import annotations`), and an op
names the function that computes it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import *  # noqa: F403


def named(name: str) -> Any:
    """What NumPy has under a name: from then on a variable of this module."""
    found = globals()[name] = getattr(import_module("numpy"), name)
    return found


__getattr__ = named  # what a module asks for a name that it has not
