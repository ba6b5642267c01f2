"""Layers and models of the text's own, called: their `call` followed once on inputs of its own, as a graph."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from layercalc.analysis.readings import Value
from layercalc.model import ALL
from layercalc.readers.keras.script import anew, arrays, counting, masks, stated, tensors
from layercalc.readers.keras.script.arguments import location_of, node_at, plain, sizes
from layercalc.readers.keras.script.graphs import tensors_of
from layercalc.readers.keras.script.sizes import ShapeObject
from layercalc.readers.keras.script.subclassed import check_begun, computes, is_base, tracked
from layercalc.readers.keras.script.values import (
    PARTS,
    CallObject,
    GraphObject,
    LayerObject,
    OperationObject,
    OwnObject,
    Slot,
    TensorObject,
    TracedObject,
    origin,
)
from layercalc.readers.script import MISSING, Fault, Opaque
from layercalc.readers.script.modules.arrays import is_array
from layercalc.readers.script.values import Bound, Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

MOST_CALLS = 1_000  # of one layer: each is followed anew


@dataclass
class Trace:
    """One call being followed: the inputs it was given outside and inside, and what it calls."""

    own: OwnObject
    branching: int
    outer: list[Any] = field(default_factory=list)
    inner: list[TensorObject] = field(default_factory=list)
    calls: list[tuple[CallObject, bool]] = field(default_factory=list)  # and whether it is sure to happen
    start: Any = 0
    training: Any = None
    shapes: Any = None  # of the inputs, in their form
    first: Any = None  # the first argument, outside
    numbers: dict[str, Iterator[int]] = field(default_factory=dict)  # of the operations in it, by type


def apply(names: "KerasNames", own: OwnObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """The object called on tensors, or on arrays, whose shapes its weights then have."""
    own.called = True
    ready(names, own, at)
    data = [*args, *(one for key, one in kwargs.items() if key not in ("training", "mask"))]
    for one in flat_or_unknown(names, data, at):
        if type(one) is Opaque:
            names.blind = True
            return Opaque("", at, one.first, holds=one.holds)
    found = [one for one in flat_or_unknown(names, data, at) if isinstance(one, TensorObject)]
    held = [one for one in flat_or_unknown(names, data, at) if is_array(names.machine, one)]
    if not found and not held:
        if own.function is not None and not own.arguments:
            return names.machine.call(own.function, args, kwargs, at)
        told = f"Expected {own!r} called on tensors; received {names.describe(next(iter(data), None))}"
        raise Fault(at, f"{told}. Call it on an Input, or on an array, as np.zeros((1, 8)).")
    if held and not found and not names.traces:
        return arrays.own_on_arrays(names, own, args, kwargs, at)
    if held:
        args, kwargs = arrays.as_tensors(names, args, at), arrays.as_tensors(names, kwargs, at)
    return traced(names, own, args, kwargs, at)


def flat_or_unknown(names: "KerasNames", value: Any, at: Any) -> list[Any]:
    """Nested lists as one; what is not known among it as it is."""
    pending, out = [value], []
    while pending:
        one = pending.pop()
        names.machine.meter.work(32, at)
        if isinstance(one, list | dict) and names.machine.spoilt(one):
            out.append(names.machine.from_spoilt(one, at))
        elif isinstance(one, list | tuple):
            pending += reversed(one)
        elif isinstance(one, dict):
            pending += reversed(list(one.values()))
        else:
            out.append(one)
    return out


def ready(names: "KerasNames", own: OwnObject, at: Any) -> None:
    """Refuse an object of which something is not known."""
    names.sure(own, at)
    check_begun(own, at)
    instance = own.instance
    if instance is not None:
        for attrs in (instance.attrs, *(one.attrs for one in instance.cls.mro)):
            if names.machine.spoilt(attrs):
                raise Fault(at, f"{own!r} is not known here: {names.machine.from_spoilt(attrs, None).why}.")
    if any(one.own is own for one in names.traces):
        raise Fault(at, f"{own!r} calls itself.")


def changed(names: "KerasNames", value: Any, change: Any, depth: int = 0) -> Any:
    """Lists, tuples and dicts with the tensors and arrays in them replaced."""
    names.machine.meter.work(32)
    if isinstance(value, TensorObject) or is_array(names.machine, value):
        return change(value)
    if depth > 20:
        raise Fault(None, "Lists are nested too deeply.")
    if isinstance(value, list | tuple):
        made = [changed(names, one, change, depth + 1) for one in value]
        return made if isinstance(value, list) else tuple(made)
    if isinstance(value, dict):
        return {key: changed(names, one, change, depth + 1) for key, one in value.items()}
    return value


def call_by_shape(names: "KerasNames", own: OwnObject, value: Any, at: Any) -> Any:
    """`model.build(shape)`: the model called on inputs of these shapes, the batch in front."""
    own.called = True
    value = plain(names, value, at)
    if isinstance(value, dict):
        given: Any = {key: built_input(names, one, at, str(key)) for key, one in value.items()}
    elif isinstance(value, list) and value and all(isinstance(one, list) for one in value):
        given = [built_input(names, one, at, "") for one in value]
    else:
        given = built_input(names, value, at, "")
    names.with_data(lambda: traced(names, own, [given], {}, at))
    names.shaped[id(own)] = own.root, at


def built_input(names: "KerasNames", shape: Any, at: Any, name: str) -> TensorObject:
    found = sizes(names, shape, "batch_shape", at)
    if not found:
        raise Fault(at, "Expected a shape with the batch in front, as in (None, 28, 28, 1).")
    return arrays.input_of(found[1:], at, name)


def traced(names: "KerasNames", own: OwnObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """What `call` gives, as outputs of one call of the object."""
    machine = names.machine
    if len(names.calls.get(id(own), (own, []))[1]) >= MOST_CALLS:
        raise Fault(at, f"{own!r} is called more than {MOST_CALLS:,} times.", limit="calls")
    function, parameters = what(names, own, at)
    trace = Trace(own, machine.branching)
    kwargs = {**kwargs, **masks.given(names, own, args, kwargs, parameters, at)}
    positions = iter([*parameters, *(f"input_{i}" for i in range(len(args)))])
    inside = [entered(names, trace, one, next(positions), at) for one in args]
    by_name = {key: entered(names, trace, one, key, at) for key, one in kwargs.items()}
    training(names, trace, inside, by_name, parameters)
    trace.first = next(iter([*args, *kwargs.values()]), None)
    trace.shapes = shapes(names, [*inside, *(one for key, one in by_name.items() if key != "mask")], at)
    build(names, own, trace.shapes, at, dict(zip(parameters, inside, strict=False)))
    if isinstance(own.base, LayerObject) and not own.weights and not computes(own.instance.cls):
        return names.call(own.base, args, kwargs, at)  # its `build` made nothing beside
    trace.start = CallObject("", own.location).order
    names.traces.append(trace)
    try:
        result = function(inside, by_name)
    finally:
        names.traces.pop()
    counting.forget(names, own)
    anew.note(names, own)
    return closed(names, trace, result, at)


def what(names: "KerasNames", own: OwnObject, at: Any) -> tuple[Any, list[str]]:
    """The function that a call runs, and its parameters."""
    machine = names.machine
    if own.function is not None:
        function = own.function
        listed = parameters_of(function)
        return lambda args, kwargs: machine.call(function, args, {**own.arguments, **kwargs}, at), listed
    found = own.instance.cls.find("call")
    if found is MISSING:
        base = own.base
        if base is None:
            raise Fault(at, f"{own.title} has no `call` to follow; name with `entry` the model that is meant.")
        return lambda args, kwargs: names.call(base, args, kwargs, at), []
    listed = parameters_of(found)[1:]
    return lambda args, kwargs: machine.call(Bound(found, own.instance), args, kwargs, at), listed


def parameters_of(function: Any) -> list[str]:
    if type(function) is Bound:
        return parameters_of(function.function)[1:]
    if type(function) is not Function:
        return []
    spec = function.node.args
    return [one.arg for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]


def training(names: "KerasNames", trace: Trace, args: list[Any], kwargs: dict[str, Any], parameters: list[str]) -> None:
    """`training` goes on from the call around to what is called in it; a call of a model by Keras leaves it out."""
    around = names.traces[-1].training if names.traces else None
    trace.training = kwargs.get("training", around)
    if "training" in parameters[: len(args)]:
        trace.training = args[parameters.index("training")]
    elif "training" in parameters:
        if "training" not in kwargs and around is not None:
            kwargs["training"] = around
    else:
        kwargs.pop("training", None)
    if "mask" not in parameters and kwargs.get("mask") is None:
        kwargs.pop("mask", None)


def entered(names: "KerasNames", trace: Trace, value: Any, name: str, at: Any) -> Any:
    """An argument with inputs of the graph in place of its tensors."""

    def single(one: TensorObject, value: Value) -> TensorObject:
        spec, _, _ = value
        label = one.call.name if one.call.layer is None and one.call.name != "input" else name
        call = CallObject(label, location_of(at))
        call.shape = tensors.shape_of(names, one, at)
        call.dtype = str(spec.dtype)
        names.specs[id(call)] = call, [value]
        names.entered[id(call)] = call, one
        trace.outer.append(one)
        trace.inner.append(TensorObject(call, 0))
        return trace.inner[-1]

    def enter(one: TensorObject) -> Any:
        names.sure(one, at)
        found = tensors.outputs(names, one.call, at)
        if one.output == ALL and len(found) > 1:
            return [single(TensorObject(one.call, index), each) for index, each in enumerate(found)]
        return single(one, found[max(one.output, 0)])

    return changed(names, value, enter)


def shapes(names: "KerasNames", values: list[Any], at: Any) -> Any:
    """The shapes of the arguments that are tensors, in the form of the arguments."""
    found = [one for one in values if any(isinstance(x, TensorObject) for x in flat_or_unknown(names, one, at))]
    made = [changed(names, one, lambda x: ShapeObject(tensors.shape_of(names, x, at))) for one in found]
    return made[0] if made else ShapeObject(())


def build(names: "KerasNames", own: OwnObject, shape: Any, at: Any, inside: Any = None) -> None:
    """`build`, where nothing has built the object before: it makes the weights."""
    if own.built or own.instance is None:
        return
    found = own.instance.cls.find("build")
    names.machine.changing(own)
    if found is MISSING:
        own.built = True
        return
    wrapped = found.holds[0] if getattr(found, "holds", ()) else found
    listed = parameters_of(wrapped)[1:]
    args, kwargs = [shape][: len(listed)], {}
    names.sized = names.sized or bool(listed)
    if len(listed) > 1 and inside and all(one.removesuffix("_shape") in inside for one in listed):
        args, kwargs = (
            [],
            {
                one: changed(
                    names, inside[one.removesuffix("_shape")], lambda x: ShapeObject(tensors.shape_of(names, x, at))
                )
                for one in listed
            },
        )
    names.machine.call(Bound(found, own.instance), args, kwargs, at)


def closed(names: "KerasNames", trace: Trace, result: Any, at: Any) -> Any:
    """The graph of a call that has been followed, called on what it was given."""
    own, machine = trace.own, names.machine
    ready(names, own, at)
    outs: list[Any] = []

    def leave(one: Any) -> Any:
        if not isinstance(one, TensorObject):
            return one
        found = tensors.outputs(names, names.sure(one, at).call, at)
        several = one.output == ALL and len(found) > 1
        slots = []
        for index in range(len(found)) if several else [max(one.output, 0)]:
            slots.append(Slot(len(outs)))
            outs.append(TensorObject(one.call, index))
        return slots if several else slots[0]

    for one in flat_or_unknown(names, result, at):
        if type(one) is Opaque:
            raise Fault(at, f"What {own!r} gives is not known: {one.why}. Paste or write out what is not in the text.")
        if one is not None and not isinstance(one, TensorObject):
            raise Fault(at, f"Expected `call` of {own.title} to give tensors; received {names.describe(one)}.")
    form = changed(names, result, leave)
    if not outs:
        raise Fault(at, f"Expected `call` of {own.title} to give tensors; received none.")
    stated.check(names, own, trace.shapes, outs, at)
    graph = TracedObject(own.name, own.location, list(trace.inner), outs)
    graph.own, graph.given, graph.sure = own, own.given, own.sure
    holdings = tracked(names, own)
    graph.extra, outside = gathered(names, trace, outs, holdings, at)
    graph.inputs = [*graph.inputs, *outside]
    graph.labels = labelled(own, holdings)
    machine.changing(own)
    call = CallObject(own.name, location_of(at), graph, [*trace.outer, *outside], {})
    names.called_now(call, own)
    names.firsts[id(call)] = call, trace.first
    if all(one.call.layer is None for one in trace.outer) and not outside:
        own.root = graph
    if names.traces and own.instance is not None:
        names.inside.add(id(own.instance))
    alone = len(outs) == 1 and isinstance(form, Slot)
    return TensorObject(call, ALL) if alone else filled(form, call)


def filled(form: Any, call: CallObject) -> Any:
    if isinstance(form, Slot):
        return TensorObject(call, form.number)
    if isinstance(form, list | tuple):
        return type(form)(filled(one, call) for one in form) if type(form) in (list, tuple) else form
    return {key: filled(one, call) for key, one in form.items()} if isinstance(form, dict) else form


def gathered(
    names: "KerasNames", trace: Trace, outs: list[TensorObject], holdings: dict[int, Any], at: Any
) -> tuple[list[CallObject], list[TensorObject]]:
    """The calls with weights that lead to no output, and the tensors from outside that the graph takes."""
    own = trace.own
    mine = {id(one) for one in own.weights}
    given = {id(one.call) for one in trace.inner}
    extra = list(own.weights)
    for call, sure in trace.calls:
        layer = origin(call.layer)
        if isinstance(layer, OperationObject) or (isinstance(layer, OwnObject) and layer.function is not None):
            continue
        if not names.weighty(call, at):
            continue
        own.nested = True
        if id(layer) not in holdings and own.base is not layer:
            told = f"{layer!r} is called in `call` of {own.title} and is no attribute of it: Keras does not count it"
            raise Fault(node_at(call.location), f"{told}. Make it in __init__ and keep it as an attribute.")
        if isinstance(layer, LayerObject) and not layer.by_hand and layer is not own.base and unrun(names, own):
            told = f"Keras 3 infers the shape of {own.title} without its `call`, and so leaves {layer!r} unbuilt"
            raise Fault(node_at(call.location), f"{told}, where Keras 2 builds it; build it in `build`.")
        if not sure:
            raise Fault(node_at(call.location), f"Whether {layer!r} is called here is not known.")
        extra.append(call)
    if any(
        isinstance(origin(call.layer), PARTS) and not isinstance(origin(call.layer), OperationObject)
        for call, _ in trace.calls
    ):
        own.nested = True
    return extra, captured(names, [*outs, *(TensorObject(one) for one in extra)], given, mine, trace.start, at)


def unrun(names: "KerasNames", own: OwnObject) -> bool:
    """Whether Keras 3 has its weights and its shape without running `call`, when it is called on no data."""
    if own.instance is None or names.on_data:
        return False
    if isinstance(own.base, LayerObject):
        return True
    asked = ("compute_output_shape",) if own.timed else ("build", "compute_output_shape")
    return all(own.instance.cls.find(one) is not MISSING for one in asked)


def captured(
    names: "KerasNames", ends: list[TensorObject], given: set[int], mine: set[int], start: int, at: Any
) -> list[TensorObject]:
    """Tensors made before the call that the graph to these ends takes beside its inputs."""
    pending, seen = list(ends), set()
    out: dict[tuple[int, int], TensorObject] = {}
    while pending:
        one = pending.pop()
        call = one.call
        names.machine.meter.work(64, at)
        if id(call) in given or id(call) in mine:
            continue
        if call.order < start:
            out.setdefault((id(call), max(one.output, 0)), one)
        elif id(call) not in seen:
            seen.add(id(call))
            pending += tensors_of(names, call, at)
    return list(out.values())


def labelled(own: OwnObject, holdings: dict[int, Any]) -> dict[int, str]:
    """What the layers of an object are called in its rows: by their attributes, unless the text names them."""
    labels = {id(call.layer): call.layer.name for call in own.weights}
    taken = set(labels.values())
    for key, (layer, attribute) in holdings.items():
        name = layer.name if getattr(layer, "given", False) and layer.name not in taken else attribute
        while name in taken:
            name += "_"
        labels[key] = name
        taken.add(name)
    return labels


def made_of(names: "KerasNames", own: OwnObject) -> Any:
    """The only functional model that the text has made of the object's layers, by a method of it."""
    inside = {id(layer) for layer, _ in tracked(names, own).values()}
    made = [one for one in names.made if isinstance(one, GraphObject) and id(one) not in names.inside | names.unsure]
    if len(made) != 1 or not inside:
        return None
    found = [one for one in names.layers_of(made[0], None) if not isinstance(one, OperationObject)]
    return made[0] if found and all(id(one) in inside for one in found) else None


