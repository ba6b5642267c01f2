"""Operators, slices and functions of tensors in code, with the parameters and defaults of each: shapes by hand."""

import pytest

from layercalc import Refused, analyze, forward

# Behind i of (batch, 6, 8), j of (batch, 6, 8, 3) and v of (batch, 8): the last name is the output.
HEAD = "i, j, v = Input((6, 8)), Input((6, 8, 3)), Input((8,))\n"
SHAPES = {
    # operators and slices
    "i * 2 + 1 - i / 3 ** 2": [None, 6, 8],
    "-i": [None, 6, 8],
    "abs(i) // 2": [None, 6, 8],
    "1 - i": [None, 6, 8],
    "np.ones((6, 8)) * i": [None, 6, 8],
    "i + np.arange(8)": [None, 6, 8],
    "i @ tf.transpose(i, [0, 2, 1])": [None, 6, 6],
    "i[:, 0]": [None, 8],
    "i[:, -1, :]": [None, 8],
    "i[:, ::2, ..., 1:5]": [None, 3, 4],
    "i[:, :, None]": [None, 6, 1, 8],
    "i[:, tf.newaxis]": [None, 1, 6, 8],
    # keras.backend
    "K.mean(i, axis=1)": [None, 8],
    "K.mean(i, 1, True)": [None, 1, 8],
    "K.sum(i, axis=[1, 2])": [None],
    "K.max(i, axis=-1, keepdims=True)": [None, 6, 1],
    "K.concatenate([i, i])": [None, 6, 16],
    "K.concatenate([i, i], axis=1)": [None, 12, 8],
    "K.stack([v, v])": [2, None, 8],
    "K.stack([v, v], axis=1)": [None, 2, 8],
    "K.expand_dims(v)": [None, 8, 1],
    "K.expand_dims(v, 1)": [None, 1, 8],
    "K.squeeze(K.expand_dims(v, 1), 1)": [None, 8],
    "K.permute_dimensions(j, (0, 3, 1, 2))": [None, 3, 6, 8],
    "K.reshape(i, (-1, 4, 12))": [None, 4, 12],
    "K.batch_dot(i, i, axes=[2, 2])": [None, 6, 6],
    "K.batch_dot(i, i, axes=2)": [None, 6, 6],
    "K.batch_dot(i, K.permute_dimensions(i, (0, 2, 1)))": [None, 6, 6],
    "K.batch_dot(v, v, axes=1)": [None, 1],
    "K.batch_flatten(j)": [None, 144],
    "K.repeat(v, 5)": [None, 5, 8],
    "K.repeat_elements(i, 3, axis=1)": [None, 18, 8],
    "K.tile(v, [1, 2])": [None, 16],
    "K.argmax(i)": [None, 6],
    "K.softmax(i)": [None, 6, 8],
    "K.l2_normalize(i, axis=1)": [None, 6, 8],
    "K.clip(K.abs(i), 0, 1)": [None, 6, 8],
    "K.pow(i, 2)": [None, 6, 8],
    "K.relu(i, alpha=0.1, max_value=6)": [None, 6, 8],
    "K.cast(i, 'float16')": [None, 6, 8],
    "K.one_hot(K.cast(v, 'int32'), 5)": [None, 8, 5],
    "K.resize_images(j, 2, 3, 'channels_last')": [None, 12, 24, 3],
    "K.reverse(i, axes=1)": [None, 6, 8],
    "K.in_train_phase(K.mean(i, 1), v)": [None, 8],
    # tf
    "tf.reduce_mean(i, 1)": [None, 8],
    "tf.reduce_max(i, axis=[1, 2], keepdims=True)": [None, 1, 1],
    "tf.concat([i, i], 1)": [None, 12, 8],
    "tf.concat(values=[i, i], axis=-1)": [None, 6, 16],
    "tf.stack([v, v])": [2, None, 8],
    "tf.split(i, 2, axis=2)[0]": [None, 6, 4],
    "tf.split(i, [2, 6], axis=-1)[1]": [None, 6, 6],
    "tf.unstack(i, axis=1)[3]": [None, 8],
    "tf.transpose(i, perm=[0, 2, 1])": [None, 8, 6],
    "tf.expand_dims(v, -1)": [None, 8, 1],
    "tf.squeeze(tf.expand_dims(v, 1), [1])": [None, 8],
    "tf.pad(j, [[0, 0], [1, 1], [2, 2], [0, 0]])": [None, 8, 12, 3],
    "tf.pad(j, [[0, 0], [1, 1], [2, 2], [0, 0]], 'REFLECT')": [None, 8, 12, 3],
    "tf.image.resize(j, (12, 16))": [None, 12, 16, 3],
    "tf.image.resize(j, size=[3, 4], method='nearest')": [None, 3, 4, 3],
    "tf.cast(i, tf.float16)": [None, 6, 8],
    "tf.matmul(i, i, transpose_b=True)": [None, 6, 6],
    "tf.matmul(i, i, True)": [None, 8, 8],
    "tf.einsum('bij,bkj->bik', i, i)": [None, 6, 6],
    "tf.gather(i, [0, 1], axis=1)": [None, 2, 8],
    "tf.tile(i, [1, 2, 1])": [None, 12, 8],
    "tf.where(i > 0, i, tf.zeros_like(i))": [None, 6, 8],
    "tf.nn.softmax(i, axis=1)": [None, 6, 8],
    "tf.nn.leaky_relu(i, 0.1)": [None, 6, 8],
    "tf.nn.space_to_depth(j, 2)": [None, 3, 4, 12],
    "tf.nn.max_pool2d(j, 2, 2, 'SAME')": [None, 3, 4, 3],
    "tf.math.argmax(i, axis=-1)": [None, 6],
    "tf.math.top_k(i, k=3)[0]": [None, 6, 3],
    "tf.reshape(i, (tf.shape(i)[0], 48))": [None, 48],
    "tf.reshape(i, tf.stack([tf.shape(i)[0], 8, 6]))": [None, 8, 6],
    "tf.broadcast_to(v, (2, tf.shape(v)[0], 8))": [2, None, 8],
    "v + tf.random.normal((tf.shape(v)[0], 8))": [None, 8],
    "i + tf.cast(tf.range(8), tf.float32)": [None, 6, 8],
    "i * tf.constant([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])": [None, 6, 8],
    "i / tf.math.sqrt(tf.cast(8, tf.float32))": [None, 6, 8],
    "i + tf.cast(np.zeros((1, 6, 8)), tf.float32)": [None, 6, 8],
    "i + np.zeros((1, 20, 8))[:, :tf.shape(i)[1], :]": [None, 6, 8],
    "i + (np.arange(6)[:, np.newaxis] * np.ones(8)[np.newaxis, :])[np.newaxis, ...]": [None, 6, 8],
    "i + np.sin(np.arange(6)[:, None] / np.power(10000, np.arange(8)[None, :] / np.float32(8)))": [None, 6, 8],
    # keras.ops and activations
    "keras.ops.mean(i, axis=1)": [None, 8],
    "keras.ops.norm(i, 2, 1)": [None, 8],
    "keras.ops.max(i, 1, True)": [None, 1, 8],
    "keras.ops.concatenate([i, i])": [None, 6, 8],
    "keras.ops.concatenate([i, i], 1)": [None, 12, 8],
    "keras.ops.stack([v, v])": [2, None, 8],
    "keras.ops.expand_dims(v, 1)": [None, 1, 8],
    "keras.ops.transpose(i, (0, 2, 1))": [None, 8, 6],
    "keras.ops.reshape(i, (-1, 48))": [None, 48],
    "keras.ops.einsum('bij,bkj->bik', i, i)": [None, 6, 6],
    "keras.ops.flip(i)": [None, 6, 8],
    "keras.ops.repeat(i, 2, 1)": [None, 12, 8],
    "keras.ops.repeat(i, 2, axis=1)": [None, 12, 8],
    "keras.ops.argmax(i, axis=-1)": [None, 6],
    "keras.ops.split(i, 2, axis=1)[1]": [None, 3, 8],
    "keras.ops.split(i, 2, axis=0)[1]": [None, 6, 8],
    "keras.ops.split(i, 1, 0)[0]": [None, 6, 8],
    "keras.ops.max_pool(j, 2)": [None, 3, 4, 3],
    "keras.ops.average_pool(j, 2, 1, 'same')": [None, 6, 8, 3],
    "keras.ops.image.resize(j, (3, 4))": [None, 3, 4, 3],
    "tf.image.resize(j, (tf.shape(i)[0], tf.shape(i)[0]))": [None, None, None, 3],
    "tf.image.resize(j, (5, tf.shape(i)[0]))": [None, 5, None, 3],
    "keras.ops.pad(i, [[0, 0], [1, 1], [0, 0]])": [None, 8, 8],
    "keras.ops.one_hot(keras.ops.cast(v, 'int32'), 5)": [None, 8, 5],
    "keras.ops.take(i, np.array([0, 2]), axis=1)": [None, 2, 8],
    "keras.ops.normalize(v)": [None, 8],
    "keras.ops.sum(i)": [],
    "keras.activations.relu(i, max_value=6)": [None, 6, 8],
    "keras.activations.softmax(i)": [None, 6, 8],
    "keras.activations.get('tanh')(i)": [None, 6, 8],
    "tf.keras.activations.swish(i)": [None, 6, 8],
    # sizes as Python's numbers
    "Reshape((i.shape[1] * i.shape[2],))(i)": [None, 48],
    "Reshape((K.int_shape(i)[1] * 8,))(i)": [None, 48],
    "Reshape((i.shape.as_list()[1], 2, 4))(i)": [None, 6, 2, 4],
    "Reshape((-1, i.get_shape()[2] // 2))(i)": [None, 12, 4],
    "Dense(i.get_shape().as_list()[-1] + 1)(i)": [None, 6, 9],
    "Dense(K.ndim(i))(i)": [None, 6, 3],
    # functions of the text
    "Lambda(lambda t: t[:, 1])(i)": [None, 8],
    "Lambda(lambda t, a: K.sum(t, axis=a), arguments={'a': 1})(i)": [None, 8],
    "Lambda(lambda t: [t[0] + t[1], t[0]])([i, i])[1]": [None, 6, 8],
    "Lambda(lambda t: K.mean(t, axis=1), output_shape=lambda s: (s[0], s[2]))(i)": [None, 8],
    "Lambda(tf.reduce_mean, arguments={'axis': 1})(i)": [None, 8],
    "Lambda(K.squeeze, arguments=dict(axis=1))(i[:, :1])": [None, 8],
    "Lambda(lambda t: t + v[:, None])(i)": [None, 6, 8],
    "Activation(lambda t: t * K.sigmoid(t))(i)": [None, 6, 8],
    "Activation(tf.nn.relu)(i)": [None, 6, 8],
    "Dense(3, activation=lambda t: t * K.sigmoid(t))(i)": [None, 6, 3],
    "TimeDistributed(Lambda(lambda t: t[:, :2]))(i)": [None, 6, 2],
    # several outputs of a call
    "Concatenate()(LSTM(3, return_state=True)(i)[1:])": [None, 6],
    "list(reversed(Model(i, [i, i[:, 0], i[:, :, :3]])(i)[:-1]))[0]": [None, 8],
    "Dense(len(Model(i, [i, i + 1, -i])(i)))(v)": [None, 3],
}


