"""What class a layer or model is of, and which attributes every version of Keras gives it."""

from typing import TYPE_CHECKING, Any

from layercalc.layers import fields_of
from layercalc.layers.keras.base import KERAS
from layercalc.model import Model
from layercalc.readers.keras.script import weights
from layercalc.readers.keras.script.effects import words
from layercalc.readers.keras.script.names import derives_from
from layercalc.readers.keras.script.values import (
    LAYERS,
    MODELS,
    CallObject,
    FunctionName,
    Kind,
    LayerObject,
    OneOf,
    OperationObject,
    OwnObject,
    SequentialObject,
    TensorObject,
)
from layercalc.readers.script import MISSING, Foreign, Instance
from layercalc.readers.script.faults import Unknown

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

EVERYWHERE = words(  # of layers and models
    "name trainable weights trainable_weights non_trainable_weights variables trainable_variables dtype built"
    " non_trainable_variables count_params get_weights set_weights get_config from_config build call losses"
    " compute_output_shape"
)
OF_MODELS = words("layers get_layer summary compile fit predict evaluate inputs outputs")
ALONE = words(  # what models have and no layer
    "get_layer summary compile fit predict evaluate inputs outputs save export save_weights load_weights to_json"
    " train_on_batch test_on_batch predict_on_batch"
)
OF_BASE = words(  # of keras.layers.Layer, in some version
    "activity_regularizer autocast compiled compute_mask dtype_policy get_build_config build_from_config get_input_at"
    " get_output_at get_input_shape_at get_output_shape_at inbound_nodes outbound_nodes _inbound_nodes _outbound_nodes"
    " input_mask output_mask metrics_variables non_trainable_state path quantize quantization_mode stateful stateless"
    " submodules updates variable_dtype with_name_scope _layers _name _obj_type _metrics _losses"
)
ARGUMENTS = words(  # of layers' classes, each an attribute by that name
    "units filters kernel_size strides padding data_format dilation_rate use_bias activation kernel_initializer"
    " bias_initializer kernel_regularizer bias_regularizer kernel_constraint bias_constraint recurrent_initializer"
    " recurrent_regularizer recurrent_dropout recurrent_activation depthwise_regularizer pointwise_regularizer"
    " depthwise_initializer pointwise_initializer beta_regularizer gamma_regularizer embeddings_regularizer rate"
    " pool_size axis momentum epsilon center scale return_sequences return_state go_backwards target_shape size"
    " interpolation input_dim output_dim n cropping num_heads key_dim depth_multiplier unroll"
)
BARE = words("layers units filters rate pool_size")  # that no class has of another that it derives from in Keras 2
WEIGHT_NAMES = words("kernel bias embeddings gamma beta moving_mean moving_variance recurrent_kernel")
KERNELS = words("Dense Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose")
WRAPPERS = ("Bidirectional", "TimeDistributed", "Wrapper", "Spectral")
INHERIT = (  # beginnings of names of classes with attributes of the classes that they derive from
    *WRAPPERS, "Separable", "Depthwise", "ConvLSTM", "RNN", "Random", "Rand", "Auto", "Contrast", "AugMix", "CutMix",
    "MixUp", "Equalization", "Solarization", "Resizing", "Center", "Rescaling", "Mel", "STFT", "Discretization",
    "Category", "Integer", "MaxNum",
)  # fmt: skip
MORE = ("StackedRNNCells", "Pipeline", "MultiHeadAttention", "GroupQueryAttention")  # with attributes of other names


def class_of(names: "KerasNames", value: Any) -> Kind | None:
    """`layer.__class__` and `type(layer)`; None for what versions of Keras make in different ways."""
    if value.spoilt is not None or isinstance(value, OperationObject):
        return None
    if isinstance(value, CallObject) and value.layer is None:
        return Kind("InputLayer", "InputLayer", names.replaced)
    if isinstance(value, LayerObject) and value.kind is not Model:
        return Kind(value.kind.type, value.kind.type, names.replaced)
    if isinstance(value, SequentialObject):
        return Kind("Sequential", "Sequential", names.replaced)
    return Kind("Model", "", names.replaced) if isinstance(value, MODELS | LayerObject) else None


