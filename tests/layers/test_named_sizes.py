"""Every operator of ONNX and module of torch.nn on sizes by name: where conditions hold it is what the numbers say."""

import pytest

from layercalc import catalogue
from layercalc.errors import Refused
from layercalc.layers import vocabularies
from tests.sizes_by_name import held

KINDS = [
    (name, kind)
    for name in ("onnx", "torch")
    for kind, one in vocabularies()[name].kinds.items()
    if catalogue.example(one) is not None and not one.is_input
]
NAMES = ("H", "W", "D", "C", "E", "F", "G", "K")


@pytest.mark.parametrize(("vocabulary", "kind"), KINDS)
def test_every_layer_at_every_size(vocabulary, kind):
    example = catalogue.example(vocabularies()[vocabulary].kinds[kind])
    shapes = example["input_shapes"]
    dtypes = example.get("input_dtypes") or ["float32"] * len(shapes)
    letters = dict(zip(sorted({dim for shape in shapes for dim in shape[1:]}), NAMES, strict=False))
    inputs = [
        {"name": f"in{i}", "batch_shape": [*shape[:1], *(letters.get(dim, dim) for dim in shape[1:])], "dtype": dtype}
        for i, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=True))
    ]
    layer = {**example["layer"], "inputs": [one["name"] for one in inputs]}
    try:
        document = {"vocabulary": vocabulary, "inputs": inputs, "layers": [layer]}
        held(document, kind, times=1, largest=40, conventions="all")
    except Refused:
        return
