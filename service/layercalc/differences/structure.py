"""Which rows of one model are which rows of another that is written in another vocabulary: by modules, then by what
they compute, on which sizes, and between which others.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.differences.alignment import MAX_TABLE, Pairs, common, increasing
from layercalc.modules import joined

Row = dict[str, Any]
Key = Callable[["Graph", int], Hashable]
ALIKE = {  # ops that compute one thing
    **dict.fromkeys(("global_average_pool", "average_pool", "reduce_mean"), "mean"),
    **dict.fromkeys(("global_max_pool", "max_pool", "reduce_max"), "max"),
    **dict.fromkeys(("relu", "maximum", "minimum"), "clip"),
    "subtract": "add",
}
BESIDE = {"bias_add"}  # which is 0 where one vocabulary leaves it out


class Matching(NamedTuple):
    """The rows of both models, runs of them that are one row of the other joined, and the pairs."""

    olds: list[Row]
    news: list[Row]
    pairs: Pairs

    def renumbered(self, rows: tuple[list[Row], list[Row]]) -> "Matching":
        """The same pairs among other rows of these names, some of which stand for several."""
        places = [{row["name"]: place for place, row in enumerate(each)} for each in rows]
        pairs = [(places[0][self.olds[i]["name"]], places[1][self.news[j]["name"]]) for i, j in self.pairs]
        return Matching(*rows, pairs)


def computes(row: Row) -> bool:
    """Whether a row holds parameters or computes; what only moves numbers, or reckons with sizes, does neither."""
    of_sizes = not row["macs"] and row["output_shape"] is not None and len(row["output_shape"]) < 2
    return bool(row["params"] or row["macs"] or row["macs"] is None or (row["flops"] != 0 and not of_sizes))


def arithmetic(row: Row) -> list[str]:
    """The ops with which a row computes, whatever its layer is called; of a report of old that it does."""
    if "ops" not in row:
        return ["some"] if row["flops"] != 0 else []
    return sorted({one["op"] for one in row["ops"] if one["flops"] != 0 or one.get("macs")} - BESIDE)


def kind(row: Row) -> frozenset[str]:
    """The same, those alike that compute one thing."""
    return frozenset(ALIKE.get(op, op) for op in arithmetic(row))


def sizes(shape: Sequence[int | None] | None) -> tuple[int, ...]:
    """The sizes of axes in whatever order, without those of 1 and the batch, which may be left out."""
    return tuple(sorted(n for n in shape or () if n is not None and n != 1))


def main(graph: "Graph", place: int) -> Hashable:
    """What a row is above all: one that multiplies and accumulates, or what it computes."""
    row = graph.rows[place]
    return "macs" if row["macs"] != 0 else kind(row)


def work(graph: "Graph", place: int) -> Hashable:
    """What a row computes, of which sizes."""
    row = graph.rows[place]
    return main(graph, place), sizes(row["output_shape"]), row["macs"]


def weighed(graph: "Graph", place: int) -> Hashable:
    """The same, with the sizes of the weights that are no vectors."""
    weights = graph.rows[place].get("weights") or ()
    return work(graph, place), tuple(sorted(sizes(one["shape"]) for one in weights if len(one["shape"]) > 1))


def placed(graph: "Graph", place: int) -> Hashable:
    """The same, and what it reads."""
    return weighed(graph, place), frozenset(weighed(graph, one) for one in graph.sources[place])


STRICT: tuple[Key, ...] = (placed, weighed, work)
LENIENT: tuple[Key, ...] = (
    lambda graph, place: (main(graph, place), sizes(graph.rows[place]["output_shape"])),
    lambda graph, place: (main(graph, place), bool(graph.rows[place]["params"])),
    main,
)


def matched(olds: list[Row], news: list[Row]) -> Matching:
    """The pairs: by name, in order by what rows are, by their neighbours, and runs that are one row together."""
    olds, news = fed(olds), fed(news)
    there = {row["name"]: j for j, row in enumerate(news)}
    named = [(i, there[row["name"]]) for i, row in enumerate(olds) if row["name"] in there]
    found = Matching(olds, news, [(i, j) for i, j in named if alike(olds[i], news[j])])
    for step in (strictly, with_parts, with_runs, leniently, with_parts):
        found = step(found)
    return found._replace(pairs=sorted(found.pairs, key=lambda pair: pair[1]))


def fed(rows: list[Row]) -> list[Row]:
    """The rows, one that hands a parameter on to a single other as a part of that: one vocabulary has none for it."""
    readers: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for name in dict.fromkeys(row.get("inputs") or ()):
            readers[name].append(row["name"])
    handed: dict[str, list[Row]] = defaultdict(list)  # by the row that reads it
    for row in rows:
        if row["params"] and row["flops"] == 0 and not row.get("inputs") and len(readers[row["name"]]) == 1:
            handed[readers[row["name"]][0]].append(row)
    gone = {one["name"] for some in handed.values() for one in some}
    return [
        joined(row["name"], [*handed[row["name"]], row]) | {"type": row["type"]} if row["name"] in handed else row
        for row in rows
        if row["name"] not in gone
    ]


def strictly(found: Matching) -> Matching:
    """Pair rows that are equal in what they compute, on which sizes, with which weights."""
    sides, pairs = (Graph(found.olds), Graph(found.news)), dict(found.pairs)
    for key in STRICT:
        in_order(sides, pairs, key)
    by_neighbours(sides, pairs)
    return found._replace(pairs=[*pairs.items()])


def leniently(found: Matching) -> Matching:
    """Pair rows that are between the same others and of one kind: layers that were changed."""
    sides, pairs = (Graph(found.olds), Graph(found.news)), dict(found.pairs)
    for key in LENIENT:
        in_order(sides, pairs, key)
    return found._replace(pairs=[*pairs.items()])


def alike(old: Row, new: Row) -> bool:
    """Whether rows of one name may be one layer: both compute or neither does, and not two different things."""
    if not computes(old) or not computes(new):
        return computes(old) == computes(new)
    return (old["macs"] != 0) == (new["macs"] != 0)


class Graph:
    """The rows of one model and what each reads and is read by, rows that only move numbers looked through."""

    def __init__(self, rows: list[Row]):
        self.rows: list[Row] = rows
        places = {row["name"]: place for place, row in enumerate(rows)}
        self.computing = [place for place, row in enumerate(rows) if computes(row)]
        known = set(self.computing)
        seen: list[frozenset[int]] = []  # of every row what of computing rows it hands on
        self.sources: dict[int, frozenset[int]] = {}
        self.readers: dict[int, set[int]] = defaultdict(set)
        for place, row in enumerate(deadline.each(rows)):
            reads = [places[name] for name in row.get("inputs") or () if places.get(name, place) < place]
            found = frozenset().union(*(seen[one] for one in reads)) if len(reads) < MANY else frozenset()
            if place in known:
                self.sources[place] = found
                for source in found:
                    self.readers[source].add(place)
            seen.append(frozenset([place]) if place in known else found if len(found) < MANY else frozenset())


MANY = 64  # sources of one row; what reads more is told apart by them no longer


def in_order(sides: tuple[Graph, Graph], pairs: dict[int, int], key: Key) -> None:
    """Pair rows that stand between the same pairs and have one key, in their order."""
    olds, news = sides
    taken = set(pairs.values())
    kept = increasing(sorted(pairs.items()))
    for (a, b), (c, d) in pairwise([(-1, -1), *kept, (len(olds.rows), len(news.rows))]):
        left = [i for i in between(olds.computing, a, c) if i not in pairs]
        right = [j for j in between(news.computing, b, d) if j not in taken]
        if left and right:
            found = common([key(olds, i) for i in left], [key(news, j) for j in right])
            pairs |= {left[p]: right[q] for p, q in found}
            taken.update(right[q] for _, q in found)


def between(places: list[int], first: int, end: int) -> Iterator[int]:
    return iter(places[bisect_left(places, first + 1) : bisect_left(places, end)])


def by_neighbours(sides: tuple[Graph, Graph], pairs: dict[int, int]) -> None:
    """Pair rows of one key whose neighbours are pairs, wherever they stand: a shortcut may come before its block."""
    olds, news = sides
    taken = set(pairs.values())
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for j in news.computing:
        if j not in taken:
            waiting[work(news, j)].append(j)
    left = [i for i in olds.computing if i not in pairs and work(olds, i) in waiting]
    if len(left) * max(map(len, waiting.values()), default=0) > MAX_TABLE:
        return
    before = len(left) + 1
    while len(left) < before:
        deadline.check()
        before = len(left)
        for i in left:
            around = [{pairs[one] for one in some if one in pairs} for some in (olds.sources[i], olds.readers[i])]
            scores = {
                j: len(around[0] & news.sources[j]) + len(around[1] & news.readers[j])
                for j in waiting[work(olds, i)]
                if j not in taken
            }
            best = max(scores, key=lambda j: scores[j], default=-1)
            if scores.get(best) and [*scores.values()].count(scores[best]) == 1:
                pairs[i] = best
                taken.add(best)
        left = [i for i in left if i not in pairs]


def with_parts(found: Matching) -> Matching:
    """The pairs, a row that alone reads one of a pair joined to it where that makes it what the other is.

    One vocabulary has activations within layers, another in rows of their own.
    """
    sides, pairs = (Graph(found.olds), Graph(found.news)), dict(found.pairs)
    back = {j: i for i, j in pairs.items()}
    parts: tuple[dict[int, int], dict[int, int]] = ({}, {})  # by the row of a pair the one that it is joined with
    for i, j in pairs.items():
        whole = kind(found.olds[i]), kind(found.news[j])
        side, place = (1, j) if whole[0] > whole[1] else (0, i)
        graph, known = sides[side], (pairs, back)[side]
        (part,) = readers if len(readers := graph.readers[place]) == 1 else (-1,)
        rest = whole[1 - side] - whole[side] if whole[side] < whole[1 - side] else None
        if part >= 0 and part not in known and kind(graph.rows[part]) == rest:
            parts[side][place] = part
    rows = [
        [joined(row["name"], [row, graph.rows[part[n]]]) | {"type": row["type"]} if n in part else row
         for n, row in enumerate(graph.rows) if n not in part.values()]
        for graph, part in zip(sides, parts, strict=True)
    ]  # fmt: skip
    return found.renumbered((rows[0], rows[1]))


def with_runs(found: Matching) -> Matching:
    """The pairs, and rows after one pair that are together what one row of the other model is."""
    sides, pairs = (found.olds, found.news), dict(found.pairs)
    back = {j: i for i, j in pairs.items()}
    runs: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})  # by the old row of the pair before
    for side, known in enumerate((pairs, back)):
        last = -1
        for place, row in enumerate(sides[side]):
            if place in known:
                last = place if side == 0 else known[place]
            elif computes(row):
                runs[side].setdefault(last, []).append(place)
    more = dict(pairs)
    whole_of: tuple[dict[int, Row], dict[int, Row]] = ({}, {})  # by the last place of a run the row that it is
    gone: tuple[set[int], set[int]] = (set(), set())
    for last, left in runs[0].items():
        right = runs[1].get(last, [])
        if min(len(left), len(right)) != 1:
            continue
        whole = [joined(rows[run[-1]]["name"], [rows[n] for n in run]) if len(run) > 1 else rows[run[0]]
                 for rows, run in zip(sides, (left, right), strict=True)]  # fmt: skip
        if same(*whole) or (whole[0]["macs"] != 0 and whole[1]["macs"] != 0 and works(*whole)):
            more[left[-1]] = right[-1]
            for side, run in enumerate((left, right)):
                whole_of[side][run[-1]] = whole[side]
                gone[side].update(run[:-1])
    made = [
        [whole_of[side].get(n, row) for n, row in enumerate(rows) if n not in gone[side]]
        for side, rows in enumerate(sides)
    ]
    return found._replace(pairs=[*more.items()]).renumbered((made[0], made[1]))


def same(old: Row, new: Row) -> bool:
    """Whether two rows multiply as often, hold as much and give the same sizes, as far as these are known."""
    return works(old, new) and holds(old, new)


def works(old: Row, new: Row) -> bool:
    """Whether two rows multiply as often and give the same sizes: one of the results, of which each may have others."""
    shapes = [row.get("output_shapes") or [row["output_shape"] or []] for row in (old, new)]
    equal = old["macs"] == new["macs"] or None in (old["macs"], new["macs"])
    return equal and any(fit(was, now) for was in shapes[0] for now in shapes[1])


def fit(old: Sequence[int | None], new: Sequence[int | None]) -> bool:
    """Whether two shapes may be of the same sizes, in whatever order, axes of 1 left out."""
    was, now = Counter(sizes(old)), Counter(sizes(new))
    return (was - now).total() <= new.count(None) and (now - was).total() <= old.count(None)


def holds(old: Row, new: Row) -> bool:
    """Whether two rows hold as many numbers: statistics are parameters in one vocabulary, buffers in another."""
    return not held(old).isdisjoint(held(new))


def held(row: Row) -> set[int | None]:
    """How many parameters a row may be said to have; PyTorch's BatchNorm counts its batches in a buffer of one."""
    params, buffers = row["params"], row.get("buffers") or 0
    return {params} if params is None else {params, params + buffers, params + max(buffers - 1, 0)}
