"""Numbers to classes: which bin, which place in a vocabulary, and how often each class occurs."""

from __future__ import annotations

from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, differ, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op


class Digitize(Op):
    """The bin each element falls into: how many of the sorted boundaries it is not below."""

    price = "one comparison for each element and binary digit of the number of bins"

    elementwise = True
    slowness = 30

    def shape(self, x: Shape, **_: Any) -> Shape:
        return x

    def cost(self, out: Shape, x: Shape, *, bins: Any, **_: Any) -> Cost:
        return Cost(compares=size(out) * len(bins or ()).bit_length())

    def lead(self, x: Shape, **_: Any) -> int:
        return len(x)

    def workspace(self, out: Shape, x: Shape, **_: Any) -> Dim:
        return 6 * size(x)

    def dtype(self, *dtypes: str, to: str = "int32", **_: Any) -> str:
        return to

    def run(self, x: Any, *, bins: Any, to: str = "int32") -> np.ndarray:
        if bins is None:
            raise ShapeError("There are no bin_boundaries to compare with: adapt the layer, or give them.")
        return np.searchsorted(np.asarray(bins, np.float32), x.astype(np.float32), side="right").astype(to)


class BinCount(Op):
    """How often each class occurs along an axis (with weights: their sum), or whether it does; classes come last."""

    price = "one addition for each element of the input"

    sums = True
    slowness = 9
    along = 2

    def lead(self, x: Shape, *weights: Shape, axis: int, **_: Any) -> int:
        return axis % len(x)

    def workspace(self, out: Shape, x: Shape, *weights: Shape, **_: Any) -> Dim:
        return (12 + 4 * len(weights)) * size(x) + 2 * size(out)

    def shape(self, x: Shape, *weights: Shape, axis: int, num_classes: Dim, binary: bool = False, **_: Any) -> Shape:
        for given in weights:
            if len(given) != len(x) or any(map(differ, given, x)):
                raise ShapeError(f"Every element of {text(x)} needs one weight; received weights {text(given)}.")
        return *x[:axis], *x[axis + 1 :], num_classes

    def cost(self, out: Shape, x: Shape, *weights: Shape, **_: Any) -> Cost:
        return Cost(adds=size(x))

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return str(attributes.get("dtype", "float32"))

    def run(
        self, x: Any, *weights: Any, axis: int, num_classes: int, binary: bool = False, dtype: str = "float32"
    ) -> np.ndarray:
        to = "float32" if dtype == "float16" else dtype
        x = np.moveaxis(x.astype(np.int64), axis, -1)
        if x.ndim <= 2 and x.min() < 0:  # more axes are counted another way in Keras, and leave such elements out
            raise ShapeError(f"Classes are counted from 0; received {x.min()}.")
        rows = np.arange(x[..., 0].size).reshape(*x.shape[:-1], 1)
        inside = (x >= 0) & (x < num_classes)
        places = (rows * num_classes + x)[inside]
        if binary:
            out = np.zeros(rows.size * num_classes, to)
            out[places] = 1
        else:
            share = np.moveaxis(weights[0], axis, -1)[inside] if weights else None
            out = np.bincount(places, share, rows.size * num_classes).astype(to)
        return out.reshape(*x.shape[:-1], num_classes)


class Lookup(Op):
    """What a table holds for each integer or string; one that is not in it gets the default, or one of `buckets`."""

    price = "one comparison for each element and binary digit of the length of the table"

    elementwise = True
    strings = True
    slowness = 10

    def shape(self, x: Shape, **_: Any) -> Shape:
        return x

    def cost(self, out: Shape, x: Shape, *, table: Any, **_: Any) -> Cost:
        return Cost(compares=size(out) * len(table or ()).bit_length())

    def lead(self, x: Shape, **_: Any) -> int:
        return len(x)

    def workspace(self, out: Shape, x: Shape, *, table: Any, **_: Any) -> Dim:
        return 8 * size(x) + 8 * len(table or ())

    def dtype(self, *dtypes: str, to: str = "int64", **_: Any) -> str:
        return to

    def run(self, x: Any, *, table: Any, default: int | None, buckets: int = 1, to: str = "int64") -> np.ndarray:
        if table is None:
            raise ShapeError("There is no vocabulary to look in: give it to the layer as integers.")
        x = x.astype(np.int64)
        keys, values = np.array(sorted(table), np.int64).T
        at = np.minimum(np.searchsorted(keys, x), len(keys) - 1)
        strange = keys[at] != x
        if default is None and strange.any():
            raise ShapeError(f"{x[strange][0]} is not in the vocabulary, and num_oov_indices is 0.")
        return np.where(strange, x % buckets + (default or 0), values[at])


class HashBucket(Op):
    """One of `buckets` integers for each element, or for those of several tensors at one place together."""

    price = "one division for each element, the remainder; the hash itself follows its characters, and is not counted"

    unmade = "hashes of strings"
    slowness = 1
    elementwise = True
    strings = True

    def shape(self, *xs: Shape, buckets: Dim) -> Shape:
        if any(len(x) != len(xs[0]) or any(map(differ, x, xs[0])) for x in xs[1:]):
            raise ShapeError(f"Expected inputs of one shape; received {', '.join(map(text, xs))}.")
        return xs[0]

    def cost(self, out: Shape, *xs: Shape, **_: Any) -> Cost:
        return Cost(divs=size(out))

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def dtype(self, *dtypes: str, **_: Any) -> str:
        return "int64"


class Tokenize(Op):
    """The tokens of each example's string, or strings, themselves strings: (batch, length)."""

    price = "nothing: what it takes follows the characters of the strings"

    unmade = "tokens of strings"
    slowness = 1
    strings = True

    def shape(self, x: Shape, *, length: Dim) -> Shape:
        return *x[:1], length

    def cost(self, out: Shape, x: Shape, **_: Any) -> Cost:
        return Cost()

    def dtype(self, *dtypes: str, **_: Any) -> str:
        return "string"


digitize = Digitize("digitize")
bincount = BinCount("bincount")
lookup = Lookup("lookup")
hash_bucket = HashBucket("hash_bucket")
tokenize = Tokenize("tokenize")
