"""JUnit XML: a suite for each model, a case for each budget. A warning is the case's output, a fault an error.

What a model was read with is a property of its suite.
"""

from typing import Any

from junitparser import Attr, Error, Failure, JUnitXml, TestCase, TestSuite

from layercalc.budgets import Judged
from layercalc.escapes import printable
from layercalc.formats.findings import faults, notes, place, titled
from layercalc.formats.formulas import counts_of


class Case(TestCase):
    """A case with the place to edit, as pytest's and Jest's reports have it."""

    file = Attr()
    line = Attr()


def junit(judged: Judged) -> str:
    xml = JUnitXml("layercalc")
    for name, verdict in judged:
        suite = TestSuite(printable(name))
        formulas = verdict["totals"].get("formulas", {})
        for metric, n in counts_of(verdict["totals"]).items():
            suite.add_property(printable(metric), formulas.get(metric, "unknown") if n is None else str(n))
        for note in notes(name, verdict):
            where = "" if note.file is None else f"{note.file}:{note.line}: "
            suite.add_property("warning", printable(where + note.detail))
        for title, _, one in titled(name, verdict):
            case = made(name, title, *place(name, one))
            if not one["passed"] and one["level"] == "error":
                case.result = [Failure(printable(one["detail"]), "budget")]
            elif not one["passed"]:
                case.system_out = f"warning: {printable(one['detail'])}"
            suite.add_testcase(case)
        for number, fault in enumerate(faults(name, verdict), 1):
            case = made(name, f"fault {number}", fault.file, fault.line)
            case.result = [Error(printable(fault.detail), "fault")]
            suite.add_testcase(case)
        xml.add_testsuite(suite)
    text: bytes = xml.tostring()  # type: ignore[no-untyped-call]
    return text.decode() + "\n"


def made(name: str, title: str, file: str | None, line: int) -> Any:
    case = Case(printable(title), classname=printable(name))
    if file is not None:
        case.file, case.line = printable(file), str(line)
    return case
