"""What a parsed document may hold: levels, digits, names. Checked before anything reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from layercalc import deadline
from layercalc.environment import setting
from layercalc.errors import Refused, Unreadable, pointer
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.json_counts import Counts

NAMES = ("name", "type", "class_name", "layer")
PARSED: ContextVar[list[Counts] | None] = ContextVar("parsed", default=None)


@contextmanager
def in_sum() -> Iterator[None]:
    """All the JSON that is parsed inside is held against the limits together, however many texts and files it is in."""
    token = PARSED.set([])
    try:
        yield
    finally:
        PARSED.reset(token)


def bounded(document: Any, limits: Limits, path: tuple[object, ...] = ()) -> Any:
    """The document itself; Refused with the limit and its setting where it passes one."""
    if limits is UNLIMITED or (isinstance(document, dict | list) and within(document, limits)):
        return document
    faults = list(found(document, limits, path))
    if faults:
        raise too_much(faults)
    return document


def affordable(counts: Counts, limits: Limits, path: tuple[object, ...] = ()) -> Counts:
    """The counts of JSON that is not parsed yet; Refused where it would make more objects than a limit allows."""
    before = PARSED.get()
    total = sum(before or (), counts)
    for what, count, name in (
        ("opening brackets", total.containers, "max_containers"),
        ("strings", total.strings, "max_strings"),
        ("values", total.values, "max_values"),
    ):
        if count > getattr(limits, name):
            raise too_much([fault(path, f"JSON with {count:,} {what}", limits, name)])
    if before is not None:
        before[:] = [total]
    return counts


def too_much(faults: list[dict[str, Any]]) -> Refused:
    return Unreadable(faults, status=422)


def within(document: Any, limits: Limits) -> bool:
    """Whether no limit is passed: level by level, and a list of numbers without a look at each in Python."""
    bits, longest = bits_of(limits), limits.max_name_length
    level = [document]
    for _ in range(limits.max_depth):
        deadline.check()
        below: list[Any] = []
        for one in level:
            if type(one) is dict:
                if max(map(len, one), default=0) > longest:
                    return False
                for key in NAMES:
                    if type(name := one.get(key)) is str and len(name) > longest:
                        return False
                values: Any = one.values()
            else:
                values = one
            kinds = set(map(type, values))
            if int in kinds and [value for value in values if type(value) is int and value.bit_length() > bits]:
                return False
            if list in kinds or dict in kinds:
                below += [value for value in values if type(value) in (list, dict)]
        if not below:
            return True
        level = below
    return False


def found(document: Any, limits: Limits, path: tuple[object, ...]) -> Iterator[dict[str, Any]]:
    """Every place where a limit is passed, up to one more than an answer lists."""
    bits, longest = bits_of(limits), limits.max_name_length
    waiting: list[tuple[tuple[object, ...], int, Any]] = [(path, 1, document)]
    for count, (where, depth, one) in enumerate(waiting):
        if type(one) is int and one.bit_length() > bits:
            told = f"An integer of more than {limits.max_integer_digits} digits"
            yield fault(where, told, limits, "max_integer_digits")
        elif type(one) is str and where and where[-1] in NAMES and len(one) > longest:
            yield fault(where, f"A name of {len(one):,} characters", limits, "max_name_length")
        elif type(one) in (list, dict) and depth > limits.max_depth:
            yield fault(where, "Lists and objects are nested too deeply", limits, "max_depth")
            return
        elif type(one) is dict:
            for key, value in one.items():
                if len(key) > longest:
                    yield fault(where, f"The key {key[:20]!r}… has {len(key):,} characters", limits, "max_name_length")
                else:
                    waiting.append(((*where, key), depth + 1, value))
        elif type(one) is list:
            waiting += [((*where, index), depth + 1, value) for index, value in enumerate(one)]
        waiting[count] = ((), 0, None)


def bits_of(limits: Limits) -> int:
    """The size of the largest integer of so many digits, as `whole` reckons it."""
    return limits.max_integer_digits * 3322 // 1000


def fault(path: tuple[object, ...], told: str, limits: Limits, name: str) -> dict[str, Any]:
    return {"pointer": pointer(*path), "detail": f"{told}; the limit is {getattr(limits, name):,} ({setting(name)})."}
