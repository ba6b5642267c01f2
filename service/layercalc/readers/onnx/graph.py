"""From the graph of an ONNX file to a model: inputs, nodes, and the tensors that the file holds."""

from collections.abc import Mapping
from functools import partial
from math import prod
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.errors import ShapeError, Tokens, Unreadable, pointer
from layercalc.layers import Layer
from layercalc.layers.config import ConfigError
from layercalc.layers.onnx.base import (
    HANDS_ON,
    ONNX,
    Feed,
    Learned,
    Operator,
    Slot,
    Statistic,
    Version,
    called,
    found,
)
from layercalc.layers.onnx.control import Body
from layercalc.layers.onnx.dtypes import dtype_of
from layercalc.layers.stored import Array
from layercalc.limits import UNLIMITED, Limits
from layercalc.locations import NodeLocation
from layercalc.model import Model
from layercalc.ops import FLOATS
from layercalc.readers.builder import Builder, Source
from layercalc.readers.onnx.attributes import read_attributes
from layercalc.readers.onnx.bodies import HANDED, INSIDE
from layercalc.readers.onnx.exported import Exported
from layercalc.readers.onnx.file import OnnxFile
from layercalc.readers.onnx.functions import Expansion, Node, Scope, plain
from layercalc.readers.onnx.modules import module_of, without_root
from layercalc.readers.onnx.sizes import Sizes
from layercalc.readers.onnx.sparse import sparse_array
from layercalc.readers.onnx.tensors import array_of
from layercalc.readers.onnx.wire import Message


