"""Calls of modules, by the stacks of modules that the nodes of a program were recorded in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from layercalc.model import Container
from layercalc.readers.torch.identity import Identity
from layercalc.readers.torch.paths import Module
from layercalc.readers.torch.program import Call


@dataclass(eq=False)
class Frame:
    """One call of a module; a leaf is one in which no other module was called."""

    module: Module | None  # None: the model itself
    calls: list[Call] = field(default_factory=list)
    leaf: bool = True
    use: int = 1
    outer: "Frame | None" = None  # the call that it stands in
    called: Module | None = None  # as the node has it: a module may be called by several names in turn

    @property
    def path(self) -> str:
        return "" if self.module is None else self.module.path

    @property
    def kind(self) -> str:
        """The class without its package."""
        return "" if self.module is None else self.module.kind.rpartition(".")[2]

    @property
    def around(self) -> tuple["Frame", ...]:
        """The calls that it stands in, the outermost first, that of the model left out."""
        return () if self.outer is None else self.outer.within

    @property
    def within(self) -> tuple["Frame", ...]:
        """The calls that what it calls stands in."""
        found: list[Frame] = []
        one: Frame | None = self
        while one is not None and one.module is not None:
            found.append(one)
            one = one.outer
        return tuple(reversed(found))

    @cached_property
    def container(self) -> Container:
        return Container(self.path, self.kind)


def framed(calls: Iterable[Call], identity: Identity) -> Iterator[tuple[Frame, Call]]:
    """Each node with the innermost call of a module that it belongs to; one without a stack stays where it stands."""
    stack = [Frame(None, leaf=False)]
    uses: dict[str, int] = {}
    for call in calls:
        if (modules := call.modules) is not None:
            common = 0
            while common < min(len(modules), len(stack) - 1) and stack[common + 1].called == modules[common]:
                common += 1
            del stack[common + 1 :]
            for called in modules[common:]:
                module = identity.named(called)
                stack[-1].leaf = False
                uses[module.path] = uses.get(module.path, 0) + 1
                stack.append(Frame(module, use=uses[module.path], outer=stack[-1], called=called))
        stack[-1].calls.append(call)
        yield stack[-1], call


@dataclass(eq=False)
class Row:
    """What becomes a row: the nodes of a leaf's call, or one node between modules."""

    name: str
    kind: str
    path: str  # of the module
    use: int
    calls: list[Call]
    leaf: bool
    frame: Frame | None = None
    within: tuple[Frame, ...] = ()  # the calls of modules that it stands in

    @property
    def module(self) -> str:
        """The class of the module, with its package."""
        return self.frame.module.kind if self.frame is not None and self.frame.module is not None else ""

    @property
    def first(self) -> int:
        """The number of its first node that makes a tensor; of one that makes a size, that of its own."""
        return next((call.number for call in self.calls if not call.sizes), self.calls[0].number)


def rows(calls: Iterable[Call], title: str, identity: Identity) -> list[Row]:
    """The rows in the order in which they begin."""
    found: dict[int, Row] = {}
    out: list[Row] = []
    counts: dict[tuple[int, str], int] = {}
    for frame, call in list(framed(calls, identity)):
        if frame.leaf:
            row = found.get(id(frame))
            if row is None:
                row = found[id(frame)] = Row(
                    frame.path, frame.kind or title, frame.path, frame.use, [], True, frame, frame.around
                )
                out.append(row)
            row.calls.append(call)
            continue
        word = call.word
        count = counts[id(frame), word] = counts.get((id(frame), word), -1) + 1
        name = f"{frame.path}.{word}" if frame.path else word
        out.append(
            Row(f"{name}_{count}" if count else name, word, frame.path, frame.use, [call], False, frame, frame.within)
        )
    return out
