"""Arrays whose values are known: NumPy's own results, in CPython and here."""

import pytest

from layercalc.readers.script import Opaque
from tests.readers.script.programs import interpret, known_as_in_cpython

TEXTS = [
    "a = [float(x) for x in np.linspace(0.0, 0.2, 5)], np.linspace(8, 64, 4, dtype=int).tolist(), [int(v) for v in np.round(np.linspace(8, 64, 5))], np.linspace(0, 1, 3, endpoint=False).tolist(), np.linspace(0, 1, num=2).tolist()",
    "a = [int(i) for i in np.logspace(3, 5, 3, base=2)], [round(float(i)) for i in np.geomspace(8, 32, 3)]",
    "a = np.arange(0.0, 1.0, 0.25).tolist(), np.arange(3)[::-1].tolist(), np.arange(2, 8, 2).tolist(), np.arange(3, dtype=float).tolist()",
    "x = np.array([8, 16])\na = [int(v) for v in x * 2], [int(v) for v in 2 ** np.arange(3, 6)], [float(v) for v in x / 3], [int(v) for v in x // 3], (-x).tolist(), (10 - x).tolist(), (x + x).tolist(), (x * [1, 2]).tolist()",
    "x = np.array([[1, 2, 3], [4, 5, 6]])\na = x[1].tolist(), x[:, 1].tolist(), int(x[1, 0]), x.T.shape, [r.tolist() for r in x], x.reshape(3, 2).tolist(), x.sum(axis=0).tolist(), int(np.sum(x)), np.max(x, axis=1).tolist(), x[None, 0].tolist(), x[..., -1].tolist()",
    "a = np.cumsum([1, 2, 3]).tolist(), np.cumprod([1, 2, 3]).tolist(), float(np.median([1, 2, 4])), np.diff([1, 3, 7]).tolist(), np.sort([3, 1, 2]).tolist(), int(np.argmax([1, 5, 2])), int(np.argmin([3, 1, 2])), int(np.dot([1, 2], [3, 4])), np.clip([1, 5, 9], 2, 6).tolist(), int(np.clip(5, 1, 3)), np.append([1], 2).tolist()",
    "a = int(np.round(3.6)), float(np.around(2.567, 2)), int(np.ceil(np.log2(9))), int(np.sqrt(np.array([16, 25]))[1]), int(np.mod(7, 3)), int(np.floor_divide(7, 2)), np.ndim([1]), np.size([[1, 2]])",
    "a = np.array([1, 2.5]).tolist(), np.array([1.7, 2.5]).astype(int).tolist(), np.array([1, 2], dtype=float).tolist(), np.array([1, 2], np.int64).tolist(), np.asarray((1, 2)).copy().tolist()",
    "x = np.array([1, 2, 3])\na = int(x.max()), float(x.mean()), int(x.argmax()), float(np.array([2.0, 4.0]).std()), x.cumsum().tolist(), list(zip(x.tolist(), 'ab')), [int(p) + q for p, q in zip(x, [4, 5])], len(x[1:])",
    "r = []\nfor bad in (lambda: np.array([2]) ** -1, lambda: np.arange(3)[5], lambda: np.array([1, 2]) + np.array([1, 2, 3])):\n    try: bad()\n    except (ValueError, IndexError) as e: r.append(type(e).__name__)\na = 1",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:50])
def test_values_of_arrays_are_numpys(text):
    known_as_in_cpython("import numpy as np\n" + text)


@pytest.mark.parametrize(
    "change", ["x[0] = 9", "y[0] = 9", "x += 1", "x.fill(3)", "x.sort()", "f(x)", "np.random.shuffle(x)", "y.real = 1"]
)
def test_what_is_written_to_an_array_or_a_view_of_it_is_not_known(change):
    """A view is what its array is: after a change of one the values of neither are claimed."""
    machine, fault = interpret(
        f"import numpy as np\nfrom other import f\nx = np.array([1, 2, 3])\ny = x[:2]\nz = x.reshape(3, 1)\n{change}\n"
        "a = [int(i) for i in y]\nb = z.tolist()\nc = x * 2\nc = c.tolist()"
    )
    assert fault is None
    for name in "abc":
        assert type(machine.globals.vars[name]) is Opaque or machine.spoilt(machine.globals.vars[name]), name


@pytest.mark.parametrize(
    "text", ["np.linspace(0, 1, 10**9)", "np.repeat([1], 10**9)", "np.diff([1, 2], n=10**9)", "np.arange(1e9)",
             "np.dot([[1] * 999] * 999, [[1] * 999] * 999)", "np.round(1.5, 10**9)", "np.append([1] * 999, [1] * 999)"],
)  # fmt: skip
def test_no_array_is_computed_that_is_large(text):
    _, fault = interpret(f"import numpy as np\nx = {text}")
    assert fault is None


@pytest.mark.parametrize(
    "made",
    ["[1] + np.int64(2)", "(1, 2) - np.float64(2)", "np.int64(2) + [3]", "np.int64(1) == [1]", "[1]; a += np.int64(2)"],
)
def test_numpy_makes_an_array_of_a_list_beside_its_numbers(made):
    """Which no `except TypeError` sees."""
    machine, fault = interpret(f"import numpy as np\nn = 4\ntry:\n    a = {made}\nexcept TypeError:\n    n = 5\n")
    assert fault is None
    assert type(machine.globals.vars["a"]) is Opaque
    assert machine.globals.vars["n"] == 4
