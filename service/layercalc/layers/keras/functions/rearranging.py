"""Axes taken apart, reordered and put together by a pattern, as einops writes it."""

import re
from typing import Any

from layercalc import ops
from layercalc.dims import Dim, Unknown, differ, size, text
from layercalc.errors import ShapeError
from layercalc.layers.keras.functions.base import Operation, operation
from layercalc.layers.keras.functions.base import tensor as tensor_of
from layercalc.ops import Tensor
from layercalc.wording import whole

Axes = list[list[str]]


@operation
class Rearrange(Operation):
    """The same elements in the order that a pattern says, `b (h k) c -> b h (k c)`."""

    def compute(self, tensor: Any, pattern: Any, **axes_lengths: Any) -> Tensor:
        x = tensor_of(tensor)
        before, after = read(pattern)
        if len(before) != x.ndim:
            raise ShapeError(f"{pattern!r} has {len(before)} axes on its left; received {text(x.shape)}.")
        sizes: dict[str, Dim] = {}
        for group, n in zip(before, x.shape, strict=True):
            sizes |= shared(group, n, axes_lengths)
        order = [name for group in before for name in group]
        wanted = [name for group in after for name in group]
        x = ops.reshape(x, to=tuple(sizes[name] for name in order))
        x = ops.transpose(x, axes=tuple(order.index(name) for name in wanted))
        return ops.reshape(x, to=tuple(size(tuple(sizes[name] for name in group)) for group in after))


def read(pattern: Any) -> tuple[Axes, Axes]:
    """The axes on both sides of the arrow, each a group of names."""
    sides = re.split(r"\s*->\s*", pattern) if isinstance(pattern, str) else []
    if len(sides) == 2:
        groups = [[re.findall(r"\w+", one) for one in re.findall(r"\w+|\(.*?\)", side)] for side in sides]
        names = [[name for group in side for name in group] for side in groups]
        if sorted(names[0]) == sorted(names[1]) and len(set(names[0])) == len(names[0]):
            return groups[0], groups[1]
    raise ShapeError("Expected a pattern with the same names on both sides of one arrow, like 'b h c -> b (h c)'.")


def shared(group: list[str], n: Dim, lengths: dict[str, Any]) -> dict[str, Dim]:
    """The size of each name in a group that has n in all; one of them may be what remains."""
    given = {name: lengths[name] for name in group if name in lengths}
    if not all(whole(one, 1) for one in given.values()):
        raise ShapeError("The lengths of axes are integers of at least 1.")
    rest, product = [name for name in group if name not in given], size(tuple(given.values()))
    if len(rest) > 1:
        raise ShapeError(f"Of the axes {', '.join(rest)} all but one need a length.")
    if not isinstance(n, Unknown) and differ(n % product if rest else n - product, 0):
        raise ShapeError(f"An axis of {n} cannot be shared out among {', '.join(group)}: {product} does not fit.")
    if len(rest) == 1:
        given[rest[0]] = n if len(group) == 1 else n // product
    return given
