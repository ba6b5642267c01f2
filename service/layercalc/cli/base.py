"""What every command shares: the group, the exit codes, options, and how answers, faults and progress are shown."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import Progress

from layercalc import __version__, formats
from layercalc.errors import Refused

FORMATS = ("table", "text", "json", "markdown", "csv")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="layercalc")
def cli() -> None:
    """Output shapes, parameters, FLOPs and memory of a neural network, by analysis alone."""


def main() -> NoReturn:
    """The entry point: 0 fine, 1 a comparison failed, 2 the input is wrong, 3 anything else."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        cli.main(standalone_mode=False)
        sys.exit(0)
    except Refused as error:
        complain(error)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(3)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(3)
    except Exception as error:  # a fault of ours: the user gets a line, not a traceback
        print(f"layercalc: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(3)


def complain(error: Refused) -> None:
    """The problem on stderr, every fault with its place."""
    complain_of(error.title, error.errors)


def complain_of(title: str, errors: list[dict[str, Any]]) -> None:
    click.echo(f"{title}:", err=True)
    for item in errors:
        click.echo(f"  {formats.where(item)}{item['detail']}", err=True)


format_option = click.option(
    "--format", "chosen", type=click.Choice(FORMATS), help="Default: table to a terminal, JSON to a pipe."
)
shape_option = click.option(
    "--input-shape", multiple=True, metavar="SIZES", help="Without the batch: 28,28,1, or left:16 for a named input."
)


def show(answer: dict[str, Any], sheet: formats.Sheet, chosen: str | None) -> None:
    """An answer as it was asked for: a table to a terminal and JSON to a pipe unless said otherwise."""
    form = chosen or ("table" if sys.stdout.isatty() else "json")
    if form == "json":
        click.echo(json.dumps(answer, ensure_ascii=False))
    elif form == "table" and sys.stdout.isatty():
        console = Console()
        console.print(formats.drawn(sheet))
        for line in sheet.notes:
            console.print(line, markup=False, highlight=False)
    else:
        click.echo(formats.FORMATS[form](sheet), nl=False)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int, str], None] | None]:
    """A bar on a terminal's stderr, for what takes its time; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total, name: bar.update(task, completed=done, total=total, description=name)
