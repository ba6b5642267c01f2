"""The tables of settings in deploy/README.md, from the code: `python scripts/readme_settings.py` puts them there."""

import re
import sys
from dataclasses import fields
from pathlib import Path

from layercalc.environment import setting
from layercalc.limits import Limits, published
from layercalc.settings import documented

PAGE = Path(__file__).parents[1] / "deploy" / "README.md"
OTHERS = [  # that are read where they are used
    (
        "OPENBLAS_NUM_THREADS",
        "cores / workers",
        "threads of one matrix product; `OMP_NUM_THREADS` and `MKL_NUM_THREADS` likewise. Set by hand, they win",
    ),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        "where traces are sent; nothing is traced without it, nor without layercalc's extra `otel`",
    ),
    ("GUNICORN_CMD_ARGS", "", "gunicorn's own options; they win over all that is above"),
]


def tables() -> dict[str, str]:
    """What stands between the marks of each name."""
    limits = [(one["setting"], str(one["default"]), f"{one['unit']}: {one['what']}") for one in published(Limits())]
    settings = [(one["setting"], one["default"], f"{one['form']}: {one['what']}") for one in documented()]
    return {"limits": table(limits), "settings": table(settings), "others": table(OTHERS)}


def table(rows: list[tuple[str, str, str]]) -> str:
    """Markdown."""
    lines = ["| setting | default | what |", "|---|---|---|"]
    lines += [f"| `{name}` | {default} | {what} |".replace("|  |", "| |") for name, default, what in rows]
    return "\n".join(lines) + "\n"


def placed(page: str) -> str:
    """The page with the tables between their marks."""
    for name, text in tables().items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->\n)"
        page, found = re.subn(marks, lambda match, text=text: match[1] + text + match[2], page, flags=re.S)
        if found != 1:
            raise SystemExit(f"{PAGE.name} has {found} places for {name}.")
    return page


def in_the_code() -> set[str]:
    """Every name of a setting that the package mentions."""
    package = Path(__file__).parents[1] / "service" / "layercalc"
    named = {name for path in package.rglob("*.py") for name in re.findall(r"LAYERCALC_[A-Z_]+\b", path.read_text())}
    return named | {setting(one.name) for one in fields(Limits)}


if __name__ == "__main__":
    PAGE.write_text(placed(PAGE.read_text()))
    sys.stdout.write("".join(tables().values()))
