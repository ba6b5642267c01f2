"""What a module of torch.nn is, and the fields that its arguments are read by."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from layercalc.dims import Shape, differ, divisor, text
from layercalc.errors import Offer, ShapeError, offering
from layercalc.layers import base
from layercalc.layers.array_fields import Dims
from layercalc.layers.base import BUFFER, Weight
from layercalc.layers.fields import Field, ValidationError
from layercalc.layers.initializers import ONES, ZEROS, Uniform
from layercalc.layers.torch.base import TORCH
from layercalc.ops import Tensor
from layercalc.ops.window import Unfitting
from layercalc.wording import finite, received, whole

module = TORCH.layer
MOST_LAYERS = 1000  # one on another, in one module


class Module(base.Layer):
    """A module of torch.nn in use (`model.eval()`), its arguments those of its class."""

    rank: ClassVar[int | None] = None

    @property
    def axes(self) -> int:
        """How many spatial axes it works on."""
        assert self.rank is not None
        return self.rank

    def expects(self, x: Tensor, axis: int, field: str, what: str) -> None:
        """Refuse an input whose axis has another size than the field says; the message offers the size that fits."""
        if not -x.ndim <= axis < x.ndim:
            raise ShapeError(f"{self.type} takes an input with {what} on axis {axis}; received {text(x.shape)}.", field)
        wanted, found = getattr(self, field), x.shape[axis]
        if differ(wanted, found):
            told = f"{self.type} has {field} = {wanted}; axis {axis} of its input {text(x.shape)} has {found} {what}."
            raise ShapeError(Offer(f"{told} Set {field} to {found}.", found), field)

    def channel_axis(self, x: Tensor) -> int:
        """The axis of the channels: after the batch where there is one."""
        if x.ndim not in (self.axes + 1, self.axes + 2):
            raise ShapeError(
                f"{self.type} takes a batch or none, channels and {self.axes} spatial axes; received {text(x.shape)}."
            )
        return x.ndim - self.axes - 1

    def statistics(self, weight: Weight, shape: tuple[Any, ...]) -> tuple[Tensor, Tensor]:
        """The running mean and variance, and how many batches they are of, which training alone reads."""
        mean = weight("running_mean", shape, ZEROS, False, kind=BUFFER)
        variance = weight("running_var", shape, ONES, False, kind=BUFFER)
        weight("num_batches_tracked", (), ZEROS, False, "int64", BUFFER)
        return mean, variance


def function(name: str) -> Callable[..., Any]:
    """What torch calls by that name."""
    return TORCH.functions[name].call


@contextmanager
def windowed(least: Shape = ()) -> Iterator[None]:
    """Inside, a window that does not fit is of `kernel_size`, which is offered the largest that does and is no less."""
    try:
        yield
    except Unfitting as error:
        raise error.named("kernel_size", least=least) from None


def shared(told: str, n: int, field: str, near: int) -> ValidationError:
    """That n is not shared out evenly to as many as `field` says; the message offers as many as it can be."""
    return ValidationError(offering(told, divisor(n, near)), field)


def few(layers: int) -> None:
    """Refuse so many layers one on another as no network has."""
    if layers > MOST_LAYERS:
        raise ValidationError(f"At most {MOST_LAYERS:,} layers are read; received {layers:,}.", "num_layers")


def within(weight: Any, name: str) -> Any:
    """`weight` for a module inside this one: its names have the module's in front."""

    def inner(path: str, *args: Any, **kwargs: Any) -> Tensor:
        return weight(f"{name}.{path}", *args, **kwargs)

    return inner


def spread(fan: Any) -> Uniform:
    """How torch fills weights and biases of so many terms: evenly within 1 / √fan (He et al. 2015, with a = √5)."""
    most = 1 / max(float(fan) if isinstance(fan, int) else 1.0, 1.0) ** 0.5
    return Uniform(-most, most)


class Sizes(Dims):
    """A size for every spatial axis, or one for all; null stands for the input's."""

    def expects(self) -> str:
        return f"{super().expects()} (null for the input's size)"

    def schema_of(self) -> dict[str, Any]:
        one = {"type": ["integer", "null"], "minimum": self.min}
        many = {"type": "array", "items": one, "minItems": self.rank, "maxItems": self.rank}
        return {"anyOf": [{"type": "integer", "minimum": self.min}, many]}

    def read(self, value: Any, name: str) -> tuple[Any, ...]:
        sizes = tuple(value) if isinstance(value, list | tuple) else (value,) * self.rank
        if len(sizes) != self.rank or not all(size is None or whole(size, self.min) for size in sizes):
            raise self.refuse(value)
        return sizes


class Padding(Dims):
    """Elements added at both ends of each spatial axis, or `"same"` or `"valid"`."""

    def __init__(self, default: Any = 0):
        super().__init__(default, min=0)

    def expects(self) -> str:
        return f"{super().expects()}, 'same' or 'valid'"

    def schema_of(self) -> dict[str, Any]:
        return {"anyOf": [*super().schema_of()["anyOf"], {"enum": ["same", "valid"]}]}

    def read(self, value: Any, name: str) -> Any:
        return value if value in ("same", "valid") else super().read(value, name)


class Around(Dims):
    """Elements added before and after each spatial axis from the last on; below 0 they are cut."""

    def __init__(self) -> None:
        super().__init__(min=0)

    def expects(self) -> str:
        return f"an integer, or a list of {2 * self.rank}"

    def schema_of(self) -> dict[str, Any]:
        one = {"type": "integer"}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 2 * self.rank, "maxItems": 2 * self.rank}]}

    def read(self, value: Any, name: str) -> tuple[int, ...]:
        sides = tuple(value) if isinstance(value, list | tuple) else (value,) * (2 * self.rank)
        if len(sides) != 2 * self.rank or not all(n.__class__ is int for n in sides):
            raise self.refuse(value)
        return sides


class Factors(Field):
    """How many times as large each spatial axis becomes: a number, or a list of one for each axis."""

    def expects(self) -> str:
        return "a number above 0, or a list of one for each spatial axis"

    def schema_of(self) -> dict[str, Any]:
        one = {"type": "number", "exclusiveMinimum": 0}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}

    def read(self, value: Any, name: str) -> Any:
        factors = value if isinstance(value, list | tuple) else [value]
        if not factors or not all(finite(one) and one > 0 for one in factors):
            raise self.refuse(value)
        return tuple(map(float, factors)) if isinstance(value, list | tuple) else float(value)


class Unused(Field):
    """An argument that training alone uses: any value."""

    def expects(self) -> str:
        return "a value for training"

    def schema_of(self) -> dict[str, Any]:
        return {}

    def read(self, value: Any, name: str) -> Any:
        return value


class Only(Field):
    """An argument of which one value is read, and why others are not."""

    def __init__(self, value: Any, why: str):
        super().__init__(value)
        self.why = why

    def expects(self) -> str:
        return received(self.default)

    def schema_of(self) -> dict[str, Any]:
        return {"const": self.default, "description": self.why}

    def read(self, value: Any, name: str) -> Any:
        if value != self.default or value.__class__ is not self.default.__class__:
            raise self.refuse(value, self.why)
        return value
