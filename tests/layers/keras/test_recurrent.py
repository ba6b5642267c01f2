"""A recurrent layer is a loop over its cell, whichever way the cell is named."""

import numpy as np
import pytest

import layercalc


def document(layer, shape, more=()):
    inputs = [{"name": f"in{i}", "batch_shape": list(one)} for i, one in enumerate((shape, *more))]
    return {"inputs": inputs, "layers": [{**layer, "name": "it", "inputs": [one["name"] for one in inputs]}]}


def read(layer, shape, more=()):
    (row,) = layercalc.analyze(document(layer, shape, more))["layers"]
    return row


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_layer_is_the_loop_over_its_cell(kind):
    flags = {"return_sequences": True, "return_state": True}
    named = read({"type": kind, "units": 4, **flags}, (2, 5, 3))
    given = read({"type": "RNN", "cell": {"type": f"{kind}Cell", "units": 4}, **flags}, (2, 5, 3))
    for key in ("output_shapes", "params", "macs", "flops", "weights"):
        assert named[key] == given[key], key


@pytest.mark.parametrize(("kind", "states"), [("LSTM", 2), ("GRU", 1), ("SimpleRNN", 1)])
def test_cell_is_one_step_of_the_layer(kind, states):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3)).astype("float32")
    zeros = [np.zeros((2, 4), "float32")] * states
    wide = read({"type": kind, "units": 4}, (2, 1, 3))["weights"]
    weights = [rng.standard_normal(one["shape"]).astype("float32") for one in wide]
    loop = layercalc.forward(document({"type": kind, "units": 4}, (2, 1, 3)), [x[:, None]], weights)
    cell = document({"type": f"{kind}Cell", "units": 4}, (2, 3), ((2, 4),) * states)
    alone = layercalc.forward(cell, [x, *zeros], weights)
    np.testing.assert_array_equal(loop["outputs"][0], alone["outputs"][0])


def test_list_of_cells_is_a_stack_and_equal_names_stay_two_cells():
    cells = [{"type": "GRUCell", "units": 4}, {"type": "GRUCell", "units": 4}]
    row = read({"type": "RNN", "cell": cells, "return_state": True}, (2, 5, 4))
    assert row["output_shapes"] == [[2, 4]] * 3
    assert [one["name"].split("/")[1:3] for one in row["weights"][::3]] == [
        ["stacked_rnn_cells", "gru_cell"],
        ["stacked_rnn_cells", "gru_cell_1"],
    ]


@pytest.mark.parametrize(
    ("layer", "pointer", "words"),
    [
        ({"type": "RNN", "cell": {"type": "MyCell"}}, "/layers/0/cell/type", "Unknown layer type"),
        ({"type": "RNN", "cell": {"type": "LSTM", "units": 2}}, "/layers/0/cell", "Expected LSTMCell"),
        ({"type": "RNN", "cell": [{"type": "Dense", "units": 2}]}, "/layers/0/cell/0", "Expected LSTMCell"),
        ({"type": "RNN", "cell": []}, "/layers/0/cell", "at least one cell"),
        ({"type": "LSTM", "units": 2, "time_major": True}, "/layers/0/time_major", "one of false"),
    ],
)
def test_what_is_no_cell_is_refused_where_it_stands(layer, pointer, words):
    with pytest.raises(layercalc.InvalidModel) as caught:
        read(layer, (2, 5, 3))
    (fault,) = caught.value.errors
    assert fault["pointer"] == pointer
    assert words in fault["detail"]


def test_bidirectional_takes_its_states_as_a_list():
    with pytest.raises(layercalc.InvalidModel) as caught:
        read({"type": "Bidirectional", "layer": {"type": "GRU", "units": 4}}, (2, 5, 3), ((2, 4),))
    assert "a list of 2 states" in caught.value.errors[0]["detail"]
