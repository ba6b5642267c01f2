"""The networks that scripts/record_flops.py asks the tools about: one layer at a time, and whole ones, as stacks."""

from typing import Any

Stack = dict[str, Any]

SPATIAL = ("Conv", "Pool", "UpSampling2D", "UpSampling3D", "ZeroPadding2D", "ZeroPadding3D")
SIZES = {1: (8, 20), 2: (8, 12, 10), 3: (4, 6, 8, 10)}  # channels first, as PyTorch has it
ACTIVATIONS = (
    *("relu", "tanh", "sigmoid", "softmax", "gelu", "silu", "elu", "selu", "leaky_relu", "relu6", "hard_silu"),
    *("hard_sigmoid", "softplus", "mish", "softsign", "log_softmax"),
)


def layer(type: str, **config: Any) -> Stack:
    """A layer in channels_first, where that means something."""
    first = {"data_format": "channels_first"} if any(word in type for word in SPATIAL) else {}
    return {"type": type, **config, **first}


def stack(shape: tuple[int, ...], *layers: Stack) -> Stack:
    return {"input_shape": list(shape), "layers": list(layers)}


def singles() -> dict[str, Stack]:
    """One layer each, with the arguments that a tool may look at."""
    out: dict[str, Stack] = {}

    def add(name: str, shape: tuple[int, ...], type: str, **config: Any) -> None:
        out[name] = stack(shape, layer(type, **config))

    for rank, shape in SIZES.items():
        for name, config in {
            "": {},
            "_no_bias": {"use_bias": False},
            "_same_strides": {"strides": 2, "padding": "same"},
            "_dilation": {"dilation_rate": 2},
            "_groups": {"filters": 8, "groups": 4},
            "_relu": {"activation": "relu"},
        }.items():
            add(f"conv{rank}d{name}", shape, f"Conv{rank}D", **{"filters": 6, "kernel_size": 3} | config)
        for name, config in {
            "": {"kernel_size": 4, "strides": 2, "padding": "same"},
            "_valid": {"kernel_size": 3, "strides": 2},
            "_no_bias": {"kernel_size": 3, "use_bias": False},
            "_same": {"kernel_size": 3, "padding": "same"},
            "_same_odd": {"kernel_size": 5, "strides": 2, "padding": "same"},
        }.items():
            add(f"conv{rank}d_transpose{name}", shape, f"Conv{rank}DTranspose", filters=6, **config)
        for kind in ("Max", "Average"):
            low = kind.lower()
            add(f"{low}_pooling{rank}d", shape, f"{kind}Pooling{rank}D", pool_size=2)
            add(f"{low}_pooling{rank}d_overlap", shape, f"{kind}Pooling{rank}D", pool_size=3, strides=2)
            add(f"global_{low}_pooling{rank}d", shape, f"Global{kind}Pooling{rank}D")
            add(f"adaptive_{low}_pooling{rank}d", shape, f"Adaptive{kind}Pooling{rank}D", output_size=2)
            to = [3, 4, 3][:rank]
            add(f"adaptive_{low}_pooling{rank}d_uneven", shape, f"Adaptive{kind}Pooling{rank}D", output_size=to)
        add(f"zero_padding{rank}d", shape, f"ZeroPadding{rank}D", padding=1)
        add(f"batch_normalization{rank}d", shape, "BatchNormalization", axis=1)
        add(f"group_normalization{rank}d", shape, "GroupNormalization", groups=2, axis=1)
        if rank > 1:
            add(f"up_sampling{rank}d", shape, f"UpSampling{rank}D", size=2)
    for rank in (1, 2):
        add(f"depthwise_conv{rank}d", SIZES[rank], f"DepthwiseConv{rank}D", kernel_size=3)
        config = {"kernel_size": 3, "depth_multiplier": 2, "strides": 2, "padding": "same", "use_bias": False}
        add(f"depthwise_conv{rank}d_multiplier", SIZES[rank], f"DepthwiseConv{rank}D", **config)
        add(f"separable_conv{rank}d", SIZES[rank], f"SeparableConv{rank}D", filters=6, kernel_size=3)
    image = SIZES[2]
    add("batch_normalization_plain", image, "BatchNormalization", axis=1, scale=False, center=False)
    add("up_sampling2d_bilinear", image, "UpSampling2D", size=2, interpolation="bilinear")
    add("up_sampling2d_bicubic", image, "UpSampling2D", size=2, interpolation="bicubic")
    for name, shape in {"dense": (16,), "dense_3d": (7, 16), "dense_4d": (5, 7, 16)}.items():
        add(name, shape, "Dense", units=10)
        add(f"{name}_no_bias", shape, "Dense", units=10, use_bias=False)
        add(f"{name}_relu", shape, "Dense", units=10, activation="relu")
    for name, config in {"": {}, "_plain": {"center": False, "scale": False}, "_no_center": {"center": False}}.items():
        add(f"layer_normalization{name}", (7, 16), "LayerNormalization", **config)
    add("rms_normalization", (7, 16), "RMSNormalization")
    for name in ACTIVATIONS:
        add(f"activation_{name}", (7, 16), "Activation", activation=name)
    for name, config in {
        "ReLU": {},
        "LeakyReLU": {"negative_slope": 0.1},
        "PReLU": {"shared_axes": [2, 3]},
        "ELU": {},
        "Dropout": {"rate": 0.5},
        "SpatialDropout2D": {"rate": 0.5},
        "Flatten": {},
    }.items():
        add(name, image, name, **config)
    add("relu6", image, "ReLU", max_value=6.0)
    add("softmax", (7, 16), "Softmax")
    add("embedding", (9,), "Embedding", input_dim=50, output_dim=16)
    for type in ("LSTM", "GRU", "SimpleRNN"):
        add(type, (9, 8), type, units=6)
        add(f"{type}_sequences", (9, 8), type, units=6, return_sequences=True)
        add(f"{type}_no_bias", (9, 8), type, units=6, use_bias=False)
        add(f"Bidirectional_{type}", (9, 8), "Bidirectional", layer={"type": type, "units": 6})
    return out


