"""Record what the FLOPs tools report for the networks of flops_networks.py: run by hand, where the tools are installed.

    pip install torch torchinfo fvcore thop ptflops calflops
    python scripts/record_flops.py torch
    pip install keras tensorflow-cpu
    python scripts/record_flops.py tf

write `tests/data/flops/torch.json` and `tests/data/flops/tf.json`, against which
tests/conventions/test_conventions.py holds our conventions. It is no dependency of the package, and
`make test` does not run it.
"""

import contextlib
import io
import json
import logging
import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flops_networks import BATCHED, Stack, networks, singles

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "flops"


def sized(value: Any, rank: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,) * rank


def torch_module(item: Stack, x: Any) -> list[Any]:
    """The modules of PyTorch that a layer is, made for the input x in channels_first."""
    from torch import nn

    def get(key: str, default: Any = None) -> Any:
        return item.get(key, default)

    kind, rank, channels = item["type"], max(x.ndim - 2, 1), x.shape[1]
    after = activation(item["activation"]) if get("activation") and kind != "Activation" else []
    if kind.startswith("SeparableConv"):
        narrow = getattr(nn, f"Conv{rank}d")
        depthwise = narrow(channels, channels, item["kernel_size"], groups=channels, bias=False)
        return [depthwise, narrow(channels, item["filters"], 1), *after]
    if kind.endswith("Transpose"):
        sizes, strides = sized(item["kernel_size"], rank), sized(get("strides", 1), rank)
        around, extra = [0] * rank, [max(s - k, 0) for k, s in zip(sizes, strides, strict=True)]
        if get("padding") == "same":
            around = [(k - s + 1) // 2 for k, s in zip(sizes, strides, strict=True)]
            extra = [s - k + 2 * p for k, s, p in zip(sizes, strides, around, strict=True)]
        made = getattr(nn, f"ConvTranspose{rank}d")
        bias = get("use_bias", True)
        return [made(channels, item["filters"], sizes, strides, tuple(around), tuple(extra), bias=bias), *after]
    if "Conv" in kind:
        sizes, rates = sized(item["kernel_size"], rank), sized(get("dilation_rate", 1), rank)
        same = get("padding") == "same"
        around = tuple(d * (k - 1) // 2 if same else 0 for k, d in zip(sizes, rates, strict=True))
        deep = kind.startswith("Depthwise")
        filters = channels * get("depth_multiplier", 1) if deep else item["filters"]
        groups = channels if deep else get("groups", 1)
        how = {"stride": get("strides", 1), "padding": around, "dilation": rates, "bias": get("use_bias", True)}
        return [getattr(nn, f"Conv{rank}d")(channels, filters, sizes, groups=groups, **how), *after]
    if "Pooling" in kind:
        name = "Max" if "Max" in kind else "Avg"
        if kind.startswith("Global"):
            return [getattr(nn, f"Adaptive{name}Pool{rank}d")(1), nn.Flatten()]
        if kind.startswith("Adaptive"):
            return [getattr(nn, f"Adaptive{name}Pool{rank}d")(item["output_size"])]
        return [getattr(nn, f"{name}Pool{rank}d")(item["pool_size"], get("strides"))]
    if kind.startswith("ZeroPadding"):
        return [getattr(nn, f"ZeroPad{rank}d")(item["padding"])]
    if kind.startswith("UpSampling"):
        return [nn.Upsample(scale_factor=item["size"], mode=get("interpolation", "nearest"))]
    if kind == "Bidirectional":
        return [recurrent({**item["layer"], "type": item["layer"]["type"]}, x, both=True)]
    if kind in ("LSTM", "GRU", "SimpleRNN"):
        return [recurrent(item, x)]
    if kind == "Activation":
        return activation(item["activation"])
    makers: dict[str, Callable[[], Any]] = {
        "Dense": lambda: nn.Linear(x.shape[-1], item["units"], bias=get("use_bias", True)),
        "BatchNormalization": lambda: getattr(nn, f"BatchNorm{rank}d")(channels, affine=get("scale", True)),
        "LayerNormalization": lambda: nn.LayerNorm(
            x.shape[-1], elementwise_affine=get("scale", True), bias=get("center", True)
        ),
        "GroupNormalization": lambda: nn.GroupNorm(item["groups"], channels),
        "RMSNormalization": lambda: nn.RMSNorm(x.shape[-1]),
        "ReLU": lambda: nn.ReLU6() if get("max_value") else nn.ReLU(),
        "LeakyReLU": lambda: nn.LeakyReLU(item["negative_slope"]),
        "PReLU": lambda: nn.PReLU(channels),
        "ELU": nn.ELU,
        "Softmax": lambda: nn.Softmax(dim=-1),
        "Flatten": nn.Flatten,
        "Dropout": lambda: nn.Dropout(item["rate"]),
        "SpatialDropout2D": lambda: nn.Dropout2d(item["rate"]),
        "Embedding": lambda: nn.Embedding(item["input_dim"], item["output_dim"]),
    }
    return [makers[kind](), *after]


def activation(name: str) -> list[Any]:
    from torch import nn

    names = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "gelu": "GELU", "silu": "SiLU", "elu": "ELU"}
    names |= {"selu": "SELU", "leaky_relu": "LeakyReLU", "relu6": "ReLU6", "hard_silu": "Hardswish"}
    names |= {"hard_sigmoid": "Hardsigmoid", "softplus": "Softplus", "mish": "Mish", "softsign": "Softsign"}
    along = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}
    return [getattr(nn, along[name])(dim=-1)] if name in along else [getattr(nn, names[name])()]


