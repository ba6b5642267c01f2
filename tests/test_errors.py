"""Every fault: where it is, and words that help."""

import pytest

from layercalc import InvalidModel, Refused, analyze

CONV = {"type": "Conv2D", "filters": 4, "kernel_size": 3}
DENSE = {"type": "Dense", "units": 4}


def image(*layers, **top):
    return {"input_shape": [8, 8, 3], "layers": list(layers), **top}


FAULTS = [
    # document, [(pointer, words that must stand in the detail)]
    (image(), [("/layers", "at least one layer")]),
    ({"input_shape": [8], "layers": 3}, [("/layers", "received 3")]),
    ({"input_shape": [8], "layers": {}}, [("/layers", "received {}")]),
    (image(3), [("/layers/0", "received 3")]),
    (image({"units": 3}), [("/layers/0", "Expected a layer")]),
    (image({"type": "Conv2d", "filters": 1, "kernel_size": 1}), [("/layers/0/type", "'Conv2D'")]),
    (image({"type": 5}), [("/layers/0/type", "received 5")]),
    (image({"type": "Conv2D", "filters": 4}), [("/layers/0", "'kernel_size' is required")]),
    (image({**CONV, "filtres": 3}), [("/layers/0/filtres", "'filters'")]),
    (image({**CONV, "filters": "4"}), [("/layers/0/filters", 'received "4"')]),
    (image({**CONV, "filters": 4.0}), [("/layers/0/filters", "received 4.0")]),
    (image({**CONV, "filters": True}), [("/layers/0/filters", "received true")]),
    (image({**CONV, "filters": 0}), [("/layers/0/filters", "at least 1")]),
    (image({**CONV, "kernel_size": [3]}), [("/layers/0/kernel_size", "a list of 2")]),
    (image({**CONV, "padding": "full"}), [("/layers/0/padding", '"valid", "same"')]),
    (image({**CONV, "activation": "rellu"}), [("/layers/0/activation", "'relu'")]),
    (image({**CONV, "groups": 2}), [("/layers/0/groups", "3 channels")]),
    (image({**CONV, "strides": 2, "dilation_rate": 2}), [("/layers/0/dilation_rate", "set one of them to 1")]),
    (image({**CONV, "dtype": "int8_from_float32"}), [("/layers/0/dtype", "Quantised")]),
    (image({**CONV, "lora_rank": "a"}), [("/layers/0/lora_rank", "to be an integer")]),
    (image({**CONV, "name": 3}), [("/layers/0/name", "received 3")]),
    (image({**CONV, "name": "a/b"}), [("/layers/0/name", "without '/'")]),
    (image({**CONV, "name": "x"}, {**CONV, "name": "x"}), [("/layers/1/name", "'x' already")]),
    (image(CONV, {**CONV, "inputs": ["conv2dd"]}), [("/layers/1/inputs", "'conv2d'")]),
    (image(CONV, {**CONV, "inputs": []}), [("/layers/1/inputs", "at least one")]),
    (image(CONV, {**CONV, "inputs": [3]}), [("/layers/1/inputs/0", "received 3")]),
    (image({**CONV, "name": "a", "inputs": ["b"]}, {**CONV, "name": "b", "inputs": ["a"]}, outputs=["a"]), [("/layers/0/inputs", "cycle")]),
    (image({**CONV, "name": "a", "inputs": ["a"]}), [("/layers/0/inputs", "cycle")]),
    (image(CONV, outputs=["nothing"]), [("/outputs/0", "'nothing'")]),
    (image(CONV, outputs=[]), [("/outputs", "received []")]),
    (image(CONV, outputs=["conv2d:1"]), [("/outputs/0", "1 output")]),
    (image(CONV, {**CONV, "inputs": ["conv2d:1"]}), [("/layers/1", "there is no output 1")]),
    (image(CONV, layer=3), [("/layer", "no key 'layer'")]),
    (image(CONV, eps=1, zeta=1, alpha=1, beta=1), [("/eps", "'eps'"), ("/zeta", "'zeta'"), ("/alpha", "'alpha'"), ("/beta", "'beta'")]),
    ({"input_shape": "abc", "layers": [DENSE]}, [("/input_shape", 'received "abc"')]),
    ({"input_shape": [-1], "layers": [DENSE]}, [("/input_shape", "received [-1]")]),
    ({"input_shape": [2.5], "layers": [DENSE]}, [("/input_shape", "received [2.5]")]),
    ({"batch_shape": [], "layers": [DENSE]}, [("/batch_shape", "at least the batch")]),
    ({"layers": [DENSE]}, [("", "input_shape=28,28,1")]),
    ({"input_shape": [3], "batch_shape": [2, 3], "layers": [DENSE]}, [("/batch_shape", "leave one of them out")]),
    ({"inputs": [], "layers": [DENSE]}, [("/inputs", "list of inputs")]),
    ({"inputs": [{"name": "a", "shape": [3]}, {"name": "a", "shape": [3]}], "layers": [DENSE]}, [("/inputs/1/name", "'a' already"), ("/layers/0", "several inputs")]),
    ({"inputs": [{"name": "a", "shape": [3], "dtype": "complex64"}], "layers": [DENSE]}, [("/inputs/0/dtype", "complex64")]),
    ({"inputs": [{"name": "a", "shape": [3]}, {"name": "b", "shape": [3]}], "layers": [DENSE]}, [("/layers/0", '"inputs": ["a"]')]),
    (image({"type": "TimeDistributed", "layer": {"type": "Dense", "units": "x"}}), [("/layers/0/layer/units", 'received "x"')]),
    (image({"type": "TimeDistributed", "layer": {"type": "Dens", "units": 1}}), [("/layers/0/layer/type", "'Dense'")]),
    (image({"type": "TimeDistributed", "layer": 3}), [("/layers/0/layer", "received 3")]),
    (image({"type": "Bidirectional", "layer": {"type": "Dense", "units": 1}}), [("/layers/0/layer", "recurrent")]),
    (image({"type": "TimeDistributed", "layer": {"class_name": "Dense", "config": {"units": -1}}}), [("/layers/0/layer/config/units", "received -1")]),
    # shapes
    (image({**CONV, "kernel_size": 9}), [("/layers/0/kernel_size", "⌊(8 − 9) / 1⌋ + 1 = 0")]),
    (image({"type": "MaxPooling2D", "pool_size": 9}), [("/layers/0/pool_size", "at most 8")]),
    (image({"type": "MaxPooling2D"}, {"type": "MaxPooling2D"}, {"type": "MaxPooling2D"}, {"type": "MaxPooling2D"}), [("/layers/3", "[1, 1]")]),
    ({"input_shape": [28, 28], "layers": [CONV]}, [("/layers/0", "[28, 28, 1]")]),
    ({"input_shape": [10], "layers": [{"type": "Reshape", "target_shape": [3, 4]}]}, [("/layers/0/target_shape", "10 elements")]),
    ({"input_shape": [10], "layers": [{"type": "Reshape", "target_shape": [3, -1]}]}, [("/layers/0/target_shape", "10 / 3")]),
    ({"input_shape": [4, 3], "layers": [{"type": "Permute", "dims": [1, 3]}]}, [("/layers/0/dims", "1 to 2")]),
    ({"input_shape": [4, 3], "layers": [{"type": "Permute", "dims": [1]}]}, [("/layers/0/dims", "2 axes")]),
    (image({"type": "Cropping2D", "cropping": 4}), [("/layers/0/cropping", "8 − 4 − 4 = 0")]),
    (image({"type": "BatchNormalization", "axis": 4}), [("/layers/0/axis", "no axis 4")]),
    (image({**DENSE, "name": "a"}, {**DENSE, "units": 5, "inputs": ["input"]}, {"type": "Add", "inputs": ["a", "dense"]}), [("/layers/2", "axis 3 is 4 in one and 5 in another")]),
    (image(CONV, {"type": "Concatenate", "inputs": ["input", "conv2d"]}), [("/layers/1", "axis 1 is 8 in one and 6 in another")]),
    (image({"type": "Subtract", "inputs": ["input"]}), [("/layers/0", "takes 2 inputs, received 1")]),
    (image({**DENSE, "inputs": ["input", "input"]}), [("/layers/0", "takes 1 input, received 2")]),
    (image({**DENSE, "inputs": {"inputs": "input", "speed": "input"}}), [("/layers/0", "'speed'")]),
    # Keras JSON
    ({"class_name": "Dense"}, [("", "units"), ("", "input_shape=")]),
    ({"class_name": "Sequential", "config": 3}, [("/config", "received 3")]),
    ({"class_name": "Sequential", "config": {"layers": []}}, [("/config/layers", "at least one")]),
    ({"class_name": "Sequential", "config": {"layers": [{"class_name": "Dens", "config": {}}]}}, [("/config/layers/0/class_name", "'Dense'"), ("/config/layers/0", "input_shape=")]),
    ({"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": "4", "batch_input_shape": [None, 3]}}]}}, [("/config/layers/0/config/units", 'received "4"')]),
    ({"class_name": "Sequential", "config": {"layers": [3]}}, [("/config/layers/0", "received 3")]),
    ({"class_name": "Sequential", "config": {"layers": [{"class_name": "Foo", "module": "my.code", "config": {"batch_input_shape": [None, 3]}}]}}, [("/config/layers/0", "never imported")]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "expected"), FAULTS, ids=lambda value: str(value)[:50])
