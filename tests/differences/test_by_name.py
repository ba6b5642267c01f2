"""Differences of models with sizes by name: formulas before and after, and the formula between them."""

import json

import pytest

from layercalc import analyze, diff
from layercalc.formats import diff_markdown, diff_sheet
from layercalc.formats.sheet import as_text
from tests.sizes_by_name import value

BEFORE = {"input_shape": ["H", "W", 3], "layers": [
    {"type": "Conv2D", "filters": 32, "kernel_size": 3, "strides": 2, "padding": "same", "name": "conv"},
    {"type": "GlobalAveragePooling2D", "name": "mean"},
    {"type": "Dense", "units": 10, "name": "head"},
]}  # fmt: skip
CONV, *REST = BEFORE["layers"]
AFTER = {**BEFORE, "layers": [{**CONV, "filters": 48}, {"type": "ReLU", "name": "act"}, *REST]}
SIZES = {"H": 57, "W": 40}


def saved(report):
    return json.loads(json.dumps(report))


@pytest.mark.parametrize("form", [lambda document: document, lambda document: saved(analyze(document))])
def test_every_difference_is_that_of_the_numbers(form):
    found = diff(form(BEFORE), form(AFTER))
    numbers = diff(BEFORE, AFTER, dims=SIZES)
    assert found["identical"] is False
    assert {"macs", "flops", "activation_bytes"} <= {key for key, one in found["totals"].items() if "formulas" in one}
    for metric, one in found["totals"].items():
        for key in ("before", "after", "delta"):
            text = one.get("formulas", {}).get(key)
            assert numbers["totals"][metric][key] == (one[key] if text is None else value(text, SIZES)), (metric, key)
    assert [one["after"] for one in found["layers"]] == ["conv", "act", "mean", "head"]
    for one, wanted in zip(found["layers"], numbers["layers"], strict=True):
        for metric, n in one["deltas"].items():
            text = one.get("formulas", {}).get(metric)
            assert wanted["deltas"][metric] == (n if text is None else value(text, SIZES)), (one["after"], metric)
    assert found["layers"][0]["output_formula"][1] == [None, "(H + 1)//2", "(W + 1)//2", "48"]


def test_what_is_equal_as_a_formula_is_identical_and_nothing_else_is():
    assert diff(BEFORE, saved(analyze(BEFORE)))["identical"] is True
    wider = {**BEFORE, "layers": [{**CONV, "padding": "valid"}, *REST]}
    found = diff(saved(analyze(BEFORE)), saved(analyze(wider)))
    assert found["identical"] is False
    assert value(found["totals"]["macs"]["formulas"]["delta"], SIZES) == (28 * 19 - 29 * 20) * 864


def test_tables_show_signs():
    found = diff(BEFORE, AFTER)
    assert "macs: 864·⌈H/2⌉·⌈W/2⌉ + 320 → 1,296·⌈H/2⌉·⌈W/2⌉ + 480 (432·⌈H/2⌉·⌈W/2⌉ + 160)" in as_text(diff_sheet(found))
    assert "| macs | 864·⌈H/2⌉·⌈W/2⌉ + 320 | 1,296·⌈H/2⌉·⌈W/2⌉ + 480 | 432·⌈H/2⌉·⌈W/2⌉ + 160 |" in diff_markdown(found)


@pytest.mark.parametrize("text", ["H +", "__import__('os')", "H//0", "(" * 300])
def test_a_report_with_what_is_no_formula_has_no_difference(text):
    report = saved(analyze(BEFORE))
    report["totals"]["formulas"]["macs"] = text
    assert diff(report, AFTER)["totals"]["macs"]["delta"] is None
    assert "delta" not in diff(report, AFTER)["totals"]["macs"]["formulas"]
