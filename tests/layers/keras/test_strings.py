"""Layers that take strings: shapes and counts as Keras says them, and what is refused."""

import gzip
import json

import pytest

from layercalc import InvalidTensors, Refused, analyze, forward
from tests import oracle

MODELS = json.loads(gzip.decompress((oracle.DATA / "keras_strings" / "models.json.gz").read_bytes()))
TV, LOOKUP = {"type": "TextVectorization", "max_tokens": 9}, {"type": "StringLookup", "vocabulary": ["a", "b"]}


def stack(shape, *layers, dtype="string"):
    return {"inputs": [{"name": "x", "shape": shape, "dtype": dtype}], "layers": list(layers)}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_strings_has_the_shapes_and_counts_of_keras(name):
    entry = MODELS[name]
    report = analyze(entry["model"])
    shapes = {row["name"]: row["output_shape"] for row in report["layers"]}
    assert entry["shapes"].items() <= shapes.items()
    assert report["totals"]["params"] == entry["params"]
    assert any("strings" in one["detail"] for one in report["warnings"]) == ("string" in json.dumps(report["inputs"]))


def test_a_string_is_counted_as_its_handle_and_a_place_as_an_integer():
    report = analyze(stack([3], LOOKUP, {"type": "Embedding", "input_dim": 3, "output_dim": 4}))
    assert [row["activation_bytes"] for row in report["layers"]] == [3 * 8, 3 * 4 * 4]
    moved = analyze(stack([4], {"type": "Reshape", "target_shape": [2, 2]}, LOOKUP))
    assert moved["layers"][0]["activation_bytes"] == 4 * 24


REFUSED = [
    ([3], {"type": "Dense", "units": 2}, "matmul takes numbers; received strings"),
    ([3], {"type": "Embedding", "input_dim": 5, "output_dim": 2}, "takes numbers; received strings"),
    ([3], {"type": "Rescaling", "scale": 2}, "takes numbers; received strings"),
    ([3], {"type": "CategoryEncoding", "num_tokens": 4}, "takes numbers; received strings"),
    ([3, 4], {"type": "GlobalAveragePooling1D"}, "takes numbers; received strings"),
    ([3, 4], {"type": "LSTM", "units": 2}, "takes numbers; received strings"),
    ([3], TV, "one string for each example"),
    ([1], TV | {"ragged": True}, "Ragged tensors"),
    ([1], TV | {"output_mode": "count"}, "A vocabulary is required"),
    ([1], TV | {"output_mode": "count", "vocabulary": ["a"], "output_sequence_length": 3}, "output_mode int only"),
    ([1], LOOKUP | {"vocabulary": "words.txt"}, "files are not read"),
    ([1], LOOKUP | {"vocabulary": ["a", "a"]}, "none of them twice"),
    ([3], {"type": "Hashing", "num_bins": 5, "output_mode": "one_hot"}, "which Keras 2 refuses"),
    ([1], {"type": "Hashing", "num_bins": 0}, "at least 1"),
    ([1], {"type": "Hashing", "num_bins": 5, "salt": [1]}, "a list of 2"),
    ([1], LOOKUP | {"salt": [1, 2, 3]}, "a list of 2"),
    ([1], {"type": "HashedCrossing", "num_bins": 3}, "at least 2 inputs"),
]


@pytest.mark.parametrize(("shape", "layer", "told"), REFUSED, ids=[one[2] for one in REFUSED])
def test_what_takes_no_strings_is_refused(shape, layer, told):
    with pytest.raises(Refused) as caught:
        analyze(stack(shape, layer))
    assert told in caught.value.errors[0]["detail"]


def test_strings_and_numbers_are_not_joined():
    document = {
        "inputs": [{"name": "a", "shape": [2], "dtype": "string"}, {"name": "b", "shape": [2], "dtype": "int64"}],
        "layers": [{"type": "Concatenate", "inputs": ["a", "b"]}],
    }
    with pytest.raises(Refused, match="not brought together"):
        analyze(document)


@pytest.mark.parametrize("document", [stack([1], LOOKUP), stack([1], LOOKUP | {"invert": True}, dtype="int64")])
def test_no_pass_runs_on_strings(document):
    with pytest.raises((InvalidTensors, Refused), match="strings"):
        forward(document, [[[1]]])


@pytest.mark.parametrize("shapes", [([], [1]), ([1], []), ([2], [2]), ([1], [1], [])])
def test_crossed_strings_are_of_one_shape(shapes):
    names = [f"x{n}" for n in range(len(shapes))]
    inputs = [{"name": name, "shape": shape, "dtype": "string"} for name, shape in zip(names, shapes, strict=True)]
    layer = {"type": "HashedCrossing", "num_bins": 5, "inputs": names}
    with pytest.raises(Refused, match="Expected inputs of"):
        analyze({"inputs": inputs, "layers": [layer]})
