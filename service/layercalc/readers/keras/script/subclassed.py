"""Layers and models whose classes the text derives from Keras': what they inherit, and what they hold."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.layers.config import fields_of, presets_of
from layercalc.layers.keras.initializers import load_initializer
from layercalc.layers.keras.variables import Variable
from layercalc.readers.keras.script import attributes, classes, copies, holding, models
from layercalc.readers.keras.script.arguments import initializer, location_of, node_at, plain, sizes
from layercalc.readers.keras.script.effects import words
from layercalc.readers.keras.script.names import INERT_CLASSES
from layercalc.readers.keras.script.values import (
    LAYERS,
    PARTS,
    CallObject,
    Inert,
    Kind,
    LayerObject,
    OperationObject,
    OwnObject,
    TensorObject,
    Weights,
    first_shape,
)
from layercalc.readers.script import MISSING, Fault, Instance, Native, Opaque
from layercalc.readers.script.journal import alike
from layercalc.readers.script.members import put_attribute
from layercalc.readers.script.values import SCALARS, Class, Function, Property

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

PLAIN_BASES = {"Layer", "Model", "Functional", "Wrapper", "AbstractRNNCell"}  # what brings no computation of its own
MERGES = "_merge_function"  # of a class that derives from Keras' own one of Add, Concatenate and the like
MOST_WEIGHTS = 2_000  # of one layer
OVERRIDES = words("trainable weights trainable_weights non_trainable_weights variables trainable_variables")
FREE = words("name activation")  # of a config: what changes no weights
ASKED = words("add_weight convolution_op _compute_attention _masked_softmax")  # methods that a class of Keras' calls
NOTHING = words(  # methods that change nothing which is counted
    "add_loss add_metric add_update compile summary save save_weights load_weights evaluate predict train_on_batch"
    " test_on_batch predict_on_batch to_json get_weights set_weights reset_metrics reset_states reset_state"
    " compute_mask train_step test_step predict_step compute_loss compute_metrics export count_params add_slot"
    " get_compile_config compile_from_config stateless_call load_own_variables"
)
DATA = words(  # attributes that are no layers
    "losses metrics metrics_names optimizer loss history input_spec stop_training compiled_loss compiled_metrics"
    " dtype_policy updates loss_tracker jit_compile run_eagerly"
)


def derive(names: "KerasNames", cls: Class, base: Any, at: Any) -> None:
    """A class that derives from Keras': its `build` runs once, whoever calls it."""
    if not isinstance(base, Kind):
        raise Fault(at, f"{base!r} is no class to derive from.")
    if base.path.endswith("._Merge") and "call" not in cls.attrs and type(cls.attrs.get(MERGES)) is Function:
        cls.attrs["call"] = cls.attrs[MERGES]
    own = cls.attrs.get("build")
    if type(own) is Function and base.name not in INERT_CLASSES:
        cls.attrs["build"] = Native(
            "build", lambda m, args, kwargs, node: build_by(names, own, args, kwargs, node), (own,)
        )


