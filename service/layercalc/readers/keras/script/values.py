"""What the objects of Keras code are to the interpreter: layers, tensors, calls, models. State only, no behaviour."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from layercalc.errors import Offer
from layercalc.layers import Layer
from layercalc.layers.keras.base import KERAS
from layercalc.locations import CodeLocation
from layercalc.model import ALL
from layercalc.readers.keras.script.sizes import ShapeObject
from layercalc.readers.script import Foreign, Opaque
from layercalc.readers.script.faults import Unknown
from layercalc.readers.script.values import SCALARS

Shape = tuple[int | None, ...]


class Kind(Foreign):
    """A class of Keras by name: a type of layer, Sequential, Model or Input. `path` is where it was taken from."""

    is_class = True
    layer: type[Layer] | None = None  # the type of the layers that its calls make, as soon as one has told

    def __init__(self, name: str, path: str, replaced: dict[str, Opaque]):
        self.name, self.path, self.replaced = name, path, replaced

    def __repr__(self) -> str:
        return self.name

    @property
    def type(self) -> str:
        """Its name, of the several that Keras has for it."""
        found = None if self.name == "Input" or self.name[:1].islower() else KERAS.get(self.name)
        return found.type if found is not None else self.name

    def __eq__(self, other: object) -> bool:
        """One class has many paths; of a functional model it is Functional in Keras 3, Model before."""
        if not isinstance(other, Kind):
            return False
        if {self.of_graphs, other.of_graphs} > {True} and {self.type, other.type} <= {"Model", "Functional"}:
            raise Unknown(Opaque("the class of a functional model, in which versions of Keras differ"))
        return self.type == other.type and self.of_graphs is other.of_graphs

    def __hash__(self) -> int:
        return hash("Model" if self.type == "Functional" else self.type)

    @property
    def of_graphs(self) -> bool:
        """Whether it is what `type(model)` gives of a functional model."""
        return not self.path

    def parts(self) -> list[Any]:
        return []

    def spoil(self, reason: Opaque) -> None:
        """Something may have changed the class, by whatever path it was taken."""
        super().spoil(reason)
        self.replaced.setdefault(self.name, reason)


class FunctionName(Foreign):
    """A function of Keras or TensorFlow on tensors, which a config names too: `activation=tf.nn.relu`."""

    def __init__(self, path: str):
        self.path = path

    @property
    def last(self) -> str:
        return self.path.rpartition(".")[2]

    def __repr__(self) -> str:
        return self.path


class Misspelt(Foreign):
    """A name of Keras' that there is not, but that is near to one: a slip, or, at a node, a layer made by it."""

    def __init__(self, name: str, meant: str, node: Any = None):
        self.name, self.meant, self.node = name, meant, node

    @property
    def detail(self) -> str:
        return Offer(f"Unknown layer type {self.name!r}. Did you mean {self.meant!r}?", self.meant)

    def __repr__(self) -> str:
        return self.name

    def parts(self) -> list[Any]:
        return []


def parts_of(config: dict[str, Any]) -> tuple[Any, ...]:
    """The layers and models in a layer's config, and what else in it is no plain value, in lists too."""
    found: list[Any] = []
    pending: list[Any] = [config.values()]
    while pending:
        row = pending.pop()
        for one in () if SCALARS.issuperset(map(type, row)) else row:
            kind = type(one)
            if kind is list or kind is dict:
                pending.append(one if kind is list else one.values())
            elif kind not in SCALARS:
                found.append(one)
    return tuple(found)


class LayerObject(Foreign):
    """A layer; `sure` says whether the name is certainly the one that Keras would give.

    `layer` is that of an operation, or the model that was read from a config; `inside` is what its config has in it
    beside plain values.
    """

    given, sure = False, True
    by_hand = False  # built by the text before it is called
    stands_for: Any = None  # the wrapper of the text that this one is built from
    then: Any = None  # what the text computes of its output: an activation that is a function of the text

    def __init__(
        self,
        kind: type[Layer],
        config: dict[str, Any],
        location: CodeLocation,
        name: str,
        shape: Shape | None = None,
        layer: Any = None,
    ):
        self.kind, self.config, self.location, self.name = kind, config, location, name
        self.shape, self.layer, self.inside = shape, layer, parts_of(config)

    def configure(self, config: dict[str, Any]) -> None:
        """Another config in place of the one it had: what reads one may keep it."""
        self.config, self.inside = config, parts_of(config)

    def __repr__(self) -> str:
        return f"the layer {self.name!r}"


class OperationObject(LayerObject):
    """A function of tensors in one call, as an operation that holds its arguments; `loose` is a weight of no layer."""

    loose: bool = False
    of_keras: bool = False


ORDER = count()


