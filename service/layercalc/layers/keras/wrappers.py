"""Layers around another layer."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Absent, Choice, ValidationError
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.recurrent import Loop
from layercalc.layers.nested import LayerField
from layercalc.ops import Tensor


@layer
class Wrapper(Layer):
    """Another layer, as it is."""

    layer = LayerField()

    example: ClassVar[Any] = {"layer": {"type": "Dense", "units": 4}}, (2, 8)

    def call(self, weight: Weight, x: Tensor) -> Any:
        return self.layer(weight.scope(self.layer.name), x)


@layer
class TimeDistributed(Layer):
    """Another layer applied to every step: the steps are folded into the batch."""

    layer = LayerField()

    supports_masking = True
    example: ClassVar[Any] = {"layer": {"type": "Dense", "units": 4}}, (2, 12, 8)

    def call(self, weight: Weight, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if x.ndim < 3:
            raise ShapeError(f"TimeDistributed takes (batch, steps, …), at least 3 axes; received {text(x.shape)}.")
        batch, steps, *rest = x.shape
        masks = () if mask is None or mask.ndim < 3 else (ops.reshape(mask, to=(batch * steps, *mask.shape[2:])),)
        y = self.layer(weight.scope(self.layer.name), ops.reshape(x, to=(batch * steps, *rest)), masks=masks)
        if isinstance(y, tuple | list) and not isinstance(y, ops.Spec):
            return type(y)(ops.reshape(one, to=(batch, steps, *one.shape[1:])) for one in y)
        return ops.reshape(y, to=(batch, steps, *y.shape[1:]))


@layer
class Bidirectional(Layer):
    """A recurrent layer run forwards and another run backwards, their outputs merged (Schuster & Paliwal 1997)."""

    layer = LayerField()
    merge_mode = Choice(("concat", "sum", "mul", "ave"), "concat", null=True)
    weights = Absent("Initial weights are posted with a forward pass.")
    backward_layer = LayerField(None)

    copies = True
    supports_masking = True
    example: ClassVar[Any] = {"layer": {"type": "LSTM", "units": 5, "return_sequences": True}}, (2, 6, 4)

    def check(self) -> None:
        for field, inner in (("layer", self.layer), ("backward_layer", self.backward_layer)):
            if inner is not None and not isinstance(inner, Loop):
                raise ValidationError(f"Expected a recurrent layer; received {inner.type}.", field)
        if self.backward_layer is None:
            if self.layer.go_backwards:
                raise ValidationError(
                    "Its layer goes backwards already; name a backward_layer that goes forwards.", "layer"
                )
        else:
            for same in ("return_sequences", "return_state"):
                if getattr(self.layer, same) != getattr(self.backward_layer, same):
                    raise ValidationError(f"Must have the same {same} as layer.", "backward_layer")
            if self.layer.go_backwards == self.backward_layer.go_backwards:
                raise ValidationError("One of layer and backward_layer must go backwards.", "backward_layer")

    @property
    def recurrence(self) -> tuple[str, Layer, int] | None:
        once, back = self.layer.recurrence, self.backward_layer
        alike = back is None or (back.type, back.units) == (self.layer.type, self.layer.units)
        return (*once[:2], 2) if once and alike else None

    def both(self) -> tuple[Any, Any]:
        """The forward and the backward layer, named as Keras names them."""
        forward, backward = self.layer, self.backward_layer
        first = with_config(forward, name=f"forward_{forward.name.removeprefix('forward_')}")
        if backward is None:
            name = f"backward_{forward.name.removeprefix('backward_')}"
            backward = with_config(forward, name=name, go_backwards=True)
        return first, with_config(backward)

    def scopes(self, weight: Weight) -> tuple[Weight, Weight]:
        """Where the weights of both stand; Keras makes them anew from the layer's config, but for a backward_layer."""
        forward, backward = (weight.scope(one.name) for one in self.both())
        return forward.copied(), backward.copied() if self.backward_layer is None else backward

    def call(self, weight: Weight, sequences: Tensor, initial_state: Any = None, mask: Tensor | None = None) -> Any:
        forward, backward = self.both()
        named: dict[str, Any] = {} if mask is None else {"mask": mask}
        starts: tuple[dict[str, Any], ...] = ({}, {})
        if initial_state is not None:
            half, both = (sum(one.inner()[0].states for one in some) for some in ((forward,), (forward, backward)))
            if not isinstance(initial_state, list | tuple) or isinstance(initial_state, ops.Spec):
                raise ShapeError(f"Bidirectional starts from a list of {both} states, received one tensor.")
            starts = {"initial_state": initial_state[:half]}, {"initial_state": initial_state[half:]}
        y, z = (
            one(scope, sequences, **named, **start)
            for one, scope, start in zip((forward, backward), self.scopes(weight), starts, strict=True)
        )
        states: tuple[Tensor, ...] = ()
        if forward.return_state:
            (y, *a), (z, *b) = y, z
            states = (*a, *b)
        y, z = ops.autocast(y), ops.autocast(z)
        if forward.return_sequences:
            z = ops.flip(z, axis=1)
        merged = self.merged(y, z)
        return (*merged, *states) if states or len(merged) > 1 else merged[0]

    def merged(self, y: Tensor, z: Tensor) -> tuple[Tensor, ...]:
        if self.merge_mode == "concat":
            return (ops.concatenate(y, z, axis=y.ndim - 1),)
        if self.merge_mode == "sum":
            return (ops.add(y, z),)
        if self.merge_mode == "mul":
            return (ops.multiply(y, z),)
        if self.merge_mode == "ave":
            return (ops.divide(ops.add(y, z), ops.constant(2)),)
        return y, z

    def mask(self, masks: Any, *inputs: Tensor) -> Any:
        """The mask of the sequence for each merged output, none for states."""
        passed = masks[0] if masks and self.layer.return_sequences else None
        outputs = 1 if self.merge_mode else 2
        states = sum(one.inner()[0].states for one in self.both()) if self.layer.return_state else 0
        return passed if outputs + states == 1 else (*(passed,) * outputs, *(None,) * states)


def with_config(layer: Any, **changes: Any) -> Any:
    """The recurrent layer with other config; masked steps give zeros where a sequence is returned, as in Keras."""
    changes["zero_output_for_mask"] = layer.return_sequences
    return type(layer)({**vars(layer), **changes})
