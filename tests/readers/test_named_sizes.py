"""Names of sizes in files compute: formulas in them are what the numbers say wherever their conditions hold."""

import gzip
from pathlib import Path

import pytest

import layercalc
from tests.sizes_by_name import held, value

DATA = Path(__file__).parents[1] / "data"
ONNX = ("attention.dy20d", "attention.ts13d", "functions", "hf_bert.dy20d", "hf_bert.ts14d", "lstm_classifier.ts17d",
        "resnet18.ts17d", "timm_convnext_atto.ts18d", "transformer_encoder.ts17d",
        "unet.dy20d", "unet.ts13d")  # fmt: skip
TORCH = ("attention", "hf_bert", "hf_gpt2", "resnet18", "timm_convnext_atto", "transformer_encoder", "unet")
FILES = {
    **{f"{name}.onnx": DATA / "onnx" / f"{name}.onnx.gz" for name in ONNX},
    **{f"{name}.pt2": DATA / "torch" / f"{name}.dynamic.pt2" for name in TORCH},
}


def body(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_formulas_of_files_hold(name):
    report, compared, answered = held(body(FILES[name]), name, times=2, conventions="all")
    assert report["totals"]["formulas"]["macs"] if name != "hf_bert.ts14d.onnx" else report["dims"]
    assert (compared, answered) == (2, 0)


def test_the_batch_is_no_name_and_ranges_are_said():
    document = body(FILES["resnet18.ts17d.onnx"])
    report = layercalc.analyze(document, dims="height=64..512,width=64")
    assert report["dims"] == {"height": {"min": 64, "max": 512}}
    assert report["inputs"][0]["shape_formula"] == [None, "3", "height", "64"]
    assert report["batch_size"] is None
    of_two = layercalc.analyze(document, dims="height=64..512,width=64", batch_size=2)
    once, twice = (one["totals"]["formulas"]["macs"] for one in (report, of_two))
    assert 2 * value(once, {"height": 333}) == value(twice, {"height": 333})


def test_what_holds_for_one_size_alone_says_so():
    report = layercalc.analyze(body(FILES["transformer_encoder.ts17d.onnx"]))
    assert report["conditions"] == ["sequence == 16"]
    tables = layercalc.analyze(body(FILES["hf_bert.pt2"]))
    assert tables["conditions"] == ["64 >= s59"]


def test_a_size_that_the_batch_is_in_is_null_beside_a_size_by_name():
    text = """
from keras import Input, Model, layers, ops
i = Input((None, 4))
x = layers.Dense(2)(ops.reshape(i, (-1, 4)))
model = Model(i, [ops.reshape(x, (-1, 1, 2)), ops.reshape(x, (ops.shape(i)[0] * ops.shape(i)[1], 2))])
"""
    report = layercalc.analyze(text, input_shape="H,4")
    shapes = [row.get("output_formula", row["output_shape"]) for row in report["layers"]]
    assert [shape[0] for shape in shapes if len(shape) > 1] == [None] * 4
    assert report["layers"][0]["formulas"]["activation_bytes"] == "16*H"


SQUEEZED = """
from keras import Input, Model, layers
i = Input((64, 64, 3))
x = layers.Conv2D(16, 3, strides=2)(i)
c = {read}
s = layers.Dense(c, activation="sigmoid")(layers.Dense(c // 4)(layers.GlobalAveragePooling2D()(x)))
model = Model(i, layers.multiply([x, layers.Reshape((1, 1, c))(s)]))
"""
CHANNELS = ("x.shape[-1]", "x.shape[3]", "x.get_shape()[3]", "x.shape[len(x.shape) - 1]", "(i.shape[-1] + 1) * 4")


@pytest.mark.parametrize("read", CHANNELS)
def test_a_text_that_reads_sizes_holds_where_it_would_read_the_same(read):
    text = SQUEEZED.format(read=read)
    report, compared, _ = held(text, read, times=2, largest=90, input_shape="H,W,3")
    assert compared == 2
    assert report["totals"]["formulas"]["macs"]
    there = layercalc.analyze(text.replace("(64, 64, 3)", "(40, 30, 3)"))
    assert layercalc.analyze(text, input_shape=[40, 30, 3])["totals"] == there["totals"]


@pytest.mark.parametrize(
    ("read", "asked"),
    [
        ("x.shape[1] - 15", "H,W,3"),
        ("x.shape[1] - 15", [40, 64, 3]),
        ("sum(x.shape[1:]) - 62", "H,W,3"),
        ("16 if x.shape[1:] == (31, 31, 16) else 4", "H,W,3"),
        ("[16 for _ in x.shape][0]", "H,W,3"),
        ("(i.shape[-1] + 1) * 4", "H,W,C"),
        ("len(x.shape) * 4", "H,W,D,3"),
    ],
)
def test_a_text_that_would_read_other_sizes_is_refused(read, asked):
    text = SQUEEZED.format(read=read)
    assert layercalc.analyze(text)["layers"]
    with pytest.raises(layercalc.InvalidModel, match=r"computes with the sizes of 'input_layer', \[64, 64, 3\]"):
        layercalc.analyze(text, input_shape=asked)
    assert layercalc.analyze(SQUEEZED.format(read="x.shape[1] - 15"), input_shape=[64, 40, 3])["layers"]


def test_densenet_as_code_has_sizes_by_name():
    report = layercalc.analyze("model = keras.applications.DenseNet121(weights=None)", input_shape="H,W,3")
    other = layercalc.analyze("model = keras.applications.DenseNet121(weights=None, input_shape=(96, 128, 3))")
    assert value(report["totals"]["formulas"]["macs"], {"H": 96, "W": 128}) == other["totals"]["macs"]
