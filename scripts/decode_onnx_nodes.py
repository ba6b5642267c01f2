"""Development script: ONNX' node cases of operators with windows, as attributes and arrays for tests/data/onnx_nodes.

    python -m venv /tmp/onnx && /tmp/onnx/bin/pip install onnx numpy
    /tmp/onnx/bin/python scripts/decode_onnx_nodes.py DIRECTORY tests/data/onnx_nodes

DIRECTORY has `NAME.json.gz` and `NAME.npz` for each NAME of SOURCES: models in base64, with inputs and outputs as
places in the arrays of the NPZ. Of a model of several nodes, the one of an operator here is written, with what the
reference implementation hands it and gets from it.
"""

import base64
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

SOURCES = ("node_tests", "pytorch_converted_tests", "simple_tests")
OPERATORS = {
    *("Conv", "ConvTranspose", "ConvInteger", "MaxPool", "AveragePool", "LpPool", "Col2Im"),
    *("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "Resize", "Upsample"),
}


def plain(value: Any) -> Any:
    """An attribute as JSON has it."""
    if isinstance(value, bytes):
        return value.decode()
    return numpy_helper.to_array(value).tolist() if isinstance(value, onnx.TensorProto) else value


def cases(folder: Path, source: str) -> Any:
    """Every case with one node of an operator here: its name, model, inputs and outputs."""
    with gzip.open(folder / f"{source}.json.gz") as file:
        recorded = json.load(file)["cases"]
    stored = np.load(folder / f"{source}.npz")

    def array(one: Any) -> np.ndarray | None:
        if one is None:
            return None
        numbers = stored[one["stored"]][one["at"] : one["at"] + int(np.prod(one["shape"]))]
        return numbers.reshape(one["shape"])

    for name, case in recorded.items():
        if OPERATORS & set(case["ops"]):
            model = onnx.load_from_string(base64.b64decode(case["onnx"]))
            yield name, model, [array(one) for one in case["inputs"]], [array(one) for one in case["outputs"]]


def node_of(model: Any, given: list[Any], wanted: list[Any]) -> tuple[Any, list[Any], list[Any]]:
    """The node of an operator here, with what goes into it and comes out of it."""
    named = dict(zip((one.name for one in model.graph.input), given, strict=False))
    named |= {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    (node,) = [node for node in model.graph.node if node.op_type in OPERATORS]
    if len(model.graph.node) == 1:
        return node, [named.get(name) for name in node.input], wanted
    model = onnx.shape_inference.infer_shapes(model)
    names = [name for name in (*node.input, *node.output) if name and name not in named]
    every = [helper.make_empty_tensor_value_info(name) for name in names]
    del model.graph.output[:]
    model.graph.output.extend(every)
    inside = ReferenceEvaluator(model).run(names, {k: v for k, v in named.items() if v is not None})
    named |= dict(zip(names, inside, strict=True))
    return node, [named.get(name) for name in node.input], [named[name] for name in node.output]


def main(folder: Path, to: Path) -> None:
    table: dict[str, Any] = {}
    arrays: dict[Any, np.ndarray] = {}  # equal ones once

    def places(values: list[Any]) -> list[str | None]:
        keys = [None if one is None else (one.dtype.str, one.shape, one.tobytes()) for one in values]
        arrays.update((key, value) for key, value in zip(keys, values, strict=True) if key and key not in arrays)
        return [None if key is None else str(list(arrays).index(key)) for key in keys]

    for source in SOURCES:
        for name, model, given, wanted in cases(folder, source):
            node, inputs, outputs = node_of(model, given, wanted)
            opset = max(one.version for one in model.opset_import if not one.domain)
            attributes = {one.name: plain(helper.get_attribute_value(one)) for one in node.attribute}
            case = {"op": node.op_type, "opset": opset, "attributes": attributes}
            table[name] = case | {"inputs": places(inputs), "outputs": places(outputs)}
    to.mkdir(parents=True, exist_ok=True)
    lines = (f"{json.dumps(name)}: {json.dumps(case, sort_keys=True)}" for name, case in sorted(table.items()))
    (to / "cases.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    np.savez_compressed(to / "arrays.npz", **{str(place): array for place, array in enumerate(arrays.values())})
    print(f"{len(table)} cases, {sum(array.nbytes for array in arrays.values()):,} bytes")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
