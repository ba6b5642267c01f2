"""From the values of a text to a model: a stack or a graph, each layer and model inside built once."""

from typing import TYPE_CHECKING, Any

from layercalc.layers.base import Identity
from layercalc.layers.keras.base import KERAS
from layercalc.layers.keras.variables import Variable
from layercalc.layers.nested import identity
from layercalc.model import ALL, Model
from layercalc.readers.builder import Builder, Source, bound, new
from layercalc.readers.keras.script import vocabularies
from layercalc.readers.keras.script.arguments import flat, node_at
from layercalc.readers.keras.script.graphs import tensors_of
from layercalc.readers.keras.script.merging import inputs_of
from layercalc.readers.keras.script.values import (
    LAYERS,
    MODELS,
    GraphObject,
    LayerObject,
    MergedObject,
    OperationObject,
    SequentialObject,
    TensorObject,
    TracedObject,
    first_shape,
    origin,
)
from layercalc.readers.keras.script.wrappers import owns
from layercalc.readers.keras.script.written import Written, WrittenCell
from layercalc.readers.script import Fault
from layercalc.readers.script.values import SCALARS

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


VERSIONED = SequentialObject | LayerObject


class Built:
    """Builds the values of a text. Names are free within each model, uses counted within each."""

    def __init__(self, names: "KerasNames", builder: Builder, apart: bool = False):
        self.names, self.builder, self.apart = names, builder, apart
        self.followed: dict[int, Any] = {}  # the calls of all graphs
        self.written: dict[int, Written] = {}
        self.layers: dict[int, Any] = {}
        self.nested: dict[int, Model | None] = {}
        self.used: set[int] = set()  # layers and models that are part of what is built
        self.making: set[int] = set()  # models that are being built
        self.numbers: dict[int, int] = {}  # of layers and models, as objects

    def build(self, value: Any, builder: Builder) -> Model:
        self.names.sure(value, node_at(value.location))
        if isinstance(value, LayerObject):
            made: Model = self.made(value)
            return made
        if isinstance(value, SequentialObject) and (
            owns(value) or isinstance(value.items[0] if value.items else None, MergedObject)
        ):
            value = self.as_graph(value)
        builder.name = value.name
        model = self.sequence(value, builder) if isinstance(value, SequentialObject) else self.graph(value, builder)
        model.trainable = getattr(value, "own", value).trainable
        return model

    def as_graph(self, value: Any) -> GraphObject:
        """A Sequential that holds layers of the text's own, as what it computes on its shape or that of the request."""
        if self.names.input_of(value) == (None, None) and self.names.requested is not None:
            asked = self.names.requested(["input"]).get("input")
            value.shape = None if asked is None else (None, *asked)
        found = self.names.machine.guarded(lambda: self.names.sequence(value, None))
        merged = isinstance(found[0], MergedObject)
        made = GraphObject(
            value.name, value.location, inputs_of(self.names, found[0]) if merged else [found[0]], [found[-1]]
        )
        made.trainable = value.trainable
        return made

    def name_in(self, value: Any, builder: Builder, labels: dict[int, str]) -> str:
        """The name of a layer, model or input within a model: its own, or the next that is free."""
        name = labels.get(id(value))
        if name is None:
            name = value.name
            if getattr(value, "given", False):
                builder.reserve(name, value.location)
            else:
                count = 0
                while name in builder.taken:
                    count += 1
                    name = f"{value.name}_{count}"
                builder.taken.add(name)
            labels[id(value)] = name
        return name

    def sequence(self, value: Any, builder: Builder) -> Model:
        items = list(value.items)
        labels: dict[int, str] = {}
        uses: dict[int, int] = {}
        head = items[0] if items and isinstance(items[0], TensorObject) else None
        for one, version in zip(items, value.versions, strict=True):
            self.unchanged(one, version)
            if getattr(one, "given", False):
                self.name_in(one, builder, labels)
        if head is not None:
            call = items.pop(0).call
            builder.add_input(self.name_in(call, builder, labels), call.shape, call.dtype, call.location)
        else:
            first = items[0] if items else None
            shape = value.shape if value.shape is not None else first_shape(value)
            shape = self.names.called_on(value) if shape is None else shape
            implied, dtype = vocabularies.first_input(first)
            builder.taken.add("input")
            builder.add_input(
                "input",
                implied if shape is None else shape,
                dtype,
                first.location if isinstance(first, LayerObject) else value.location,
            )
        previous = Source(builder.inputs[0].name)
        for one in items:
            uses[id(one)] = use = uses.get(id(one), 0) + 1
            name = self.name_in(one, builder, labels)
            identity = self.identity(one)
            builder.add_call(name, self.made(one), [previous], one.location, use=use, identity=identity)
            previous = Source(name, use)
        end = previous if not builder.calls else Source(previous.name, previous.use, ALL)
        return builder.finish([(end, (value.location, ""))])

    def unchanged(self, one: Any, version: Any) -> None:
        """Refuse a model that was changed after it became part of another."""
        if self.names.version(one) != version and isinstance(one, VERSIONED):
            told = f"{one!r}, or a model in it, is changed here after it was called or added; make it whole first."
            raise Fault(getattr(one, "changed", None), told)

    def reached(self, value: Any) -> list[Any]:
        """The calls between a model's inputs and its outputs, in the order in which the text makes them."""
        given = {(id(one.call), max(one.output, 0)) for one in value.inputs}
        calls: dict[int, Any] = {}
        pending = [*value.outputs, *(TensorObject(one) for one in getattr(value, "extra", ()))]
        while pending:
            tensor = pending.pop()
            call = tensor.call
            if (id(call), max(tensor.output, 0)) in given or id(call) in calls:
                continue
            if call.layer is None:
                where = f"The outputs need the input {call.name!r} of line {call.location.line}"
                raise Fault(node_at(value.location), f"{where}, which is not among the inputs of the model.")
            self.sure(call)
            self.unchanged(call.layer, call.version)
            calls[id(call)] = self.followed[id(call)] = call
            pending += tensors_of(self.names, call, None)
        return sorted(calls.values(), key=lambda call: call.order)

    def graph(self, value: Any, builder: Builder) -> Model:
        labels: dict[int, str] = dict(getattr(value, "labels", {}))
        builder.taken.update(labels.values())
        ordered = self.reached(value)
        origins = [origin(call.layer) for call in ordered]
        for one in (*[tensor.call for tensor in value.inputs], *origins):
            if getattr(one, "given", False):
                self.name_in(one, builder, labels)
        sources: dict[tuple[int, int], Source] = {}
        for tensor in value.inputs:
            call, key = tensor.call, (id(tensor.call), max(tensor.output, 0))
            if key in sources:
                continue
            if call.layer is None:
                shape, dtype = call.shape, call.dtype
                name = self.name_in(call, builder, labels)
            else:
                shape = self.names.shape(tensor)
                dtype = self.names.dtype(tensor)
                name = builder.named(f"{call.name}_input")
            builder.add_input(name, shape, dtype, call.location)
            sources[key] = Source(name)
        uses: dict[int, int] = {}
        numbers: dict[int, Source] = {}
        for call, layer in zip(ordered, origins, strict=True):
            uses[id(layer)] = use = uses.get(id(layer), 0) + 1
            numbers[id(call)] = new(Source, (self.name_in(layer, builder, labels), use, 0))

        def source(tensor: Any, whole: int = 0) -> Source:
            call, output = tensor.call, tensor.output
            found = sources.get((id(call), 0 if output == ALL else output))
            if found is not None:
                return found
            name, use, _ = numbers[id(call)]
            return new(Source, (name, use, whole if output == ALL else output))

        def several(one: Any) -> Any:
            if isinstance(one, TensorObject):
                return source(one)
            return tuple(source(each) for each in flat(self.names, one, None))

        for call, one in zip(ordered, origins, strict=True):
            layer = call.layer
            inputs, by_name = [source(tensor) for tensor in call.inputs], {}
            if call.named:
                by_name = {key: several(given) for key, given in call.named.items()}
                if not isinstance(layer, OperationObject):
                    inputs, by_name = bound(layer.kind if isinstance(layer, LayerObject) else Model, inputs, by_name)
            own = numbers[id(call)]
            identity = self.identity(one) if self.has_weights(layer) else None
            builder.add_call(own.name, self.made(layer), inputs, call.location, by_name, own.use, identity)
        return builder.finish([(source(one, ALL), (one.call.location, "")) for one in value.outputs])

    def has_weights(self, layer: Any) -> bool:
        """Whether weights may belong to it, so that it has to be told from others."""
        return not isinstance(layer, OperationObject) or layer.kind is Variable

    def sure(self, value: Any) -> None:
        """Fault, where it was made, if something unknown may have changed it."""
        if value.spoilt is not None or self.names.replaced:
            self.names.sure(value, node_at(value.location))

    def made(self, value: Any) -> Any:
        self.sure(value)
        self.used.add(id(origin(value)))
        if isinstance(value, LayerObject):
            return self.layer(value)
        if isinstance(value, TracedObject) and not value.own.nested:
            if id(value) not in self.written:
                self.written[id(value)] = self.layer_of(value, self.inner(value))
            return self.written[id(value)]
        return self.inner(value)

    def layer_of(self, value: TracedObject, graph: Any) -> Written:
        """A call of the text's own as one layer, or as the cell of a loop."""
        if value.cell is None:
            return Written(value.own.title, graph)
        return WrittenCell(value.own.name, value.own.title, graph, *value.cell)

    def alone(self, value: Any) -> Any:
        """A layer whose config is known and has no layers or models; None of anything else."""
        if not isinstance(value, LayerObject) or value.layer is not None or value.spoilt is not None:
            return None
        if self.names.replaced or value.inside:
            return None
        return self.plain(value)

    def plain(self, value: LayerObject) -> Any:
        """A layer whose config has no layers or models, made once while it has this config, if it says nothing."""
        known = self.names.leaves.get(id(value.config))
        if known is not None and known[0] is value.kind:
            return known[2]
        made = self.builder.layer(value.kind, value.config, value.location)
        if made is not None and not made.notes:
            self.names.leaves[id(value.config)] = value.kind, value.config, made
        return made

    def layer(self, value: LayerObject) -> Any:
        """The layer as it is now, whatever was made of it while shapes were told; built once."""
        if value.layer is not None:  # an operation, or a model that was read from a config
            return value.layer
        if id(value) not in self.layers:
            if value.inside:
                config = {key: self.argument(one) for key, one in value.config.items()}
                made = self.builder.layer(value.kind, config, value.location)
            else:
                made = self.plain(value)
            self.layers[id(value)] = made
        return self.layers[id(value)]

    def inner(self, value: Any) -> Model | None:
        """The model inside, built once."""
        if id(value) in self.making:
            raise Fault(node_at(value.location), "A model that holds itself.")
        if id(value) not in self.nested:
            self.making.add(id(value))
            try:
                self.nested[id(value)] = self.model(value)
            finally:
                self.making.discard(id(value))
        return self.nested[id(value)]

    def model(self, value: Any) -> Model | None:
        """A model inside another; None where it has faults."""
        inner = Builder(value.name, "code", KERAS, self.builder.memo)
        model = self.build(value, inner)
        self.builder.faults += inner.faults
        self.builder.warnings += inner.warnings
        return None if inner.faults else model

    def number(self, value: Any) -> tuple[int, str]:
        """Of a layer or model that stands in several places, the number and the class that Keras writes."""
        self.names.kept[id(value)] = value  # so that no other object comes to have its id
        kind = value.kind.type if isinstance(value, LayerObject) else type(value).__name__
        return self.numbers.setdefault(id(value), len(self.numbers)), kind

    def argument(self, value: Any) -> Any:
        """An argument that is a layer or a model, or holds some: each as a config, or the model itself."""
        if type(value) in SCALARS:
            return value
        if isinstance(value, LAYERS):
            self.names.sure(value, node_at(value.location))
            self.used.add(id(value))
        if isinstance(value, LayerObject):
            config = {"name": value.name, **{key: self.argument(one) for key, one in value.config.items()}}
            if self.apart or self.names.placed.get(id(value), 0) > 1 or id(value) in self.names.calls:
                number, kind = self.number(value)  # it stands elsewhere too, and is one object there
                return {"class_name": kind, "config": config, "shared_object_id": number}
            return {"type": value.kind.type, **config}
        if isinstance(value, MODELS):
            model = self.made(value)
            if model is not None:
                model.identity = self.identity(value)
            return model
        return [self.argument(one) for one in value] if isinstance(value, list | tuple) else value

    def identity(self, value: Any) -> Identity:
        """Which object it is."""
        return identity(*self.number(value), value.name)
