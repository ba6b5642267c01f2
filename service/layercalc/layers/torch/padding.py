"""Elements added around the spatial axes of (batch, channels, *spatial), a batch or none."""

from typing import Any, ClassVar

from layercalc.layers.base import Weight
from layercalc.layers.fields import Number
from layercalc.layers.torch.functions.padding import around
from layercalc.layers.torch.module import Around, Module, module
from layercalc.ops import Tensor

EXAMPLES: dict[int, Any] = {
    1: ({"padding": [1, 2]}, (2, 3, 8)),
    2: ({"padding": 2}, (2, 3, 8, 7)),
    3: ({"padding": [1, 2, 0, 1, 1, 1]}, (2, 3, 4, 4, 4)),
}


class Padded(Module):
    """Elements added around the spatial axes."""

    mode = "constant"
    value: Any = 0.0

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        self.channel_axis(input)
        return around(input, self.padding, self.mode, self.value if self.mode == "constant" else None)


@module(ZeroPad1d=1, ZeroPad2d=2, ZeroPad3d=3)
class ZeroPad(Padded):
    """Zeros around the spatial axes."""

    padding = Around()

    examples: ClassVar[Any] = EXAMPLES


@module(ConstantPad1d=1, ConstantPad2d=2, ConstantPad3d=3)
class ConstantPad(Padded):
    """One number around the spatial axes."""

    padding = Around()
    value = Number()

    examples: ClassVar[Any] = {rank: ({**config, "value": 3.5}, shape) for rank, (config, shape) in EXAMPLES.items()}


@module(ReflectionPad1d=1, ReflectionPad2d=2, ReflectionPad3d=3)
class ReflectionPad(Padded):
    """The elements inside mirrored at each end, without the last one."""

    mode = "reflect"

    padding = Around()

    examples: ClassVar[Any] = EXAMPLES


@module(ReplicationPad1d=1, ReplicationPad2d=2, ReplicationPad3d=3)
class ReplicationPad(Padded):
    """The last element of each end again and again."""

    mode = "replicate"

    padding = Around()

    examples: ClassVar[Any] = EXAMPLES


@module(CircularPad1d=1, CircularPad2d=2, CircularPad3d=3)
class CircularPad(Padded):
    """The elements of the other end."""

    mode = "circular"

    padding = Around()

    examples: ClassVar[Any] = EXAMPLES
