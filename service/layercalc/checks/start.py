"""A budgets file to begin with: the models that are found, and today's numbers as their limits."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from layercalc import verbs
from layercalc.differences.earlier import is_report
from layercalc.dims import text
from layercalc.errors import Refused, Unreadable
from layercalc.files.named import read_model
from layercalc.readers.notebooks import is_notebook

BINARY = {".keras", ".h5", ".onnx", ".pt2"}
SUFFIXES = {".json", ".py", ".ipynb"} | BINARY
SKIPPED = {"node_modules", "__pycache__", "site-packages", "venv", "env", "build", "dist"}
MAX_BYTES = 256 << 20
LIMITED = ("params", "flops", "peak_activation_bytes")
SCHEMA_FILE = "layercalc.schema.json"
HEAD = """\
# yaml-language-server: $schema={schema}
# What the models here may cost. `layercalc check` holds them against it; `layercalc check --update` moves the limits
# that a change exceeds on purpose. Written by `layercalc init` with the numbers of that day.
models:
"""


class Found(NamedTuple):
    """A model and its report, or what is wrong with a file that looks like one."""

    path: Path
    report: dict[str, Any] | None
    fault: str = ""


def find(places: Sequence[str]) -> Iterator[Found]:
    """The models among files and in folders, known by their content; a file that is named must be one."""
    for place in places:
        path = Path(place)
        if not path.is_dir():
            yield Found(path, verbs.analyze(read_model(place)[0]))
            continue
        for one in inside(path):
            found = looked_at(one)
            if found is not None:
                yield found


def inside(folder: Path) -> Iterator[Path]:
    """The files of a folder that may be models, hidden and installed ones left out."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in SKIPPED)
        for name in sorted(names):
            path = Path(where) / name
            wanted = not name.startswith(".") and path.suffix in SUFFIXES
            if wanted and path.is_file() and path.stat().st_size <= MAX_BYTES:  # no pipe, no link that leads nowhere
                yield path


def looked_at(path: Path) -> Found | None:
    """A file as a model; None where it does not look like one."""
    try:
        document = read_model(str(path))[0]
    except (Refused, OSError) as error:
        return Found(path, None, str(error)) if path.suffix in BINARY else None
    if path.suffix not in BINARY and not looks_like_model(document):
        return None
    try:
        return Found(path, verbs.analyze(document))
    except Refused as error:
        return None if isinstance(document, str) or is_notebook(document) else Found(path, None, str(error))


def looks_like_model(document: Any) -> bool:
    """Whether it is worth an analysis: a stack, Keras JSON, a notebook, or code that speaks of layers."""
    if isinstance(document, str):
        return re.search(r"\b(keras|Sequential|layers)\b", document) is not None
    if not isinstance(document, dict) or is_report(document):
        return False
    if is_notebook(document):
        return True
    return isinstance(document.get("layers"), list) or {"class_name", "config"} <= document.keys()


def written(models: Sequence[Found], base: Path, schema: str) -> str:
    """The YAML of a budgets file that stands in `base`."""
    parts = [HEAD.format(schema=schema)]
    for path, report, _ in models:
        assert report is not None
        parts.append(f"  - path: {scalar(os.path.relpath(path, base).replace(os.sep, '/'))}\n    budgets:\n")
        for metric in LIMITED:
            n = report["totals"][metric]
            limit = f"- {{metric: {metric}, max: {n}}}" if n is not None else f"# {metric} is unknown: see its warnings"
            parts.append(f"      {limit}\n")
        parts.append(f"      - {{metric: output_shape, equals: {text(report['outputs'][0]['shape'])}}}\n")
    return "".join(parts)


def scalar(value: str) -> str:
    """A string in YAML, quoted where it has to be."""
    return value if re.fullmatch(r"[A-Za-z_][\w./-]*\.[A-Za-z]\w*", value, re.ASCII) else json.dumps(value)


def create(path: Path, content: str, force: bool) -> None:
    """Write a file that was not there; Unreadable where it was, or cannot be."""
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        raise Unreadable([{"file": str(path), "detail": "It is there already; --force writes it anew."}]) from None
    except OSError as error:
        raise Unreadable([{"file": str(path), "detail": f"{error.strerror or error}."}]) from None
