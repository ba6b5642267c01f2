"""A drawing in the language of Graphviz, for `dot -Tsvg`."""

from collections.abc import Iterator

from layercalc.escapes import printable
from layercalc.formats.drawing import ADDED, CHANGED, INPUT, REMOVED, Drawing, Tree

STYLES = {
    INPUT: 'style="rounded,filled", fillcolor="#f3f4f6"',
    ADDED: 'style="filled", fillcolor="#d7f0e7", color="#009e73", penwidth=2',
    REMOVED: 'style="filled,dashed", fillcolor="#f9e3d5", color="#d55e00", penwidth=2',
    CHANGED: 'style="filled", fillcolor="#dbeaf5", color="#0072b2", penwidth=2',
}


def dot(drawing: Drawing) -> str:
    """A digraph; nested models are clusters."""
    names = drawing.identifiers()
    lines = [
        f"digraph {quoted([drawing.title])} {{",
        '  node [shape=box, fontname="Helvetica", fontsize=11]',
        '  edge [fontname="Helvetica", fontsize=9]',
        *boxes(drawing, names, drawing.nested(), "  ", []),
    ]
    for edge in drawing.edges:
        label = f" [label={quoted([edge.shape])}]" if edge.shape else ""
        lines.append(f"  {names[edge.source]} -> {names[edge.target]}{label}")
    return "\n".join([*lines, "}"]) + "\n"


def boxes(drawing: Drawing, names: dict[str, str], tree: Tree, indent: str, groups: list[None]) -> Iterator[str]:
    """The boxes of a model, those of models inside it in a cluster; `groups` counts these."""
    for (kind, key), inside in tree.items():
        if kind == "box":
            node = drawing.nodes[key]
            style = f", {STYLES[node.kind]}" if node.kind in STYLES else ""
            yield f"{indent}{names[key]} [label={quoted(node.lines)}{style}]"
        else:
            groups.append(None)
            yield f"{indent}subgraph cluster_{len(groups)} {{"
            yield f"{indent}  label={quoted([key])}"
            yield from boxes(drawing, names, inside, f"{indent}  ", groups)
            yield f"{indent}}}"


def quoted(lines: list[str]) -> str:
    r"""A text of several lines; a backslash is doubled, since `\N` would stand for the box's own name."""
    escaped = (printable(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines if line)
    return '"' + "\\n".join(escaped) + '"'
