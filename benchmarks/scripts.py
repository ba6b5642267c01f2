"""Scripts of some 300 lines in the styles that people write, each a model and what stands around one."""

import ast
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from layercalc import analyze
from layercalc.analysis.walk import analyse
from layercalc.gc_pause import paused
from layercalc.input_shapes import declared
from layercalc.readers import read
from layercalc.report import report

WINDOWS = 15  # of which the least counts, for each figure
WINDOW = 0.06  # seconds of processor time

AROUND = '''\
"""Trains a network on images; run it as `python train.py --epochs 20`."""

import argparse
import os
import time

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint
from tensorflow.keras.models import Model, Sequential

parser = argparse.ArgumentParser(description="Train a network.")
parser.add_argument("--epochs", type=int, default=20, help="how often the data is seen")
parser.add_argument("--batch_size", type=int, default=64, help="images in one step")
parser.add_argument("--width", type=int, default=16, help="filters of the first convolution")
args = parser.parse_args()

NUM_CLASSES = 10
INPUT_SHAPE = (64, 64, 3)
MODEL_DIR = os.path.join("models", "run")

# The data, scaled to 0 … 1, and the labels as vectors.
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train = x_train.astype("float32") / 255
x_test = x_test.astype("float32") / 255
mean = np.mean(x_train, axis=0)
x_train -= mean
x_test -= mean
y_train = keras.utils.to_categorical(y_train, NUM_CLASSES)
y_test = keras.utils.to_categorical(y_test, NUM_CLASSES)
print("x_train shape:", x_train.shape)
print(f"{x_train.shape[0]} train samples, {x_test.shape[0]} test samples")


def augmented(images, labels, batch_size=64, seed=0):
    """Batches of images, mirrored and moved at random, without end."""
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(images))
        for begin in range(0, len(order) - batch_size + 1, batch_size):
            chosen = order[begin : begin + batch_size]
            batch = images[chosen].copy()
            mirrored = rng.random(batch_size) < 0.5
            batch[mirrored] = batch[mirrored, :, ::-1]
            shifts = rng.integers(-4, 5, size=(batch_size, 2))
            for index, (dy, dx) in enumerate(shifts):
                batch[index] = np.roll(batch[index], (dy, dx), axis=(0, 1))
            yield batch, labels[chosen]


def confusion(labels, predicted, classes=NUM_CLASSES):
    """How often each class was taken for each."""
    matrix = np.zeros((classes, classes), dtype=int)
    for label, guess in zip(labels, predicted):
        matrix[label, guess] += 1
    return matrix


def show_confusion(matrix, names, path):
    figure = plt.figure(figsize=(8, 8))
    plt.imshow(matrix, cmap="Blues")
    plt.xticks(range(len(names)), names, rotation=45)
    plt.yticks(range(len(names)), names)
    threshold = matrix.max() / 2
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            color = "white" if matrix[row, column] > threshold else "black"
            plt.text(column, row, format(matrix[row, column], "d"), ha="center", color=color)
    plt.xlabel("predicted")
    plt.ylabel("true")
    figure.savefig(path)
    plt.close(figure)


class Timer(keras.callbacks.Callback):
    """Prints how long each epoch takes."""

    def on_train_begin(self, logs=None):
        self.times = []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.time()

    def on_epoch_end(self, epoch, logs=None):
        self.times.append(time.time() - self.begun)
        print(f"epoch {epoch + 1}: {self.times[-1]:.1f} s")


def schedule(epoch):
    """The rate falls after 10 and after 15 epochs."""
    rate = 1e-3
    if epoch > 15:
        rate *= 1e-2
    elif epoch > 10:
        rate *= 1e-1
    return rate


def plot_history(history, path):
    """Loss and accuracy over the epochs."""
    figure, axes = plt.subplots(1, 2, figsize=(12, 4))
    axes[0].plot(history.history["loss"], label="train")
    axes[0].plot(history.history["val_loss"], label="validation")
    axes[0].set_title("Loss")
    axes[1].plot(history.history["accuracy"], label="train")
    axes[1].plot(history.history["val_accuracy"], label="validation")
    for axis in axes:
        axis.set_xlabel("epoch")
        axis.legend()
    figure.savefig(path)


MODEL
model.summary()
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=schedule(0)),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
callbacks = [
    EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True),
    ModelCheckpoint(os.path.join(MODEL_DIR, "best.h5"), save_best_only=True),
    keras.callbacks.LearningRateScheduler(schedule),
    keras.callbacks.TensorBoard(log_dir=os.path.join(MODEL_DIR, "logs")),
    Timer(),
]
history = model.fit(
    augmented(x_train, y_train, args.batch_size),
    steps_per_epoch=len(x_train) // args.batch_size,
    epochs=args.epochs,
    validation_data=(x_test, y_test),
    callbacks=callbacks,
)
plot_history(history, os.path.join(MODEL_DIR, "history.png"))
scores = model.evaluate(x_test, y_test, verbose=1)
print("Test loss:", scores[0])
print("Test accuracy:", scores[1])
predicted = np.argmax(model.predict(x_test), axis=1)
names = ["plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
matrix = confusion(np.argmax(y_test, axis=1), predicted)
show_confusion(matrix, names, os.path.join(MODEL_DIR, "confusion.png"))
for name, row, index in zip(names, matrix, range(NUM_CLASSES)):
    print(f"{name:10} {row[index] / max(row.sum(), 1):.3f}")
model.save(os.path.join(MODEL_DIR, "last.h5"))
'''


