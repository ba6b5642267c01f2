"""Tensors put together and taken apart."""

from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, differ, provably, text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import TORCH, Ints, axis_of, cast, few, function, result_type, same
from layercalc.layers.torch.functions.shaping import unsqueeze
from layercalc.ops import Tensor
from layercalc.ops.slicing import by_name

FAR = 1 << 62  # as far as a slice may say it reaches


def parts_of(tensors: Any) -> list[Tensor]:
    """Tensors in the dtype of their result; at least one."""
    if not tensors:
        raise ShapeError("Expected at least one tensor.", "tensors")
    dtype = result_type(*tensors)
    return [cast(one, dtype) for one in tensors]


@function("cat", "concat", "concatenate")
def cat(tensors: Any, dim: int = 0) -> Tensor:
    """One after another; an empty one of a single axis is left out."""
    parts = [one for one in parts_of(tensors) if one.ndim != 1 or one.shape[0] != 0] or list(tensors)[:1]
    if any(one.ndim == 0 for one in parts):
        raise ShapeError("Numbers cannot be joined; cat takes tensors of at least one axis.", "tensors")
    if len(parts) == 1:
        return same(parts[0])
    return ops.concatenate(*parts, axis=axis_of(dim, parts[0].ndim))


@function("stack")
def stack(tensors: Any, dim: int = 0) -> Tensor:
    """On a new axis."""
    parts = parts_of(tensors)
    if any(one.ndim != parts[0].ndim or any(map(differ, one.shape, parts[0].shape)) for one in parts):
        raise ShapeError(f"stack takes tensors of one shape; received {', '.join(text(one.shape) for one in parts)}.")
    place = axis_of(dim, parts[0].ndim + 1)
    return cat([unsqueeze(one, place) for one in parts], place)


@function("hstack")
def hstack(tensors: Any) -> Tensor:
    """Along the second axis, of vectors the first."""
    return cat(tensors, 0 if tensors[0].ndim < 2 else 1)


@function("vstack", "row_stack")
def vstack(tensors: Any) -> Tensor:
    """Along the first axis, vectors as rows."""
    return cat([unsqueeze(one, 0) if one.ndim < 2 else one for one in tensors], 0)


def taken(x: Tensor, axis: int, sizes: list[Any]) -> list[Tensor]:
    """Parts of given sizes along an axis."""
    found, start = [], 0
    for one in sizes:
        found.append(ops.take(x, axis=axis, start=start, stop=start + one))
        start = start + one
    return found


