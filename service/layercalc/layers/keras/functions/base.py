"""What an operation is: a function of tensors and constants, in the places where a recorded call has them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from copy import copy
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ClassVar, NamedTuple, TypeVar

from layercalc import arrays, ops
from layercalc import lazy_numpy as np
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.config import ConfigError, build, fields_of
from layercalc.layers.fields import Field
from layercalc.layers.keras.base import KERAS, Layer
from layercalc.layers.vocabulary import WAY_OUT
from layercalc.ops import FLOATS, WIDTH, Tensor
from layercalc.wording import finite, nearest, received, whole

OPERATIONS: dict[str, type[Operation]] = {}  # those that are imported; `operations()` are all
Cls = TypeVar("Cls", bound=type["Operation"])
MAX_AXES = 64


class AnyDtype(Field):
    """A dtype by name; null is that of the input, or the operation's own choice."""

    def __init__(self) -> None:
        super().__init__(None)

    def expects(self) -> str:
        return "a dtype, one of " + ", ".join(WIDTH)

    def words(self) -> Iterable[str]:
        return WIDTH

    def schema_of(self) -> dict[str, Any]:
        return {"enum": list(WIDTH)}

    def read(self, value: Any, name: str) -> str:
        if isinstance(value, dict) and isinstance(value.get("config"), dict):
            value = value["config"].get("name")
        value = {"float": "float32", "int": "int32"}.get(value, value) if isinstance(value, str) else value
        if not isinstance(value, str) or value not in WIDTH:
            raise self.refuse(value)
        return value


class Slot(NamedTuple):
    """Where a tensor stands among the arguments of a recorded call: the number of the input."""

    place: int


class Operation(Layer):
    """Arguments of the constructor as fields, under Keras' names; `compute` takes those of the call.

    Each of them is a tensor, a constant (a number, nested lists, an array) or something else (None, a slice).
    """

    dtype: Any = AnyDtype()  # what a layer calls its policy is, of an operation, the dtype of the result
    signature: ClassVar[inspect.Signature]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any]
    late: Mapping[str, Any] = {}  # fields that hold tensors of sizes, known once the shapes are

    def compute(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def called(self, args: list[Any], kwargs: dict[str, Any]) -> Operation:
        """Hold the arguments of one call, tensors as slots; a call of another form is a ConfigError."""
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise ConfigError([((), f"{self.type} is called as {self.type}{self.signature}: {error}.")]) from None
        self.args, self.kwargs = bound.args, bound.kwargs
        return self

    def __call__(self, weight: Weight, *inputs: Tensor, **_: Any) -> Any:
        """`compute` on the tensors as they come: an operation has no policy, no mask and no layout of its own."""
        args = [filled(arg, inputs) for arg in self.args]
        made = self
        if self.late:
            made = copy(self)
            made.__dict__.update({key: settled(filled(value, inputs)) for key, value in self.late.items()})
        return made.compute(*args, **{key: filled(arg, inputs) for key, arg in self.kwargs.items()})

    def mask(self, masks: Any, *inputs: Tensor) -> None:
        return None

    def axes_of(self, axis: Any, x: Tensor, field: str = "axis") -> tuple[int, ...]:
        """The axes that an argument names (none: all), counted from the front."""
        if axis is None:
            return tuple(range(x.ndim))
        axes = tuple(self.axis_of(one, x, field) for one in ((axis,) if isinstance(axis, int) else axis))
        if len(set(axes)) < len(axes):
            raise ShapeError(f"{list(axes)} names one axis twice.", field)
        return axes


def filled(arg: Any, inputs: tuple[Tensor, ...]) -> Any:
    """An argument with the tensors in their slots."""
    if isinstance(arg, Slot):
        return inputs[arg.place]
    if isinstance(arg, slice):
        return slice(*(settled(filled(one, inputs)) for one in (arg.start, arg.stop, arg.step)))
    return [filled(one, inputs) for one in arg] if type(arg) in (list, tuple) else arg


def settled(value: Any) -> Any:
    """A field with the values of the tensors in it, as a number or a tuple of numbers."""
    if isinstance(value, list):
        return tuple(settled(one) for one in value)
    found = ops.values_of(value) if hasattr(value, "dtype") else value
    return tuple(found) if isinstance(found, list) else found


def operation(cls: Cls) -> Cls:
    """Register an operation by its class name."""
    cls.type, cls.of_vocabulary = cls.__name__, KERAS
    cls.accepts, cls.takes = frozenset(), (0, None)
    if "signature" not in vars(cls):
        full = inspect.signature(cls.compute)
        cls.signature = full.replace(
            parameters=[p.replace(annotation=p.empty) for name, p in full.parameters.items() if name != "self"],
            return_annotation=full.empty,
        )
    if cls.type in OPERATIONS:
        raise ValueError(f"There is an operation {cls.type!r} already.")
    OPERATIONS[cls.type] = cls
    return cls


def named(name: str, base: type[Operation], arguments: str, doc: str, **attributes: Any) -> None:
    """Register an operation that differs from others in its op alone."""
    parameters = [inspect.Parameter(one, inspect.Parameter.POSITIONAL_OR_KEYWORD) for one in arguments.split()]
    signature = inspect.Signature(parameters)
    operation(type(name, (base,), {"__doc__": doc, "signature": signature, **attributes}))


@cache
def operations() -> dict[str, type[Operation]]:
    """Every operation by its name."""
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")
    return OPERATIONS


def absent(name: str) -> str:
    """That an operation cannot be computed, and why; nothing of one that can be."""
    if name in operations():
        return ""
    why = NOT_HERE.get(name, "")
    hint = f" {why}" if why else nearest(name, list(operations()))
    return f"The operation {name!r} cannot be computed here.{hint}"


def recorded(
    name: str, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any], late: Mapping[str, Any] | None = None
) -> Operation:
    """An operation of that name, called so; ConfigError says what is wrong with it. `late` fields hold tensors."""
    if told := absent(name):
        raise ConfigError([((), f"{told} {WAY_OUT}")])
    known = {key: value for key, value in config.items() if key in fields_of(OPERATIONS[name])}
    made = build(OPERATIONS[name], {**known, "dtype": known.get("dtype")} if "dtype" in known else known)
    assert isinstance(made, Operation)
    made.late = late or {}
    return made.called(args, kwargs)


