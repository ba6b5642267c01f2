"""What `model.to_json()` and a `.keras` file's `config.json` hold: Sequential, Functional, nested, of Keras 3 and 2.

Sources: keras.src.models.functional (functional_from_config, serialize_node) and tf_keras.src.engine.functional
(reconstruct_from_config). Shapes that the document records are not read, only those of inputs.
"""

from typing import Any

from layercalc.layers import ConfigError, Layer, fields_of
from layercalc.layers.keras.base import KERAS
from layercalc.layers.keras.functions import recorded
from layercalc.layers.nested import REFUSED, Refusal, identity_of
from layercalc.locations import JsonLocation, mendable
from layercalc.model import ALL, Model
from layercalc.readers.builder import Builder, Marked, Source, new
from layercalc.readers.keras.nodes import (
    MASK_FREE,
    TENSOR,
    BadNode,
    as_call,
    histories,
    read_arguments,
    read_node,
    tensor_of_2,
    tensors,
)
from layercalc.readers.keras.plain import UNUSUAL, Unusual, is_plain_item, is_plain_model
from layercalc.readers.keras.recorded_shapes import shape_of
from layercalc.readers.keras.tf_functions import TF_CLASSES, translate
from layercalc.readers.keras.tf_nodes import OP_LAYER, of_node
from layercalc.readers.keras.undescribed import OPS_MODULES, within
from layercalc.readers.keras.versions import of_its_time, writer
from layercalc.wording import received

SEQUENTIAL = "Sequential"
SHAPES = ("batch_shape", "batch_input_shape", "input_shape")
NAMING = frozenset(SHAPES)  # of a config: they name the shape of the model's input, where the layer has no such field
BESIDE = ("keras_version", "backend")  # what a document says beside its config

Path = tuple[object, ...]


def read_keras(
    document: dict[str, Any],
    path: Path = (),
    memo: dict[Any, Any] | None = None,
    inside: Path | None = None,
    as_sent: bool = True,
    nested: bool = False,
    unmarked: bytes = b"",
    plain: bool = False,
) -> tuple[Model, Builder]:
    """The model of a Keras JSON document; a lone layer is read as a Sequential of it.

    `path` is where the document stands, `inside` where its config does, if not in it; `as_sent` whether it is what
    stands there and no translation. Raises Marked where a layer has the mark of an object in several places, as
    `unmarked` says that none has, and Unusual where the document is not `plain`.
    """
    if plain and not is_plain_model(document):
        raise Unusual
    inside = (*path, "config") if inside is None else inside
    sent, document = document, of_its_time(document)
    kind, config = document.get("class_name"), document.get("config")
    location = JsonLocation(path, document)
    builder = Builder("model", "keras", KERAS, memo)
    builder.as_sent, builder.unmarked, builder.plain = as_sent and sent is document, unmarked, plain
    if not isinstance(kind, str) or kind not in KERAS.models:
        read_sequence(builder, [document], [path])
        return builder.finish(
            [(Source(builder.calls[-1].name, 1, ALL), (location, ""))] if builder.calls else []
        ), builder
    if isinstance(config, list):  # Keras 2.2 and older
        config = {"layers": config}
        listed = inside
    else:
        listed = (*inside, "layers")
    if not isinstance(config, dict):
        builder.fault(location.at(("config",)), f"Expected an object; received {received(config)}.")
        return builder.finish([]), builder
    builder.name = str(config.get("name") or "sequential")
    layers = config.get("layers")
    inner = JsonLocation(inside, config)
    if not isinstance(layers, list) or not layers:
        builder.fault(inner.at(("layers",)), f"Expected a list of at least one layer; received {received(layers)}.")
        return builder.finish([]), builder
    where: list[Path] = [(*listed, i) for i in range(len(layers))]
    if kind == SEQUENTIAL or not ("input_layers" in config or "output_layers" in config):
        read_sequence(builder, layers, where, config.get("build_input_shape"))
        last = builder.calls[-1].name if builder.calls else builder.inputs[-1].name if builder.inputs else None
        outputs = [] if last is None else [(Source(last, 1, ALL), (inner, "layers"))]
    else:
        outputs = read_functional(builder, layers, where, inner)
    model = builder.finish(outputs)
    locks = kind != SEQUENTIAL and not nested and writer(document) is None  # of others that Keras loads, layers say it
    model.trainable = not locks or config.get("trainable", True) is not False
    model.kind = kind if kind == SEQUENTIAL else model.type
    return model, builder


