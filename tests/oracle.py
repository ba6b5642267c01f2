"""What Keras itself answered (tests/data), and documents made from it."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent / "data"
APPS = (
    "VGG16",
    "ResNet50",
    "MobileNetV2",
    "DenseNet121",
    "EfficientNetB0",
    "InceptionV3",
    "NASNetMobile",
    "ConvNeXtTiny",
)


def unzipped(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


@cache
def values(folder: str) -> dict[str, np.ndarray]:
    """The arrays of a folder, by name."""
    found: dict[str, np.ndarray] = {}
    for path in sorted((DATA / folder).glob("*.npz")):
        with np.load(path) as archive:
            found |= dict(archive)
    return found


@cache
def app(name: str) -> tuple[str, dict[str, Any]]:
    """A network of keras.applications as text, and what Keras says of it."""
    folder = DATA / "keras_apps"
    text = gzip.decompress((folder / f"{name}.model.json.gz").read_bytes()).decode()
    return text, unzipped(folder / f"{name}.expected.json.gz")


@cache
def cases() -> list[dict[str, Any]]:
    """Layer calls that Keras' own tests make."""
    return unzipped(DATA / "keras_layers" / "cases.json.gz")


@cache
def zoo() -> dict[str, Any]:
    return unzipped(DATA / "keras_zoo" / "models.json.gz")


@cache
def keras2() -> dict[str, Any]:
    return unzipped(DATA / "keras2" / "models.json.gz")


def numbered(folder: str, prefix: str) -> list[np.ndarray]:
    """The arrays prefix0, prefix1, … of a folder."""
    found, out = values(folder), []
    while f"{prefix}{len(out)}" in found:
        out.append(found[f"{prefix}{len(out)}"])
    return out


def functional(case: dict[str, Any], outputs: int) -> dict[str, Any]:
    """A Functional model, as Keras writes it, of one recorded layer call."""
    shapes = case["input_shape"]
    several = bool(shapes) and isinstance(shapes[0], list)
    shapes = shapes if several else [shapes]
    names = [f"in{i}" for i in range(len(shapes))]
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}} for name in names]
    heads = [
        {"class_name": "InputLayer", "config": {"batch_shape": shape, "name": name}, "name": name, "inbound_nodes": []}
        for name, shape in zip(names, shapes, strict=True)
    ]
    own = case["layer"]["config"]["name"]
    node = {"args": [tensors] if several else tensors, "kwargs": {}}
    body = {**case["layer"], "name": own, "inbound_nodes": [node]}
    config = {
        "name": "model",
        "layers": [*heads, body],
        "input_layers": [[name, 0, 0] for name in names],
        "output_layers": [[own, 0, i] for i in range(outputs)],
    }
    return {"class_name": "Functional", "config": config}


def kinds(value: Any) -> set[str]:
    """Every class name inside a Keras document that is a layer's, operations and models included."""
    found: set[str] = set()
    if isinstance(value, dict):
        if isinstance(value.get("module"), str) and value["module"].startswith(("keras.layers", "keras.src.ops")):
            prefix = "" if value["module"] == "keras.layers" else "ops."
            found.add(prefix + value["class_name"])
        for item in value.values():
            found |= kinds(item)
    elif isinstance(value, list):
        for item in value:
            found |= kinds(item)
    return found


def operations(value: Any) -> set[str]:
    """The names of all operations of keras.ops that a document records as layers."""
    found: set[str] = set()
    if isinstance(value, dict) and str(value.get("module")).startswith("keras.src.ops"):
        found.add(value["name"])
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found |= operations(item)
    return found
