"""The model of a text of Keras code, followed by the interpreter and never run."""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from layercalc.environment import setting
from layercalc.errors import Unreadable
from layercalc.layers.keras.base import KERAS
from layercalc.limits import UNLIMITED, Limits
from layercalc.locations import CodeLocation, spot
from layercalc.model import Model
from layercalc.readers.builder import Builder
from layercalc.readers.frameworks import of_framework, printed_module
from layercalc.readers.keras.script import builds, models, rereading
from layercalc.readers.keras.script.choice import EntryFault, NoModel, by_entry, chosen
from layercalc.readers.keras.script.emit import Built
from layercalc.readers.keras.script.layers import SHAPES
from layercalc.readers.keras.script.rivals import is_model
from layercalc.readers.keras.script.scan import check, grown, makes_layers, only_imported, stored
from layercalc.readers.keras.script.values import (
    GraphObject,
    LayerObject,
    SequentialObject,
    Settings,
    TensorObject,
)
from layercalc.readers.keras.script.vocabulary import KerasNames
from layercalc.readers.notebooks import Notebook
from layercalc.readers.script import MISSING, Bounds, Fault, Machine, Opaque
from layercalc.readers.script.nodes import Nodes
from layercalc.readers.script.scope import MODULE, Scope
from layercalc.readers.text import parse_code

MAKING = (ast.Call, ast.Tuple, ast.List, ast.BinOp)  # expressions that may make layers
MAKERS = frozenset((*KERAS.kinds, *KERAS.aliases, "Sequential"))
LIMITS = ("max_script_steps", "max_script_bytes")
Shapes = Callable[[list[str]], Mapping[str, Sequence[int | None]]]


class Text(Machine):
    """A text of Keras code; which of its names were bound to models, and when, tells what it makes."""

    def __init__(self, names: KerasNames, nodes: Nodes, bounds: Bounds):
        super().__init__(names, bounds)
        self.bindings: dict[str, int] = {}
        self.count = 0
        self.of_models: set[str] = set()
        self.last: TensorObject | None = None  # that was bound last, at the top level
        self.nodes = nodes
        self.alone: dict[int, str] = {}  # of statements of the top level by id: a name for what each gives

    @cached_property
    def grown(self) -> set[str]:
        return grown(self.nodes)

    @cached_property
    def imported_later(self) -> set[str]:
        return only_imported(self.nodes)

    @cached_property
    def stored(self) -> set[str]:
        return stored(self.nodes)

    def unbound(self, name: str, node: ast.AST) -> Any:
        """A name of which the line that binds it was left out of the text, or stands further down."""
        if self.starred is not None:
            return super().unbound(name, node)
        if name not in self.bound and name in self.grown:
            made = models.implied(self.names, node)
            self.store(self.globals, name, made, node)
            return made
        if name in self.bound and (name in self.imported_later or not self.catching):
            value = self.names.bare(name)  # a snippet, the first lines of which were left out
            return Opaque(f"{name}, which the text has not bound yet", node) if value is MISSING else value
        return super().unbound(name, node)

    @property
    def names(self) -> KerasNames:
        assert isinstance(self.vocabulary, KerasNames)
        return self.vocabulary

    def stated(self, node: ast.Expr, value: Any) -> None:
        """Keep what a line of the top level gives, by a name that no text can have."""
        if value is not None and (name := self.alone.get(id(node))) is not None:
            self.store(self.globals, name, value, node)

    def store(self, scope: Scope, name: str, value: Any, node: ast.AST | None) -> None:
        super().store(scope, name, value, node)
        if scope.kind is MODULE or name in scope.info.globals:
            self.bindings.pop(name, None)
            self.bindings[name] = self.count = self.count + 1
            if is_model(value):
                self.of_models.add(name)
            elif isinstance(value, TensorObject):
                self.last = value


