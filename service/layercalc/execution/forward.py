"""A forward pass: what is wanted of it, and the answer, with shapes and outputs held against what they should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc.analysis.walk import Analysis
from layercalc.errors import InvalidTensors
from layercalc.execution import tensors
from layercalc.execution.comparison import compared, origin
from layercalc.execution.outputs import Forms, output_names, read_compared, read_expected, read_names, read_outputs
from layercalc.execution.running import execute
from layercalc.ops.base import COMPUTED
from layercalc.wording import received


class Wanted(NamedTuple):
    """What a request wants of a pass: outputs and in what form, layers' outputs, and what is expected of which."""

    names: list[str]  # of the model's outputs
    forms: Forms
    returned: list[str]
    expected: dict[str, tuple[object, Any]] | None

    @property
    def keep(self) -> list[str]:
        """The layers whose outputs the pass must keep."""
        return list(dict.fromkeys([*self.returned, *(name for name in self.expected or () if name not in self.names)]))

    @property
    def compared(self) -> list[str]:
        """The layers whose outputs are held against what is expected."""
        return [name.partition(":")[0] for name in self.expected or ()]


def computable(dtype: str, rtol: Any, atol: Any) -> None:
    """Refuse a dtype that passes are not computed in, and tolerances that are none."""
    if dtype not in COMPUTED:
        detail = f"Expected one of {', '.join(COMPUTED)}; received {received(dtype)}."
        raise InvalidTensors([{"pointer": "/dtype", "detail": detail}])
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if not isinstance(tolerance, int | float) or not 0 <= tolerance < inf:
            detail = f"Expected a number of at least 0; received {tolerance}."
            raise InvalidTensors([{"pointer": f"/{name}", "detail": detail}])


def read_wanted(
    analysis: Analysis, outputs: Any, parameters: Any, form: str, return_layers: Sequence[str], expected: Any
) -> Wanted:
    """What is wanted, by names that the model has. Raises InvalidTensors."""
    returned, names = read_names(return_layers, analysis), output_names(analysis)
    forms = read_outputs(outputs, parameters, names, form)
    return Wanted(names, forms, returned, None if expected is None else read_compared(expected, names, analysis))


def passed(
    analysis: Analysis,
    inputs: list[np.ndarray],
    weights: tuple[Mapping[str, np.ndarray], dict[str, Any]],
    wanted: Wanted,
    dtype: str,
    tolerances: tuple[float, float],
    *,
    stats: bool,
    profile: bool,
    progress: Callable[[int, int, str], None] | None,
) -> dict[str, Any]:
    """The answer to a pass; `weights` are arrays by name, and how they came.

    A pass that gave numbers that are none is run once more, to find where they began.
    """
    given, source = weights
    how = {"stats": stats, "profile": profile, "keep": wanted.keep, "progress": progress}
    ran = execute(analysis, list(inputs), given, dtype=dtype, **how)  # type: ignore[arg-type]
    made = ran.kept | dict(zip(wanted.names, ran.outputs, strict=True))
    expected = None if wanted.expected is None else read_expected(wanted.expected, made)
    lines = ran.results
    if not stats and not all(a.dtype.kind != "f" or np.isfinite(a).all() for a in ran.outputs):
        lines = execute(analysis, list(inputs), given, dtype=dtype, stats=True).results
    order = [row.name for row in analysis.rows]
    entered = dict(zip([value.source for value in analysis.inputs], inputs, strict=True))
    return {
        "outputs": [tensors.encode(made[name], name, form) for name, form in wanted.forms.items()],
        "verified": ran.verified,
        "layers": ran.results,
        "comparison": None if expected is None else compared(made, expected, order, *tolerances),
        "non_finite": origin(entered, given, lines) if "nan_count" in next(iter(lines), {}) else None,
        "weights": source,
        "returned_layers": {
            name: tensors.encode(ran.kept[name], name, wanted.forms.default) for name in wanted.returned
        },
    }
