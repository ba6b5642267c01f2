"""The values that are tried in a fit: a first one, a step, and maybe a last."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from layercalc.errors import InvalidModel, pointer
from layercalc.wording import HUGE, received, whole

GOALS = ("largest", "smallest")
KEYS = ("from", "to", "step")
EXAMPLE = 'a range such as {"from": 1, "to": 512, "step": 1} or 1..512:1, "to" and "step" as they are wanted'
TEXT = re.compile(r"\s*(\d{1,300})\s*\.\.\s*(\d{1,300})?\s*(?::\s*(\d{1,300})\s*)?", re.ASCII)


class Values(NamedTuple):
    """`first`, `first + step` … up to `last`, which is one of them, or without end."""

    first: int = 1
    last: int | None = None
    step: int = 1

    def __contains__(self, n: object) -> bool:
        inside = isinstance(n, int) and n >= self.first and (self.last is None or n <= self.last)
        return inside and (n - self.first) % self.step == 0  # type: ignore[operator]

    @property
    def total(self) -> int | None:
        """How many there are; None without end."""
        return None if self.last is None else (self.last - self.first) // self.step + 1

    def at(self, n: int, up: bool) -> int:
        """The value that is n or the next to it, upwards or downwards."""
        over = (n - self.first) % self.step
        return n if not over else n - over + (self.step if up else 0)

    def runs(self, size: int, down: bool = False) -> Any:
        """Runs of values from one end, each four times as long as the one before up to 16,384; `size` in all."""
        length, start = 64, 0
        every = self.total
        total = size if every is None else min(size, every)
        while start < total:
            stop = min(start + length, total)
            if down:
                assert self.last is not None
                yield range(self.last - start * self.step, self.last - stop * self.step, -self.step)
            else:
                yield range(self.first + start * self.step, self.first + stop * self.step, self.step)
            start, length = stop, min(4 * length, 1 << 14)


def read_range(given: Any) -> Values | None:
    """The values that a request says: an object, or a text such as `1..512` or `8..:8`. InvalidModel for none."""

    def refuse(detail: str, *at: object) -> InvalidModel:
        return InvalidModel([{"pointer": pointer("range", *at), "detail": detail} if at else told(detail)])

    def told(detail: str) -> dict[str, Any]:
        return {"parameter": "range", "detail": detail}

    if given is None:
        return None
    if isinstance(given, str):
        match = TEXT.fullmatch(given)
        if match is None:
            raise refuse(f"Expected {EXAMPLE}; received {received(given)}.")
        given = {key: int(n) for key, n in zip(KEYS, match.groups(), strict=True) if n is not None}
    if not isinstance(given, Mapping) or "from" not in given:
        raise refuse(f"Expected {EXAMPLE}; received {received(given)}.")
    for key, n in given.items():
        if key not in KEYS:
            raise refuse(f"There is no key {str(key)[:100]!r} of a range; it takes {', '.join(KEYS)}.", key)
        if not whole(n, 0 if key != "step" else 1) and not (key == "to" and n is None):
            least = "an integer of at least 1" if key == "step" else "an integer of at least 0"
            raise refuse(f"Expected {least}; received {received(n)}.", key)
        if n is not None and n >= HUGE:
            raise refuse("A number has at most 300 digits.", key)
    first, last, step = given["from"], given.get("to"), given.get("step", 1)
    if last is not None and last < first:
        raise refuse(f"From {first:,} to {last:,} there is no value.")
    return Values(first, None if last is None else last - (last - first) % step, step)
