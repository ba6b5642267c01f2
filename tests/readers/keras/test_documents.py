"""Keras JSON in other clothes: TensorFlow.js model.json, and get_config() without its class, as JSON and as printed."""

import json
import pprint

import pytest

from layercalc import analyze
from layercalc.errors import InvalidModel, Refused
from layercalc.limits import Limits

DENSE = {"class_name": "Dense", "config": {"name": "d", "units": 4, "kernel_initializer": {"class_name": "Zeros"}}}
FIRST = {"class_name": "Dense", "config": {"name": "a", "units": 3, "batch_input_shape": [None, 8]}}
SEQUENTIAL = {"name": "net", "layers": [FIRST, DENSE]}
GRAPH = {
    "name": "net",
    "layers": [
        {
            "class_name": "InputLayer",
            "config": {"name": "myInput", "batch_input_shape": [None, 8]},
            "name": "myInput",
            "inbound_nodes": [],
        },
        {**FIRST, "name": "a", "inbound_nodes": [[["myInput", 0, 0, {}]]]},
        {**DENSE, "name": "d", "inbound_nodes": [[["a", 0, 0, {}]]]},
    ],
    "input_layers": [["myInput", 0, 0]],
    "output_layers": [["d", 0, 0]],
}
PARAMS = 3 * 8 + 3 + 4 * 3 + 4
WHOLE = {"class_name": "Sequential", "config": SEQUENTIAL}
FUNCTIONAL = {"class_name": "Functional", "config": GRAPH}
SAID = {"keras_version": "2.15.0", "backend": "tensorflow"}
TFJS = {"keras_version": "tfjs-layers 4.2.0", "backend": "tensor_flow.js"}
CAMEL = {  # Container.toJSON before convertTsToPythonic
    "className": "Model",
    "kerasVersion": "tfjs-layers 4.2.0",
    "config": {
        "name": "net",
        "layers": [
            {
                "className": "InputLayer",
                "config": {"name": "myInput", "batchInputShape": [None, 6, 6, 2]},
                "name": "myInput",
                "inboundNodes": [],
            },
            {
                "className": "Conv2D",
                "config": {
                    "name": "aConv",
                    "filters": 3,
                    "kernelSize": [3, 3],
                    "dataFormat": "channelsLast",
                    "useBias": False,
                    "activation": "hardSigmoid",
                    "kernelInitializer": {"className": "VarianceScaling", "config": {"mode": "fanAvg", "scale": 1}},
                },
                "name": "aConv",
                "inboundNodes": [[["myInput", 0, 0, {}]]],
            },
        ],
        "inputLayers": [["myInput", 0, 0]],
        "outputLayers": [["aConv", 0, 0]],
    },
}

