"""Budgets held against counts that depend on sizes by name: proven over their ranges, or broken at a size."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercalc import analyze, check
from layercalc.budgets.ranges import Ranges
from layercalc.errors import InvalidBudgets
from layercalc.formats import rendered
from layercalc.formulas import at, extreme, named
from tests.command import run
from tests.sizes_by_name import at_path, value

DOCUMENT = {"name": "small", "input_shape": ["H", "W", 3], "layers": [
    {"type": "Conv2D", "filters": 32, "kernel_size": 3, "strides": 2, "padding": "same", "name": "conv"},
    {"type": "MaxPooling2D", "name": "pool"},
    {"type": "GlobalAveragePooling2D", "name": "mean"},
    {"type": "Dense", "units": 10, "name": "head"},
]}  # fmt: skip


def judged(budget, dims=None, document=DOCUMENT, baseline=None):
    return check(document, [budget], baseline, dims=dims)["results"][0]


@pytest.mark.parametrize(("budget", "dims", "passed", "sizes"), [
    ({"metric": "flops", "max": "200M"}, "H=32..512,W=32..512", True, {"H": 512, "W": 512}),
    ({"metric": "flops", "max": "100M"}, "H=32..512,W=32..512", False, {"H": 512, "W": 512}),
    ({"metric": "flops", "min": 1000}, "H=32..512,W=64", True, {"H": 32}),
    ({"metric": "flops", "min": "1G"}, "H=32..512,W=64", False, {"H": 32}),
    ({"metric": "macs", "equals": 864 * 256 + 320}, "H=32..33,W=32", False, {"H": 33}),
    ({"metric": "macs", "layer": "co*", "max": 864 * 256}, "H=31..32,W=32", True, {"H": 32}),
    ({"metric": "inference_bytes", "max": "16MiB"}, "H=3..224,W=3..224", True, {"H": 224, "W": 224}),
    ({"metric": "training.total_bytes.adam", "max": "16KiB"}, "H=3..224,W=3..224", False, {"H": 224, "W": 224}),
    ({"metric": "peak_activation_bytes", "max": "64KiB"}, "H=32,W=3..40", True, {"W": 40}),
    ({"metric": "params", "max": 1226}, None, True, None),
])  # fmt: skip
def test_a_limit_over_a_range(budget, dims, passed, sizes):
    """It is the number that the analysis gives at the size that is named."""
    found = judged(budget, dims)
    assert (found["passed"], found.get("sizes")) == (passed, sizes)
    if sizes is not None:
        fixed = dict(one.split("=") for one in dims.split(",") if ".." not in one)
        numbers = analyze(DOCUMENT, dims={name: int(n) for name, n in fixed.items()} | sizes)
        rows = {row["name"]: row for row in numbers["layers"]}
        of = rows[found["layer"]] if "layer" in found else {**numbers["memory"], **numbers["totals"]}
        assert value(found["formula"], sizes) == found["actual"] == at_path(of, found["metric"])


def test_without_an_end_a_size_that_breaks_it_is_named():
    found = judged({"metric": "flops", "max": "200M"})
    assert not found["passed"]
    assert analyze(DOCUMENT, dims=found["sizes"])["totals"]["flops"] == found["actual"] > 200_000_000
    assert f"at H = {found['sizes']['H']:,}, W = {found['sizes']['W']:,} exceeds 200" in found["detail"]
    assert found["layers"][0]["name"] == "conv"
    assert found["layers"][0]["part"] == analyze(DOCUMENT, dims=found["sizes"])["layers"][0]["flops"]


def test_where_formulas_do_not_hold_nothing_is_proven():
    found = judged({"metric": "flops", "max": "200M"}, "H=1..64,W=64")
    assert (found["passed"], found["sizes"], found["actual"], found["excess"]) == (False, None, None, None)
    assert found["detail"] == (
        "Not proven at every size: flops is within 200 M; the counts are known where H ≥ 3 alone"
    )
    assert judged({"metric": "flops", "max": "200M"}, "H=3..64,W=64")["passed"]


@pytest.mark.parametrize(("increase", "passed"), [("40%", True), ("30%", False), (10**9, True)])
def test_an_increase_over_a_range(increase, passed):
    wider = {**DOCUMENT, "layers": [{**DOCUMENT["layers"][0], "filters": 43}, *DOCUMENT["layers"][1:]]}
    budget = {"metric": "flops", "max_increase": increase}
    dims = "H=32..512,W=32..512"
    for was in (DOCUMENT, json.loads(json.dumps(analyze(DOCUMENT, dims=dims)))):
        found = judged(budget, dims, wider, was)
        assert found["passed"] is passed
        if found["sizes"] is not None:
            before = analyze(DOCUMENT, dims=found["sizes"])["totals"]["flops"]
            assert found["actual"] == analyze(wider, dims=found["sizes"])["totals"]["flops"]
            assert passed is (found["actual"] <= before + int(found["limit"] - before))


def test_a_baseline_in_other_names_is_said():
    other = json.loads(json.dumps(DOCUMENT).replace('"H"', '"height"'))
    with pytest.raises(InvalidBudgets, match="The baseline depends on the size 'height', which the model does not"):
        judged({"metric": "flops", "max_increase": "5%"}, "H=32..64,W=32..64", baseline=analyze(other))


def test_every_format_says_the_size():
    verdict = check(DOCUMENT, [{"metric": "flops", "max": "100M"}], dims="H=32..512,W=32..512")
    for form in (
        "text",
        "json",
        "markdown",
        "junit",
        "github",
        "gitlab",
        "sarif",
        "csv",
        "gitlab-metrics",
        "badge:flops",
    ):
        if form.startswith(("gitlab-metrics", "badge")):
            assert "formulas" not in rendered(form, [("small.json", verdict)])
            continue
        text = rendered(form, [("small.json", verdict)])
        assert "117,441,162" in text or "117441162" in text or "117.4 M" in text, form
    assert "H = 512, W = 512" in rendered("junit", [("small.json", verdict)])
    assert "1,760·⌈H/2⌉·⌈W/2⌉" in rendered("markdown", [("small.json", verdict)])


def test_the_command_line_exits_by_it(tmp_path):
    path = tmp_path / "small.json"
    path.write_text(json.dumps(DOCUMENT))
    over = ("check", str(path), "--dims", "H=32..512,W=32..512", "--max-flops")
    assert run(*over, "200M").returncode == 0
    assert run(*over, "100M").returncode == 1


H, W = named("H", 1, 30), named("W", 2, 20)
TERMS = st.tuples(st.integers(-9, 9), st.integers(0, 5), st.integers(1, 6), st.booleans(), st.booleans())


@settings(max_examples=60)
@given(st.lists(TERMS, min_size=1, max_size=4), st.integers(-400, 400), st.booleans())
def test_what_is_said_of_every_size_is_so(terms, more, capped):
    formula = more
    for c, r, d, first, second in terms:
        formula += c * ((H + r) // d if first else 1) * ((W + r) // d if second else 1)
    formula = extreme("min", formula, 50) if capped else formula
    report = {"dims": {"H": {"min": 1, "max": 30}, "W": {"min": 2, "max": 20}}}
    outcome = Ranges(report).never_above(formula)
    numbers = {(h, w): at(formula, {"H": h, "W": w}) for h in range(1, 31) for w in range(2, 21)}
    assert outcome.passed is (max(numbers.values()) <= 0)
    if outcome.sizes is not None:
        assert (numbers[outcome.sizes["H"], outcome.sizes["W"]] <= 0) is outcome.passed
