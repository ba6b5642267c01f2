"""How long each op takes beside what it announces, both in FLOPs of a large matrix product: `make rates`.

A quotient above 1 says that an op is slower than it announces: mend its `slowness` or its `work`.
"""

import argparse
import time
from typing import Any

import numpy as np
from tests import scaled

from layercalc.analysis.walk import Analysis, analyse
from layercalc.errors import Refused
from layercalc.execution import running as execution
from layercalc.execution.demand import held
from layercalc.execution.running import execute
from layercalc.execution.seeds import seeded_inputs, seeded_weights
from layercalc.input_shapes import declared
from layercalc.ops import OPS, Running, Spec, forced
from layercalc.ops.base import FREE, Op
from layercalc.ops.tracing import Entry

CALL = 150_000  # one call of NumPy, which is in no announcement: loops look at the clock

Rows = list[tuple[str, float, float, str]]  # an op, its FLOPs as announced and as taken, and the case


class Timed(Running):
    """A pass that keeps the time of every op; nothing is put off."""

    def __init__(self, speed: float, case: str, rows: Rows, dtype: str = "float32"):
        super().__init__(dtype)
        self.speed, self.case, self.rows = speed, case, rows

    def op(self, op: Op, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> Any:
        inputs, self.eager = tuple(map(forced, inputs)), True
        start = time.process_time()
        y = super().op(op, inputs, attributes)
        taken = time.process_time() - start
        shapes = [x.shape for x in inputs]
        out = op.shape(*shapes, **attributes)
        cost = FREE if op.view or op.free else op.cost(out, *shapes, **attributes)
        specs = tuple(Spec(x.shape, x.dtype.name) for x in inputs)
        work: Any = Entry(op, cost, 1, Spec(out, y.dtype.name), shapes, attributes, specs).work
        if isinstance(work, int):
            sizes = f"{self.case}: {', '.join(map(str, shapes))}"
            self.rows.append((op.name, max(work, 1), taken * self.speed, sizes))
        return y


def product() -> float:
    """FLOP/s of a large matrix product, by the time of the processor that it takes."""
    a = np.random.default_rng(0).standard_normal((1024, 1024), np.float32)
    best = 1e9
    for _ in range(7):
        start = time.process_time()
        a @ a
        best = min(best, time.process_time() - start)
    return 2 * 1024**3 / best


def run(case: scaled.Case, speed: float, rows: Rows) -> None:
    """One case, if it fits."""
    name, document, arrays = case
    model = scaled.readable(document)
    if model is None:
        return
    specs = declared(model, scaled.read(document, ())[1])
    if arrays is not None:
        specs = [(one, Spec(x.shape, spec.dtype)) for (one, spec), x in zip(specs, arrays, strict=True)]
    found: Analysis = analyse(model, specs)
    bytes_held = held(found, "float32", (), (), True)
    if found.faults or not isinstance(bytes_held, int) or bytes_held > 1 << 30:
        return
    inputs = seeded_inputs(found, 0)
    if arrays is not None:
        inputs = [x.astype(one.dtype, copy=False) for x, one in zip(arrays, inputs, strict=True)]
    execution.Running = lambda dtype: Timed(speed, name, rows, dtype)  # type: ignore[assignment, misc]
    try:
        execute(found, inputs, seeded_weights(found, 0))
    except Refused:
        return
    finally:
        execution.Running = Running  # type: ignore[misc]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=4 << 20, help="of the inputs of a case")
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    given = parser.parse_args()
    speed, rows = product(), Rows()
    for case in (*scaled.operations(given.bytes), *scaled.layers(given.bytes)):
        if given.only in case[0]:
            run(case, speed, rows)
    print(
        f"{speed / 1e9:.0f} GFLOP/s of a matrix product\n{'op':24}{'announced':>14}{'taken':>14}{'quotient':>10}  case"
    )
    large = [row for row in rows if row[1] > 50 * CALL]
    for name in OPS:
        worst = max((row for row in large if row[0] == name), key=lambda row: row[2] / row[1], default=None)
        if worst is not None:
            _, work, taken, sizes = worst
            print(f"{name:24}{work:14,.0f}{taken:14,.0f}{taken / work:10.2f}  {sizes[:70]}")


if __name__ == "__main__":
    main()
