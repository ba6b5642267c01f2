"""Qualified names of modules, as the stacks of modules in a program's metadata have them."""

import re
from typing import Any, NamedTuple

GETATTR = "getattr("  # as of PyTorch 2.2 to 2.7
ATTRIBUTE = re.compile(r", ?'([^']*)'\)")  # its end
ITEM = re.compile(r"\['?([^'\[\]]*)'?\]")
DEEPEST = 1_000  # modules inside one another: as many calls as Python lets stand inside one another
INSIDE = ("_modules", "_parameters", "_buffers")  # attributes in which a module keeps what has a name


class Module(NamedTuple):
    """A module around a node: the key of its call, its qualified name, and its class."""

    key: str
    path: str
    kind: str


def around(stack: str) -> tuple[Module, ...] | None:
    """The modules of a stack, from the outermost inwards, the model itself left out; None where nothing is said.

    ValueError for more of them than a program can have.
    """
    if not stack or "_empty_nn_module_stack" in stack:
        return None
    if (count := stack.count(";")) > DEEPEST:
        raise ValueError(f"Its nn_module_stack has {count:,} modules inside one another; at most {DEEPEST:,} are read.")
    return tuple(module for module in map(module_of, stack.split(";")) if module.path)


def outermost(stack: str) -> str:
    """The class of the model, where a stack begins with it."""
    first = module_of(stack.partition(";")[0])
    return "" if first.path else first.kind


def module_of(part: str) -> Module:
    """One module of a stack, `key,name,class`; the name may have commas."""
    key, _, rest = part.partition(",")
    path, _, kind = rest.rpartition(",")
    return Module(key, plain(path), kind)


def plain(path: str) -> str:
    """A qualified name of the state dict's form: `layer1.0.conv1` of `getattr(L['self'].layer1, '0').conv1`."""
    if "(" not in path and "[" not in path:
        return path.removeprefix("L__self__").removeprefix(".")
    path = ATTRIBUTE.sub(r".\1", path.replace(GETATTR, ""))
    names = ITEM.sub(r".\1", path).split(".")
    local = 2 if names[0] == "L" else 1 if names[0] == "L__self__" else 0  # L['self'], a local variable
    return ".".join(name for name in names[local:] if name not in INSIDE)


def stack_of(metadata: Any) -> str:
    """The stack of modules in the metadata of a node, empty where there is none."""
    stack = metadata.get("nn_module_stack") if isinstance(metadata, dict) else None
    return stack if isinstance(stack, str) else ""
