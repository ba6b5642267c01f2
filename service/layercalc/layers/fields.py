"""The config vocabulary, in marshmallow: strict (nothing is coerced), and every refusal says what was expected.

A default of `...` means required. A field knows its JSON Schema, from which the catalogue and openapi.yaml are made.
"""

import re
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, Any

import marshmallow as ma

from layercalc.errors import Offer
from layercalc.wording import finite, nearest_name, received, whole

Note = tuple[tuple[object, ...], str]
NOTES: ContextVar[list[Note]] = ContextVar("notes")
PLAIN = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?")  # a number that was written as a text
TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def note(path: tuple[object, ...], detail: str) -> None:
    """Say that something was read kindly; the reader of the document turns it into a warning."""
    NOTES.get().append((path, detail))


MISSING: Any = ma.missing  # the value of a field that a config does not have
HERE = ma.exceptions.SCHEMA  # marshmallow's key for what concerns the whole and none of its parts
ValidationError = ma.ValidationError  # of a value, or of fields that do not go together: `field_name` is at fault


class Field(ma.fields.Field):
    """What all our fields share: a default that is read like a value, and one way to refuse."""

    of_null: Any = None  # what null is read as, where the field takes it

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

    def refuse(self, value: Any, why: str = "") -> ValidationError:
        """The fault of a value, with the one that was meant where there is one that this field takes."""
        name = f"{self.name} to be " if self.name else ""
        told = f"Expected {name}{self.expects()}; received {received(value)}.{why and ' ' + why}"
        meant = self.meant(value)
        if alike(meant, value) or not self.takes(meant):
            return ValidationError(told)
        shown = repr(meant) if isinstance(meant, str) else received(meant)
        return ValidationError(Offer(f"{told} Did you mean {shown}?", meant))

    def words(self) -> Iterable[str]:
        """The words that this field takes, if it takes some."""
        return ()

    def meant(self, value: Any) -> Any:
        """What may be meant by a value that is refused: the nearest word; the value itself where there is none."""
        near = nearest_name(value, [*self.words()]) if isinstance(value, str) else None
        return value if near is None else near

    def takes(self, value: Any) -> bool:
        """Whether the field takes a value as it is."""
        token = NOTES.set([])
        try:
            self.read(value, self.name or "")
            return not NOTES.get()
        except ValidationError:
            return False
        finally:
            NOTES.reset(token)

    def missing(self, name: str) -> ValidationError:
        """What is said where a config does not have it."""
        return ValidationError(f"{name!r} is required: {self.expects()}.")

    @cached_property
    def preset(self) -> Any:
        """The default as it is read: once, since no layer changes what it was given."""
        return self.of_null if self.default is None else self.read(self.default, self.name or "")

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:
        if value is MISSING:
            if self.default is ...:
                raise self.missing(attr or "")
            return self.preset
        if value is None and self.allow_none:
            return self.of_null
        return self.read(value, attr or "")


def alike(one: Any, other: Any) -> bool:
    """Whether two values of JSON are the same: 1, 1.0 and true are three."""
    return received(one) == received(other)


def number(value: Any, least: float | None = None, most: float | None = None) -> Any:
    """The number from `least` to `most` that is nearest to one, also to one that is written as a text or with .0."""
    if isinstance(value, str) and PLAIN.fullmatch(value):
        value = float(value) if "." in value else int(value)
    if type(value) is float and value.is_integer():
        value = int(value)
    if value.__class__ not in (int, float) or not finite(value):
        return value
    low = value if least is None else max(value, least)
    return low if most is None else min(low, most)


def integer(value: Any, least: int | None = None) -> Any:
    """The integer of at least `least` that is nearest to one, also to one that is written as a text or with .0."""
    found = number(value)
    return max(found, least) if whole(found) and least is not None else found


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

    def meant(self, value: Any) -> Any:
        return integer(value, self.min)


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

    def meant(self, value: Any) -> Any:
        return number(value, self.min, self.max)


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

    def meant(self, value: Any) -> Any:
        return TRUTHS.get(str(value).lower(), value)


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

    def words(self) -> Iterable[str]:
        return (one for one in self.choices if isinstance(one, str))

    def schema_of(self) -> dict[str, Any]:
        return one_of(self.choices)

    def read(self, value: Any, name: str) -> Any:
        for choice in self.choices:
            if value.__class__ is choice.__class__ and value == choice:
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


class Absent(Field):
    """An argument of the framework that is refused by name unless it is null, and why."""

    def __init__(self, why: str):
        super().__init__(None)
        self.why = why

    def expects(self) -> str:
        return "null"

    def json_schema(self) -> dict[str, Any]:
        return {"type": "null", "default": None, "description": self.why}

    def read(self, value: Any, name: str) -> Any:
        raise self.refuse(value, self.why)
