"""itertools: lazy where Python's are, each item accounted for as it is asked for."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import operators
from layercalc.readers.script.faults import Unknown
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import MISSING, Cursor, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]


def lazy(name: str, host: Any) -> Native:
    """An iterator made by a generator of host code."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Cursor:
        return Cursor(name, host(m, args, kwargs, at), tuple(args))

    return Native(name, run)


def certain(m: "Machine", value: Any, at: Any) -> bool:
    truth = m.truth(value, at)
    if type(truth) is Opaque:
        raise Unknown(truth)
    return bool(truth)


def chain(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    for one in args:
        yield from m.iterate(one, at)


def flatten(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    for one in m.iterate(args[0], at):
        yield from m.iterate(one, at)


def count(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    value = args[0] if args else kwargs.get("start", 0)
    step = args[1] if len(args) > 1 else kwargs.get("step", 1)
    while True:
        yield value
        value = operators.binary(m, "+", value, step, at)


def cycle(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    items = m.listed(args[0], at)
    while items:
        for one in items:
            m.meter.work(32, at)
            yield one


def repeat(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    times = args[1] if len(args) > 1 else kwargs.get("times")
    m.known(times)
    while times is None or times > 0:
        m.meter.work(32, at)
        times = None if times is None else times - 1
        yield args[0]


def islice(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    m.known(*args[1:])
    return itertools.islice(m.iterate(args[0], at), *args[1:])


def product(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    times = kwargs.get("repeat", 1)
    m.known(times)
    pools = [tuple(m.listed(one, at)) for one in args]
    m.meter.elements(len(pools) * max(times, 0), at)
    return metered(m, itertools.product(*pools, repeat=times), len(pools) * max(times, 0), at)


def choices(name: str) -> Native:
    host = vars(itertools)[name]

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
        m.known(*args[1:], *kwargs.values())
        items = m.listed(args[0], at)
        size = args[1] if len(args) > 1 else kwargs.get("r", len(items))
        m.meter.elements(len(items) + (size or 0), at)
        return metered(m, host(items, size), size or 0, at)

    return lazy(name, run)


def metered(m: "Machine", items: Iterator[Any], size: int, at: Any) -> Iterator[Any]:
    for one in items:
        m.meter.elements(size, at)
        m.meter.work(32 + size, at)
        yield one


def zip_longest(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    return itertools.zip_longest(*[m.iterate(one, at) for one in args], fillvalue=kwargs.get("fillvalue"))


def accumulate(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    f = args[1] if len(args) > 1 else kwargs.get("func")
    items = m.iterate(args[0], at)
    total = kwargs.get("initial")
    if total is None:
        total = next(items, MISSING)
        if total is MISSING:
            return
    yield total
    for one in items:
        total = operators.binary(m, "+", total, one, at) if f is None else m.call(f, [total, one], {}, at)
        yield total


def starmap(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    for one in m.iterate(args[1], at):
        yield m.call(args[0], m.listed(one, at), {}, at)


def takewhile(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    for one in m.iterate(args[1], at):
        if not certain(m, m.call(args[0], [one], {}, at), at):
            return
        yield one


def dropwhile(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    dropping = True
    for one in m.iterate(args[1], at):
        dropping = dropping and certain(m, m.call(args[0], [one], {}, at), at)
        if not dropping:
            yield one


def filterfalse(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    for one in m.iterate(args[1], at):
        if not certain(m, one if args[0] is None else m.call(args[0], [one], {}, at), at):
            yield one


def pairwise(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Iterator[Any]:
    return itertools.pairwise(m.iterate(args[0], at))


CHAIN = lazy("chain", chain)
CHAIN.members = {"from_iterable": lazy("chain", flatten)}
ITERTOOLS: dict[str, Any] = {
    "chain": CHAIN,
    "count": lazy("count", count),
    "cycle": lazy("cycle", cycle),
    "repeat": lazy("repeat", repeat),
    "islice": lazy("islice", islice),
    "product": lazy("product", product),
    "permutations": choices("permutations"),
    "combinations": choices("combinations"),
    "combinations_with_replacement": choices("combinations_with_replacement"),
    "zip_longest": lazy("zip_longest", zip_longest),
    "accumulate": lazy("accumulate", accumulate),
    "starmap": lazy("starmap", starmap),
    "takewhile": lazy("takewhile", takewhile),
    "dropwhile": lazy("dropwhile", dropwhile),
    "filterfalse": lazy("filterfalse", filterfalse),
    "pairwise": lazy("pairwise", pairwise),
}
