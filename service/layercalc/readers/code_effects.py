"""What a statement that is not understood may do: the names it reads, binds and hands on, by its syntax alone."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.readers.code_names import CHANGES, DECORATORS, FITS, PASSIVE_ATTRIBUTES, PASSIVE_METHODS
from layercalc.readers.literals import dotted

PATCH = re.compile(r"(tf_keras|keras|tensorflow)(\.\w+)*\.[A-Z]\w*")  # a class of Keras that is named in a string
OWN_MODEL = "self.model"  # what a method of a class, a callback of Keras above all, calls so
Functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Loops = ast.For | ast.AsyncFor | ast.comprehension


class Given(NamedTuple):
    """A name that a function is given: the function, and the argument's place or keyword (None where it is unknown)."""

    name: str
    callee: str
    slot: int | str | None
    node: ast.AST


@dataclass
class Effects:
    """Names by the way they are used, each with the node of its first such use."""

    used: dict[str, ast.AST] = field(default_factory=dict)  # where what it stands for could be changed or given a name
    items: dict[str, ast.AST] = field(default_factory=dict)  # where that holds of what is in it only
    seen: dict[str, ast.AST] = field(default_factory=dict)  # where it could not
    mentioned: dict[str, ast.AST] = field(default_factory=dict)  # dotted names read, `keras.layers.Dense`
    called: dict[str, ast.AST] = field(default_factory=dict)  # those that are called
    calls: list[ast.Call] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    stored: dict[str, ast.AST] = field(default_factory=dict)
    patched: dict[str, ast.AST] = field(default_factory=dict)  # names whose attributes or items are assigned to
    asked: list[tuple[str, ast.Call]] = field(default_factory=list)  # names and the methods called on them
    reached: dict[str, ast.AST] = field(default_factory=dict)  # names of whose attributes one is `model` or `layers`
    outer: set[str] = field(default_factory=set)  # names that a function declares global
    changes: list[ast.AST] = field(default_factory=list)  # what changes a model nobody can name: `self.model.pop()`
    backend: ast.AST | None = None  # where KERAS_BACKEND stands
    parameters: frozenset[str] = frozenset()


def effects(*nodes: ast.AST) -> Effects:
    """Of statements, one after another."""
    walk = Walk()
    for node in nodes:
        walk.visit(node)
    return walk.found


def body_effects(function: ast.AST, owner: str = "") -> Effects:
    """Of calling a function of the text, or of anything that a class of the text has; `owner` is a method's self."""
    walk = Walk(owner)
    if isinstance(function, ast.ClassDef):
        for one in (*function.bases, *[keyword.value for keyword in function.keywords]):
            walk.visit(one)
        for statement in function.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                first = [*statement.args.posonlyargs, *statement.args.args][:1]
                merge(walk.found, body_effects(statement, first[0].arg if first else ""))
            else:
                walk.visit(statement)
        return walk.found
    assert isinstance(function, Functions)
    body: list[Any] = function.body if isinstance(function.body, list) else [function.body]
    for statement in body:
        walk.visit(statement)
    found = walk.found
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    found.parameters = frozenset(one.arg for one in every if one is not None)
    own = {*found.parameters, *found.stored} - found.outer
    hidden = (found.used, found.items, found.seen, found.patched, found.reached)
    for name in own:  # a local of the same name hides what the text calls so
        taken = name in found.parameters
        for table in (found.seen, found.reached) if taken else hidden:
            table.pop(name, None)
    for table in (found.mentioned, found.called):
        for name in [name for name in table if name.partition(".")[0] in own]:
            del table[name]
    found.given = [one for one in found.given if one.name not in own or one.name in found.parameters]
    found.asked = [one for one in found.asked if one[0] not in own]
    found.stored = {name: node for name, node in found.stored.items() if name in found.outer}
    return found


def merge(found: Effects, other: Effects) -> None:
    """Add those of a method; its parameters are the class's."""
    for key in ("used", "items", "seen", "mentioned", "called", "patched", "reached", "stored"):
        own = getattr(found, key)
        for name, node in getattr(other, key).items():
            if name not in other.parameters:
                own.setdefault(name, node)
    found.calls += other.calls
    found.given += [one for one in other.given if one.name not in other.parameters]
    found.asked += other.asked
    found.changes += other.changes


