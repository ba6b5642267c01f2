"""The names that an ONNX file gives to sizes: which of them is the batch, and how they are written."""

import keyword
import re
from typing import Any

from layercalc.locations import NodeLocation
from layercalc.readers.builder import Builder
from layercalc.readers.onnx.wire import Message

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
TAKEN = ("max", "min")  # names that expressions have


class Sizes:
    """The sizes of a file's inputs: numbers, names, and None for the batch or what has neither."""

    def __init__(self, inputs: list[Message], outputs: Any, builder: Builder, location: NodeLocation):
        self.builder, self.location = builder, location
        self.names: dict[str, str] = {}  # as the file has them: as they are written here
        shapes = [dims_of(one) for one in inputs]
        first = {dims[0]["dim_param"] for dims in shapes if dims}
        name = first.pop() if len(first) == 1 else ""
        known = {one["dim_param"] for dims in shapes for one in dims or ()}
        ends = [dims for dims in map(dims_of, outputs) if dims and says_something(dims[0], known)]
        apart = any(one["dim_param"] == name for dims in shapes if dims for one in dims[1:])
        self.batch = name if all(dims[0]["dim_param"] == name for dims in ends) and not apart else ""

    def shape(self, value: Message) -> tuple[Any, ...] | None:
        """The sizes of an input; None where the file names none."""
        dims = dims_of(value)
        return None if dims is None else tuple(self.size(one, i) for i, one in enumerate(dims))

    def size(self, dim: Message, axis: int) -> Any:
        name = dim["dim_param"]
        if not name:
            return dim["dim_value"] if "dim_value" in dim and dim["dim_value"] >= 0 else None
        if name == self.batch and axis == 0:
            return None
        if name not in self.names:
            self.names[name] = self.written(name)
        return self.names[name]

    def written(self, name: str) -> str:
        """A name as expressions have them; another spelling is said in a warning."""
        made = name
        if not PLAIN.fullmatch(name) or keyword.iskeyword(name) or name in TAKEN:
            made = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
            made = made if made and made[0].isalpha() else f"size_{made}".rstrip("_")
            made = f"{made}_" if keyword.iskeyword(made) or made in TAKEN else made
        base, count = made, 1
        while made in self.names.values():
            count += 1
            made = f"{base}_{count}"
        if made != name:
            self.builder.warn(self.location.at(), f"The size {name[:100]!r} is called {made!r} here.")
        return made


def says_something(dim: Message, known: set[str]) -> bool:
    """Whether the first axis of an output is a number or has a name of an input's; exporters make up others."""
    return dim["dim_param"] in known if dim["dim_param"] else "dim_value" in dim


def dims_of(value: Message) -> Any:
    """The sizes of a tensor as the file has them; None where it says none, or the value is no tensor."""
    kind = None if value["type"] is None else value["type"]["tensor_type"]
    shape = None if kind is None else kind["shape"]
    return None if shape is None else shape["dim"]
