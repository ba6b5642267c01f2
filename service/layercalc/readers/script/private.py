"""Private names: inside a class, `__name` is `_Class__name`, wherever it is written."""

import ast
from typing import Any

from layercalc.readers.script.nodes import Nodes

WRITTEN: dict[type[ast.AST], str] = {  # the field that holds a name, beside those that `Nodes` has found
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.ClassDef: "name",
    ast.arg: "arg",
    ast.alias: "asname",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.MatchMapping: "rest",
}
FIELDS = WRITTEN | {ast.Attribute: "attr", ast.Name: "id"}


def private(name: Any) -> bool:
    return type(name) is str and name[:2] == "__" and name[-2:] != "__" and "." not in name


def mangled(name: Any, cls: str) -> Any:
    """The name that a private name of a class stands for; a class of underscores alone has none."""
    return f"_{stem}{name}" if private(name) and (stem := cls.lstrip("_")) else name


def mangle(nodes: Nodes) -> None:
    """Write out the private names in the classes of a text."""
    classes = [(node, node.name) for node in nodes.of(ast.ClassDef)]
    if not classes:
        return
    others = {node.__dict__.get(field) for kind, field in WRITTEN.items() for node in nodes.of(kind)}
    declared = {name for node in nodes.of(ast.Global, ast.Nonlocal) for name in node.names}
    if any(map(private, nodes.ids | nodes.attrs | others | declared)):
        for node, name in classes:
            rename(node, name)


def rename(owner: ast.ClassDef, cls: str) -> None:
    """Write out what is private to a class in its body; what stands in a class inside is that one's."""
    waiting: list[ast.AST] = list(owner.body)
    while waiting:
        node = waiting.pop()
        field = FIELDS.get(type(node))
        if field is not None and private(name := node.__dict__.get(field)):
            node.__dict__[field] = mangled(name, cls)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [mangled(name, cls) for name in node.names]
        if type(node) is ast.ClassDef:
            waiting += [*node.bases, *node.keywords, *node.decorator_list]
        else:
            waiting += ast.iter_child_nodes(node)
