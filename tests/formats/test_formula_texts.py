"""Formulas where people and other programs read them: in signs in tables and drawings, as expressions in CSV."""

import csv
import io

import pytest

from layercalc import analyze
from layercalc.formats import draw, drawn_report
from layercalc.formats.formulas import CELL, cut, drawn
from layercalc.formats.report import report_sheet
from layercalc.formats.sheet import as_csv, as_markdown, as_text, cell
from layercalc.formulas import Undecided, code, named, parsed, signs

DOCUMENT = {"name": "small", "input_shape": ["H", "W", 3], "layers": [
    {"type": "Conv2D", "filters": 32, "kernel_size": 3, "strides": 2, "padding": "same"},
    {"type": "MaxPooling2D"},
    {"type": "GlobalAveragePooling2D"},
    {"type": "Dense", "units": 10},
]}  # fmt: skip


@pytest.fixture(scope="module")
def report():
    return analyze(DOCUMENT)


@pytest.mark.parametrize("write", [as_text, as_markdown])
def test_tables_show_signs(report, write):
    text = write(report_sheet(report))
    assert "(None, ⌈H/2⌉, ⌈W/2⌉, 32)" in text
    assert "864·⌈H/2⌉·⌈W/2⌉ " in text
    assert "MACs = 864·⌈H/2⌉·⌈W/2⌉ + 320" in text
    assert "unknown" not in text


def test_csv_has_expressions_and_no_spreadsheets_formula(report):
    rows = list(csv.DictReader(io.StringIO(as_csv(report_sheet(report)))))
    assert rows[0]["output_shape"] == "null (H+1)//2 (W+1)//2 32"
    assert eval(rows[0]["macs"], {"H": 5, "W": 7}) == 864 * 3 * 4
    assert cell("-H + 7") == "'-H + 7"


@pytest.mark.parametrize(("form", "box", "arrow"), [
    ("mermaid", "#8968;H#47;2#8969; × #8968;W#47;2#8969; × 32", '-->|"H × W × 3"|'),
    ("dot", "⌈H/2⌉ × ⌈W/2⌉ × 32", '[label="H × W × 3"]'),
])  # fmt: skip
def test_drawings_show_signs(report, form, box, arrow):
    text = draw(form, drawn_report(report))
    assert box in text
    assert arrow in text


def test_a_report_says_where_its_formulas_hold(report):
    assert report["dims"] == {"H": {"min": 1, "max": None}, "W": {"min": 1, "max": None}}
    assert report["conditions"] == report["guards"] == ["H >= 3", "W >= 3"]
    assert report["presumed"] == []
    assert report["inputs"][0]["shape_formula"] == [None, "H", "W", "3"]
    assert report["layers"][1]["input_formulas"] == [[None, "(H + 1)//2", "(W + 1)//2", "32"]]
    ranged = analyze(DOCUMENT, dims="H=32..512,W=64")
    assert ranged["dims"] == {"H": {"min": 32, "max": 512}}
    assert ranged["conditions"] == []
    assert {"dims", "conditions", "guards", "presumed"}.isdisjoint(analyze(DOCUMENT, dims="H=32,W=64"))


def test_memory_and_live_bytes_have_formulas(report):
    sizes = {"H": 45, "W": 38}
    numbers = analyze(DOCUMENT, dims=sizes)
    for path, text in report["memory"]["formulas"].items():
        found = numbers["memory"]
        for key in path.split("."):
            found = found[key]
        assert eval(text, {"max": max, "min": min}, dict(sizes)) == found, path
    assert {"inference_bytes", "training.total_bytes.adam", "training.step_flops"} <= {*report["memory"]["formulas"]}
    for row, wanted in zip(report["layers"], numbers["layers"], strict=True):
        text = row.get("formulas", {}).get("live_bytes")
        assert wanted["live_bytes"] == (row["live_bytes"] if text is None else eval(text, dict(sizes)))


def test_a_long_formula_is_cut_between_terms():
    terms = [f"{n}*H**{n}*(W//{n})" for n in range(40, 2, -1)]
    text = drawn(" + ".join(terms), CELL)
    assert len(text) <= CELL
    assert text.endswith(" + …")
    assert text.count("⌊") == text.count("⌋")
    assert len(cut("max(" + "H·W, " * 40, CELL)) == CELL


@pytest.mark.parametrize("text", [
    "864*((H + 1)//2)*((W + 1)//2) + 320", "max(3*H*W, 64*H)", "H - 2*(H//2)", "-H + 7", "H**2 + 1000*H*W", "12",
    "min((H + 1)//2, 9)",
])  # fmt: skip
def test_what_is_written_is_read_as_the_same(text):
    assert code(parsed(text)) == text


def test_the_range_of_a_name_is_that_which_is_given():
    assert parsed("max(H, 20)", {"H": (32, 512)}) == named("H", 32, 512)
    assert signs(parsed("max(H, 20)")) == "max(20, H)"


@pytest.mark.parametrize("text", [
    "", "H +", "H/2", "H.real", "print(H)", "max()", "H[0]", "True", "1.5", "'H'", "H if W else 2", "H and W",
    "2**H", "H**65", "2**64**1**2**3**4 + H//0", "H//0", "(" * 500 + "H" + ")" * 500, "-" * 20_000 + "H", "H" * 30_000,
    "((((2**64)**64)**64)**64)**64", "lambda: 0", "max(*H)", "H\n;W",
])  # fmt: skip
def test_what_is_no_formula_is_refused(text):
    with pytest.raises((ValueError, Undecided)):
        parsed(text)
    assert drawn(text)[:20] == text[:20]  # a text of an earlier report stands as it is
