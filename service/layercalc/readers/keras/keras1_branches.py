"""A Sequential of Keras 1 that begins with a Merge of models, as the graph that it is.

Source: keras 1.2.2 (models.py: Sequential.get_config, which writes the models into the Merge).
"""

from typing import Any

from layercalc.layers.keras.base import KERAS

Item = dict[str, Any]
SHAPES = ("batch_input_shape", "batch_shape")
Head = tuple[Any, Any]  # the shape of an input, batch in front, and its dtype


def first_merge(config: Any) -> Item | None:
    """The Merge of models that a Sequential begins with, if it does."""
    first = config[0] if isinstance(config, list) and config and isinstance(config[0], dict) else {}
    inside = first.get("config")
    merge = first.get("class_name") == "Merge" and isinstance(inside, dict) and bool(inside.get("layers"))
    return first if merge else None


def graph_of(branches: list[Item], merge: Item, rest: list[Item], name: str) -> Item | None:
    """The config of a graph: models, what merges them, and the layers behind; None where a model names no input.

    All of them are in today's words.
    """
    layers: list[Item] = []
    heads: list[list[Any]] = []
    ends: list[list[Any]] = []
    taken: set[str] = set()

    def free(base: str) -> str:
        found, count = base, 0
        while found in taken:
            count += 1
            found = f"{base}_{count}"
        taken.add(found)
        return found

    def put(item: Item, base: str, sources: list[list[Any]]) -> list[Any]:
        label = free(base)
        config = item.get("config")
        config = {**config, "name": label} if isinstance(config, dict) else {"name": label, "layers": config}
        nodes = [[[*source, {}] for source in sources]] if sources else []
        layers.append({**item, "config": config, "name": label, "inbound_nodes": nodes})
        return [label, 0, 0]

    for index, branch in enumerate(branches):
        found = heads_of(branch)
        if found is None:
            return None
        sources = []
        for shape, dtype in found:
            head = {"class_name": "InputLayer", "config": {"batch_input_shape": shape, "dtype": dtype or "float32"}}
            sources.append(put(head, f"input_{len(heads) + 1}", []))
            heads.append(sources[-1])
        ends.append(put(branch, name_of(branch) or f"branch_{index + 1}", sources))
    end = put(merge, name_of(merge) or "merge", ends)
    for one in rest:
        end = put(one, name_of(one) or KERAS.unnamed(str(one.get("class_name"))), [end])
    return {"name": name, "layers": layers, "input_layers": heads, "output_layers": [end]}


def name_of(item: Item) -> str:
    config = item.get("config")
    name = item.get("name") or (config.get("name") if isinstance(config, dict) else None)
    return name if isinstance(name, str) else ""


def heads_of(item: Any) -> list[Head] | None:
    """The inputs of a model, or of a layer that names its own; None where they are not there."""
    config = item.get("config") if isinstance(item, dict) else None
    if isinstance(config, list) and config:
        return heads_of(config[0])
    if not isinstance(config, dict):
        return None
    shape = next((config[key] for key in SHAPES if isinstance(config.get(key), list)), None)
    if shape is not None:
        return [(shape, config.get("dtype") if item.get("class_name") == "InputLayer" else None)]
    layers = config.get("layers")
    if not isinstance(layers, list) or not layers:
        return None
    ends = config.get("input_layers")
    if not isinstance(ends, list):
        return heads_of(layers[0])
    by_name = {name_of(one): one for one in layers if isinstance(one, dict)}
    found = [heads_of(by_name.get(str(end[0]) if isinstance(end, list) and end else "")) for end in ends]
    return None if None in found or not found else [head for one in found if one for head in one]