class CallObject(Foreign):
    """An input (no layer), or a use of a layer or model on tensors.

    `version` is what a Sequential held when it was called, `order` that of the text as it runs.
    """

    shape: Shape | None = None
    dtype = "float32"
    version: Any = None
    given, sure = False, True
    maybe = False  # whether it builds nothing for sure: in a branch that may not run, or for a shape alone

    def __init__(
        self,
        name: str,
        location: CodeLocation,
        layer: Any = None,
        inputs: list[Any] | None = None,
        named: dict[str, Any] | None = None,
    ):
        self.name, self.location, self.layer, self.order = name, location, layer, next(ORDER)
        self.inputs: list[Any] = [] if inputs is None else inputs
        self.named: dict[str, Any] = {} if named is None else named
        self.trainable: Any = True  # of an input, as text sets it in passing

    def __repr__(self) -> str:
        return f"a call of {self.name!r}"


@dataclass(eq=False)
class TensorObject(Foreign):
    """One output of a call, or all of them while nobody has told them apart (`output` is ALL)."""

    lasting = True
    call: CallObject
    output: int = ALL

    def __repr__(self) -> str:
        return f"a tensor of {self.call.name!r}"


@dataclass(eq=False)
class MergedObject(TensorObject):
    """What the layer Merge of Keras 1 gives: the beginning of a Sequential of several inputs."""


@dataclass(eq=False)
class SequentialObject(Foreign):
    """A Sequential; `versions` are what its items held when they were added, where they are Sequentials.

    `changed` is where the text put a layer into it, or took one out, last; `owning` whether it has had layers of the
    text's own.
    """

    name: str
    location: CodeLocation
    items: list[Any] = field(default_factory=list)
    shape: Shape | None = None
    trainable: bool = True
    versions: list[Any] = field(default_factory=list)
    owning: bool = False
    changed: Any = None
    given: bool = False
    sure: bool = True
    extras: dict[str, Any] = field(default_factory=dict)  # attributes of the text's own

    def __repr__(self) -> str:
        return f"the model {self.name!r}"


@dataclass(eq=False)
class GraphObject(Foreign):
    """A functional model; `form` are its outputs as the text gives them, where they are a dict, `keys` its inputs'."""

    name: str
    location: CodeLocation
    inputs: list[TensorObject]
    outputs: list[TensorObject]
    trainable: bool = True
    given: bool = False
    sure: bool = True
    form: Any = None
    keys: Any = None
    listed: bool | None = None  # whether its outputs are given in a list; None where they are given otherwise
    extras: dict[str, Any] = field(default_factory=dict)  # attributes of the text's own

    def __repr__(self) -> str:
        return f"the model {self.name!r}"


class TracedObject(GraphObject):
    """One call of a layer or model of the text's own, as the graph that its `call` made.

    `extra` are calls in it that lead to no output and have weights, `labels` the names of what it calls, by id.
    """

    own: "OwnObject"
    extra: list[Any]
    labels: dict[int, str]
    cell: Any = None  # of the cell of a loop: the shapes of its states, and which of them the output is shaped like


@dataclass(frozen=True)
class Slot:
    """Where an output stands in what `call` gives."""

    number: int


class OwnObject(Foreign):
    """A layer or model whose class the text defines, or a Lambda: what Keras keeps of it.

    `instance` is the text's object, `function` a Lambda's. `base` is the layer or model of Keras' that its class
    derives from, `root` its call on an input or an array, `nested` whether it calls layers. `weights` are calls of
    Variables.
    """

    def __init__(self, title: str, name: str, location: Any, instance: Any = None, function: Any = None):
        self.title, self.name, self.location, self.instance, self.function = title, name, location, instance, function
        self.given, self.sure, self.trainable, self.nested = False, True, True, False
        self.is_model, self.built, self.building = False, False, 0
        self.asked: Any = None  # the input shape that its `build` was given
        self.called = False  # whether the text itself calls it, so that it is a model and no holder of models
        self.timed = False  # whether TimeDistributed has it, which in Keras 3 does not run its `call` for a shape
        self.begun = False  # whether the `__init__` of Keras has run
        self.weights: list[Any] = []
        self.base: Any = None
        self.root: Any = None
        self.shape: Any = None
        self.dtype: str | None = None
        self.arguments: dict[str, Any] = {}
        self.output_shape: Any = None  # of a Lambda, as it states it
        self.assigned: frozenset[str] = frozenset()  # attributes that have been set by assignment, which Keras sees

    def __repr__(self) -> str:
        return f"{'the model' if self.is_model else 'the layer'} {self.name!r}"


class Inert(Foreign):
    """What Keras keeps of a callback, a metric, a loss or the like of the text's own: nothing of a model."""

    def __repr__(self) -> str:
        return "an object of Keras'"


