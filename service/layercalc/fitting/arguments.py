"""The question turned round for arguments: which sizes and words of layers give what budgets ask, as an output shape.

Every combination is tried: of a size the numbers from 1 to 16, 0 too where it may be 0, or those of the request's
range, equal along all axes; of a word all there are, and both truths. What a field takes is what its schema says.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from math import prod
from operator import getitem
from typing import Any, NamedTuple

from layercalc.analysis.storage import Storage
from layercalc.document import guarded, opened, standing
from layercalc.errors import InvalidModel, Tokens
from layercalc.fitting.question import check_goal, left_open, read_within
from layercalc.fitting.values import GOALS, Values, read_range
from layercalc.input_shapes import ModelOptions
from layercalc.layers import fields_of
from layercalc.limits import Limits
from layercalc.locations import JsonLocation
from layercalc.model import Call, Model
from layercalc.sweeps.blocks import Question, Reader
from layercalc.sweeps.figures import Wanted
from layercalc.sweeps.selection import Selection
from layercalc.sweeps.space import Blocks, Space
from layercalc.sweeps.space import Choice as Chosen
from layercalc.sweeps.template import Template
from layercalc.wording import nearest, received

LAST = 16  # of the sizes that are tried where the request has no range
MOST = 1 << 20  # combinations
ANSWERED = 100  # of those that hold
NEAREST = "nearest"  # to the arguments that the model has


class Argument(NamedTuple):
    """An argument of a layer: its name in the request, the values that are tried, and the one that it has.

    `each` says of how many equal numbers the document has a list; None where one value stands for all.
    """

    name: str
    values: Sequence[Any]
    now: Any
    each: int | None


class Arguments(NamedTuple):
    """Which arguments vary, and the question that tries all of their combinations."""

    varied: list[Argument]
    question: Question

    def filled(self, values: Mapping[str, Any]) -> Any:
        """The document with values of the arguments."""
        return Template(self.question.document, self.question.path).filled(values, self.question.limits)[0]


def is_of_arguments(vary: Any) -> bool:
    """Whether a request asks for arguments of layers, `conv.kernel_size`, one or several."""
    return isinstance(vary, list | tuple) or (isinstance(vary, str) and "." in vary)


def arguments(
    document: Any,
    vary: Any,
    within: Any,
    range: Any,
    goal: Any,
    options: Mapping[str, Any],
    storage: Storage | None,
    limits: Limits,
    path: Tokens,
) -> Arguments:
    """What is asked, checked; InvalidModel names what is wrong."""
    check_goal(goal)
    if goal != GOALS[0]:
        raise refuse("Arguments have no order: those that change the model least are found; leave it out.", "goal")
    sizes, budgets = read_range(range), read_within(within)
    document, _ = opened(document, path, limits)
    left_open(document, path)
    named = [one.strip() for one in vary.split(",")] if isinstance(vary, str) else [*vary]
    if not isinstance(document, dict | list):
        where = "code" if isinstance(document, str) else "a file"
        raise refuse(f"What stands in {where} cannot be left open: arguments vary in a stack or Keras JSON.")
    found = {name: value for name, value in options.items() if value is not None}
    model, builder = guarded(document, path, limits, ModelOptions(**found))
    if builder.faults:
        with standing(path):
            raise InvalidModel(builder.faults)
    calls = dict(calls_of(model))
    open_document = document
    varied: list[Argument] = []
    for place, name in enumerate(named):
        call, key = argument(name, calls)
        one = varying(call, key, sizes, name)
        if one.name in (other.name for other in varied):
            raise refuse(f"{name!r} varies twice.")
        varied.append(one)
        left: Any = {"$": f"a{place}"}
        open_document = with_value(open_document, call, key, left if one.each is None else [left] * one.each, path)
    if not varied:
        raise refuse(f"Expected an argument of a layer, such as conv.kernel_size; received {received(vary)}.")
    if sizes is not None and not any(type(n) is int for one in varied for n in one.values):
        told = f"None of {', '.join(one.name for one in varied)} is a number; leave it out."
        raise refuse(told, "range")
    total = prod(len(one.values) for one in varied)
    if total > (most := min(MOST, limits.max_candidates)):
        raise refuse(f"{total:,} combinations; at most {most:,} are tried. Give a shorter range.", "range")
    space = Space(tuple(Chosen((f"a{place}",), (one.values,)) for place, one in enumerate(varied)))
    wanted = Wanted((), budgets, None, storage)
    return Arguments(varied, Question(open_document, found, space, wanted, Selection((), None), limits, path))


def calls_of(model: Model, outer: str = "") -> Iterator[tuple[str, Call]]:
    """The layers by the names of their rows, those of nested models after the model that they are in."""
    for call in model.calls:
        if call.use == 1:
            yield outer + call.name, call
            if isinstance(call.layer, Model):
                yield from calls_of(call.layer, f"{outer}{call.name}/")


def refuse(detail: str, parameter: str = "vary") -> InvalidModel:
    return InvalidModel([{"parameter": parameter, "detail": detail}])


def argument(name: Any, calls: Mapping[str, Call]) -> tuple[Call, str]:
    """The layer and the argument of a name such as `conv.kernel_size`."""
    layer, dot, key = name.rpartition(".") if isinstance(name, str) else ("", "", "")
    if not dot:
        raise refuse(f"Expected an argument of a layer, such as conv.kernel_size; received {received(name)}.")
    call = calls.get(layer)
    if call is None or call.layer is None:
        there = nearest(layer, list(calls)) or f" The layers are {', '.join([*calls][:20])}."
        raise refuse(f"There is no layer {layer!r}.{there}")
    if isinstance(call.layer, Model):
        told = f"{layer!r} is a model and has no argument {key!r}; those of its layers vary"
        raise refuse(f"{told}, {layer}/{call.layer.calls[0].name}.…" if call.layer.calls else f"{told}.")
    known = fields_of(type(call.layer))
    if key not in known:
        near = nearest(key, list(known))
        raise refuse(f"{layer!r} has no argument {key!r}.{near} It takes {', '.join(known)}.")
    return call, key


def varying(call: Call, key: str, sizes: Values | None, name: str) -> Argument:
    """An argument with the values that are tried of it, those of `sizes` where it is a number."""
    layer = call.layer
    assert layer is not None
    found = getattr(layer, key, None) if layer.arguments is None else layer.arguments.get(key)
    every = [*choices(fields_of(type(layer))[key].json_schema())]
    kinds = {kind: one for one in every for kind in listed(one.get("type", []))}
    words = [word for one in every for word in one.get("enum", ()) if word is not None]
    if (number := kinds.get("integer")) is not None:
        tried = numbers(number, sizes)
        return Argument(name, [*tried, *words] if words else tried, alike(found), None)
    if (many := kinds.get("array")) is not None and many.get("items", {}).get("type") == "integer":
        if not found:
            told = f"Expected {name} to stand in the model, as a list: how many numbers it has is not known otherwise."
            raise refuse(told)
        return Argument(name, numbers(many["items"], sizes), alike(found), len(found))
    values = [*words, *((False, True) if {*kinds, "null"} == {"boolean", "null"} else ())]
    if not values:
        raise refuse(f"{name!r} is neither a size nor a word nor a truth: what it may be cannot be listed.")
    return Argument(name, values, found, None)


def choices(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas that a schema is one of."""
    if "anyOf" not in schema:
        yield schema
    for one in schema.get("anyOf", ()):
        yield from choices(one)