def belongs(value: Any, kind: Kind) -> bool | None:
    """isinstance(value, kind); None where versions of Keras differ, or the class of either is not known."""
    if kind.name == "Input":
        return None
    if isinstance(value, CallObject) and value.layer is None:
        return kind.name in ("InputLayer", "Layer")
    if isinstance(value, OwnObject):
        value = value.instance if value.instance is not None else Kind("Lambda", "Lambda", {})
        return derives(value.name, kind) if isinstance(value, Kind) else belongs(value, kind)
    if type(value) is Instance:
        base = value.cls.foreign
        if value.cls.opaque is not None or not isinstance(base, Kind | None):
            return None
        return derives("" if base is None else base.type, kind)
    if isinstance(value, MODELS):
        return derives("Sequential" if isinstance(value, SequentialObject) else "Functional", kind)
    if isinstance(value, LayerObject) and not isinstance(value, OperationObject):
        return derives(value.kind.type, kind)
    return (
        None
        if isinstance(value, Foreign) and not isinstance(value, Kind | TensorObject | FunctionName)
        else derives("", kind)
    )


def derives(name: str, kind: Kind) -> bool | None:
    """Whether a class of Keras by this name is the other or derives from it; "" stands for one that is not Keras'."""
    asked = KERAS.get(kind.name)
    if kind.name == "Layer":
        return bool(name)
    if kind.name not in KERAS.models and asked is None:
        return None
    if name in KERAS.models:
        if kind.name == "Functional" and name != kind.name:
            return None  # a Sequential derives from it in Keras 2; a model of the text's own may be one
        return kind.name in (name, "Model")
    if name in ("", "Layer") or asked is None:
        return False
    return derives_from(name, asked.type) if KERAS.get(name) is not None else None


def name_of(kind: Kind) -> Any:
    """`Dense.__name__`, of a class that is of one name in every version; the class of a functional model is not."""
    if kind.of_graphs:
        return OneOf(("Functional", "Model"))
    return kind.type if kind.type[:1].isupper() and kind.type != "Input" else MISSING


def same(names: "KerasNames", one: Kind, other: Kind, at: Any) -> Any:
    """Whether two classes are one; Opaque where that depends on versions."""
    try:
        return one == other
    except Unknown:
        return names.unknown(at)


def is_layer(value: Any) -> bool:
    """Whether it is a layer and no model."""
    if isinstance(value, OwnObject):
        return not value.is_model
    return isinstance(value, CallObject) or (isinstance(value, LayerObject) and value.kind is not Model)


def has(names: "KerasNames", value: Any, name: str, at: Any) -> Any:
    """`hasattr(value, name)`: True, False, Opaque where versions differ; None where the attribute tells."""
    if type(value) is Instance:
        return of_own(names, value, name, at)
    if isinstance(value, TensorObject):
        return True if name in ("shape", "dtype") else names.unknown(at)
    found = of_owner(names, value, name, at)
    if found is None and name in WEIGHT_NAMES and isinstance(value, LAYERS):
        return True if weights.one_of(names, value, name, at) is not None else names.unknown(at)
    return found


def of_own(names: "KerasNames", value: Instance, name: str, at: Any) -> Any:
    """The same of a layer or model of the text's own class: what that has itself goes before."""
    own = value.core
    known = name in value.attrs or value.cls.find(name) is not MISSING or value.cls.find("__getattr__") is not MISSING
    if known or not isinstance(own, OwnObject) or own.spoilt is not None:
        return None
    if own.base is not None:
        return has(names, own.base, name, at)
    if name in EVERYWHERE or (own.is_model and name in OF_MODELS - {"inputs", "outputs"}):
        return True
    if name in OF_BASE or name in ("input_shape", "output_shape"):
        return names.unknown(at)
    if name in ALONE:
        return names.unknown(at) if own.is_model else False
    return False if name in ARGUMENTS | BARE | WEIGHT_NAMES else None


def of_owner(names: "KerasNames", value: Any, name: str, at: Any) -> Any:
    """The same of a layer, a model or an input."""
    if value.spoilt is not None or isinstance(value, OperationObject):
        return None
    model = isinstance(value, MODELS)
    source = isinstance(value, CallObject) and value.layer is None
    if not model and not source and not (isinstance(value, LayerObject) and value.kind is not Model):
        return None
    if name in ("input_shape", "output_shape") and not model:
        return names.unknown(at)
    if name in EVERYWHERE or (model and name in OF_MODELS):
        return True
    if name == "numpy" or (name in ALONE and not model):
        return False
    if names.old or name not in ARGUMENTS | BARE | {"kernel"}:
        return None
    if model or source:
        return None if name == "input_dim" else False
    return of_layer(value, name)


def of_layer(layer: LayerObject, name: str) -> bool | None:
    """The same of a layer of Keras', by the arguments of its class."""
    kind = layer.kind.type
    if kind in MORE:
        return None
    if name in fields_of(layer.kind):
        return True
    if name == "kernel":
        return None if kind in KERNELS or kind.startswith((*INHERIT, "Einsum", "LSTM", "GRU", "SimpleRNN")) else False
    if kind.startswith(WRAPPERS):
        return False if name == "layers" else None
    return None if kind.startswith(INHERIT) and name not in BARE else False
