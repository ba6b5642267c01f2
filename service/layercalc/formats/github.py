"""GitHub Actions: workflow commands, which become annotations of the files."""

from layercalc.budgets import Judged
from layercalc.escapes import printable
from layercalc.formats.findings import findings


def github(judged: Judged) -> str:
    """One command for each finding, the worst first: of a step's errors and warnings only ten each are shown."""
    lines = []
    for one in findings(judged):
        at = f"file={escaped(one.file, ':,')},line={one.line}," if one.file is not None else ""
        kind = "warning" if one.level in ("warn", "note") else "error"
        title = f"layercalc: {one.model}" + ("" if one.level == "fault" else f": {one.title}")
        lines.append(f"::{kind} {at}title={escaped(title, ':,')}::{escaped(one.detail)}\n")
    return "".join(lines)


def escaped(text: str, more: str = "") -> str:
    """The runner's escapes for a message, and with `more` for properties."""
    for mark in "%\r\n" + more:
        text = text.replace(mark, f"%{ord(mark):02X}")
    return printable(text)
