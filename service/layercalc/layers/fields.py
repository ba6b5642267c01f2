"""The config vocabulary, in marshmallow: strict (nothing is coerced), and every refusal says what was expected.

A default of `...` means required. A field knows its JSON Schema, from which the catalogue and openapi.yaml are made.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, Any

import marshmallow as ma

from layercalc.layers.initializers import INITIALIZERS, Initializer
from layercalc.wording import finite, received, whole

Note = tuple[tuple[object, ...], str]
NOTES: ContextVar[list[Note]] = ContextVar("notes")


def note(path: tuple[object, ...], detail: str) -> None:
    """Say that something was read kindly; the reader of the document turns it into a warning."""
    NOTES.get().append((path, detail))


MAX_DEPTH = 8  # of nested lists of numbers


class Field(ma.fields.Field):
    """What all our fields share: a default that is read like a value, and one way to refuse."""

    def __init__(self, default: Any = ..., *, null: bool = False, **kwargs: Any):
        self.default = default
        more = {"required": True} if default is ... else {"load_default": default}
        super().__init__(allow_none=null or default is None, **more, **kwargs)

    if TYPE_CHECKING:  # on a layer, a field is the value it loaded

        def __get__(self, instance: Any, owner: Any) -> Any: ...

        def __set__(self, instance: Any, value: Any) -> None: ...

    def expects(self) -> str:
        raise NotImplementedError

    def schema_of(self) -> dict[str, Any]:
        """The JSON Schema of the values this field takes, null aside."""
        raise NotImplementedError

    def json_schema(self) -> dict[str, Any]:
        schema = self.schema_of()
        if self.allow_none:
            schema = (
                {"anyOf": [schema, {"type": "null"}]} if "enum" in schema or "type" not in schema else nullable(schema)
            )
        if self.default is not ...:
            schema = {**schema, "default": jsonable(self.default)}
        return schema

    def read(self, value: Any, name: str) -> Any:
        """The value as a layer uses it; `refuse` what is none."""
        raise NotImplementedError

    def refuse(self, value: Any, why: str = "") -> ma.ValidationError:
        name = f"{self.name} to be " if self.name else ""
        return ma.ValidationError(f"Expected {name}{self.expects()}; received {received(value)}.{why and ' ' + why}")

    @cached_property
    def preset(self) -> Any:
        """The default as it is read: once, since no layer changes what it was given."""
        return None if self.default is None else self.read(self.default, self.name or "")

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:
        if value is ma.missing:
            if self.default is ...:
                raise ma.ValidationError(f"{attr!r} is required: {self.expects()}.")
            return self.preset
        if value is None and self.allow_none:
            return None
        return self.read(value, attr or "")


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*kinds, "null"]}


def jsonable(default: Any) -> Any:
    return list(map(jsonable, default)) if isinstance(default, tuple) else default


class Int(Field):
    """An integer, at least `min`."""

    def __init__(self, default: Any = ..., *, min: int | None = None, **kwargs: Any):
        super().__init__(default, **kwargs)
        self.min = min

    def expects(self) -> str:
        return "an integer" + ("" if self.min is None else f" of at least {self.min}")

    def schema_of(self) -> dict[str, Any]:
        return {"type": "integer"} | ({} if self.min is None else {"minimum": self.min})

    def read(self, value: Any, name: str) -> int:
        if not whole(value, self.min):
            raise self.refuse(value)
        return value


class Number(Field):
    """A finite number between `min` and `max`."""

    def __init__(self, default: Any = ..., *, min: float | None = None, max: float | None = None, **kwargs: Any):
        super().__init__(default, **kwargs)
        self.min, self.max = min, max

    def expects(self) -> str:
        if self.max is not None:
            return f"a number from {self.min} to {self.max}"
        return "a number" + ("" if self.min is None else f" of at least {self.min}")

    def schema_of(self) -> dict[str, Any]:
        bounds = {"minimum": self.min, "maximum": self.max}
        return {"type": "number"} | {key: bound for key, bound in bounds.items() if bound is not None}

    def read(self, value: Any, name: str) -> float:
        if not finite(value):
            raise self.refuse(value)
        if (self.min is not None and value < self.min) or (self.max is not None and value > self.max):
            raise self.refuse(value)
        return float(value)


class Bool(Field):
    """true or false, nothing that looks like it."""

    def expects(self) -> str:
        return "true or false"

    def schema_of(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, value: Any, name: str) -> bool:
        if type(value) is not bool:
            raise self.refuse(value)
        return value


class Text(Field):
    """A string."""

    def expects(self) -> str:
        return "a string"

    def schema_of(self) -> dict[str, Any]:
        return {"type": "string"}

    def read(self, value: Any, name: str) -> str:
        if type(value) is not str:
            raise self.refuse(value)
        return value


class Choice(Field):
    """One of a few words; the same word in other letters is read kindly."""

    def __init__(self, choices: tuple[Any, ...], default: Any = ..., **kwargs: Any):
        super().__init__(default, **kwargs)
        self.choices = choices

    def expects(self) -> str:
        return "one of " + ", ".join(map(received, self.choices))

    def schema_of(self) -> dict[str, Any]:
        return one_of(self.choices)

    def read(self, value: Any, name: str) -> Any:
        for choice in self.choices:
            if type(value) is type(choice) and value == choice:
                return choice
        if isinstance(value, str) and value.lower() in self.choices:
            note((name,), f"{received(value)} read as {received(value.lower())}")
            return value.lower()
        raise self.refuse(value)


def one_of(values: Sequence[Any]) -> dict[str, Any]:
    """The JSON Schema of one of several words, numbers or truths, such that programs generated from it compile.

    An enumeration is of one type, and has no word twice in other letters: those are a pattern beside it.
    """
    words: dict[str, str] = {}
    for value in values:
        if isinstance(value, str):
            words.setdefault(value.casefold(), value)
    spellings = [value for value in values if isinstance(value, str) and value not in words.values()]
    truths = [value for value in values if isinstance(value, bool)]
    numbers = [value for value in values if not isinstance(value, str | bool)]
    kinds: list[dict[str, Any]] = [{"enum": list(words.values())}] if words else []
    kinds += [{"type": "string", "pattern": f"^({'|'.join(spellings)})$"}] if spellings else []
    kinds += [{"enum": numbers}] if numbers else []
    if truths:
        kinds.append({"type": "boolean"} if len(truths) == 2 else {"type": "boolean", "not": {"const": not truths[0]}})
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


class DataFormat(Choice):
    """Where the channels stand; Keras' null is its default, channels_last."""

    def __init__(self) -> None:
        super().__init__(("channels_last", "channels_first"), None)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:
        return super().deserialize(value, attr, data) or "channels_last"


