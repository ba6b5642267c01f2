"""Branches and loops: graphs inside a node."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Unknown, differ, text
from layercalc.errors import ShapeError
from layercalc.layers import base
from layercalc.layers.base import Weight
from layercalc.layers.onnx.base import ONNX, Ints, Operator, axis_of, sizes
from layercalc.ops import Tensor


class Body(NamedTuple):
    """A graph inside a node: a model, and which tensors from outside it takes, by their numbers among the node's."""

    model: Any
    takes: tuple[int, ...]

    def on(self, weight: Weight, inputs: tuple[Tensor, ...], own: tuple[Tensor, ...] = ()) -> tuple[Tensor, ...]:
        """What it gives, for inputs of its own too."""
        made = self.model.call(weight, *own, *(inputs[place] for place in self.takes))
        return made if type(made) is tuple else (made,)


class Inside(base.Layer):
    """A node with graphs inside; `given` hands its inputs on, those of the file too."""

    of_vocabulary = ONNX
    takes = (0, None)
    accepts = frozenset()

    arguments: Mapping[str, Any] | None = {}

    def __init__(self, given: Operator, *bodies: Body):
        self.given, self.bodies = given, bodies

    def mask(self, masks: Any, *inputs: Tensor) -> None:
        return None


def one_truth(condition: Tensor) -> Tensor:
    if str(condition.dtype) != "bool" or condition.shape not in ((), (1,)):
        raise ShapeError(f"A condition is one truth; received {text(condition.shape)} of {condition.dtype}.")
    return condition


class If(Inside):
    """One of two graphs, by a condition; the dearer of them is counted."""

    type = "If"

    def __call__(self, weight: Weight, *inputs: Tensor, **_: Any) -> Any:
        (condition,) = self.given(weight, *inputs)
        then, otherwise = self.bodies
        return ops.choose(one_truth(condition), lambda: then.on(weight, inputs), lambda: otherwise.on(weight, inputs))


class Loop(Inside):
    """A graph run as often as a number says, or as long as a condition holds; counted for every run."""

    type = "Loop"

    def __call__(self, weight: Weight, *inputs: Tensor, **_: Any) -> Any:
        trips, condition, *states = (*self.given(weight, *inputs), None)[: max(len(self.given.feeds), 2)]
        (body,) = self.bodies
        most = None if trips is None else sizes(trips)[0]
        most = most if most is None or isinstance(most, Unknown) else int(most)
        if condition is not None:
            one_truth(condition)
        shape = () if condition is None else condition.shape
        count = len(states)

        def step(i: Tensor, going: Tensor, carry: tuple[Tensor, ...]) -> Any:
            seen = ops.known(True, "bool") if going is None else going
            made = body.on(weight, inputs, (i, seen, *carry))
            after = ops.reshape(one_truth(made[0]), to=shape)
            return after, tuple(made[1 : 1 + count]), tuple(made[1 + count :])

        going = ops.known(True, "bool") if condition is None else condition
        states, made = ops.loop(step, most, going, tuple(states))  # type: ignore[assignment]
        return (*states, *made)


class Axes(NamedTuple):
    """Along which axes a Scan reads and writes, and which of them backwards."""

    inputs: Ints
    outputs: Ints
    inputs_back: Ints
    outputs_back: Ints


class Scan(Inside):
    """A graph run for every place along an axis of its last inputs; counted for each."""

    type = "Scan"

    def __init__(self, given: Operator, body: Body, axes: Axes, batched: bool = False):
        super().__init__(given, body)
        self.axes, self.by_sample = axes, batched

    @property
    def arguments(self) -> dict[str, Any]:  # type: ignore[override]
        return {name: list(one) for name, one in self.axes._asdict().items()}

    def __call__(self, weight: Weight, *inputs: Tensor, **_: Any) -> Any:
        given = self.given(weight, *inputs)
        if not self.by_sample:
            return self.scanned(weight, inputs, given)
        samples = given[1:]

        def sample(i: Tensor, going: Tensor, carry: tuple[Tensor, ...]) -> Any:
            return going, (), self.scanned(weight, inputs, tuple(ops.gather(x, i, axis=0) for x in samples))

        return ops.loop(sample, samples[0].shape[0], None, ())[1]

    def scanned(self, weight: Weight, inputs: tuple[Tensor, ...], given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The states at the end, and what all runs make."""
        (body,) = self.bodies
        count = len(given) - len(self.axes.inputs)
        states, xs = tuple(given[:count]), given[count:]
        at = [axis_of(axis, x.ndim, "scan_input_axes") for axis, x in zip(self.axes.inputs, xs, strict=True)]
        lengths = [x.shape[axis] for axis, x in zip(at, xs, strict=True)]
        for n in lengths[1:]:
            if differ(n, lengths[0]):
                raise ShapeError(f"What is scanned must be of one length; received {text(lengths)}.")

        def step(i: Tensor, going: Tensor, carry: tuple[Tensor, ...]) -> Any:
            parts = []
            for x, axis, n, back in zip(xs, at, lengths, self.axes.inputs_back, strict=True):
                place = i
                if back:
                    last = n if isinstance(n, Unknown) else n - 1
                    place = ops.subtract(ops.known(np.array(last, object), "int64"), i)
                parts.append(ops.gather(x, place, axis=axis))
            made = body.on(weight, inputs, (*carry, *parts))
            return going, tuple(made[:count]), tuple(made[count:])

        states, made = ops.loop(step, lengths[0], None, states)
        return (*states, *map(self.turned, range(len(made)), made))

    def turned(self, place: int, y: Tensor) -> Tensor:
        """What all runs have made, along the axis that it is written to."""
        y = ops.flip(y, axis=0) if self.axes.outputs_back[place] else y
        axis = axis_of(self.axes.outputs[place], y.ndim, "scan_output_axes")
        order = (*range(1, axis + 1), 0, *range(axis + 1, y.ndim))
        return y if axis == 0 else ops.transpose(y, axes=order)
