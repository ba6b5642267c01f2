"""The interpreter: it walks the syntax tree of a text over known values, and knows no framework.

Nothing is compiled, imported or executed. The parts are functions of their own, by the type of the node or of the
value; this class is what they share: bounds, journal, names, and the doors between them.
"""

import ast
import sys
from ast import Constant, Name
from collections.abc import Callable, Iterator
from typing import Any

from layercalc.errors import Refused
from layercalc.readers.script import (
    attributes,
    calls,
    comparisons,
    functions,
    iteration,
    opaque,
    operators,
    spoil,
    texts,
)
from layercalc.readers.script.bounds import Bounds, Meter
from layercalc.readers.script.builtins import BUILTINS
from layercalc.readers.script.exceptions import ENDS, Exceptions
from layercalc.readers.script.expressions import EXPRESSIONS
from layercalc.readers.script.faults import Fault, Raised, Unknown
from layercalc.readers.script.host import Vocabulary
from layercalc.readers.script.journal import Journal
from layercalc.readers.script.modules import core_module, is_apart, is_pure
from layercalc.readers.script.nodes import Nodes
from layercalc.readers.script.opaque import Opaque, derived
from layercalc.readers.script.paths import Signal
from layercalc.readers.script.private import mangle
from layercalc.readers.script.scope import (
    MODULE,
    Info,
    Scope,
    of_body,
    of_function,
    plain_scopes,
)
from layercalc.readers.script.statements import STATEMENTS
from layercalc.readers.script.unbound import doubtful
from layercalc.readers.script.values import MISSING, MUTABLE, SCALARS, Class, Function, Instance, Module, Names

IDENTITY = frozenset(("is_", "is_not"))  # functions that tell one object from another
LARGE = 1 << 62  # a literal that has to be looked at
INSTEAD = "Write its value in its place, or leave out what needs it."


