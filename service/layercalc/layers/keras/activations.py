"""Activation functions by Keras' names, and the field that holds one or an activation layer."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.layers.base import Layer, Weight
from layercalc.layers.fields import Field, note
from layercalc.layers.nested import inner
from layercalc.ops.activation import constant_of, pointwise
from layercalc.wording import received

# Keras 2's hard_sigmoid is another function than Keras 3's; readers of its documents ask for it by this name.
OLD_ACTIVATIONS = {
    "keras2.hard_sigmoid": pointwise(
        "hard_sigmoid_2",
        lambda x: np.clip(constant_of(x, 0.2) * x + constant_of(x, 0.5), 0, 1),
        muls=1,
        adds=1,
        compares=2,
    )
}


class Function:
    """An activation function with its arguments; called as `activation(weight, x)`."""

    __slots__ = ("name", "op")

    def __init__(self, name: str):
        self.name = name
        self.op = OLD_ACTIVATIONS[name] if name in OLD_ACTIVATIONS else ops.ACTIVATIONS[name]

    def __call__(self, weight: Weight, x: Any) -> Any:
        return x if self.op is None else self.op(x)


function_of = cache(Function)  # equal ones are one object

ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}


class Activation(Field):
    """An activation function by Keras' name, or an activation layer; null is linear."""

    of_null = function_of("linear")

    def __init__(self, default: Any = None):
        super().__init__(default, null=True)

    def expects(self) -> str:
        return "an activation function or layer; the functions are " + ", ".join(sorted([*ops.ACTIVATIONS, *ALIASES]))

    def words(self) -> Iterable[str]:
        return [*ops.ACTIVATIONS, *ALIASES]

    def schema_of(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": sorted([*ops.ACTIVATIONS, *ALIASES])}, {"type": "object"}]}

    def read(self, value: Any, name: str) -> Any:
        function = value
        if isinstance(value, dict):
            config = value.get("config")
            if value.get("class_name") == "function" and isinstance(config, str | dict):
                function = config if isinstance(config, str) else config.get("name")
            elif "type" in value or "class_name" in value:
                return Wrapped(*inner(value, self))
        if not isinstance(function, str):
            raise self.refuse(value)
        if function in OLD_ACTIVATIONS:
            return function_of(function)
        known = ALIASES.get(function, function)
        if known not in ops.ACTIVATIONS and known.lower() in ops.ACTIVATIONS:
            note((name,), f"{received(known)} read as {received(known.lower())}")
            known = known.lower()
        if known not in ops.ACTIVATIONS:
            raise self.refuse(value)
        return function_of(known)


class Wrapped:
    """A layer used as an activation: its weights stand under its name."""

    __slots__ = ("layer", "name", "notes")

    def __init__(self, layer: Layer, name: str):
        self.layer, self.name, self.notes = layer, name, layer.notes

    def __call__(self, weight: Weight, x: Any) -> Any:
        return self.layer(weight.scope(self.name), x)
