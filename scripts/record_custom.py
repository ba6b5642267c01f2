"""Record models with Lambdas and classes of their author's own, as Keras writes them: run by hand.

    pip install keras
    KERAS_BACKEND=numpy python scripts/record_custom.py

writes `tests/data/keras_custom/models.json.gz`: `to_json()` of each model below, and the shapes and dtypes of what its
layers give. tests/readers/keras/test_undescribed.py holds ours against them. It is no dependency of the package, and
`make test` does not run it.
"""

import gzip
import json
from pathlib import Path

import keras
from keras import layers, ops

OUT = Path(__file__).parent.parent / "tests/data/keras_custom/models.json.gz"


@keras.saving.register_keras_serializable(package="mine")
class Scale(layers.Layer):
    """A registered class: its name stands as mine>Scale, its module as null."""

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1],), name="w")

    def call(self, x):
        return x * self.w

    def compute_output_shape(self, shape):
        return shape


class Attention(layers.Layer):
    """A class with the name of one of Keras'."""

    def call(self, x):
        return ops.mean(x, 1)


class Halves(layers.Layer):
    """Two outputs."""

    def call(self, x):
        n = x.shape[-1] // 2
        return x[..., :n], x[..., n:]


class Pairs(layers.Layer):
    """A tensor by name, and arguments that are none."""

    def call(self, x, y=None, flip=False):
        return ops.concatenate([y, x] if flip else [x, y], -1)

    def compute_output_shape(self, x_shape, y_shape):
        return (*x_shape[:-1], x_shape[-1] * 2)


class Cell(layers.Layer):
    """The cell of an RNN."""

    state_size = 6

    def call(self, x, states):
        h = x[:, :6] + states[0]
        return h, [h]


def first(x):
    return x[:, :6]


def models():
    i = layers.Input((12,))
    h = layers.Dense(12, name="before")(i)
    o = layers.Dense(3, name="after")(layers.Lambda(first, output_shape=(6,), name="first")(h))
    yield "functional", keras.Model(i, [o, layers.Dense(2, name="beside")(h)])
    yield (
        "sequential",
        keras.Sequential(
            [
                layers.Input((8, 8, 3)),
                layers.Conv2D(4, 3, name="conv"),
                layers.Lambda(lambda x: x * 2, name="double"),
                Scale(name="scale"),
                layers.Flatten(name="flatten"),
                layers.Dense(2, name="dense"),
            ]
        ),
    )
    i = layers.Input((10,))
    a, b = Halves(name="halves")(i)
    yield "outputs", keras.Model(i, layers.Add(name="add")([layers.Dense(5, name="dense")(a), b]))
    i = layers.Input((10,))
    p = Pairs(name="pairs")(i, y=layers.Dense(10, name="before")(i), flip=True)
    yield "named", keras.Model(i, layers.Dense(3, name="after")(p))
    inner = keras.Sequential([layers.Input((5,)), Scale(name="s"), layers.Dense(4, name="d")], name="inner")
    i = layers.Input((7, 5))
    yield "distributed", keras.Model(i, layers.TimeDistributed(inner, name="td")(i))
    i = layers.Input((7, 5))
    t = layers.TimeDistributed(Scale(name="s"), name="td")(i)
    yield "wrapped", keras.Model(i, layers.Dense(3, name="after")(t))
    i = layers.Input((5,))
    o = layers.Dense(2, name="after")(ops.relu(Scale(name="again")(inner(i))))
    yield "nested", keras.Model(i, o)
    i = layers.Input((5,))
    ends = keras.Model(i, Scale(name="end")(layers.Dense(6, name="d")(i)), name="ends")
    i = layers.Input((5,))
    yield "ends", keras.Model(i, layers.Dense(2, name="after")(ends(i)))
    i = layers.Input((5,))
    s = Scale(name="s")
    yield "shared", keras.Model(i, layers.Dense(2, name="after")(s(layers.Dense(5, name="between")(s(i)))))
    i = layers.Input((9, 5))
    x = layers.Dense(8, name="before")(i)
    yield "namesake", keras.Model(i, layers.Dense(2, name="after")(Attention(name="attention")(x)))
    i = layers.Input((9, 12))
    yield "cell", keras.Model(i, layers.Dense(2, name="after")(layers.RNN(Cell(name="mine"), name="rnn")(i)))
    i = layers.Input((12,))
    n = layers.Lambda(lambda x: ops.argmax(x, -1), name="which", dtype="float32")(i)
    yield "integers", keras.Model(i, layers.Embedding(12, 4, name="table")(n))
    i = layers.Input((None, None, 3))
    x = layers.Lambda(lambda x: x * 2, name="double")(layers.Conv2D(4, 3, name="conv")(i))
    yield "open", keras.Model(i, layers.GlobalAveragePooling2D(name="pool")(x))
    i = layers.Input((12,))
    x = layers.Dense(10, name="before")(i)
    f = layers.Lambda(first, name="first")
    t = layers.Lambda(lambda x: x * 2, name="twice")
    yield "differ", keras.Model(i, layers.Concatenate(name="join")([t(i), f(i), t(x)]))
    i = layers.Input((12,), batch_size=4)
    x = layers.Lambda(lambda x: ops.reshape(x, (8, 6)), name="folded")(i)
    yield "folded", keras.Model(i, layers.Dense(2, name="after")(x))
    i = layers.Input((10,))
    x = layers.Dense(6, name="before")(i)
    yield "last", keras.Model(i, [Scale(name="scale")(x), x])
    x = keras.Sequential([layers.Input((10,)), layers.Dense(6, name="before"), Scale(name="scale")])
    yield "last_of_all", x
    i = layers.Input((7, 5))
    yield "function", keras.Model(i, layers.Dense(2, name="after")(ops.vectorized_map(lambda one: one * 2, i)))


def rows(model):
    """The shapes and dtypes of what each layer gives at its first use."""
    out = {}
    for layer in model.layers:
        if layer._inbound_nodes:
            tensors = layer._inbound_nodes[0].output_tensors
            out[layer.name] = [[list(one.shape), one.dtype] for one in tensors]
    return out


found = {}
for name, model in models():
    found[name] = {"model": json.loads(model.to_json()), "layers": rows(model)}
OUT.parent.mkdir(exist_ok=True)
with gzip.GzipFile(OUT, "wb", mtime=0) as out:
    out.write(json.dumps({"keras": keras.__version__, "models": found}, separators=(",", ":")).encode())
