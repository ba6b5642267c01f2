"""Each operator as a layer type: what the catalogue lists, and what a stack in ONNX' words is made of.

Its fields are the operator's attributes, and its inputs, for those that no other layer gives: a weight by its shape, a
constant by its numbers.
"""

import inspect
import json
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

from layercalc import arrays
from layercalc import lazy_numpy as np
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Field, Int, jsonable
from layercalc.layers.onnx.base import (
    ENDS,
    NAMED,
    ONNX,
    OUTPUTS,
    Ints,
    Numbers,
    Operator,
    Texts,
    Version,
    called,
    expected,
    needed,
)
from layercalc.layers.stored import Array
from layercalc.layers.vocabulary import Kind
from layercalc.ops import WIDTH, Tensor
from layercalc.wording import finite, whole

EXAMPLES = Path(__file__).with_name("examples.json")
LISTS: dict[str, Any] = {"type": "array", "items": {}}
KEYS = ("shape", "dtype", "data")
MAX_AXES = 32


class Tensors(Field):
    """A tensor that no layer gives: numbers, or `{"shape", "dtype"?, "data"?}`; a weight has no data.

    Integers alone are of int64, truths of bool, other numbers of float32, unless a dtype is named. Loads as an Array.
    """

    def expects(self) -> str:
        return 'numbers, or {"shape": […], "dtype"?, "data"?}'

    def schema_of(self) -> dict[str, Any]:
        keys = {
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "dtype": {"enum": list(WIDTH)},
            "data": LISTS,
        }
        held = {"type": "object", "properties": keys, "required": ["shape"], "additionalProperties": False}
        return {"anyOf": [{"type": ["number", "boolean"]}, LISTS, held]}

    def read(self, value: Any, name: str) -> Array:
        if not isinstance(value, dict):
            found = self.array(value, value)
            dtype = {"b": "bool", "i": "int64", "u": "int64"}.get(found.dtype.kind, "float32")
            return held(name, found, found.shape, dtype)
        shape: Any = value.get("shape")
        dtype = value.get("dtype", "float32")
        sizes = isinstance(shape, list | tuple) and len(shape) <= MAX_AXES and all(whole(n, 0) for n in shape)
        if not sizes or dtype not in WIDTH or value.keys() - set(KEYS):
            raise self.refuse(value)
        if value.get("data") is None:
            return Array(name, tuple(shape), dtype, None)
        found = self.array(value["data"], value)
        if found.size != prod(shape):
            raise self.refuse(value, f"Its data are {found.size:,} numbers.")
        return held(name, found, tuple(shape), dtype)

    def array(self, numbers: Any, value: Any) -> np.ndarray:
        try:
            return arrays.array_of(numbers)
        except (ValueError, OverflowError):
            raise self.refuse(value) from None


def held(name: str, values: np.ndarray, shape: tuple[int, ...], dtype: str) -> Array:
    """A tensor whose numbers the document has."""
    stored = "float32" if dtype == "bfloat16" else dtype
    return Array(name, shape, dtype, lambda: values.reshape(shape).astype(stored))


class Attribute(Field):
    """An attribute of one of the kinds that the function's annotation names."""

    def __init__(self, kinds: tuple[Any, ...], default: Any):
        super().__init__(default)
        self.kinds = kinds

    def expects(self) -> str:
        return " or ".join(NAMED[kind] for kind in self.kinds)

    def schema_of(self) -> dict[str, Any]:
        schemas = [SCHEMAS[kind]() for kind in self.kinds]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def read(self, value: Any, name: str) -> Any:
        for kind in self.kinds:
            if kind is Array:
                return Tensors(...).read(value, name)
            if (found := READ[kind](value)) is not None:
                return found
        raise self.refuse(value)

    def json_schema(self) -> dict[str, Any]:
        schema = super().json_schema()
        return {**schema, "default": jsonable(self.default)} if "default" in schema else schema


def each(value: Any, right: Any) -> Any:
    """A tuple of a list all of whose items are of a kind, else None."""
    return tuple(value) if isinstance(value, list | tuple) and all(map(right, value)) else None


def text(value: Any) -> bool:
    return type(value) is str


