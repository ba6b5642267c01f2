"""Code of other frameworks and languages is refused by its name, and Keras code that uses them is read."""

import pytest

from layercalc import Refused, analyze
from layercalc.readers.frameworks import FRAMEWORKS, MARKS, PACKAGES
from layercalc.readers.languages import LANGUAGES, PRINTED, of_language
from tests.readers.test_notebooks import book

LINES = "model = Sequential()\nmodel.add(Dense(3, input_dim=4))"
KERAS = f"from keras.models import Sequential\nfrom keras.layers import Dense\n{LINES}"
NET = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(3, 4)\n"


def refusal(document):
    with pytest.raises(Refused) as caught:
        analyze(document)
    (fault,) = caught.value.errors
    return fault


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_code_that_imports_another_framework_is_refused_as_such(package):
    name = PACKAGES[package].name
    for text in (
        f"import {package}",
        f"import numpy as np\nfrom {package}.a import b as c, d",
        f"def f():\n  import {package} as x",
    ):
        fault = refusal(f"{text}\nnet = d(3)")
        assert fault["detail"].startswith(f"{name} code, which is not read here.")
        assert fault["line"] == 1 + text.count("\n")


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_keras_code_that_uses_another_framework_is_read(package):
    for text in (
        f"import {package}\n{KERAS}",
        f"{KERAS}\nfrom {package}.a import b",
        f"import {package}.data as d\n{LINES}",
    ):
        assert analyze(text)["totals"]["params"] == 15
    whole = f"import {package}, keras\nmodel = keras.Sequential([keras.layers.Dense(3, input_shape=(4,))])"
    assert analyze(whole)["totals"]["params"] == 15


@pytest.mark.parametrize("mark", sorted(MARKS))
def test_code_without_its_imports_is_told_by_what_only_it_has(mark):
    assert refusal(f"x = 1\ny = {mark}(3)")["detail"].startswith(f"{MARKS[mark].name} code")
    root = mark.partition(".")[0]
    assert "code, which" not in refusal(f"import mine as {root}\ny = {mark}(3)")["detail"]  # of the text's own
    assert analyze(f"{KERAS}\nx = {mark}")["totals"]["params"] == 15


OTHERS = {
    "a class": (NET, "PyTorch", 1),
    "a class and its import": (f"import torch.nn as nn\n{NET}", "PyTorch", 1),
    "names one by one": ("from torch.nn import Linear, Sequential, Dropout\nmodel = Sequential(Linear(3, 4), Dropout(0.5))", "PyTorch", 1),
    "all names": ("from torch.nn import *\nmodel = Sequential(Linear(3, 4), Flatten(), Dropout(0.5))", "PyTorch", 1),
    "own layers of Keras' names": ("import torch\nclass Dense(torch.nn.Module):\n    pass\nmodel = Dense(3)", "PyTorch", 1),
    "beside TensorFlow": (f"import tensorflow as tf\nimport torch\nfrom torch import nn\n{NET}\nnet = Net()", "PyTorch", 2),
    "Flax as PyTorch writes it": ("class M(nn.Module):\n  @nn.compact\n  def __call__(self, x):\n    return nn.Dense(3)(x)", "Flax", 2),
    "the first that is imported": ("import jax\nimport flax\nimport torch", "JAX", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_another_framework_is_called_by_its_name(name):
    text, framework, line = OTHERS[name]
    fault = refusal(text)
    way_on = "Export the model: torch.export.save(" if framework == "PyTorch" else "Send Keras JSON"
    assert fault["detail"].startswith(f"{framework} code, which is not read here. {way_on}")
    assert fault["line"] == line


def test_a_notebook_of_another_framework_is_refused_in_its_cell():
    fault = refusal(book("import numpy", "x = 1\nimport torch", NET))
    assert (fault["cell"], fault["line"], fault["column"]) == (2, 2, 1)
    assert fault["detail"].startswith("PyTorch code")


def test_a_fault_of_keras_code_stays_what_it_is():
    assert "units" in refusal(f"import torch\n{KERAS}\nmodel.add(Dense(-2))")["detail"]


TEXTS = {
    PRINTED: (
        "Net(\n  (conv1): Conv2d(3, 64, kernel_size=(7, 7), bias=False)\n  (h): ModuleList(\n    (0-1): 2 x Block()\n  )\n)\n",
        2,
    ),
    "A prototxt of Caffe": ('name: "LeNet"\nlayer {\n  name: "conv1"\n  type: "Convolution"\n}\n', 2),
    "R code": ("library(keras)\nmodel <- keras_model_sequential() %>%\n  layer_dense(3)\n", 1),
    "JavaScript code": ("const model = tf.sequential();\nmodel.add(tf.layers.dense({units: 1}));\n", 1),
    "Julia code": ("using Flux\nm = Chain(Dense(3 => 4, relu))\n", 1),
    "MATLAB code": ("% a net\nlayers = [\n  imageInputLayer([28 28 1])\n  fullyConnectedLayer(10)];\n", 3),
}


@pytest.mark.parametrize("name", [name for name, *_ in LANGUAGES])
def test_another_language_is_called_by_its_name(name):
    text, line = TEXTS[name]
    fault = refusal(text)
    assert fault["detail"].startswith(f"{name}, which is not read here.")
    assert fault["line"] == line
    assert analyze(f'"""{text}"""\n{KERAS}')["totals"]["params"] == 15  # what Python can read is read


def test_what_is_no_language_that_is_known_keeps_its_fault():
    assert of_language("x = (") is None
    assert "never closed" in refusal("x = (")["detail"]


def test_frameworks_are_said_once():
    assert sum(len(one.packages) for one in FRAMEWORKS) == len(PACKAGES)
    assert sum(len(one.marks) for one in FRAMEWORKS) == len(MARKS)


@pytest.mark.parametrize(
    "text",
    [
        "Linear(in_features=8, out_features=4, bias=True)",
        "Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))",
        "AdaptiveAvgPool2d(output_size=(1, 1))",
        "BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)",
        "Dropout(p=0.5, inplace=False)",
        "ReLU(inplace=True)",
        "LSTM(8, 4, num_layers=2)",
        "Hardswish()",
    ],
)
def test_one_printed_module_is_called_by_its_name(text):
    assert refusal(text)["detail"].startswith(PRINTED)


def test_lines_of_keras_are_taken_for_no_printed_module():
    for text in (
        "Dense(4, input_shape=(8,))",
        "ReLU(max_value=6, input_shape=(8,))",
        "Dense(4, use_bias=False, input_dim=3)",
    ):
        assert analyze(text)["layers"]
    assert refusal("Conv2d(8, 3)")["fix"]["text"] == "Conv2D"
    assert "Dense has no argument 'inplace'" in refusal("Dense(4, inplace=True, input_dim=3)")["detail"]
