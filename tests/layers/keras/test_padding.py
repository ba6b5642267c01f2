"""Keras' words for padding: the numbers they stand for, and what is said where no number fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import layercalc
from layercalc.dims import Unknown
from layercalc.errors import Refused
from layercalc.layers.keras.padding import placed
from layercalc.ops.window import counted

axis = st.tuples(st.integers(1, 40), st.integers(1, 6), st.integers(1, 5), st.integers(1, 3))


@given(st.lists(axis, min_size=1, max_size=3), st.sampled_from(["same", "causal"]))
def test_the_pads_are_those_of_as_many_windows_as_are_promised(axes, padding):
    spatial, size, strides, dilations = zip(*axes, strict=True)
    how = placed(spatial, size, strides, padding, dilations)
    assert how["positions"] == tuple(-(-n // s) for n, s in zip(spatial, strides, strict=True))
    assert counted(spatial, size, **how | {"positions": None}) == how["positions"]


@given(axis)
def test_same_puts_the_odd_element_at_the_end_and_adds_no_more_than_is_seen(one):
    n, k, stride, rate = one
    ((before, after),) = placed((n,), (k,), (stride,), "same", (rate,))["pads"]
    assert 0 <= after - before <= 1
    assert before + after == max((-(-n // stride) - 1) * stride + (k - 1) * rate + 1 - n, 0)


def test_pads_that_do_not_depend_on_the_size_are_known_without_it():
    unknown = Unknown()
    assert placed((unknown,), (4,), (1,), "same", (2,))["pads"] == ((3, 3),)
    assert placed((unknown,), (4,), (2,), "causal", (2,))["pads"] == ((6, 0),)
    assert placed((unknown,), (4,), (2,), "same", (2,))["pads"] == ((unknown, unknown),)


HEIGHT = "make the input's height at least"
SAID = [
    (
        {"type": "Conv2D", "filters": 1, "kernel_size": 3},
        [2, 4, 1],
        "A [3, 3] window does not fit in [2, 4]: height = ⌊(2 − 3) / 1⌋ + 1 = 0, the window covers 3. "
        f"To fit, set kernel_size to at most 2 along height, or {HEIGHT} 3, or use padding 'same'.",
    ),
    (
        {"type": "MaxPooling2D", "pool_size": [5, 1], "strides": 2},
        [2, 4, 1],
        "A [5, 1] window does not fit in [2, 4]: height = ⌊(2 − 5) / 2⌋ + 1 = -1, the window covers 5. "
        f"To fit, set pool_size to at most 2 along height, or {HEIGHT} 5, or use padding 'same'.",
    ),
    (
        {"type": "DepthwiseConv2D", "kernel_size": 3, "dilation_rate": 2},
        [7, 4, 1],
        "A [3, 3] window does not fit in [7, 4]: width = ⌊(4 − 5) / 1⌋ + 1 = 0, the window covers (3 − 1)·2 + 1 = 5. "
        "To fit, set kernel_size to at most 2 along width, or make the input's width at least 5, or use padding 'same'.",
    ),
    (
        {"type": "LocallyConnected1D", "filters": 1, "kernel_size": 3},
        [2, 1],
        "A [3] window does not fit in [2]: length = ⌊(2 − 3) / 1⌋ + 1 = 0, the window covers 3. To fit, set kernel_size "
        "to at most 2 along length, or make the input's length at least 3, or use padding 'same'.",
    ),
    (
        {"type": "AveragePooling1D", "pool_size": 3, "padding": "same"},
        [0, 4],
        "length of the input is 0: there is nothing to slide over in [0].",
    ),
    (
        {"type": "Conv1DTranspose", "filters": 1, "kernel_size": 3, "padding": "same"},
        [0, 4],
        "[0] leaves nothing to convolve: one axis of the result would be 0.",
    ),
]


@pytest.mark.parametrize(("layer", "shape", "said"), SAID, ids=[str(layer["type"]) for layer, _, _ in SAID])
def test_a_window_that_does_not_fit_is_refused_in_the_words_of_the_document(layer, shape, said):
    with pytest.raises(Refused) as refused:
        layercalc.analyze({"input_shape": shape, "layers": [layer]})
    (error,) = refused.value.errors
    assert said in error["detail"]
