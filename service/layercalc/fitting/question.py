"""What a fit asks: the model, what of it varies, over which values, within which budgets."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from layercalc.analysis.storage import Storage
from layercalc.budgets import Budget, read_budgets
from layercalc.document import analysed, guarded, opened
from layercalc.errors import InvalidBudgets, InvalidModel, Refused, Tokens, pointer
from layercalc.fitting.depth import proven_by_depth
from layercalc.fitting.proof import Run, proven
from layercalc.fitting.values import GOALS, Values, read_range
from layercalc.formulas import Undecided, limited, named
from layercalc.input_shapes import ModelOptions, declared, names_of
from layercalc.limits import Limits
from layercalc.ops import Spec
from layercalc.report import Extras, report
from layercalc.sweeps.blocks import Question, Reader
from layercalc.sweeps.expressions import InvalidExpression
from layercalc.sweeps.figures import Wanted
from layercalc.sweeps.selection import Selection
from layercalc.sweeps.space import Blocks, Choice, Space
from layercalc.sweeps.template import Template
from layercalc.wording import is_name, nearest, received

BATCH = "batch_size"
LEFT_OPEN = 987_654_321_987_654_321  # in place of a batch that is to be a name


class Asked(NamedTuple):
    """A fit as it is asked, all of it checked but the values."""

    document: Any  # with placeholders
    vary: str
    of_document: bool  # whether what varies stands in the document
    values: Values
    open: bool  # whether the request names no range
    within: list[Budget]
    goal: str
    options: dict[str, Any]  # of the model
    storage: Storage | None
    limits: Limits
    path: Tokens

    def at(self, n: int) -> tuple[Any, dict[str, Any]]:
        """The document and the options of one value."""
        if self.of_document:
            try:
                return Template(self.document, self.path).filled({self.vary: n}, self.limits)[0], self.options
            except InvalidExpression as error:
                raise InvalidModel([{"parameter": "vary", "detail": str(error)}]) from None
        return self.document, with_value(self.options, self.vary, n)

    def first(self, values: Sequence[int], budgets: Sequence[Budget], holds: bool) -> int | None:
        """Which of several values is the first that is a network within budgets, or the first that is not."""
        options = self.options if self.of_document else with_value(self.options, self.vary, {"$": self.vary})
        space = Space((Choice((self.vary,), (values,)),))
        wanted = Wanted((), budgets, None, self.storage)
        asked = Question(self.document, options, space, wanted, Selection((), None), self.limits, self.path)
        return Reader(asked).first(Blocks(space, len(values))[0], holds)

    def proof(self) -> Run | None:
        """What is proven of the values by formulas, if something is."""
        try:
            with limited():
                if self.of_document:
                    return proven_by_depth(self)
                return proven(self.by_name(), self.vary, self.within, self.values.first)
        except (Refused, Undecided):
            return None

    def by_name(self) -> dict[str, Any]:
        """The report of the model with what varies as a size by name."""
        of_batch = self.vary == BATCH
        options = {**self.options, BATCH: LEFT_OPEN} if of_batch else self.options
        asked = ModelOptions(**options)
        model, builder = guarded(self.document, self.path, self.limits, asked)
        specs = declared(model, builder, asked, formulas=True)
        if of_batch:
            specs = [(name, Spec(tuple(map(by_batch, spec.shape)), spec.dtype)) for name, spec in specs]
        return report(analysed(model, builder, specs, self.path), [], Extras(storage=self.storage))


def by_batch(dim: Any) -> Any:
    """The size of an axis, the batch by its name."""
    return named(BATCH) if dim == LEFT_OPEN else dim


def with_value(options: dict[str, Any], vary: str, n: Any) -> dict[str, Any]:
    """The options with a value of what varies: the batch, or a size by its name."""
    if vary == BATCH:
        return {**options, BATCH: n}
    return {**options, "dims": {**(options.get("dims") or {}), vary: n}}


def question(
    document: Any,
    vary: Any,
    within: Any,
    range: Any,
    goal: Any,
    options: Mapping[str, Any],
    storage: Storage | None,
    limits: Limits,
    path: Tokens,
) -> Asked:
    """All that is asked, checked as far as it can be before a value is tried; InvalidModel or InvalidBudgets."""
    if not is_name(vary):
        told = f"Expected {BATCH!r}, the name of a size or of a placeholder; received {received(vary)}."
        raise InvalidModel([{"parameter": "vary", "detail": told}])
    check_goal(goal)
    values, budgets = read_range(range), read_within(within)
    document, _ = opened(document, path, limits)
    found = {name: value for name, value in options.items() if value is not None}
    if vary in left_open(document, path, but=vary):
        return Asked(document, vary, True, values or Values(), not values, budgets, goal, found, storage, limits, path)
    if vary == BATCH:
        if found.get(BATCH) is not None:
            raise InvalidModel([{"parameter": BATCH, "detail": "It varies; leave it out."}])
    else:
        found["dims"], own = sizes_of(found.get("dims"), vary)
        if values and own:
            told = f"'range' says over which values {vary!r} varies, and so does this; leave one of the two out."
            raise InvalidModel([{"parameter": "dims", "detail": told}])
        values = values or own
    named_in(document, vary, found, limits, path)
    return Asked(document, vary, False, values or Values(), not values, budgets, goal, found, storage, limits, path)


def check_goal(goal: Any) -> None:
    if goal not in GOALS:
        told = f"Expected {' or '.join(GOALS)}; received {received(goal)}."
        raise InvalidModel([{"parameter": "goal", "detail": told}])


def left_open(document: Any, path: Tokens, but: str = "") -> dict[str, Tokens]:
    """The names of a document's placeholders, and where each stands; InvalidModel for one that does not vary."""
    used = Template(document, path).names
    if others := {name: at for name, at in used.items() if name != but}:
        told = "The model leaves {!r} open, which does not vary; put a value there."
        raise InvalidModel([{"pointer": pointer(*at), "detail": told.format(name)} for name, at in others.items()])
    return used


