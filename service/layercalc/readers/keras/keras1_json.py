"""JSON of Keras 1 in today's words, before anything else reads it.

Sources: keras 1.2.2 (models.py, engine/topology.py), keras 0.3.3 (models.py).
"""

from collections.abc import Iterator
from typing import Any, NoReturn

from layercalc.errors import Unreadable, pointer
from layercalc.layers import WAY_OUT
from layercalc.layers.keras.base import KERAS
from layercalc.readers.keras.keras1_arguments import CLASSES, GONE, WORDS, in_todays_words, merged
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
    if kind == "Merge" and isinstance(config, dict):
        made = merged(config)
        if made is None:
            told = "concat, sum, mul, ave, max and dot of tensors"
            refuse((*path, "config", "mode"), f"A Merge of Keras 1 is read with the modes {told}. {WAY_OUT}")
        return {**value, "class_name": made[0], "config": made[1]}
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


def without(config: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: one for key, one in config.items() if key not in keys}


def refuse(path: Path, detail: str) -> NoReturn:
    raise Unreadable([{"pointer": pointer(*path), "detail": detail}], status=422)


def modern(document: dict[str, Any], path: Path, inside: Path | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The document, of Keras 1 in today's words with a warning that says so, which is the second."""
    if not of_keras_1(document):
        return document, []
    config = translated(document["config"], (*path, "config") if inside is None else inside)
    whole = {**document, "config": config}
    if document["class_name"] not in KERAS.models:  # a layer alone
        whole = translated(document, path)
    whole.setdefault("keras_version", "1.2.2")
    return whole, [{"pointer": pointer(*path), "detail": WARNING}]
