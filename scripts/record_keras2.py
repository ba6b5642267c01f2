"""Record what an installed Keras 2 makes of functions of TensorFlow and of layers that are no more: run by hand.

    pip install tf-keras tensorflow-cpu
    python scripts/record_keras2.py

adds the models below to `tests/data/keras2/recorded.json.gz`, with random weights and inputs in `values.npz`.
tests/test_keras.py then holds ours against them. It is no dependency of the package, and `make test` does not run it.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras import backend, layers

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "keras2"
CASES = (
    ("reshape_dyn", lambda x: tf.reshape(x, [tf.shape(x)[0], -1]), (4, 3), "float32"),
    ("reshape_stack", lambda x: tf.reshape(x, tf.stack([tf.shape(x)[0], 6, 2])), (4, 3), "float32"),
    ("reshape_parts", lambda x: tf.reshape(x, (tf.shape(x)[0], tf.shape(x)[1] * tf.shape(x)[2])), (4, 3), "float32"),
    ("tile_dyn", lambda x: tf.tile(x, [1, tf.shape(x)[1], 1]), (4, 3), "float32"),
    ("fill", lambda x: x + tf.zeros([tf.shape(x)[0], 4, 3]), (4, 3), "float32"),
    ("zeros_like", lambda x: x + tf.zeros_like(x), (4, 3), "float32"),
    ("broadcast", lambda x: tf.broadcast_to(x, [tf.shape(x)[0], 4, 3]), (1, 3), "float32"),
    ("range", lambda x: x + tf.cast(tf.range(3), "float32"), (4, 3), "float32"),
    ("resize_dyn", lambda x: tf.image.resize(x, (tf.shape(x)[1] * 2, tf.shape(x)[2] * 2)), (4, 3, 2), "float32"),
    ("resize", lambda x: tf.image.resize(x, (8, 6)), (4, 3, 2), "float32"),
    ("resize_n", lambda x: tf.image.resize(x, (8, 6), method="nearest"), (4, 3, 2), "float32"),
    ("slice_dyn", lambda x: x[:, : tf.shape(x)[1] - 1], (4, 3), "float32"),
    ("expand", lambda x: x[:, tf.newaxis], (4, 3), "float32"),
    ("gather", lambda x: tf.gather(x, [0, 2], axis=1), (4, 3), "float32"),
    ("one_hot", lambda x: tf.one_hot(x, 5), (4,), "int32"),
    ("split", lambda x: tf.split(x, 2, axis=1)[0], (4, 3), "float32"),
    ("unstack", lambda x: tf.unstack(x, axis=1)[1], (4, 3), "float32"),
    ("where", lambda x: tf.where(x > 0, x, tf.zeros_like(x)), (4, 3), "float32"),
    ("l2", lambda x: tf.math.l2_normalize(x, axis=-1), (4, 3), "float32"),
    ("pad", lambda x: tf.pad(x, [[0, 0], [1, 1], [0, 0]]), (4, 3), "float32"),
    ("d2s", lambda x: tf.nn.depth_to_space(x, 2), (4, 4, 8), "float32"),
    ("s2d", lambda x: tf.nn.space_to_depth(x, 2), (4, 4, 2), "float32"),
    ("conv2d", lambda x: tf.nn.conv2d(x, tf.ones((3, 3, 2, 4)), 1, "SAME"), (4, 4, 2), "float32"),
    ("maxpool", lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), (4, 4, 2), "float32"),
    ("avgpool", lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"), (4, 4, 2), "float32"),
    ("softplus", lambda x: tf.math.softplus(x), (4,), "float32"),
    ("leaky", lambda x: tf.nn.leaky_relu(x), (4,), "float32"),
    ("gelu", lambda x: tf.nn.gelu(x), (4,), "float32"),
    ("swish", lambda x: tf.nn.swish(x), (4,), "float32"),
    ("matmulT", lambda x: tf.matmul(x, x, transpose_b=True), (4, 3), "float32"),
    ("concat", lambda x: tf.concat([x, x], -1), (4, 3), "float32"),
    ("stack", lambda x: tf.stack([x, x], 1), (4, 3), "float32"),
    ("argmax", lambda x: tf.argmax(x, -1), (4, 3), "float32"),
    ("topk", lambda x: tf.math.top_k(x, 2)[0], (4, 3), "float32"),
    ("cumsum", lambda x: tf.cumsum(x, 1), (4, 3), "float32"),
    ("clip", lambda x: tf.clip_by_value(x, 0.0, 1.0), (4, 3), "float32"),
    ("tensordot", lambda x: tf.tensordot(x, tf.ones((3, 2)), 1), (4, 3), "float32"),
    ("linalg_norm", lambda x: tf.norm(x, axis=-1), (4, 3), "float32"),
    ("sqd", lambda x: tf.math.squared_difference(x, 1.0), (4, 3), "float32"),
    ("reduce_lse", lambda x: tf.reduce_logsumexp(x, axis=-1), (4, 3), "float32"),
    ("eye", lambda x: x + tf.eye(3), (3, 3), "float32"),
    ("rsqrt", lambda x: tf.math.rsqrt(x), (3, 3), "float32"),
    ("add_n", lambda x: tf.add_n([x, x]), (3, 3), "float32"),
    ("ident", lambda x: tf.identity(x), (3, 3), "float32"),
    ("stop", lambda x: tf.stop_gradient(x), (3, 3), "float32"),
    ("bd", lambda x: tf.nn.bias_add(x, tf.ones(3)), (3, 3), "float32"),
    ("moments", lambda x: tf.nn.moments(x, axes=[1])[0], (3, 3), "float32"),
    ("rev", lambda x: tf.reverse(x, axis=[1]), (3, 3), "float32"),
    ("roll", lambda x: tf.roll(x, 1, axis=1), (3, 3), "float32"),
    ("rank", lambda x: tf.squeeze(x, axis=1), (1, 3), "float32"),
    ("meshgrid", lambda x: tf.math.log_softmax(x), (3, 3), "float32"),
    ("kmean", lambda x: backend.mean(x, axis=1), (3, 3), "float32"),
    ("kdot", lambda x: backend.dot(x, tf.ones((3, 2))), (3, 3), "float32"),
    ("ksum", lambda x: backend.sum(backend.square(x), axis=-1, keepdims=True), (3, 3), "float32"),
    ("kconcat", lambda x: backend.concatenate([x, x]), (3, 3), "float32"),
    ("klc1", lambda x: layers.LocallyConnected1D(5, 3)(x), (9, 2), "float32"),
    (
        "klc1s",
        lambda x: layers.LocallyConnected1D(5, 3, strides=2, use_bias=False, activation="relu")(x),
        (9, 2),
        "float32",
    ),
    ("klc2", lambda x: layers.LocallyConnected2D(5, (3, 2), strides=(2, 1))(x), (9, 8, 2), "float32"),
    ("klc2_2", lambda x: layers.LocallyConnected2D(5, 3, implementation=2, padding="same")(x), (9, 8, 2), "float32"),
    ("klc2_3", lambda x: layers.LocallyConnected2D(5, 3, implementation=3)(x), (9, 8, 2), "float32"),
    ("syncbn", lambda x: layers.experimental.SyncBatchNormalization()(x), (9, 2), "float32"),
    ("thr", lambda x: layers.ThresholdedReLU(0.5)(x), (9, 2), "float32"),
)


def main() -> None:
    path = FOLDER / "recorded.json.gz"
    found = json.loads(gzip.decompress(path.read_bytes()))
    with np.load(FOLDER / "values.npz") as archive:
        values = dict(archive)
    for index, (name, function, shape, dtype) in enumerate(CASES):
        generator = np.random.default_rng(index)
        backend.clear_session()
        x = tf_keras.Input(shape, dtype=dtype)
        model = tf_keras.Model(x, function(x))
        for weight in model.weights:
            weight.assign(generator.standard_normal(weight.shape) * 0.3)
        size = (2, *shape)
        given = generator.integers(0, 5, size) if dtype == "int32" else generator.standard_normal(size)
        given = given.astype(dtype)
        key = f"tf_{name}"
        found[key] = {
            "model": json.loads(model.to_json()),
            "output_shapes": [list(one.shape) for one in model.outputs],
            "total_params": model.count_params(),
        }
        arrays = {f"{key}/w{place}": weight.numpy() for place, weight in enumerate(model.weights)}
        values |= arrays | {f"{key}/in0": given, f"{key}/out0": model(given).numpy()}
    path.write_bytes(gzip.compress(json.dumps(found).encode(), 9, mtime=0))
    np.savez_compressed(FOLDER / "values.npz", **values)
    print(f"{len(CASES)} models")


if __name__ == "__main__":
    main()
