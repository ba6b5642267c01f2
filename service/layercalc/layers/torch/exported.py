"""A call of a module, or an op between modules, as the nodes of an exported program that it runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from layercalc import ops
from layercalc.errors import Refused, ShapeError
from layercalc.formulas import Formula, Undecided
from layercalc.layers import base
from layercalc.layers.base import CONSTANT, FILE, Weight
from layercalc.layers.stored import Array, filling
from layercalc.layers.torch.base import TORCH, Function, cast, is_tensor
from layercalc.layers.torch.functions.pooling import Later, Unread
from layercalc.ops import Tensor
from layercalc.ops.constant_folding import by_name


class Name(str):
    """A tensor or a size by its name in the program, as an argument."""

    __slots__ = ()


class Written(NamedTuple):
    """Where a function was called: the innermost frame of the stack trace, and which of its calls there it is."""

    frame: str = ""
    place: int = 0
    of: int = 1


class Node(NamedTuple):
    """A call of a function: its arguments by name, and what its results are called."""

    target: str
    function: Function
    arguments: Mapping[str, Any]
    outputs: tuple[str, ...]
    in_place: bool = False  # whether the result is written over the first argument, whose type it keeps
    caller: str = ""  # what called it in Python, as `function.relu`
    written: Written = Written()

    def names(self) -> list[str]:
        """The tensors and sizes that it reads."""
        return [name for value in self.arguments.values() for name in named(value)]


class Held(NamedTuple):
    """A tensor of the state dict, or a constant, under its name in the program."""

    name: str
    path: str  # its own name in the state dict; that of the array is another's where both are one
    array: Array
    kind: str
    trainable: bool
    persistent: bool = (
        True  # whether it is in the state dict: constants are not, nor are buffers that were asked not to
    )


Watch = Callable[[Node, dict[str, Any], Sequence[Any]], None]


def named(value: Any) -> list[str]:
    """The names in an argument."""
    if isinstance(value, Name):
        return [value]
    return [name for one in value for name in named(one)] if isinstance(value, list | tuple) else []


class Place(NamedTuple):
    """The module whose call a row is, or that an op stands in; of a class with its package, as others know it."""

    path: str = ""
    kind: str = ""
    called: bool = False  # whether the row is a call of it
    inner: bool = False  # whether there are modules inside it
    around: tuple[str, ...] = ()  # the classes of the modules around it, the outermost first
    again: bool = False  # whether the module stands in other places of the model too
    core: bool = False  # whether functions are in parts, as run_decompositions and PyTorch 2.2 leave them
    told: bool = True  # whether the program says which functions Python called


class ExportedCall(base.Layer):
    """Nodes that are one row: those of a module's call, or a single one."""

    of_vocabulary = TORCH
    takes = (0, None)
    accepts = frozenset()
    batched = False

    def __init__(
        self,
        kind: str,
        nodes: tuple[Node, ...],
        reads: tuple[str, ...],
        sizes: frozenset[str],
        held: tuple[Held, ...],
        gives: tuple[str, ...],
        place: Place | None = None,
    ):
        self.type, self.nodes, self.reads, self.sizes, self.held, self.gives = kind, nodes, reads, sizes, held, gives
        self.place = Place() if place is None else place

    @property
    def arguments(self) -> dict[str, Any]:  # type: ignore[override]
        """The arguments of the nodes that are no tensors; of several nodes, of each function's first call."""
        found: dict[str, Any] = {}
        for node in self.nodes:
            given = {
                name: node.arguments.get(name, one.default)
                for name, one in node.function.parameters.items()
                if not named(node.arguments.get(name)) and one.annotation not in TENSORS
            }
            for name, value in given.items():
                if value is not None:
                    found.setdefault(name, value)
        return found

    def indices(self) -> int | None:
        """How many rows a table has that the first node looks its input up in."""
        first = self.nodes[0] if self.nodes else None
        if first is None or first.function.name != "embedding" or first.arguments.get("indices") not in self.reads:
            return None
        table = next((one.array for one in self.held if one.name == first.arguments.get("weight")), None)
        return table.shape[0] if table is not None else None

    def __call__(self, weight: Weight, *inputs: Tensor, watch: Watch | None = None, **_: Any) -> Any:
        """The results; `watch` is told of each node with its arguments and what it gives."""
        values: dict[str, Any] = {}
        for name, x in zip(self.reads, inputs, strict=True):
            values[name] = ops.values_of(x) if name in self.sizes else x
        with ops.Computing(None):
            for held in self.held:
                values[held.name] = tensor_of(held, weight)
            for node in self.nodes:
                given, made = run(node, values)
                if watch is not None:
                    watch(node, given, made)
            return tuple(tensor(name, values) for name in self.gives)

    def mask(self, masks: Any, *inputs: Tensor) -> None:
        return None


TENSORS = ("Tensor", Tensor, Tensor | None, list[Tensor])


def tensor_of(held: Held, weight: Weight) -> Tensor:
    """A tensor of the file: a weight by its own name, or a constant where its values are there."""
    array = held.array
    if held.kind == CONSTANT and array.read is not None:
        return ops.known(array.values, array.dtype)
    return weight.of(FILE)(array.name, array.shape, filling(array), held.trainable, array.dtype, held.kind)


def tensor(name: str, values: Mapping[str, Any]) -> Tensor:
    """A result of the call; a size as a tensor of one number."""
    found = value_of(Name(name), values)
    return found if is_tensor(found) else ops.known(found, "int64")


def value_of(argument: Any, values: Mapping[str, Any]) -> Any:
    """An argument with tensors and sizes in place of their names."""
    if isinstance(argument, Name):
        found = values[argument]
        if isinstance(found, Unread):
            raise ShapeError(f"{argument!r}, an output that training alone needs, is read here, and is not computed.")
        return found.make() if isinstance(found, Later) else found
    if isinstance(argument, list | tuple):
        return [value_of(one, values) for one in argument]
    return argument


def sized(argument: Any) -> bool:
    """Whether an argument depends on a size by name."""
    if isinstance(argument, list | tuple) and not is_tensor(argument):
        return any(map(sized, argument))
    return isinstance(argument, Formula) or (isinstance(argument, ops.Spec) and by_name(argument))


def run(node: Node, values: dict[str, Any]) -> tuple[dict[str, Any], Sequence[Any]]:
    """Call a node's function, and name what it gives: its arguments, and the results."""
    given = {name: value_of(argument, values) for name, argument in node.arguments.items()}
    try:
        made = node.function.call(**given)
    except ShapeError as error:
        raise ShapeError(f"{node.target}: {error}", error.field) from None
    except (Refused, Undecided):
        raise
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError) as error:
        if any(map(sized, given.values())):
            raise Undecided(str(error)) from error
        raise ShapeError(
            f"{node.target} is not read with these arguments ({type(error).__name__}: {error})."
        ) from error
    several = made if isinstance(made, tuple | list) and not isinstance(made, ops.Spec) else (made,)
    if len(several) < len(node.outputs):
        raise ShapeError(f"{node.target} gives {len(several)} results here; the program names {len(node.outputs)}.")
    if node.in_place and node.arguments:
        first = given[next(iter(node.arguments))]
        several = (cast(several[0], str(first.dtype)), *several[1:])
    values.update(zip(node.outputs, several, strict=False))
    if node.function.name.startswith("sym_size"):
        values[node.outputs[0]] = ops.values_of(values[node.outputs[0]])
    return given, several
