"""JSON of Keras 1 in today's words. Weights by the build() of each class in keras 1.2.2 (layers/*.py), shapes by its
get_output_shape_for; both written out as arithmetic.
"""

import copy
import json

import numpy as np
import pytest

from layercalc import analyze, forward
from layercalc.errors import Refused
from layercalc.readers.keras.keras1_arguments import CLASSES, GONE, TABLES

DEAD = {  # what every layer with weights wrote
    "init": "glorot_uniform", "W_regularizer": None, "b_regularizer": None, "activity_regularizer": None,
    "W_constraint": None, "b_constraint": None, "bias": True, "activation": "linear", "input_dim": None,
}  # fmt: skip
GATES = {
    "output_dim": 5, "init": "glorot_uniform", "inner_init": "orthogonal", "activation": "tanh", "W_regularizer": None,
    "U_regularizer": None, "b_regularizer": None, "dropout_W": 0.2, "dropout_U": 0.1, "consume_less": "gpu",
    "return_sequences": True, "go_backwards": False, "stateful": False, "unroll": False, "input_dim": 4,
    "input_length": None,
}  # fmt: skip
LINEAR = {key: one for key, one in DEAD.items() if key != "activation"}
INNER = {"inner_activation": "hard_sigmoid"}
CONV = {**DEAD, "nb_filter": 6, "nb_row": 3, "nb_col": 5, "border_mode": "valid", "subsample": [1, 2]}
TH, TF = {"dim_ordering": "th"}, {"dim_ordering": "tf"}
IMAGE, CUBE, STEPS = [None, 9, 13, 2], [None, 7, 7, 7, 2], [None, 10, 4]