@function("chunk")
def chunk(self: Tensor, chunks: int, dim: int = 0) -> list[Tensor]:
    """Equal parts, the last of which may be smaller; there may be fewer."""
    axis = axis_of(dim, self.ndim)
    n = self.shape[axis]
    if isinstance(n, Unknown):
        raise ShapeError(f"How many parts axis {axis} of {text(self.shape)} makes is not known.", "dim")
    each = -(-n // chunks) if n else 0
    return split(self, each, dim) if each else [same(self)] * chunks


@function("split", "split.Tensor", "unsafe_split", "unsafe_split.Tensor", "split_copy.Tensor")
def split(self: Tensor, split_size: Any, dim: int = 0) -> list[Tensor]:
    """Parts of one size, the last of which may be smaller."""
    axis = axis_of(dim, self.ndim)
    n = self.shape[axis]
    if isinstance(n, Unknown) or isinstance(split_size, Unknown):
        raise ShapeError(f"How many parts axis {axis} of {text(self.shape)} makes is not known.", "dim")
    if split_size < 1 and n:
        raise ShapeError(f"Parts of {split_size} make no axis of {n}.", "split_size")
    few(n // (split_size or 1))
    sizes = [min(split_size, n - start) for start in range(0, n, split_size)] if n else [0]
    return taken(self, axis, sizes)


@function("split_with_sizes", "split.sizes", "unsafe_split_with_sizes", "split_with_sizes_copy")
def split_with_sizes(self: Tensor, split_sizes: Ints, dim: int = 0) -> list[Tensor]:
    """Parts of given sizes."""
    axis = axis_of(dim, self.ndim)
    total = sum(split_sizes, 0)
    if differ(total, self.shape[axis]):
        detail = (
            f"Parts of {text(split_sizes)} sum to {total}; axis {axis} of {text(self.shape)} is {self.shape[axis]}."
        )
        raise ShapeError(detail, "split_sizes")
    return taken(self, axis, list(split_sizes))


@function("tensor_split", "tensor_split.sections")
def tensor_split(self: Tensor, sections: int, dim: int = 0) -> list[Tensor]:
    """So many parts, the first ones larger by one where it does not come out even."""
    axis = axis_of(dim, self.ndim)
    n = self.shape[axis]
    if isinstance(n, Unknown):
        raise ShapeError(f"What parts axis {axis} of {text(self.shape)} makes is not known.", "dim")
    few(sections)
    return taken(self, axis, [n // sections + (place < n % sections) for place in range(sections)])


@function("tensor_split.indices")
def split_at(self: Tensor, indices: Ints, dim: int = 0) -> list[Tensor]:
    """Parts between places of an axis."""
    axis = axis_of(dim, self.ndim)
    n = self.shape[axis]
    if any(isinstance(one, Unknown) for one in (n, *indices)):
        raise ShapeError(f"What parts axis {axis} of {text(self.shape)} makes is not known.", "dim")
    bounds = [slice(0, one).indices(n)[1] for one in indices]
    starts, ends = [0, *bounds], [*bounds, n]
    return [ops.take(self, axis=axis, start=a, stop=max(a, b)) for a, b in zip(starts, ends, strict=True)]


@function("unbind", "unbind.int", "unbind_copy.int")
def unbind(self: Tensor, dim: int = 0) -> list[Tensor]:
    """The slices of an axis."""
    axis = axis_of(dim, self.ndim)
    n = self.shape[axis]
    if isinstance(n, Unknown):
        raise ShapeError(f"How many slices axis {axis} of {text(self.shape)} has is not known.", "dim")
    few(n)
    return [select(self, axis, index) for index in range(n)]


@function("select", "select.int", "select_copy.int")
def select(self: Tensor, dim: int, index: Any) -> Tensor:
    """One slice of an axis."""
    axis = axis_of(dim, self.ndim)
    n = self.shape[axis]
    if isinstance(index, Unknown):
        raise ShapeError("Which slice is taken is not known.", "index")
    if not isinstance(n, Unknown) and not -n <= index < n:
        raise ShapeError(f"There is no index {index} in axis {axis} of {text(self.shape)}.", "index")
    return ops.get_item(self, key=(*(slice(None),) * axis, int(index)))


@function("slice", "slice.Tensor", "slice_copy.Tensor")
def slice_(self: Tensor, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Tensor:
    """A part of an axis; bounds past the ends stand at them."""
    axis = axis_of(dim, self.ndim)
    n = self.shape[axis]
    if not isinstance(step, int) or step < 1:
        raise ShapeError(f"A slice's step is at least 1, not {step}.", "step")
    first = 0 if start is None else start
    last = FAR if end is None else end
    whole = isinstance(first, int) and first == 0 and isinstance(last, int) and (last > FAR >> 31 or last is n)
    if whole and step == 1:
        return same(self)
    if any(isinstance(one, Unknown) for one in (n, first, last)):
        return part_of_unknown(self, axis, first, last, step)
    if not by_name(n, first, last):
        first, last = int(first), int(last)
    elif isinstance(last, int) and last > FAR >> 31:
        last = None
    return ops.get_item(self, key=(*(slice(None),) * axis, slice(first, last, step)))


def part_of_unknown(x: Tensor, axis: int, first: Any, last: Any, step: int) -> Tensor:
    """A part of an axis of which a bound or the size is not known: of an unknown size, unless it is all of it."""
    n = x.shape[axis]
    unknown = next(one for one in (n, first, last) if isinstance(one, Unknown))
    if last is n and isinstance(first, int) and first == 0 and step == 1:
        return same(x)
    return ops.take(x, axis=axis, start=0, stop=unknown)


@function("narrow", "narrow_copy")
def narrow(self: Tensor, dim: int, start: Any, length: Any) -> Tensor:
    """So many elements of an axis from one on."""
    axis = axis_of(dim, self.ndim)
    n = self.shape[axis]
    first = start + n if isinstance(start, int) and start < 0 else start
    if provably(first + length > n) or provably(first < 0) or provably(length < 0):
        raise ShapeError(f"{start} to {start + length} is not within axis {axis} of {text(self.shape)}.", "start")
    return ops.take(self, axis=axis, start=first, stop=first + length)


@function("meshgrid", "meshgrid.indexing")
def meshgrid(tensors: Any, indexing: str = "ij") -> list[Tensor]:
    """Vectors as coordinates of a grid."""
    lines = [ops.reshape(one, to=(1,)) if one.ndim == 0 else one for one in tensors]
    order = list(range(len(lines)))
    if indexing == "xy" and len(order) > 1:
        order[0], order[1] = 1, 0
    sizes = [lines[place].shape[0] for place in order]
    out = []
    for number, line in enumerate(lines):
        axis = order.index(number)
        wide = tuple(line.shape[0] if i == axis else 1 for i in range(len(lines)))
        out.append(ops.broadcast_to(ops.reshape(line, to=wide), to=tuple(sizes)))
    return out


@function("slice_scatter")
def slice_scatter(self: Tensor, src: Tensor, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Tensor:
    """The tensor with a part of an axis replaced."""
    axis = axis_of(dim, self.ndim)
    n = self.shape[axis]
    if step != 1 or any(isinstance(one, Unknown) for one in (n, start, end)):
        raise ShapeError("slice_scatter is read with known bounds and a step of 1.", "step")
    first, last, _ = slice(start, end).indices(n)
    return put(self, src, axis, first, max(last, first))


def put(x: Tensor, src: Tensor, axis: int, first: Any, last: Any) -> Tensor:
    """The tensor with first to last of an axis replaced; what replaces is broadcast."""
    box = tuple(last - first if i == axis else n for i, n in enumerate(x.shape))
    starts = ops.known([first if i == axis else 0 for i in range(x.ndim)], "int64")
    return ops.slice_update(x, starts, ops.broadcast_to(cast(src, str(x.dtype)), to=box))


@function("select_scatter")
def select_scatter(self: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """The tensor with one slice of an axis replaced."""
    axis = axis_of(dim, self.ndim)
    n = self.shape[axis]
    if isinstance(index, Unknown) or isinstance(n, Unknown):
        raise ShapeError("Which slice is replaced is not known.", "index")
    first = int(index) % n
    return put(
        self,
        unsqueeze(ops.broadcast_to(src, to=(*self.shape[:axis], *self.shape[axis + 1 :])), axis),
        axis,
        first,
        first + 1,
    )


def wide(name: str, rank: int) -> None:
    """With axes of size 1 until there are so many."""

    @function(name)
    def call(self: Tensor) -> Tensor:
        if self.ndim >= rank:
            return same(self)
        if rank == 3:
            return ops.reshape(self, to=(*(1,) * (self.ndim < 2), *self.shape, *(1,) * (2 - (self.ndim < 1))))
        return ops.reshape(self, to=(*(1,) * (rank - self.ndim), *self.shape))

    @function(f"{name}.Sequence")
    def each(tensors: Any) -> list[Tensor]:
        return [call(one) for one in tensors]


for _rank in (1, 2, 3):
    wide(f"atleast_{_rank}d", _rank)


@function("column_stack")
def column_stack(tensors: Any) -> Tensor:
    """Vectors as columns, beside the columns of matrices."""
    given = parts_of(tensors)
    return cat([ops.reshape(one, to=(*one.shape, *(1,) * (2 - one.ndim))) if one.ndim < 2 else one for one in given], 1)


@function("dstack")
def dstack(tensors: Any) -> Tensor:
    """Side by side along a third axis."""
    return cat([TORCH.functions["atleast_3d"].call(one) for one in parts_of(tensors)], 2)


def split_along(name: str, axis: int) -> None:
    @function(f"{name}.int")
    def by_number(self: Tensor, sections: int) -> list[Tensor]:
        return tensor_split(self, sections, axis if self.ndim > axis else 0)

    @function(f"{name}.array")
    def by_places(self: Tensor, indices: Ints) -> list[Tensor]:
        return split_at(self, indices, axis if self.ndim > axis else 0)


for _name, _axis in {"vsplit": 0, "hsplit": 1, "dsplit": 2}.items():
    split_along(_name, _axis)
