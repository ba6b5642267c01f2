"""Record models as Keras saves them to files, with its own outputs: run by hand, once for each Keras.

    pip install keras tensorflow-cpu tf-keras h5py
    KERAS_BACKEND=tensorflow python scripts/record_files.py

writes `tests/data/keras_files/`: for each model below `<name>.keras`, `<name>.h5` and `<name>.weights.h5` by Keras 3,
and those of Keras 2 as `<name>.k2.keras` …, each compressed (HDF5 is mostly zeros), with the inputs and outputs in
`values.npz` and the documents in `models.json.gz`. One model is kept as it is, with `x.npy` and `y.npy`, for the
README. tests/files/test_files.py then runs the files. It is no dependency of the package, and `make test` does not
run it.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "keras_files"


def sequential(k):
    model = k.Sequential([k.Input((6, 6, 2)), k.layers.Conv2D(3, 3, activation="relu"), k.layers.BatchNormalization()])
    for layer in (k.layers.Dropout(0.5), k.layers.Flatten(), k.layers.Dense(4, name="head"), k.layers.Dense(3)):
        model.add(layer)
    return model


def branches(k):
    """Two branches, a layer used twice, weights in an order that is not the names'."""
    a, b = k.Input((5,), name="right"), k.Input((5,), name="left")
    shared = k.layers.Dense(5, name="shared")
    zeta, alpha = k.layers.Dense(3, name="zeta"), k.layers.Dense(3, name="alpha")
    x = k.layers.Concatenate()([shared(a), zeta(b), alpha(shared(b))])
    return k.Model([a, b], [k.layers.Dense(2, name="one")(x), k.layers.LayerNormalization(name="two")(x)])


def nested(k):
    """A model in a model in a model, one of them used twice, its batch norm frozen."""
    inner = k.Sequential([k.Input((4,)), k.layers.Dense(4), k.layers.BatchNormalization()], name="inner")
    frozen = k.Sequential([k.Input((4,)), k.layers.Dense(4), k.layers.BatchNormalization()], name="frozen")
    frozen.trainable = False
    i = k.Input((4,))
    middle = k.Model(i, inner(k.layers.Dense(4)(inner(frozen(i)))), name="middle")
    x = k.Input((4,))
    return k.Model(x, k.layers.Add()([k.layers.Dense(4)(middle(x)), x]))


def recurrent(k):
    x = k.Input((5, 3))
    y = k.layers.Bidirectional(k.layers.LSTM(2, return_sequences=True))(x)
    y = k.layers.GRU(3, return_sequences=True)(y)
    y = k.layers.Bidirectional(k.layers.GRU(2, return_sequences=True), merge_mode="sum")(y)
    y = k.layers.RNN([k.layers.LSTMCell(3), k.layers.GRUCell(2)], return_sequences=True)(y)
    y = k.layers.TimeDistributed(k.layers.Dense(3))(y)
    return k.Model(x, k.layers.SimpleRNN(2)(k.layers.LSTM(2, return_sequences=True)(y)))


def attention(k):
    words = k.Input((6,), dtype="int32")
    x = k.layers.Embedding(9, 4)(words)
    y = k.layers.MultiHeadAttention(2, 3)(x, x)
    x = k.layers.LayerNormalization()(k.layers.Add()([x, y]))
    y = k.layers.MultiHeadAttention(1, 2, value_dim=3)(x, x, y)
    return k.Model(words, k.layers.Dense(2)(k.layers.GlobalAveragePooling1D()(y)))


def convolutions(k):
    x = k.Input((8, 8, 3))
    y = k.layers.SeparableConv2D(4, 3, padding="same")(x)
    y = k.layers.DepthwiseConv2D(3, depth_multiplier=2)(y)
    y = k.layers.PReLU(shared_axes=[1, 2])(y)
    y = k.layers.BatchNormalization(scale=False)(y)
    y = k.layers.Conv2DTranspose(3, 3, strides=2)(y)
    return k.Model(x, k.layers.Conv2D(2, 1, groups=1, use_bias=False)(y))


