"""Symbolic tensors: layers and models called on them, operators and functions of them, and their shapes."""

import itertools
from typing import TYPE_CHECKING, Any

from layercalc.analysis.readings import Pairs, Value
from layercalc.analysis.tracing import Traced
from layercalc.analysis.walk import analyse
from layercalc.dims import Batch, Unknown
from layercalc.errors import InvalidModel, ShapeError
from layercalc.layers import ConfigError, Layer
from layercalc.layers.keras.base import KERAS
from layercalc.layers.keras.functions import Slot
from layercalc.layers.keras.functions.base import recorded
from layercalc.layers.keras.functions.joining import Split, Unstack
from layercalc.layers.keras.functions.making import Meshgrid
from layercalc.layers.keras.functions.shaping import Reshape
from layercalc.locations import CodeLocation
from layercalc.model import ALL, Model
from layercalc.ops import Spec
from layercalc.readers.builder import Source, bound
from layercalc.readers.keras.script import (
    applied,
    arrays,
    builds,
    control,
    makers,
    scalars,
    special,
    tables,
    vocabularies,
    wrappers,
)
from layercalc.readers.keras.script.arguments import (
    arguments,
    config_of,
    flat,
    location_of,
    node_at,
    plain,
    unknown_in,
)
from layercalc.readers.keras.script.doubts import Impossible
from layercalc.readers.keras.script.effects import words
from layercalc.readers.keras.script.functions import Known
from layercalc.readers.keras.script.graphs import by_name, tensors_of
from layercalc.readers.keras.script.layers import positional
from layercalc.readers.keras.script.names import camel, operation_of
from layercalc.readers.keras.script.values import (
    LAYERS,
    MODELS,
    CallObject,
    FunctionName,
    GraphObject,
    Kind,
    LayerObject,
    OperationObject,
    OwnObject,
    SequentialObject,
    TensorObject,
    TracedObject,
)
from layercalc.readers.keras.tf_functions import translate, until_known
from layercalc.readers.script import Fault, Opaque
from layercalc.readers.script.modules import arrays as numbers
from layercalc.readers.script.modules.arrays import is_array
from layercalc.readers.script.opaque import derived

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

OPERATORS = {
    "+": "Add", "-": "Subtract", "*": "Multiply", "/": "TrueDivide", "//": "FloorDivide", "%": "Mod", "**": "Power",
    "@": "Matmul", "<": "Less", "<=": "LessEqual", ">": "Greater", ">=": "GreaterEqual",
}  # fmt: skip
VALUES = (int, float, str)
TRAINED = words("BatchNormalization Dropout SpatialDropout1D SpatialDropout2D GaussianNoise GaussianDropout")
OPTIONAL = words("mask attention_mask query_mask value_mask key_mask key initial_state")  # of a layer's call
CALL_KEYWORDS = {"return_attention_scores", "use_causal_mask"}  # of a layer's call, which its config keeps here