RELU, FLATTEN = layer("ReLU"), layer("Flatten")
NORM = layer("BatchNormalization", axis=1, epsilon=1e-5)


def conv(filters: int, size: int = 3, strides: int = 1, padding: str = "same", **config: Any) -> Stack:
    return layer("Conv2D", filters=filters, kernel_size=size, strides=strides, padding=padding, **config)


def dense(units: int) -> Stack:
    return layer("Dense", units=units)


def act(name: str) -> Stack:
    return layer("Activation", activation=name)


def pad(n: int) -> Stack:
    return layer("ZeroPadding2D", padding=n)


def alexnet() -> Stack:
    """Krizhevsky 2014, "One weird trick" (arXiv:1404.5997), as torchvision has it."""
    pool = layer("MaxPooling2D", pool_size=3, strides=2)
    drop = layer("Dropout", rate=0.5)
    body = [pad(2), conv(64, 11, 4, "valid"), RELU, pool, conv(192, 5), RELU, pool]
    body += [conv(384), RELU, conv(256), RELU, conv(256), RELU, pool]
    body += [layer("AdaptiveAveragePooling2D", output_size=6), FLATTEN]
    return stack((3, 224, 224), *body, drop, dense(4096), RELU, drop, dense(4096), RELU, dense(1000))


def mobilenet() -> Stack:
    """Howard et al. 2017, arXiv:1704.04861."""
    body = [pad(1), conv(32, 3, 2, "valid", use_bias=False), NORM, RELU]
    plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
    for filters, strides in plan:
        depthwise = layer("DepthwiseConv2D", kernel_size=3, strides=strides, use_bias=False)
        body += [pad(1), depthwise, NORM, RELU, conv(filters, 1, 1, "valid", use_bias=False), NORM, RELU]
    return stack((3, 224, 224), *body, layer("GlobalAveragePooling2D"), dense(1000))


def dcgan() -> Stack:
    """Radford et al. 2015, arXiv:1511.06434: four transposed convolutions to 32 × 32."""
    body = []
    for filters in (512, 256, 128):
        first = {"strides": 1, "padding": "valid"} if not body else {"strides": 2, "padding": "same"}
        body += [layer("Conv2DTranspose", filters=filters, kernel_size=4, use_bias=False, **first), NORM, RELU]
    last = layer("Conv2DTranspose", filters=3, kernel_size=4, strides=2, padding="same", use_bias=False)
    return stack((100, 1, 1), *body, last, act("tanh"))


def networks() -> dict[str, Stack]:
    """Whole networks."""
    volumes = [
        *(layer("Conv3D", filters=8, kernel_size=3, padding="same"), NORM, RELU, layer("MaxPooling3D", pool_size=2)),
        *(layer("Conv3D", filters=16, kernel_size=3, strides=2, padding="same"), RELU),
        *(layer("AveragePooling3D", pool_size=2), layer("GlobalAveragePooling3D"), dense(5)),
    ]
    words = [dense(64), act("gelu"), dense(64), layer("LayerNormalization"), RELU, dense(8), layer("Softmax")]
    larger = [layer("UpSampling2D", size=2, interpolation=how) for how in ("nearest", "bilinear")]
    pictures = [
        conv(16),
        RELU,
        larger[0],
        conv(8),
        layer("PReLU", shared_axes=[2, 3]),
        larger[1],
        conv(3),
        act("sigmoid"),
    ]
    waves = [layer("Conv1D", filters=8, kernel_size=2, dilation_rate=2), act("tanh")]
    waves += [layer("Conv1D", filters=8, kernel_size=2, dilation_rate=4, groups=2), act("elu")]
    waves += [layer("AveragePooling1D", pool_size=4), layer("GlobalMaxPooling1D"), dense(2)]
    return {
        "alexnet": alexnet(),
        "mobilenet_v1": mobilenet(),
        "dcgan": dcgan(),
        "volumes": stack((1, 16, 28, 28), *volumes),
        "per_position_mlp": stack((50, 32), *words),
        "upsampler": stack((3, 16, 16), *pictures),
        "waves": stack((4, 128), *waves),
    }


BATCHED = ("conv2d", "dense_3d", "up_sampling2d", "average_pooling2d", "batch_normalization2d", "LSTM", "Softmax")
