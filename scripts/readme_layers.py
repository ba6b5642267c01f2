"""The README's table of layers, from the registry: `python scripts/readme_layers.py` puts it into README.md."""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

from layercalc.catalogue import summary
from layercalc.layers.keras.base import KERAS
from layercalc.layers.keras.functions import operations

ROOT = Path(__file__).parents[1]
MARKS = ("<!-- layers -->\n", "<!-- end of layers -->\n")


def table() -> str:
    """A row for each family: its layers, how many there are, and how many of them are classes of keras.layers."""
    recorded = set(json.loads((ROOT / "tests" / "data" / "keras_signatures.json").read_text()))
    aliased = {KERAS.aliases.get(name, name) for name in recorded}
    families: dict[str, list[str]] = defaultdict(list)
    for name, kind in KERAS.kinds.items():
        families[summary(kind)["family"]].append(name)
    lines = ["| family | layers | ours | of Keras |", "|---|---|---|---|"]
    for family, names in sorted(families.items()):
        listed = ", ".join(f"`{name}`" for name in shortened(names))
        lines.append(f"| {family} | {listed} | {len(names)} | {len(aliased.intersection(names))} |")
    classes = {name for name in recorded if name not in KERAS.aliases}
    here = classes.intersection(KERAS.kinds)
    lines.append(f"| all | and {len(operations())} operations of `keras.ops` | {len(KERAS.kinds)} | {len(here)} |")
    missing = ", ".join(f"`{name}`" for name in sorted(classes - here - set(KERAS.refused)))
    refused = ", ".join(f"`{name}`" for name in sorted(classes & set(KERAS.refused)))
    text = "\n".join(lines)
    text += f"\n\nKeras {VERSION} has {len(classes)} layer classes. Refused, since they run foreign code"
    text += f" (a `Custom` layer with declared numbers stands in for one): {refused}."
    return text + (f" Not here yet: {missing}." if missing else "") + "\n"


VERSION = "3.15"


def shortened(names: list[str]) -> list[str]:
    """Conv1D, Conv2D, Conv3D as Conv1D…3D."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(re.sub(r"\d(?=D)", "", name), []).append(name)
    out = []
    for members in map(sorted, groups.values()):
        last = re.search(r"\dD.*", members[-1])
        out.append(f"{members[0]}…{last[0]}" if len(members) > 1 and last else members[0])
    return out


def placed(readme: str) -> str:
    """The README with the table between its marks."""
    before, rest = readme.split(MARKS[0])
    return before + MARKS[0] + table() + MARKS[1] + rest.split(MARKS[1])[1]


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(placed(path.read_text()))
    sys.stdout.write(table())
