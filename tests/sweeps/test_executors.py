"""Blocks of a sweep read elsewhere: the same rows in the same order, also where a worker is lost on the way."""

import json
import os
import signal
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from layercalc import InvalidModel, sweep
from layercalc.sweeps import running
from layercalc.sweeps.space import read_space
from tests.command import run

MODEL = {
    "input_shape": [{"$": "h"}, {"$": "h"}, 3],
    "layers": [{"type": "Conv2D", "filters": {"$": "w"}, "kernel_size": {"$": "k"}}, {"type": "Flatten"}],
}
SPACE = {"h": {"from": 1, "to": 20}, "w": {"from": 1, "to": 20}, "k": [1, 3, 5]}
ASKED = {"best": [{"max": "params"}, {"min": "flops"}], "where": [{"metric": "flops", "max": "900K"}], "limit": 1000}


@pytest.fixture(autouse=True)
def many_blocks(monkeypatch):
    monkeypatch.setattr(running, "PROBE", 30)
    monkeypatch.setattr(running, "MOST", 60)
    monkeypatch.setattr(running, "FEWEST", 60)


def test_threads():
    with ThreadPoolExecutor(3) as executor:
        assert sweep(MODEL, SPACE, **ASKED, executor=executor) == sweep(MODEL, SPACE, **ASKED)


class Late:
    """An executor that does nothing before it is asked for a result."""

    def __init__(self):
        self.waiting = 0
        self.most = 0

    def submit(self, function, *arguments):
        executor = self

        class Made(Future):
            def result(self, timeout=None):
                executor.waiting -= 1
                return function(*arguments)

        self.waiting += 1
        self.most = max(self.most, self.waiting)
        return Made()


def test_only_so_many_blocks_are_ahead(monkeypatch):
    monkeypatch.setattr(running, "WORKERS", 2)
    late = Late()
    assert sweep(MODEL, SPACE, **ASKED, executor=late) == sweep(MODEL, SPACE, **ASKED)
    assert late.most == 2 * running.AHEAD < len(running.Blocks(read_space(SPACE), 60))
    assert late.waiting == 0


def test_a_fault_of_the_work_ends_it():
    with ThreadPoolExecutor(2) as executor, pytest.raises(InvalidModel, match="No layer matches"):
        sweep(MODEL, SPACE, where=[{"metric": "macs", "max": 1, "layer": "dense"}], executor=executor)


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_dask_that_loses_a_worker():
    distributed = pytest.importorskip("distributed", reason="Dask is not installed (extra dask)")
    lost = []

    def lose(done, total, line):
        """Kill a worker once some blocks are there and others are not."""
        if done * 4 > total and not lost:
            lost.extend(client.run(os.getpid).values())
            os.kill(lost[0], signal.SIGKILL)

    kwargs = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**kwargs) as cluster, distributed.Client(cluster) as client:
        executor = client.get_executor(pure=False)
        found = sweep(MODEL, SPACE, **ASKED, executor=executor, progress=lose)
    assert len(lost) == 2
    assert found == sweep(MODEL, SPACE, **ASKED)


@pytest.mark.filterwarnings("ignore")
def test_the_flag_of_the_command_line_names_a_cluster(tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed (extra dask)")
    (tmp_path / "request.json").write_text(json.dumps({"model": MODEL, "space": SPACE, **ASKED}))
    kwargs = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None, "protocol": "tcp://"}
    with distributed.LocalCluster(**kwargs, processes=False) as cluster:
        said = run("sweep", "request.json", "--dask", cluster.scheduler_address, cwd=tmp_path)
    assert said.returncode == 0, said.stderr  # in which the cluster may log
    assert json.loads(said.stdout) == sweep(MODEL, SPACE, **ASKED, path=("model",))
