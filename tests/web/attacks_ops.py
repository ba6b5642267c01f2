"""Forward passes that would take long or hold much, within the default limits or past them: each is ended in time."""

import json
from typing import Any, NamedTuple


class Pass(NamedTuple):
    """A forward request; `refused` where it must not be started at all."""

    name: str
    body: bytes
    refused: bool = False


def run(*layers: dict[str, Any], shape: tuple[int, ...], batch: int = 1, **more: Any) -> bytes:
    model = {"batch_shape": [batch, *shape], "layers": list(layers)}
    return json.dumps({"model": model, "inputs": {"seed": 1}, **more}).encode()


def small(*layers: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Layers, and an answer of few numbers."""
    return *layers, {"type": "Flatten"}, {"type": "Reshape", "target_shape": [-1, 1]}, {"type": "GlobalMaxPooling1D"}


def operation(kind: str, module: str, shapes: list[list[int | None]], config: Any = None, *args: Any, **kw: Any) -> Any:
    """A Functional model of one operation, and the largest number of what it gives."""
    heads = [
        {
            "class_name": "InputLayer",
            "name": f"x{i}",
            "config": {"batch_shape": shape, "name": f"x{i}"},
            "inbound_nodes": [],
        }
        for i, shape in enumerate(shapes)
    ]

    def tensor(name: str) -> dict[str, Any]:
        return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}

    tensors = [tensor(head["name"]) for head in heads]
    layer = {
        "class_name": kind,
        "module": f"keras.src.ops.{module}",
        "name": "it",
        "config": {"name": "it", **(config or {})},
        "inbound_nodes": [{"args": [*tensors, *args], "kwargs": kw}],
    }
    peak = {
        "class_name": "Max",
        "module": "keras.src.ops.numpy",
        "name": "peak",
        "config": {"name": "peak", "axis": None, "keepdims": False},
        "inbound_nodes": [{"args": [tensor("it")], "kwargs": {}}],
    }
    model = {
        "class_name": "Functional",
        "config": {
            "name": "m",
            "layers": [*heads, layer, peak],
            "input_layers": [[head["name"], 0, 0] for head in heads],
            "output_layers": [["peak", 0, 0]],
        },
    }
    return json.dumps({"model": model, "inputs": {"seed": 1}}).encode()


def windows():
    """Kernels and windows that are large, thin or many."""
    dw = {"type": "DepthwiseConv2D", "padding": "same", "depthwise_initializer": "ones", "use_bias": False}
    yield Pass("depthwise-301", run(*small({**dw, "kernel_size": 301}), shape=(400, 400, 1)), refused=True)
    yield Pass("depthwise-101", run(*small({**dw, "kernel_size": 101}), shape=(512, 512, 2)))
    yield Pass("depthwise-stride", run(*small({**dw, "kernel_size": 201, "strides": 2}), shape=(512, 512, 4)))
    yield Pass("depthwise-batch", run(*small({**dw, "kernel_size": 3}), shape=(3, 3, 1), batch=3_000_000))
    conv = {"type": "Conv2D", "padding": "same", "use_bias": False}
    for groups, channels in ((64, 512), (512, 512), (8, 64)):
        layer = {**conv, "filters": channels, "kernel_size": 7, "groups": groups}
        yield Pass(f"conv-groups-{groups}", run(*small(layer), shape=(160, 160, channels)))
    yield Pass("conv-one-filter", run(*small({**conv, "filters": 1, "kernel_size": 101}), shape=(700, 700, 1)))
    yield Pass(
        "conv-dilated", run(*small({**conv, "filters": 2, "kernel_size": 31, "dilation_rate": 9}), shape=(600, 600, 2))
    )
    yield Pass("conv-1d", run(*small({"type": "Conv1D", "filters": 1, "kernel_size": 5000}), shape=(200_000, 1)))
    up = {"type": "Conv2DTranspose", "filters": 1, "use_bias": False}
    yield Pass("transposed-kernel", run(*small({**up, "kernel_size": 151}), shape=(300, 300, 1)))
    yield Pass("transposed-strides", run(*small({**up, "kernel_size": 3, "strides": 300}), shape=(60, 60, 1)))
    for kind in ("MaxPooling2D", "AveragePooling2D"):
        pool = {"type": kind, "pool_size": 501, "strides": 1, "padding": "same"}
        yield Pass(f"{kind}-501", run(*small(pool), shape=(1500, 1500, 3)))
        yield Pass(f"{kind}-batch", run(*small({"type": kind, "pool_size": 2}), shape=(2, 2, 1), batch=5_000_000))
    for kind in ("AdaptiveMaxPooling2D", "AdaptiveAveragePooling2D"):
        yield Pass(f"{kind}-more", run(*small({"type": kind, "output_size": [6000, 6000]}), shape=(3, 3, 1)))
        yield Pass(f"{kind}-fewer", run(*small({"type": kind, "output_size": [2999, 2999]}), shape=(3000, 3000, 3)))
    yield Pass(
        "local", run(*small({"type": "LocallyConnected2D", "filters": 3, "kernel_size": 9}), shape=(120, 120, 3))
    )
    yield Pass(
        "separable", run(*small({"type": "SeparableConv2D", "filters": 4, "kernel_size": 151}), shape=(400, 400, 4))
    )


def sums():
    """Products of many operands, and of many small matrices."""
    letters = "abcdefghijk"
    chain = ",".join(letters[i] + letters[i + 1] for i in range(10))
    yield Pass(
        "einsum-ten", operation("Einsum", "numpy", [[7, 7]] * 10, {"subscripts": f"{chain}->{letters}"}), refused=True
    )
    yield Pass("einsum-chain", operation("Einsum", "numpy", [[700, 700]] * 10, {"subscripts": f"{chain}->ak"}))
    star = ",".join(f"z{one}" for one in "abcdef")
    yield Pass("einsum-star", operation("Einsum", "numpy", [[100, 20]] * 6, {"subscripts": f"{star}->abcdef"}))
    yield Pass(
        "einsum-outer", operation("Einsum", "numpy", [[30]] * 6, {"subscripts": "a,b,c,d,e,f->fedcba"}), refused=True
    )
    yield Pass("einsum-batch", operation("Einsum", "numpy", [[3_000_000, 2, 2]] * 2, {"subscripts": "zij,zjk->zik"}))
    yield Pass("matmul-many", operation("Matmul", "numpy", [[5_000_000, 2, 2], [5_000_000, 2, 2]]))
    yield Pass("matmul-outer", operation("Matmul", "numpy", [[15_000, 1], [1, 15_000]]))
    yield Pass("kron", operation("Kron", "numpy", [[150, 150], [120, 120]]))
    yield Pass("outer", operation("Outer", "numpy", [[20_000], [15_000]]))


def orders():
    """What sorts, counts and factorises."""
    for axis in (None, 1):
        for kind, config in (("Median", {}), ("Nanmedian", {}), ("Quantile", {}), ("Nanquantile", {})):
            args = [0.3] if "uantile" in kind else []
            one = {"axis": axis, "keepdims": False, **config}
            yield Pass(f"{kind}-{axis}", operation(kind, "numpy", [[400_000, 9]], one, *args))
            yield Pass(f"{kind}-{axis}-long", operation(kind, "numpy", [[9, 6_000_000]], one, *args))
    for kind in ("Sort", "Argsort"):
        yield Pass(f"{kind}-long", operation(kind, "numpy", [[1, 4_000_000]], {"axis": 1}))
        yield Pass(f"{kind}-rows", operation(kind, "numpy", [[4_000_000, 5]], {"axis": 1}))
        yield Pass(f"{kind}-columns", operation(kind, "numpy", [[2000, 3000]], {"axis": 0}))
    for kind in ("Cumsum", "Cumprod", "Nancumsum"):
        yield Pass(f"{kind}-rows", operation(kind, "numpy", [[20_000_000, 3]], {"axis": 1}))
    for kind in ("Inv", "Det", "LuFactor", "Cholesky", "SVD", "Eigh", "Pinv", "Slogdet", "Logdet"):
        yield Pass(f"{kind}-many", operation(kind, "linalg", [[3_000_000, 3, 3]]))
        yield Pass(f"{kind}-large", operation(kind, "linalg", [[1, 5000, 5000]]))
    for mode in ("reduced", "complete"):
        yield Pass(f"Qr-{mode}-many", operation("Qr", "linalg", [[2_000_000, 3, 2]], {"mode": mode}))
        yield Pass(f"Qr-{mode}-tall", operation("Qr", "linalg", [[1, 9000, 2]], {"mode": mode}))
    yield Pass("Solve-many", operation("Solve", "linalg", [[2_000_000, 3, 3], [2_000_000, 3, 1]]))
    yield Pass(
        "SolveTriangular-large", operation("SolveTriangular", "linalg", [[4000, 4000], [4000, 4000]], {"lower": True})
    )
    yield Pass("cdist", operation("CDist", "nn", [[1, 20_000, 3], [1, 20_000, 3]]))


def elements():
    """Functions of one element that take long, and what is cast."""
    for kind in ("Erfinv", "I0", "Power", "Arctan2", "Logaddexp", "Hypot", "Sinc", "Tan", "Gcd"):
        shapes: list[list[int | None]] = [[30_000_000]] * (
            2 if kind in ("Power", "Arctan2", "Logaddexp", "Hypot", "Gcd") else 1
        )
        module = "math" if kind == "Erfinv" else "numpy"
        yield Pass(kind, operation(kind, module, shapes))
    yield Pass("thin", operation("Add", "numpy", [[60_000_000, 1], [1, 2]]))
    yield Pass("wide", operation("Add", "numpy", [[20_000, 1], [1, 20_000]]))
    yield Pass("norm-thin", run(*small({"type": "LayerNormalization"}), shape=(30_000_000, 2)))
    yield Pass("groups-thin", run(*small({"type": "GroupNormalization", "groups": 2}), shape=(9_000_000, 4)))
    yield Pass("softmax-thin", run(*small({"type": "Softmax"}), shape=(40_000_000, 2)))
    yield Pass("gelu", run(*small({"type": "Activation", "activation": "gelu"}), shape=(90_000_000,)))
    yield Pass("up-3d", run(*small({"type": "UpSampling3D", "size": 12}), shape=(40, 40, 40, 1)))
    yield Pass("repeat-flat", run({"type": "RepeatVector", "n": 90_000}, *small(), shape=(9000,)), refused=True)
    yield Pass("turned", run({"type": "Permute", "dims": [2, 1]}, *small(), shape=(16_000, 16_000)))
    yield Pass("float64", run(*small({"type": "ReLU"}), shape=(110_000_000,), dtype="float64"))
    for method in ("bilinear", "bicubic", "lanczos5", "area"):
        layer = {"type": "Resizing", "height": 9, "width": 9, "interpolation": method, "antialias": True}
        if method == "area":
            layer.pop("antialias")
        yield Pass(f"resizing-down-{method}", run(*small(layer), shape=(5000, 5000, 3)))
        yield Pass(f"resizing-up-{method}", run(*small({**layer, "height": 6000, "width": 6000}), shape=(9, 9, 3)))
    sound = {"type": "STFTSpectrogram", "frame_length": 65_521, "frame_step": 64, "fft_length": 65_521}
    yield Pass("stft-prime", run(*small(sound), shape=(1_000_000, 1)))
    mel = {"type": "MelSpectrogram", "fft_length": 65_536, "sequence_stride": 16, "num_mel_bins": 80}
    yield Pass("mel", run(*small(mel), shape=(2_000_000,)))
    clahe = {"type": "ContrastLimitedAdaptiveHistogramEqualization", "tile_grid_size": [500, 500]}
    yield Pass("clahe", run(*small(clahe), shape=(1500, 1500, 3)))


def fillings():
    """Weights that are many, or that take long to draw."""
    for kind in ("glorot_uniform", "truncated_normal", "random_normal", "ones", "he_normal"):
        dense = {"type": "Dense", "units": 21_000, "kernel_initializer": kind, "use_bias": False}
        yield Pass(f"seed-{kind}", run(dense, *small(), shape=(21_000,)))
        yield Pass(f"seed-{kind}-64", run(dense, *small(), shape=(21_000,), dtype="float64"), refused=True)
    orthogonal = {"type": "Dense", "units": 6000, "kernel_initializer": "orthogonal"}
    yield Pass("seed-orthogonal", run(orthogonal, *small(), shape=(6000,)))
    yield Pass(
        "seed-identity",
        run({**orthogonal, "units": 20_000, "kernel_initializer": "identity"}, *small(), shape=(20_000,)),
    )
    yield Pass(
        "seed-half",
        run({"type": "Dense", "units": 25_000, "dtype": "float16"}, *small(), shape=(25_000,)),
        refused=True,
    )


def loops():
    """Loops over time, and what a pass does twice."""
    for kind in ("LSTM", "GRU", "SimpleRNN"):
        yield Pass(f"{kind}-long", run({"type": kind, "units": 1}, shape=(60_000, 1)))
        yield Pass(f"{kind}-wide", run({"type": kind, "units": 8}, shape=(9, 8), batch=400_000, outputs=[]))
    image = {"type": "ConvLSTM2D", "filters": 1, "kernel_size": 31, "padding": "same"}
    yield Pass("ConvLSTM2D", run(*small(image), shape=(40, 100, 100, 1)))
    inner = {"type": "TimeDistributed", "layer": {"type": "LayerNormalization"}}
    yield Pass("TimeDistributed", run(*small(inner), shape=(3_000_000, 2, 2)))
    twice = [{"type": "Rescaling", "scale": 1e38}, {"type": "Rescaling", "scale": 1e38}]
    yield Pass("infinite", run(*twice, *small(), shape=(60_000_000,)))
    yield Pass("stats", run(*small(*twice), shape=(60_000_000,), stats=True, profile=True))
    yield Pass("kept", run(*twice, shape=(3_900_000,), return_layers=["rescaling"]))


PASSES = [*windows(), *sums(), *orders(), *elements(), *fillings(), *loops()]
