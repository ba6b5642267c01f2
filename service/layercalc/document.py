"""From what was given to an analysis: files read, limits held, faults gathered, and where the document stands."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

from layercalc import files
from layercalc.analysis.readings import Readings
from layercalc.analysis.walk import Analysis, analyse
from layercalc.dims import forgotten
from layercalc.environment import setting
from layercalc.errors import InvalidModel, Refused, Tokens, Unreadable, pointer
from layercalc.files.enclosed import is_enclosed, read_enclosed
from layercalc.files.mapped import mapped
from layercalc.gc_pause import paused
from layercalc.input_shapes import NONE, ModelOptions, declared
from layercalc.limits import UNLIMITED, Limits
from layercalc.model import Model
from layercalc.ops import Spec
from layercalc.readers import Builder, is_code, read
from layercalc.readers.placeholders import with_way_on
from layercalc.readers.text import Json, parse_json
from layercalc.report import rows
from layercalc.usage import used

MODEL: Tokens = ("model",)

Given = ParamSpec("Given")

Made = TypeVar("Made")


def timed(name: str) -> Callable[[Callable[Given, Made]], Callable[Given, Made]]:
    """A verb that has as many seconds as the limit of that name says; Overdue past it."""

    def decorate(verb: Callable[Given, Made]) -> Callable[Given, Made]:
        @wraps(verb)
        def bounded(*args: Given.args, **kwargs: Given.kwargs) -> Made:
            limits: Any = kwargs.get("limits", UNLIMITED)
            with limits.deadline(name):
                return verb(*args, **kwargs)

        return bounded

    return decorate


def opened(document: Any, path: Tokens = (), limits: Limits = UNLIMITED) -> tuple[Any, Any]:
    """A document, out of its file where it is given by a path, as bytes or in base64, and the weights there."""
    if isinstance(document, Json):
        document = parse_json(document.text, limits, path)
    if isinstance(document, os.PathLike):
        file = Path(document)
        return files.read_model(mapped(file) or file.read_bytes(), path, folder=file.parent)
    if isinstance(document, bytes | bytearray | memoryview):
        return files.read_model(bytes(document), path, limits)
    if is_enclosed(document):
        return read_enclosed(document, path, limits)
    return document, None


def from_files(
    document: Any, weights: Any, inputs: Any, expected: Any, path: Tokens, limits: Limits
) -> tuple[Any, Any, Any, Any]:
    """What is given by its path or as a file, read; a model's file may have its weights."""
    document, beside = opened(document, path, limits)
    weights = beside if weights is None else weights
    if isinstance(weights, os.PathLike):
        weights = files.read_weights_file(Path(weights).read_bytes())
    if isinstance(inputs, os.PathLike):
        inputs = files.read_tensor_file(Path(inputs).read_bytes(), ("inputs",))
    if isinstance(expected, os.PathLike):
        expected = files.read_tensor_file(Path(expected).read_bytes(), ("expected",))
    return document, weights, inputs, expected


@paused()
def analysis_of(document: Any) -> Analysis:
    """The analysis itself, for who wants more of it than a report says. Raises InvalidModel."""
    model, builder = guarded(document, (), UNLIMITED)
    return analysed(model, builder, declared(model, builder))


def guarded(document: Any, path: Tokens, limits: Limits, asked: ModelOptions = NONE) -> tuple[Model, Builder]:
    """Read a document; what is too deep or too long is refused like any other fault."""
    if asked.entry is not None and not is_code(document):
        told = "It names an expression of code, and the document is none; leave it out."
        raise InvalidModel([{"parameter": "entry", "detail": told}])
    if (listed := layers_listed(document)) > limits.max_layers:
        too_many(listed, limits, path)
    try:
        with standing(path):
            model, builder = read(document, path, limits, asked.entry, asked.shapes, asked.custom)
        if builder.faults:
            builder.faults = with_way_on(builder.faults, document, path)
        layers, longest = extent(model, {})
    except Unreadable as error:
        raise Unreadable(with_way_on(error.every, document, path), error.layers, error.status) from None
    except RecursionError:
        raise InvalidModel([{"pointer": pointer(*path), "detail": "The model is nested too deeply."}]) from None
    if layers > limits.max_layers:
        too_many(layers, limits, path)
    if longest > limits.max_name_length:
        detail = f"A name of {longest:,} characters; the limit is {limits.max_name_length:,} "
        raise InvalidModel([{"pointer": pointer(*path), "detail": f"{detail}({setting('max_name_length')})."}])
    return model, builder