class Graph:
    """A graph in the making: which tensor comes from where."""

    def __init__(self, graph: Message, path: Tokens, opsets: Mapping[str, int], expansion: Expansion):
        self.graph, self.path, self.opsets, self.expansion = graph, path, opsets, expansion
        self.scope, self.batch = Scope(), ""
        self.builder = Builder(graph["name"] or "model", "onnx", ONNX)
        self.sources: dict[str, Source] = {}
        self.arrays: dict[str, Array] = {}
        self.made: dict[Any, Operator] = {}
        self.filled: dict[str, Array] = {}  # by nodes, with one number: weights, where an operator learns them
        self.read_names: set[str] = set()
        self.exported = Exported()

    def read(self) -> Model:
        """Everything of the graph; faults are in the builder."""
        self.initializers()
        self.inputs()
        for node in deadline.each(self.expansion.nodes(self.graph["node"], self.opsets, self.path, self.scope)):
            self.node(node)
        self.tensors_alone()
        names = [self.scope.name(output["name"]) for output in self.graph["output"]]
        places = [self.location("output", number) for number in range(len(names))]
        ends = [(self.source_of(name, place), (place, "name")) for name, place in zip(names, places, strict=True)]
        self.unread()
        for call, module in zip(
            self.builder.calls, without_root([one.module for one in self.builder.calls]), strict=True
        ):
            call.module = module
        model = self.builder.finish(ends)
        model.output_names, model.batch_name = names, self.batch
        return model

    def tensors_alone(self) -> None:
        """Refuse outputs that are sequences, or may be missing."""
        for number, output in enumerate(self.graph["output"]):
            kind = output["type"]
            if kind is not None and any(kind[other] is not None for other in ("sequence_type", "optional_type")):
                told = f"The output {output['name']!r} is no tensor, and is not read."
                self.builder.fault(self.location("output", number).at(), told)

    def unread(self) -> None:
        """Say what of the weights is not as the network had it, and which tensors of the file nothing reads."""
        for told in self.exported.warnings():
            self.builder.warn(self.location(DENSE).at(), told)
        unread = [name for name in self.arrays if name not in self.read_names]
        if unread:
            listed = ", ".join(repr(name[:100]) for name in unread[:3]) + (" …" if len(unread) > 3 else "")
            many = f"{len(unread)} tensors of the file are" if len(unread) > 1 else "A tensor of the file is"
            self.builder.warn(self.location(DENSE).at(), f"{many} read by no node, and not counted: {listed}.")

    def location(self, *where: object) -> NodeLocation:
        return NodeLocation((*self.path, *where))

    def source(self, name: str) -> Source | None:
        """Where a tensor comes from that is none of the file's."""
        return self.sources.get(name)

    def initializers(self) -> None:
        """The tensors of the file by name; those of a type that is not read are faults."""
        folder = self.expansion.folder
        for field, read in ((DENSE, array_of), (SPARSE, sparse_array)):
            for number, tensor in deadline.each(enumerate(self.graph[field])):
                try:
                    name = (tensor if field == DENSE else tensor["values"] or {}).get("name", "")
                    array = read(tensor, self.scope.name(name), folder)
                    self.arrays[array.name] = array
                except ShapeError as error:
                    self.builder.fault(self.location(field, number).at(), str(error))

    def inputs(self) -> None:
        """Inputs that no initializer fills; files before IR 4 list those among them too."""
        given = [(i, one) for i, one in enumerate(self.graph["input"]) if one["name"] not in self.arrays]
        sizes = Sizes([one for _, one in given], self.graph["output"], self.builder, self.location("input"))
        self.batch = sizes.batch
        for number, value in given:
            location = self.location("input", number)
            kind = None if value["type"] is None else value["type"]["tensor_type"]
            if not self.builder.reserve(value["name"], location):
                continue
            shape: Any = ()
            dtype = "float32"
            if kind is None:
                self.builder.fault(location.at(), f"The input {value['name']!r} is no tensor, and is not read.")
            else:
                shape = sizes.shape(value)
                try:
                    dtype = dtype_of(kind["elem_type"])
                except ShapeError as error:
                    self.builder.fault(location.at(), str(error))
            self.builder.add_input(value["name"], shape, dtype, location)
            self.builder.inputs[-1].scalar = shape == () and kind is not None
            self.sources[value["name"]] = Source(value["name"])

    def node(self, node: Node) -> None:
        """A call for a node, or for a loop or branch what stands for it."""
        message = node.message
        kind, outputs = message["op_type"], node.outputs
        location = self.place_of(node)
        name = self.name_of(node, location)
        wanted = max((i + 1 for i, one in enumerate(outputs) if one), default=1)
        layer: Layer | None
        try:
            if (inside := INSIDE.get((node.domain, kind))) is not None:
                layer, sources = inside(self, node, location)
            else:
                version = found(kind, node.domain, node.opsets.get(node.domain, 0))
                layer, sources = self.operator(kind, version, node, wanted)
                if version.decides:
                    told = f"In {name!r} values decide {version.decides}: that size is unknown (null) before a pass."
                    self.builder.warn(location.at(), told)
        except ConfigError as error:
            self.builder.left_out(location.at(error.faults[0][0]), error.faults[0][1])
            for at, detail in error.faults[1:]:
                self.builder.fault(location.at(at), detail)
            layer, sources = None, [one for one in map(self.source, node.inputs) if one is not None]
        arrays = self.arrays
        weights = [one for one in node.inputs if one in arrays and arrays[one].dtype in FLOATS and arrays[one].shape]
        module = module_of(message["name"], message["metadata_props"], node.scope.module, weights)
        self.exported.note(node, module, weights)
        self.builder.add_call(name, layer, sources, location, output_names=tuple(outputs), module=module)
        if isinstance(layer, Operator) and layer.type == FILLS and isinstance(layer.feeds[0], Array):
            self.fill(outputs[0], layer.feeds[0], layer.attributes.get("value"))
        for place, one in enumerate(outputs):
            if not one:
                continue
            if one in self.sources or one in self.arrays:
                self.builder.fault(location.at(), f"There is a tensor {one!r} already; each is made once.")
            self.sources[one] = Source(name, 1, place)

    def fill(self, name: str, shape: Array, value: Array | None) -> None:
        """Note a tensor of one number whose sizes the file has."""
        try:
            if len(shape.shape) != 1 or shape.dtype in FLOATS:
                return
            sizes = tuple(shape.values.tolist())
            number = 0.0 if value is None else value.values.reshape(-1)[0]
        except (ShapeError, IndexError):
            return  # the node says so itself
        self.filled[name] = Array(
            name, sizes, "float32" if value is None else value.dtype, partial(np.full, sizes, number)
        )

    def place_of(self, node: Node) -> NodeLocation:
        return NodeLocation(node.path, node.message["attribute"])

    def name_of(self, node: Node, location: NodeLocation) -> str:
        """The node's name, or that of its first output, or one made of its kind: each row has its own."""
        first = next((one for one in node.outputs if one), "")
        for name in (node.name, first, f"{node.name}:{first}"):
            if name and name not in self.builder.taken:
                self.builder.taken.add(name)
                return name
        return self.builder.named(node.message["op_type"] or "node")

    def operator(self, kind: str, version: Version, node: Node, wanted: int) -> tuple[Operator, list[Source]]:
        """The operator of a node and what it reads; equal nodes without tensors of the file share one."""
        attributes = read_attributes(kind, version, node.attributes, self.expansion.folder)
        feeds: list[Feed] = []
        sources: list[Source] = []
        given = list(node.inputs)
        while given and not given[-1]:
            given.pop()
        self.count_inputs(kind, version, given)
        if strange := [one for place, one in enumerate(node.outputs) if one and place in version.hidden]:
            raise ConfigError([((), f"The output {strange[0]!r} of {kind} is not read here.")])
        for name in given:
            if not name:
                feeds.append(None)
            elif name in self.arrays:
                self.read_names.add(name)
                feeds.append(self.arrays[name])
            elif name in self.filled and version.mark(len(feeds)) in (Learned, Statistic):
                feeds.append(self.filled[name])
            elif (source := self.source(name)) is not None:
                if source.name == name and version.mark(len(feeds)) in (Learned, Statistic):
                    self.exported.learned(name)
                feeds.append(Slot(len(sources)))
                sources.append(source)
            else:
                raise ConfigError([((), f"There is no tensor {name[:200]!r} before this node.")])
        values = tuple(sorted((name, hashed(value)) for name, value in attributes.items()))
        key = kind, version.since, node.domain, tuple(feeds), wanted, values
        made = self.made.get(key)
        if made is None:
            made = self.made[key] = Operator(kind, version, attributes, tuple(feeds), wanted)
        return made, sources

    def count_inputs(self, kind: str, version: Version, given: list[str]) -> None:
        """Refuse a node of too many inputs, or without one that it needs."""
        most = len(version.inputs)
        if len(given) > most and not version.variadic:
            raise ConfigError([((), f"{kind} takes at most {most} inputs; received {len(given)}.")])
        for place, parameter in version.needed:
            if place >= len(given) or not given[place]:
                raise ConfigError([((), f"{kind} needs its input {called(parameter)!r}, number {place + 1}.")])

    def source_of(self, name: str, location: NodeLocation) -> Source:
        """Where an output of the graph comes from; a tensor of the file is handed on by a node of its own."""
        source = self.source(name)
        if source is not None or name not in self.arrays:
            return Source(name) if source is None else source
        version = found(HANDS_ON, "", max(self.opsets.get("", 1), 1))
        own = self.builder.named(f"{name}_output")
        self.read_names.add(name)
        self.builder.add_call(own, Operator(HANDS_ON, version, {}, (self.arrays[name],), 1), [], location)
        return Source(own)

    def handed(self, node: Node) -> tuple[Operator, list[Source]]:
        """What hands the inputs of a node with graphs inside on, and what it reads."""
        given = list(node.inputs)
        while given and not given[-1]:
            given.pop()
        return self.operator("", HANDED, node._replace(attributes=(), outputs=()), len(given))

    def body(self, node: Node, name: str, location: NodeLocation, sources: list[Source]) -> tuple[Body, int] | None:
        """A graph inside a node and how many outputs it has, what it takes from around it added; None if faulty."""
        graph = next((one["g"] for one in node.attributes if one["name"] == name), None)
        if graph is None:
            raise ConfigError([((), f"{node.message['op_type']} needs its graph {name!r}.")])
        inner = Branch(self, graph, (*node.path, "attribute", location.number(name), "g"), node)
        model = inner.read()
        if inner.builder.faults:
            self.builder.faults += inner.builder.faults
            return None
        places = []
        for one in inner.captured:
            source = self.source(one)
            assert source is not None
            if source not in sources:
                sources.append(source)
            places.append(sources.index(source))
        return Body(model, tuple(places)), len(graph["output"])


