"""What a network would take if its floating tensors were stored in other dtypes than the document's.

Only floating tensors are: weights of every kind (kernels, biases, embeddings, statistics of normalisations and other
buffers) in one dtype, activations (inputs, outputs and what layers make inside themselves) in another; integers, truths
and constants keep theirs. Counts of numbers and of arithmetic stay what they are.

A dtype is a name, `int8`. One of less than a byte packs numbers into bytes, each tensor rounded up. An integer of at
most eight bits may have scales, which count as the tensor's bytes:

- `int4:32`: one for each 32 numbers, in order, the last group of a tensor of what is left. It is a float16, as in GGUF
  (Q4_0, `ggml_half d`), AWQ and GPTQ; ONNX' MatMulNBits has as many where 32 divides the rows.
- `int8:channel`, of weights alone: one for each output channel (of a lookup, for each row of its table), one in all for
  tensors of fewer than two axes. It is a float32, as in TensorFlow Lite's specification and ONNX' QuantizeLinear.

Signed integers are symmetric, as those formats' are; unsigned ones have a zero point beside each scale, of their own
dtype and packed like it (AWQ's `qzeros`, MatMulNBits' `zero_points`).
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

from layercalc.analysis.readings import Value
from layercalc.analysis.tracing import Traced, followed
from layercalc.analysis.walk import Analysis, Row
from layercalc.analysis.weight_specs import WeightSpec
from layercalc.dims import Dim, Shape, size
from layercalc.errors import InvalidModel
from layercalc.ops import Spec
from layercalc.ops.constant_folding import Known
from layercalc.ops.spec import BITS, WIDTH, Resident, is_floating, named, stored
from layercalc.ops.tracing import Entry
from layercalc.wording import nearest, received

NO_NUMBERS = ("bool", "float8e8m0")  # this one has powers of two alone
DTYPES = sorted(
    {*WIDTH, *BITS}.difference(NO_NUMBERS), key=lambda name: (not is_floating(name), -stored(8, name), name)
)
SCALED = ("int8", "uint8", "int4", "uint4", "int2", "uint2")
CHANNEL = "channel"
GROUP_SCALE_BYTES, CHANNEL_SCALE_BYTES = 2, 4
PATTERN = f"({'|'.join(DTYPES)})|({'|'.join(SCALED)}):({CHANNEL}|[1-9][0-9]{{0,8}})"
EXPECTED = f"a dtype, one of {', '.join(DTYPES)}, or one with scales, as int4:32 (one for each 32) or int8:channel"


class StoredAs(NamedTuple):
    """How numbers are taken to be stored: the dtype, and how many share a scale (`channel`; None: there is none)."""

    dtype: str
    scales: int | str | None = None

    @property
    def title(self) -> str:
        return self.dtype if self.scales is None else f"{self.dtype}:{self.scales}"

    @property
    def trains(self) -> bool:
        """Whether numbers stored so can be trained."""
        return is_floating(self.dtype)

    def spec(self, spec: Spec, channels: Dim) -> Spec:
        """A tensor stored so; `channels` are the scales of one that has them by channel."""
        if self.scales is None:
            return Spec(spec.shape, self.dtype)
        return Scaled.of(spec.shape, self, channels if self.scales == CHANNEL else None)


class Scaled(Spec):
    """A tensor of small integers with scales."""

    how: StoredAs
    scales: Dim

    @classmethod
    def of(cls, shape: Shape, how: StoredAs, scales: Dim | None) -> "Scaled":
        made = cls(shape, how.title)
        made.how = how
        made.scales = -(-size(shape) // how.scales) if scales is None else scales
        return made

    @property
    def parts(self) -> list[tuple[Dim, int]]:
        """What it is made of, as numbers and the bits of each: those of the tensor, its scales, its zero points."""
        bits = BITS.get(self.how.dtype, 8)
        scale = CHANNEL_SCALE_BYTES if self.how.scales == CHANNEL else GROUP_SCALE_BYTES
        found: list[tuple[Dim, int]] = [(size(self.shape), bits), (self.scales, 8 * scale)]
        return [*found, (self.scales, bits)] if self.how.dtype.startswith("u") else found

    @property
    def bytes(self) -> Dim:
        return sum((-(-n * bits // 8) for n, bits in self.parts), 0)

    def part(self, shape: Shape) -> Spec:
        scales = None if self.how.scales != CHANNEL else -(-self.scales * size(shape) // max(size(self.shape), 1))
        return Scaled.of(shape, self.how, scales)


def read_stored(text: Any, by_channel: bool = True) -> StoredAs:
    """The dtype that a text names; ValueError says which there are. `by_channel` if it may have scales by channel."""
    name, colon, scales = text.strip().partition(":") if isinstance(text, str) else ("", "", "")
    dtype = named(name)
    if dtype not in DTYPES:
        near = nearest(name, [*DTYPES]) if name else ""
        raise ValueError(f"Expected {EXPECTED}; received {received(text)}.{near}")
    if not colon:
        return StoredAs(dtype)
    if dtype not in SCALED:
        raise ValueError(f"Scales are of {', '.join(SCALED)}, not of {dtype}; leave {colon + scales!r} out.")
    if scales == CHANNEL and not by_channel:
        raise ValueError(f"Scales by channel are of weights; activations have them by groups, such as {dtype}:32.")
    if scales != CHANNEL and not re.fullmatch("[1-9][0-9]{0,8}", scales, re.ASCII):
        wanted = f"how many numbers share a scale, such as {dtype}:32, or {dtype}:{CHANNEL}"
        raise ValueError(f"Expected {wanted}; received {received(text)}.")
    return StoredAs(dtype, CHANNEL if scales == CHANNEL else int(scales))


class Storage(NamedTuple):
    """How weights and activations are taken to be stored; None as the document says."""

    weights: StoredAs | None = None
    activations: StoredAs | None = None

    @classmethod
    def asked(cls, weight_dtype: Any, activation_dtype: Any) -> "Storage | None":
        """What two options say, None if nothing; InvalidModel with a fault for each that is wrong."""
        found: list[StoredAs | None] = []
        faults = []
        for name, text in (("weight_dtype", weight_dtype), ("activation_dtype", activation_dtype)):
            try:
                found.append(None if text is None else read_stored(text, name == "weight_dtype"))
            except ValueError as error:
                faults.append({"parameter": name, "detail": str(error)})
        if faults:
            raise InvalidModel(faults)
        return cls(*found) if any(found) else None

    @property
    def titles(self) -> dict[str, str]:
        """The options that said so."""
        pairs = zip(("weight_dtype", "activation_dtype"), self, strict=True)
        return {name: how.title for name, how in pairs if how is not None}


def stored_in(analysis: Analysis, storage: Storage) -> Analysis:
    """The analysis as if floating tensors were stored so; `as_read` of it is the analysis itself."""
    known: dict[int, Traced] = {}

    def trace(row: Row) -> Traced:
        if id(row.traced) not in known:
            known[id(row.traced)] = Restored(row.traced, storage).traced()
        return known[id(row.traced)]

    rows = {id(row): Row(row.name, row.owner, row.call, row.inputs, trace(row)) for row in analysis.rows}
    made = replace(
        analysis,
        inputs=[activation(value, storage) for value in analysis.inputs],
        outputs=[activation(value, storage) for value in analysis.outputs],
        rows=[*rows.values()],
        executed=[rows[id(row)] for row in analysis.executed],
        read=analysis,
        storage=storage,
    )
    made.settle()
    return made


def activation(value: Value, storage: Storage) -> Value:
    spec = value.spec
    how = storage.activations
    return value._replace(spec=how.spec(spec, 1)) if how is not None and stays_not(spec) else value


def stays_not(spec: Spec) -> bool:
    """Whether a tensor is stored in another dtype when others are."""
    return is_floating(spec.dtype) and not isinstance(spec, Known | Resident)


class Restored:
    """A trace with its floating tensors stored otherwise; one tensor stays one object."""

    def __init__(self, read: Traced, storage: Storage):
        self.read, self.storage = read, storage
        self.weights = {id(one.spec): one.spec for one in read.tape.weights}
        for before, after, _ in read.tape.seen_as:
            if id(before) in self.weights:
                self.weights[id(after)] = self.weights[id(before)]
        self.channels: dict[int, Dim] = {}  # of weights, by the ops that read them
        for entry in read.entries:
            self.follow(entry)
        self.known: dict[int, tuple[Spec, Spec]] = {}  # with what it is of, which keeps the id its own

    def follow(self, entry: Entry) -> None:
        """Note the output channels of the weights that an op reads; a view of weights alone is one of them."""
        of = [self.weights.get(id(x)) for x in entry.inputs]
        if entry.op.view and of and None not in of:
            self.weights[id(entry.out)] = of[0]  # type: ignore[assignment]
            return
        for place, (x, weight) in enumerate(zip(entry.inputs, of, strict=True)):
            if weight is not None and len(x.shape) > 1 and id(weight) not in self.channels:
                axes = entry.op.filters(place, *entry.shapes, **entry.attributes)
                self.channels[id(weight)] = prod(x.shape[axis] for axis in axes)

    def spec(self, spec: Spec) -> Spec:
        if id(spec) not in self.known:
            self.known[id(spec)] = spec, self.anew(spec)
        return self.known[id(spec)][1]

    def anew(self, spec: Spec) -> Spec:
        weight = self.weights.get(id(spec))
        how = self.storage.activations if weight is None else self.storage.weights
        if how is None or not stays_not(spec):
            return spec
        last = spec.shape[-1] if len(spec.shape) > 1 else 1
        return how.spec(spec, self.channels.get(id(weight), last))

    def pair(self, pair: tuple[Spec, Spec | None]) -> tuple[Spec, Spec | None]:
        return self.spec(pair[0]), pair[1]

    def pairs(self, found: Iterable[tuple[Spec, Spec | None]]) -> list[tuple[Spec, Spec | None]]:
        return [*map(self.pair, found)]

    def weight(self, one: WeightSpec) -> WeightSpec:
        return one._replace(spec=self.spec(one.spec))

    def entry(self, entry: Entry) -> Entry:
        return entry._replace(out=self.spec(entry.out), inputs=tuple(map(self.spec, entry.inputs)))

    def traced(self) -> Traced:
        """The trace, its counts made anew; `asked` stays the call that was traced."""
        read = self.read
        inputs, others = read.asked
        named = {key: self.pairs(one) if isinstance(one, list) else self.pair(one) for key, one in others.items()}
        tape = read.tape
        seen_as = [(self.spec(before), self.spec(after), axes) for before, after, axes in tape.seen_as]
        noted = tape._replace(
            entries=[*map(self.entry, tape.entries)],
            seen_as=seen_as,
            allocated=[(at, self.spec(spec)) for at, spec in tape.allocated],
        )
        outputs, weights = self.pairs(tape.outputs), [*map(self.weight, tape.weights)]
        made = followed(outputs, weights, noted, (self.pairs(inputs), named), read.buffers)
        made.asked = read.asked
        return made
