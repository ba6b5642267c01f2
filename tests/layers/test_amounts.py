"""Whatever a layer is told and however little it is given, there is never less of anything than nothing."""

import pytest

from layercalc import analyze, sweep
from layercalc.errors import InvalidModel, Refused
from tests.sizes_by_name import held
from tests.sweeps.test_exact import EXAMPLES, arguments, example, network


def below_nothing(report):
    """Where a report has a number of elements, bytes or operations below 0."""
    rows = [
        {key: row[key] for key in ("output_shapes", "params", "macs", "flops", "activation_bytes", "ops", "weights")}
        for row in report["layers"]
    ]
    found = []

    def look(value, path):
        if isinstance(value, dict | list):
            for key, one in value.items() if isinstance(value, dict) else enumerate(value):
                look(one, [*path, key])
        elif type(value) in (int, float) and value < 0:
            found.append((path, value))

    look([report["totals"], report["memory"], rows], [])
    return found


@pytest.mark.parametrize(("vocabulary", "name"), EXAMPLES)
def test_no_argument_makes_less_than_nothing(vocabulary, name):
    kind, config, inputs = example(vocabulary, name)
    for key, given in arguments(kind, config):
        several = list(given) if isinstance(given, list | tuple) else []
        for far in (-7, -(10**20), 10**20):
            for value in (far, [far, *several[1:]], [*several[:-1], far]) if several else (far,):
                try:
                    report = analyze(network(vocabulary, kind, {**config, key: value}, inputs))
                except Refused:
                    continue
                assert not below_nothing(report), (key, value)


@pytest.mark.parametrize(("vocabulary", "name"), EXAMPLES)
def test_no_axis_of_nothing_makes_less_than_nothing(vocabulary, name):
    kind, config, inputs = example(vocabulary, name)
    for size in {n for one in inputs for n in one["batch_shape"] if type(n) is int}:
        empty = [{**one, "batch_shape": [0 if n == size else n for n in one["batch_shape"]]} for one in inputs]
        try:
            report = analyze(network(vocabulary, kind, config, empty))
        except Refused:
            continue
        assert not below_nothing(report), size


PADDED = {"vocabulary": "torch", "inputs": [{"name": "x", "shape": [3, "H"]}],
          "layers": [{"type": "ConstantPad1d", "padding": [-5, -4], "value": 0}, {"type": "Flatten"}]}  # fmt: skip


def test_what_is_cut_off_a_size_by_name_is_there():
    report, compared, answered = held(PADDED, 3, largest=20)
    assert report["conditions"] == ["H >= 9"]
    assert (compared, answered) == (4, 0)
    with pytest.raises(InvalidModel, match=r"One axis of the result would be -1, of \[null, 3, -1\]; no size"):
        analyze(PADDED, dims={"H": 8})


def test_what_is_cut_off_parts_the_candidates_of_a_sweep():
    model = {**PADDED, "inputs": [{"name": "x", "shape": [3, {"$": "w"}]}]}
    answer = sweep(model, {"w": {"from": 5, "to": 12}})
    assert [row["values"]["w"] for row in answer["rows"]] == [9, 10, 11, 12]
    assert answer["refused"][0]["count"] == 4