FUNCTION = "It runs a Python function that the document does not hold."
VALUES = "The size of its result depends on the values, not on the shapes."
COMPLEX = "Complex numbers are not supported."
BYTES = "It looks at the bytes of its input as numbers of another kind."
RANDOM = "It draws random numbers at inference too."
FUNCTIONS = "AssociativeScan Cond ForiLoop Map Scan Switch VectorizedMap WhileLoop JVP"
OPEN_ENDED = "Nonzero Unique Bincount Histogram Arange"
COMPLEX_NUMBERS = "ViewAsComplex ViewAsReal Angle Conj Conjugate Real Imag Polar Eig"
REASONS = (
    (FUNCTIONS, FUNCTION),
    (OPEN_ENDED, VALUES),
    (COMPLEX_NUMBERS, COMPLEX),
    ("ElasticTransform", RANDOM),
    ("View", BYTES),
)
NOT_HERE = {name: why for names, why in REASONS for name in names.split()}


class Axes(Field):
    """An axis, a list of them, or null for all."""

    def expects(self) -> str:
        return "an integer, a list of integers, or null"

    def schema_of(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}

    def read(self, value: Any, name: str) -> int | tuple[int, ...]:
        if whole(value):
            return int(value)
        if not isinstance(value, list | tuple) or len(value) > MAX_AXES or not all(whole(one) for one in value):
            raise self.refuse(value)
        return tuple(value)


class Sizes(Axes):
    """An integer, or a list of integers, null among them for what is left open."""

    def expects(self) -> str:
        return "an integer or a list of integers"

    def read(self, value: Any, name: str) -> Any:
        if isinstance(value, list | tuple):
            value = [-1 if one is None else one for one in value]
        return super().read(value, name)