@pytest.mark.parametrize(("text", "shape"), SHAPES.items())
def test_the_shape_of_what_is_computed(text, shape):
    report = analyze(f"{HEAD}y = {text}\nm = Model([i, j, v], y)")
    assert [one["shape"] for one in report["outputs"]] == [shape]


SUMS = {  # of what is computed from i of ones, (1, 2, 3): the arguments are in the places where Keras has them
    "K.sum(i)": 6,
    "K.sum(i * np.array([1.0, 2.0, 3.0]))": 12,
    "K.sum(i * np.arange(3))": 6,
    "K.sum(1 - i * 2)": -6,
    "K.sum(tf.clip_by_value(i, 2.0, 3.0))": 12,
    "K.sum(K.clip(i, 2, 3))": 12,
    "K.sum(K.pow(i + 1, 2))": 24,
    "K.sum(tf.pow(2.0, i))": 12,
    "K.sum(tf.where(i > 2, i, i * 3))": 18,
    "K.sum(K.switch(i > 2, i, i * 3))": 18,
    "K.sum(keras.ops.clip(i, 2, 3))": 12,
    "K.sum(keras.activations.relu(i * 9, max_value=6))": 36,
    "K.sum(i * tf.math.sqrt(tf.cast(4, tf.float32)))": 12,
    "K.sum(Activation(lambda t: t * 5)(i))": 30,
    "K.sum(Lambda(lambda t, n: t * n, arguments={'n': 4})(i))": 24,
}


