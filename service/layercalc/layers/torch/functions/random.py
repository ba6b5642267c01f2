"""Tensors of numbers drawn at random: their shapes are known, and no pass has their numbers."""

from typing import Any

from layercalc import ops
from layercalc.layers.torch.base import DEFAULT, Ints, function
from layercalc.ops import Tensor


def drawn(shape: Ints, dtype: str) -> Tensor:
    """A tensor of that shape, which a forward pass refuses to make."""
    return ops.drawn(ops.full((), 0, dtype), to=tuple(shape), kind=dtype)


def by_size(name: str) -> None:
    """Between 0 and 1, or around 0: by sizes or like another tensor."""

    @function(name)
    def call(
        size: Ints, dtype: str | None = None, layout: Any = None, device: Any = None, pin_memory: Any = None
    ) -> Tensor:
        return drawn(size, dtype or DEFAULT)

    @function(f"{name}_like")
    def like(
        self: Tensor,
        dtype: str | None = None,
        layout: Any = None,
        device: Any = None,
        pin_memory: Any = None,
        memory_format: Any = None,
    ) -> Tensor:
        return drawn(self.shape, dtype or str(self.dtype))


for _name in ("rand", "randn"):
    by_size(_name)


@function("randint")
def randint(
    high: Any, size: Ints, dtype: str | None = "int64", layout: Any = None, device: Any = None, pin_memory: Any = None
) -> Tensor:
    """Integers below a number."""
    return drawn(size, dtype or "int64")


@function("randint.low")
def randint_from(
    low: Any,
    high: Any,
    size: Ints,
    dtype: str | None = "int64",
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
) -> Tensor:
    """Integers between two numbers."""
    return drawn(size, dtype or "int64")


@function("randperm")
def randperm(
    n: Any, dtype: str | None = "int64", layout: Any = None, device: Any = None, pin_memory: Any = None
) -> Tensor:
    """The integers below a number, in any order."""
    return drawn((n,), dtype or "int64")


@function("bernoulli", "bernoulli.p")
def bernoulli(self: Tensor, p: Any = 0.5, generator: Any = None) -> Tensor:
    """Ones and zeros, at random."""
    return drawn(self.shape, str(self.dtype))


@function("normal_")
def normal(self: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Numbers around a mean, in place of those that were there."""
    return drawn(self.shape, str(self.dtype))


@function("uniform", "uniform_")
def uniform(self: Tensor, to: float = 1.0, generator: Any = None, **_: Any) -> Tensor:
    """Numbers between two, `from` being the other, in place of those that were there."""
    return drawn(self.shape, str(self.dtype))


@function("exponential", "exponential_")
def exponential(self: Tensor, lambd: float = 1.0, generator: Any = None) -> Tensor:
    """Waiting times, in place of the numbers that were there."""
    return drawn(self.shape, str(self.dtype))


@function("multinomial")
def multinomial(self: Tensor, num_samples: Any, replacement: bool = False, generator: Any = None) -> Tensor:
    """Places drawn by their weights, so many of each row."""
    return drawn((*self.shape[:-1], num_samples), "int64")
