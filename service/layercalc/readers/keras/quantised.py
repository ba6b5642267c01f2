"""What a document of a quantised model leaves out: that the projections inside attention are quantised too."""

from collections.abc import Iterator
from typing import Any

from layercalc.layers import Layer
from layercalc.layers.keras.attention import Headed
from layercalc.layers.keras.fields import Quantised
from layercalc.model import Call, Model

DETAIL = (
    "{} is read as it stands here, in {}: model.quantize() quantises its projections too, and Keras does not write so; "
    "nor does a Keras that loads this document make them so"
)


def unsaid(model: Model) -> list[dict[str, Any]]:
    """A warning for each layer of attention, where other layers of the model are quantised."""
    if not is_quantised(model, set()):
        return []
    told = {id(layer): (call, layer) for call, layer in within(model, {id(model)}) if isinstance(layer, Headed)}
    return [
        {**call.location.at(), "detail": DETAIL.format(layer.type, layer.dtype[1])} for call, layer in told.values()
    ]


def is_quantised(layer: Any, seen: set[int]) -> bool:
    """Whether a layer is, or one in it; equal layers are one object, which is looked at once."""
    if not isinstance(layer, Layer) or id(layer) in seen:
        return False
    seen.add(id(layer))
    if isinstance(layer, Model):
        return any(is_quantised(one, seen) for one in {id(call.layer): call.layer for call in layer.calls}.values())
    return isinstance(layer.dtype, Quantised) or any(is_quantised(child, seen) for _, child in layer.children())


def within(model: Model, seen: set[int]) -> Iterator[tuple[Call, Layer]]:
    """Every layer of a model and of those in it, each with the call that it stands in."""
    for call in model.calls:
        waiting: list[Any] = [call.layer]
        while waiting:
            layer = waiting.pop()
            if not isinstance(layer, Layer) or id(layer) in seen:
                continue
            if isinstance(layer, Model):
                seen.add(id(layer))
                yield from within(layer, seen)
            else:
                yield call, layer
                waiting += [child for _, child in layer.children()]