def wrapped(k):
    """What only Keras 3 has, and layers with more than one part."""
    x = k.Input((4, 5))
    y = k.layers.SpectralNormalization(k.layers.Dense(4))(x)
    y = k.layers.GroupQueryAttention(2, 4, 2)(y, y)
    y = k.layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d")(y)
    y = k.layers.TimeDistributed(k.Sequential([k.layers.Dense(4), k.layers.GaussianNoise(0.1), k.layers.Dense(2)]))(y)
    y = k.layers.Normalization(mean=[0.5, 1.0], variance=[2.0, 0.5])(y)
    return k.Model(x, k.layers.GroupNormalization(2)(y))


def halves(k):
    """Weights kept in bfloat16."""
    k.config.set_dtype_policy("bfloat16")
    try:
        return k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.Dense(2)])
    finally:
        k.config.set_dtype_policy("float32")


BOTH = (sequential, branches, nested, recurrent, attention, convolutions)
FORMS = {  # which files of which model are kept: every kind of file, and every model in some
    "keras": {"sequential", "branches", "nested", "recurrent", "attention", "convolutions", "wrapped", "halves"},
    "h5": {"sequential", "branches", "nested", "recurrent", "attention", "convolutions", "wrapped"},
    "weights.h5": {"sequential", "nested", "recurrent"},
    "k2.keras": {"sequential", "branches", "nested", "recurrent", "attention"},
    "k2.h5": {"sequential", "branches", "nested", "recurrent", "attention", "convolutions"},
    "k2.weights.h5": {"sequential", "nested", "attention"},
}


def record(k, build, suffix, values, documents):
    k.utils.set_random_seed(7)
    k.backend.clear_session()
    model, name = build(k), build.__name__ + suffix
    generator = np.random.default_rng(3)
    if suffix or build is not halves:
        for weight in model.weights:
            if "seed" not in weight.name:
                sign = generator.choice([1, 1 if "var" in weight.name else -1])
                weight.assign((sign * generator.uniform(0.2, 1, weight.shape)).astype("float32"))
    inputs = []
    for one in model.inputs:
        shape = (2, *(int(n) for n in one.shape[1:]))
        draw = generator.integers(0, 9, shape) if "int" in str(one.dtype) else generator.normal(size=shape)
        inputs.append(draw.astype("int32" if "int" in str(one.dtype) else "float32"))
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    for kind, arrays in (("x", inputs), ("y", outputs)):
        for i, array in enumerate(arrays):
            values[f"{name}/{kind}{i}"] = np.asarray(array).astype("int32" if "int" in str(array.dtype) else "float32")
    documents[name] = json.loads(model.to_json())
    for form in FORMS:
        second, ending = form.startswith("k2."), form.removeprefix("k2.")
        if second != bool(suffix) or build.__name__ not in FORMS[form]:
            continue
        path = str(FOLDER / f"{name}.{ending}")
        if ending != "weights.h5":
            model.save(path)
        elif second:  # Keras 2 chooses the layout by the name
            model.save_weights(path.removesuffix("weights.h5") + "weights-only.h5", save_format="h5")
            model.save_weights(path)
        else:
            model.save_weights(path)


def main():
    import keras
    import tf_keras

    FOLDER.mkdir(exist_ok=True)
    values, documents = {}, {}
    for build in (*BOTH, wrapped, halves):
        record(keras, build, "", values, documents)
    for build in BOTH:
        record(tf_keras, build, ".k2", values, documents)
    np.savez_compressed(FOLDER / "values.npz", **values)
    (FOLDER / "models.json.gz").write_bytes(gzip.compress(json.dumps(documents).encode(), mtime=0))
    np.save(FOLDER / "x.npy", values["sequential/x0"])
    np.save(FOLDER / "y.npy", values["sequential/y0"])
    for path in (*FOLDER.glob("*.keras"), *FOLDER.glob("*.h5")):
        if path.name != "sequential.keras":
            Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
            path.unlink()
    print(sum(path.stat().st_size for path in FOLDER.iterdir()), "bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
