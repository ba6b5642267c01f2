"""Print what tf.profiler counts for batch normalisations of an installed Keras 2: run by hand.

    pip install tf-keras tensorflow-cpu
    python scripts/profile_keras2.py

The numbers stand in tests/readers/keras/test_versions.py. It is no dependency of the package.
"""

import sys

import tensorflow as tf
import tf_keras
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2_as_graph

CASES = (
    ((8, 8, 3), {}), ((8, 8, 3), {"axis": 1}), ((8, 8, 3), {"axis": 2}), ((8, 8, 3), {"synchronized": True}),
    ((8, 8, 3), {"fused": False}), ((2, 4, 4, 3), {}), ((2, 4, 4, 3), {"axis": 1}), ((2, 4, 4, 3), {"axis": 2}),
    ((8,), {}), ((8, 3), {}),
)  # fmt: skip


def counted(model):
    spec = tf.TensorSpec((1, *model.inputs[0].shape[1:]))
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(spec)
    _, frozen = convert_variables_to_constants_v2_as_graph(function)
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(frozen, name="")
        options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation() | {"output": "none"}
        return tf.compat.v1.profiler.profile(graph, options=options).total_float_ops


for shape, config in CASES:
    x = tf_keras.Input(shape)
    model = tf_keras.Model(x, tf_keras.layers.BatchNormalization(**config)(x))
    sys.stdout.write(f"{shape} {config} {counted(model)}\n")
