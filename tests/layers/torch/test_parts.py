"""Functions that make as many tensors as an argument says: not without bound."""

import pytest

from layercalc.errors import ShapeError
from layercalc.layers.torch.base import TORCH
from layercalc.ops import READING, Spec, Tracing

HUGE = 10**9
CALLS = {
    "split": {"split_size": 1},
    "tensor_split": {"sections": HUGE},
    "unbind": {},
    "diff": {"n": HUGE},
    "unfold": {"dimension": 0, "size": 2, "step": 1},
}


@pytest.mark.parametrize("name", CALLS)
def test_no_more_parts_are_made_than_are_worth_it(name):
    function = next(TORCH.functions[one] for one in (name, f"{name}.Tensor") if one in TORCH.functions)
    token = READING.set(Tracing())
    try:
        with pytest.raises(ShapeError, match="At most 100,000 parts"):
            function.call(Spec((HUGE,), "float32"), **CALLS[name])
    finally:
        READING.reset(token)
