"""Other models of a text that may be the one that is meant: where that cannot be told, the text is refused."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.model import Model
from layercalc.readers.keras.script import builds, equals
from layercalc.readers.keras.script.arguments import node_at
from layercalc.readers.keras.script.effects import FOREIGN, HUBS, NETWORK, PLAIN_MODULES, PLAIN_NAMES
from layercalc.readers.keras.script.values import MODELS, LayerObject, LostModel, OperationObject, OwnObject
from layercalc.readers.script import Fault, Foreign, Instance, Native, Opaque
from layercalc.readers.script.opaque import written
from layercalc.readers.script.reach import parts
from layercalc.readers.script.values import SCALARS, Class, Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.reader import Text
    from layercalc.readers.keras.script.vocabulary import KerasNames

CONVERTERS = (".from_keras_model", ".from_concrete_functions")
MADE = MODELS | LostModel
USES = {"compile", "summary", "fit", "fit_generator"}


def is_model(value: Any) -> bool:
    kind = type(value)
    if kind is Instance:
        return isinstance(value.core, OwnObject) and value.core.is_model
    if kind is LayerObject:
        return value.kind is Model
    return isinstance(value, Foreign) and isinstance(value, MADE)


def check_models(machine: "Text", names: "KerasNames", told: str, chosen: Any, held: set[int]) -> None:
    """Refuse where a model that has no name of its own was made after the chosen one, or used last.

    Of those that were made, the ones that can be reached through a list, a dict, an attribute or the like count; of
    those that were used (compiled, shown, trained), all. `held` are the models in others, by id.
    """
    order = {id(one): number for number, one in enumerate(names.made)}
    number = order.get(id(chosen), -1)
    mine = {id(one) for one in machine.globals.vars.values()} | held | {id(chosen)}
    every = reachable(machine)
    found = [(path, one) for path, one in every if order.get(id(one), -1) > number]
    if names.uses:
        last, made = names.uses[-1]
        if made > number:
            paths = {id(one): path for path, one in every}
            found.append((paths.get(id(last), ""), last))
    for path, one in found:
        if id(one) in mine or id(one) in names.unsure or id(one) not in order or same_layers(names, one, chosen):
            continue
        if equals.all_equal(names, [chosen, one]):
            continue
        location = one.core.location if isinstance(one, Instance) else getattr(one, "location", None)
        line = f"the model of line {location.line}" if location is not None else repr(one)
        other = f"{path}, {line}," if path else line
        detail = f"Which model is meant cannot be told: {told}, or {other} which is made or used later"
        way = f"{told} or {path}" if path else "the call that makes it"
        raise Fault(None if location is None else node_at(location), f"{detail}. Name with `entry` {way}.")


def same_layers(names: "KerasNames", one: Any, other: Any) -> bool:
    """Whether two models are made of the same layers: a class's and the functional one that a method makes of it."""
    if isinstance(one, LostModel) or isinstance(other, LostModel):
        return False
    return layers_in(names, one) == layers_in(names, other) != set()


def layers_in(names: "KerasNames", model: Any) -> set[int]:
    root = model.core if isinstance(model, Instance) else model
    if isinstance(root, OwnObject) and root.base is not None:
        root = root.base
    within = builds.within(names, root).values()
    return {id(one) for one in within if isinstance(one, LayerObject) and not isinstance(one, OperationObject)}


def reachable(machine: "Text") -> list[tuple[str, Any]]:
    """The models in what names of the top level are bound to, each with the expression that gives it."""
    found: list[tuple[str, Any]] = []
    seen: set[int] = set()
    pending = [(name, value) for name, value in reversed(machine.globals.vars.items()) if not is_model(value)]
    while pending:
        path, value = pending.pop()
        if type(value) in SCALARS or id(value) in seen:
            continue
        machine.meter.work(64)
        seen.add(id(value))
        if is_model(value):
            found.append((path, value))
        else:
            pending += reversed(inside(path, value))
    return found


def inside(path: str, value: Any) -> list[tuple[str, Any]]:
    """What can be reached from a value in one step, plain values left out, each with its expression."""
    form = "{}[{!r}]"
    if isinstance(value, dict):
        found: Any = [(key, one) for key, one in value.items() if type(key) in SCALARS]
    elif isinstance(value, list | tuple):
        found = enumerate(value)
    elif type(value) in (set, frozenset, Native):
        return [("", one) for one in parts(value)]
    elif type(value) in (Instance, Class, Function):
        form, found = "{}.{}", value.attrs.items()
    else:
        return []
    return [(form.format(path, key), one) for key, one in found if type(one) not in SCALARS]


def check_networks(machine: "Text", chosen: str, root: Any) -> None:
    """Refuse where a network of another library was bound after the model: that one may be meant."""
    order = machine.bindings
    values = machine.globals.vars
    for name, number in order.items():
        value = values.get(name)
        if type(value) is not Opaque or number < order.get(chosen, -1) or not isinstance(value.node, ast.Call):
            continue
        if chosen or value.node.lineno > root.location.line:
            maker = written(value.node.func)
            if is_model(values.get(maker.partition(".")[0])) or converted(value):
                continue
            origin = value.first.origin
            plain = origin.partition(".")[0] in FOREIGN | PLAIN_MODULES or origin.endswith(PLAIN_NAMES)
            network = NETWORK.search(name) or NETWORK.search(maker.rpartition(".")[2]) or maker in HUBS
            if network and (not plain or maker in HUBS):
                told = f"{name!r} may be the model that is meant, and is {value.why}."
                raise Fault(value.node, f"{told} Leave it out, or write it in Keras' layers.")


def converted(value: Opaque) -> bool:
    """Whether something comes of a model that is known by converting it to another form."""
    made = [one.node for one in (value, value.first) if isinstance(one.node, ast.Call)]
    return any(written(node.func).endswith(CONVERTERS) for node in made)
