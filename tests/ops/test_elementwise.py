"""Shapes of elementwise ops: the short ways for what is common say what broadcasting says."""

from itertools import product

from layercalc.dims import Batch, Unknown
from layercalc.errors import ShapeError
from layercalc.ops import OPS
from layercalc.ops.elementwise import broadcast

DIMS = (1, 2, 4, Batch(1), Batch(4), Unknown("n"))
SHAPES = [shape for rank in range(4) for shape in product(DIMS, repeat=rank)]
PAIRS = [(first, other) for first, other in product(SHAPES, repeat=2) if len(first) + len(other) < 5]
PAIRS += [(shape, shape) for shape in SHAPES]


def found(shape, *shapes):
    """The sizes and what each is, or why there is none."""
    try:
        return [(type(dim), str(dim)) for dim in shape(*shapes)]
    except ShapeError as error:
        return str(error)


def test_the_shape_of_a_sum_is_what_broadcasting_says():
    assert not [pair for pair in PAIRS if found(OPS["add"].shape, *pair) != found(broadcast, *pair)]
