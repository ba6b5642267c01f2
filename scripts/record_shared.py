"""Record models in which one layer stands in several places, as Keras saves and counts them: run by hand.

    pip install keras tensorflow-cpu tf-keras
    KERAS_BACKEND=tensorflow python scripts/record_shared.py

writes `tests/data/keras_shared/`: for each model below, by Keras 3 and by Keras 2 (`.k2`), the files it saves
(`.keras`, and `.h5` where Keras 2 says in it what is shared) with random weights, in `models.json.gz` the parameters
that Keras counts and the shapes of `get_weights()`, in `values.npz` inputs, weights and outputs of the model that was
saved: Keras 3.15.1 itself loads some of these files as two layers, or not at all.
tests/readers/keras/test_sharing.py holds ours against them. It is no dependency of the package, and
`make test` does not run it.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "keras_shared"


def submodel_first(k):
    """In a submodel, then around it."""
    shared = k.layers.Dense(4, name="shared")
    j = k.Input((4,), name="y")
    inner = k.Model(j, k.layers.ReLU()(shared(j)), name="inner")
    i = k.Input((4,), name="x")
    return k.Model(i, k.layers.Dense(2)(shared(inner(i))))


def submodel_last(k):
    shared = k.layers.Dense(4, name="shared")
    j = k.Input((4,), name="y")
    inner = k.Model(j, k.layers.ReLU()(shared(j)), name="inner")
    i = k.Input((4,), name="x")
    return k.Model(i, k.layers.Dense(2)(inner(shared(shared(i)))))


def two_submodels(k):
    """In two, not in the model itself, beside a layer of the same class and arguments that is another."""
    i = k.Input((5,))
    shared = k.layers.Dense(3)
    one = k.Model(i, k.layers.Dense(3)(shared(i)), name="one")
    two = k.Model(i, shared(i), name="two")
    a, b = k.Input((5,), name="a"), k.Input((5,), name="b")
    return k.Model([a, b], k.layers.Concatenate()([one(a), two(b)]))


def model_of_models(k):
    """A whole model in two others, one of them two levels down; all in it is shared."""
    core = k.Sequential([k.Input((4,)), k.layers.Dense(4), k.layers.BatchNormalization()], name="core")
    core.add(k.layers.Dense(4))
    i = k.Input((4,))
    one = k.Model(i, core(k.layers.Dense(4)(i)), name="one")
    j = k.Input((4,))
    two = k.Model(j, k.layers.Add()([one(j), core(j)]), name="two")
    x = k.Input((4,))
    return k.Model(x, k.layers.Add()([two(x), core(x)]))


def wrapped_first(k):
    a, b = k.Input((6, 3), name="a"), k.Input((6, 3), name="b")
    shared = k.layers.Dense(4)
    return k.Model([a, b], k.layers.Add()([k.layers.TimeDistributed(shared)(a), shared(b)]))


def wrapped_last(k):
    a, b = k.Input((6, 3), name="a"), k.Input((6, 3), name="b")
    shared = k.layers.Dense(4)
    return k.Model([a, b], k.layers.Add()([shared(b), k.layers.TimeDistributed(shared)(a)]))


def wrapped_model(k):
    """A recurrent model bare and for each of several sequences, and a wrapper within one of two submodels."""
    inner = k.Sequential([k.Input((5, 3)), k.layers.LSTM(4), k.layers.Dense(2)], name="inner")
    a, b = k.Input((2, 5, 3), name="a"), k.Input((5, 3), name="b")
    many, head = k.layers.TimeDistributed(inner)(a), k.layers.Dense(2, name="head")
    i = k.Input((2, 2))
    wrapper = k.Model(i, k.layers.TimeDistributed(head)(i), name="wrapper")
    return k.Model([a, b], [wrapper(many), head(inner(b))])


def copied(k):
    """A Bidirectional makes layers of its own from the config of one that stands bare too."""
    x = k.Input((5, 3))
    lstm = k.layers.LSTM(3, return_sequences=True)
    both = k.layers.Bidirectional(lstm, merge_mode="sum")
    i = k.Input((5, 3))
    inner = k.Model(i, both(i), name="inner")
    return k.Model(x, k.layers.Add()([both(x), lstm(x), inner(x)]))


def cells(k):
    """A cell in two loops."""
    cell = k.layers.GRUCell(3, name="cell")
    x = k.Input((5, 3))
    return k.Model(x, k.layers.RNN(cell)(k.layers.RNN(cell, return_sequences=True)(x)))


def frozen(k):
    """Frozen with the submodel that it is in."""
    shared = k.layers.Dense(4, name="shared")
    j = k.Input((4,), name="y")
    inner = k.Model(j, k.layers.Dense(4)(shared(j)), name="inner")
    inner.trainable = False
    i = k.Input((4,), name="x")
    return k.Model(i, k.layers.Dense(2)(shared(inner(i))))


def partly(k):
    """Spectral normalisation has a vector of its own beside the kernel that it shares; Keras 3 alone has it."""
    shared = k.layers.Dense(4, name="shared")
    x = k.Input((4,))
    return k.Model(x, k.layers.Add()([k.layers.SpectralNormalization(shared)(x), shared(x)]))


BOTH = (
    submodel_first, submodel_last, two_submodels, model_of_models, wrapped_first, wrapped_last, wrapped_model, copied,
    cells, frozen,
)  # fmt: skip

# Keras 2 says nothing in its .h5 of what is in a wrapper or a loop, and writes wrong edges (those of the second place
# in the first too) where the first place is in the model itself: it cannot load these either.
SAID = (submodel_first, two_submodels, model_of_models, frozen)


def record(k, build, suffix, values, models):
    k.utils.set_random_seed(7)
    k.backend.clear_session()
    model, name = build(k), build.__name__ + suffix
    generator = np.random.default_rng(3)
    weights = model.get_weights()
    weights = [generator.uniform(0.1, 0.9, one.shape).astype("float32") for one in weights]
    model.set_weights(weights)
    inputs = [generator.normal(size=(2, *map(int, one.shape[1:]))).astype("float32") for one in model.inputs]
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    for kind, arrays in (("x", inputs), ("w", weights), ("y", outputs)):
        for i, array in enumerate(arrays):
            values[f"{name}/{kind}{i}"] = np.asarray(array)
    trainable = sum(int(np.prod(one.shape)) for one in model.trainable_weights)
    models[name] = {
        "params": model.count_params(),
        "trainable_params": trainable,
        "weights": [list(one.shape) for one in weights],
    }
    for ending in ("keras", "h5") if suffix and build in SAID else ("keras",):
        path = FOLDER / f"{name}.{ending}"
        try:
            model.save(path)
        except (ValueError, TypeError) as error:
            print(f"{path.name} is not saved: {error}", file=sys.stderr)
            path.unlink(missing_ok=True)
            continue
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()


def main():
    import keras
    import tf_keras

    FOLDER.mkdir(exist_ok=True)
    values, models = {}, {}
    for build in (*BOTH, partly):
        record(keras, build, "", values, models)
    for build in BOTH:
        record(tf_keras, build, ".k2", values, models)
    np.savez_compressed(FOLDER / "values.npz", **values)
    (FOLDER / "models.json.gz").write_bytes(gzip.compress(json.dumps(models).encode(), mtime=0))
    print(sum(path.stat().st_size for path in FOLDER.iterdir()), "bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
