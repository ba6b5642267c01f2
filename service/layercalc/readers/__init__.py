"""Readers: one module for each form of a document, chosen by content."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from layercalc.errors import Unreadable
from layercalc.layers.config import ConfigError
from layercalc.layers.keras.base import KERAS
from layercalc.limits import UNLIMITED, Limits
from layercalc.model import Model
from layercalc.readers.builder import Builder, Marked
from layercalc.readers.foreign import foreign
from layercalc.readers.keras.keras1_json import KERAS_0, modern, of_keras_0
from layercalc.readers.keras.plain import Unusual, is_plain
from layercalc.readers.keras.printed import parse_document
from layercalc.readers.keras.quantised import unsaid
from layercalc.readers.keras.serialized import is_config, of_config, read_keras
from layercalc.readers.keras.sharing import MARK, marked
from layercalc.readers.keras.tfjs import is_tfjs, topology_of
from layercalc.readers.keras.undescribed import undescribed
from layercalc.readers.notebooks import is_notebook, notebook
from layercalc.readers.onnx.file import OnnxFile
from layercalc.readers.stack import read_stack
from layercalc.readers.text import looks_like_json
from layercalc.readers.torch.archive import TorchProgram
from layercalc.wording import received

BEGINNING = 100  # characters of a text that tell what it is


Shapes = Callable[[list[str]], Mapping[str, Sequence[int | None]]]


def is_code(document: Any) -> bool:
    """Whether a document is code, as far as it is a text that is no JSON, or a notebook, in a text too."""
    if isinstance(document, str):
        return not looks_like_json(document) or '"nbformat"' in document
    return is_notebook(document)


def read(
    document: Any,
    path: tuple[object, ...] = (),
    limits: Limits = UNLIMITED,
    entry: str | None = None,
    shapes: Shapes | None = None,
    custom: str | None = None,
) -> tuple[Model, Builder]:
    """The model of a document in any form, and the builder with its faults and warnings.

    Of code, `entry` is the expression that makes the model, and `shapes` what the request says of inputs by name; of
    Keras JSON, `custom` says what becomes of layers that it does not describe.
    """
    if hasattr(document, "to_json"):
        document = document.to_json()
    if isinstance(document, OnnxFile):
        return reader_of_onnx().read_onnx(document, path, limits)
    if isinstance(document, TorchProgram):
        return reader_of_programs().read_program(document, path, limits)
    where = "".join(f"/{token}" for token in path)
    if isinstance(document, str):
        if not looks_like_json(document):
            if told := foreign(document[:BEGINNING].encode("utf-8", "replace")):
                raise Unreadable([{"pointer": where, "detail": told}], status=422)
            return reader_of_code().read_script(document, limits, entry, shapes)
        document = parse_document(document, limits, path)
        if isinstance(document, str):  # JSON in a JSON string, as `json.dumps(model.to_json())` makes it
            return read(document, path, limits, entry, shapes, custom)
    if is_tfjs(document):
        document, path = topology_of(document, path)
    inside = None
    if is_config(document):
        document, inside = of_config(document), path
    if of_keras_0(document):
        raise Unreadable([{"pointer": where, "detail": KERAS_0}], status=422)
    if isinstance(document, dict) and "class_name" in document:
        return read_config(document, path, inside, custom)
    if isinstance(document, dict) and "layers" in document:
        return read_stack(document, path)
    if is_notebook(document):
        code = notebook(document, path)
        with code.standing():
            return reader_of_code().read_script(code, limits, entry, shapes)
    expected = (
        'a stack {"layers": […]}, Keras JSON {"class_name": …, "config": …}, Keras code, a notebook, an ONNX file, '
        "or an exported program of PyTorch (.pt2)"
    )
    raise Unreadable([{"pointer": where, "detail": f"Expected {expected}; received {received(document)}."}], status=422)


def read_config(
    document: dict[str, Any], path: tuple[object, ...], inside: tuple[object, ...] | None, custom: str | None
) -> tuple[Model, Builder]:
    """The model of Keras JSON of any version."""
    if "keras_version" not in document:
        try:
            model, builder = read_keras(document, path, inside=inside, unmarked=MARK.encode(), plain=True)
        except (Marked, Unusual):  # most need no second look
            pass
        else:
            builder.warnings[:0] = unsaid(model)
            return model, builder
    old: list[dict[str, Any]] = []
    warnings: list[dict[str, Any]] = []
    plain, sent = is_plain(document), document
    if not plain or "keras_version" in document:
        document, old = modern(document, path, inside)
    as_sent = document is sent
    if not plain:
        document, warnings = undescribed(document, path, custom, inside)
    try:
        model, builder = read_keras(document, path, inside=inside, as_sent=as_sent, unmarked=MARK.encode())
    except Marked:  # most have none
        document = whole_marked(document, path, inside)
        model, builder = read_keras(document, path, inside=inside, as_sent=as_sent)
    builder.warnings[:0] = [*old, *warnings, *unsaid(model)]
    model.sized = bool(warnings)
    return model, builder


def whole_marked(document: dict[str, Any], path: tuple[object, ...], inside: tuple[object, ...] | None) -> Any:
    """A Keras document with its marks, whose config may stand elsewhere: where is said in a fault."""
    return marked(document, path) if inside is None else {**document, "config": marked(document["config"], inside)}


def reader_of_code() -> Any:
    """What follows code, loaded when it is first asked for: a command on JSON starts without it."""
    return import_module("layercalc.readers.keras.script.reader")


def reader_of_onnx() -> Any:
    """What makes models of ONNX files, loaded when there is one."""
    return import_module("layercalc.readers.onnx.graph")


def reader_of_programs() -> Any:
    """What makes models of exported programs, loaded when there is one."""
    return import_module("layercalc.readers.torch.graph")


def read_nested(value: dict[str, Any]) -> Model:
    """A model inside a layer's config, of either JSON form; ConfigError carries its faults."""
    model, builder = (
        read_stack(value, nested=True) if "type" in value and "layers" in value else read_keras(value, nested=True)
    )
    if builder.faults:
        raise ConfigError([(tokens(fault.get("pointer", "")), fault["detail"]) for fault in builder.faults])
    model.notes = tuple((tokens(warning.get("pointer", "")), warning["detail"]) for warning in builder.warnings)
    return model


def tokens(pointer: str) -> tuple[str, ...]:
    """The reference tokens of a JSON Pointer."""
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


KERAS.models.update(dict.fromkeys(("Sequential", "Functional", "Model"), read_nested))

__all__ = ["Builder", "is_code", "parse_document", "read"]