LAYERS = [  # class, config, input, parameters, output
    ("Dense", {**DEAD, "output_dim": 7}, [None, 4], 4 * 7 + 7, [None, 7]),
    ("Dense", {**DEAD, "output_dim": 7, "bias": False}, [None, 4], 4 * 7, [None, 7]),
    ("TimeDistributedDense", {**DEAD, "output_dim": 7, "input_length": 10}, STEPS, 4 * 7 + 7, [None, 10, 7]),
    ("Convolution2D", {**CONV, **TF}, IMAGE, 3 * 5 * 2 * 6 + 6, [None, 7, 5, 6]),
    ("Convolution2D", {**CONV, **TH}, [None, 2, 9, 13], 3 * 5 * 2 * 6 + 6, [None, 6, 7, 5]),
    ("Convolution2D", {**CONV, **TF, "border_mode": "same"}, IMAGE, 3 * 5 * 2 * 6 + 6, [None, 9, 7, 6]),
    (
        "AtrousConvolution2D",
        {**CONV, **TF, "subsample": [1, 1], "atrous_rate": [2, 2]},
        IMAGE,
        3 * 5 * 2 * 6 + 6,
        [None, 5, 5, 6],
    ),
    (
        "SeparableConvolution2D",
        {**CONV, **TF, "subsample": [1, 1], "depth_multiplier": 2},
        IMAGE,
        3 * 5 * 2 * 2 + 2 * 2 * 6 + 6,
        [None, 7, 9, 6],
    ),
    ("LocallyConnected2D", {**CONV, **TF, "subsample": [1, 1]}, IMAGE, 7 * 9 * (3 * 5 * 2 * 6 + 6), [None, 7, 9, 6]),
    (
        "Convolution3D",
        {**DEAD, **TF, "nb_filter": 4, "kernel_dim1": 1, "kernel_dim2": 2, "kernel_dim3": 3, "border_mode": "valid"},
        CUBE,
        1 * 2 * 3 * 2 * 4 + 4,
        [None, 7, 6, 5, 4],
    ),
    (
        "Convolution1D",
        {**DEAD, "nb_filter": 6, "filter_length": 3, "border_mode": "valid", "subsample_length": 2, "input_length": 10},
        STEPS,
        3 * 4 * 6 + 6,
        [None, 4, 6],
    ),
    (
        "AtrousConvolution1D",
        {**DEAD, "nb_filter": 6, "filter_length": 3, "border_mode": "valid", "subsample_length": 1, "atrous_rate": 3},
        STEPS,
        3 * 4 * 6 + 6,
        [None, 4, 6],
    ),
    ("MaxoutDense", {**LINEAR, "output_dim": 7, "nb_feature": 3}, [None, 4], 3 * (4 * 7 + 7), [None, 7]),
    ("Highway", DEAD, [None, 4], 2 * (4 * 4 + 4), [None, 4]),
    (
        "Deconvolution2D",
        {**CONV, **TF, "subsample": [2, 2], "output_shape": [None, 20, 29, 6]},
        IMAGE,
        3 * 5 * 2 * 6 + 6,
        [None, 20, 29, 6],
    ),
    (
        "Deconvolution2D",
        {**CONV, **TH, "subsample": [2, 3], "border_mode": "same", "output_shape": [None, 6, 17, 39]},
        [None, 2, 9, 13],
        3 * 5 * 2 * 6 + 6,
        [None, 6, 17, 39],
    ),
    ("MaxPooling1D", {"pool_length": 3, "stride": 2, "border_mode": "valid"}, STEPS, 0, [None, 4, 4]),
    (
        "AveragePooling2D",
        {"pool_size": [2, 3], "strides": [2, 2], "border_mode": "same", **TF},
        IMAGE,
        0,
        [None, 5, 7, 2],
    ),
    ("MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid", **TH}, IMAGE, 0, [None, 9, 6, 1]),
    ("GlobalAveragePooling2D", {**TH}, IMAGE, 0, [None, 9]),
    ("UpSampling1D", {"length": 3}, STEPS, 0, [None, 30, 4]),
    ("UpSampling2D", {"size": [2, 3], **TF}, IMAGE, 0, [None, 18, 39, 2]),
    ("ZeroPadding2D", {"padding": [1, 2], **TF}, IMAGE, 0, [None, 11, 17, 2]),
    ("ZeroPadding2D", {"padding": {"top_pad": 1, "right_pad": 2}, **TF}, IMAGE, 0, [None, 10, 15, 2]),
    ("ZeroPadding1D", {"padding": {"left_pad": 3}}, STEPS, 0, [None, 13, 4]),
    ("Cropping2D", {"cropping": [[1, 0], [2, 2]], **TF}, IMAGE, 0, [None, 8, 9, 2]),
    ("LSTM", {**GATES, **INNER, "forget_bias_init": "one"}, STEPS, 4 * (4 * 5 + 5 * 5 + 5), [None, 10, 5]),
    ("GRU", {**GATES, **INNER}, STEPS, 3 * (4 * 5 + 5 * 5 + 5), [None, 10, 5]),
    ("SimpleRNN", {**GATES}, STEPS, 4 * 5 + 5 * 5 + 5, [None, 10, 5]),
    (
        "Bidirectional",
        {"merge_mode": "concat", "layer": {"class_name": "GRU", "config": {**GATES, **INNER, "name": "g"}}},
        STEPS,
        2 * 3 * (4 * 5 + 5 * 5 + 5),
        [None, 10, 10],
    ),
    (
        "TimeDistributed",
        {"layer": {"class_name": "Dense", "config": {**DEAD, "output_dim": 7, "name": "d"}}},
        STEPS,
        4 * 7 + 7,
        [None, 10, 7],
    ),
    (
        "ConvLSTM2D",
        {
            **{
                key: one
                for key, one in GATES.items()
                if key not in ("output_dim", "input_dim", "input_length", "unroll", "consume_less")
            },
            **INNER,
            **TF,
            "nb_filter": 5,
            "nb_row": 3,
            "nb_col": 3,
            "border_mode": "same",
            "subsample": [1, 1],
            "forget_bias_init": "one",
        },
        [None, 4, 9, 13, 2],
        4 * (3 * 3 * 2 * 5 + 3 * 3 * 5 * 5 + 5),
        [None, 4, 9, 13, 5],
    ),
    (
        "Embedding",
        {
            "input_dim": 40,
            "output_dim": 3,
            "init": "uniform",
            "input_length": 10,
            "W_regularizer": None,
            "W_constraint": None,
            "mask_zero": False,
            "dropout": 0.3,
            "input_dtype": "int32",
        },
        [None, 10],
        40 * 3,
        [None, 10, 3],
    ),
    ("Dropout", {"p": 0.5}, STEPS, 0, STEPS),
    ("SpatialDropout1D", {"p": 0.5}, STEPS, 0, STEPS),
    ("SpatialDropout2D", {"p": 0.5, **TF}, IMAGE, 0, IMAGE),
    ("SpatialDropout3D", {"p": 0.5, **TF}, CUBE, 0, CUBE),
    ("GaussianDropout", {"p": 0.5}, STEPS, 0, STEPS),
    ("GaussianNoise", {"sigma": 0.5}, STEPS, 0, STEPS),
    ("PReLU", {"init": "zero", "shared_axes": [1]}, STEPS, 4, STEPS),
    (
        "BatchNormalization",
        {"mode": 0, "axis": 1, "momentum": 0.9, "epsilon": 1e-6, "beta_init": "zero", "gamma_init": "one"},
        [None, 3, 9, 13],
        4 * 3,
        [None, 3, 9, 13],
    ),
]


def model(kind, config, shape, **more):
    layer = {
        "class_name": kind,
        "config": {"name": "l", "trainable": True, **copy.deepcopy(config), "batch_input_shape": shape},
    }
    return {"class_name": "Sequential", "config": [layer], **more}


