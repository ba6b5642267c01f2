"""Models as the text makes them, what is asked of them, and what changes them."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.code_values import first_shape
from layercalc.readers.keras.script import configs
from layercalc.readers.keras.script.arguments import arguments, flat, sizes
from layercalc.readers.keras.script.values import (
    MODELS,
    CallObject,
    GraphObject,
    History,
    LayerObject,
    OperationObject,
    OwnObject,
    SequentialObject,
    Slot,
    TensorObject,
    origin,
)
from layercalc.readers.script import Fault, Foreign, Native
from layercalc.readers.script.modules.arrays import is_array

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

ALTERNATIVES = {"input": "inputs", "output": "outputs"}  # Keras 1 and 2


def make(names: "KerasNames", kind: str, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`Sequential([…])` or `Model(inputs, outputs)`."""
    sequential = kind == "Sequential"
    if sequential:
        given, place = arguments(names, args, kwargs, ["layers", "trainable", "name"], at)
    else:
        given, place = arguments(names, args, kwargs, ["inputs", "outputs", "name"], at)
        given = {ALTERNATIVES.get(key, key): one for key, one in given.items()}
        if missing := [key for key in ("inputs", "outputs") if key not in given]:
            raise Fault(at, f"Model needs {' and '.join(missing)}, as in Model(inputs=x, outputs=y).")
    if strange := [key for key in given if key not in ("layers", "inputs", "outputs", "name", "trainable")]:
        raise Fault(at, f"{kind} takes no argument {strange[0]!r}.")
    label, told, sure = names.label(given.get("name"), "Sequential" if sequential else "Functional", at, place)
    made: Any
    if sequential:
        made = SequentialObject(label, place)
        made.versions = []
        layers = names.known(given.get("layers"), at)
        if layers is not None:
            for one in (
                names.machine.listed(layers, at)
                if not isinstance(layers, LayerObject | MODELS | OwnObject)
                else [layers]
            ):
                add(names, made, one, at)
    else:
        inputs, outputs = flat(names, given["inputs"], at), flat(names, given["outputs"], at)
        if not inputs or not outputs or not all(isinstance(one, TensorObject) for one in (*inputs, *outputs)):
            raise Fault(at, "Expected Model(inputs=…, outputs=…) with tensors.")
        made = GraphObject(label, place, inputs, outputs)
        if isinstance(given["inputs"], dict):
            made.keys = sorted(given["inputs"], key=str)
        if isinstance(given["outputs"], dict) and all(isinstance(x, TensorObject) for x in given["outputs"].values()):
            order = sorted(given["outputs"], key=str)
            made.form = {key: Slot(order.index(key)) for key in given["outputs"]}
    made.given, made.sure = told, sure
    trainable = names.known(given.get("trainable", True), at)
    if trainable is not True:
        if trainable is not False:
            raise Fault(at, "Expected trainable to be True or False.")
        names.set_trainable(made, False)
    return made


def add(names: "KerasNames", model: SequentialObject, one: Any, at: Any) -> None:
    """One more layer at the end of a Sequential."""
    one = names.known(one, at)
    if isinstance(one, CallObject) and one.layer is None:  # the input of another model, of its `layers`
        one = TensorObject(one, 0)
    if not isinstance(one, LayerObject | TensorObject | MODELS | OwnObject):
        raise Fault(at, f"Expected a layer; received {names.told(one)}.")
    if isinstance(one, MODELS) and holds(names, one, model):
        raise Fault(at, "A model that holds itself.")
    if not model.trainable:
        raise Fault(at, "Keras 2 and 3 differ in whether a layer added to a locked model can be trained.")
    if isinstance(one, TensorObject) and (one.call.layer is not None or model.items):
        raise Fault(at, "Only the first layer of a Sequential can be an input, and a tensor is no layer.")
    if isinstance(one, LayerObject):
        names.placed[id(one)] = names.placed.get(id(one), 0) + 1
    elif isinstance(one, MODELS):
        names.inside.add(id(one))
    elif isinstance(one, OwnObject) and one.instance is not None:
        names.inside.add(id(one.instance))
    names.machine.changing(model)
    model.items = [*model.items, one]
    model.versions = [*model.versions, names.version(one)]
    names.machine.meter.elements(len(model.items), at)


def tracked(names: "KerasNames", own: OwnObject) -> dict[int, tuple[Any, str]]:
    from layercalc.readers.keras.script.subclassed import tracked as found

    return found(names, own)


def holds(names: "KerasNames", outer: Any, model: Any) -> bool:
    """Whether a model is another, or part of it at any depth."""
    pending, seen = [outer], set()
    while pending:
        one = pending.pop()
        names.machine.meter.work(64)
        if one is model:
            return True
        if id(one) not in seen:
            seen.add(id(one))
            inside = list(one.config.values()) if isinstance(one, LayerObject) else layers_of(names, one, None)
            pending += [x for x in inside if isinstance(x, LayerObject | MODELS | OwnObject)]
    return False


