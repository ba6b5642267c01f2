"""How many processors this process may use: not those of the machine, but what a container or an affinity leaves."""

import os
from math import ceil
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def available(root: Path = CGROUPS, membership: Path = Path("/proc/self/cgroup")) -> int:
    """Processors by affinity, and no more than the CPU quota of the cgroups around this process (rounded up)."""
    quotas = [quota for folder in folders(root, membership) if (quota := quota_of(folder))]
    return max(1, min([len(os.sched_getaffinity(0)), *(ceil(quota) for quota in quotas)]))


def folders(root: Path, membership: Path) -> list[Path]:
    """The cgroup of this process and those around it: version 2, and the `cpu` hierarchy of version 1."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root / controllers if controllers else root
        inner = base / path.strip("/")
        found += [one for one in (inner, *inner.parents) if one == base or base in one.parents]
    return found


def quota_of(folder: Path) -> float:
    """The processors that a cgroup may use; 0 where it is not limited."""
    try:
        if (limit := folder / "cpu.max").exists():
            quota, period = limit.read_text().split()
        else:
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        return float(quota) / float(period) if quota not in ("max", "-1") else 0
    except (OSError, ValueError, ZeroDivisionError):
        return 0
