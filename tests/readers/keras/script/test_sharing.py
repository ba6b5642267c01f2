"""One layer of Keras code in several places is one: its parameters count once, and a pass runs on the same array."""

import pytest

from layercalc import analyze, forward

PAIR = "a = Input((6, 3))\nb = Input((6, 3))\nd = Dense(4)\n"  # 16 parameters
TWO = "i = Input((10,))\ns = Dense(1)\none = Model(i, s(i))\n"  # 11 parameters


@pytest.mark.parametrize(
    ("code", "params"),
    [
        (PAIR + "Model([a, b], Add()([TimeDistributed(d)(a), d(b)]))", 16),
        (PAIR + "Model([a, b], Add()([d(b), TimeDistributed(d)(a)]))", 16),
        (PAIR + "Model([a, b], Add()([TimeDistributed(d)(a), TimeDistributed(d)(b)]))", 16),
        (PAIR + "Model([a, b], Add()([TimeDistributed(Dense(4))(a), Dense(4)(b)]))", 32),
        (PAIR + "t = TimeDistributed(d)\nModel([a, b], Add()([t(a), t(b)]))", 16),
        (PAIR + "m = Sequential([d])\nModel([a, b], Add()([m(a), d(b)]))", 16),
        (PAIR + "m = Sequential([Input((3,)), d])\nModel([a, b], Add()([TimeDistributed(m)(a), TimeDistributed(m)(b)]))", 16),
        (PAIR + "m = Sequential([Input((3,)), d])\nModel([a, b], Add()([TimeDistributed(m)(a), d(b)]))", 16),
        (PAIR + "r = LSTM(2, return_sequences=True)\nModel([a, b], Concatenate()([Bidirectional(r)(a), r(b)]))", 144),
        (PAIR + "c = LSTMCell(2)\nModel([a, b], Concatenate()([RNN(c)(a), RNN(c)(b)]))", 48),
        (TWO + "two = Model(i, s(i))\na, b = Input((10,)), Input((10,))\nModel([a, b], concatenate([one(a), two(b)]))", 11),
        (TWO + "a = Input((10,))\nModel(a, concatenate([one(a), s(a)]))", 11),
        (TWO + "a = Input((10,))\nModel(a, concatenate([s(a), one(a)]))", 11),
        (TWO + "a = Input((10,))\ninner = Model(a, one(a))\nModel(a, concatenate([inner(a), one(a), s(a)]))", 11),
        (TWO + "a = Input((10,))\nModel(a, concatenate([one(a), Dense(1)(a)]))", 22),
        (TWO + "Model(i, concatenate([one.output, s(i)]))", 11),
        ("d = Dense(4)\nnet = Sequential([Input((4,)), d, d])", 20),
        ("d = Dense(4)\nnet = Sequential([Input((4,)), d, Sequential([d])])", 20),
    ],
)  # fmt: skip
def test_a_layer_in_several_places_counts_once(code, params):
    assert analyze(code)["totals"]["params"] == params
    assert forward(code, {"seed": 1})["verified"]


def test_a_shared_layer_runs_on_one_array():
    code = PAIR + "Model([a, b], Subtract()([TimeDistributed(d)(a), d(b)]))"
    ones = [[[1.0] * 3] * 6]
    (out,) = forward(code, [ones, ones], {"seed": 3})["outputs"]
    assert {value for row in out["data"][0] for value in row} == {0.0}