def recurrent(item: Stack, x: Any, both: bool = False) -> Any:
    from torch import nn

    kind = {"SimpleRNN": "RNN"}.get(item["type"], item["type"])

    class Outputs(nn.Module):
        """The sequence, or its last step, without the state."""

        def __init__(self) -> None:
            super().__init__()
            how = {"batch_first": True, "bias": item.get("use_bias", True), "bidirectional": both}
            self.inner = getattr(nn, kind)(x.shape[-1], item["units"], **how)

        def forward(self, x: Any) -> Any:
            y = self.inner(x)[0]
            return y if item.get("return_sequences") else y[:, -1]

    return Outputs()


def torch_model(stack: Stack) -> Any:
    import torch

    x, modules = torch.zeros(1, *stack["input_shape"]), []
    for item in stack["layers"]:
        x = x.long() if item["type"] == "Embedding" else x
        for module in torch_module(item, x):
            module.eval()
            with torch.no_grad():
                x = module(x)
            modules.append(module)
    return torch.nn.Sequential(*modules).eval()


def torch_tools(stack: Stack, batch: int) -> dict[str, int]:
    """What the six tools say, each asked about a network of its own."""
    sys.modules["torchvision"] = None  # type: ignore[assignment]  # ptflops would load it, and needs it for nothing here
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    import calflops
    import ptflops
    import thop
    import torch
    import torchinfo
    from fvcore.nn import FlopCountAnalysis
    from torch.utils.flop_counter import FlopCounterMode

    x = torch.zeros(batch, *stack["input_shape"])
    x = x.long() if stack["layers"][0]["type"] == "Embedding" else x

    def counted_by_torch() -> int:
        model = torch_model(stack)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(x)
        return counter.get_total_flops()

    def counted_by_calflops() -> int:
        model = torch_model(stack)
        model.register_parameter("none", torch.nn.Parameter(torch.zeros(1)))  # it looks for one to find the device
        return calflops.calculate_flops(model, args=[x], print_results=False, output_as_string=False)[0]

    shape = tuple(stack["input_shape"])
    asking = {"as_strings": False, "print_per_layer_stat": False, "backend": "pytorch"}
    asking |= {"input_constructor": lambda _: x} if batch > 1 or x.dtype == torch.long else {}
    tools: dict[str, Callable[[], Any]] = {
        "fvcore": lambda: FlopCountAnalysis(torch_model(stack), (x,)).total(),
        "torch": counted_by_torch,
        "torchinfo": lambda: torchinfo.summary(torch_model(stack), input_data=x, verbose=0).total_mult_adds,
        "thop": lambda: thop.profile(torch_model(stack), inputs=(x,), verbose=False)[0],
        "ptflops": lambda: ptflops.get_model_complexity_info(torch_model(stack), shape, **asking)[0],
        "calflops": counted_by_calflops,
    }
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        counts = {name: ask() for name, ask in tools.items()}
    assert all(n == int(n) for n in counts.values()), counts
    return {name: int(n) for name, n in counts.items()}


