"""What an unknown callee could change: everything it is given and can reach, and what functions given to it do."""

import ast
from operator import is_
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.faults import Fault, Raised, Unknown
from layercalc.readers.script.names import peek
from layercalc.readers.script.nodes import Nodes
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.reach import Existing, parts
from layercalc.readers.script.scope import FUNCTION, Scope
from layercalc.readers.script.values import (
    MISSING,
    MUTABLE,
    SCALARS,
    Class,
    Cursor,
    Foreign,
    Function,
    Instance,
    Module,
    Names,
    Native,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

ROUNDS = 10
SETTING = {
    "setattr",
    "delattr",
    "__setattr__",
    "__delattr__",
    "__dict__",
    "vars",
    "patch",
}  # names by which a block may do so
OWNERS = 4  # objects with which one method is followed
NAMING = (  # what reads or binds names
    ast.Name, ast.Global, ast.Nonlocal, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import,
    ast.ImportFrom, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping,
)  # fmt: skip


def touch(m: "Machine", values: Any, reason: Opaque) -> None:
    """Something unknown has these values: what can be changed through them is not known any more."""
    pending, seen = list(values), set()
    functions: list[Function] = []
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind in SCALARS or id(value) in seen:
            continue
        m.meter.work(32)
        seen.add(id(value))
        pending += value.holds if kind is Opaque else reached(m, value, kind, reason, functions)
    for function in functions:
        escape(m, function, reason)


def reached(m: "Machine", value: Any, kind: type, reason: Opaque, functions: list[Function]) -> list[Any]:
    """Spoil one value; gives those that can be reached from it."""
    below = parts(value)
    if kind in MUTABLE:
        if m.journal.poison(value, reason):
            m.lost.append(value)
        return below + list(m.journal.held_by(value)) if m.journal.give(value) else []
    if kind is Instance or kind is Class:
        if m.journal.poison(value.attrs, reason):
            m.lost.append(value.attrs)
        below += m.journal.held_by(value.attrs)
    elif kind is Function:
        functions.append(value)
    elif kind is Cursor:
        value.spoilt = reason if value.spoilt is None else value.spoilt
    elif isinstance(value, Foreign):
        if value.spoilt is None:
            value.spoil(reason)
            m.lost.append(value)
        return below if m.journal.give(value) else []
    return below


def escape(m: "Machine", function: Function, reason: Opaque) -> None:
    """Something unknown can call this function from now on, whenever it runs."""
    if id(function) not in m.escaped:
        m.escaped[id(function)] = function
        speculate(m, function, reason)


def again(m: "Machine", reason: Opaque) -> None:
    """Something unknown runs: it may call what it was given before.

    Inside a function that is followed for what it may change, those that were there before are followed once that is
    done, all of them until nothing more becomes unknown, and not one inside another.
    """
    for function in list(m.escaped.values()):
        if m.speculating and function.outer.vars.number < m.before:
            m.recalled = True
        elif reaches(m, function):
            speculate(m, function, reason)


def reaches(m: "Machine", function: Function) -> bool:
    """Whether the names of a function, or of those it may call, lead to anything that can be changed.

    Where they did not, they do not as long as they are bound to the same.
    """
    known = m.harmless.get(id(function))
    if known is not None and all(map(is_, known[2], map(m.globals.vars.get, known[1]))):
        m.missed.update(known[1])
        m.meter.work(len(known[1]))
        return False
    pending, seen = [function], set[int]()
    every: list[str] | None = []
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        names, changes = mentioned(m, one)
        if changes:
            return True
        m.meter.work(32 * len(names))
        every = [*every, *names] if every is not None and one.outer is m.globals else None
        for name in names:
            value = peek(m, one.outer, name)
            if type(value) is Function:
                pending.append(value)
            elif not inert(value):
                return True
    if every is not None:
        m.harmless[id(function)] = function, every, [*map(m.globals.vars.get, every)]
    return False


def mentioned(m: "Machine", function: Function) -> tuple[set[str], bool]:
    """The names that a function's text mentions, and whether it sets outer names or attributes of a module's."""
    found = m.infos.get((id(function.node),))
    if found is None:
        nodes = m.nodes_of(function.node)
        names = nodes.ids - function.info.bound
        changes = bool(nodes.of(ast.Global, ast.Nonlocal))
        for node in nodes.of(ast.Attribute, ast.Subscript):
            if not isinstance(node.ctx, ast.Load):
                base: ast.expr = node
                while isinstance(base, ast.Attribute | ast.Subscript):
                    base = base.value
                changes |= isinstance(base, ast.Name) and base.id not in function.info.bound
        found = m.infos[(id(function.node),)] = names, changes
        m.meter.work(64 * len(names))
    return found


def inert(value: Any) -> bool:
    """Whether nothing of the text can be changed through a value that a function mentions."""
    kind = type(value)
    if kind in SCALARS or value is MISSING or kind is Module:
        return True
    if kind is Opaque or isinstance(value, Native):
        return not value.holds
    return kind is Class and value.builtin


def speculate(m: "Machine", function: Function, reason: Opaque) -> None:
    """The function may be called any number of times with anything: what it changes is not known."""
    if id(function) in m.speculating:
        return
    old = Existing(m)
    if m.speculating:
        follow(m, function, reason, old)
        return
    m.before, m.recalled, m.lost, made = old.number, False, [], m.vocabulary.parts
    stabilise(m, function, reason, old)
    m.vocabulary.parts = made  # what it makes is no part of what the text builds here


def stabilise(m: "Machine", function: Function, reason: Opaque, old: Existing) -> None:
    """Follow a function, and all that may be called while it runs, until no more of `old` becomes unknown."""
    blurred = set[int]()
    less = follow(m, function, reason, old) != 1
    for _ in range(ROUNDS):
        if not m.recalled or not (less or any(map(old.holds, m.lost))):
            return
        known, less, m.lost = len(m.escaped), False, []
        for one in list(m.escaped.values()):
            if id(one) not in blurred and reaches(m, one):
                rounds = follow(m, one, reason, old)
                blurred |= {id(one)} if not rounds else set()
                less |= rounds != 1
        less |= len(m.escaped) > known
    for one in list(m.escaped.values()):
        blur_function(m, one, reason)


def follow(m: "Machine", function: Function, reason: Opaque, old: Existing) -> int:
    """Follow a function for what it may change, until no more of `old` becomes unknown; as `converges` gives."""
    m.speculating.add(id(function))
    m.catching += 1
    try:
        lazy = function.info.generator or isinstance(function.node, ast.AsyncFunctionDef)
        rounds = 0 if lazy else converges(m, function, reason, old)
        if not rounds:
            blur_function(m, function, reason)
        return rounds
    finally:
        m.catching -= 1
        m.speculating.discard(id(function))


def owners_of(m: "Machine", f: Function) -> list[Any]:
    """The objects of which something unknown has this method; None for any, or where it has the function itself."""
    found = list({id(one): one for one in m.owners.get(id(f), ())}.values())
    sure = found and len(found) <= OWNERS and not any(one is None for one in found)
    return found if sure else [None]


def converges(m: "Machine", function: Function, reason: Opaque, old: Existing) -> int:
    """Follow the function with unknown arguments until nothing more of `old` becomes unknown.

    Gives how often it was followed: once if it changes nothing; 0 if it cannot be followed.
    """
    j = m.journal
    for count in range(1, ROUNDS + 1):
        mark = j.open(reason)
        depth, frame = m.meter.depth, m.frame
        followed = True
        m.branching += 1
        for owner in owners_of(m, function):
            try:
                touch(m, [m.call_blindly(function, owner)], reason)
            except (Raised, Unknown):
                pass
            except Fault as fault:
                if fault.limit.startswith("max"):
                    raise
                followed = False
            finally:
                m.meter.depth, m.frame = depth, frame
        m.branching -= 1
        before = [
            (obj, {key: obj.get(key, MISSING) for key in (*obj, *was)}, was)
            for level in j.levels[mark:]
            for obj, was in level.saved.values()
            if type(obj) is Names
        ]
        for obj, now, was in before:
            for key, value in now.items():
                if value is not was.get(key, MISSING):
                    hold(obj, key, reason)
        _, less = j.settle(mark, old)
        if not followed:
            return 0
        if not less:
            return count
    return 0


def hold(names: Names, key: str, reason: Opaque) -> None:
    """Whatever is stored under this name from now on may be replaced at any time."""
    names.volatile = names.volatile or {}
    names.volatile[key] = reason


def blur_function(m: "Machine", function: Function, reason: Opaque) -> None:
    """Spoil whatever the text of a function mentions, and what it may be called with."""
    touch(
        m, [*m.given.get(id(function), ()), *(one for one in m.owners.get(id(function), ()) if one is not None)], reason
    )
    scope = Scope(FUNCTION, function.info, function.outer, function)
    body = function.node.body
    blur(m, body if isinstance(body, list) else [body], scope, reason)


def blur(m: "Machine", body: list[Any], scope: Scope, reason: Opaque) -> None:
    """Spoil what a block mentions, and make unknown what it binds, as it may run in part and any number of times."""
    found: list[Any] = []
    declared: set[str] = set()
    for statement in body:
        for node in m.nodes_of(statement).of(*NAMING):
            m.meter.work(32)
            if type(node) is ast.Name:
                if type(node.ctx) is not ast.Load:
                    smash(m, scope, node.id, reason)
                elif (value := peek(m, scope, node.id)) is not MISSING:
                    found.append(value)
            elif isinstance(node, ast.Global | ast.Nonlocal):
                declared.update(node.names)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                smash(m, scope, node.name, reason)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    smash(m, scope, alias.asname or alias.name.split(".")[0], reason)
            elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
                smash(m, scope, node.name, reason)
            elif isinstance(node, ast.MatchMapping) and node.rest:
                smash(m, scope, node.rest, reason)
    for name in declared:
        smash_outer(m, scope, name, reason)
    if not any(sets_attributes(m.nodes_of(statement)) for statement in body):
        found = [one for one in found if not (isinstance(one, Foreign) and one.is_class)]
    touch(m, found, reason)


def sets_attributes(nodes: Nodes) -> bool:
    """Whether a block may set an attribute of a class that it mentions; of `self`, or `trainable`, is no class's."""
    stored = [one for one in nodes.of(ast.Attribute) if not isinstance(one.ctx, ast.Load) and one.attr != "trainable"]
    named = any(getattr(one.value, "id", "") != "self" for one in stored)
    return named or bool(SETTING & (nodes.ids | nodes.attrs))


def smash(m: "Machine", scope: Scope, name: str, reason: Opaque) -> None:
    """The name of a scope may have been bound, or unbound."""
    names = scope.home(name, m.globals.vars)
    if names is None:
        return
    was = names.get(name, MISSING)
    m.journal.changing(names)
    unknown = m.journal.either(reason, was, cause=f"{name}, which may have been set")
    unknown.maybe = was is MISSING or (type(was) is Opaque and was.maybe)
    names[name] = unknown


def smash_outer(m: "Machine", scope: Scope, name: str, reason: Opaque) -> None:
    """A name that a function declares global or nonlocal, in every scope it may mean."""
    outer: Scope | None = scope
    while outer is not None:
        if name in outer.vars:
            m.journal.changing(outer.vars)
            hold(outer.vars, name, reason)
            outer.vars[name] = m.journal.either(reason, outer.vars[name], cause=f"{name}, which may have been set")
        outer = outer.outer
    if name not in m.globals.vars:
        m.journal.changing(m.globals.vars)
        hold(m.globals.vars, name, reason)
        m.globals.vars[name] = Opaque(f"{name}, which may have been set", reason.node, reason, maybe=True)
