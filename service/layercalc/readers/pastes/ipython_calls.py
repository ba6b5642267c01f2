"""What `get_ipython().run_cell_magic(…)` runs: the commands of a notebook as nbconvert writes them into a script."""

import ast
from collections.abc import Callable
from typing import Any

from layercalc import deadline
from layercalc.readers.pastes.magics import REPEATED, THIS, of_cell, of_line, reads_environment
from layercalc.readers.pastes.python2 import placed
from layercalc.readers.pastes.source import fault_at

SHELL = "get_ipython"
RUNS = frozenset({"run_cell_magic", "run_line_magic", "magic", "run_cell", "ex", "run_code", "safe_execfile"})
WRITE_OUT = "It runs code that stands in a string, or elsewhere: write that code out."


def written_out(tree: ast.Module, text: str, parse: Callable[[str, bool], ast.Module]) -> ast.Module:
    """The tree with what such calls run in their place; a fault where that cannot be told."""
    if "get_ipython" not in text:
        return tree
    nodes = list(deadline.each(ast.walk(tree)))
    if any(isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == SHELL for node in nodes):
        return tree  # the text's own
    given = [
        target for node in nodes if isinstance(node, ast.Assign) and is_shell(node.value) for target in node.targets
    ]
    names = {target.id for target in given if isinstance(target, ast.Name)}
    return WrittenOut(text, parse, names).visit(tree)


def is_shell(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == SHELL


class WrittenOut(ast.NodeTransformer):
    """Puts statements in the place of the calls that run them."""

    def __init__(self, text: str, parse: Callable[[str, bool], ast.Module], names: set[str]):
        self.reads, self.parse, self.names = reads_environment(text), parse, names

    def runs(self, node: ast.expr, methods: frozenset[str] = RUNS) -> bool:
        """Whether a node calls such a method of the shell."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods):
            return False
        owner = node.func.value
        return is_shell(owner) or (isinstance(owner, ast.Name) and owner.id in self.names)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        """What runs a cell in the definition of a command is followed where the command is used."""
        return node if any("register_" in ast.unparse(one) for one in node.decorator_list) else self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> Any:
        deadline.check()
        call: Any = node.value
        if not self.runs(call):
            return self.generic_visit(node)
        given = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if call.keywords or len(given) < len(call.args) or not given:
            raise fault_at(node, WRITE_OUT)
        meaning, code, wrong = self.run(call.func.attr, given)
        if wrong:
            raise fault_at(node, wrong)
        tree = self.parse(code if "{}" in meaning else meaning, self.reads)
        if meaning == REPEATED and tree.body:
            loop: Any = self.parse(meaning.replace("{}", "pass"), False)
            loop.body[0].body, tree = tree.body, loop
        placed(tree, node)
        return [self.visit(one) for one in tree.body]

    def run(self, method: str, given: list[str]) -> tuple[str, str, str]:
        """What a call means, the code that it runs, and why that cannot be told."""
        if method == "magic":
            method, given = "run_line_magic", [*given[0].lstrip("%").partition(" ")[::2]]
        if method == "run_line_magic":
            rest = given[1] if len(given) > 1 else ""
            meaning, wrong = of_line(given[0], self.reads)
            return meaning, rest, wrong
        if method == "run_cell_magic" and len(given) == 3:
            meaning, wrong = of_cell(given[0], given[1])
            return meaning if meaning == REPEATED or "{}" not in meaning else THIS, given[2], wrong
        return THIS, given[0], "" if method == "run_cell" else WRITE_OUT

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if self.runs(node, RUNS - {"magic", "ex"}):
            raise fault_at(node, WRITE_OUT)
        return self.generic_visit(node)
