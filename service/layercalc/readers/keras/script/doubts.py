"""Faults of what a text does not hold: what may have changed, what comes from elsewhere, and names that are slips."""

import ast
from functools import cached_property
from typing import TYPE_CHECKING, Any

from layercalc.errors import Offer
from layercalc.layers.keras.base import KERAS
from layercalc.locations import renamed
from layercalc.locations import spot as located
from layercalc.readers.keras.script.values import Misspelt, TensorObject
from layercalc.readers.script import Fault, Opaque
from layercalc.readers.script.nodes import Nodes
from layercalc.wording import nearest_name

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

GO_ON = "Leave that out, write out what it does, or name with `entry` the call that makes the model."
IN_PLACE = "Write it out in Keras' layers, or put Custom(output_shape=…, params=…, macs=…, flops=…) in its place."


class Impossible(Fault):
    """What Keras refuses too: a call on tensors that the layer does not take."""


def unheld(why: str, at: Any) -> Fault:
    """The fault of a value that decides a model and is not in the text."""
    told = f"Expected a value that the text holds; received {why}"
    return Fault(at, f"{told}. Write it out, or call with `entry` what makes the model with values of your own.")


def changed(what: str, cause: Opaque, at: Any) -> Fault:
    """The fault of a value that something unknown may have changed, at the line that may have done so."""
    return Fault(spot(cause.node, at), f"{what} is not known from here on: {cause.why}. {GO_ON}")


def spot(node: Any, otherwise: Any) -> Any:
    return node if hasattr(node, "lineno") else otherwise


def near_layer(name: str) -> str | None:
    """The layer type of a name that is one letter or two away from it, if there is one."""
    return nearest_name(name, [*KERAS.kinds, *KERAS.aliases, *KERAS.models], 0.8)


class Refused(Misspelt):
    """A layer of a class that is not read; the text may use it beside its model."""

    def __init__(self, name: str, why: str, node: Any):
        super().__init__(name, "", node)
        self.why = why

    @property
    def detail(self) -> str:
        return self.why


class Slips:
    """Names of a text that are near to a layer type's, and what the text makes by them; each is a fault of its own.

    `unread` are the layers that could not be made, with why: of interest where lines of layers are the model.
    """

    def __init__(self, names: "KerasNames", nodes: Nodes):
        self.names, self.nodes = names, nodes
        self.unread: list[tuple[Any, str]] = []
        self.known: dict[str, Misspelt | None] = {}
        self.results: list[Opaque] = []

    @cached_property
    def called(self) -> set[str]:
        """Names that the text calls."""
        return {node.func.id for node in self.nodes.of(ast.Call) if isinstance(node.func, ast.Name)}

    def find(self, name: str) -> Misspelt | None:
        """The slip of that name, if it is one."""
        if name not in self.known:
            near = near_layer(name) if name[:1].isupper() and not name.isupper() else None
            self.known[name] = Misspelt(name, near) if near and not self.names.is_pure(f"keras.{name}") else None
        return self.known[name]

    def call(self, value: Misspelt, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        """The layer that was meant, or what that would give; the tensors that it is given stay what they are."""
        others = [one for one in (*args, *kwargs.values()) if not isinstance(one, TensorObject)]
        self.names.machine.touch(others, self.names.machine.reason(at))
        if value.node is not None:
            self.results.append(Opaque(value.detail, value.node))
            return Opaque("", at, self.results[-1])
        self.unread.append((at, value.detail))
        return Misspelt(value.name, value.meant, at)

    def listed(self, node: Any, detail: str) -> dict[str, Any]:
        """A fault as answers list it, with the change of the name that is called, where no import names it too."""
        callee = node.func if isinstance(node, ast.Call) else None
        imported = isinstance(callee, ast.Name) and any(
            callee.id in (one.name, one.asname) for line in self.nodes.of(ast.ImportFrom) for one in line.names
        )
        fix = renamed(callee, detail.value) if callee and isinstance(detail, Offer) and not imported else None
        return {**located(node), **({"fix": fix} if fix else {}), "detail": str(detail)}

    def began(self, value: Opaque) -> bool:
        """Whether something unknown began with a slip."""
        return any(one is value.first for one in self.results)

    def check(self, value: Any, at: Any) -> None:
        """Fault where a part of a model is not known."""
        if isinstance(value, Misspelt):
            raise Fault(value.node, value.detail)
        if type(value) is Opaque:
            if self.began(value):
                raise Fault(value.first.node, value.first.cause)
            near = near_layer(value.first.origin) if value.first.origin.isidentifier() else None
            told = f"Expected a layer, tensor or model; received {value.why}."
            raise Fault(spot(value.node, at), f"{told} {IN_PLACE if near is None else f'Did you mean {near!r}?'}")
