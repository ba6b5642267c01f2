"""Operations that put elements where other tensors say, or gather what goes by one number."""

from typing import Any, ClassVar

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Choice, Int
from layercalc.layers.keras.functions.base import Constant, Operation, Sizes, named, operation, places, tensor
from layercalc.ops import Tensor


def alike(value: Any, x: Tensor) -> Tensor:
    """What is put into x, in its dtype; a constant is made so."""
    y = tensor(value, x)
    if str(y.dtype) != str(x.dtype):
        if hasattr(value, "shape"):
            raise ShapeError(f"What is put into a tensor of {x.dtype} has its dtype; received {y.dtype}.")
        y = ops.constant(np.asarray(value.values if isinstance(value, Constant) else value), str(x.dtype))
    return y


@operation
class Scatter(Operation):
    """Values put into zeros of a shape at the indices given; those of one place are added."""

    shape = Sizes()

    def compute(self, indices: Any, values: Any) -> Tensor:
        values, shape = tensor(values), (self.shape,) if isinstance(self.shape, int) else self.shape
        if any(n < 0 for n in shape):
            raise ShapeError(f"Expected sizes of at least 0; received {list(shape)}.", "shape")
        zeros = ops.broadcast_to(ops.constant(0, str(values.dtype)), to=shape)
        return ops.scatter(zeros, places(indices), values, kind="add")


@operation
class ScatterUpdate(Operation):
    """A tensor with updates put, added, multiplied … into the indices given."""

    reduction = Choice(("add", "max", "min", "mul"), None)

    def compute(self, inputs: Any, indices: Any, updates: Any) -> Tensor:
        x = tensor(inputs)
        return ops.scatter(x, places(indices), alike(updates, x), kind=self.reduction)


@operation
class SliceUpdate(Operation):
    """A tensor with a box of it replaced."""

    def compute(self, inputs: Any, start_indices: Any, updates: Any) -> Tensor:
        x = tensor(inputs)
        starts = start_indices
        if type(starts) in (list, tuple) and any(hasattr(one, "shape") for one in starts):
            starts = ops.concatenate(*(ops.reshape(places(one), to=(1,)) for one in starts), axis=0)
        return ops.slice_update(x, places(starts), alike(updates, x))


class Segment(Operation):
    """One row for all rows that go by one number."""

    num_segments = Int(None, min=0)
    sorted = Bool(False)
    kind: ClassVar[str]

    def compute(self, data: Any, segment_ids: Any) -> Tensor:
        if self.num_segments is None:
            raise ShapeError("Without num_segments the size of the result depends on the values.", "num_segments")
        x = tensor(data)
        if str(x.dtype) == "bool":
            raise ShapeError(f"{self.type} takes numbers; received {x.dtype}.")
        return ops.segments(x, places(segment_ids), n=self.num_segments, kind=self.kind)


for _name, _kind, _what in (
    ("SegmentSum", "add", "sum"),
    ("SegmentProd", "mul", "product"),
    ("SegmentMax", "max", "largest"),
    ("SegmentMin", "min", "smallest"),
):
    named(_name, Segment, "data segment_ids", f"The {_what} of the rows that go by one number.", kind=_kind)
