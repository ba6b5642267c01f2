"""The commands that hold models against budgets and against one another."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import yaml

from layercalc import files, verbs
from layercalc.cli import FORMATS, cli, format_option, read_model, shape_option, show
from layercalc.errors import InvalidBudgets, Refused, pointer
from layercalc.verdicts import FORMATS as FOR_MACHINES
from layercalc.verdicts import check_sheet, diff_sheet

LIMITED = ("params", "flops", "macs", "param_bytes", "peak_activation_bytes")
FILE_KEYS = {"budgets", "models"}
MODEL_KEYS = {"path", "budgets", "input_shape", "batch_size", "baseline"}


class Job(NamedTuple):
    """One model to be checked; `places` are the lines of its budgets, where they come from a file."""

    name: str
    budgets: list[Any]
    options: dict[str, Any]
    baseline: str | None
    places: dict[str, int]
    at: str = ""


def limit_options(command: Any) -> Any:
    for metric in reversed(LIMITED):
        name = metric.replace("_", "-")
        command = click.option(f"--max-{name}", metavar="N", help=f"Most {metric}: 5M, 1.2G, 16MiB …")(command)
    return command


@cli.command()
@click.argument("models", nargs=-1)
@limit_options
@click.option("--output-shape", metavar="SIZES", help="The shape of the output, batch first: null,10.")
@click.option("--budgets", "file", metavar="FILE", help="Budgets in YAML or JSON, of these models or of its own.")
@click.option("--baseline", metavar="FILE", help="An earlier report, or the model as it was.")
@click.option("--baseline-git", metavar="REF", help="The model as it was at that commit, in the same place.")
@click.option("--batch-size", type=int, help="Count for that many samples.")
@shape_option
@click.option(
    "--format", "chosen", type=click.Choice([*FORMATS, *FOR_MACHINES]), help="Default: table to a terminal, else JSON."
)
def check(
    models: Sequence[str],
    file: str | None,
    output_shape: str | None,
    baseline: str | None,
    baseline_git: str | None,
    batch_size: int | None,
    input_shape: Sequence[str],
    chosen: str | None,
    **most: str | None,
) -> None:
    """Hold MODELS (files, or - for standard input) against budgets; exit code 1 when one of them is exceeded."""
    own: list[Any] = [
        {"metric": name.removeprefix("max_"), "max": text} for name, text in most.items() if text is not None
    ]
    if output_shape is not None:
        own.append({"metric": "output_shape", "equals": sizes(output_shape)})
    options = {"input_shape": list(input_shape) or None, "batch_size": batch_size}
    jobs = [Job(name, own, options, baseline, {}) for name in models]
    if file is not None:
        jobs = list(planned(file, jobs, own, options, baseline))
    if not jobs:
        raise click.UsageError("There is no model to check.")
    if baseline and baseline_git:
        raise click.UsageError("A baseline is a FILE or a git REF, not both.")
    judged = [(job.name, verdict(job, baseline_git)) for job in jobs]
    passed = all(one["passed"] for _, one in judged)
    if chosen in FOR_MACHINES:
        click.echo(FOR_MACHINES[chosen](judged), nl=False)
    elif len(judged) == 1:
        show(judged[0][1], check_sheet(judged[0][1]), chosen)
    elif (chosen or ("table" if sys.stdout.isatty() else "json")) == "json":
        every = {"passed": passed, "models": [{"model": name, **one} for name, one in judged]}
        click.echo(json.dumps(every, ensure_ascii=False))
    else:
        for name, one in judged:
            sheet = check_sheet(one)
            sheet.title = f"check {name}"
            show(one, sheet, chosen)
    if not passed:
        sys.exit(1)


def sizes(text: str) -> list[Any]:
    parts = [one.strip() for one in text.strip("[]() ").split(",") if one.strip()]
    return [None if one in ("null", "None") else int(one) if one.isdecimal() else one for one in parts]


def verdict(job: Job, ref: str | None) -> dict[str, Any]:
    was = None
    if ref is not None:
        was = files.read_model(at_commit(job.name, ref), ())[0]
    elif job.baseline is not None:
        was = read_model(job.baseline)[0]
    try:
        return verbs.check(read_model(job.name)[0], job.budgets, was, **job.options)
    except Refused as error:
        for fault in error.errors:
            where = fault.get("pointer", "")
            if where.startswith("/budgets") and job.places:
                line = line_of(job.places, job.at + where)
                fault["detail"] = f"line {line}: {fault['detail']}"
        if job.name != "-":
            error.errors[0]["detail"] = f"{job.name}: {error.errors[0]['detail']}"
        raise


def at_commit(name: str, ref: str) -> bytes:
    """A file as it was at a commit."""
    path = Path(name)
    command = ["git", "-C", str(path.parent or "."), "show", f"{ref}:./{path.name}"]
    try:
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    except FileNotFoundError:
        raise click.ClickException("git is not installed, which --baseline-git needs.") from None
    except subprocess.SubprocessError as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        raise click.ClickException(f"There is no {name} at {ref}: {said.decode(errors='replace').strip()}") from None


def planned(file: str, jobs: list[Job], own: list[Any], options: dict[str, Any], baseline: str | None) -> Iterator[Job]:
    """The jobs that a budgets file adds: its budgets for the models named, and its own models."""
    content, places = read_yaml(file)
    faults: list[dict[str, Any]] = []

    def fault(where: str, detail: str) -> None:
        faults.append({"pointer": where, "detail": f"{file}, line {line_of(places, where)}: {detail}"})

    if not isinstance(content, dict):
        fault("", "Expected a mapping with `budgets` or `models`.")
        content = {}
    for key in content:
        if key not in FILE_KEYS:
            fault(pointer(key), f"There is no key {key!r}; a budgets file has {' and '.join(sorted(FILE_KEYS))}.")
    shared, listed = content.get("budgets") or [], content.get("models") or []
    for name, value in (("budgets", shared), ("models", listed)):
        if not isinstance(value, list):
            fault(pointer(name), f"Expected a list of {name}.")
    if not faults and not shared and not listed:
        fault("", "There is no budget in it.")
    found: list[Job] = []
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        at = pointer("models", index)
        if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
            fault(at, "Expected a model: a mapping with `path` and `budgets`.")
            continue
        for key in entry:
            if key not in MODEL_KEYS:
                fault(f"{at}{pointer(key)}", f"A model has no key {key!r}; it takes {', '.join(sorted(MODEL_KEYS))}.")
        base = Path(file).parent
        given = entry["path"]
        paths = [given] if Path(given).is_absolute() else sorted(map(str, base.glob(given)))
        if not paths:
            fault(f"{at}/path", f"No file matches {entry['path']!r}.")
        said = {key: entry.get(key, options[key]) for key in ("input_shape", "batch_size")}
        was = str(base / entry["baseline"]) if isinstance(entry.get("baseline"), str) else baseline
        budgets = entry.get("budgets") or []
        if not isinstance(budgets, list):
            fault(f"{at}/budgets", "Expected a list of budgets.")
            continue
        found += [Job(path, [*budgets, *shared, *own], said, was, places, at) for path in paths]
    if faults:
        raise InvalidBudgets(faults)
    for job in jobs:
        yield job._replace(budgets=[*(shared if isinstance(shared, list) else []), *own], places=places)
    yield from found if not jobs else ()


def read_yaml(name: str) -> tuple[Any, dict[str, int]]:
    """What a YAML or JSON file holds, and the line of everything in it by JSON Pointer."""
    try:
        body = Path(name).read_text("utf-8")
        node = yaml.compose(body, yaml.SafeLoader)
        return yaml.safe_load(body), dict(lines(node, ""))
    except OSError as error:
        raise click.ClickException(f"{name}: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise click.ClickException(f"{name} is neither YAML nor JSON: {' '.join(str(error).split())}") from None


def lines(node: Any, where: str) -> Iterator[tuple[str, int]]:
    if node is None:
        return
    yield where, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from lines(value, where + pointer(key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from lines(value, where + pointer(index))


def line_of(places: dict[str, int], where: str) -> int:
    """The line of a pointer, or of the nearest thing around it that has one."""
    while where and where not in places:
        where = where.rpartition("/")[0]
    return places.get(where, 1)


@cli.command()
@click.argument("before")
@click.argument("after")
@click.option("--batch-size", type=int, help="Count for that many samples.")
@shape_option
@format_option
def diff(before: str, after: str, batch_size: int | None, input_shape: Sequence[str], chosen: str | None) -> None:
    """What changed from the model (or report) BEFORE to AFTER, layer by layer and in total."""
    options: dict[str, Any] = {"input_shape": list(input_shape) or None, "batch_size": batch_size}
    found = verbs.diff(read_model(before)[0], read_model(after)[0], **options)
    show(found, diff_sheet(found), chosen)
