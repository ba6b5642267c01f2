"""Which names of Keras all its versions have: where others are asked for, by hasattr or a try, versions differ."""

from layercalc.layers.keras.base import KERAS
from layercalc.readers.keras.script.effects import words

MODULES = words(
    "activations applications backend callbacks constraints datasets initializers layers losses metrics models"
    " optimizers preprocessing regularizers utils"
)
CHANGED = words(  # layers that only Keras 2 or only Keras 3 has
    "LocallyConnected1D LocallyConnected2D ThresholdedReLU MaxoutDense Highway AtrousConvolution1D"
    " AtrousConvolution2D CuDNNLSTM CuDNNGRU DenseFeatures RMSNormalization GroupQueryAttention GroupedQueryAttention"
    " ReversibleEmbedding AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D"
    " AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D LayerScale StochasticDepth SyncBatchNormalization"
)
BACKEND = words(
    "backend clear_session epsilon floatx get_uid image_data_format is_keras_tensor set_epsilon set_floatx"
    " set_image_data_format"
)
UTILS = words(
    "CustomObjectScope Progbar Sequence custom_object_scope get_custom_objects get_file get_source_inputs model_to_dot"
    " normalize plot_model to_categorical"
)
PREPROCESSING = words("image sequence")
LATER = words("experimental legacy")
OF_LAYERS = {"Input", "InputLayer", "Layer", "Model", "Sequential", "Wrapper", "InputSpec"}


def is_everywhere(path: str) -> bool:
    """Whether Keras 2 and 3 both have what this dotted name says; of what is not Keras' it is not asked."""
    root, *parts = path.split(".")
    if root == "tensorflow":
        if not parts or parts[0] not in ("keras", "python") or "keras" not in parts:
            return True
        root, *parts = parts
    if root != "keras":
        return root not in ("tf_keras", "keras_core")
    if len(parts) < 2:
        return not parts or parts[0] in MODULES | OF_LAYERS or parts[0].startswith("__")
    if len(parts) > 2:
        return parts[0] not in ("layers", "backend", "utils", "models", "preprocessing") and not LATER & set(parts)
    module, name = parts
    if module in ("layers", "models"):
        known = KERAS.get(name) is not None or name in KERAS.models or name in OF_LAYERS
        return (known and name not in CHANGED) or name in ("clone_model", "load_model", "model_from_json", "save_model")
    told = {"backend": BACKEND, "utils": UTILS, "preprocessing": PREPROCESSING}.get(module)
    return module in MODULES and (name not in LATER if told is None else name in told)


__all__ = ["is_everywhere"]
