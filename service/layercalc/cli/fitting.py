"""The command that finds the largest size within budgets."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from layercalc import verbs
from layercalc.budgets.written import limit
from layercalc.cli.base import cli, format_option, given, options, show, warn_of
from layercalc.files.named import placed, read_model
from layercalc.formats.fit import fit_sheet
from layercalc.options import read_envelope


@cli.command()
@click.argument("model")
@click.option(
    "--within",
    "limits",
    multiple=True,
    metavar="LIMIT",
    help="What must hold: peak_activation_bytes=8GiB, min_params=1M …, several times for several.",
)
@options("fit")
@format_option
def fit(model: str, limits: Sequence[str], chosen: str | None, **options: Any) -> None:
    """The largest batch, resolution, width or depth of MODEL within limits, exactly the last that holds.

    MODEL is a document, or a whole request ({"model", "vary", "within", …}). Exit code 1: none is found, or no end.
    """
    document, _ = read_model(model)
    request: dict[str, Any] = {}
    path: tuple[str, ...] = ()
    if isinstance(document, dict) and "model" in document:
        request = read_envelope("fit", document, ("vary", "within"))
        request = {key: value for key, value in request.items() if value is not None}
        document, path = request.pop("model"), ("model",)
    request |= given(options)
    if limits:
        request["within"] = [read_limit(one) for one in limits]
    if "within" not in request:
        raise click.UsageError("There is no limit: give --within peak_activation_bytes=8GiB.")
    if "vary" not in request:
        raise click.UsageError("What varies? Give --vary batch_size, or the name of a size or placeholder.")
    answer = verbs.fit(document, request.pop("vary"), request.pop("within"), path=path, **request)
    warn_of(placed(answer["warnings"], model))
    show(answer, fit_sheet(answer), chosen)
    sys.exit(1 if answer["value"] is None else 0)


def read_limit(text: str) -> dict[str, Any]:
    """A budget of a text."""
    found = limit(text)
    if found is None:
        told = f"Expected a limit such as peak_activation_bytes=8GiB; received {text!r}."
        raise click.BadParameter(told, param_hint="--within")
    return found
