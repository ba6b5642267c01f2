"""Blocks that may or may not run: branches joined, loops repeated until nothing more becomes unknown.

A path that raises where the text catches nothing ends the program, so that what follows is certain not to be on it.
"""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.faults import Fault, Raised
from layercalc.readers.script.journal import BREAK, CONTINUE, EXIT, RAISE, RETURN, alike
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.reach import Existing

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

ROUNDS = 25  # that a loop over the unknown is followed until nothing changes


class Returned:
    """The signal of a statement that returns from the function; None is that of one that goes on."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value


class Jump:
    """The signal of `break` or `continue`."""

    __slots__ = ("kind",)

    def __init__(self, kind: str):
        self.kind = kind


BROKE, CONTINUED = Jump(BREAK), Jump(CONTINUE)
Signal = Returned | Jump | None
Arm = Callable[[], Signal]
Fallback = Callable[[Fault], None]
PRIORITY = {None: 0, CONTINUE: 1, BREAK: 2, RETURN: 3, RAISE: 4}


def outcome(signal: Any) -> EXIT | None:
    """A signal as an exit."""
    if signal is None:
        return None
    if isinstance(signal, Returned):
        return RETURN, signal.value
    return (RAISE, signal) if isinstance(signal, Raised) else (signal.kind, None)


def attempt(m: "Machine", arm: Arm, fallback: Fallback | None) -> Any:
    """The signal of one run; an exception of the text is one too. What cannot be followed is blurred by `fallback`."""
    depth, frame = m.meter.depth, m.frame
    m.branching += 1
    try:
        return arm()
    except Raised as error:
        return error
    except Fault as fault:
        if fault.limit or fallback is None:
            raise
        m.meter.depth, m.frame = depth, frame
        fallback(fault)
        return None
    finally:
        m.branching -= 1
        m.meter.depth, m.frame = depth, frame


def branch(m: "Machine", arms: list[Arm], reason: Opaque, fallback: Fallback | None = None) -> Signal:
    """One of the arms runs, it is not known which: the state afterwards is what all agree on."""
    j = m.journal
    mark, since = len(j.levels), j.opened + 1
    live: list[tuple[list[EXIT | None], list[tuple[Any, Any]]]] = []
    first: Raised | None = None
    for arm in arms:
        j.open(reason)
        signal = attempt(m, arm, fallback)
        exits, _ = j.settle(mark + 1)
        finals = j.take_back(mark)
        paths: list[EXIT | None] = [*exits]
        if isinstance(signal, Raised):
            first = first or signal
        if not isinstance(signal, Raised) or m.catching:
            paths.append(outcome(signal))
        if paths:
            live.append((paths, finals))
    if not live:
        assert first is not None
        raise first
    join_arms(m, [finals for _, finals in live], since, reason)
    return leave(m, [one for paths, _ in live for one in paths], reason)


def join_arms(m: "Machine", arms: list[list[tuple[Any, Any]]], since: int, reason: Opaque) -> None:
    """Bring about the state that each arm, of levels numbered from `since`, may have come to: what it changed."""
    j = m.journal
    if len(arms) == 1:
        return j.apply(arms[0])
    tables = [{id(obj): (obj, state) for obj, state in finals} for finals in arms]
    objects = {key: obj for table in tables for key, (obj, _) in table.items()}
    for key, obj in objects.items():
        if j.born_since(obj, since):  # it is only where its arm has run, and then as that leaves it
            j.changing(obj)
            j.restore(obj, next(table[key][1] for table in tables if key in table))
            continue
        base = j.snapshot(obj)
        states = [table[key][1] if key in table else base for table in tables]
        j.changing(obj)
        j.restore(obj, states[0])
        for state in states[1:]:
            j.join(obj, state, reason)
    return None


def leave(m: "Machine", paths: list[EXIT | None], reason: Opaque) -> Signal:
    """Go on as most paths do; the others have left, which is kept as a level."""
    main = min((None if one is None else one[0] for one in paths), key=lambda kind: PRIORITY[kind])
    others = [one for one in paths if one is not None and one[0] != main]
    values = [one[1] for one in paths if one is not None and one[0] == main]
    if others:
        m.journal.open(reason, others)
    if main == RAISE:
        raise values[0] if len(values) == 1 else Raised(Opaque("an exception", reason.node, reason), reason.node)
    if main == RETURN:
        return Returned(agreed(m, values, reason))
    return None if main is None else BROKE if main == BREAK else CONTINUED


def agreed(m: "Machine", values: list[Any], reason: Opaque) -> Any:
    """The value, if all are certainly the same; else one of them."""
    if all(one is values[0] or alike(one, values[0]) for one in values[1:]):
        return values[0]
    return m.journal.either(reason, *values, cause="a value that may be one of several")


def repeat(m: "Machine", body: Arm, reason: Opaque, node: ast.AST | None, fallback: Fallback | None = None) -> None:
    """The body runs any number of times: what it may change is not known, what it cannot change is."""
    j = m.journal
    kept: list[EXIT] = []
    old = Existing(m)
    before, m.missed = m.missed, set()
    try:
        for _ in range(ROUNDS):
            mark = j.open(reason)
            signal = outcome(attempt(m, body, fallback))
            exits, less = j.settle(mark, old, through=signal is None)
            for one in (*exits, signal):
                if one is not None and (one[0] == RETURN or (one[0] == RAISE and m.catching)):
                    kept.append(one)
            if not less:
                break
        else:
            raise Fault(node, f"Too much depends on what is not known here ({reason.why}); write the values out.")
    finally:
        m.missed |= before
    if kept:
        j.open(reason, kept)
    return


def close(m: "Machine", mark: int, kind: str) -> list[Any]:
    """Where exits of this kind lead to: join them; those that lead farther stay open. Gives their values."""
    j = m.journal
    if len(j.levels) <= mark or not j.exits(mark, kind):
        return []
    reason = j.levels[-1].reason
    exits, _ = j.settle(mark)
    others = [one for one in exits if one[0] != kind]
    if others:
        j.open(reason, others)
    return [one[1] for one in exits if one[0] == kind]
