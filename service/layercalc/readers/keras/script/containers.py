"""Models of the text's own that hold whole models for a training step: GANs, autoencoders, teacher and student."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script import applied, arrays
from layercalc.readers.keras.script.arguments import node_at
from layercalc.readers.keras.script.effects import words
from layercalc.readers.keras.script.subclassed import tracked
from layercalc.readers.keras.script.values import (
    MODELS,
    GraphObject,
    LayerObject,
    OwnObject,
    SequentialObject,
    TracedObject,
    origin,
)
from layercalc.readers.script import MISSING, Fault, Instance
from layercalc.readers.script.values import Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames
WEIGHTLESS = words(
    "Dropout Flatten Activation ReLU LeakyReLU Softmax Rescaling Resizing CenterCrop Concatenate Add Subtract Multiply"
    " Average Maximum Minimum Dot GaussianNoise InputLayer"
)


def parts(names: "KerasNames", value: Any) -> list[Any]:
    """The whole models that a model of the text's own only holds, as the text has them; none where it is one itself.

    It only holds them where it has no `call`, or one that leaves one of them out, and no layers with weights beside.
    """
    own = value.core if type(value) is Instance else None
    if not isinstance(own, OwnObject) or not own.is_model or own.base is not None or names.machine.doubted(value):
        return []
    try:
        held = [one for one, _ in tracked(names, own).values()]
    except Fault as fault:
        if fault.limit:
            raise
        return []
    whole = [one for one in held if is_whole(names, one)]
    if not whole or any(may_weigh(one) for one in held if not any(one is each for each in whole)):
        return []
    left = value.cls.find("call") is MISSING or (not own.weights and not own.called and leaves_out(names, own, whole))
    return [names.shown(one) for one in whole] if left else []


def is_whole(names: "KerasNames", one: Any) -> bool:
    """Whether it is a model whose input shape is known."""
    if isinstance(one, SequentialObject):
        return names.input_of(one) != (None, None)
    return isinstance(one, GraphObject) or (isinstance(one, OwnObject) and one.is_model and one.root is not None)


def may_weigh(one: Any) -> bool:
    """Whether a layer may have weights, now or later."""
    if isinstance(one, SequentialObject):
        return any(may_weigh(each) for each in one.items)
    kind = one.kind.type if isinstance(one, LayerObject) else ""
    return kind not in WEIGHTLESS and not kind.startswith("Random")


def leaves_out(names: "KerasNames", own: OwnObject, whole: list[Any]) -> bool:
    """Whether the `call` of an object comes by one of the models without calling it; False where it is not known."""
    try:
        root = applied.whole(names, own, None)
    except Fault as fault:
        if fault.limit:
            raise
        return False
    if not isinstance(root, TracedObject) or root is not own.root:
        return False
    pending, met, seen = [*(one.call for one in root.outputs), *root.extra], set(), set()
    while pending:
        call = pending.pop()
        names.machine.meter.work(64)
        if id(call) not in seen:
            seen.add(id(call))
            met.add(id(origin(call.layer)))
            pending += [
                one.call for one in applied.flat_or_unknown(names, [call.inputs, list(call.named.values())], None)
            ]
    return any(id(one) not in met for one in whole)


def inputs_by_parts(names: "KerasNames", own: OwnObject, asked: list[str]) -> list[Any]:
    """The inputs of `call`, one for each parameter, where it hands them on to whole models; else nothing."""
    call = own.instance.cls.find("call")
    if type(call) is not Function:
        return []
    first = call.node.args.args[0].arg if call.node.args.args else ""
    rebound = {
        node.id for node in ast.walk(call.node) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    found: dict[str, list[Any]] = {}
    for node in ast.walk(call.node):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        owner, given = node.func.value, node.args[0]
        if isinstance(owner, ast.Name) and owner.id == first and isinstance(given, ast.Name) and given.id in asked:
            part = own.instance.attrs.get(node.func.attr)
            if given.id not in rebound and isinstance(part, MODELS) and is_whole(names, part) and part.spoilt is None:
                shapes = [names.shape(one) for one in ends(names, part)]
                found.setdefault(given.id, [arrays.input_of(one[1:], None) for one in shapes])
    if any(one not in found for one in asked):
        return []
    return [found[one] if len(found[one]) > 1 else found[one][0] for one in asked]


def ends(names: "KerasNames", part: Any) -> list[Any]:
    return list(part.inputs) if isinstance(part, GraphObject) else names.sequence(part, None)[:1]


def paths(names: "KerasNames", bound: dict[str, Any], holders: dict[int, Any]) -> list[str]:
    """The expressions of the models that these hold: by names of their own, or by attributes of what holds them."""
    own = {id(value): name for name, value in bound.items()}
    found = []
    for name, value in bound.items():
        for one, label in tracked(names, value.core).values() if id(value) in holders else ():
            if is_whole(names, one):
                found.append(own.get(id(names.shown(one)), f"{name}.{label}"))
    return list(dict.fromkeys(found))


def tell(names: "KerasNames", bound: dict[str, Any], holders: dict[int, Any], chosen: str, value: Any) -> None:
    """Say of a model that others hold which of theirs it is."""
    for holder in holders.values():
        if any(one is value for one in parts(names, holder)):
            others = [one for one in paths(names, bound, {id(holder): holder}) if one != chosen]
            told = f"{chosen} is answered for, which {holder.core.title} holds for its training"
            way = f"; name with `entry` {' or '.join(others)} for the other" if others else ""
            names.warn(node_at(holder.core.location), told + way)


__all__ = ["inputs_by_parts", "parts", "paths", "tell"]
