"""Our own form: a list of layers, each taking the previous one's output or those it names."""

from typing import Any

from layercalc.layers import Layer
from layercalc.layers.base import UNIVERSAL
from layercalc.layers.fields import received, whole
from layercalc.layers.nested import MODELS
from layercalc.model import ALL, Model
from layercalc.ops import WIDTH
from layercalc.places import JsonPlace
from layercalc.readers.draft import Draft, Source, bound

TOP = {"name", "layers", "inputs", "outputs", "dtype", "batch_size", "description", "$schema"}
SHAPES = ("input_shape", "batch_shape", "batch_input_shape", "input_dim")
UNNAMED = "input"


def read_stack(document: dict[str, Any], path: tuple[object, ...] = (), nested: bool = False) -> tuple[Model, Draft]:
    """The model of a stack; `path` is where the stack stands in the whole document."""
    draft = Draft(document.get("name") if isinstance(document.get("name"), str) else "model", "stack")  # type: ignore[arg-type]
    top = JsonPlace(path, path, document)
    if "name" in document and not isinstance(document["name"], str):
        draft.fault(top.at(("name",)), f"Expected a string; received {received(document['name'])}.")
    for key in document:
        if key not in TOP and key not in SHAPES and not (nested and key in ("type", "trainable")):
            draft.fault(top.at((key,)), f"A stack has no key {key!r}; it takes name, input_shape, inputs, layers, outputs.")
    layers = document["layers"]
    if not isinstance(layers, list) or not layers:
        draft.fault(top.at(("layers",)), f"Expected a list of at least one layer; received {received(layers)}.")
        return draft.finish([]), draft
    places = [JsonPlace((*path, "layers", i), (*path, "layers", i), item if isinstance(item, dict) else {})
              for i, item in enumerate(layers)]  # fmt: skip
    given = [reserve_name(draft, place) for place in places]
    read_inputs(draft, document, top, places, nested)
    previous = draft.inputs[0].name if len(draft.inputs) == 1 else None
    first_input = True
    for item, place, name in zip(layers, places, given, strict=True):
        if not isinstance(item, dict) or "type" not in item:
            example = '{"type": "Dense", "units": 10}'
            draft.fault(place.at(), f"Expected a layer, such as {example}; received {received(item)}.")
            previous = None
            continue
        kind_name = item["type"]
        if isinstance(kind_name, str) and kind_name in MODELS and "layers" in item:
            layer, kind = nested_model(draft, item, place), Model
        else:
            kind = draft.kind(kind_name, place, "type")  # type: ignore[assignment]
            if kind is not None and kind.is_input:
                previous = add_input_layer(draft, kind, item, place, name, len(draft.inputs))
                first_input = False
                continue
            layer = None if kind is None else draft.layer(kind, layer_config(draft, kind, item, place, place is places[0]), place)
        label = name or draft.named(kind.type if kind else str(kind_name) or "layer")
        sources, named = read_sources(draft, item, place, kind)
        if not sources and not named:
            if previous is None and "inputs" not in item:
                many = "the model has several inputs" if len(draft.inputs) > 1 else "there is nothing before it"
                if draft.inputs and not draft.faults:
                    draft.fault(place.at(), f'{many.capitalize()}: say which, as in "inputs": ["{draft.inputs[0].name}"].')
                layer = None
            elif previous is not None:
                sources = [Source(previous)]
        draft.add_call(label, layer, sources, place, named)
        previous = label
    del first_input
    return draft.finish(read_outputs(draft, document, top, previous)), draft


def reserve_name(draft: Draft, place: JsonPlace) -> str | None:
    """The name a layer is given, once it is certain that it is one and that it is free."""
    name = place.config.get("name")
    return name if name is not None and draft.reserve(name, place.at(("name",))) else None