def test_fault_names_its_place_and_helps(document, expected):
    with pytest.raises(Refused) as caught:
        analyze(document)
    found = caught.value.errors
    assert [error["pointer"] for error in found] == [pointer for pointer, _ in expected]
    for error, (_, words) in zip(found, expected, strict=True):
        assert words in error["detail"]
        assert "Traceback" not in error["detail"]


def test_all_faults_come_at_once_with_the_rows_that_could_be_computed():
    document = image(
        CONV,
        {**CONV, "filters": 0, "strides": "x"},
        {"type": "Nope"},
        {"type": "MaxPooling2D", "pool_size": 50, "inputs": ["conv2d"]},
        {**CONV, "kernel_size": 60, "inputs": ["conv2d"]},
    )
    with pytest.raises(InvalidModel) as caught:
        analyze(document)
    pointers = [error["pointer"] for error in caught.value.errors]
    assert pointers == [
        "/layers/1/filters",
        "/layers/1/strides",
        "/layers/2/type",
        "/layers/3/pool_size",
        "/layers/4/kernel_size",
    ]
    assert [row["name"] for row in caught.value.layers] == ["conv2d"]


def test_number_of_faults_is_capped_and_the_cap_said():
    with pytest.raises(InvalidModel) as caught:
        analyze(image(*({"type": "Nope"} for _ in range(200))))
    assert len(caught.value.errors) == 51
    assert "150 more" in caught.value.errors[-1]["detail"]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"input_shape": "3a,b"}, "28,28,1"),
        ({"input_shape": "left:3"}, "'left'"),
        ({"input_shape": -3}, "received -3"),
        ({"input_shape": [1.5]}, "received [1.5]"),
        ({"batch_size": 0}, "at least 1"),
        ({"batch_size": "4"}, 'received "4"'),
        ({"conventions": ["thopp"]}, "Did you mean 'thop'?"),
    ],
)
def test_fault_in_an_option_names_the_parameter(option, words):
    with pytest.raises(InvalidModel) as caught:
        analyze(image(CONV), **option)
    (error,) = caught.value.errors
    assert error["parameter"] == next(iter(option))
    assert words in error["detail"]


