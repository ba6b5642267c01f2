"""Records every network of keras.applications: KERAS_BACKEND=numpy python scripts/record_applications.py FILE.

Of each network the rows as it is by default (weights aside), and of further arguments how many rows, parameters and a
digest of the rows. Weights are declared and never made. Refusals are recorded as the kind of exception.
"""

import gzip
import hashlib
import json
import sys
from typing import Any

import keras
from keras import applications
from keras.src.applications.convnext import LayerScale, StochasticDepth
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

NETWORKS = [name for name in dir(applications) if name[0].isupper()]
TOP, BARE = {"weights": None}, {"weights": None, "include_top": False}
EVERY: list[dict[str, Any]] = [
    TOP,
    {**TOP, "classes": 7, "classifier_activation": None, "name": "own"},
    {**TOP, "input_shape": (331, 299, 1)},
    BARE,
    {**BARE, "input_shape": (160, 192, 3), "pooling": "avg"},
    {**BARE, "input_shape": (97, 128, 4), "pooling": "max"},
    {**BARE, "input_shape": (31, 64, 3)},
    {**BARE, "input_shape": (64, 64)},
    {**TOP, "input_shape": (None, 64, 3)},
]
FURTHER: dict[str, list[dict[str, Any]]] = {
    "MobileNet": [
        *({**TOP, "alpha": alpha} for alpha in (0.25, 0.5, 1.3)),
        {**TOP, "depth_multiplier": 2, "dropout": 0.5},
        {**TOP, "input_shape": (128, 128, 3)},
    ],
    "MobileNetV2": [
        *({**TOP, "alpha": alpha} for alpha in (0.35, 0.5, 1.3, 1.4)),
        {**BARE, "input_shape": (96, 96, 3)},
    ],
    "MobileNetV3Small": [
        {**TOP, "alpha": 0.75},
        {**TOP, "minimalistic": True, "dropout_rate": 0},
        {**TOP, "alpha": 1.5, "include_preprocessing": False},
    ],
    "EfficientNetV2B0": [{**BARE, "include_preprocessing": False}],
    "EfficientNetV2S": [{**BARE, "include_preprocessing": False}],
    "ConvNeXtTiny": [{**BARE, "include_preprocessing": False}],
}
FURTHER["MobileNetV3Large"] = FURTHER["MobileNetV3Small"]
BIG = ("ConvNeXtXLarge", "ConvNeXtLarge", "ConvNeXtBase", "ResNet152", "ResNet152V2", "EfficientNetV2L")


for kind in (LayerScale, StochasticDepth):  # what they compute, which Keras would find out by computing it
    kind.compute_output_shape = lambda self, shape: shape
CustomScaleLayer.compute_output_shape = lambda self, shapes: shapes[0]


def rows(model: Any, within: str = "") -> list[Any]:
    """Each layer's and operation's name, type, output shape and parameters, all and trainable, sorted."""
    found = []
    for one in model.operations if hasattr(model, "operations") else model.layers:
        if type(one).__name__ == "InputLayer":
            continue
        if isinstance(one, keras.Sequential):
            found += rows(one, f"{within}{one.name}/")
            continue
        weights = [weight_size(each) for each in getattr(one, "weights", ())]
        trainable = [weight_size(each) for each in getattr(one, "trainable_weights", ())]
        shape = list(one.output.shape)
        found.append([within + one.name, type(one).__name__, shape, sum(weights), sum(trainable)])
    return sorted(found)


def weight_size(variable: Any) -> int:
    size = 1
    for one in variable.shape:
        size *= one
    return size


def told(name: str, arguments: dict[str, Any], whole: bool) -> dict[str, Any]:
    keras.backend.clear_session()
    case: dict[str, Any] = {"network": name, "arguments": arguments}
    with keras.StatelessScope(initialize_variables=False):
        try:
            model = getattr(applications, name)(**arguments)
        except Exception as error:
            return {**case, "raises": type(error).__name__}
        found = rows(model)
    text = json.dumps(found, separators=(",", ":"))
    case |= {"name": model.name, "count": len(found), "params": sum(one[3] for one in found)}
    return {**case, "sha256": hashlib.sha256(text.encode()).hexdigest()} | ({"rows": found} if whole else {})


def main(path: str, only: list[str]) -> None:
    cases = []
    for name in only or NETWORKS:
        listed = EVERY[:1] + EVERY[3:5] if name in BIG else EVERY
        for number, arguments in enumerate([*listed, *FURTHER.get(name, [])]):
            cases.append(told(name, arguments, number == 0))
            print({key: one for key, one in cases[-1].items() if key != "rows"}, flush=True)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(json.dumps(cases, separators=(",", ":")).encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
