"""Record functions of tf.image, tf.nn and the backend of Keras 2 on one input: run by hand.

    pip install tensorflow tf-keras
    python scripts/record_tf_functions.py

writes `tests/data/keras_operations/tf_functions.json`: the call, the shape and the values of each.
tests/readers/keras/script/test_tf_functions.py holds ours against them. It is no dependency of the package, and
`make test` does not run it.
"""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras

OUT = Path(__file__).parent.parent / "tests/data/keras_operations/tf_functions.json"
X = (np.arange(2 * 5 * 6 * 3).reshape(2, 5, 6, 3) % 17 - 8).astype("float32") / 4
V1 = "tf.compat.v1"
CALLS = [
    "tf.nn.local_response_normalization(x, depth_radius=1)",
    "tf.nn.lrn(x, 5, 2.0, 0.25, 0.75)",
    "tf.image.crop_to_bounding_box(x, 1, 2, 3, 2)",
    "tf.image.pad_to_bounding_box(x, 1, 2, 7, 9)",
    "tf.image.central_crop(x, 0.5)",
    "tf.image.central_crop(x, 0.33)",
    "tf.image.central_crop(x, 1.0)",
    "tf.image.resize_with_crop_or_pad(x, 4, 4)",
    "tf.image.resize_with_crop_or_pad(x, 8, 3)",
    "tf.image.resize_with_crop_or_pad(x, 2, 9)",
    "tf.image.resize_with_crop_or_pad(x, 5, 6)",
    "K.spatial_2d_padding(x, ((1, 2), (0, 3)))",
    "K.spatial_2d_padding(x)",
    "K.temporal_padding(x[:, 0], (2, 1))",
    "K.temporal_padding(x[:, 0])",
    "K.pool2d(x, (2, 3))",
    "K.pool2d(x, (2, 2), strides=(2, 1), padding='same', pool_mode='avg')",
    f"{V1}.layers.flatten(x)",
    f"{V1}.space_to_depth(x[:, :4], 2)",
    f"{V1}.log(x * x + 1)",
    f"{V1}.to_int32(x)",
    f"{V1}.nn.softmax(x, dim=1)",
    f"{V1}.nn.l2_normalize(x, dim=2)",
    f"{V1}.extract_image_patches(x, ksizes=[1, 2, 2, 1], strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding='SAME')",
    "tf.zeros(tf.shape(x)) + x",
    "K.spatial_3d_padding(x[:, None], ((1, 0), (0, 1), (1, 1)))",
]


def main() -> None:
    """Compute every call, and write what came of it."""
    found = []
    for call in CALLS:
        y = np.asarray(eval(call, {"tf": tf, "K": tf_keras.backend, "x": tf.constant(X)}))
        found.append([call, list(y.shape), [float(f"{one:.7g}") for one in y.astype("float64").ravel()]])
    OUT.write_text(json.dumps(found, separators=(",", ":")))


if __name__ == "__main__":
    main()
