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
    found = list(within(model, {id(model)}))
    if not any(isinstance(layer.dtype, Quantised) for _, layer in found):
        return []
    told = {id(layer): (call, layer) for call, layer in found if isinstance(layer, Headed)}
    return [
        {**call.location.at(), "detail": DETAIL.format(layer.type, layer.dtype[1])} for call, layer in told.values()
    ]


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
