"""Texts of which nothing may be asked while a recording is made: they are handed on, and are none of some others."""

from typing import Any, NoReturn


class Unfit(Exception):  # noqa: N818
    """What was recorded makes no function."""


class RecordedText:
    """A text that is only handed on, and that may be held against others: those that it was found to be none of.

    Unfit for whatever else is asked of it. Code in C that takes no text but Python's own raises TypeError.
    """

    __slots__ = ("name", "others", "value")

    def __init__(self, name: str, value: str):
        self.name, self.value = name, value
        self.others: set[str] = set()

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # what `isinstance` goes by, where the type itself says no
        return str

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(other) is not str or other == self.value:
            raise Unfit
        self.others.add(other)
        return False

    def asked(self, *_: Any) -> NoReturn:
        raise Unfit

    __hash__ = __str__ = __repr__ = __format__ = __bool__ = __len__ = __iter__ = __contains__ = asked
    __getattr__ = __getitem__ = __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = asked
    __lt__ = __le__ = __gt__ = __ge__ = asked