class Walk(ast.NodeVisitor):
    """Fills the effects of what it visits; `alias` has names that stand for an item of another, or for what is new."""

    def __init__(self, owner: str = "") -> None:
        self.found = Effects()
        self.owner = owner
        self.alias: dict[str, str | None] = {}

    def visit(self, node: ast.AST) -> None:
        deadline.check()
        super().visit(node)

    def chain(self, node: ast.AST) -> tuple[ast.Name | None, list[str]]:
        """A chain; that of `self.model` begins there."""
        root, attributes = chain(node)
        if (
            root is not None
            and root.id == self.owner
            and attributes[:1] == ["model"]
            and not is_store(node, attributes)
        ):
            return ast.copy_location(ast.Name(OWN_MODEL, root.ctx), root), attributes[1:]
        return root, attributes

    def use(self, name: str, node: ast.AST) -> None:
        whole = self.alias.get(name, name)
        if whole is not None:
            (self.found.items if name in self.alias else self.found.used).setdefault(whole, node)

    def see(self, name: str, node: ast.AST) -> None:
        if whole := self.alias.get(name, name):
            self.found.seen.setdefault(whole, node)

    def patch(self, name: str, node: ast.AST) -> None:
        if whole := self.alias.get(name, name):
            self.found.patched.setdefault(whole, node)

    def mention(self, name: str, node: ast.AST) -> None:
        if name.partition(".")[0] not in self.alias:
            self.found.mentioned.setdefault(name, node)

    def reach(self, name: str, attributes: list[str], node: ast.AST) -> None:
        if {"model", "layers"} & set(attributes) and name not in self.alias:
            self.found.reached.setdefault(name, node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.use(node.id, node)
            self.mention(node.id, node)
        else:
            self.found.stored.setdefault(node.id, node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        root, attributes = self.chain(node)
        if root is None:
            self.inner(node)
            for one in ast.walk(node) if not isinstance(node.ctx, ast.Load) else ():
                if isinstance(one, ast.Name):  # `type(net).add = f`
                    self.use(one.id, node)
            return
        self.indices(node)
        if not isinstance(node.ctx, ast.Load):
            self.reach(root.id, attributes, node)
            if root.id == "sys" and "modules" in attributes:
                self.found.changes.append(node)
            if not passive(attributes[:-1]):
                self.patch(root.id, node)
            return
        self.mention(dotted(node) or root.id, node)
        self.reach(root.id, attributes, node)
        (self.see if passive(attributes) else self.use)(root.id, node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit_Attribute(node)  # type: ignore[arg-type]

    def inner(self, node: ast.AST) -> None:
        """What a chain begins with where that is no name, and its indices."""
        while isinstance(node, ast.Attribute | ast.Subscript):
            if isinstance(node, ast.Subscript):
                self.visit(node.slice)
            elif node.attr in ("model", "layers"):
                self.found.changes.append(node)
            node = node.value
        self.visit(node)

    def indices(self, node: ast.AST) -> None:
        """The indices of a chain, and the arguments of `get_layer` in it."""
        while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
            if isinstance(node, ast.Subscript):
                self.visit(node.slice)
            if isinstance(node, ast.Call):
                for one in (*node.args, *[keyword.value for keyword in node.keywords]):
                    self.visit(one)
            node = node.func if isinstance(node, ast.Call) else node.value

    def visit_Call(self, node: ast.Call) -> None:
        self.found.calls.append(node)
        callee = dotted(node.func)
        if callee == "getattr" and any(getattr(one, "value", "") in ("model", "layers") for one in node.args[1:2]):
            self.found.changes.append(node)
        root, attributes = self.chain(node.func)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in CHANGES and {"model", "layers"} & set(names_in(node.func.value)):
                self.found.changes.append(node)
            if root is not None:
                self.indices(node.func)
                if root.id not in self.alias:
                    self.found.asked.append((root.id, node))
                self.found.called.setdefault(callee or root.id, node)
                self.reach(root.id, attributes[:-1], node)
                leaves = attributes[-1] in PASSIVE_METHODS or passive(attributes[:-1])
                (self.see if leaves else self.use)(root.id, node)
            else:
                self.visit(node.func.value)
        elif isinstance(node.func, ast.Name):
            self.found.called.setdefault(callee, node)
            self.see(node.func.id, node)  # a model called on data stays what it is
        else:
            self.visit(node.func)
        for index, argument in enumerate(node.args):
            self.argument(argument, callee, index)
        for keyword in node.keywords:
            if keyword.arg == "KERAS_BACKEND":
                self.found.backend = keyword
            self.argument(keyword.value, callee, keyword.arg)

    def argument(self, node: ast.expr, callee: str, slot: int | str | None = None) -> None:
        """A name, or something of it, that a function is given directly: which function decides."""
        if isinstance(node, ast.Starred):
            node, slot = node.value, None
        root, attributes = self.chain(node)
        if root is None and isinstance(node, ast.Call) and (fitted := fitted_by(node)) is not None and callee:
            self.visit(node)
            root = self.chain(fitted)[0]
            if root is not None and callee.rpartition(".")[2] != "append":  # a history, which has the model
                self.found.given.append(Given(self.alias.get(root.id, root.id) or "", callee, slot, node))
            return
        if root is None or passive(attributes) or not callee:
            self.visit(node)
            return
        self.indices(node)
        self.mention(dotted(node) or root.id, node)
        self.reach(root.id, attributes, node)
        if whole := self.alias.get(root.id, root.id):
            self.found.given.append(Given(whole, callee, slot, node))

    def loop(self, node: Loops) -> None:
        """A loop over a name, or over something of it: its target is an item of that."""
        source: ast.expr = node.iter
        if isinstance(source, ast.Call) and dotted(source.func) in ("enumerate", "reversed", "list") and source.args:
            source = source.args[0]
        root, attributes = self.chain(source)
        if root is None or passive(attributes):
            self.visit(node.iter)
            self.visit(node.target)
            self.renew(node.target)
            return
        self.indices(source)
        self.visit(node.target)
        self.see(root.id, source)
        self.mention(dotted(source) or root.id, source)
        self.reach(root.id, attributes, source)
        for one in ast.walk(node.target):
            if isinstance(one, ast.Name):
                self.alias[one.id] = self.alias.get(root.id, root.id)

    def renew(self, target: ast.AST) -> None:
        """From here to the end of the block, what is assigned to stands for what is new."""
        for one in ast.walk(target):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                self.alias[one.id] = None

    def body(self, statements: list[ast.stmt]) -> None:
        before = dict(self.alias)
        for statement in statements:
            self.visit(statement)
        self.alias = before

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        before = dict(self.alias)
        self.loop(node)
        self.body(node.body)
        self.alias = before
        self.body(node.orelse)

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_While(self, node: ast.While | ast.If) -> None:
        self.visit(node.test)
        self.body(node.body)
        self.body(node.orelse)

    visit_If = visit_While  # noqa: N815

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        before = dict(self.alias)
        for item in node.items:
            self.visit(item)
            if item.optional_vars is not None:
                self.renew(item.optional_vars)
        self.body(node.body)
        self.alias = before

    visit_AsyncWith = visit_With  # noqa: N815

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        self.body(node.body)
        for handler in node.handlers:
            before = dict(self.alias)
            self.visit(handler)
            self.alias = before
        self.body(node.orelse)
        self.body(node.finalbody)

    visit_TryStar = visit_Try  # noqa: N815

    def visit_match_case(self, node: ast.match_case) -> None:
        before = dict(self.alias)
        self.generic_visit(node)
        self.alias = before

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
        for target in node.targets:
            self.renew(target)
            fitted = fitted_by(node.value)
            root = None if fitted is None else self.chain(fitted)[0]
            if isinstance(target, ast.Name) and root is not None:  # a history, which has the model
                self.alias[target.id] = self.alias.get(root.id, root.id)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.loop(node)
        for test in node.ifs:
            self.visit(test)

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        before, stored = dict(self.alias), dict(self.found.stored)
        for generator in node.generators:
            self.visit(generator)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self.alias = before
        targets = [one for generator in node.generators for one in ast.walk(generator.target)]
        own = {one.id for one in targets if isinstance(one, ast.Name)}
        self.found.stored = {k: v for k, v in self.found.stored.items() if k not in own or k in stored}

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = comprehension  # noqa: N815

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.use(node.target.id, node)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for one in (node.left, *node.comparators):
            self.argument(one, "bool")

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        self.argument(node.value, "str")

    def visit_ExceptHandler(self, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.found.stored.setdefault(node.name, node)
        self.generic_visit(node)

    visit_MatchAs = visit_MatchStar = visit_ExceptHandler  # noqa: N815

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.found.outer.update(node.names)

    visit_Nonlocal = visit_Global  # noqa: N815

    def visit_Constant(self, node: ast.Constant) -> None:
        if node.value == "KERAS_BACKEND":
            self.found.backend = node
        elif isinstance(node.value, str) and PATCH.fullmatch(node.value[:200]):
            self.found.changes.append(node)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self.found.stored.setdefault((alias.asname or alias.name).partition(".")[0], node)

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """A function inside what is walked: as if it were called there."""
        self.found.stored.setdefault(node.name, node)
        self.lambda_(node)

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef  # noqa: N815

    def lambda_(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda) -> None:
        for one in decorators(node):
            self.visit(one)
        if not isinstance(node, ast.ClassDef):
            for default in (*node.args.defaults, *[one for one in node.args.kw_defaults if one is not None]):
                self.visit(default)
        inside = body_effects(node)
        for name, whole in self.alias.items():  # a name of a loop around it
            if name in inside.used and name not in inside.parameters and whole:
                inside.items.setdefault(whole, inside.used[name])
        merge(self.found, inside)
        self.found.outer |= inside.outer

    visit_Lambda = lambda_  # noqa: N815


def header(node: ast.AST) -> list[ast.expr]:
    """What a function or class runs when it is defined, its decorators and a class's body aside."""
    if isinstance(node, ast.ClassDef):
        return [*node.bases, *[keyword.value for keyword in node.keywords]]
    assert isinstance(node, Functions)
    arguments, given = node.args, [one for one in node.args.kw_defaults if one is not None]
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    notes = [one.annotation for one in every if one is not None and one.annotation is not None]
    return [*arguments.defaults, *given, *notes]


def decorators(node: ast.AST) -> list[ast.expr]:
    """Those that could do anything with the function."""
    found = getattr(node, "decorator_list", [])
    plain = [one.func if isinstance(one, ast.Call) else one for one in found]
    return [one for one, name in zip(found, plain, strict=True) if dotted(name).rpartition(".")[2] not in DECORATORS]


def chain(node: ast.AST) -> tuple[ast.Name | None, list[str]]:
    """The name that attributes, items and `get_layer` begin with, and the attributes in their order."""
    attributes: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_layer":
            attributes.append("layers")
            node = node.func.value
        else:
            break
    return (node if isinstance(node, ast.Name) else None), attributes[::-1]


def is_store(node: ast.AST, attributes: list[str]) -> bool:
    """Whether it is `self.model = …`, which changes no model."""
    return len(attributes) == 1 and isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)


def fitted_by(node: ast.AST) -> ast.expr | None:
    """What `fit` is asked of, where the expression is such a call."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FITS:
        return node.func.value
    return None


def passive(attributes: list[str]) -> bool:
    """Whether a chain of attributes ends in plain data, and not in a model or its layers again."""
    at = next((i for i, one in enumerate(attributes) if one in PASSIVE_ATTRIBUTES), len(attributes))
    return at < len(attributes) and not {"model", "layers"} & set(attributes[at:])


def names_in(node: ast.AST) -> Iterator[str]:
    """The attributes of a chain."""
    return (one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute))
