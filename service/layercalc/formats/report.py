"""A report as a table: which columns, what stands in them, and what is said under them."""

from collections.abc import Sequence
from typing import Any

from layercalc import deadline
from layercalc.amounts import bytes_text, number_text, shape_text
from layercalc.errors import InvalidModel
from layercalc.formats.formulas import CELL, LINE, amount, compact, drawn, output_sizes
from layercalc.formats.nesting import folded, labels, nested
from layercalc.formats.sheet import Sheet, as_text, placed, stored_lines, warning_lines
from layercalc.wording import nearest

TOTALS = {
    "params": "params",
    "trainable_params": "trainable",
    "non_trainable_params": "non-trainable",
    "buffers": "in buffers",
    "macs": "MACs",
    "flops": "FLOPs",
}
BYTES = {
    "param_bytes": "parameters",
    "buffer_bytes": "buffers",
    "activation_bytes": "activations",
    "peak_activation_bytes": "peak of live activations",
    "peak_in_place_bytes": "peak in place",
}
WORDS = {"name": "Layer", "module": "Module", "type": "Type", "output_shape": "Output shape", "inputs": "Inputs"}
NUMBERS = {
    "params": "Params",
    "trainable_params": "Trainable",
    "non_trainable_params": "Non-trainable",
    "macs": "MACs",
    "flops": "FLOPs",
    "param_bytes": "Parameter bytes",
    "activation_bytes": "Activation bytes",
    "arithmetic_intensity": "FLOPs/byte",
    "receptive_field": "Receptive field",
    "seconds": "Least seconds",
    "bound": "Bound by",
}
HEADINGS = WORDS | NUMBERS
SHOWN = ("name", "type", "output_shape", "params", "macs", "flops")
SUMS = "The rows of modules are sums of the rows in them."
COUNTED = [key for key in TOTALS if key != "buffers"]
RAW = ("name", "type", "inputs", "output_shape", *COUNTED, "param_bytes", "activation_bytes")


def report_sheet(report: dict[str, Any], columns: Sequence[str] = (), depth: int | None = None) -> Sheet:
    """A report, like model.summary(), in these columns; without any, those that its options ask for.

    Rows stand under their modules where the report has some; those deeper than `depth` are summed there.
    """
    counts = list(report.get("conventions", ()))
    roofline = ["seconds", "bound"] if "roofline" in report else []
    keys = checked(columns, counts, roofline) or [*SHOWN, *counts, *roofline]
    raw_keys = list(columns) or [*RAW, *counts, *roofline]
    if any("module" in row for row in report["layers"]):
        raw_keys = list(columns) or ["name", "module", *raw_keys[1:]]
        keys = checked(columns, counts, roofline) or ["module", *keys[1:]]
    title = f"{report['model']['name']} ({report['model']['format']})"
    shown_rows, names = folded(report, depth), None
    if "modules" in report and "name" in keys:
        every = nested(report, depth)
        shown_rows, names = [one.row for one in every], labels(every)
    sheet = rows_sheet(title, shown_rows, keys, names)
    sheet.raw_columns = raw_keys
    sheet.raw = [[raw_of(row, key) for key in raw_keys] for row in folded(report, depth)]
    sums = [] if names is None else [SUMS]
    sheet.notes = [*sums, *summary_lines(report), *count_lines(report), *roofline_lines(report), *explanations(report)]
    return sheet


def rows_sheet(
    title: str, rows: list[dict[str, Any]], keys: Sequence[str] = SHOWN, names: Sequence[str] | None = None
) -> Sheet:
    """Rows for people, words before numbers; under other `names` where they are told."""
    ordered = [key for key in keys if key in WORDS] + [key for key in keys if key not in WORDS]
    cells = [[cell_of(row, key) for key in ordered] for row in deadline.each(rows)]
    if names is not None:
        for row, name in zip(cells, names, strict=True):
            row[ordered.index("name")] = name
    heads = [HEADINGS.get(key, key) for key in ordered]
    return Sheet(title, heads, cells, [], [], numbers=sum(key not in WORDS for key in ordered))


def refusal_text(title: str, errors: Sequence[dict[str, Any]], layers: list[dict[str, Any]] | None = None) -> str:
    """What is wrong, each fault with its place, and the rows that were computed before it."""
    text = "\n".join([f"{title}:", *(f"  {placed(one)}" for one in errors)]) + "\n"
    return f"{text}\n{as_text(rows_sheet('So far', layers))}" if layers else text