def read_functional(
    builder: Builder, layers: list[Any], paths: list[Path], location: JsonLocation
) -> list[tuple[Source, tuple[JsonLocation, str]]]:
    """The layers and inputs of a Functional model; its outputs, and where each is said. `location` is its config's."""
    late_in_nodes, late = counted_from(layers)
    read_graph(builder, layers, paths, late_in_nodes)
    arrange_inputs(builder, location.config.get("input_layers"), location)
    ends = read_ends(builder, location.config.get("output_layers"), location)
    if not ends and not builder.faults:
        builder.fault(location.at(("output_layers",)), "Expected at least one output.")
    return [(shifted(source, late), (location, "output_layers")) for source in ends]


def is_config(document: Any) -> bool:
    """Whether a document is what `get_config()` of a model gives: no class; of Keras 2.2 and older a list of layers."""
    bare = isinstance(document, dict) and "class_name" not in document
    layers = document.get("layers") if bare else document
    dicts = [one for one in layers if isinstance(one, dict)] if isinstance(layers, list) else []
    return any("class_name" in one for one in dicts) and not any("type" in one for one in dicts)


def of_config(config: Any) -> dict[str, Any]:
    """The document of such a config, of the class that it is of: one with ends is a graph."""
    graph = isinstance(config, dict) and ("input_layers" in config or "output_layers" in config)
    beside = {key: config[key] for key in BESIDE if key in config} if isinstance(config, dict) else {}
    return {"class_name": "Functional" if graph else SEQUENTIAL, "config": config, **beside}


def read_sequence(builder: Builder, layers: list[Any], paths: list[Path], built: Any = None) -> None:
    """The layers of a Sequential, one after another."""
    previous: str | None = None
    for index, (item, path) in enumerate(zip(layers, paths, strict=True)):
        if builder.plain and not is_plain_item(item):
            raise Unusual
        config, location = parts(builder, item, path)
        if location is None:
            continue
        if index == 0 and item["class_name"] not in INPUTS:
            shape = next((config[key] for key in SHAPES if isinstance(config.get(key), list)), built)
            if isinstance(config.get("input_shape"), list) and shape is config["input_shape"]:
                shape = [None, *shape]
            name = f"{config.get('name', 'sequential')}_input"
            builder.taken.add(name)
            builder.add_input(name, shape_of(shape), "float32", location)
            previous = name
        if item["class_name"] in INPUTS:
            if index == 0:
                previous = read_input(builder, item, config, location)
            else:
                builder.fault(location.at(), "Only the first layer of a Sequential can be an input.")
            continue
        name = layer_name(builder, item, config, location)
        layer, _ = read_layer(builder, item, config, location)
        builder.add_call(
            name, layer, [Source(previous)] if previous else [], location, identity=object_of(builder, item)
        )
        if previous is None:
            builder.calls[-1].layer = None
        previous = name


def counted_from(layers: list[Any]) -> tuple[set[str], set[str]]:
    """The nested models whose first use Keras counts as node 1, since node 0 is the one that built them.

    Keras 3 does so for Functional models, in `input_layers` and `output_layers` only, which is the second set; Keras 2,
    whose nodes are lists, for Sequential ones too, and in nodes, which is the first.
    """
    models = KERAS.models
    nested = [item for item in layers if isinstance(item, dict) and str(item.get("class_name")) in models]
    old = nested and any(isinstance(node, list) for item in layers if isinstance(item, dict) for node in nodes_of(item))
    late = {str(item.get("name")) for item in nested if old or item["class_name"] != SEQUENTIAL}
    return (late if old else set()), late


def nodes_of(item: dict[str, Any]) -> list[Any]:
    nodes = item.get("inbound_nodes")
    return nodes if isinstance(nodes, list) else []


def shifted(source: Source, late: set[str]) -> Source:
    """A tensor with its use counted from 1, whatever Keras counts from."""
    return source._replace(use=source.use - 1) if source.name in late and source.use > 1 else source


