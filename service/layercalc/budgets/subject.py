"""A report as budgets see it: what each of them is about, and the numbers of that, now and in a baseline."""

from functools import cached_property
from typing import Any, NamedTuple

from layercalc.analysis.metrics import MEMORY, REACH, SHAPE
from layercalc.budgets.ranges import Ranges
from layercalc.differences.alignment import aligned
from layercalc.modules import module_rows

Row = dict[str, Any]


class Place(NamedTuple):
    """What a budget is about: the whole model, a row, or an output (its row, where it has one)."""

    title: str | None = None
    row: Row | None = None
    shape: list[int | None] | None = None


WHOLE = Place()


class Subject:
    """A report as budgets see it: its rows and outputs by name, and what each row has grown since the baseline."""

    def __init__(self, report: dict[str, Any], baseline: dict[str, Any] | None = None):
        self.report, self.baseline = report, baseline
        self.ranges = Ranges(report)
        self.guilty: dict[Any, list[dict[str, Any]]] = {}  # found once for each metric

    @property
    def rows(self) -> list[Row]:
        rows: list[Row] = self.report["layers"]
        return rows

    @cached_property
    def named(self) -> dict[str, Row]:
        return {row["name"]: row for row in reversed(self.rows)}

    @cached_property
    def modules(self) -> dict[str, Row]:
        """A row for each module of which a document has the operations, by its path."""
        return module_rows(self.rows)

    @cached_property
    def containers(self) -> dict[str, Row]:
        """The modules that rows of other modules stand in, with the sums of those."""
        return {one["name"]: one for one in self.report.get("modules", ())}

    def find(self, name: str) -> Row | None:
        """The row or module of that name."""
        return self.named.get(name) or self.modules.get(name) or self.containers.get(name)

    @cached_property
    def past(self) -> "Subject | None":
        return None if self.baseline is None else Subject(self.baseline)

    @cached_property
    def outputs(self) -> dict[str, Place]:
        """The outputs by name: `lstm:1` is the second of one layer."""
        found: dict[str, Place] = {}
        for one in self.report["outputs"]:
            name = one["name"]
            row = self.named.get(name) or self.named.get(name.rpartition(":")[0])
            use = sum(other == name or other.startswith(f"{name}:") for other in found)
            title = f"{name}:{use}" if use else name
            found[title] = Place(title, row, one["shape"])
        return found

    @cached_property
    def was(self) -> dict[str, Row]:
        """The row of the baseline that each row was, if it is not new."""
        if self.past is None:
            return {}
        pairs = aligned(self.past.rows, self.rows)
        found = {self.rows[j]["name"]: self.past.rows[i] for i, j in pairs}
        for now, then in ((self.modules, self.past.modules), (self.containers, self.past.containers)):
            found |= {name: then[name] for name in now if name in then and name not in found}
        return found

    def value(self, metric: str, place: Place) -> Any:
        """A metric in the report's numbers; a receptive field is its largest side."""
        if metric == SHAPE:
            if place.row is not None and place.shape is None:
                return place.row["output_shape"]
            return place.shape or self.first.shape
        if metric == REACH:
            row = place.row if place is not WHOLE else self.first.row
            known = ((row or {}).get(REACH) or {}).get("size") or [None]
            return None if None in known else max(known)
        if place.row is not None:
            return place.row.get(metric)
        if metric not in MEMORY:
            return self.report["totals"].get(metric)
        found = self.report.get("memory")
        for key in metric.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def formula(self, metric: str, place: Place) -> str | None:
        """The expression of a metric that depends on sizes by name."""
        of = self.report["totals"] if metric not in MEMORY else self.report.get("memory") or {}
        found: str | None = (of if place.row is None else place.row).get("formulas", {}).get(metric)
        return found

    @property
    def first(self) -> Place:
        return next(iter(self.outputs.values()), WHOLE)