class Dims(Field):
    """One integer for every spatial axis, or a list of one for each; loads as a tuple."""

    def __init__(self, default: Any = ..., *, min: int = 1, **kwargs: Any):
        super().__init__(default, **kwargs)
        self.min = min

    @property
    def rank(self) -> int:
        return self.parent.rank  # type: ignore[union-attr]

    def expects(self) -> str:
        return f"an integer of at least {self.min}, or a list of {self.rank}"

    def schema_of(self) -> dict[str, Any]:
        one = {"type": "integer", "minimum": self.min}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": self.rank, "maxItems": self.rank}]}

    def read(self, value: Any, name: str) -> tuple[int, ...]:
        dims = tuple(value) if isinstance(value, list | tuple) else (value,) * self.rank
        if len(dims) != self.rank or not all(whole(dim, self.min) for dim in dims):
            raise self.refuse(value)
        return dims


class Pairs(Dims):
    """Amounts before and after each spatial axis: one integer, one for each axis, or a pair for each axis.

    For one axis a list of two is its pair.
    """

    def __init__(self, default: Any = ...):
        super().__init__(default, min=0)

    def expects(self) -> str:
        if self.rank == 1:
            return "an integer of at least 0, or a list of 2"
        return f"an integer of at least 0, a list of {self.rank}, or a list of {self.rank} pairs"

    def schema_of(self) -> dict[str, Any]:
        one = {"type": "integer", "minimum": 0}
        pair = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
        if self.rank == 1:
            return {"anyOf": [one, pair]}
        whole = {"type": "array", "minItems": self.rank, "maxItems": self.rank, "items": {"anyOf": [one, pair]}}
        return {"anyOf": [one, whole]}

    def read(self, value: Any, name: str) -> Any:
        items: Any = value if isinstance(value, list | tuple) else [value] * self.rank
        if self.rank == 1 and items is value:
            items = [value]
        pairs = tuple(tuple(item) if isinstance(item, list | tuple) else (item, item) for item in items)
        if len(pairs) != self.rank or any(len(pair) != 2 or not all(whole(n, 0) for n in pair) for pair in pairs):
            raise self.refuse(value)
        return pairs


class Ints(Field):
    """A list of integers, or one integer where `single`; loads as a tuple."""

    def __init__(
        self, default: Any = ..., *, min: int | None = None, single: bool = True, count: int = 0, **kwargs: Any
    ):
        super().__init__(default, **kwargs)
        self.min, self.single, self.count = min, single, count

    def expects(self) -> str:
        least = "" if self.min is None else f" of at least {self.min}"
        many = f"a list of {self.count or ''}".rstrip()
        return (
            f"an integer{least}, or {many} {'of them' if self.count == 0 else ''}".rstrip()
            if self.single
            else (f"{many} integers{least}" if self.count else f"a list of integers{least}")
        )

    def schema_of(self) -> dict[str, Any]:
        one: dict[str, Any] = {"type": "integer"} | ({} if self.min is None else {"minimum": self.min})
        many: dict[str, Any] = {"type": "array", "items": one}
        if self.count:
            many |= {"minItems": self.count, "maxItems": self.count}
        return {"anyOf": [one, many]} if self.single else many

    def read(self, value: Any, name: str) -> tuple[int, ...]:
        alone = self.single and type(value) is int
        count = 0 if alone else self.count
        value = [value] if alone else value
        if (
            not isinstance(value, list | tuple)
            or (count and len(value) != count)
            or not all(whole(n, self.min) for n in value)
        ):
            raise self.refuse(value)
        return tuple(value)


