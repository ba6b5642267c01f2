"""Whatever a model, a layer, a file or a budget is named: every text has the lines that it has with plain names."""

import contextlib
import csv
import io
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from layercalc import analyze, check, forward
from layercalc.cli.base import complain_of
from layercalc.differences import Comparison, side
from layercalc.escapes import json_text, printable
from layercalc.formats import DRAWINGS, FORMATS, diff_markdown, diff_sheet, draw, drawn_difference, drawn_report
from layercalc.formats.report import report_sheet
from layercalc.formats.sheet import FORMATS as SHEETS
from layercalc.formats.sheet import Sheet, as_csv, as_text, drawn, forward_sheet
from layercalc.verbs import compare
from tests.command import run
from tests.web.attacks_service import NAMES

DENSE = {"type": "Dense", "units": 4, "name": "NAME"}
MODEL = {"name": "NAME", "input_shape": [8], "layers": [DENSE, {"type": "Dense", "units": 2, "name": "second"}]}
WIDE = {**MODEL, "layers": [{**DENSE, "units": 5}, MODEL["layers"][1]]}
BUDGETS = [
    {"metric": "params", "max": 1, "name": "NAME"},
    {"metric": "params", "max": 1, "layer": "NAME"},
    {"metric": "macs", "max": 1, "level": "warn"},
    {"metric": "flops", "max": "1G"},
]
REPORT = analyze(MODEL, explain=True, conventions=["all"])
COMPARED = compare(MODEL, WIDE)
DIFFERENCE = {**COMPARED.found, "warnings": [{"pointer": "/after/NAME", "detail": "NAME"}]}
PASS = json.loads(json.dumps(forward(MODEL, {"seed": 1}), default=lambda one: one.tolist()))
VERDICT = check(MODEL, BUDGETS)
for one in VERDICT["results"]:
    one["source"] = {"file": "NAME", "line": 3}
FAULTS = [{"file": "NAME", "line": 2, "detail": "There is no NAME."}, {"pointer": "/NAME", "detail": "NAME is wrong."}]
NOTES = [{"pointer": "/NAME", "detail": "NAME"}, {"detail": "NAME: said"}]
JUDGED = [
    ["NAME", {**VERDICT, "warnings": NOTES}],
    ["NAME", {**VERDICT, "passed": False, "results": [], "errors": FAULTS}],
]
WARNED = {**REPORT, "warnings": NOTES}


def named(value, name):
    """The same with another name in every text."""
    if isinstance(value, str):
        return value.replace("NAME", name)
    if isinstance(value, dict):
        return {named(key, name): named(one, name) for key, one in value.items()}
    return [named(one, name) for one in value] if isinstance(value, list) else value


def named_sides(name):
    """The comparison of two models with another name in them; a name with / is drawn in a frame, which has lines."""
    before, after = (side(named(one, name)) for one in (REPORT, COMPARED.after.report))
    return Comparison(named(DIFFERENCE, name), before, after, COMPARED.pairs)


def complained(errors, layers=None):
    with contextlib.redirect_stderr(io.StringIO()) as said:
        complain_of("The model is invalid", errors, layers)
    return said.getvalue()


TEXTS = {
    **{f"verdict-{form}": (lambda name, make=make: make([(a, b) for a, b in named(JUDGED, name)])) for form, make in FORMATS.items()},
    **{f"report-{form}": (lambda name, make=make: make(report_sheet(named(WARNED, name)))) for form, make in SHEETS.items()},
    **{f"diff-{form}": (lambda name, make=make: make(diff_sheet(named(DIFFERENCE, name)))) for form, make in SHEETS.items()},
    **{f"pass-{form}": (lambda name, make=make: make(forward_sheet(named(PASS, name)))) for form, make in SHEETS.items()},
    **{f"drawn-{form}": (lambda name, form=form: draw(form, drawn_report(named(REPORT, name.replace("/", "|"))))) for form in DRAWINGS},
    **{f"drawn-diff-{form}": (lambda name, form=form: draw(form, drawn_difference(named_sides(name.replace("/", "|"))))) for form in DRAWINGS},
    "diff-of-github": lambda name: diff_markdown(named(DIFFERENCE, name)),
    "stderr": lambda name: complained(named(FAULTS, name), named(REPORT["layers"], name)),
    "json": lambda name: json_text(named(REPORT, name)),
}  # fmt: skip
ANY = st.text(max_size=30) | st.sampled_from(sorted(NAMES))
COMMANDS = re.compile(r"^\s*::|##\w*\[")