def read_graph(builder: Builder, layers: list[Any], paths: list[Path], late: set[str]) -> None:
    """The layers of a Functional model, each with the nodes that call it; `late` ones are counted from 1 in these."""
    for item, path in zip(layers, paths, strict=True):
        if not late and read_plain(builder, item, path):
            continue
        if builder.plain and not is_plain_item(item):
            raise Unusual
        config, location = parts(builder, item, path)
        if location is None:
            continue
        if item["class_name"] in INPUTS:
            read_input(builder, item, config, location)
            continue
        name = layer_name(builder, item, config, location)
        nodes = item.get("inbound_nodes", [])
        if not isinstance(nodes, list):
            builder.fault(
                location_of(path, item).at(("inbound_nodes",)), f"Expected a list; received {received(nodes)}."
            )
            continue
        called, identity = operation_of(item), object_of(builder, item)
        layer, kind = (None, None) if called else read_layer(builder, item, config, location)
        for use, node in enumerate(nodes, 1):
            used = layer
            try:
                if called:
                    named: dict[str, Any] = {}
                    used, inputs = read_operation(builder, called, config, node, location)
                else:
                    inputs, named, extra = read_node(node, kind)
                    if extra and layer is not None:
                        used, _ = read_layer(builder, item, config, location, extra)
            except BadNode as error:
                builder.fault(location_of(path, item).at(("inbound_nodes", use - 1)), str(error))
                builder.add_call(name, None, [], location, use=use)
                continue
            if late:
                inputs = [shifted(source, late) for source in inputs]
                named = {
                    key: shifted(one, late) if isinstance(one, Source) else tuple(shifted(each, late) for each in one)
                    for key, one in named.items()
                }
            builder.add_call(name, used, inputs, location, named, use, identity)


def read_plain(builder: Builder, item: Any, path: Path) -> bool:
    """Read a layer that is called once on one argument, as most are in Keras 3; else False, and all is as it was.

    Nothing of it is at fault but what its config may hold.
    """
    try:
        config, name, (node,) = item["config"], item["name"], item["inbound_nodes"]
        (given,), kwargs = node["args"], node["kwargs"]
        kind = KERAS.registered[item["class_name"]]
        if (
            item["module"] != "keras.layers"
            or type(name) is not str
            or (kwargs and kwargs != MASK_FREE)
            or kind.is_input
            or "shared_object_id" in item
            or REFUSED in item
            or name in builder.taken
            or not name
            or item.get("registered_name") is not None
            or not UNREAD.isdisjoint(config)
        ):
            return False
        own = config.copy()
        if given.__class__ is list:
            sources = tensors(given)
        else:
            sources = [tensor_of_2(given["config"]["keras_history"])] if given["class_name"] == TENSOR else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    if sources.__class__ is not list:
        return False
    builder.taken.add(name)
    own.pop("name", None)
    location = new(JsonLocation, (path, config, "config", builder.as_sent))
    builder.add_call(name, builder.layer(kind, own, location), sources, location)
    return True


UNREAD = NAMING | UNUSUAL  # keys of configs that such a layer has none of


def operation_of(item: dict[str, Any]) -> str:
    """The operation that an item of the graph is, if it is one: a class of keras.ops, or a function of TensorFlow."""
    module = item.get("module")
    if module == "keras.layers" or isinstance(item.get(REFUSED), Refusal):
        return ""
    if item["class_name"] in TF_CLASSES or (isinstance(module, str) and within(module, OPS_MODULES)):
        return str(item["class_name"])
    return ""


def read_operation(
    builder: Builder, name: str, config: dict[str, Any], node: Any, location: JsonLocation
) -> tuple[Layer | None, list[Source]]:
    """The operation that a node calls, with the arguments of that call, and its tensors."""
    inputs, args, kwargs = read_arguments(as_call(node) if name in TF_CLASSES else node)
    try:
        if name in TF_CLASSES:
            function = str(config.get("function"))
            if name == OP_LAYER:
                function, args, kwargs = of_node(config, args[0] if isinstance(args[0], list) else args)
            made = recorded(*translate(function, args, kwargs))
            made.type = name  # as Keras 2 lists it
        else:
            made = recorded(name, config, args, kwargs)
    except ConfigError as error:
        for path, detail in error.faults:
            builder.fault(location.at(path), detail)
        return None, inputs
    return made, inputs


INPUTS = ("InputLayer",)


def object_of(builder: Builder, item: dict[str, Any]) -> str | None:
    """Which object a layer is, where the document says so."""
    identity = identity_of(item)
    if identity is not None and builder.unmarked:
        raise Marked
    return identity