def layers_listed(document: Any) -> int:
    """How many layers a document in JSON lists at its top; 0 of any other."""
    body = document.get("config", document) if isinstance(document, dict) else document
    listed = body.get("layers") if isinstance(body, dict) else body
    return len(listed) if isinstance(listed, list) else 0


def extent(model: Model, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many rows a model has, those of nested models included, and the length of the longest name among them."""
    if id(model) not in known:
        layers = len(model.calls)
        names = [*[one.name for one in model.inputs], *[call.name for call in model.calls]]
        longest = max(map(len, names), default=0)
        for name, inner in [(call.name, call.layer) for call in model.calls if isinstance(call.layer, Model)]:
            inside, below = extent(inner, known)
            layers, longest = layers + inside - 1, max(longest, len(name) + 1 + below)
        known[id(model)] = layers, longest
    return known[id(model)]


def too_many(layers: int, limits: Limits, path: Tokens) -> NoReturn:
    detail = f"{layers:,} layers; the limit is {limits.max_layers:,} ({setting('max_layers')})."
    raise InvalidModel([{"pointer": pointer(*path), "detail": detail}])


def analysed(
    model: Model,
    builder: Builder,
    specs: list[tuple[str, Spec]],
    path: Tokens = (),
    so_far: bool = True,
    readings: Readings | None = None,
) -> Analysis:
    """The analysis of a model that has no fault; InvalidModel with every fault and, `so_far`, the rows there are."""
    try:
        analysis = analyse(model, specs, readings)
    except RecursionError:
        raise InvalidModel([{"pointer": pointer(*path), "detail": "The model is nested too deeply."}]) from None
    used(layers=len(analysis.rows))
    if model.exported_for:
        at_other_sizes(model, specs, analysis)
    if builder.faults or analysis.faults:
        with standing(path):
            told = analysis.faults or builder.gaps
            raise InvalidModel([*builder.faults, *analysis.faults], rows(analysis) if told and so_far else None)
    return analysis


def nameless(specs: list[tuple[str, Spec]]) -> list[tuple[str, Spec]]:
    """Inputs whose sizes by name are unknown ones."""
    return [(name, Spec(forgotten(one.shape), one.dtype)) for name, one in specs]


def at_other_sizes(model: Model, specs: list[tuple[str, Spec]], analysis: Analysis) -> None:
    """Say how to have a file for other sizes where a request names such, and refuse what it cannot tell of them."""
    differ = [
        (one.name, axis)
        for one, (_, spec) in zip(model.inputs, specs, strict=True)
        for axis, (named, size) in enumerate(zip(one.shape or (), spec.shape, strict=False))
        if named.__class__ is int and named != size
    ]
    if not differ:
        return
    for fault in analysis.faults:
        fault["detail"] = f"{fault['detail']} {model.exported_for}"
    name, axis = next(((name, axis) for name, axis in differ if axis), differ[0])
    if axis and not analysis.faults:
        told = f"Sizes that were computed from axis {axis} of the input {name!r} are numbers in the file."
        raise InvalidModel([{"parameter": "input_shape", "detail": f"{told} {model.exported_for}"}])


def located(answer: dict[str, Any], path: Tokens) -> dict[str, Any]:
    """An answer whose warnings say where the document stands in a larger one, as its faults do."""
    for one in answer["warnings"] if path else ():
        one["pointer"] = one.get("pointer") or pointer(*path)
    return answer


@contextmanager
def standing(path: Tokens) -> Iterator[None]:
    """A fault in code has the line and column in the code; this says where the code stands in a larger document."""
    try:
        yield
    except Refused as error:
        for fault in error.every if path else ():
            if "line" in fault:
                fault.setdefault("pointer", pointer(*path))
        raise
