"""Sizes that data of known shape give, and what may be done with tensors beside a model."""

import pytest

from layercalc import Refused, analyze

LABELS = {  # classes of known data sets: outputs of the last layer
    "(x, y), (a, b) = mnist.load_data()\nn = len(np.unique(y))": 10,
    "(x, y), (a, b) = mnist.load_data()\nn = np.amax(y) + 1": 10,
    "(x, y), (a, b) = cifar10.load_data()\nn = y.max() + 1": 10,
    "(x, y), (a, b) = keras.datasets.cifar100.load_data()\nn = np.unique(y).shape[0]": 100,
    "(x, y), (a, b) = keras.datasets.cifar100.load_data(label_mode='coarse')\nn = len(np.unique(y))": 20,
    "from keras.datasets import reuters\n(x, y), (a, b) = reuters.load_data(num_words=1000)\nn = np.max(y) + 1": 46,
    "(x, y), (a, b) = mnist.load_data()\ny = keras.utils.to_categorical(y)\nn = y.shape[1]": 10,
    "n = keras.utils.to_categorical([0, 2, 1]).shape[1]": 3,
    "y = [ord(c) - 97 for c in 'abcd']\nn = keras.utils.to_categorical(np.array(y) + 1).shape[-1]": 5,
    "(x, y), (a, b) = cifar10.load_data()\ny = y.reshape(-1).astype('int32')\nn = keras.utils.to_categorical(y).shape[-1]": 10,
    "(x, y), (a, b) = mnist.load_data()\ny = keras.utils.to_categorical(y.astype('float32'))\n"
    "n = len(np.unique(np.argmax(y, 1)))": 10,
    "from keras.datasets import reuters\n(x, y), _ = reuters.load_data(test_split=0.2)\nn = np.max(y) + 1": 46,
    "from keras.datasets import imdb\n(x, y), (a, b) = imdb.load_data(num_words=100)\n"
    "x = keras.preprocessing.sequence.pad_sequences(x, maxlen=80)\nn = x.shape[1]": 80,
    "y = np.array([3, 1, 1, 2, 3])\nu = np.unique(y)\nn = len(u) + u[0] + np.unique([[1.5, 2], [2, 3]]).size": 7,
    "from tensorflow.keras.utils import pad_sequences\nn = pad_sequences(read(), 12).shape[-1]": 12,
}


@pytest.mark.parametrize(("text", "classes"), LABELS.items(), ids=range(len(LABELS)))
def test_labels_and_padded_sequences_tell_a_size(text, classes):
    text += "\nmodel = Sequential([Dense(n, input_shape=(4,))])"
    assert analyze(text)["totals"]["params"] == 5 * classes


@pytest.mark.parametrize(
    "text",
    [
        "(x, y), (a, b) = mnist.load_data()\nn = len(np.unique(y[:5000]))",
        "(x, y), (a, b) = mnist.load_data()\ny[0] = 10\nn = np.max(y) + 1",
        "(x, y), (a, b) = mnist.load_data()\nn = int(y.mean())",
        "(x, y), (a, b) = mnist.load_data()\nz = y.reshape(-1)\ny[0] = 99\nn = np.max(z) + 1",
        "(x, y), (a, b) = mnist.load_data()\nz = np.asarray(y)\nz[0] = 99\nn = len(np.unique(y))",
        "(x, y), (a, b) = mnist.load_data()\nz = y.squeeze()\nedit(y)\nn = keras.utils.to_categorical(z).shape[1]",
        "from keras.datasets import reuters\n(x, y), (a, b) = reuters.load_data(test_split=0.5)\nn = np.max(y) + 1",
        "from tensorflow.keras.utils import pad_sequences\nn = pad_sequences(read()).shape[-1]",
    ],
)
def test_a_size_that_data_decide_is_refused(text):
    with pytest.raises(Refused, match="Expected a value"):
        analyze(f"{text}\nmodel = Sequential([Dense(n, input_shape=(4,))])")


VAE = """
from keras.losses import mse, binary_crossentropy
inputs = Input(shape=(8,))
mean, var = Dense(2, name='mean')(inputs), Dense(2, name='var')(inputs)
z = Lambda(lambda t: t[0] + K.exp(0.5 * t[1]))([mean, var])
encoder = Model(inputs, [mean, var, z], name='encoder')
latent = Input(shape=(2,))
decoder = Model(latent, Dense(8)(latent), name='decoder')
outputs = decoder(encoder(inputs)[2])
vae = Model(inputs, outputs, name='vae')
loss = mse(inputs, outputs) if flag else binary_crossentropy(inputs, outputs)
loss *= 8
kl = -0.5 * K.sum(1 + var - K.square(mean) - K.exp(var), axis=-1)
"""


def test_a_loss_of_tensors_leaves_the_model_as_it_is():
    assert analyze(VAE + "vae.add_loss(K.mean(loss + kl))\nvae.compile('adam')")["totals"]["params"] == 60


def test_layers_elsewhere_in_the_text_are_not_those_of_a_loss():
    text = VAE.replace("latent = ", "apart = Dense(5)(Input((7,)))\nlatent = ") + "vae.add_loss(K.mean(kl))"
    assert analyze(text)["totals"]["params"] == 60