@pytest.mark.parametrize(
    ("kind", "config", "shape", "params", "output", "version"),
    [
        (*one, version)
        for version in ({"keras_version": "1.2.2"}, {})
        for one in LAYERS
        if version or one[0] not in ("ZeroPadding1D", "Cropping2D")  # in which no word is of Keras 1 alone
    ],
)
def test_a_layer_of_keras_1_is_the_one_it_is_today(kind, config, shape, params, output, version):
    document = model(kind, config, shape, **version)
    before = json.dumps(document)
    report = analyze(document)
    assert (report["totals"]["params"], report["outputs"][0]["shape"]) == (params, output)
    assert ["Keras 1" in one["detail"] for one in report["warnings"]].count(True) == 1
    assert json.dumps(document) == before


def test_every_class_with_words_of_its_own_is_tried():
    tried = {kind for kind, *_ in LAYERS} | {
        "Conv" + kind[11:] for kind, *_ in LAYERS if kind.startswith("Convolution")
    }
    tried |= {CLASSES.get(kind, kind) for kind in tried}
    alike = {  # the table of one is that of the other
        "AveragePooling1D", "AveragePooling3D", "MaxPooling3D", "LocallyConnected1D", "GlobalMaxPooling2D",
        "GlobalMaxPooling3D", "GlobalAveragePooling3D", "UpSampling3D", "ZeroPadding3D", "Cropping3D",
    }  # fmt: skip
    assert set(TABLES) - alike <= tried


@pytest.mark.parametrize(("kind", "params"), [("MaxoutDense", 4 * (4 * 3 + 3)), ("Highway", 2 * (4 * 4 + 4))])
def test_layers_of_keras_1_as_keras_2_wrote_them(kind, params):
    config = {**LINEAR, **({"output_dim": 3} if kind == "MaxoutDense" else {})}
    assert analyze(model(kind, config, [None, 4], keras_version="2.0.9"))["totals"]["params"] == params


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_spatial_dropout_as_keras_2_wrote_it(rank):
    config = {"rate": 0.2, "noise_shape": None, "seed": None}
    report = analyze(model(f"SpatialDropout{rank}D", config, [None, *[4] * rank, 2], keras_version="2.2.4"))
    assert report["outputs"][0]["shape"] == [None, *[4] * rank, 2]


