"""Ops on the pixels of images: levels rounded to integers, and contrast evened out tile by tile."""

from __future__ import annotations

from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, differ, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op

LEVELS = 256


class ToInteger(Op):
    """Each number as the nearest integer (half to even) that a dtype holds."""

    price = "1 addition and 2 comparisons for each element"

    elementwise = True
    slowness = 2

    def lead(self, x: Shape, *, to: str) -> int:
        return len(x)

    def workspace(self, out: Shape, x: Shape, *, to: str) -> Dim:
        return 24 * size(x)  # of the narrowest result

    def shape(self, x: Shape, *, to: str) -> Shape:
        return x

    def cost(self, out: Shape, x: Shape, *, to: str) -> Cost:
        return Cost(adds=size(x), compares=2 * size(x))

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return str(attributes["to"])

    def run(self, x: Any, *, to: str) -> np.ndarray:
        low, high = (0, 1) if to == "bool" else (np.iinfo(to).min, np.iinfo(to).max)
        high = min(high, 2**63 - 1024) if to != "uint64" else 2**64 - 2048  # the largest that a double holds
        return np.clip(np.rint(x.astype(np.float64)), low, high).astype(to)


class Clahe(Op):
    """Each pixel (0 to 255) by the clipped, equalised histograms of the four tiles around it (Zuiderveld 1994)."""

    price = (
        "each pixel and channel, rows and columns filled up to whole tiles: 4 additions, 6 multiplications, 2 "
        "comparisons; each of the 256 levels of each tile and channel: 5 additions, 3 comparisons, 1 multiplication, "
        "1 division"
    )

    floating = True
    slowness = 17

    def lead(self, x: Shape, **_: Any) -> int:
        return 1

    def shape(self, x: Shape, **_: Any) -> Shape:
        return x

    def cost(self, out: Shape, x: Shape, *, grid: tuple[int, int], clip_limit: float) -> Cost:
        batch, rows, columns, channels = x
        tall, wide = tile(rows, grid[0]), tile(columns, grid[1])
        levels = batch * channels * grid[0] * grid[1] * LEVELS
        pixels = batch * channels * grid[0] * grid[1] * tall * wide
        return Cost(
            adds=5 * levels + 4 * pixels, muls=levels + 6 * pixels, divs=levels, compares=3 * levels + 2 * pixels
        )

    def workspace(self, out: Shape, x: Shape, *, grid: tuple[int, int], clip_limit: float) -> Dim:
        batch, rows, columns, channels = x
        tiles = batch * channels * (grid[0] + 2) * (grid[1] + 2)
        return tiles * (4 * LEVELS + 10 * tile(rows, grid[0]) * tile(columns, grid[1]))

    def run(self, x: Any, *, grid: tuple[int, int], clip_limit: float) -> np.ndarray:
        batch, rows, columns, channels = x.shape
        down, across = grid
        tall, wide = tile(rows, down), tile(columns, across)
        around = [(0, 0), (0, tall * down - rows), (0, wide * across - columns), (0, 0)]
        level = np.clip(np.pad(x, around, mode="symmetric"), 0, LEVELS - 1).astype(np.int64)
        tables = equalized(level, grid, tall * wide, clip_limit)
        tables = np.pad(tables, [(0, 0), (1, 1), (1, 1), (0, 0), (0, 0)], mode="edge")
        level = level[:, :rows, :columns]
        (top, low), (left, right) = between(rows, tall), between(columns, wide)
        image = np.arange(batch)[:, None, None, None]
        channel = np.arange(channels)

        def look(row: Any, column: Any) -> np.ndarray:
            return tables[image, row[:, None, None], column[:, None], channel, level]

        down_share = (np.arange(rows, dtype=np.float32) - np.float32(tall / 2)) / tall + 1 - top
        right_share = (np.arange(columns, dtype=np.float32) - np.float32(wide / 2)) / wide + 1 - left
        v, h = down_share[:, None, None].astype(x.dtype), right_share[:, None].astype(x.dtype)
        upper = look(top, left) * (1 - h) + look(top, right) * h
        lower = look(low, left) * (1 - h) + look(low, right) * h
        return upper * (1 - v) + lower * v