READ: dict[Any, Any] = {
    int: lambda value: value if whole(value) else None,
    float: lambda value: float(value) if finite(value) else None,
    str: lambda value: value if text(value) else None,
    Ints: lambda value: each(value, whole),
    Numbers: lambda value: None if each(value, finite) is None else tuple(map(float, value)),
    Texts: lambda value: each(value, text),
}
SCHEMAS: dict[Any, Any] = {
    int: lambda: {"type": "integer"},
    float: lambda: {"type": "number"},
    str: lambda: {"type": "string"},
    Ints: lambda: {"type": "array", "items": {"type": "integer"}},
    Numbers: lambda: {"type": "array", "items": {"type": "number"}},
    Texts: lambda: {"type": "array", "items": {"type": "string"}},
    Array: lambda: Tensors(...).schema_of(),
}


class OperatorLayer(Operator):
    """An operator as a layer of a stack: its newest version, with the inputs that other layers give by position."""

    version: Version
    takes: tuple[int, int | None]

    def __init__(self, config: dict[str, Any]):
        self.dtype = None
        self.outputs = config.get(OUTPUTS, 1)
        by_name = {called(p): p for p in self.version.inputs}
        self.tensors = {name: config[name] for name in by_name if config.get(name) is not None}
        most = len(self.version.inputs) - len(self.tensors)
        self.takes = (0, None if self.version.variadic else most)
        keywords = {name: p.name for name, p in self.version.attributes.items()}
        self.attributes = {keywords[name]: config[name] for name in keywords if config[name] is not None}

    @property
    def arguments(self) -> dict[str, Any]:  # type: ignore[override]
        """The attributes, and the inputs that are numbers and no weights."""
        shown = {name: self.attributes.get(p.name, p.default) for name, p in self.version.attributes.items()}
        return shown | {name: shown_of(one) for name, one in self.tensors.items()}

    def __call__(self, weight: Weight, *inputs: Tensor, masks: Any = (), named_masks: Any = None, **named: Any) -> Any:
        self.check_named(named)
        left, given = list(inputs), []
        for place, parameter in enumerate(self.version.inputs):
            name = called(parameter)
            if parameter.kind is parameter.VAR_POSITIONAL:
                given += left
                left = []
            elif name in self.tensors:
                given.append(self.fed(place, self.tensors[name], weight, ()))
            elif name in named or left:
                given.append(named[name] if name in named else left.pop(0))
            elif needed(parameter):
                raise ShapeError(f"{self.type} needs {name}: a layer among its inputs, or the field {name!r}.")
            else:
                given.append(None)
        if left:
            most = len(self.version.inputs)
            raise ShapeError(f"{self.type} takes at most {most} inputs; received {most + len(left)}.")
        return self.run(given)

    def weights(self, weight: Weight) -> Weight:
        """Weights go by the name of the layer."""
        return weight


def shown_of(array: Array) -> Any:
    """A tensor of a stack as a difference shows it: a weight by its shape."""
    return list(array.shape) if array.read is None else array.values.tolist()


def layer_type(name: str, version: Version) -> Kind:
    """The layer type of an operator, from the signature of one version."""
    singles = [p for p in version.inputs if p.kind is not p.VAR_POSITIONAL]
    fields: dict[str, Any] = {called(p): Tensors(None) for p in singles}
    for key, p in version.attributes.items():
        fields[key] = Attribute(expected(p), ... if p.default is p.empty else p.default)
    if version.counts_outputs:
        fields[OUTPUTS] = Int(1, min=1)
    about = inspect.getdoc(version.call) or f"{name}, element by element."
    made: Any = type(name, (OperatorLayer,), {"__doc__": about, "__module__": version.call.__module__})
    made.type, made.version, made.own_fields = name, version, fields
    made.positional = tuple(map(called, singles))
    made.accepts = frozenset(made.positional)
    if one := examples().get(name):
        made.example = one["config"], [tuple(shape) for shape in one["shapes"]]
        made.example_dtypes = tuple(one.get("dtypes", ()))
    kind: Kind = made
    return kind


@cache
def layer_types() -> dict[str, Kind]:
    """Every operator that the newest opset has, as a layer type."""
    return {name: layer_type(name, versions[-1]) for name, versions in ONNX.functions.items() if name not in ENDS}


@cache
def examples() -> dict[str, dict[str, Any]]:
    """A config for each operator, and the shapes and types of what other layers give it."""
    found: dict[str, dict[str, Any]] = json.loads(EXAMPLES.read_bytes())
    return found


ONNX.makes = layer_types
