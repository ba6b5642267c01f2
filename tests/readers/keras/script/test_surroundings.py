"""Libraries that scripts train and plot with change no model; data of literal shape builds one that has none."""

import pytest

from layercalc import Refused, analyze

SCRIPT = """
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
import seaborn as sns
import cv2
from PIL import Image
from tqdm import tqdm
import wandb, mlflow
import tensorflow as tf
import tensorflow_datasets as tfds
from tensorflow import keras
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler, LabelEncoder
from sklearn.metrics import classification_report, confusion_matrix
from wandb.keras import WandbCallback
(ds_train, ds_test), info = tfds.load('mnist', split=['train', 'test'], with_info=True)
def norm(img, label):
    return tf.cast(img, tf.float32) / 255., label
ds_train = ds_train.map(norm, num_parallel_calls=tf.data.AUTOTUNE).cache().shuffle(10).batch(128).prefetch(tf.data.AUTOTUNE)
model = keras.Sequential([keras.layers.Flatten(input_shape=(28, 28)), keras.layers.Dense(10)])
wandb.init(project="x", config={"a": 1})
mlflow.keras.autolog()
mlflow.tensorflow.autolog()
model.compile(optimizer=tf.keras.optimizers.Adam(0.001), loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=[tf.keras.metrics.SparseCategoricalAccuracy()])
es = tf.keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
cp = tf.keras.callbacks.ModelCheckpoint("w.h5", save_best_only=True)
history = model.fit(ds_train, epochs=6, validation_data=ds_test, callbacks=[es, cp, WandbCallback()])
mlflow.log_metric("a", history.history["loss"][-1])
mlflow.keras.log_model(model, "model")
plt.plot(history.history['loss'])
plt.show()
pred = np.argmax(model.predict(x_test), axis=1)
print(classification_report(y_test, pred))
cm = confusion_matrix(y_test, pred)
sns.heatmap(cm, annot=True)
fig, ax = plt.subplots(3, 3, figsize=(9, 9))
for i, a in enumerate(ax.flat):
    a.imshow(x_test[i])
    a.set_title(f"{pred[i]}")
img = cv2.imread("a.png")
img = cv2.resize(img, (28, 28))
p = model.predict(np.expand_dims(img, 0))
tf.keras.utils.plot_model(model, show_shapes=True)
model.save("m.h5")
wandb.log({"m": model.count_params()})
for batch in tqdm(ds_test):
    model.evaluate(batch)
converter = tf.lite.TFLiteConverter.from_keras_model(model)
tflite_model = converter.convert()
with open("m.tflite", "wb") as f:
    f.write(tflite_model)
loaded = tf.keras.models.load_model
"""
NET = "model = Sequential([Dense(4, input_dim=3)])\n"


def test_a_whole_script_of_training_and_plotting():
    assert analyze(SCRIPT)["totals"]["params"] == 7850


@pytest.mark.parametrize(
    "text",
    [
        "cv = KerasClassifier(build_fn=make, epochs=3)",
        "class Log(keras.callbacks.Callback):\n    def on_batch_end(self, batch, logs={}):\n        self.a = logs.get('loss')\n"
        "log = Log()\nmodel.fit(x, y, callbacks=[log])",
        "class Data(keras.utils.Sequence):\n    def __init__(self, ids):\n        self.ids = ids\n        self.on_epoch_end()\n"
        "    def on_epoch_end(self):\n        self.indexes = np.arange(len(self.ids))\n"
        "data = Data(ids)\nmodel.fit_generator(generator=data, epochs=3)",
        "def dice(a, b):\n    return K.sum(K.flatten(a) * K.flatten(b))\nmodel.compile(optimizer=Adam(lr=1e-4), loss=dice)",
        "class Loss(keras.losses.Loss):\n    def call(self, a, b):\n        return tf.reduce_mean(a - b)\n"
        "model.compile(loss=Loss(), metrics=[keras.metrics.Mean()])",
        "class Rate(tf.keras.optimizers.schedules.LearningRateSchedule):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.n = n\n    def __call__(self, step):\n        return self.n * step\nmodel.compile(keras.optimizers.Adam(Rate(3)))",
        "converter = tf.lite.TFLiteConverter.from_keras_model(model)\nopen('m', 'wb').write(converter.convert())",
        "import shap\nexplainer = shap.DeepExplainer(model, x)",
        "import tf2onnx\ntf2onnx.convert.from_keras(model, opset=13)",
        "with tf.GradientTape() as tape:\n    y = model(x)\ng = tape.gradient(y, model.trainable_variables)",
    ],
)
def test_what_stands_around_a_model_leaves_it_as_it_is(text):
    assert analyze(NET + text)["totals"]["params"] == 16


