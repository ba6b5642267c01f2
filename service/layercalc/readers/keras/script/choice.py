"""Which of the models that a text makes is the one to answer for: of `entry`, or by the rule that README states."""

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from layercalc.errors import Unreadable
from layercalc.layers.keras.base import KERAS
from layercalc.limits import Limits
from layercalc.readers.keras.script import containers, equals, rivals
from layercalc.readers.keras.script.applied import whole
from layercalc.readers.keras.script.arguments import node_at
from layercalc.readers.keras.script.attributes import RUNS
from layercalc.readers.keras.script.graphs import END, every_tensor
from layercalc.readers.keras.script.models import everything_in, lone, models_in
from layercalc.readers.keras.script.names import of_network
from layercalc.readers.keras.script.rivals import is_model
from layercalc.readers.keras.script.scan import asked_as_models, callable_bare, header, makes_layers, node_of
from layercalc.readers.keras.script.values import (
    MODELS,
    GraphObject,
    Kind,
    LayerObject,
    LostModel,
    OwnObject,
    SequentialObject,
    TensorObject,
)
from layercalc.readers.script import Fault, Instance, Opaque
from layercalc.readers.script.nodes import Nodes
from layercalc.readers.script.values import Class, Function
from layercalc.readers.text import parse_code

if TYPE_CHECKING:
    from layercalc.readers.keras.script.reader import Text
    from layercalc.readers.keras.script.vocabulary import KerasNames

WRITE_OUT = "Write the layers out, or name with `entry` the call that makes the model."
OF_PARTS = "name with `entry` a layer, with its input_shape, or a call of one on Input(shape)"
LISTED = 6
KNOWN = "Dense(10), Sequential([…]) or Model(inputs, outputs)"


def chosen(machine: "Text", names: "KerasNames", nodes: Nodes, bare: SequentialObject) -> tuple[Any, str]:
    """The model that the text comes to, and the expression of the text that it is ("" for lines of layers).

    That is the last one bound at the top level that is part of no other; else the only one that is made, or trained, or
    the first of equal ones; else the lines of layers, or the network of the last tensor; else what the only function or
    class that makes one gives.
    """
    bound = dict(models_bound(machine, nodes))
    every = {id(one): one for one in [*bound.values(), *names.made]}
    holders = {key: one for key, one in every.items() if containers.parts(names, one)}
    held = {id(one) for key, value in every.items() if key not in holders for one in models_in(names, value)}
    held |= holders.keys()
    held |= {id(one) for one in loaded(names)}
    found = [(name, value) for name, value in bound.items() if id(value) not in held]
    if not found:
        within = inside_own(names, holders)
        made = [one for one in names.made if id(one) not in held and id(one) not in within]
        sure = [one for one in made if id(one) not in names.unsure]
        sure = [one for one in sure if not never_called(one)] or sure
        if len(sure) > 1:
            sure = narrowed(names, sure)
        if len(sure) > 1 or (made and not sure and not makers(machine)):
            raise several(made, containers.paths(names, bound, holders), makers(machine) or own_by(machine, of_model))
        found = [("", one) for one in sure]
    ended = bool(found) and gives(found[-1][1], machine.last)  # which was there before the model
    around = bare if bare.items else None if ended else around_tensor(machine, names)
    if found and not surrounds(names, around, found):
        name, value = found[-1]
        root = settled(names, value)
        rivals.check_networks(machine, name, root)
        rivals.check_models(machine, names, name or repr(value), value, held)
        containers.tell(names, bound, holders, name or repr(value), value)
        return root, "" if name.startswith(".") else name
    if around is not None:
        return around, ""
    alone = [one for one in machine.globals.vars.values() if isinstance(one, LayerObject)]
    if len({id(one) for one in alone}) == 1 and not makers(machine) and not names.placed.get(id(alone[0])):
        return lone(names, alone[0], None), ""
    return by_function(machine, names)


