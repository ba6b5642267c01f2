"""Budgets in the query of a request: `?max_params=5M&max_flops=conv*:1M&budgets=mobile`."""

from typing import Any

from werkzeug.datastructures import MultiDict

from layercalc.amounts import integer
from layercalc.budgets import Budget, read_parameters
from layercalc.budgets.keys import LIMITS
from layercalc.budgets.written import budget, split

LIMITED = ("budgets",)  # names of presets


def is_limit(name: str) -> bool:
    return split(name) is not None


def budgets_in_query(args: MultiDict[str, str]) -> list[Budget]:
    """`max_flops=600M`, `max_params=conv*:5K` (of layers), `equals_output_shape=mask:null,10` (of an output).

    A parameter may stand several times. `min_delta_flops=1K` is the slack of `max_increase_flops=2%`. InvalidBudgets
    names the parameter that is wrong.
    """
    found: dict[str, list[Any]] = {}
    slack = {split(name)[1]: args[name] for name in args if name.startswith("min_delta_")}  # type: ignore[index]
    for name in args:
        kind, metric = split(name) or ("", "")
        if name in LIMITED:
            found[name] = [one.strip() for text in args.getlist(name) for one in text.split(",") if one.strip()]
        elif kind == "min_delta" and f"max_increase_{metric}" not in args:
            found[name] = [{"metric": metric, "max_increase": None, "min_delta": integer(args[name].strip())}]
        elif kind in LIMITS:
            found[name] = [budget(kind, metric, text, slack) for text in args.getlist(name)]
    return read_parameters(found)
