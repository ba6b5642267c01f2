"""Which arguments of layers give a shape: all that do of those tried, and each is what `check` says of it."""

import json
from itertools import product

import pytest

from layercalc import analyze, check, fit
from layercalc.errors import InvalidModel, Refused
from layercalc.web import create_app
from tests import onnx_files, torch_files
from tests.command import run

STACK = {
    "input_shape": [32, 32, 3],
    "layers": [
        {"type": "Conv2D", "filters": 8, "kernel_size": 3, "name": "conv"},
        {"type": "MaxPooling2D", "name": "pool"},
        {"type": "Conv2D", "filters": 16, "kernel_size": 3, "name": "last"},
    ],
}
TARGET = [{"metric": "output_shape", "equals": [None, 5, 5, 16]}]


def with_arguments(model, values):
    """The stack with arguments of its first layer, a number as often as its list has them."""
    first, *rest = model["layers"]
    own = {key: [n] * len(first[key]) if type(first.get(key)) is list else n for key, n in values.items()}
    return {**model, "layers": [{**first, **own}, *rest]}


def passes(model, within):
    try:
        return check(model, within)["passed"]
    except Refused:
        return False


def test_arguments_that_give_a_shape_are_all_that_give_it():
    answer = fit(STACK, "conv.kernel_size,conv.strides,conv.padding", TARGET, range="1..6")
    wanted = []
    for size in range(1, 7):
        for stride in range(1, 7):
            for padding in ("valid", "same"):
                own = {"kernel_size": size, "strides": stride, "padding": padding}
                model = {**STACK, "layers": [{**STACK["layers"][0], **own}, *STACK["layers"][1:]]}
                if passes(model, TARGET):
                    wanted.append({f"conv.{key}": value for key, value in own.items()})
    assert sorted(answer["values"], key=str) == sorted(wanted, key=str)
    assert answer["count"] == len(wanted) > 2
    assert answer["value"] == {"conv.kernel_size": 3, "conv.strides": 2, "conv.padding": "valid"}  # one is changed
    assert answer["totals"]["params"] == check(STACK, [{"metric": "params", "max": "1M"}])["totals"]["params"]


def test_arguments_of_keras_json_and_of_several_layers():
    keras = {"class_name": "Sequential", "config": {"layers": [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 32, 32, 3], "name": "in"}},
        {"class_name": "Conv2D", "config": {"filters": 8, "kernel_size": [3, 3], "name": "conv"}},
        {"class_name": "MaxPooling2D", "config": {"name": "pool"}}]}}  # fmt: skip
    within = [{"metric": "output_shape", "layer": "pool", "equals": [None, 16, 16, 8]}]
    answer = fit(keras, ["conv.padding", "pool.strides"], within)
    assert answer["value"] == {"conv.padding": "same", "pool.strides": 2}
    assert fit(keras, ["pool.pool_size"], [{"metric": "output_shape", "equals": [None, 9, 9, 9]}])["value"] is None


REFUSED = [
    ("conv.kernel", "'conv' has no argument 'kernel'. Did you mean 'kernel_size'?"),
    ("cnv.padding", "There is no layer 'cnv'. Did you mean 'conv'?"),
    ("conv.kernel_initializer", "neither a size nor a word nor a truth"),
    (["conv.padding", 3], "Expected an argument of a layer, such as conv.kernel_size; received 3."),
    ([], "Expected an argument of a layer"),
    ("conv.strides, conv.strides", "'conv.strides' varies twice."),
    ("conv.filters,conv.kernel_size,conv.strides,conv.groups,conv.dilation_rate,pool.strides", "combinations; at most"),
]


@pytest.mark.parametrize("last", [1 << 20, 1 << 64, 10**299])
def test_a_range_of_arguments_that_is_too_long(last):
    with pytest.raises(InvalidModel, match="at most 1,048,576 are tried") as caught:
        fit(STACK, "conv.kernel_size", TARGET, range={"from": 0, "to": last})
    assert caught.value.errors[0]["parameter"] == "range"


