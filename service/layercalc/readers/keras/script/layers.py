"""Layers as the text makes them: `Dense(3)`, and what settings and the age of the text make of their arguments."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.layers import Layer, fields_of
from layercalc.layers.keras.base import KERAS
from layercalc.locations import CodeLocation
from layercalc.readers.keras.keras1 import KERNELS, kernel
from layercalc.readers.keras.keras1_arguments import in_todays_words, old_of
from layercalc.readers.keras.script import copies, vocabularies
from layercalc.readers.keras.script.arguments import arguments, config_of, flat, location_of, sizes, spot
from layercalc.readers.keras.script.values import (
    MODELS,
    NETS,
    PARTS,
    CallObject,
    FunctionName,
    Kind,
    LayerObject,
    OwnObject,
    TensorObject,
)
from layercalc.readers.script import Fault
from layercalc.readers.script.values import Bound, Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

SHAPES = frozenset(("input_shape", "batch_input_shape", "batch_shape", "input_dim", "input_length"))
PLAIN_ACTIVATIONS = ("ReLU", "LeakyReLU", "ELU", "ThresholdedReLU", "Softmax", "Activation", "Dropout", "Identity")
WINDOWS = ("AveragePooling1D", "AveragePooling2D", "AveragePooling3D")
ASKS = ("Dense", "Conv1D", "Conv2D", "Conv3D")  # that look at their activation whenever they run
PLAIN = ("name", "trainable", "dtype")
HARD_SIGMOID, OLD_HARD_SIGMOID = "hard_sigmoid", "keras2.hard_sigmoid"  # Keras 3 has another function of that name
POSITIONAL: dict[type[Layer], list[str]] = {}


def positional(kind: type[Layer]) -> list[str]:
    """The arguments of a layer type in Keras' order."""
    if kind not in POSITIONAL:
        POSITIONAL[kind] = [key for key in fields_of(kind) if key not in PLAIN]
    return POSITIONAL[kind]


def make(
    names: "KerasNames", kind: type[Layer], which: Kind, args: list[Any], kwargs: dict[str, Any], at: Any
) -> LayerObject:
    """A layer; positional arguments are Keras' in order."""
    settings = names.set_now(at)
    if kind.type in KERNELS:
        args = with_kernel(names, kind, which, args, at)
    if old := old_of(kind.type, kwargs):
        kwargs = with_todays_words(names, kind, which, old, kwargs, at)
    given, location = arguments(names, args, kwargs, positional(kind), at)
    name = given.pop("name", None)
    then = activation_of_text(names, kind, given, at) if type(given.get("activation")) in (Function, Bound) else None
    shape = None if SHAPES.isdisjoint(given) else shape_of(names, kind, given, at, location)
    if kind.type in WINDOWS and "pool_size" not in given:
        given["pool_size"] = 2
        names.machine.risk(at)
        names.warn(at, f"{kind.type} has windows of 2 here, as Keras 2 has it; Keras 3 wants a pool_size.")
    given = vocabularies.given(names, kind, given)
    config = config_of(names, given, kind.type, at, location)
    made = LayerObject(kind, config, location, "", shape)
    if made.inside:
        check_inside(names, made, at)
        config = made.config
    if settings.channels_first and "data_format" in fields_of(kind) and not config.get("data_format"):
        if kind.rank == 1:  # a default of its own in Keras 2, the backend's in Keras 3
            raise Fault(at, "Write data_format: Keras 2 and 3 differ in what it is here by default.")
        config["data_format"] = "channels_first"
    if (policy := settings.policy or settings.floatx) != "float32" and config.get("dtype") is None:
        config["dtype"] = policy
    if names.old and not names.of_tf(which):
        gates_of_keras_1(names, kind, config, at)
    made.name, made.given, made.sure = names.label(name, kind.type, at, location)
    if then is not None:
        made.then = OwnObject("Activation", "activation", made.location, function=then)
        made.then.name, _, made.then.sure = names.label(None, "Activation", at, made.location)
    for one in made.inside:
        stands_inside(names, one)
    if names.machine.catching:  # where Keras raises, the text goes another way
        names.whole(made, at)
    return made


def stands_inside(names: "KerasNames", one: Any) -> None:
    """Note that a layer or model stands in one more model or layer."""
    if isinstance(one, LayerObject):
        names.kept[id(one)] = one
        names.placed[id(one)] = names.placed.get(id(one), 0) + 1
    elif isinstance(one, MODELS):
        names.inside.add(id(one))
    elif isinstance(one, OwnObject) and one.instance is not None:
        names.inside.add(id(one.instance))


