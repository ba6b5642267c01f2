"""Record models with inputs of strings, as Keras 3 and Keras 2 write them: run by hand.

    pip install tensorflow keras tf-keras
    python scripts/record_strings.py

writes `tests/data/keras_strings/models.json.gz`: `to_json()` of each model below, its parameters and the shapes that
its layers give. tests/layers/keras/test_strings.py holds ours against them. It is no dependency of the package, and
`make test` does not run it.
"""

import gzip
import json
from pathlib import Path

import keras
import tf_keras

OUT = Path(__file__).parent.parent / "tests/data/keras_strings/models.json.gz"
S = "string"


ABC = {"vocabulary": ["a", "b", "c"]}
IDF = {"idf_weights": [0.1, 0.2, 0.3]}
DENSE = ("Dense", {"units": 2})
EMBEDDING = ("Embedding", {"input_dim": 4, "output_dim": 3})
MASKED = ("Embedding", {"input_dim": 100, "output_dim": 8, "mask_zero": True})
LENGTH = {"max_tokens": 100, "output_sequence_length": 7}
NGRAMS = ABC | {"split": "character", "ngrams": 2}
PADDED = {"max_tokens": 9, "pad_to_max_tokens": True}
MODELS = {  # shapes and dtypes of inputs, and the layers behind them with their arguments
    "tokens": ([((1,), S)], ("TextVectorization", ABC | LENGTH), MASKED, ("GlobalAveragePooling1D", {}), DENSE),
    "ngrams": (
        [((), S)],
        ("TextVectorization", NGRAMS),
        MASKED,
        ("LSTM", {"units": 3}),
    ),
    "a bag of tokens": ([((), S)], ("TextVectorization", ABC | {"output_mode": "multi_hot"}), DENSE),
    "counts of tokens": ([((), S)], ("TextVectorization", ABC | PADDED | {"output_mode": "count"}), DENSE),
    "weighed tokens": ([((), S)], ("TextVectorization", ABC | IDF | {"output_mode": "tf_idf"}), DENSE),
    "words": ([((1,), S)], ("StringLookup", ABC), EMBEDDING, ("Flatten", {})),
    "a mask": (
        [((4,), S)],
        ("StringLookup", ABC | {"mask_token": "", "num_oov_indices": 2, "output_mode": "multi_hot"}),
        DENSE,
    ),
    "one-hot words": ([((1,), S)], ("StringLookup", ABC | {"output_mode": "one_hot"}), DENSE),
    "one-hot words without an axis": (
        [((), S)],
        ("StringLookup", ABC | {"num_oov_indices": 0, "output_mode": "one_hot"}),
        DENSE,
    ),
    "words of places": ([((3,), "int64")], ("StringLookup", ABC | {"invert": True})),
    "hashes": ([((1,), S)], ("Hashing", {"num_bins": 20}), ("CategoryEncoding", {"num_tokens": 20}), DENSE),
    "hashes of integers": (
        [((2,), "int64")],
        ("Hashing", {"num_bins": 20, "output_mode": "multi_hot", "salt": 7}),
        DENSE,
    ),
    "one-hot hashes": ([((1,), S)], ("Hashing", {"num_bins": 20, "output_mode": "one_hot", "mask_value": ""}), DENSE),
    "crossed": ([((1,), S), ((1,), "int64")], ("HashedCrossing", {"num_bins": 6, "output_mode": "one_hot"}), DENSE),
    "crossed without an axis": ([((), S), ((), S)], ("HashedCrossing", {"num_bins": 6})),
    "moved": ([((4,), S)], ("Reshape", {"target_shape": (2, 2)}), ("StringLookup", ABC), EMBEDDING),
}


def models(keras):
    """The models by name, of one of the two packages."""
    for name, (inputs, *layers) in MODELS.items():
        given = [keras.Input(shape, dtype=dtype, name=f"x{i}") for i, (shape, dtype) in enumerate(inputs)]
        x = given if len(given) > 1 else given[0]
        for kind, config in layers:
            x = getattr(keras.layers, kind)(**config)(x)
        yield name, keras.Model(given, x)
    head, *layers = MODELS["tokens"]
    made = [getattr(keras.layers, kind)(**config) for kind, config in layers]
    yield "a stack", keras.Sequential([keras.Input(*head[0][:1], dtype=S), *made])


def entry(model, shape_of):
    rows = [one for one in model.layers if type(one).__name__ != "InputLayer"]
    shapes = {one.name: list(shape_of(one)) for one in rows}
    return {"model": json.loads(model.to_json()), "params": model.count_params(), "shapes": shapes}


if __name__ == "__main__":
    found = {
        **{f"{name}, Keras 3": entry(one, lambda x: x.output.shape) for name, one in models(keras)},
        **{f"{name}, Keras 2": entry(one, lambda x: x.output_shape) for name, one in models(tf_keras)},
    }
    OUT.write_bytes(gzip.compress(json.dumps(found, separators=(",", ":")).encode(), mtime=0))