def read_script(
    code: str | Notebook, limits: Limits = UNLIMITED, entry: str | None = None, shapes: Shapes | None = None
) -> tuple[Model, Builder]:
    """The model of Keras code; faults give lines and columns. `entry` is an expression that makes it.

    `shapes` are what the request says of the inputs of these names, without the batch: for a model of the text's own
    class that it calls on nothing of known shape.
    """
    builder = Builder("model", "code", KERAS)
    tree = parse_code(code, limits)
    nodes = Nodes(tree)
    names = KerasNames(builder, nodes)
    names.counters = Settings()
    names.requested = shapes
    names.loads = names.loads or entry is not None
    machine = Text(names, nodes, Bounds.of(limits))
    other = of_framework(nodes, MAKERS) or printed_module(tree, KERAS, SHAPES)
    try:
        if other is not None and other.sure:
            raise NoModel(other.node, other.detail)
        check(nodes)
        bare = lines(machine, names, tree, nodes)
        root, told = (
            (by_entry(machine, names, entry, limits), entry)
            if entry is not None
            else chosen(machine, names, nodes, bare)
        )
        for node, text in machine.warnings:
            builder.warn(spot(node), text)
        builder.faults.clear()  # what was noted while shapes were told comes again
        if root is bare or (isinstance(root, GraphObject) and not any(root is one for one in names.made)):
            builder.faults += [names.slips.listed(node, text) for node, text in names.slips.unread]
        built = Built(names, builder)
        model = built.build(root, builder)
        inside = builds.within(names, root)
        models.check_locked(names, root, inside.values())
        builds.check(names, root, inside, built)
        builds.check_unused(names, root, inside, built)
        model.sized, model.readings = names.sized or not rereading.alike(names, root, model), names.readings
    except Fault as fault:
        if isinstance(fault, NoModel) and other is not None:
            fault.node, fault.detail = other.node, other.detail
        unread = [names.slips.listed(node, text) for node, text in names.slips.unread]
        last = unread if unread and isinstance(fault, NoModel) else [located(fault, limits, names)]
        raise Unreadable([*builder.faults, *last], status=422) from None
    finally:
        machine.forget()
    model.entry = told or None
    return model, builder


def located(fault: Fault, limits: Limits, names: KerasNames) -> dict[str, Any]:
    """A fault as answers list it: a limit that was passed is told with its setting."""
    detail = fault.detail
    if limits is not UNLIMITED and fault.limit in LIMITS:
        detail = f"{detail} The limit is {getattr(limits, fault.limit):,} ({setting(fault.limit)})."
    if isinstance(fault, EntryFault):
        return {"parameter": "entry", "detail": detail}
    return names.slips.listed(fault.node, detail)


def lines(machine: Text, names: KerasNames, tree: ast.Module, nodes: Nodes) -> SequentialObject:
    """Follow the text; layers that stand alone in a line are a Sequential of their own."""
    bare = SequentialObject("sequential", CodeLocation(1, 1, {}))
    bare.versions = []
    if nodes.of(ast.Delete):
        tree.body = [node for node in tree.body if not deletes_nothing(machine, node)]
    alone = [node for node in tree.body if type(node) is ast.Expr and type(node.value) in MAKING]
    machine.alone = {id(node): f".{number}" for number, node in enumerate(alone)}
    machine.run(tree, nodes)
    for name, expression in zip(machine.alone.values(), [node.value for node in alone], strict=True):
        value = machine.globals.vars.get(name)
        if value is None:
            continue
        if not is_model(value):
            machine.globals.vars.pop(name, None)
            machine.bindings.pop(name, None)
        machine.of_models.discard(name)
        if type(value) is Opaque and makes_layers(expression):
            names.slips.unread.append((expression, f"What this layer is given is not known: {value.why}."))
        for one in value if isinstance(value, list | tuple) else [value]:
            first = isinstance(one, TensorObject) and one.call.layer is None and not bare.items
            if first or (isinstance(one, LayerObject) and id(one) not in names.calls):
                bare.items.append(one)
                bare.versions.append(names.version(one))
    return bare


def deletes_nothing(machine: Text, node: ast.stmt) -> bool:
    """Whether a statement deletes names alone that the text binds nowhere."""
    return isinstance(node, ast.Delete) and all(
        isinstance(one, ast.Name) and one.id not in machine.stored for one in node.targets
    )


__all__ = ["Text", "read_script"]