def check_inside(names: "KerasNames", made: LayerObject, at: Any) -> None:
    """Refuse layers inside another of which versions of Keras make different things; a copy has its own from here."""
    kind = made.kind
    for key in ("activation", "recurrent_activation"):
        one = made.config.get(key)
        if isinstance(one, NETS) or (isinstance(one, LayerObject) and one.kind.type not in PLAIN_ACTIVATIONS):
            why = "Keras 3 counts its weights only when it has run on data"
            where = spot(at, key, made.location)
            raise Fault(where, f"{one!r} as the {key} of {kind.type}: {why}; put it behind the layer.")
    if kind.copies:
        inside = flat(names, made.config.get("layer"), at)
        copies.check(names, inside, at)
        if built := [one for one in inside if is_built(names, one)]:
            why = "in Keras 3 the copy has the weights' shapes of that, in Keras 2 none yet; make it anew"
            raise Fault(at, f"{kind.type} copies {built[0]!r}, which is used elsewhere: {why}.")
        made.configure({key: copied(one) if key == "layer" else one for key, one in made.config.items()})


def gates_of_keras_1(names: "KerasNames", kind: type[Layer], config: dict[str, Any], at: Any) -> None:
    """What a recurrent layer of a text of Keras 1 is by default, and which function a hard sigmoid was then."""
    fields = fields_of(kind)
    if "reset_after" in fields and "reset_after" not in config:
        config["reset_after"] = False
        names.warn(at, f"reset_after read as false, as it was before Keras 3: {names.old}")
    if "recurrent_activation" in fields and config.get("recurrent_activation") is None:
        config["recurrent_activation"] = HARD_SIGMOID
        names.warn(at, f"recurrent_activation read as hard_sigmoid, as it was up to Keras 2.2: {names.old}")
    for key in ("activation", "recurrent_activation"):
        if config.get(key) == "hard_sigmoid":
            config[key] = OLD_HARD_SIGMOID


def activation_of_text(names: "KerasNames", kind: type[Layer], given: dict[str, Any], at: Any) -> Any:
    """The activation, a function of the text, taken out: it follows the layer."""
    if "return_sequences" in fields_of(kind) or "recurrent_activation" in fields_of(kind):
        raise Fault(at, f"An activation of the text's own inside {kind.type} is not read; name one of Keras'.")
    return given.pop("activation")


def shape_of(names: "KerasNames", kind: type[Layer], given: dict[str, Any], at: Any, location: CodeLocation) -> Any:
    """The input shape that the arguments name, which are taken out."""
    shape = None
    if "input_length" in given:  # Keras 2: the number of steps, beside the features where they are named
        length = [given.pop("input_length")]
        features = [given.pop("input_dim")] if "input_dim" in given and "input_dim" not in fields_of(kind) else []
        if length != [None]:
            shape = sizes(names, [*length, *features], "input_length", spot(at, "input_length", location))
    for key in ("input_shape", "batch_input_shape", "batch_shape", "input_dim"):
        if key in given and key not in fields_of(kind):
            value = given.pop(key)
            if value is None:
                continue
            if names.known_or_none(value) is None:
                names.missing.append((spot(at, key, location), names.why(value)))
                continue
            found = sizes(names, value, key, spot(at, key, location))
            if key == "input_dim" and "return_sequences" in fields_of(kind):  # the features of any number of steps
                found = (found[0], None, *found[1:])
            shape = found if shape is None else shape
    if shape is not None and given.get("batch_size") is not None and "batch_size" not in fields_of(kind):
        batch = given.pop("batch_size")
        shape = (sizes(names, batch, "batch_size", at)[-1], *shape[1:])
    return shape


def is_built(names: "KerasNames", value: Any) -> bool:
    """Whether a layer may have weights by now."""
    if not isinstance(value, LayerObject):
        return False
    called = id(value) in names.calls or any(one.layer is value for one in names.strays)
    return called or value.by_hand or names.placed.get(id(value), 0) > 0


def copied(value: Any) -> Any:
    """A layer of its own, as Bidirectional makes one of what it is given: what is done to that later is not its."""
    if isinstance(value, list):
        return [copied(one) for one in value]
    if not isinstance(value, LayerObject) or value.layer is not None:
        return value
    made = LayerObject(value.kind, {key: copied(one) for key, one in value.config.items()}, value.location, value.name)
    made.given, made.sure = value.given, value.sure
    return made


def with_kernel(names: "KerasNames", kind: type[Layer], which: Kind, args: list[Any], at: Any) -> list[Any]:
    """`Conv2D(32, 3, 3)` as what it meant where the text was written."""
    axes = kernel(kind.type, args)
    if not axes:
        return args
    told = ", ".join(str(one) for one in args[1 : axes + 1])
    node = at.args[1] if isinstance(at, ast.Call) and len(at.args) > 1 else at
    if not names.old or names.of_tf(which):
        if axes == 2:
            why = "it is of tensorflow" if names.of_tf(which) else "nothing in the text says Keras 1"
            instead = f"kernel_size={args[1]!r}, strides={args[2]!r}"
            names.warn(node, f"{told} read as {instead}, not as rows and columns: {why}")
        return args
    names.warn(node, f"{told} read as kernel_size=({told}), strides by their default, as in Keras 1: {names.old}")
    if args[axes + 1 :] and kind.type != "Deconvolution2D":
        raise Fault(at, "What follows the kernel's size by position is of Keras 1; write it by name.")
    return [args[0], tuple(args[1 : axes + 1]), *args[axes + 1 :]]


