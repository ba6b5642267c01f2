"""The indentation of lines that were cut out of something larger."""

from collections.abc import Sequence

from layercalc.readers.pastes.source import Line


class Statement:
    """A line in which a statement begins: its indentation, and whether the one before it opens a block."""

    __slots__ = ("at", "line", "margin", "opened")

    def __init__(self, line: Line, at: int, margin: str, opened: bool):
        self.line, self.at, self.margin, self.opened = line, at, margin, opened

    def indent(self, margin: str) -> None:
        """Put other blanks in front."""
        edits = self.line.edits
        if edits and edits[0][0] == self.line.begin and edits[0][1] == self.at and self.margin != self.sent:
            del edits[0]
        self.margin = margin
        if margin != self.sent:
            edits.insert(0, (self.line.begin, self.at, margin))

    @property
    def sent(self) -> str:
        return self.line.text[self.line.begin : self.at]


def dedent(statements: Sequence[Statement]) -> None:
    """Take away what all lines have in front, as `textwrap.dedent` does, but only where a statement begins.

    Where the first line alone has nothing, because the selection began behind its indentation, it is taken from the
    others, if Python could not read them as they are; where it alone has something, that is nothing.
    """
    if not statements:
        return
    if len(statements) > 1 and not statements[1].opened and statements[0].margin and not statements[1].margin:
        statements[0].indent("")
    margins = [one.margin for one in statements]
    common = shared(margins)
    if not common and not margins[0] and len(margins) > 1:
        statements = statements[1:]
        common = shared(margins[1:])
        if statements[0].opened and len(common) == len(margins[1]):
            return
    for one in statements if common else ():
        one.indent(one.margin[len(common) :])


def shared(margins: list[str]) -> str:
    """The longest beginning that all have."""
    low, high = min(margins), max(margins)
    length = next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), None)
    return low[:length] if length is not None else low
