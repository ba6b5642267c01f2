"""The nodes of a text by class: what asks for the imports, the calls or the names of a text does not walk it again."""

import ast
from typing import Any

PLAIN = {int, str, type(None), ast.Load, ast.Store, float, bool}  # of what a node holds: no node, or one without parts


class Nodes:
    """All nodes below a tree, found in one walk, in the order of `ast.walk`."""

    def __init__(self, tree: ast.Module):
        self.tree = tree
        self.by_class: dict[type[ast.AST], list[tuple[int, Any]]] = {}
        self.found: dict[tuple[type[ast.AST], ...], list[Any]] = {}
        waiting: list[ast.AST] = [tree]
        for number, node in enumerate(waiting):
            self.by_class.setdefault(type(node), []).append((number, node))
            for value in vars(node).values():
                kind = type(value)
                if kind in PLAIN:
                    continue
                if kind is list:
                    waiting += [one for one in value if isinstance(one, ast.AST)]
                elif isinstance(value, ast.AST):
                    waiting.append(value)

    def of(self, *classes: type[ast.AST]) -> list[Any]:
        """The nodes of these classes."""
        if classes not in self.found:
            pairs = [pair for one in classes for pair in self.by_class.get(one, ())]
            self.found[classes] = [node for _, node in sorted(pairs, key=lambda pair: pair[0])]
        return self.found[classes]
