"""The files that a glob means: one walk of the folders, however the pattern is made.

As Python's glob: `*`, `?` and `[…]` in a part of the path, `**` for any folders or none, hidden names only where the
part begins with a dot. A folder that contains itself by a link is entered once on each way.
"""

import os
import re
from collections.abc import Callable, Iterator
from fnmatch import translate
from itertools import islice, pairwise
from pathlib import Path

MAX_LOOKED = 400_000  # names held against parts of the pattern
DEEP = "**"
Match = Callable[[str], object]
States = frozenset[int]  # which parts of the pattern may come next


class TooMany(Exception):  # noqa: N818
    """A glob that cannot be answered in bounded time; the message says why."""


def files_of(path: str, base: Path) -> list[str]:
    """The files that a path or glob means, from a folder. Raises TooMany."""
    if os.path.isfile(base / path):  # Path's raises where a name is too long
        return [str(base / path)]
    parts = [part for part in re.split(r"/+", path) if part not in ("", ".")]
    parts = [
        part for part, after in pairwise([*parts, ""]) if not part == after == DEEP
    ]  # then one step closes a state
    first = next((at for at, part in enumerate(parts) if is_pattern(part)), len(parts))
    if ".." in parts[first:]:
        raise TooMany(f"{path!r} goes up again after a wildcard; '..' may stand before the first one only.")
    if first == len(parts):
        return []
    top = base / Path("/" if path.startswith("/") else "", *parts[:first])
    return sorted({str(Path(one)) for one in Walk(parts[first:]).walked(str(top))})


def is_pattern(part: str) -> bool:
    return any(mark in part for mark in "*?[")


class Walk:
    """One walk of a folder for the rest of a pattern, from its first wildcard on."""

    def __init__(self, parts: list[str]) -> None:
        self.parts = parts
        self.matches: list[Match] = [re.compile(translate(part)).match for part in parts]
        self.looked = 0

    def walked(self, top: str) -> Iterator[str]:
        """Every file below that matches."""
        waiting = [(top, self.closed({0}), frozenset[tuple[int, int]]())]
        while waiting:
            folder, states, above = waiting.pop()
            try:
                about = os.stat(folder)
                names = self.names(folder, states)
            except (OSError, ValueError):  # it is gone, or may not be read: nothing in it matches
                continue
            own = (about.st_dev, about.st_ino)
            if own in above:
                continue
            for name in names:
                after, one = self.after(states, name), os.path.join(folder, name)
                if len(self.parts) in after and os.path.isfile(one):
                    yield one
                if any(at < len(self.parts) for at in after) and os.path.isdir(one):
                    waiting.append((one, after, above | {own}))

    def names(self, folder: str, states: States) -> list[str]:
        """What is in a folder, as far as it may matter: one name needs no look at all others."""
        wanted = sorted({self.parts[at] for at in states if at < len(self.parts)})
        if any(map(is_pattern, wanted)):
            with os.scandir(folder) as entries:
                wanted = [entry.name for entry in islice(entries, MAX_LOOKED)]
        self.looked += len(states) * (1 + len(wanted))
        if self.looked > MAX_LOOKED:
            raise TooMany(
                "It goes through too many files and folders; name the folder to look in, with fewer wildcards."
            )
        return wanted

    def after(self, states: States, name: str) -> States:
        """What may come after a name, from each part that it may stand for."""
        hidden = name.startswith(".")
        found: set[int] = set()
        for at in states:
            if at == len(self.parts) or (hidden and not self.parts[at].startswith(".")):
                continue
            if self.parts[at] == DEEP:
                found.add(at)
            elif self.matches[at](name):
                found.add(at + 1)
        return self.closed(found)

    def closed(self, states: set[int]) -> States:
        """With the parts after each `**`, which may stand for no folder; at the end it stands for any file."""
        for at in sorted(states):
            if at < len(self.parts) and self.parts[at] == DEEP:
                states.add(at + 1)
        return frozenset(states)
