"""JSON of Keras 1 in today's words, before anything else reads it.

Sources: keras 1.2.2 (models.py, engine/topology.py), keras 0.3.3 (models.py).
"""

from collections.abc import Iterator
from typing import Any, NoReturn

from layercalc.errors import Unreadable, pointer
from layercalc.layers import WAY_OUT
from layercalc.layers.keras.base import KERAS
from layercalc.readers.keras.keras1_arguments import CLASSES, GONE, WORDS, in_todays_words, merged
from layercalc.readers.keras.keras1_branches import first_merge, graph_of
from layercalc.readers.keras.undescribed import HELD
from layercalc.readers.keras.versions import writer

Path = tuple[object, ...]

WARNING = "Written by Keras 1: its layers and arguments are read by the names that they have today"
KERAS_0 = (
    "A model of Keras 0.3 or older, which is not read here: its layers have no class_name."
    " Load it with a Keras of its time and send model.to_json() of Keras 1 or later, or its code."
)
OLD = {"Merge", "TimeDistributedDense", *GONE}
TELLING = {kind: words - {"bias"} for kind, words in WORDS.items()}  # that is a common slip too
NOTHING: frozenset[str] = frozenset()
INSIDE = {"layers", *HELD}  # keys of configs that hold layers
BESIDE = ("input_dim", "input_length", "input_dtype")  # of a config, which batch_input_shape says already


def of_keras_0(document: Any) -> bool:
    """Whether a document is a model of before Keras 1: `{"name": "Sequential", "layers": [{"name": "Dense", …}]}`."""
    if not isinstance(document, dict) or document.get("name") not in ("Sequential", "Graph") or "type" in document:
        return False
    if document["name"] == "Graph" and isinstance(document.get("node_config"), list):
        return True
    layers = document.get("layers")
    names = [one.get("name") for one in layers if isinstance(one, dict)] if isinstance(layers, list) else []
    plain = not any("class_name" in one or "type" in one for one in layers or () if isinstance(one, dict))
    return plain and any(isinstance(one, str) and (KERAS.get(one) or one in (*CLASSES, *GONE)) for one in names)


def of_keras_1(document: dict[str, Any]) -> bool:
    """Whether a document is of Keras 1, by its version or by words that only that had."""
    by = writer(document)
    if by is not None and not by.tfjs:
        return by.version < (2, 0, 0)
    return "keras_version" not in document and any(old(item) for item in items(document))


def items(document: Any) -> Iterator[dict[str, Any]]:
    """Every layer and model in a document, those that stand in the config of another too."""
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, dict):
            waiting += one if isinstance(one, list) else ()
            continue
        config = one.get("config")
        if isinstance(config, dict):
            if not INSIDE.isdisjoint(config):
                waiting += [config[key] for key in INSIDE if key in config]
        elif isinstance(config, list):
            waiting += config
        else:
            continue
        if isinstance(one.get("class_name"), str):
            yield one


def old(item: dict[str, Any]) -> bool:
    kind, config = item["class_name"], item["config"]
    return kind in OLD or (isinstance(config, dict) and not TELLING.get(kind, NOTHING).isdisjoint(config))


def translated(value: Any, path: Path) -> Any:
    """A part of such a document in today's words; Unreadable where a layer has no counterpart."""
    if isinstance(value, list):
        return [translated(one, (*path, index)) for index, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if kind == "Sequential" and (first := first_merge(config)) is not None:
        return branched(value, first, (*path, "config"))
    if kind == "Merge" and isinstance(config, dict):
        if config.get("layers"):
            refuse((*path, "config", "layers"), "A Merge of layers is read where a Sequential begins with it.")
        return of_tensors(value, path)
    out = {key: translated(one, (*path, key)) for key, one in value.items()}
    if not isinstance(kind, str) or not isinstance(config, dict) or kind in KERAS.models:
        return out
    if kind in GONE:
        refuse((*path, "class_name"), f"The {kind} of Keras 1 has no counterpart today. {WAY_OUT}")
    if kind == "TimeDistributedDense":
        inner = in_todays_words("Dense", without(out["config"], "name", "batch_input_shape", *BESIDE))
        outer = {key: out["config"][key] for key in ("name", "trainable", "batch_input_shape") if key in config}
        layer = {"class_name": "Dense", "config": {**inner, "name": "dense"}}
        return {**out, "class_name": "TimeDistributed", "config": {**outer, "layer": layer}}
    beside = [key for key in BESIDE if not (kind == "Embedding" and key == "input_dim")]
    if kind == "InputLayer":
        dtype = {"dtype": config["input_dtype"]} if config.get("input_dtype") else {}
        return {**out, "config": without(out["config"], *BESIDE) | dtype}
    config = in_todays_words(kind, without(out["config"], *beside))
    return {**out, "class_name": CLASSES.get(kind, kind), "config": config}


def of_tensors(value: dict[str, Any], path: Path) -> dict[str, Any]:
    """A Merge as the layer that it is today, of the tensors that it is called on."""
    made = merged(value["config"])
    if made is None:
        told = "concat, sum, mul, ave, max, dot and cos"
        refuse((*path, "config", "mode"), f"A Merge of Keras 1 is read with the modes {told}. {WAY_OUT}")
    return {**value, "class_name": made[0], "config": made[1]}


def branched(value: dict[str, Any], first: dict[str, Any], path: Path) -> dict[str, Any]:
    """A Sequential that begins with a Merge of models, as a graph; `path` is where its config stands."""
    at = (*path, 0, "config", "layers")
    branches = first["config"]["layers"]
    if not isinstance(branches, list) or not all(isinstance(one, dict) and "class_name" in one for one in branches):
        refuse(at, "Expected a list of models.")
    inner = [translated(one, (*at, index)) for index, one in enumerate(branches)]
    rest = [translated(one, (*path, index)) for index, one in enumerate(value["config"]) if index]
    name = value.get("name") or "sequential"
    made = graph_of(inner, of_tensors(first, (*path, 0)), rest, str(name))
    if made is None:
        refuse(at, "Expected models that name their input shapes, batch_input_shape on the first layer of each.")
    return {**value, "class_name": "Functional", "config": made}


def without(config: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: one for key, one in config.items() if key not in keys}


def refuse(path: Path, detail: str) -> NoReturn:
    raise Unreadable([{"pointer": pointer(*path), "detail": detail}], status=422)


def modern(document: dict[str, Any], path: Path, inside: Path | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The document, of Keras 1 in today's words with a warning that says so, which is the second."""
    if not of_keras_1(document):
        return document, []
    base = (*path, "config") if inside is None else inside
    if document["class_name"] not in KERAS.models:  # a layer alone
        whole = translated(document, path)
    elif document["class_name"] == "Sequential" and (first := first_merge(document["config"])) is not None:
        whole = branched(document, first, base)
    else:
        whole = {**document, "config": translated(document["config"], base)}
    whole.setdefault("keras_version", "1.2.2")
    return whole, [{"pointer": pointer(*path), "detail": WARNING}]
