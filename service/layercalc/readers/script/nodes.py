"""The nodes of a text by class: what asks for the imports, the calls or the names of a text does not walk it again."""

import ast
from collections.abc import Collection
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
FIELDS: dict[type, tuple[str, ...]] = {ast.Constant: (), ast.Name: ()}


def fields_of(kind: type) -> tuple[str, ...]:
    """The fields of a class of nodes that may hold others; a name or the like, which stands among nodes, has none."""
    if kind not in FIELDS:
        FIELDS[kind] = tuple(name for name in getattr(kind, "_fields", ()) if name not in NAMES)
    return FIELDS[kind]


class Nodes:
    """All nodes below a tree, found in one walk, in the order of `ast.walk`."""

    def __init__(self, tree: ast.AST):
        self.tree: Any = tree
        self.every: list[Any] = [tree]  # and what else stands in lists of nodes, None or a name
        self.by_class: dict[type, list[Any]] = {}
        self.found: dict[tuple[type, ...], list[Any]] = {}
        for node in self.every:
            kind = type(node)
            if kind in self.by_class:
                self.by_class[kind].append(node)
            else:
                self.by_class[kind] = [node]
            for name in FIELDS[kind] if kind in FIELDS else fields_of(kind):
                value = node.__dict__.get(name)
                if type(value) is list:
                    self.every += value
                elif value is not None:
                    self.every.append(value)

    def of(self, *classes: type[ast.AST]) -> list[Any]:
        """The nodes of these classes."""
        if len(classes) == 1:
            return self.by_class.get(classes[0], [])
        if classes not in self.found:
            self.found[classes] = [node for node in self.every if type(node) in classes]
        return self.found[classes]

    def first(self, some: Collection[Any]) -> Any:
        """The first of some of the nodes; None if there are none."""
        return min(some, key=self.every.index, default=None)
