"""TensorFlow.js `model.json`: Keras' JSON under `modelTopology`, or in its `model_config`.

Sources: tensorflowjs 4.22 (converters/keras_h5_conversion.py), tfjs-layers 4.22 (models.ts,
utils/serialization_utils.ts, utils/generic_utils.ts). The weights are in other files, and their list is not read.
"""

import re
from typing import Any, NoReturn

from layercalc.errors import Unreadable, pointer
from layercalc.wording import received

TOPOLOGY, CONFIG = "modelTopology", "model_config"
LAYERS, GRAPH = "layers-model", "graph-model"
GRAPH_MODEL = (
    "A TensorFlow.js graph model, a graph of TensorFlow's operations without layers, which is not read here."
    " Send the Keras model that it was converted from."
)
ENDS = ("inbound_nodes", "input_layers", "output_layers")  # whose lists begin with the name of a layer
WORD, LETTER = re.compile(r"(.)([A-Z][a-z0-9]+)"), re.compile(r"([a-z])([A-Z])")

Path = tuple[object, ...]


def is_tfjs(document: Any) -> bool:
    """Whether a document is a model.json, or its modelTopology alone."""
    return isinstance(document, dict) and (
        TOPOLOGY in document or CONFIG in document or "className" in document or is_graph(document)
    )


def is_graph(topology: dict[str, Any]) -> bool:
    return isinstance(topology.get("node"), list) and {"class_name", "layers"}.isdisjoint(topology)


def topology_of(document: dict[str, Any], path: Path) -> tuple[dict[str, Any], Path]:
    """Keras' JSON in a model.json, with the version beside it, and where it is; Unreadable if there is none."""
    form = document.get("format")
    topology = document
    if TOPOLOGY in document:
        if form == GRAPH:
            refuse((*path, "format"), GRAPH_MODEL)
        if form not in (None, LAYERS):
            refuse((*path, "format"), f"Expected {LAYERS!r}; received {received(form)}.")
        topology, path = document[TOPOLOGY], (*path, TOPOLOGY)
    if isinstance(topology, dict) and is_graph(topology):
        refuse(path, GRAPH_MODEL)
    model = pythonic(topology) if is_written_by_tfjs(topology) else topology
    if isinstance(model, dict) and CONFIG in model:
        said = {key: model[key] for key in ("keras_version", "backend") if key in model}
        model, path = model[CONFIG], (*path, CONFIG)
        model = said | model if isinstance(model, dict) else model
    if not isinstance(model, dict) or "class_name" not in model:
        expected = 'In a TensorFlow.js model.json: expected Keras JSON {"class_name": …, "config": …}'
        refuse(path, f"{expected}; received {received(model)}.")
    return model, path


def refuse(path: Path, detail: str) -> NoReturn:
    raise Unreadable([{"pointer": pointer(*path), "detail": detail}], status=422)


def is_written_by_tfjs(topology: Any) -> bool:
    """Whether tfjs-layers itself wrote it, which has names of its own for what Keras calls by Python's."""
    if not isinstance(topology, dict):
        return False
    version = topology.get("keras_version", topology.get("kerasVersion"))
    return "className" in topology or str(version).startswith("tfjs-layers")


def pythonic(value: Any, key: str = "") -> Any:
    """A part of a document in Python's names, those of layers and classes left as they are (convertTsToPythonic)."""
    if isinstance(value, list):
        ends = key in ENDS and value and isinstance(value[0], str)
        return [value[0], *(pythonic(one, key) for one in value[1:])] if ends else [pythonic(one, key) for one in value]
    if isinstance(value, str):
        return value if key in ("name", "class_name", "keras_version") else snake_case(value)
    return (
        {snake_case(one): pythonic(of, snake_case(one)) for one, of in value.items()}
        if isinstance(value, dict)
        else value
    )


def snake_case(name: str) -> str:
    return LETTER.sub(r"\1_\2", WORD.sub(r"\1_\2", name)).lower()
