"""The commands that analyse a model, run it, or say what models are made of."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from layercalc import catalogue, files, verbs
from layercalc import formats as drawings
from layercalc.cli.base import PRESENTED, cli, format_option, given, options, progress, show, warn_of
from layercalc.cli.outputs import Form, badge
from layercalc.errors import Refused
from layercalc.escapes import json_text
from layercalc.files.named import in_file, model_bytes, placed, read_bytes, read_model
from layercalc.formats import BADGE
from layercalc.formats import sheet as formats
from layercalc.formats.report import report_sheet
from layercalc.options import read_envelope


@cli.command()
@click.argument("model")
@options("analyze")
@click.option("--format", "chosen", type=Form(PRESENTED), help="Default: table to a terminal, JSON to a pipe.")
def analyze(model: str, chosen: str | None, **options: Any) -> None:
    """Shapes, parameters, MACs, FLOPs and bytes of every layer of MODEL (a file, or - for standard input)."""
    asked = given(options)
    columns, depth = asked.pop("columns", ()), asked.pop("depth", None)
    report = verbs.analyze(read_model(model)[0], **asked)
    sheet = report_sheet(report, columns, depth)
    warn_of(placed(report["warnings"], model))
    if chosen and chosen.startswith(BADGE):
        click.echo(badge(chosen, report), nl=False)
    else:
        show(report, sheet, chosen, lambda: drawings.drawn_report(report))


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
@options("forward")
@format_option
def forward(
    model: str,
    inputs: Sequence[str],
    seed: int | None,
    weights: str | None,
    weights_seed: int | None,
    expected: Sequence[str],
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
        request = {key: value for key, value in read_envelope("forward", document).items() if value is not None}
        document, path = request.pop("model"), ("model",)
    request |= given(options)
    if inputs:
        request["inputs"] = read_tensors(inputs, "inputs")
    elif seed is not None or "inputs" not in request:
        request["inputs"] = {"seed": seed or 0}
    if weights:
        with naming(weights):
            request["weights"] = files.read_weights_file(read_bytes(weights))
    elif weights_seed is not None:
        request["weights"] = {"seed": weights_seed}
    elif kept is not None:
        request["weights"] = kept
    if expected:
        request["expected"] = read_tensors(expected, "expected")
    with progress("forward") as advance:
        result = verbs.forward(document, request.pop("inputs"), path=path, progress=advance, **request)
    warn_of(placed(result["warnings"], model))
    show(result, formats.forward_sheet(result), chosen)
    if not result["verified"] or (result["comparison"] and not result["comparison"]["passed"]):
        sys.exit(1)


def read_tensors(names: Sequence[str], key: str) -> Any:
    """Tensors from files: a list, a map where they are given as name=FILE, or what one file of several holds."""
    if all("=" in name for name in names):
        pairs = [name.partition("=") for name in names]
        return {name: read_tensor(file, (key, name)) for name, _, file in pairs}
    found = [read_tensor(name, (key, i)) for i, name in enumerate(names)]
    several = len(found) == 1 and isinstance(found[0], dict) and not {"shape", "datatype"} & found[0].keys()
    return found[0] if several else found


def read_tensor(name: str, path: tuple[object, ...]) -> Any:
    with naming(name):
        return files.read_tensor_file(read_bytes(name), path)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """A fault inside a file says which file."""
    try:
        yield
    except Refused as error:
        raise in_file(error, name) from None


@cli.command()
@click.argument("file")
@click.option("-o", "--output", required=True, metavar="OUT", help="Where to write it; - for standard output.")
def strip(file: str, output: str) -> None:
    """FILE, an ONNX file or .pt2, without the numbers of its weights: small enough to post, every count as before."""
    from layercalc.files.stripped import stripped

    with naming(file):
        made = stripped(model_bytes(file))
    if output == "-":
        sys.stdout.buffer.write(made)
    else:
        Path(output).write_bytes(made)


@cli.command()
@click.argument("type", required=False)
@options("layers")
@format_option
def layers(type: str | None, chosen: str | None, **options: Any) -> None:
    """The layer types, or all about one TYPE."""
    vocabulary = given(options).get("vocabulary", catalogue.DEFAULT)
    try:
        if type is None:
            every = catalogue.layers(vocabulary)
            show({"layers": every}, formats.catalogue_sheet(every), chosen)
        else:
            found = catalogue.entry(type, vocabulary)
            show(found, formats.entry_sheet(found), chosen)
    except LookupError as error:
        raise click.ClickException(str(error.args[0])) from None


@cli.command()
@click.argument("name", required=False)
@format_option
def examples(name: str | None, chosen: str | None) -> None:
    """Networks to begin with, or the document of the one called NAME."""
    try:
        found = verbs.examples(name)
    except LookupError as error:
        raise click.ClickException(str(error.args[0])) from None
    if name is None:
        show({"examples": found}, formats.examples_sheet(found), chosen)
    else:
        click.echo(found if isinstance(found, str) else json_text(found, indent=2), nl=False)
