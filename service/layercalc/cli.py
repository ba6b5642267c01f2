"""The command line: reads files, calls the verbs in this process, prints."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import Progress

from layercalc import __version__, catalogue, files, formats, verbs
from layercalc.documents import in_file, read_bytes, read_model
from layercalc.errors import Refused
from layercalc.layers import ALIASES, LAYERS, nearest
from layercalc.outputs import Form, badge
from layercalc.sheets import report_sheet
from layercalc.verbs import DTYPES
from layercalc.verdicts import BADGE

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


@contextmanager
def told_of(name: str) -> Iterator[None]:
    """A fault inside a file says which file."""
    try:
        yield
    except Refused as error:
        raise in_file(error, name) from None


format_option = click.option(
    "--format", "chosen", type=click.Choice(FORMATS), help="Default: table to a terminal, JSON to a pipe."
)
shape_option = click.option(
    "--input-shape", multiple=True, metavar="SIZES", help="Without the batch: 28,28,1, or left:16 for a named input."
)


@cli.command()
@click.argument("model")
@shape_option
@click.option("--batch-size", type=int, help="Count for that many samples.")
@click.option("--conventions", metavar="NAMES", help="Count as other tools do: fvcore,thop …, or all.")
@click.option("--explain", is_flag=True, help="Show the arithmetic of every row.")
@click.option("--device", metavar="NAME", help="Bound the time: a100, raspberry-pi-5 …, or FLOP/s,bytes/s.")
@click.option("--columns", metavar="NAMES", help="Columns of the table: name,params,flops,receptive_field …")
@click.option("--format", "chosen", type=Form(FORMATS), help="Default: table to a terminal, JSON to a pipe.")
def analyze(
    model: str,
    input_shape: Sequence[str],
    batch_size: int | None,
    conventions: str | None,
    explain: bool,
    device: str | None,
    columns: str | None,
    chosen: str | None,
) -> None:
    """Shapes, parameters, MACs, FLOPs and bytes of every layer of MODEL (a file, or - for standard input)."""
    report = verbs.analyze(
        read_model(model)[0],
        input_shape=list(input_shape) or None,
        batch_size=batch_size,
        conventions=split(conventions),
        explain=explain,
        device=device,
    )
    sheet = report_sheet(report, split(columns))
    if chosen and chosen.startswith(BADGE):
        click.echo(badge(chosen, report), nl=False)
    else:
        show(report, sheet, chosen)


def split(names: str | None) -> list[str]:
    return [name.strip() for name in (names or "").split(",") if name.strip()]


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


@cli.command()
@click.argument("model")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="FILE",
    help="A .npy or .json tensor for each input, in order or as name=FILE; or one .safetensors or .npz of all.",
)
@click.option("--seed", type=click.IntRange(0), help="Make the inputs from a seed instead.")
@click.option("--weights", metavar="FILE", help="A .safetensors, .npz, .keras, .h5 or .json.")
@click.option("--weights-seed", type=click.IntRange(0), help="Fill the weights from this seed.  [default: 0]")
@click.option("--expected", multiple=True, metavar="FILE", help="As --input, for each output.")
@click.option("--rtol", type=float, help="Relative tolerance.  [default: 1e-4]")
@click.option("--atol", type=float, help="Absolute tolerance.  [default: 1e-5]")
@click.option("--dtype", type=click.Choice(DTYPES), help="What floats are computed in.  [default: float32]")
@click.option("--stats", is_flag=True, help="Minimum, maximum, mean and NaN count of every layer's output.")
@click.option("--profile", is_flag=True, help="Seconds and GFLOP/s of every layer.")
@click.option("--return-layer", "return_layers", multiple=True, metavar="NAME", help="Print that layer's output too.")
@shape_option
@format_option
def forward(
    model: str,
    inputs: Sequence[str],
    seed: int | None,
    weights: str | None,
    weights_seed: int | None,
    expected: Sequence[str],
    input_shape: Sequence[str],
    chosen: str | None,
    **options: Any,
) -> None:
    """Run MODEL in NumPy and check every layer's shape.

    MODEL is a document, a .keras or .h5 file with its weights, or a whole request ({"model", "inputs", …}).
    """
    document, kept = read_model(model)
    request: dict[str, Any] = {}
    path: tuple[str, ...] = ()
    if isinstance(document, dict) and "model" in document:
        from layercalc.web.envelopes import ForwardEnvelope, load

        request = {key: value for key, value in load(ForwardEnvelope, document).items() if value is not None}
        document, path = request.pop("model"), ("model",)
    request |= {key: value for key, value in options.items() if value}
    if inputs:
        request["inputs"] = read_tensors(inputs, "inputs")
    elif seed is not None or "inputs" not in request:
        request["inputs"] = {"seed": seed or 0}
    if weights:
        with told_of(weights):
            request["weights"] = files.read_weights_file(read_bytes(weights))
    elif weights_seed is not None:
        request["weights"] = {"seed": weights_seed}
    elif kept is not None:
        request["weights"] = kept
    if expected:
        request["expected"] = read_tensors(expected, "expected")
    if input_shape:
        request["input_shape"] = list(input_shape)
    with progress("forward") as told:
        result = verbs.forward(document, request.pop("inputs"), path=path, told=told, **request)
    show(result, formats.forward_sheet(result), chosen)
    if not result["verified"] or (result["comparison"] and not result["comparison"]["passed"]):
        sys.exit(1)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int, str], None] | None]:
    """A bar on a terminal's stderr, for what takes its time; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total, name: bar.update(task, completed=done, total=total, description=name)


