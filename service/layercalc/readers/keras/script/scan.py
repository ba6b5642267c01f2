"""What the tree of a text tells before it is followed: slips in names, and what callbacks do with their model."""

import ast
from collections.abc import Collection
from typing import Any

from layercalc.layers.keras.base import KERAS
from layercalc.readers.keras.script.effects import (
    CHANGES,
    FIT_ARGUMENTS,
    KERAS_MODULES,
    MODEL_METHODS,
    PASSIVE_ATTRIBUTES,
    PASSIVE_METHODS,
)
from layercalc.readers.keras.script.names import BARE, LIBRARIES, OF_LAYERS
from layercalc.readers.script import Fault, Instance, Opaque
from layercalc.readers.script.nodes import Nodes
from layercalc.readers.script.values import Class, Function

IMPORTS = (ast.Import, ast.ImportFrom)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
PATCHED = ("keras", "tensorflow", "tf_keras")
ASKED = MODEL_METHODS | {"fit"}
SAFE = PASSIVE_METHODS | PASSIVE_ATTRIBUTES | MODEL_METHODS


def methods_in(values: list[Any]) -> list[Function]:
    """The methods of classes of the text that something unknown among the values may be of."""
    found: list[Function] = []
    pending, seen = list(values), set()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one) is Opaque:
            pending += [*one.holds, *([one.root] if one.root is not None else [])]
        elif isinstance(one, list | tuple):
            pending += one
        elif type(one) is Class and not one.builtin:
            found += [each for each in one.attrs.values() if type(each) is Function]
    return found


def methods_of(value: Instance) -> list[Function]:
    """The methods of the class of an object, as far as the text has them, but for the `__init__` that has made it."""
    found = [each for cls in value.cls.mro for name, each in cls.attrs.items() if name != "__init__"]
    return [each for each in found if type(each) is Function]


def slips(nodes: Nodes) -> dict[str, ast.AST]:
    """Roots of `tk.keras.layers.Dense` that nothing binds, with the first use of each."""
    found: dict[str, ast.AST] = {}
    for node in nodes.of(ast.Attribute) if not OF_LAYERS.isdisjoint(nodes.attrs) else ():
        inner = node.value
        if isinstance(inner, ast.Attribute) and inner.attr in OF_LAYERS and KERAS.get(node.attr) is not None:
            root: ast.expr = inner
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and not (root.id in BARE or root.id in LIBRARIES or root.id == "self"):
                found.setdefault(root.id, root)
    bound = stored(nodes) if found else set()
    return {name: root for name, root in found.items() if name not in bound}


def changes_model(nodes: Nodes, parts: Collection[str] = ()) -> bool:
    """Whether a method of a callback, of these nodes, does with `self.model` what may change it.

    `parts` are layers that the model has by name.
    """
    if any(one.value == "model" for one in nodes.of(ast.Constant)):
        return True
    if "model" not in nodes.attrs:
        return False
    above = {one.value: one for one in nodes.of(ast.Attribute)}
    called = {one.func for one in nodes.of(ast.Call)}
    for one in nodes.of(ast.Attribute):
        asked: Any = above.get(one)
        if one.attr != "model" or (asked in called and asked.attr in parts):
            continue
        asked = above.get(asked) if asked is not None and asked.attr in parts else asked
        if asked is None or asked.attr not in SAFE or asked.attr in CHANGES:
            return True
    return False