def models_bound(machine: "Text", nodes: Nodes) -> Iterator[tuple[str, Any]]:
    """Names of the top level and their models, or what may be one, in the order in which they were bound last."""
    asked = asked_as_models(nodes)
    values = machine.globals.vars
    for name in machine.bindings:
        value = values.get(name)
        if is_model(value):
            yield name, value
        elif type(value) is Opaque and (
            name in machine.of_models or name in asked or given_layers(value, values) or of_library(value)
        ):
            if machine.names.slips.began(value):
                continue
            yield name, value


def given_layers(value: Opaque, values: Any) -> bool:
    """Whether something unknown comes of a call that is given layers: it may be a model."""
    node = value.node
    for one in ast.walk(node) if isinstance(node, ast.Call) else ():
        if isinstance(one, ast.Call) and one is not node and makes_layers(one):
            return True
        if isinstance(one, ast.Name) and any(isinstance(x, LayerObject) for x in listed(values.get(one.id))):
            return True
    return False


def of_library(value: Opaque) -> bool:
    """Whether something unknown was made by a library of networks."""
    return isinstance(value.node, ast.Call) and of_network(value.origin or value.first.origin)


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def around_tensor(machine: "Text", names: "KerasNames") -> GraphObject | None:
    """The network of the tensor that was bound last, if there are inputs that lead to it."""
    last = machine.last
    found = None if last is None or last.call.layer is None else graph_to(last)
    return found if found is not None and found.inputs else None


def gives(value: Any, tensor: TensorObject | None) -> bool:
    """Whether a tensor is an output of a model."""
    return isinstance(value, GraphObject) and any(one is tensor for one in value.outputs)


def surrounds(names: "KerasNames", around: Any, whole: list[tuple[str, Any]]) -> bool:
    """Whether the lines, or the last tensor, have all the models of the text inside: then they are meant."""
    inside = [] if around is None else models_in(names, around)
    last = whole[-1][1]
    if not any(one is last for one in inside):
        return False
    direct = isinstance(around, GraphObject) and around.outputs[0].call.layer is last
    if all(any(one is each for each in inside) for _, one in whole):
        return not direct
    if not direct:
        told = f"{last!r} is used here in no model, while another model stands: write Model(…) of this."
        raise Fault(
            node_at(around.outputs[0].call.location if isinstance(around, GraphObject) else around.location), told
        )
    return False


def graph_to(*outputs: TensorObject) -> GraphObject:
    """The model of all inputs that lead to these tensors."""
    inputs: list[Any] = []
    pending: list[Any] = [*outputs]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if id(one.call) in seen:
            continue
        seen.add(id(one.call))
        if one.call.layer is None:
            inputs.append(one)
        pending += every_tensor(one.call)
    inputs.sort(key=lambda one: one.call.order)
    return GraphObject("model", outputs[-1].call.location, inputs, [*outputs])


def settled(names: "KerasNames", value: Any) -> Any:
    """A model that is known; Fault where it is not."""
    if type(value) is Instance and isinstance(value.core, OwnObject):
        value = whole(names, names.known(value, None), None)
    if type(value) is Opaque:
        raise Fault(value.node, f"The model is {value.why}. {WRITE_OUT}")
    names.sure(value, None)
    if not isinstance(value, MODELS) and not is_model(value):
        raise Fault(None, f"No model is made; received {names.describe(value)}.")
    if isinstance(value, SequentialObject) and not value.items:
        where = value.changed if value.changed is not None else node_at(value.location)
        raise Fault(where, f"{value!r} has no layer at the end of the text.")
    return value


def loaded(names: "KerasNames") -> list[LostModel]:
    """Models from files by which the text only predicts, where it makes others itself."""
    read = [one for one in names.made if isinstance(one, LostModel) and one.loaded and set() < one.asked <= RUNS]
    own = [one for one in names.made if not isinstance(one, LostModel) and id(one) not in names.unsure]
    for one in read if own else ():
        names.warn(getattr(one.spoilt, "node", None), f"{one!r} only predicts here, and is not answered for")
    return read if own else []


