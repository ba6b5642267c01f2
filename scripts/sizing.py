"""The memory that a service may take with its settings: `python scripts/sizing.py deploy/kubernetes/base/settings.env`.

The most that hostile requests in every thread can make of it at the same time; an honest load needs a tenth. The
factors were measured with bodies made to be the worst of their kind, see Sizing in deploy/README.md.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from layercalc.environment import setting
from layercalc.limits import Limits
from layercalc.settings import Settings

MASTER_BYTES = 96 << 20  # the first process, which loads the application and forks it
BASE_BYTES = 128 << 20  # of a worker that has served for a while; 65 MiB when it starts
PER_BODY_BYTE = 36  # of a JSON body: a million empty objects in a list
PER_TEXT_BYTE = 12  # of a JSON body that is one text, in the widest characters, and wrong at its end
PER_CONTAINER, PER_STRING, PER_VALUE = 360, 170, 64  # bytes in JSON: objects of a key, keys of one object, floats
PER_CODE_TOKEN = 1_600  # Python's own syntax tree of `x=(a,a,a,…1)=1`
PER_LAYER_BYTES = 40 << 10  # Bidirectional(LSTM) with every convention and all explanations
PER_OUTPUT_BYTES = 64  # a number in the answer: as an object, in its list, and as text

SETTINGS = {setting(one.name): one.default for one in (*fields(Limits), *fields(Settings))}
KNOWN = SETTINGS.keys()


def memory(environment: Mapping[str, str]) -> int:
    """Bytes for the whole service, what /tmp holds aside."""

    def of(name: str) -> int:
        return int(environment.get(f"LAYERCALC_{name}", SETTINGS[f"LAYERCALC_{name}"]))

    json = of("MAX_CONTAINERS") * PER_CONTAINER + of("MAX_STRINGS") * PER_STRING + of("MAX_VALUES") * PER_VALUE
    document = max(
        min(of("MAX_BODY_BYTES") * PER_BODY_BYTE, json + of("MAX_BODY_BYTES") * PER_TEXT_BYTE),
        min(of("MAX_CODE_TOKENS"), of("MAX_CODE_CHARACTERS")) * PER_CODE_TOKEN,
        of("MAX_LAYERS") * PER_LAYER_BYTES,
    )
    passes = min(of("MAX_FORWARD_PASSES"), of("THREADS"))
    forward = passes * (of("MAX_FORWARD_BYTES") + of("MAX_FORWARD_OUTPUTS") * PER_OUTPUT_BYTES)
    worker = BASE_BYTES + of("MAX_KEPT_BYTES") + of("THREADS") * (document + of("WORKSPACE_BYTES")) + forward
    return MASTER_BYTES + of("WORKERS") * worker


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
