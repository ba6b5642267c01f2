"""The model of a text of Keras code, followed by the interpreter and never run."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from layercalc.errors import Unreadable
from layercalc.layers.keras.base import KERAS
from layercalc.limits import UNLIMITED, Limits
from layercalc.locations import CodePlace
from layercalc.model import Model
from layercalc.readers.builder import Draft
from layercalc.readers.code_names import KERAS_MODULES, MODEL_METHODS, STAR
from layercalc.readers.keras.script.applied import whole
from layercalc.readers.keras.script.emit import Built
from layercalc.readers.keras.script.names import BARE, of_network
from layercalc.readers.keras.script.values import (
    MODELS,
    GraphObject,
    Kind,
    LayerObject,
    LostModel,
    OwnObject,
    SequentialObject,
    Settings,
    TensorObject,
)
from layercalc.readers.keras.script.vocabulary import KerasNames
from layercalc.readers.script import MISSING, Bounds, Fault, Instance, Machine, Opaque
from layercalc.readers.script.scope import MODULE, Scope
from layercalc.readers.script.values import Class, Function
from layercalc.readers.text import parse_code

PATCHED = ("keras", "tensorflow", "tf_keras")
Shapes = Callable[[list[str]], Mapping[str, Sequence[int | None]]]
WRITE_OUT = "Write the layers out, or post the JSON."


class Text(Machine):
    """A text of Keras code; which of its names were bound to models, and when, tells what it makes."""

    def __init__(self, names: KerasNames, bounds: Bounds | None = None):
        super().__init__(names, bounds)
        self.bindings: dict[str, int] = {}
        self.of_models: set[str] = set()
        self.imported_later: set[str] = set()

    def unbound(self, name: str, node: ast.AST) -> Any:
        """A name of Keras' that is imported further down: a snippet, of which the first lines were left out."""
        if name in self.imported_later:
            value = self.vocabulary.bare(name)
            if value is not MISSING:
                return value
        return super().unbound(name, node)

    def store(self, scope: Scope, name: str, value: Any, node: ast.AST | None) -> None:
        super().store(scope, name, value, node)
        if scope.kind is MODULE or name in scope.info.globals:
            self.bindings.pop(name, None)
            self.bindings[name] = len(self.bindings)
            if is_model(value):
                self.of_models.add(name)


def given_layers(value: Opaque, values: Any) -> bool:
    """Whether something unknown comes of a call that is given layers: it may be a model."""
    node = value.node
    for one in ast.walk(node) if isinstance(node, ast.Call) else ():
        if isinstance(one, ast.Call) and one is not node:
            name = one.func.attr if isinstance(one.func, ast.Attribute) else getattr(one.func, "id", "")
            if KERAS.get(name) is not None:
                return True
        if isinstance(one, ast.Name) and any(isinstance(x, LayerObject) for x in listed(values.get(one.id))):
            return True
    return False


def of_library(value: Opaque) -> bool:
    """Whether something unknown was made by a library of networks."""
    return isinstance(value.node, ast.Call) and of_network(value.origin or value.first.origin)


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def is_model(value: Any) -> bool:
    own = type(value) is Instance and isinstance(value.core, OwnObject) and value.core.is_model
    read = isinstance(value, LayerObject) and value.kind is Model
    return isinstance(value, MODELS | LostModel) or own or read


def read_script(
    code: str, limits: Limits = UNLIMITED, entry: str = "", shapes: Shapes | None = None
) -> tuple[Model, Draft]:
    """The model of Keras code; faults give lines and columns. `entry` is an expression that makes it.

    `shapes` are what the request says of the inputs of these names, without the batch: for a model of the text's own
    class that it calls on nothing of known shape.
    """
    draft = Draft("model", "code", KERAS)
    tree = parse_code(code, limits)
    names = KerasNames(draft, tree)
    names.counters = Settings()
    names.requested = shapes
    machine = Text(names)
    try:
        check(tree)
        bare = lines(machine, names, tree)
        root = chosen(machine, names, tree, bare, entry)
        draft.faults.clear()  # what was noted while shapes were told comes again
        draft.warnings.clear()
        model = Built(names, draft).build(root, draft)
        model.sized = names.sized
    except Fault as fault:
        raise Unreadable([{"line": 1, "column": 1, **fault.error()}], status=422) from None
    for node, text in machine.warnings:
        draft.warn({"line": getattr(node, "lineno", 1), "column": getattr(node, "col_offset", 0) + 1}, text)
    return model, draft


