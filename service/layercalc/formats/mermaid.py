"""A drawing as Mermaid, which GitHub and GitLab draw where a comment holds it in a fence.

Every text is in quotes, and what is no letter, digit or plain sign in it is Mermaid's own escape of its code point.
"""

import re
from collections.abc import Iterator

from layercalc.escapes import printable
from layercalc.formats.drawing import ADDED, CHANGED, INPUT, REMOVED, Drawing, Tree

# Okabe and Ito's colours, which the colour-blind tell apart; what is gone is dashed too
STYLES = {
    INPUT: "fill:#f3f4f6,stroke:#6b7280,color:#111827",
    ADDED: "fill:#d7f0e7,stroke:#009e73,stroke-width:2px,color:#111827",
    REMOVED: "fill:#f9e3d5,stroke:#d55e00,stroke-width:2px,stroke-dasharray:4 3,color:#111827",
    CHANGED: "fill:#dbeaf5,stroke:#0072b2,stroke-width:2px,color:#111827",
}
SPECIAL = re.compile(r"[^\w ×→·().,:+-]")


def mermaid(drawing: Drawing) -> str:
    """A flowchart from top to bottom; nested models are boxes around their layers."""
    names = drawing.identifiers()
    lines = ["flowchart TD", *boxes(drawing, names, drawing.nested(), "  ", [])]
    for edge in drawing.edges:
        label = f"|{quoted([edge.shape])}|" if edge.shape else ""
        lines.append(f"  {names[edge.source]} -->{label} {names[edge.target]}")
    for kind, style in STYLES.items():
        if members := [names[key] for key, node in drawing.nodes.items() if node.kind == kind]:
            lines += [f"  classDef {kind} {style}", f"  class {','.join(members)} {kind}"]
    return "\n".join(lines) + "\n"


def boxes(drawing: Drawing, names: dict[str, str], tree: Tree, indent: str, groups: list[None]) -> Iterator[str]:
    """The boxes of a model, those of models inside it in a subgraph; `groups` counts these."""
    for (kind, key), inside in tree.items():
        if kind == "box":
            yield f"{indent}{names[key]}[{quoted(drawing.nodes[key].lines)}]"
        else:
            groups.append(None)
            yield f"{indent}subgraph g{len(groups)}[{quoted([key])}]"
            yield from boxes(drawing, names, inside, f"{indent}  ", groups)
            yield f"{indent}end"


def quoted(lines: list[str]) -> str:
    """A text of several lines that is nothing but text."""
    escaped = (SPECIAL.sub(lambda one: f"#{ord(one[0])};", printable(line)) for line in lines if line)
    return '"' + "<br>".join(escaped) + '"'
