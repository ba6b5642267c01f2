"""The arithmetic behind a row, with its numbers, as a textbook would write it: the reading with sizes that remember.

A layer is read once more, with sizes that keep how they were computed; shape rules and costs of the ops then spell
themselves out, and nothing is written for any layer.
"""

from typing import Any

from layercalc.analysis.storage import Scaled
from layercalc.analysis.tracing import Traced, by_name
from layercalc.analysis.walk import Row
from layercalc.analysis.weight_specs import WeightRecorder
from layercalc.dims import Batch, Dim, Shape, Unknown, size
from layercalc.formulas import Formula, signs
from layercalc.model import apply
from layercalc.ops import BYTES, READING, Spec, Tensor, Tracing
from layercalc.ops.base import Cost, Op
from layercalc.ops.constant_folding import Known
from layercalc.ops.spec import BITS
from layercalc.ops.tracing import Entry
from layercalc.ops.window import AXES

SUM, PRODUCT, ATOM = 1, 2, 3


class Symbolic(int):
    """An integer that remembers the arithmetic it came from, as text; `group` names what it counts the elements of."""

    text: str
    level: int
    group: str
    below: tuple[Any, Any] | None  # a and b of −a, or of ⌊−a / b⌋, which negated is ⌈a / b⌉

    def __new__(cls, n: int, text: str = "", level: int = ATOM, group: str = "", below: Any = None) -> "Symbolic":
        made = super().__new__(cls, n)
        made.text, made.level, made.group, made.below = text or str(int(n)), level, group, below
        return made

    def __add__(self, other: Any) -> Any:
        return summed(self, other, "+")

    def __radd__(self, other: Any) -> Any:
        return self if plain(other, 0) else summed(other, self, "+")

    def __sub__(self, other: Any) -> Any:
        return summed(self, other, "−")

    def __rsub__(self, other: Any) -> Any:
        return summed(other, self, "−")

    def __mul__(self, other: Any) -> Any:
        return multiplied(self, other)

    def __rmul__(self, other: Any) -> Any:
        return multiplied(other, self)

    def __floordiv__(self, other: Any) -> Any:
        return divided(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return divided(other, self)

    def __mod__(self, other: Any) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        return Symbolic(int(self) % int(other), f"{inner(self, PRODUCT)} mod {inner(other, PRODUCT)}", SUM)

    def __neg__(self) -> Any:
        if self.below and self.below[1] is not None:
            a, b = self.below
            return Symbolic(-int(self), f"⌈{words(a)} / {inner(b, ATOM)}⌉")
        return Symbolic(-int(self), f"−{inner(self, PRODUCT)}", SUM, below=(self, None))


def words(n: Any) -> str:
    """What is said of a number, with what it counts."""
    if not isinstance(n, Symbolic):
        return str(int(n))
    return f"{n.text} {n.group}" if n.group else n.text


def inner(n: Any, level: int) -> str:
    """The same inside an expression that binds as tightly as `level`."""
    return f"({words(n)})" if isinstance(n, Symbolic) and n.level < level else words(n)


def plain(n: Any, value: int) -> bool:
    return not isinstance(n, Symbolic) and n == value


def summed(a: Any, b: Any, sign: str) -> Any:
    if not isinstance(a, int) or not isinstance(b, int):
        return NotImplemented
    if plain(b, 0):
        return a
    value = int(a) + int(b) if sign == "+" else int(a) - int(b)
    if isinstance(a, Symbolic) and a.group and isinstance(b, Symbolic) and a.group == b.group and sign == "+":
        return Symbolic(value, f"{a.text} + {b.text}", SUM, a.group)
    return Symbolic(value, f"{words(a)} {sign} {inner(b, PRODUCT if sign == '−' else SUM)}", SUM)


def multiplied(a: Any, b: Any) -> Any:
    if not isinstance(a, int) or not isinstance(b, int):
        return NotImplemented
    if plain(a, 1) or plain(b, 1):
        return b if plain(a, 1) else a
    value = int(a) * int(b)
    if isinstance(a, Symbolic) and isinstance(b, Symbolic) and alike(a, b):
        return Symbolic(value, f"{a.text}·{b.text}", PRODUCT, a.group)
    both = inner(a, PRODUCT), inner(b, PRODUCT)
    simple = all(not isinstance(one, Symbolic) or (one.level == ATOM and not one.group) for one in (a, b))
    return Symbolic(value, "·".join(both) if simple else " × ".join(both), PRODUCT)


def alike(a: Symbolic, b: Symbolic) -> bool:
    """Whether two factors are of one shape, so that a dot stands between them."""
    products = min(a.level, b.level) >= PRODUCT and "×" not in a.text + b.text
    return products and a.group == b.group and bool(a.group or ATOM in (a.level, b.level))


def divided(a: Any, b: Any) -> Any:
    if not isinstance(a, int) or not isinstance(b, int):
        return NotImplemented
    below = (a.below[0], b) if isinstance(a, Symbolic) and a.below and a.below[1] is None else None
    return Symbolic(int(a) // int(b), f"⌊{inner(a, PRODUCT)} / {inner(b, ATOM)}⌋", below=below)


def leaf(dim: Dim, group: str = "") -> Dim:
    """A size that is given, and not computed; a batch that nobody named is no factor."""
    if isinstance(dim, Batch):
        return 1
    return dim if isinstance(dim, Unknown) else Symbolic(int(dim), group=group)


def leaves(shape: Shape, group: str = "") -> Shape:
    return tuple(leaf(dim, group) for dim in shape)


def sizes_only(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(one.__class__ is int for one in value)


class SymbolicTracing(Tracing):
    """Read with shapes whose sizes remember: results are as before, and every cost says how it came to be."""

    def price(self, op: Op, out: Shape, shapes: list[Shape], attributes: dict[str, Any]) -> Cost:
        given = [leaves(shape, "" if place else "inputs") for place, shape in enumerate(shapes)]
        how = {key: leaves(value) if sizes_only(value) else value for key, value in attributes.items()}
        return op.cost(leaves(out, "outputs"), *given, **how)


def symbolic(spec: Spec) -> Spec:
    if isinstance(spec, Known):
        return spec
    dims = (dim if isinstance(dim, Batch | Unknown) else Symbolic(int(dim)) for dim in spec.shape)
    return Spec(tuple(dims), spec.dtype)


def symbolic_pair(pair: tuple[Spec, Spec | None]) -> tuple[Spec, Spec | None]:
    spec, mask = pair
    return symbolic(spec), mask and symbolic(mask)


def explained(row: Row) -> list[str]:
    """One line for each number of a row that takes arithmetic; none for what an unknown dimension leaves open."""
    layer = row.call.layer
    assert layer is not None
    inputs, named = row.traced.asked
    if by_name(inputs, named):
        return formulas(row)
    told_by_name = {k: [*map(symbolic_pair, v)] if isinstance(v, list) else symbolic_pair(v) for k, v in named.items()}
    reading = SymbolicTracing()
    token = READING.set(reading)
    try:
        outputs = apply(layer, WeightRecorder({}), [*map(symbolic_pair, inputs)], told_by_name)
    finally:
        READING.reset(token)
    out = outputs[0][0]
    lines = [*params(row), *sizes(out, row.traced.channels(out.ndim))]
    lines += [*macs(reading.entries), *others(reading.entries)]
    return [*lines, *flops(row.traced, reading.entries), *stored(row)]


def formulas(row: Row) -> list[str]:
    """The same of a row on sizes that have names: the formulas themselves say how its numbers come to be."""
    out = row.traced.outputs[0][0]
    names = axis_names(out, row.traced.channels(out.ndim))
    sizes = [(name, dim) for name, dim in zip(names, out.shape, strict=True) if isinstance(dim, Formula)]
    told = params(row) if isinstance(row.counts["params"], int) else []
    counts = [(key, n) for key, n in row.counts.items() if isinstance(n, Formula)]
    return [*told, *(f"{name} = {signs(n)}" for name, n in [*sizes, *counts])]


def params(row: Row) -> list[str]:
    own = row.own
    if not own or isinstance(row.counts["params"], Unknown):
        return []
    names = [weight.path for weight in own]
    short = [name.rpartition("/")[2] for name in names]
    called = short if len(set(short)) == len(short) else names
    terms = [f"{dots(one.spec.shape)} {name}" for one, name in zip(own, called, strict=True)]
    return [f"params = {' + '.join(terms)} = {row.counts['params']:,}"]


def dots(shape: Shape) -> str:
    return "·".join(str(int(dim)) for dim in shape) or "1"


def sizes(out: Tensor, channels: int) -> list[str]:
    """The axes of the output whose size was computed; `channels` is the place of one."""
    pairs = zip(axis_names(out, channels), out.shape, strict=True)
    return [
        f"{name} = {words(dim)} = {int(dim):,}"
        for name, dim in pairs
        if isinstance(dim, Symbolic) and dim.text != str(int(dim))
    ]


def axis_names(out: Tensor, channels: int) -> tuple[str, ...]:
    """What the axes of a tensor are called."""
    inside = AXES.get(out.ndim - 2, ()) if out.ndim > 2 else ()
    if inside:
        return ("batch", *inside[: channels - 1], "channels", *inside[channels - 1 :])
    if out.ndim == 2:
        return "batch", "features"
    return ("batch", *(f"axis {n}" for n in range(1, out.ndim)))[: out.ndim]


def macs(entries: list[Entry]) -> list[str]:
    """The multiply-accumulates of each op, and their sum where there are several."""
    counted = [(entry.op.name, entry.cost.macs * steps(entry)) for entry in entries]
    found: list[tuple[str, Any]] = [(name, n) for name, n in counted if isinstance(n, Unknown) or n]
    if any(isinstance(n, Unknown) for _, n in found) or not found:
        return []
    if len(found) == 1:
        return [f"macs = {equal(found[0][1])}"]
    lines = [f"macs of {name} = {equal(n)}" for name, n in found]
    terms = " + ".join(f"{int(n):,} {name}" for name, n in found)
    return [*lines, f"macs = {terms} = {sum([int(n) for _, n in found]):,}"]


def equal(n: Dim) -> str:
    """`26·26·32 outputs × 3·3·1 = 194,688`, or the number alone where nothing was computed."""
    return f"{words(n)} = {int(n):,}" if isinstance(n, Symbolic) and n.text != str(int(n)) else f"{int(n):,}"


def steps(entry: Entry) -> Dim:
    return 1 if entry.times == 1 else leaf(entry.times, "steps")


KINDS = {
    "adds": "additions",
    "muls": "multiplications",
    "divs": "divisions",
    "compares": "comparisons",
    "transcendentals": "transcendentals",
}


def others(entries: list[Entry]) -> list[str]:
    """What each op does besides multiplying and accumulating."""
    lines = []
    for entry in entries:
        counts = [(getattr(entry.cost, kind) * steps(entry), name) for kind, name in KINDS.items()]
        known = [f"{equal(n)} {name}" for n, name in counts if not isinstance(n, Unknown) and n]
        if known:
            lines.append(f"{entry.op.name}: {', '.join(known)}")
    return lines


def flops(traced: Traced, entries: list[Entry]) -> list[str]:
    total = traced.counts["flops"]
    if isinstance(total, Unknown) or not total:
        return []
    multiplied: int = traced.counts["macs"]
    rest: list[str] = []
    for entry in entries:
        cost = Cost(**{kind: getattr(entry.cost, kind) for kind in KINDS})
        n = int(cost.flops) * int(entry.times)
        rest += [f"{n:,} {entry.op.name}"] if n else []
    terms = [f"2 × {multiplied:,} macs"] if multiplied else []
    return [f"flops = {' + '.join([*terms, *rest])} = {total:,}"]


def packing(spec: Spec) -> list[str]:
    """The bytes of a tensor whose numbers are no whole bytes, or have scales beside them."""
    parts = spec.parts if isinstance(spec, Scaled) else [(size(spec.shape), BITS[spec.dtype])]
    return [f"⌈{int(n):,} × {bits} / 8⌉" if bits % 8 else f"{int(n):,} × {bits // 8}" for n, bits in parts]


def stored(row: Row) -> list[str]:
    """Bytes: elements times the width of their dtype."""
    lines = []
    specs, own = (
        [spec for spec, _ in row.traced.outputs],
        [weight.spec for weight in row.own],
    )
    for name, found in (("activation_bytes", specs), ("param_bytes", own)):
        total = row.counts[name]
        if isinstance(total, Unknown) or not total:
            continue
        widths: dict[int, int] = {}
        packed = [term for spec in found if spec.dtype not in BYTES for term in packing(spec)]
        for spec in found:
            if spec.dtype in BYTES:
                widths[BYTES[spec.dtype]] = widths.get(BYTES[spec.dtype], 0) + int(size(spec.shape))
        terms = " + ".join([*(f"{n:,} × {width}" for width, n in widths.items() if n), *packed])
        lines.append(f"{name} = {terms} = {total:,}")
    return lines
