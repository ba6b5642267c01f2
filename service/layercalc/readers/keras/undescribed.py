"""Layers that a Keras document names and does not describe: a Lambda, a class of the author's own, what holds one.

They are found before the document is read, wherever they stand, because what is recorded of their output stands
elsewhere: with what reads it. Each becomes a Custom of the recorded shape where that is asked for, else it is marked
with what is said of it.
"""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from layercalc.errors import Offer, pointer
from layercalc.layers.keras.base import KERAS
from layercalc.layers.keras.fields import POLICIES
from layercalc.layers.keras.functions import absent
from layercalc.layers.nested import RECORDED, REFUSED, Refusal
from layercalc.readers.builder import Source
from layercalc.readers.keras.recorded_shapes import (
    UNSAID,
    Found,
    Graph,
    Outputs,
    Path,
    declared_by,
    ends_of,
    found,
    inputs_of,
    taken,
)
from layercalc.readers.keras.tf_functions import TF_CLASSES
from layercalc.wording import nearest_name, received

Item = dict[str, Any]
OURS = ("keras.", "tf_keras.", "tensorflow.keras.", "tensorflow.python.keras.", "keras_core.")
OPS_MODULES = ("keras.src.ops.", "keras.ops.", "keras_core.src.ops.")
WRAPPERS = {"TimeDistributed": 1, "Wrapper": 0}  # layers around any layer: how many sizes they put in front of its own
HELD = ("layer", "backward_layer", "forward_layer", "cell", "cells")  # keys of configs that hold a layer, or several
HOLDERS = frozenset(HELD)
STORE = ("batch_shape", "batch_input_shape", "input_shape")  # of a config: the first layer of a Sequential names them


class Undescribed(NamedTuple):
    """One such layer of a document: why it is not read, where that shows, and what is recorded of it."""

    item: Item
    path: Path
    why: str
    at: Path  # from the layer on
    recorded: Found


def undescribed(
    document: Item, path: Path = (), custom: str | None = None, inside: Path | None = None
) -> tuple[Item, list[dict[str, Any]]]:
    """The document with every such layer marked, or declared by its record if `custom` says so; itself if it has none.

    The second is a warning for each that was declared. `inside` is where the config stands, if not in the document.
    """
    if not suspect(document):
        return document, []
    document, warnings = copy.deepcopy(document), []
    for one in list(search(document, path, {}, set(), inside)):
        if isinstance(nodes := one.item.get("inbound_nodes"), list):
            one.item["inbound_nodes"] = [by_position(node) for node in nodes]
        if custom == RECORDED and one.recorded.shapes:
            warnings.append({"pointer": pointer(*one.path), "detail": declaration(one)})
            declare(one)
        else:
            meant = one.why.value if isinstance(one.why, Offer) else None
            one.item[REFUSED] = Refusal(f"{one.why} {way_out(one, custom)}", one.at, meant)
    return document, warnings


def search(
    item: Any, path: Path, outputs: Outputs, read: set[int], inside: Path | None = None
) -> Iterator[Undescribed]:
    """The layers that are not described, of an item and of what is in it.

    `outputs` is what the document records of the item's own outputs, `read` the numbers of those that are taken.
    """
    if not isinstance(item, dict) or not isinstance(name := item.get("class_name"), str):
        return
    config = item.get("config")
    why, at = reason(item)
    if why:
        yield Undescribed(item, path, why, at, recorded_of(item, path, outputs, read))
    elif name in KERAS.models:
        listed = config.get("layers") if isinstance(config, dict) else config
        if isinstance(listed, list):
            base = (*path, "config") if inside is None else inside
            base = (*base, "layers") if isinstance(config, dict) else base
            paths = [(*base, index) for index in range(len(listed))]
            yield from search_model(item, listed, paths, outputs, read)
    elif name in WRAPPERS and isinstance(config, dict):
        within = WRAPPERS[name]
        inner = {
            output: [one._replace(sizes=one.sizes[within:], batch=UNSAID) for one in records if len(one.sizes) > within]
            for output, records in outputs.items()
        }
        yield from search(config.get("layer"), (*path, "config", "layer"), inner, read)


