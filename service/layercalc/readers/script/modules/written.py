"""Functions and classes of the standard library that are written in Python: followed as the text itself is."""

import ast
import functools
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.scope import FUNCTION, Info, Scope, of_body
from layercalc.readers.script.values import Class, Computed

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


def written(source: str) -> dict[str, Any]:
    """The functions and classes of a piece of Python, by name, each a member of a module that a run makes when asked.

    They see one another and Python's builtins, whatever the text has made of those names.
    """
    names = [
        line.split("(")[0].split(":")[0].split()[1] for line in source.splitlines() if line[:4] in ("def ", "clas")
    ]
    return {name: member(source, name) for name in names if not name.startswith("_")}


def member(source: str, name: str) -> Computed:
    return Computed(lambda m, at: library(m, source).vars[name])


@functools.cache
def parsed(source: str) -> ast.Module:
    """The tree of a piece, whose nodes have no place: what happens in it happens where the text calls it."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            vars(node).pop(name, None)
    return tree


def library(m: "Machine", source: str) -> Scope:
    """The names of a piece, one scope for a run."""
    if source not in m.libraries:
        tree = parsed(source)
        info = Info()
        builtins = m.every_builtin()
        info.bound |= of_body(tree.body).bound | builtins.keys()
        scope = m.libraries[source] = Scope(FUNCTION, info, None)
        scope.vars.update(builtins)
        m.block(tree.body, scope)
        for value in scope.vars.values():
            if type(value) is Class:
                value.builtin = True
    return m.libraries[source]
