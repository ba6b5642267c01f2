"""Convolutions of tf.nn on tensors: shapes as TensorFlow has them, and MACs by hand."""

import pytest

from layercalc import Refused, analyze

HEAD = (
    "import tensorflow as tf\nfrom tensorflow.keras import *\n"
    "x, y, z = Input((10, 12, 3)), Input((10, 3)), Input((5, 6, 7, 2))\n"
    "def w(*shape): return tf.zeros(shape)\n"
)
SHAPES = {
    "tf.nn.conv2d(x, w(3, 3, 3, 4), 1, 'SAME')": [None, 10, 12, 4],
    "tf.nn.conv2d(x, filters=w(3, 3, 3, 4), strides=[1, 2, 3, 1], padding='VALID')": [None, 4, 4, 4],
    "tf.nn.conv2d(input=x, filters=w(3, 3, 3, 4), strides=(2, 1), padding='SAME', dilations=1)": [None, 5, 12, 4],
    "tf.nn.conv2d(x, w(3, 3, 3, 4), [1, 1, 1, 1], [[0, 0], [1, 2], [0, 3], [0, 0]])": [None, 11, 13, 4],
    "tf.nn.conv2d(x, w(3, 3, 3, 4), 1, 'VALID', dilations=[1, 2, 2, 1])": [None, 6, 8, 4],
    "tf.nn.conv2d(tf.transpose(x, [0, 3, 1, 2]), w(3, 3, 3, 4), [1, 1, 2, 2], 'SAME', 'NCHW')": [None, 4, 5, 6],
    "tf.nn.conv1d(y, w(3, 3, 5), stride=2, padding='VALID')": [None, 4, 5],
    "tf.nn.conv1d(y, filters=w(3, 3, 5), stride=1, padding='SAME', dilations=2)": [None, 10, 5],
    "tf.nn.conv3d(z, w(3, 3, 3, 2, 4), [1, 1, 2, 2, 1], 'SAME')": [None, 5, 3, 4, 4],
    "tf.nn.convolution(x, w(3, 3, 3, 4))": [None, 8, 10, 4],
    "tf.nn.convolution(y, w(3, 3, 4), padding='SAME', strides=2)": [None, 5, 4],
    "tf.nn.atrous_conv2d(x, w(3, 3, 3, 4), 2, 'VALID')": [None, 6, 8, 4],
    "tf.nn.depthwise_conv2d(x, w(3, 3, 3, 2), [1, 2, 2, 1], 'SAME')": [None, 5, 6, 6],
    "tf.nn.separable_conv2d(x, w(3, 3, 3, 2), w(1, 1, 6, 5), [1, 1, 1, 1], 'VALID')": [None, 8, 10, 5],
    "tf.nn.conv2d_transpose(x, w(3, 3, 4, 3), [tf.shape(x)[0], 20, 24, 4], 2)": [None, 20, 24, 4],
    "tf.nn.conv2d_transpose(x, w(3, 3, 4, 3), output_shape=[1, 21, 25, 4], strides=2, padding='VALID')":
        [None, 21, 25, 4],
    "tf.nn.conv1d_transpose(y, w(3, 4, 3), [1, 20, 4], 2)": [None, 20, 4],
    "tf.nn.conv3d_transpose(z, w(3, 3, 3, 4, 2), [1, 10, 12, 14, 4], 2)": [None, 10, 12, 14, 4],
}  # fmt: skip


@pytest.mark.parametrize("text", SHAPES)
def test_the_shape_of_a_convolution_of_tf_nn(text):
    (output,) = analyze(f"{HEAD}o = {text}\nm = Model([x, y, z], o)")["outputs"]
    assert output["shape"][1:] == SHAPES[text][1:]


MACS = {
    "tf.nn.conv2d(x, w(3, 3, 3, 4), 1, [[0, 0], [1, 1], [1, 1], [0, 0]])": 10 * 12 * 27 * 4,
    "tf.nn.depthwise_conv2d(x, w(3, 3, 3, 2), [1, 1, 1, 1], 'SAME')": 10 * 12 * 9 * 6,
}


@pytest.mark.parametrize("text", MACS)
def test_the_arithmetic_of_a_convolution_of_tf_nn(text):
    assert analyze(f"{HEAD}m = Model(x, {text})")["totals"]["macs"] == MACS[text]


def test_a_layer_of_the_texts_own_computes_by_it():
    text = (
        "class C(layers.Layer):\n    def build(self, s):\n        self.w = self.add_weight(shape=(3, 3, s[-1], 6))\n"
        "        self.b = self.add_weight(shape=(6,))\n    def call(self, x):\n"
        "        return tf.nn.bias_add(tf.nn.conv2d(x, filters=self.w, strides=2, padding='SAME'), self.b)\n"
    )
    report = analyze(f"{HEAD}{text}m = Model(x, C()(x))")
    assert (report["totals"]["params"], report["outputs"][0]["shape"]) == (168, [None, 5, 6, 6])


REFUSED = {
    "tf.nn.conv2d(x, w(3, 3, 3, 4), [2, 1, 1, 1], 'SAME')": "1 for the batch and the channels",
    "tf.nn.conv2d(x, w(3, 3, 3, 4), [1, 1, 1], 'SAME')": "Expected 2 numbers",
    "tf.nn.conv2d(x, w(3, 3, 3, 4), 1, 'SAME', use_cudnn_on_gpu=False)": "'use_cudnn_on_gpu' of this function",
    "tf.nn.conv2d_transpose(x, w(3, 3, 4, 3), [1, 19, 24, 4], 2)": "An output_shape of [1, 19, 24, 4]",
    "tf.nn.conv2d(x, w(3, 3, 2, 4), 1, 'SAME')": "channels",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_convolution_that_is_not_read_says_why(text):
    with pytest.raises(Refused) as caught:
        analyze(f"{HEAD}m = Model(x, {text})")
    assert REFUSED[text] in caught.value.errors[0]["detail"]
