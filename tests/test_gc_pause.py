"""What a report pauses the cycle collector for is true: nothing that is made on the way waits for it."""

import gc
import json

import pytest

from layercalc import Refused, analyze, catalogue, check, diff, forward
from layercalc.gc_pause import paused
from layercalc.layers.keras.base import KERAS
from tests import oracle

DENSE = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}
KINDS = [name for name, kind in KERAS.kinds.items() if not kind.is_input]
OWN = """
from keras import Input, Model, layers
class Block(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.inner = [layers.Dense(units), layers.BatchNormalization()]
    def call(self, x):
        for one in self.inner:
            x = one(x)
        return x, x + 1
class Net(Model):
    def __init__(self):
        super().__init__()
        self.block = Block(4)
    def call(self, x):
        a, b = self.block(x)
        if a.shape[-1] > 5: raise ValueError(a)
        return a + b
model = Net()
model.build((None, 3))
"""
ASKED = {
    "text": lambda: analyze(json.dumps(DENSE)),
    "extras": lambda: analyze(DENSE, explain=True, conventions="all", device="a100"),
    "graph": lambda: analyze(oracle.unzipped(oracle.DATA / "keras_apps" / "ResNet50.model.json.gz")),
    "check": lambda: check(DENSE, [{"metric": "params", "max": 99}]),
    "diff": lambda: diff(DENSE, {**DENSE, "input_shape": [9]}),
    "own layers": lambda: analyze(OWN),
    "unknown type": lambda: analyze({"input_shape": [3], "layers": [{"type": "Dens"}]}),
    "misfit": lambda: analyze({"input_shape": [3], "layers": [{"type": "LSTM", "units": 1}]}),
}


def left(ask):
    """How many objects are left that only the collector can free."""

    def answered():
        try:
            return ask() and None
        except Refused:
            return None

    answered()  # what is loaded and kept when it is first needed
    gc.collect(0)
    with paused():
        answered()
        return gc.collect(0)


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_answer_leaves_nothing_to_the_collector(ask):
    assert left(ask) == 0


@pytest.mark.parametrize("name", KINDS)
def test_pass_through_each_layer_leaves_nothing_to_the_collector(name):
    kind = KERAS.kinds[name]
    example = catalogue.example(kind)
    inputs = [{"name": f"in{i}", "batch_shape": shape} for i, shape in enumerate(example["input_shapes"])]
    layer = {**example["layer"], "name": "it", "inputs": [one["name"] for one in inputs]}
    document = {"inputs": inputs, "layers": [layer]}
    assert left(lambda: analyze(document) if kind.only_analysed else forward(document, {"seed": 1}, stats=True)) == 0


def test_cycle_is_counted():
    def ask():
        one = []
        one.append(one)

    assert left(ask) == 1