def parts(builder: Builder, item: Any, path: Path) -> tuple[dict[str, Any], Any]:
    """The config of a serialised layer and its place, or (…, None) with the fault noted."""
    if not isinstance(item, dict) or not isinstance(item.get("class_name"), str):
        where = JsonLocation(path, {}).at()
        builder.fault(
            where, f'Expected a layer as Keras writes it, {{"class_name": …, "config": …}}; received {received(item)}.'
        )
        return {}, None
    config = item.get("config", {})
    if not isinstance(config, dict) and item["class_name"] not in KERAS.models:
        builder.fault(location_of(path, item).at(("config",)), f"Expected an object; received {received(config)}.")
        return {}, None
    config = config if isinstance(config, dict) else {}
    return config, new(JsonLocation, (path, config, "config", builder.as_sent))


def location_of(path: Path, item: dict[str, Any]) -> JsonLocation:
    return JsonLocation(path, item)


def layer_name(builder: Builder, item: dict[str, Any], config: dict[str, Any], location: JsonLocation) -> str:
    """The name Keras gave the layer; a missing one is made as Keras would."""
    name = item.get("name", config.get("name")) if "inbound_nodes" in item else config.get("name", item.get("name"))
    if name is None:
        return builder.named(item["class_name"].rpartition(".")[2])
    builder.reserve(name, location)
    return str(name)


def read_input(builder: Builder, item: dict[str, Any], config: dict[str, Any], location: JsonLocation) -> str:
    """An InputLayer: an input of the model."""
    name = layer_name(builder, item, config, location)
    kind = builder.kind(item["class_name"], location, "")
    made: Any = builder.layer(kind, {k: v for k, v in config.items() if k != "name"}, location) if kind else None
    shape = made.whole_shape() if made is not None else ()
    builder.add_input(name, shape, (made.dtype if made is not None else None) or "float32", location)
    return name


def read_layer(
    builder: Builder,
    item: dict[str, Any],
    config: dict[str, Any],
    location: JsonLocation,
    extra: dict[str, Any] | None = None,
) -> tuple[Layer | None, type[Layer] | None]:
    """The layer of a serialised item, or None with its faults noted; `extra` are call arguments that are no tensors."""
    name = item["class_name"]
    if isinstance(told := item.get(REFUSED), Refusal):
        builder.left_out(mendable(location_of(location.path, item), told.at, told.said()), told)
        return None, None
    if name in KERAS.models:
        how: dict[str, Any] = {"as_sent": builder.as_sent, "unmarked": builder.unmarked, "plain": builder.plain}
        model, own = read_keras(item, location.path, builder.memo, nested=True, **how)
        builder.faults += own.faults
        builder.warnings += own.warnings
        builder.gaps += own.gaps
        return (model if own.gaps == len(own.faults) else None), Model
    kind = builder.vocabulary.registered.get(name) or builder.kind(name, location_of(location.path, item), "class_name")
    if kind is None:
        return None, None
    own_config = config.copy()
    own_config.pop("name", None)
    if extra or not NAMING.isdisjoint(config):
        known = fields_of(kind)
        if strange := [key for key in extra or () if key not in known]:
            builder.fault(location.at(), f"{kind.type} takes no call argument {strange[0]!r}.")
            return None, kind
        for key in NAMING - known.keys():
            own_config.pop(key, None)
        own_config.update(extra or {})
    return builder.layer(kind, own_config, location), kind


def read_ends(builder: Builder, value: Any, location: JsonLocation) -> list[Source]:
    try:
        return [tensor_of_2(history) for history in histories(value)] if value is not None else []
    except BadNode as error:
        builder.fault(location.at(("output_layers",)), str(error))
        return []


def arrange_inputs(builder: Builder, value: Any, location: JsonLocation) -> None:
    """The inputs in the order of `input_layers`."""
    try:
        order = [tensor_of_2(history).name for history in histories(value)] if value is not None else []
    except BadNode as error:
        builder.fault(location.at(("input_layers",)), str(error))
        return
    by_name = {one.name: one for one in builder.inputs}
    for name in order:
        if name not in by_name:
            builder.fault(location.at(("input_layers",)), f"There is no input layer {name!r}.")
    listed = [by_name[name] for name in dict.fromkeys(order) if name in by_name]
    builder.inputs = [*listed, *(one for one in builder.inputs if one.name not in order)]
