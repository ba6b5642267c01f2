"""What deploy/ says of itself is so: the tables are fresh, the tests it names are there, its numbers are those of the code."""

import ast
import re
from pathlib import Path

import pytest
from scripts import readme_settings, sizing

from layercalc import capacity

ROOT = Path(__file__).parents[2]
README = (ROOT / "deploy" / "README.md").read_text()
THREATS = (ROOT / "deploy" / "THREATS.md").read_text()


def test_tables_of_settings_are_fresh():
    assert readme_settings.placed(README) == README, "run `make openapi`"


def test_every_setting_that_the_code_reads_is_in_a_table():
    rows = set(re.findall(r"(?m)^\| `(\w+)` \|", README))
    assert readme_settings.in_the_code() <= rows, readme_settings.in_the_code() - rows


def test_table_without_a_place_is_missed():
    with pytest.raises(SystemExit, match="0 places for settings"):
        readme_settings.placed(README.replace("<!-- settings -->", ""))


def rows():
    return [line.strip("|").split(" | ") for line in THREATS.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0].strip()[:40])
def test_every_threat_names_tests_that_are_there(row):
    assert len(row) == 4
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row[3])
    assert named
    assert re.sub(r"`[^`]*`", "", row[3]).strip() == ""
    for path, name in named:
        functions = {
            node.name for node in ast.parse((ROOT / path).read_text()).body if isinstance(node, ast.FunctionDef)
        }
        assert name in functions, f"{path} has no {name}"


def test_sums_of_sizing_are_those_of_the_script():
    for path, gib in [("", "11.7"), ("layercalc.env", "9.7"), ("kubernetes/base/settings.env", "6.0")]:
        text = (ROOT / "deploy" / path).read_text() if path else ""
        assert f"{sizing.memory(sizing.settings_in(text)) / 2**30:.1f}" == gib
        assert f"{gib} GiB" in README
    for factor in (capacity.PER_BODY_BYTE, capacity.PER_VALUE, capacity.PER_CODE_TOKEN):
        assert f"× {factor}" in README


def test_files_named_are_there_and_files_there_are_named():
    first = README.partition("## In front of it")[0]
    for path in {*(ROOT / "deploy").iterdir()} - {ROOT / "deploy" / "README.md"}:
        assert f"{path.name}" in first, path.name
    for name in re.findall(r"(?m)^\| ((?:`[\w./]+`(?:, )?)+) \|", first):
        for one in re.findall(r"`([^`]+)`", name):
            assert (ROOT / "deploy" / one).exists(), one


def test_what_the_log_and_the_metrics_say_is_what_the_page_says():
    code = "".join(path.read_text() for path in (ROOT / "service" / "layercalc" / "web").rglob("*.py"))
    for said in (
        "request lost",
        "No metrics from this process",
        '"http_requests_lost"',
        '"rate_limit_storage_failures"',
    ):
        assert said in code
        assert said.strip('"') in README