@pytest.mark.parametrize(
    "loss",
    [
        "K.mean(Dense(3)(z))",
        "K.mean(Model(inputs, Dense(3)(inputs))(inputs))",
        "K.mean(kl) if flag else K.mean(Dense(3)(z))",
        "Own()(z)",
    ],
)
def test_a_loss_of_layers_that_the_model_has_not_is_refused(loss):
    own = "class Own(Layer):\n    def __init__(self): super().__init__(); self.d = Dense(3)\n    def call(self, x): return self.d(x)\n"
    with pytest.raises(Refused, match="add_loss"):
        analyze(VAE + own + f"vae.add_loss({loss})")


@pytest.mark.parametrize(
    "text",
    [
        "for i in range(10**7):\n    batch = np.random.randint(0, 100, size=64)\n    model.train_on_batch(batch, batch)",
        "x, y = [], []\nfor i in range(10**6):\n    x.append(i)\n    y.append(str(i)[::-1])\nmodel.fit(x, y)",
        "if K.backend() == 'tensorflow':\n    K.set_session(tf.Session())\nelse:\n    model.add(Dense(9))",
        "SVG(keras.utils.vis_utils.model_to_dot(model).create(prog='dot', format='svg'))",
        "def step(w, x):\n    y, w = model.stateless_call(w, [], x)\n    return y\nstep(model.trainable_variables, x)",
        "optimizer = torch.optim.Adam(model.parameters(), lr=0.1)\nmodel.zero_grad()",
        "from six.moves import range\nfor i in range(0):\n    model.add(Dense(3))",
    ],
)
def test_what_scripts_do_around_a_model_is_followed_or_left(text):
    assert analyze(f"model = Sequential([Dense(4, input_dim=3)])\n{text}")["totals"]["params"] == 16


def test_layers_added_in_a_loop_that_is_left_are_refused():
    with pytest.raises(Refused, match="not known from here on"):
        analyze("model = Sequential([Input((3,))])\nfor i in range(10**6):\n    model.add(Dense(3))")


SAMPLING = """
import tensorflow as tf
from keras import layers, ops
class Sampling(layers.Layer):
    def call(self, inputs):
        mean, var = inputs
        epsilon = NORMAL
        return mean + ops.exp(0.5 * var) * epsilon
i = keras.Input((8,))
z = Sampling()([layers.Dense(2)(i), layers.Dense(2)(i)])
model = keras.Model(i, layers.Dense(3)(z))
"""


@pytest.mark.parametrize(
    "normal",
    [
        "keras.random.normal(shape=(ops.shape(mean)[0], ops.shape(mean)[1]))",
        "keras.random.normal(shape=ops.shape(mean))",
        "tf.random.normal((tf.shape(mean)[0], tf.shape(mean)[1]))",
    ],
)
def test_noise_of_the_shape_of_a_tensor_is_followed(normal):  # numbers from Keras 3.15.1
    report = analyze(SAMPLING.replace("NORMAL", normal))
    assert (report["totals"]["params"], report["outputs"][0]["shape"]) == (45, [None, 3])


def test_a_loss_held_by_a_layer_is_called_beside_the_model():
    text = "class End(keras.layers.Layer):\n    def __init__(self, name=None):\n        super().__init__(name=name)\n"
    text += "        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)\n"
    text += "        self.acc = keras.metrics.BinaryAccuracy()\n"
    text += "    def call(self, logits, targets=None):\n        if targets is not None:\n"
    text += (
        "            self.add_loss(self.loss_fn(targets, logits))\n            self.acc.update_state(targets, logits)\n"
    )
    text += "        return keras.ops.softmax(logits)\n"
    text += (
        "i, t = keras.Input((3,)), keras.Input((10,))\nmodel = keras.Model([i, t], End()(keras.layers.Dense(10)(i), t))"
    )
    assert analyze(text)["totals"]["params"] == 40


def test_layers_of_keras_under_compat_v1_are_todays_but_for_gates():
    text = "import tensorflow.compat.v1 as tf\ni = tf.keras.layers.Input((4, 3))\nmodel = tf.keras.Model(i, tf.keras.layers.LAYER(2)(i))"
    assert analyze(text.replace("LAYER", "LSTM"))["totals"]["params"] == 48
    with pytest.raises(Refused, match="is not today's"):
        analyze(text.replace("LAYER", "GRU"))


def test_a_lambda_is_built_by_hand_like_any_layer():
    text = "class Block(keras.layers.Layer):\n    def build(self, shape):\n        if shape[-1] != 4:\n            self.match = Dense(4)\n"
    text += "        else:\n            self.match = Lambda(lambda x: x)\n        self.match.build(shape)\n        self.built = True\n"
    text += "    def call(self, x):\n        return self.match(x)\n"
    text += "i = Input((3,))\nmodel = Model(i, Block()(Block()(i)))"
    assert analyze(text)["totals"]["params"] == 16


def test_normalization_adapts_to_data_and_keeps_its_sizes():
    text = "n = keras.layers.Normalization()\nn.adapt(x)\nmodel = Sequential([Input((3,)), n, Dense(4)])"
    totals = analyze(text)["totals"]  # mean, variance and count of Keras 3.15.1
    assert (totals["params"], totals["trainable_params"]) == (23, 16)
    with pytest.raises(Refused, match="adapt"):
        analyze(text.replace("Normalization()", "IntegerLookup(output_mode='multi_hot')"))


@pytest.mark.parametrize("given", ["'n', 9, 'units'", "name='n', default=9, help='units'", "'n', default=9, help=''"])
def test_flags_are_named_by_place_or_by_keyword(given):
    text = f"from absl import flags\nflags.DEFINE_integer({given})\nF = flags.FLAGS\nmodel = Sequential([Dense(F.n, input_dim=3)])"
    assert analyze(text)["totals"]["params"] == 36