DOCUMENTS = {
    "converted": {"format": "layers-model", "modelTopology": {**SAID, "model_config": WHOLE}, "weightsManifest": []},
    "converted-functional": {"format": "layers-model", "modelTopology": {**SAID, "model_config": FUNCTIONAL}},
    "saved": {"modelTopology": {**WHOLE, **TFJS}, "format": "layers-model", "convertedBy": None},
    "saved-without-format": {"modelTopology": {**FUNCTIONAL, **TFJS}, "weightsManifest": [{"paths": ["w.bin"]}]},
    "topology": {**SAID, "model_config": WHOLE, "training_config": {"loss": "mse"}},
    "topology-saved": {**WHOLE, **TFJS},
    "config": SEQUENTIAL,
    "config-graph": GRAPH,
    "config-list": [FIRST, DENSE],
    "printed": repr(SEQUENTIAL),
    "printed-graph": pprint.pformat(GRAPH),
    "printed-list": repr([FIRST, DENSE]),
    "printed-tuples": repr(SEQUENTIAL).replace("[None, 8]", "(None, 8)"),
    "printed-whole": repr(WHOLE),
    "printed-by-tensorflow": repr(SEQUENTIAL).replace("[None, 8]", "ListWrapper([None, 8])"),
    "printed-by-python-2": repr(SEQUENTIAL).replace("'", "u'", 1).replace("'units'", "u'units'"),
    "printed-in-double-quotes": "{'x'"[:1] + repr(SEQUENTIAL)[1:].replace("'", '"'),
    "typed": '{"name": "net", "layers": [' + repr(FIRST) + ", " + repr(DENSE) + "],}",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_model_in_it_is_read(name, client):
    document = DOCUMENTS[name]
    text = document if isinstance(document, str) else json.dumps(document)
    answers = [
        analyze(document),
        client.post("/v1/analyze", data=text, content_type="text/plain").get_json(),
        client.post("/v1/analyze", json={"model": document}).get_json(),
    ]
    for answer in answers:
        assert answer["totals"]["params"] == PARAMS
        assert answer["outputs"][0]["shape"] == [None, 4]
        assert answer["warnings"] == []


def test_names_of_typescript_are_those_of_python_and_names_of_layers_stay():
    answer = analyze({"modelTopology": CAMEL})
    assert [row["name"] for row in answer["layers"]] == ["aConv"]
    assert (answer["totals"]["params"], answer["outputs"][0]["shape"]) == (3 * 3 * 2 * 3, [None, 4, 4, 3])
    assert (
        answer["layers"][0]["ops"]
        == analyze({"class_name": "Model", "config": pythonic(CAMEL["config"])})["layers"][0]["ops"]
    )


def pythonic(value):
    """The same by hand, so that the test does not ask the code it tests."""
    text = json.dumps(value)
    for camel, snake in {
        "className": "class_name",
        "batchInputShape": "batch_input_shape",
        "inboundNodes": "inbound_nodes",
        "kernelSize": "kernel_size",
        "dataFormat": "data_format",
        "channelsLast": "channels_last",
        "useBias": "use_bias",
        "hardSigmoid": "hard_sigmoid",
        "kernelInitializer": "kernel_initializer",
        "fanAvg": "fan_avg",
        "inputLayers": "input_layers",
        "outputLayers": "output_layers",
    }.items():
        text = text.replace(f'"{camel}"', f'"{snake}"')
    return json.loads(text)


def test_what_lists_the_weights_changes_nothing():
    told = {"modelTopology": {**SAID, "model_config": WHOLE}, "format": "layers-model"}
    lists = ([], None, "nothing", [{"paths": ["x"], "weights": [{"name": "d/kernel", "shape": [9], "dtype": "int8"}]}])
    answers = [analyze({**told, "weightsManifest": one, "userDefinedMetadata": one}) for one in lists]
    assert all(answer == answers[0] for answer in answers)


def test_the_version_beside_the_model_is_heard():
    gru = {"class_name": "GRU", "config": {"name": "g", "units": 2, "batch_input_shape": [None, 4, 3]}}
    model = {"class_name": "Sequential", "config": {"name": "net", "layers": [gru]}}
    for version, bias in {"2.1.3": 6, "tfjs-layers 4.2.0": 6, "2.15.0": 12}.items():
        said = {"keras_version": version, "backend": "tensorflow", "model_config": model}
        for document in (said, {"modelTopology": said}):
            assert analyze(document)["totals"]["params"] == 3 * 6 + 2 * 6 + bias


NODES = [{"name": "x", "op": "Placeholder", "attr": {}}]
BAD = {"class_name": "Dense", "config": {"name": "d", "units": -1}}
REFUSED = {
    "graph": ({"format": "graph-model", "modelTopology": {"node": NODES}}, "/format", "graph model"),
    "graph-without-format": ({"modelTopology": {"node": NODES, "library": {}}}, "/modelTopology", "graph model"),
    "graph-alone": ({"node": NODES, "versions": {}}, "", "graph model"),
    "format": ({"format": "tflite", "modelTopology": WHOLE}, "/format", "layers-model"),
    "nothing": ({"modelTopology": None}, "/modelTopology", "null"),
    "no-model": ({"modelTopology": {**SAID}}, "/modelTopology", "class_name"),
    "no-object": ({"modelTopology": {**SAID, "model_config": 3}}, "/modelTopology/model_config", "3"),
    "place": (
        {"modelTopology": {"model_config": {"class_name": "Sequential", "config": {"layers": [FIRST, BAD]}}}},
        "/modelTopology/model_config/config/layers/1/config/units",
        "-1",
    ),
    "place-in-config": ({"layers": [FIRST, BAD]}, "/layers/1/config/units", "-1"),
    "place-in-list": ([FIRST, BAD], "/1/config/units", "-1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_is_or_lacks_is_said_where_it_stands(name):
    document, place, words = REFUSED[name]
    with pytest.raises(Refused) as caught:
        analyze(document)
    assert caught.value.errors[0]["pointer"] == place
    assert words in caught.value.errors[0]["detail"]


PRINTED = {
    "{'name': 'n', 'layers': [x]}": (1, 26, "literal"),
    "{'name': 'n',\n 'layers': [{'class_name': 'Dense', 'config': {'units': int(3)}}]}": (2, 57, "literal"),
    "{'name': 'n', 'name': 'm', 'layers': []}": (1, 15, "again"),
    "{'name': 'n', 3: 4}": (1, 15, "string"),
    "{'name': 'n', **more}": (1, 17, "string"),
    "{'name': 'n'}\nprint(1)": (1, 1, "one dictionary"),
    "{'name': 'n'": (1, 1, ""),
    "{'name': -'n'}": (1, 10, "literal"),
    "{'name': f'n'}": (1, 10, "literal"),
    "{'name': b'n'}": (1, 10, "literal"),
    "{'name': ListWrapper(1, 2)}": (1, 10, "literal"),
    "{'name': " + "[" * 120 + "]" * 120 + "}": (None, None, "deep"),
}


@pytest.mark.parametrize("text", PRINTED)
def test_a_printed_dictionary_is_literals_only(text):
    line, column, words = PRINTED[text]
    with pytest.raises(Refused) as caught:
        analyze(text, limits=Limits())
    fault = caught.value.errors[0]
    assert words in fault["detail"]
    assert (fault.get("line"), fault.get("column")) == (line, column)


@pytest.mark.parametrize("text", ['{"name": "n", "layers": [x]}', '{"name" "n"}', "[{]", '{"a": NaN}'])
def test_json_with_a_slip_is_blamed_as_json(text):
    with pytest.raises(Refused, match="Not JSON"):
        analyze(text)


def test_a_printed_dictionary_is_bounded_as_json_is():
    many = repr({"layers": [FIRST] * 30})
    with pytest.raises(Refused, match="tokens"):
        analyze(many, limits=Limits(max_code_tokens=100))
    with pytest.raises(InvalidModel, match="30 layers"):
        analyze(many, limits=Limits(max_layers=20))
