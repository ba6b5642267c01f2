"""What recorded arithmetic says of a document is what reading it says: whole reports, and refusals."""

import copy
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercalc import analyze
from layercalc.cache import store, using
from layercalc.errors import Overdue, Refused
from layercalc.limits import Limits
from layercalc.usage import counting
from layercalc.verbs import analyze_json, forms
from layercalc.web import create_app
from layercalc.web.encoding import json_bytes
from tests.oracle import app, zoo
from tests.sweeps.test_exact import EXAMPLES, arguments, example, network
from tests.test_properties import stacks

OPTIONS = [
    {},
    {"batch_size": 3},
    {"conventions": "all"},
    {"device": "1e12,5e10"},
    {"weight_dtype": "int4:32", "activation_dtype": "float16"},
]


def asked(document, **options):
    """A report as text, or a refusal."""
    try:
        return json.dumps(analyze(document, **options))
    except Refused as error:
        return json.dumps([error.every, error.layers])


class Watched(forms.Form):
    """A form that counts the documents that programs have answered, of all forms together."""

    held = 0
    repeated = 0  # those with the numbers of the one before

    def answer(self, outline):
        found = super().answer(outline)
        Watched.held += found is not None
        return found

    def answer_as_before(self, outline, encode):
        found = super().answer_as_before(outline, encode)
        Watched.repeated += found is not None
        return found


@pytest.fixture
def recording(monkeypatch):
    """Every document of a form that no program is for is recorded."""
    monkeypatch.setattr(Watched, "held", 0)
    monkeypatch.setattr(Watched, "repeated", 0)
    monkeypatch.setattr(forms, "Form", Watched)
    monkeypatch.setattr(forms, "FORMS", forms.Forms())
    monkeypatch.setattr(forms, "OFTEN", 0)


