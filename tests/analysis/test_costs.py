"""What it costs: sums, memory, reach, rooflines, and published figures."""

import json
import os
import re
import subprocess
import sys

import pytest

import layercalc
from layercalc import catalogue
from layercalc.analysis.explain import KINDS as SPELLED
from layercalc.analysis.liveness import live
from layercalc.analysis.roofline import DEVICES
from layercalc.analysis.walk import analyse
from layercalc.execution.running import execute
from layercalc.execution.seeds import seeded_inputs, seeded_weights
from layercalc.input_shapes import ModelOptions, declared
from layercalc.layers.keras.base import KERAS
from layercalc.ops import OPS
from layercalc.ops.base import Op
from layercalc.readers import read
from layercalc.report import KINDS
from tests import oracle

FLOPS = json.loads((oracle.DATA / "flops" / "torch.json").read_text())
ZOO = oracle.unzipped(oracle.DATA / "keras_zoo" / "models.json.gz")


@pytest.mark.parametrize("op", OPS.values(), ids=lambda op: op.name)
def test_every_op_has_a_cost_or_is_declared_free(op):
    priced = type(op).cost is not Op.cost
    assert priced != (op.view or op.free), "a cost, or view, or free: one of them"
    assert catalogue.price(op)


@pytest.mark.parametrize("name", [*oracle.APPS, *ZOO])
def test_totals_are_the_sum_of_rows_rows_of_ops_and_a_batch_so_many_samples(name):
    document = ZOO[name]["model"] if name in ZOO else oracle.app(name)[0]
    one, three = (layercalc.analyze(document, batch_size=n) for n in (1, 3))
    for report in (one, three):
        for row in report["layers"]:
            for metric in ("macs", "flops"):
                numbers = [op.get(metric, 0) for op in row["ops"]]
                assert row[metric] == (None if None in numbers else sum(numbers))
            for op in row["ops"]:
                kinds = [op.get(kind, 0) for kind in KINDS]
                assert op["flops"] is None or op["flops"] == kinds[0] * 2 + sum(kinds[1:])
        for metric in ("macs", "flops", "activation_bytes"):
            numbers = [row[metric] for row in report["layers"]]
            assert report["totals"][metric] == (None if None in numbers else sum(numbers))
    for metric in ("macs", "flops", "activation_bytes"):
        assert three["totals"][metric] == (one["totals"][metric] and 3 * one["totals"][metric])
    assert three["totals"]["params"] == one["totals"]["params"]


