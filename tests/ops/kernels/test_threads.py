"""Kernels on several threads: nothing lost, BLAS given back, the same numbers as on one."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from layercalc import ops
from layercalc.ops import READING, Running, forced
from layercalc.ops.kernels import threads
from layercalc.ops.kernels.threads import ALONE, spread


@pytest.fixture(autouse=True)
def several(monkeypatch):
    """BLAS has two threads, as far as anybody here is concerned."""
    monkeypatch.setattr(ALONE, "libraries", None)
    with threadpool_limits(2, "blas"):
        yield


def blas():
    return [library.get_num_threads() for library in ThreadpoolController().lib_controllers]


def test_every_piece_is_worked_on_once():
    with ALONE:
        seen = []
        spread(lambda i: seen.append((i, threading.get_ident())), [(i,) for i in range(500)])
    assert sorted(i for i, _ in seen) == list(range(500))


def test_a_fault_in_a_piece_is_told_once_the_others_have_ended():
    ended = []

    def work(i):
        if i == 1:
            raise ValueError("piece 1")
        ended.append(i)

    with ALONE, pytest.raises(ValueError, match="piece 1"):
        spread(work, [(i,) for i in range(100)])
    assert len(ended) == 99 or threads.threads() == 1


def test_a_piece_may_itself_be_spread():
    seen = []
    with ALONE:
        spread(lambda i: spread(lambda j: seen.append((i, j)), [(j,) for j in range(20)]), [(i,) for i in range(20)])
    assert len(set(seen)) == len(seen) == 400


def test_blas_has_one_thread_inside_and_its_own_again_outside():
    before = blas()
    with ALONE:
        assert set(blas()) == {1}
        with ALONE:
            pass
        assert set(blas()) == {1}
        with ALONE.lifted():
            assert blas() == before
    with ALONE.lifted():
        assert blas() == before
    assert blas() == before
    assert ALONE.inside == 0


CASES = {
    "rows": lambda g: (ops.matmul, [g((2000, 96)), g((96, 64))], {}),
    "columns": lambda g: (ops.matmul, [g((49, 1024)), g((1024, 512))], {}),
    "one row": lambda g: (ops.matmul, [g((1, 4096)), g((4096, 2048))], {}),
    "matrices": lambda g: (ops.matmul, [g((2, 8, 64, 96)), g((2, 8, 96, 128))], {}),
    "one batch of matrices": lambda g: (ops.matmul, [g((1, 8, 64, 160)), g((1, 8, 160, 128))], {}),
    "columns of windows": lambda g: (ops.conv, [g((1, 90, 90, 16)), g((5, 5, 16, 32))], SAME5),
    "few columns": lambda g: (ops.conv, [g((1, 14, 14, 64)), g((5, 5, 64, 96))], SAME5),
    "groups": lambda g: (ops.conv, [g((1, 60, 60, 16)), g((3, 3, 8, 32))], SAME3 | {"groups": 2}),
    "bands of tiles": lambda g: (ops.conv, [g((1, 56, 56, 64)), g((3, 3, 64, 64))], SAME3),
    "blocks of filters": lambda g: (ops.conv, [g((2, 14, 14, 64)), g((3, 3, 64, 512))], SAME3),
    "images of tiles": lambda g: (ops.conv, [g((9, 14, 14, 96)), g((3, 3, 96, 96))], SAME3),
    "every channel": lambda g: (ops.depthwise_conv, [g((2, 56, 56, 64)), g((3, 3, 64, 1))], SAME3),
}
SAME3, SAME5 = ({"pads": ((n, n), (n, n))} for n in (1, 2))


@pytest.mark.parametrize("case", CASES)
def test_the_numbers_are_those_of_one_thread_and_what_joins_is_done_everywhere(case):
    generator = np.random.default_rng(3)
    op, arrays, how = CASES[case](lambda shape: generator.standard_normal(shape, np.float32))
    channels = generator.standard_normal((2, forced_run(op, arrays, how).shape[-1]), np.float32)
    found = forced_run(op, arrays, how, *channels)
    plain = forced_run(op, [array.astype(np.float64) for array in arrays], how)
    wanted = np.maximum(plain * channels[0].astype(np.float64) + channels[1], 0)
    assert np.isclose(found, wanted, rtol=1e-3, atol=2e-3).all()


def forced_run(op, arrays, how, scale=None, shift=None):
    token = READING.set(Running(str(arrays[0].dtype)))
    try:
        with ALONE:
            y = op(*arrays, **how)
            if scale is not None:
                one = np.ones_like(scale)
                norm = {"axis": -1, "epsilon": 0.0, "scale": True, "center": True}
                y = ops.OPS["relu"](ops.batch_norm(y, 0 * one, one, scale, shift, **norm))
            return forced(y)
    finally:
        READING.reset(token)


def test_a_fork_has_helpers_of_its_own():
    program = (
        "import os, numpy as np\n"
        "from layercalc.ops.kernels.threads import ALONE, spread\n"
        "def go():\n"
        "    out = np.zeros(64)\n"
        "    with ALONE: spread(lambda i: out.__setitem__(i, i), [(i,) for i in range(64)])\n"
        "    return out.sum() == 2016\n"
        "assert go()\n"
        "pid = os.fork()\n"
        "if not pid: os._exit(0 if go() else 1)\n"
        "assert os.waitpid(pid, 0)[1] == 0\n"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