def layer_config(draft: Draft, kind: type[Layer], item: dict[str, Any], place: JsonPlace, first: bool) -> dict[str, Any]:
    """What of a stack's item is the layer's own config."""
    known = kind.schema.fields
    config = {key: value for key, value in item.items() if key not in ("type", "name", "inputs")}
    for key in SHAPES:
        if key in config and key not in known:
            del config[key]
            if not first:
                draft.warn(place.at((key,)), f"{key!r} is read on the first layer only; here it changes nothing")
    return {key: value for key, value in config.items() if key not in UNIVERSAL}


def read_inputs(draft: Draft, document: dict[str, Any], top: JsonPlace, places: list[JsonPlace], nested: bool) -> None:
    """The inputs that the top of the stack, or its first layer, declares."""
    declared = document.get("inputs") if not nested else None
    if declared is not None:
        if not isinstance(declared, list) or not declared:
            draft.fault(top.at(("inputs",)), f"Expected a list of inputs; received {received(declared)}.")
            return
        for i, item in enumerate(declared):
            place = JsonPlace((*top.path, "inputs", i), (*top.path, "inputs", i), item if isinstance(item, dict) else {})
            read_declared(draft, item, place, i)
        return
    first = places[0].config
    if isinstance(first.get("type"), str) and is_input(first["type"]):
        return
    for place in (top, places[0]):
        if any(key in place.config for key in SHAPES) and (place is top or not has_field(first.get("type"), place.config)):
            shape = read_shape(draft, place)
            dtype = read_dtype(draft, place) if place is top else "float32"
            draft.add_input(UNNAMED, shape, dtype, place)
            draft.taken.add(UNNAMED)
            return
    draft.add_input(UNNAMED, None, "float32", top)
    draft.taken.add(UNNAMED)


def is_input(name: str) -> bool:
    from layercalc.layers import ALIASES, LAYERS

    kind = LAYERS.get(ALIASES.get(name, name))
    return kind is not None and kind.is_input


def has_field(name: Any, config: dict[str, Any]) -> bool:
    """Whether every shape key of a config is a field of the layer itself (Embedding's input_dim)."""
    from layercalc.layers import ALIASES, LAYERS

    kind = LAYERS.get(ALIASES.get(name, name)) if isinstance(name, str) else None
    return kind is not None and all(key in kind.schema.fields for key in SHAPES if key in config)


def read_declared(draft: Draft, item: Any, place: JsonPlace, index: int) -> None:
    """One entry of the top-level `inputs`."""
    if isinstance(item, list):
        item = {"shape": item}
        place = JsonPlace(place.path, place.path, item)
    if not isinstance(item, dict):
        draft.fault(place.at(), f'Expected an input, such as {{"name": "left", "shape": [16]}}; received {received(item)}.')
        return
    for key in item:
        if key not in ("name", "shape", "dtype", *SHAPES):
            draft.fault(place.at((key,)), f"An input has no key {key!r}; it takes name, shape, batch_shape, dtype.")
    name = item.get("name", UNNAMED if index == 0 else f"{UNNAMED}_{index}")
    draft.reserve(name, place.at(("name",)))
    shape = read_shape(draft, place, ("shape", *SHAPES))
    draft.add_input(str(name), shape, read_dtype(draft, place), place)


def read_dtype(draft: Draft, place: JsonPlace) -> str:
    dtype = place.config.get("dtype", "float32")
    if dtype not in WIDTH if isinstance(dtype, str) else True:
        draft.fault(place.at(("dtype",)), f"Expected one of {', '.join(WIDTH)}; received {received(dtype)}.")
        return "float32"
    return str(dtype)


def read_shape(draft: Draft, place: JsonPlace, keys: tuple[str, ...] = SHAPES) -> tuple[int | None, ...] | None:
    """The shape with the batch in front, from whichever key gives it."""
    config = place.config
    key = next((key for key in keys if key in config), None)
    if key is None:
        return None
    value = config[key]
    if key == "input_dim":
        value = [value]
    elif whole(value, 0) and not key.startswith("batch"):
        draft.warn(place.at((key,)), f"{value} read as [{value}]")
        value = [value]
    if not isinstance(value, list | tuple) or not all(dim is None or whole(dim, 0) for dim in value):
        draft.fault(place.at((key,)), f"Expected a list of sizes, each an integer of at least 0 or null; received {received(config[key])}.")
        return None
    if key.startswith("batch"):
        if not value:
            draft.fault(place.at((key,)), "A shape with a batch has at least the batch; received [].")
            return None
        return tuple(value)
    batch = config.get("batch_size")
    if batch is not None and not whole(batch, 0):
        draft.fault(place.at(("batch_size",)), f"Expected an integer of at least 0; received {received(batch)}.")
        batch = None
    return (batch, *value)


