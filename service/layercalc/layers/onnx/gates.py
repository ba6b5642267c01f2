"""The activation functions of recurrent operators, by the names that their attribute has."""

from collections.abc import Callable
from typing import Any

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.onnx.activation import Elu, HardSigmoid, LeakyRelu, ThresholdedRelu, scalar
from layercalc.layers.onnx.base import Texts
from layercalc.ops import Tensor
from layercalc.ops.base import OPS

Function = Callable[[Tensor], Tensor]
PLAIN = {name: name.lower() for name in ("Relu", "Tanh", "Sigmoid", "Softsign", "Softplus")}


def scaled_tanh(x: Tensor, alpha: float, beta: float) -> Tensor:
    return affine(OPS["tanh"](affine(x, beta, 0.0)), alpha, 0.0)


def affine(x: Tensor, alpha: float, beta: float) -> Tensor:
    made = ops.multiply(x, scalar(alpha, x))
    return ops.add(made, scalar(beta, x)) if beta else made


SCALED: dict[str, tuple[Any, tuple[float | None, ...]]] = {  # by numbers of their own, and what these are unless given
    "LeakyRelu": (lambda x, alpha: LeakyRelu(x, alpha=alpha), (0.01,)),
    "ThresholdedRelu": (lambda x, alpha: ThresholdedRelu(x, alpha=alpha), (None,)),
    "Elu": (lambda x, alpha: Elu(x, alpha=alpha), (1.0,)),
    "HardSigmoid": (lambda x, alpha, beta: HardSigmoid(x, alpha=alpha, beta=beta), (0.2, 0.5)),
    "ScaledTanh": (scaled_tanh, (None, None)),
    "Affine": (affine, (None, None)),
}


def functions(
    names: Texts | None, alpha: Any, beta: Any, default: tuple[str, ...], directions: int, clip: float | None = None
) -> list[list[Function]]:
    """The activation functions of each direction; those with numbers of their own take the next of alpha and beta."""
    given = tuple(names) if names else default * directions
    if len(given) != len(default) * directions:
        raise ShapeError(
            f"{directions} directions need {len(default) * directions} activations; received {len(given)}."
        )
    left = iter(alpha or ()), iter(beta or ())
    found: list[Function] = []
    for name in given:
        if name not in PLAIN and name not in SCALED:
            known = ", ".join((*PLAIN, *SCALED))
            raise ShapeError(f"An activation is one of {known}; received {name!r}.", "activations")
        if name in PLAIN:
            found.append(OPS[PLAIN[name]])
        else:
            function, preset = SCALED[name]
            numbers = [next(one, number) for one, number in zip(left, preset, strict=False)]
            if None in numbers:
                raise ShapeError(f"{name} needs activation_alpha, and what takes two numbers activation_beta.")
            found.append(given_numbers(function, numbers))
    rows = [found[i * len(default) : (i + 1) * len(default)] for i in range(directions)]
    if clip is None:
        return rows
    bound = float(clip)
    return [[*(clipped(f, bound) for f in row[:GATES]), *row[GATES:]] for row in rows]


def given_numbers(function: Any, numbers: list[Any]) -> Function:
    """A function of one tensor."""
    return lambda x: function(x, *numbers)


GATES = 2  # functions of gates, which are clipped; a third is of the state of an LSTM


def clipped(f: Function, bound: float) -> Function:
    """A function of numbers between two bounds."""
    return lambda x: f(OPS["clip"](x, low=-bound, high=bound))
