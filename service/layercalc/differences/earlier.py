"""A report of an earlier day as a baseline: recognised, checked, and brought into the form that is compared."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import NoneType
from typing import Any

from layercalc import deadline
from layercalc.analysis.storage import PATTERN
from layercalc.analysis.tracing import METRICS
from layercalc.analysis.weight_specs import BUFFERS
from layercalc.errors import MAX_FAULTS, InvalidModel, pointer
from layercalc.wording import STORED, received, whole

TENSORS = ("inputs", "outputs")
LONGEST = 2_000  # characters of a warning


def is_report(document: Any) -> bool:
    """Whether a document is a report of ours, and no model."""
    return isinstance(document, Mapping) and {"totals", "layers"} <= set(document)


def read_report(document: Mapping[str, Any], path: tuple[object, ...]) -> dict[str, Any]:
    """The parts of a report that are compared; InvalidModel where it is none."""
    faults: list[dict[str, Any]] = []

    def need(fits: bool, what: str, value: Any, *at: object) -> None:
        if not fits:
            faults.append(
                {"pointer": pointer(*path, *at), "detail": f"Expected {what} of a report; received {received(value)}."}
            )

    totals, layers = document["totals"], document["layers"]
    need(isinstance(totals, Mapping), "the totals", totals, "totals")
    for key, n in totals.items() if isinstance(totals, Mapping) else ():
        need(n is None or whole(n, 0) or isinstance(n, Mapping), "a count", n, "totals", key)
    expressions(totals, need, "totals")
    stored = {key: document[key] for key in STORED if document.get(key) is not None}
    for key, dtype in stored.items():
        need(isinstance(dtype, str) and re.fullmatch(PATTERN, dtype) is not None, "a dtype", dtype, key)
    need(isinstance(layers, list), "the layers", layers, "layers")
    rows = list(read_rows(layers, need, "layers"))
    inside = document.get("modules", [])
    need(isinstance(inside, list), "the modules", inside, "modules")
    modules = list(read_rows(inside, need, "modules"))
    ends: dict[str, Any] = {}
    for key in TENSORS:
        listed = document.get(key)
        fits = isinstance(listed, list) and all(isinstance(one, Mapping) and shape(one.get("shape")) for one in listed)
        need(fits and bool(listed), "tensors", listed, key)
        if fits and isinstance(listed, list):
            ends[key] = [
                {name: one.get(name) for name in ("name", "shape", "dtype")}
                | ({"shape_formula": one["shape_formula"]} if "shape_formula" in one else {})
                for one in listed
            ]
    if faults:
        raise InvalidModel(faults)
    counts = {key: n for key, n in totals.items() if key != "counts"}
    memory, model = document.get("memory"), document.get("model")
    vocabulary = model.get("vocabulary") if isinstance(model, Mapping) else None
    return {
        "model": {"vocabulary": vocabulary if isinstance(vocabulary, str) else "keras"},  # reports once did not say
        "totals": counts,
        "layers": rows,
        "modules": modules,
        "memory": memory if isinstance(memory, Mapping) else {},
        "warnings": [*earlier_warnings(document.get("warnings"), path)],
        **stored,
        **ends,
    }


def read_rows(listed: Any, need: Callable[..., None], at: str) -> Iterator[dict[str, Any]]:
    """What is compared of rows, or of the modules that they stand in."""
    for index, row in deadline.each(enumerate(listed if isinstance(listed, list) else ())):
        types = (str, NoneType) if at == "modules" else str  # the class of a module that is never called is not known
        named = isinstance(row, Mapping) and isinstance(row.get("name"), str) and isinstance(row.get("type"), types)
        if not named:
            need(False, "a row", row, at, index)
            continue
        for key in (*METRICS, *BUFFERS):
            need(row.get(key) is None or whole(row[key], 0), "a count", row.get(key), at, index, key)
        need(shape(row.get("output_shape")), "a shape", row.get("output_shape"), at, index, "output_shape")
        expressions(row, need, at, index)
        inputs = row.get("inputs")
        told = isinstance(inputs, list) and all(isinstance(one, str) for one in inputs)
        need(inputs is None or told, "names of rows", inputs, at, index, "inputs")
        yield (
            {key: row.get(key) for key in ("name", "type", "inputs", "output_shape", "receptive_field", *METRICS)}
            | {key: row[key] for key in ("formulas", "output_formula", *BUFFERS) if key in row}
            | ({"module": row["module"]} if isinstance(row.get("module"), str) else {})
            | ({"ops": row["ops"]} if counted(row.get("ops")) else {})
        )


def counted(ops: Any) -> bool:
    """Whether these are the ops of a row, with what they count."""
    return isinstance(ops, list) and all(
        isinstance(one, Mapping)
        and isinstance(one.get("op"), str)
        and all(one.get(key) is None or whole(one[key], 0) for key in ("flops", "macs"))
        for one in ops
    )


def expressions(of: Any, need: Callable[..., None], *at: object) -> None:
    """Look at the formulas of totals or of a row."""
    if isinstance(of, Mapping) and "formulas" in of:
        found = of["formulas"]
        need(isinstance(found, Mapping) and all(isinstance(one, str) for one in found.values()),
             "expressions", found, *at, "formulas")  # fmt: skip
    if isinstance(of, Mapping) and "output_formula" in of:
        shape = of["output_formula"]
        need(isinstance(shape, list) and all(one is None or isinstance(one, str) for one in shape),
             "expressions", shape, *at, "output_formula")  # fmt: skip


def earlier_warnings(listed: Any, path: tuple[object, ...]) -> Iterator[dict[str, Any]]:
    """What the model was read with on that day, in the place where the report says so."""
    for index, one in enumerate(listed[:MAX_FAULTS] if isinstance(listed, list) else ()):
        detail = one.get("detail") if isinstance(one, Mapping) else None
        if isinstance(detail, str):
            yield {"pointer": pointer(*path, "warnings", index), "detail": detail[:LONGEST]}


def shape(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(dim is None or whole(dim, 0) for dim in value))
