"""What is not known: it carries where it came from, and passes through everything."""

import ast
from typing import Any

from layercalc.readers.script.faults import Unknown


def refuse(self: "Opaque", *_: Any) -> Any:
    raise Unknown(self)


class Opaque:
    """One object that is not known. `cause` says why, of `node`'s expression; `root` is the first one it depends on.

    `origin` is the dotted name under which it was imported, `holds` are known values that it may be, or may reach, and
    unknowns that lead to such.
    `maybe` says that there may be no such object at all (a name bound in one branch only). Whatever host code asks of
    it raises Unknown, so that no computation can take it for a value.
    """

    holds: tuple[Any, ...]
    __slots__ = ("cause", "holds", "maybe", "node", "origin", "root")

    def __init__(
        self,
        cause: str,
        node: ast.AST | None = None,
        root: "Opaque | None" = None,
        *,
        origin: str = "",
        holds: tuple[Any, ...] = (),
        maybe: bool = False,
    ):
        if holds:
            holds = tuple([one for one in holds if type(one) is not Opaque or one.holds])
        self.cause, self.node, self.root, self.origin, self.maybe = cause, node, root, origin, maybe
        self.holds = holds

    @property
    def why(self) -> str:
        """Where it came from, for a message."""
        said = self.text()
        root = self.root
        return f"{said}, which depends on {root.text()}" if root is not None and root.text() != said else said

    @property
    def first(self) -> "Opaque":
        """The unknown that this one began with."""
        return self if self.root is None else self.root

    def text(self) -> str:
        line = getattr(self.node, "lineno", None)
        if isinstance(self.node, ast.expr) and not self.cause:
            return f"`{source(self.node)}`" + (f" of line {line}" if line is not None else "")
        return self.cause + (f" (line {line})" if line is not None else "")

    def __repr__(self) -> str:
        return f"<unknown: {self.why}>"

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = __len__ = __iter__ = refuse
    __hash__ = __index__ = __int__ = __float__ = __str__ = __format__ = __getitem__ = __call__ = refuse


def written(node: ast.AST) -> str:
    """A piece of the text as it may be written."""
    names: list[str] = []
    inner = node
    while type(inner) is ast.Attribute:
        names.append(inner.attr)
        inner = inner.value
    if type(inner) is ast.Name:  # as most callees are; for these it need not be asked
        return ".".join([inner.id, *reversed(names)])
    return ast.unparse(node)


def source(node: ast.AST) -> str:
    """The beginning of a piece of the text, for a message."""
    try:
        text = written(node).partition("\n")[0]
    except RecursionError:
        return "…"
    return text if len(text) <= 60 else text[:57] + "…"


def derived(node: ast.AST | None, of: Any, *more: Any, origin: str = "") -> Opaque:
    """What comes of an operation on something opaque: a new unknown of the same root, which may reach the same."""
    sources = [one for one in (of, *more) if type(one) is Opaque]
    first = sources[0] if sources else None
    root = first if first is None or first.root is None else first.root
    return Opaque("" if isinstance(node, ast.expr) else "a value", node, root, origin=origin, holds=tuple(sources))
