"""Models as the text makes them, what is asked of them, and what changes them."""

import ast
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script import anew, builds, callbacks, configs, pipelines, raising, wrappers
from layercalc.readers.keras.script.arguments import arguments, flat, location_of, node_at, sizes
from layercalc.readers.keras.script.graphs import END, calls_of, every_tensor, tensors_of
from layercalc.readers.keras.script.layers import stands_inside
from layercalc.readers.keras.script.values import (
    MODELS,
    NETS,
    PARTS,
    PIECES,
    CallObject,
    GraphObject,
    History,
    LayerObject,
    MergedObject,
    OperationObject,
    OwnObject,
    SequentialObject,
    Slot,
    TensorObject,
    first_shape,
    origin,
)
from layercalc.readers.script import MISSING, Fault, Foreign, Native, Opaque
from layercalc.readers.script.modules.arrays import is_array

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

OF_KERAS_2 = re.compile(r"input_\d+")  # what Keras 2 calls an input without a name
ALTERNATIVES = {"input": "inputs", "output": "outputs"}  # Keras 1 and 2


def make(names: "KerasNames", kind: str, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`Sequential([…])` or `Model(inputs, outputs)`."""
    sequential = kind == "Sequential"
    if sequential:
        given, location = arguments(names, args, kwargs, ["layers", "trainable", "name"], at)
    else:
        given, location = arguments(names, args, kwargs, ["inputs", "outputs", "name"], at)
        given = {ALTERNATIVES.get(key, key): one for key, one in given.items()}
        if missing := [key for key in ("inputs", "outputs") if key not in given]:
            raise Fault(at, f"Model needs {' and '.join(missing)}, as in Model(inputs=x, outputs=y).")
    if strange := [key for key in given if key not in ("layers", "inputs", "outputs", "name", "trainable")]:
        raise Fault(at, f"{kind} takes no argument {strange[0]!r}.")
    label, told, sure = names.label(given.get("name"), "Sequential" if sequential else "Functional", at, location)
    made: Any
    if sequential:
        made = SequentialObject(label, location)
        made.versions = []
        layers = names.piece(given.get("layers"), at)
        if layers is not None:
            for one in names.machine.listed(layers, at) if not isinstance(layers, PARTS) else [layers]:
                add(names, made, one, at)
    else:
        for one in (given["inputs"], given["outputs"]):
            if type(one) is Opaque:
                names.piece(one, at)
        inputs, outputs = flat(names, given["inputs"], at), flat(names, given["outputs"], at)
        if not inputs or not outputs or not all(isinstance(one, TensorObject) for one in (*inputs, *outputs)):
            raise Fault(at, "Expected Model(inputs=…, outputs=…) with tensors.")
        names.machine.meter.work(END * (len(inputs) + len(outputs)), at)
        made = GraphObject(label, location, inputs, outputs)
        if type(given["outputs"]) in (list, tuple):
            made.listed = type(given["outputs"]) is list
        if isinstance(given["inputs"], dict):
            made.keys = sorted(given["inputs"], key=str)
        if isinstance(given["outputs"], dict) and all(isinstance(x, TensorObject) for x in given["outputs"].values()):
            order = sorted(given["outputs"], key=str)
            made.form = {key: Slot(order.index(key)) for key in given["outputs"]}
    made.given, made.sure = told, sure
    if names.machine.catching and not sequential:  # where Keras raises, the text goes another way
        names.whole(made, at)
    trainable = names.known(given.get("trainable", True), at)
    if trainable is not True:
        if trainable is not False:
            raise Fault(at, "Expected trainable to be True or False.")
        made.trainable = False  # Keras 3 leaves the layers in it as they are
    return made


def implied(names: "KerasNames", at: Any) -> SequentialObject:
    """The Sequential of lines `x.add(…)` of which the first was left out."""
    location = location_of(at)
    made = SequentialObject(names.label(None, "Sequential", at, location)[0], location)
    made.versions = []
    names.made.append(made)
    return made


def lone(names: "KerasNames", layer: Any, at: Any) -> SequentialObject:
    """A layer by itself, on the shape that the text has asked of it."""
    location = layer.location if isinstance(layer, LayerObject) else location_of(at)
    made = SequentialObject("sequential", location)
    made.versions = []
    add(names, made, layer, at)
    asked = [shape for one, shape in names.probed if one is layer]
    if made.shape is None:
        made.shape = asked[-1] if asked else None
    return made


def add(names: "KerasNames", model: SequentialObject, one: Any, at: Any) -> None:
    """One more layer at the end of a Sequential."""
    if isinstance(one, LayerObject):
        if one.spoilt is not None or names.replaced:
            names.sure(one, first_argument(at))
    else:
        one = names.piece(one, first_argument(at))
        if isinstance(one, CallObject) and one.layer is None:  # the input of another model, of its `layers`
            one = TensorObject(one, 0)
        if not isinstance(one, PIECES):
            raise Fault(at, f"Expected a layer; received {names.describe(one)}.")
        if isinstance(one, MODELS) and holds(names, one, model):
            raise Fault(at, "A model that holds itself.")
    if not model.trainable:
        raise Fault(at, "Keras 2 and 3 differ in whether a layer added to a locked model can be trained.")
    if isinstance(one, TensorObject) and (model.items or (one.call.layer and not isinstance(one, MergedObject))):
        raise Fault(at, "Only the first layer of a Sequential can be an input, and a tensor is no layer.")
    stands_inside(names, one)
    if not model.items and model.shape is not None:
        own = names.input_of(one)[0] if isinstance(one, SequentialObject) else getattr(one, "shape", None)
        if own is not None and own[1:] != model.shape[1:]:
            told = f"the model has the input shape {list(model.shape)} by now; received {list(own)}"
            raise Fault(at, f"Keras 2 and 3 differ in which input shape holds here: {told}.")
    names.machine.changing(model)
    model.items = [*model.items, one]
    model.versions = [*model.versions, names.version(one)]
    model.changed = at
    model.owning = model.owning or wrappers.owns(one)
    if names.machine.catching:
        raising.grown(names, model, at)
    follow(names, model, at)
    names.machine.meter.elements(len(model.items), at)


def follow(names: "KerasNames", model: SequentialObject, at: Any) -> None:
    """Run the text's own layers in a Sequential of known input shape now, as Keras does: later they may differ."""
    if model.owning and names.input_of(model) != (None, None) and wrappers.owns(model):
        anew.check(names, model, at)
        names.sequence(model, at)


def tracked(names: "KerasNames", own: OwnObject) -> dict[int, tuple[Any, str]]:
    from layercalc.readers.keras.script.subclassed import tracked as found

    return found(names, own)


def holds(names: "KerasNames", outer: Any, model: Any) -> bool:
    """Whether a model is another, or part of it at any depth."""
    return outer is model or any(one is model for one in models_in(names, outer))


def models_in(names: "KerasNames", value: Any) -> list[Any]:
    """The models inside a model or a layer, at any depth, itself left out."""
    pending, seen = [value], {id(value): value}
    while pending:
        one = pending.pop()
        held = held_in(names, one)
        names.machine.meter.work(64 + 64 * len(held))
        for each in held:
            if id(each) not in seen:
                seen[id(each)] = each
                if not is_leaf(each):
                    pending.append(each)
    return [one for one in seen.values() if one is not value and isinstance(one, MODELS)]


def is_leaf(value: Any) -> bool:
    """Whether it is a layer of which it is known that nothing is in it."""
    return isinstance(value, LayerObject) and not value.inside


def everything_in(names: "KerasNames", value: Any) -> list[Any]:
    """A model or layer and all that is in it, at any depth."""
    pending, seen = [value], {id(value): value}
    while pending:
        one = pending.pop()
        names.machine.meter.work(64)
        for each in directly_in(names, one):
            if id(each) not in seen:
                seen[id(each)] = each
                pending.append(each)
    return list(seen.values())


def add_loss(names: "KerasNames", model: GraphObject, name: str) -> Native:
    """`model.add_loss(…)`: layers that a loss has, and the model has not, would be the model's too."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> None:
        inside = {id(one) for one in everything_in(names, model)}
        given = [*args, *kwargs.values()]
        known = calls_before(names, given, inside)
        for layer, calls in list(names.calls.values()):
            led = known is None or any(id(one) in known for one in calls)
            if led and id(layer) not in inside and any(names.weighty(one, at) for one in calls):
                m.touch([model], m.reason(at, f"{name}() of layers that the model may not have"))
                return
        callbacks.given_to(names, model, [*args, *kwargs.values()], at)

    return Native(name, run)


def calls_before(names: "KerasNames", tensors: list[Any], inside: set[int]) -> set[int] | None:
    """The calls, by id, that lead to tensors; None where what leads to them may have layers that are not `inside`."""
    pending, seen = list(tensors), set()
    while pending:
        one = pending.pop()
        if not isinstance(one, TensorObject):
            return None
        call = one.call
        if id(call) not in seen:
            names.machine.meter.work(64)
            seen.add(id(call))
            if isinstance(call.layer, NETS) and id(origin(call.layer)) not in inside:
                return None
            pending += every_tensor(call)
    return seen


def directly_in(names: "KerasNames", value: Any) -> list[Any]:
    """The layers and models in a layer's config or a model."""
    if isinstance(value, NETS):
        inside = layers_of(names, value, None)
        return [one for one in inside if isinstance(one, PARTS)]
    if not isinstance(value, LayerObject) or value.spoilt is not None:
        return []
    return [one for one in value.inside if isinstance(one, PARTS)]


def check_locked(names: "KerasNames", root: Any, inside: Iterable[Any]) -> None:
    """Refuse a locked model inside with a layer that is open: in whether that is trained, Keras 2 and 3 differ."""
    for one in inside:
        if one is root or not isinstance(one, NETS) or one.trainable:
            continue
        for each in directly_in(names, one):
            opened = each.config.get("trainable", True) if isinstance(each, LayerObject) else each.trainable
            if opened and (isinstance(one, MODELS) or builds.has_weights(names, each)):
                told = f"{one!r} is locked, {each!r} in it is not: Keras 2 and 3 differ in what is trained."
                raise Fault(node_at(one.location), told)


def pop(names: "KerasNames", model: SequentialObject, at: Any) -> Any:
    if not model.items or isinstance(model.items[-1], TensorObject):
        raise Fault(at, "There are no layers in this model to take away.")
    names.machine.changing(model)
    last = model.items[-1]
    if names.input_of(model) == (None, None):
        names.machine.risk(at)
    names.strays += builds.chain(names, model)[-1:]  # it is built by now
    if len(model.items) == 1:  # the input stays
        model.shape = names.input_of(model)[0]
    model.items, model.versions, model.changed = model.items[:-1], model.versions[:-1], at
    return last


def build(names: "KerasNames", model: SequentialObject, value: Any, at: Any) -> None:
    """`model.build(shape)`, which may not name another shape than the model has by then."""
    shape, known = sizes(names, value, "batch_shape", at), first_shape(model)
    if known and shape and known[1:] != shape[1:]:
        raise Fault(at, f"The model has the input shape {list(known)} by now; received {list(shape)}.")
    if not known:
        names.machine.changing(model)
        model.shape = shape
        follow(names, model, at)


def layers_of(names: "KerasNames", model: Any, at: Any) -> list[Any]:
    """`model.layers` in Keras' order, for a functional model with its inputs (as tensors)."""
    if isinstance(model, SequentialObject):
        return list({id(one): one for one in model.items if not isinstance(one, TensorObject)}.values())
    if isinstance(model, OwnObject):
        return [layer for layer, _ in tracked(names, model).values()]
    return in_depth(names, model, at)


def in_depth(names: "KerasNames", model: GraphObject, at: Any) -> list[Any]:
    """keras.src.ops.function.map_graph: by depth from the outputs, then in the order they are met from there."""
    if not is_ordered(names, model):
        names.depths[id(model)] = (model, ends_of(model), by_depth(names, model, at))
    return names.depths[id(model)][2].copy()


def ends_of(model: GraphObject) -> list[int]:
    return [id(one) for one in (*model.inputs, *model.outputs)]


def is_ordered(names: "KerasNames", model: GraphObject) -> bool:
    """Whether the order of a model's layers is known, which takes long to find."""
    return bool(names.depths.get(id(model), (None, []))[:2] == (model, ends_of(model)))


def held_in(names: "KerasNames", value: Any) -> list[Any]:
    """The layers and models that a layer or model has itself, in no order."""
    if not isinstance(value, GraphObject) or is_ordered(names, value):
        return directly_in(names, value)
    known = names.walked.get(id(value))
    if known is None or known[:2] != (value, ends_of(value)):
        found = [origin(call.layer) for call in calls_of(value, lambda call: tensors_of(names, call, None))]
        known = names.walked[id(value)] = value, ends_of(value), found
    return known[2]


def by_depth(names: "KerasNames", model: GraphObject, at: Any) -> list[Any]:
    given = {(id(one.call), max(one.output, 0)) for one in model.inputs}
    indices: dict[int, int] = {}
    done: dict[int, Any] = {}
    owner: dict[int, Any] = {}

    def of(call: Any) -> Any:
        return call if call.layer is None else origin(call.layer)

    for end in model.outputs:
        pending: list[tuple[Any, bool]] = [(end, False)]
        while pending:
            tensor, ready = pending.pop()
            call = tensor.call
            names.machine.meter.work(128, at)
            if ready:
                done.setdefault(id(call), call)
                continue
            if id(call) in done:
                continue
            indices.setdefault(id(of(call)), len(indices))
            owner[id(of(call))] = of(call)
            pending.append((tensor, True))
            if call.layer is not None and (id(call), max(tensor.output, 0)) not in given:
                before = tensors_of(names, call, at)
                pending += [(one, False) for one in reversed(before)]
    depths: dict[int, int] = {}
    levels: dict[int, int] = {}
    for call in reversed(list(done.values())):
        depth = max(depths.setdefault(id(call), 0), levels.get(id(of(call)), 0))
        levels[id(of(call))] = depths[id(call)] = depth
        for one in tensors_of(names, call, at):
            if id(one.call) in done:
                depths[id(one.call)] = max(depth + 1, depths.get(id(one.call), 0))
    for one in model.inputs:
        if id(of(one.call)) not in levels:
            levels[id(of(one.call))], indices[id(of(one.call))], owner[id(of(one.call))] = 0, -1, of(one.call)
    return [owner[key] for key in sorted(levels, key=lambda key: (-levels[key], indices[key]))]


def is_plain(model: Any, found: list[Any]) -> bool:
    """Whether every version of Keras lists the same layers: no operations, no input inside the graph, no repeats."""
    if isinstance(model, SequentialObject) and len({id(one) for one in model.items}) != len(model.items):
        return False  # a layer that stands there twice is listed once in Keras 2
    cut = isinstance(model, GraphObject) and any(one.call.layer is not None for one in model.inputs)
    return not cut and not any(isinstance(one, OperationObject) for one in found)


def get_layer(names: "KerasNames", model: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`model.get_layer('a')` or `get_layer(index=1)`."""
    given, _ = arguments(names, args, kwargs, ["name", "index"], at)
    given = {key: names.known(one, at) for key, one in given.items() if one is not None}
    found = layers_of(names, names.sure(model, at), at)
    if not given.get("name"):
        return names.layers(model, at, given.get("index"))
    unsure = [one for one in found if not getattr(one, "sure", True)]
    alike = [one for one in found if one.name == given["name"]]
    if not alike and not names.machine.catching and "/" in given["name"]:  # for which Keras 3 has another sign
        alike = [one for one in found if one.name == given["name"].replace("/", "_")]
    if not alike and not names.machine.catching and OF_KERAS_2.fullmatch(given["name"]):
        inputs = [one for one in found if isinstance(one, CallObject) and not one.given]
        alike = inputs if len(inputs) == 1 else []
        unsure = [] if alike else unsure
    if unsure and not (len(alike) == 1 and alike[0].sure and alike[0].given):
        raise Fault(at, f"The name of {unsure[0]!r} depends on what is not known; give it a name.")
    if len(alike) != 1:
        names.machine.fail("ValueError", f"No such layer: {given['name']}.", at)
    return names.shown(alike[0])


def fit(names: "KerasNames", model: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """Training: what is given may be called with the model at hand."""
    names.used(model, "fit")
    names.machine.risk(at)
    callbacks.given_to(names, model, [*args, *kwargs.values()], at, [*args[2:], kwargs.get("callbacks")])
    built_on(names, model, args[0] if args else kwargs.get("x"), at)
    return History(model)


def built_on(names: "KerasNames", model: Any, data: Any, at: Any) -> None:
    """A model without an input shape has that of the data which it is trained or tried on, where the text holds it."""
    names.blind = names.blind or isinstance(model, OwnObject)
    data = pipelines.trained_on(data)
    if not is_array(names.machine, data) or names.machine.branching:
        return
    if any(type(size) is Opaque for size in data.attrs["shape"][1:]):
        return
    if isinstance(model, SequentialObject) and names.input_of(model) != (None, None):
        return
    if isinstance(model, SequentialObject) or (
        isinstance(model, OwnObject)
        and model.base is None
        and model.root is None
        and model.instance.cls.find("call") is not MISSING
    ):
        names.call(model, [data], {}, at)


def method(names: "KerasNames", model: Any, name: str) -> Any:
    """The methods that change a model, or give a part of it."""
    run = (OF_SEQUENTIAL.get(name) if isinstance(model, SequentialObject) else None) or OF_ANY.get(name)
    return None if run is None else Native(name, lambda m, a, k, at: run(names, model, a, k, at), (model,))


OF_SEQUENTIAL: dict[str, Any] = {
    "add": lambda names, x, a, k, at: add(names, names.sure(x, at), one_of(a, k, "layer", at), at),
    "pop": lambda names, x, a, k, at: pop(names, names.sure(x, at), at),
    "build": lambda names, x, a, k, at: build(names, names.sure(x, at), one_of(a, k, "input_shape", at), at),
}
OF_ANY: dict[str, Any] = {"get_layer": get_layer, "fit": fit, "fit_generator": fit}


def class_method(names: "KerasNames", kind: Any, name: str) -> Any:
    """A method of a class, `Sequential.from_config`; None for others."""
    return configs.maker(names, name, kind.name) if name == "from_config" else None


def first_argument(at: Any) -> Any:
    """The node of `model.add(…)`'s argument."""
    single = isinstance(at, ast.Call) and len(at.args) == 1 and getattr(at.func, "attr", "") == "add"
    return at.args[0] if single else at


def one_of(args: list[Any], kwargs: dict[str, Any], name: str, at: Any) -> Any:
    """The only argument of a call."""
    if len(args) == 1 and not kwargs:
        return args[0]
    if not args and list(kwargs) == [name]:
        return kwargs[name]
    if len(args) == 1 and kwargs.get("rebuild") in (True, False):
        return args[0]
    raise Fault(at, f"Expected one argument, {name}.")


__all__ = ["Foreign", "add", "build", "fit", "get_layer", "is_plain", "layers_of", "make", "method", "pop"]
