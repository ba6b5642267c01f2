"""Keras 2's convolutions that have a kernel of their own at every position."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import known, size, text
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Dims
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int
from layercalc.layers.keras.activations import Activation
from layercalc.layers.keras.base import layer
from layercalc.layers.keras.convolution import Convolution
from layercalc.layers.keras.fields import DataFormat, TrainingOnly
from layercalc.layers.keras.initializers import InitializerField
from layercalc.layers.keras.padding import placed, slide
from layercalc.ops import Tensor

STORED = {1: "", 2: "has zeros for what no window sees", 3: "is the numbers of a sparse matrix"}


@layer(LocallyConnected1D=1, LocallyConnected2D=2)
class LocallyConnected(Convolution):
    """A convolution whose kernel is another one at every position; Keras 3 has it no more."""

    filters = Int(min=1)
    kernel_size = Dims()
    strides = Dims(1)
    padding = Choice(("valid", "same"), "valid")
    data_format = DataFormat()
    activation = Activation()
    use_bias = Bool(True)
    kernel_initializer = InitializerField("glorot_uniform")
    bias_initializer = InitializerField("zeros")
    kernel_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    implementation = Choice((1, 2, 3), 1)

    examples: ClassVar[Any] = {
        1: ({"filters": 3, "kernel_size": 2}, (2, 7, 4)),
        2: ({"filters": 3, "kernel_size": [2, 3], "strides": 2}, (2, 7, 8, 4)),
    }

    @property
    def only_analysed(self) -> str:  # type: ignore[override]
        form = STORED[self.implementation]
        return f"The kernel of implementation {self.implementation} {form}: it is not run here." if form else ""

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        x = self.spatial(x)
        if not known(x.shape[1:]):
            raise ShapeError(f"{self.type} has weights for every position of {text(x.shape)}: all sizes must be known.")
        spatial, channels = x.shape[1:-1], x.shape[-1]
        window = {"size": self.kernel_size, "strides": self.strides, "padding": self.padding}
        seen = slide(ops.patches, x, window=self.kernel_size, field="kernel_size", **window)
        places = seen.shape[1:-1]
        rows = ops.reshape(seen, to=(x.shape[0], size(places), seen.shape[-1]))
        own = (size(places), seen.shape[-1], self.filters)
        if self.implementation == 1:
            kernel = weight("kernel", own, self.kernel_initializer)
        else:
            whole = (*spatial, channels, *places, self.filters)
            stored = whole if self.implementation == 2 else (self.pairs(spatial, places) * channels * self.filters,)
            weight("kernel", stored, self.kernel_initializer)
            kernel = ops.full(own, 0.0)
        y = ops.einsum(rows, kernel, equation="bpk,pkf->bpf")
        y = ops.reshape(y, to=(x.shape[0], *places, self.filters))
        return ops.bias_add(y, weight("bias", y.shape[1:], self.bias_initializer)) if self.use_bias else y

    def pairs(self, spatial: Any, places: Any) -> int:
        """How many places of the input all windows see: those at the edges are cut off."""
        found = 1
        pads = placed(spatial, self.kernel_size, self.strides, self.padding)["pads"]
        sizes = zip(spatial, places, self.kernel_size, self.strides, pads, strict=True)
        for n, m, k, stride, (before, _) in sizes:
            if m > 100_000:
                raise ShapeError("A sparse kernel over more than 100,000 positions is not counted here.")
            starts = (place * stride - before for place in range(m))
            found *= sum(min(start + k, n) - max(start, 0) for start in starts)
        return found