@pytest.mark.parametrize(("text", "total"), SUMS.items())
def test_the_value_of_what_is_computed(text, total):
    (output,) = forward(f"i = Input((2, 3))\nm = Model(i, {text})", [[[[1.0] * 3] * 2]])["outputs"]
    assert output["data"] == [total] or output["data"] == total


REFUSED = {
    "helper(i)": "helper",
    "keras.ops.expand_dims(i)": "'axis' is missing",
    "keras.ops.mean(i, 1, True, 3)": "fewer arguments",
    "K.mean(i, axes=1)": "'axes'",
    "tf.nonsense(i)": "tensorflow.nonsense",
    "Lambda(lambda t: helper(t))(i)": "helper",
    "Lambda(lambda t: Dense(3)(t))(i)": "no attribute of it",
    "tf.reshape(i, tf.shape(unknown))": "unknown",
    "LSTM(3, activation=lambda t: t * 2)(i)": "of the text's own",
    "RNN(Lambda(lambda t: t))(i)": "of the text's own",
}


@pytest.mark.parametrize(("text", "told"), REFUSED.items())
def test_what_cannot_be_told_is_refused(text, told):
    with pytest.raises(Refused) as caught:
        analyze(f"{HEAD}y = {text}\nm = Model([i, j, v], y)")
    assert told in caught.value.errors[0]["detail"]
    assert caught.value.errors[0]["line"] in (2, 3)