STACKS = {name: FLOPS[name]["stack"] for name in ("dcgan", "upsampler", "waves", "volumes", "per_position_mlp")}
RESIDUAL = {
    "input_shape": [12, 12, 3],
    "layers": [
        {"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "name": "a"},
        {"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "name": "b"},
        {"type": "Add", "inputs": ["a", "b"], "name": "sum"},
        {"type": "MaxPooling2D", "name": "pool"},
        {"type": "Flatten"},
        {"type": "Dense", "units": 5},
    ],
}


@pytest.mark.parametrize("name", [*STACKS, "residual"])
def test_peak_is_what_a_forward_pass_holds_at_its_worst_moment(name):
    model, builder = read(STACKS.get(name, RESIDUAL), ())
    analysis = analyse(model, declared(model, builder, ModelOptions(batch_size=2)))
    ran = execute(analysis, seeded_inputs(analysis, 0), seeded_weights(analysis, 0), stats=True)  # nothing joined
    assert ran.verified
    assert ran.peak_activation_bytes == max(live(analysis).rows)


def test_memory_in_words_of_a_small_network():
    report = layercalc.analyze(RESIDUAL)
    memory = report["memory"]
    image, wide, pooled, out = 12 * 12 * 3 * 4, 12 * 12 * 8 * 4, 6 * 6 * 8 * 4, 5 * 4
    params = report["totals"]["param_bytes"]
    assert memory["peak_layer"] == "sum"
    assert memory["peak_activation_bytes"] == 3 * wide == report["totals"]["peak_activation_bytes"]
    assert memory["param_bytes_by_dtype"] == {"float32": params}
    assert memory["inference_bytes"] == params + 3 * wide
    training = memory["training"]
    assert training["estimate"] is True
    assert training["kept_activation_bytes"] == image + 3 * wide + pooled + out  # flattened is a view
    assert training["optimizer_state_bytes"] == {"sgd": 0, "momentum": params, "adam": 2 * params}
    assert training["total_bytes"]["adam"] == 4 * params + training["kept_activation_bytes"]
    assert training["step_flops"] == 3 * report["totals"]["flops"]


def test_frozen_weights_have_no_gradient_and_each_dtype_its_bytes():
    layers = [{"type": "Dense", "units": 4, "trainable": False}, {"type": "BatchNormalization", "dtype": "float16"}]
    memory = layercalc.analyze({"input_shape": [8], "layers": layers})["memory"]
    assert memory["param_bytes_by_dtype"] == {"float32": 36 * 4, "float16": 16 * 2}
    assert memory["training"]["gradient_bytes"] == 8 * 2


# Araujo, Norris & Sim 2019 (doi:10.23915/distill.00021), its table of networks: receptive field and effective stride of
# the last feature map; the padding of Keras' ResNet50 is 3 + 2 + 3·4 + 4·8 + 6·16 + 3·32.
@pytest.mark.parametrize(
    ("name", "layer", "size", "stride", "padding"),
    [("VGG16", "block5_pool", 212, 32, 90), ("ResNet50", "conv5_block3_out", 483, 32, 241)],
)
def test_receptive_field_is_that_of_the_literature(name, layer, size, stride, padding):
    rows = {row["name"]: row for row in layercalc.analyze(oracle.app(name)[0])["layers"]}
    field = rows[layer]["receptive_field"]
    assert field["size"] == [size, size]
    assert field["stride"] == [stride, stride]
    assert field["padding"] == [padding, padding]


def field_of(shape, *layers):
    return layercalc.analyze({"input_shape": shape, "layers": list(layers)})["layers"][-1]["receptive_field"]


def test_receptive_field_follows_axes_and_is_whole_once_places_are_gone():
    conv = {"type": "Conv2D", "filters": 4, "kernel_size": [3, 5], "strides": [2, 1]}
    assert field_of([20, 30, 3], conv, conv)["size"] == [7, 9]
    first = field_of([3, 20, 30], conv | {"data_format": "channels_first"})
    assert first == {"size": [3, 5], "stride": [2, 1], "padding": [0, 0]}
    turned = field_of([20, 30, 3], conv, {"type": "Permute", "dims": [2, 1, 3]}, {"type": "MaxPooling2D"})
    assert turned == {"size": [5, 6], "stride": [4, 2], "padding": [0, 0]}
    assert field_of([20, 30, 3], conv, {"type": "Flatten"})["size"] == [20, 30]
    assert field_of([20, 30, 3], conv, {"type": "GlobalAveragePooling2D"})["stride"] == [None, None]
    assert field_of([9, 4], {"type": "Dense", "units": 3}) == {"size": [1], "stride": [1], "padding": [0]}
    assert field_of([9, 4], {"type": "LSTM", "units": 3, "return_sequences": True})["size"] == [9]
    assert field_of([4], {"type": "Dense", "units": 3}) is None
    dilated = {"type": "Conv1D", "filters": 2, "kernel_size": 2, "dilation_rate": 4, "padding": "causal"}
    assert field_of([16, 2], dilated) == {"size": [5], "stride": [1], "padding": [4]}
    assert field_of([8, 8, 1], {"type": "UpSampling2D"})["stride"] == [0.5, 0.5]


def test_axes_have_their_names_where_the_channels_are_first():
    conv = {"type": "Conv2D", "filters": 4, "kernel_size": [3, 5], "strides": [2, 1], "data_format": "channels_first"}
    (row,) = layercalc.analyze({"input_shape": [3, 20, 30], "layers": [conv]}, explain=True)["layers"]
    assert row["explain"][1:3] == ["height = ⌊(20 − 3) / 2⌋ + 1 = 9", "width = ⌊(30 − 5) / 1⌋ + 1 = 26"]


def test_receptive_field_is_along_the_axes_that_the_calls_do_not_see_last():
    first = {"type": "ConvLSTM2D", "filters": 1, "kernel_size": 3, "data_format": "channels_first"}
    assert field_of([3, 2, 9, 8], first)["size"] == [3, 9, 8]
    assert field_of([3, 9, 8, 2], first | {"data_format": "channels_last"})["size"] == [3, 9, 8]


def test_receptive_field_knows_the_padding_of_a_size_that_it_does_not_know_where_that_is_the_same_for_all():
    conv = {"type": "Conv2D", "filters": 2, "kernel_size": 5, "padding": "same"}
    assert field_of([None, 9, 1], conv)["padding"] == [2, 2]
    assert field_of([None, 9, 1], conv | {"strides": 2})["padding"] == [None, 2]
    branches = [conv | {"strides": 2, "name": name, "inputs": "input"} for name in ("a", "b")]
    assert field_of([None, 9, 1], *branches, {"type": "Add", "inputs": ["a", "b"]})["padding"] == [None, 2]


def test_receptive_field_is_the_largest_over_branches_and_whole_through_attention():
    wide, narrow = (
        {"type": "Conv1D", "filters": 2, "kernel_size": k, "padding": "same", "inputs": "input"} for k in (5, 3)
    )
    branches = [wide | {"name": "wide"}, narrow | {"name": "narrow"}]
    assert field_of([16, 2], *branches, {"type": "Add", "inputs": ["wide", "narrow"]})["size"] == [5]
    assert field_of([16, 2], *branches, {"type": "Concatenate", "inputs": ["narrow", "wide"]})["padding"] == [2]
    attention = {"type": "Attention", "inputs": ["narrow", "wide"]}
    assert field_of([16, 2], *branches, attention) == {"size": [16], "stride": [None], "padding": [None]}


def test_roofline_bounds_by_arithmetic_or_by_bytes():
    report = layercalc.analyze(oracle.app("VGG16")[0], device="a100")
    rows = {row["name"]: row["roofline"] for row in report["layers"]}
    assert rows["block2_conv2"]["bound"] == "compute"
    assert rows["fc1"]["bound"] == "memory"
    conv = next(row for row in report["layers"] if row["name"] == "block2_conv2")
    assert rows["block2_conv2"]["seconds"] == conv["flops"] / 19.5e12
    assert report["roofline"]["seconds"] == pytest.approx(sum(row["seconds"] for row in rows.values()))
    own = layercalc.analyze(oracle.app("VGG16")[0], device={"peak_flops": 1e12, "bandwidth": 1e11})
    assert own == layercalc.analyze(oracle.app("VGG16")[0], device="1e12,1e11")
    assert own["roofline"]["device"]["name"] == "given"


@pytest.mark.parametrize(
    "device", ["toaster", "1e12", "1e12,x", "nan,1", "0,1", "1e12,-1", {"peak_flops": 1}, 7, "1,2,3"]
)
def test_unknown_device_is_refused_by_name(device):
    with pytest.raises(layercalc.InvalidModel) as caught:
        layercalc.analyze(RESIDUAL, device=device)
    (fault,) = caught.value.errors
    assert fault["parameter"] == "device"
    assert all(name in fault["detail"] for name in DEVICES)


def value(text):
    """What the right side of a line comes to."""
    text = (
        text.replace(",", "")
        .replace(" / ", "@")
        .replace("·", "*")
        .replace("×", "*")
        .replace("−", "-")
        .replace("mod", "%")
    )
    text = re.sub(r"[A-Za-z_][\w/]*", "", text)
    while "⌊" in text or "⌈" in text:
        text = re.sub(r"⌊([^⌊⌋⌈⌉]*)@([^⌊⌋⌈⌉]*)⌋", r"((\1)//(\2))", text)
        text = re.sub(r"⌈([^⌊⌋⌈⌉]*)@([^⌊⌋⌈⌉]*)⌉", r"(-(-(\1)//(\2)))", text)
    return eval(text)  # arithmetic of our own making


@pytest.mark.parametrize("name", [name for name, kind in KERAS.kinds.items() if not kind.is_input])
def test_explanations_add_up(name):
    example = catalogue.example(KERAS.kinds[name])
    several = len(example["input_shapes"]) > 1
    inputs = [{"name": f"x{i}", "batch_shape": shape} for i, shape in enumerate(example["input_shapes"])]
    layer = {**example["layer"], **({"inputs": [one["name"] for one in inputs]} if several else {})}
    (row,) = layercalc.analyze({"inputs": inputs, "layers": [layer]}, explain=True)["layers"]
    words = tuple(f" {word}" for word in SPELLED.values())
    for line in row["explain"]:
        told, rest = re.split(r" = |: ", line, maxsplit=1)
        for part in rest.split(", ") if line.startswith(f"{told}: ") and rest.endswith(words) else [rest]:
            for word in words:
                part = part.removesuffix(word)
            *sides, result = part.split(" = ")
            for side in sides:
                assert value(side) == value(result), line
        if told in row:
            assert row[told] == value(rest.rpartition(" = ")[2] or rest), line
    named = {line.partition(" = ")[0] for line in row["explain"]}
    assert {key for key in ("params", "macs", "flops", "activation_bytes", "param_bytes") if row[key]} <= named


def test_explanation_of_the_textbook():
    (row,) = layercalc.analyze(
        {"input_shape": [28, 28, 1], "layers": [{"type": "Conv2D", "filters": 32, "kernel_size": 3}]}, explain=True
    )["layers"]
    assert row["explain"][:4] == [
        "params = 3·3·1·32 kernel + 32 bias = 320",
        "height = ⌊(28 − 3) / 1⌋ + 1 = 26",
        "width = ⌊(28 − 3) / 1⌋ + 1 = 26",
        "macs = 26·26·32 outputs × 3·3·1 = 194,688",
    ]


# MACs in the papers: VGG16 and AlexNet in Sze et al. 2017 (arXiv:1703.09039, table II), ResNet50 in He et al. 2015
# (arXiv:1512.03385, table 1, Keras' v1 has stride 2 in the first 1 × 1), MobileNetV2 in Sandler et al. 2018
# (arXiv:1801.04381, table 4), MobileNet in Howard et al. 2017 (arXiv:1704.04861, table 8).
@pytest.mark.parametrize(
    ("name", "giga", "digits"), [("VGG16", 15.47, 2), ("ResNet50", 3.86, 2), ("MobileNetV2", 0.30, 2)]
)
def test_macs_are_those_published(name, giga, digits):
    assert round(layercalc.analyze(oracle.app(name)[0])["totals"]["macs"] / 1e9, digits) == giga


def test_mobilenet_and_alexnet_cost_what_their_papers_say():
    assert round(layercalc.analyze(FLOPS["mobilenet_v1"]["stack"])["totals"]["macs"] / 1e6) == 569
    pool = {"type": "MaxPooling2D", "pool_size": 3, "strides": 2}
    plan = [
        (96, 11, 4, "valid", 1),
        (256, 5, 1, "same", 2),
        (384, 3, 1, "same", 1),
        (384, 3, 1, "same", 2),
        (256, 3, 1, "same", 2),
    ]
    keys = ("filters", "kernel_size", "strides", "padding", "groups")
    convs = [{"type": "Conv2D", **dict(zip(keys, one, strict=True))} for one in plan]
    dense = [{"type": "Dense", "units": n} for n in (4096, 4096, 1000)]
    layers = [convs[0], pool, convs[1], pool, *convs[2:], pool, {"type": "Flatten"}, *dense]
    totals = layercalc.analyze({"input_shape": [227, 227, 3], "layers": layers})["totals"]
    assert round(totals["macs"] / 1e6) == 724
    assert round(totals["params"] / 1e6) == 61


@pytest.mark.parametrize(
    ("size", "channels", "plan", "mega"),
    [
        (28, 192, (64, 96, 128, 16, 32, 32), 128),
        (28, 256, (128, 128, 192, 32, 96, 64), 304),
        (14, 480, (192, 96, 208, 16, 48, 64), 73),
        (14, 512, (160, 112, 224, 24, 64, 64), 88),
        (14, 512, (128, 128, 256, 24, 64, 64), 100),
        (14, 512, (112, 144, 288, 32, 64, 64), 119),
        (14, 528, (256, 160, 320, 32, 128, 128), 170),
        (7, 832, (384, 192, 384, 48, 128, 128), 71),
    ],
)
def test_inception_modules_cost_what_their_paper_says(size, channels, plan, mega):
    """Szegedy et al. 2014 (arXiv:1409.4842), table 1: multiply-adds in millions, cut off or rounded.

    Without 5a, whose 54 does not follow from the sizes that stand beside it (they make 51).
    """

    def conv(filters, kernel, name, source):
        same = {"type": "Conv2D", "kernel_size": kernel, "padding": "same"}
        return {**same, "filters": filters, "name": name, "inputs": source}

    one, reduce3, three, reduce5, five, last = plan
    layers = [
        conv(one, 1, "one", "input"),
        conv(reduce3, 1, "reduce3", "input"),
        conv(three, 3, "three", "reduce3"),
        conv(reduce5, 1, "reduce5", "input"),
        conv(five, 5, "five", "reduce5"),
        {"type": "MaxPooling2D", "pool_size": 3, "strides": 1, "padding": "same", "name": "pool", "inputs": "input"},
        conv(last, 1, "last", "pool"),
        {"type": "Concatenate", "inputs": ["one", "three", "five", "last"]},
    ]
    macs = layercalc.analyze({"input_shape": [size, size, channels], "layers": layers})["totals"]["macs"]
    assert macs // 10**6 == mega or round(macs / 1e6) == mega


def test_explanations_read_the_same_in_every_process():
    program = (
        "import layercalc; print(layercalc.analyze({'input_shape': [16, 32], 'layers': [{'type': 'MultiHeadAttention', "
        "'num_heads': 2, 'key_dim': 8, 'inputs': ['input', 'input']}]}, explain=True)['layers'][0]['explain'])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1