def record_torch() -> None:
    """Each network in a process of its own: the tools patch PyTorch, and not all of them put it back."""
    context = multiprocessing.get_context("spawn")
    found = {**singles(), **networks()}
    asked = [(name, stack, 1) for name, stack in found.items()]
    asked += [(f"{name}_batch4", found[name], 4) for name in BATCHED if name in found]
    out = {}
    with context.Pool(2, maxtasksperchild=1) as pool:
        counts = pool.starmap(torch_tools, [(stack, batch) for _, stack, batch in asked], chunksize=1)
    for (name, stack, batch), expected in zip(asked, counts, strict=True):
        out[name] = {"stack": stack, **({"batch_size": batch} if batch > 1 else {}), "expected": expected}
    write("torch", out)


def channels_last(stack: Stack) -> Stack:
    """The same network as TensorFlow can count it."""
    spatial = any(item.get("data_format") or item.get("axis") == 1 or "shared_axes" in item for item in stack["layers"])
    if not spatial and "Dropout2D" not in stack["layers"][0]["type"]:
        return stack
    first, *rest = stack["input_shape"]
    layers = []
    for item in stack["layers"]:
        item = {key: value for key, value in item.items() if key != "data_format"}
        item |= {"axis": -1} if item.get("axis") == 1 else {}
        layers.append(item | ({"shared_axes": [1, 2]} if "shared_axes" in item else {}))
    return {"input_shape": [*rest, first], "layers": layers}


def keras_model(stack: Stack) -> Any:
    import keras

    def made(item: Stack) -> Any:
        config = {key: made(value) if key == "layer" else value for key, value in item.items() if key != "type"}
        return getattr(keras.layers, item["type"])(**config)

    return keras.Sequential([keras.Input(stack["input_shape"]), *map(made, stack["layers"])])


