"""What a forward pass demands: announced before it starts, and held against what every op and layer really takes."""

import time
import tracemalloc
from itertools import islice

import numpy as np
import pytest
from benchmarks import rates

from layercalc import catalogue, deadline, forward
from layercalc.analysis.walk import analyse
from layercalc.errors import Overdue, Refused
from layercalc.execution import demand
from layercalc.input_shapes import declared
from layercalc.layers.initializers import PIECE, Normal, TruncatedNormal
from layercalc.layers.keras.base import KERAS
from layercalc.layers.keras.initializers import INITIALIZERS, load_initializer
from layercalc.ops import OPS, READING, Running, Spec
from layercalc.ops.base import Cost, Op
from layercalc.ops.work import ELEMENT, SLOW, cut
from tests import scaled

BYTES = 3 << 19  # of the inputs of a case
SLACK = 1 << 19  # bytes that Python itself may take
LARGEST = 300 << 20  # of what a case may hold
PARTS = 12


def found_by(document, arrays):
    """The analysis of a case on its inputs; None where a longer axis does not go with the rest."""
    model = scaled.readable(document)
    if model is None:
        return None
    specs = declared(model, scaled.read(document, ())[1])
    if arrays is not None:
        specs = [(name, Spec(x.shape, spec.dtype)) for (name, spec), x in zip(specs, arrays, strict=True)]
    found = analyse(model, specs)
    return None if found.faults else found


def over(case, dtype):
    """How many bytes more a pass takes than is announced, a small slack aside; None where it cannot be run.

    The first pass also makes the buffers that threads keep, which `worker_peak_bytes` counts apart: the second has them.
    """
    more = taken(case, dtype)
    return more if more is None or more <= 0 else taken(case, dtype)


def taken(case, dtype):
    _, document, arrays = case
    found = found_by(document, arrays)
    held = None if found is None else demand.held(found, dtype, (), (), True)
    if not isinstance(held, int) or held > LARGEST:
        return None
    inputs = {"seed": 1} if arrays is None else arrays
    tracemalloc.start()
    try:
        forward(document, inputs, {"seed": 1}, dtype=dtype, parameters={"binary_data_output": True})
        peak = tracemalloc.get_traced_memory()[1]
    except Refused:  # a matrix that is singular, say
        return None
    finally:
        tracemalloc.stop()
    if arrays is not None:  # they were there before
        held -= sum(demand.bytes_in(value.spec, dtype) for value in found.inputs)
    return peak - 1.05 * held - SLACK


@pytest.fixture
def binary(monkeypatch):
    """Answers are bytes, so that what is reckoned for an answer in numbers hides nothing."""
    monkeypatch.setattr(demand, "ANSWER_BYTES", 4)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_pass_through_each_operation_holds_no_more_than_is_announced(part, binary):
    cases = list(scaled.operations(BYTES, part, PARTS))
    more = {case[0]: over(case, "float32") for case in cases}
    assert not {name: f"{n / 1e6:.1f} MB" for name, n in more.items() if n is not None and n > 0}
    assert sum(n is not None for n in more.values()) > 0.9 * len(cases)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_pass_through_each_layer_holds_no_more_than_is_announced(part, dtype, binary):
    cases = list(islice(scaled.layers(BYTES), part, None, PARTS))
    if dtype == "float64":
        cases = [case for case in cases if case[0].endswith("axis 0")]
    more = {case[0]: over(case, dtype) for case in cases}
    assert not {name: f"{n / 1e6:.1f} MB" for name, n in more.items() if n is not None and n > 0}
    assert sum(n is not None for n in more.values()) > 0.6 * len(cases)  # not every axis may be longer


def test_every_layer_is_among_the_cases():
    named = {case[0].partition(",")[0] for case in scaled.layers(1)}
    assert named == {name for name, kind in KERAS.kinds.items() if not kind.is_input and not kind.only_analysed}


CHAINS = {
    "turned": ([512, 600], [{"type": "Permute", "dims": [2, 1]}, {"type": "Flatten"}]),
    "turned, then pointwise": (
        [512, 600],
        [{"type": "Permute", "dims": [2, 1]}, {"type": "LeakyReLU"}, {"type": "Flatten"}],
    ),
    "repeated": ([60_000], [{"type": "RepeatVector", "n": 40}, {"type": "Flatten"}]),
    "half": (
        [300_000],
        [{"type": "Rescaling", "scale": 2.0, "dtype": "float16"}, {"type": "ReLU", "dtype": "float16"}],
    ),
    "wide weights": ([500], [{"type": "Dense", "units": 4000, "dtype": "float16"}]),
    "infinite": ([300_000], [{"type": "Rescaling", "scale": 1e38}, {"type": "Rescaling", "scale": 1e38}]),
    "branches": (
        [300_000],
        [
            {"type": "ReLU", "name": "a", "inputs": "input"},
            {"type": "Activation", "activation": "gelu", "name": "b", "inputs": "input"},
            {"type": "Concatenate", "inputs": ["input", "a", "b", "a"]},
        ],
    ),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CHAINS)
