"""What a layer is in any vocabulary."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from layercalc import ops
from layercalc.dims import Shape, shown, text
from layercalc.errors import ShapeError, offering
from layercalc.layers.fields import Note
from layercalc.ops import Tensor

if TYPE_CHECKING:
    from layercalc.layers.vocabulary import Vocabulary


SEVERAL = ("initial_state", "states")  # what a call names that may be a list of tensors


Identity = int | str  # of an object of a document that stands in several places of it
PARAMETER, BUFFER, CONSTANT = "parameter", "buffer", "constant"  # kinds of weights, where a framework tells them apart
FILE = "file"  # the identity of a file whose weights go by their own names


class Weight(Protocol):
    """What `call` asks for weights: a spec while shapes are read, an array while the layer runs."""

    def __call__(
        self,
        name: str,
        shape: Shape,
        initializer: Any,
        trainable: bool = True,
        dtype: str | None = None,
        kind: str = PARAMETER,
    ) -> Tensor: ...

    def scope(self, name: str) -> "Weight":
        """The same, with a name in front of every weight's: for a layer inside this one, or a part of it."""
        ...

    def owned(self, layer: "Layer") -> "Weight":
        """The same, for the weights of that layer: in its dtype, trainable if it is."""
        ...

    def locked(self) -> "Weight":
        """The same, for a model that is not trainable: nor is any layer in it, whatever it says itself."""
        ...

    def of(self, identity: Identity | None) -> "Weight":
        """The same, for the weights of that object of the document, wherever it stands; None: of this place alone."""
        ...

    def copied(self) -> "Weight":
        """The same, for a layer made anew from the config of another: it and all in it are objects of their own."""
        ...


