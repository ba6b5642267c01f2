"""Models and layers made of configs: copies of what the text holds, and configs and JSON that it holds as literals."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.errors import Unreadable
from layercalc.layers.keras.base import KERAS
from layercalc.model import Model
from layercalc.readers.keras.script import copies
from layercalc.readers.keras.script.arguments import flat, location_of, plain
from layercalc.readers.keras.script.graphs import calls_of, tensors_of
from layercalc.readers.keras.script.values import (
    LAYERS,
    MODELS,
    PARTS,
    CallObject,
    ConfigObject,
    GraphObject,
    Kind,
    LayerObject,
    OperationObject,
    OwnObject,
    SequentialObject,
    TensorObject,
    TracedObject,
)
from layercalc.readers.keras.serialized import read_keras
from layercalc.readers.script import Fault, Native, Opaque
from layercalc.readers.text import parse_json

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

OF_LAYERS = ("serialize", "deserialize")  # names that other parts of Keras have too
MAKERS = (
    "clone_model",
    "model_from_json",
    "from_config",
    "model_from_config",
    "deserialize",
    "deserialize_keras_object",
)
TELLERS = ("serialize", "serialize_keras_object")


def maker(names: "KerasNames", name: str, kind: str = "") -> Native | None:
    """A function that makes a model or layer of what the text holds, or tells its config; None for others."""
    if name in TELLERS:
        return Native(name, lambda m, args, kwargs, at: config_now(names, args[0] if args else None, at))
    if name not in MAKERS:
        return None

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        given = [*args, *kwargs.values()]
        if name == "clone_model" and (len(given) > 1 or not args):
            raise Fault(at, "clone_model with more than the model is not read; write the layers out.")
        if name == "clone_model" and isinstance(given[0], MODELS):
            copies.check(names, [one for one in names.layers_of(given[0], at) if not isinstance(one, OwnObject)], at)
        made = made_of(names, given[0] if given else None, kind, at)
        if made is None:
            return names.lost(name, at)
        if isinstance(made, MODELS) or (isinstance(made, LayerObject) and made.kind is Model):
            names.made.append(made)
            if m.branching:
                names.unsure.add(id(made))
        return made

    return Native(name, run)


def config_now(names: "KerasNames", value: Any, at: Any) -> Any:
    """The config of a layer or model as it is now; unknown for what else there is."""
    found = names.known_or_none(value)
    found = names.known(found, at) if found is not None else None
    if not isinstance(found, LAYERS):
        return Opaque("", at)
    return ConfigObject(copy(names, found, {}, at))


def made_of(names: "KerasNames", value: Any, kind: str, at: Any) -> Any:
    """A layer or model of a config, of one that is copied, or of a literal; None for what is not known."""
    if isinstance(value, ConfigObject):
        return copy(names, names.sure(value, at).of, {}, at)
    if names.known_or_none(value) is None:
        return None
    value = names.known(value, at)
    if isinstance(value, LAYERS):
        return copy(names, value, {}, at)
    if type(value) is str:
        try:
            value = parse_json(value)
        except Unreadable as error:
            raise Fault(at, f"The config is not read: {error.errors[0]['detail']}") from None
    else:
        value = plain(names, value, at)
    if not isinstance(value, dict):
        return None
    return of_literal(names, value, kind, at)


def of_literal(names: "KerasNames", value: dict[str, Any], kind: str, at: Any) -> Any:
    """What a config in the text makes: with the class around it, or (from_config) without."""
    document = value if "class_name" in value else {"class_name": kind, "config": value}
    which, config = document.get("class_name"), document.get("config")
    if which not in KERAS.models:
        found = KERAS.get(which)
        if found is None or not isinstance(config, dict):
            return None
        return names.construct(Kind(str(which), str(which), names.replaced), [], dict(config), at)
    try:
        model, builder = read_keras(document)
    except Unreadable as error:
        raise Fault(at, f"The config is not read: {error.errors[0]['detail']}") from None
    if builder.faults:
        raise Fault(at, f"The config is not read: {builder.faults[0]['detail']}")
    made = LayerObject(Model, {}, location_of(at), str(model.name), layer=model)
    made.given = True
    return made


def copy(names: "KerasNames", value: Any, memo: dict[int, Any], at: Any) -> Any:
    """A layer or model made anew, with weights of its own, under the same names."""
    if id(value) in memo:
        return memo[id(value)]
    names.sure(value, at)
    names.machine.meter.hold(1_000, at)
    names.machine.meter.deepen(at, 1)
    made: Any
    if isinstance(value, OwnObject | TracedObject):
        own = value.own if isinstance(value, TracedObject) else value
        made = value if own.function is not None else copies.made_anew(names, own, at)
    elif isinstance(value, SequentialObject):
        made = SequentialObject(value.name, location_of(at), shape=value.shape)
        made.items = [item(names, one, memo, at) for one in value.items]
        made.versions = [names.version(one) for one in made.items]
        made.trainable, made.owning = value.trainable, value.owning
    elif isinstance(value, GraphObject):
        made = graph(names, value, memo, at)
    elif isinstance(value, OperationObject) or isinstance(value.layer, Model):
        made = type(value)(value.kind, {}, value.location, value.name, layer=value.layer)
    else:
        made = LayerObject(value.kind, inside(names, value.config, memo, at), value.location, value.name, value.shape)
        made.then = value.then
    names.machine.meter.depth -= 1
    if made is not value:
        made.given, made.sure = value.given, value.sure
    memo[id(value)] = made
    return made


def inside(names: "KerasNames", value: Any, memo: dict[int, Any], at: Any) -> Any:
    """A config with the layers in it copied."""
    if isinstance(value, PARTS):
        return copy(names, value, memo, at)
    if isinstance(value, list):
        return [inside(names, one, memo, at) for one in value]
    return {key: inside(names, one, memo, at) for key, one in value.items()} if isinstance(value, dict) else value


def item(names: "KerasNames", value: Any, memo: dict[int, Any], at: Any) -> Any:
    return TensorObject(entry(names, value, at), 0) if isinstance(value, TensorObject) else copy(names, value, memo, at)


def entry(names: "KerasNames", tensor: TensorObject, at: Any) -> CallObject:
    """An input of the shape of a tensor."""
    old: Any = tensor.call
    call = CallObject(old.name, location_of(at))
    call.given, call.sure = (old.given, old.sure) if old.layer is None else (False, False)
    call.shape = old.shape if old.layer is None else names.shape(tensor)
    call.dtype = old.dtype if old.layer is None else str(names.dtype(tensor))
    return call


def again(names: "KerasNames", call: CallObject, own: OwnObject, moved: Callable[[Any], Any], at: Any) -> CallObject:
    """The call of a layer of the text's own on what stands in place of the tensors that it was given."""
    first = names.firsts.get(id(call), (call, None))[1]
    if [one for one in flat(names, [first], at) if isinstance(one, TensorObject)] != call.inputs:
        raise Fault(at, f"{own!r} is called on more than its first argument, so that it is not copied; write it out.")
    found = names.call(own, [moved(first)], {}, at)
    return next(one.call for one in flat(names, [found], at))


