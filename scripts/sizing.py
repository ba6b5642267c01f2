"""The memory that a service may take with its settings: `python scripts/sizing.py deploy/kubernetes/base/settings.env`.

The first process, and each worker as `layercalc.capacity` reckons it, which `GET /v1/limits` publishes.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from layercalc.capacity import worker_peak_bytes
from layercalc.environment import setting
from layercalc.limits import Limits
from layercalc.settings import Settings

MASTER_BYTES = 96 << 20  # the first process, which loads the application and forks it

SETTINGS = {setting(one.name): one.default for one in (*fields(Limits), *fields(Settings))}
KNOWN = SETTINGS.keys()


def memory(environment: Mapping[str, str]) -> int:
    """Bytes for the whole service, what /tmp holds aside."""
    limits, settings = Limits.from_environment(environment), Settings.from_environment(sized(environment))
    return MASTER_BYTES + settings.workers * worker_peak_bytes(limits, settings)


def sized(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that sizes follow from; others may name files that are not here."""
    names = {setting(name) for name in ("workers", "threads", "workspace_bytes")}
    return {name: str(value) for name, value in environment.items() if name in names}


def quantity(text: str) -> int:
    """Bytes of `512Mi` (Kubernetes), `512m` (Compose) or `512M` (systemd): all are powers of 1024 here."""
    number, unit = re.fullmatch(r"(\d+)([kKmMgG]?)i?[bB]?", text).groups()
    return int(number) << {"": 0, "k": 10, "m": 20, "g": 30}[unit.lower()]


def settings_in(text: str) -> dict[str, str]:
    """The LAYERCALC_… of an env file, or of a systemd unit."""
    return dict(re.findall(r"(?m)(?:^|[ =])(LAYERCALC_\w+)=(\S+)", text))


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text() if len(sys.argv) > 1 else ""
    print(f"{memory(settings_in(text)) / 2**30:.1f} GiB")
