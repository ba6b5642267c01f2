"""A layer whose weight's size is an unknown one is refused, as Keras refuses to build it; all else stays unknown."""

import pytest

from layercalc import InvalidModel, analyze

IMAGE, STEPS = [None, None, 3], [None, 4]
LAST, STEPPED = "axis 3 of the input 'input'", "axis 1 of the input 'input'"
REFUSED = [
    ([None, None, 3], [{"type": "Flatten"}, {"type": "Dense", "units": 2, "name": "n"}], "kernel", "[null, 2]"),
    ([8, None], [{"type": "Dense", "units": 2, "name": "n"}], "kernel", "[null, 2]"),
    ([8, 8, None], [{"type": "Conv2D", "filters": 2, "kernel_size": 3, "name": "n"}], "kernel", "[3, 3, null, 2]"),
    ([8, 8, None], [{"type": "DepthwiseConv2D", "kernel_size": 3, "name": "n"}], "kernel", "[3, 3, null, 1]"),
    ([8, None], [{"type": "SeparableConv1D", "filters": 2, "kernel_size": 3, "name": "n"}], "depthwise_kernel", "null"),
    ([8, None], [{"type": "Conv1DTranspose", "filters": 2, "kernel_size": 3, "name": "n"}], "kernel", "[3, 2, null]"),
    ([8, 8, None], [{"type": "BatchNormalization", "name": "n"}], "gamma", "[null]"),
    ([8, None], [{"type": "LayerNormalization", "name": "n"}], "gamma", "[null]"),
    ([8, None], [{"type": "RMSNormalization", "name": "n"}], "scale", "[null]"),
    ([None, 8, 3], [{"type": "PReLU", "name": "n"}], "alpha", "[null, 8, 3]"),
    ([8, None], [{"type": "LSTM", "units": 2, "name": "n"}], "lstm_cell/kernel", "[null, 8]"),
    ([8, None], [{"type": "GRU", "units": 2, "name": "n"}], "gru_cell/kernel", "[null, 6]"),
    ([8, None], [{"type": "Bidirectional", "layer": {"type": "SimpleRNN", "units": 2}, "name": "n"}], "kernel", "null"),
    ([8, None, 3], [{"type": "Flatten"}, {"type": "Dense", "units": 2, "name": "n"}], "kernel", "[null, 2]"),
    ([5, 8, None], [{"type": "TimeDistributed", "layer": {"type": "Dense", "units": 2}, "name": "n"}], "kernel", "null"),
    ([8, None], [{"type": "SpectralNormalization", "layer": {"type": "Dense", "units": 2}, "name": "n"}], "kernel", ""),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "layers", "weight", "sizes"), REFUSED)
def test_a_weight_of_unknown_size_is_refused(shape, layers, weight, sizes):
    with pytest.raises(InvalidModel) as caught:
        analyze({"input_shape": shape, "layers": layers})
    (fault,) = caught.value.errors
    assert fault["layer"] == "n"
    assert fault["pointer"] == f"/layers/{len(layers) - 1}"
    said = fault["detail"]
    assert said.startswith("'n' needs its weight ")
    assert weight in said
    assert sizes in said
    assert f"axis {shape.index(None) + 1} of the input 'input'" in said
    assert "input_shape" in said
    assert "GlobalAveragePooling2D" in said


@pytest.mark.parametrize("kind", ["MultiHeadAttention", "EinsumDense", "GroupNormalization", "LocallyConnected2D"])
def test_those_that_say_it_in_their_own_words_still_refuse(kind):
    more = {
        "MultiHeadAttention": {"num_heads": 2, "key_dim": 2, "inputs": ["x", "x"]},
        "EinsumDense": {"equation": "abcd,de->abce", "output_shape": [None, None, 4]},
        "LocallyConnected2D": {"filters": 2, "kernel_size": 3},
    }
    layer = {"type": kind, "inputs": ["x"], **more.get(kind, {})}
    with pytest.raises(InvalidModel):
        analyze({"inputs": [{"name": "x", "shape": [8, 8, None]}], "layers": [layer]})


@pytest.mark.parametrize(
    ("shape", "layers", "params"),
    [
        (IMAGE, [{"type": "Conv2D", "filters": 2, "kernel_size": 3}, {"type": "BatchNormalization"}], 56 + 8),
        (IMAGE, [{"type": "GlobalAveragePooling2D"}, {"type": "Dense", "units": 2}], 8),
        (IMAGE, [{"type": "PReLU", "shared_axes": [1, 2]}], 3),
        (STEPS, [{"type": "LSTM", "units": 2}], 4 * 2 * (4 + 2 + 1)),
        ([None], [{"type": "Embedding", "input_dim": 9, "output_dim": 4}], 36),
        (STEPS, [{"type": "Dense", "units": 2}, {"type": "LayerNormalization"}], 10 + 4),
        (STEPS, [{"type": "Custom", "output_shape": [2]}, {"type": "Dense", "units": 2}], None),
    ],
)
def test_what_needs_no_unknown_size_is_answered(shape, layers, params):
    assert analyze({"input_shape": shape, "layers": layers})["totals"]["params"] == params


def test_code_has_the_line():
    code = "i = Input([None, None, 3])\nx = Conv2D(64, 3, padding='same')(i)\ny = Dense(2)(Flatten()(x))\n"
    with pytest.raises(InvalidModel) as caught:
        analyze(code)
    (fault,) = caught.value.errors
    assert fault["line"] == 3
    assert "'dense' needs its weight kernel" in fault["detail"]
    assert [row["name"] for row in caught.value.layers] == ["conv2d", "flatten"]
