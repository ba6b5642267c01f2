"""From the values of Keras code to a model: a stack or a graph, each layer and model inside built once."""

from typing import Any

from layercalc.layers import Layer
from layercalc.layers.keras.base import KERAS
from layercalc.layers.nested import identity_of
from layercalc.model import ALL, Model
from layercalc.readers.builder import Draft, Source, bound
from layercalc.readers.code_values import (
    Broken,
    CallValue,
    LayerValue,
    ModelValue,
    SequentialValue,
    TensorValue,
    first_shape,
    flat,
    source,
    sources,
)


class Networks:
    """Builds the values of a text; faults and warnings go to its draft."""

    def __init__(self, draft: Draft):
        self.draft = draft
        self.nested: dict[int, Model | None] = {}
        self.numbers: dict[int, int] = {}

    def build(self, value: Any, draft: Draft) -> Model:
        """The model of a Sequential or functional value, in a draft of its own."""
        draft.name = value.name
        model = self.sequence(value, draft) if isinstance(value, SequentialValue) else self.graph(value, draft)
        model.trainable = value.trainable
        return model

    def sequence(self, value: SequentialValue, draft: Draft) -> Model:
        items = list(value.items)
        head = items.pop(0) if items and isinstance(items[0], TensorValue) and items[0].call.layer is None else None
        if head is not None:
            draft.add_input(head.call.name, head.call.shape, head.call.dtype, head.call.place)
        else:
            first = items[0] if items else None
            shape = value.shape if value.shape is not None else first_shape(value)
            draft.add_input("input", shape, "float32", first.place if isinstance(first, LayerValue) else value.place)
        previous: Source | None = Source(draft.inputs[0].name)
        for one in items:
            if isinstance(one, TensorValue | Broken):
                if isinstance(one, TensorValue):
                    draft.fault(one.call.place.at(), "Only the first layer of a Sequential can be an input.")
                previous = None
                continue
            layer = self.made(one, draft)
            one.uses += 1
            inputs = [previous] if previous else []
            draft.add_call(
                one.name,
                layer if previous else None,
                inputs,
                one.place,
                use=one.uses,
                identity=identity_of(self.marked(one)),
            )
            previous = Source(one.name, one.uses)
        end = (
            Source(draft.inputs[0].name) if not draft.calls else Source(draft.calls[-1].name, draft.calls[-1].use, ALL)
        )
        return draft.finish([(end, (value.place, ""))])

    def graph(self, value: ModelValue, draft: Draft) -> Model:
        calls: dict[int, CallValue] = {}
        pending = [tensor.call for tensor in value.outputs]
        given = {id(tensor.call) for tensor in value.inputs}
        while pending:
            call = pending.pop()
            if id(call) in calls:
                continue
            calls[id(call)] = call
            if id(call) not in given:
                pending += [tensor.call for tensor in flat([call.inputs, list(call.named.values())])]
        inputs = [tensor.call for tensor in value.inputs]
        for call in calls.values():
            if call.layer is None and call not in inputs:
                if value.inputs:
                    told = f"The outputs need the input {call.name!r}, which is not among the inputs of the model."
                    draft.fault(value.place.at(), told)
                inputs.append(call)
        for call in inputs:
            draft.add_input(call.name, call.shape, call.dtype, call.place)
        for call in sorted(calls.values(), key=lambda call: call.order):
            if call not in inputs:
                kind = call.layer.kind if isinstance(call.layer, LayerValue) else Model
                named = {key: sources(one) for key, one in call.named.items()}
                positional, by_name = bound(kind, [source(one) for one in call.inputs], named)
                identity = identity_of(self.marked(call.layer))
                draft.add_call(
                    call.name, self.made(call.layer, draft), positional, call.place, by_name, call.use, identity
                )
        return draft.finish([(source(tensor, ALL), (tensor.call.place, "")) for tensor in value.outputs])

    def made(self, value: Any, draft: Draft) -> Layer | None:
        """The layer or nested model of a value, built once."""
        if isinstance(value, LayerValue):
            if not value.built:
                config = {key: self.argument(one) for key, one in value.config.items()}
                value.layer, value.built = self.draft.layer(value.kind, config, value.place), True
            return value.layer
        if id(value) not in self.nested:
            inner = Draft(value.name, "code", KERAS, self.draft.memo)
            model = self.build(value, inner)
            self.draft.faults += inner.faults
            self.draft.warnings += inner.warnings
            self.nested[id(value)] = None if inner.faults else model
        return self.nested[id(value)]

    def marked(self, value: Any) -> dict[str, Any]:
        """A layer or model as Keras writes one that stands in several places."""
        kind = value.kind.type if isinstance(value, LayerValue) else type(value).__name__
        number = self.numbers.setdefault(id(value), len(self.numbers))
        return {"class_name": kind, "config": {"name": value.name}, "shared_object_id": number}

    def argument(self, value: Any) -> Any:
        """An argument that is a layer or a model, or holds some: each as a config, or the model itself."""
        if isinstance(value, LayerValue):
            config = {"name": value.name, **{key: self.argument(one) for key, one in value.config.items()}}
            if value.places > 1:
                return {**self.marked(value), "config": config}
            return {"type": value.kind.type, **config}
        if isinstance(value, SequentialValue | ModelValue):
            model = self.made(value, self.draft)
            if model is not None:
                model.identity = identity_of(self.marked(value))
            return model
        return [self.argument(one) for one in value] if isinstance(value, list | tuple) else value
