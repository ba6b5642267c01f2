"""A model: calls of layers, the edges between them, an order, and the one walk that every reading uses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import repeat
from typing import Any, NamedTuple, Protocol

from layercalc.dims import Shape, differ
from layercalc.errors import ShapeError
from layercalc.layers import Layer
from layercalc.layers.base import Identity
from layercalc.locations import Location
from layercalc.ops import READING, Spec, Tensor

INPUTS = -1  # the source of a model's own inputs
MASK_OF = "mask."  # before the number of an input: the name of an edge that is that input's mask
ALL = -1  # every output of a call, as an output of the model


class Ref(NamedTuple):
    """One output of a call (its index), or one input of the model."""

    source: int
    output: int = 0


@dataclass(slots=True)
class Input:
    """A tensor the model is given; the shape has the batch in front, None for what the document does not name.

    A size may have a name. () stands for a shape whose fault has been noted, unless it is that of a `scalar`.
    """

    name: str
    shape: tuple[int | str | None, ...] | None
    dtype: str
    location: Location
    scalar: bool = False  # whether () is its shape


@dataclass(frozen=True, slots=True, eq=False)
class Container:
    """One call of a module that others are called in, or one that is never called itself: its path, and its class."""

    path: str
    type: str | None  # None: the document does not say


class StateEntry(NamedTuple):
    """A tensor under its name in a model's state dict, and which weight of the model it is: another's where tied."""

    name: str
    weight: str
    kind: str  # layers.base.PARAMETER or BUFFER


@dataclass(slots=True)
class Call:
    """One use of a layer: `use` counts from 1, and the weights belong to `name`, whatever the use.

    With an `identity` they belong to that object, which may stand under other names elsewhere: in a model around this
    one or in another inside it, or in the config of a layer (`Layer.identity`).
    """

    name: str
    use: int
    layer: Layer | None  # None: its config is faulty, and nothing can be said of what it feeds
    location: Location
    inputs: tuple[Ref, ...] = ()
    named: dict[str, Ref | tuple[Ref, ...]] = field(default_factory=dict)
    identity: Identity | None = None
    output_names: tuple[str, ...] = ()  # of the tensors, where the document names those
    module: str = ""  # the path of the module that it is part of, where the document is a graph of modules' operations
    around: tuple[Container, ...] = ()  # the calls of modules that it stands in, the outermost first

    def reads(self) -> Sequence[Ref]:
        """Every tensor this call takes."""
        if not self.named:
            return self.inputs
        found = list(self.inputs)
        for ref in self.named.values():
            found.extend([ref] if isinstance(ref, Ref) else ref)
        return found


class Visitor(Protocol):
    """What a reading does at each call of a walk."""

    def visit(self, call: Call, inputs: list[Any], named: dict[str, Any]) -> Sequence[Any]: ...

    def fault(self, call: Call, error: ShapeError) -> None: ...


class Model(Layer):
    """A graph of calls; as a layer of another model it is called like any other."""

    type = "Functional"
    kind = ""  # "Sequential" or "Functional" where the document says which
    accepts = frozenset()
    batch_name = ""  # what the document calls the batch, if it has a name for it
    reads_values = False  # whether sizes in it may follow from the numbers in its inputs
    readings: Any = None  # of its layers on specs (analysis.readings.Readings), where its reader has asked for shapes
    exported_for = ""  # of a file that computed with the numbers of its inputs' sizes: how to have it for others
    keeps_dtypes = False  # whether each tensor is computed in the dtype that the document gives it
    state: Sequence[StateEntry] = ()  # the state dict in its order, of a document that has one
    sized = False  # whether the document has computed with the sizes of its inputs, so that it holds for these alone

    def __init__(
        self,
        name: str,
        form: str,
        inputs: list[Input],
        calls: list[Call],
        outputs: list[Ref],
        locations: Sequence[Location] = (),
    ):
        self.name, self.form = name, form
        self.inputs, self.calls, self.outputs, self.locations = inputs, calls, outputs, locations
        self.trainable, self.dtype = True, None
        self.entry: str | None = None  # of code: the expression of the text that it is
        self.output_names: Sequence[str] = ()  # where the document names its outputs
        self.takes = (len(inputs), len(inputs))
        self.order, self.stuck = ordered(calls)
        self.in_order = isinstance(self.order, range)  # whether that is the document's

    @cached_property
    def dead(self) -> list[list[int]]:
        """For each place in the order, the sources that nobody reads after it."""
        return last_uses(self.calls, self.order, self.outputs)

    def walk(self, inputs: Iterable[Any], visitor: Visitor, keep: bool = False) -> list[Any]:
        """Visit every call once its inputs are there, and give the outputs.

        What nobody will read again is dropped, unless values are small enough to `keep`. A call that fails, and all
        that depend on it, give None.
        """
        given = list(inputs)
        del inputs
        calls, visit = self.calls, visitor.visit
        values: list[Sequence[Any] | None] = [None] * len(calls)
        values.append(given)  # the last one, which `INPUTS` is the place of
        for index, dead in zip(self.order, repeat(()) if keep else self.dead, strict=False):
            call = calls[index]
            if call.layer is not None:
                try:
                    named = self.taken_by_name(values, call.named) if call.named else {}
                    taken = []
                    for source, output in call.inputs:
                        made = values[source]
                        if made is None or output >= len(made) or made[output] is None:
                            self.take(values, (source, output))
                        else:
                            taken.append(made[output])
                    values[index] = visit(call, taken, named)
                except ShapeError as error:
                    visitor.fault(call, error)
                except Poisoned:
                    pass
            for source in dead:
                if source < 0:
                    given[~source] = None  # an input of the model, which nobody may hold but the walk
                else:
                    values[source] = None
        outputs: list[Any] = []
        for ref, location in zip(self.outputs, self.locations, strict=True):
            made = values[ref.source]
            if made is not None and ref.output == ALL:
                outputs.extend(made)
                continue
            try:
                outputs.append(None if made is None else self.take(values, ref))
            except (Poisoned, ShapeError) as error:
                outputs.append(None)
                if isinstance(error, ShapeError):
                    visitor.fault(Call(self.calls[ref.source].name, 1, None, location), error)
        return outputs

    def taken_by_name(self, values: list[Sequence[Any] | None], named: Mapping[str, Any]) -> dict[str, Any]:
        """What a call takes by name: a value, or a list of them."""
        return {
            key: self.take(values, ref) if isinstance(ref, Ref) else [self.take(values, one) for one in ref]
            for key, ref in named.items()
        }

    def take(self, values: list[Sequence[Any] | None], ref: tuple[int, int]) -> Any:
        """One of the values by their calls; Poisoned where its call has failed, ShapeError where there is none such."""
        index, output = ref
        made = values[index]
        if made is None:
            raise Poisoned
        if output >= len(made):
            has = f"{len(made)} output{'s' * (len(made) != 1)}"
            raise ShapeError(f"{self.calls[index].name!r} has {has}; there is no output {output}.")
        if made[output] is None:
            raise Poisoned
        return made[output]

    def call(self, weight: Any, *inputs: Tensor) -> Any:
        self.accept([x.shape for x in inputs])
        if not self.trainable:
            weight = weight.locked()
        outputs = self.walk([(x, None) for x in inputs], Inside(weight))
        values = tuple(value for value, _ in outputs)
        return values[0] if len(values) == 1 else values

    def accept(self, shapes: Sequence[Shape]) -> None:
        """Refuse inputs that are certainly not those the model declares."""
        for declared, shape in zip(self.inputs, shapes, strict=True):
            if not declared.shape:
                continue
            if len(declared.shape) != len(shape) or any(
                isinstance(a, int) and differ(a, b) for a, b in zip(declared.shape[1:], shape[1:], strict=True)
            ):
                wanted = ["null" if dim is None else str(dim) for dim in declared.shape]
                raise ShapeError(
                    f"The model {self.name!r} declares an input {declared.name!r} of shape [{', '.join(wanted)}]; "
                    f"received [{', '.join(map(str, shape))}]."
                )


class Poisoned(Exception):  # noqa: N818
    """A call cannot be visited because something before it failed."""


class Inside:
    """The visitor of a model that is wrapped in a layer: every call under its own scope."""

    def __init__(self, weight: Any):
        self.weight = weight

    def visit(self, call: Call, inputs: list[Any], named: dict[str, Any]) -> Sequence[Any]:
        assert call.layer is not None
        READING.get().spend()
        return apply(call.layer, self.weight.scope(call.name).of(call.identity), inputs, named)

    def fault(self, call: Call, error: ShapeError) -> None:
        raise ShapeError(f"In {call.name!r}: {error}") from None


def apply(layer: Layer, weight: Any, inputs: list[Any], named: dict[str, Any]) -> list[tuple[Tensor, Tensor | None]]:
    """A layer on (value, mask) pairs, giving such pairs."""
    if len(inputs) == 1 and not named and inputs[0][1] is None:  # as most are
        x = inputs[0][0]
        y, found = layer(weight, x), layer.mask((None,), x)
        if found is None and (y.__class__ is Spec or not isinstance(y, tuple | list)):
            return [(y, None)]
        return paired(y, found)
    masks = tuple([mask for _, mask in inputs])
    tensors = [value for value, _ in inputs]
    plain, others = {}, {}
    for key, value in named.items():
        if key.startswith(MASK_OF):
            index = int(key.removeprefix(MASK_OF))
            masks = (*masks[:index], value[0], *masks[index + 1 :])
        elif isinstance(value, list):
            plain[key] = [one for one, _ in value]
        else:
            plain[key], others[key] = value
    y = layer(weight, *tensors, masks=masks, named_masks=others, **plain)
    explicit = (plain["mask"], *masks[1:]) if "mask" in plain else masks
    return paired(y, layer.mask(explicit, *tensors))


def paired(y: Any, mask: Any) -> list[tuple[Tensor, Tensor | None]]:
    """What a layer gives, each tensor with its mask."""
    outputs = y if isinstance(y, tuple | list) and not isinstance(y, Spec) else (y,)
    if not isinstance(mask, tuple) or isinstance(mask, Spec):
        mask = (mask, *(None,) * (len(outputs) - 1))
    return list(zip(outputs, mask, strict=True))


def ordered(calls: list[Call]) -> tuple[Sequence[int], list[int]]:
    """Indices so that every call comes after what it reads, otherwise in the document's order; and those in cycles."""
    for index, call in enumerate(calls):
        for source, _ in call.reads() if call.named else call.inputs:
            if source >= index:
                return reordered(calls)
    return range(len(calls)), []


