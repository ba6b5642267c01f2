"""Layers of Keras 1 in today's words: classes that have another name, arguments, and values of arguments.

Sources: keras 1.2.2 (layers/*.py, engine/topology.py: Merge), keras 2.0.9 (legacy/interfaces.py, legacy/layers.py).
"""

from collections.abc import Iterable
from typing import Any


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def renamed(text: str) -> dict[str, str]:
    """`old=new` pairs."""
    return dict(pair.split("=") for pair in text.split())


KERNEL = renamed(
    "init=kernel_initializer W_regularizer=kernel_regularizer b_regularizer=bias_regularizer"
    " W_constraint=kernel_constraint b_constraint=bias_constraint bias=use_bias"
)
FILTERS = KERNEL | renamed("nb_filter=filters border_mode=padding")
WINDOW = renamed("subsample=strides dim_ordering=data_format atrous_rate=dilation_rate")
POOL = renamed("border_mode=padding dim_ordering=data_format")
STEPS = renamed("filter_length=kernel_size subsample_length=strides atrous_rate=dilation_rate")
RECURRENT = renamed(
    "init=kernel_initializer inner_init=recurrent_initializer inner_activation=recurrent_activation"
    " W_regularizer=kernel_regularizer U_regularizer=recurrent_regularizer b_regularizer=bias_regularizer"
    " dropout_W=dropout dropout_U=recurrent_dropout forget_bias_init=unit_forget_bias"
)
ORDERED = renamed("dim_ordering=data_format")
RATE = renamed("p=rate")
TABLES: dict[str, dict[str, str]] = {
    **dict.fromkeys(("Dense", "MaxoutDense"), KERNEL | renamed("output_dim=units")),
    "Highway": KERNEL,
    **dict.fromkeys(("Conv1D", "LocallyConnected1D"), FILTERS | STEPS),
    **dict.fromkeys(("Conv2D", "Conv3D", "LocallyConnected2D", "SeparableConv2D", "Deconvolution2D"), FILTERS | WINDOW),
    "ConvLSTM2D": FILTERS | WINDOW | RECURRENT,
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), RECURRENT | renamed("output_dim=units")),
    **dict.fromkeys(
        ("MaxPooling1D", "AveragePooling1D"), renamed("pool_length=pool_size stride=strides border_mode=padding")
    ),
    **dict.fromkeys(("MaxPooling2D", "AveragePooling2D", "MaxPooling3D", "AveragePooling3D"), POOL),
    **dict.fromkeys(
        words(
            "GlobalMaxPooling2D GlobalAveragePooling2D GlobalMaxPooling3D GlobalAveragePooling3D UpSampling2D"
            " UpSampling3D ZeroPadding2D ZeroPadding3D Cropping2D Cropping3D"
        ),
        ORDERED,
    ),
    "UpSampling1D": renamed("length=size"),
    "Embedding": renamed(
        "init=embeddings_initializer W_regularizer=embeddings_regularizer W_constraint=embeddings_constraint"
    ),
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "GaussianDropout"), RATE),
    **dict.fromkeys(("SpatialDropout2D", "SpatialDropout3D"), RATE | ORDERED),
    "GaussianNoise": renamed("sigma=stddev"),
    "PReLU": renamed("init=alpha_initializer"),
    "BatchNormalization": renamed("beta_init=beta_initializer gamma_init=gamma_initializer"),
}
CLASSES = renamed(
    "Convolution1D=Conv1D Convolution2D=Conv2D Convolution3D=Conv3D SeparableConvolution2D=SeparableConv2D"
    " AtrousConvolution1D=Conv1D AtrousConvolution2D=Conv2D Deconv2D=Conv2DTranspose Deconv3D=Conv3DTranspose"
)
GONE = words("ParametricSoftplus SReLU Deconvolution3D")  # without a counterpart
SIZES = (words("nb_row nb_col"), words("kernel_dim1 kernel_dim2 kernel_dim3"))  # numbers that are one kernel_size
VALUES: dict[str, dict[Any, Any]] = {
    "dim_ordering": {"tf": "channels_last", "th": "channels_first", "default": None},
    "forget_bias_init": {"one": True, "zero": False, "ones": True, "zeros": False},
}
EMPTY: dict[str, tuple[Any, ...]] = {  # what Keras 2 has no more, and where that changes nothing
    "mode": (0,), "weights": (None,), "consume_less": ("cpu", "mem", "gpu"),
}  # fmt: skip
OF = {"mode": ("BatchNormalization",), "consume_less": words("LSTM GRU SimpleRNN")}  # else it is of every layer
DROPOUT = ("Embedding",)  # whose `dropout` acts in training only
OWN = words("MaxoutDense Highway Deconvolution2D")  # layers that Keras 1 alone had
MADE = words("merge Merge TimeDistributedDense")  # what is made of other layers today
MERGES = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
    "cos": "Dot",
}


