"""The networks of keras.applications: functions of texts of ours, which the interpreter follows as the user's.

A text of `keras/applications` is data. It is parsed once in a process, and followed once in a reading, in a scope of
its own; names of layers count on from those of the user's text, and whatever is made stands where the user calls.
"""

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.networks import NETWORKS, TEXTS
from layercalc.readers.keras.script.arguments import flat, unknown_in
from layercalc.readers.keras.script.graphs import tensors_of
from layercalc.readers.keras.script.values import TensorObject
from layercalc.readers.script import MISSING, Fault, Module, Native, Opaque
from layercalc.readers.script.faults import Raised
from layercalc.readers.script.modules.arrays import array, is_array
from layercalc.readers.script.scope import FUNCTION, Scope, of_body
from layercalc.readers.text import parse_code

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

FOLDER = Path(__file__).parent.parent / "applications"
MODULES = {  # Keras' modules, with the text that holds what they are asked for
    "imagenet_utils": "imagenet_utils",
    "vgg16": "vgg",
    "vgg19": "vgg",
    "resnet": "resnet",
    "resnet50": "resnet",
    "resnet_v2": "resnet",
    **{name: name for name in TEXTS if name not in ("vgg", "resnet")},
}
PREPROCESSING = {  # how each of Keras' modules prepares images: a function of the text `preprocessing`
    **dict.fromkeys(("vgg16", "vgg19", "resnet", "resnet50"), "caffe"),
    **dict.fromkeys(
        ("inception_v3", "inception_resnet_v2", "mobilenet", "mobilenet_v2", "nasnet", "resnet_v2", "xception"), "tf"
    ),
    "densenet": "torch",
    **dict.fromkeys(("efficientnet", "efficientnet_v2", "convnext", "mobilenet_v3"), "none"),
    "imagenet_utils": "preprocess_input",
}


@cache
def tree(text: str) -> ast.Module:
    """A text of ours, whose nodes have no lines: the user has not got them."""
    found = parse_code((FOLDER / f"{text}.py").read_text("utf-8"))
    for node in ast.walk(found):
        for location in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            vars(node).pop(location, None)
    return found


def module(names: "KerasNames", name: str) -> Module | None:
    """`keras.applications.vgg16`, and what texts of networks take their helpers from; None for others."""
    parent, _, last = name.rpartition(".")
    ours = parent.endswith("keras.applications") or name == "keras_applications.imagenet_utils"
    text = MODULES.get(last) if ours else None
    if text is None:
        return None
    prepares = preprocessing(names, PREPROCESSING[last])
    return Module(name, lambda member: prepares if member == "preprocess_input" else found(names, text, member))


def preprocessing(names: "KerasNames", name: str) -> Native:
    """`preprocess_input` of one of Keras' modules: of a tensor, the operations; of data, more data."""
    of_tensors = function(names, "preprocessing", name)

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        x: Any = args[0] if args else kwargs.get("x")
        if isinstance(x, TensorObject):
            return m.call(of_tensors, args, kwargs, at)
        m.risk(at)
        return array(m, x.attrs["shape"], Opaque("", at), at) if is_array(m, x) else Opaque("", at)

    return Native("preprocess_input", run)


def found(names: "KerasNames", text: str, name: str) -> Any:
    """What a text of ours defines, for a caller of its own kind or the user's; MISSING for what it does not."""
    if names.within is not None:
        return scope_of(names, text).vars.get(name, MISSING)
    defined = any(getattr(one, "name", "") == name for one in tree(text).body)
    return function(names, text, name) if defined or name == "_obtain_input_shape" else MISSING


def network(names: "KerasNames", name: str) -> Native | None:
    """The function of a network by its name; None where it is none of those that are read."""
    return function(names, NETWORKS[name], name) if name in NETWORKS else None


def function(names: "KerasNames", text: str, name: str) -> Native:
    """A function of a text of ours, told where it is called: so are its faults, and the layers that it makes."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        if unknown_in(names, *args, *kwargs.values()) is not None:
            m.risk(at)
        around, catching = names.within, m.catching
        names.within, m.catching = placed(name, at), 0
        try:
            made = m.call(scope_of(names, text).vars[name], args, kwargs, at)
        except Fault as fault:
            fault.node = at
            raise
        except Raised as error:
            error.node = at
            raise
        finally:
            names.within, m.catching = around, catching
        return made

    return Native(name, run)


def placed(name: str, at: Any) -> ast.AST:
    """A node at the user's call, whose arguments are not those of what is called within."""
    return ast.copy_location(ast.Name(name, ast.Load()), at)


def scope_of(names: "KerasNames", text: str) -> Scope:
    """The names of a text of ours, followed when it is first asked for, whatever may or may not run then."""
    if text not in names.texts:
        m = names.machine
        scope = Scope(FUNCTION, of_body(tree(text).body), m.globals)
        builtins = m.every_builtin()
        scope.info.bound |= builtins.keys()  # so that the user's names are none of its
        scope.vars.update(builtins)
        levels, m.journal.levels = m.journal.levels, []
        try:
            m.block(tree(text).body, scope)
        finally:
            m.journal.levels = levels
        names.texts[text] = scope
    return names.texts[text]


def source_inputs(names: "KerasNames") -> Native:
    """`get_source_inputs(tensor)`: the inputs that a tensor is computed from."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> list[Any]:
        pending, seen, inputs = flat(names, [*args, *kwargs.values()], at), set(), []
        while pending:
            one = pending.pop()
            if not isinstance(one, TensorObject):
                raise Fault(at, f"Expected a tensor of a model; received {names.describe(one)}.")
            if id(one.call) in seen:
                continue
            seen.add(id(one.call))
            m.meter.work(32, at)
            if one.call.layer is None:
                inputs.append(one)
            pending += reversed(tensors_of(names, one.call, at))
        return inputs

    return Native("get_source_inputs", run)


__all__ = ["NETWORKS", "module", "network", "source_inputs"]