@pytest.mark.parametrize(("filters", "words"), [
    ({"$": "w"}, "The model leaves 'w' open, which does not vary"),
    ({"$": "a0"}, "The model leaves 'a0' open, which does not vary"),
    ("many", "Expected filters to be an integer"),
])  # fmt: skip
def test_arguments_vary_in_models_that_are_whole(filters, words):
    first, *rest = STACK["layers"]
    asked = {"model": {**STACK, "layers": [{**first, "filters": filters}, *rest]}, "vary": "pool.strides"}
    answer = create_app().test_client().post("/v1/fit", json={**asked, "within": TARGET})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/model/layers/0/filters"
    assert words in answer.json["errors"][0]["detail"]


@pytest.mark.parametrize(("vary", "words"), REFUSED, ids=str)
def test_arguments_that_are_none(vary, words):
    answer = create_app().test_client().post("/v1/fit", json={"model": STACK, "vary": vary, "within": TARGET})
    assert answer.status_code == 422
    (fault,) = answer.json["errors"]
    assert (fault.get("pointer"), fault.get("parameter")) in (("/vary", None), (None, "range"))
    assert words in fault["detail"]


def test_arguments_vary_in_documents_of_json_alone():
    with pytest.raises(InvalidModel, match="arguments vary in a stack or Keras JSON"):
        fit("Conv2D(8, 3, input_shape=(32, 32, 3), name='conv')", "conv.strides", TARGET)
    with pytest.raises(InvalidModel, match="over a range with an end"):
        fit(STACK, "conv.strides", TARGET, range="1..")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"range": "1..3"}, "None of conv.padding, conv.use_bias is a number; leave it out"),
        ({"goal": "smallest"}, "Arguments have no order"),
        ({"goal": "best"}, "largest"),
    ],
)
def test_what_does_not_count_for_arguments_is_refused(given, told):
    asked = {"vary": "conv.padding, conv.use_bias", "within": TARGET, **given}
    answer = create_app().test_client().post("/v1/fit", json={"model": STACK, **asked})
    (fault,) = answer.json["errors"]
    assert (answer.status_code, fault["pointer"]) == (422, f"/{next(iter(given))}")
    assert told in fault["detail"]
    with pytest.raises(InvalidModel, match=told):
        fit(STACK, **asked)


def test_arguments_by_every_face(tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(STACK))
    answer = fit(STACK, "conv.strides", TARGET)
    client = create_app().test_client()
    assert client.post("/v1/fit?vary=conv.strides&equals_output_shape=null,5,5,16", json=STACK).json == answer
    ran = run(
        "fit",
        "net.json",
        "--vary",
        "conv.strides",
        "--within",
        "output_shape=null,5,5,16",
        "--format",
        "csv",
        cwd=tmp_path,
    )
    assert (ran.returncode, ran.stdout.split()) == (0, ["conv.strides", "2"])
    assert (
        run("fit", "net.json", "--vary", "conv.strides", "--within", "output_shape=null,5,5,1", cwd=tmp_path).returncode
        == 1
    )


