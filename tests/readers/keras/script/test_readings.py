"""What a text has asked of shapes is not read again by the analysis, and changes no answer."""

import gc
import weakref
from contextlib import suppress

import pytest

from layercalc import analyze
from layercalc.analysis import readings
from layercalc.errors import InvalidModel
from layercalc.readers import read
from layercalc.readers.keras.script import reader

TEXT = """
from keras import Model, Input, layers
x = inputs = Input((32, 32, 3))
for filters in (8, 16):
    x = layers.Conv2D(filters, 3)(x)
    x = layers.Add()([x, layers.Dropout(0.1)(x)])
SHAPE
model = Model(inputs, layers.Dense(4)(layers.Flatten()(x)))
"""


def counted(monkeypatch, text, **options):
    """The report of a text, and the types of the layers that were read for it, in order."""
    read = []
    plain = readings.read
    with monkeypatch.context() as patch:
        patch.setattr(readings, "read", lambda layer, *more: read.append(layer.type) or plain(layer, *more))
        return analyze(text, **options), read


@pytest.mark.parametrize("asks", ["print(x.shape[-1])", "assert x.shape[-1] == 16"])
@pytest.mark.parametrize("then", ["", "model.trainable = False", "model.layers[1].trainable = False"])
@pytest.mark.parametrize("options", [{}, {"batch_size": 2}], ids=str)
def test_shapes_that_a_text_asks_for_change_no_answer(monkeypatch, asks, then, options):
    plain, once = counted(monkeypatch, TEXT.replace("SHAPE", "") + then, **options)
    asked, read = counted(monkeypatch, TEXT.replace("SHAPE", asks) + then, **options)
    for key in ("totals", "layers", "outputs"):
        assert asked[key] == plain[key]
    if not then and not options:
        assert sorted(read) == sorted(once)  # each layer once, whoever asked


ENDINGS = [
    "",
    "raise ValueError",
    "def f():\n    yield f\ng = f()\nnext(g)",
    "class A:\n    def f(self): pass\na = A()",
]


@pytest.mark.parametrize("more", ENDINGS)
def test_a_text_is_gone_when_it_is_read(monkeypatch, more):
    """What it has made refers to itself in circles; no collection has to find that."""
    kept = []

    class Kept(reader.Text):
        def __init__(self, names, nodes, bounds):
            super().__init__(names, nodes, bounds)
            kept.extend(map(weakref.ref, (names, nodes)))

    monkeypatch.setattr(reader, "Text", Kept)
    gc.disable()
    try:
        with suppress(InvalidModel):
            read(TEXT.replace("SHAPE", more))
        assert [one() for one in kept] == [None, None]
    finally:
        gc.enable()