def inside_own(names: "KerasNames", holders: dict[int, Any]) -> set[int]:
    """The models, by id, that models of the text's own classes have inside, as far as is known; holders have none."""
    found: set[int] = set()
    for one in names.made:
        own = one.core if type(one) is Instance and id(one) not in holders else None
        if isinstance(own, OwnObject) and own.spoilt is None:
            try:
                found |= {id(names.shown(each)) for each in everything_in(names, own)[1:]}
            except Fault as fault:
                if fault.limit:
                    raise
    return found


def never_called(value: Any) -> bool:
    """Whether it is a model of the text's own that only holds layers, which a method of it makes a model of."""
    return type(value) is Instance and value.core.root is None and value.core.base is None


def narrowed(names: "KerasNames", made: list[Any]) -> list[Any]:
    """Of several models without a name those that are trained or shown, and of equal ones the first; all if none is."""
    if all(getattr(one, "spoilt", None) is not None for one in made):
        names.sure(made[0], None)
    used = [one for one in made if any(one is model for model, _ in names.uses)]
    found = used or made
    if len(found) < len(made):
        told = f"of {len(made)} models that are made, those are looked at that are compiled, trained or shown"
        names.warn(node_of_model(found[0]), told)
    if len(found) > 1 and equals.all_equal(names, found):
        names.warn(node_of_model(found[0]), f"{len(found)} equal models are made here; the first is answered for")
        return found[:1]
    return found


def node_of_model(value: Any) -> Any:
    """Where a model is made, for what is said of it."""
    own = value.core if type(value) is Instance else value
    return node_at(own.location)


def several(made: list[Any], paths: list[str], found: dict[str, Any]) -> Fault:
    """The fault of a text that makes several models and binds none; `found` are its functions that make some."""
    nodes = [node_of_model(one) for one in made if isinstance(one, MODELS | Instance)]
    more = ", …" if len(nodes) > LISTED else ""
    lines = f" (made on lines {', '.join(str(one.lineno) for one in nodes[:LISTED])}{more})" if len(nodes) > 1 else ""
    way = f"Name with `entry` one of {', '.join(paths)}." if paths else WRITE_OUT
    if found and not paths:
        way = f"{WRITE_OUT.removesuffix('.')}: {calls_of(found)}."
    told = f"Which model is meant cannot be told: none is bound to a name at the end{lines}. {way}"
    return Fault(nodes[-1] if nodes else None, told)


def by_entry(machine: "Text", names: "KerasNames", entry: str, limits: Limits) -> Any:
    """The model that an expression in the text's own names makes."""
    try:
        body = parse_code(entry, limits).body
    except Unreadable as error:
        raise EntryFault(None, error.errors[0]["detail"]) from None
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise EntryFault(None, "Expected entry as one expression in the text's own names, such as build(10).")
    node = body[0].value
    own = {id(one) for one in ast.walk(node)}
    try:
        value = machine.guarded(lambda: machine.value(node, machine.globals))
        told = ast.unparse(node)
        if isinstance(value, list | tuple) and sum(map(is_model, value)) > 1:
            names.warn(None, f"{told} gives several models; the first is answered for")
        value = of_object(names, first_model(value), told)
        return settled(names, around_part(names, value, node))
    except Fault as fault:
        if fault.node is None or id(fault.node) in own:
            raise EntryFault(fault.node, fault.detail, limit=fault.limit) from None
        raise


def of_object(names: "KerasNames", value: Any, told: str) -> Any:
    """The model that an object of the text's own has as an attribute, where it is one that has the others inside."""
    if type(value) is not Instance or is_model(value) or names.machine.doubted(value):
        return value
    found = {id(one): (path, one) for path, one in rivals.inside(told, value) if is_model(one)}
    held = {id(names.shown(one)) for _, model in found.values() for one in models_in(names, model)}
    whole = [(path, one) for key, (path, one) in found.items() if key not in held]
    if len(whole) > 1:
        paths = " or ".join(path for path, _ in whole)
        raise EntryFault(None, f"{told} gives an object that has several models; name one of them: {paths}.")
    for path, one in whole:
        names.warn(None, f"{told} gives an object; {path} is answered for")
        return one
    return value


