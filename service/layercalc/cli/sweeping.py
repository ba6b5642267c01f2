"""The command that reads a model for many candidates."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from layercalc import verbs
from layercalc.budgets.written import budget, split
from layercalc.cli.base import FORMATS, cli, given, options, progress, show, warn_of
from layercalc.files.named import placed, read_model
from layercalc.formats.chart import sweep_chart
from layercalc.formats.sweep import csv_lines, json_lines, sweep_sheet
from layercalc.options import read_envelope
from layercalc.sweeps.written import written_space

if TYPE_CHECKING:
    from concurrent.futures import Executor

LINES = {"csv": csv_lines, "jsonl": json_lines}


@cli.command()
@click.argument("model")
@click.option(
    "--space",
    "spaces",
    multiple=True,
    metavar="NAME=VALUES",
    help="The values of a name: w=16,32,64 or w=8..128:8, several times for several.",
)
@click.option("--where", "limits", multiple=True, metavar="LIMIT", help="What a row must hold: max_flops=600M.")
@click.option("--best", "goals", multiple=True, metavar="max|min:METRIC", help="What is best; two: their Pareto front.")
@options("sweep")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Read in N processes.")
@click.option("--dask", "address", metavar="ADDRESS", help="Read on a cluster of Dask, at its scheduler's address.")
@click.option(
    "--format",
    "chosen",
    type=click.Choice((*FORMATS, "jsonl", "chart")),
    help="Default: table to a terminal, JSON to a pipe; csv and jsonl have all rows unless there is a --limit, chart "
    "draws them.",
)
def sweep(
    model: str,
    spaces: Sequence[str],
    limits: Sequence[str],
    goals: Sequence[str],
    jobs: int | None,
    address: str | None,
    chosen: str | None,
    **options: Any,
) -> None:
    """What every candidate of a space costs: MODEL holds {"$": "2*w"} where a value varies.

    MODEL is a document, or a whole request ({"model", "space", …}). Exit code 1: no candidate is within the limits.
    """
    document, _ = read_model(model)
    request: dict[str, Any] = {}
    path: tuple[str, ...] = ()
    if isinstance(document, dict) and "model" in document:
        wanted = () if spaces else ("space",)
        request = read_envelope("sweep", document, () if wanted else ("space",))
        request = {key: value for key, value in request.items() if value is not None}
        document, path = request.pop("model"), ("model",)
    space = {**request.pop("space", {}), **written_space(spaces)}
    request |= given(options)
    if limits:
        request["where"] = [read_limit(one) for one in limits]
    if goals:
        request["best"] = [dict([read_goal(one)]) for one in goals]
    with executor_of(jobs, address) as executor, progress("sweep") as advance:
        request |= {"executor": executor, "progress": advance, "path": path}
        if chosen in LINES:
            found = verbs.candidates(document, space, **request)
            for piece in LINES[chosen](found):
                click.echo(piece, nl=False)
            matching, warnings = found.result.matching, found.result.warnings
        else:
            answer = verbs.sweep(document, space, **request)
            matching, warnings = answer["matching"], answer["warnings"]
    warn_of(placed(warnings, model))
    if chosen == "chart":
        click.echo(
            sweep_chart(answer, [metric for one in request.get("best") or () for metric in one.values()]), nl=False
        )
    elif chosen not in LINES:
        show(answer, sweep_sheet(answer), chosen)
    sys.exit(0 if matching else 1)


def read_limit(text: str) -> dict[str, Any]:
    """A budget of a text such as `max_flops=600M`."""
    name, equals, limit = text.partition("=")
    found = split(name.strip().replace("-", "_"))
    if not equals or found is None:
        raise click.BadParameter(f"Expected a limit such as max_flops=600M; received {text!r}.", param_hint="--where")
    return budget(*found, limit, {})


def read_goal(text: str) -> tuple[str, str]:
    """The word and the metric of a text such as `min:flops`."""
    word, colon, metric = text.partition(":")
    if not colon:
        raise click.BadParameter(f"Expected a goal such as min:flops; received {text!r}.", param_hint="--best")
    return word.strip(), metric.strip()


@contextmanager
def executor_of(jobs: int | None, address: str | None) -> "Iterator[Executor | None]":
    """Processes of this machine, the workers of a cluster, or nothing."""
    if address is not None:
        if jobs is not None:
            raise click.UsageError("--jobs are processes of this machine, --dask is a cluster: give one.")
        try:
            from distributed import Client
        except ImportError:
            raise click.ClickException("--dask needs Dask: pip install distributed.") from None
        with Client(address) as client, client.get_executor(pure=False) as executor:
            yield executor
    elif jobs is not None and jobs > 1:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        with ProcessPoolExecutor(jobs, get_context("spawn")) as executor:
            yield executor
    else:
        yield None