class Dimensions(Field):
    """The sizes of axes, null where one is unknown; loads as a tuple."""

    def __init__(self, default: Any = ..., *, min: int = 0, **kwargs: Any):
        super().__init__(default, **kwargs)
        self.min = min

    def expects(self) -> str:
        return f"a list of sizes, each an integer of at least {self.min} or null"

    def schema_of(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": ["integer", "null"], "minimum": self.min}}

    def read(self, value: Any, name: str) -> tuple[int | None, ...]:
        if not isinstance(value, list | tuple) or not all(dim is None or whole(dim, self.min) for dim in value):
            raise self.refuse(value)
        return tuple(value)


class Numbers(Field):
    """A number, or nested lists of numbers of one shape; loads as nested tuples."""

    def expects(self) -> str:
        return "a number, or an array of numbers"

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["number", "array"], "items": {"type": ["number", "array"], "items": {}}}

    def read(self, value: Any, name: str, depth: int = MAX_DEPTH) -> Any:
        if finite(value):
            return float(value)
        if not isinstance(value, list | tuple) or not depth:
            raise self.refuse(value)
        items = tuple(self.read(item, name, depth - 1) for item in value)
        if len({shape_of(item) for item in items}) > 1:
            raise self.refuse(value, "Its rows differ in length.")
        return items


def shape_of(numbers: Any) -> tuple[int, ...]:
    """The shape of what a `Numbers` field loaded."""
    if not isinstance(numbers, tuple):
        return ()
    return (len(numbers), *(shape_of(numbers[0]) if numbers else ()))


class Opaque(Field):
    """What acts in training only (regularizers, constraints): Keras' own object or name, kept out of everything."""

    def __init__(self, default: Any = None) -> None:
        super().__init__(default, null=True)

    def expects(self) -> str:
        return "null, a name, or a serialised Keras object"

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["string", "object"]}

    def read(self, value: Any, name: str) -> Any:
        if not isinstance(value, str | dict):
            raise self.refuse(value)
        return None


class Absent(Field):
    """An argument of Keras that we refuse by name unless it is null, and why."""

    def __init__(self, why: str):
        super().__init__(None)
        self.why = why

    def expects(self) -> str:
        return "null"

    def json_schema(self) -> dict[str, Any]:
        return {"type": "null", "default": None, "description": self.why}

    def read(self, value: Any, name: str) -> Any:
        raise self.refuse(value, self.why)


POLICIES = {
    **{name: (name, name) for name in ("float16", "bfloat16", "float32", "float64")},
    "mixed_float16": ("float16", "float32"),
    "mixed_bfloat16": ("bfloat16", "float32"),
    **{name: (name, name) for name in ("int8", "uint8", "int16", "int32", "int64", "bool")},
}


class Dtype(Field):
    """A dtype or a dtype policy, by name or as Keras serialises it; loads as (compute dtype, variable dtype)."""

    def __init__(self) -> None:
        super().__init__(None)

    def expects(self) -> str:
        return "a dtype or policy, one of " + ", ".join(POLICIES)

    def schema_of(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(POLICIES)}, {"type": "object"}]}

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:
        return super().deserialize(value, attr, data) or POLICIES["float32"]

    def read(self, value: Any, name: str) -> tuple[str, str]:
        policy = value
        if isinstance(value, dict):
            config = value.get("config")
            policy = config.get("name") if isinstance(config, dict) else None
            if "Quantized" in str(value.get("class_name")):
                raise self.refuse(value, "Quantised policies are not supported.")
        if not isinstance(policy, str) or policy not in POLICIES:
            quantised = isinstance(policy, str) and "from" in policy
            raise self.refuse(policy or value, "Quantised policies are not supported." if quantised else "")
        return POLICIES[policy]


class InitializerField(Field):
    """An initializer, by name or as Keras serialises it."""

    def expects(self) -> str:
        return "an initializer, one of " + ", ".join(sorted(INITIALIZERS)) + ", or its serialised form"

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["string", "object"]}

    def read(self, value: Any, name: str) -> Initializer:
        try:
            return Initializer.load(value)
        except ValueError as error:
            raise self.refuse(value, str(error)) from None
