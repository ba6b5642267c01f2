"""Low-rank adapters (LoRA, Hu et al. 2021, arXiv:2106.09685): what fine-tuning adds to a kernel that stays as it is."""

from typing import Any

from layercalc import ops
from layercalc.dims import Shape
from layercalc.layers.base import Weight
from layercalc.layers.initializers import ZEROS
from layercalc.layers.keras.initializers import load_initializer
from layercalc.ops import Tensor


def adapted(layer: Any, weight: Weight, kernel: Tensor, name: str = "kernel", alpha: float | None = None) -> Tensor:
    """The kernel with a · b · alpha / rank added, if the layer has a rank: `lora_<name>_a` and `lora_<name>_b`.

    Called once all other weights are asked for, as Keras makes these last. `alpha` is the rank unless given.
    """
    rank = layer.lora_rank
    if not rank:
        return kernel
    a, b = adapters(weight, name, kernel.shape, rank)
    return ops.low_rank(kernel, a, b, factor=(rank if alpha is None else alpha) / rank)


def adapters(weight: Weight, name: str, shape: Shape, rank: int, dtype: str | None = None) -> tuple[Tensor, Tensor]:
    """The two matrices."""
    a = weight(f"lora_{name}_a", (*shape[:-1], rank), load_initializer("he_uniform"), True, dtype)
    return a, weight(f"lora_{name}_b", (rank, shape[-1]), ZEROS, True, dtype)