def reordered(calls: list[Call]) -> tuple[list[int], list[int]]:
    """The same of calls some of which stand before what they read."""
    waiting = [0] * len(calls)
    readers: list[list[int]] = [[] for _ in calls]
    for index, call in enumerate(calls):
        for ref in call.reads():
            if ref.source != INPUTS:
                waiting[index] += 1
                readers[ref.source].append(index)
    ready = [index for index, count in enumerate(waiting) if not count]
    heapify(ready)
    order = []
    while ready:
        index = heappop(ready)
        order.append(index)
        for reader in readers[index]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heappush(ready, reader)
    return order, [index for index, count in enumerate(waiting) if count]


def last_uses(calls: list[Call], order: Sequence[int], outputs: list[Ref]) -> list[list[int]]:
    """For each place in the order, the sources that nobody reads after it; ~n for the n-th input of the model."""
    last = dict(zip(order, range(len(order)), strict=True))
    for at, index in enumerate(order):
        call = calls[index]
        for source, output in call.reads() if call.named else call.inputs:
            last[source if source >= 0 else ~output] = at
    kept = {ref.source if ref.source != INPUTS else ~ref.output for ref in outputs}
    dead: list[list[int]] = [[] for _ in order]
    for source, at in last.items():
        if source not in kept:
            dead[at].append(source)
    return dead