@pytest.mark.parametrize(
    "text",
    [
        "model.fit(np.random.rand(100, 7), np.random.rand(100, 2), epochs=3)",
        "model.fit(x=np.zeros((5, 7)), y=labels)",
        "X = np.array([[0, 0, 1, 1, 2, 2, 3]])\nmodel.fit(X, labels)",
        "model.predict(np.ones((1, 7)))",
        "model.train_on_batch(tf.ones([3, 7]), labels)",
        "model(tf.constant([[0.0] * 7]))",
    ],
)
def test_data_of_literal_shape_builds_a_model_that_has_none(text):
    assert analyze(f"model = Sequential([Dense(4), Dense(2)])\n{text}")["totals"]["params"] == 42
    own = "class N(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.d = Dense(4)\n"
    own += "    def call(self, x):\n        return self.d(x)\nmodel = N()\n"
    assert analyze(own + text)["totals"]["params"] == 32


DATA = {  # parameters: of Dense(10) on 28·28, and of the others
    "(x, y), (a, b) = mnist.load_data()\nx = x.reshape(60000, 784).astype('float32') / 255\n"
    "m = Sequential([Dense(10, input_shape=x.shape[1:])])": 7850,
    "from keras.datasets import mnist\n(x, y), _ = mnist.load_data()\nm = Sequential([Flatten(), Dense(10)])\nm.fit(x, y)": 7850,
    "(x, y), (a, b) = tf.keras.datasets.cifar10.load_data()\nx, a = x / 255.0, a / 255.0\n"
    "m = Sequential([Flatten(), Dense(3)])\nm.fit(x, y, epochs=2)": 9219,
    "from keras.datasets import boston_housing\n(x, y), (a, b) = boston_housing.load_data()\nx -= x.mean(axis=0)\n"
    "m = Sequential([Dense(4, input_shape=(x.shape[1],))])": 56,
    "(x, y), _ = keras.datasets.fashion_mnist.load_data()\nx = x[..., tf.newaxis]\n"
    "m = Sequential([Conv2D(4, 3, input_shape=x.shape[1:])])": 40,
    "from keras.utils import to_categorical\n(x, y), _ = mnist.load_data()\ny = to_categorical(y, 10)\n"
    "m = Sequential([Flatten(input_shape=(28, 28)), Dense(y.shape[1])])": 7850,
    "(x, y), _ = mnist.load_data()\nif K.image_data_format() == 'channels_first':\n    shape = (1, 28, 28)\nelse:\n"
    "    x = x.reshape(x.shape[0], 28, 28, 1)\n    shape = (28, 28, 1)\nm = Sequential([Conv2D(4, 3, input_shape=shape)])": 40,
}


@pytest.mark.parametrize(("text", "params"), DATA.items(), ids=range(len(DATA)))
def test_the_data_sets_of_keras_have_the_shapes_that_it_documents(text, params):
    assert analyze(text)["totals"]["params"] == params


LOADED = """from keras.models import Sequential
from keras.layers import Conv2D, Dense, Flatten
import lib
x, y = lib.load()
x = x.reshape(x.shape[0], {size}, 5, 1)
model = Sequential([Conv2D(2, 3), Flatten(), Dense(3)])
"""


@pytest.mark.parametrize("line", ["model.fit(x, y)", "z = model(x)", "z = model.predict(x)", "model.evaluate(x, y)"])
def test_data_of_unknown_sizes_build_no_model(line):
    with pytest.raises(Refused, match=r"input_shape|a value that the text holds"):
        analyze(LOADED.format(size="x.shape[1]") + line)
    assert analyze(LOADED.format(size="4") + line)["layers"][0]["output_shape"] == [None, 2, 3, 2]