SIZES, ENDS = {1: [9], 2: [9, 8], 3: [6, 7, 6]}, "0..3"
NUMBERS = range(4)
SAME = ("valid", "same")
KERAS = [
    ("Conv{}D", {"filters": 2, "kernel_size": 3, "strides": 2}, {"padding": SAME}),
    ("Conv{}D", {"filters": 2, "kernel_size": 2}, {"padding": SAME, "dilation_rate": NUMBERS}),
    ("Conv{}DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2}, {"padding": SAME}),
    ("Conv{}DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2}, {"padding": SAME, "output_padding": NUMBERS}),
    ("MaxPooling{}D", {"pool_size": 3, "strides": 2}, {"padding": SAME}),
    ("AveragePooling{}D", {"pool_size": 2}, {"padding": SAME}),
    ("UpSampling{}D", {"size": 2}, {}),
    ("ZeroPadding{}D", {"padding": 2}, {}),
    ("Cropping{}D", {"cropping": 1}, {}),
]
CHANNELS = {"in_channels": 3, "out_channels": 2, "kernel_size": 3}
TORCH = [
    ("Conv{}d", {**CHANNELS, "stride": 2}, {"padding": (*NUMBERS, *SAME)}),
    ("Conv{}d", {**CHANNELS, "padding": "same"}, {"padding": (*NUMBERS, *SAME), "dilation": NUMBERS}),
    ("ConvTranspose{}d", {**CHANNELS, "stride": 2}, {"padding": NUMBERS, "output_padding": NUMBERS}),
    ("MaxPool{}d", {"kernel_size": 3, "stride": 2}, {"padding": NUMBERS, "ceil_mode": (False, True)}),
    ("AvgPool{}d", {"kernel_size": 2}, {"padding": NUMBERS, "ceil_mode": (False, True)}),
    ("LPPool{}d", {"norm_type": 2, "kernel_size": 3}, {"ceil_mode": (False, True)}),
    ("ZeroPad{}d", {"padding": 0}, {}),
]
ONNX = [
    ("Conv", {"strides": 2, "kernel_shape": 3}, {"pads": NUMBERS}),
    ("ConvTranspose", {"strides": 2, "pads": 1}, {"output_padding": NUMBERS}),
    ("MaxPool", {"strides": 2, "kernel_shape": 3}, {"pads": NUMBERS, "ceil_mode": NUMBERS}),
    ("AveragePool", {"strides": 2, "kernel_shape": 2}, {"pads": NUMBERS}),
]
SLID = ("kernel_size", "pool_size", "strides", "stride", "kernel_shape", "pads", "size", "cropping", "padding")


def of_onnx(rank, kind, config, other):
    """The layer with a list for each attribute, and its kernel."""
    config = {"pads": 0, "output_padding": 0, **config} if "output_padding" in other else {"pads": 0, **config}
    lists = {key: [n] * rank * (2 if key == "pads" else 1) for key, n in config.items()}
    kernel = {"W": {"shape": [2 if kind == "Conv" else 3, 3 if kind == "Conv" else 2] + [3] * rank}}
    return {"type": kind, **lists, **(kernel if kind.startswith("Conv") else {})}


def turned_round():
    """Every layer at every rank: a stack and the arguments that vary, with all of their values."""
    for rank, sizes in SIZES.items():
        for kind, config, other in KERAS:
            words = (*SAME, "causal") if (kind, rank) == ("Conv{}D", 1) else SAME
            other = {key: words if values is SAME else values for key, values in other.items()}
            yield "keras", [*sizes, 3], {"type": kind.format(rank), **config}, other
        for kind, config, other in TORCH:
            yield "torch", [3, *sizes], {"type": kind.format(rank), **config}, other
        for kind, config, other in ONNX:
            yield "onnx", [3, *sizes], of_onnx(rank, kind, config, other), other


@pytest.mark.parametrize(("vocabulary", "shape", "layer", "other"), [*turned_round()], ids=lambda one: str(one)[:40])
def test_every_answer_is_what_the_layer_gives_and_none_is_missing(vocabulary, shape, layer, other):
    """The shape is that of the layer as it stands, so one answer is the layer itself where its numbers are tried."""
    inputs = [{"name": "x", "batch_shape": [1, *shape]}]
    model = {"vocabulary": vocabulary, "inputs": inputs, "layers": [{**layer, "name": "one"}]}
    space = {key: NUMBERS for key in SLID if key in layer} | other
    within = [{"metric": "output_shape", "equals": analyze(model)["outputs"][0]["shape"]}]
    answer = fit(model, [f"one.{key}" for key in space], within, range=ENDS)
    wanted = [dict(zip(space, values, strict=True)) for values in product(*space.values())]
    wanted = [values for values in wanted if passes(with_arguments(model, values), within)]
    found = [{key.removeprefix("one."): value for key, value in one.items()} for one in answer["values"]]
    assert answer["count"] == len(wanted) > 0
    assert len(found) == min(len(wanted), 100)
    assert all(one in wanted for one in found)
    assert answer["totals"] == analyze(with_arguments(model, found[0]))["totals"]
    fixed = {key: value for key, value in layer.items() if key in space and type(value) is not list}
    assert fixed.items() <= found[0].items()


def test_sizes_are_tried_from_the_least_that_they_may_be():
    """No padding is 0 in PyTorch, and what it names "same" and "valid" are words beside the numbers."""
    conv = {"type": "Conv2d", "in_channels": 3, "out_channels": 2, "kernel_size": 5, "name": "conv"}
    model = {"vocabulary": "torch", "input_shape": [3, 32, 32], "layers": [conv]}
    for size, padding in ((28, [0, "valid"]), (32, [2, "same"]), (60, [16])):
        answer = fit(model, "conv.padding", [{"metric": "output_shape", "equals": [None, 2, size, size]}])
        assert sorted((one["conv.padding"] for one in answer["values"]), key=str) == padding
    none = fit(model, "conv.padding,conv.bias", [{"metric": "output_shape", "equals": [None, 2, 61, 61]}])
    assert none["value"] is none["totals"] is None
    tried = (
        "tried are conv.padding 0 to 16, same, valid; conv.bias false, true, a number being the same along all axes."
    )
    assert none["detail"].endswith(tried)


def test_arguments_of_layers_inside_a_model():
    inner = [
        {"class_name": "Conv2D", "config": {"filters": 8, "kernel_size": [3, 3], "name": "conv"}},
        {"class_name": "MaxPooling2D", "config": {"name": "pool"}},
    ]
    keras = {"class_name": "Sequential", "config": {"layers": [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 32, 32, 3], "name": "in"}},
        {"class_name": "Sequential", "config": {"name": "encoder", "layers": inner}}]}}  # fmt: skip
    answer = fit(keras, "encoder/conv.padding", [{"metric": "output_shape", "equals": [None, 16, 16, 8]}])
    assert answer["value"] == {"encoder/conv.padding": "same"}
    with pytest.raises(InvalidModel, match=r"'encoder' is a model .* those of its layers vary, encoder/conv\."):
        fit(keras, "encoder.padding", TARGET)


