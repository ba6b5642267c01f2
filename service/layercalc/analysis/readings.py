"""Layers as they were read with shapes: each once on the same specs, whoever asks."""

from collections.abc import Mapping
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from layercalc.analysis.forms import read
from layercalc.analysis.tracing import Traced, kinds_of, trace, trace_bytes
from layercalc.cache import STORE
from layercalc.dims import UNKEYED, Batch
from layercalc.layers import Layer
from layercalc.ops import Spec

Pairs = list[tuple[Spec, Spec | None]]  # a tensor and its mask

LASTING = {Spec, int, Batch}  # the kinds of what a trace may have been read on to be kept


class Value(NamedTuple):
    """A tensor on an edge of the flattened graph: what it is, its mask, and the row or input it comes from."""

    spec: Spec
    mask: Spec | None
    source: str


SOURCE = itemgetter(2)  # of a value


class Readings:
    """What was read of one document: a reader that asks for shapes leaves it to the analysis (`Model.readings`).

    Equal specs on edges are one object, so that a layer that was read on the same ones is found by them. With `apart`
    a layer is read whatever is known of others like it.
    """

    def __init__(self, apart: bool = False) -> None:
        self.apart = apart
        self.found: dict[Any, tuple[Traced, Pairs]] = {}
        self.specs: dict[Any, Spec] = {}

    def read(
        self, layer: Layer, frozen: bool, inputs: list[Value], named: Mapping[str, Any], visits: list[int]
    ) -> tuple[Traced, Pairs]:
        """The layer read on these values, and its outputs; one that was read on the same is not read again.

        `frozen` if the model around it is not trainable; `visits` counts the calls of layers inside it.
        """
        key: Any
        if len(inputs) == 1:
            spec, mask, _ = inputs[0]
            key = layer, frozen, id(spec), id(mask)
        else:
            key = layer, frozen, *[id(one) for spec, mask, _ in inputs for one in (spec, mask)]
        if named:
            for name, value in named.items():
                every = value if isinstance(value, list) else [value]
                key = *key, name, every is value, *[id(one) for spec, mask, _ in every for one in (spec, mask)]
        found = self.found.get(key)
        if found is None:
            traced = traced_on(layer, frozen, inputs, named, visits, self.apart)
            found = self.found[key] = (
                traced,
                [(self.same(spec), mask and self.same(mask)) for spec, mask in traced.outputs],
            )
        return found

    def same(self, spec: Spec) -> Spec:
        """The spec, or one like it that is there already; the types of sizes tell an unnamed batch from a 1."""
        if spec.__class__ is not Spec or not UNKEYED.isdisjoint(kinds := (*map(type, spec.shape),)):
            return spec
        return self.specs.setdefault((spec, *kinds), spec)


def traced_on(
    layer: Layer, frozen: bool, inputs: list[Value], named: Mapping[str, Any], visits: list[int], apart: bool = False
) -> Traced:
    """The layer read on these values, by an earlier request if it was and no size is unknown nor a value known."""
    known: dict[int, Value] = {}

    def pair(value: Value) -> tuple[Spec, Spec | None]:
        spec, mask, _ = value
        if known.setdefault(id(spec), value) is not value:  # another tensor
            spec = Spec(*spec) if spec.__class__ is Spec else spec
        return spec, mask

    pairs = [pair(value) for value in inputs]
    others = {key: [*map(pair, one)] if isinstance(one, list) else pair(one) for key, one in named.items()}
    if apart:
        return trace(layer, pairs, others, visits, frozen)
    store = STORE.get()
    if store is None or not layer.lasting:
        return read(layer, pairs, others, visits, frozen)
    make = partial(read, layer, pairs, others, visits, frozen)
    every = [*pairs, *(one for two in others.values() for one in (two if isinstance(two, list) else [two]))]
    kinds = kinds_of(every)
    if not LASTING.issuperset(kinds):
        return make()
    beside = ((key, tuple(one) if isinstance(one, list) else one) for key, one in others.items())
    made: Traced = store.traces.made(((layer, frozen, *pairs, *beside), kinds), make, trace_bytes)
    return made
