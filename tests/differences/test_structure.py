"""One network as several documents: an exported program, its ONNX exports, its port to Keras; told apart by what differs."""

import base64
import copy
import gzip
import json
from collections import Counter
from functools import cache

import pytest

import layercalc
from layercalc.files import read_model
from layercalc.verbs import compare
from tests import oracle
from tests.command import run
from tests.torch_files import DATA as PROGRAMS

EXPORTS = oracle.DATA / "onnx"


@cache
def program(name):
    return read_model((PROGRAMS / f"{name}.pt2").read_bytes())[0]


@cache
def export(name):
    return read_model(gzip.decompress((EXPORTS / f"{name}.onnx.gz").read_bytes()))[0]


def source_of(name):
    """The program that an ONNX file was exported from: with dynamic axes if it has some."""
    network, _, how = name.partition(".")
    return f"{network}.dynamic" if how.endswith("d") and (PROGRAMS / f"{network}.dynamic.pt2").exists() else network


FILES = sorted(path.name.removesuffix(".onnx.gz") for path in EXPORTS.glob("*.onnx.gz"))
PAIRS = [name for name in FILES if (PROGRAMS / f"{source_of(name)}.pt2").exists()]
SAME = (  # of which the exporter has written all as it was
    *("alexnet.dy", "attention.ts13d", "convnext_tiny.dy", "convnext_tiny.ts17d", "dcgan_generator.ts11d", "lenet.dy"),
    *("lenet.ts12d", "mlp.dy", "mlp.ts7", "mlp.ts9d", "mnist_example.dy", "rnn_sequence.ts13", "small_resnet.ts7"),
    *("timm_convnext_atto.dy", "timm_convnext_atto.ts18d", "timm_vit_tiny.ts17d", "transformer_encoder.ts17d"),
    *("lstm_classifier.ts17d",),
)
NORMS = {  # how many norms the exporter has taken into the layers before them, and how many of those had no bias
    "resnet18.dy": (20, 20), "resnet18.ts17d": (20, 20), "resnet18.dy18d": (20, 20), "resnet18.external": (20, 0),
    "resnet50.dy": (53, 53), "resnet50.ts13d": (53, 53), "r3d_18.dy": (20, 20), "unet.dy20d": (14, 14),
    "shufflenet_v2_x1_0.dy": (56, 56), "vgg11_bn.dy": (8, 0), "conv1d_audio.ts13d": (2, 0), "densenet121.dy": (59, 59),
    "small_resnet.dy": (15, 15), "dcgan_generator.dy": (4, 4), "mobilenet_v2.ts10d": (52, 52),
    "efficientnet_b0.dy": (49, 49),
}  # fmt: skip


def told(found):
    return [(one["change"], one["before"], one["after"], one["type"]) for one in found["layers"]]


@pytest.mark.parametrize("name", SAME)
def test_an_export_that_is_the_network_has_no_layer_that_differs(name):
    for before, after in ((program(source_of(name)), export(name)), (export(name), program(source_of(name)))):
        found = layercalc.diff(before, after)
        assert told(found) == []
        assert found["totals"]["macs"]["delta"] in (0, None)


@pytest.mark.parametrize("name", NORMS)
def test_norms_that_an_exporter_took_into_convolutions_are_all_that_differs(name):
    norms, biases = NORMS[name]
    found = layercalc.diff(program(source_of(name)), export(name))
    lines = found["layers"]
    gone = [one for one in lines if one["change"] == "removed"]
    assert len(gone) == norms
    assert all(one["type"].startswith("BatchNorm") for one in gone)
    kept = [one for one in lines if one["change"] == "changed"]
    assert len(kept) + len(gone) == len(lines)
    assert all(one["before"] == one["after"] for one in kept)
    assert len(kept) == biases
    for one in kept:  # a bias in place of the norm
        assert one["deltas"]["params"] == one["output_shape"][1][1]
        assert one["deltas"].get("macs") in (0, None)


COUNTED = {"dcgan_generator.ts11d", "densenet121.dy", "densenet121.ts9", "small_resnet.ts7"}  # whose norms are in ONNX
COUNTED |= {"timm_levit_128s.dy", "timm_levit_128s.ts14d"}  # where their statistics are parameters


@pytest.mark.parametrize("name", sorted({*PAIRS} - COUNTED))
def test_what_is_told_of_layers_adds_up_to_what_the_totals_differ_in(name):
    found = layercalc.diff(program(source_of(name)), export(name))
    for metric in ("params", "macs"):
        total = found["totals"][metric]["delta"]
        parts = [one["deltas"].get(metric, 0) for one in found["layers"]]
        assert total is None or None in parts or sum(parts) == total, metric


def pairs_of(before, after):
    compared = compare(before, after)
    olds, news = compared.before.report["layers"], compared.after.report["layers"]
    return {olds[i]["name"]: news[j]["name"] for i, j in compared.pairs}


@pytest.mark.parametrize(
    ("name", "add", "relu"),
    [
        ("resnet18.dy", "node_add_1", "layer1.0.relu@2"),
        ("resnet18.ts17d", "/layer1/layer1.0/Add", "layer1.0.relu_1"),
    ],
)
def test_operations_inside_a_block_are_paired_though_their_names_are_others(name, add, relu):
    found = pairs_of(program(source_of(name)), export(name))
    assert found["layer1.0.relu@2"] == relu
    assert found["layer1.0.add"].startswith(add[:6])
    blocks = [f"layer{n}.{k}" for n in (1, 2, 3, 4) for k in (0, 1)]
    assert all(f"{block}.{one}" in found for block in blocks for one in ("add", "relu@2", "conv1", "conv2"))


