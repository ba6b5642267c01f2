"""Markdown for a comment of a pull request or the summary of a step: what failed first, the rest folded away."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from layercalc.amounts import number_text, share
from layercalc.budgets import Judged
from layercalc.formats.findings import findings, headline, overshoot, titled
from layercalc.formats.formulas import LINE, amount, counts_of
from layercalc.formats.sheet import as_markdown, code, prose, stored_lines, warning_lines
from layercalc.formats.verdict_tables import diff_sheet, difference, signed

MARKER = "<!-- layercalc check -->"  # by which a comment is found again, to be written anew in its place
ROOM = 60_000  # characters; GitHub takes 65,536 in a comment
MANY = 50  # rows of a table
ICONS = {"error": "❌", "warn": "⚠️", "ok": "✅", "fault": "🚫", "note": "ℹ️"}


def markdown(judged: Judged) -> str:
    """A heading, then a part for each model, the worst first; as many as fit."""
    worst = next(iter(findings(judged)), None)
    icon = ICONS[worst.level if worst and worst.level != "note" else "ok"]
    out = f"{MARKER}\n### {icon} Model budgets: {headline(judged)}\n"
    parts = sorted(judged, key=lambda one: badness(*one), reverse=True)
    for number, (name, verdict) in enumerate(parts):
        lines = list(model_part(name, verdict, alone=len(parts) == 1))
        drawing = list(drawn(verdict)) if len(parts) == 1 or findings([(name, verdict)]) else []
        part = "\n" + "\n".join(lines) + "\n"
        if len(out) + len(part) + sum(map(len, drawing)) + len(drawing) + 1 <= ROOM:
            part += "".join(f"{line}\n" for line in drawing)
        if len(out) + len(part) > ROOM:
            left = len(parts) - number
            return out + f"\n{left} more model{'s' * (left > 1)} found no room here.\n"
        out += part
    return out


def badness(name: str, verdict: dict[str, Any]) -> tuple[int, int, int, Fraction]:
    levels = [one.level for one in findings([(name, verdict)])]
    worst = max((overshoot(one) for one in verdict["results"] if not one["passed"]), default=Fraction(0))
    return levels.count("fault"), levels.count("error"), levels.count("warn"), worst


def model_part(name: str, verdict: dict[str, Any], alone: bool) -> Iterator[str]:
    """What failed of one model in the open, what held and the totals folded; a model that passed is folded whole."""
    found = findings([(name, verdict)])
    title = f"{code(name)}{' (new)' if verdict.get('new') else ''}: {headline([(name, verdict)])}"
    fold = not alone and not found
    yield f"<details><summary>{title}</summary>" if fold else f"**{title}**"
    yield ""
    if found:
        rows = [
            [ICONS[one.level], prose(one.detail), "" if one.file is None else code(f"{one.file}:{one.line}")]
            for one in found
        ]
        yield from table(["", "Budget", "Where"], rows)
        yield ""
    yield from layers_part(found[0].result.get("layers", ()) if found else (), found[0].title if found else "")
    for line in stored_lines(verdict):
        yield prose(line)
        yield ""
    held = [prose(one["detail"]) for _, _, one in titled(name, verdict) if one["passed"]]
    if held:
        yield from folded(f"{len(held)} budget{'s' * (len(held) > 1)} held", items(held))
    yield from totals_part(verdict)
    if fold:
        yield "</details>"


def drawn(verdict: dict[str, Any]) -> Iterator[str]:
    """The network as GitHub draws it, where the verdict has a drawing."""
    if "drawing" in verdict:
        yield from folded("The network", ["```mermaid", verdict["drawing"].rstrip("\n"), "```"])


def layers_part(layers: Sequence[dict[str, Any]], title: str) -> Iterator[str]:
    """The layers behind the worst of it."""
    if any(one["part"] is not None for one in layers):
        rows = [[code(one["name"]), number_text(one["part"]), grown(one["delta"])] for one in layers]
        yield from folded(f"Layers behind {prose(title)}", table(["Layer", "Now", "Change"], rows, numbers=2))


def grown(delta: int | None) -> str:
    return "–" if delta is None else signed(delta)


def totals_part(verdict: dict[str, Any]) -> Iterator[str]:
    """The totals; before and after where there is a baseline."""
    now = counts_of(totals := verdict["totals"])
    was = (verdict.get("baseline") or {}).get("totals")
    if not now:
        return
    if was is None:
        rows = [[key, prose(amount(totals, key))] for key in now]
        yield from folded("Totals", table(["Metric", "Now"], rows, numbers=1))
        return
    yield from folded("Totals before and after", totals_table({key: (was.get(key), n) for key, n in now.items()}))


def totals_table(pairs: dict[str, tuple[int | None, int | None]]) -> Iterator[str]:
    rows = [[prose(key), number_text(a), number_text(b), change(a, b)] for key, (a, b) in pairs.items()]
    return table(["Metric", "Before", "After", "Change"], rows, numbers=3)


def differing_totals(found: dict[str, Any]) -> Iterator[str]:
    """The totals of two models, formulas in signs."""
    rows = []
    for key, one in found["totals"].items():
        plain = "formulas" not in one
        apart = change(one["before"], one["after"]) if plain else difference(one["delta"], one, "delta", LINE)
        rows.append([prose(key), prose(amount(one, "before")), prose(amount(one, "after")), prose(apart)])
    return table(["Metric", "Before", "After", "Change"], rows, numbers=3)


def change(a: int | None, b: int | None) -> str:
    """The difference, and in per cent."""
    if a is None or b is None:
        return "unknown"
    if not a or a == b:
        return signed(b - a)
    return f"{signed(b - a)} ({'+' if b > a else '-'}{share(abs(b - a), a)})"


def diff_markdown(found: dict[str, Any]) -> str:
    """The totals before and after, and the layers that changed, folded where they are many."""
    sheet = diff_sheet(found)
    sheet.notes = []
    notes = [f"\n{prose(line)}  " for line in [*stored_lines(found), *warning_lines(found["warnings"][:MANY])]]
    heading = "no difference" if found["identical"] else f"{len(sheet.rows)} layers differ"
    if not sheet.rows:
        return "\n".join([f"### diff: {heading}", "", *differing_totals(found), *notes]) + "\n"
    left = len(sheet.rows) - MANY * 4
    sheet.rows = sheet.rows[: MANY * 4]
    lines = as_markdown(sheet).rstrip("\n").split("\n")[2:]
    more = [f"{left} more layers found no room here."] if left > 0 else []
    return "\n".join(
        [
            f"### diff: {heading}",
            "",
            *differing_totals(found),
            *notes,
            "",
            *folded("Layers", [*lines, *more], len(lines) < 20),
        ]
    )


def table(heads: list[str], rows: list[list[str]], numbers: int = 0) -> Iterator[str]:
    """Rows of cells that are Markdown already."""
    marks = ["---"] * (len(heads) - numbers) + ["---:"] * numbers
    for row in (heads, marks, *rows[:MANY]):
        yield "| " + " | ".join(row) + " |"
    if len(rows) > MANY:
        yield f"\n{len(rows) - MANY} more found no room here."


def items(words: list[str]) -> Iterator[str]:
    yield from (f"- {one}" for one in words[:MANY])
    if len(words) > MANY:
        yield f"- and {len(words) - MANY} more"


def folded(title: str, inside: Any, show: bool = False) -> Iterator[str]:
    """A part that opens on a click; the empty lines let Markdown be read inside."""
    yield f"<details{' open' * show}><summary>{title}</summary>"
    yield ""
    yield from inside
    yield ""
    yield "</details>"
    yield ""