def graph(names: "KerasNames", model: GraphObject, memo: dict[int, Any], at: Any) -> GraphObject:
    """A functional model made anew, call by call."""
    known: dict[tuple[int, int], TensorObject] = {}
    for one in model.inputs:
        known[id(one.call), max(one.output, 0)] = TensorObject(entry(names, one, at), 0)
    made: dict[int, CallObject] = {}

    def moved(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [moved(one) for one in value]
        found = known.get((id(value.call), max(value.output, 0)))
        return found if found is not None else TensorObject(made[id(value.call)], value.output)

    for call in sorted(calls_of(model, lambda call: tensors_of(names, call, at)), key=lambda one: one.order):
        traced = isinstance(call.layer, TracedObject)
        layer = copy(names, call.layer.own if traced else call.layer, memo, at)
        if isinstance(layer, OwnObject) and layer.function is None:
            made[id(call)] = again(names, call, layer, moved, at)
            continue
        layer = call.layer if traced else layer
        named = {key: moved(one) for key, one in call.named.items()}
        new = made[id(call)] = CallObject(call.name, location_of(at), layer, [moved(one) for one in call.inputs], named)
        new.version = names.version(layer)
        names.calls.setdefault(id(layer), (layer, []))[1].append(new)
    copied = GraphObject(
        model.name, location_of(at), [moved(one) for one in model.inputs], [moved(x) for x in model.outputs]
    )
    copied.trainable, copied.form, copied.keys = model.trainable, model.form, model.keys
    return copied
