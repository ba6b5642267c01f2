"""Weights and inputs drawn from a seed, the same on every machine."""

from __future__ import annotations

import zlib

from layercalc import lazy_numpy as np
from layercalc.analysis.walk import Analysis
from layercalc.analysis.weight_specs import WeightSpec
from layercalc.errors import InvalidTensors, Overdue
from layercalc.layers.initializers import pieces
from layercalc.ops import FLOATS
from layercalc.ops.spec import HELD


def seeded_weights(analysis: Analysis, seed: int, compute: str = "float32") -> dict[str, np.ndarray]:
    """Every weight filled by its layer's own initializer; a weight's numbers depend on the seed and its name alone.

    Floats are drawn in float32 and held in `compute`.
    """
    return {name: seeded(name, weight, seed, compute) for name, weight in analysis.weights}


def seeded(name: str, weight: WeightSpec, seed: int, compute: str) -> np.ndarray:
    generator = np.random.default_rng([seed, zlib.crc32(name.encode(errors="replace"))])
    try:
        out = np.empty(weight.spec.shape, held_in(weight.spec.dtype, compute))
        weight.initializer.fill(out, generator)
    except Overdue:
        raise
    except ValueError as error:
        raise InvalidTensors(
            [{"pointer": "/weights", "detail": f"The weight {name!r} cannot be filled: {error}"}]
        ) from None
    return out


def held_in(dtype: str, compute: str) -> str:
    """The dtype of an array that is handed to a pass."""
    return compute if dtype in FLOATS else HELD.get(dtype, dtype)


def seeded_inputs(analysis: Analysis, seed: int, compute: str = "float32") -> list[np.ndarray]:
    """Standard normal floats; integers 0 or 1 (0 where a layer knows no other), also for floats read as integers."""
    valid: dict[str, int] = {}
    for row in analysis.rows:
        known = row.call.layer.indices() if row.call.layer is not None else None
        for value in row.inputs if known is not None else ():
            valid[value.source] = min(valid.get(value.source, 2), known or 0)
    out = []
    for value in analysis.inputs:
        generator = np.random.default_rng([seed, zlib.crc32(value.source.encode(errors="replace"))])
        shape, dtype = value.spec
        made = np.empty(shape, held_in(dtype, compute))
        for piece in pieces(made):
            if dtype in FLOATS and value.source not in valid:
                piece[...] = generator.standard_normal(piece.size, np.float32)
            else:
                piece[...] = generator.integers(0, valid.get(value.source, 2), piece.size)
        out.append(made)
    return out