def written_out() -> Iterator[str]:
    """A Sequential with a line for each layer."""
    yield "model = Sequential(name='classifier')"
    yield "model.add(layers.Input(shape=INPUT_SHAPE))"
    for block in range(5):
        yield f"\n# block {block + 1}"
        for at in range(4):
            filters = 16 * (block + 1)
            yield f"model.add(layers.Conv2D({filters}, (3, 3), padding='same', name='block{block + 1}_conv{at + 1}'))"
            yield "model.add(layers.BatchNormalization())"
            yield "model.add(layers.Activation('relu'))"
            yield "model.add(layers.Dropout(0.1))"
        yield "model.add(layers.MaxPooling2D(pool_size=(2, 2)))"
    yield "model.add(layers.Flatten())"
    for units in range(256, 156, -5):
        yield f"model.add(layers.Dense({units}, activation='relu', kernel_regularizer=keras.regularizers.l2(1e-4)))"
    yield "model.add(layers.Dense(NUM_CLASSES, activation='softmax'))"


def functional() -> Iterator[str]:
    """Helper functions, and their calls one by one."""
    yield '''\
def conv_bn(x, filters, kernel_size=3, strides=1, activation="relu", name=None):
    """A convolution without bias, normalised."""
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=None if name is None else name + "_conv",
    )(x)
    x = layers.BatchNormalization(momentum=0.9, name=None if name is None else name + "_bn")(x)
    if activation is not None:
        x = layers.Activation(activation)(x)
    return x


def residual(x, filters, strides=1, name=None):
    shortcut = x
    if strides != 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(x)
        shortcut = layers.BatchNormalization()(shortcut)
    y = conv_bn(x, filters, strides=strides, name=f"{name}_1")
    y = conv_bn(y, filters, activation=None, name=f"{name}_2")
    y = layers.Add()([y, shortcut])
    return layers.Activation("relu")(y)


inputs = keras.Input(shape=INPUT_SHAPE)
x = conv_bn(inputs, args.width, 5, name="stem")'''
    for stage in range(4):
        yield f"\n# stage {stage + 1}"
        yield f"filters = args.width * {2**stage}"
        yield f"x = residual(x, filters, strides=2, name='stage{stage + 1}_down')"
        for at in range(3):
            yield f"x = residual(x, filters, name='stage{stage + 1}_{at}')"
            yield "x = layers.Dropout(0.1)(x)"
            yield f"branch{at} = layers.Conv2D(filters, (1, 1), activation='relu', padding='same')(x)"
            yield f"branch{at} = layers.SeparableConv2D(filters, 3, padding='same')(branch{at})"
            yield f"x = layers.Add()([x, branch{at}])"
            yield "x = layers.LeakyReLU()(x)"
    yield "x = layers.GlobalAveragePooling2D()(x)"
    yield "x = layers.Dropout(0.5)(x)"
    yield "outputs = layers.Dense(NUM_CLASSES, activation='softmax')(x)"
    yield "model = Model(inputs=inputs, outputs=outputs, name='residual')"