def old_words(kind: str) -> frozenset[str]:
    """The arguments of a class that only Keras 1 had."""
    table = TABLES.get(kind, {})
    sizes = [key for one in SIZES for key in one] if "nb_filter" in table else []
    gone = ["dropout"] if kind in DROPOUT else []
    return frozenset([*table, *sizes, *gone, *(key for key, kinds in OF.items() if kind in kinds)])


WORDS = {kind: old_words(CLASSES.get(kind, kind)) for kind in (*TABLES, *CLASSES)}  # by class, old names of it too
NONE = frozenset[str]()


def old_of(kind: str, keys: Iterable[str]) -> list[str]:
    """The arguments of a class, among these, that only Keras 1 had."""
    words = WORDS.get(kind, NONE)
    return [] if words.isdisjoint(keys) else [key for key in keys if key in words]


def in_todays_words(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a layer of Keras 1; one that has no counterpart, or has both names, stays as it is."""
    name = CLASSES.get(kind, kind)
    table, out = TABLES.get(name, {}), dict(config)
    for parts in SIZES:
        if set(parts) <= out.keys() and "kernel_size" not in out and "nb_filter" in table:
            out["kernel_size"] = [out.pop(part) for part in parts]
    for old, new in table.items():
        if old in out and new not in out:
            value = out.pop(old)
            known = VALUES.get(old, {})
            value = known.get(value, value) if isinstance(value, str) else value
            if value is None and new == "data_format":
                continue
            out[new] = value
    if name == "SeparableConv2D" and "kernel_initializer" in out:
        out["depthwise_initializer"] = out["pointwise_initializer"] = out.pop("kernel_initializer")
    for key, nothing in EMPTY.items():
        if key in out and name in OF.get(key, (name,)) and out[key] in nothing:
            del out[key]
    if name in DROPOUT:
        out.pop("dropout", None)
    if name.startswith("ZeroPadding") and isinstance(out.get("padding"), dict):
        out["padding"] = sides(out["padding"])
    return out


def sides(padding: dict[str, Any]) -> Any:
    """`{"top_pad": 1, …}` as pairs; what else it may be stays."""
    pairs = [words("left_pad right_pad")] if padding.keys() <= {"left_pad", "right_pad"} else SIDES
    if not padding.keys() <= {key for pair in pairs for key in pair}:
        return padding
    made = [[padding.get(key, 0) for key in pair] for pair in pairs]
    return made[0] if len(pairs) == 1 else made


SIDES = [words("top_pad bottom_pad"), words("left_pad right_pad")]


def merged(config: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The layer of today that a Merge is; None where it has none (a function).

    The cosine is a Dot of what is normalised, of shape (batch, 1) as Keras 1 says; it gives (batch, 1, 1).
    """
    kind = MERGES.get(config["mode"]) if isinstance(config.get("mode"), str) else None
    plain = config.get("mode_type", "raw") == "raw" and not config.get("arguments")
    if kind is None or not plain or config.get("output_shape") is not None or config.get("output_mask") is not None:
        return None
    out: dict[str, Any] = {key: config[key] for key in ("name", "trainable") if key in config}
    if kind == "Concatenate":
        out["axis"] = config.get("concat_axis", -1)
    if kind == "Dot":
        out["axes"] = config.get("dot_axes", -1)
        out["normalize"] = config["mode"] == "cos"
    return kind, out
