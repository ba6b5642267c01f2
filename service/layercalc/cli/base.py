"""What every command shares: the group, the exit codes, options, and how answers, faults and progress are shown."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from layercalc import __version__
from layercalc.errors import Refused
from layercalc.escapes import json_text, printable
from layercalc.formats import DRAWINGS, draw
from layercalc.formats import sheet as formats
from layercalc.formats.report import refusal_text
from layercalc.options import EACH, FLAG, LIST, NAME, OPTIONS, REAL, WHOLE, WORD, Few, Word, Written, in_text

if TYPE_CHECKING:
    from layercalc.formats.drawing import Drawing

FORMATS = ("table", "text", "json", "markdown", "csv")
PRESENTED = (*FORMATS, *DRAWINGS)  # a report and a difference are drawn, too


COMMANDS = {
    "models": ("analyze", "examples", "forward", "layers", "strip"),
    "checking": ("check", "init", "diff"),
    "sweeping": ("sweep",),
    "fitting": ("fit",),
    "service": ("serve", "key", "schema", "openapi"),
}


class Commands(dict[str, click.Command]):
    """The commands by name; the module of one is imported when it is asked for, since a run has one command."""

    modules = {command: module for module, commands in COMMANDS.items() for command in commands}

    def __missing__(self, name: str) -> click.Command:
        import_module(f"layercalc.cli.{self.modules[name]}")
        return self[name]


class Group(click.Group):
    """A group of such commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(Commands.modules)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return self.commands[name] if name in Commands.modules else None


@click.group(cls=Group, commands=Commands(), context_settings={"help_option_names": ["-h", "--help"]})
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
        error.message = printable(error.message)  # type: ignore[misc]
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
        say(f"layercalc: {type(error).__name__}: {error}")
        sys.exit(3)


def complain(error: Refused) -> None:
    """The problem on stderr, every fault with its place, and the rows before it."""
    complain_of(error.title, error.errors, error.layers)


def complain_of(title: str, errors: list[dict[str, Any]], layers: list[dict[str, Any]] | None = None) -> None:
    click.echo(refusal_text(title, errors, layers), err=True, nl=False)


def say(line: str) -> None:
    """A line on standard error, whatever is in it."""
    click.echo(printable(line), err=True)


def warn_of(warnings: Iterable[dict[str, Any]]) -> None:
    """What a model was read with, on stderr, whatever is printed."""
    if found := list(warnings):
        complain_of("Read with warnings", found)


def formats_option(known: Sequence[str]) -> Callable[[Any], Any]:
    """The flag that chooses the format of an answer."""
    return click.option(
        "--format", "chosen", type=click.Choice(known), help="Default: table to a terminal, JSON to a pipe."
    )


format_option = formats_option(FORMATS)
FLAGS: dict[Written, dict[str, Any]] = {
    WORD: {"metavar": "NAME"},
    NAME: {"metavar": "NAME"},
    WHOLE: {"type": int},
    REAL: {"type": float},
    FLAG: {"is_flag": True},
    LIST: {"metavar": "NAMES", "multiple": True},
    EACH: {"metavar": "SIZES", "multiple": True},
}


def options(verb: str) -> Callable[[Any], Any]:
    """The flags of a command: the options of a verb that can be written."""

    def decorate(command: Any) -> Any:
        for name, one in reversed(in_text(verb).items()):
            assert one.text is not None
            flag = one.flag if one.flag is not None else f"--{name.replace('_', '-')}"
            if flag:
                kind = dict(FLAGS[one.text])
                if isinstance(one.field, Word):
                    kind = {"type": click.Choice(one.field.choices)}
                if isinstance(one.field, Few):
                    kind = {"type": click.IntRange(1, one.field.most)}
                default = one.field.default
                known = f"  [default: {default}]" if default not in (None, False, (), ...) else ""
                help = f"{one.says[0].upper()}{one.says[1:]}.{known}"
                command = click.option(flag, name, help=help, **kind)(command)
        return command

    return decorate


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a command line gives, as the verbs take them; 0 is one that is given."""
    out = {}
    for name, value in options.items():
        if value is not None and value is not False and value != ():
            several = isinstance(value, tuple)
            written = OPTIONS[name].text
            out[name] = written.read(value) if several and written is not None else value
    return out


def show(
    answer: dict[str, Any], sheet: formats.Sheet, chosen: str | None, drawn: Callable[[], "Drawing"] | None = None
) -> None:
    """An answer as it was asked for: a table to a terminal and JSON to a pipe unless said otherwise."""
    form = chosen or ("table" if sys.stdout.isatty() else "json")
    if form in DRAWINGS and drawn is not None:
        click.echo(draw(form, drawn()), nl=False)
    elif form == "json":
        click.echo(json_text(answer), nl=False)
    elif form == "table" and sys.stdout.isatty():
        from rich.console import Console
        from rich.text import Text

        console = Console()
        console.print(formats.drawn(sheet))
        for line in sheet.notes:
            console.print(Text(printable(line)))
    else:
        click.echo(formats.FORMATS[form](sheet), nl=False)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int, str], None] | None]:
    """A bar on a terminal's stderr, for what takes its time; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total, name: bar.update(
            task, completed=done, total=total, description=escape(printable(name))
        )