def subclassed() -> Iterator[str]:
    """Layers and a model of the text's own classes."""
    for kind in range(2):
        yield f'''\
class Block{kind}(layers.Layer):
    """Two convolutions and the way around them."""

    def __init__(self, filters, kernel_size=3, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.first = layers.Conv2D(filters, kernel_size, padding="same", use_bias=False)
        self.norm1 = layers.BatchNormalization()
        self.second = layers.Conv2D(filters, kernel_size, padding="same", use_bias=False)
        self.norm2 = layers.BatchNormalization()
        self.shortcut = layers.Conv2D(filters, 1)
        self.dropout = layers.Dropout(rate)
        self.add = layers.Add()
        self.act = layers.ReLU()

    def call(self, inputs, training=None):
        x = self.first(inputs)
        x = self.norm1(x, training=training)
        x = self.act(x)
        x = self.dropout(x, training=training)
        x = self.second(x)
        x = self.norm2(x, training=training)
        x = self.add([x, self.shortcut(inputs)])
        return self.act(x)

    def get_config(self):
        config = super().get_config()
        config.update({{"filters": self.filters}})
        return config


'''
    yield """\
class Network(Model):
    def __init__(self, num_classes, width=16):
        super().__init__()
        self.stem = layers.Conv2D(width, 5, strides=2, padding="same", activation="relu")"""
    for at in range(8):
        yield f"        self.block{at} = Block{at % 2}(width * {1 + at // 2}, rate={at / 20})"
    yield """\
        self.pool = layers.GlobalAveragePooling2D()
        self.head = layers.Dense(num_classes, activation="softmax")

    def call(self, inputs, training=None):
        x = self.stem(inputs)"""
    for at in range(8):
        yield f"        x = self.block{at}(x, training=training)"
    yield """\
        return self.head(self.pool(x))


model = Network(NUM_CLASSES, args.width)
model.build((None, *INPUT_SHAPE))"""


def loops() -> Iterator[str]:
    """Settings in tables, and loops over them."""
    yield "STAGES = ["
    for at in range(40):
        line = f"'filters': {16 + 8 * (at // 10)}, 'kernel': {1 + at % 3}, 'strides': 1, 'dropout': {at % 4 / 10}"
        yield f"    {{{line}, 'activation': '{'relu' if at % 2 else 'elu'}'}},"
    yield """\
]


def build_model(input_shape, stages, num_classes):
    inputs = layers.Input(shape=input_shape)
    x = layers.Rescaling(1.0 / 255)(inputs)
    for number, stage in enumerate(stages):
        x = layers.Conv2D(stage["filters"], stage["kernel"], strides=stage["strides"], padding="same")(x)
        x = layers.Activation(stage["activation"])(x)
        if stage["dropout"] > 0:
            x = layers.Dropout(stage["dropout"])(x)
        if number % 10 == 9:
            x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    for units in [512, 256, 128]:
        x = layers.Dense(units, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax")(x))


model = build_model(INPUT_SHAPE, STAGES, NUM_CLASSES)"""
    for at in range(40):
        yield f"settings_{at} = {{'seed': {at}, 'rate': 10 ** -{1 + at % 4}, 'decay': {at} / 7, 'name': 'run-{at:03}'}}"


STYLES: tuple[Callable[[], Iterator[str]], ...] = (written_out, functional, subclassed, loops)


def text_of(style: Callable[[], Iterator[str]]) -> str:
    return AROUND.replace("MODEL\n", "\n".join(style()) + "\n")


def least(*calls: Callable[[], Any]) -> list[float]:
    """The least processor time of one call of each, in turns; that of other programs on the machine does not count."""
    found = [1e9] * len(calls)
    for _ in range(WINDOWS):
        for index, call in enumerate(calls):
            until = time.process_time() + WINDOW
            while (start := time.process_time()) < until:
                call()
                found[index] = min(found[index], time.process_time() - start)
    return found


@paused()
def analysis(text: str) -> Callable[[], Any]:
    """The analysis of the model of a text that has been read, and its report."""
    model, builder = read(text)
    model.readings = None  # of its layers, made while the text was read
    specs = declared(model, builder)
    return paused()(lambda: report(analyse(model, specs), builder.warnings))


def figures() -> Iterator[tuple[str, int, float, float]]:
    """Of each style: its lines, the seconds of ast.parse, and those that its report takes beside the analysis."""
    for style in STYLES:
        text = text_of(style)
        parsed, whole, analysed = least(partial(ast.parse, text), partial(analyze, text), analysis(text))
        yield style.__name__.replace("_", " "), text.count("\n"), parsed, whole - analysed
