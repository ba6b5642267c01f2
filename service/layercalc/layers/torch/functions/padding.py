"""Elements added around a tensor."""

from typing import Any

from layercalc import ops
from layercalc.dims import Unknown
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import Ints, function, same
from layercalc.ops import Tensor

MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@function("pad")
def around(self: Tensor, pad: Ints, mode: str = "constant", value: float | None = None) -> Tensor:
    """Pairs of numbers from the last axis on; below 0 elements are cut off."""
    if len(pad) % 2 or len(pad) > 2 * self.ndim:
        raise ShapeError(
            f"pad has {len(pad)} numbers for a tensor of {self.ndim} axes: two for each from the last.", "pad"
        )
    if mode not in MODES:
        raise ShapeError(f"The mode is one of {', '.join(MODES)}, not {mode!r}.", "mode")
    each: list[tuple[Any, Any]] = [(0, 0)] * self.ndim
    for place in range(len(pad) // 2):
        each[self.ndim - 1 - place] = pad[2 * place], pad[2 * place + 1]
    x = self
    for axis, (before, after) in enumerate(each):
        cut = [0 if isinstance(n, Unknown) or n >= 0 else -n for n in (before, after)]
        if any(cut):
            x = ops.take(x, axis=axis, start=cut[0], stop=x.shape[axis] - cut[1])
            each[axis] = before + cut[0], after + cut[1]
    if not any(not isinstance(n, int) or n for both in each for n in both):
        return same(x) if x is self else x
    if mode == "constant":
        return ops.pad(x, padding=tuple(each), value=value or 0)
    return ops.pad(x, padding=tuple(each), mode=MODES[mode])


@function("constant_pad_nd")
def constant_pad_nd(self: Tensor, pad: Ints, value: float = 0) -> Tensor:
    """One number around a tensor."""
    return around(self, pad, "constant", value)


def fixed(name: str, mode: str) -> None:
    def call(self: Tensor, padding: Ints) -> Tensor:
        return around(self, padding, mode)

    function(name)(call)


for _rank in (1, 2, 3):
    fixed(f"reflection_pad{_rank}d", "reflect")
    fixed(f"replication_pad{_rank}d", "replicate")
