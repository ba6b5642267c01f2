"""Texts that record what is decided by them: one may be handed on, and be held against others.

Whatever asks for anything else of it makes it this one.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layercalc.recording.numbers import Recording


class RecordedText:
    """A text of a recording. Code in C that takes no text but Python's own raises TypeError for it."""

    __slots__ = ("_name", "_recording", "_value")

    def __init__(self, recording: "Recording", name: str, value: str):
        self._recording, self._name, self._value = recording, name, value

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # what `isinstance` goes by, where the type itself says no
        return str

    def _text(self) -> str:
        """The text itself, which the recording then holds for alone."""
        self._recording.decided(f"{self._name} == {self._value!r}", (self._name,), True)
        return self._value

    __str__ = _text

    def __repr__(self) -> str:
        return repr(self._text())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._text(), name)

    def __hash__(self) -> int:
        return hash(self._text())

    def __eq__(self, other: object) -> bool:
        if type(other) is not str:
            return self is other or self._text() == other
        return self._recording.decided(f"{self._name} == {other!r}", (self._name,), self._value == other)

    def __lt__(self, other: Any) -> bool:
        return self._text() < other

    def __le__(self, other: Any) -> bool:
        return self._text() <= other

    def __gt__(self, other: Any) -> bool:
        return self._text() > other

    def __ge__(self, other: Any) -> bool:
        return self._text() >= other

    def __bool__(self) -> bool:
        return bool(self._text())

    def __len__(self) -> int:
        return len(self._text())

    def __iter__(self) -> Iterator[str]:
        return iter(self._text())

    def __contains__(self, part: str) -> bool:
        return part in self._text()

    def __getitem__(self, at: Any) -> str:
        return self._text()[at]

    def __add__(self, other: str) -> str:
        return self._text() + other

    def __radd__(self, other: str) -> str:
        return other + self._text()

    def __mul__(self, times: Any) -> str:
        return self._text() * times

    __rmul__ = __mul__

    def __mod__(self, parts: Any) -> str:
        return self._text() % parts

    def __format__(self, spec: str) -> str:
        return format(self._text(), spec)


def name_of(text: RecordedText) -> str:
    """The name of a recorded text, which has no attributes but those of texts."""
    return text._name
