"""Which multiply-accumulates are of small integers: products of such, or of numbers made of such just before."""

from collections.abc import Mapping

from layercalc.analysis.tracing import Traced
from layercalc.analysis.walk import Analysis, Row
from layercalc.dims import Dim
from layercalc.ops.tracing import Entry

INTEGERS = {"int8": 8, "uint8": 8, "int4": 4, "uint4": 4, "int2": 2, "uint2": 2, "int16": 16, "uint16": 16}
OPERANDS = 2  # of a product; a bias is none


def macs_dtypes(analysis: Analysis) -> dict[str, str]:
    """The type that the multiply-accumulates of a row are of, by its name, for those of small integers."""
    if not analysis.model.keeps_dtypes:
        return {}
    rows = {row.name: row for row in analysis.rows}
    found = {row.name: of_row(row, rows) for row in analysis.rows}
    return {name: dtype for name, dtype in found.items() if dtype}


def of_row(row: Row, rows: Mapping[str, Row]) -> str:
    """That type; nothing for a row of floats, or without multiply-accumulates."""
    products = row.traced.note("products", products_of, row.traced)
    if not products:
        return ""
    if all(x.dtype.startswith(("int", "uint")) for entry in products for x in entry.inputs[:OPERANDS]):
        small = {x.dtype for entry in row.traced.entries for x in entry.inputs if x.dtype in INTEGERS}
        return widest(small)
    sources = [rows.get(value.source) for value in row.inputs[:OPERANDS]]
    if len(sources) < OPERANDS or None in sources:
        return ""
    made_of = [dequantised(one, rows) for one in sources if one is not None]
    return widest(set(made_of)) if all(made_of) else ""


def products_of(traced: Traced) -> list[Entry]:
    return [entry for entry in traced.entries if not isinstance(entry.cost.macs, int) or entry.cost.macs]


def dequantised(row: Row, rows: Mapping[str, Row]) -> str:
    """The type of the integers that a row makes floats of, itself or the row that it only looks at another way."""
    while row.traced.view and len(row.inputs) == 1 and row.inputs[0].source in rows:
        row = rows[row.inputs[0].source]
    if row.call.layer is None or not row.call.layer.dequantises:
        return ""
    first = [x.dtype for entry in row.traced.entries[:1] for x in entry.inputs]
    return first[0] if first and first[0] in INTEGERS else ""


def widest(dtypes: set[str]) -> str:
    """Integers of as many bits as the widest of those types has."""
    return f"int{max(INTEGERS[one] for one in dtypes)}" if dtypes else ""


def by_dtype(analysis: Analysis, dtypes: Mapping[str, str]) -> dict[str, Dim]:
    """All multiply-accumulates by that type; those of other rows are of floats."""
    totals: dict[str, Dim] = {}
    for row in analysis.rows:
        dtype = dtypes.get(row.name, "float")
        totals[dtype] = totals.get(dtype, 0) + row.counts["macs"]
    return {dtype: n for dtype, n in totals.items() if not isinstance(n, int) or n}