def graph(mode, **more):
    """Two inputs and a Merge of them, as Model.get_config of keras 1.2.2 writes it."""
    named = [
        ("InputLayer", "a", {"batch_input_shape": [None, 6, 3], "input_dtype": "float32", "sparse": False}, []),
        ("InputLayer", "b", {"batch_input_shape": [None, 6, 3], "input_dtype": "float32", "sparse": False}, []),
        ("Merge", "m", {"mode": mode, "mode_type": "raw", "concat_axis": -1, "dot_axes": -1, "output_shape": None,
                        "output_shape_type": "raw", "output_mask": None, "output_mask_type": "raw", "arguments": {},
                        **more}, [[["a", 0, 0], ["b", 0, 0]]]),
    ]  # fmt: skip
    layers = [
        {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}
        for kind, name, config, nodes in named
    ]
    ends = {"input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["m", 0, 0]]}
    return {"class_name": "Model", "keras_version": "1.2.2", "config": {"name": "net", "layers": layers, **ends}}


MERGED = {
    "sum": ({}, "Add", [None, 6, 3]),
    "mul": ({}, "Multiply", [None, 6, 3]),
    "ave": ({}, "Average", [None, 6, 3]),
    "max": ({}, "Maximum", [None, 6, 3]),
    "concat": ({"concat_axis": 1}, "Concatenate", [None, 12, 3]),
    "dot": ({"dot_axes": [2, 2]}, "Dot", [None, 6, 6]),
    "cos": ({"dot_axes": [2, 2]}, "Dot", [None, 6, 6]),
}


@pytest.mark.parametrize("mode", MERGED)
def test_a_merge_is_the_layer_of_its_mode(mode):
    more, kind, shape = MERGED[mode]
    report = analyze(graph(mode, **more))
    assert [(row["type"], row["name"]) for row in report["layers"]] == [(kind, "m")]
    assert report["outputs"][0]["shape"] == shape


def dense(name, units, shape=None, **config):
    """A Dense as keras 1.2.2 writes it."""
    first = {} if shape is None else {"batch_input_shape": shape}
    return {"class_name": "Dense", "config": {**DEAD, **first, "name": name, "output_dim": units, **config}}


def branches(models, *rest, mode="concat", name=None):
    """A Sequential that begins with a Merge of models, as Sequential.get_config of keras 1.2.2 writes it."""
    merge = {"name": "merge_1", "mode": mode, "mode_type": "raw", "concat_axis": -1, "dot_axes": -1, "layers": models}
    named = {} if name is None else {"name": name}
    return {
        "class_name": "Sequential",
        "keras_version": "1.2.2",
        "config": [{"class_name": "Merge", "config": merge}, *rest],
        **named,
    }


def sequential(*layers):
    return {"class_name": "Sequential", "config": list(layers)}


LEFT = sequential(dense("left", 8, [None, 5]), dense("more", 4))
RIGHT = sequential(dense("right", 4, [None, 6]))


def test_a_sequential_may_begin_with_models_merged():
    report = analyze(branches([LEFT, RIGHT], dense("last", 2)))
    assert [(one["name"], one["shape"]) for one in report["inputs"]] == [("input_1", [None, 5]), ("input_2", [None, 6])]
    assert [(row["name"], row["params"]) for row in report["layers"]] == [
        ("branch_1/left", 5 * 8 + 8), ("branch_1/more", 8 * 4 + 4), ("branch_2/right", 6 * 4 + 4), ("merge_1", 0),
        ("last", 8 * 2 + 2),
    ]  # fmt: skip
    assert report["outputs"][0]["shape"] == [None, 2]


def test_merged_models_may_be_merged_again_and_be_graphs():
    inner = branches([LEFT, RIGHT], dense("inner", 3), mode="sum")
    report = analyze(
        branches([inner, {**graph("sum"), "config": {**graph("sum")["config"], "name": "net"}}], mode="dot")
    )
    assert [one["shape"] for one in report["inputs"]] == [[None, 5], [None, 6], [None, 6, 3], [None, 6, 3]]
    assert report["outputs"][0]["shape"] == [None, 6]
    assert report["totals"]["params"] == (5 * 8 + 8) + (8 * 4 + 4) + (6 * 4 + 4) + (4 * 3 + 3)


def test_a_sequential_with_merged_models_may_be_part_of_a_model():
    whole = sequential(branches([LEFT, RIGHT]), dense("last", 2))
    with pytest.raises(Refused):
        analyze({**whole, "keras_version": "1.2.2"})


def test_gates_are_hard_sigmoids_where_an_old_document_says_nothing():
    config = {key: one for key, one in GATES.items() if key != "inner_activation"}
    old = model("LSTM", config, [None, 10, 4])
    said = model("LSTM", {**config, "inner_activation": "hard_sigmoid"}, [None, 10, 4])
    new = model("LSTM", {**config, "inner_activation": "sigmoid"}, [None, 10, 4])
    runs = [forward(one, {"seed": 1})["outputs"][0]["data"] for one in (old, said, new)]
    assert np.array_equal(runs[0], runs[1])
    assert not np.allclose(runs[0], runs[2])


REFUSED = {
    "layers": (graph("sum", layers=[{"class_name": "Dense"}]), "/config/layers/2/config/layers", "begins with it"),
    "branch": (
        branches([{"class_name": "Sequential", "config": [dense("a", 3)]}] * 2), "/config/0/config/layers", "input shapes"
    ),
    "no-model": (branches([3]), "/config/0/config/layers", "list of models"),
    "function": (graph("<lambda>", mode_type="lambda"), "/config/layers/2/config/mode", "concat, sum"),
    "shape": (graph("sum", output_shape=[3]), "/config/layers/2/config/mode", "concat, sum"),
    **{kind: (model(kind, {"output_dim": 3}, [None, 3]), "/config/0/class_name", "no counterpart") for kind in GONE},
    "normalization": (
        model("BatchNormalization", {"mode": 2}, [None, 3], keras_version="1.1.0"), "/config/0/config/mode", "mode",
    ),
    "both": (model("Dense", {"output_dim": 3, "units": 3}, [None, 3]), "/config/0/config/output_dim", "output_dim"),
    "unknown": (model("Dense", {"output_dim": 3, "quux": 3}, [None, 3]), "/config/0/config/quux", "quux"),
    "keras-0": ({"name": "Sequential", "layers": [{"name": "Dense", "output_dim": 3}], "loss": "mse"}, "", "Keras 0.3"),
    "keras-0-graph": ({"name": "Graph", "node_config": [], "nodes": {}}, "", "Keras 0.3"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_counterpart_is_refused_by_name(name):
    document, place, words = REFUSED[name]
    with pytest.raises(Refused) as caught:
        analyze(document)
    assert caught.value.errors[0]["pointer"] == place
    assert words in caught.value.errors[0]["detail"]


@pytest.mark.parametrize("version", ["2.0.0", "2.2.4-tf", "3.0.0"])
def test_words_of_keras_1_under_a_later_version_are_not_taken_for_it(version):
    with pytest.raises(Refused, match="output_dim"):
        analyze(model("Dense", {"output_dim": 3}, [None, 3], keras_version=version))
