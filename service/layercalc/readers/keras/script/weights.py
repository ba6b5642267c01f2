"""The weights of layers and models as the text asks for them: shapes and order, where every version of Keras agrees."""

import math
from typing import TYPE_CHECKING, Any

from layercalc.analysis.weight_specs import Owner, WeightSpec
from layercalc.errors import InvalidModel, ShapeError
from layercalc.layers import fields_of
from layercalc.layers.keras.variables import Variable
from layercalc.model import Model
from layercalc.readers.keras.script import builds, models, tensors
from layercalc.readers.keras.script.arguments import node_at
from layercalc.readers.keras.script.effects import words
from layercalc.readers.keras.script.values import (
    MODELS,
    CallObject,
    LayerObject,
    OneOf,
    OperationObject,
    OwnObject,
    SequentialObject,
    TensorObject,
    Weight,
    origin,
)
from layercalc.readers.script import MISSING, Fault, Opaque
from layercalc.readers.script.faults import Unknown
from layercalc.readers.script.modules.arrays import array

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

LISTS = words("weights trainable_weights non_trainable_weights trainable_variables non_trainable_variables variables")
SEEDED = ("variables", "non_trainable_variables")  # in which Keras 3 has the seeds of a layer too
DIFFER = words(
    "Normalization SpectralNormalization StackedRNNCells RNN Wrapper Pipeline"
)  # of other weights in Keras 2
STATES = ("stateful", "lora_rank", "quantization_config")  # arguments by which a layer has more of them
NAMED = words(  # layers whose weights have the layer's name in Keras 2, and no other
    "Dense Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose SeparableConv1D SeparableConv2D"
    " BatchNormalization LayerNormalization Embedding"
)
BY_ARGUMENT = {"bias": "use_bias", "gamma": "scale", "beta": "center"}  # weights that an argument may leave out
SINGLE = {"kernel": "", "bias": "use_bias", "gamma": "scale", "beta": "center"}  # and what may leave them out
MAY_LACK = words(  # layers that have such a weight, or None in its place, once they are built
    "Dense Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose DepthwiseConv1D DepthwiseConv2D"
    " SeparableConv1D SeparableConv2D BatchNormalization LayerNormalization GroupNormalization"
)
Held = tuple[Weight, bool]  # and whether it is trained now


def listed(names: "KerasNames", value: Any, name: str, at: Any) -> Any:
    """`layer.weights` or another of the lists, of one that is built; empty of one that is not; None if unknown."""
    found = held(names, value, at)
    if found is None or (name in SEEDED and seeded(names, value)):
        return None
    names.sized = True
    every = name in ("weights", "variables")
    if not every and any(is_trained(value, trains) is None for _, trains in found):
        return None
    wanted = not name.startswith("non_")
    return names.machine.journal.made([one for one, trains in found if every or trains is wanted])


def is_trained(value: Any, trains: bool) -> bool | None:
    """Whether a weight is trained, in a model that may be locked as a whole; None where versions differ."""
    locked = isinstance(value, MODELS) and not value.trainable
    return None if locked and trains else trains


def count(names: "KerasNames", value: Any, at: Any) -> int | None:
    """`count_params()` of a layer or model that is built; None if that is not known."""
    found = held(names, value, at)
    if found is None or (not found and isinstance(value, LayerObject) and not calls_of(names, value, set())):
        return None
    names.sized = True
    return sum(math.prod(one.sizes) for one, _ in found)


def values(names: "KerasNames", value: Any, at: Any) -> Any:
    """`get_weights()`: arrays of their shapes."""
    found = listed(names, value, "weights", at)
    return None if found is None else [array(names.machine, one.sizes, Opaque("", at), at) for one in found]


def one_of(names: "KerasNames", layer: Any, name: str, at: Any) -> Weight | None:
    """`layer.kernel`, of a layer that is built."""
    found = held(names, layer, at) if isinstance(layer, LayerObject) else None
    return next((one for one, _ in found or () if one.path == name), None)


def left_out(names: "KerasNames", layer: Any, name: str, at: Any) -> Any:
    """`layer.bias` where it is no weight: None of a layer built without, which has no such attribute before it is.

    MISSING where it is not known, or another attribute.
    """
    if not isinstance(layer, LayerObject) or layer.kind.type not in MAY_LACK or held(names, layer, at) is None:
        return MISSING
    left = layer.config.get(SINGLE[name]) is False and SINGLE[name] in fields_of(layer.kind)
    if calls_of(names, layer, set()):
        return None if left else MISSING
    if name == "kernel" or (name == "bias" and "use_bias" in fields_of(layer.kind)):  # gamma is None in Keras 3
        return names.machine.fail("AttributeError", f"{layer.kind.type!r} object has no attribute {name!r}", at)
    return MISSING


def may_be_none(layer: Any) -> bool:
    """Whether `layer.bias` may be None, or no attribute."""
    plain = isinstance(layer, LayerObject) and layer.kind.type in MAY_LACK
    return not plain or layer.config.get("use_bias", True) is not True or "use_bias" not in fields_of(layer.kind)


def held(names: "KerasNames", value: Any, at: Any) -> list[Held] | None:
    """The weights in the order of Keras, each once; None where it is not known which there are."""
    if names.old or names.traces or value.spoilt is not None:
        return None
    known: set[int] = set()
    try:
        names.sure(value, at)
        if isinstance(value, MODELS):
            models.check_locked(names, value, models.everything_in(names, value))
            return of_model(names, value, known, at)
        return of_layer(names, value, known, at) if isinstance(value, LayerObject) else [] if is_input(value) else None
    except (ShapeError, InvalidModel, Unknown):
        return None
    except Fault as fault:
        if fault.limit:
            raise
        return None


