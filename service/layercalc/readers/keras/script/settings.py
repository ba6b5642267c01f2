"""Functions of the backend that set or tell something, initializers, and shapes as objects."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from layercalc.layers.keras.initializers import INITIALIZERS
from layercalc.readers.keras.script import tensors
from layercalc.readers.keras.script.arguments import flat, location_of, plain, sizes
from layercalc.readers.keras.script.names import camel
from layercalc.readers.keras.script.sizes import ShapeObject
from layercalc.readers.keras.script.values import (
    CallObject,
    InitializerObject,
    TensorObject,
    Weight,
)
from layercalc.readers.script import MISSING, Fault, Module, Native, Opaque

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

GETTERS = ("image_data_format", "image_dim_ordering", "floatx", "int_shape", "ndim", "epsilon", "count_params")
TF_INITIALIZERS = {
    f"{name}_initializer": camel(name)
    for name in ("zeros", "ones", "constant", "random_normal", "random_uniform", "truncated_normal")
}
BARE_INITIALIZERS = {camel(name) for name in INITIALIZERS}
FLOATS = ("float16", "float32", "float64", "bfloat16")
POLICIES = (*FLOATS, "mixed_float16", "mixed_bfloat16")
ORDERS = {"channels_last": False, "channels_first": True, "tf": False, "th": True}
NO_EFFECT = {"set_learning_phase", "set_backend"}


def setter(names: "KerasNames", path: str) -> Native:
    """A function that sets what holds for the layers made after it."""
    last = path.rpartition(".")[2]

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> None:
        value = next(iter((*args, *kwargs.values())), None)
        if last == "clear_session":
            m.changing(names.counters)
            names.counters.counts, names.counters.hidden = {}, {}
            return
        m.changing(names.settings)
        if last in ("set_image_data_format", "set_image_dim_ordering") and type(value) is str and value in ORDERS:
            names.settings.channels_first = ORDERS[value]
        elif last == "set_floatx" and type(value) is str and value in FLOATS:
            names.settings.floatx = value
        elif "policy" in last and type(value) is str and value in POLICIES:
            names.settings.policy = value
        elif last not in NO_EFFECT:
            names.settings.spoil(Opaque(f"what {last}() has set", at))

    return Native(last, run)


def getter(names: "KerasNames", name: str) -> Any:
    """A function of the backend that tells something; None where it is another."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        if name in ("int_shape", "ndim", "count_params"):
            value = next(iter((*args, *kwargs.values())), None)
            if name == "count_params" and isinstance(value, list | set) and not m.spoilt(value):
                weights = {id(one): one for one in value}.values()
                return counted(weights) if all(isinstance(one, Weight) for one in weights) else names.unknown(at)
            if isinstance(value, Weight):
                return value.sizes if name == "int_shape" else len(value.sizes) if name == "ndim" else counted([value])
            if type(value) is Opaque:
                return m.unknown(at, value)
            if not isinstance(value, TensorObject) or name == "count_params":
                return names.unknown(at)
            shape = tensors.shape_of(names, value, at)
            names.sized = True
            return shape if name == "int_shape" else len(shape)
        if name == "backend":
            return backend(m)
        settings = names.set_now(at)
        if name == "floatx":
            return settings.floatx
        if name == "epsilon":
            return 1e-7
        ordering = name == "image_dim_ordering"
        return (
            ("th" if ordering else "channels_first")
            if settings.channels_first
            else ("tf" if ordering else "channels_last")
        )

    return Native(name, run) if name in (*GETTERS, "backend") else None


def counted(weights: Iterable[Weight]) -> int:
    """The parameters of weights, each of which is given once."""
    return sum(math.prod(one.sizes) for one in weights)


def backend(m: Any) -> Any:
    """`keras.backend.backend()`: what the text sets in the environment, or TensorFlow."""
    variables = m.attribute(m.module("os"), "environ", None).attrs["set"]
    m.known(variables)
    return variables.get("KERAS_BACKEND", "tensorflow")


def initializer(name: str) -> Native:
    """A class of initializers: its object is what Keras would write."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        if m.catching and (args or kwargs):  # whether it takes them
            m.risk(at)
        return InitializerObject(name, {**{f"_{i}": Opaque("", at) for i in range(len(args))}, **kwargs})

    return Native(name, run)


def initializer_got() -> Native:
    """`keras.initializers.get(name)`."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        if m.catching and not (args and isinstance(args[0], InitializerObject)):
            m.risk(at)
        return args[0] if args else Opaque("", at)

    return Native("get", run)


def converters(name: str) -> Module:
    """`tf.lite`: what it makes of a model holds no model of the text."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        return Opaque("", at)

    members = {f"from_{one}": Native(f"from_{one}", run) for one in ("keras_model", "saved_model", "keras_model_file")}
    return Module(name, {"TFLiteConverter": Native("TFLiteConverter", run, members=members)})


def of_shape(names: "KerasNames", shape: ShapeObject, name: str) -> Any:
    """An attribute of `x.shape`."""
    if name == "as_list":
        return Native(name, lambda m, a, k, at: list(shape.sizes))
    if name == "num_elements" and None not in shape.sizes:
        return Native(name, lambda m, a, k, at: math.prod(size or 0 for size in shape.sizes))
    if name in ("rank", "ndims"):
        return shape.rank
    return MISSING


def tensor_shape(names: "KerasNames") -> Native:
    """`tf.TensorShape([None, 3])`."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        value: Any = args[0] if args else kwargs.get("dims")
        if isinstance(value, ShapeObject):
            return value
        known = isinstance(value, list | tuple) and not m.spoilt(value)
        if not known or not all(one is None or type(one) is int for one in value):
            return Opaque("", at)
        return ShapeObject(tuple(value))

    return Native("TensorShape", run)


def output_shape(names: "KerasNames", layer: Any, shape: Any, at: Any) -> Any:
    """`layer.compute_output_shape(shape)`."""
    value = plain(names, shape, at)
    several = isinstance(value, list) and bool(value) and all(isinstance(one, list) for one in value)
    given = [sizes(names, one, "batch_shape", at) for one in (value if several else [value])]
    inputs = []
    for one in given:
        call = CallObject("input", location_of(at))
        call.shape = one
        inputs.append(TensorObject(call, 0))
    if not several:
        names.probed = [*names.probed, (layer, given[0])]
    before = list(names.calls.get(id(layer), (layer, []))[1])
    names.probing += 1
    result = names.apart(lambda: names.call(layer, [inputs if several else inputs[0]], {}, at))
    names.probing -= 1
    if id(layer) in names.calls:
        names.calls[id(layer)][1][:] = before
        if not before:
            del names.calls[id(layer)]
    shapes = [tensors.shape_of(names, one, at) for one in flat(names, [result], at)]
    return shapes[0] if len(shapes) == 1 else shapes


__all__ = ["Fault", "getter", "initializer", "of_shape", "output_shape", "setter"]
