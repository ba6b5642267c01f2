"""Record what an installed Keras makes of one layer call, in the form of tests/data/keras_layers: run by hand.

    pip install keras tensorflow-cpu
    python scripts/record_layer.py GRU '{"units": 3, "return_state": true}' 2,5,4
    python scripts/record_layer.py Attention '{}' 2,5,4 2,6,4

adds the call (shapes with the batch in front, null for what is unknown) with random weights and inputs to
`tests/data/keras_layers`, and prints it. tests/test_keras.py then holds ours against it. Whoever adds a layer proves it
so. It is no dependency of the package, and `make test` does not run it.
"""

import argparse
import gzip
import hashlib
import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "keras_layers"


def record(kind: str, config: dict, shapes: list[list], integers: int) -> tuple[dict, dict[str, np.ndarray]]:
    """One call: its case, and the arrays that go in and come out. `integers` > 0 draws inputs below that number."""
    generator = np.random.default_rng(0)
    layer = getattr(keras.layers, kind)(**config)
    dtype = "int32" if integers else "float32"
    tensors = [keras.KerasTensor(shape, dtype) for shape in shapes]
    spec = layer(tensors if len(tensors) > 1 else tensors[0])
    outputs = [list(one.shape) for one in keras.tree.flatten(spec)]
    weights = [weight for weight in layer.weights if "seed" not in weight.path]
    serialised = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    shape = shapes if len(shapes) > 1 else shapes[0]
    identity = hashlib.sha256(json.dumps([serialised, shape], sort_keys=True).encode()).hexdigest()[:12]
    arrays: dict[str, np.ndarray] = {}
    for index, weight in enumerate(weights):
        if weight.dtype == "float32":
            weight.assign(np.abs(generator.standard_normal(weight.shape)) * 0.3)
        arrays[f"{identity}/w{index}"] = np.asarray(weight)
    sizes = [[2 if n is None else n for n in one] for one in shapes]
    given = [
        generator.integers(0, integers, size).astype("int32")
        if integers
        else generator.standard_normal(size, "float32")
        for size in sizes
    ]
    made = keras.tree.flatten(layer(given if len(given) > 1 else given[0]))
    arrays |= {f"{identity}/in{index}": array for index, array in enumerate(given)}
    arrays |= {f"{identity}/out{index}": np.asarray(array) for index, array in enumerate(made)}
    case = {
        "id": identity,
        "test": "scripts/record_layer.py",
        "type": kind,
        "layer": serialised,
        "input_shape": shape,
        "output_shape": outputs if len(outputs) > 1 else outputs[0],
        "params": int(sum(np.prod(weight.shape) for weight in weights)),
        "weights": [[weight.path, list(weight.shape), weight.trainable] for weight in weights],
        "has_values": True,
    }
    return case, arrays


def add(case: dict, arrays: dict[str, np.ndarray]) -> None:
    """Put the case into the folder, in place of one with the same id."""
    path = FOLDER / "cases.json.gz"
    cases = [one for one in json.loads(gzip.decompress(path.read_bytes())) if one["id"] != case["id"]]
    path.write_bytes(gzip.compress(json.dumps([*cases, case], separators=(",", ":")).encode(), 9, mtime=0))
    with np.load(FOLDER / "values.npz") as archive:
        values = dict(archive)
    np.savez_compressed(FOLDER / "values.npz", **(values | arrays))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("type", help="a class of keras.layers")
    parser.add_argument("config", type=json.loads, help="its arguments, as JSON")
    parser.add_argument("shape", nargs="+", help="of each input, with the batch: 2,5,4 or null,5,4")
    parser.add_argument("--integers", type=int, default=0, metavar="N", help="integer inputs below N")
    parser.add_argument("--dry-run", action="store_true", help="print the case and add nothing")
    chosen = parser.parse_args()
    shapes = [[None if n == "null" else int(n) for n in text.split(",")] for text in chosen.shape]
    case, arrays = record(chosen.type, chosen.config, shapes, chosen.integers)
    if not chosen.dry_run:
        add(case, arrays)
    print(json.dumps(case, indent=1))


if __name__ == "__main__":
    main()