def makes_layers(node: ast.AST) -> bool:
    """Whether an expression is a call of a layer type or a model by name."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return KERAS.get(name) is not None or name in KERAS.models


def stored(nodes: Nodes) -> set[str]:
    """All names that a text binds anywhere."""
    found = {node.id for node in nodes.of(ast.Name) if isinstance(node.ctx, ast.Store)}
    found |= {(one.asname or one.name).partition(".")[0] for node in nodes.each(*IMPORTS) for one in node.names}
    return found | {node.name for node in nodes.each(*DEFINITIONS)}


def grown(nodes: Nodes) -> set[str]:
    """Names of which the text asks `x.add(Dense(3))`: what is bound nowhere is a Sequential then."""
    return {
        node.func.value.id
        for node in nodes.of(ast.Call)
        if isinstance(node.func, ast.Attribute)
        and node.func.attr == "add"
        and isinstance(node.func.value, ast.Name)
        and len(node.args) == 1
        and makes_layers(node.args[0])
    }


def only_imported(nodes: Nodes) -> set[str]:
    """Names that the text binds by imports of Keras' alone."""
    found: set[str] = set()
    others = {node.id for node in nodes.of(ast.Name) if not isinstance(node.ctx, ast.Load)}
    others |= {node.name for node in nodes.each(*DEFINITIONS)}
    others |= {(one.asname or one.name).partition(".")[0] for node in nodes.of(ast.Import) for one in node.names}
    for node in nodes.of(ast.ImportFrom):
        known = (node.module or "").partition(".")[0] in KERAS_MODULES and not node.level
        for one in node.names:
            (found if known and one.asname in (None, one.name) else others).add(one.asname or one.name)
    return found - others


def asked_as_models(nodes: Nodes) -> set[str]:
    """Names of which the text asks what only models have."""
    methods = [node for node in nodes.of(ast.Call) if type(node.func) is ast.Attribute and node.func.attr in ASKED]
    return {
        node.func.value.id
        for node in methods
        if isinstance(node.func.value, ast.Name)
        and (node.func.attr in MODEL_METHODS or FIT_ARGUMENTS & {one.arg for one in node.keywords})
    }


def check(nodes: Nodes) -> None:
    """Refuse what may bind any name anew, or change what the names of Keras' stand for."""
    asked = [one for one in nodes.of(ast.Compare) if isinstance(one.ops[0], ast.In | ast.NotIn)]
    looked_up = {one.comparators[0] for one in asked}  # what `"google.colab" in sys.modules` asks changes nothing
    bad = [node for node in nodes.of(ast.Attribute) if type(node.ctx) is ast.Store and sets_hidden(node)]
    if "modules" in nodes.attrs:
        modules = [node for node in nodes.of(ast.Attribute) if node.attr == "modules" and node not in looked_up]
        bad += [node for node in modules if getattr(node.value, "id", "") == "sys"]
    if "patch" in " ".join(nodes.ids | nodes.attrs):
        bad += [node for node in nodes.of(ast.Call) if patches(node)]
    if bad:
        raise Fault(nodes.first(bad), "It may replace what any name stands for; import names one by one.")


def sets_hidden(node: ast.Attribute) -> bool:
    """Whether an attribute with an underscore is set on something of Keras'."""
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in BARE and node.attr.startswith("_")


def patches(node: ast.Call) -> bool:
    """Whether a call is `mock.patch("keras.layers.Dense", …)`, or one of its kind."""
    if not any(isinstance(one, ast.Constant) and str(one.value).startswith(PATCHED) for one in node.args):
        return False
    function = node.func
    parts = [getattr(one, "attr", getattr(one, "id", "")) for one in (function, getattr(function, "value", None))]
    return any("patch" in str(part) for part in parts)


def node_of(value: Any) -> Any:
    """Where a function or class of the text stands."""
    if type(value) is Function:
        return value.node
    return next((node_of(one) for one in value.attrs.values() if type(one) is Function), None)


def callable_bare(value: Any) -> bool:
    """Whether it can be called without arguments."""
    function = value if type(value) is Function else value.find("__init__")
    if type(function) is not Function:
        return type(value) is Class
    args = function.node.args
    needed = len([*args.posonlyargs, *args.args]) - len(args.defaults) - (type(value) is Class)
    return needed <= 0 and all(one is not None for one in args.kw_defaults)


def header(name: str, value: Any) -> str:
    """A function or class of the text with its parameters: `build(n, classes=10)`."""
    function = value if type(value) is Function else value.find("__init__")
    if type(function) is not Function:
        return f"{name}()"
    args = ast.unparse(function.node.args)
    own = args.partition(",")[2].strip() if type(value) is Class else args
    return f"{name}({own if len(own) <= 100 else own[:99] + '…'})"


ROWS = list | tuple


def held_by(value: Any) -> list[Any]:
    """A value, or what is in a list of them."""
    return [each for one in value for each in held_by(one)] if isinstance(value, ROWS) else [value]