def apply(names: "KerasNames", layer: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """A layer or model on tensors; on data that is not known, a result that is not known."""
    names.sure(layer, at)
    if isinstance(layer, OwnObject):
        return names.call(layer, args, kwargs, at)
    if kwargs:
        kwargs = {
            key: one for key, one in kwargs.items() if key != "training" and (one is not None or key not in OPTIONAL)
        }
    inputs = None if kwargs else alone(names, args)
    if inputs is not None:
        return on_tensors(names, layer, inputs, inputs, {}, {}, at)
    return on_anything(names, layer, args, kwargs, at)


def alone(names: "KerasNames", args: list[Any]) -> list[TensorObject] | None:
    """The tensors that a layer is called on, where they are known and all that it is given; else None."""
    given = args
    if len(args) == 1 and type(args[0]) in (list, tuple):
        given = args[0]
        if names.machine.spoilt(given):
            return None
    for one in given:
        if type(one) is not TensorObject or one.spoilt is not None:
            return None
        if one.output == ALL and may_give_several(one.call.layer):
            return None
    if not given:
        return None
    names.machine.meter.work(32 * len(given))
    return list(given)


def on_anything(names: "KerasNames", layer: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """A layer or model on tensors among other arguments, or on something else."""
    if isinstance(layer, LayerObject) and layer.kind.type in TRAINED and len(args) == 2:
        args = args[:1]  # whether it trains, which changes no shape
    every = applied.flat_or_unknown(names, [args, kwargs], at)
    if any(is_array(names.machine, one) for one in every):
        if not names.traces and not any(isinstance(one, TensorObject) for one in every):
            return arrays.on_arrays(names, layer, args, kwargs, at)
        args, kwargs = arrays.as_tensors(names, args, at), arrays.as_tensors(names, kwargs, at)
    if all(type(one) is TensorObject and one.spoilt is None for one in every):
        unknown = None
    else:
        unknown = unknown_in(names, *args, *kwargs.values())
        every = [] if unknown is not None else flat(names, [args, kwargs], at)
    if unknown is not None or (every and not any(isinstance(one, TensorObject) for one in every) and names.data(every)):
        names.blind = True
        return Opaque("", at) if unknown is None else unknown  # told by where it began, not by its echo
    if every and not names.traces and all(type(one) in VALUES for one in every) and vocabularies.takes_values(layer):
        return names.unknown(at)  # of values, as data, it gives data
    given = flat(names, args, at)
    if isinstance(layer, GraphObject) and args and isinstance(args[0], dict):
        args = [by_name(names, layer, args[0], at), *args[1:]]
    inputs = [part for one in flat(names, args, at) for part in separate_outputs(names, one, at)]
    for one in inputs:
        if not isinstance(one, TensorObject):
            raise Fault(at, f"Expected a layer called on tensors; received {names.describe(one)}.")
    if not any(isinstance(one, TensorObject) for one in every):
        raise Fault(at, "Expected a layer called on tensors; received none.")
    tensors, others = {}, {}
    for key, one in kwargs.items():
        of = flat(names, one, at)
        if of and all(isinstance(t, TensorObject) for t in of):
            tensors[key] = copied(one)
        else:
            others[key] = plain(names, one, at)
    return on_tensors(names, layer, given, inputs, tensors, others, at)


def on_tensors(
    names: "KerasNames",
    layer: Any,
    given: list[Any],
    inputs: list[Any],
    tensors: dict[str, Any],
    others: dict[str, Any],
    at: Any,
) -> Any:
    """The tensor that a layer or model gives; `inputs` are what is `given`, outputs told apart, and by name."""
    if isinstance(layer, SequentialObject) and names.input_of(layer) == (None, None) and wrappers.owns(layer):
        wrappers.shape_by_call(names, layer, given, at)
        names.sequence(layer, at)
    if isinstance(layer, LayerObject) and layer.inside and wrappers.wraps_own(layer):
        layer = wrappers.wrapping(names, layer, inputs, at)
    if others:
        if not isinstance(layer, LayerObject):
            raise Fault(at, f"A model takes no argument {next(iter(others))!r} here.")
        if strange := [key for key in others if key not in CALL_KEYWORDS]:
            raise Fault(at, f"The call of {layer.name!r} takes no argument {strange[0]!r}.")
        if any(key in layer.config and layer.config[key] != one for key, one in others.items()):
            raise Fault(at, "Calls of one layer with different arguments are not read; make two layers.")
        names.machine.changing(layer)
        layer.configure({**layer.config, **others})
    result = called(names, layer, inputs, tensors, at)
    if isinstance(layer, LayerObject) and layer.then is not None:
        return names.call(layer.then, [result], {}, at)
    return result


def copied(value: Any) -> Any:
    """Tensors in lists of the call's own: what the text does with its lists afterwards changes no call."""
    return [copied(one) for one in value] if isinstance(value, list | tuple) else value


def separate_outputs(names: "KerasNames", tensor: Any, at: Any) -> list[Any]:
    """The outputs of a call that nobody has told apart, as Keras gives them: a list where there are several."""
    if not isinstance(tensor, TensorObject) or tensor.output != ALL or not may_give_several(tensor.call.layer):
        return [tensor]
    return [TensorObject(tensor.call, index) for index in range(len(outputs(names, tensor.call, at)))]


def may_give_several(layer: Any) -> bool:
    """Whether a layer or model may have more than one output."""
    if isinstance(layer, OperationObject):
        return True
    if isinstance(layer, LayerObject):
        config = layer.config
        if config.get("return_state") is True or config.get("return_attention_scores") is True:
            return True
        return bool(layer.inside) and may_give_several(config.get("layer"))
    if isinstance(layer, GraphObject):
        return len(layer.outputs) > 1
    return isinstance(layer, SequentialObject) and bool(layer.items) and may_give_several(layer.items[-1])


def called(names: "KerasNames", layer: Any, inputs: list[Any], tensors: dict[str, Any], at: Any) -> Any:
    """The tensor that a call gives."""
    made = layer.location.arguments if isinstance(layer, LayerObject) else {}
    location = CodeLocation(getattr(at, "lineno", 1), getattr(at, "col_offset", 0) + 1, {}, made)
    call = CallObject(layer.name, location, layer, inputs, tensors)
    if isinstance(layer, MODELS):
        names.inside.add(id(layer))
    call.version = names.version(layer)
    names.called_now(call, layer)
    if names.machine.catching:  # where Keras raises, the text goes another way
        builds.before(names, layer)
        outputs(names, call, at)
    if isinstance(layer, GraphObject) and layer.form is not None:
        return applied.filled(layer.form, call)
    return TensorObject(call, ALL)


def functional(
    names: "KerasNames", kind: type[Layer], which: Kind, args: list[Any], kwargs: dict[str, Any], at: Any
) -> Any:
    """`concatenate([a, b], axis=1)`: a layer made and called at once."""
    given, location = arguments(names, args, kwargs, ["inputs", *positional(kind)], at)
    inputs, name = given.pop("inputs", None), given.pop("name", None)
    label, told, sure = names.label(name, kind.type, at, location)
    layer = LayerObject(kind, config_of(names, given, kind.type, at, location), location, label)
    layer.given, layer.sure = told, sure
    return apply(names, layer, [inputs], {}, at)


DATA = words("tensor x input")  # arguments of pad() that are no numbers
LISTING = (Meshgrid, Split, Unstack)  # give a list, however many tensors are in it


def operate(names: "KerasNames", operation: Layer, tensors: list[Any], at: Any) -> TensorObject:
    """One call of an operation that holds its arguments."""
    location = location_of(at)
    if names.traces:  # in a `call`, Keras sees the backend's tensors, and names no operation
        count = next(names.traces[-1].numbers.setdefault(operation.type, itertools.count()))
        base = KERAS.unnamed(operation.type)
        label, sure = f"{base}_{count}" if count else base, True
    else:
        label, _, sure = names.label(None, operation.type, at, location)
    made = OperationObject(type(operation), {}, location, label, None, layer=operation)
    made.sure = sure
    return called(names, made, tensors, {}, at)


def function(names: "KerasNames", name: FunctionName, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """A function of tensors, `keras.ops.mean(x, axis=1)` or `tf.nn.relu(x)`, by the table that recorded calls use."""
    kwargs = {key: one for key, one in kwargs.items() if key != "seed"}
    if name.path in control.TABLE:
        return control.TABLE[name.path](names, args, kwargs, at)
    if makers.is_maker(name.path):
        return makers.make(names, name.path, args, kwargs, at)
    unknown = unknown_in(names, *args, *kwargs.values())
    if unknown is not None:
        return derived(at, unknown)
    kwargs = {key: one for key, one in kwargs.items() if key != "name"}
    if (number := scalars.computed(names, name.last, args, kwargs, at)) is not None:
        return number
    if name.last == "pad":  # how much is told by numbers, in a tensor too
        args = [*args[:1], *(numbers.listed(names.machine, one) for one in args[1:])]
        kwargs = {key: one if key in DATA else numbers.listed(names.machine, one) for key, one in kwargs.items()}
    every = applied.flat_or_unknown(names, [args, kwargs], at)
    if any(is_array(names.machine, one) for one in every) and not any(isinstance(one, TensorObject) for one in every):
        return arrays.computed(names, lambda one, two: function(names, name, one, two, at), (args, kwargs), at)
    if name.path in special.TABLE:
        return special.TABLE[name.path](names, args, kwargs, at)
    found: list[Any] = []
    given = [slotted(names, one, found, at) for one in args]
    named = {key: slotted(names, one, found, at) for key, one in kwargs.items()}
    if not found:
        return Opaque("", at)
    known = operation_of(name.path)
    if known is None:
        raise Fault(at, f"{name.path} is not read; use a layer or a function of keras.ops.")
    try:
        if isinstance(known, Known):
            made = tables.of_table(known, given, named)
        elif known == "tf":
            made = recorded(*translate(name.path.partition(".")[2], given, named))
        else:
            config, by_position, by_keyword = tables.sorted_out(camel(name.last), given, named)
            made = recorded(camel(name.last), config, by_position, by_keyword, until_known(config))
            if isinstance(made, Reshape):
                made.exact = True
    except ConfigError as error:
        raise Fault(at, f"{name.path}: {error.faults[0][1]}") from None
    result = operate(names, made, found, at)
    if isinstance(made, LISTING) and len(outputs(names, result.call, at)) == 1:
        return [TensorObject(result.call, 0)]  # a list of one, of which [0] is no slice of the batch
    return result


def slotted(names: "KerasNames", value: Any, found: list[Any], at: Any, depth: int = 0) -> Any:
    """An argument of an operation with its tensors taken out, to `found`, and slots in their places."""
    value = names.known(value, at)
    value = scalars.number(names, value)
    if is_array(names.machine, value):
        value = makers.as_tensor(names, value, at)
    if isinstance(value, TensorObject):
        found.append(value)
        return Slot(len(found) - 1)
    if isinstance(value, slice):
        parts = [names.known(one, at) for one in (value.start, value.stop, value.step)]
        return slice(*(slotted(names, one, found, at) for one in parts))
    if value is Ellipsis:
        return value
    if isinstance(value, list | tuple) and depth < 10:
        names.machine.meter.elements(len(value), at)
        return [slotted(names, one, found, at, depth + 1) for one in value]
    value = plain(names, value, at)
    if isinstance(value, LAYERS | dict):
        raise Fault(at, f"Expected a tensor or a constant; received {names.describe(value)}.")
    return value


def operator(names: "KerasNames", op: str, left: Any, right: Any, at: Any) -> Any:
    """`x + y`, as the operation that a recorded model has."""
    if op not in OPERATORS:
        raise Fault(at, f"{op!r} of tensors is not read; use a layer or a function of keras.ops.")
    unknown = unknown_in(names, left, right)
    if unknown is not None:
        return derived(at, unknown)
    return recorded_call(names, OPERATORS[op], [left, right], at)


def recorded_call(names: "KerasNames", name: str, args: list[Any], at: Any) -> Any:
    """An operation of that name on arguments of which some are tensors."""
    found: list[Any] = []
    given = [slotted(names, one, found, at) for one in args]
    try:
        made = recorded(name, {}, given, {})
    except ConfigError as error:
        raise Fault(at, error.faults[0][1]) from None
    return operate(names, made, found, at)


def shape_of(names: "KerasNames", tensor: TensorObject, at: Any) -> tuple[int | None, ...]:
    """The shape of a tensor, None for sizes that nobody has named."""
    found = outputs(names, names.sure(tensor, at).call, at)
    spec = found[max(tensor.output, 0)][0]
    return tuple(None if isinstance(dim, Unknown | Batch) else int(dim) for dim in spec.shape)


def outputs(names: "KerasNames", call: CallObject, at: Any) -> list[Value]:
    """What a call gives, with shapes: of the calls before it too, each once."""
    pending, found = [call], dict[int, CallObject]()
    while pending:
        one = pending.pop()
        if id(one) not in names.specs and id(one) not in found:
            names.machine.meter.work(256, at)
            found[id(one)] = one
            pending += [tensor.call for tensor in tensors_of(names, one, at)]
    for one in sorted(found.values(), key=lambda one: one.order):
        if id(one) not in names.specs:
            names.specs[id(one)] = one, traced(names, one, at)
    return names.specs[id(call)][1]


def traced(names: "KerasNames", call: CallObject, at: Any) -> list[Value]:
    """What one call gives, those before it known."""
    if call.layer is None:
        return [Value(names.readings.same(Spec(declared(call, at), call.dtype)), None, call.name)]
    names.sure(call, at)
    if isinstance(call.layer, TracedObject):
        return [outputs(names, one.call, at)[max(one.output, 0)] for one in call.layer.outputs]
    layer = names.whole(call.layer, at)
    try:
        if isinstance(layer, Model):
            given = [(i.name, value_of(names, x).spec) for i, x in zip(layer.inputs, call.inputs, strict=False)]
            analysis = analyse(layer, given, names.readings)
            if analysis.faults:
                raise Impossible(at, analysis.faults[0]["detail"])
            builds.note(names, call, analysis)
            return analysis.outputs
        read, pairs = reading(names, call, layer, at)
        names.weights_of[id(call)] = call, bool(read.weights)
        builds.note(names, call, read)
        return [Value(spec, mask, call.name) for spec, mask in pairs]
    except ShapeError as error:
        raise Impossible(at, str(error)) from None
    except InvalidModel as error:
        raise Impossible(at, error.errors[0]["detail"]) from None


def value_of(names: "KerasNames", tensor: TensorObject) -> Value:
    """A tensor with its mask, of a call that has been read."""
    found: Value = names.specs[id(tensor.call)][1][max(tensor.output, 0)]
    return found


def reading(names: "KerasNames", call: CallObject, layer: Layer, at: Any) -> tuple[Traced, Pairs]:
    """A layer read as it is called there, and what it gives, the calls before it read by now."""

    def values(value: Any) -> Any:
        if isinstance(value, TensorObject):
            return value_of(names, value)
        return [value_of(names, one) for one in flat(names, value, at)]

    inputs, named = call.inputs, call.named
    given, others = [value_of(names, one) for one in inputs], {}
    if named:
        sources = {key: Source(key) for key in named}
        by_position, _ = bound(type(layer), [Source(str(i)) for i in range(len(inputs))], sources)
        moved = [one.name for one in by_position[len(inputs) :]]
        given += [values(named[key]) for key in moved]
        others = {key: values(value) for key, value in named.items() if key not in moved}
    return names.readings.read(layer, False, given, others, [0])


def declared(call: CallObject, at: Any) -> tuple[Any, ...]:
    """The shape of an input as numbers and unknown ones."""
    if not call.shape:
        raise Fault(at, "The shape of this input is not in the text; give it.")
    batch, *rest = call.shape
    first = Batch(1) if batch is None else batch
    return first, *(Unknown(f"axis {axis}") if dim is None else dim for axis, dim in enumerate(rest, 1))


def chain(names: "KerasNames", model: SequentialObject, at: Any) -> list[TensorObject]:
    """The tensors of a Sequential of known shape: its input, and what each layer gives; the same ones every time."""
    names.sure(model, at)
    shape, head = names.input_of(model)
    if shape is None and head is None:
        raise Fault(at, f"The input shape of {model!r} is not in the text yet; give it as input_shape.")
    start = 1 if head is not None else 0
    items = list(model.items[start:])
    known = names.chains.setdefault(id(model), (model, []))[1]
    if not known:
        first = head
        if first is None:
            call = CallObject("input", model.location)
            call.shape = shape
            first = TensorObject(call, 0)
        known.append((None, first))
    same = 1
    while same < len(known) and same <= len(items) and known[same][0] is items[same - 1]:
        same += 1
    del known[same:]
    for one in items[same - 1 :]:
        names.machine.meter.work(256, at)
        names.sure(one, at)
        if isinstance(one, OwnObject) or wrappers.holds_own(one):
            where = at if at is not None else node_at(one.location)
            before = known[-1][1]
            known.append((one, names.apart(lambda one=one, x=before, at=where: apply(names, one, [x], {}, at))))
            continue
        call = CallObject(one.name, getattr(one, "location", model.location), one, [known[-1][1]], {})
        call.version = names.version(one)
        known.append((one, TensorObject(call, ALL)))
    return [tensor for _, tensor in known]
