"""A network as boxes and arrows: what Mermaid and Graphviz draw of a report, and of two that differ."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from layercalc import deadline
from layercalc.formats.formulas import CELL, amount, output_sizes, shape_of, sizes_of
from layercalc.formats.verdict_tables import plain, signed
from layercalc.modules import containers

if TYPE_CHECKING:
    from layercalc.differences import Comparison

SMALL = 40  # boxes that a comment has room for
DEEPEST = 8  # models inside one another that are drawn so
INPUT, LAYER, ADDED, REMOVED, CHANGED = "input", "layer", "added", "removed", "changed"


Tree = dict[tuple[str, str], Any]  # ("model", its name) → a tree, ("box", its key) → None


class Node(NamedTuple):
    """A box: the lines in it, the first of them a name, and what it is."""

    lines: list[str]
    kind: str
    inside: tuple[str, ...] | None = None  # the models or modules around it, where its name does not say


class Edge(NamedTuple):
    """An arrow from a box to another, by their keys, and the shape that goes along it."""

    source: str
    target: str
    shape: str


@dataclass
class Drawing:
    """Boxes by a key, arrows between them, and whether each arrow is one of before only."""

    title: str
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)

    def connect(self, row: dict[str, Any], sources: Iterable[str], target: str) -> None:
        """Arrows to the box of a row; a source that is not drawn has none."""
        shapes = row.get("input_shapes") or ()
        formulas = row.get("input_formulas") or [None] * len(shapes)
        for index, source in enumerate(sources):
            if source in self.nodes:
                shape = sizes(sizes_of(shapes[index], formulas[index])) if index < len(shapes) else ""
                self.edges.append(Edge(source, target, shape))

    def identifiers(self) -> dict[str, str]:
        """A short name for each box, in which nothing of the client's stands."""
        return {key: f"n{index}" for index, key in enumerate(self.nodes)}

    def nested(self) -> "Tree":
        """The keys of the boxes by the models that hold them: a mapping is a model, None a box."""
        tree: Tree = {}
        for key, node in self.nodes.items():
            outer = node.lines[0].split("/")[:-1] if node.inside is None else node.inside
            inside: Any = tree
            for name in outer[:DEEPEST]:
                inside = inside.setdefault(("model", name), {})
            inside[("box", key)] = None
        return tree


def sizes(shape: Sequence[int | str | None] | None) -> str:
    """A shape without its batch, as it stands beside an arrow: 28 × 28 × 32, ⌈H/2⌉ × ⌈W/2⌉ × 32."""
    if not shape:
        return ""
    return " × ".join("?" if one is None else str(one) for one in shape[1:]) or "scalar"


def drawn_report(report: dict[str, Any]) -> Drawing:
    """A report: its inputs, a box for each row, and the shapes between them."""
    out = Drawing(report["model"]["name"])
    for one in report["inputs"]:
        out.nodes[one["name"]] = Node([one["name"], sizes(shape_of(one))], INPUT)
    around = modules_around(report["layers"])
    for row in deadline.each(report["layers"]):
        lines = [row["name"], row["type"], *cost(row), sizes(output_sizes(row))]
        out.nodes[row["name"]] = Node(lines, LAYER, around.get(row["name"]))
    for row in deadline.each(report["layers"]):
        out.connect(row, row.get("inputs") or (), row["name"])
    return out


def sketched(report: dict[str, Any], was: dict[str, Any] | None = None) -> dict[str, Any]:
    """`drawing`: a small model in Mermaid, what changed since an earlier report marked; nothing of a large one."""
    from layercalc.differences import compared, side
    from layercalc.formats.mermaid import mermaid

    if not all(0 < len(one["layers"]) <= SMALL for one in (report, was) if one is not None):
        return {}
    if was is None:
        return {"drawing": mermaid(drawn_report(report))}
    return {"drawing": mermaid(drawn_difference(compared(side(was), side(report))))}


def modules_around(rows: Sequence[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The modules around each row, by its name, those of one row alone left out; nothing where there are none."""
    paths = {row["name"]: containers(row.get("module", "")) for row in rows}
    if not any(paths.values()):
        return {}
    members = Counter(path for held in paths.values() for path in held)
    return {name: tuple(path for path in held if members[path] > 1) for name, held in paths.items()}


def cost(row: dict[str, Any]) -> Iterator[str]:
    if row["params"] or "params" in row.get("formulas", {}):
        yield f"{amount(row, 'params', room=CELL)} params"


def drawn_difference(comparison: "Comparison") -> Drawing:
    """The network as it is now, what was added and changed marked, and what is gone where it stood."""
    found, before, after, pairs = comparison
    out = drawn_report(after.report)
    changes = {one["after"]: one for one in found["layers"] if one["after"] is not None}
    for key, one in changes.items():
        node = out.nodes[key]
        out.nodes[key] = Node([*node.lines, *differences(one)], one["change"], node.inside)
    olds, news = before.report["layers"], after.report["layers"]
    now = {olds[i]["name"]: news[j]["name"] for i, j in pairs}
    ends = zip(before.report["inputs"], after.report["inputs"], strict=False)
    now |= {old["name"]: new["name"] for old, new in ends}
    told = {one["before"] for one in found["layers"] if one["change"] == REMOVED}
    gone = [row for row in olds if row["name"] in told]
    now |= {row["name"]: f"{row['name']} (before)" for row in gone}
    for row in gone:
        shape = sizes(output_sizes(row))
        out.nodes[now[row["name"]]] = Node([row["name"], row["type"], *cost(row), shape], REMOVED)
    for row in gone:
        sources = [now.get(name, "") for name in row.get("inputs") or ()]
        out.connect(row, sources, now[row["name"]])
    return out


def differences(one: dict[str, Any]) -> Iterator[str]:
    """What changed about a box, in lines."""
    if one["change"] == CHANGED:
        yield from (f"{key}: {plain(a)} → {plain(b)}" for key, (a, b) in one["fields"].items())
        if delta := one["deltas"].get("params"):
            yield f"params {signed(delta)}"
