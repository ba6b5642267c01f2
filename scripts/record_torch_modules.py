"""What PyTorch says of its modules: signatures, and cases drawn at random; run where torch is installed.

    python scripts/record_torch_modules.py tests/data/torch_modules

A case is a module's class and arguments, the shapes of its inputs, and what came of it: the shapes of the outputs, the
parameters and buffers, and up to 24 numbers of each output; or the error. Weights and inputs are made of their names
by the formula in tests/formula.py.
"""

import gzip
import inspect
import json
import random
import sys
import warnings
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.formula import input_of, integers_of, weight_of

EACH = 5
OFTEN = dict.fromkeys(("RNN", "GRU", "LSTM", "MultiheadAttention", "Upsample"), 4)
NUMBERS = 24
ABSTRACT = {"Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"}
ABSTRACT |= {"Container", "DataParallel"}


def signatures():
    """The arguments of every class by name: [name, required, default]; device and dtype aside."""
    out = {}
    for name in sorted(dir(nn)):
        kind = getattr(nn, name)
        if not inspect.isclass(kind) or not issubclass(kind, nn.Module) or name in ABSTRACT:
            continue
        found = []
        for one in [*inspect.signature(kind.__init__).parameters.values()][1:]:
            if one.name not in ("device", "dtype"):
                star = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
                plain = isinstance(one.default, int | float | str | bool | None | tuple | list)
                found.append([star + one.name, one.default is one.empty, one.default if plain else None])
        out[name] = found
    return out


