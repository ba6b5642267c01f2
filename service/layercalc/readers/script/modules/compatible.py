"""six and future: the names of both Pythons, as Python 3 has them."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.script.builtins import BUILTINS
from layercalc.readers.script.modules.callables import FUNCTOOLS
from layercalc.readers.script.values import Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


def of_dict(name: str) -> Native:
    """`six.iteritems(d)`."""

    def run(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        return m.call(m.attribute(args[0], name, at), args[1:], kwargs, at)

    return Native(name, run)


MOVES: dict[str, Any] = {**BUILTINS, "xrange": BUILTINS["range"], "reduce": FUNCTOOLS["reduce"]}
SIX: dict[str, Any] = {
    "PY2": False,
    "PY3": True,
    "string_types": (BUILTINS["str"],),
    "integer_types": (BUILTINS["int"],),
    "text_type": BUILTINS["str"],
    **{name: of_dict(name.removeprefix("iter")) for name in ("iteritems", "iterkeys", "itervalues")},
}