class Machine:
    """One text being followed. `warnings` are pairs of a node and what to say of it."""

    def __init__(self, vocabulary: Vocabulary, bounds: Bounds | None = None):
        self.meter = Meter(bounds or Bounds())
        self.journal = Journal(self)
        self.vocabulary = vocabulary
        vocabulary.machine = self
        self.exceptions = Exceptions(self)
        self.builtins: dict[str, Any] = dict(BUILTINS)
        self.globals = Scope(MODULE, of_body([]), None)
        self.frame = self.globals
        self.frames: list[Scope] = []
        self.catching = self.branching = self.comparing = 0
        self.tried = 0  # levels that were open where the innermost `try` began
        self.escaped: dict[int, Function] = {}
        self.given: dict[int, tuple[Any, ...]] = {}  # of functions by id, what something unknown may call them with
        self.owners: dict[int, list[Any]] = {}  # of methods by id, whose they are where something unknown has them
        self.speculating: set[int] = set()
        self.before, self.recalled, self.lost = 0, False, list[Any]()  # of the outermost that is followed: spoil.py
        self.harmless: dict[int, Any] = {}  # of functions by id: names by which they reach nothing, and their values
        self.handling: list[Raised] = []
        self.active: dict[int, tuple[int, int]] = {}  # of functions by their nodes: calls inside one another, and all
        self.infos: dict[Any, Any] = {}
        self.plain: set[int] = set()  # functions and classes whose expressions bind nothing
        self.nodes_within: dict[int, Nodes] = {}
        self.modules: dict[str, Module | None] = {}
        self.overrides: dict[str, Names] = {}
        self.bound: set[str] = set()
        self.missed: set[str] = set()  # names that were asked for while they were not bound, or may not have been
        self.starred: Opaque | None = None  # the first `import *` of a module that is not known
        self.listing = False  # whether the text may look through its names
        self.kept: dict[str, Class] = {}
        self.libraries: dict[str, Scope] = {}
        self.ended: ast.AST | None = None
        self.uncertain = self.postponed = False
        self.here: ast.AST | None = None
        self.warnings: list[tuple[ast.AST | None, str]] = []

    # -- running

    def run(self, tree: ast.Module, nodes: Nodes | None = None) -> None:
        """Follow a whole module; Fault where it cannot be followed. sys.exit() ends it as its last line does."""
        nodes = nodes or Nodes(tree)
        self.plain = plain_scopes(nodes)
        self.globals.info = of_body(tree.body, walrus=bool(nodes.of(ast.NamedExpr)))
        self.globals.vars["__name__"] = "__main__"
        mangle(nodes)
        stated = nodes.of(ast.Global)
        if nodes.of(ast.Is, ast.IsNot) or not (IDENTITY.isdisjoint(nodes.ids) and IDENTITY.isdisjoint(nodes.attrs)):
            for one in nodes.of(ast.Constant):
                if type(one.value) is str and one.value.isidentifier():
                    one.value = sys.intern(one.value)  # as Python does with them, so that `is` finds one
        self.bound = self.globals.info.bound | {name for node in stated for name in node.names}
        self.guarded(lambda: self.block(tree.body, self.globals))

    def nodes_of(self, node: ast.AST) -> Nodes:
        """The nodes of a function or an expression of the text, found once."""
        if id(node) not in self.nodes_within:
            self.nodes_within[id(node)] = Nodes(node)
        return self.nodes_within[id(node)]

    def names_of(self, node: Any) -> Info:
        """The names of a function, found once however often the text defines it."""
        if id(node) not in self.infos:
            self.infos[id(node)] = of_function(node, walrus=id(node) not in self.plain)
        return self.infos[id(node)]

    def guarded(self, work: Callable[[], Any]) -> Any:
        """What `work` gives; whatever it could not follow is a Fault."""
        try:
            return work()
        except Raised as error:
            name = error.value.cls.name if type(error.value) is Instance else "an exception"
            if name in ENDS:
                self.ended = error.node
                return None
            said = texts.said(self, error.value)
            detail = f"The text raises {name} here{said and ': ' + said.removesuffix('.')}."
            raise Fault(error.node, detail, exception=name) from None
        except Unknown as error:
            node = error.source.node
            raise Fault(
                node, f"What happens here depends on {error.source.why}, which is not known. {INSTEAD}"
            ) from None
        except RecursionError:
            raise self.meter.too_deep(None) from None
        finally:
            self.meter.depth = 0
            self.frame = self.globals

    def block(self, body: list[ast.stmt], scope: Scope) -> Signal:
        """Run statements in turn; the signal of the first that leaves."""
        meter = self.meter
        meter.depth += 1
        if meter.depth > meter.deepest:
            raise meter.too_deep(body[0])
        node: ast.stmt | None = None
        try:
            for node in body:
                meter.fuel = fuel = meter.fuel - 1
                if fuel < meter.alarm:
                    meter.tick(node)
                do = STATEMENTS.get(type(node))
                if do is None:
                    raise Fault(node, f"{type(node).__name__} is not followed; write it as plain statements.")
                signal = do(self, node, scope)
                if signal is not None:
                    meter.depth -= 1
                    return signal
        except (Fault, Raised) as error:
            limited = getattr(error, "limit", False)
            if getattr(error.node, "lineno", None) is None and (error.node is not None or limited):
                error.node = node  # what passed the limit says no place of its own, nor does a line of the library
            raise
        meter.depth -= 1
        return None

    def stated(self, node: ast.Expr, value: Any) -> None:
        """A statement that is an expression has given this value."""

    def value(self, node: ast.AST, scope: Scope) -> Any:
        """The value of an expression."""
        meter = self.meter
        meter.fuel = fuel = meter.fuel - 1
        if fuel < meter.alarm:
            meter.tick(node)
        kind = type(node)
        if kind is Name:
            found = scope.vars.get(node.id, MISSING)  # type: ignore[attr-defined]
            if found is not MISSING and type(found) is not Opaque:
                return found
        elif kind is Constant:
            found = node.value  # type: ignore[attr-defined]
            if type(found) is not int or found < LARGE:
                return found
        meter.depth = depth = meter.depth + 1
        if depth > meter.deepest:
            raise meter.too_deep(node)
        of = EXPRESSIONS.get(kind)
        if of is None:
            raise Fault(node, f"{kind.__name__} is not followed; write a plain expression.")
        result = of(self, node, scope)
        meter.depth = depth - 1
        return result

    def forget(self) -> None:
        """Let go of the text and all that it has made, much of which refers to itself: it is gone when this is."""
        for one in (*self.globals.vars.values(), *self.kept.values(), *self.exceptions.values()):
            if type(one) is Class:  # which stands in its own order of classes, and its methods know it
                one.attrs.clear()
                one.mro.clear()
        self.globals.vars.clear()
        self.vocabulary.forget()
        vars(self).clear()

    # -- names

    def unbound(self, name: str, node: ast.AST) -> Any:
        """A name that is not bound now: an error if the text binds it elsewhere, else the vocabulary's or unknown."""
        if self.starred is not None:
            return self.unknown(node, self.starred)
        if name in self.bound:
            self.fail("NameError", f"name {name!r} is not defined", node)
        value = self.vocabulary.bare(name)
        if value is not MISSING:
            return value
        self.risk(node)
        return Opaque(f"{name}, which is not in the text", node, origin=name)

    def builtin(self, name: str) -> Any:
        """What Python itself binds to a name, or MISSING."""
        found = self.builtins.get(name, MISSING)
        return self.exceptions[name] if found is MISSING and name in self.exceptions else found

    def every_builtin(self) -> dict[str, Any]:
        """All that Python itself binds."""
        return {**self.builtins, **self.exceptions.every()}

    def store(self, scope: Scope, name: str, value: Any, node: ast.AST | None) -> None:
        """Bind a name."""
        names = scope.vars if name in scope.info.bound else scope.home(name, self.globals.vars)
        if names is None:
            raise Fault(node, f"There is no variable {name!r} around this function for `nonlocal`.")
        if self.journal.levels:
            self.journal.changing(names)
        names[name] = value if names.volatile is None else self.guarded_name(names, name, value)

    def guarded_name(self, names: Names, name: str, value: Any) -> Any:
        """What is stored under a name that something unknown may set at any time."""
        reason = (names.volatile or {}).get(name)
        if reason is None:
            return value
        return self.journal.either(reason, value, cause=f"{name}, which may have been set")

    def module(self, name: str) -> Module | None:
        """A module by its dotted name, if it is known."""
        if name not in self.modules:
            self.modules[name] = self.vocabulary.module(name) or core_module(name)
        return self.modules[name]

    def kept_class(self, name: str, members: dict[str, Any]) -> Class:
        """A class of native members, one for all its objects."""
        if name not in self.kept:
            self.kept[name] = Class(name, [], self)
            self.kept[name].native = True
            self.kept[name].attrs.update(members)
        return self.kept[name]

    # -- what is not known

    def reason(self, node: ast.AST | None, callee: str = "") -> Opaque:
        """Why something is spoilt: what this line may do."""
        told = callee or (f"`{opaque.source(node)}`" if node is not None else "something unknown")
        return Opaque(f"what {told} may have changed", node)

    def risk(self, node: ast.AST | None) -> None:
        """Something unknown happens here, which may raise: of interest only where the text would catch it."""
        self.uncertain = True
        if self.catching:
            levels = self.journal.levels
            told = len(levels) > self.tried and not levels[-1].saved and levels[-1].exits
            if not told or levels[-1].exits[-1][0] != "raise":
                reason = Opaque("" if isinstance(node, ast.expr) else "something unknown, which may raise", node)
                self.journal.open(reason, [("raise", Raised(Opaque("an exception", node), node))])

    def unknown(self, node: ast.AST | None, *of: Any) -> Opaque:
        """The result of an operation on something unknown."""
        self.risk(node)
        return derived(node, *of)

    def touch(self, values: Any, reason: Opaque) -> None:
        spoil.touch(self, values, reason)

    def changing(self, value: Any) -> None:
        """To be called before a value is changed."""
        if self.journal.levels:
            self.journal.changing(value)

    def spoilt(self, value: Any) -> bool:
        """Whether this container is one of which nothing is known."""
        return bool(self.journal.spoilt) and id(value) in self.journal.spoilt

    def from_spoilt(self, value: Any, node: ast.AST | None) -> Opaque:
        """What is read from a spoilt container."""
        self.risk(node)
        _, reason, held = self.journal.spoilt[id(value)]
        return Opaque("" if isinstance(node, ast.expr) else "a value", node, reason.first, holds=(value, held))

    def doubted(self, value: Instance | Class) -> Names | None:
        """The attributes of an object or its classes of which nothing is known, if there are such."""
        if not self.journal.spoilt:
            return None
        if isinstance(value, Instance):
            if id(value.attrs) in self.journal.spoilt:
                return value.attrs
            value = value.cls
        return next((one.attrs for one in value.mro if id(one.attrs) in self.journal.spoilt), None)

    def known(self, *values: Any) -> None:
        """Raise Unknown if one of the values is not known, itself or as a spoilt container."""
        for value in values:
            kind = type(value)
            if kind is Opaque:
                raise Unknown(value)
            if kind in MUTABLE and self.spoilt(value):
                raise Unknown(self.from_spoilt(value, None))
            if kind is Names and (unsure := doubtful(self, value)) is not None:
                raise Unknown(unsure)

    def weigh(self, *values: Any) -> None:
        """Account for a walk through containers, before C code makes it; Unknown if one inside is spoilt."""
        pending = [value for value in values if type(value) not in SCALARS]
        while pending:
            value = pending.pop()
            self.known(value)
            if isinstance(value, dict):
                inside: Any = [*value, *value.values()]
            elif isinstance(value, list | tuple | set | frozenset):
                inside = value
            else:
                continue
            self.meter.work(32 + len(inside) * 4)
            pending += [one for one in inside if type(one) not in SCALARS]
            if len(pending) > 1_000_000:
                raise Fault(None, "Values are nested in one another too often to be compared.", limit="depth")

    def pure(self, node: ast.AST | None, f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What host code makes of known values; its exceptions are the text's, and what is unknown stays unknown."""
        depth = self.meter.depth
        try:
            return f(*args, **kwargs)
        except Unknown as error:
            self.meter.depth = depth
            return self.unknown(node, error.source)
        except (Fault, Raised, RecursionError):
            raise
        except MemoryError:
            raise Fault(node, "A value that takes too much memory.", limit="max_script_bytes") from None
        except Exception as error:
            return self.fail_as(error, node)

    # -- exceptions of the text

    def fail(self, kind: str, message: str, node: ast.AST | None) -> Any:
        """Raise an exception in the text."""
        raise Raised(self.exception(kind, message), node)

    def fail_as(self, error: Exception, node: ast.AST | None) -> Any:
        """Raise in the text what host code has raised."""
        if isinstance(error, Refused):
            raise error
        kind = next((one.__name__ for one in type(error).__mro__ if one.__name__ in self.exceptions), "")
        if not kind:
            raise error
        value = Instance(self.exceptions[kind])
        value.attrs["args"] = tuple(one for one in error.args if type(one) in SCALARS)
        raise Raised(value, node) from None

    def exception(self, kind: str, *args: Any) -> Instance:
        value = Instance(self.exceptions[kind])
        value.attrs["args"] = args
        return value

    def warn(self, node: ast.AST | None, text: str) -> None:
        if (node, text) not in self.warnings:
            self.warnings.append((node, text))

    def is_pure(self, origin: str) -> bool:
        """Whether the callee of this dotted name changes nothing it is given."""
        return bool(origin) and (self.vocabulary.is_pure(origin) or is_pure(origin))

    def is_apart(self, origin: str) -> bool:
        """Whether what such a callee gives leads to nothing that it was given."""
        return self.vocabulary.is_apart(origin) or is_apart(origin)

    # -- doors to the parts

    def call(self, f: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST | None) -> Any:
        """f(*args, **kwargs)."""
        return calls.call(self, f, args, kwargs, node)

    def call_blindly(self, function: Function, owner: Any = None) -> Any:
        """A function of the text called with unknown arguments."""
        return functions.call_blindly(self, function, owner)

    def unknown_call(self, f: Opaque, args: list[Any], kwargs: dict[str, Any], node: ast.AST | None) -> Any:
        """A call of something unknown: what it could change is spoilt."""
        return calls.unknown_call(self, f, args, kwargs, node)

    def attribute(self, value: Any, name: str, node: ast.AST | None) -> Any:
        """value.name, or an AttributeError in the text."""
        return attributes.attribute(self, value, name, node)

    def special(self, value: Instance, name: str, args: list[Any], node: ast.AST | None) -> Any:
        """What a method of an object's class gives, as Python looks it up for its own ends; MISSING if it has none."""
        return operators.special(self, value, name, args, node)

    def truth(self, value: Any, node: ast.AST | None) -> Any:
        """bool(value): True, False or Opaque."""
        return operators.truth(self, value, node)

    def iterate(self, value: Any, node: ast.AST | None) -> Iterator[Any]:
        """Run through a value; the iterator raises Unknown where the rest is not known."""
        return iteration.iterate(self, value, node)

    def listed(self, value: Any, node: ast.AST | None) -> list[Any]:
        """All items of a value; Unknown if they are not known."""
        return iteration.listed(self, value, node)

    def binary(self, op: str, left: Any, right: Any, node: ast.AST | None) -> Any:
        return operators.binary(self, op, left, right, node)

    def compare(self, op: str, left: Any, right: Any, node: ast.AST | None) -> Any:
        return comparisons.compare(self, op, left, right, node)

    def text(self, value: Any, node: ast.AST | None, represent: bool = False) -> Any:
        """str(value) or repr(value)."""
        return texts.text(self, value, node, represent)

    # -- asked by Python's own comparisons, sorts and hashes

    def equal(self, left: Any, right: Any) -> bool:
        return comparisons.asked(self, "==", left, right)

    def less(self, left: Any, right: Any) -> bool:
        return comparisons.asked(self, "<", left, right)

    def hash_of(self, value: Instance) -> int:
        return operators.hash_of(self, value)

    def index_of(self, value: Instance) -> Any:
        return operators.index_of(self, value)
