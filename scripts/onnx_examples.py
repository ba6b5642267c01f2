"""Write layers/onnx/examples.json: an example of each operator that has none, from the recorded node cases.

Run it after adding an operator: python scripts/onnx_examples.py. Of the cases of an operator the smallest is taken that
runs as a layer of a stack, of floats if there is one; an operator of one tensor and nothing else needs no case. For
what is left, write an example into the file by hand: it stays.
"""

import base64
import gzip
import json
from math import prod
from pathlib import Path

import numpy as np

import layercalc
from layercalc.files import read_model
from layercalc.layers.onnx.base import ONNX, Learned, Maybe, Packed, Quantised, Statistic, Value, called, found
from layercalc.layers.onnx.layer_types import EXAMPLES, layer_types
from layercalc.readers.onnx.attributes import read_attributes
from layercalc.readers.onnx.tensors import array_of

DATA = Path(__file__).parents[1] / "tests" / "data" / "onnx"
SOURCES = ("node_tests", "pytorch_converted_tests", "operators")
MOST = 64  # numbers of a constant


def plain(value):
    """An attribute as JSON has it."""
    if hasattr(value, "read"):
        return {"shape": list(value.shape), "dtype": value.dtype, "data": value.values.reshape(-1).tolist()}
    return list(value) if isinstance(value, tuple) else value


def example(case, arrays):
    """The stack's layer of a case, and the shapes and types of its inputs; None where it is none."""
    document, _ = read_model(base64.b64decode(case["onnx"]))
    nodes = document.message["graph"]["node"]
    if len(nodes) != 1:
        return None
    domain, name = nodes[0]["domain"], nodes[0]["op_type"]
    opsets = {one["domain"]: one["version"] for one in document.message["opset_import"]}
    kind = layer_types().get(f"{domain}.{name}" if domain else name)
    if kind is None or kind.version is not found(name, domain, opsets.get(domain, 0)):
        return None
    names = {p.name: name for name, p in kind.version.attributes.items()}
    config = {names[k]: plain(v) for k, v in read_attributes(kind.type, kind.version, nodes[0]["attribute"]).items()}
    if kind.version.counts_outputs and len(nodes[0]["output"]) > 1:
        config["outputs"] = len(nodes[0]["output"])
    given = dict(zip(case["input_names"], case["inputs"], strict=True))
    held = {one.name: one for one in map(array_of, document.message["graph"]["initializer"])}
    shapes, dtypes, gap = [], [], False
    for place, name in enumerate(nodes[0]["input"]):
        if not name:
            gap = True
            continue
        one = given.get(name) or (held.get(name) and {"shape": [*held[name].shape], "dtype": held[name].dtype})
        if one is None or not ("stored" in one or name in held):
            return None
        parameter = kind.version.input(place)
        mark = parameter.annotation
        if mark in (Value, Maybe) and prod(one["shape"]) <= MOST and parameter.kind is not parameter.VAR_POSITIONAL:
            values = (
                held[name].values.reshape(-1)
                if name in held
                else arrays[one["stored"]][one["at"] : one["at"] + prod(one["shape"])]
            )
            config[called(parameter)] = {"shape": one["shape"], "dtype": one["dtype"], "data": values.tolist()}
        elif place and mark in (Learned, Packed, Quantised, Statistic):
            config[called(parameter)] = {"shape": one["shape"], "dtype": one["dtype"]}
        elif gap:
            return None
        else:
            shapes.append(one["shape"])
            dtypes.append(one["dtype"])
    return kind.type, {"config": config, "shapes": shapes, "dtypes": dtypes}


def runs(name, one):
    """Whether it is a layer of a stack."""
    named = zip(one["shapes"], one["dtypes"], strict=True)
    inputs = [{"name": f"in{i}", "batch_shape": shape, "dtype": dtype} for i, (shape, dtype) in enumerate(named)]
    layer = {"type": name, **one["config"], **({"inputs": [i["name"] for i in inputs]} if inputs else {})}
    try:
        return layercalc.forward(
            {"vocabulary": "onnx", "inputs": inputs or [{"name": "x", "shape": [1]}], "layers": [layer]}, {"seed": 1}
        )["verified"]
    except layercalc.InvalidModel:
        return False


def short(one):
    """Without what goes without saying."""
    for key, value in one["config"].items():
        if isinstance(value, dict) and "data" in value and len(value["shape"]) < 2:
            array = np.array(value["data"]).reshape(value["shape"])
            if value["dtype"] in ("int64", "bool") or (value["dtype"] == "float32" and array.dtype.kind == "f"):
                one["config"][key] = array.tolist()
        elif isinstance(value, dict) and value.get("dtype") == "float32":
            del value["dtype"]
    if set(one["dtypes"]) <= {"float32"}:
        del one["dtypes"]
    return one


def main():
    held = json.loads(EXAMPLES.read_text()) if EXAMPLES.exists() else {}
    best = {}
    for source in SOURCES:
        arrays = np.load(DATA / f"{source}.npz")
        arrays = {name: arrays[name] for name in arrays.files}
        cases = json.loads(gzip.decompress((DATA / f"{source}.json.gz").read_bytes()))["cases"]
        for name, case in cases.items():
            if "_expanded" in name:
                continue
            try:
                made = example(case, arrays)
            except (ValueError, StopIteration):
                continue
            if made:
                scalar = any(not all(shape) or not shape for shape in made[1]["shapes"])
                others = set(made[1]["dtypes"]) != {"float32"}
                size = scalar, others, sum(map(prod, made[1]["shapes"])), len(json.dumps(made[1]))
                best.setdefault(made[0], []).append((size, made[1]))
    for name in layer_types():
        best.setdefault(name, []).append(((True,), {"config": {}, "shapes": [[2, 3, 4, 4]], "dtypes": ["float32"]}))
    for name, candidates in best.items():
        if name in held:
            continue
        fitting = (one for _, one in sorted(candidates, key=lambda pair: pair[0]) if runs(name, one))
        if one := next(fitting, None):
            held[name] = short(one)
    lines = [f" {json.dumps(name)}: {json.dumps(held[name])}" for name in sorted(held)]
    EXAMPLES.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    left = [name for name in ONNX.functions if name in layer_types() and name not in held]
    print(f"{len(held)} examples; none for {', '.join(left) or 'no operator'}")


if __name__ == "__main__":
    main()
