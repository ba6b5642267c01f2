"""Names that may not be bound, as a dict of them or an attribute shows them."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.journal import maybe
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Names

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


def doubtful(m: "Machine", value: Any) -> Opaque | None:
    """Of names that are looked at as a dict, one that may not be bound, if there is such."""
    if type(value) is not Names:
        return None
    m.meter.work(len(value))
    found = next((one for one in value.values() if maybe(one)), None)
    return None if found is None else Opaque("", found.node, found.first, holds=(value,))


def perhaps(m: "Machine", value: Any, node: ast.AST | None, *others: Any) -> Any:
    """What is read under a name: where that may not be bound, it may be one of others, or an error."""
    if not maybe(value):
        return value
    m.risk(node)
    return m.journal.either(value, value, *others, cause=value.cause)