def tile(n: Dim, parts: int) -> Dim:
    """How long a tile is when an axis is cut into that many."""
    return -(-n // parts)


def between(n: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """For each place on an axis the tiles whose centres it lies between, counted with one more tile in front."""
    at = np.floor((np.arange(n, dtype=np.float32) - np.float32(length / 2)) / length + 1).astype(np.int64)
    return at, at + 1


def equalized(level: np.ndarray, grid: tuple[int, int], pixels: int, clip_limit: float) -> np.ndarray:
    """The level that each level becomes in each tile: (batch, down, across, channels, 256)."""
    batch, height, width, channels = level.shape
    down, across = grid
    row = np.arange(height) // (height // down)
    column = np.arange(width) // (width // across)
    which = ((np.arange(batch)[:, None, None] * down + row[:, None]) * across + column)[..., None] * channels
    places = (which + np.arange(channels)) * LEVELS + level
    counts = np.bincount(places.reshape(-1), minlength=batch * down * across * channels * LEVELS)
    counts = counts.reshape(batch, down, across, channels, LEVELS).astype(np.float32)
    if clip_limit > 0:
        clipped = np.minimum(counts, np.float32(clip_limit * pixels / LEVELS))
        counts = clipped + (counts - clipped).sum(-1, keepdims=True) / LEVELS
    rising = counts.cumsum(-1)
    least = rising.min(-1, keepdims=True)
    rest = pixels - least
    return np.clip((rising - least) * (LEVELS - 1) / np.where(rest == 0, 1, rest), 0, LEVELS - 1)


class Colours(Op):
    """Three channels, from 0 to 1, in another colour space (Smith 1978)."""

    floating = True
    slowness = 2

    def lead(self, x: Shape) -> int:
        return len(x) - 1

    def __init__(self, name: str, function: Any, price: str, each: Cost):
        super().__init__(name)
        self.function, self.price, self.each = function, price, each

    def shape(self, x: Shape) -> Shape:
        if differ(x[-1], 3):
            raise ShapeError(f"Expected 3 channels; {text(x)} has {x[-1]}.")
        return x

    def cost(self, out: Shape, x: Shape) -> Cost:
        return self.each.times(size(x[:-1]))

    def workspace(self, out: Shape, x: Shape) -> Dim:
        return 4 * size(x)

    def run(self, x: Any) -> np.ndarray:
        return np.stack(self.function(*np.moveaxis(x, -1, 0)), -1).astype(x.dtype)


def hsv(r: np.ndarray, g: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
    """Hue, saturation and value."""
    value = np.maximum(np.maximum(r, g), b)
    spread = value - np.minimum(np.minimum(r, g), b)
    sixth = 1 / np.where(spread > 0, 6 * spread, 1)
    hue = np.where(r == value, (g - b) * sixth, np.where(g == value, (b - r) * sixth + 1 / 3, (r - g) * sixth + 2 / 3))
    hue = np.where(spread > 0, hue, 0)
    saturation = np.where(value > 0, spread / np.where(value > 0, value, 1), 0)
    return np.where(hue < 0, hue + 1, hue), saturation, value


def rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, ...]:
    """Red, green and blue."""
    at = 6 * hue
    full = np.abs(at - 3) - 1, 2 - np.abs(at - 2), 2 - np.abs(at - 4)
    return tuple((1 - saturation + saturation * np.clip(one, 0, 1)) * value for one in full)


to_integer = ToInteger("to_integer")
rgb_to_hsv = Colours(
    "rgb_to_hsv",
    hsv,
    "each pixel 8 comparisons, 4 additions, 2 multiplications and 2 divisions",
    Cost(compares=8, adds=4, muls=2, divs=2),
)
hsv_to_rgb = Colours(
    "hsv_to_rgb",
    rgb,
    "each pixel 9 comparisons, 11 additions and 7 multiplications",
    Cost(compares=9, adds=11, muls=7),
)
clahe = Clahe("clahe")
