"""Attributes of Keras' values: the tensors at both ends, shapes, names, methods that change nothing."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script import (
    alternatives,
    applied,
    builds,
    callbacks,
    classes,
    configs,
    masks,
    models,
    outside,
    pipelines,
    raising,
    settings,
    tensors,
    vocabularies,
    weights,
)
from layercalc.readers.keras.script.effects import MODEL_METHODS, PASSIVE_ATTRIBUTES, PASSIVE_METHODS, words
from layercalc.readers.keras.script.names import makes_model
from layercalc.readers.keras.script.scan import SAFE
from layercalc.readers.keras.script.sizes import ShapeObject
from layercalc.readers.keras.script.values import (
    LAYERS,
    MODELS,
    NETS,
    PARTS,
    CallObject,
    ConfigObject,
    DatasetObject,
    FunctionName,
    GraphObject,
    History,
    InitializerObject,
    Kind,
    LayerObject,
    Layers,
    LostModel,
    Misspelt,
    OneOf,
    OwnObject,
    SequentialObject,
    TensorObject,
    Weight,
    Weights,
    begins_merged,
)
from layercalc.readers.script import MISSING, Fault, Instance, Native, Opaque
from layercalc.readers.script.modules.arrays import array
from layercalc.readers.script.opaque import derived
from layercalc.readers.script.values import SCALARS

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

ENDS = ("input", "inputs", "output", "outputs", "input_shape", "output_shape")
RUNS = words("predict evaluate train_on_batch test_on_batch predict_on_batch predict_classes predict_proba")
AS_WRITTEN = words(  # arguments that Keras keeps as they are given, but that sizes of windows become tuples
    "kernel_size strides pool_size units filters rate data_format use_bias return_sequences return_state go_backwards"
    " stateful input_dim output_dim n num_heads key_dim depth_multiplier epsilon momentum center scale interpolation"
    " alpha unroll"
)
WEIGHT_DATA = {"constraint", "regularizer", "name"}
WEIGHTS = words(
    "weights trainable_weights non_trainable_weights trainable_variables non_trainable_variables variables kernel bias"
)
DATA = words(
    "get_shape trainable path ref experimental_ref device op graph handle initializer constraint regularizer index"
)
OF_BACKENDS = words("stateless_call stateless_compute_loss parameters named_parameters zero_grad")  # of JAX and PyTorch
CALLED = PASSIVE_METHODS | MODEL_METHODS | OF_BACKENDS
ASSIGNS = words("assign assign_add assign_sub set_shape read_value value")  # of tensors and weights


OF_MODELS = words(  # what Keras' own models have and compute by
    "layers inputs outputs input output input_shape output_shape input_names output_names input_spec trainable weights"
    " variables trainable_weights non_trainable_weights trainable_variables non_trainable_variables built name dtype"
    " supports_masking call build add pop summary get_layer compute_output_shape compute_mask compute_output_spec"
    " submodules path quantize losses metrics optimizer loss count_params outputs_struct inputs_struct stateful"
    " compute_dtype variable_dtype dtype_policy input_dtype quantization_mode operations state_updates updates"
)
OF_MERGED = words(  # what may be asked of a model that begins with a Merge of Keras 1
    "add pop compile summary fit fit_generator evaluate evaluate_generator predict name predict_classes predict_proba"
    " predict_generator train_on_batch test_on_batch save save_weights load_weights to_json to_yaml output output_shape"
    " optimizer"
)


LISTED = words("pop append insert remove extend clear reverse sort")  # methods that change a list
OTHERS = (
    DatasetObject | Kind | FunctionName | Misspelt | LostModel | InitializerObject | ConfigObject | OneOf | Weights
    | ShapeObject | History | TensorObject
)  # fmt: skip


def not_of_merged(name: str, at: Any) -> Fault:
    told = "a model that begins with a Merge of others"
    return Fault(at, f"{name!r} of {told} is not read; write it with Model(inputs, outputs).")


def attribute(names: "KerasNames", value: Any, name: str, at: Any) -> Any:
    """value.name."""
    if value.spoilt is not None:
        if isinstance(value, LostModel):
            value.asked.add(name)
        return derived(at, value.spoilt) if name in SAFE else Opaque("", at, value.spoilt.first, holds=(value,))
    if not isinstance(value, PARTS) and isinstance(value, OTHERS):
        return of_other(names, value, name, at)
    if name not in OF_MERGED and begins_merged(value):
        raise not_of_merged(name, at)
    if name in LISTED and isinstance(value, Layers):
        return of_list(names, value, name)
    if name in classes.ALONE and classes.is_layer(value):
        return MISSING
    if name == "history" and isinstance(value, MODELS):
        return History(value)
    if name in ("add", "pop") and isinstance(value, GraphObject):
        return names.machine.fail("AttributeError", f"'Functional' object has no attribute {name!r}", at)
    if name in ("add_loss", "add_metric") and isinstance(value, GraphObject):
        return models.add_loss(names, value, name)
    if isinstance(value, MODELS) and name in value.extras:
        return value.extras[name]
    if isinstance(value, NETS):
        found = models.method(names, value, name)
        if found is not None:
            return found
        if name == "layers":
            return names.layers(value, at)
    if name == "trainable":
        return value.config.get("trainable", True) if isinstance(value, LayerObject) else value.trainable
    found = ends(names, value, name, at)
    return of_any(names, value, name, at) if found is MISSING else found


def of_list(names: "KerasNames", value: Layers, name: str) -> Native:
    """`model.layers.pop()`: of Keras 1 it is the model's own list, of later ones a copy."""
    instead = "write model.pop(), or Model(model.inputs, model.layers[-2].output)"
    cause = f"layers.{name}() changes the model in old versions of Keras and nothing in later ones; {instead}"

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Opaque:
        m.touch([value.model], Opaque(cause, at))
        return Opaque("", at, holds=(value.model,))

    return Native(name, run, (value,))