def around_part(names: "KerasNames", value: Any, at: Any) -> Any:
    """The model of what is a part of one: all that leads to a tensor, or to several; a layer by itself."""
    tensors = value if isinstance(value, list | tuple) else [value]
    if tensors and all(isinstance(one, TensorObject) for one in tensors):
        names.machine.meter.work(END * len(tensors), at)
        return graph_to(*tensors)
    if isinstance(value, LayerObject) or (type(value) is Instance and isinstance(value.core, OwnObject)):
        return value if is_model(value) else lone(names, value, at)
    return value


class EntryFault(Fault):
    """A fault of the expression that was given beside the text."""


class NoModel(Fault):
    """The text makes no model, and no function of it would."""


def first_model(value: Any) -> Any:
    """A model, or the first of several that a function gives."""
    if isinstance(value, tuple | list):
        return next((one for one in value if is_model(one)), value)
    return value


def by_function(machine: "Text", names: "KerasNames") -> tuple[Any, str]:
    """What the only function or class of the text that makes a model gives, called without arguments."""
    found = makers(machine) or own_by(machine, of_model)
    if len(found) == 1:
        ((name, one),) = found.items()
        if callable_bare(one):
            before = len(names.made)
            value = first_model(machine.guarded(lambda: machine.call(one, [], {}, node_of(one))))
            made = names.made[before:]
            if is_model(value):
                return settled(names, value), f"{name}()"
            if type(value) is Instance and len(made) == 1:
                return settled(names, made[0]), f"{name}()"
    if found:
        raise unmade("No model is made at the top level; name with `entry` the call that makes it", found)
    if parts := own_by(machine, makes_part):
        raise unmade(f"No model is made at the top level, only parts of one; {OF_PARTS}", parts)
    if machine.starred is not None:
        told = f"What makes a model may come from {machine.starred.text()}, which is not in the text"
        raise NoModel(machine.starred.node, f"{told}; paste what that file holds in place of the line.")
    raise NoModel(None, f"No layer found: expected lines of Keras code such as {KNOWN}.")


def unmade(told: str, found: dict[str, Any]) -> Fault:
    """The fault of a text that only defines the functions and classes that are found."""
    return Fault(node_of(next(iter(found.values()))), f"{told}: {calls_of(found)}.")


def calls_of(found: dict[str, Any]) -> str:
    """How the functions and classes are called, and the line of each."""
    lines = {name: getattr(node_of(one), "lineno", 1) for name, one in found.items()}
    each = [f"{header(name, one)} of line {lines[name]}" for name, one in found.items()]
    return "; ".join(each[:LISTED]) + (f"; … ({len(each) - LISTED} more)" if len(each) > LISTED else "")


def makers(machine: "Text") -> dict[str, Any]:
    """The functions and classes of the text that make models, by name."""
    return own_by(machine, makes_model)


def own_by(machine: "Text", told: Callable[[Any], bool]) -> dict[str, Any]:
    """The functions and classes of the text of which something is true, by name."""
    own = {name: one for name, one in machine.globals.vars.items() if type(one) in (Function, Class)}
    return {name: one for name, one in own.items() if told(one)}


def bodies(value: Any) -> list[Any]:
    """The syntax trees of a function, or of the methods of a class."""
    return [value.node] if type(value) is Function else [x.node for x in value.attrs.values() if type(x) is Function]


def makes_model(value: Any) -> bool:
    """Whether the text of a function or class mentions a class of models."""
    words = {"Sequential", "Model", "Functional"}
    return any(
        (isinstance(node, ast.Name) and node.id in words) or (isinstance(node, ast.Attribute) and node.attr in words)
        for body in bodies(value)
        for node in ast.walk(body)
    )


def of_model(value: Any) -> bool:
    """Whether it is a class that derives from one of Keras' models."""
    return type(value) is Class and isinstance(value.foreign, Kind) and value.foreign.name in KERAS.models


def makes_part(value: Any) -> bool:
    """Whether it is a class of layers, or a function that makes layers."""
    if type(value) is Class:
        return isinstance(value.foreign, Kind)
    return any(makes_layers(node) for node in ast.walk(value.node))