def test_layers_in_a_row_hold_no_more_than_is_announced(name, dtype, binary):
    shape, layers = CHAINS[name]
    more = over((name, {"batch_shape": [4, *shape], "layers": layers}, None), dtype)
    assert more is not None
    assert more <= 0


@pytest.mark.parametrize("expected", [False, True])
def test_an_answer_in_numbers_is_announced(expected):
    document = {"batch_shape": [4, 100_000], "layers": [{"type": "ReLU", "name": "r"}]}
    wanted = [np.zeros((4, 100_000), np.float32)] if expected else None
    found = found_by(document, None)
    held = demand.held(found, "float32", ("r",), ("r",) if expected else (), True)
    tracemalloc.start()
    forward(document, {"seed": 1}, expected=wanted, return_layers=["r"], stats=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 1.05 * held + (1 << 20)


@pytest.mark.parametrize("op", OPS.values(), ids=lambda op: op.name)
def test_every_op_says_how_slow_it_is(op):
    said = op.view or op.slowness != SLOW or type(op).work is not Op.work
    assert said, f"{op.name} is taken as slow: measure it (`make rates`)"
    assert op.slowness >= 1


def test_an_op_that_says_nothing_is_taken_as_slow():
    class Plain(Op):
        pass

    try:
        plain = Plain("nothing said")
        assert plain.work(Spec((10,)), Cost(), (10,)) == SLOW * ELEMENT * 20
    finally:
        OPS.pop("nothing said")


@pytest.mark.parametrize("part", range(PARTS))
def test_no_op_takes_much_longer_than_it_announces(part):
    """By the time of the processor, and generously: rows of NumPy's calls take a hundred times as long."""
    speed, rows = rates.product(), rates.Rows()
    for case in (*scaled.operations(1 << 19, part, PARTS), *islice(scaled.layers(1 << 19), part, None, PARTS)):
        rates.run(case, speed, rows)
    slow = {
        name: (sizes, work / speed, taken / speed) for name, work, taken, sizes in rows if taken > 12 * work + speed / 5
    }
    assert rows
    assert not slow


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_are_filled_in_place_and_a_piece_at_a_time(name, dtype):
    out = np.empty((400 if name == "orthogonal" else 1000, 1500), dtype)  # a decomposition takes the cube
    filling = load_initializer(name)
    tracemalloc.start()
    filling.fill(out, np.random.default_rng(1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    work, held = filling.demand(out.shape)
    assert peak <= 1.05 * held + (2 << 20)
    assert work >= out.size
    with deadline.within(0, "NOW"), pytest.raises(Overdue):
        filling.fill(out, np.random.default_rng(1))


def test_pieces_are_the_numbers_of_one_draw():
    n = 3 * PIECE + 7
    whole = np.random.default_rng(5).standard_normal(n, np.float32)
    np.testing.assert_array_equal(Normal(0.0, 1.0)((n,), np.random.default_rng(5)), whole)
    again, generator = np.random.default_rng(5), np.random.default_rng(5)
    wanted = again.standard_normal(n, np.float32)
    while (outside := np.abs(wanted) > 2).any():
        wanted[outside] = again.standard_normal(int(outside.sum()), np.float32)
    drawn = TruncatedNormal(0.0, 1.0)((n,), generator)
    np.testing.assert_array_equal(drawn, wanted)


@pytest.mark.parametrize(
    ("lead", "elements"),
    [
        ((1,), 5),
        ((3, 5, 7), 105 * 4096),
        ((100_000,), 400_000),
        ((2, 1_000_000), 6_000_000),
        ((1, 1), 10**6),
        ((7,), 10**6),
    ],
)
def test_pieces_cover_each_place_once(lead, elements):
    found = cut(lead, elements)
    seen = np.zeros(lead, int)
    number = 0
    for where in found.pieces():
        seen[where] += 1
        number += 1
    assert (seen == 1).all()
    assert number == found.number


def run(name, arrays, how):
    token = READING.set(Running("float32"))
    try:
        return np.asarray(OPS[name](*arrays, **how))
    finally:
        READING.reset(token)


AFFINE = [np.full(6, 2, np.float32), np.full(6, 3, np.float32)]
CUT = {
    "softmax": ([], {"axis": (-1,)}),
    "sort": ([], {"axis": 2}),
    "argmax": ([], {"axis": 1}),
    "cumsum": ([], {"axis": 2}),
    "reduce_sum": ([], {"axes": (1,), "keepdims": False}),
    "reduce_mean": ([], {"axes": (2,), "keepdims": True}),
    "layer_norm": (AFFINE, {"axes": (2,), "epsilon": 1e-3, "scale": True, "center": True, "uncentred": False}),
    "quantile": ([np.array([0.1, 0.7], np.float32)], {"axes": (1,), "method": "linear", "keepdims": False}),
    "nan_quantile": ([np.array([0.1, 0.7], np.float32)], {"axes": (1,), "method": "nearest", "keepdims": True}),
    "one_hot": ([], {"n": 3, "axis": 1, "to": "float32"}),
    "add": ([np.arange(6, dtype=np.float32)], {}),
    "multiply": ([np.arange(4, dtype=np.float32)[:, None]], {}),
    "adaptive_average_pool": ([], {"output_size": (3,)}),
    "reduce_all": ([], {"axes": (1, 2), "keepdims": False}),
}


@pytest.mark.parametrize("name", CUT)
def test_what_is_cut_is_the_same_as_what_is_not(name):
    others, how = CUT[name]
    x = np.random.default_rng(0).standard_normal((9000, 4, 6)).astype(np.float32)
    whole = run(name, [x, *others], how)
    rows = [run(name, [x[i : i + 1], *others], how) for i in (0, 4321, 8999)]
    axis = 1 if "quantile" in name else 0
    for i, row in zip((0, 4321, 8999), rows, strict=True):
        np.testing.assert_allclose(whole.take([i], axis), row, rtol=1e-6)
    assert OPS[name].lead(x.shape, *(one.shape for one in others), **how) > 0 or "quantile" in name


@pytest.mark.parametrize("method", ["linear", "lower", "higher", "midpoint", "nearest"])
def test_quantiles_of_numbers_are_numpys(method):
    generator = np.random.default_rng(3)
    x = generator.standard_normal((40, 9)).round(1)
    x[generator.random(x.shape) < 0.3] = np.nan
    x[1:3] = [[np.inf], [-np.inf]]
    q = np.array([0.0, 0.1, 0.5, 0.625, 1.0])
    with np.errstate(all="ignore"):
        found = run(
            "nan_quantile",
            [x.astype(np.float32), q.astype(np.float32)],
            {"axes": (1,), "method": method, "keepdims": False},
        )
        wanted = np.nanquantile(x, q, axis=1, method=method)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


EQUATIONS = [
    "ab,bc->ac", "ab,bc,cd->ad", "abc,abd->acd", "ab,ab->", "a,b,c->cab", "aab,bc->ca", "...ab,...bc->...ca",
    "ab,cd->bd", "ab,b,b->a", "abc,cd,be->ade", "aa,a->a", "ab,ba", "abcd,bd->ca",
]  # fmt: skip


@pytest.mark.parametrize("equation", EQUATIONS)
def test_products_in_pairs_are_numpys(equation):
    sizes = dict(zip("abcde", (3, 4, 5, 2, 6), strict=True))
    generator = np.random.default_rng(0)
    terms = equation.partition("->")[0].split(",")
    arrays = [generator.standard_normal([sizes.get(one, 7) for one in term.replace("...", "Z")]) for term in terms]
    token = READING.set(Running("float64"))
    try:
        found = OPS["einsum"](*arrays, equation=equation)
    finally:
        READING.reset(token)
    np.testing.assert_allclose(found, np.einsum(equation, *arrays), rtol=1e-9, atol=1e-9)


def test_float64_takes_twice_the_time_and_the_bytes():
    found = found_by({"batch_shape": [2, 500], "layers": [{"type": "Dense", "units": 700}]}, None)
    assert demand.work(found, "float64") == 2 * demand.work(found, "float32")
    assert demand.held(found, "float64", (), (), False) > 1.5 * demand.held(found, "float32", (), (), False)


def test_the_example_of_every_layer_has_a_demand():
    started = time.monotonic()
    for name, kind in KERAS.kinds.items():
        if kind.is_input or kind.only_analysed:
            continue
        example = catalogue.example(kind)
        inputs = [{"name": f"in{i}", "batch_shape": shape} for i, shape in enumerate(example["input_shapes"])]
        layer = {**example["layer"], "inputs": [one["name"] for one in inputs]}
        found = found_by({"inputs": inputs, "layers": [layer]}, None)
        assert demand.held(found, "float32", (), (), True) > 0, name
        assert demand.work(found, "float32") >= 0, name
    assert time.monotonic() - started < 60
