"""The layers of Keras 2 for cuDNN: their weights as tf_keras makes them, and the loop that they are."""

import numpy as np
import pytest

import layercalc
from layercalc.errors import Refused
from layercalc.layers.keras.cells import UnitForgetBias
from layercalc.layers.keras.initializers import load_initializer

# tf_keras.src.layers.rnn.cudnn_lstm and cudnn_gru, build(): kernel, recurrent_kernel, one bias that holds two
GATES = {"LSTM": 4, "GRU": 3}


def stack(kind, **more):
    return {"batch_shape": [2, 5, 3], "layers": [{"type": kind, "name": "l", "units": 4, **more}]}


@pytest.mark.parametrize("kind", GATES)
def test_weights_are_those_of_keras_2(kind):
    (row,) = layercalc.analyze(stack(f"CuDNN{kind}"))["layers"]
    wide = 4 * GATES[kind]
    assert [one["shape"] for one in row["weights"]] == [[3, wide], [4, wide], [2 * wide]]
    assert row["params"] == 3 * wide + 4 * wide + 2 * wide
    assert row["output_shape"] == [2, 4]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", GATES)
def test_it_is_the_layer_that_keras_3_has_with_the_biases_of_cudnn(kind, backwards):
    """An LSTM's two biases are only ever added; a GRU's are those of reset_after."""
    rng = np.random.default_rng(1)
    wide = 4 * GATES[kind]
    kernel, recurrent, bias = (rng.normal(size=shape) for shape in ((3, wide), (4, wide), (2 * wide,)))
    of_keras_3 = bias[:wide] + bias[wide:] if kind == "LSTM" else bias.reshape(2, wide)
    x = rng.normal(size=(2, 5, 3))
    more = {"return_sequences": True, "return_state": True, "go_backwards": backwards}
    got = [
        layercalc.forward(stack(name, **more), inputs=[x], weights=[kernel, recurrent, last], dtype="float64")[
            "outputs"
        ]
        for name, last in ((f"CuDNN{kind}", bias), (kind, of_keras_3))
    ]
    for one, other in zip(*got, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_the_bias_of_the_forget_gate_begins_as_one():
    """ones_initializer of the state's forget gate alone: cudnn_lstm, bias_initializer."""
    out = np.full(16, 9.0, "float32")
    UnitForgetBias(load_initializer("zeros"), parts=8, forget=5).fill(out, np.random.default_rng(0))
    assert out.tolist() == [0] * 10 + [1] * 2 + [0] * 4


@pytest.mark.parametrize("kind", GATES)
def test_what_cudnn_does_not_do_is_refused(kind):
    with pytest.raises(Refused, match="takes no mask"):
        layercalc.analyze(
            {"input_shape": [5, 3], "layers": [{"type": "Masking"}, {"type": f"CuDNN{kind}", "units": 4}]}
        )
    for key, value in {"activation": "relu", "dropout": 0.5, "unroll": True, "use_bias": False}.items():
        with pytest.raises(Refused, match=key):
            layercalc.analyze(stack(f"CuDNN{kind}", **{key: value}))


def test_both_ways():
    layer = {"class_name": "CuDNNGRU", "config": {"name": "g", "units": 4}}
    model = {"batch_shape": [2, 5, 3], "layers": [{"type": "Bidirectional", "layer": layer}]}
    assert layercalc.analyze(model)["totals"]["params"] == 2 * (3 * 12 + 4 * 12 + 24)
