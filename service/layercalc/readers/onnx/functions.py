"""Nodes in order, those of the file's own functions put in their place."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from layercalc.environment import setting
from layercalc.errors import Tokens, Unreadable, pointer
from layercalc.limits import Limits
from layercalc.readers.onnx.external import Folder
from layercalc.readers.onnx.modules import module_of
from layercalc.readers.onnx.wire import Message

DEEPEST = 30  # functions that call one another
LOADED = ("", "ai.onnx")


class Scope(NamedTuple):
    """Where nodes stand: what their tensors are called outside of a function, its attributes, and its module."""

    names: Mapping[str, str] = {}
    prefix: str = ""
    values: Mapping[str, Message] = {}
    calls: tuple[object, ...] = ()  # of functions, around
    module: str = ""

    def name(self, one: str) -> str:
        """The name of a tensor outside; that of one left out is empty."""
        return self.names.get(one, self.prefix + one if one else "")


class Node(NamedTuple):
    """A node as it stands in the graph, wherever it was written."""

    message: Message
    name: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[Message, ...]
    opsets: Mapping[str, int]
    path: Tokens
    scope: Scope


class Expansion:
    """The nodes of a file: a call of a function is the nodes of its body, under the name of the call."""

    def __init__(self, model: Message, limits: Limits, folder: Folder | None = None):
        self.limits, self.count, self.folder = limits, 0, folder
        self.functions = {
            (plain(one["domain"]), one["name"], one["overload"]): (i, one) for i, one in enumerate(model["functions"])
        }

    def nodes(self, messages: Any, opsets: Mapping[str, int], path: Tokens, scope: Scope) -> Iterator[Node]:
        """Nodes one after another, those of functions in place of their calls."""
        inner = dict(scope.names)
        scope = scope._replace(names=inner)
        plainly = not (inner or scope.prefix or scope.values)  # every name is its own
        for number, message in enumerate(messages):
            self.count += 1
            if self.count > self.limits.max_layers:
                most = f"{self.limits.max_layers:,} ({setting('max_layers')})"
                raise refused(path, f"With its functions the model has more than {most} nodes.")
            domain = plain(message["domain"])
            where = (*path, "node", number)
            inputs, outputs, attributes = message["input"], message["output"], message["attribute"]
            if not plainly:
                inputs, outputs = tuple(map(scope.name, inputs)), tuple(map(scope.name, outputs))
                inner.update(zip(message["output"], outputs, strict=True))
                attributes = tuple(bound(attributes, scope.values))
            name = scope.prefix + message["name"] if message["name"] else ""
            node = Node(message, name, domain, inputs, outputs, attributes, opsets, where, scope)
            key = (domain, message["op_type"], message["overload"]) if self.functions else None
            if key not in self.functions:
                yield node
                continue
            if key in scope.calls or len(scope.calls) >= DEEPEST:
                raise refused(where, f"The function {message['op_type']!r} calls itself, or is nested too deeply.")
            yield from self.inlined(key, node)

    def inlined(self, key: Any, call: Node) -> Iterator[Node]:
        """The nodes of a function's body in place of a call of it."""
        number, function = self.functions[key]
        if len(call.inputs) > len(function["input"]) or len(call.outputs) > len(function["output"]):
            raise refused(call.path, f"The function {key[1]!r} is called with other inputs or outputs than it has.")
        outside = dict(zip(function["input"], (*call.inputs, *("",) * len(function["input"])), strict=False))
        outside |= {inside: out for inside, out in zip(function["output"], call.outputs, strict=False) if out}
        values = {one["name"]: one for one in function["attribute_proto"]}
        values |= {one["name"]: one for one in call.attributes}
        opsets = {plain(one["domain"]): one["version"] for one in function["opset_import"]}
        first = next((one for one in call.outputs if one), key[1])
        called = call.message["name"] or first
        module = module_of(call.message["name"], call.message["metadata_props"], call.scope.module, ()) or called
        scope = Scope(outside, f"{call.name or first}/", values, (*call.scope.calls, key), module)
        yield from self.nodes(function["node"], opsets, ("functions", number), scope)


def plain(domain: str) -> str:
    """A domain by one name."""
    return "" if domain in LOADED else domain


def bound(attributes: Any, values: Mapping[str, Message]) -> Iterator[Message]:
    """Attributes, those that refer to one of the function's by its value; without one they are left out."""
    for one in attributes:
        if not one["ref_attr_name"]:
            yield one
        elif (value := values.get(one["ref_attr_name"])) is not None:
            made = Message("Attribute")
            made.update(value)
            made["name"] = one["name"]
            yield made


def refused(path: Tokens, detail: str) -> Unreadable:
    return Unreadable([{"pointer": pointer(*path), "detail": detail}], status=422)
