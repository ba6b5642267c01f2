"""Whether a statement that is not understood bears on the model: its effects held against what its names stand for."""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.layers.keras.base import KERAS
from layercalc.readers.code_effects import OWN_MODEL, Effects, Given, body_effects, chain
from layercalc.readers.code_names import (
    ANY_EFFECT,
    APPLICATIONS,
    ASIDE,
    ASIDE_NAMES,
    ATTRIBUTES_TO_SET,
    BUILTINS,
    CHANNELS_FIRST,
    FIT_ARGUMENTS,
    FITS,
    FOREIGN,
    HUBS,
    KERAS_MODULES,
    MODEL_MAKERS,
    MODEL_METHODS,
    NETWORK,
    NETWORK_METHODS,
    PASSIVE_FUNCTIONS,
    PASSIVE_METHODS,
    PLAIN_MODULES,
    PLAIN_NAMES,
    ROOTS,
    SETTINGS,
    UNSET,
)
from layercalc.readers.code_values import (
    Broken,
    FunctionValue,
    ModelValue,
    Named,
    Opaque,
    SequentialValue,
    inside,
    of_network,
)
from layercalc.readers.literals import dotted

WHOLE = {"keras", "tensorflow", "tf"}
MODULES = {"keras", "layers", "models", "backend", "tensorflow", "tf"}
DRAWS = {"plot_model", "model_to_dot", "print_summary", "save_model", "layered_view", "graph_view"}
PLAIN_DUNDERS = {"__version__", "__name__", "__file__"}


def known(name: str) -> bool:
    """Whether it is a name of Keras for a layer type, refused ones too, or a model."""
    return KERAS.get(name) is not None or name in KERAS.models or name in KERAS.refused


class Origin(NamedTuple):
    """Where a dotted name comes from: `keras`, another module (`foreign`), or nowhere in the text (`unbound`)."""

    path: str
    kind: str

    @property
    def last(self) -> str:
        return self.path.rpartition(".")[2]


class Reason(NamedTuple):
    """Why a statement bears on the model."""

    node: ast.AST
    told: str


@dataclass
class Scope:
    """What the names of the text stand for at one point of it."""

    names: dict[str, Any] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    star: Opaque | None = None  # an import of names that nobody lists
    channels_first: bool = False

    def origin(self, name: str) -> Origin | None:
        """Of a dotted name; None where it begins with a value of the text."""
        root, dot, rest = name.partition(".")
        if root in self.names:
            if not isinstance(self.names[root], Named):
                return None
            return Origin(self.names[root].path + dot + rest, "keras")
        if root not in self.imported:
            return Origin(name, "foreign" if root in FOREIGN or self.star else "unbound")
        path = self.imported[root] + dot + rest
        return Origin(path, "keras" if path.partition(".")[0] in KERAS_MODULES else "foreign")

    def makes(self, name: str) -> bool:
        """Whether a dotted name is of a layer, a model, or a function that gives one."""
        origin = self.origin(name)
        if origin is None:
            value = self.names[name.partition(".")[0]]
            foreign = isinstance(value, Opaque) and not value.plain
            return foreign and name.rpartition(".")[2].startswith(APPLICATIONS)
        parts, last = origin.path.split("."), origin.last
        if last in MODEL_MAKERS or MODEL_MAKERS & set(parts):
            return True
        if last.startswith(APPLICATIONS) and (name.partition(".")[0] not in FOREIGN):
            return True
        if origin.kind == "foreign":
            return False
        if last[:1].isupper() and known(last):
            return True
        if any(part in KERAS.models for part in parts):
            return True
        if ASIDE & set(parts) or last in ASIDE_NAMES or not ("keras" in parts or origin.kind == "keras"):
            return False
        return last[:1].isupper() and ("keras" in parts or "layers" in parts)

    def of_keras(self, name: str) -> bool:
        """Whether a dotted name is of Keras, by its import or as people write it without one."""
        origin = self.origin(name)
        root = name.partition(".")[0]
        return origin is not None and (origin.kind == "keras" or (origin.kind == "unbound" and root in ROOTS))