def of_any(names: "KerasNames", value: Any, name: str, at: Any) -> Any:
    """What layers and models have alike: building, calling, a config, a class; else what their owner has."""
    lambda_ = isinstance(value, OwnObject) and value.function is not None
    if name == "build" and (isinstance(value, LayerObject | GraphObject) or lambda_):
        return Native(name, lambda m, args, kwargs, node: build(names, value, [*args, *kwargs.values()], node))
    if name == "call" and (isinstance(value, LayerObject | GraphObject) or names.input_of(value) != (None, None)):
        return Native(name, lambda m, args, kwargs, node: call_of(names, value, args, kwargs, node), (value,))
    if name in ("get_config", "to_json") and isinstance(value, LAYERS):
        return Native(name, lambda m, args, kwargs, node: configs.config_now(names, value, node))
    if name == "__class__" and (made := classes.class_of(names, value)) is not None:
        return made
    return of_owner(names, value, name, at)


def of_other(names: "KerasNames", value: Any, name: str, at: Any) -> Any:
    """An attribute of what is no layer or model."""
    if isinstance(value, DatasetObject):
        return pipelines.method(names, value, name, at)
    if isinstance(value, Kind):
        return of_kind(names, value, name, at)
    if isinstance(value, FunctionName | Misspelt | LostModel | InitializerObject | ConfigObject):
        names.machine.risk(at)
        return Opaque("", at, holds=() if name in SAFE else (value,))
    if isinstance(value, OneOf):
        return alternatives.method(names, value, name)
    if isinstance(value, Weight) and (found := of_weight(names, value, name, at)) is not MISSING:
        return found
    if isinstance(value, Weights):
        return of_weights(names, value, name, at)
    if isinstance(value, ShapeObject):
        return settings.of_shape(names, value, name)
    if isinstance(value, History):
        if name == "model":
            return value.model
        names.machine.risk(at)
        return Opaque("", at, holds=() if name in SAFE else (value,))
    return of_tensor(names, value, name, at)


def is_free(name: str, item: Any) -> bool:
    """Whether an attribute that a text gives a model is its own, so that Keras computes nothing by it."""
    plain_name = (name not in OF_MODELS and not name.startswith("_")) or name == "_estimator_type"
    return plain_name and (type(item) in SCALARS or (type(item) is Opaque and not item.holds) or holds_scalars(item))


def holds_scalars(item: Any) -> bool:
    return type(item) is tuple and all(type(one) in SCALARS for one in item)