class Layer:
    """Config on top, one `call` written in ops below; output shapes, weights, cost and values all follow from it.

    `weight(name, shape, initializer, trainable)` hands over a weight, in Keras' order. A layer holds no state: equal
    configs may share one object, and the weights belong to the place in the document, or to the object that stands
    there where the document says that one object stands in several places (`identity`).
    """

    of_vocabulary: "Vocabulary"  # the one it is registered in
    rank: ClassVar[int | None] = None
    fields_last: ClassVar[bool] = False  # whether the fields of this very class come after those of classes made of it
    own_fields: ClassVar[Mapping[str, Any]] = {}  # fields by name, of which some would hide attributes of the class
    batched: ClassVar[bool] = True  # whether there is always a batch in front
    type: str  # of the class; an operation read from Keras 2 has one of its own
    aliases: ClassVar[tuple[str, ...]] = ()
    legacy: ClassVar[dict[str, str | None]] = {}  # arguments of older Keras: their name today, or None: no effect
    example: ClassVar[Any] = None  # a config, and the shape (or list of shapes) to call it on
    example_dtypes: ClassVar[tuple[str, ...]] = ()  # of those, where one is no float32
    is_input: ClassVar[bool] = False
    arguments: Mapping[str, Any] | None = None  # of one that is made of no config, by name
    copies: ClassVar[bool] = False  # whether it holds a copy of the layer that it is given
    takes: tuple[int, int | None]  # least and most inputs by position
    positional: ClassVar[tuple[str, ...]] = ()  # the names of those inputs
    accepts: ClassVar[frozenset[str]]  # inputs by keyword, those included
    supports_masking: bool = False
    dequantises = False  # whether it makes floats of the integers that it is given first
    only_analysed: ClassVar[str] = ""  # why it cannot be run, where it cannot
    notes: tuple[Note, ...] = ()
    holds: bool = True  # whether it may have `children`
    spelled: Mapping[str, str] = {}  # fields that the config has under another name
    channels_first: bool = False  # in inputs and outputs; `call` sees the channels last
    lasting = False  # whether later requests may use it
    identity: Identity | None = None  # of the object it is, for a layer in another's config; see also model.Call

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    name: str | None = None
    trainable: bool = True
    dtype: Any = None  # the dtypes that it computes in and that its weights have; None: those of what is around it

    def __init__(self, config: dict[str, Any]):
        self.__dict__.update(config)
        self.check()

    def check(self) -> None:
        """Refuse what single fields cannot see, by ValidationError(message, field_name)."""

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """`call(weight, x, …)`: the layer, written in ops."""
        raise NotImplementedError

    def indices(self) -> int | None:
        """How many integers are valid as input, for a layer that reads its input as such whatever the dtype."""
        return None

    def mask(self, masks: tuple[Tensor | None, ...], *inputs: Tensor) -> Any:
        """The mask of the output: that of the first input where the layer supports masking, else none."""
        return masks[0] if self.supports_masking and masks else None

    @property
    def recurrence(self) -> tuple[str, "Layer", int] | None:
        """PyTorch's module for a recurrent layer, the layer that has its sizes, and how many ways it runs."""
        return None

    def children(self) -> Iterator[tuple[tuple[object, ...], Any]]:
        """The layers this one is made of (activation layers too), under the path of config keys to each."""
        every = vars(self).items() if self.holds else ()
        return (((key,), value) for key, value in every if hasattr(value, "notes"))

    def __call__(
        self,
        weight: Weight,
        *inputs: Tensor,
        masks: tuple[Tensor | None, ...] = (),
        named_masks: Mapping[str, Tensor | None] = {},
        **named: Tensor,
    ) -> Any:
        """`call` with inputs as it wants them: counted, in channels_last, with the mask if it takes one."""
        least, most = self.takes
        if len(inputs) < least or (most is not None and len(inputs) > most):
            wanted = f"{least}" if most == least else f"at least {least}" if most is None else f"{least} to {most}"
            raise ShapeError(f"{self.type} takes {wanted} input{'s' * (wanted != '1')}, received {len(inputs)}.")
        if named:
            self.check_named(named)
        if (masks or named_masks) and [mask for mask in (*masks, *named_masks.values()) if mask is not None]:
            self.hand_on(masks, named_masks, named, len(inputs))
        weight, dtype, reading = weight.owned(self), self.dtype, ops.READING.get()
        before, start = reading.compute, reading.begun()  # as `ops.Computing` does it
        if isinstance(dtype, tuple) and dtype[0] in ops.FLOATS:
            reading.compute = dtype[0]
        try:
            inputs = tuple(map(reading.autocast, inputs))
            if not self.channels_first:
                return self.after(weight, self.call(weight, *inputs, **named))
            named |= {key: self.inward(value) for key, value in named.items() if key in SEVERAL}
            return self.after(weight, self.outward(self.call(weight, *map(self.inward, inputs), **named)))
        finally:
            reading.compute = before
            reading.ended(start)

    def check_named(self, named: dict[str, Any]) -> None:
        """Refuse tensors by names that the layer does not know, and several where it takes one."""
        if strange := sorted(set(named) - (self.accepts - {"masks"})):
            listed = ", ".join(sorted(self.accepts - {"masks"})) or "none"
            raise ShapeError(f"{self.type} takes no input called {strange[0]!r}; by name it takes: {listed}.")
        for key, value in named.items():
            if isinstance(value, list) and key not in SEVERAL:
                raise ShapeError(f"{self.type} takes one tensor as {key!r}, received {len(value)}.")

    def hand_on(self, masks: Any, named_masks: Mapping[str, Tensor | None], named: dict[str, Any], count: int) -> None:
        """Put the masks of the inputs among the arguments, as keras.layers.Layer.__call__ does.

        A single tensor's is `mask`; of several, each argument's is called after it (`query_mask`), or they come as one
        list, `masks`. What was given explicitly stands.
        """
        if "masks" in self.accepts:
            named["masks"] = masks
        elif "mask" in self.accepts:
            if not named and count == 1:
                named["mask"] = masks[0]
        else:
            for name, mask in (*zip(self.positional, masks, strict=False), *named_masks.items()):
                if mask is not None and f"{name}_mask" in self.accepts:
                    named.setdefault(f"{name}_mask", mask)

    def after(self, weight: Weight, y: Any) -> Any:
        """What is done to the output in the layout of the document: an activation along its last axis, say."""
        return y

    def inward(self, x: Any) -> Any:
        """channels_first to channels_last: the channels stand before the spatial axes."""
        if isinstance(x, tuple | list) and not isinstance(x, ops.Spec):
            return type(x)(map(self.inward, x))
        axis = x.ndim - 1 - (self.rank or x.ndim - 2)
        if x.ndim < 3 or axis < self.batched:
            return x
        return ops.layout(x, (*range(axis), *range(axis + 1, x.ndim), axis))

    def outward(self, x: Any) -> Any:
        """And back again."""
        if isinstance(x, tuple | list) and not isinstance(x, ops.Spec):
            return type(x)(map(self.outward, x))
        axis = x.ndim - 1 - (self.rank or x.ndim - 2)
        if x.ndim < 3 or axis < self.batched:
            return x
        return ops.layout(x, (*range(axis), x.ndim - 1, *range(axis, x.ndim - 1)))

    def needs_rank(self, x: Tensor, rank: int, axes: str) -> None:
        """Refuse an input of another number of axes, with the least change that would give them."""
        if x.ndim == rank:
            return
        told = f"{self.type} takes an input of {rank} axes ({axes}); received {text(x.shape)}, which has {x.ndim}."
        if x.ndim == rank - 1:
            with_one = *x.shape[1:], 1
            change = f"add an axis of size 1 for the channels: {text(with_one)} without the batch"
            raise ShapeError(f"{told} To fit, {change}.", given=shown(with_one))
        raise ShapeError(f"{told} To fit, give it {rank - 1} axes besides the batch.")

    def axis_of(self, axis: int, x: Tensor, field: str = "axis") -> int:
        """An axis of x counted from the front, or a refusal that names the field."""
        if not -x.ndim <= axis < x.ndim:
            told = f"There is no axis {axis} in {text(x.shape)}, whose axes are {-x.ndim} to {x.ndim - 1}."
            alone = vars(self).get(field) in (axis, (axis,), [axis])
            raise ShapeError(offering(told, -1 if alone and x.ndim > 1 else None), field)
        return axis % x.ndim
