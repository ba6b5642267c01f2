"""The nodes of a text by class: what asks for the imports, the calls or the names of a text does not walk it again."""

import ast
from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import chain, compress
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


class Fields(dict[type, tuple[str, ...]]):
    """The fields of a class of nodes that may hold others; a name or the like, which stands among nodes, has none."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        self[kind] = tuple(name for name in getattr(kind, "_fields", ()) if name not in NAMES)
        return self[kind]


class ByClass(dict[type, list[Any]]):
    """The nodes of each class."""

    def __missing__(self, kind: type) -> list[Any]:
        self[kind] = []
        return self[kind]


FIELDS = Fields({ast.Constant: (), ast.Name: ()})


class Nodes:
    """All nodes below a tree, found in one walk, in the order of `ast.walk`."""

    def __init__(self, tree: ast.AST):
        self.tree: Any = tree
        self.every: list[Any] = [tree]  # and what else stands in lists of nodes, None or a name
        self.by_class = ByClass()
        self.found: dict[tuple[type, ...], list[Any]] = {}
        every, places = self.every, dict[type, tuple[tuple[str, ...], list[Any]]]()
        for node in every:
            kind = type(node)
            if kind not in places:
                places[kind] = FIELDS[kind], self.by_class[kind]
            fields, found = places[kind]
            found.append(node)
            if fields:
                held = node.__dict__
                for name in fields:
                    if name in held:
                        value = held[name]
                        if type(value) is list:
                            every += value
                        elif value is not None:
                            every.append(value)

    def of(self, *classes: type[ast.AST]) -> list[Any]:
        """The nodes of these classes."""
        some = [self.by_class[kind] for kind in classes if kind in self.by_class]
        if len(some) < 2:
            return some[0] if some else []
        if classes not in self.found:
            self.found[classes] = list(compress(self.every, map(set(classes).__contains__, map(type, self.every))))
        return self.found[classes]

    def each(self, *classes: type[ast.AST]) -> Iterator[Any]:
        """The same, class by class."""
        return chain.from_iterable(self.by_class.get(kind, ()) for kind in classes)

    @cached_property
    def ids(self) -> set[str]:
        """The names that are read or bound as such, each once: most questions are about a few words."""
        return {node.id for node in self.of(ast.Name)}

    @cached_property
    def attrs(self) -> set[str]:
        """The names behind a dot, each once."""
        return {node.attr for node in self.of(ast.Attribute)}

    def first(self, some: Collection[Any]) -> Any:
        """The first of some of the nodes; None if there are none."""
        return min(some, key=self.every.index, default=None)
