"""Code of other frameworks than Keras: told by what it imports, or only that has, and called by its name."""

import ast
from collections.abc import Collection
from typing import Any, NamedTuple

from layercalc.layers import fields_of
from layercalc.layers.vocabulary import Vocabulary, vocabulary_of
from layercalc.readers.foreign import EXPORT, WAY_ON
from layercalc.readers.languages import PRINTED
from layercalc.readers.pastes.python2 import names_bound
from layercalc.readers.script.nodes import Nodes


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Framework(NamedTuple):
    """A library of networks: its packages, and what only code of it has where the imports are left out."""

    name: str
    packages: frozenset[str]
    marks: frozenset[str] = frozenset()
    way_on: str = WAY_ON


FRAMEWORKS = (
    Framework(
        "Flax", words("flax"), words("nn.compact linen.compact linen.Module nnx.Module nnx.Linear nnx.Conv nnx.Rngs")
    ),
    Framework("Haiku", words("haiku"), words("hk.transform hk.Module hk.Linear hk.Conv2D")),
    Framework("Equinox", words("equinox"), words("eqx.Module eqx.nn")),
    Framework("Paddle", words("paddle paddlehub paddlex"), words("paddle.nn fluid.layers fluid.dygraph paddle.fluid")),
    Framework(
        "MXNet",
        words("mxnet gluoncv gluonnlp"),
        words("mx.sym mx.symbol mx.gluon gluon.nn gluon.Block gluon.HybridBlock"),
    ),
    Framework(
        "PyTorch",
        words("torch torchvision torchaudio torchtext pytorch_lightning lightning timm torch_geometric"),
        words(
            "nn.Module torch.nn nn.Linear nn.Conv1d nn.Conv2d nn.Conv3d nn.ConvTranspose2d nn.BatchNorm1d"
            " nn.BatchNorm2d nn.MaxPool2d nn.AvgPool2d nn.AdaptiveAvgPool2d nn.ModuleList nn.CrossEntropyLoss"
            " nn.Parameter pl.LightningModule"
        ),
        EXPORT,
    ),
    Framework("fast.ai", words("fastai fastbook")),
    Framework("TFLearn", words("tflearn"), words("tflearn.DNN tflearn.input_data tflearn.fully_connected")),
    Framework("TensorLayer", words("tensorlayer"), words("tl.layers")),
    Framework("Lasagne", words("lasagne nolearn"), words("lasagne.layers")),
    Framework("Theano", words("theano pytensor aesara")),
    Framework("Caffe", words("caffe caffe2 pycaffe"), words("caffe.NetSpec caffe.Net")),
    Framework("Chainer", words("chainer"), words("chainer.Chain chainer.links")),
    Framework("CNTK", words("cntk"), words("cntk.layers")),
    Framework("Sonnet", words("sonnet"), words("snt.Module snt.AbstractModule snt.Linear")),
    Framework("MindSpore", words("mindspore"), words("nn.Cell mindspore.nn")),
    Framework("MLX", words("mlx")),
    Framework("tinygrad", words("tinygrad")),
    Framework("Trax", words("trax")),
    Framework("JAX", words("jax optax"), words("jax.numpy jax.grad")),
)
PACKAGES = {package: one for one in FRAMEWORKS for package in one.packages}
MARKS = {mark: one for one in FRAMEWORKS for mark in one.marks}
MARKED = {mark.partition(".")[2] for mark in MARKS}
BINDING = (ast.Name, ast.FunctionDef, ast.ClassDef, ast.arg, ast.Import, ast.ImportFrom)
ROOTS = words("keras tf")  # of Keras, in a text without its imports


class Foreign(NamedTuple):
    """Where a text is that of another framework, and a sentence; `sure` if nothing in it is Keras'."""

    node: ast.AST
    detail: str
    sure: bool


def of_framework(nodes: Nodes, kinds: Collection[str]) -> Foreign | None:
    """Whether a text builds on another framework than Keras; `kinds` are the names of Keras' layers and models."""
    imported = [(node, package) for node in nodes.of(ast.Import, ast.ImportFrom) for package in packages(node)]
    found = [(node, PACKAGES[package]) for node, package in imported if package in PACKAGES][:1]
    marks = [] if found else marked(nodes)
    bound = {name for node in nodes.of(*BINDING) for name in names_bound(node)} if found or marks else set()
    unbound = [pair for pair in marks if pair[0].value.id not in bound]
    found = found or sorted(unbound, key=lambda pair: FRAMEWORKS.index(pair[1]))
    if not found:
        return None
    node, framework = found[0]
    anything = any(package in PACKAGES and one.names[0].name == "*" for one, package in imported)
    free = (ROOTS if anything else ROOTS.union(kinds)) - bound
    keras = any(package.startswith(("keras", "tensorflow", "tf_keras")) for _, package in imported)
    keras = keras or any(one.id in free for one in nodes.of(ast.Name))
    return Foreign(node, f"{framework.name} code, which is not read here. {framework.way_on}", not keras)


def printed_module(tree: ast.Module, keras: Vocabulary, shapes: Collection[str]) -> Foreign | None:
    """Whether a text is what print(model) writes of one PyTorch module: `Linear(in_features=8, out_features=4)`.

    `shapes` are the arguments that every layer of Keras takes of its input.
    """
    call = tree.body[0].value if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    name, given = call.func.id, {one.arg for one in call.keywords}.difference(shapes)
    ours = keras.get(name)
    if ours is not None and given <= fields_of(ours).keys():
        return None
    torch = vocabulary_of("torch")
    theirs = None if torch is None else torch.get(name)
    if theirs is None or not given <= fields_of(theirs).keys():
        return None
    if not given and name.lower() in {one.lower() for one in (*keras.kinds, *keras.aliases)}:
        return None  # Conv2d(8, 3) may be Keras' Conv2D as well
    return Foreign(call, f"{PRINTED}, which is not read here. {EXPORT}", True)


def marked(nodes: Nodes) -> list[tuple[Any, Framework]]:
    """What only code of a framework has, if the text does not bind the name before the dot."""
    if MARKED.isdisjoint(nodes.attrs):
        return []
    near = [node for node in nodes.of(ast.Attribute) if node.attr in MARKED and isinstance(node.value, ast.Name)]
    found = [(node, MARKS.get(f"{node.value.id}.{node.attr}")) for node in near]
    return [(node, framework) for node, framework in found if framework is not None]


def packages(node: Any) -> list[str]:
    """The packages that an import names, those of a text's own folder left out."""
    if isinstance(node, ast.ImportFrom):
        return [] if node.level or not node.module else [node.module.partition(".")[0]]
    return [one.name.partition(".")[0] for one in node.names]
