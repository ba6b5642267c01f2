"""What `get_ipython().run_cell_magic(…)` runs: the commands of a notebook as nbconvert writes them into a script."""

import ast
from collections.abc import Callable
from typing import Any

from layercalc.readers.pastes.magics import REPEATED, THIS, of_cell, of_line
from layercalc.readers.pastes.python2 import placed
from layercalc.readers.pastes.source import fault

RUNS = frozenset({"run_cell_magic", "run_line_magic", "magic", "run_cell", "ex", "run_code", "safe_execfile"})
WRITE_OUT = "It runs code that stands in a string, or elsewhere: write that code out."


def written_out(tree: ast.Module, text: str, parse: Callable[[str], ast.Module]) -> ast.Module:
    """The tree with what such calls run in their place; a fault where that cannot be told."""
    return WrittenOut(text, parse).visit(tree) if "get_ipython" in text else tree


class WrittenOut(ast.NodeTransformer):
    """Puts statements in the place of the calls that run them."""

    def __init__(self, text: str, parse: Callable[[str], ast.Module]):
        self.text, self.parse = text, parse

    def visit_Expr(self, node: ast.Expr) -> Any:
        call = node.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in RUNS):
            return self.generic_visit(node)
        given = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if call.keywords or len(given) < len(call.args) or not given:
            raise refused(node, WRITE_OUT)
        meaning, code, wrong = self.run(call.func.attr, given)
        if wrong:
            raise refused(node, wrong)
        tree = self.parse(code if "{}" in meaning else meaning)
        if meaning == REPEATED and tree.body:
            loop: Any = self.parse(meaning.replace("{}", "pass"))
            loop.body[0].body, tree = tree.body, loop
        placed(tree, node)
        return [self.visit(one) for one in tree.body]

    def run(self, method: str, given: list[str]) -> tuple[str, str, str]:
        """What a call means, the code that it runs, and why that cannot be told."""
        if method == "magic":
            method, given = "run_line_magic", [*given[0].lstrip("%").partition(" ")[::2]]
        if method == "run_line_magic":
            rest = given[1] if len(given) > 1 else ""
            meaning, wrong = of_line(given[0], rest, self.text)
            return meaning, rest, wrong
        if method == "run_cell_magic" and len(given) == 3:
            meaning, wrong = of_cell(given[0], given[1])
            return meaning if meaning == REPEATED or "{}" not in meaning else THIS, given[2], wrong
        return THIS, given[0], "" if method == "run_cell" else WRITE_OUT

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Attribute) and node.func.attr in RUNS - {"magic", "ex"}:
            raise refused(node, WRITE_OUT)
        return self.generic_visit(node)


def refused(node: Any, told: str) -> Exception:
    return fault(node.lineno, node.col_offset + 1, told, getattr(node, "cell", None), status=422)
