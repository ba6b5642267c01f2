"""The value that a refusal of a field offers: where it offers one, the field takes it."""

from collections import Counter

import pytest

from layercalc.errors import Offer
from layercalc.layers import ConfigError, build
from layercalc.layers.config import fields_of
from layercalc.layers.keras.base import KERAS
from layercalc.layers.keras.functions.base import Operation

LAYERS = [kind for kind in KERAS.kinds.values() if not issubclass(kind, Operation)]
WRONG = (
    *(0, -1, -7, 2.0, 1e300, "2", "-3", "3.0", "true", "False", 1, True, "no"),
    *([], [0], [2, 2, 2, 2, 2], [3, -1], ["2", 2], [[1, -2], [0, "1"]], [1.0, 2.0], [1.5], {}, {"name": "flaot16"}),
)


def slips(field):
    """Words as hands write them: a letter left out, or twice."""
    for word in field.words():
        if len(word) > 3:
            yield word[:1] + word[2:]
            yield word[:2] + word[1:]


def faults(kind, config):
    try:
        build(kind, config)
    except ConfigError as error:
        return error.faults
    return []


@pytest.mark.parametrize("kind", LAYERS, ids=[kind.type for kind in LAYERS])
def test_value_that_is_offered_is_taken(kind):
    config = kind.example[0]
    for name, field in fields_of(kind).items():
        for value in (*WRONG, *slips(field)):
            for path, detail in faults(kind, {**config, name: value}):
                if isinstance(detail, Offer) and path == (name,):
                    left = faults(kind, {**config, name: detail.value})
                    assert (path, str(detail)) not in [(at, str(told)) for at, told in left], (name, value)
                    assert not any(at == path and told.startswith(f"Expected {name} to be") for at, told in left), (
                        name,
                        value,
                        left,
                    )


def test_most_slips_and_ranges_have_an_offer():
    offered, every = Counter(), Counter()
    for kind in LAYERS:
        for name, field in fields_of(kind).items():
            for value in (0, -2, "2", *slips(field)):
                for path, detail in faults(kind, {**kind.example[0], name: value}):
                    if path == (name,) and (isinstance(value, str) or "of at least" in detail):
                        every[type(value)] += 1
                        offered[type(value)] += isinstance(detail, Offer)
    assert offered[str] > 0.9 * every[str]
    assert offered[int] > 0.6 * every[int]


@pytest.mark.parametrize(("field", "value", "meant"), [
    ("padding", "sme", "same"), ("padding", 3, None), ("filters", 0, 1), ("filters", "32", 32), ("filters", 32.0, 32),
    ("filters", 0.5, None), ("filters", "many", None), ("kernel_size", [3, 0], [3, 1]), ("kernel_size", [3, 3, 3], 3),
    ("kernel_size", [3, 4, 5], None), ("strides", -1, 1), ("use_bias", "False", False), ("activation", "rleu", "relu"),
    ("kernel_initializer", "glorot_unifrom", "glorot_uniform"), ("dtype", "flot32", "float32"),
    ("data_format", "channel_last", "channels_last"), ("lora_rank", -1, 0), ("kernel_size", [2, 3] * 20, None),
])  # fmt: skip
def test_what_is_meant(field, value, meant):
    (_, detail), *_ = faults(KERAS.get("Conv2D"), {"filters": 2, "kernel_size": 3, field: value})
    assert getattr(detail, "value", None) == meant
    assert type(getattr(detail, "value", None)) is type(meant)


@pytest.mark.parametrize("kind", ["Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose"])
def test_of_strides_and_dilation_one_is_offered_to_go(kind):
    """Either could be 1, and would be the least change: the strides, which make the output small, stay."""
    config = {**KERAS.get(kind).example[0], "strides": 2, "dilation_rate": 2}
    ((path, detail),) = faults(KERAS.get(kind), config)
    assert (path, detail.value) == (("dilation_rate",), 1)
    assert not faults(KERAS.get(kind), {**config, "dilation_rate": detail.value})
