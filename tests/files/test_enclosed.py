"""A file in base64 in place of a model: the same answer as the model itself, bounded as files are, faults in their place."""

import base64
import io
import json
import zipfile

import numpy as np
import pytest

from layercalc import analyze, check, diff, forward
from layercalc.limits import Limits
from layercalc.web import create_app
from tests import oracle

STACK = {"name": "net", "input_shape": [3], "layers": [{"type": "Dense", "units": 2, "name": "d"}]}
WIDER = {**STACK, "layers": [{"type": "Dense", "units": 4, "name": "d"}]}
SAVED = (oracle.DATA / "keras_files" / "sequential.keras").read_bytes()
CODE = "model = keras.Sequential([keras.layers.Dense(2, input_shape=(3,))])\n"
BUDGETS = [{"metric": "params", "max": "1M", "max_increase": "0%"}]


def enclosed(body):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {"b64": base64.b64encode(body).decode()}


def archive(config):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", json.dumps(config))
    return out.getvalue()


@pytest.fixture(scope="module")
def client():
    return create_app(Limits(max_hdf5_bytes=1 << 20)).test_client()


FORMS = {"stack": (json.dumps(STACK).encode(), STACK), "code": (CODE.encode(), CODE), "saved": (SAVED, None)}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("verb", "keys", "more"),
    [
        ("analyze", ["model"], {"batch_size": 2}),
        ("forward", ["model"], {"inputs": {"seed": 1}}),
        ("check", ["model", "baseline"], {"budgets": BUDGETS}),
        ("diff", ["before", "after"], {}),
    ],
)
def test_file_is_answered_as_the_model_in_it(client, form, verb, keys, more):
    body, document = FORMS[form]
    if document is None:
        with zipfile.ZipFile(io.BytesIO(body)) as file:
            document = json.loads(file.read("config.json")) | {"keras_version": "3.12.0"}
        more = {**more, "weights": {"seed": 0}} if verb == "forward" else more
    said = [client.post(f"/v1/{verb}", json={**dict.fromkeys(keys, one), **more}) for one in (document, enclosed(body))]
    assert [answer.status_code for answer in said] == [200, 200], said[1].text
    assert said[0].json == said[1].json


def test_python_takes_it_too():
    file, report = enclosed(STACK), analyze(STACK)
    assert analyze(file) == report
    assert diff(file, enclosed(report))["identical"]
    assert check(file, BUDGETS, enclosed(report))["passed"]
    assert not check(enclosed(WIDER), BUDGETS, file)["passed"]
    assert forward(file, {"seed": 1})["verified"]


def test_lines_of_base64_are_one_text():
    assert analyze({"b64": base64.encodebytes(json.dumps(STACK).encode()).decode()}) == analyze(STACK)


def test_weights_in_the_file_are_those_of_the_pass(client):
    x, y = (oracle.numbered("keras_files", f"sequential/{kind}")[0] for kind in ("x", "y"))
    asked = {"model": enclosed(SAVED), "inputs": [x.tolist()], "expected": [y.tolist()]}
    answer = client.post("/v1/forward", json=asked).json
    assert (answer["weights"], answer["comparison"]["passed"]) == ({"source": "posted"}, True)
    np.testing.assert_allclose(answer["outputs"][0]["data"], y, 1e-4, 1e-4)
    answer = client.post("/v1/forward", json={**asked, "weights": {"seed": 3}}).json
    assert (answer["weights"], answer["comparison"]["passed"]) == ({"source": "seeded", "seed": 3}, False)


WRONG = [
    # what stands there, the end of the pointer, words of the detail
    ({"b64": 3}, "/b64", "Expected a string of base64; received 3."),
    ({"b64": "?"}, "/b64", "Not base64"),
    ({"b64": "ö"}, "/b64", "Not base64"),
    ({"b64": ""}, "/b64", "The model is empty."),
    ({"b64": "", "layers": []}, "/layers", "no key 'layers'"),
    (enclosed(b'{"layers": ['), "/b64", "Not JSON"),
    (enclosed(b"\x89PNG\r\n"), "/b64", "A picture"),
    (enclosed(b"PK\x03\x04 and no archive"), "/b64", "archive"),
    (enclosed(b"\xff\xfe"), "/b64", "Not UTF-8"),
    (enclosed({"b64": "e30="}), "", "Expected a stack"),
    (enclosed({**STACK, "layers": [{"type": "Dense"}]}), "/layers/0", "'units' is required"),
    (enclosed(b"model = keras.Sequential([\n  keras.layers.Dense(0, input_shape=(3,))])"), "", "units"),
]


@pytest.mark.parametrize(("given", "end", "words"), WRONG)
@pytest.mark.parametrize(
    ("verb", "key"), [("analyze", "model"), ("forward", "model"), ("check", "baseline"), ("diff", "after")]
)
def test_fault_says_where_the_file_stands(client, verb, key, given, end, words):
    other = {"analyze": {}, "forward": {"inputs": {"seed": 1}}, "check": {"model": STACK, "budgets": BUDGETS}}
    asked = {**other.get(verb, {"before": STACK}), key: given}
    answer = client.post(f"/v1/{verb}", json=asked)
    assert answer.status_code in (400, 422), answer.text
    (fault,) = answer.json["errors"]
    assert fault["pointer"] == f"/{key}{end}"
    assert words in fault["detail"]
    assert words != "units" or fault["line"] == 2


def test_hdf5_is_parsed_only_where_a_setting_allows_its_size():
    asked = {"model": enclosed(SAVED), "inputs": {"seed": 1}}
    answer = create_app(Limits()).test_client().post("/v1/forward", json=asked)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/model/b64"
    assert "LAYERCALC_MAX_HDF5_BYTES" in answer.json["errors"][0]["detail"]


BRACKETS = {"input_shape": [3], "layers": [{"type": "ReLU"}] * 20}  # 23 opening brackets
WAYS = {
    "JSON": lambda one: one,
    "text": json.dumps,
    "file": enclosed,
    "archive": lambda one: enclosed(archive(one)),
}


@pytest.mark.parametrize("way", WAYS)
def test_all_that_is_parsed_for_a_request_counts_together(way):
    """However many texts and files it comes in, a request makes no more objects than a limit allows."""
    asked = json.dumps({"before": WAYS[way](BRACKETS), "after": WAYS[way](BRACKETS)})
    most = 1 + 2 * 23 + (2 if way in ("file", "archive") else 0)
    wide, narrow = (create_app(Limits(max_containers=count)).test_client() for count in (most, most - 1))
    assert wide.post("/v1/diff", data=asked).status_code == 200
    for _ in range(2):  # and nothing is left of a request that was refused
        answer = narrow.post("/v1/diff", data=asked)
        assert answer.status_code == 422
        assert "LAYERCALC_MAX_CONTAINERS" in answer.json["errors"][0]["detail"]
    assert narrow.post("/v1/analyze", json=BRACKETS).status_code == 200


def test_archives_in_parts_count_together():
    client = create_app(Limits(max_containers=45)).test_client()
    parts = {key: (io.BytesIO(archive(BRACKETS)), key) for key in ("before", "after")}
    answer = client.post("/v1/diff", data=parts)
    assert "LAYERCALC_MAX_CONTAINERS" in answer.json["errors"][0]["detail"]
