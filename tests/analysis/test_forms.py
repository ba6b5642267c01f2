"""What recorded arithmetic says of a layer is what reading it with shapes says, for every type of layer."""

import copy
import json

import pytest

from layercalc import analyze, forward
from layercalc.analysis import forms
from layercalc.cache import store, using
from layercalc.document import analysis_of
from layercalc.errors import Refused
from layercalc.execution.demand import peak
from layercalc.limits import Limits
from tests.sweeps.test_exact import EXAMPLES, arguments, example, network

CLASSES = [one for one in EXAMPLES if one.values[0] != "onnx"]  # the operators of ONNX have no fields


def asked(document, **options):
    """A report as text, or a refusal."""
    try:
        return json.dumps(analyze(document, **options))
    except Refused as error:
        return json.dumps(error.every)


def variants(vocabulary, name):
    """The example of a layer, with other numbers in its arguments and other axes."""
    kind, config, inputs = example(vocabulary, name)
    yield network(vocabulary, kind, config, inputs)
    for key, given in arguments(kind, config):
        several = list(given) if isinstance(given, list | tuple) else []
        for n in (2, 5, 0):
            yield network(vocabulary, kind, {**config, key: [*several[:-1], n] if several else n}, inputs)
    for size in sorted({n for one in inputs for n in one["batch_shape"] if type(n) is int}):
        for other in (3 * size, 1):
            again = copy.deepcopy(inputs)
            for one in again:
                one["batch_shape"] = [other if n == size else n for n in one["batch_shape"]]
            yield network(vocabulary, kind, config, again)


@pytest.fixture
def recording(monkeypatch):
    """Every call of a form that no program is for is recorded."""
    monkeypatch.setattr(forms, "FORMS", {})
    monkeypatch.setattr(forms, "OFTEN", 0)


@pytest.mark.parametrize(("vocabulary", "name"), CLASSES)
def test_every_layer_with_other_numbers(vocabulary, name, recording, monkeypatch):
    documents = list(variants(vocabulary, name))
    with monkeypatch.context() as patch:
        patch.setattr(forms, "OFTEN", len(documents) + 1)
        read = [asked(one) for one in documents]
        assert not any(form.programs for form in forms.FORMS.values())
    for _ in range(2):  # recorded, then computed
        assert [asked(one) for one in documents] == read


NETWORK = {
    "input_shape": [12, 12, 8],
    "layers": [
        {"type": "Conv2D", "filters": 16, "kernel_size": 3, "padding": "same", "activation": "relu", "name": "a"},
        {"type": "BatchNormalization"},
        {"type": "Conv2D", "filters": 8, "kernel_size": 1, "dtype": "mixed_float16", "name": "b"},
        {"type": "Add", "inputs": ["b", "input"]},
        {"type": "DepthwiseConv2D", "kernel_size": 3, "data_format": "channels_first"},
        {"type": "Flatten"},
        {"type": "Dense", "units": 5, "activation": "softmax"},
    ],
}
BESIDE = [  # what goes by the ops of a layer
    {"weight_dtype": "int8"},
    {"activation_dtype": "float16"},
    {"conventions": "all"},
    {"explain": True},
    {"device": "1e12,5e10"},
]


@pytest.mark.parametrize("options", BESIDE)
def test_what_goes_by_ops(options, recording):
    read = asked(NETWORK, **options)
    assert [asked(NETWORK, **options) for _ in range(2)] == [read] * 2
    assert all(form.programs for form in forms.FORMS.values())


def test_a_pass(recording):
    read, *others = (forward(NETWORK, {"seed": 1}) for _ in range(3))
    assert others == [read] * 2
    read, *others = (peak(analysis_of(NETWORK), "float32") for _ in range(3))
    assert others == [read] * 2


def test_layers_that_a_process_keeps_are_computed_too(recording):
    with using(store(Limits())):
        for _ in range(2):
            analyze(NETWORK)
        forms.FORMS.clear()
        for _ in range(2):
            analyze({**NETWORK, "input_shape": [16, 12, 8]})
    assert len(forms.FORMS) == len(NETWORK["layers"])


LONG = [  # arguments that are part of a form, and are as long as the document lets them be
    ({"type": "BatchNorm2d", "num_features": 3, "momentum": "m" * 10_000}, "torch"),
    ({"type": "Dropout", "rate": 0.1, "noise_shape": [1] * 10_000}, "keras"),
]


@pytest.mark.parametrize(("layer", "vocabulary"), LONG)
def test_a_process_keeps_no_long_argument(layer, vocabulary, recording):
    document = {"vocabulary": vocabulary, "inputs": [{"name": "x", "batch_shape": [1, 3, 4, 4]}], "layers": [layer]}
    read = asked(document)
    assert "macs" in read
    assert asked(document) == read
    assert not forms.FORMS


class Growing(list):
    """Programs of a form; while they are counted another thread meets a form that is new."""

    def __len__(self):
        forms.FORMS[object()] = forms.Form()
        return 0


def test_forms_that_another_thread_meets_while_programs_are_counted(recording):
    forms.FORMS["counted"] = forms.Form()
    forms.FORMS["counted"].programs = Growing()
    layer = {"type": "Dense", "units": 4}
    assert analyze({"input_shape": [3], "layers": [layer]})["totals"]["params"] == 16


ALWAYS_READ = {  # their axes look through fractions of a step, or there is a layer in them
    "Bidirectional",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
    "Deconvolution2D",
    "Discretization",
    "Pipeline",
    "Resizing",
    "RNN",
    "SpectralNormalization",
    "TimeDistributed",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "Wrapper",
}


def test_which_layers_are_computed(recording):
    """All of Keras' but those that are named here."""
    without = set()
    for vocabulary, name in (one.values for one in CLASSES if one.values[0] == "keras"):
        forms.FORMS.clear()
        for _ in range(2):
            asked(next(variants(vocabulary, name)))
        if not any(form.programs for form in forms.FORMS.values()):
            without.add(name)
    assert without == ALWAYS_READ