@pytest.mark.parametrize("kind", TEXTS)
@given(ANY.filter(lambda name: name not in ("", "-")))  # no name, and standard input, have other rows
@example("\udcff\n")
def test_no_name_makes_a_line_a_control_character_or_a_command(kind, name):
    text = TEXTS[kind](name)
    lines = text.split("\n")
    assert len(lines) == len(TEXTS[kind]("NAME").split("\n"))
    for line in lines:
        assert line.replace("\u200b", "").isprintable(), ascii(line)  # Markdown's guard against mentions
        if kind != "verdict-github":
            assert not COMMANDS.search(line), line


@given(ANY)
def test_table_on_a_terminal_has_no_escapes_but_its_own(name):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system=None, width=1000)
    console.print(drawn(report_sheet(named(WARNED, name))))
    assert re.sub(r"\x1b\[\d*m", "", stream.getvalue()).replace("\n", "").isprintable()


@given(st.lists(st.lists(ANY, min_size=3, max_size=3), max_size=4), st.integers(0, 3))
def test_text_is_the_table_that_rich_draws_where_there_is_room(rows, numbers):
    sheet = Sheet("diff", ["Layer", "Type", "FLOPs"], rows, [], [], ["a note"], numbers)
    stream = io.StringIO()
    console = Console(file=stream, width=10_000, color_system=None, markup=False, emoji=False, highlight=False)
    console.print(drawn(sheet))
    lines = [line.rstrip() for line in stream.getvalue().split("\n")]
    assert as_text(sheet) == "\n".join([*lines[:-2], "", "a note"]) + "\n"


@given(ANY)
def test_escapes_are_plain_and_leave_plain_text_alone(name):
    assert printable(printable(name)) == printable(name)
    assert json.loads(json_text([name])) == [name]
    if re.fullmatch(r"[\w ./-]*", name) and name.isprintable():
        assert printable(name) == name


@given(ANY, st.integers())
def test_no_text_is_a_formula_to_a_spreadsheet_and_numbers_stay_numbers(name, number):
    raw = [[name, number, -1.5, [name], [None, 3], None]]
    (_, row) = csv.reader(io.StringIO(as_csv(Sheet("t", [], [], ["a"] * 6, raw))))
    for one in (row[0], row[3]):
        assert one[:1] not in ("=", "+", "-", "@", "\t", "\r")
        assert one.removeprefix("'") == printable(name)
    assert row[1:3] == [str(number), "-1.5"]
    assert row[4:] == ["nullx3", "null"]


@pytest.mark.parametrize("name", sorted(NAMES - {"", "a/b"}), ids=ascii)
def test_command_line_says_a_file_in_one_line(name, tmp_path):
    """Files that are missing, wrong and over a budget, by every way on which their names come back."""
    if "\0" in name or "/" in name or len(name.encode("utf-8", "surrogateescape")) > 200:
        pytest.skip("no file can be named so")
    (tmp_path / f"{name}.json").write_text("{")
    (tmp_path / "layercalc.yaml").write_text(json.dumps({"models": [{"path": f"{name}*", "budgets": BUDGETS}]}))
    for arguments in (
        ("analyze", f"{name}.json"),
        ("analyze", f"{name}.none"),
        ("check", f"{name}.json", "--max-params", "5"),
        ("check", "--format", "table"),
        ("check", "--format", "text", "--budgets", f"{name}.yaml"),
        ("diff", f"{name}.json", f"{name}.json"),
        ("init", f"{name}.json"),
        ("layers", name),
        ("forward", f"{name}.json", "--weights", f"{name}.npz"),
        ("check", f"{name}.json", "--max-params", name),
        ("check", "--max-params", "5", "--output", f"{name}/sarif=x", f"{name}.json"),
    ):
        done = run(*[one if not one.startswith("-") or one in KNOWN else f"./{one}" for one in arguments], cwd=tmp_path)
        for line in (done.stdout + done.stderr).split("\n"):
            assert line.isprintable(), ascii(line)
            assert not COMMANDS.search(line), line
            assert "layercalc: " not in line or "Error" not in line, line


KNOWN = {"--max-params", "--format", "--budgets", "--weights", "--output"}