@pytest.mark.parametrize("dtype", ["mixed_float16", "float64"])
def test_a_policy_set_by_call_is_that_of_what_is_made_after_it(dtype):
    text = f"keras.mixed_precision.set_global_policy('{dtype}')\nm = Sequential([Input((4,)), Dense(3)])"
    assert analyze(text)["layers"][0]["weights"][0]["dtype"] == {"mixed_float16": "float32"}.get(dtype, dtype)


def test_channels_first_set_by_call():
    text = "K.set_image_data_format('channels_first')\ni = Input((3, 8, 8))\nm = Model(i, Conv2D(4, 3)(i))"
    assert [one["shape"] for one in analyze(text)["outputs"]] == [[None, 4, 6, 6]]


@pytest.mark.parametrize(
    ("tensor", "shape"),
    [
        ("q + k", [None, 4, 3]),
        ("k * q", [None, 4, 3]),
        ("ops.matmul(q, ops.transpose(k, (0, 2, 1)))", [None, 4, 4]),
        ("ops.where(q > 0, q, k)", [None, 4, 3]),
        ("Dense(2)(k)", [None, 4, 2]),
        ("Dense(2)(q)", [1, 4, 2]),
        ("Add()([k, q])", [1, 4, 3]),  # a layer that merges takes the batch that is named, in Keras 3
        ("Concatenate()([q, k])", [1, 4, 6]),
        ("Concatenate()([k, q])", [None, 4, 6]),
    ],
)
def test_an_input_of_a_batch_of_1_leaves_the_others_open(tensor, shape):
    head = "from keras import *\nfrom keras.layers import *\nq = Input((4, 3), batch_size=1)\nk = Input((4, 3))\n"
    report = analyze(f"{head}m = Model([q, k], {tensor})")
    assert report["outputs"][0]["shape"] == shape
    assert [one["shape"][0] for one in report["inputs"]] == [1, None]
    assert report["batch_size"] is None
