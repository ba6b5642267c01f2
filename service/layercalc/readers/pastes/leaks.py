"""The names that list comprehensions of Python 2 left behind: what reads one that it may have changed is refused."""

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from layercalc import deadline
from layercalc.readers.pastes.source import fault_at

OF_THEIR_OWN = ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.Lambda  # what sets names for itself only
FUNCTIONS = ast.FunctionDef | ast.Lambda


def refuse_leaks(tree: ast.Module) -> None:
    """A fault at the first name that may have what a list comprehension had last, where Python 3 has another value."""
    Scope(frozenset()).block(tree.body)


class Scope(ast.NodeVisitor):
    """One scope, followed as it runs: `left` are the names that a list comprehension may have set last.

    Both ways of a branch are followed, and a loop as if it had been passed once before. `around` are the names that
    comprehensions of the scopes around leave at any time.
    """

    def __init__(self, around: frozenset[str]):
        self.around = around
        self.left: set[str] = set()

    def block(self, body: Sequence[ast.AST]) -> None:
        self.around |= left_in(body)
        for node in body:
            self.visit(node)

    def visit(self, node: ast.AST) -> None:
        deadline.check()
        super().visit(node)

    def all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.left.discard(node.id)
        elif node.id in self.left:
            refuse(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.all([node.value, *node.targets])

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id in self.left:
            refuse(node.target)
        self.all([node.value, node.target])

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self.ways(node.body, node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self.left |= left_in([node])
        self.visit(node.test)
        self.ways(node.body, ())
        self.all(node.orelse)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.left |= left_in(node.body)
        self.ways((node.target, *node.body), ())
        self.all(node.orelse)

    def visit_Try(self, node: ast.Try) -> None:
        self.ways((*node.body, *node.orelse), ())
        self.left |= left_in(node.body)
        self.ways(*([handler] for handler in node.handlers), ())
        self.all(node.finalbody)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.all([*node.decorator_list, *node.bases])
        before = set(self.left)
        self.all(node.body)
        self.left = before

    def ways(self, *bodies: Sequence[ast.AST]) -> None:
        """Follow each of them from here; what one of them leaves may be left."""
        before, after = self.left, set[str]()
        for body in bodies:
            self.left = set(before)
            self.all(body)
            after |= self.left
        self.left = after

    def visit_ListComp(self, node: Any) -> None:
        """Its own names are set inside of it; those of a list stay."""
        own = {one.id for each in node.generators for one in ast.walk(each.target) if isinstance(one, ast.Name)}
        hidden = self.left & own
        for number, each in enumerate(node.generators):
            self.visit(each.iter)
            if not number:
                self.left -= own
            self.all(each.ifs)
        self.all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self.left |= own if isinstance(node, ast.ListComp) else hidden

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815

    def visit_FunctionDef(self, node: Any) -> None:
        """A body runs later: of the names that it does not set itself any that is left around may be changed."""
        self.all([*getattr(node, "decorator_list", ()), *node.args.defaults])
        body = node.body if isinstance(node.body, list) else [node.body]
        inner = Scope(self.around - bound_in(node))
        inner.left = set(inner.around)
        inner.block(body)

    visit_Lambda = visit_FunctionDef  # noqa: N815


def left_in(body: Iterable[ast.AST]) -> frozenset[str]:
    """The names that the list comprehensions of a scope set, and those of no function in it."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, FUNCTIONS):
            continue
        if isinstance(node, ast.ListComp):
            found |= {one.id for each in node.generators for one in ast.walk(each.target) if isinstance(one, ast.Name)}
        waiting += ast.iter_child_nodes(node)
    return frozenset(found)


def bound_in(node: Any) -> set[str]:
    """The names that a function sets, its arguments included, and not by `global`."""
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    out, shared = {one.arg for one in every}, set()
    waiting: list[Any] = list(node.body) if isinstance(node.body, list) else [node.body]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Global):
            shared |= set(one.names)
        elif isinstance(one, ast.FunctionDef | ast.ClassDef):
            out.add(one.name)
            continue
        elif isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load):
            out.add(one.id)
        waiting += [] if isinstance(one, OF_THEIR_OWN) else ast.iter_child_nodes(one)
    return out - shared


def refuse(node: ast.Name) -> None:
    told = f"Python 2 left in {node.id!r} what a list comprehension had last; use another name there."
    raise fault_at(node, told)
