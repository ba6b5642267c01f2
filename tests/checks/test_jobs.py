"""Models that are checked together: what one has in common with two before is not read again."""

import json

from layercalc.analysis import readings
from layercalc.budgets import read_budgets
from layercalc.checks import jobs
from layercalc.checks.plan import Job

NET = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}, {"type": "Dense", "units": 2}]}


def test_layers_of_models_before_are_not_read_again(tmp_path, monkeypatch):
    read: list[str] = []
    plain = readings.read
    monkeypatch.setattr(readings, "read", lambda layer, *more: read.append(layer.type) or plain(layer, *more))
    budgets = read_budgets([{"metric": "params", "max": 100}])
    wider = {**NET, "layers": [*NET["layers"], {"type": "Dense", "units": 3}]}
    names = [str(tmp_path / f"{index}.json") for index in range(4)]
    for name, document in zip(names, (NET, NET, NET, wider), strict=True):
        (tmp_path / name).write_text(json.dumps(document))
    jobs.kept.cache_clear()
    judged = dict(jobs.run([Job(name, budgets) for name in names], 1))
    assert [judged[name]["totals"]["params"] for name in names] == [46, 46, 46, 55]
    assert len(read) == 5  # traces are kept from the second use of a layer on
    jobs.kept.cache_clear()
