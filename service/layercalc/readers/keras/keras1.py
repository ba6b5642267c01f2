"""Which Keras a text was written for, by what only the old one had, and what its calls meant there.

Keras 1 and the legacy interface of Keras 2 (keras.legacy.interfaces) take the rows and columns of a kernel as numbers
of their own: `Conv2D(32, 3, 3)`. In tf.keras and Keras 3 the third number is `strides`.
"""

import ast
from collections.abc import Collection
from operator import attrgetter
from typing import Any

from layercalc.readers.pastes import python2
from layercalc.readers.script.nodes import Nodes

KEYWORDS = {
    "border_mode", "nb_epoch", "nb_filter", "nb_row", "nb_col", "subsample", "dim_ordering", "samples_per_epoch",
    "nb_val_samples", "nb_worker", "max_q_size", "W_regularizer", "b_regularizer", "U_regularizer", "W_constraint",
    "b_constraint", "inner_activation", "inner_init", "filter_length", "subsample_length", "pool_length", "init",
    "activity_l2", "dropout_W", "dropout_U", "atrous_rate", "kernel_dim1", "kernel_dim2", "kernel_dim3", "output_dim",
    "concat_axis", "dot_axes", "forget_bias_init", "consume_less",
}  # fmt: skip
TODAY = {"output_dim": {"Embedding", "RandomFourierFeatures"}}  # where such a keyword is one of today
TRAINING = {"nb_epoch", "samples_per_epoch", "nb_val_samples", "nb_worker", "max_q_size"}  # of fit, not of layers
MODULES = {
    "keras.layers.convolutional", "keras.layers.core", "keras.layers.normalization", "keras.layers.pooling",
    "keras.layers.recurrent", "keras.layers.embeddings", "keras.layers.advanced_activations", "keras.layers.merge",
    "keras.layers.noise", "keras.layers.local", "keras.layers.wrappers", "keras.layers.containers",
    "keras.utils.np_utils", "keras.utils.visualize_util", "keras.utils.vis_utils", "keras.legacy", "keras.objectives",
}  # fmt: skip
FUNCTIONS = {"set_image_dim_ordering", "image_dim_ordering"}
PYTHON_2 = {"xrange", "raw_input", "unicode", "iteritems", "itervalues", "has_key", "cPickle", "urllib2", "__future__"}
OLD_MODULES = MODULES | PYTHON_2
CLASSES = {"AtrousConvolution1D", "AtrousConvolution2D", "TimeDistributedDense", "MaxoutDense", "Deconvolution2D"}
IMPORTED = CLASSES | {"Merge", "Highway"}  # which others may have too
ATTRIBUTES = FUNCTIONS | PYTHON_2 | CLASSES
NAMES = {"nb_epoch", "nb_filter"} | ATTRIBUTES

# Layers with a kernel of several axes, and how many numbers of it went by position.
KERNELS = {
    "Conv2D": 2,
    "Deconvolution2D": 2,
    "SeparableConv2D": 2,
    "Conv2DTranspose": 2,
    "LocallyConnected2D": 2,
    "Conv3D": 3,
}


def evidence(nodes: Nodes, layers: Collection[str]) -> str:
    """What in the text only Keras 1, its legacy interface or Python 2 had, with its line; empty where nothing is."""
    if (statement := python2.evidence(nodes.tree)) is not None:
        return f"a statement of Python 2 on line {statement.lineno}"
    found: dict[ast.AST, tuple[str, int]] = {}
    asked = not KEYWORDS.isdisjoint(map(attrgetter("arg"), nodes.of(ast.keyword)))
    for node in nodes.of(ast.Call) if asked else ():
        for keyword in node.keywords:
            if keyword.arg in KEYWORDS and node not in found and was_taken(node, keyword.arg, layers):
                found[node] = keyword.arg, keyword.value.lineno
    for node in nodes.each(ast.ImportFrom, ast.Import):
        within = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        members = [one.name for one in node.names if within.startswith("keras.") and one.name in IMPORTED]
        paths = [within.rstrip("."), *(f"{within}{alias.name}" for alias in node.names)]
        if name := next(iter([*members, *filter(named, paths)]), ""):
            found[node] = name, node.lineno
    if not ATTRIBUTES.isdisjoint(nodes.attrs):
        found |= {node: (node.attr, node.lineno) for node in nodes.of(ast.Attribute) if node.attr in ATTRIBUTES}
    if not NAMES.isdisjoint(nodes.ids):
        found |= {node: (node.id, node.lineno) for node in nodes.of(ast.Name) if node.id in NAMES}
    if not found:
        return ""
    name, line = found[nodes.first(found)]
    return f"{name!r} on line {line}"


def was_taken(call: ast.Call, name: str, layers: Collection[str]) -> bool:
    """Whether a keyword is one that only the old Keras took in a call of that name."""
    callee = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    of = callee.startswith(("fit", "evaluate", "predict")) if name in TRAINING else callee in layers
    return of and callee not in TODAY.get(name, ())


def named(module: str) -> bool:
    return module in OLD_MODULES or module.rpartition(".")[2] in FUNCTIONS


def kernel(kind: str, values: list[Any]) -> int:
    """How many numbers by position may be the sizes of a kernel's axes, after the filters; 0 where none are."""
    axes = KERNELS.get(kind, 0)
    numbers = values[1 : axes + 1]
    return axes if len(numbers) == axes > 1 and all(one.__class__ is int for one in numbers) else 0
