"""What a sweep may cost is bounded: said before the work where it can be, and whatever a stranger sends."""

import itertools
import json
import tracemalloc

import pytest

from layercalc import InvalidModel, capacity, deadline, sweep
from layercalc.capacity import worker_peak_bytes
from layercalc.errors import Overdue
from layercalc.limits import Limits
from layercalc.settings import Settings
from layercalc.sweeps import blocks, results, running
from layercalc.sweeps.space import Blocks, read_space
from layercalc.web import create_app

MODEL = {
    "input_shape": [{"$": "h"}, {"$": "h"}, 3],
    "layers": [
        {"type": "Conv2D", "filters": {"$": "w"}, "kernel_size": 3},
        {"type": "Conv2D", "filters": {"$": "2*w"}, "kernel_size": 3},
        {"type": "Flatten"},
    ],
}


@pytest.mark.parametrize("most", [1, 2, 7, 12, 100])
@pytest.mark.parametrize("sizes", [(1,), (7,), (3, 4), (2, 3, 5), (1, 4, 1), (5, 1, 2, 3)])
def test_blocks_are_the_candidates_in_their_order(sizes, most):
    space = read_space({f"n{i}": {"from": 1, "to": size} for i, size in enumerate(sizes)})
    cut = Blocks(space, most)
    found = []
    for block in cut:
        assert block.size <= most or block.size == 1
        values = [choice.values[0][start:stop] for choice, (start, stop) in zip(space.choices, block.runs, strict=True)]
        assert block.first == len(found)
        found += itertools.product(*values)
    assert found == list(itertools.product(*(range(1, size + 1) for size in sizes)))
    assert [tuple(space.at(number).values()) for number in range(space.size)] == found
    with pytest.raises(IndexError):
        cut[len(cut)]


def test_too_many_are_refused_before_the_work():
    space = {"h": {"from": 1, "to": 10**9}, "w": {"from": 1, "to": 10**9}}
    with pytest.raises(InvalidModel, match=r"1,000,000,000,000,000,000 candidates \(1,000,000,000 × 1,000,000,000\)"):
        sweep(MODEL, space, limits=Limits())
    with pytest.raises(InvalidModel, match="the limit is"):
        sweep(MODEL, space)


NAMED = {"input_shape": [4], "layers": [{"type": "Dense", "units": {"$": "w"}, "name": {"$": "n"}}]}
NAMES = [f"layer_{number}" for number in range(100_000)]


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"w": [3], "n": NAMES}, "100,000"),
        ({"zip": {"w": [*range(1, 100_001)], "n": NAMES}}, "100,000"),
        ({"w": [n / 2 for n in range(1, 3_001)], "n": ["a", "b"]}, "6,000"),
    ],
    ids=["a list", "a zip", "a product"],
)
def test_many_words_are_refused_before_the_work(space, words):
    with pytest.raises(
        InvalidModel, match=rf"{words} combinations of values that are no integers.*LAYERCALC_MAX_WORDS"
    ):
        sweep(NAMED, space, limits=Limits())


