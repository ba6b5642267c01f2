"""Keras' names for the interpreter: what a name is, and what is done with its values."""

import ast
from typing import Any

from layercalc.analysis.readings import Readings, Value
from layercalc.layers.keras.base import KERAS
from layercalc.readers.builder import Builder
from layercalc.readers.keras.keras1 import evidence
from layercalc.readers.keras.keras1_arguments import CLASSES, MADE
from layercalc.readers.keras.script import (
    applied,
    attributes,
    holding,
    layers,
    makers,
    merging,
    models,
    raising,
    subclassed,
    tensors,
)
from layercalc.readers.keras.script.arguments import numpy_dtype, unknown_in
from layercalc.readers.keras.script.attributes import WEIGHT_DATA
from layercalc.readers.keras.script.doubts import Refused, Slips, changed, unheld
from layercalc.readers.keras.script.emit import Built
from layercalc.readers.keras.script.members import Members
from layercalc.readers.keras.script.outside import loads
from layercalc.readers.keras.script.rivals import USES
from layercalc.readers.keras.script.scan import slips
from layercalc.readers.keras.script.values import (
    LAYERS,
    MODELS,
    PARTS,
    CallObject,
    FunctionName,
    InitializerObject,
    Kind,
    LayerObject,
    Layers,
    Misspelt,
    OwnObject,
    SequentialObject,
    Settings,
    TensorObject,
    Weight,
    Weights,
    begins_merged,
    first_shape,
    origin,
)
from layercalc.readers.script import Fault, Foreign, Instance, Opaque
from layercalc.readers.script.calls import functions_in
from layercalc.readers.script.nodes import Nodes
from layercalc.readers.script.texts import described
from layercalc.readers.script.values import SCALARS, Bound, Class, Function
from layercalc.wording import received

KINDS = frozenset((*KERAS.kinds, *KERAS.aliases, *CLASSES, *MADE))
HOLDERS = list | dict
OLD_GATES = ("GRU", "GRUCell")  # whose compat.v1 resets before, where today's reset after
HIDDEN = {  # unnamed layers that layers make for themselves, so that later names of that kind are not sure
    **dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), ("softmax", "dropout", "einsum_dense")),
    **{kind: (f"{KERAS.unnamed(kind)}_cell",) for kind in ("LSTM", "GRU", "SimpleRNN")},
    **{f"ConvLSTM{rank}D": ("conv_lstm_cell",) for rank in (1, 2, 3)},
}


