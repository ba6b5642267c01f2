"""Fields that hold several numbers: sizes of axes, windows, and arrays."""

from typing import Any

from layercalc.layers.fields import Field, integer
from layercalc.wording import finite, whole

ROWS = (list, tuple)
MAX_DEPTH = 8  # of nested lists of numbers
MOST_MEANT = 32  # numbers of a list that are looked through for what is meant by it


def numbers(value: Any, least: int | None) -> Any:
    """A number, or a short list of some or of lists of some, each at least `least`: what may be meant by them."""
    if not isinstance(value, list | tuple):
        return integer(value, least)
    return [numbers(one, least) for one in value] if len(value) <= MOST_MEANT else value


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
        rank, least = self.rank, self.min
        dims = tuple(value) if isinstance(value, ROWS) else (value,) * rank
        if len(dims) != rank or False in [whole(dim, least) for dim in dims]:
            raise self.refuse(value)
        return dims

    def meant(self, value: Any) -> Any:
        sizes = numbers(value, self.min)
        alone = isinstance(sizes, list) and len(sizes) != self.rank and all(one == sizes[0] for one in sizes)
        return sizes[0] if alone and sizes else sizes


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

    def meant(self, value: Any) -> Any:
        return numbers(value, 0)


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
        alone = self.single and value.__class__ is int
        count = 0 if alone else self.count
        value = [value] if alone else value
        if (
            not isinstance(value, list | tuple)
            or (count and len(value) != count)
            or not all(whole(n, self.min) for n in value)
        ):
            raise self.refuse(value)
        return tuple(value)

    def meant(self, value: Any) -> Any:
        return numbers(value if self.single or isinstance(value, list | tuple) else [value], self.min)


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

    def meant(self, value: Any) -> Any:
        return numbers(value if isinstance(value, list | tuple) else [value], self.min)


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