def pop(names: "KerasNames", model: SequentialObject, at: Any) -> Any:
    if not model.items or isinstance(model.items[-1], TensorObject):
        names.machine.fail("TypeError", "There are no layers in the model.", at)
    names.machine.changing(model)
    last = model.items[-1]
    model.items, model.versions = model.items[:-1], model.versions[:-1]
    return last


def build(names: "KerasNames", model: SequentialObject, value: Any, at: Any) -> None:
    """`model.build(shape)`, which may not name another shape than the model has by then."""
    shape, known = sizes(names, value, "batch_shape", at), first_shape(model)
    if known and shape and known[1:] != shape[1:]:
        raise Fault(at, f"The model has the input shape {list(known)} by now; received {list(shape)}.")
    if not known:
        names.machine.changing(model)
        model.shape = shape


def layers_of(names: "KerasNames", model: Any, at: Any) -> list[Any]:
    """`model.layers` in Keras' order, for a functional model with its inputs (as tensors)."""
    if isinstance(model, SequentialObject):
        return list({id(one): one for one in model.items if not isinstance(one, TensorObject)}.values())
    if isinstance(model, OwnObject):
        return [layer for layer, _ in tracked(names, model).values()]
    return in_depth(names, model, at)


def in_depth(names: "KerasNames", model: GraphObject, at: Any) -> list[Any]:
    """keras.src.ops.function.map_graph: by depth from the outputs, then in the order they are met from there."""
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
                before = flat(names, [call.inputs, list(call.named.values())], at)
                pending += [(one, False) for one in reversed(before)]
    depths: dict[int, int] = {}
    levels: dict[int, int] = {}
    for call in reversed(list(done.values())):
        depth = max(depths.setdefault(id(call), 0), levels.get(id(of(call)), 0))
        levels[id(of(call))] = depths[id(call)] = depth
        for one in flat(names, [call.inputs, list(call.named.values())], at):
            if id(one.call) in done:
                depths[id(one.call)] = max(depth + 1, depths.get(id(one.call), 0))
    for one in model.inputs:
        if id(of(one.call)) not in levels:
            levels[id(of(one.call))], indices[id(of(one.call))], owner[id(of(one.call))] = 0, -1, of(one.call)
    return [owner[key] for key in sorted(levels, key=lambda key: (-levels[key], indices[key]))]


def is_plain(model: Any, found: list[Any]) -> bool:
    """Whether every version of Keras lists the same layers: no operations, and no input inside the graph."""
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
    if unsure and not (len(alike) == 1 and alike[0].sure and alike[0].given):
        raise Fault(at, f"The name of {unsure[0]!r} depends on what is not known; give it a name.")
    if len(alike) != 1:
        names.machine.fail("ValueError", f"No such layer: {given['name']}.", at)
    return names.shown(alike[0])


def fit(names: "KerasNames", model: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """Training: what is given may be called with the model at hand."""
    names.given_to(model, [*args, *kwargs.values()], at)
    built_on(names, model, args[0] if args else kwargs.get("x"), at)
    return History(model)


def built_on(names: "KerasNames", model: Any, data: Any, at: Any) -> None:
    """A model without an input shape has that of the data which it is trained or tried on, where the text holds it."""
    if not is_array(names.machine, data) or names.machine.branching:
        return
    if isinstance(model, SequentialObject) and names.input_of(model) != (None, None):
        return
    if isinstance(model, SequentialObject) or (
        isinstance(model, OwnObject) and model.base is None and model.root is None
    ):
        names.call(model, [data], {}, at)


def method(names: "KerasNames", model: Any, name: str) -> Any:
    """The methods that change a model, or give a part of it."""
    found = {
        "add": lambda m, a, k, at: add(names, names.sure(model, at), one_of(m, a, k, "layer", at), at),
        "pop": lambda m, a, k, at: pop(names, names.sure(model, at), at),
        "build": lambda m, a, k, at: build(names, names.sure(model, at), one_of(m, a, k, "input_shape", at), at),
    }
    every = {
        "get_layer": lambda m, a, k, at: get_layer(names, model, a, k, at),
        "fit": lambda m, a, k, at: fit(names, model, a, k, at),
        "fit_generator": lambda m, a, k, at: fit(names, model, a, k, at),
    }
    run = (found.get(name) if isinstance(model, SequentialObject) else None) or every.get(name)
    return None if run is None else Native(name, run, (model,))


def class_method(names: "KerasNames", kind: Any, name: str) -> Any:
    """A method of a class, `Sequential.from_config`; None for others."""
    return configs.maker(names, name, kind.name) if name == "from_config" else None


def one_of(m: Any, args: list[Any], kwargs: dict[str, Any], name: str, at: Any) -> Any:
    """The only argument of a call."""
    if len(args) == 1 and not kwargs:
        return args[0]
    if not args and list(kwargs) == [name]:
        return kwargs[name]
    if len(args) == 1 and kwargs.get("rebuild") in (True, False):
        return args[0]
    raise Fault(at, f"Expected one argument, {name}.")


__all__ = ["Foreign", "add", "build", "fit", "get_layer", "is_plain", "layers_of", "make", "method", "pop"]