def search_model(
    item: Item, items: list[Any], paths: list[Path], outputs: Outputs, read: set[int]
) -> Iterator[Undescribed]:
    """Those of a model's layers, each with what the layers around it record."""
    config = item["config"] if isinstance(item["config"], dict) else {}
    if item["class_name"] == "Sequential" or not ("input_layers" in config or "output_layers" in config):
        for index, (one, path) in enumerate(zip(items, paths, strict=True)):
            if not suspect(one):
                continue
            following = items[index + 1 : index + 2]
            taken_on = inputs_of(following[0], paths[index + 1]) if following else []
            yield from search(one, path, {0: taken_on[:1]} if following else outputs, {0} if following else read)
        return
    ends = ends_of(config)
    graph = Graph(items, paths, ends)
    for number, end in enumerate(ends):
        if number in outputs:
            graph.outputs.setdefault(end.name, {}).setdefault(end.output, []).extend(outputs[number])
    for one, path in zip(items, paths, strict=True):
        if suspect(one):
            name = str(one.get("name", one["config"].get("name") if isinstance(one.get("config"), dict) else None))
            yield from search(one, path, graph.outputs.get(name, {}), graph.read.get(name, set()))


def suspect(item: Any) -> bool:
    """Whether an item is such a layer or holds one; most do not."""
    if not isinstance(item, dict) or not isinstance(name := item.get("class_name"), str):
        return False
    if reason(item)[0]:
        return True
    config = item.get("config")
    if name in KERAS.models:
        listed = config.get("layers") if isinstance(config, dict) else config
        return isinstance(listed, list) and any(map(suspect, listed))
    return name in WRAPPERS and isinstance(config, dict) and suspect(config.get("layer"))


def recorded_of(item: Item, path: Path, outputs: Outputs, read: set[int]) -> Found:
    """What the outputs of a layer are, by what reads them and what it says itself."""
    own = declared_by(item, path)
    together = {key: [*outputs.get(key, []), *own.get(key, [])] for key in {*outputs, *own}}
    before = inputs_of(item, path)
    nodes = item.get("inbound_nodes")
    for _, records in taken(nodes if isinstance(nodes, list) else [], path):
        before = [*before, *records]
    return found(together, read, [one.batch for one in before])


def reason(item: Item) -> tuple[str, Path]:
    """Why a layer cannot be read from its document, and where in it that shows; nothing if it can be."""
    name, module, registered = item["class_name"], item.get("module"), item.get("registered_name")
    own = isinstance(registered, str) and registered.rpartition(">")[2] == name
    declares = name == "Custom" and not own  # by hand, in place of another class
    if isinstance(module, str) and not within(module, OURS) and not declares:
        return f"{name!r} of {module} is no layer of Keras; custom classes are never imported.", ()
    if (own and module is None) or ">" in name:
        called = registered if own else name
        return f"{received(called)} is a class of the author's own; custom classes are never imported.", ()
    if isinstance(module, str) and within(module, OPS_MODULES):
        return absent(name), ()
    if name in TF_CLASSES or name in KERAS.models:
        return "", ()
    if name in KERAS.refused:
        return f"{name} {KERAS.refused[name]}.", ("class_name",)
    if KERAS.get(name) is None:
        near = nearest_name(name, [*KERAS.kinds, *KERAS.aliases])
        told = f"Unknown layer type {received(name)}."
        return (told if near is None else Offer(f"{told} Did you mean {near!r}?", near)), ("class_name",)
    return held(item)


