"""Our own form: a list of layers, each taking the previous one's output or those it names."""

from typing import Any

from layercalc.amounts import plain_digits
from layercalc.errors import Offer
from layercalc.layers import Layer, Vocabulary, fields_of, vocabulary_of, written
from layercalc.locations import JsonLocation, mendable
from layercalc.model import ALL, Model
from layercalc.readers.builder import Builder, Source, bound
from layercalc.readers.stack_inputs import SHAPES, add_declared, add_layer_input, read_dtype, read_shape
from layercalc.wording import nearest_name, received

TOP = {"name", "layers", "inputs", "outputs", "vocabulary", "dtype", "batch_size", "description", "$schema", *SHAPES}
OWN = {"type", "name", "inputs"}  # keys of an item that are not the layer's config
UNNAMED = "input"
DEFAULT = "keras"  # the vocabulary of a stack that names none

Path = tuple[object, ...]


def read_stack(
    document: dict[str, Any], path: Path = (), nested: bool = False, within: Vocabulary | None = None
) -> tuple[Model, Builder]:
    """The model of a stack.

    `path` is where it stands in the whole document, `nested` that it is itself a layer, of a model in the vocabulary
    `within`.
    """
    name = document.get("name", "model")
    spoken = document.get("vocabulary", within.name if within else DEFAULT)
    vocabulary = vocabulary_of(spoken) if isinstance(spoken, str) else None
    vocabulary = vocabulary if vocabulary and vocabulary.kinds else None
    builder = Builder(name if isinstance(name, str) else "model", "stack", vocabulary or written()[DEFAULT])
    top = JsonLocation(path, document)
    if vocabulary is None:
        builder.fault(top.at(("vocabulary",)), f"Expected one of {', '.join(written())}; received {received(spoken)}.")
    if not isinstance(name, str):
        builder.fault(top.at(("name",)), f"Expected a string; received {received(name)}.")
    own = TOP | {"type", "trainable"} if nested else TOP
    for key in [key for key in document if key not in own]:
        takes = "name, input_shape, inputs, layers, outputs"
        near = nearest_name(key, sorted(TOP - document.keys()))
        told = f"A stack has no key {key!r}.{'' if near is None else f' Did you mean {near!r}?'} It takes {takes}."
        builder.fault(mendable(top, (key,), told if near is None else Offer(told, near, renames=True)), told)
    items = document["layers"]
    if not isinstance(items, list) or not items:
        builder.fault(top.at(("layers",)), f"Expected a list of at least one layer; received {received(items)}.")
        return builder.finish([]), builder
    last = Stack(builder, top, items, nested).read()
    model = builder.finish(read_outputs(builder, top, last))
    trainable = document.get("trainable", True) if nested else True
    if not isinstance(trainable, bool):
        builder.fault(top.at(("trainable",)), f"Expected true or false; received {received(trainable)}.")
    model.trainable = trainable is not False
    return model, builder