def read_tensors(names: Sequence[str], key: str) -> Any:
    """Tensors from files: a list, a map where they are given as name=FILE, or what one file of several holds."""
    if all("=" in name for name in names):
        pairs = [name.partition("=") for name in names]
        return {name: read_tensor(file, (key, name)) for name, _, file in pairs}
    found = [read_tensor(name, (key, i)) for i, name in enumerate(names)]
    several = len(found) == 1 and isinstance(found[0], dict) and not {"shape", "datatype"} & found[0].keys()
    return found[0] if several else found


def read_tensor(name: str, path: tuple[object, ...]) -> Any:
    with told_of(name):
        return files.read_tensor_file(read_bytes(name), path)


@cli.command()
@click.argument("type", required=False)
@format_option
def layers(type: str | None, chosen: str | None) -> None:
    """The layer types, or all about one TYPE."""
    if type is None:
        every = catalogue.layers()
        show({"layers": every}, formats.catalogue_sheet(every), chosen)
        return
    found = catalogue.entry(type)
    if found is None:
        raise click.ClickException(f"There is no layer type {type!r}.{nearest(type, [*LAYERS, *ALIASES])}")
    show(found, formats.entry_sheet(found), chosen)


@cli.command()
@click.option("--bind", help="host:port or unix:path, several with commas.  [default: 127.0.0.1:8000]")
@click.option("--workers", type=click.IntRange(1), help="Processes.  [default: 1]")
@click.option("--threads", type=click.IntRange(1), help="Requests at a time in one process.  [default: 4]")
def serve(bind: str | None, workers: int | None, threads: int | None) -> None:
    """Serve over HTTP with gunicorn. Every option is a setting too (LAYERCALC_BIND …); the option wins."""
    from layercalc.limits import Limits
    from layercalc.settings import Settings, strangers
    from layercalc.web.server import serve as run

    try:
        settings = Settings.from_environment({**os.environ, **({"LAYERCALC_BIND": bind} if bind else {})})
        Limits.from_environment()
    except SystemExit as error:
        raise click.ClickException(str(error.code).removeprefix("layercalc: ")) from None
    for one in strangers(os.environ):
        click.echo(f"Warning: {one}", err=True)
    click.echo(f"Try:  {try_line(settings.bind.split(',')[0])}", err=True)
    run(bind=bind, workers=workers, threads=threads)


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
@click.argument("name", type=click.Choice(list(catalogue.SCHEMAS)))
def schema(name: str) -> None:
    """Print a JSON Schema: that of a budgets file, for editors."""
    click.echo(json.dumps(catalogue.SCHEMAS[name](), ensure_ascii=False, indent=2))


@cli.command()
def openapi() -> None:
    """Print openapi.yaml."""
    from layercalc.web.openapi import specification_text

    click.echo(specification_text(), nl=False)
