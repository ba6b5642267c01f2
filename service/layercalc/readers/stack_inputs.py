"""How a stack declares its inputs: at its top, on its first layer, or as layers of their own."""

from typing import Any

from layercalc.layers import Layer
from layercalc.locations import JsonPlace
from layercalc.ops import WIDTH
from layercalc.readers.builder import Draft
from layercalc.wording import received, whole

SHAPES = ("input_shape", "batch_shape", "batch_input_shape", "input_dim")


def add_declared(draft: Draft, top: JsonPlace, declared: Any, unnamed: str) -> None:
    """The entries of a top-level `inputs`."""
    if not isinstance(declared, list) or not declared:
        draft.fault(top.at(("inputs",)), f"Expected a list of inputs; received {received(declared)}.")
        return
    for index, item in enumerate(declared):
        path = (*top.path, "inputs", index)
        place = JsonPlace(path, path, item if isinstance(item, dict) else {})
        if not isinstance(item, dict):
            example = '{"name": "left", "shape": [16]}'
            draft.fault(place.at(), f"Expected an input, such as {example}; received {received(item)}.")
            continue
        for key in [key for key in item if key not in ("name", "shape", "dtype", *SHAPES)]:
            draft.fault(place.at((key,)), f"An input has no key {key!r}; it takes name, shape, batch_shape, dtype.")
        name = item.get("name", unnamed if index == 0 else f"{unnamed}_{index}")
        draft.reserve(name, place)
        shape = read_shape(draft, place, [key for key in ("shape", *SHAPES) if key in item])
        draft.add_input(str(name), shape, read_dtype(draft, place), place)


def add_layer_input(draft: Draft, kind: type[Layer], place: JsonPlace, name: str | None, unnamed: str) -> str | None:
    """An input written as a layer of the list; its name, or None where it has a fault."""
    config = {key: value for key, value in place.config.items() if key not in ("type", "name", "inputs")}
    made: Any = draft.layer(kind, config, place)
    if name is None:
        name = f"{unnamed}_{len(draft.inputs)}" if draft.inputs else unnamed
        draft.reserve(name, place)
    if made is None:
        draft.add_input(name, (), "float32", place)
        return None
    draft.add_input(name, made.whole_shape(), made.dtype or "float32", place)
    return name


def read_dtype(draft: Draft, place: JsonPlace) -> str:
    dtype = place.config.get("dtype", "float32")
    if isinstance(dtype, str) and dtype in WIDTH:
        return dtype
    draft.fault(place.at(("dtype",)), f"Expected one of {', '.join(WIDTH)}; received {received(dtype)}.")
    return "float32"


def read_shape(draft: Draft, place: JsonPlace, keys: list[str]) -> tuple[int | None, ...] | None:
    """The shape with the batch in front, from the first of the keys; None where there is none, () for a faulty one."""
    if not keys:
        return None
    key, value = keys[0], place.config[keys[0]]
    if len(keys) > 1:
        draft.fault(place.at((keys[1],)), f"{key!r} and {keys[1]!r} both name the shape; leave one of them out.")
    if key == "input_dim":
        value = [value]
    elif whole(value, 0) and not key.startswith("batch"):
        draft.warn(place.at((key,)), f"{value} read as [{value}]")
        value = [value]
    if not isinstance(value, list | tuple) or not all(dim is None or whole(dim, 0) for dim in value):
        expected = "a list of sizes, each an integer of at least 0 or null"
        draft.fault(place.at((key,)), f"Expected {expected}; received {received(place.config[key])}.")
        return ()
    if key.startswith("batch"):
        if not value:
            draft.fault(place.at((key,)), "A shape with a batch has at least the batch; received [].")
        return tuple(value)
    batch = place.config.get("batch_size")
    if batch is not None and not whole(batch, 0):
        draft.fault(place.at(("batch_size",)), f"Expected an integer of at least 0; received {received(batch)}.")
        batch = None
    return (batch, *value)