PORTS = {  # what differs: in Keras' network the images are prepared, and the last layer has a softmax
    "MobileNetV2": ("mobilenet_v2", [("changed", "predictions", "classifier.1", "Linear")]),
    "DenseNet121": ("densenet121", [("changed", "predictions", "classifier", "Linear")]),
    "EfficientNetB0": (
        "efficientnet_b0",
        [
            ("removed", "rescaling", None, "Rescaling"),
            ("removed", "normalization", None, "Normalization"),
            ("changed", "predictions", "classifier.1", "Linear"),
        ],
    ),
    "ConvNeXtTiny": (
        "convnext_tiny",
        [
            ("removed", "convnext_tiny_prestem_normalization", None, "Normalization"),
            ("changed", "convnext_tiny_head_dense", "classifier.2", "Linear"),
        ],
    ),
}


@pytest.mark.parametrize("name", PORTS)
def test_a_port_to_keras_differs_where_it_does(name):
    network, expected = PORTS[name]
    keras = oracle.app(name)[0]
    found = layercalc.diff(keras, program(network))
    assert told(found) == expected
    assert found["layers"][-1]["fields"] == {"ops": [["matmul", "softmax"], ["matmul"]]}
    back = layercalc.diff(program(network), keras)
    opposite = {"removed": "added", "changed": "changed"}
    assert Counter((one["change"], one["after"]) for one in back["layers"]) == Counter(
        (opposite[change], before) for change, before, _, _ in expected
    )


def test_resnet50_of_keras_has_biases_and_its_strides_elsewhere():
    found = layercalc.diff(oracle.app("ResNet50")[0], program("resnet50"))
    lines = {one["before"]: one for one in found["layers"]}
    assert {one["change"] for one in found["layers"]} == {"changed"}
    assert lines["conv2_block1_0_conv"]["after"] == "layer1.0.downsample.0"  # which stands at another place
    assert lines["conv2_block1_3_conv"]["after"] == "layer1.0.conv3"
    strided = [name for name, one in lines.items() if one["deltas"].get("macs")]
    assert strided == [f"conv{n}_block1_1_conv" for n in (3, 4, 5)]
    biases = sum(one["deltas"].get("params", 0) for name, one in lines.items() if name.endswith("_conv"))
    norms = sum(row["buffers"] - 1 for row in layercalc.analyze(program("resnet50"))["layers"] if "bn" in row["name"] or "downsample.1" in row["name"])  # fmt: skip
    assert biases - norms == found["totals"]["params"]["delta"]


PORT = {
    "input_shape": [32, 32, 1],
    "layers": [
        {"type": "Conv2D", "filters": 6, "kernel_size": 5, "activation": "relu"},
        {"type": "MaxPooling2D", "pool_size": 2},
        {"type": "Conv2D", "filters": 16, "kernel_size": 5},
        {"type": "ReLU"},
        {"type": "MaxPooling2D", "pool_size": 2},
        {"type": "Flatten"},
        {"type": "Dense", "units": 120, "activation": "relu"},
        {"type": "Dense", "units": 84, "activation": "relu"},
        {"type": "Dense", "units": 10},
    ],
}


def port(*changes):
    found = copy.deepcopy(PORT)
    for index, change in changes:
        if change is None:
            found["layers"][index] = None
        else:
            found["layers"][index] |= change
    found["layers"] = [one for one in found["layers"] if one is not None]
    return found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], []),
        (
            [(6, {"activation": "tanh"})],
            [
                ("changed", "fc1", "dense", {"ops": [["matmul"], ["matmul", "tanh"]]}),
                ("removed", "relu_2", None, {}),
            ],
        ),
        ([(3, None)], [("removed", "relu_1", None, {})]),
        (
            [(4, {"type": "AveragePooling2D"})],
            [("changed", "pool@2", "average_pooling2d", {"ops": [["max_pool"], ["average_pool"]]})],
        ),
        ([(7, {"units": 85})], [("changed", "fc2", "dense_1", {}), ("changed", "fc3", "dense_2", {})]),
        ([(8, {"use_bias": False})], [("changed", "fc3", "dense_2", {})]),
        ([(8, {"type": "Dropout", "rate": 0.5, "units": None})], None),
    ],
)
def test_a_port_with_a_fault_says_which(changes, expected):
    if expected is None:
        changed = {**PORT, "layers": [*PORT["layers"][:-1]]}
        expected = [("removed", "fc3", None, {})]
    else:
        changed = port(*changes)
    found = layercalc.diff(program("lenet"), changed)
    assert [(one["change"], one["before"], one["after"], one["fields"]) for one in found["layers"]] == expected


def test_a_report_of_an_earlier_day_is_aligned_too():
    report = json.loads(json.dumps(layercalc.analyze(program("resnet18"))))
    lines = Counter(one["change"] for one in layercalc.diff(report, export("resnet18.dy"))["layers"])
    assert lines == {"removed": 20, "changed": 20}
    assert told(layercalc.diff(json.loads(json.dumps(layercalc.analyze(export("lenet.dy")))), program("lenet"))) == []


def test_every_face_tells_the_difference(tmp_path, client):
    before, after = PROGRAMS / "resnet18.pt2", tmp_path / "resnet18.onnx"
    after.write_bytes(gzip.decompress((EXPORTS / "resnet18.dy.onnx.gz").read_bytes()))
    found = layercalc.diff(before, after)
    files = {"before": before, "after": after}
    posted = {key: {"b64": base64.b64encode(file.read_bytes()).decode()} for key, file in files.items()}
    assert client.post("/v1/diff", json=posted).json["layers"] == found["layers"]
    for form in ("table", "markdown", "csv", "mermaid", "dot"):
        done = run("diff", str(before), str(after), "--format", form)
        assert done.returncode == 0, done.stderr
        assert "layer4.1.bn2" in done.stdout
        assert "layer4.1.add" not in done.stdout
