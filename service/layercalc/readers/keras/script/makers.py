"""Functions of Keras and TensorFlow that make tensors of nothing: filled and random ones, ranges, variables."""

from typing import TYPE_CHECKING, Any

from layercalc import lazy_numpy as np
from layercalc.layers import ConfigError, build
from layercalc.layers.keras.functions import recorded
from layercalc.layers.keras.functions.base import Constant
from layercalc.layers.keras.variables import Arange, Drawn
from layercalc.readers.keras.script import indexing, subclassed, tensors
from layercalc.readers.keras.script.arguments import plain, unknown_in
from layercalc.readers.keras.script.effects import words
from layercalc.readers.keras.script.sizes import ShapeObject
from layercalc.readers.keras.script.values import InitializerObject, TensorObject
from layercalc.readers.script import Fault, Opaque
from layercalc.readers.script.modules import arrays, computed
from layercalc.readers.script.modules.arrays import array, is_array
from layercalc.readers.script.opaque import derived
from layercalc.readers.script.values import Float64, Int64

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

FILLED = words("zeros ones full fill eye")
RANDOM = words("normal uniform truncated_normal random_normal random_uniform randint gamma binomial")
RANGES = words("range arange")
GIVEN = words("constant convert_to_tensor array asarray")
VARIABLES = words("Variable variable placeholder")
ARRAYS = FILLED | RANGES | GIVEN
EVERY = ARRAYS | RANDOM | VARIABLES


def is_maker(path: str) -> bool:
    """Whether a function of that name makes a tensor of nothing: of tf, tf.random, keras.ops, keras.random, K."""
    module, _, last = path.rpartition(".")
    if last not in EVERY:
        return False
    root = module.removeprefix("tensorflow.").removeprefix("compat.v1.")
    of_tf = module in ("tensorflow", "tensorflow.compat.v1")
    drawn = root.endswith("random") or of_tf or module.endswith("backend")
    if last in RANDOM:
        return drawn
    if last in VARIABLES:
        return of_tf or module in ("keras", "keras.backend", "tensorflow.keras", "tensorflow.keras.backend")
    return last in ARRAYS and (of_tf or module.endswith((".ops", ".backend")))


