"""What finding keys costs: accounted for before C code looks for them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

HASHES_TO_ITSELF = (1 << 61) - 1


def hashing(m: "Machine", container: Any, key: Any) -> None:
    """Account for the search of a key: the text can choose numbers and tuples that all hash to the same."""
    kind = type(key)
    if kind is str or (kind is int and -HASHES_TO_ITSELF < key < HASHES_TO_ITSELF):
        return
    if kind is tuple or kind is frozenset:
        m.weigh(key)
    m.meter.work(len(container) * 4)


def hashing_all(m: "Machine", keys: Any) -> None:
    """The same for many keys that go into one table."""
    count = sum(1 for key in keys if not (type(key) is str or (type(key) is int and abs(key) < HASHES_TO_ITSELF)))
    m.meter.work(count * count)
