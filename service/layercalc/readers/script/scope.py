"""Names: which scope binds one is decided by the text alone, as Python does it; what it holds, by running."""

import ast
from operator import attrgetter
from typing import Any

from layercalc.readers.script.nodes import FIELDS, Fields, Nodes
from layercalc.readers.script.values import Names

MODULE, FUNCTION, CLASS, COMPREHENSION = "module", "function", "class", "comprehension"
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
TARGETS = (ast.Tuple, ast.List, ast.Starred)
NO_EXPRESSION = (ast.stmt, ast.ExceptHandler, ast.withitem, ast.match_case, ast.pattern)
LEAVES = (ast.Constant, str, type(None))
YIELDS = (ast.Yield, ast.YieldFrom)
HOLDING = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return)  # statements that may give what is yielded
OF_EXPRESSIONS = frozenset(
    ("annotation", "cause", "context_expr", "exc", "guard", "iter", "msg", "returns", "subject", "test", "value")
)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Binding(Fields):
    """The fields of a class of nodes in which names may be bound, where no expression binds one."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        binds = kind in TARGETS or issubclass(kind, NO_EXPRESSION)
        others = FIELDS[kind] if binds else ()
        self[kind] = tuple(name for name in others if kind is ast.Starred or name not in OF_EXPRESSIONS)
        return self[kind]


BINDING = Binding()


class Info:
    """What is known of a scope before it runs: the names it binds, those declared global or nonlocal, if it yields."""

    __slots__ = ("bound", "generator", "globals", "nonlocals")

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.generator = False


class Scope:
    """Variables while a module, function, class or comprehension runs; `outer` is the enclosing one that it sees."""

    __slots__ = ("first", "function", "info", "kind", "outer", "vars")

    def __init__(self, kind: str, info: Info, outer: "Scope | None", function: Any = None):
        self.kind, self.info, self.outer, self.function = kind, info, outer, function
        self.vars = Names()
        self.first: Any = None  # the first argument, for super()

    def enclosing(self) -> "Scope | None":
        """What a function defined here closes over: classes are not seen from inside their methods."""
        return self.outer if self.kind == CLASS else self

    def home(self, name: str, top: Names) -> Names | None:
        """Where a name is stored; `top` are those of the module."""
        scope = self
        while scope.kind is COMPREHENSION and name not in scope.info.bound and scope.outer is not None:
            scope = scope.outer
        if name in scope.info.globals:
            return top
        if name in scope.info.nonlocals:
            outer = scope.outer
            while outer is not None:
                if outer.kind is FUNCTION and name in outer.info.bound:
                    return outer.vars
                outer = outer.outer
            return None
        return scope.vars if scope.kind is not FUNCTION or name in scope.info.bound else None


def plain_scopes(nodes: Nodes) -> set[int]:
    """The ids of functions and classes whose expressions need not be looked through: none binds a name or yields.

    That is all of a text, or nothing: a `yield` that is the value of a statement is found with that.
    """
    yields = len(nodes.of(*YIELDS))
    values = map(attrgetter("value"), nodes.each(*HOLDING)) if yields else ()
    if nodes.of(ast.NamedExpr) or yields > sum(map(YIELDS.__contains__, map(type, values))):
        return set()
    return {*map(id, nodes.each(*SCOPES))}


def of_function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, walrus: bool = True) -> Info:
    """The names of a function: its parameters, and what its body binds; `walrus` is as for `of_body`."""
    info = Info()
    spec = node.args
    for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
        info.bound.add(one.arg)
    for extra in (spec.vararg, spec.kwarg):
        if extra is not None:
            info.bound.add(extra.arg)
    collect(node.body if isinstance(node.body, list) else [node.body], info, walrus)
    return info


def of_body(body: list[ast.stmt], walrus: bool = True) -> Info:
    """The names of a module or a class; `walrus` says whether an expression in it may bind one."""
    info = Info()
    collect(body, info, walrus)
    return info


def of_comprehension(node: Any) -> Info:
    """The names that a comprehension binds: its targets; `:=` binds outside."""
    info = Info()
    for generator in node.generators:
        for one in ast.walk(generator.target):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                info.bound.add(one.id)
    return info


def collect(body: list[Any], info: Info, walrus: bool = True) -> None:
    """Add what the statements bind, without looking into scopes of their own, or expressions where none binds."""
    pending: list[Any] = list(body)
    fields = FIELDS if walrus else BINDING
    inside: list[Any] = []  # comprehensions: only := counts there
    while pending:
        node = pending.pop()
        kind = type(node)
        if kind is ast.Name:
            if not isinstance(node.ctx, ast.Load):
                info.bound.add(node.id)
            continue
        if kind in LEAVES:
            continue
        if kind in HOLDING:
            info.generator = info.generator or type(node.value) in YIELDS
            if kind is ast.Expr and not walrus:
                continue
        if kind in SCOPES:
            if kind is not ast.Lambda:
                info.bound.add(node.name)
                pending += node.decorator_list
                pending += node.bases + [one.value for one in node.keywords] if kind is ast.ClassDef else []
            if kind is not ast.ClassDef:
                pending += node.args.defaults + [one for one in node.args.kw_defaults if one is not None]
            continue
        if kind in COMPREHENSIONS:
            inside.append(node)
            pending.append(node.generators[0].iter)
            continue
        if kind is ast.Global:
            info.globals.update(node.names)
        elif kind is ast.Nonlocal:
            info.nonlocals.update(node.names)
        elif kind is ast.Import or kind is ast.ImportFrom:
            info.bound.update((alias.asname or alias.name.split(".")[0]) for alias in node.names)
        elif kind is ast.ExceptHandler or kind is ast.MatchAs or kind is ast.MatchStar:
            info.bound.update([node.name] if node.name else [])
        elif kind is ast.MatchMapping:
            info.bound.update([node.rest] if node.rest else [])
        elif kind in YIELDS:
            info.generator = True
        for name in fields[kind]:
            value = node.__dict__.get(name)
            if type(value) is list:
                pending += value
            elif value is not None:
                pending.append(value)
    for node in inside:
        for one in ast.walk(node):
            if isinstance(one, ast.NamedExpr):
                info.bound.add(one.target.id)
    info.bound -= info.globals | info.nonlocals
