"""Every operator of ONNX and module of torch.nn on sizes by name: where conditions hold it is what the numbers say."""

import pytest

from layercalc import analyze, catalogue
from layercalc.errors import Refused
from layercalc.layers import vocabularies
from tests.sizes_by_name import complete, held

KINDS = [
    (name, kind)
    for name in ("onnx", "torch")
    for kind, one in vocabularies()[name].kinds.items()
    if one.example is not None and one.example[1] and not one.is_input
]
NAMES = ("H", "W", "D", "C", "E", "F", "G", "K")


def document(vocabulary, kind):
    """The example of a layer type with a name for each size but those of the batch."""
    example = catalogue.example(vocabularies()[vocabulary].kinds[kind])
    shapes = example["input_shapes"]
    dtypes = example.get("input_dtypes") or ["float32"] * len(shapes)
    letters = dict(zip(sorted({dim for shape in shapes for dim in shape[1:]}), NAMES, strict=False))
    inputs = [
        {"name": f"in{i}", "batch_shape": [*shape[:1], *(letters.get(dim, dim) for dim in shape[1:])], "dtype": dtype}
        for i, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=True))
    ]
    layer = {**example["layer"], "inputs": [one["name"] for one in inputs]}
    return {"vocabulary": vocabulary, "inputs": inputs, "layers": [layer]}


@pytest.mark.parametrize(("vocabulary", "kind"), KINDS)
def test_every_layer_at_every_size(vocabulary, kind):
    try:
        held(document(vocabulary, kind), kind, times=1, largest=40, conventions="all")
    except Refused:
        assert (vocabulary, kind) in UNTOLD


UNTOLD = {  # types whose examples have no formula with each size by a name of its own, and why
    ("keras", "GroupNormalization"): "refused: the groups share out a number of channels that is known",
    ("onnx", "ScatterND"): "refused: the rank follows from the size of an axis",
    ("onnx", "com.microsoft.GatherND"): "refused: the rank follows from the size of an axis",
    ("onnx", "RotaryEmbedding"): "refused: the channels are paired, of which a number is known",
    ("onnx", "DeformConv"): "refused: the window is as large as an axis of an input, and is a number",
    ("onnx", "CenterCropPad"): "refused: whether an axis is cut or filled up depends on its size",
    ("onnx", "DFT"): "refused: the size of the last axis says whether numbers are complex",
    ("onnx", "STFT"): "refused: the size of the last axis says whether numbers are complex",
    ("onnx", "com.microsoft.MultiHeadAttention"): "the heads of keys are repeated as often as a quotient of sizes says",
    ("onnx", "com.microsoft.GroupQueryAttention"): "whether there were places before depends on the number of places",
    ("onnx", "TopK"): "how it sorts depends on values",
}


@pytest.mark.parametrize("vocabulary", ["keras", "onnx", "torch"])
def test_layers_without_formulas_are_those_that_decide_by_sizes(vocabulary):
    found = set()
    for name, kind in vocabularies()[vocabulary].kinds.items():
        if kind.example is not None and kind.example[1] and not kind.is_input:
            try:
                told = complete(analyze(document(vocabulary, name)))
            except Refused:
                told = False
            found |= set() if told else {(vocabulary, name)}
    assert found == {one for one in UNTOLD if one[0] == vocabulary}
