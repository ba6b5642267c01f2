"""Numbers drawn at random: they have a shape, and no values."""

import pytest

from layercalc.layers.torch.base import TORCH
from layercalc.ops import READING, Spec, Tracing
from layercalc.readers.torch import program

assert program  # registers the functions
CALLS = {
    "rand": {"size": (2, 3)},
    "randn": {"size": (2, 3)},
    "randint": {"high": 5, "size": (2, 3)},
    "randint.low": {"low": 1, "high": 5, "size": (2, 3)},
    "randperm": {"n": 6},
    "multinomial": {"self": Spec((2, 4), "float32"), "num_samples": 3},
}
OF_ITS_SHAPE = ("rand_like", "randn_like", "bernoulli", "normal_", "uniform_", "exponential_")
CALLS |= dict.fromkeys(OF_ITS_SHAPE, {"self": Spec((2, 3), "float32")})


@pytest.mark.parametrize("name", CALLS)
def test_shape_and_type_are_known_and_no_arithmetic_is_counted(name):
    tracing = Tracing()
    token = READING.set(tracing)
    try:
        made = TORCH.functions[name].call(**CALLS[name])
    finally:
        READING.reset(token)
    whole = name.startswith("randint") or name in ("randperm", "multinomial")
    assert made == Spec((6,) if name == "randperm" else (2, 3), "int64" if whole else "float32")
    (entry,) = tracing.entries
    assert entry.op.unmade
    assert entry.cost.flops == 0
