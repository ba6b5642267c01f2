"""What a tree means in a text that only Python 2 could run: integers are divided without a rest, lists stay lists."""

import ast
from typing import Any

from layercalc import deadline
from layercalc.readers.pastes.leaks import refuse_leaks
from layercalc.readers.pastes.source import Source, fault_at

FUNCTIONS = """
def quotient(a, b):
    return a // b if isinstance(a, int) and isinstance(b, int) else a / b
def away_from_zero(x):
    return float(int(x + 0.5)) if x >= 0 else -float(int(0.5 - x))
"""
OURS = "."  # before a name of ours, which no text can have
RENAMED = {
    "long": "int",
    "unicode": "str",
    "basestring": "str",
    "unichr": "chr",
    "raw_input": "input",
    "execfile": "exec",
}
LISTS = frozenset({"map", "filter", "zip", "range"})
SIMPLE = ast.Name | ast.Constant
BEGINS_WITH: dict[type[ast.AST], str] = {
    ast.BinOp: "left", ast.Compare: "left", ast.BoolOp: "values", ast.Tuple: "elts", ast.IfExp: "body",
    ast.Subscript: "value", ast.Attribute: "value", ast.Call: "func",
}  # fmt: skip
LOOPS = ast.For | ast.comprehension


def marked(tree: ast.Module, line: int) -> ast.Module:
    """The tree, noting which statement of it only Python 2 could read: the one that a line is in."""
    telling: Any = next((one for one in tree.body if (one.end_lineno or line) >= line), None)
    if telling is not None:
        telling.python2 = True
    return tree


def meant(tree: ast.Module) -> ast.Module:
    """The tree of a text of Python 2 as Python 3 has to read it to do the same."""
    nodes = list(deadline.each(ast.walk(tree)))
    future = [one for one in nodes if isinstance(one, ast.ImportFrom) and one.module == "__future__"]
    whole = any(each.name == "division" for one in future for each in one.names)
    bound = {name for one in nodes for name in names_bound(one)}
    looped = {id(one.iter) for one in nodes if isinstance(one, LOOPS)}
    if any(isinstance(one, ast.ListComp) for one in nodes):
        refuse_leaks(tree)
    tree = Meaning(not whole, bound, looped).visit(tree)
    tree.body[:0] = functions(tree.body[0]) if tree.body else []
    return tree


def evidence(tree: ast.Module) -> ast.stmt | None:
    """A statement of a text that only Python 2 could read."""
    return next((one for one in tree.body if "python2" in one.__dict__), None)


def names_bound(node: ast.AST) -> list[str]:
    """The names that a node binds."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(one.asname or one.name).partition(".")[0] for one in node.names]
    return []


class Meaning(ast.NodeTransformer):
    """Writes what Python 2 did in the place of what Python 3 would."""

    def __init__(self, divides: bool, bound: set[str], looped: set[int]):
        self.divides, self.bound, self.looped = divides, bound, looped

    def visit(self, node: ast.AST) -> Any:
        deadline.check()
        return super().visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in RENAMED and node.id not in self.bound:
            node.id = RENAMED[node.id]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """`print (a) % b` prints what stands behind the name, all of it."""
        owner, first = None, node.value
        while not isinstance(first, ast.Call) and (field := BEGINS_WITH.get(type(first))):
            value = getattr(first, field)
            owner, first = (first, field), value[0] if isinstance(value, list) else value
        if owner and isinstance(first, ast.Call) and isinstance(first.func, ast.Name) and first.func.id == "print":
            shown: ast.expr = ast.copy_location(ast.Tuple(first.args, ast.Load()), first)
            shown = first.args[0] if len(first.args) == 1 else shown
            before = getattr(*owner)
            setattr(*owner, [shown, *before[1:]] if isinstance(before, list) else shown)
            first.args = [node.value]
            node.value = first
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return self.quotient(node, node.left, node.right) if isinstance(node.op, ast.Div) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div) or not self.divides or fraction(node.value):
            return node
        target = node.target
        parts = [] if isinstance(target, ast.Name) else [target.value, getattr(target, "slice", target.value)]
        if not all(isinstance(one, SIMPLE) for one in parts):
            told = "Python 2 divides integers without a rest; write x = x // n, or x / float(n)."
            raise fault_at(node, told)
        value = loaded(target)
        return ast.copy_location(ast.Assign([target], self.quotient(node, value, node.value)), node)

    def quotient(self, node: ast.AST, left: ast.expr, right: ast.expr) -> ast.expr:
        if not self.divides or fraction(left) or fraction(right):
            return ast.copy_location(ast.BinOp(left, ast.Div(), right), node)
        return called(f"{OURS}quotient", [left, right], node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in LISTS - self.bound and id(node) not in self.looped:
            return called("list", [node], node)
        if name == "round" and name not in self.bound and len(node.args) == 1 and not node.keywords:
            return called(f"{OURS}away_from_zero", node.args, node)
        return node


def fraction(node: ast.expr) -> bool:
    """Whether a value is no integer, as can be seen."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "float"
    return isinstance(node, ast.Constant) and type(node.value) is not int


def called(function: str, arguments: list[ast.expr], at: ast.AST) -> ast.Call:
    """The call of a function by its name."""
    name = ast.copy_location(ast.Name(function, ast.Load()), at)
    return ast.copy_location(ast.Call(name, arguments, []), at)


def functions(at: ast.stmt) -> list[ast.stmt]:
    """The functions that are called in the place of what Python 3 would do."""
    found = Source.as_sent(FUNCTIONS.strip()).parse().body
    for one in found:
        assert isinstance(one, ast.FunctionDef)
        placed(one, at)
        one.name = OURS + one.name
    return found


def placed(tree: Any, at: Any) -> None:
    """Give all nodes of a tree the place of one."""
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            ast.copy_location(node, at)


def loaded(target: ast.expr) -> ast.expr:
    """A target of simple parts, to be read."""
    (statement,) = Source.as_sent(ast.unparse(target)).parse().body
    assert isinstance(statement, ast.Expr)
    placed(statement, target)
    return statement.value
