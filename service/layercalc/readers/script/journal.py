"""What a block has changed that may not have run: levels of changes, taken back to compare branches, or joined.

A level remembers, of each object that is changed while it is open, the state it had. Levels with `exits` stand for a
path that has left already (a `return` in one branch of an unknown `if`): what is changed above them may not have been.
"""

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import MISSING, NUMBERS, SCALARS, Cursor, Foreign, Names

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine
    from layercalc.readers.script.reach import Existing

RETURN, BREAK, CONTINUE, RAISE = "return", "break", "continue", "raise"
EXIT = tuple[str, Any]
SAME_DEPTH = 20


class Level:
    """Objects changed since it was opened, by id, with the state they had; and the exits it stands for."""

    __slots__ = ("exits", "number", "reason", "saved")

    def __init__(self, reason: Opaque, exits: list[EXIT], number: int):
        self.saved: dict[int, tuple[Any, Any]] = {}
        self.reason, self.exits, self.number = reason, exits, number


class Journal:
    """The open levels, and the containers of which nothing is known any more."""

    def __init__(self, machine: "Machine"):
        self.machine = machine
        self.levels: list[Level] = []
        self.opened = 0  # levels, ever
        self.births: dict[int, tuple[Any, int]] = {}  # of foreign values, by id: how many levels had been opened
        self.fresh: dict[int, tuple[Any, int]] = {}  # of lists and dicts, by id: Names.number, had it been one
        self.spoilt: dict[int, tuple[Any, Opaque, tuple[Any, ...]]] = {}
        self.given: dict[int, Any] = {}  # those of them that something unknown has, with all that they hold now
        self.endings: list[Any] = []  # of `try`, with the scope: those inside which generators wait
        self.held = False  # whether the generator that runs is a loop's, which asks for its values to the end

    def changing(self, obj: Any) -> None:
        """To be called before anything is changed in a list, dict, set, iterator or foreign value."""
        if self.levels:
            saved = self.levels[-1].saved
            if id(obj) not in saved:
                saved[id(obj)] = obj, self.snapshot(obj)

    def born(self, obj: Any) -> None:
        """A value has been made: where a block that made it has not run, there is none, and nothing to compare."""
        if self.levels:
            self.births[id(obj)] = obj, self.opened

    def made(self, obj: Any) -> Any:
        """A list or dict has been written: no block that began later found it."""
        if self.levels:
            self.fresh[id(obj)] = obj, next(NUMBERS)
        return obj

    def born_since(self, obj: Any, number: int) -> bool:
        """Whether a value was made while the level of that number was open."""
        return id(obj) in self.births and self.births[id(obj)][1] >= number

    def snapshot(self, obj: Any) -> Any:
        if isinstance(obj, Foreign):
            return obj.snapshot()
        if type(obj) is Cursor:
            return obj.count
        self.machine.meter.elements(len(obj))
        return list(obj) if type(obj) is list else set(obj) if type(obj) is set else dict(obj)

    def restore(self, obj: Any, state: Any) -> None:
        """Bring back a state. An iterator cannot go back: it is spoilt."""
        self.given.pop(id(obj), None)  # it may come to hold something else
        if isinstance(obj, Foreign):
            obj.restore(state)
        elif type(obj) is Cursor:
            if obj.count != state and obj.spoilt is None:
                obj.spoilt = Opaque("an iterator that a branch may have moved")
        elif type(obj) is list:
            obj[:] = state
        else:
            obj.clear()
            obj.update(state)

    def poison(self, obj: Any, reason: Opaque, more: tuple[Any, ...] = ()) -> bool:
        """Nothing is known of this container any more; what is read from it may be any of what it held."""
        if id(obj) in self.spoilt:
            return False
        held = [*obj.values(), *obj.keys()] if isinstance(obj, dict) else list(obj)
        self.spoilt[id(obj)] = obj, reason, (*(one for one in held if type(one) not in SCALARS), *more)
        return True

    def is_spoilt(self, obj: Any) -> bool:
        """Whether nothing is known any more of a container, iterator or foreign value."""
        spoilt = getattr(obj, "spoilt", None) if isinstance(obj, Foreign | Cursor) else self.spoilt.get(id(obj))
        return spoilt is not None

    def held_by(self, obj: Any) -> tuple[Any, ...]:
        """What a spoilt container may hold besides what it shows."""
        return self.spoilt[id(obj)][2]

    def give(self, obj: Any) -> bool:
        """Something unknown has this spoilt value from now on; whether what it holds was not its before."""
        fresh = id(obj) not in self.given
        self.given[id(obj)] = obj
        return fresh

    def may_hold(self, obj: Any, values: Any) -> None:
        """A spoilt container may hold these as well."""
        _, reason, known = self.spoilt[id(obj)]
        seen = set(map(id, known))
        more = [one for one in values if type(one) not in SCALARS and id(one) not in seen]
        if more:
            self.spoilt[id(obj)] = obj, reason, (*known, *more)
            self.given.pop(id(obj), None)

    # -- branches

    def open(self, reason: Opaque, exits: list[EXIT] | None = None) -> int:
        """A new level; gives its mark."""
        self.machine.meter.work(32)
        self.opened += 1
        self.levels.append(Level(reason, exits or [], self.opened))
        return len(self.levels) - 1

    def take_back(self, mark: int) -> list[tuple[Any, Any]]:
        """Undo what the topmost level has changed; gives the objects with the states they had come to."""
        assert len(self.levels) == mark + 1
        level = self.levels.pop()
        finals = [(obj, self.snapshot(obj)) for obj, _ in level.saved.values()]
        for obj, state in level.saved.values():
            self.restore(obj, state)
        return finals

    def apply(self, finals: list[tuple[Any, Any]]) -> None:
        """Bring the states of a branch about again."""
        for obj, state in finals:
            self.changing(obj)
            self.restore(obj, state)

    def settle(self, mark: int, old: "Existing | None" = None, through: bool = False) -> tuple[list[EXIT], bool]:
        """Close the levels above a mark: what they changed may have happened or not. Gives their exits, and whether
        less is known than before, of what is among `old` (None: of anything).

        Where `through` says that it has been run to its end, and no path has left it, a variable tells nothing that
        was not bound before and that nobody has asked for.
        """
        exits: list[EXIT] = []
        changed = False
        through = through and not self.machine.listing and not any(level.exits for level in self.levels[mark:])
        if old is not None:
            old.note(self.levels[mark:])
        while len(self.levels) > mark:
            level = self.levels.pop()
            exits += level.exits
            below = self.levels[-1].saved if self.levels else None
            for key, (obj, state) in level.saved.items():
                if below is not None:
                    below.setdefault(key, (obj, state))
                if self.born_since(obj, level.number):
                    continue
                if through and old is not None and id(obj) in old.scopes:
                    less = self.join_names(obj, state, level.reason, self.machine.missed, old)
                else:
                    less = self.join(obj, state, level.reason, old)
                # what a name or an item was in between is no part of what was known before
                counts = less and not changed and (len(self.levels) == mark or self.is_spoilt(obj))
                changed = changed or (counts and (old is None or old.holds(obj)))
        return exits, changed

    def exits(self, mark: int, kind: str) -> bool:
        """Whether a path of this kind has left since the mark."""
        return any(one[0] == kind for level in self.levels[mark:] for one in level.exits)

    # -- joins

    def join(self, obj: Any, old: Any, reason: Opaque, begun: "Existing | None" = None) -> bool:
        """The object is as it is, or as it was: what differs is not known. Whether less is known than of `old`.

        Less is known of an unknown, too, that may now be something of what there was when a block had `begun`.
        """
        if isinstance(obj, Foreign):
            if obj.spoilt is None and not unchanged(obj.snapshot(), old):
                obj.spoil(reason)
                return True
            return False
        if type(obj) is Cursor:
            if obj.spoilt is None and obj.count != old:
                obj.spoilt = reason
                return True
            return False
        if id(obj) in self.spoilt:
            self.may_hold(obj, [*old.values(), *old] if isinstance(old, dict) else old)
            return False
        if type(obj) is Names:
            return self.join_names(obj, old, reason, None, begun)
        if type(obj) is set:
            return obj != old and self.poison(obj, reason, tuple(old))
        if type(obj) is list:
            if len(obj) != len(old):
                return self.poison(obj, reason, tuple(one for one in old if type(one) not in SCALARS))
            return sum(self.join_one(obj, key, old[key], reason, begun) for key in range(len(obj))) > 0
        if len(obj) != len(old) or any(a is not b and not alike(a, b) for a, b in zip(obj, old, strict=True)):
            return self.poison(obj, reason, tuple(one for one in old.values() if type(one) not in SCALARS))
        return sum(self.join_one(obj, key, old[key], reason, begun) for key in list(obj)) > 0

    def join_one(self, obj: Any, key: Any, old: Any, reason: Opaque, begun: "Existing | None") -> bool:
        new = obj[key]
        if new is old or alike(new, old):
            return False
        obj[key] = self.either(reason, new, old)
        if type(old) is Opaque:
            return begun is not None and begun.leads_farther(new, old)
        return obj[key] is not old

    def join_names(
        self,
        obj: Names,
        old: dict[str, Any],
        reason: Opaque,
        missed: Container[str] | None = None,
        begun: "Existing | None" = None,
    ) -> bool:
        """Names bound on one path only may be unbound; of those that were not bound `missed` alone count, if given."""
        less = False
        self.machine.meter.work(len(obj) << 2)
        for key in [*obj, *(key for key in old if key not in obj)]:
            new, was = obj.get(key, MISSING), old.get(key, MISSING)
            if new is was or alike(new, was):
                continue
            counts = was is not MISSING or missed is None or key in missed
            cause = f"{key}, which may have been set"
            joined = new if says(new, was, cause) else self.either(reason, new, was, cause=cause)
            obj[key] = joined
            if type(joined) is not Opaque:
                less |= counts and joined is not was
                continue
            joined.maybe = new is MISSING or was is MISSING or maybe(new) or maybe(was)
            if counts and not less:
                less = type(was) is not Opaque or (joined.maybe and not was.maybe)
                less = less or (begun is not None and begun.leads_farther(new, was))
        return less

    def either(self, reason: Opaque, *values: Any, cause: str = "") -> Any:
        """One of several values, it is not known which, unless the vocabulary takes one for all."""
        known = len(values) > 1 and all(type(one) is not Opaque for one in values)
        if known and (taken := self.machine.vocabulary.either(values, reason.node)) is not None:
            return taken
        return Opaque(cause or reason.cause, reason.node, reason.first, holds=held(values))


