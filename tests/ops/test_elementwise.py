"""Shapes of elementwise ops: the short ways for what is common say what broadcasting says."""

from itertools import product

from layercalc.dims import Batch, Unknown
from layercalc.errors import ShapeError
from layercalc.ops import OPS
from layercalc.ops.elementwise import broadcast
from layercalc.ops.spans import Span

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


def test_a_local_op_sees_what_its_first_input_sees():
    one = (None, Span(1, 3, 2, 1), Span(2, 5), Span(3))
    local = [op for op in OPS.values() if op.local]
    assert {"relu", "add", "batch_norm"} <= {op.name for op in local}
    for op in local:
        for others in ([], [(None,)], [(None, None, None, None)], [(None,)] * 4):
            shapes = [(1, 8, 8, 4), *[(4,) * len(other) for other in others]]
            assert op.reach((1, 8, 8, 4), [one, *others], *shapes, axis=3) == one, op.name


def test_a_batch_may_be_the_number_that_it_meets_behind_the_first_axis():
    """As Keras has it of (None, 7, 5) and (None, 5), where the second is lined up with 7."""
    n = Batch(1)
    for shapes in (((n, 7, 5), (n, 5)), ((n, 5), (n, 7, 5)), ((n, 7, 5), (n, 5), (n, 5))):
        assert [type(dim) is Batch or dim for dim in broadcast(*shapes)] == [True, 7, 5]
    for one, other in (((2, 7, 5), (2, 5)), ((n, 7, 5), (2, 5))):
        assert "do not go together" in found(broadcast, one, other)
