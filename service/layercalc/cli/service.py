"""The commands about the service: serve, its API keys, and the documents that describe what it takes."""

import json
import os

import click

from layercalc import catalogue
from layercalc.cli.base import cli, say


@cli.command()
@click.option("--bind", help="host:port or unix:path, several with commas.  [default: 127.0.0.1:8000]")
@click.option("--workers", type=click.IntRange(1), help="Processes.  [default: 1]")
@click.option("--threads", type=click.IntRange(1), help="Requests at a time in one process.  [default: 4]")
def serve(bind: str | None, workers: int | None, threads: int | None) -> None:
    """Serve over HTTP with gunicorn. Every option is a setting too (LAYERCALC_BIND …); the option wins."""
    from layercalc.limits import Limits
    from layercalc.settings import Settings
    from layercalc.web.server.launch import serve as run
    from layercalc.web.server.launch import strangers

    try:
        settings = Settings.from_environment({**os.environ, **({"LAYERCALC_BIND": bind} if bind else {})})
        Limits.from_environment()
    except SystemExit as error:
        raise click.ClickException(str(error.code).removeprefix("layercalc: ")) from None
    for one in strangers(os.environ):
        say(f"Warning: {one}")
    click.echo(f"Try:  {try_line(settings.bind.split(',')[0])}", err=True)
    run(bind=bind, workers=workers, threads=threads)


def try_line(bind: str) -> str:
    """A curl command that works against the server."""
    model = {
        "input_shape": [28, 28, 1],
        "layers": [
            {"type": "Conv2D", "filters": 32, "kernel_size": 3},
            {"type": "Flatten"},
            {"type": "Dense", "units": 10},
        ],
    }
    path = bind.removeprefix("unix:")
    where = f"http://{bind}" if path == bind else f"--unix-socket {path} http://localhost"
    return f"curl -s -H 'Accept: text/plain' -d '{json.dumps(model)}' {where}/v1/analyze"


@cli.command()
@click.argument("name")
def key(name: str) -> None:
    """Make an API key for NAME.

    The key goes to standard error, to be handed over; its line, for LAYERCALC_API_KEYS_FILE, to standard output.
    """
    from layercalc.keys import new_key

    try:
        made, line = new_key(name)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from None
    click.echo(f"The key, shown this once:  {made}", err=True)
    click.echo(line)


@cli.command()
@click.argument("name", type=click.Choice(list(catalogue.SCHEMAS)))
def schema(name: str) -> None:
    """Print a JSON Schema: that of a budgets file, for editors."""
    click.echo(catalogue.schema_text(name), nl=False)


@cli.command()
def openapi() -> None:
    """Print openapi.yaml."""
    from layercalc.web.openapi.specification import specification_text

    click.echo(specification_text(), nl=False)
