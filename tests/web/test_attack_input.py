"""What is sent is checked before it is paid for: time and memory of a worker for requests made to cost it both."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.web.attacks_input import ATTACKS, DENSE
from tests.web.hostage import Hostage

SECONDS = 10  # on a machine that does nothing else they take one to three


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    (folder / "dense.json").write_text(json.dumps(DENSE))
    save_file({"dense/kernel": np.ones((3, 4), "f4"), "dense/bias": np.ones(4, "f4")}, folder / "dense.safetensors")
    hostage = Hostage("tests.web.attacks_input", folder)
    yield hostage
    hostage.stop()


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_costs_the_worker_little_time_and_memory(worker, name):
    attack, answer = ATTACKS[name], worker.ask(name)
    assert answer is not None, "the worker died of it"
    assert answer.status in attack.right, answer.body[:500]
    assert answer.seconds < SECONDS
    assert answer.memory < attack.memory, f"{answer.memory / 1e6:.0f} MB"
    if answer.status >= 400:
        assert answer.media == "application/problem+json"
        problem = json.loads(answer.body)
        assert problem["detail"]
        assert answer.status != 503 or "deadline" in problem["detail"]
        assert len(answer.body) < 200_000