def check(tree: ast.Module) -> None:
    """Refuse what may bind any name anew, or change what the names of Keras' stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            bad = (node.module or "").partition(".")[0] not in KERAS_MODULES | STAR
        elif isinstance(node, ast.Attribute):
            bad = sets_hidden(node) or (node.attr == "modules" and getattr(node.value, "id", "") == "sys")
        else:
            bad = isinstance(node, ast.Call) and patches(node)
        if bad:
            raise Fault(node, "It may replace what any name stands for; import names one by one.")


def sets_hidden(node: ast.Attribute) -> bool:
    """Whether an attribute is set on the class of something, or one with an underscore on something of Keras'."""
    if not isinstance(node.ctx, ast.Store):
        return False
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if isinstance(root, ast.Call):
        return isinstance(root.func, ast.Name) and root.func.id == "type"
    return isinstance(root, ast.Name) and root.id in BARE and node.attr.startswith("_")


def patches(node: ast.Call) -> bool:
    """Whether a call is `mock.patch("keras.layers.Dense", …)`, or one of its kind."""
    function = node.func
    parts = [getattr(one, "attr", getattr(one, "id", "")) for one in (function, getattr(function, "value", None))]
    named = any(isinstance(one, ast.Constant) and str(one.value).startswith(PATCHED) for one in node.args)
    return named and any("patch" in str(part) for part in parts)


def lines(machine: Text, names: KerasNames, tree: ast.Module) -> SequentialObject:
    """Follow the text; layers that stand alone in a line are a Sequential of their own."""
    bare = SequentialObject("sequential", CodePlace(1, 1, {}))
    bare.versions = []
    kept: list[str] = []
    bound = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    bound |= {
        (x.asname or x.name).split(".")[0]
        for one in ast.walk(tree)
        if isinstance(one, ast.Import | ast.ImportFrom)
        for x in one.names
    }
    bound |= {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.ClassDef)}
    machine.imported_later = only_imported(tree)
    body: list[ast.stmt] = []
    for number, node in enumerate(tree.body):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Tuple | ast.List | ast.BinOp):
            target = ast.copy_location(ast.Name(f".{number}", ast.Store()), node)
            kept.append(target.id)
            body.append(ast.copy_location(ast.Assign([target], node.value), node))
        elif isinstance(node, ast.Delete) and all(isinstance(x, ast.Name) and x.id not in bound for x in node.targets):
            continue
        else:
            body.append(node)
    machine.run(ast.copy_location(ast.Module(body, []), tree))
    for name in kept:
        value = machine.globals.vars.get(name)
        if not is_model(value):
            machine.globals.vars.pop(name, None)
            machine.bindings.pop(name, None)
        machine.of_models.discard(name)
        for one in value if isinstance(value, list | tuple) else [value]:
            first = isinstance(one, TensorObject) and one.call.layer is None and not bare.items
            if first or (isinstance(one, LayerObject) and id(one) not in names.calls):
                bare.items.append(one)
                bare.versions.append(None)
    return bare


def only_imported(tree: ast.Module) -> set[str]:
    """Names that the text binds by imports of Keras' alone."""
    found: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            known = (node.module or "").partition(".")[0] in KERAS_MODULES and not node.level
            for one in node.names:
                (found if known and one.asname in (None, one.name) else others).add(one.asname or one.name)
        elif isinstance(node, ast.Import):
            others |= {(one.asname or one.name).partition(".")[0] for one in node.names}
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            others.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            others.add(node.name)
    return found - others


def chosen(machine: Text, names: KerasNames, tree: ast.Module, bare: SequentialObject, entry: str) -> Any:
    """The model that the text comes to: of `entry`, or the last bound one that is part of no other, or what is left."""
    if entry:
        return by_entry(machine, entry)
    asked = asked_as_models(tree)
    values = machine.globals.vars
    found: list[Any] = []
    for name in machine.bindings:  # in the order in which they were bound last
        value = values.get(name)
        if is_model(value) or (
            type(value) is Opaque
            and (name in machine.of_models or name in asked or given_layers(value, values) or of_library(value))
        ):
            found.append(value)
    whole = [value for value in found if id(value) not in names.inside]
    if not whole:
        made = [one for one in names.made if id(one) not in names.inside]
        whole = [one for one in made if id(one) not in names.unsure]
        whole = [one for one in whole if not never_called(one)] or whole
        if len(whole) > 1 or (made and not whole):
            raise Fault(None, "Which model is meant cannot be told: none is bound to a name at the end.")
    if whole:
        return settled(names, whole[-1])
    if bare.items:
        return bare
    last = last_tensor(machine, values)
    if last is not None:
        return graph_to(names, last)
    if names.probed and isinstance(names.probed[-1][0], LayerObject):
        return alone(names, *names.probed[-1])
    return by_function(machine, names)