def call_of(names: "KerasNames", value: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`model.call(x)` of data gives data; of tensors it would make a part of a graph, which is not followed."""
    every = applied.flat_or_unknown(names, [args, kwargs], at)
    if any(isinstance(one, TensorObject) for one in every):
        return names.machine.unknown_call(Opaque("", at, holds=(value,)), args, kwargs, at)
    names.machine.risk(at)
    return Opaque("", at)


def of_owner(names: "KerasNames", value: Any, name: str, at: Any) -> Any:
    """Of a layer or model: its weights, its arguments, the methods that change nothing."""
    if name in weights.LISTS and (every := weights.listed(names, value, name, at)) is not None:
        return every
    if (single := weights.one_of(names, value, name, at)) is not None:
        return single
    if name in weights.SINGLE and (lacking := weights.left_out(names, value, name, at)) is not MISSING:
        return lacking
    if isinstance(value, LayerObject) and name in AS_WRITTEN and plain(value.config.get(name)):
        return along_axes(value, name, at)
    if (found := vocabularies.method(names, value, name)) is not None:
        return found
    adapts = name == "adapt" and isinstance(value, LayerObject) and value.kind.type == "Normalization"
    if adapts or name in CALLED:
        return passive(names, value, name)
    names.machine.risk(at)
    if name in WEIGHTS and not (name == "bias" and weights.may_be_none(value)):
        return Weights(value, at)
    return Opaque("", at, holds=() if name in PASSIVE_ATTRIBUTES else (value,))


def of_weight(names: "KerasNames", weight: Weight, name: str, at: Any) -> Any:
    """What is known of a single weight; MISSING for the rest."""
    if name in ("shape", "get_shape"):
        shape = ShapeObject(weight.sizes)
        return shape if name == "shape" else Native(name, lambda m, a, k, n: shape)
    if name == "name":
        return weights.name_of(weight, at)
    if name == "trainable":
        return weights.trainable(weight, at)
    if name == "ndim":
        return len(weight.sizes)
    if name == "numpy":
        return Native(name, lambda m, a, k, n: array(m, weight.sizes, Opaque("", n), n))
    return MISSING


def of_weights(names: "KerasNames", value: Weights, name: str, at: Any) -> Opaque:
    """An attribute or method of weights: what is not known to leave them may change whether they are trained."""
    names.machine.risk(at)
    safe = name in SAFE | ASSIGNS | DATA or (name.startswith("__") and name.endswith("len__"))
    return Opaque("", at, holds=() if safe else (value.owner,))


def build(names: "KerasNames", value: Any, shapes: list[Any], at: Any) -> None:
    """`layer.build(shape)`: it has weights from now on, whether it is called or not."""
    if isinstance(value, LayerObject):
        names.machine.changing(value)
        value.by_hand = True
        if len(shapes) == 1:
            builds.by_shape(names, value, shapes[0], at)


def plain(value: Any) -> bool:
    return type(value) in (bool, int, float, str)


def along_axes(layer: LayerObject, name: str, at: Any) -> Any:
    """An argument as the layer has it: one size for all axes is a tuple there."""
    value, rank = layer.config[name], getattr(layer.kind, "rank", None)
    if type(value) is int and name in ("kernel_size", "strides", "dilation_rate", "pool_size", "size"):
        return (value,) * rank if type(rank) is int and name != "size" else Opaque("", at)
    return value


def of_kind(names: "KerasNames", kind: Kind, name: str, at: Any) -> Any:
    """A member of a class: its name, what makes a model or layer of a config."""
    if name in ("__name__", "__qualname__") and (sizes_of := classes.name_of(kind)) is not MISSING:
        return sizes_of
    made = models.class_method(names, kind, name)
    if made is not None:
        return made
    if makes_model(name):
        return names.maker(name)
    if name == "__init__":
        return Native(name, lambda m, args, kwargs, node: initialise(names, kind, args, kwargs, node), (kind,))
    names.machine.risk(at)
    return Opaque("", at, holds=() if name in SAFE else (kind,))


def initialise(names: "KerasNames", kind: Kind, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`Layer.__init__(self)`, of an object whose class derives from that very class."""
    own = args[0] if args else None
    if type(own) is Instance and own.cls.foreign == kind and own.core is not None and own.core.spoilt is None:
        return names.machine.call(names.inherited(own, "__init__", at), args[1:], kwargs, at)
    return names.machine.unknown_call(Opaque("", at, holds=(kind,)), args, kwargs, at)


def of_tensor(names: "KerasNames", value: TensorObject, name: str, at: Any) -> Any:
    if name in ("shape", "_keras_shape"):
        return sizes_of(names, value, at)
    if name == "get_shape":
        return Native(name, lambda m, a, k, n: sizes_of(names, value, n))
    if name == "ndim":
        return len(tensors.shape_of(names, value, at))
    if name == "dtype":
        return str(names.dtype(value))
    if name in ASSIGNS:
        return Native(name, lambda m, a, k, n: value)
    if name in PASSIVE_METHODS | MODEL_METHODS:
        return passive(names, value, name)
    names.machine.risk(at)
    return Opaque("", at, holds=() if name in PASSIVE_ATTRIBUTES else (value,))


def sizes_of(names: "KerasNames", value: TensorObject, at: Any) -> ShapeObject:
    """The sizes of a tensor, with which the text may compute."""
    shape = tensors.shape_of(names, value, at)
    if names.traces:  # the inputs of a trace are none of the model's
        names.sized = True
        return ShapeObject(shape)
    return ShapeObject(shape, lambda axis: names.sizes_read.append((value, axis)))


def passive(names: "KerasNames", value: Any, name: str) -> Native:
    """A method that leaves the owner as it is; what it is given may be called."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        names.used(value, name)
        raising.method(names, value, name, args, kwargs, at)
        callbacks.given_to(names, value, [*args, *kwargs.values()], at)
        if name in outside.SAVES:
            outside.save(names, value, args[0] if args else kwargs.get("filepath"), at)
        if name in ("count_params", "get_weights") and not args and not kwargs:
            found = (weights.count if name == "count_params" else weights.values)(names, value, at)
            return names.unknown(at) if found is None else found
        if name in RUNS:
            models.built_on(names, value, args[0] if args else kwargs.get("x"), at)
        if name == "compute_mask" and isinstance(value, LayerObject):
            return masks.asked(names, value, args[0] if args else kwargs.get("inputs"), at)
        if name == "compute_output_shape" and isinstance(value, PARTS):
            return settings.output_shape(names, value, args[0] if args else kwargs.get("input_shape"), at)
        if name in ("get_input_shape_at", "get_output_shape_at"):
            return ends(names, value, name[4:-3], at)
        return Opaque("", at)

    return Native(name, run)  # holds nothing: an unknown callee that gets it cannot change the owner by it


def ends(names: "KerasNames", value: Any, name: str, at: Any) -> Any:
    """The tensors at both ends of a layer or model, their shapes, the name; MISSING for anything else."""
    if name == "name":
        return value.name if value.sure else Opaque("", at)
    if name not in ENDS:
        return MISSING
    if name.endswith("shape") and isinstance(value, LayerObject):  # which Keras 3 has not
        names.machine.risk(at)
    found = tensors_at(names, value, name.startswith("output"), at)
    if name.endswith("shape"):
        names.sized = True
        shapes = [tensors.shape_of(names, one, at) for one in found]
        return shapes[0] if len(shapes) == 1 else shapes
    return list(found) if name.endswith("s") or len(found) > 1 else found[0]


def tensors_at(names: "KerasNames", value: Any, after: bool, at: Any) -> list[Any]:
    """The inputs or outputs of a model, or of the only call of a layer."""
    if isinstance(value, GraphObject):
        return list(value.outputs if after else value.inputs)
    if isinstance(value, CallObject):  # an InputLayer
        return [TensorObject(value, 0)]
    if isinstance(value, SequentialObject):
        found = tensors.chain(names, value, at)
        return [found[-1] if after else found[0]]
    calls = list(names.calls.get(id(value), (value, []))[1])
    for model in names.made:
        if isinstance(model, SequentialObject) and model.spoilt is None and value in model.items:
            calls += [t.call for t in tensors.chain(names, model, at) if t.call.layer is value]
    if len(calls) != 1:
        raise Fault(at, f"{value!r} is called {len(calls)} times, so that its input and output are not one.")
    return [TensorObject(calls[0])] if after else list(calls[0].inputs)
