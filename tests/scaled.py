"""Every op, layer and operation on tensors of some megabytes: what is recorded or an example, a batch so many times."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from layercalc import catalogue
from layercalc.layers.keras.base import KERAS
from layercalc.layers.keras.recurrent import Loop
from layercalc.layers.keras.wrappers import Bidirectional, TimeDistributed
from layercalc.readers import read
from tests import oracle

LOOPS = (Loop, TimeDistributed, Bidirectional)

Case = tuple[str, dict[str, Any], list[np.ndarray] | None]  # a name, a model, and inputs if any will not do


@cache
def recorded() -> list[tuple[str, dict[str, Any]]]:
    """The operations of Keras that are recorded, by name."""
    paths = sorted((oracle.DATA / "keras_operations").glob("*.json.gz"))
    return [one for path in paths for one in oracle.unzipped(path).items()]


def operations(size: int, part: int = 0, parts: int = 1) -> Iterator[Case]:
    """The recorded operations of Keras, on the recorded inputs one after another; or every so many of them."""
    for name, entry in recorded()[part::parts]:
        inputs = oracle.numbered("keras_operations", f"{name}/in")
        heads = [layer["config"] for layer in entry["model"]["config"]["layers"]]
        free = all(head["batch_shape"][:1] == [None] for head in heads if head.get("batch_shape"))
        if inputs and free:
            times = max(size // sum(one.nbytes for one in inputs), 1)
            inputs = [np.tile(one, (times, *[1] * (one.ndim - 1))) for one in inputs]
        if inputs:
            yield name, entry["model"], inputs


def layers(size: int) -> Iterator[Case]:
    """The example of every layer, with a batch or another axis so many times."""
    for name, kind in KERAS.kinds.items():
        if kind.is_input or kind.only_analysed:
            continue
        example = catalogue.example(kind)
        shapes = example["input_shapes"]
        times = max(size // (4 * sum(int(np.prod(shape)) for shape in shapes)), 1)
        steps = 1 if issubclass(kind, LOOPS) else None  # a longer loop takes time, not memory
        for axis in (one for one in range(max(map(len, shapes))) if one != steps):
            longer = [[n * times if i == axis else n for i, n in enumerate(shape)] for shape in shapes]
            inputs = [{"name": f"in{i}", "batch_shape": shape} for i, shape in enumerate(longer)]
            layer = {**example["layer"], "name": "it", "inputs": [one["name"] for one in inputs]}
            yield f"{name}, axis {axis}", {"inputs": inputs, "layers": [layer]}, None


def readable(model: dict[str, Any]) -> Any:
    """The model; None where a longer axis does not go with the rest."""
    found, builder = read(model, ())
    return None if builder.faults else found
