"""What the tree of a text tells before it is followed: slips in names, and what callbacks do with their model."""

import ast
from typing import Any

from layercalc.layers.keras.base import KERAS
from layercalc.readers.code_names import CHANGES, MODEL_METHODS, PASSIVE_ATTRIBUTES, PASSIVE_METHODS
from layercalc.readers.keras.script.names import BARE, LIBRARIES, OF_LAYERS
from layercalc.readers.script import Opaque
from layercalc.readers.script.values import Class, Function

SAFE = PASSIVE_METHODS | PASSIVE_ATTRIBUTES | MODEL_METHODS


def methods_in(values: list[Any]) -> list[Function]:
    """The methods of classes of the text that something unknown among the values may be of."""
    found: list[Function] = []
    pending, seen = list(values), set()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one) is Opaque:
            pending += [*one.holds, *([one.root] if one.root is not None else [])]
        elif isinstance(one, list | tuple):
            pending += one
        elif type(one) is Class and not one.builtin:
            found += [each for each in one.attrs.values() if type(each) is Function]
    return found


def slips(tree: ast.Module) -> dict[str, ast.AST]:
    """Roots of `tk.keras.layers.Dense` that nothing binds, with the first use of each."""
    bound = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)}
    bound |= {
        (x.asname or x.name).partition(".")[0]
        for one in ast.walk(tree)
        if isinstance(one, ast.Import | ast.ImportFrom)
        for x in one.names
    }
    found: dict[str, ast.AST] = {}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and KERAS.get(node.attr) is not None
            and isinstance(node.value, ast.Attribute)
        ):
            root: ast.expr = node
            while isinstance(root, ast.Attribute):
                root = root.value
            if (
                node.value.attr in OF_LAYERS
                and isinstance(root, ast.Name)
                and root.id not in {*bound, *BARE, *LIBRARIES, "self"}
            ):
                found.setdefault(root.id, root)
    return found


def changes_model(node: ast.AST) -> bool:
    """Whether a method of a callback does with `self.model` what may change it."""
    above = {id(child): one for one in ast.walk(node) for child in ast.iter_child_nodes(one)}
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and one.attr == "model":
            parent = above.get(id(one))
            if not isinstance(parent, ast.Attribute) or parent.attr not in SAFE or parent.attr in CHANGES:
                return True
    return False