def test_words_that_are_equal_count_once():
    space = {"zip": {"w": [*range(1, 10_001)], "n": ["a", "b"] * 5_000}}
    assert sweep(NAMED, space, limits=Limits())["valid"] == 10_000


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by a hundredth of a second whenever somebody looks at it."""
    ticks = itertools.count()
    for module in (deadline, running):
        monkeypatch.setattr(module, "monotonic", lambda: next(ticks) / 100)
    monkeypatch.setattr(running, "PROBE", 10)
    monkeypatch.setattr(running, "MOST", 64)
    return ticks


def test_a_sweep_that_would_take_too_long_says_so_at_its_beginning(clock):
    space = {"h": {"from": 8, "to": 1007}, "w": {"from": 1, "to": 100}}
    with pytest.raises(Overdue, match=r"100,000 candidates would take about \d+ s and the deadline is 6 s") as refused:
        sweep(MODEL, space, limits=Limits())
    assert next(clock) < 150
    assert refused.value.every[0]["pointer"] == "/space"
    assert "LAYERCALC_MAX_ANALYSIS_SECONDS" in str(refused.value)


@pytest.mark.parametrize("form", ["json", "csv"])
def test_over_http_it_is_503(clock, form):
    space = {"h": {"from": 8, "to": 1007}, "w": {"from": 1, "to": 100}}
    body = json.dumps({"model": MODEL, "space": space})
    answer = create_app().test_client().post(f"/v1/sweep?format={form}", data=body, content_type="application/json")
    assert answer.status_code == 503


def test_memory_does_not_grow_with_the_candidates(monkeypatch):
    monkeypatch.setattr(running, "MOST", 5_000)
    held = []
    for last in (60, 600):
        tracemalloc.start()
        sweep(MODEL, {"h": {"from": 11, "to": 10 + last}, "w": {"from": 1, "to": 200}}, best={"min": "flops"})
        held.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert held[1] < 1.2 * held[0]


def test_parts_that_are_too_large_are_halved(monkeypatch):
    space = {"all": {"zip": {"h": list(range(1, 41)), "w": list(range(2, 42))}}}
    before = sweep(MODEL, space)
    sizes = []
    figures = blocks.Reader.figures
    monkeypatch.setattr(
        blocks.Reader, "figures", lambda reader, part, *rest: sizes.append(part.size) or figures(reader, part, *rest)
    )
    for most in (1 << 15, 1 << 10):
        monkeypatch.setattr(blocks, "BYTES", most)
        assert sweep(MODEL, space) == before
    assert {20, 10, 1} < set(sizes)


@pytest.mark.parametrize("layers", [
    [{"repeat": 10**9, "layers": [{"type": "ReLU"}]}],
    [{"repeat": {"$": "h**9"}, "layers": [{"type": "ReLU"}]}],
    [{"repeat": 900, "layers": [{"repeat": 900, "layers": [{"type": "ReLU"}]}]}],
    [{"repeat": 19_000, "layers": [{"repeat": 19_000, "layers": [{"repeat": 0, "layers": [{"type": "ReLU"}]}]}]}],
])  # fmt: skip
def test_depth_is_bounded_before_it_is_made(layers):
    answer = sweep({"input_shape": [{"$": "h"}], "layers": layers}, {"h": [9, 10]}, limits=Limits())
    (refused,) = answer["refused"]
    assert refused["count"] == 2
    assert "LAYERCALC_MAX_LAYERS" in refused["detail"]
    assert refused["pointer"].endswith("/repeat")


def test_long_integers_are_counted_by_their_digits(monkeypatch):
    """Rows of 900 digits: blocks are as much smaller as their numbers are longer."""
    held = []
    for power in (1, 40):
        monkeypatch.setattr(blocks, "BYTES", 1 << 21)
        monkeypatch.setattr(running, "BYTES", 1 << 21)
        monkeypatch.setattr(running, "PROBE", 64)
        model = {"input_shape": [4], "layers": [{"type": "Dense", "units": {"$": f"w**{power}"}}] * 2}
        tracemalloc.start()
        sweep(model, {"w": {"from": 10**6, "to": 10**6 + 2_000}}, columns=["flops"], best={"max": "flops"}, limit=10)
        held.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(held) < 4 << 20


def test_rows_that_take_too_much_are_refused(monkeypatch):
    monkeypatch.setattr(results, "MOST_BYTES", 1 << 16)
    layers = [{"type": "Dense", "units": {"$": "w**30"}}, {"type": "Dense", "units": 1}]
    space = {"w": {"from": 10**6, "to": 10**6 + 400}}
    best = [{"min": "params"}, {"max": "flops"}]
    assert len(sweep({"input_shape": [4], "layers": layers}, {"w": [2, 3]}, best=best)["rows"]) == 2
    with pytest.raises(InvalidModel, match=r"401 rows with 8 columns take .* MiB, more than 0 MiB; ask for") as caught:
        sweep({"input_shape": [4], "layers": layers}, space, best=best)
    assert caught.value.every[0]["pointer"] == "/columns"


def test_a_worker_counts_a_sweep_in_each_thread(monkeypatch):
    small = Limits(max_body_bytes=1 << 20, max_layers=100, max_code_tokens=1000)
    before = worker_peak_bytes(small, Settings(threads=2))
    monkeypatch.setattr(capacity, "SWEEP_BYTES", capacity.SWEEP_BYTES + 10**9)
    assert worker_peak_bytes(small, Settings(threads=2)) == before + 2 * 10**9
