"""What a Keras document records of the outputs of its layers: the shapes that the program had which wrote it.

Keras 3 writes shape and dtype of every tensor that a node takes (`__keras_tensor__`); it and tf.keras since 2.12 the
shapes that a layer was built on (`build_config`), older ones what its author gave (`batch_input_shape`) and what a
Sequential was built on (`build_input_shape`). A Lambda may have its `output_shape`, without the batch. Sources:
keras.src.ops.node, keras.src.layers.core.lambda_layer, tf_keras.src.engine.base_layer (get_build_config).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from layercalc.dims import text
from layercalc.errors import pointer
from layercalc.ops import BYTES
from layercalc.readers.keras.nodes import BadNode, histories, tensor_of_2
from layercalc.wording import whole

Path = tuple[object, ...]
Sizes = tuple[int | None, ...]
UNSAID: Any = ...  # the batch of a shape that leaves it out


class Record(NamedTuple):
    """One shape that a document records: the sizes behind the batch, the batch, the dtype if it is there, and where."""

    sizes: Sizes
    batch: Any
    dtype: str | None
    at: Path

    def __str__(self) -> str:
        return f"{text((None if self.batch is UNSAID else self.batch, *self.sizes))} at {pointer(*self.at)}"


Outputs = dict[int, list[Record]]  # of a layer: by the number of the output


class Found(NamedTuple):
    """What the outputs of a layer are by all records of them, or why that cannot be said."""

    shapes: list[Sizes] = []
    dtypes: list[str | None] = []
    why: str = ""


def shape_of(value: Any) -> Sizes | None:
    """A shape with the batch in front, or None for what is none."""
    if isinstance(value, list | tuple) and value and all(dim is None or whole(dim, 0) for dim in value):
        return tuple(value)
    return None


def record(value: Any, at: Path, dtype: Any = None) -> list[Record]:
    """The record that a shape with its batch is; none where it is no shape."""
    shape = shape_of(value)
    known = dtype if isinstance(dtype, str) and dtype in BYTES else None
    return [] if shape is None else [Record(shape[1:], shape[0], known, at)]


BUILT = (("build_config", "input_shape"), ("config", "batch_input_shape"), ("config", "build_input_shape"))


def inputs_of(item: Any, path: Path) -> list[Record]:
    """The shapes that a layer was built on, one for each tensor of its call; none where they are not recorded."""
    if not isinstance(item, dict):
        return []
    for outer, key in BUILT:
        inside = item.get(outer)
        value = inside.get(key) if isinstance(inside, dict) else None
        at = (*path, outer, key)
        if found := record(value, at):
            return found
        if isinstance(value, list) and (several := [record(one, (*at, i)) for i, one in enumerate(value)]):
            return [one for (one,) in several] if all(several) else []
    return []


def declared_by(item: dict[str, Any], path: Path) -> Outputs:
    """What a Lambda has as its `output_shape`: sizes without the batch, or a list of such, or a function."""
    config = item.get("config")
    value = config.get("output_shape") if item.get("class_name") == "Lambda" and isinstance(config, dict) else None
    several = isinstance(value, list) and len(value) > 0 and all(isinstance(one, list) for one in value)
    found = [shape_of(one) for one in value] if isinstance(value, list) and several else [shape_of(value)]
    at = (*path, "config", "output_shape")
    return {} if None in found else {i: [Record(one, UNSAID, None, at)] for i, one in enumerate(found) if one}


class Graph:
    """The records of a Functional model, by the names of its layers."""

    def __init__(self, items: list[Any], paths: list[Path], ends: list[Any]):
        self.outputs: dict[str, Outputs] = {}
        self.read: dict[str, set[int]] = {}  # the outputs that something takes
        for end in ends:
            self.read.setdefault(end.name, set()).add(end.output)
        for item, path in zip(items, paths, strict=True):
            nodes = item.get("inbound_nodes") if isinstance(item, dict) else None
            nodes = nodes if isinstance(nodes, list) else []
            built = inputs_of(item, path)
            for index, node in enumerate(nodes):
                self.note(node, (*path, "inbound_nodes", index), built if len(nodes) == 1 else [])

    def note(self, node: Any, path: Path, built: list[Record]) -> None:
        """The tensors of a node, with their shapes: its own, or those that the layer was built on."""
        tensors = list(taken(node, path))
        shaped = built if isinstance(node, list) and len(built) == len(tensors) else []
        for index, (source, found) in enumerate(tensors):
            self.read.setdefault(source.name, set()).add(source.output)
            of_layer = self.outputs.setdefault(source.name, {})
            of_layer.setdefault(source.output, []).extend(found or shaped[index : index + 1])


def ends_of(config: dict[str, Any]) -> list[Any]:
    """The tensors that a Functional model gives, in order."""
    try:
        return [tensor_of_2(one) for one in histories(config.get("output_layers"))]
    except BadNode:
        return []


def taken(node: Any, path: Path) -> Iterator[tuple[Any, list[Record]]]:
    """Every tensor that a node takes, however deep in its arguments, and what is recorded with it."""
    try:
        if isinstance(node, dict) and node.get("class_name") == "__keras_tensor__":
            config = node.get("config")
            if isinstance(config, dict):
                at = (*path, "config", "shape")
                yield tensor_of_2(config.get("keras_history")), record(config.get("shape"), at, config.get("dtype"))
        elif isinstance(node, list) and len(node) in (3, 4) and isinstance(node[0], str) and whole(node[1], 0):
            yield tensor_of_2(node), []
            for inside in node[3:]:
                yield from taken(inside, path)
        elif isinstance(node, list | dict):
            for key, one in node.items() if isinstance(node, dict) else enumerate(node):
                yield from taken(one, (*path, key))
    except BadNode:
        return


def found(outputs: Outputs, read: set[int], batches: list[Any]) -> Found:
    """What the outputs of a layer are, of which something reads these, by all records of them.

    `batches` are the first sizes of what the layer takes: a layer that is declared keeps the batch.
    """
    if not any(outputs.values()):
        nothing = "what takes the output names none" if outputs else "no layer takes the output"
        return Found(why=f"The document records no shape of its output: {nothing}.")
    shapes, dtypes = [], []
    for output in range(max({*outputs, *read}) + 1):
        records = outputs.get(output, [])
        if not records:
            return Found(why=f"The document records no shape of its output {output}, only of others.")
        first = records[0]
        for other in records:
            if other.sizes != first.sizes:
                return Found(why=f"The document records two shapes of its output: {first} and {other}.")
            if UNSAID not in (other.batch, *batches) and batches and other.batch not in batches:
                return Found(why=f"The document records {other}, which does not keep the batch of its input.")
        kinds = {one.dtype for one in records if one.dtype}
        if len(kinds) > 1:
            return Found(why=f"The document records two dtypes of its output: {', '.join(sorted(kinds))}.")
        shapes.append(first.sizes)
        dtypes.append(next(iter(kinds), None))
    return Found(shapes, dtypes)