def add_input_layer(
    draft: Draft, kind: type[Layer], item: dict[str, Any], place: JsonPlace, name: str | None, count: int
) -> str | None:
    """An input written as a layer of the list."""
    config = {key: value for key, value in item.items() if key not in ("type", "name", "inputs")}
    made: Any = draft.layer(kind, config, place)
    if name is None:
        name = UNNAMED if count == 0 else f"{UNNAMED}_{count}"
        draft.reserve(name, place.at(("name",)))
    if made is None:
        draft.add_input(name, None, "float32", place)
        return None
    draft.add_input(name, made.whole_shape(), made.dtype or "float32", place)
    return name


def nested_model(draft: Draft, item: dict[str, Any], place: JsonPlace) -> Model | None:
    """A stack inside the stack; its faults and warnings are the outer one's."""
    inner = {key: value for key, value in item.items() if key != "inputs"}
    model, own = read_stack(inner, place.path, nested=True)
    draft.faults += own.faults
    draft.warnings += own.warnings
    model.trainable = item.get("trainable", True) is not False
    return None if own.faults else model


def read_sources(
    draft: Draft, item: dict[str, Any], place: JsonPlace, kind: type[Layer] | None
) -> tuple[list[Source], dict[str, Any]]:
    """The tensors a layer names as its inputs, by position and by Keras' argument names."""
    given = item.get("inputs")
    if given is None:
        return [], {}

    def source(value: Any, *at: object) -> Source | None:
        if isinstance(value, str) and value:
            return parse_source(draft, value)
        draft.fault(place.at(("inputs", *at)), f"Expected the name of a layer or input; received {received(value)}.")
        return None

    if isinstance(given, str):
        given = [given]
    if isinstance(given, list):
        if not given:
            draft.fault(place.at(("inputs",)), "Expected at least one name; received [].")
        return [found for i, one in enumerate(given) if (found := source(one, i))], {}
    if not isinstance(given, dict) or not given:
        draft.fault(place.at(("inputs",)), f"Expected names of layers or inputs; received {received(given)}.")
        return [], {}
    named: dict[str, Any] = {}
    for key, value in given.items():
        if isinstance(value, list):
            named[key] = tuple(found for i, one in enumerate(value) if (found := source(one, key, i)))
        elif found := source(value, key):
            named[key] = found
    return bound(kind, [], named) if kind is not None else ([], {})


def parse_source(draft: Draft, text: str) -> Source:
    """`a`, or `a:1` for the second output of a (unless something is called `a:1`)."""
    name, colon, output = text.rpartition(":")
    if colon and output.isdecimal() and len(output) < 6 and text not in draft.taken:
        return Source(name, 1, int(output))
    return Source(text)


def read_outputs(draft: Draft, document: dict[str, Any], top: JsonPlace, last: str | None) -> list[tuple[Source, dict[str, Any]]]:
    """The outputs that the stack names, else all outputs of its last layer."""
    outputs = document.get("outputs")
    if outputs is None:
        return [] if last is None else [(Source(last, 1, ALL), top.at(("layers",)))]
    outputs = [outputs] if isinstance(outputs, str) else outputs
    if not isinstance(outputs, list) or not outputs or not all(isinstance(one, str) for one in outputs):
        draft.fault(top.at(("outputs",)), f"Expected a list of names of layers; received {received(outputs)}.")
        return []
    return [(parse_source(draft, one), top.at(("outputs", i))) for i, one in enumerate(outputs)]