def is_input(value: Any) -> bool:
    return isinstance(value, CallObject) and value.layer is None


def of_model(names: "KerasNames", model: Any, known: set[int], at: Any) -> list[Held] | None:
    """The weights of the layers of a model, in their order; `known` is as for is_known."""
    if isinstance(model, SequentialObject) and names.input_of(model) == (None, None):
        return None
    layers = models.layers_of(names, model, at)
    if not models.is_plain(model, layers):
        return None
    found: dict[int, Held] = {}
    names.machine.meter.deepen(at, 1)
    for one in layers:
        if is_input(one) or isinstance(one, TensorObject) or is_function(one):
            continue
        if getattr(one, "spoilt", None) is not None:
            return None
        inside = (of_model if isinstance(one, MODELS) else of_layer)(names, one, known, at)
        if inside is None or (not inside and isinstance(one, LayerObject) and not calls_of(names, one, known)):
            return None
        found |= {id(weight): (weight, trains) for weight, trains in inside if id(weight) not in found}
    names.machine.meter.depth -= 1
    return list(found.values())


def is_function(value: Any) -> bool:
    """Whether it is a Lambda, which has no weights."""
    return isinstance(value, OwnObject) and value.function is not None and not value.weights


def of_layer(names: "KerasNames", layer: Any, known: set[int], at: Any) -> list[Held] | None:
    """The weights that the first call of a layer has made; none if there was no call. `known` is as for is_known."""
    names.machine.meter.work(600, at)
    plain = isinstance(layer, LayerObject) and not isinstance(layer, OperationObject) and layer.kind is not Model
    if not plain or layer.kind is Variable or layer.kind.type in DIFFER or layer.stands_for is not None:
        return None
    inside = models.directly_in(names, layer)
    if any(layer.config.get(key) for key in STATES) or any(not isinstance(one, LayerObject) for one in inside):
        return None
    calls = calls_of(names, layer, known)
    if not calls:
        return [] if calls is not None and not may_be_built(names, layer) else None
    call = calls[0]
    tensors.outputs(names, call, at)
    read, _ = tensors.reading(names, call, names.whole(layer, at), at)
    if inside and sorted(read.weights, key=lambda one: not one.trainable) != read.weights:
        return None  # Keras 2 has those that are trained first
    found = []
    for spec in read.weights:
        weight = single(names, layer, spec, at)
        if weight is None:
            return None
        found.append((weight, spec.trainable))
    return found


def single(names: "KerasNames", layer: LayerObject, spec: WeightSpec, at: Any) -> Weight | None:
    """The object of a weight, which is one however it is asked for."""
    shape = spec.spec.shape
    if not all(type(dim) is int for dim in shape):
        return None
    owner = spec.owner or Owner(names.built.identity(layer), spec.path)
    made = names.single.get(owner)
    if made is None:
        made = names.single[owner] = Weight(layer, at, spec.path, tuple(map(int, shape)), spec.spec.dtype)
    if spec.trainable or (spec.owner is None and layer.config.get("trainable", True)):
        made.trains = spec.trainable
    return made


def calls_of(names: "KerasNames", layer: LayerObject, known: set[int]) -> list[CallObject] | None:
    """The calls that have built a layer; None where one may have, of which that is not known by is_known."""
    calls = [one for one in builds.called(names, layer) if origin(one.layer) is layer]
    within = 0
    for model in names.made:
        if isinstance(model, SequentialObject) and any(one is layer for one in model.items):
            within += 1
            if model.spoilt is not None or id(model) in names.unsure or names.input_of(model) == (None, None):
                return None
            calls += [x.call for x in tensors.chain(names, model, node_at(layer.location)) if x.call.layer is layer]
    if any(one.maybe or one.layer is not layer or not builds.is_known(names, one, known) for one in calls):
        return None
    if not calls and names.placed.get(id(layer), 0) > within:  # inside another layer
        return None
    return calls


def may_be_built(names: "KerasNames", layer: LayerObject) -> bool:
    """Whether a layer that no call is known of may have weights."""
    return names.blind or layer.by_hand or layer.kind.type == "Embedding" or id(layer) in names.wrapped


def seeded(names: "KerasNames", value: Any) -> bool:
    """Whether Keras 3 keeps a seed in a layer or in one that is in it."""
    every = models.everything_in(names, value) if not is_input(value) else []
    return any(isinstance(one, LayerObject) and (one.kind is Model or "seed" in fields_of(one.kind)) for one in every)


def name_of(weight: Weight, at: Any) -> Any:
    """`w.name`: in Keras 3 that of the weight, in Keras 2 after the layer's."""
    layer = weight.owner
    if layer.kind.type not in NAMED or not layer.sure or layer.spoilt is not None:
        return Opaque("", at)
    return OneOf((weight.path, f"{layer.name}/{weight.path}:0"))


def trainable(weight: Weight, at: Any) -> Any:
    """`w.trainable`, which the locking of a layer sets in Keras 3 alone."""
    locked = not weight.owner.config.get("trainable", True) or weight.owner.spoilt is not None
    return Opaque("", at) if locked or weight.trains is None else weight.trains


__all__ = ["LISTS", "count", "left_out", "listed", "may_be_none", "name_of", "one_of", "trainable", "values"]