def make(names: "KerasNames", path: str, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """An array of literal shape; a tensor, where the sizes are of tensors; a weight."""
    last = path.rpartition(".")[2]
    if last in VARIABLES:
        return variable(names, last, args, kwargs, at)
    if last in RANGES:
        return a_range(names, args, kwargs, at)
    if last in GIVEN:
        return given(names, args, kwargs, at)
    if last == "eye":
        rows = args[0] if args else kwargs.get("num_rows", kwargs.get("N"))
        columns = args[1] if len(args) > 1 else kwargs.get("num_columns", kwargs.get("M"))
        shape: Any = (rows, rows if columns is None else columns)
    else:
        first = kwargs.get("shape", kwargs.get("dims", kwargs.get("size")))
        shape = args[0] if args else first
    dtype = dtype_of(kwargs.get("dtype"))
    if unknown_in(names, shape) is not None:
        return Opaque("", at, unknown_in(names, shape))
    filled = 0.0 if last == "zeros" else 1.0 if last == "ones" else None
    return of_shape(names, shape, dtype, filled, at)


def dtype_of(value: Any) -> str | None:
    found = getattr(value, "last", value)
    return found if type(found) is str else None


def of_shape(names: "KerasNames", shape: Any, dtype: str | None, filled: float | None, at: Any) -> Any:
    """An array of this shape; a tensor, where some of its sizes are tensors."""
    if isinstance(shape, TensorObject):
        shape = sizes_in(names, shape, at)
    items = [shape] if type(shape) is int else list(shape.sizes) if isinstance(shape, ShapeObject) else None
    items = names.machine.listed(shape, at) if items is None else items
    if items and items[0] is None and names.traces and names.traces[-1].inner:  # the batch of what is called
        sizes_of = tensors.recorded_call(names, "ShapeOf", [names.traces[-1].inner[0]], at)
        items = [indexing.item(names, sizes_of, 0, at), *items[1:]]
    if not any(isinstance(one, TensorObject) for one in items):
        sizes: list[Any] = [int(one) if isinstance(one, int | Int64) else one for one in items]
        if not all(type(one) is int and one >= 0 for one in sizes):
            raise Fault(at, f"Expected a shape, whole numbers; received {names.describe(shape)}.")
        return array(names.machine, tuple(sizes), Opaque("", at), at)
    found: list[Any] = []
    slots = tensors.slotted(names, items, found, at)
    try:
        if filled is not None:
            made: Any = recorded("Full", {"shape": [1] * len(items), "dtype": dtype}, [filled], {}, {"shape": slots})
        else:
            made = build(Drawn, {"shape": [1] * len(items), "dtype": dtype})
            made.late = {"shape": slots}
            made.called([], {})
    except ConfigError as error:
        raise Fault(at, error.faults[0][1]) from None
    return tensors.operate(names, made, found, at)


def sizes_in(names: "KerasNames", shape: TensorObject, at: Any) -> list[TensorObject]:
    """The sizes that a tensor such as `tf.shape(x)` holds, one by one."""
    found = tensors.shape_of(names, shape, at)
    if len(found) != 1 or type(found[0]) is not int:
        raise Fault(at, "Expected a shape as a list of sizes; received a tensor.")
    return [indexing.item(names, shape, index, at) for index in range(found[0])]


def a_range(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`tf.range(n)`: an array of numbers, or a tensor, where its ends are sizes of tensors."""
    start = kwargs.get("start", args[0] if args else 0)
    stop = kwargs.get("limit", kwargs.get("stop", args[1] if len(args) > 1 else None))
    step = kwargs.get("delta", kwargs.get("step", args[2] if len(args) > 2 else 1))
    if stop is None:
        start, stop = 0, start
    if unknown_in(names, start, stop, step) is not None:
        return Opaque("", at, unknown_in(names, start, stop, step))
    ends = [int(one) if isinstance(one, Int64) else one for one in (start, stop, 1 if step is None else step)]
    if all(type(one) is int for one in ends) and ends[2]:
        return computed.arange(names.machine, ends, {}, at)
    if not any(isinstance(one, TensorObject) for one in ends):
        return Opaque("", at)
    found: list[Any] = []
    slots = [tensors.slotted(names, one, found, at) for one in ends]
    made: Any = build(Arange, {"dtype": dtype_of(kwargs.get("dtype"))})
    return tensors.operate(names, made.called(slots, {}), found, at)


def given(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`tf.constant(…)`: numbers as an array, a tensor as it is."""
    value = args[0] if args else kwargs.get("value", kwargs.get("x"))
    if isinstance(value, TensorObject) or is_array(names.machine, value) or type(value) is Opaque:
        return value
    if isinstance(value, list | tuple):
        if (unknown := unknown_in(names, value)) is not None:
            return derived(at, unknown)
        if kwargs.get("shape") is not None:
            return of_shape(names, kwargs["shape"], None, None, at)
        return arrays.of_values(names.machine, [value], {}, at)
    return value


def variable(names: "KerasNames", last: str, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`tf.Variable(initial_value)` or `keras.Variable(initializer, shape)`: a weight of who has it as an attribute."""
    order = (
        ("initial_value", "trainable")
        if "initial_value" in kwargs or "shape" not in kwargs
        else ("initializer", "shape")
    )
    given_by = dict(zip(order, args, strict=False)) | kwargs
    value = given_by.get("initial_value", given_by.get("initializer", given_by.get("value")))
    shape = given_by.get("shape")
    if shape is None:
        if type(value) is Opaque:
            return Opaque("", at, value.first)
        if is_array(names.machine, value):
            shape = value.attrs["shape"]  # type: ignore[union-attr]
        elif isinstance(value, list | tuple):
            held: Any = arrays.of_values(names.machine, [value], {}, at)
            shape = held.attrs["shape"] if is_array(names.machine, held) else None
        elif type(value) in (int, float, bool, Int64, Float64):
            shape = ()
        if shape is None:
            return Opaque("", at)
    if unknown_in(names, shape) is not None:
        return Opaque("", at, unknown_in(names, shape))
    dtype = dtype_of(given_by.get("dtype"))
    told = {"name": given_by.get("name"), "trainable": given_by.get("trainable", True), "dtype": dtype}
    made = subclassed.variable(names, None, plain(names, shape, at), told, at)
    made.call.layer.of_keras = last == "Variable" and "initial_value" not in kwargs and "shape" in given_by
    return made


def as_tensor(names: "KerasNames", value: Any, at: Any) -> TensorObject:
    """An array as a tensor of a graph: its numbers where they are known."""
    shape, values = value.attrs["shape"], value.attrs["_values"]
    names.machine.known(value.attrs, shape)
    for size in shape:
        names.known(size, at)
    if type(values) is list and not names.machine.spoilt(values):
        whole = all(isinstance(one, int) for one in values)
        held = Constant(
            np.array([int(x) if whole else float(x) for x in values], "int32" if whole else "float32").reshape(shape)
        )
        return tensors.operate(names, recorded("ConvertToTensor", {}, [held], {}), [], at)
    made: Any = build(Drawn, {"shape": list(shape)})
    return tensors.operate(names, made.called([], {}), [], at)


def initialise(names: "KerasNames", value: InitializerObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`initializer(shape)`: an array of that shape."""
    shape = args[0] if args else kwargs.get("shape")
    if unknown_in(names, shape) is not None:
        return Opaque("", at, unknown_in(names, shape))
    return of_shape(names, shape, None, None, at)


__all__ = ["as_tensor", "initialise", "is_maker", "make"]
