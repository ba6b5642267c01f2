"""Which rows of one model are which rows of another: by name, then by what they are and where they stand."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from typing import Any

from layercalc import deadline
from layercalc.layers import vocabulary_of

MAX_TABLE = 400_000  # cells of a table of common subsequences; what is larger is matched by looking ahead
AHEAD = 50  # rows to look ahead then
WIDTHS = (1, 8, 32)  # of runs that may stand only once in a long list

Row = dict[str, Any]
Keys = list[Hashable]
Pairs = list[tuple[int, int]]


def aligned(
    olds: list[Row],
    news: list[Row],
    arguments: Callable[[Row, int], Hashable] | None = None,
    vocabularies: tuple[str, str] = ("keras", "keras"),
) -> Pairs:
    """Pairs of row numbers that are the same layer, of two models in those vocabularies.

    A name that was given is the same layer wherever it stands. Between those, in order: rows that are equal, that have
    equal arguments, that give the same shape, that are of one type. `arguments` is of a row of side 0 or 1, or nothing
    where they are not known.
    """
    was, now = vocabularies
    there = {row["name"]: j for j, row in enumerate(news) if given(row, now)}
    named = {i: there[row["name"]] for i, row in enumerate(olds) if given(row, was) and row["name"] in there}
    kept = increasing(sorted(named.items()))
    taken = set(named.values())
    pairs = list(named.items())
    bounds = [(-1, -1), *kept, (len(olds), len(news))]
    gaps = []
    for (a, b), (c, d) in pairwise(bounds):
        gap = [i for i in range(a + 1, c) if i not in named], [j for j in range(b + 1, d) if j not in taken]
        gaps.append(gap)
    told = [
        [arguments(row, side) if arguments else shape(row) for row in rows] for side, rows in enumerate((olds, news))
    ]
    levels: list[Callable[[Row, int, int], Hashable]] = [
        lambda row, side, n: (row["type"], told[side][n], shape(row), row["params"], row["flops"]),
        lambda row, side, n: (row["type"], told[side][n]),
        lambda row, side, n: (row["type"], shape(row)),
        lambda row, side, n: row["type"],
    ]
    for level in levels:
        rest = []
        for left, right in gaps:
            keys = [level(olds[i], 0, i) for i in left], [level(news[j], 1, j) for j in right]
            found = common(*keys)
            pairs += [(left[i], right[j]) for i, j in found]
            ends = [(-1, -1), *found, (len(left), len(right))]
            for (a, b), (c, d) in pairwise(ends):
                if c > a + 1 and d > b + 1:
                    rest.append((left[a + 1 : c], right[b + 1 : d]))
        gaps = rest
    return sorted(pairs, key=lambda pair: pair[1])


def shape(row: Row) -> Hashable:
    return tuple(row["output_shape"] or ())


def given(row: Row, vocabulary: str) -> bool:
    """Whether a name is other than the one that the vocabulary gives a layer without one."""
    known = vocabulary_of(vocabulary)
    last = row["name"].rsplit("/", 1)[-1].split("@")[0]
    return known is None or re.fullmatch(rf"{re.escape(known.unnamed(row['type']))}(_\d+)?", last) is None


def common(a: Keys, b: Keys) -> Pairs:
    """A long common subsequence of two lists, as pairs of positions.

    First what both have at their ends, then what stands once in each (alone, or with what follows it), then by a table.
    """
    numbers: dict[Hashable, int] = {}
    left, right = ([numbers.setdefault(key, len(numbers)) for key in keys] for keys in (a, b))
    found: Pairs = []
    waiting = [(0, len(left), 0, len(right))]
    while waiting:
        deadline.check()
        i, m, j, n = waiting.pop()
        while i < m and j < n and left[i] == right[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        while i < m and j < n and left[m - 1] == right[n - 1]:
            m, n = m - 1, n - 1
            found.append((m, n))
        if i == m or j == n:
            continue
        one, other = left[i:m], right[j:n]
        small = len(one) * len(other) <= MAX_TABLE
        anchors = next(filter(None, (unique(one, other, width) for width in ((1,) if small else WIDTHS))), [])
        if anchors:
            ends = [(-1, -1), *anchors, (len(one), len(other))]
            found += [(i + p, j + q) for p, q in anchors]
            waiting += [(i + p + 1, i + r, j + q + 1, j + s) for (p, q), (r, s) in pairwise(ends)]
        else:
            found += [(i + p, j + q) for p, q in (tabled if small else ahead)(one, other)]
    return sorted(found)


def unique(a: list[int], b: list[int], width: int) -> Pairs:
    """What stands once in each list with what follows it, `width` in all, as far as it stands in the same order."""
    runs, others = ([tuple(keys[p : p + width]) for p in range(len(keys) - width + 1)] for keys in (a, b))
    once, counts = Counter(runs), Counter(others)
    where = {run: q for q, run in enumerate(others) if counts[run] == 1}
    return increasing([(p, where[run]) for p, run in enumerate(runs) if once[run] == 1 and run in where])


def increasing(pairs: Sequence[tuple[int, int]]) -> Pairs:
    """The longest part of pairs in order of the first whose second increases too."""
    tails: list[int] = []
    ends: list[int] = []
    back: list[int] = []
    for index, (_, j) in enumerate(pairs):
        at = bisect_left(tails, j)
        back.append(ends[at - 1] if at else -1)
        tails[at : at + 1], ends[at : at + 1] = [j], [index]
    out: Pairs = []
    index = ends[-1] if ends else -1
    while index >= 0:
        out.append(pairs[index])
        index = back[index]
    return out[::-1]


def tabled(a: list[int], b: list[int]) -> Pairs:
    """The longest common subsequence, by the table."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        row, below = table[i], table[i + 1]
        for j in range(len(b) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if a[i] == b[j] else max(below[j], row[j + 1])
    out, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            out.append((i, j))
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    return out


def ahead(a: list[int], b: list[int]) -> Pairs:
    """A common subsequence, each taken at its next place if that is not far."""
    spots: dict[int, list[int]] = defaultdict(list)
    for j, key in enumerate(b):
        spots[key].append(j)
    out: Pairs = []
    last_i = last_j = -1
    for i, key in enumerate(a):
        listed = spots.get(key, [])
        at = bisect_right(listed, last_j)
        if at < len(listed) and listed[at] - last_j <= i - last_i + AHEAD:
            out.append((i, listed[at]))
            last_i, last_j = i, listed[at]
    return out