def alone(names: KerasNames, layer: LayerObject, shape: Any) -> SequentialObject:
    """A layer of which the text asks only what shape it gives."""
    made = SequentialObject("sequential", layer.place)
    made.items, made.versions, made.shape = [layer], [None], shape
    return made


def never_called(value: Any) -> bool:
    """Whether it is a model of the text's own that only holds layers, which a method of it makes a model of."""
    return type(value) is Instance and value.core.root is None and value.core.base is None


def settled(names: KerasNames, value: Any) -> Any:
    """A model that is known; Fault where it is not."""
    if type(value) is Instance and isinstance(value.core, OwnObject):
        value = whole(names, names.known(value, None), None)
    if type(value) is Opaque:
        raise Fault(value.node, f"The model is {value.why}. {WRITE_OUT}")
    names.sure(value, value.spoilt.node if value.spoilt is not None else None)
    if not isinstance(value, MODELS) and not is_model(value):
        raise Fault(None, f"No model is made; received {names.told(value)}.")
    return value


def asked_as_models(tree: ast.Module) -> set[str]:
    """Names of which the text asks what only models have."""
    return {
        node.func.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (
            node.func.attr in MODEL_METHODS
            or (node.func.attr == "fit" and {one.arg for one in node.keywords} & {"epochs", "batch_size", "nb_epoch"})
        )
    }


def last_tensor(machine: Text, values: Any) -> Any:
    """The tensor that was bound last."""
    for name in reversed(list(machine.bindings)):
        value = values.get(name)
        if isinstance(value, TensorObject) and value.call.layer is not None:
            return value
    return None


def graph_to(names: KerasNames, last: TensorObject) -> GraphObject:
    """The model of all inputs that lead to a tensor."""
    inputs: list[Any] = []
    pending: list[Any] = [last]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if id(one.call) in seen:
            continue
        seen.add(id(one.call))
        if one.call.layer is None:
            inputs.append(one)
        pending += [
            *one.call.inputs,
            *(t for v in one.call.named.values() for t in (v if isinstance(v, list) else [v])),
        ]
    inputs.sort(key=lambda one: one.call.order)
    return GraphObject("model", last.call.place, inputs, [last])


def by_entry(machine: Text, entry: str) -> Any:
    """The model that an expression in the text's own names makes."""
    body = parse_code(entry).body
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise Fault(None, "Expected entry as one expression in the text's own names.")
    node = body[0].value
    value = machine.guarded(lambda: machine.value(node, machine.globals))
    return settled(machine.vocabulary, value)  # type: ignore[arg-type]


def by_function(machine: Text, names: KerasNames) -> Any:
    """The only function or class of the text that makes a model, if it can be called without arguments."""
    own = {name: one for name, one in machine.globals.vars.items() if type(one) in (Function, Class)}
    makers = {name: one for name, one in own.items() if mentions(one)}
    if len(makers) == 1:
        (one,) = makers.values()
        if callable_bare(one):
            before = len(names.made)
            value = machine.guarded(lambda: machine.call(one, [], {}, node_of(one)))
            made = [x for x in names.made[before:] if id(x) not in names.inside]
            if isinstance(value, tuple | list):
                value = next((x for x in value if is_model(x)), None)
            if is_model(value):
                return settled(names, value)
            if type(value) is Instance and len(made) == 1:
                return settled(names, made[0])
    if makers:
        listed = ", ".join(makers)
        first = node_of(next(iter(makers.values())))
        raise Fault(first, f"No layer found outside {listed}; name with `entry` the call that makes the model.")
    known = "Dense(10), Sequential([…]) or Model(inputs, outputs)"
    raise Fault(None, f"No layer found: expected lines of Keras code such as {known}.")


def node_of(value: Any) -> Any:
    if type(value) is Function:
        return value.node
    return next((node_of(one) for one in value.attrs.values() if type(one) is Function), None)


def mentions(value: Any) -> bool:
    """Whether the text of a function or class mentions a class of models."""
    bodies = [value.node] if type(value) is Function else [x.node for x in value.attrs.values() if type(x) is Function]
    words = {"Sequential", "Model", "Functional"}
    return any(
        (isinstance(node, ast.Name) and node.id in words) or (isinstance(node, ast.Attribute) and node.attr in words)
        for body in bodies
        for node in ast.walk(body)
    )


def callable_bare(value: Any) -> bool:
    """Whether it can be called without arguments."""
    function = value if type(value) is Function else value.find("__init__")
    if type(function) is not Function:
        return type(value) is Class
    args = function.node.args
    needed = len([*args.posonlyargs, *args.args]) - len(args.defaults) - (type(value) is Class)
    return needed <= 0 and all(one is not None for one in args.kw_defaults)


__all__ = ["Kind", "read_script"]
