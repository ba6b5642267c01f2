"""The nodes of a text by class: what asks for the imports, the calls or the names of a text does not walk it again."""

import ast
from typing import Any

NAMES = frozenset(
    [
        "ctx",
        "id",
        "attr",
        "arg",
        "asname",
        "module",
        "level",
        "type_comment",
        "kind",
        "simple",
        "is_async",
        "conversion",
    ]
)  # fields that hold no node, or one that says nothing
FIELDS: dict[type[ast.AST], tuple[str, ...]] = {ast.Constant: ()}


def fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a class of nodes that may hold others."""
    if kind not in FIELDS:
        FIELDS[kind] = tuple(name for name in kind._fields if name not in NAMES)
    return FIELDS[kind]


class Nodes:
    """All nodes below a tree, found in one walk, in the order of `ast.walk`."""

    def __init__(self, tree: ast.Module):
        self.tree = tree
        self.by_class: dict[type[ast.AST], list[tuple[int, Any]]] = {}
        self.found: dict[tuple[type[ast.AST], ...], list[Any]] = {}
        waiting: list[ast.AST] = [tree]
        for number, node in enumerate(waiting):
            kind = type(node)
            pairs = self.by_class.get(kind)
            if pairs is None:
                pairs = self.by_class[kind] = []
            pairs.append((number, node))
            for name in fields_of(kind):
                value = node.__dict__.get(name)
                if not value:
                    continue
                if type(value) is list:
                    waiting += [one for one in value if isinstance(one, ast.AST)]
                elif isinstance(value, ast.AST):
                    waiting.append(value)

    def of(self, *classes: type[ast.AST]) -> list[Any]:
        """The nodes of these classes."""
        if classes not in self.found:
            pairs = [pair for one in classes for pair in self.by_class.get(one, ())]
            self.found[classes] = [node for _, node in sorted(pairs, key=lambda pair: pair[0])]
        return self.found[classes]
