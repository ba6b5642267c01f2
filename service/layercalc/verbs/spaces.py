"""What is asked of many models at once: a sweep of a space, and what of it fits."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from layercalc.analysis.storage import Storage
from layercalc.document import located, timed
from layercalc.errors import Tokens
from layercalc.input_shapes import ModelOptions
from layercalc.limits import UNLIMITED, Limits
from layercalc.verbs.models import check

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from layercalc.sweeps.results import Candidates

ROWS = 100  # of a sweep, where no limit is said


@timed("max_analysis_seconds")
def sweep(
    document: Any,
    space: Any,
    *,
    where: Any = None,
    best: Any = None,
    columns: Sequence[str] = (),
    limit: int | None = None,
    entry: Any = None,
    custom: str | None = None,
    input_shape: Any = None,
    batch_shape: Any = None,
    dims: Any = None,
    batch_size: Any = None,
    weight_dtype: str | None = None,
    activation_dtype: str | None = None,
    device: Any = None,
    executor: "Executor | None" = None,
    progress: Callable[[int, int, str], None] | None = None,
    limits: Limits = UNLIMITED,
    path: Tokens = (),
) -> dict[str, Any]:
    """What `analyze` would say of every candidate of a space, from one reading of the model for many at once.

    `document` is a model with `{"$": "2*w"}` where a value varies, an expression over the names of `space`, or a name
    alone for a word or a whole config; `{"repeat": {"$": "depth"}, "layers": […]}` among its layers repeats those.
    The options `input_shape` to `batch_size`, those of `analyze`, may hold placeholders too. `space` maps names to
    lists of values, ranges `{"from", "to", "step"?}` (both ends included), or `{"zip": {name: list, …}}` of values that
    go together; the last name changes fastest. `where` are budgets that a row must hold, `best` is `{"max": metric}`
    or `{"min": metric}` or a list of two for their Pareto front, `columns` are metrics (those of budgets, and "seconds"
    on a `device`), at most `limit` rows (100) are answered.

    `{"count", "valid", "matching", "columns", "rows", "refused", "warnings"}`: so many candidates, networks among them,
    and networks that hold `where`; rows are `{"values": {name: value}, metric: number, …}`, the best first, else in the
    order of the space; what is no network is gathered by what is said of it, with the first example. Blocks of
    candidates go to `executor`, any of concurrent.futures' or Dask's, where there is one; `progress` hears after each
    how many of how many are done, and a line. Raises InvalidModel, InvalidBudgets and Overdue.
    """
    from layercalc.sweeps.results import Result

    asked = {"where": where, "best": best, "columns": columns, "limit": limit or ROWS, "device": device}
    asked |= {"weight_dtype": weight_dtype, "activation_dtype": activation_dtype, "limits": limits, "path": path}
    of_model = ModelOptions(input_shape, batch_size, batch_shape, entry, custom, dims)._asdict()
    found = candidates(document, space, executor=executor, progress=progress, **asked, **of_model)
    result = Result(found.question)
    for answer in found.answers:
        result.add(answer)
    return result.answer()


def candidates(
    document: Any,
    space: Any,
    *,
    executor: "Executor | None" = None,
    progress: Callable[[int, int, str], None] | None = None,
    **options: Any,
) -> "Candidates":
    """The rows of a sweep one by one, as they are found: all that match unless `limit` says otherwise.

    The options are those of `sweep`. Faults of the request are raised at once, those of the work as it is done.
    """
    from layercalc.sweeps.results import Candidates, question
    from layercalc.sweeps.running import answers

    asked = question(document, space, **options)
    return Candidates(asked, answers(asked, executor, progress))


@timed("max_analysis_seconds")
def fit(
    document: Any,
    vary: str,
    within: Any,
    *,
    range: Any = None,
    goal: str = "largest",
    entry: str | None = None,
    custom: str | None = None,
    input_shape: Any = None,
    batch_shape: Any = None,
    dims: Any = None,
    batch_size: int | None = None,
    weight_dtype: str | None = None,
    activation_dtype: str | None = None,
    limits: Limits = UNLIMITED,
    path: Tokens = (),
) -> dict[str, Any]:
    """The largest value of a size such that every one in the range up to it is within budgets; exactly the last.

    `vary` is "batch_size", the name of a size (`"H"` in the document or in `input_shape`), or that of a placeholder of
    the document (`{"$": "2*w"}`). `within` are budgets as those of `check`, without `max_increase`. `range` is
    `{"from", "to"?, "step"?}` or `"8..512:8"`; left out, it begins with the first value that makes a network and has no
    end. The smallest value (`goal`) is that from which on all in the range hold.

    `vary` may be arguments of layers instead, `"conv.kernel_size,conv.strides,conv.padding"` or a list of them: `value`
    are those, by name, that hold `within` (an output shape, say) and change the model least, `values` all that do, at
    most a hundred; sizes, the same along all axes, are tried from 1 (0 where it may be 0) to 16 or over `range`.

    `{"vary", "goal", "value", "next", "stopped_by", "totals", "proof", "detail", "warnings"}`: `next` is the value that
    does not hold, `stopped_by` the result of the budget that says so, or a fault where it is no network. `value` is
    null where none is found, or no end, as `detail` says. Where formulas are proven to grow with a size by name, they
    tell (`proof`: "formula"); else every value is tried, up to a million ("tried"). Raises InvalidModel and
    InvalidBudgets.
    """
    from layercalc.fitting.arguments import answered, arguments, is_of_arguments
    from layercalc.fitting.question import question
    from layercalc.fitting.search import fitted

    options = ModelOptions(input_shape, batch_size, batch_shape, entry, custom, dims)._asdict()
    dtypes: dict[str, Any] = {"weight_dtype": weight_dtype, "activation_dtype": activation_dtype}
    storage = Storage.asked(**dtypes)

    def judge(filled: Any, own: dict[str, Any]) -> dict[str, Any]:
        return check(filled, within, limits=limits, path=path, **own, **dtypes)

    if is_of_arguments(vary):
        found = answered(arguments(document, vary, within, range, goal, options, storage, limits, path), judge)
    else:
        asked = question(document, vary, within, range, goal, options, storage, limits, path)
        found = fitted(asked, lambda n: judge(*asked.at(n)))
    return located(found, path)