def with_todays_words(
    names: "KerasNames", kind: type[Layer], which: Kind, old: list[str], kwargs: dict[str, Any], at: Any
) -> dict[str, Any]:
    """`nb_filter=32, border_mode="same"` of Keras 1 by the names that they have today; the text is told once."""
    if names.of_tf(which) or (old == ["bias"] and not names.old):  # which is a common slip too
        return kwargs
    if not names.translated:
        names.translated = True
        why = names.old or repr(old[0])
        names.warn(at, f"Written for Keras 1: arguments are read by the names that they have today: {why}")
    return in_todays_words(kind.type, kwargs)


def make_lambda(names: "KerasNames", which: Kind, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`Lambda(f, arguments={…})` or `Activation(f)`: what the function makes of its input; the text holds it."""
    title = which.name
    order = ["function", "output_shape", "mask", "arguments"] if title == "Lambda" else ["function"]
    given = dict(zip(order, args, strict=False)) | kwargs
    function = names.known(given.get("function", given.get("activation")), at)
    if isinstance(function, FunctionName) and title == "Activation":
        return make(names, KERAS.kinds[title], which, args, kwargs, at)
    own = OwnObject(title, title, location_of(at), function=function)
    own.name, own.given, own.sure = names.label(given.get("name"), title, at, own.location)
    arguments = names.known(given.get("arguments"), at)
    own.arguments = dict(arguments or {})
    own.output_shape = given.get("output_shape")
    for key in ("input_shape", "batch_input_shape"):
        if given.get(key) is not None and names.known_or_none(given[key]) is not None:
            own.shape = sizes(names, given[key], key, at)
    return own


def make_input(
    names: "KerasNames", kind: type[Layer], args: list[Any], kwargs: dict[str, Any], at: Any
) -> TensorObject:
    """`Input(shape=…)`: a tensor that the model is given."""
    settings = names.set_now(at)
    order = ["shape", "batch_size", "dtype", "sparse", "batch_shape", "name"]
    given, location = arguments(names, args, kwargs, order, at)
    if given.pop("type_spec", None) is not None:
        raise Fault(at, "Input(type_spec=…) is not read; give its shape.")
    if given.get("tensor") is not None:
        raise Fault(at, "Input(tensor=…) is not read; give its shape.")
    name = given.pop("name", None)
    if type(given.get("shape")) is int:
        names.machine.risk(at)
        names.warn(at, "A number as the shape of an Input is a list of one, as Keras 2 has it; Keras 3 refuses it.")
        given["shape"] = [given["shape"]]
    if type(given.get("dtype")) is str and given["dtype"] == "int":
        names.warn(at, "The dtype int is int64 here, as on TensorFlow; it is int32 where Keras runs on others.")
        given["dtype"] = "int64"
    config = config_of(
        names, {key: one for key, one in given.items() if key not in ("tensor", "sparse")}, "Input", at, location
    )
    label, told, sure = names.label(name, kind.type, at, location)
    made: Any = names.builder.layer(kind, config, location)
    if made is None:
        raise Fault(at, names.builder.faults.pop()["detail"])
    call = CallObject(label, location)
    call.given, call.sure = told, sure
    call.shape, call.dtype = made.whole_shape(), made.dtype or settings.floatx
    return TensorObject(call, 0)


def make_plain(names: "KerasNames", which: Kind, args: list[Any], kwargs: dict[str, Any], at: Any) -> LayerObject:
    """`Layer()`, which gives what it is given up to Keras 2."""
    names.warn(at, "A Layer gives its input as it is, as Keras 2 has it; Keras 3 refuses it.")
    given = kwargs if kwargs.get("name") else {**kwargs, "name": names.label(None, "Layer", at, location_of(at))[0]}
    made = make(names, KERAS.kinds["Identity"], which, args, given, at)
    made.given = bool(kwargs.get("name"))
    return made


def takes_activation(layer: LayerObject, item: Any) -> bool:
    """Whether a layer that is made has this as its activation from now on: one that asks for it whenever it runs."""
    known = item is None or (isinstance(item, FunctionName) and ".activations." in item.path)
    return known and layer.kind.type in ASKS and layer.spoilt is None and layer.then is None


def set_trainable(names: "KerasNames", owner: Any, value: bool) -> None:
    """`x.trainable = False`: of a layer, or of a model and of every layer that is in it now."""
    pending, seen = [owner], set()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        names.machine.meter.work(64)
        names.machine.changing(one)
        if id(one) in names.wrapped:
            pending.append(names.wrapped[id(one)])
        if isinstance(one, LayerObject):
            one.configure({**one.config, "trainable": value})
            inside = flat(names, list(one.config.values()), None)
            pending += [x for x in inside if isinstance(x, PARTS)]
        else:
            one.trainable = value
            pending += names.layers_of(one, None)


__all__ = ["make", "make_input", "location_of", "positional", "set_trainable"]