def tf_profiler(model: Any) -> int:
    """float_operation of the frozen graph, batch 1: what the answers to keras-team/keras#18391 measure."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2_as_graph

    specs = [tf.TensorSpec((1, *one.shape[1:]), one.dtype) for one in model.inputs]
    call = tf.function(lambda *xs: model(list(xs) if len(xs) > 1 else xs[0], training=False))
    _, graph_def = convert_variables_to_constants_v2_as_graph(call.get_concrete_function(*specs))
    profiler = tf.compat.v1.profiler
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(graph_def, name="")
        options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation()).with_empty_output()
        run = tf.compat.v1.RunMetadata()
        return int(profiler.profile(graph=graph, run_meta=run, cmd="op", options=options.build()).total_float_ops)


APPS = (
    "VGG16",
    "ResNet50",
    "MobileNetV2",
    "DenseNet121",
    "EfficientNetB0",
    "InceptionV3",
    "NASNetMobile",
    "ConvNeXtTiny",
)


def graphs(keras: Any) -> dict[str, Any]:
    """What is no stack: several inputs to a layer, attention, operations, sizes that are not known."""
    layers, ops = keras.layers, keras.ops

    def of(shape: tuple[int | None, ...], call: Callable[[Any], Any]) -> Any:
        x = keras.Input(shape)
        return keras.Model(x, call(x))

    def squeezed(x: Any) -> Any:
        return layers.Multiply()([x, layers.Reshape((1, 1, 4))(layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))])

    steps = (7, 16)
    return {
        "add": of(steps, lambda x: layers.Add()([x, x, x])),
        "average": of(steps, lambda x: layers.Average()([x, x, x])),
        "dot": of(steps, lambda x: layers.Dot(axes=(2, 2), normalize=True)([x, x])),
        "squeeze_and_excite": of((6, 6, 4), squeezed),
        "attention": of(steps, lambda x: layers.Attention()([x, x])),
        "additive_attention": of(steps, lambda x: layers.AdditiveAttention()([x, x])),
        "multi_head": of(steps, lambda x: layers.MultiHeadAttention(2, 4)(x, x)),
        "multi_head_scores": of(
            steps, lambda x: layers.MultiHeadAttention(2, 4)(x, x, return_attention_scores=True)[0]
        ),
        "multi_head_causal": of(steps, lambda x: layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)),
        "multi_head_planes": of((3, 7, 16), lambda x: layers.MultiHeadAttention(2, 4)(x, x)),
        "grouped_query": of(steps, lambda x: layers.GroupQueryAttention(8, 4, 2)(x, x)),
        "einsum_dense": of(steps, lambda x: layers.EinsumDense("abc,cd->abd", (None, 6), bias_axes="d")(x)),
        "bidirectional": of(steps, lambda x: layers.Bidirectional(layers.LSTM(6))(x)),
        "unrolled": of((3, 8), lambda x: layers.LSTM(6, unroll=True)(x)),
        "gru_before": of((9, 8), lambda x: layers.GRU(6, reset_after=False)(x)),
        "dilated_depthwise": of((9, 10, 2), lambda x: layers.DepthwiseConv2D(3, dilation_rate=2)(x)),
        "dilated_depthwise_same": of(
            (9, 10, 2), lambda x: layers.DepthwiseConv2D(3, dilation_rate=3, padding="same")(x)
        ),
        "dilated_transpose": of((9, 9, 2), lambda x: layers.Conv2DTranspose(3, 3, dilation_rate=2)(x)),
        "relu_all": of(steps, lambda x: layers.ReLU(max_value=5, negative_slope=0.1, threshold=0.5)(x)),
        "relu_slope": of(steps, lambda x: layers.ReLU(negative_slope=0.1, max_value=5)(x)),
        "layer_norm_center": of(steps, lambda x: layers.LayerNormalization(scale=False)(x)),
        "layer_norm_axes": of(steps, lambda x: layers.LayerNormalization(axis=(1, 2))(x)),
        "layer_norm_rms": of(steps, lambda x: layers.LayerNormalization(rms_scaling=True)(x)),
        "group_norm_plain": of(steps, lambda x: layers.GroupNormalization(2, center=False, scale=False)(x)),
        "unit": of(steps, lambda x: layers.UnitNormalization()(x)),
        "standardized": of(steps, lambda x: layers.Normalization(mean=0.5, variance=2.0)(x)),
        "rescaled": of(steps, lambda x: layers.Rescaling(0.1, 1.0)(x)),
        "operations": of(steps, lambda x: ops.sum(ops.square(x - ops.mean(x, axis=1, keepdims=True)), axis=(1, 2))),
        "angles": of(steps, lambda x: ops.log2(ops.exp(x)) + ops.sin(x) * ops.rsqrt(ops.abs(x))),
        "largest": of(steps, lambda x: ops.argmax(ops.maximum(x, 0.1), axis=-1)),
        "unknown_size": of(
            (None, None, 3), lambda x: layers.Dense(5)(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(x)))
        ),
    }


def record_tf() -> None:
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    import keras

    stacks = {**singles(), **networks()}
    out: dict[str, Any] = {}
    for name, stack in stacks.items():
        if not name.startswith(("embedding", "Bidirectional")):
            stack = channels_last(stack)
            out[name] = {"model": stack, "tf": tf_profiler(keras_model(stack))}
    for name, model in graphs(keras).items():
        out[name] = {"model": json.loads(model.to_json()), "tf": tf_profiler(model)}
    for name in APPS:
        out[name] = {"tf": tf_profiler(getattr(keras.applications, name)(weights=None))}
    write("tf", out)


def write(name: str, found: dict[str, Any]) -> None:
    FOLDER.mkdir(exist_ok=True)
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
    (FOLDER / f"{name}.json").write_text(f"{{\n{lines}\n}}\n")
    print(f"{len(found)} networks in {FOLDER / name}.json")


if __name__ == "__main__":
    {"torch": record_torch, "tf": record_tf}[sys.argv[1]]()
