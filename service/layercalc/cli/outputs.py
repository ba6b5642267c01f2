"""Where the verdicts of `layercalc check` go: one format to standard output, and any number of them to files."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from layercalc import formats
from layercalc.formats import BADGE, FORMATS, is_format, rendered, report_badge

if TYPE_CHECKING:
    from layercalc.budgets import Judged

OF_TREES = (
    "junit",
    "github",
    "github-summary",
    "gitlab",
    "gitlab-metrics",
    "markdown",
    "sarif",
)  # name files of a repository


class Form(click.ParamType):
    """A name of a format, or `badge:METRIC`."""

    name = "format"

    def __init__(self, known: Sequence[str]):
        self.known = (*known, f"{BADGE}METRIC")

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return f"[{'|'.join(self.known)}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in self.known or (value.startswith(BADGE) and is_format(value)):
            return str(value)
        return self.fail(f"{value!r} is none of {', '.join(self.known)}.", param, ctx)


def targets(outputs: Sequence[str], chosen: str | None) -> tuple[list[tuple[str, str]], bool]:
    """Each output as format and file, `sarif=out.sarif`; and whether one was a file alone.

    A file alone takes the format of --format, which is not printed then.
    """
    bare = False
    found = []
    for one in outputs:
        form, equals, file = one.partition("=")
        if not equals or not is_format(form):
            form, file, bare = chosen or "", one, True
            if not chosen:
                known = ", ".join(FORMATS)
                raise click.UsageError(f"--output {one}: in which format? Give FORMAT=FILE, FORMAT one of {known}.")
        if not file:
            raise click.UsageError(f"--output {one}: there is no file after the '='.")
        if file != "-" and not Path(file).parent.is_dir():
            raise click.UsageError(f"--output {one}: there is no folder {Path(file).parent}.")
        found.append((form, file))
    return found, bare


def beside(chosen: str | None, files: Sequence[tuple[str, str]]) -> Any:
    """What is to be said beside the verdicts for the formats that they go out in."""
    summary = "github-summary" if chosen == "github" else chosen
    return formats.beside(summary, *(form for form, _ in files))


def write(judged: "Judged", files: Sequence[tuple[str, str]]) -> None:
    """Every output that goes to a file."""
    for form, file in files:
        text = printed(form, judged)
        if file == "-":
            click.echo(text, nl=False)
            continue
        try:
            Path(file).write_text(text, "utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise click.ClickException(f"{file}: {error.strerror or error}") from None


def printed(form: str, judged: "Judged") -> str:
    """The verdicts in a format; where it names files of a repository, by their paths from its root."""
    with complaints():
        return rendered(form, in_repository(judged) if form in OF_TREES else judged)


def badge(form: str, report: dict[str, Any]) -> str:
    """`badge:METRIC` of a report."""
    with complaints():
        return report_badge(form, report)


@contextmanager
def complaints() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def summarize(judged: "Judged") -> None:
    """In a step of GitHub Actions, the summary that it shows."""
    file = os.environ.get("GITHUB_STEP_SUMMARY")
    if file and os.environ.get("GITHUB_ACTIONS") == "true":
        with Path(file).open("a", encoding="utf-8", errors="backslashreplace") as summary:
            summary.write(printed("github-summary", judged))


def in_repository(judged: "Judged") -> "Judged":
    """The same verdicts with the paths of files from the root of the repository, as code hosts name them."""
    root = next((one for one in (Path.cwd(), *Path.cwd().parents) if (one / ".git").exists()), Path.cwd())
    return [(from_root(name, root), dict(moved(verdict, root))) for name, verdict in judged]


def moved(verdict: dict[str, Any], root: Path) -> Iterator[tuple[str, Any]]:
    yield from verdict.items()
    yield (
        "results",
        [
            {**one, "source": {**one["source"], "file": from_root(one["source"]["file"], root)}}
            if "source" in one
            else one
            for one in verdict["results"]
        ],
    )
    for key in ("errors", "warnings"):
        if key in verdict:
            said = verdict[key]
            yield key, [{**one, "file": from_root(one["file"], root)} if "file" in one else one for one in said]


def from_root(name: str, root: Path) -> str:
    """A path from the root of the repository; one outside it stays as it is."""
    if name == "-":
        return name
    path = Path(os.path.normpath(Path.cwd() / name))
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else name
