"""Dtypes that a request says instead of the document: the same numbers by every verb and face, and told by each."""

import json
from pathlib import Path

import pytest
import yaml

from layercalc import analyze, check, diff, fit, sweep
from layercalc.errors import InvalidBudgets
from layercalc.web import create_app
from tests.analysis.test_storage import NET, stored
from tests.command import run

ROOT = Path(__file__).parents[2]


def test_bytes_are_held_against_a_report_of_the_same_dtypes_alone():
    """A report of float32 would let any int8 model pass; what is no amount of bytes is judged."""
    wider = json.loads(json.dumps(NET).replace('"units": 11', '"units": 99'))
    grown = [{"metric": "param_bytes", "max_increase": "2%"}]
    plain, small = analyze(NET), analyze(NET, weight_dtype="int8")
    assert not check(wider, grown, small, weight_dtype="int8")["passed"]
    for earlier, options in ((plain, {"weight_dtype": "int8"}), (small, {}), (small, {"activation_dtype": "int8"})):
        with pytest.raises(InvalidBudgets, match=r"The baseline is a report of .* cannot be held against it") as caught:
            check(wider, grown, earlier, **options)
        assert caught.value.errors[0]["pointer"] == "/budgets/0/max_increase"
        assert not check(wider, [{"metric": "params", "max_increase": 1}], earlier, **options)["passed"]
    wrong = {**small, "weight_dtype": "int3"}
    answer = create_app().test_client().post("/v1/check", json={"model": NET, "budgets": grown, "baseline": wrong})
    assert [one["pointer"] for one in answer.json["errors"]] == ["/baseline/weight_dtype"]


def test_a_difference_says_when_storage_is_compared_too():
    plain, small = analyze(NET), analyze(NET, weight_dtype="int8")
    told = "Bytes before are those of dtypes that the document says, after of weights as int8: storage is compared too."
    mixed = diff(plain, NET, weight_dtype="int8")
    assert [one["detail"] for one in mixed["warnings"]] == [told]
    assert "weight_dtype" not in mixed
    for one in (diff(small, NET, weight_dtype="int8"), diff(small, small)):
        assert (one["identical"], one["warnings"], one["weight_dtype"]) == (True, [], "int8")


BOARD = [  # 256 KB of flash and 64 KB of RAM
    {"metric": "param_bytes", "max": "256KB"},
    {"metric": "peak_activation_bytes", "max": "64KB"},
]
AS_SMALL = {"weight_dtype": "int4:32", "activation_dtype": "float16"}
CAMERA = {
    "input_shape": [40, 40, 3],
    "layers": [
        {"type": "Conv2D", "filters": 16, "kernel_size": 3, "strides": 2, "name": "conv"},
        {"type": "Flatten"},
        {"type": "Dense", "units": 70, "name": "dense"},
    ],
}


def bytes_of(filters, units=70):
    """The weights and the peak of CAMERA, by hand: three tensors of the convolution's size on the way."""
    grouped = [[3, 3, 3, filters], [filters], [19 * 19 * filters, units], [units]]
    weights = sum(stored(shape, 1, "int4", 32) for shape in grouped)
    return weights, 2 * (40 * 40 * 3 + 19 * 19 * filters)


def camera(filters, units=70):
    first, *_, last = CAMERA["layers"]
    return {**CAMERA, "layers": [{**first, "filters": filters}, {"type": "Flatten"}, {**last, "units": units}]}


def test_whether_a_board_holds_it_by_every_face(tmp_path):
    """analyze, check, diff, sweep, fit and the command, on one model: as float32 it does not fit, as int4 it does."""
    weights, peak = bytes_of(16)
    client = create_app().test_client()
    assert not check(CAMERA, BOARD)["passed"]
    totals = analyze(CAMERA, **AS_SMALL)["totals"]
    assert (totals["param_bytes"], totals["peak_activation_bytes"]) == (weights, peak)
    assert check(CAMERA, BOARD, **AS_SMALL)["passed"]
    failed = check(camera(21), BOARD, **AS_SMALL)
    assert not failed["passed"]
    assert "by" in failed["results"][0]["detail"]
    assert ", weights as int4:32 and activations as float16; the largest" in failed["results"][0]["detail"]
    open_model = camera({"$": "w"})
    space = {"w": {"from": 1, "to": 24}}
    columns = ["param_bytes", "peak_activation_bytes"]
    rows = sweep(open_model, space, where=BOARD, columns=columns, **AS_SMALL)
    held = [w for w in range(1, 25) if bytes_of(w)[0] <= 256_000 and bytes_of(w)[1] <= 64_000]
    assert [(row["values"]["w"], *(row[one] for one in columns)) for row in rows["rows"]] == [
        (w, *bytes_of(w)) for w in held
    ]
    largest = fit(open_model, "w", BOARD, **AS_SMALL)
    assert (largest["value"], largest["next"]) == (held[-1], held[-1] + 1)
    assert fit(CAMERA, "conv.filters", BOARD, range="1..24", **AS_SMALL)["count"] == len(held)
    batch = fit(CAMERA, "batch_size", BOARD, **AS_SMALL)
    assert batch["value"] == 64_000 // peak
    for verb, body, answer in (
        ("sweep", {"model": open_model, "space": space, "where": BOARD, "columns": columns}, rows),
        ("fit", {"model": open_model, "vary": "w", "within": BOARD}, largest),
        ("check", {"model": CAMERA, "budgets": BOARD}, check(CAMERA, BOARD, **AS_SMALL)),
        ("diff", {"before": CAMERA, "after": camera(21)}, diff(CAMERA, camera(21), **AS_SMALL)),
    ):
        assert client.post(f"/v1/{verb}", json=body | AS_SMALL).json == answer
        assert client.post(f"/v1/{verb}", json=body, query_string=AS_SMALL).json == answer
        assert {key: answer[key] for key in AS_SMALL} == AS_SMALL
        text = client.post(f"/v1/{verb}", json=body, query_string=AS_SMALL | {"format": "markdown"}).text
        assert "int4:32" in text
        assert "float16" in text
        (tmp_path / f"{verb}.json").write_text(json.dumps(body | AS_SMALL))
        if verb in ("sweep", "fit"):
            ran = run(verb, f"{verb}.json", "--format", "json", cwd=tmp_path)
            assert json.loads(ran.stdout) == answer


(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


@pytest.mark.parametrize("chosen", ["junit", "github", "gitlab", "sarif", "hook"])
def test_reports_of_a_build_say_what_failed_stored_as_what(chosen, tmp_path):
    (tmp_path / "camera.json").write_text(json.dumps(camera(21)))
    budgets = {"defaults": AS_SMALL, "models": [{"path": "camera.json", "budgets": BOARD}]}
    (tmp_path / "layercalc.yaml").write_text(json.dumps(budgets))
    verb = HOOK["entry"].split()[1:]
    arguments = HOOK["args"] if chosen == "hook" else ["--budgets", "layercalc.yaml", "--format", chosen]
    ran = run(*verb, *arguments, cwd=tmp_path)
    assert ran.returncode == 1
    assert "weights as int4:32 and activations as float16" in ran.stdout.replace("%3A", ":")