def read(document, **options):
    """The same of a document that is read, whatever is known of others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "FORMS", forms.Forms())
        patch.setattr(forms, "OFTEN", 1)
        return asked(document, **options)


def integers(value, path=()):
    """The paths of the integers in a document."""
    if type(value) is int:
        yield path
    elif isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from integers(one, (*path, key))


def changed(document, change):
    """A document with other integers in some places: `change` of what is there."""
    out = copy.deepcopy(document)
    for *path, last in integers(document):
        at = out
        for key in path:
            at = at[key]
        at[last] = change(at[last])
    return out


def others(document, seed, times):
    """The document, and some with other integers, that of a place drawn anew or left."""
    generator = random.Random(seed)
    yield document
    for _ in range(times):
        likely = generator.choice([0.1, 0.3, 0.9])
        known = {}  # equal sizes stay equal, mostly

        def change(n, likely=likely, known=known):
            if generator.random() > likely:
                return known.get(n, n)
            found = generator.choice([0, 1, 2, 3, 4, 5, 8, 33, n + 1, 2 * n, 10**9 - 1])
            return known.setdefault(n, found) if generator.random() < 0.7 else found

        yield changed(document, change)


def hold(documents, **options):
    """Hold what is said of documents of one form, by what is recorded of them too, to what is read of each."""
    documents = list(documents)
    wanted = [read(one, **options) for one in documents]
    for _ in range(2):
        assert [asked(one, **options) for one in documents] == wanted


KERAS = [one for one in EXAMPLES if one.values[0] == "keras"]


@pytest.mark.parametrize(("vocabulary", "name"), KERAS)
def test_every_layer_with_other_numbers(vocabulary, name, recording):
    kind, config, inputs = example(vocabulary, name)
    document = network(vocabulary, kind, config, inputs)
    for key, several in arguments(kind, config):
        if type(several) is int or (isinstance(several, list | tuple) and any(type(n) is int for n in several)):
            document["layers"][0][key] = list(several) if isinstance(several, tuple) else several
    if len(inputs) == 1:
        again = {key: value for key, value in document["layers"][0].items() if key != "inputs"}
        document["layers"].append(again)
    seed = sum(map(ord, name))
    hold(others(document, seed, 3), **OPTIONS[seed % len(OPTIONS)])


@settings(max_examples=40)
@given(stacks, st.integers(0, 10**6), st.sampled_from(OPTIONS), st.booleans())
def test_drawn_stacks(stack, seed, options, named):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "FORMS", forms.Forms())
        patch.setattr(forms, "OFTEN", 0)
        hold(others({**stack, "name": "m"} if named else stack, seed, 3), **options)


def dense(units, **rest):
    return {"type": "Dense", "units": units, **rest}


NETWORKS = {
    "branches": {
        "inputs": [{"name": "a", "shape": [12, 12, 8]}, {"name": "b", "batch_shape": [4, 12, 12, 8]}],
        "layers": [
            {"type": "Conv2D", "filters": 8, "kernel_size": [3, 3], "padding": "same", "inputs": "a", "name": "c"},
            {"type": "Add", "inputs": ["c", "b"]},
            {"type": "Sequential", "name": "inner", "layers": [{"type": "BatchNormalization"}, dense(5)]},
            {"type": "GlobalAveragePooling2D"},
        ],
    },
    "text": {
        "name": "text",
        "input_shape": [7],
        "layers": [
            {"type": "Embedding", "input_dim": 50, "output_dim": 6, "mask_zero": True},
            {"type": "Bidirectional", "layer": {"type": "LSTM", "units": 3, "return_sequences": True}},
            {"type": "MultiHeadAttention", "num_heads": 2, "key_dim": 4, "inputs": ["bidirectional"] * 2},
            {"type": "GRU", "units": 5, "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": 7}}},
        ],
    },
    "open": {"input_shape": [None, None, 3], "layers": [{"type": "Conv2D", "filters": 4, "kernel_size": 5}]},
    "by name": {"input_shape": ["h", "w", 3], "layers": [{"type": "Conv2D", "filters": 4, "kernel_size": 5}]},
    "warned": {"input_shape": [6], "layers": [dense(4, activation="RELU"), dense(2, input_shape=[4])]},
    "torch": {
        "vocabulary": "torch",
        "inputs": [{"name": "x", "batch_shape": [2, 3, 9, 9]}],
        "layers": [
            {"type": "Conv2d", "in_channels": 3, "out_channels": 6, "kernel_size": 3},
            {"type": "BatchNorm2d", "num_features": 6},
            {"type": "Linear", "in_features": 7, "out_features": 2},
        ],
    },
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_networks(network, options, recording):
    hold(others(NETWORKS[network], 1, 3), **options)


def test_networks_that_keras_wrote(recording):
    """Models inside, layers with several uses, masks; one that is too long to be recorded."""
    for number, one in enumerate(zoo().values()):
        hold(others(one["model"], number, 2))
    assert Watched.held > 10
    hold([json.loads(app("MobileNetV2")[0])])


CONVOLUTIONS = {
    "input_shape": [32, 32, 3],
    "layers": [
        *({"type": "Conv2D", "filters": 16, "kernel_size": 3, "activation": "relu"}, {"type": "BatchNormalization"}),
        *({"type": "MaxPooling2D", "pool_size": 2}, {"type": "Flatten"}, dense(10, activation="softmax")),
    ],
}


def test_documents_of_a_form_are_answered_by_one_program(recording):
    analyze(CONVOLUTIONS)
    for filters in range(2, 30):
        document = copy.deepcopy(CONVOLUTIONS)
        document["layers"][0]["filters"] = filters
        assert asked(document) == read(document)
    assert Watched.held > 20
    assert len(forms.FORMS.known) == 1


def test_a_form_is_recorded_when_it_is_met_often(monkeypatch):
    monkeypatch.setattr(forms, "FORMS", forms.Forms())
    for times in range(forms.OFTEN):
        analyze({"input_shape": [3], "layers": [dense(times + 1)]})
    assert not forms.FORMS.known
    analyze({"input_shape": [3], "layers": [dense(4)]})
    assert [len(form.programs) for form in forms.FORMS.known.values()] == [1]


def test_no_more_is_recorded_than_pays(monkeypatch):
    """One of so many documents that nothing recorded is for, and no more of a form than there may be."""
    monkeypatch.setattr(forms, "OFTEN", 2)
    monkeypatch.setattr(forms, "MOST_DECIDED", 3)
    forms.FORMS = forms.Forms()
    made = []
    for place in range(20):  # what is 1 decides
        shape = [1] * place + [20] + [1] * (19 - place)
        document = {"input_shape": [20], "layers": [{"type": "Reshape", "target_shape": shape}]}
        wanted = read(document)
        assert asked(document) == wanted
        made.append(sum(len(form.programs) for form in forms.FORMS.known.values()))
    assert made == [*[0, 0], *[1] * 3, *[2] * 3, *[3] * 12]


def test_nothing_is_kept_where_nothing_may_be(recording):
    limits = Limits(max_kept_bytes=0)
    for _ in range(3):
        analyze(CONVOLUTIONS, limits=limits)
    assert not forms.FORMS.known
    assert not forms.FORMS.counted


def test_what_is_given_is_the_callers(recording):
    first, second = (analyze(CONVOLUTIONS) for _ in range(2))
    assert Watched.held == 1
    second["layers"][0]["output_shape"].append(5)
    second["layers"][1]["receptive_field"]["size"].clear()
    assert analyze(CONVOLUTIONS) == first


def test_layers_are_counted_once_for_a_document(recording):
    usage = counting()
    for times in range(1, 4):
        analyze(CONVOLUTIONS)
        assert usage.layers == times * len(CONVOLUTIONS["layers"])


NAMES = ["net", "Sequential", "Graph", "", "a" * 100, "a" * 101, 'a"b', "é", "a\\b", "5", "@0@", "@name@"]


@pytest.mark.parametrize("last", [False, True])
def test_another_name_of_the_model(last, recording):
    documents = [{**CONVOLUTIONS, "name": name} if last else {"name": name, **CONVOLUTIONS} for name in NAMES]
    hold(documents)
    assert Watched.held > len(NAMES)


@pytest.mark.parametrize("last", [False, True])
def test_bodies_with_another_name_of_the_model(last, recording):
    client = create_app(Limits(max_kept_answers=0)).test_client()
    for filters in (4, 4, 8):
        for name in (*NAMES, *NAMES):
            network = copy.deepcopy(CONVOLUTIONS)
            network["layers"][0]["filters"] = filters
            document = {**network, "name": name} if last else {"name": name, **network}
            status, found = sent(client, json.dumps(document, ensure_ascii=False).encode())
            wanted = json.loads(read(document))
            assert found == wanted if status == 200 else found["errors"] == wanted[0]
    assert Watched.repeated > 30


def test_layers_of_documents_of_other_names_are_counted(recording):
    usage = counting()
    for times in range(1, 6):
        analyze_json({**CONVOLUTIONS, "name": f"m{times}"}, json_bytes)
        assert usage.layers == times * len(CONVOLUTIONS["layers"])
    assert (Watched.held, Watched.repeated) == (1, 3)


def test_in_the_vocabulary_of_keras_a_name_is_part_of_the_form(recording):
    models = [
        {"class_name": "Sequential", "config": {"name": name, "layers": CONVOLUTIONS["layers"]}} for name in "abc"
    ]
    hold(models)


LIKE_OTHERS = [  # of one outline with 3, or nearly
    *([3], [3.0], [True], ["3"], ["3,4"], [-3], [0], [10**9], [10**20], [float("nan")], [None], [[3]]),
]


def test_what_is_written_like_an_integer_and_is_none(recording):
    hold([{"input_shape": shape, "layers": [dense(4)]} for shape in LIKE_OTHERS])
    hold(
        [{"input_shape": [3], "layers": layers, "name": "a, 5, b"} for layers in ([dense(4)], (dense(4),), [dense(5)])]
    )


def sent(client, body):
    answer = client.post("/v1/analyze", data=body, content_type="application/json")
    return answer.status_code, {key: value for key, value in answer.json.items() if key != "request_id"}


BODIES = [
    '{"input_shape": [3], "layers": [{"type": "Dense", "units": 4}]}',
    '{"input_shape": [5], "layers": [{"type": "Dense", "units": 6}]}',
    '{"input_shape": [7], "layers": [{"type": "Dense", "units": 8}]}',
    '{"input_shape": [07], "layers": [{"type": "Dense", "units": 8}]}',
    '{"input_shape": [-0], "layers": [{"type": "Dense", "units": 8}]}',
    '{"input_shape": [1e1], "layers": [{"type": "Dense", "units": 8}]}',
    '{"input_shape": [5 5], "layers": [{"type": "Dense", "units": 8}]}',
    '{"input_shape": [0], "layers": [{"type": "Dense", "units": 0}]}',
    '{"input_shape": [9876543210], "layers": [{"type": "Dense", "units": 1}]}',
    ' {"input_shape" : [ 3 ] , "layers":[{"type": "Dense", "units":4}]} ',
    '{"input_shape": [3], "layers": [{"type": "Dense", "units": 4, "units": 5}]}',
    '{"input_shape": [3], "layers": [{"type": "Dense", "units": 4}], "description": "of 5 layers, 6, 7"}',
    '{"input_shape": [3], "layers": [{"type": "Dense", "units": 4}], "name": "é"}',
    '{"input_shape": [3], "layers": [{"type": "Dense", "units": 4}], "name": "f"}',
    '{"name": "\\ud800", "input_shape": [3], "layers": [{"type": "Dense", "units": 4}]}',
    '{"model": {"input_shape": [3], "layers": [{"type": "Dense", "units": 4}]}}',
    '{"\\u006dodel": {"input_shape": [3], "layers": [{"type": "Dense", "units": 4}]}}',
    '{"input_shape": [3], "layers": [',
    "[]",
    "7",
]


def test_bodies_of_requests(recording, monkeypatch):
    client = create_app(Limits(max_kept_answers=0)).test_client()
    with monkeypatch.context() as patch:
        patch.setattr(forms, "PLAIN", set())
        wanted = [sent(client, body) for body in BODIES]
    for _ in range(3):
        assert [sent(client, body) for body in BODIES] == wanted
    assert [status for status, _ in wanted[:3]] == [200] * 3
    assert Watched.held > 5


def test_texts_and_files_have_forms_too(recording, tmp_path):
    for number in range(2, 5):
        text = json.dumps({**CONVOLUTIONS, "input_shape": [16, 16, number]})
        path = tmp_path / "model.json"
        path.write_text(text)
        wanted = read(json.loads(text))
        assert asked(text) == asked(path) == asked(text.encode()) == wanted
    assert Watched.held == 5  # a file and its bytes are read to the same document


def test_a_limit_and_a_deadline_hold(recording):
    for _ in range(2):
        assert "layers" in asked(CONVOLUTIONS, limits=Limits())
    for limits in (Limits(max_layers=2), Limits(max_name_length=3), Limits(max_integer_digits=1)):
        assert asked(CONVOLUTIONS, limits=limits) == read(CONVOLUTIONS, limits=limits)
    digits = {"limits": Limits(max_integer_digits=9)}
    hold([{"input_shape": [n], "layers": [dense(4)]} for n in (10**8, 2**29 - 1, 10**9 - 1)], **digits)
    limits = Limits(max_analysis_seconds=0)
    for _ in range(2):
        with pytest.raises(Overdue):
            analyze(CONVOLUTIONS, limits=limits)


def test_limits_are_of_an_envelope_and_the_text_in_it(recording):
    """The text has 6 values; with the envelope and one convention they are 9, with four of them 12."""
    client = create_app(Limits(max_kept_answers=0, max_values=10)).test_client()
    for _ in range(3):
        for times, status in ((1, 200), (4, 422)):
            envelope = {"model": BODIES[0], "conventions": ["fvcore"] * times}
            assert sent(client, json.dumps(envelope))[0] == status


def test_what_a_process_keeps_does_not_matter(recording):
    wanted = read(CONVOLUTIONS)
    for _ in range(2):
        with using(store(Limits())):
            assert [asked(CONVOLUTIONS) for _ in range(3)] == [wanted] * 3
        forms.FORMS.known.clear()


def test_a_path_is_no_convention(recording):
    for _ in range(3):
        assert asked(CONVOLUTIONS, path=("fvcore",)) == read(CONVOLUTIONS, path=("fvcore",))
        assert asked(CONVOLUTIONS, conventions="fvcore") == read(CONVOLUTIONS, conventions="fvcore")


def test_what_is_long_and_takes_few_steps_is_not_recorded(recording):
    for units in (4, 5, 6):
        analyze(json.dumps({"input_shape": [1], "layers": [*[{"type": "ReLU"}] * 300, dense(units)]}))
    assert [(form.unfit, form.programs) for form in forms.FORMS.known.values()] == [(True, ())]


def test_what_is_known_is_bounded(monkeypatch):
    monkeypatch.setattr(forms, "OFTEN", 0)
    monkeypatch.setattr(forms, "MOST_COUNTED", 5)
    known = forms.Forms()
    for key in range(200):
        form = known.met(key)
        known.add(form, lambda: None)
        known.add(form, lambda: None)
        assert len(known.known) <= forms.MOST_FORMS
        assert sum(len(one.programs) for one in known.known.values()) <= forms.MOST_PROGRAMS
    assert 199 in known.known
    monkeypatch.setattr(forms, "OFTEN", 9)
    for key in range(1000, 1200):
        known.met(key)
    assert len(known.counted) <= 5