class Branch(Graph):
    """A graph inside a node: what it does not make itself comes from the graph around it."""

    def __init__(self, outer: Graph, graph: Message, path: Tokens, node: Node):
        super().__init__(graph, path, node.opsets, outer.expansion)
        self.outer, self.scope, self.captured = outer, node.scope, []  # type: ignore[var-annotated]
        self.arrays, self.read_names, self.filled = dict(outer.arrays), outer.read_names, outer.filled

    def source(self, name: str) -> Source | None:
        """Its own tensor, or one from around it, which is then an input."""
        if name not in self.sources and self.outer.source(name) is not None:
            self.captured.append(name)
            self.builder.taken.add(name)
            self.builder.add_input(name, None, "float32", self.location())
            self.sources[name] = Source(name)
        return self.sources.get(name)

    def inputs(self) -> None:
        """Its own inputs, of whatever shape they are given."""
        for number, value in enumerate(self.graph["input"]):
            name = self.scope.name(value["name"])
            if self.builder.reserve(name, self.location("input", number)):
                self.builder.add_input(name, None, "float32", self.location("input", number))
                self.arrays.pop(name, None)
                self.sources[name] = Source(name)

    def tensors_alone(self) -> None:
        """Inside of a node all may be handed on."""

    def unread(self) -> None:
        """The graph around it says so."""


def hashed(value: Any) -> Any:
    """What tells an attribute from others: a small tensor by its numbers."""
    if not isinstance(value, Array) or value.read is None or prod(value.shape) > SMALL:
        return value
    try:
        return value.shape, value.dtype, value.values.tobytes()
    except ShapeError:
        return value  # the operator says what is wrong


SMALL = 64  # numbers
DENSE, SPARSE = "initializer", "sparse_initializer"
FILLS = "ConstantOfShape"


def read_onnx(file: OnnxFile, path: Tokens = (), limits: Limits = UNLIMITED) -> tuple[Model, Builder]:
    """The model of an ONNX file, and the builder with its faults and warnings."""
    model = file.message
    if model["graph"] is None or not model["graph"]["output"]:
        raise Unreadable([{"pointer": pointer(*path), "detail": "An ONNX file without a graph."}], status=422)
    opsets = {plain(one["domain"]): one["version"] for one in model["opset_import"]}
    graph = Graph(model["graph"], (*path, "graph"), opsets, Expansion(model, limits, file.folder))
    made = graph.read()
    for location, count in file.folder.absent.items() if file.folder is not None else ():
        told = (
            f"{location!r}, where {count:,} of its tensors lie, is not beside the file: they are drawn from the seed."
        )
        graph.builder.of_passes.append({"pointer": pointer(*path, "graph", DENSE), "detail": told})
    return made, graph.builder