class Constant(NamedTuple):
    """An array that a recorded call holds."""

    values: np.ndarray


def is_constant(value: Any) -> bool:
    return value.__class__ in (bool, int, float, list, tuple, Constant)


def dtype_of(x: Tensor) -> str:
    return str(x.dtype)


def tensor(value: Any, *others: Any) -> Tensor:
    """A tensor as it is; a constant as a tensor, a plain number in the dtype of the tensors beside it where it can be.

    keras.src.backend.common.dtypes.result_type: a number is weak, and does not widen what it meets.
    """
    if not is_constant(value):
        if not hasattr(value, "shape"):
            raise ShapeError(f"Expected a tensor or numbers; received {received(value)}.")
        return value
    if isinstance(value, Constant):
        return ops.constant(value.values, value.values.dtype.name)
    array = array_of(value)
    beside = [dtype_of(one) for one in others if hasattr(one, "dtype")]
    beside += [one.values.dtype.name for one in others if isinstance(one, Constant)]
    own = {"b": "bool", "i": "int32", "u": "int32", "f": "float32"}[array.dtype.kind]
    if own == "float32":
        fitting = [one for one in beside if one in FLOATS]
    else:
        fitting = [one for one in beside if one != "bool" and own != "bool"]
    return ops.constant(array, fitting[0] if fitting else own)


def array_of(value: Any) -> np.ndarray:
    """Numbers, or lists of them, as an array."""
    try:
        return arrays.plain(arrays.array_of(value.values if isinstance(value, Constant) else value))
    except (ValueError, OverflowError):
        raise ShapeError(f"Expected numbers; received {received(value)}.") from None


def integers(value: Any, what: str) -> tuple[int, ...]:
    """A constant argument that must be integers, as a tuple."""
    if isinstance(value, Constant):
        value = value.values.tolist()
    items = list(value) if type(value) in (list, tuple) else [value]
    if not all(whole(one) for one in items):
        raise ShapeError(f"Expected {what} as integers known beforehand; received {received(value)}.")
    return tuple(items)


def places(value: Any) -> Tensor:
    """Indices, which are integers."""
    at = tensor(value)
    if not str(at.dtype).startswith(("int", "uint")):
        raise ShapeError(f"Indices are integers; received {at.dtype}.")
    return at


def number(value: Any, what: str) -> float:
    """A constant argument that must be one number."""
    if isinstance(value, Constant) and value.values.size == 1:
        value = value.values.item()
    if not finite(value):
        raise ShapeError(f"Expected {what} as a number known beforehand; received {received(value)}.")
    return value


def decoded(value: Any) -> Any:
    """A constant argument as Keras serialises it: numbers, None, slices, an ellipsis, arrays; ValueError otherwise."""
    if value is None or isinstance(value, bool | str) or finite(value):
        return value
    if isinstance(value, list):
        return [decoded(one) for one in value]
    kind, config = (value.get("class_name"), value.get("config")) if isinstance(value, dict) else (None, None)
    if kind == "__ellipsis__":
        return Ellipsis
    if kind == "__slice__" and isinstance(config, dict):
        parts = [config.get(key) for key in ("start", "stop", "step")]
        if all(part is None or whole(part) for part in parts) and parts[2] != 0:
            return slice(*parts)
    if kind in ("__numpy__", "__tensor__") and isinstance(config, dict):
        return array_constant(config.get("value"), config.get("dtype"))
    raise ValueError(f"Expected a tensor or a constant; received {received(value)}.")


def array_constant(value: Any, dtype: Any) -> Constant:
    """An array, in its own dtype where that is one of ours."""
    try:
        array = arrays.plain(arrays.array_of(value))
    except (ValueError, OverflowError):
        raise ValueError(f"Expected an array of numbers; received {received(value)}.") from None
    if not isinstance(dtype, str) or dtype not in WIDTH:
        raise ValueError(f"Expected a dtype, one of {', '.join(WIDTH)}; received {received(dtype)}.")
    return Constant(array.astype("float32" if dtype == "bfloat16" else dtype))
