"""The question turned round for arguments: which sizes and words of layers give what budgets ask, as an output shape.

Every combination is tried: of a size the numbers from 1 to 16, or those of the request's range, equal along all axes;
of a word all there are, and both truths.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from layercalc.analysis.storage import Storage
from layercalc.document import guarded, opened, standing
from layercalc.errors import InvalidModel, Tokens
from layercalc.fitting.question import left_open, read_within
from layercalc.fitting.values import Values, read_range
from layercalc.input_shapes import ModelOptions
from layercalc.layers import fields_of
from layercalc.layers.array_fields import Dims
from layercalc.layers.fields import Bool, Choice, Int
from layercalc.limits import Limits
from layercalc.locations import JsonLocation
from layercalc.model import Call
from layercalc.sweeps.blocks import Question, Reader
from layercalc.sweeps.figures import Wanted
from layercalc.sweeps.selection import Selection
from layercalc.sweeps.space import Blocks, Space
from layercalc.sweeps.space import Choice as Chosen
from layercalc.sweeps.template import Template
from layercalc.wording import nearest, received

SIZES = Values(1, 16)
MOST = 1 << 20  # combinations
ANSWERED = 100  # of those that hold
NEAREST = "nearest"  # to the arguments that the model has


class Argument(NamedTuple):
    """An argument of a layer: its name in the request, the values that are tried, and the one that it has."""

    name: str
    values: Sequence[Any]
    now: Any


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
    options: Mapping[str, Any],
    storage: Storage | None,
    limits: Limits,
    path: Tokens,
) -> Arguments:
    """What is asked, checked; InvalidModel names what is wrong."""
    sizes, budgets = read_range(range) or SIZES, read_within(within)
    document, _ = opened(document, path, limits)
    left_open(document, path)
    named = [one.strip() for one in vary.split(",")] if isinstance(vary, str) else [*vary]
    found = {name: value for name, value in options.items() if value is not None}
    model, builder = guarded(document, path, limits, ModelOptions(**found))
    if builder.faults:
        with standing(path):
            raise InvalidModel(builder.faults)
    calls = {call.name: call for call in model.calls if call.use == 1}
    open_document = document
    varied: list[Argument] = []
    for place, name in enumerate(named):
        call, key = argument(name, calls)
        one = Argument(name, values_of(call, key, sizes, name), now_of(call, key))
        if one.name in (other.name for other in varied):
            raise refuse(f"{name!r} varies twice.")
        varied.append(one)
        open_document = with_placeholder(open_document, call, key, f"a{place}", path)
    if not varied:
        raise refuse(f"Expected an argument of a layer, such as conv.kernel_size; received {received(vary)}.")
    total = prod(len(one.values) for one in varied)
    if total > (most := min(MOST, limits.max_candidates)):
        raise refuse(f"{total:,} combinations; at most {most:,} are tried. Give a shorter range.", "range")
    space = Space(tuple(Chosen((f"a{place}",), (one.values,)) for place, one in enumerate(varied)))
    wanted = Wanted((), budgets, None, storage)
    return Arguments(varied, Question(open_document, found, space, wanted, Selection((), None), limits, path))


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
    known = fields_of(type(call.layer))
    if key not in known:
        near = nearest(key, list(known))
        raise refuse(f"{layer!r} has no argument {key!r}.{near} It takes {', '.join(known)}.")
    return call, key


def values_of(call: Call, key: str, sizes: Values, name: str) -> Sequence[Any]:
    """The values of an argument that are tried."""
    assert call.layer is not None
    field = fields_of(type(call.layer))[key]
    if isinstance(field, Choice):
        return [one for one in field.choices if isinstance(one, str)]
    if isinstance(field, Bool):
        return [False, True]
    if not isinstance(field, Int | Dims):
        raise refuse(f"{name!r} is neither a size nor a word nor a truth: what it may be cannot be listed.")
    if sizes.last is None or sizes.total is None:
        raise refuse("Arguments are tried over a range with an end, such as 1..16.", "range")
    if sizes.total > MOST:
        raise refuse(f"{sizes.total:,} values; at most {MOST:,} are tried. Give a shorter range.", "range")
    return range(sizes.first, sizes.last + 1, sizes.step)


def now_of(call: Call, key: str) -> Any:
    """The value that an argument has, one number where it is the same along every axis."""
    found = getattr(call.layer, key, None)
    if isinstance(found, tuple | list) and found and len(set(found)) == 1:
        return found[0]
    return found


def with_placeholder(document: Any, call: Call, key: str, placeholder: str, path: Tokens) -> Any:
    """The document with the argument of a layer left open."""
    where = call.location
    told = f"{call.name!r} cannot be left open: arguments vary in a stack or Keras JSON."
    if not isinstance(document, dict | list) or not isinstance(where, JsonLocation) or call.layer is None:
        raise refuse(told)
    if not where.as_sent:
        raise refuse(told)
    return opened_at(document, where.config_path[len(path) :], call.layer.spelled.get(key, key), placeholder)


def opened_at(document: Any, tokens: Sequence[object], key: str, placeholder: str) -> Any:
    """A copy of the document along the path to a config, whose argument is a placeholder."""
    if not tokens:
        return {**document, key: {"$": placeholder}}
    head, rest = tokens[0], tokens[1:]
    if isinstance(document, list):
        return [opened_at(one, rest, key, placeholder) if i == head else one for i, one in enumerate(document)]
    return {**document, head: opened_at(document[head], rest, key, placeholder)}


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
    verdict, detail = None, f"No combination of {', '.join(names)} holds."
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


def every(asked: Arguments) -> list[tuple[Any, ...]]:
    """The combinations that hold."""
    reader, space = Reader(asked.question), asked.question.space
    found: list[tuple[Any, ...]] = []
    for block in Blocks(space, 1 << 14):
        found += [tuple(space.at(int(number)).values()) for number in reader.read(block).found.numbers]
    return found
