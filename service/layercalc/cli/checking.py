"""The commands that hold models against budgets and against one another."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from layercalc import catalogue, verbs
from layercalc.analysis.liveness import PEAKS
from layercalc.budgets import Judged
from layercalc.budgets.quantities import sizes
from layercalc.checks import jobs, start, update
from layercalc.checks.plan import DEFAULT, Job, plan
from layercalc.cli import outputs
from layercalc.cli.base import PRESENTED, cli, complain_of, formats_option, given, options, progress, say, show, warn_of
from layercalc.errors import Refused
from layercalc.escapes import printable
from layercalc.files.named import read_model
from layercalc.formats import FORMATS, check_sheets, diff_markdown, diff_sheet, drawn_difference

LIMITED = ("params", "flops", "macs", "param_bytes", *PEAKS)


def limit_options(command: Any) -> Any:
    for metric in reversed(LIMITED):
        name = metric.replace("_", "-")
        command = click.option(f"--max-{name}", metavar="N", help=f"Most {metric}: 5M, 1.2G, 16MiB …")(command)
    return command


@cli.command()
@click.argument("models", nargs=-1)
@limit_options
@click.option("--output-shape", metavar="SIZES", help="The shape of the output, batch first: null,10.")
@click.option(
    "--budgets",
    "file",
    metavar="FILE",
    help=f"Budgets of these models or of its own.  [default: {DEFAULT}]",
)
@click.option("--baseline", metavar="FILE", help="An earlier report, or the model as it was.")
@click.option("--baseline-git", metavar="REF", help="The model as it was at that commit, in the same place.")
@click.option("--allow-new", is_flag=True, help="A model that was not there at that commit has not increased.")
@options("check")
@click.option("--update", is_flag=True, help="Move the limits of the file that are exceeded to today's numbers.")
@click.option(
    "--processes", type=click.IntRange(1), metavar="N", help="At most so many at a time.  [default: all cores]"
)
@click.option(
    "--format",
    "chosen",
    type=outputs.Form(list(FORMATS)),
    help="Default: table to a terminal, JSON to a pipe.",
)
@click.option(
    "--output",
    "files",
    multiple=True,
    metavar="[FORMAT=]FILE",
    help="Write that format to a file, several times for several: sarif=out.sarif. A FILE alone takes --format.",
)
def check(
    models: Sequence[str],
    file: str | None,
    output_shape: str | None,
    baseline: str | None,
    baseline_git: str | None,
    allow_new: bool,
    update: bool,
    processes: int | None,
    chosen: str | None,
    files: Sequence[str],
    **others: Any,
) -> None:
    """Hold MODELS (files, or - for standard input) against budgets.

    Without --budgets and without a limit, those of ./layercalc.yaml. Exit code 1: a budget is exceeded; 2: a model or a
    budget cannot be judged.
    """
    own: dict[str, list[Any]] = {
        f"--max-{metric.replace('_', '-')}": [{"metric": metric, "max": text}]
        for metric in LIMITED
        if (text := others.pop(f"max_{metric}")) is not None
    }
    if output_shape is not None:
        own["--output-shape"] = [{"metric": "output_shape", "equals": sizes(output_shape)}]
    if baseline and baseline_git:
        raise click.UsageError("A baseline is a FILE or a git REF, not both.")
    if file is None and not own and Path(DEFAULT).is_file():
        file = DEFAULT
    if file is None and not own:
        raise click.UsageError(
            f"There is no budget: give --max-params 5M, --budgets FILE, or a {DEFAULT} (layercalc init)."
        )
    if update and file is None:
        raise click.UsageError("--update moves the limits of a budgets file, and there is none.")
    to, instead = outputs.targets(files, chosen)
    asked = {**given(others), "beside": outputs.beside(chosen, to)}
    try:
        past: dict[str, Any] = {"baseline": baseline, "ref": baseline_git, "allow_new": allow_new}
        planned = plan(file, models, own, options=asked, **past)
    except Refused as error:
        judged = [(file or "-", jobs.unjudged(error.title, error.errors))]
    else:
        if not planned:
            raise click.UsageError("There is no model to check.")
        with progress("check") as advance:
            judged = jobs.run(planned, processes, advance)
        if update and file is not None and moved(file, planned, judged):
            planned = plan(file, models, own, options=asked, **past)
            judged = jobs.run(planned, processes)
    for _, one in judged:
        if "errors" in one:
            complain_of(one["title"], one["errors"], one.get("layers"))
    warn_of(warning for _, one in judged for warning in one["warnings"])
    outputs.write(judged, to)
    if chosen == "github":
        outputs.summarize(judged)
    if not instead:
        print_verdicts(judged, chosen or ("table" if sys.stdout.isatty() else "json"))
    sys.exit(jobs.exit_code(judged))


def moved(file: str, planned: Sequence[Job], judged: Judged) -> bool:
    """Whether limits of the file were moved; every move goes to stderr."""
    if jobs.exit_code(judged) == 2:
        say(f"{file}: no limit was moved, since not every model can be judged.")
        return False
    moves = update.update(file, planned, judged)
    for move in moves:
        say(move.sentence())
    if not moves:
        say(f"{file}: every limit is kept; none was moved.")
    return any(not move.why for move in moves)


def print_verdicts(judged: Judged, form: str) -> None:
    """The verdicts on standard output."""
    if form == "table" and sys.stdout.isatty():
        for sheet in check_sheets(judged):
            show({}, sheet, form)
    else:
        click.echo(outputs.printed(form, judged), nl=False)


@cli.command()
@click.argument("places", nargs=-1, metavar="[FILES OR FOLDERS]")
@click.option("--output", default=DEFAULT, show_default=True, metavar="FILE")
@click.option("--schema", metavar="URL", help="The JSON Schema to name for editors; left out: it is written beside.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def init(places: Sequence[str], output: str, schema: str | None, force: bool) -> None:
    """Write a budgets file for the models found here (or in FILES OR FOLDERS), with today's numbers as limits."""
    path = Path(output)
    if path.exists() and not force:
        raise click.ClickException(f"{output} is there already; --force writes it anew.")
    found = list(start.find(places or ["."]))
    models = [one for one in found if one.report is not None]
    for one in found:
        if one.report is None:
            say(f"left out {one.path}: {one.fault}")
    if not models:
        where = ", ".join(places) or "this folder"
        raise click.ClickException(f"There is no stack, Keras JSON, .keras file or Keras code in {where}.")
    start.create(path, start.written(models, path.parent, schema or start.SCHEMA_FILE), force)
    if schema is None:
        start.create(path.parent / start.SCHEMA_FILE, catalogue.schema_text("budgets"), True)
    for one in models:
        click.echo(printable(f"{output}: {one.path}"))


@cli.command()
@click.argument("before")
@click.argument("after")
@options("diff")
@formats_option(PRESENTED)
def diff(before: str, after: str, chosen: str | None, **options: Any) -> None:
    """What changed from the model (or report) BEFORE to AFTER, layer by layer and in total."""
    documents = read_model(before)[0], read_model(after)[0]
    names = {"/before": before, "/after": after}
    try:
        compared = verbs.compare(*documents, **given(options))
    except Refused as error:
        error.errors = [of_side(fault, names) for fault in error.errors]
        raise
    found = compared.found
    warn_of(of_side(one, names) for one in found["warnings"])
    if chosen == "markdown":
        click.echo(diff_markdown(found), nl=False)
    else:
        show(found, diff_sheet(found), chosen, lambda: drawn_difference(compared))


def of_side(said: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """What is said of one of two documents, with its file in place of the side."""
    for side, name in names.items():
        if said.get("pointer", "").startswith(side):
            return {"file": name, **said, "pointer": said["pointer"].removeprefix(side)}
    return said
