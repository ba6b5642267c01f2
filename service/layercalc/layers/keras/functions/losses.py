"""Losses of sequences and classes by number, and what compares two signals."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, size, text
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Choice, Int, Number
from layercalc.layers.keras.functions.base import Operation, operation, tensor
from layercalc.layers.keras.functions.comparing import EPSILON
from layercalc.layers.keras.imaging import floated
from layercalc.ops import ACTIVATIONS, FLOATS, OPS, Tensor


@operation
class SparseCategoricalCrossentropy(Operation):
    """−log of the output at the class that each target numbers."""

    from_logits = Bool(False)
    axis = Int(-1)

    def compute(self, target: Any, output: Any) -> Tensor:
        at, y = tensor(target), tensor(output)
        if not y.ndim or self.axis not in (-1, y.ndim - 1):
            raise ShapeError(f"The classes stand on the last axis of {text(y.shape)}; received {self.axis}.", "axis")
        if str(y.dtype) not in FLOATS:
            raise ShapeError(f"The output is floats; received {y.dtype}.")
        wanted = y.shape[:-1] if at.ndim < y.ndim else (*y.shape[:-1], 1)
        if at.ndim != len(wanted) or any(map(differ, at.shape, wanted)):
            told = f"takes targets {text(y.shape[:-1])}; received {text(at.shape)}"
            raise ShapeError(f"An output {text(y.shape)} {told}.")
        if at.ndim == y.ndim:
            at = ops.reshape(at, to=at.shape[:-1])
        if not self.from_logits:
            y = OPS["log"](OPS["clip"](y, low=EPSILON, high=1 - EPSILON))
        log_softmax: Any = ACTIVATIONS["log_softmax"]
        at = ops.reshape(ops.cast(at, to="int64"), to=(*at.shape, 1))
        own = ops.gather_along(log_softmax(y, axis=y.ndim - 1), at, axis=y.ndim - 1)
        return OPS["negative"](ops.reshape(own, to=y.shape[:-1]))


@operation
class PSNR(Operation):
    """The ratio of the largest signal to the noise between two signals, in decibels."""

    max_val = Number()

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = tensor(x1, x2), tensor(x2, x1)
        if a.ndim != b.ndim or any(map(differ, a.shape, b.shape)):
            raise ShapeError(f"PSNR takes two tensors of one shape; received {text(a.shape)} and {text(b.shape)}.")
        if str(a.dtype) not in FLOATS or str(b.dtype) not in FLOATS:
            raise ShapeError(f"PSNR takes floats; received {a.dtype} and {b.dtype}.")
        error = OPS["square"](ops.subtract(a, b))
        noise = ops.reduce_mean(ops.reshape(error, to=(size(error.shape),)), axes=(0,))
        peak, ten, twenty = (ops.constant(value, str(noise.dtype)) for value in (self.max_val, 10.0, 20.0))
        log10 = OPS["log10"]
        return ops.subtract(ops.multiply(twenty, log10(peak)), ops.multiply(ten, log10(noise)))


@operation
class CTCLoss(Operation):
    """−log of the probability of labels, however they lie along the steps (Graves et al. 2006)."""

    mask_index = Int(0)

    def compute(self, target: Any, output: Any, target_length: Any, output_length: Any) -> Tensor:
        given = [tensor(one) for one in (target, output, target_length, output_length)]
        given[1] = floated(given[1])
        return ops.ctc_loss(*given, blank=self.mask_index)


@operation
class CTCDecode(Operation):
    """The labels of the best class of each step, and how good they are."""

    strategy = Choice(("greedy", "beam_search"), "greedy")
    beam_width = Int(100, min=1)
    top_paths = Int(1, min=1)
    merge_repeated = Bool(True)
    mask_index = Int(0)

    def compute(self, inputs: Any, sequence_lengths: Any) -> tuple[Tensor, Tensor]:
        if self.strategy != "greedy":
            raise ShapeError("The search over beams cannot be computed here; 'greedy' can.", "strategy")
        x, length = floated(tensor(inputs)), tensor(sequence_lengths)
        path = ops.ctc_path(x, length, blank=self.mask_index, merge=self.merge_repeated)
        return ops.reshape(path, to=(1, *path.shape)), ops.ctc_score(x, length)