@pytest.mark.parametrize("document", [3, None, [], {}, {"a": 1}, 4.5, True], ids=str)
def test_what_is_no_document_is_refused(document):
    with pytest.raises(Refused) as caught:
        analyze(document)
    assert "a stack" in caught.value.errors[0]["detail"]


def test_shared_models_that_double_with_each_level_are_bounded():
    inner = {
        "class_name": "Sequential",
        "config": {"name": "m0", "layers": [{"class_name": "ReLU", "config": {"name": "r"}}]},
    }
    for level in range(1, 40):
        tensor = lambda name, node=0: {"class_name": "__keras_tensor__", "config": {"keras_history": [name, node, 0]}}  # noqa: E731
        name = inner["config"]["name"]
        head = {
            "class_name": "InputLayer",
            "name": "i",
            "config": {"name": "i", "batch_shape": [None, 3]},
            "inbound_nodes": [],
        }
        nodes = [{"args": [tensor("i")], "kwargs": {}}, {"args": [tensor(name)], "kwargs": {}}]
        body = {**inner, "name": name, "inbound_nodes": nodes}
        config = {
            "name": f"m{level}",
            "layers": [head, body],
            "input_layers": [["i", 0, 0]],
            "output_layers": [[name, 1, 0]],
        }
        inner = {"class_name": "Functional", "config": config}
    for document in (inner, {"input_shape": [2, 3], "layers": [{"type": "TimeDistributed", "layer": inner}]}):
        with pytest.raises(InvalidModel) as caught:
            analyze(document)
        assert "100,000" in caught.value.errors[0]["detail"]


def test_deep_nesting_is_refused_and_not_a_crash():
    layer = {"type": "Dense", "units": 1}
    for _ in range(5000):
        layer = {"type": "TimeDistributed", "layer": layer}
    with pytest.raises(InvalidModel) as caught:
        analyze({"input_shape": [2] * 30, "layers": [layer]})
    assert "deep" in caught.value.errors[0]["detail"]
