"""What is written over in place, as tensors that are each made once: who reads one later reads what it became."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from layercalc.layers.config import ConfigError
from layercalc.layers.torch.exported import Name, named
from layercalc.readers.torch.program import Call

INVERSE = ("view", "reshape_as", "view_as", "unsqueeze", "squeeze", "flatten", "unflatten", "_unsafe_view")
PARTS = {"slice": "slice_scatter", "select": "select_scatter"}
SWAPS = ("transpose", "t", "swapaxes")  # which undo themselves
SAME = ("alias", "detach")
TURNED = ("transpose", "t", "permute", "movedim", "swapaxes")
VIEWS = {*INVERSE, *PARTS, "alias", "detach", *TURNED, "narrow", "expand", "diagonal", "unfold", "chunk", "split"}
VIEWS |= {"split_with_sizes", "unbind", "expand_as", "tensor_split"}
MAYBE = {"reshape", "contiguous", "to", "type_as"}  # of memory that may be the same or not


def function_of(target: str) -> str:
    """The name of a function without its overload."""
    return target.removeprefix("torch.ops.aten.").partition(".")[0]


def in_place(target: str) -> bool:
    """Whether a function writes over its first argument."""
    name = function_of(target)
    return target.startswith("torch.ops.") and name.endswith("_") and not name.endswith("__")


@dataclass
class Rewriting:
    """The nodes of a program one after another, in-place ones renaming what they write over."""

    calls: list[Call]
    results: list[str]
    dtypes: dict[str, Any]  # of tensors, as the file has them
    now: dict[str, str] = field(default_factory=dict)  # what a name stands for by now
    bases: dict[str, tuple[str, Call]] = field(default_factory=dict)  # of a view: what it is of, and the call
    roots: dict[str, str] = field(default_factory=dict)  # of a view: whose memory it is in
    families: dict[str, list[str]] = field(default_factory=dict)  # by root: all that is in its memory
    last: dict[str, int] = field(default_factory=dict)  # the last node to read a name
    count: int = 0

    def __post_init__(self) -> None:
        for number, call in enumerate(self.calls):
            for name in read_by(call):
                self.last[name] = number
        self.last |= dict.fromkeys(self.results, len(self.calls))

    def run(self) -> Iterator[Call]:
        """The calls with names of today; ConfigError where what is written over is not followed."""
        for number, call in enumerate(self.calls):
            if self.unchanged(call):
                self.now[call.outputs[0]] = read_by(call)[0]
                continue
            given = {key: renamed(value, self.now) for key, value in call.arguments.items()}
            yield call._replace(arguments=given)
            function = function_of(call.target)
            if function in VIEWS or function in MAYBE:
                self.alias(call)
            elif in_place(call.target) and call.outputs:
                self.alias(call)
                yield from self.written(call, number)

    def unchanged(self, call: Call) -> bool:
        """Whether a call hands on the very tensor that it is given: one that is of the type asked for already."""
        if function_of(call.target) != "to" or call.arguments.get("copy") or len(call.outputs) != 1:
            return False
        first, wanted = next(iter(read_by(call)), None), call.arguments.get("dtype")
        return first in self.dtypes and wanted is not None and self.dtypes[first] == wanted

    def alias(self, call: Call) -> None:
        """Note that what a call gives is in the memory of its first argument."""
        first = next(iter(read_by(call)), None)
        for name in call.outputs if first is not None else ():
            self.bases[name] = str(first), call
            root = self.roots[name] = self.roots.get(str(first), str(first))
            self.families.setdefault(root, [root]).append(name)

    def written(self, call: Call, number: int) -> Iterator[Call]:
        """What follows from writing over the first argument of a call."""
        target = next(iter(read_by(call)), None)
        if target is None:
            return
        made = call.outputs[0]
        self.now[target] = made
        for name in self.families[self.roots[made]]:
            if name not in (target, made) and self.read_later(name, number):
                yield from self.followed(call, target, name, made)

    def today(self, name: str) -> str:
        """What a name stands for by now."""
        return str(renamed(Name(name), self.now))

    def read_later(self, name: str, number: int) -> bool:
        return self.last.get(name, -1) > number

    def followed(self, call: Call, target: str, name: str, made: str) -> Iterator[Call]:
        """A tensor whose memory was written over through a view of it."""
        chain = []
        at = target
        while at != name and at in self.bases:
            chain.append((at, *self.bases[at]))
            at = self.bases[at][0]
        if at != name:
            raise ConfigError([((), f"{call.target} writes over memory that {name!r} has too, which is not followed.")])
        value = made
        for view, base, of in chain:
            function = function_of(of.target)
            if function in PARTS:
                arguments = {key: renamed(one, self.now) for key, one in of.arguments.items() if key != "self"}
                target_of = f"torch.ops.aten.{PARTS[function]}.default"
                given = {"self": renamed(Name(base), self.now), "src": Name(value), **arguments}
            elif function in SAME or in_place(of.target):
                self.now[base] = value
                continue
            elif function in SWAPS and len(of.arguments) > 1:
                target_of, given = of.target, dict(of.arguments) | {"self": Name(value)}
            elif function in INVERSE:
                target_of = "torch.ops.aten.view_as.default"
                given = {"self": Name(value), "other": renamed(Name(base), self.now)}
            else:
                told = f"{call.target} writes over a view made by {of.target} of {view!r}, which is not followed."
                raise ConfigError([((), told)])
            self.count += 1
            value = f"{base}:{self.count}"
            yield call._replace(target=target_of, arguments=given, outputs=[value])
            self.now[base] = value


def read_by(call: Call) -> list[str]:
    """The names that a call reads."""
    return [name for value in call.arguments.values() for name in named(value)]


def renamed(value: Any, now: dict[str, str]) -> Any:
    """An argument with names of today."""
    if isinstance(value, Name):
        name = str(value)
        while name in now:
            name = now[name]
        return Name(name)
    return [renamed(one, now) for one in value] if isinstance(value, list) else value
