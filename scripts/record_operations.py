"""Record what an installed Keras makes of functions of keras.ops in Functional models: run by hand.

    pip install keras tensorflow-cpu
    python scripts/record_operations.py nn_image

records the cases of `scripts/operation_cases/nn_image.py` into `tests/data/keras_operations/nn_image.{json.gz,npz}`:
the model as Keras writes it, the shapes and dtypes it infers, random inputs and what comes out. tests/test_keras.py
then holds ours against it. `KERAS_BACKEND=numpy` in front records NumPy's answers, where backends differ
(math_short_time). It is no dependency of the package, and `make test` does not run it.
"""

import argparse
import gzip
import json
import os
import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "keras_operations"
BATCH = 2


class Given(NamedTuple):
    """An input: its shape with the batch in front (None for what is unknown), its dtype, and how it is drawn."""

    shape: tuple[int | None, ...]
    dtype: str
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def floats(*shape: int | None, batch: int | None = None, alone: bool = False, dtype: str = "float32") -> Given:
    """Normally distributed numbers; `alone` without a batch."""
    return Given(shape if alone else (batch, *shape), dtype, lambda g, n: g.standard_normal(n).round(3))


def pixels(*shape: int | None, batch: int | None = None, alone: bool = False, dtype: str = "float32") -> Given:
    """Numbers from 0 to 1."""
    return Given(shape if alone else (batch, *shape), dtype, lambda g, n: g.random(n).round(3))


def whole(
    *shape: int | None, below: int, least: int = 0, batch: int | None = None, alone: bool = False, dtype: str = "int32"
) -> Given:
    """Integers."""
    return Given(shape if alone else (batch, *shape), dtype, lambda g, n: g.integers(least, below, n))


def record(name: str, given: list[Given], function: Callable[..., Any]) -> tuple[dict, dict[str, np.ndarray]]:
    """The model of one call with what Keras infers, and the arrays that go in and come out."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    inputs = [keras.Input(batch_shape=one.shape, dtype=one.dtype) for one in given]
    model = keras.Model(inputs, function(*inputs))
    arrays = []
    for one in given:
        sizes = tuple((BATCH if axis == 0 else 3) if n is None else n for axis, n in enumerate(one.shape))
        arrays.append(one.draw(generator, sizes).astype(one.dtype))
    # The function, not the model: ConvTranspose of Keras 3.15 mixes up its arguments where it is recorded.
    tensors = [keras.ops.convert_to_tensor(array) for array in arrays]
    made = [np.asarray(one) for one in keras.tree.flatten(function(*tensors))]
    case = {
        "model": json.loads(model.to_json()),
        "output_shapes": [list(one.shape) for one in model.outputs],
        "output_dtypes": [str(one.dtype) for one in model.outputs],
    }
    values = {f"{name}/in{index}": array for index, array in enumerate(arrays)}
    return case, values | {f"{name}/out{index}": array for index, array in enumerate(made)}


def recorded(table: str) -> tuple[dict[str, dict], dict[str, np.ndarray]]:
    """Every case of a table of scripts/operation_cases."""
    cases: dict[str, dict] = {}
    values: dict[str, np.ndarray] = {}
    for name, given, function in import_module(f"operation_cases.{table}").CASES:
        if name in cases:
            raise ValueError(f"There are two cases {name!r}.")
        keras.utils.clear_session()
        try:
            cases[name], arrays = record(name, given, function)
        except Exception as error:
            raise SystemExit(f"{name}: {str(error)[:500]}") from error
        values |= arrays
    return cases, values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", help="a module of scripts/operation_cases")
    table = parser.parse_args().table
    cases, values = recorded(table)
    text = json.dumps(cases, separators=(",", ":"))
    (FOLDER / f"{table}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    np.savez_compressed(FOLDER / f"{table}.npz", **values)
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    sys.modules["record_operations"] = sys.modules["__main__"]
    main()
