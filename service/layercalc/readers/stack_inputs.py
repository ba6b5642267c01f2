"""How a stack declares its inputs: at its top, on its first layer, or as layers of their own."""

from typing import Any

from layercalc.layers import Layer
from layercalc.locations import JsonLocation
from layercalc.ops import BYTES
from layercalc.readers.builder import Builder
from layercalc.wording import is_name, received, whole

SHAPES = ("input_shape", "batch_shape", "batch_input_shape", "input_dim")


def add_declared(builder: Builder, top: JsonLocation, declared: Any, unnamed: str) -> None:
    """The entries of a top-level `inputs`."""
    if not isinstance(declared, list) or not declared:
        builder.fault(top.at(("inputs",)), f"Expected a list of inputs; received {received(declared)}.")
        return
    for index, item in enumerate(declared):
        path = (*top.path, "inputs", index)
        location = JsonLocation(path, item if isinstance(item, dict) else {})
        if not isinstance(item, dict):
            example = '{"name": "left", "shape": [16]}'
            builder.fault(location.at(), f"Expected an input, such as {example}; received {received(item)}.")
            continue
        for key in [key for key in item if key not in ("name", "shape", "dtype", *SHAPES)]:
            builder.fault(
                location.at((key,)), f"An input has no key {key!r}; it takes name, shape, batch_shape, dtype."
            )
        name = item.get("name", unnamed if index == 0 else f"{unnamed}_{index}")
        builder.reserve(name, location)
        shape = read_shape(builder, location, [key for key in ("shape", *SHAPES) if key in item])
        builder.add_input(str(name), shape, read_dtype(builder, location), location)


def add_layer_input(
    builder: Builder, kind: type[Layer], location: JsonLocation, name: str | None, unnamed: str
) -> str | None:
    """An input written as a layer of the list; its name, or None where it has a fault."""
    config = {key: value for key, value in location.config.items() if key not in ("type", "name", "inputs")}
    made: Any = builder.layer(kind, config, location)
    if name is None:
        name = f"{unnamed}_{len(builder.inputs)}" if builder.inputs else unnamed
        builder.reserve(name, location)
    if made is None:
        builder.add_input(name, (), "float32", location)
        return None
    builder.add_input(name, made.whole_shape(), made.dtype or "float32", location)
    return name


def read_dtype(builder: Builder, location: JsonLocation) -> str:
    dtype = location.config.get("dtype", "float32")
    if isinstance(dtype, str) and dtype in BYTES:
        return dtype
    builder.fault(location.at(("dtype",)), f"Expected one of {', '.join(BYTES)}; received {received(dtype)}.")
    return "float32"


def read_shape(builder: Builder, location: JsonLocation, keys: list[str]) -> tuple[int | str | None, ...] | None:
    """The shape with the batch in front, from the first of the keys; None where there is none, () for a faulty one."""
    if not keys:
        return None
    key, value = keys[0], location.config[keys[0]]
    if len(keys) > 1:
        builder.fault(location.at((keys[1],)), f"{key!r} and {keys[1]!r} both name the shape; leave one of them out.")
    if key == "input_dim":
        value = [value]
    elif whole(value, 0) and not key.startswith("batch"):
        builder.warn(location.at((key,)), f"{value} read as [{value}]")
        value = [value]
    if not isinstance(value, list | tuple) or not all(dim is None or whole(dim, 0) or is_name(dim) for dim in value):
        expected = "a list of sizes, each an integer of at least 0, null, or a name such as H"
        builder.fault(location.at((key,)), f"Expected {expected}; received {received(location.config[key])}.")
        return ()
    if key.startswith("batch"):
        if not value:
            builder.fault(location.at((key,)), "A shape with a batch has at least the batch; received [].")
        return tuple(value)
    batch = location.config.get("batch_size")
    if batch is not None and not whole(batch, 0):
        builder.fault(location.at(("batch_size",)), f"Expected an integer of at least 0; received {received(batch)}.")
        batch = None
    return (batch, *value)