def checked(columns: Sequence[str], counts: list[str], roofline: list[str]) -> list[str]:
    """The columns asked for; InvalidModel for one that this report does not have."""
    known = [*(key for key in HEADINGS if key not in ("seconds", "bound")), *counts, *roofline]
    faults = []
    for key in columns:
        if key not in known:
            missing = {"seconds": " It needs a device.", "bound": " It needs a device."}
            near = missing.get(key) or nearest(key, known) or " Conventions are columns once they are asked for."
            detail = f"There is no column {key!r}.{near} The columns are {', '.join(known)}."
            faults.append({"parameter": "columns", "detail": detail})
    if faults:
        raise InvalidModel(faults)
    return list(columns)


def value_of(row: dict[str, Any], key: str) -> Any:
    """The value of a row in a column, as it is in the report."""
    if key in ("seconds", "bound"):
        return row["roofline"] and row["roofline"][key]
    if key == "receptive_field":
        return row[key] and row[key]["size"]
    if key == "module":
        return row.get(key) or row["name"]
    return row[key] if key in row else row["counts"][key]


def formula_of(row: dict[str, Any], key: str) -> str | None:
    """The expression of a count that depends on sizes by name."""
    found: dict[str, str] = row.get("formulas", {})
    return found.get(key, found.get(f"counts.{key}"))


def raw_of(row: dict[str, Any], key: str) -> Any:
    """The value of a row for programs: a number, or the expression where it depends on sizes by name."""
    if key == "output_shape":
        return compact(row["output_shape"], row.get("output_formula"))
    value = value_of(row, key)
    return formula_of(row, key) if value is None else value


def cell_of(row: dict[str, Any], key: str) -> str:
    """The value of a row for people: a number, or a formula in signs."""
    if key == "output_shape":
        return shape_text(output_sizes(row))
    value = value_of(row, key)
    formula = formula_of(row, key) if value is None else None
    return shown(key, value) if formula is None else drawn(formula, CELL)


def shown(key: str, value: Any) -> str:
    """A value for people."""
    if isinstance(value, list):
        return ("×" if key == "receptive_field" else ", ").join("?" if one is None else str(one) for one in value)
    if isinstance(value, float):
        return f"{value:.3g}"
    if value is None:
        return "" if key == "receptive_field" else "unknown"
    return number_text(value) if isinstance(value, int) else str(value)


def summary_lines(report: dict[str, Any]) -> list[str]:
    """What stands under the table of a report."""
    totals = report["totals"]
    formulas = totals.get("formulas", {})
    known = {key: name for key, name in TOTALS.items() if key in totals and key not in formulas}
    stored = {key: name for key, name in BYTES.items() if key in totals and key not in formulas}
    counts = ", ".join(f"{number_text(totals[key])} {name}" for key, name in known.items())
    memory = ", ".join(f"{bytes_text(totals[key])} {name}" for key, name in stored.items())
    batch = 1 if report["batch_size"] is None else report["batch_size"]
    lines = [f"Total: {counts}", *([f"Memory: {memory}"] if stored else [])]
    for key, name in (TOTALS | {key: f"Bytes of {name}" for key, name in BYTES.items()}).items():
        if key in formulas:
            lines.append(f"{name[0].upper()}{name[1:]} = {drawn(formulas[key], LINE)}")
    lines.append(f"For a batch of {batch}; a MAC counts as two FLOPs.")
    return lines + stored_lines(report) + warning_lines(report["warnings"])


def count_lines(report: dict[str, Any]) -> list[str]:
    """What other tools count in total, and why they differ."""
    lines = []
    for name, about in report.get("conventions", {}).items():
        n = amount(report["totals"], "counts", name)
        lines.append(f"{name}: {n} {about['unit']}. {about['rule']}")
    for pair in report.get("reconciliation", ()):
        a, b = pair["between"]
        lines.append(f"From {a} to {b}: {signed(pair)}")
        lines += [f"  {signed(term)}  {term['detail']}" for term in pair["terms"]]
    return lines


def signed(of: dict[str, Any]) -> str:
    """The difference of a pair of conventions, or of a term between them."""
    n = of["difference"]
    return amount(of, "difference") if n is None else f"{n:+,}"


def roofline_lines(report: dict[str, Any]) -> list[str]:
    if "roofline" not in report:
        return []
    found = report["roofline"]
    seconds = "unknown" if found["seconds"] is None else f"{found['seconds']:.3g} s"
    return [f"On {found['device']['title']}: at least {seconds}. {found['rule']}"]


def explanations(report: dict[str, Any]) -> list[str]:
    return [f"{row['name']}: {line}" for row in report["layers"] for line in row.get("explain", ())]