class Stack:
    """The items of a stack, read one after another; `previous` is what the next one takes unless it says otherwise."""

    def __init__(self, builder: Builder, top: JsonLocation, items: list[Any], nested: bool):
        self.builder, self.top, self.items, self.nested = builder, top, items, nested
        self.vocabulary = builder.vocabulary
        paths = [(*top.path, "layers", index) for index in range(len(items))]
        self.locations = [
            JsonLocation(path, item if isinstance(item, dict) else {}) for path, item in zip(paths, items, strict=True)
        ]
        self.previous: str | None = None

    def read(self) -> str | None:
        """Read inputs and layers; the name of the last one."""
        self.read_inputs()
        names = [
            self.given_name(location) for location in self.locations
        ]  # all of them first: an unnamed layer avoids them
        if len(self.builder.inputs) == 1:
            self.previous = self.builder.inputs[0].name
        for item, location, name in zip(self.items, self.locations, names, strict=True):
            self.previous = self.read_item(item, location, name)
        return self.previous

    def given_name(self, location: JsonLocation) -> str | None:
        name = location.config.get("name")
        return name if name is not None and self.builder.reserve(name, location) else None

    def read_inputs(self) -> None:
        """The inputs that the top of the stack, or its first layer, declares; one without a shape where none does."""
        declared = None if self.nested else self.top.config.get("inputs")
        if declared is not None:
            add_declared(self.builder, self.top, declared, UNNAMED)
            return
        first = self.locations[0]
        kind = self.vocabulary.get(first.config.get("type"))
        if kind is not None and kind.is_input:
            return
        where = self.top
        if not shape_keys(self.top.config, None) and shape_keys(first.config, kind):
            where = first
        dtype = read_dtype(self.builder, self.top) if where is self.top else "float32"
        self.builder.add_input(UNNAMED, read_shape(self.builder, where, shape_keys(where.config, kind)), dtype, where)
        self.builder.taken.add(UNNAMED)

    def read_item(self, item: Any, location: JsonLocation, name: str | None) -> str | None:
        """One layer, or an input written as one; its name, or None where nothing can follow it."""
        builder = self.builder
        if not isinstance(item, dict) or "type" not in item:
            example = self.vocabulary.sample
            builder.fault(location.at(), f"Expected a layer, such as {example}; received {received(item)}.")
            return None
        kind: type[Layer] | None
        layer: Layer | None
        if isinstance(item["type"], str) and item["type"] in self.vocabulary.models and "layers" in item:
            kind, layer = Model, self.nested_model(item, location)
        else:
            kind = builder.kind(item["type"], location, "type")
            if kind is not None and kind.is_input:
                return add_layer_input(builder, kind, location, name, UNNAMED)
            layer = None if kind is None else builder.layer(kind, self.config(kind, location), location)
        label = name or builder.named(item["type"] if kind is Model else kind.type if kind is not None else "layer")
        faults = len(builder.faults)
        sources, named = read_sources(builder, location, kind)
        if len(builder.faults) > faults:
            layer = None
        if "inputs" not in item and layer is not None and layer.takes[1] == 0:
            sources = []
        elif "inputs" not in item and self.previous is not None:
            sources = [Source(self.previous)]
        elif "inputs" not in item:
            layer = None
            if len(builder.inputs) > 1:
                example = f'"inputs": ["{builder.inputs[0].name}"]'
                builder.fault(
                    location.at(), f"The model has several inputs: say which this layer takes, as in {example}."
                )
        builder.add_call(label, layer, sources, location, named)
        return label

    def config(self, kind: type[Layer], location: JsonLocation) -> dict[str, Any]:
        """What of an item is the layer's own config."""
        aside = OWN | self.vocabulary.ignored
        config = {key: value for key, value in location.config.items() if key not in aside}
        for key in shape_keys(config, kind):
            del config[key]
            if location is not self.locations[0]:
                self.builder.warn(
                    location.at((key,)), f"{key!r} is read on the first layer only; here it changes nothing"
                )
            elif shape_keys(self.top.config, None) or "inputs" in self.top.config:
                self.builder.warn(location.at((key,)), f"{key!r} changes nothing: the top of the stack names the input")
        return config

    def nested_model(self, item: dict[str, Any], location: JsonLocation) -> Model | None:
        """A stack inside the stack; its faults and warnings are the outer one's."""
        inner = {key: value for key, value in item.items() if key != "inputs"}
        model, own = read_stack(inner, location.path, nested=True, within=self.vocabulary)
        self.builder.faults += own.faults
        self.builder.warnings += own.warnings
        self.builder.gaps += own.gaps
        return model if own.gaps == len(own.faults) else None


def shape_keys(config: dict[str, Any], kind: type[Layer] | None) -> list[str]:
    """The keys of a config that name an input's shape, and are no field of the layer (as Embedding's input_dim is)."""
    return [key for key in SHAPES if key in config and (kind is None or key not in fields_of(kind))]


def read_sources(
    builder: Builder, location: JsonLocation, kind: type[Layer] | None
) -> tuple[list[Source], dict[str, Any]]:
    """The tensors a layer names as its inputs, by position and by Keras' argument names."""
    if "inputs" not in location.config:
        return [], {}
    given = location.config["inputs"]

    def source(value: Any, *at: object) -> Source | None:
        if isinstance(value, str) and value:
            return parse_source(builder, value)
        builder.fault(
            location.at(("inputs", *at)), f"Expected the name of a layer or input; received {received(value)}."
        )
        return None

    def each(values: list[Any], *at: object) -> list[Source]:
        return [found for i, one in enumerate(values) if (found := source(one, *at, i))]

    if isinstance(given, str):
        given = [given]
    if isinstance(given, list) and given:
        return each(given), {}
    if not isinstance(given, dict) or not given:
        builder.fault(
            location.at(("inputs",)), f"Expected at least one name of a layer or input; received {received(given)}."
        )
        return [], {}
    named: dict[str, Any] = {}
    for key, value in given.items():
        if isinstance(value, list):
            named[key] = tuple(each(value, key))
        elif found := source(value, key):
            named[key] = found
    return bound(kind, [], named) if kind is not None else ([], {})


def parse_source(builder: Builder, text: str) -> Source:
    """`a`, or `a:1` for the second output of a (unless something is called `a:1`)."""
    name, colon, output = text.rpartition(":")
    if colon and plain_digits(output, 5) and text not in builder.taken:
        return Source(name, 1, int(output))
    return Source(text)


def read_outputs(
    builder: Builder, top: JsonLocation, last: str | None
) -> list[tuple[Source, tuple[JsonLocation, str]]]:
    """The outputs that the stack names, else all outputs of its last layer."""
    outputs = top.config.get("outputs")
    if outputs is None:
        return [] if last is None else [(Source(last, 1, ALL), (top, "layers"))]
    outputs = [outputs] if isinstance(outputs, str) else outputs
    if not isinstance(outputs, list) or not outputs or not all(isinstance(one, str) for one in outputs):
        builder.fault(top.at(("outputs",)), f"Expected a list of names of layers; received {received(outputs)}.")
        return []
    locations = [JsonLocation((*top.path, "outputs", i), {}) for i in range(len(outputs))]
    return [(parse_source(builder, one), (location, "")) for one, location in zip(outputs, locations, strict=True)]
