"""A sweep from what was asked to what is answered: checked before the work, and its blocks put together after it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.analysis.roofline import device as named_device
from layercalc.analysis.storage import Storage
from layercalc.budgets import Budget, read_budgets
from layercalc.capacity import ROW_BYTES as MOST_BYTES
from layercalc.document import opened
from layercalc.errors import InvalidBudgets, InvalidModel, Tokens, pointer
from layercalc.limits import UNLIMITED, Limits
from layercalc.sweeps.blocks import Answer, Question
from layercalc.sweeps.figures import Wanted
from layercalc.sweeps.metrics import SECONDS, USUAL
from layercalc.sweeps.refusals import Refusal, gather
from layercalc.sweeps.selection import Found, Selection, read_best, read_columns
from layercalc.sweeps.space import Space, read_space
from layercalc.sweeps.template import Template
from layercalc.wording import nearest


def question(
    document: Any,
    space: Any,
    *,
    where: Any = None,
    best: Any = None,
    columns: Sequence[str] = (),
    limit: int | None = None,
    device: Any = None,
    weight_dtype: str | None = None,
    activation_dtype: str | None = None,
    limits: Limits = UNLIMITED,
    path: Tokens = (),
    **of_model: Any,
) -> Question:
    """All that is asked, checked; InvalidModel names what is wrong before any candidate is read."""
    read, _ = opened(document, path, limits)
    asked = {name: value for name, value in of_model.items() if value is not None}
    templates = Template(read, path), Template(asked)
    choices = read_space(space, limits)
    named(choices, {**templates[1].names, **templates[0].names}, path)
    objectives = read_best(best)
    on = None if device is None else named_device(device)
    metrics = read_columns(columns) or (*USUAL, *((SECONDS,) if on else ()))
    metrics = tuple(dict.fromkeys([*metrics, *(one.metric for one in objectives)]))
    if SECONDS in metrics and on is None:
        told = f"{SECONDS!r} are those of a device; say which, as in device=raspberry-pi-5."
        raise InvalidModel([{"parameter": "device", "detail": told}])
    wanted = Wanted(metrics, read_where(where), on, Storage.asked(weight_dtype, activation_dtype))
    return Question(document, asked, choices, wanted, Selection(objectives, limit), limits, path)


def named(space: Space, used: Mapping[str, Tokens], path: Tokens) -> None:
    """Refuse names that the space does not have, and values of names that the model does not."""
    faults = []
    for name, at in used.items():
        if name not in space.names:
            told = f"The space has no name {name!r}.{nearest(name, space.names)} It has {', '.join(space.names)}."
            faults.append({"pointer": pointer(*at), "detail": told})
    for one in space.choices:
        for name in one.names:
            if name not in used:
                there = f" It uses {', '.join(used)}." if used else ' It has no placeholder, such as {"$": "w"}.'
                told = f"The model uses no name {name!r}.{nearest(name, list(used))}{there}"
                faults.append({"pointer": pointer("space", name), "detail": told})
    if faults:
        raise InvalidModel(faults)


def read_where(given: Any) -> list[Budget]:
    """The budgets that every row must hold."""
    if not given:
        return []
    budgets = read_budgets(given, ("where",))
    for one in budgets:
        if "max_increase" in one.limits:
            told = "'max_increase' is against a baseline, which a sweep does not have; say 'max'."
            raise InvalidBudgets([{"pointer": pointer(*one.at), "detail": told}])
    return [one for one in budgets if one.level != "warn"]


class Result:
    """What is left of the blocks of a sweep, one after another."""

    def __init__(self, asked: Question):
        self.question = asked
        self.count = self.valid = self.matching = 0
        self.found: Found | None = None
        self.refused: dict[str, Refusal] = {}
        self.warnings: list[dict[str, Any]] = []
        self.weighed = 0  # how many rows there were when their bytes were last counted

    def add(self, answer: Answer) -> None:
        """Put the answer of one more block to the others."""
        selection = self.question.selection
        self.count, self.valid = self.count + answer.size, self.valid + answer.valid
        self.matching += answer.matching
        for one in answer.refused.values():
            gather(self.refused, one)
        self.warnings = self.warnings or answer.warnings
        if self.found is None:
            self.found = answer.found
        elif selection.objectives or selection.limit is None or len(self.found.numbers) < selection.limit:
            self.found = selection.of(self.found.joined(answer.found))
        if len(self.found.numbers) > 2 * self.weighed:
            self.weigh(self.found)

    def weigh(self, found: Found) -> None:
        """Refuse rows that take too much memory: very many of them, or very long numbers."""
        self.weighed = len(found.numbers)
        if (taken := found.bytes) > MOST_BYTES:
            told = f"{self.weighed:,} rows with {len(found.metrics)} columns take {taken >> 20:,} MiB"
            detail = (
                f"{told}, more than {MOST_BYTES >> 20} MiB; ask for fewer columns, or fewer rows by `where` or `limit`."
            )
            raise InvalidModel([{"pointer": pointer("columns"), "detail": detail}])

    def answer(self) -> dict[str, Any]:
        """The contract's answer."""
        space, storage = self.question.space, self.question.wanted.storage
        refused = sorted(self.refused.values(), key=lambda one: (-one.candidates, one.first))
        return {
            "count": self.count,
            "valid": self.valid,
            "matching": self.matching,
            "columns": list(self.question.wanted.metrics),
            **(storage.titles if storage else {}),
            "rows": [*rows(self.question, self.question.selection.cut(self.found))] if self.found else [],
            "refused": [
                {
                    "pointer": one.pointer,
                    "detail": one.detail,
                    "count": one.candidates,
                    "example": space.at(one.first),
                }
                for one in refused
            ],
            "warnings": self.warnings,
        }


class Candidates:
    """The rows of a sweep one after another, as they are found, however many there are; with objectives the best.

    `names` are those of the space, `columns` the metrics of a row.
    """

    def __init__(self, asked: Question, answers: Iterator[Answer]):
        self.question, self.answers = asked, answers
        self.names, self.columns = asked.space.names, list(asked.wanted.metrics)
        self.result = Result(asked)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if self.question.selection.objectives:
            for answer in self.answers:
                self.result.add(answer)
            if self.result.found is not None:
                yield from rows(self.question, self.question.selection.cut(self.result.found))
            return
        limit, told = self.question.selection.limit, 0
        for answer in self.answers:
            found = (
                answer.found
                if limit is None
                else answer.found.taken(np.arange(min(limit - told, len(answer.found.numbers))))
            )
            told += len(found.numbers)
            yield from rows(self.question, found)
            self.result.add(answer._replace(found=found.taken(np.arange(0))))


def rows(asked: Question, found: Found) -> Iterator[dict[str, Any]]:
    """A row for each candidate: its values, and its metrics."""
    metrics = {name: values.tolist() for name, values in found.metrics.items()}
    for place, number in enumerate(found.numbers.tolist()):
        yield {"values": asked.space.at(number), **{name: values[place] for name, values in metrics.items()}}