def listed(kinds: str | list[str]) -> list[str]:
    return [kinds] if isinstance(kinds, str) else kinds


def numbers(schema: Mapping[str, Any], sizes: Values | None) -> Sequence[int]:
    """The numbers that are tried of a size: those of a request, else from the least, 0 or 1."""
    sizes = sizes or Values(min(max(schema.get("minimum", 0), 0), 1), LAST)
    if sizes.last is None or sizes.total is None:
        raise refuse("Arguments are tried over a range with an end, such as 1..16.", "range")
    if sizes.total > MOST:
        raise refuse(f"{sizes.total:,} values; at most {MOST:,} are tried. Give a shorter range.", "range")
    return range(sizes.first, sizes.last + 1, sizes.step)


def alike(found: Any) -> Any:
    """The value that an argument has, one number where it is the same along every axis and on both sides."""
    while isinstance(found, tuple | list) and found and all(one == found[0] for one in found):
        found = found[0]
    return found


def with_value(document: Any, call: Call, key: str, value: Any, path: Tokens) -> Any:
    """The document with a value of the argument of a layer."""
    where = call.location
    if not isinstance(where, JsonLocation) or call.layer is None:
        raise refuse(f"{call.name!r} cannot be left open: arguments vary in a stack or Keras JSON.")
    own, tokens = call.layer.spelled.get(key, key), where.config_path[len(path) :]
    if not where.as_sent and not stands(document, tokens, where.config, own):
        raise refuse(f"{own!r} of {call.name!r} does not stand in this Keras JSON as today's Keras writes it.")
    return opened_at(document, tokens, own, value)