class KerasNames(Members):
    """One text's: its builder, its settings, and what has been made of its tensors by now."""

    def __init__(self, builder: Builder, nodes: Nodes):
        self.builder = builder
        self.settings = Settings()
        self.old = evidence(nodes, KINDS)
        self.translated = False  # whether the text was told that arguments of Keras 1 are read by today's names
        self.kinds: dict[str, Kind] = {}
        self.replaced: dict[str, Opaque] = {}  # classes that the text may have changed, by name
        self.calls: dict[int, tuple[Any, list[Any]]] = {}  # of a layer, by its id
        self.specs: dict[int, tuple[Any, list[Value]]] = {}  # of calls
        self.entered: dict[int, tuple[Any, Any]] = {}  # inputs of calls of own layers, with what was given outside
        self.masks: dict[tuple[int, int], tuple[Any, Any]] = {}  # of outputs of calls: how they are made, if there are
        self.firsts: dict[int, tuple[Any, Any]] = {}  # of calls of own layers: the first argument
        self.readings = Readings()
        self.chains: dict[int, tuple[Any, list[Any]]] = {}  # of Sequentials
        self.made: list[Any] = []  # models, in the order of the text
        self.uses: list[tuple[Any, int]] = []  # models compiled, shown or trained, with how many were made by then
        self.placed: dict[int, int] = {}  # in how many models and layers a layer was put
        self.roots: dict[str, ast.AST] = slips(nodes)  # `tk` in `tk.keras`
        self.slips = Slips(self, nodes)
        self.unsure: set[int] = set()  # models made where it is not known whether the text comes there
        self.inside: set[int] = set()  # models that are part of others
        self.derived: dict[int, OwnObject] = {}  # objects of the text's own by the layer or model that each is
        self.held: dict[int, Any] = {}  # lists and dicts as objects of the text's own have them
        self.raw: dict[int, tuple[Any, frozenset[int]]] = {}  # those put into them later, with the layers in each then
        self.copies: dict[int, dict[str, tuple[Any, frozenset[int], Any]]] = {}  # what was given to these, by owner
        self.counted: dict[int, Any] = {}  # of functions by their nodes: what they add to in place, and what they call
        self.read: dict[int, dict[str, Any]] = {}  # of objects of the text's own: what their `call` may have read
        self.repeated: dict[int, Any] = {}  # containers that some `call` adds to
        self.on_data = False  # whether the calls that are followed are of a model that runs on arrays
        self.shaped: dict[int, tuple[Any, Any]] = {}  # of models: the call that their `build(shape)` is read as
        self.missing: list[tuple[Any, str]] = []  # shapes that are not in the text
        self.traces: list[applied.Trace] = []  # calls of the text's own layers that are being followed
        self.weights: dict[Any, tuple[CallObject, Any]] = {}  # by owner, with the call that has built it
        self.strays: list[CallObject] = []  # calls in no model, which build a layer all the same
        self.built = Built(self, builder, apart=True)
        self.depths: dict[int, Any] = {}  # of models: what they were asked for, and their layers in Keras' order
        self.leaves: dict[int, tuple[Any, Any, Any]] = {}  # layers by the id of their config, with their kind and that
        self.walked: dict[int, Any] = {}  # the same, in no order
        self.kept: dict[int, Any] = {}  # objects that are told apart by their id
        self.probing = 0  # shapes that are asked of layers now
        self.weights_of: dict[int, tuple[Any, bool]] = {}  # of calls by id, whether they have weights
        self.parts = 0  # layers and models made by now
        self.blind = False  # whether layers were called on what is not known, so that any may have its weights
        self.single: dict[Any, Weight] = {}  # weights, by owner
        self.wrapped: dict[int, LayerObject] = {}  # wrappers around layers of the text's own, as they are built
        self.probed: list[tuple[Any, Any]] = []  # layers of which the text has asked the shape they give
        self.loads = loads(nodes)  # whether the text may load what it has saved
        self.saved: dict[str, Any] = {}  # configs of models by the paths that the text has saved them to
        self.looped: dict[int, int] = {}  # loops over data sets, by their nodes, and how often each was begun
        self.ran: dict[int, int] = {}  # objects of the text's own, by id, and how often each was called on data
        self.sized = False  # whether the text has computed with sizes, so that its model holds for these alone
        self.sizes_read: list[tuple[TensorObject, int | None]] = []  # of tensors outside of traces, as ShapeObject says
        self.texts: dict[str, Any] = {}  # of networks of keras.applications, followed: their names
        self.within: ast.AST | None = None  # where the text calls the network that is being made
        self.owned: list[OwnObject] = []  # each refers to the text's object, which refers to it
        self.requested: Any = None  # a function: what the request says of inputs of these names

    # -- what everything here asks

    def sure(self, value: Any, at: Any) -> Any:
        """A value that decides a model; Fault where something unknown may have changed it."""
        if self.replaced:
            name = (
                value.kind.type if isinstance(value, LayerObject) else "Sequential" if isinstance(value, MODELS) else ""
            )
            name = value.name if isinstance(value, Kind) else name
            if name in self.replaced:
                raise changed(f"the class {name}", self.replaced[name], at)
        if isinstance(value, Foreign) and value.spoilt is not None:
            raise changed(repr(value), value.spoilt, at)
        return value

    def known(self, value: Any, at: Any) -> Any:
        """A value that decides a model; Fault where it is not known."""
        if type(value) in SCALARS:
            return value
        if found := numpy_dtype(value):
            return found
        if type(value) is Opaque or (isinstance(value, HOLDERS) and self.machine.spoilt(value)):
            raise unheld(self.why(value), at)
        if isinstance(value, Instance) and isinstance(value.core, OwnObject):
            own = value.core
            applied.ready(self, own, at)
            return own.base if subclassed.is_base(own) else own
        return self.sure(value, at)

    def piece(self, value: Any, at: Any) -> Any:
        """A layer, tensor or model, or a list; where it is not known, Fault at the line that it comes from."""
        if isinstance(value, HOLDERS) and self.machine.spoilt(value):
            raise changed("this list", self.machine.journal.spoilt[id(value)][1], at)
        self.slips.check(value, at)
        return self.known(value, at)

    def known_or_none(self, value: Any) -> Any:
        return None if unknown_in(self, value) is not None else value

    def why(self, value: Any) -> str:
        found = unknown_in(self, value)
        return found.why if found is not None else self.describe(value)

    def describe(self, value: Any) -> str:
        """A value for a message."""
        if isinstance(value, Foreign):
            return repr(value)[:80]
        return received(value) if plain(value) else described(value)

    def warn(self, at: Any, text: str) -> None:
        self.machine.warn(at, text)

    def set_now(self, at: Any) -> Settings:
        """The settings of the backend; Fault where they are not known."""
        if self.settings.spoilt is not None:
            raise changed("what the backend is set to", self.settings.spoilt, at)
        return self.settings

    def label(self, given: Any, kind: str, at: Any, location: Any) -> tuple[str, bool, bool]:
        """The name that the text gives or Keras would, whether it is given, and whether it is sure."""
        self.parts += 1
        if type(given) is Opaque and not given.holds:
            return self.unknown_label(KERAS.unnamed(kind), at), False, False
        if given is not None:
            given = self.known(given, at)
            if type(given) is not str or not given:
                raise Fault(at, f"Expected a name, a string; received {self.describe(given)}.")
            self.machine.meter.hold(len(given), at)  # which keys and paths are made of
            return given, True, True
        counts = self.counters
        self.machine.changing(counts)
        base = KERAS.unnamed(kind)
        count = counts.counts.get(base, 0)
        counts.counts[base] = count + 1
        sure = counts.spoilt is None and not self.old and base not in counts.hidden
        if kind in HIDDEN or self.traces:  # a `call` may be followed again
            for one in (*HIDDEN.get(kind, ()), *([base] if self.traces else [])):
                counts.hidden[one] = True
        return f"{base}_{count}" if count else base, False, sure

    def unknown_label(self, base: str, at: Any) -> str:
        """A name for what the text names by something that is not known; Keras' own counts do not see it."""
        self.machine.changing(self.counters)
        count = self.counters.counts.get("named", 0) + 1
        self.counters.counts["named"] = count
        self.warn(at, f"A name that is not known changes no count: {base}_named_{count} here")
        return f"{base}_named_{count}"

    counters: Settings

    def version(self, value: Any) -> Any:
        """What a model, or a layer around one, holds now, to tell whether it is changed later."""
        if isinstance(value, LayerObject):
            if not value.inside:
                return None
            return tuple([self.version(one) for one in value.inside if isinstance(one, SequentialObject)]) or None
        return tuple(map(id, value.items)) if isinstance(value, SequentialObject) else None

    def scratch(self) -> Built:
        """What builds layers to be read with shapes, apart from the model of the text."""
        made = Built(self, self.builder, apart=True)
        made.numbers = self.built.numbers
        return made

    def whole(self, layer: Any, at: Any) -> Any:
        """The layer or model itself; Fault where its arguments, or those of what is in it, are refused."""
        before = len(self.builder.faults)
        made = self.built.alone(layer) or self.scratch().made(layer)
        if made is None or len(self.builder.faults) > before:
            raise Fault(at, self.builder.faults.pop()["detail"] if self.builder.faults else "This layer has a fault.")
        return made

    def input_of(self, model: SequentialObject) -> tuple[Any, Any]:
        """The input shape of a Sequential, and its input where that is an item of it."""
        head = model.items[0] if model.items and isinstance(model.items[0], TensorObject) else None
        first: Any = model
        while (
            isinstance(first, SequentialObject) and first.shape is None and first.items and first.items[0] is not first
        ):
            first = first.items[0]
        shape = first.shape if isinstance(first, OwnObject) else first_shape(model)
        return (model.shape if model.shape is not None else shape), head

    def called_on(self, model: SequentialObject) -> tuple[int | None, ...] | None:
        """The shape of what a Sequential was called on first, which gives it its own."""
        calls = self.calls.get(id(model), (model, []))[1]
        return self.shape(calls[0].inputs[0]) if calls and calls[0].inputs else None

    def of_tf(self, which: Kind) -> bool:
        return which.path.partition(".")[0] in ("tensorflow", "tf")

    def data(self, values: list[Any]) -> bool:
        """Whether what a layer is called on is data: an array."""
        return any(isinstance(one, Instance) for one in values)

    def layers_of(self, model: Any, at: Any) -> list[Any]:
        found = [one for one in models.layers_of(self, model, at) if isinstance(one, PARTS)]
        base = model.base if isinstance(model, OwnObject) else None
        return found if base is None else [*found, base]

    def set_trainable(self, owner: Any, value: bool) -> None:
        layers.set_trainable(self, owner, value)

    def layers(self, model: Any, at: Any, index: Any = None) -> Any:
        found = models.layers_of(self, model, at)
        if not models.is_plain(model, found):
            return Opaque("the order of these layers, in which Keras 2 and 3 differ", at, holds=(model,))
        listed = Layers(model, [self.shown(one) for one in found])
        return listed if index is None else self.item(listed, index, at)

    def apart(self, work: Any) -> Any:
        """What `work` gives, as no part of the calls that are being followed."""
        around, self.traces = self.traces, []
        try:
            return work()
        finally:
            self.traces = around

    def with_data(self, work: Any) -> Any:
        """What `work` gives, as Keras does it where a model runs on arrays."""
        around, self.on_data = self.on_data, True
        try:
            return work()
        finally:
            self.on_data = around

    def sequence(self, model: SequentialObject, at: Any) -> list[TensorObject]:
        return tensors.chain(self, model, at)

    def shape(self, tensor: TensorObject) -> tuple[int | None, ...]:
        return tensors.shape_of(self, tensor, None)

    def dtype(self, tensor: TensorObject) -> str:
        return tensors.outputs(self, tensor.call, None)[max(tensor.output, 0)][0].dtype

    def used(self, model: Any, method: str) -> None:
        """Note that the text uses a model as one that it means."""
        if method in USES and not self.machine.branching:
            shown = self.shown(model)
            self.uses.append((shown, len(self.made)))

    def weighty(self, call: Any, at: Any) -> bool:
        """Whether a call has weights."""
        if isinstance(call.layer, MODELS):
            return True
        tensors.outputs(self, call, at)
        return self.weights_of[id(call)][1]

    def called_now(self, call: Any, layer: Any) -> None:
        """Note a call of a layer, for what asks of its tensors, and for the call that it is part of."""
        call.maybe = bool(self.machine.branching or self.probing)
        self.calls.setdefault(id(layer), (layer, []))[1].append(call)
        if self.traces:
            trace = self.traces[-1]
            trace.calls.append((call, self.machine.branching <= trace.branching))

    def shown(self, value: Any) -> Any:
        """A layer or model as the text has it."""
        found = origin(value)
        return found.instance if isinstance(found, OwnObject) and found.instance is not None else found

    # -- values

    def call(self, value: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        at = self.within or at
        if self.machine.catching:
            raising.called(self, value, args, kwargs, at)
        if type(value) is LayerObject:
            return tensors.apply(self, value, args, kwargs, at)
        if isinstance(value, Kind):
            return self.construct(self.sure(value, at), args, kwargs, at)
        if isinstance(value, InitializerObject):
            return makers.initialise(self, value, args, kwargs, at)
        if isinstance(value, FunctionName):
            return tensors.function(self, self.sure(value, at), args, kwargs, at)
        if isinstance(value, Instance):
            found = value.cls.find("__call__")
            if type(found) is Function and not any(one.own is value.core for one in self.traces):
                return self.machine.call(Bound(found, value), args, kwargs, at)
            value = self.known(value, at)
        if isinstance(value, OwnObject):
            return applied.apply(self, value, args, kwargs, at)
        if isinstance(value, LAYERS):
            return tensors.apply(self, value, args, kwargs, at)
        if isinstance(value, TensorObject):
            raise Fault(at, "A tensor is no layer and cannot be called.")
        if isinstance(value, Misspelt):
            return self.slips.call(value, args, kwargs, at)
        return super().call(value, args, kwargs, at)

    def construct(self, which: Kind, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        name = which.name
        if which.layer is not None:
            return layers.make(self, which.layer, which, args, kwargs, at)
        if name == "Lambda" or (name == "Activation" and functions_in([*args, *kwargs.values()])):
            return layers.make_lambda(self, which, args, kwargs, at)
        if name in KERAS.models:
            made = models.make(self, name, args, kwargs, at)
            self.made.append(made)
            self.machine.journal.born(made)
            if self.machine.branching:
                self.unsure.add(id(made))
            return made
        if name in MADE:
            return merging.construct(self, which, args, kwargs, at)
        kind = KERAS.get(name)
        if name == "Layer" and not self.machine.catching:
            return layers.make_plain(self, which, args, kwargs, at)
        if name in KERAS.refused:
            return Refused(name, KERAS.refusal(name), at)
        if kind is None:
            raise Fault(at, f"{name} is not read here.")
        if ".compat.v1." in which.path and (".compat.v1.keras." not in which.path or name in OLD_GATES):
            raise Fault(at, f"{name} of compat.v1 is not today's; write tf.keras.layers.{name}.")
        if kind.is_input:
            return layers.make_input(self, kind, args, kwargs, at)
        if name.islower():
            return tensors.functional(self, kind, which, args, kwargs, at)
        if name not in ("Activation", "Layer"):  # of which each call tells what is made
            which.layer = kind
        return layers.make(self, kind, which, args, kwargs, at)

    def attribute(self, value: Any, name: str, at: Any) -> Any:
        return attributes.attribute(self, value, name, at)

    def set_attribute(self, value: Any, name: str, item: Any, at: Any) -> None:
        if begins_merged(value):
            raise attributes.not_of_merged(name, at)
        if name in ("stop_training", "metrics_names") and isinstance(value, MODELS):
            return
        if name == "trainable" and isinstance(value, CallObject):  # an input has nothing to train
            self.machine.changing(value)
            value.trainable = item
            return
        if name == "trainable" and isinstance(value, PARTS) and value.spoilt is None:
            if type(item) is not bool and type(item) is not int:
                self.machine.touch([value], self.machine.reason(at, "a value that is not known, given to trainable,"))
                return
            self.set_trainable(value, bool(item))
        elif name in ("name", "_name") and type(item) is str and isinstance(value, LAYERS):
            self.machine.changing(value)
            value.name, value.given, value.sure = item, True, True
        elif name == "activation" and isinstance(value, LayerObject) and layers.takes_activation(value, item):
            self.machine.changing(value)
            value.configure({**value.config, "activation": "linear" if item is None else item.last})
        elif isinstance(value, Weights):
            self.set_on_some(value, name, at)
        elif isinstance(value, MODELS) and value.spoilt is None and attributes.is_free(name, item):
            self.machine.changing(value)
            value.extras = {**value.extras, name: item}
        else:
            super().set_attribute(value, name, item, at)

    def derive(self, cls: Class, base: Foreign, at: Any) -> None:
        subclassed.derive(self, cls, base, at)

    def set_on_some(self, value: Foreign, name: str, at: Any) -> None:
        """By `trainable` single weights are locked, which a layer's row does not tell."""
        if isinstance(value, Weights) and name not in WEIGHT_DATA:
            self.machine.touch([value.owner], self.machine.reason(at, f"{name} of single weights, set here,"))

    def create(self, instance: Instance, base: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        return subclassed.create(self, instance, base, args, kwargs, at)

    def inherited(self, instance: Instance, name: str, at: Any) -> Any:
        return subclassed.inherited(self, instance, name, at)

    def put(self, container: Any, item: Any, at: Any, index: bool = False) -> None:
        holding.put(self, container, item, at, index)

    def wraps(self, container: Any) -> str:
        held = id(container) in self.held
        return "the class of a list or the like that is an attribute, in which Keras 2 and 3 differ" if held else ""

    def attached(self, instance: Instance, name: str, value: Any, at: Any) -> None:
        subclassed.attached(self, instance, name, value, at)


def plain(value: Any) -> bool:
    return value is None or type(value) in (bool, int, float, str, list, tuple, dict)