def held(values: Any) -> tuple[Any, ...]:
    """Those of the values through which something can be changed."""
    return tuple(
        one
        for one in values
        if type(one) not in SCALARS and one is not MISSING and (type(one) is not Opaque or one.holds)
    )


def says(unknown: Any, value: Any, cause: str) -> bool:
    """Whether an unknown of this cause says already that it may be the value."""
    if type(unknown) is not Opaque or unknown.cause != cause or (value is MISSING or maybe(value)) > unknown.maybe:
        return False
    return all(any(one is each for each in unknown.holds) for one in held((value,)))


def maybe(value: Any) -> bool:
    return type(value) is Opaque and value.maybe


def alike(a: Any, b: Any, depth: int = 0) -> bool:
    """Whether two values are certainly the same: one object, or equal numbers, strings and tuples of them."""
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b) or depth > SAME_DEPTH:
        return False
    if kind is float or kind is complex:
        return repr(a) == repr(b)
    if kind in SCALARS:
        return bool(a == b)
    if kind is tuple:
        return len(a) == len(b) and all(alike(x, y, depth + 1) for x, y in zip(a, b, strict=True))
    return False


def unchanged(new: dict[str, Any], old: dict[str, Any]) -> bool:
    """Whether two snapshots of a foreign value say the same."""
    if new.keys() != old.keys():
        return False
    for key, value in new.items():
        was = old[key]
        if type(value) is list and type(was) is list:
            if len(value) != len(was) or not all(map(alike, value, was)):
                return False
        elif type(value) is dict and type(was) is dict:
            if list(value) != list(was) or not all(map(alike, value.values(), was.values())):
                return False
        elif type(value) is set and type(was) is set:
            if value != was:
                return False
        elif not alike(value, was):
            return False
    return True