class Bearing:
    """Asks one statement's effects; `functions` are those of the text that have been asked already."""

    def __init__(self, scope: Scope, bodies: dict[int, Effects]):
        self.scope, self.bodies = scope, bodies
        self.asked: set[int] = set()
        self.every: list[Effects] = []  # of the statement and of all functions that it may run

    def body(self, function: FunctionValue) -> Effects:
        key = id(function.node)
        if key not in self.bodies:
            self.bodies[key] = body_effects(function.node)
        return self.bodies[key]

    def functions(self, found: Effects) -> list[FunctionValue]:
        """The functions of the text that a statement may run."""
        out = []
        for name in {*found.mentioned, *found.called, *found.used, *found.seen, *[one.name for one in found.given]}:
            value = self.scope.names.get(name.partition(".")[0])
            for one in inside(value):
                if isinstance(one, FunctionValue):
                    out.append(one)
                elif isinstance(one, Opaque):
                    out += one.functions
        return out

    def fits(self) -> bool:
        """Whether the statement, or a function that it runs, fits a model: what it binds may be its history."""
        return any(getattr(call.func, "attr", "") in FITS for found in self.every for call in found.calls)

    def plain(self) -> bool:
        """Whether all that the statement calls, or takes where it calls nothing, is known to give no network."""
        called = {name for found in self.every for name in found.called}
        return all(self.plain_name(name) for name in called or {name for one in self.every for name in one.mentioned})

    def plain_name(self, name: str) -> bool:
        root, last = name.partition(".")[0], name.rpartition(".")[2]
        if root in self.scope.names:
            value = self.scope.names[root]
            return all(one.plain for one in inside(value) if isinstance(one, Opaque))
        origin = self.scope.origin(name)
        assert origin is not None
        first = origin.path.partition(".")[0]
        if first in FOREIGN | PLAIN_MODULES or origin.kind == "keras" or root in ROOTS or hasattr(builtins, root):
            return True
        return last in ASIDE_NAMES or last.endswith(PLAIN_NAMES)

    def broken(self, found: Effects) -> bool:
        """Whether a statement names what has a fault of its own."""
        names = (*found.used, *found.items, *found.seen, *found.patched, *[one.name for one in found.given])
        return any(isinstance(self.scope.names.get(name), Broken) for name in names)

    def reason(self, found: Effects) -> Reason | None:
        """Why the statement bears on the model, or None if it cannot."""
        deadline.check()
        self.every.append(found)
        own = self.changed(found) or self.made(found) or self.touched(found) or self.replaced(found)
        if own is not None:
            return own
        for function in self.functions(found):
            if id(function.node) not in self.asked:
                self.asked.add(id(function.node))
                inner = self.reason(self.body(function))
                if inner is not None:
                    return inner
        return None

    def changed(self, found: Effects) -> Reason | None:
        """What changes a model that has no name, or a setting of Keras."""
        if found.changes:
            return Reason(found.changes[0], "changes a model or its layers")
        for call in found.calls:
            name = dotted(call.func)
            origin = self.scope.origin(name) if name else None
            if origin is None or (origin.kind == "unbound" and name in ANY_EFFECT):
                if name in ANY_EFFECT and name not in self.scope.names:
                    return Reason(call, f"{name}() can change any name")
                if origin is None:
                    continue
            if self.sets(call, origin):
                return Reason(call, f"{origin.last} changes the layers made after it")
        for name, node in found.mentioned.items():
            origin = self.scope.origin(name)
            if origin is not None and origin.last in SETTINGS:
                return Reason(node, f"{origin.last} changes the layers made after it")
        if found.backend is not None and (found.patched or self.stores(found)):
            return Reason(found.backend, "KERAS_BACKEND chooses the backend's settings")
        return None

    @staticmethod
    def stores(found: Effects) -> bool:
        return any(getattr(one.func, "attr", "") in ("setdefault", "update", "putenv") for one in found.calls)

    def sets(self, call: ast.Call, origin: Origin) -> bool:
        """Whether a call gives a setting of Keras another value than it has anyway."""
        last = origin.last
        if last in UNSET or not (last in SETTINGS or (origin.kind == "keras" and last.startswith("set_"))):
            return False
        value = setting_value(call)
        return value is None or value not in SETTINGS.get(last, ()) or (self.scope.channels_first and "image" in last)

    def made(self, found: Effects) -> Reason | None:
        """A layer or model that is made, or a module of Keras that is handed on."""
        for name, node in (*found.called.items(), *found.mentioned.items()):
            if self.scope.makes(name):
                return Reason(node, f"{name!r} makes layers or models")
        for name, node in found.mentioned.items():
            origin = self.scope.origin(name)
            if origin is None or origin.kind == "foreign":
                continue
            dunder = origin.last.startswith("__") and origin.last not in PLAIN_DUNDERS
            if name in WHOLE or ((origin.last in MODULES or dunder) and origin.kind == "keras"):
                return Reason(node, f"{name!r} is a module of Keras, which could be changed")
        return None

    def touched(self, found: Effects) -> Reason | None:
        """A model, a layer or a tensor of which something is done that is not known to leave it as it is."""
        names = self.scope.names
        for name, node in (*found.used.items(), *found.items.items()):
            if self.bears(name):
                return Reason(node, f"{name!r} is part of a network")
        for one in found.given:
            if self.bears(one.name) and not self.harmless(one):
                return Reason(one.node, f"{one.callee}() is given {one.name!r}, which is part of a network")
        for name, node in found.patched.items():
            if self.bears(name) and getattr(node, "attr", "") not in ATTRIBUTES_TO_SET:
                return Reason(node, f"{name!r} is part of a network")
            if self.scope.of_keras(name) or self.scope.makes(name):
                return Reason(node, f"{name!r} is of Keras")
            if getattr(node, "attr", "") in KERAS.kinds:
                return Reason(node, "a layer type of Keras is another then")
        for name, call in found.asked:
            value = names.get(name)
            if isinstance(value, Opaque) and of_model(call, value.plain):
                return Reason(call, f"{name!r} is used as a model, and is {value}")
        for name, node in found.reached.items():
            value = names.get(name)
            if isinstance(value, Opaque) and value.holds:
                return Reason(node, f"{name!r} may hold a model of the text")
            if isinstance(value, Opaque) and not value.plain and "layers" in chain(node)[1]:
                return Reason(node, f"{name!r} is used as a model, and is {value}")
        for one in found.given:
            value = names.get(one.name)
            whole = isinstance(one.node, ast.Name)
            if whole and any(each.callback for each in opaques(value)) and not self.harmless(one):
                return Reason(one.node, f"{one.callee}() is given {one.name!r}, which has the model since `fit`")
            if isinstance(value, Opaque) and not value.plain and one.callee.rpartition(".")[2] in DRAWS:
                return Reason(one.node, f"{one.name!r} is used as a model, and is {value}")
        return None

    def bears(self, name: str) -> bool:
        """Whether a name is of the network, or of what has it as an attribute: a history, `self` in a callback."""
        if name == OWN_MODEL:
            return True
        value = self.scope.names.get(name)
        return of_network(value) or any(isinstance(one, Opaque) and one.fitted for one in inside(value))

    def replaced(self, found: Effects) -> Reason | None:
        for name, node in found.stored.items():
            if isinstance(self.scope.names.get(name), SequentialValue | ModelValue):
                return Reason(node, f"{name!r} is a model, which this replaces")
        return None

    def harmless(self, given: Given) -> bool:
        """Whether a function that is given part of a network leaves it as it is."""
        value = self.scope.names.get(given.callee)
        if isinstance(value, FunctionValue):
            return self.leaves(value, given.slot, set())
        if value is not None and not isinstance(value, Named):
            return False
        return self.takes(given.callee)

    def takes(self, callee: str) -> bool:
        """Whether what is no function of the text leaves what it is given: `print`, or `fit` of a model of the text."""
        root, dot, _ = callee.partition(".")
        last = callee.rpartition(".")[2]
        if dot and last in PASSIVE_METHODS:
            return of_network(self.scope.names.get(root))
        return last in PASSIVE_FUNCTIONS and not (dot and last in BUILTINS)

    def leaves(self, function: FunctionValue, slot: int | str | None, asked: set[tuple[int, Any]]) -> bool:
        """Whether a function of the text leaves what one of its arguments is given as it is."""
        if isinstance(function.node, ast.ClassDef) or (id(function.node), slot) in asked:
            return (id(function.node), slot) in asked
        deadline.check()
        asked.add((id(function.node), slot))
        body, arguments = self.body(function), function.node.args
        places = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
        if isinstance(slot, int):
            slot = places[slot] if slot < len(places) else None
        rests = [one.arg for one in (arguments.vararg, arguments.kwarg) if one is not None]
        if slot not in body.parameters or slot in rests:
            return False
        if slot in body.used or slot in body.items or slot in body.patched or slot in body.stored:
            return False
        for one in body.given:
            if one.name == slot:
                inner = self.scope.names.get(one.callee)
                if isinstance(inner, FunctionValue):
                    if not self.leaves(inner, one.slot, asked):
                        return False
                elif inner is not None or not self.takes(one.callee):
                    return False
        return True