class InitializerObject(Foreign):
    """An initializer, as Keras would write it."""

    def __init__(self, name: str, config: dict[str, Any]):
        self.name, self.config = name, config

    def __repr__(self) -> str:
        return f"the initializer {self.name}"


class ConfigObject(Foreign):
    """`model.get_config()` or `model.to_json()`: what a copy of the layer or model would be, as it was then."""

    by_identity = False  # a dict or a string

    def __init__(self, of: Any):
        self.of = of

    def __repr__(self) -> str:
        return f"the config of {self.of!r}"


class LostModel(Foreign):
    """A model that the text does not make: loaded, cloned, of a class that is not read."""

    loaded = False  # from a file

    def __init__(self, what: str):
        self.what = what
        self.asked: set[str] = set()  # the attributes that the text has asked of it

    def __repr__(self) -> str:
        return self.what


class Weights(Foreign):
    """`layer.weights`, `layer.kernel`, or one of them: data to all but what sets its attributes."""

    by_identity = False  # a list is equal to another of the same weights

    def __init__(self, owner: Any, at: Any):
        self.owner, self.values = owner, Opaque("", at)

    def __repr__(self) -> str:
        return f"the weights of {self.owner!r}"

    def parts(self) -> list[Any]:
        return []

    def spoil(self, reason: Opaque) -> None:
        """What is unknown may change the values of weights, not which of them are trained."""


class Weight(Weights):
    """One weight of a layer that is built; `trains` says, if it is known, whether it is trained in a layer that is."""

    by_identity = False  # == is of its values in TensorFlow

    def __init__(self, owner: Any, at: Any, path: str, sizes: tuple[int, ...], dtype: str):
        super().__init__(owner, at)
        self.path, self.sizes, self.dtype = path, sizes, dtype
        self.trains: bool | None = None


class Layers(Foreign):
    """`model.layers`: to be run through; whoever changes it may change the model."""

    by_identity = False  # it is a list

    def __init__(self, model: Any, items: list[Any]):
        self.model, self.items = model, items

    def __repr__(self) -> str:
        return f"the layers of {self.model!r}"


class OneOf(Foreign):
    """A string, or a list of them, that is another in each version of Keras."""

    by_identity = False
    lasting = True

    def __init__(self, values: tuple[Any, ...]):
        self.values = values

    def __repr__(self) -> str:
        return " or ".join(map(repr, self.values))

    def parts(self) -> list[Any]:
        return []

    def spoil(self, reason: Opaque) -> None:
        """A string never changes."""

    def __hash__(self) -> int:
        raise Unknown(Opaque(f"{self!r}, in which versions of Keras differ"))


class DatasetObject(Foreign):
    """A data set of tf.data: the arrays of an element, in tuples and dicts, and how many there are."""

    def __init__(self, element: Any, count: int):
        self.element, self.count = element, count

    def __repr__(self) -> str:
        return "a data set"

    def parts(self) -> list[Any]:
        return []

    def spoil(self, reason: Opaque) -> None:
        """A data set never changes."""


class History(Foreign):
    """What `fit` gives."""

    def __init__(self, model: Any):
        self.model = model

    def __repr__(self) -> str:
        return "a history"


@dataclass(eq=False)
class Settings(Foreign):
    """What calls of the backend set for the layers made after them, and the counters of names."""

    channels_first: bool = False
    floatx: str = "float32"
    policy: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    hidden: dict[str, bool] = field(default_factory=dict)  # names of which Keras may have given some


MADE_ANEW = Weights | Layers | ShapeObject | ConfigObject | OneOf  # each time, where Keras may keep one
MODELS = SequentialObject | GraphObject
LAYERS = LayerObject | MODELS
NETS = MODELS | OwnObject
PARTS = LayerObject | NETS  # what stands in a model
PIECES = PARTS | TensorObject


def origin(layer: Any) -> Any:
    """What is called in a graph: of a call of the text's own layer, that layer."""
    if isinstance(layer, LayerObject):
        return layer if layer.stands_for is None else layer.stands_for
    return layer.own if isinstance(layer, TracedObject) else layer


def begins_merged(value: Any) -> bool:
    """Whether a model begins with a Merge of Keras 1, so that it has the inputs of others."""
    return isinstance(value, SequentialObject) and isinstance(next(iter(value.items), None), MergedObject)


def first_shape(value: Any) -> Shape | None:
    """The shape that the first layer names, of a Sequential inside a Sequential too."""
    while isinstance(value, SequentialObject):
        if value.shape is not None or not value.items or value.items[0] is value:
            return value.shape
        value = value.items[0]
    if isinstance(value, TensorObject):
        return value.call.shape
    return value.shape if isinstance(value, LayerObject) else None
