"""Files whose sizes have names are read once, with columns for the names: as the analysis has it at each of them."""

import gzip

import pytest

from layercalc import sweep
from layercalc.sweeps import blocks
from tests.onnx_files import DATA as ONNX
from tests.sweeps.test_exact import holds
from tests.torch_files import DATA as TORCH


def body(name):
    return gzip.decompress((ONNX / name).read_bytes()) if name.endswith(".gz") else (TORCH / name).read_bytes()


FILES = [
    ("resnet18.ts17d.onnx.gz", ["batch", "height", "width"], [1, 64, 97]),
    ("unet.ts13d.onnx.gz", ["batch", "height", "width"], [1, 32, 33, 48]),
    ("timm_convnext_atto.ts18d.onnx.gz", ["batch", "height", "width"], [2, 3, 64]),
    ("attention.ts13d.onnx.gz", ["batch", "sequence"], [1, 2, 9]),
    ("lstm_classifier.ts17d.onnx.gz", ["batch", "sequence"], [1, 2, 9]),
    ("functions.onnx.gz", ["N"], [1, 2, 9]),
    ("small_resnet.ts9d.onnx.gz", ["batch"], [1, 2, 9]),
    ("resnet18.dynamic.pt2", ["s77", "s0", "s53"], [1, 64, 97]),
    ("unet.dynamic.pt2", ["s77", "s0", "s53"], [1, 32, 33, 48]),
    ("attention.dynamic.pt2", ["s31", "s81"], [1, 2, 9]),
    ("transformer_encoder.dynamic.pt2", ["s27", "s77"], [1, 2, 9]),
    ("lstm_classifier.dynamic.pt2", ["s77"], [1, 2, 9]),
]


@pytest.mark.parametrize(("name", "names", "sizes"), FILES, ids=lambda one: str(one)[:40])
def test_every_candidate_is_what_the_analysis_says(name, names, sizes):
    open_to = {one: {"$": one} for one in names[:2]} | dict.fromkeys(names[2:], sizes[-1])
    holds(body(name), dict.fromkeys(names[:2], sizes), dims=open_to)


@pytest.mark.parametrize("name", ["resnet18.ts17d.onnx.gz", "resnet18.dynamic.pt2"])
def test_a_file_is_read_once(name, monkeypatch):
    read, figures = [], []
    guarded, before = blocks.guarded, blocks.Reader.figures
    monkeypatch.setattr(blocks, "guarded", lambda *args: read.append(args) or guarded(*args))
    monkeypatch.setattr(
        blocks.Reader, "figures", lambda reader, part, *rest: figures.append(part.size) or before(reader, part, *rest)
    )
    names = next(one[1] for one in FILES if one[0] == name)
    sizes = {"from": 33, "to": 132}
    answer = sweep(
        body(name), dict.fromkeys(names[1:], sizes), dims={one: {"$": one} for one in names[1:]} | {names[0]: 8}
    )
    assert (answer["count"], answer["valid"]) == (10_000, 10_000)
    assert (len(read), len(figures) < 5) == (1, True)


def test_code_is_followed_once_where_sizes_beside_it_vary(monkeypatch):
    read, guarded = [], blocks.guarded
    monkeypatch.setattr(blocks, "guarded", lambda *args: read.append(args) or guarded(*args))
    code = "model = Sequential([Conv2D(4, 3, strides=2), Flatten(), Dense(10)])"
    shape = {"input_shape": [{"$": "h"}, 8, 1], "batch_size": {"$": "b"}}
    assert holds(code, {"h": [8, 9], "b": [1, 4, 7]}, **shape) == 6
    read.clear()
    answer = sweep(code, {"h": [8, 9], "b": {"from": 1, "to": 50}}, **shape)
    assert (answer["valid"], len(read) < 4) == (100, True)
    named = "model = Sequential([Input((None, None, 3)), Conv2D(4, 3), GlobalAveragePooling2D(), Dense(2)])"
    assert holds(named, {"h": [3, 4, 9]}, input_shape=[{"$": "h"}, 8, 3]) == 3