@pytest.mark.parametrize("version", ["1.2.2", "2.2.4", "2.15.0"])
def test_arguments_of_older_keras_json(version):
    """They vary where the document has them as today's Keras does; else it is said that it has not."""
    named = {"kernel_size": [3, 3], "strides": [1, 1]} if version[0] == "2" else {"nb_row": 3, "nb_col": 3}
    conv = {"name": "conv", "padding" if version[0] == "2" else "border_mode": "valid", **named}
    conv |= {"filters" if version[0] == "2" else "nb_filter": 8, "activation": "relu"}
    conv |= {"batch_input_shape": [None, 11, 11, 3]}
    config = [{"class_name": "Conv2D" if version[0] == "2" else "Convolution2D", "config": conv}]
    model = {"class_name": "Sequential", "keras_version": version, "config": config}
    within = [{"metric": "output_shape", "equals": [None, 5, 5, 8]}]
    if version[0] == "2":
        assert fit(model, "conv.strides", within)["value"] == {"conv.strides": 2}
    else:
        with pytest.raises(InvalidModel, match="does not stand in this Keras JSON as today's Keras writes it"):
            fit(model, "conv.strides", within)


def test_a_list_that_the_model_leaves_out():
    conv = {"type": "Conv", "W": {"shape": [2, 3, 3, 3]}, "name": "conv"}
    model = {"vocabulary": "onnx", "inputs": [{"name": "x", "batch_shape": [1, 3, 9, 9]}], "layers": [conv]}
    with pytest.raises(InvalidModel, match=r"Expected conv\.strides to stand in the model, as a list"):
        fit(model, "conv.strides", TARGET)


POOL = onnx_files.node("MaxPool", ["x"], ["y"], "pool", kernel_shape=[2, 2])
FILE = onnx_files.file_of([POOL], {"x": [1, 3, 8, 8]}, {"y": [1, 3, 7, 7]})


@pytest.mark.parametrize("name", ["pool.strides", "conv1.stride", "conv1.no", "nothing.at_all"])
@pytest.mark.parametrize("body", [FILE, torch_files.body_of("lenet")], ids=["onnx", "pt2"])
def test_what_stands_in_a_file_stays(body, name, tmp_path):
    (tmp_path / "model.bin").write_bytes(body)
    told = "What stands in a file cannot be left open: arguments vary in a stack or Keras JSON."
    with pytest.raises(InvalidModel) as caught:
        fit(body, name, TARGET)
    assert caught.value.errors == [{"parameter": "vary", "detail": told}]
    client = create_app().test_client()
    answer = client.post(f"/v1/fit?vary={name}&equals_output_shape=1,3,4,4", data=body)
    assert (answer.status_code, answer.json["errors"][0]["detail"]) == (422, told)
    ran = run("fit", "model.bin", "--vary", name, "--within", "output_shape=1,3,4,4", cwd=tmp_path)
    assert ran.returncode == 2
    assert told in ran.stderr