def build_by(names: "KerasNames", function: Function, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """The text's `build`, but only if nothing has built the layer before, and by `super().build` from inside one."""
    own = args[0].core if args and type(args[0]) is Instance else None
    if not isinstance(own, OwnObject):
        return names.machine.call(function, args, kwargs, at)
    if own.built and not own.building:
        if own.weights and not own.is_model:
            raise Fault(at, f"{own!r} is built by now; its `build` once more would make other weights.")
        return None
    names.machine.changing(own)
    own.built = True
    own.building += 1
    own.asked = args[1] if len(args) > 1 else None
    try:
        names.machine.call(function, args, kwargs, at)
    finally:
        own.building -= 1
    return None


def create(
    names: "KerasNames", instance: Instance, base: Kind, args: list[Any], kwargs: dict[str, Any], at: Any
) -> Any:
    """What Keras keeps of a new object of the text's class."""
    names.sure(base, at)
    if base.name in INERT_CLASSES:
        return Inert()
    title = instance.cls.name
    own = OwnObject(title, title, location_of(at), instance)
    names.owned.append(own)
    own.is_model = base.name in ("Model", "Functional", "Sequential")
    own.given = False
    if own.is_model:
        names.made.append(instance)
        if names.machine.branching:
            names.unsure.add(id(instance))
    if instance.cls.find("__init__") is MISSING:
        instance.core = own
        initialise(names, instance, args, kwargs, at)
    return own


def initialise(names: "KerasNames", instance: Instance, args: list[Any], kwargs: dict[str, Any], at: Any) -> None:
    """`super().__init__(…)`: the name and the like, or the layer or model of Keras' that the object is."""
    own, base = instance.core, instance.cls.foreign
    if not isinstance(own, OwnObject):
        return
    machine = names.machine
    machine.changing(own)
    own.begun = True
    alone = base.name == "Model" and len(args) == 1 and not {"outputs", "output"} & set(kwargs)
    if alone and (type(args[0]) is str or args[0] is instance):
        machine.risk(at)
        told = "A name" if type(args[0]) is str else "self"
        names.warn(at, f"{told} by position is left out, as Keras 2 does it; Keras 3 refuses it.")
        args = []
    functional = base.name in ("Model", "Functional") and (
        args or {"inputs", "outputs", "input", "output"} & set(kwargs)
    )
    if functional or base.name not in PLAIN_BASES:
        own.base = names.construct(base, args, kwargs, at)
        names.derived[id(own.base)] = own
        if own.base in names.made:
            names.made.remove(own.base)
        own.name, own.given, own.sure = own.base.name, own.base.given, own.base.sure
        if not own.given:
            own.name, own.given, own.sure = names.label(None, own.title, at, own.location)
            own.base.name = own.name
        own.shape = first_shape(own.base)
        check_overrides(instance, at)
        return
    check_overrides(instance, at)
    if base.name == "Wrapper":
        layer = args[0] if args else kwargs.pop("layer", None)
        args = args[1:]
        machine.changing(instance.attrs)
        instance.attrs["layer"] = layer
        own.assigned = own.assigned | {"layer"}
    given = dict(zip(("trainable", "name", "dtype"), args, strict=False)) | kwargs
    own.name, own.given, own.sure = names.label(given.get("name") or None, own.title, at, own.location)
    if (trainable := names.known(given.get("trainable", True), at)) is not None:
        own.trainable = bool(trainable)
    settings = names.set_now(at)
    dtype = given.get("dtype") or settings.policy or (settings.floatx if settings.floatx != "float32" else None)
    own.dtype = dtype if type(dtype) is str else None
    for key in ("input_shape", "batch_input_shape", "input_dim"):
        if given.get(key) is not None and names.known_or_none(given[key]) is not None:
            own.shape = sizes(names, given[key], key, at)


def check_begun(own: OwnObject, at: Any) -> None:
    """Refuse an object whose `__init__` never calls that of Keras, without which Keras makes nothing of it."""
    init = MISSING if own.begun or own.instance is None else own.instance.cls.find("__init__")
    if type(init) is Function and not any(
        isinstance(x, ast.Attribute) and x.attr == "__init__" for x in ast.walk(init.node)
    ):
        raise Fault(
            init.node, f"__init__ of {own.title} does not call super().__init__(), so that Keras refuses {own!r}."
        )


def computes(cls: Class) -> bool:
    """Whether the text says what a call of such a layer gives, or of what shape."""
    return any(cls.find(one) is not MISSING for one in ("call", "compute_output_shape"))


def is_base(own: OwnObject) -> bool:
    """Whether an object is no more than the layer or model of Keras' that it derives from."""
    if own.base is None or computes(own.instance.cls):
        return False
    return not own.weights and (not isinstance(own.base, LayerObject) or own.instance.cls.find("build") is MISSING)


def check_overrides(instance: Instance, at: Any) -> None:
    """Refuse a class that sets what Keras itself asks of a layer or of its config."""
    own = instance.core
    config = fields_of(own.base.kind) if isinstance(own.base, LayerObject) else {}
    for cls in instance.cls.mro:
        for name, value in cls.attrs.items():
            asked = name in OVERRIDES or (name in ASKED and own.base is not None)
            if asked or (type(value) is Property and name in config):
                told = "which the class of Keras' calls" if name in ASKED else "by which Keras counts its weights"
                raise Fault(at, f"{cls.name} defines {name}, {told}; that is not read.")


def inherited(names: "KerasNames", instance: Instance, name: str, at: Any) -> Any:
    """What the object has of Keras' class."""
    own = instance.core
    if isinstance(own, Inert):
        return inherited_inert(instance, name, at)
    if not isinstance(own, OwnObject) or own.spoilt is not None:
        return Opaque("", at, own.spoilt.first if own is not None and own.spoilt else None, holds=(instance,))
    if name in classes.ALONE and not own.is_model:
        return MISSING
    found = METHODS.get(name)
    if found is not None:
        return Native(name, lambda m, args, kwargs, node: found(names, instance, args, kwargs, node), (instance,))
    if name.startswith("__"):
        return MISSING
    if own.base is not None and name not in ("name", "trainable"):
        return names.attribute(own.base, name, at)
    if name in NOTHING:
        return attributes.passive(names, own, name)
    if name in attributes.WEIGHTS - classes.WEIGHT_NAMES:
        return Weights(own, at)
    if name in DATA:
        return Opaque("", at)
    return value_of(names, instance, own, name, at)


def value_of(names: "KerasNames", instance: Instance, own: OwnObject, name: str, at: Any) -> Any:
    """An attribute that Keras computes."""
    if name in ("name", "_name"):
        return own.name if own.sure else Opaque("", at)
    if name == "trainable":
        return own.trainable
    if name == "built":
        return own.built
    if name in ("dtype", "variable_dtype", "compute_dtype"):
        return (
            own.dtype
            if own.dtype is not None and "mixed" not in own.dtype
            else "float32"
            if not own.dtype
            else Opaque("", at)
        )
    if name == "layers":
        return names.layers(own, at) if own.is_model else MISSING
    if name == "supports_masking":
        return instance.cls.find("compute_mask") is not MISSING
    if name in ("input", "output", "inputs", "outputs", "input_shape", "output_shape"):
        return attributes.ends(names, own, name, at)
    if name in classes.OF_BASE:
        return names.unknown(at)
    return Opaque("", at, holds=(instance,)) if instance.cls.foreign.name not in PLAIN_BASES else MISSING


def inherited_inert(instance: Instance, name: str, at: Any) -> Any:
    """Of a callback, a metric and the like."""
    if name == "__init__" or name.startswith("on_"):
        return Native(name, lambda m, args, kwargs, node: None)
    if name == "set_model" and instance.cls.foreign.name == "Callback":
        return Native(
            name, lambda m, args, kwargs, node: put_attribute(m, instance, "model", args[0], node), (instance,)
        )
    if name.startswith("__") and name != "__call__":
        return MISSING
    return Opaque("", at)


def add_weight(names: "KerasNames", instance: Instance, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`self.add_weight(shape=…)`, with the arguments in the order of Keras 3 or 2."""
    old = bool(args) and (type(args[0]) is str or args[0] is None)
    order = ("name", "shape", "dtype", "initializer") if old else ("shape", "initializer", "dtype", "trainable")
    given = dict(zip(order, args, strict=False)) | kwargs
    shape = names.known(given.get("shape", ()), at)
    found = plain(names, shape if shape is not None else (), at)
    if instance.core.built and not instance.core.building and any(one.own is instance.core for one in names.traces):
        raise Fault(at, "A weight made in `call` would be made anew by each call; make it in `build`.")
    return variable(names, instance.core, found, given, at)


def variable(names: "KerasNames", own: OwnObject | None, shape: Any, given: dict[str, Any], at: Any) -> TensorObject:
    """A weight as a tensor, which is the layer's own."""
    dims = [shape] if type(shape) is int else shape
    if not isinstance(dims, list | tuple) or not all(type(dim) is int and dim >= 0 for dim in dims):
        raise Fault(at, f"Expected the shape of a weight, whole numbers; received {names.describe(shape)}.")
    trainable = names.known(given.get("trainable", True), at)
    dtype = given.get("dtype")
    name = given.get("name")
    label = name if type(name) is str and name else "variable" if own is None else "weight"
    if own is not None and len(own.weights) >= MOST_WEIGHTS:
        raise Fault(at, f"More than {MOST_WEIGHTS:,} weights of one layer.", limit="weights")
    if own is not None:
        label = free(label, {one.name for one in own.weights})
    made = initializer(names, given.get("initializer"), at)
    layer = Variable(
        label, tuple(dims), load_initializer(made) if made is not None else None, trainable is not False,
        dtype if type(dtype) is str else None,
    )  # fmt: skip
    holder = OperationObject(Variable, {}, location_of(at), label, None, layer=layer)
    holder.loose, holder.given = own is None, type(name) is str and bool(name)
    call = CallObject(label, location_of(at), holder)
    if own is not None:
        names.machine.changing(own)
        own.weights = [*own.weights, call]
    names.machine.meter.hold(1_000, at)
    return TensorObject(call, 0)


def attached(names: "KerasNames", instance: Instance, name: str, value: Any, at: Any) -> None:
    """`self.name = value` has been done: what Keras' own attributes do, and weights made before they had an owner."""
    own = instance.core
    if not isinstance(own, OwnObject):
        return
    own.assigned = own.assigned | {name}
    layer = isinstance(value, LAYERS) or (type(value) is Instance and isinstance(value.core, OwnObject))
    if layer and id(own) in names.calls:
        raise Fault(at, f"{own!r} is given a layer after it was called; make it whole first.")
    if name == "trainable":
        names.set_attribute(own, name, value, at)
    elif isinstance(own.base, LayerObject) and name in fields_of(own.base.kind) and name not in FREE:
        if not alike(own.base.config.get(name, presets_of(own.base.kind).get(name)), value):
            raise Fault(at, f"{own.title} sets {name} of {own.base.kind.type} anew; give it to super().__init__().")
    elif name in ("name", "_name") and type(value) is str:
        names.machine.changing(own)
        own.name, own.given, own.sure = value, True, True
    if isinstance(value, list | tuple | dict | set):
        instance.attrs[name] = value = holding.keep(names, own, name, value, at)
    if isinstance(value, TensorObject | list | tuple | dict):
        adopt(names, own, value, name)


def adopt(names: "KerasNames", own: OwnObject, value: Any, attribute: str) -> None:
    """Weights of a `tf.Variable` are the layer's that has them as attributes, and those without a name get one."""
    pending = [(value, attribute)]
    known = {id(one) for one in own.weights}
    while pending:
        one, label = pending.pop()
        names.machine.meter.work(32)
        if isinstance(one, list | tuple):
            pending += [(each, f"{label}.{index}") for index, each in reversed(list(enumerate(one)))]
        elif isinstance(one, dict):
            pending += [(each, f"{label}.{key}") for key, each in one.items()]
        holder = one.call.layer if isinstance(one, TensorObject) else None
        if not isinstance(holder, OperationObject) or holder.kind is not Variable:
            continue
        if holder.loose:
            names.machine.changing(own)
            own.weights = [*own.weights, one.call]
            if not holder.of_keras:
                told = "a weight of tf.Variable is counted here, as in Keras 2; Keras 3 leaves it out of its counts"
                names.warn(node_at(holder.location), told)
        if (holder.loose or id(one.call) in known) and not holder.given:
            label = free(label, {each.name for each in own.weights if each is not one.call})
            holder.name = holder.layer.name = one.call.name = label
            holder.given = True
        holder.loose = False


def free(name: str, taken: set[str]) -> str:
    count, base = 0, name
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    return name


def tracked(names: "KerasNames", own: OwnObject) -> dict[int, tuple[Any, str]]:
    """The layers and models that are attributes of an object, in lists, tuples and dicts too, with their names."""
    found: dict[int, tuple[Any, str]] = {}
    instance = own.instance
    if instance is None:
        return found
    holding.check(names, own)
    pending = [(value, key) for key, value in reversed(list(instance.attrs.items()))]
    seen: set[int] = set()
    while pending:
        value, label = pending.pop()
        names.machine.meter.work(32)
        if type(value) in SCALARS:
            continue
        if type(value) is Instance and isinstance(value.core, OwnObject):
            value = names.known(value, None)
        if isinstance(value, PARTS):
            if id(value) not in found or label in instance.attrs:  # the attribute that is it, before one that has it
                found[id(value)] = value, label
        elif isinstance(value, list | tuple | dict | set) and id(value) not in seen:
            seen.add(id(value))
            if names.machine.spoilt(value) and id(value) not in names.repeated:
                raise Fault(own.location, f"The layers of {label} are not known.") from None
            holding.check_inside(names, value, label, node_at(own.location))
            items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
            pending += [(one, f"{label}.{key}") for key, one in reversed(items)]
    return found


def call_inherited(names: "KerasNames", instance: Instance, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`super().call(x)`: what Keras' class computes."""
    own = instance.core
    if own.base is None:
        raise Fault(at, f"{own.title} has no `call` to follow; write it.")
    return names.call(own.base, args, kwargs, at)


def build_inherited(names: "KerasNames", instance: Instance, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`super().build(shape)` inside `build`, `layer.build(shape)`, or `model.build(shape)`, which calls the model."""
    from layercalc.readers.keras.script import applied

    own = instance.core
    value = args[0] if args else kwargs.get("input_shape")
    if own.building:
        if own.base is not None and value is not own.asked and plain(names, value, at) != plain(names, own.asked, at):
            told = f"{own.title} builds {own.base!r} for another shape than that of its input"
            raise Fault(at, f"{told}; give super().build() the shape that build() is given.")
        return None
    if own.base is not None:
        return names.machine.call(names.attribute(own.base, "build", at), args, kwargs, at)
    if not own.is_model:
        return applied.build(names, own, value, at)
    return applied.call_by_shape(names, own, value, at)


METHODS: dict[str, Any] = {
    "__init__": initialise,
    "__call__": lambda names, instance, args, kwargs, at: names.call(instance.core, args, kwargs, at),
    "add_weight": add_weight,
    "add_variable": add_weight,
    "call": call_inherited,
    "get_config": lambda names, instance, args, kwargs, at: copies.config_of(names, instance, at),
    "build": build_inherited,
    "get_layer": lambda names, instance, args, kwargs, at: models.get_layer(names, instance.core, args, kwargs, at),
    "fit": lambda names, instance, args, kwargs, at: models.fit(names, instance.core, args, kwargs, at),
    "fit_generator": lambda names, instance, args, kwargs, at: models.fit(names, instance.core, args, kwargs, at),
}
