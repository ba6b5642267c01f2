"""What can be reached from a value, and what a block found when it began."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.journal import Level
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.scope import MODULE, Scope
from layercalc.readers.script.values import (
    MISSING,
    MUTABLE,
    NUMBERS,
    SCALARS,
    Bound,
    Class,
    ClassMethod,
    Cursor,
    Foreign,
    Function,
    Instance,
    Names,
    Native,
    Property,
    StaticMethod,
    Super,
    View,
    leads,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

ROWS = list | tuple | set | frozenset
CHANGED = MUTABLE | {Instance, Class, Cursor}  # kinds of values that something may change


def now(container: Any) -> Any:
    return container


def parts(value: Any, state: Callable[[Any], Any] = now) -> list[Any]:
    """What can be reached from a value in one step; `state` gives what a container is taken to hold."""
    kind = type(value)
    if kind is Opaque:
        return list(value.holds)
    if isinstance(value, dict):
        held = state(value)
        return [*held.values(), *held]
    if isinstance(value, ROWS):
        return list(state(value))
    if kind is Instance:
        core = [value.core] if value.core is not None else []
        core += [value.data] if value.data is not None else []
        return [*core, *state(value.attrs).values(), *members(value.cls, state)]
    if kind is Class:
        return members(value, state)
    if kind is Function:
        return [*value.defaults, *value.keywords.values(), *state(value.attrs).values()]
    if kind is Bound:
        return [value.function, value.owner]
    if kind is Cursor:
        return list(value.over)
    if kind is Property:
        return value.parts
    if kind is StaticMethod or kind is ClassMethod:
        return [value.function]
    if kind is View:
        return [value.of]
    if kind is Super:
        return [value.owner]
    if isinstance(value, Native):
        return [*value.holds, *(value.members or {}).values()]
    if isinstance(value, Foreign):
        held = state(value)
        return value.parts() if held is value else list(held.values())
    return []


def members(cls: Class, state: Callable[[Any], Any] = now) -> list[Any]:
    """The functions of a class and its bases: whoever has an instance can call them."""
    if cls.builtin:
        return []
    every = [one for kind in cls.mro if not kind.builtin for one in filter(leads, state(kind.attrs).values())]
    return [one for one in every if type(one) not in MUTABLE]


class Existing:
    """All that could be changed when a block began: what the block makes is not among it.

    Most blocks change names alone, of scopes that were open then or that they open. Only where one changes something
    else, all that could be reached is looked through, in the states that it had then.
    """

    def __init__(self, m: "Machine"):
        self.machine, self.number = m, next(NUMBERS)
        self.scopes = outward([m.globals, m.frame, *m.frames])
        self.others: list[Any] = [*m.escaped.values(), *m.overrides.values()]
        self.states: dict[int, tuple[Any, Any]] = {}  # of what has been changed since, with the thing itself
        self.seen: set[int] = set()
        self.search = reachable(m, self.scopes, self.others, self.states, self.seen)

    def note(self, levels: list[Level]) -> None:
        """Keep the states that levels of the block know, before these are closed."""
        for level in levels:
            for key, pair in level.saved.items():
                self.states.setdefault(key, pair)

    def leads_farther(self, value: Any, unknown: Opaque) -> bool:
        """Whether a value leads to something that there was, or to a function of the text, that `unknown` does not."""
        found = self.led_to(value, unknown)
        return bool(found) and not found <= self.led_to(unknown, None)

    def led_to(self, value: Any, least: Any) -> set[int]:
        """The ids of what a value leads to, of what there was; of functions, those of their text; without `least`."""
        found, seen, pending = set[int](), {id(least)}, [value]
        given = self.machine.journal.given
        while pending:
            one = pending.pop()
            kind = type(one)
            if kind in SCALARS or id(one) in seen or id(one) in given or one is MISSING:
                continue
            self.machine.meter.work(32)
            seen.add(id(one))
            pending += parts(one)
            if kind is Function:
                found.add(id(one.node))
                pending += [cell for scope in closures(one) for cell in scope.vars.values()]
            elif (kind in CHANGED or isinstance(one, Foreign)) and self.holds(one):
                found.add(id(one))
        return found

    def holds(self, value: Any) -> bool:
        """Whether there was this value, told without a search of what says when it was made."""
        if type(value) is Instance or type(value) is Class:
            value = value.attrs
        if type(value) is Names:
            return value.number < self.number
        if id(value) in self.seen:
            return True
        _, number = self.machine.journal.fresh.get(id(value), (None, 0))
        return number < self.number and any(found is value for found in self.search)


def reachable(
    m: "Machine", scopes: dict[int, Scope], others: list[Any], states: dict[int, tuple[Any, Any]], seen: set[int]
) -> Iterator[Any]:
    """Everything that the names of scopes, and those of functions found there, led to in these states, one by one."""

    def state(container: Any) -> Any:
        known = states.get(id(container))
        return container if known is None else known[1]

    scopes, pending = dict(scopes), list(others)
    while scopes or pending:
        while scopes:
            _, scope = scopes.popitem()
            if id(scope.vars) not in seen:
                seen.add(id(scope.vars))
                pending += state(scope.vars).values()
        while pending:
            value = pending.pop()
            kind = type(value)
            if kind in SCALARS or id(value) in seen:
                continue
            m.meter.work(32)
            seen.add(id(value))
            yield value
            pending += parts(value, state)
            if kind is Instance or kind is Class:
                seen.add(id(value.attrs))
                pending += state(value.attrs).values()
                pending += [value.cls] if kind is Instance else value.mro
            elif kind is Function:
                scopes |= outward([value.outer])


def closures(function: Function) -> list[Scope]:
    """The scopes of functions around a function."""
    found: list[Scope] = []
    scope: Scope | None = function.outer
    while scope is not None and scope.kind is not MODULE:
        found.append(scope)
        scope = scope.outer
    return found


def outward(scopes: list[Any]) -> dict[int, Scope]:
    """Scopes and those around them, by the ids of their names."""
    found: dict[int, Scope] = {}
    for scope in scopes:
        while scope is not None and id(scope.vars) not in found:
            found[id(scope.vars)] = scope
            scope = scope.outer
    return found
