"""What is in a JSON text, counted before it is parsed: its cost, and whether a fast parser would read it exactly."""

from __future__ import annotations

import operator
import re
from typing import NamedTuple

from layercalc import lazy_numpy as np

PIECE = 1 << 20  # bytes that are looked at together
FRESH = re.compile(rb"[^0-9\\.eE+-]")  # after such a byte neither a number nor an escape goes on
SHORT = 1 << 15  # bytes that are counted before NumPy would be imported
LONG = 19  # digits: a shorter integer fits 64 bits
DIGITS = re.compile(rb"[0-9]{%d}" % LONG)
INTEGER = re.compile(rb"(?<![0-9.])[0-9]{%d,}+(?![.eE])" % LONG)
SIGNS = b'"[{,:'


class Counts(NamedTuple):
    """How much of what there is outside of strings; `long` is whether an integer may be past 64 bits."""

    containers: int = 0
    strings: int = 0
    values: int = 0
    keys: int = 0
    long: bool = False

    def __add__(self, other: Counts) -> Counts:  # type: ignore[override]
        containers, strings, values, keys, long = map(operator.add, self, other)
        return Counts(containers, strings, values, keys, bool(long))


def counted(text: bytes) -> Counts:
    """The counts of JSON; of anything else, those of what a parser reads before it finds out.

    About a nanosecond and at most ten bytes of memory for each byte of a piece.
    """
    if len(text) <= SHORT:
        return of_text(unescaped(text))
    total, begin, inside = Counts(), 0, False
    while begin < len(text):
        end = len(text)
        if end - begin > PIECE:
            fresh = FRESH.search(text, begin + PIECE, begin + 2 * PIECE)
            if fresh is None:  # a number or backslashes without end: only a slow look will do
                return total._replace(keys=len(text), long=True)
            end = fresh.end()
        piece = unescaped(text[begin:end])
        counts, inside = of_piece(np.frombuffer(piece + bytes(-len(piece) % 64), np.uint8), inside)
        total += counts
        begin = end
    return total


def unescaped(text: bytes) -> bytes:
    """The text without quotes behind a backslash, which end no string, unless that one is escaped itself."""
    return text.replace(b"\\\\", b"  ").replace(b'\\"', b"  ") if b"\\" in text else text


def of_text(text: bytes) -> Counts:
    """The counts of a short text without escaped quotes."""
    parts = text.split(b'"')
    outside = b'"'.join(parts[::2])
    opened = outside.count(b"[") + outside.count(b"{")
    long = DIGITS.search(outside) is not None and INTEGER.search(outside) is not None
    return Counts(opened, len(parts) // 2, opened + outside.count(b","), outside.count(b":"), long)


def of_piece(piece: np.ndarray, inside: bool) -> tuple[Counts, bool]:
    """The counts of a multiple of 64 bytes that begins inside of a string or not, and whether it ends so."""
    signs = np.frombuffer(SIGNS, np.uint8)[:, None]
    masks = np.packbits(piece == signs, axis=1, bitorder="little").view(np.uint64)
    quotes = masks[0]
    within = parity(quotes, inside)
    outside = ~within
    strings = int(np.bitwise_count(quotes & within).sum())
    lists, objects, commas, keys = np.bitwise_count(masks[1:] & outside).sum(axis=1).tolist()
    opened = lists + objects
    long = long_integers(piece, np.unpackbits(outside.view(np.uint8), bitorder="little").view(bool))
    return Counts(opened, strings, opened + commas, keys, long), bool(within[-1] >> np.uint64(63))


def parity(words: np.ndarray, odd: bool) -> np.ndarray:
    """For each bit whether an odd number is set up to it, itself included; `odd` is that of what was before."""
    out = words.copy()
    for shift in (1, 2, 4, 8, 16, 32):
        out ^= out << np.uint64(shift)
    last = np.bitwise_xor.accumulate(out >> np.uint64(63))
    before = np.concatenate([[np.uint64(0)], last[:-1]]) ^ np.uint64(odd)
    out ^= np.uint64(0) - before  # all bits of a word where an odd number was before it
    return out


def long_integers(piece: np.ndarray, outside: np.ndarray) -> bool:
    """Whether LONG digits or more stand together, and not as those of a fraction or before one."""
    digits = ((piece - np.uint8(ord("0"))) < 10) & outside
    run, have = digits, 1
    while have < LONG:
        step = min(have, LONG - have)
        if len(run) <= step:
            return False
        run, have = run[:-step] & run[step:], have + step
    if not run.any():
        return False
    first = np.flatnonzero(run & ~np.concatenate([[False], digits[: len(run) - 1]]))
    beyond = np.concatenate([digits[LONG:], [False]])
    last = np.flatnonzero(run & ~beyond)
    before = np.concatenate([[0], piece])[first]
    after = np.concatenate([piece, [0]])[last + LONG]
    return bool(np.any((before != ord(".")) & ~np.isin(after, tuple(b".eE"))))