def stands(document: Any, tokens: Tokens, config: Mapping[str, Any], key: str) -> bool:
    """Whether a document that older words were read in has the argument of this layer itself there."""
    try:
        sent = reduce(getitem, tokens, document)
        return all(sent[one] == config[one] for one in ("name", key))
    except (KeyError, IndexError, TypeError):
        return False


def opened_at(document: Any, tokens: Sequence[object], key: str, value: Any) -> Any:
    """A copy of the document along the path to a config, which has a value of an argument."""
    if not tokens:
        return {**document, key: value}
    head, rest = tokens[0], tokens[1:]
    if isinstance(document, list):
        return [opened_at(one, rest, key, value) if i == head else one for i, one in enumerate(document)]
    return {**document, head: opened_at(document[head], rest, key, value)}


def nearness(varied: Sequence[Argument], values: Sequence[Any]) -> tuple[Any, ...]:
    """What orders combinations: the fewest changes of the model first, then the smallest numbers."""
    changed = sum(one.now != value for one, value in zip(varied, values, strict=True))
    numbers = [value if value.__class__ is int else 0 for value in values]
    return changed, sum(numbers), numbers


Judge = Callable[[Any, dict[str, Any]], dict[str, Any]]  # the verdict of a document with its options


def answered(asked: Arguments, judge: Judge) -> dict[str, Any]:
    """The combinations that hold, those first that change least of the model."""
    found, varied = every(asked), asked.varied
    found.sort(key=lambda values: nearness(varied, values))
    names = [one.name for one in varied]
    verdict, detail = None, f"No combination of {', '.join(names)} holds; {tried_of(varied)}"
    if found:
        filled = asked.filled({f"a{place}": value for place, value in enumerate(found[0])})
        verdict = judge(filled, asked.question.options)
        told = ", ".join(f"{name} {value}" for name, value in zip(names, found[0], strict=True))
        detail = f"{told} is what holds and changes the model least, of {len(found):,} combinations that hold."
    storage = asked.question.wanted.storage
    return {
        "vary": names,
        "goal": NEAREST,
        "value": dict(zip(names, found[0], strict=True)) if found else None,
        "values": [dict(zip(names, one, strict=True)) for one in found[:ANSWERED]],
        "count": len(found),
        "next": None,
        "stopped_by": None,
        "totals": None if verdict is None else verdict["totals"],
        **(storage.titles if storage else {}),
        "proof": "tried",
        "detail": detail,
        "warnings": [] if verdict is None else verdict["warnings"],
    }


def tried_of(varied: Sequence[Argument]) -> str:
    """What was tried, in words."""
    told = []
    for one in varied:
        sizes = [value for value in one.values if value.__class__ is int]
        words = [str(value).lower() for value in one.values if value.__class__ is not int]
        ends = [f"{sizes[0]:,} to {sizes[-1]:,}"] if sizes else []
        told.append(f"{one.name} {', '.join([*ends, *words])}")
    alone = any(value.__class__ is int for one in varied for value in one.values)
    return f"tried are {'; '.join(told)}{', a number being the same along all axes' if alone else ''}."


def every(asked: Arguments) -> list[tuple[Any, ...]]:
    """The combinations that hold."""
    reader, space = Reader(asked.question), asked.question.space
    found: list[tuple[Any, ...]] = []
    for block in Blocks(space, 1 << 14):
        found += [tuple(space.at(int(number)).values()) for number in reader.read(block).found.numbers]
    return found