class Draw:
    """Arguments and shapes of inputs, drawn at random."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *values):
        return self.random.choice(values)

    def each(self, rank, *values):
        return self.one(self.one(*values), [self.one(*values) for _ in range(rank)])

    def some(self, **choices):
        """Each argument in two of three cases."""
        return {key: self.one(*values) for key, values in choices.items() if self.random.random() < 2 / 3}

    def shape(self, rank, channels=None, low=4, high=11):
        spatial = [self.random.randint(low, high) for _ in range(rank)]
        batch = [] if self.random.random() < 0.15 else [self.random.randint(1, 3)]
        return [*batch, channels or self.random.randint(1, 6), *spatial]

    def free(self):
        return [self.random.randint(1, 4) for _ in range(self.random.randint(1, 4))]


def conv(d, rank, transposed=False, lazy=False):
    groups = d.one(1, 1, 2, 3)
    channels = groups * d.one(1, 2)
    config = {"in_channels": channels, "out_channels": groups * d.one(1, 2), "kernel_size": d.each(rank, 1, 2, 3)}
    config |= {"groups": groups} if groups > 1 else {}
    config |= d.some(stride=[1, 2, 3, d.each(rank, 1, 2)], padding=[0, 1, d.each(rank, 0, 1, 2)], bias=[True, False])
    config |= d.some(dilation=[1, 2, d.each(rank, 1, 2)])
    if transposed:
        config |= d.some(output_padding=[0, 1, d.each(rank, 0, 1)])
    elif d.one(0, 0, 1):
        config["padding_mode"] = d.one("reflect", "replicate", "circular")
    elif d.one(0, 0, 1):
        config |= {"padding": d.one("same", "valid"), "stride": 1}
    if lazy:
        del config["in_channels"]
    elif d.one(0, 0, 0, 0, 0, 0, 1):
        channels += 1
    return config, [d.shape(rank, channels, 3, 9)]


def pool(d, rank, **more):
    config = {"kernel_size": d.each(rank, 1, 2, 3)}
    config |= d.some(stride=[1, 2, 3, d.each(rank, 1, 2)], ceil_mode=[True, False], padding=[0, 1], **more)
    return config, [d.shape(rank)]


def largest(d, rank):
    config, shapes = pool(d, rank, dilation=[1, 2])
    return config | d.some(return_indices=[True, False]), shapes


def unpool(d, rank):
    config = {"kernel_size": d.each(rank, 2, 3)} | d.some(stride=[2, 3], padding=[0, 1])
    shape = d.shape(rank, low=5, high=6)
    return config, [shape, shape]


def lp(d, rank):
    config, shapes = pool(d, rank)
    config.pop("padding", None)
    if rank == 1:
        config = {key: value[0] if isinstance(value, list) else value for key, value in config.items()}
    return {"norm_type": d.one(1, 2, 3), **config}, shapes


def adaptive(d, rank):
    return {"output_size": d.one(1, 3, [d.one(1, 2, 5, None) for _ in range(rank)])}, [d.shape(rank)]


def around(d, rank, low=0, **more):
    return {"padding": d.one(1, 2, [d.one(low, 0, 1, 2) for _ in range(2 * rank)]), **more}, [d.shape(rank)]


def norm(d, rank, lazy=False):
    shape = d.shape(rank)
    channels = shape[-rank - 1]
    config = {} if lazy else {"num_features": channels}
    return config | d.some(eps=[1e-5, 1e-3], affine=[True, False], bias=[True, False]), [shape]


def instance(d, rank, lazy=False):
    config, shapes = norm(d, rank, lazy)
    return config | d.some(track_running_stats=[True, False]), shapes


def recurrent(d, **more):
    config = {"input_size": d.one(2, 3), "hidden_size": d.one(2, 4)} | d.some(
        num_layers=[1, 2], bias=[True, False], batch_first=[True, False], bidirectional=[True, False], **more
    )
    wrong = d.one(0, 0, 0, 0, 0, 0, 1)
    shapes = [[4, 2, config["input_size"] + wrong]] * 3 + [[5, config["input_size"]]]
    return config, [d.one(*shapes)]


def cell(d, **more):
    config = {"input_size": d.one(2, 3), "hidden_size": d.one(2, 4)} | d.some(bias=[True, False], **more)
    return config, [d.one([2, config["input_size"]], [config["input_size"]])]


def attention(d):
    heads = d.one(1, 2, 3)
    size = heads * d.one(2, 4)
    config = {"embed_dim": size, "num_heads": heads}
    config |= d.some(bias=[True, False], add_bias_kv=[True, False], add_zero_attn=[True, False])
    config |= d.some(kdim=[None, 5], vdim=[None, 3], batch_first=[True, False], dropout=[0.0, 0.1])
    keys = [config.get("kdim") or size, config.get("vdim") or size]
    if d.one(0, 0, 1):
        return config, [[4, size], [6, keys[0]], [6, keys[1]]]
    lead = lambda n: [2, n] if config.get("batch_first") else [n, 2]  # noqa: E731
    return config, [[*lead(4), size], [*lead(6), keys[0]], [*lead(6), keys[1]]]


def block(d, inputs):
    heads = d.one(1, 2)
    size = heads * d.one(2, 4)
    config = {"d_model": size, "nhead": heads, "dim_feedforward": d.one(3, 8)} | d.some(
        activation=["relu", "gelu"], norm_first=[True, False], batch_first=[True, False], bias=[True, False]
    )
    return config, [[4, 4, size]] * inputs


def whole(d):
    config, shapes = block(d, 2)
    return config | {"num_encoder_layers": d.one(1, 2), "num_decoder_layers": d.one(1, 2)}, shapes


def stacked(d, inputs):
    inner, shapes = block(d, inputs)
    kind = ("encoder", "decoder")[inputs - 1]
    layer = {"type": f"Transformer{kind.title()}Layer", **inner}
    config = {f"{kind}_layer": layer, "num_layers": d.one(1, 2, 3)}
    if d.one(0, 1):
        config["norm"] = {"type": "LayerNorm", "normalized_shape": inner["d_model"]}
    return config, shapes


def upsample(d):
    rank = d.one(1, 2, 3)
    modes = [["linear"], ["bilinear", "bicubic"], ["trilinear"]][rank - 1]
    config = {"mode": d.one("nearest", "nearest-exact", *modes)}
    config |= d.one(
        {"size": d.each(rank, 2, 5, 7)}, {"scale_factor": d.one(2, 1.5, 0.6, [d.one(2.0, 1.3) for _ in range(rank)])}
    )
    if not config["mode"].startswith("nearest"):
        config |= d.some(align_corners=[True, False])
    if "scale_factor" in config:
        config |= d.some(recompute_scale_factor=[True, False])
    return config, [[2, 3, *[d.one(3, 4, 6) for _ in range(rank)]]]


def fold(d):
    size, k = [d.one(4, 5), d.one(4, 6)], [d.one(1, 2), d.one(2, 3)]
    how = d.some(stride=[1, 2], padding=[0, 1], dilation=[1, 1, 2])
    s, p, r = (how.get(key, preset) for key, preset in (("stride", 1), ("padding", 0), ("dilation", 1)))
    count = 1
    for n, window in zip(size, k, strict=True):
        count *= (n + 2 * p - r * (window - 1) - 1) // s + 1
    return {"output_size": size, "kernel_size": k, **how}, [[2, 2 * k[0] * k[1], max(count, 1)]]


def groups(d):
    n, each = d.one(1, 2, 3), d.one(1, 2)
    config = {"num_groups": n, "num_channels": n * each} | d.some(eps=[1e-3], affine=[True, False], bias=[True, False])
    return config, [[2, n * each + d.one(0, 0, 0, 1), *d.free()[:2]]]


def trailing(d, **more):
    shape = [2, *d.free()]
    count = d.random.randint(1, len(shape) - 1)
    sizes = shape[-count:]
    return {"normalized_shape": sizes if count > 1 else d.one(sizes, sizes[0])} | d.some(**more), [shape]


def ranked(name, make, **how):
    return {f"{name}{rank}d": lambda d, rank=rank: make(d, rank, **how) for rank in (1, 2, 3)}


def activation(**choices):
    return lambda d: (d.some(**choices), [d.free()])


MODULES = {
    **ranked("Conv", conv), **ranked("LazyConv", conv, lazy=True),
    **ranked("ConvTranspose", conv, transposed=True), **ranked("LazyConvTranspose", conv, transposed=True, lazy=True),
    **ranked("MaxPool", largest), **ranked("MaxUnpool", unpool),
    **ranked("AvgPool", pool, count_include_pad=[True, False]),
    **ranked("LPPool", lp), **ranked("AdaptiveAvgPool", adaptive), **ranked("AdaptiveMaxPool", adaptive),
    **ranked("ZeroPad", around, low=-1), **ranked("ConstantPad", around, low=-1, value=1.5),
    **ranked("ReflectionPad", around), **ranked("ReplicationPad", around), **ranked("CircularPad", around),
    **ranked("BatchNorm", norm), **ranked("LazyBatchNorm", norm, lazy=True),
    "SyncBatchNorm": lambda d: norm(d, 2),
    **ranked("InstanceNorm", instance), **ranked("LazyInstanceNorm", instance, lazy=True),
    "Linear": lambda d: ({"in_features": 3, "out_features": d.one(1, 4)} | d.some(bias=[True, False]),
                         [[*d.free(), d.one(3, 3, 3, 4)]]),
    "LazyLinear": lambda d: ({"out_features": d.one(1, 4)} | d.some(bias=[True, False]), [[*d.free(), d.one(3, 5)]]),
    "Bilinear": lambda d: ({"in1_features": 3, "in2_features": 2, "out_features": 4} | d.some(bias=[True, False]),
                           [[2, 5, 3], [2, 5, d.one(2, 2, 3)]]),
    "Identity": activation(),
    **{name: activation() for name in ("Sigmoid", "Tanh", "Softsign", "Tanhshrink", "LogSigmoid")},
    **{name: activation(inplace=[True, False])
       for name in ("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid")},
    "LeakyReLU": activation(negative_slope=[0.2, 0.0]), "RReLU": activation(lower=[0.1, 0.2]),
    "ELU": activation(alpha=[0.5, 2.0]), "CELU": activation(alpha=[0.5, 2.0]),
    "GELU": activation(approximate=["tanh", "none"]), "Softplus": activation(beta=[2.0, 0.5], threshold=[20.0, 0.4]),
    "Softshrink": activation(lambd=[0.2, 0.0]), "Hardshrink": activation(lambd=[0.2, 0.0]),
    "Hardtanh": activation(min_val=[-0.3, -2.0], max_val=[0.3, 1.0]),
    "Threshold": lambda d: ({"threshold": d.one(0.1, -0.2), "value": 3.0}, [d.free()]),
    "PReLU": lambda d: (d.some(num_parameters=[1, 3], init=[0.1]), [d.one([2, 3, 4], [2, 3], [3])]),
    "GLU": lambda d: (d.some(dim=[1, -1, 0]), [[4, 2, 6]]),
    "Softmax": lambda d: (d.some(dim=[1, -1, None]), [[4, 2, *d.one([], [3], [3, 2])]]),
    "LogSoftmax": lambda d: (d.some(dim=[1, -1, None]), [[4, 2, *d.one([], [3], [3, 2])]]),
    "Softmin": lambda d: (d.some(dim=[1, -1, None]), [[4, 2, *d.one([], [3], [3, 2])]]),
    "Softmax2d": lambda d: ({}, [d.one([2, 3, 4, 4], [3, 4, 4], [3, 4])]),
    "Dropout": activation(p=[0.3]), "AlphaDropout": activation(p=[0.3]), "FeatureAlphaDropout": activation(p=[0.3]),
    "Dropout1d": lambda d: ({}, [[2, 3, 4]]), "Dropout2d": lambda d: ({}, [[2, 3, 4, 4]]),
    "Dropout3d": lambda d: ({}, [[2, 3, 4, 4, 2]]),
    "GroupNorm": groups,
    "LayerNorm": lambda d: trailing(d, eps=[1e-3], elementwise_affine=[True, False], bias=[True, False]),
    "RMSNorm": lambda d: trailing(d, eps=[1e-3], elementwise_affine=[True, False]),
    "LocalResponseNorm": lambda d: ({"size": d.one(2, 3, 5)} | d.some(alpha=[0.1], beta=[0.5], k=[2.0]),
                                    [[2, 6, *d.free()[:3]]]),
    "RNN": lambda d: recurrent(d, nonlinearity=["tanh", "relu"]), "GRU": recurrent,
    "LSTM": lambda d: recurrent(d, proj_size=[0, 1]),
    "RNNCell": lambda d: cell(d, nonlinearity=["tanh", "relu"]), "GRUCell": cell, "LSTMCell": cell,
    "MultiheadAttention": attention,
    "TransformerEncoderLayer": lambda d: block(d, 1), "TransformerDecoderLayer": lambda d: block(d, 2),
    "Transformer": whole,
    "TransformerEncoder": lambda d: stacked(d, 1), "TransformerDecoder": lambda d: stacked(d, 2),
    "Embedding": lambda d: ({"num_embeddings": 7, "embedding_dim": 3} | d.some(padding_idx=[0, -1]), [d.free()]),
    "EmbeddingBag": lambda d: ({"num_embeddings": 7, "embedding_dim": 3} | d.some(mode=["sum", "mean", "max"]),
                               [[2, 4]]),
    "Flatten": lambda d: (d.some(start_dim=[0, 1, 2], end_dim=[-1, -2]), [[2, 3, 4, 2]]),
    "Unflatten": lambda d: ({"dim": d.one(1, -2), "unflattened_size": d.one([2, 3], [3, -1], [4, 2])}, [[2, 6, 4]]),
    "Unfold": lambda d: ({"kernel_size": d.one(2, [2, 3])} | d.some(stride=[1, 2], padding=[0, 1], dilation=[1, 2]),
                         [d.one([2, 3, 6, 7], [3, 6, 7])]),
    "Fold": fold,
    "PixelShuffle": lambda d: ({"upscale_factor": d.one(2, 3)}, [d.one([2, 36, 3, 2], [36, 3, 2], [2, 5, 3, 3])]),
    "PixelUnshuffle": lambda d: ({"downscale_factor": d.one(2, 3)}, [d.one([2, 3, 6, 12], [3, 6, 6], [2, 3, 5, 5])]),
    "ChannelShuffle": lambda d: ({"groups": d.one(2, 3)}, [d.one([2, 6, 3, 2], [2, 4, 3])]),
    "Upsample": upsample,
    "UpsamplingNearest2d": lambda d: (d.one({"size": [5, 7]}, {"scale_factor": 2}), [[2, 3, 4, 5]]),
    "UpsamplingBilinear2d": lambda d: (d.one({"size": [5, 7]}, {"scale_factor": 2}), [[2, 3, 4, 5]]),
    "CosineSimilarity": lambda d: (d.some(dim=[0, 1, -1]), [[2, 5, 3], [2, 5, 3]]),
    "PairwiseDistance": lambda d: (d.some(p=[1.0, 2.0], keepdim=[True, False]), [[2, 5], [2, 5]]),
}  # fmt: skip


def made(kind, config):
    """A module; arguments that are modules are written as stacks write them."""
    config = dict(config)
    for key, value in config.items():
        if isinstance(value, dict):
            config[key] = made(value["type"], {name: one for name, one in value.items() if name != "type"})
        elif isinstance(value, list):
            config[key] = tuple(value)
    return getattr(nn, kind)(**config)


def inputs_of(kind, shapes):
    found = integers_of(kind, [input_of(i, shape) for i, shape in enumerate(shapes)])
    return [torch.from_numpy(one) for one in found]


def record(kind, config, shapes):
    case = {"type": kind, "config": config, "inputs": shapes}
    try:
        module = made(kind, config).eval()
        inputs = inputs_of(kind, shapes)
        with torch.no_grad():
            module(*[one.clone() for one in inputs])  # lazy ones have their weights then
            for name, one in [*module.named_parameters(), *module.named_buffers()]:
                if one.is_floating_point():
                    one.copy_(torch.from_numpy(weight_of(name, tuple(one.shape))))
            found = module(*[one.clone() for one in inputs])
    except (ValueError, RuntimeError, AssertionError, IndexError, NotImplementedError, TypeError) as error:
        return case | {"error": f"{type(error).__name__}: {error}"[:200]}
    outputs = [one for one in flat(found) if one is not None]
    return case | {
        "outputs": [list(one.shape) for one in outputs],
        "parameters": [[name, list(one.shape)] for name, one in module.named_parameters()],
        "buffers": [[name, list(one.shape)] for name, one in module.named_buffers()],
        "values": [sampled(one.numpy()) for one in outputs],
    }


def flat(found):
    return [one for part in found for one in flat(part)] if isinstance(found, tuple) else [found]


def sampled(x):
    """Up to so many numbers, evenly spread, with nine digits."""
    line = x.reshape(-1)
    step = max(1, -(-line.size // NUMBERS))
    return [float(f"{n:.7g}") for n in line[::step].tolist()]


def main(folder):
    warnings.simplefilter("ignore")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "signatures.json").write_text(json.dumps(signatures(), indent=0))
    drawn = [(kind, f"{kind}{i}") for kind in MODULES for i in range(EACH * OFTEN.get(kind, 1))]
    cases = [record(kind, *MODULES[kind](Draw(seed))) for kind, seed in drawn]
    text = json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":"))
    (folder / "cases.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    print(len(cases), "cases,", sum("error" in one for one in cases), "refused")


if __name__ == "__main__":
    main(sys.argv[1])
