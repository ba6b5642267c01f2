"""What calls build: a layer's weights have the shapes of its first call, of one that is in no model too."""

from typing import TYPE_CHECKING, Any

from layercalc.analysis.walk import Analysis
from layercalc.analysis.weight_specs import Owner, WeightSpec
from layercalc.dims import shown
from layercalc.readers.keras.script import applied, models, tensors
from layercalc.readers.keras.script.arguments import location_of, node_at
from layercalc.readers.keras.script.doubts import Impossible
from layercalc.readers.keras.script.graphs import tensors_of
from layercalc.readers.keras.script.subclassed import tracked
from layercalc.readers.keras.script.values import (
    CallObject,
    GraphObject,
    OwnObject,
    SequentialObject,
    origin,
)
from layercalc.readers.script import Fault
from layercalc.readers.script.faults import Unknown

if TYPE_CHECKING:
    from layercalc.readers.keras.script.emit import Built
    from layercalc.readers.keras.script.vocabulary import KerasNames


def note(names: "KerasNames", call: CallObject, found: Any) -> None:
    """Keep the weights that a call has been found to make; Impossible where an earlier one made others of them.

    `found` is the reading of a layer, or of a model with rows of its own.
    """
    if call.maybe:  # where it runs, it raises or agrees with the others
        return
    held: list[tuple[Owner, WeightSpec]]
    if isinstance(found, Analysis):
        held = [pair for row in found.rows for pair in row.held]
    elif not found.weights:
        return
    else:
        identity = names.built.identity(origin(call.layer))
        held = [(one.owner or Owner(identity, one.path), one) for one in found.weights]
    for owner, weight in held:
        first, before = names.weights.setdefault(owner, (call, weight))
        if before.spec.shape != weight.spec.shape:
            is_known = f"its call of line {first.location.line} made it {shown(before.spec.shape)}"
            raise Impossible(
                node_at(call.location),
                f"{call.name!r} is called here on an input that needs {weight.path} of shape "
                f"{shown(weight.spec.shape)}; {is_known}. Make two layers.",
            )


def check(names: "KerasNames", root: Any, inside: dict[int, Any], built: "Built") -> None:
    """Refuse a model, `inside` being what is in it, of which the text builds a layer elsewhere with other shapes."""
    others = [call for call in called(names) if id(call) not in built.followed and call.layer is not root]
    stray = [call for call in others if touches(names, call, inside)]
    chains = [
        one
        for one in names.made
        if isinstance(one, SequentialObject)
        and id(one) not in inside
        and id(one) not in names.unsure
        and any(id(each) in inside for each in within(names, one).values())
    ]
    if not stray and not chains:
        return
    known: set[int] = set()
    for call in (*stray, *(call for call in called(names) if id(origin(call.layer)) in inside)):
        trace(names, call, known)
    for model in (*chains, *(one for one in inside.values() if isinstance(one, SequentialObject))):
        for call in chain(names, model):
            trace(names, call, known)


def check_unused(names: "KerasNames", root: Any, inside: dict[int, Any], built: "Built") -> None:
    """Refuse layers that an object of the text's own has, and that are built but no part of its rows."""
    objects = [getattr(root, "own", root), *inside.values()]
    objects += [names.derived.get(key) for key in inside] if names.derived else []
    for own in [one for one in objects if isinstance(one, OwnObject)]:
        for layer, label in tracked(names, own).values():
            if id(layer) not in built.used and has_weights(names, layer):
                is_known = f"{label} of {own.title} has weights and is not called"
                raise Fault(node_at(own.location), f"{is_known} in it, though Keras counts them; that is not read.")
        if own.weights and id(own) not in built.used and own is not getattr(root, "own", root):
            is_known = f"{own.title} has weights beside those of {own.base!r}"
            raise Fault(node_at(own.location), f"{is_known}, which Keras counts; that is not read.")


def has_weights(names: "KerasNames", layer: Any) -> bool:
    """Whether a layer or model has weights by now; so it seems where its calls do not tell."""
    pending, seen = [layer], {id(layer)}
    while pending:
        one = pending.pop()
        if one.weights if isinstance(one, OwnObject) else not isinstance(one, GraphObject) and built(names, one):
            return True
        for each in models.directly_in(names, one) if isinstance(one, GraphObject | OwnObject) else ():
            if id(each) not in seen:
                seen.add(id(each))
                pending.append(each)
    return False