def rivals(names: dict[str, Any], line: int) -> Iterator[tuple[str, Opaque]]:
    """What is bound after a model's line and may be a network of another library, by its own name or its maker's."""
    for name, value in names.items():
        if isinstance(value, Opaque) and not value.plain and value.line > line:
            maker = re.match(r"[\w.]+(?=\()", value.source)
            if maker and (NETWORK.search(name) or NETWORK.search(maker[0].rpartition(".")[2]) or maker[0] in HUBS):
                yield name, value


def opaques(value: Any) -> list[Opaque]:
    """Those in a value of the text."""
    return [one for one in inside(value) if isinstance(one, Opaque)]


def of_model(call: ast.Call, plain: bool) -> bool:
    """Whether a method is one that only models have, or of what is not known to be plain, one that they have too."""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    direct = isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
    fits = method == "fit" and FIT_ARGUMENTS & {keyword.arg for keyword in call.keywords}
    return direct and (method in MODEL_METHODS or bool(fits) or (not plain and method in NETWORK_METHODS))


def setting_value(call: ast.Call) -> Any:
    """The one literal that a setting is given, or None."""
    values = [*call.args, *[keyword.value for keyword in call.keywords]]
    return values[0].value if len(values) == 1 and isinstance(values[0], ast.Constant) else None


def is_channels_first(call: ast.Call, last: str) -> bool:
    return (last, setting_value(call)) in CHANNELS_FIRST