def held(item: Item) -> tuple[str, Path]:
    """Why a layer that can be read cannot be for what it holds: the cell of an RNN, say, is of the author's own."""
    config = item.get("config")
    if not isinstance(config, dict) or HOLDERS.isdisjoint(config) or item["class_name"] in WRAPPERS:
        return "", ()
    for key in HELD:
        inside = config.get(key)
        for index, one in enumerate(inside if isinstance(inside, list) else [inside]):
            if isinstance(one, dict) and isinstance(one.get("class_name"), str):
                why, at = reason(one)
                if why:
                    return why, ("config", key, *((index,) if isinstance(inside, list) else ()), *at)
    return "", ()


def within(module: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of the packages, which end in a dot, or in one of them."""
    return f"{module}.".startswith(packages)


def as_custom(one: Found) -> list[Any]:
    """The recorded shapes as Custom takes them: the batch left out, but for a first size that is unknown itself."""
    shapes = [[None, *sizes] if sizes[:1] == (None,) else list(sizes) for sizes in one.shapes]
    return shapes[0] if len(shapes) == 1 else shapes


def written(value: Any) -> str:
    """Sizes as JSON has them."""
    return str(value).replace("None", "null")


def way_out(one: Undescribed, custom: str | None) -> str:
    """What to put in place of a layer that is not described."""
    shape = written(as_custom(one.recorded)) if one.recorded.shapes else "…"
    config = one.item.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    named = f'"name": {received(name)}, ' if isinstance(name, str) else ""
    instead = (
        f'put "class_name": "Custom", "config": {{{named}"output_shape": {shape}, "params": …, "macs": …, "flops": …}} '
        'in place of its own (in a stack: {"type": "Custom", …})'
    )
    if one.recorded.shapes:
        return (
            f"To go on without it, {instead}: the output_shape is the one that the document records, for you to "
            "confirm. Or say custom=recorded, which keeps recorded shapes, with counts null."
        )
    said = " So custom=recorded has nothing to keep." if custom else ""
    return f"{one.recorded.why}{said} To go on without it, {instead}."


def declaration(one: Undescribed) -> str:
    return (
        f"{received(one.item['class_name'])} is not computed: its output_shape is {written(as_custom(one.recorded))}, "
        "as the document records it, and its params, macs and flops are null"
    )


def declare(one: Undescribed) -> None:
    """Make a Custom of a layer, in its place."""
    item, config = one.item, one.item.get("config")
    config = config if isinstance(config, dict) else {}
    kept = {key: config[key] for key in ("name", *STORE) if key in config}
    if isinstance(config.get("trainable"), bool):
        kept["trainable"] = config["trainable"]
    policy = config.get("dtype")
    if isinstance(policy, dict):
        policy = policy["config"].get("name") if isinstance(policy.get("config"), dict) else None
    if isinstance(policy, str) and policy in POLICIES:
        kept["dtype"] = policy
    kept["output_shape"] = as_custom(one.recorded)
    if any(one.recorded.dtypes):
        kept["output_dtype"] = one.recorded.dtypes
    for key in ("module", "registered_name", "build_config"):
        item.pop(key, None)
    item.update(class_name="Custom", config=kept)


def by_position(node: Any) -> Any:
    """A node with its tensors alone, a mask that it names as that of its first tensor."""
    if isinstance(node, list):
        return [[source.name, source.use - 1, source.output, {}] for source, _ in taken(node, ())]
    if not isinstance(node, dict):
        return node
    named = node.get("kwargs")
    kwargs: Item = named if isinstance(named, dict) else {}
    mask = {"mask": [kwargs["mask"]]} if any(taken(kwargs.get("mask"), ())) else {}
    given = [node.get("args"), *(value for key, value in kwargs.items() if key != "mask")]
    return {"args": [tensor(source) for source, _ in taken(given, ())], "kwargs": mask}


def tensor(source: Source) -> Item:
    """A tensor as Keras 3 writes it."""
    history = [source.name, source.use - 1, source.output]
    return {"class_name": "__keras_tensor__", "config": {"keras_history": history}}