def built(names: "KerasNames", layer: Any) -> bool:
    """The same of a layer of Keras' or a Sequential, by its calls."""
    if isinstance(layer, SequentialObject) and names.input_of(layer) == (None, None):
        return any(not one.maybe for one in called(names, layer) if one.layer is layer)
    made = isinstance(layer, SequentialObject)
    calls = chain(names, layer) if made else called(names, layer)
    calls = [one for one in calls if one.layer is not None and (made or origin(one.layer) is layer)]
    if not calls:
        return getattr(layer, "by_hand", False)
    try:
        return any(not one.maybe and names.weighty(one, None) for one in calls)
    except Fault as fault:
        if fault.limit:
            raise
        return True


def before(names: "KerasNames", layer: Any) -> None:
    """The same at once, for a layer that is called where the text catches what Keras raises."""
    for call in [*called(names, layer), *names.strays]:
        if origin(call.layer) is origin(layer):
            trace(names, call, set())


def called(names: "KerasNames", layer: Any = None) -> list[CallObject]:
    """The calls of all layers, or of one, those on arrays and those for shapes among them."""
    calls = list(names.calls.values()) if layer is None else [names.calls.get(id(origin(layer)), (layer, []))]
    return [*(call for _, some in calls for call in some), *names.strays]


def within(names: "KerasNames", root: Any) -> dict[int, Any]:
    """The layers and models in a model, at any depth, and itself."""
    found = {id(root): root}
    pending = [root]
    while pending:
        one = pending.pop()
        held = models.held_in(names, one) if getattr(one, "spoilt", None) is None else []
        names.machine.meter.work(64 + 64 * len(held))
        for each in held:
            if id(each) not in found:
                found[id(each)] = each
                if not models.is_leaf(each):
                    pending.append(each)
    return found


def touches(names: "KerasNames", call: CallObject, inside: dict[int, Any]) -> bool:
    """Whether a call is one of these layers, or of something around one."""
    layer = origin(call.layer)
    return id(layer) in inside or any(id(one) in inside for one in within(names, layer).values())


def trace(names: "KerasNames", call: CallObject, known: set[int]) -> None:
    """What a call builds, as far as the text tells; Impossible where Keras would raise. `known` is as for is_known."""
    if not is_known(names, call, known):
        return
    try:
        tensors.outputs(names, call, node_at(call.location))
    except Impossible:
        raise
    except Unknown:
        return
    except Fault as fault:
        if fault.limit:
            raise


def chain(names: "KerasNames", model: SequentialObject) -> list[Any]:
    """The calls of the layers of a Sequential, built as they are put in; none while it has no input shape."""
    if model.spoilt is not None or names.input_of(model) == (None, None):
        return []
    try:
        return [one.call for one in names.sequence(model, None)]
    except Fault:
        return []


def is_known(names: "KerasNames", call: CallObject, known: set[int]) -> bool:
    """Whether a call and all before it are known, and their layers are what they were; `known` gets the ids of all."""
    pending: list[Any] = [call]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        names.machine.meter.work(64)
        if id(one) in seen or id(one) in known:
            continue
        seen.add(id(one))
        layer = one.layer
        if one.spoilt is not None or getattr(layer, "spoilt", None) is not None or one.maybe:
            return False
        if layer is None and not one.shape and id(one) not in names.specs:
            return False
        if layer is not None and not isinstance(layer, OwnObject) and names.version(layer) != one.version:
            return False
        try:
            pending += [x.call for x in tensors_of(names, one, None)]
        except Fault:
            return False
    known |= seen
    return True


def by_shape(names: "KerasNames", layer: Any, shape: Any, at: Any) -> None:
    """`layer.build(shape)`: what a call on such an input would build."""
    try:
        several = isinstance(shape, list) and bool(shape) and all(isinstance(one, list | tuple) for one in shape)
        inputs = [applied.built_input(names, one, at, "") for one in (shape if several else [shape])]
    except Fault:
        return
    stray(names, layer, inputs, at)


def stray(names: "KerasNames", layer: Any, inputs: list[Any], at: Any) -> None:
    """Keep a call that is in no model."""
    call = CallObject(layer.name, location_of(at), layer, inputs, {})
    call.version, call.maybe = names.version(layer), bool(names.machine.branching)
    names.strays.append(call)


__all__ = ["before", "by_shape", "check", "check_unused", "has_weights", "note", "stray"]