def sizes_of(dims: Any, vary: str) -> tuple[dict[str, Any], Values | None]:
    """The sizes by name that a request says, but for the one that varies, and the range that it says of that."""
    texts = [dims] if isinstance(dims, str) else dims or {}
    if isinstance(texts, list | tuple):
        pairs = [
            word.partition("=") for one in texts if isinstance(one, str) for word in one.split(",") if word.strip()
        ]
        found: dict[str, Any] = {name.strip(): n.strip() for name, _, n in pairs}
    else:
        found = dict(texts) if isinstance(texts, Mapping) else {}
    own = found.pop(vary, None)
    if own is None:
        return found, None
    ends = re.fullmatch(r"\s*(\d{1,300})\.\.(\d{1,300})\s*", own, re.ASCII) if isinstance(own, str) else None
    if ends is None:
        detail = f"{vary!r} varies; say a range of it, such as {vary}=32..512, or leave it out."
        raise InvalidModel([{"parameter": "dims", "detail": detail}])
    return found, read_range(own)


def named_in(document: Any, vary: str, options: dict[str, Any], limits: Limits, path: Tokens) -> None:
    """Refuse what varies where the model has no size of that name, and other sizes by name that have no number."""
    asked = ModelOptions(**options)
    model, builder = guarded(document, path, limits, asked)
    specs = declared(model, builder, asked, formulas=True)
    free = {dim.text for _, spec in specs for n in spec.shape for dim in (n.names() if hasattr(n, "names") else ())}
    names = names_of(model) | free
    if vary not in (BATCH, *names):
        there = f" It names {', '.join(sorted(names))}." if names else ' It names none: a size is "H", or {"$": "w"}.'
        near = nearest(vary, [*names, BATCH])
        raise InvalidModel([{"parameter": "vary", "detail": f"The model names no size {vary!r}.{near}{there}"}])
    if others := sorted(free - {vary}):
        told = f"Sizes other than what varies need a number: {', '.join(others)}; say dims={others[0]}=…"
        raise InvalidModel([{"parameter": "dims", "detail": told}])


def read_within(given: Any) -> list[Budget]:
    """The budgets that a value must hold; those of level `warn` do not count."""
    budgets = read_budgets(given, ("within",))
    for one in budgets:
        if "max_increase" in one.limits:
            told = "'max_increase' is against a baseline, which a fit does not have; say 'max'."
            raise InvalidBudgets([{"pointer": pointer(*one.at), "detail": told}])
    return [one for one in budgets if one.level != "warn"]
