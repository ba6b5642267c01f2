"""Names of sizes in files compute: formulas in them are what the numbers say wherever their conditions hold."""

import gzip
from pathlib import Path

import pytest

import layercalc
from tests.sizes_by_name import held, value

DATA = Path(__file__).parents[1] / "data"
ONNX = ("attention.dy20d", "attention.ts13d", "functions", "hf_bert.dy20d", "hf_bert.ts14d", "lstm_classifier.ts17d",
        "resnet18.ts17d", "transformer_encoder.ts17d", "unet.ts13d")  # fmt: skip
TORCH = ("attention", "hf_bert", "hf_gpt2", "resnet18", "transformer_encoder", "unet")
FILES = {
    **{f"{name}.onnx": DATA / "onnx" / f"{name}.onnx.gz" for name in ONNX},
    **{f"{name}.pt2": DATA / "torch" / f"{name}.dynamic.pt2" for name in TORCH},
}


def body(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_formulas_of_files_hold(name):
    report, compared, answered = held(body(FILES[name]), name, times=3)
    assert report["totals"]["formulas"]["macs"] if name != "hf_bert.ts14d.onnx" else report["dims"]
    assert (compared, answered) == ((0 if name == "transformer_encoder.ts17d.onnx" else 3), 0)  # that is 16 alone


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
