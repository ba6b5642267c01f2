"""The weights that layers ask for while they are read with shapes, and whose each of them is."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from layercalc.dims import Dim, Shape, Unknown, size, text
from layercalc.errors import ShapeError, UnknownWeightError
from layercalc.layers import Layer
from layercalc.layers.base import BUFFER, PARAMETER, Identity
from layercalc.ops import FLOATS, READING, Spec, Tracing

BUFFERS = ("buffers", "buffer_bytes")  # of a vocabulary that counts them apart


new = tuple.__new__


class Owner(NamedTuple):
    """Whose a weight is: of an object of the document, or (None) of a place in it, with the path from there."""

    identity: Identity | None
    path: str

    def scope(self, name: str) -> "Owner":
        return Owner(self.identity, f"{self.path}{name}/")


class WeightSpec(NamedTuple):
    """A weight that a layer asked for: its path inside the layer, and how it is filled."""

    path: str
    spec: Spec
    trainable: bool
    initializer: Any
    owner: Owner | None = None  # where it belongs to an object inside the layer
    kind: str = PARAMETER


class WeightRecorder:
    """What a layer's `call` gets as `weight` while it is traced: notes each weight and hands over its spec."""

    __slots__ = ("anew", "found", "lock", "owner", "path", "policy", "trainable")

    def __init__(
        self,
        found: dict[Any, WeightSpec],
        path: str = "",
        lock: bool = False,
        owner: Owner | None = None,
        anew: bool = False,
    ):
        self.found, self.path, self.lock, self.owner, self.anew = found, path, lock, owner, anew
        self.policy, self.trainable = ("float32", "float32"), True

    def __call__(
        self,
        name: str,
        shape: Shape,
        initializer: Any,
        trainable: bool = True,
        dtype: str | None = None,
        kind: str = PARAMETER,
    ) -> Spec:
        compute, variable = self.policy
        path, owner = self.path + name, self.owner
        if owner is not None:
            owner = Owner(owner.identity, owner.path + name)
        known = self.found.get(owner or path)
        spec = new(Spec, (shape, dtype or compute))
        if known is None:
            if Unknown in map(type, shape):
                for dim in shape:
                    if dim.__class__ is Unknown and not dim.declared:
                        raise UnknownWeightError(path, text(shape), dim.origin)
            if dtype is None and variable == "int8":
                raise ShapeError(f"Keras makes no weight {path!r} of dtype int8.", "dtype")
            stored = dtype or (variable if variable in FLOATS else "float32")
            trains = trainable and self.trainable and not self.lock
            kept = spec if stored == spec[1] else Spec(shape, stored)
            self.found[owner or path] = new(WeightSpec, (path, kept, trains, initializer, owner, kind))
            return spec if kept is spec else self.cast(kept, spec)
        if known.spec.shape != shape:
            raise ShapeError(f"The weight {path!r} would be {list(shape)} here and {list(known.spec.shape)} there.")
        return known.spec if known.spec.dtype == spec.dtype else self.cast(known.spec, spec)

    def cast(self, kept: Spec, spec: Spec) -> Spec:
        """A weight that is kept in one dtype and handed over in another, which is noted."""
        reading = READING.get()
        if isinstance(reading, Tracing):
            reading.seen_as.append((kept, spec, tuple(range(len(spec.shape)))))
        return spec

    def scope(self, name: str) -> "WeightRecorder":
        inner = WeightRecorder(
            self.found, f"{self.path}{name}/", self.lock, self.owner and self.owner.scope(name), self.anew
        )
        inner.policy, inner.trainable = self.policy, self.trainable
        return inner

    def owned(self, layer: Layer) -> "WeightRecorder":
        policy = layer.dtype if isinstance(layer.dtype, tuple) else self.policy
        if layer.identity is None and policy == self.policy and layer.trainable is self.trainable:
            return self
        owner = self.owner if layer.identity is None else owner_of(layer.identity, self.owner, self.anew)
        own = WeightRecorder(self.found, self.path, self.lock, owner, self.anew)
        own.policy, own.trainable = policy, layer.trainable
        return own

    def locked(self) -> "WeightRecorder":
        return WeightRecorder(self.found, self.path, True, self.owner, self.anew)

    def of(self, identity: Identity | None) -> "WeightRecorder":
        inner = WeightRecorder(self.found, self.path, self.lock, owner_of(identity, self.owner, self.anew), self.anew)
        inner.policy, inner.trainable = self.policy, self.trainable
        return inner

    def copied(self) -> "WeightRecorder":
        return WeightRecorder(self.found, self.path, self.lock, self.owner, True)


def owner_of(identity: Identity | None, around: Owner | None, anew: bool) -> Owner | None:
    """Whose the weights of a layer are: its object's, unless it is made anew or is what stands around it already."""
    known = identity is None or anew or (around is not None and around.identity == identity)
    return around if known else Owner(identity, "")


HERE = Owner(None, "")  # the document itself


def weighed(weights: Iterable[WeightSpec], apart: bool = False) -> dict[str, Dim]:
    """What weights count: parameters, those of them that train and do not, and bytes; buffers `apart` where asked."""
    params: Dim = 0
    trainable: Dim = 0
    stored: Dim = 0
    beside: dict[str, Dim] = dict.fromkeys(BUFFERS, 0) if apart else {}
    for _, spec, trains, _, _, kind in weights:
        elements = size(spec[0])
        if kind != PARAMETER:
            if kind == BUFFER and apart:
                beside["buffers"] = beside["buffers"] + elements
                beside["buffer_bytes"] = beside["buffer_bytes"] + spec.bytes
            continue
        params = params + elements
        trainable = trainable + elements if trains else trainable
        stored = stored + spec.bytes
    return {
        "params": params,
        "trainable_params": trainable,
        "non_trainable_params": params - trainable,
        "param_bytes": stored,
        **beside,
    }


def free(name: str, taken: set[str]) -> str:
    """A name that no other weight has; two objects inside one layer may have the same."""
    count, base = 0, name
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    taken.add(name)
    return name