def whole(names: "KerasNames", own: OwnObject, at: Any) -> Any:
    """The model that an object is: as it was called, or on the input shape that the request names."""
    if not isinstance(own, OwnObject):
        return own
    if is_base(own):
        return own.base
    if own.root is None and (made := made_of(names, own)) is not None:
        return made
    if own.root is None:
        _, parameters = what(names, own, node_at(own.location))
        asked = [one for one in parameters if one not in ("training", "mask")]
        found = names.requested(asked) if names.requested is not None else {}
        shapes = [tuple(found[one]) for one in asked if one in found]
        if not shapes and own.shape:
            shapes = [own.shape[1:]]
        given: list[Any] = [arrays.input_of(shape, None) for shape in shapes]
        if not given:
            from layercalc.readers.keras.script.containers import inputs_by_parts

            given = inputs_by_parts(names, own, asked)
            if given:
                names.warn(node_at(own.location), f"{own.title} is read as called on what the models in it take")
        if not given:
            raise Fault(
                node_at(own.location),
                f"The text calls {own.title} on nothing whose shape it holds; add `model.build((None, 28, 28, 1))` "
                "with the shape of its input, or give input_shape.",
            )
        names.machine.guarded(lambda: names.with_data(lambda: traced(names, own, given, {}, node_at(own.location))))
    root, line = names.shaped.get(id(own), (None, None))
    if root is own.root and line is not None:
        names.warn(
            line, "build() read as a call on this shape, as in Keras 2; in Keras 3 only a call makes the weights"
        )
    return own.root
