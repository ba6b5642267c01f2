"""Attributes of nodes as an operator's signature wants them."""

from typing import Any

from layercalc.layers.config import ConfigError
from layercalc.layers.onnx.base import NAMED, Ints, Numbers, Texts, Version
from layercalc.layers.stored import Array
from layercalc.readers.onnx.external import Folder
from layercalc.readers.onnx.sparse import sparse_array
from layercalc.readers.onnx.tensors import array_of
from layercalc.readers.onnx.wire import Message
from layercalc.wording import nearest

TYPES: dict[int, tuple[Any, str]] = {  # AttributeProto.AttributeType: what it is in Python, and the field it stands in
    1: (float, "f"),
    2: (int, "i"),
    3: (str, "s"),
    4: (Array, "t"),
    6: (Numbers, "floats"),
    7: (Ints, "ints"),
    8: (Texts, "strings"),
    11: (Array, "sparse_tensor"),
}
LONGEST = 10_000  # characters of a text
OTHERS = {5: "a graph", 9: "tensors", 10: "graphs", 13: "a type"}
IGNORED = ("consumed_inputs",)  # of operators before version 6: which inputs may be overwritten


def kind_of(attribute: Message) -> int:
    """The type of an attribute; old files leave it to the field that is filled."""
    if attribute["type"]:
        return int(attribute["type"])
    return next((number for number, (_, field) in TYPES.items() if field in attribute), 0)


def read_attributes(kind: str, version: Version, attributes: Any, folder: Folder | None = None) -> dict[str, Any]:
    """Values by the names of the function's parameters; ConfigError lists what does not fit."""
    out: dict[str, Any] = {}
    faults: list[tuple[tuple[object, ...], str]] = []
    for attribute in attributes:
        name = attribute["name"]
        known_as = version.kinds.get(name)
        if known_as is None:
            if name not in IGNORED:
                known = ", ".join(version.attributes) or "none"
                near = nearest(name, list(version.attributes))
                detail = f"{kind} of version {version.since} has no attribute {name!r}.{near} It takes: {known}."
                faults.append(((name,), detail))
            continue
        (parameter, wanted), number = known_as, kind_of(attribute)
        found, field = TYPES.get(number, (None, ""))
        if found not in wanted:
            what = NAMED[found] if found in NAMED else OTHERS.get(number, "nothing")
            listed = " or ".join(NAMED[one] for one in wanted)
            faults.append(((name,), f"{kind}.{name} is {listed}; received {what}."))
            continue
        try:
            out[parameter] = read_value(found, attribute[field], folder)
        except ValueError as error:
            faults.append(((name,), f"{kind}.{name}: {error}"))
    for name, parameter in version.demanded:
        if parameter not in out:
            faults.append(((name,), f"{kind} needs the attribute {name!r}."))
    if faults:
        raise ConfigError(faults)
    return out


def read_value(kind: Any, value: Any, folder: Folder | None) -> Any:
    """A value of a field as Python has it."""
    if kind is Array:
        if value is None:
            raise ValueError("The tensor is missing.")
        return sparse_array(value, folder=folder) if value.kind == "SparseTensor" else array_of(value, folder=folder)
    if kind is str:
        return text_of(value)
    if kind == Texts:
        return tuple(map(text_of, value))
    return tuple(value) if kind in (Ints, Numbers) else value


def text_of(value: Any) -> str:
    if len(value) > LONGEST:
        raise ValueError(f"A text of {len(value):,} characters; {LONGEST:,} are read.")
    try:
        return str(bytes(value), "utf-8")
    except UnicodeDecodeError:
        raise ValueError("A text that is not UTF-8.") from None
