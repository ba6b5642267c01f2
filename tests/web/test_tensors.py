"""Tensors over HTTP in every form: bytes after the JSON, parts of a form, files; and what lies in them."""

import gzip
import io
import json

import numpy as np
import pytest
import safetensors.numpy

from layercalc import forward
from layercalc.limits import Limits
from layercalc.web import create_app
from layercalc.web.requests.binary import HEADER
from tests import oracle

DENSE = {"input_shape": [3], "layers": [{"type": "Dense", "units": 2, "name": "d"}]}
X = np.array([[1, 0, 2]], "float32")
KERNEL, BIAS = np.array([[1, 2], [3, 4], [5, 6]], "float32"), np.array([0.5, -0.5], "float32")
Y = [[11.5, 13.5]]
TWO = {
    "inputs": [{"name": "left", "shape": [2]}, {"name": "right", "shape": [2]}],
    "layers": [{"type": "Subtract", "name": "minus", "inputs": ["left", "right"]}],
}


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def said(array, **more):
    """A tensor whose bytes follow the JSON."""
    names = {"float32": "FP32", "float64": "FP64", "float16": "FP16", "int32": "INT32"}
    parameters = {"binary_data_size": array.nbytes}
    return {"shape": list(array.shape), "datatype": names[array.dtype.name], "parameters": parameters, **more}


def binary(client, envelope, *tails, path="/v1/forward", headers=None):
    head = json.dumps(envelope).encode()
    body = b"".join([head, *(tail.tobytes() if isinstance(tail, np.ndarray) else tail for tail in tails)])
    return client.post(path, data=body, headers={HEADER: str(len(head)), **(headers or {})})


def test_bytes_after_the_json_in_the_order_in_which_tensors_stand(client):
    envelope = {
        "weights": {"d/kernel": said(KERNEL), "d/bias": BIAS.tolist()},
        "model": DENSE,
        "expected": [said(np.array(Y, "float32"))],
        "inputs": [said(X)],
    }
    answer = binary(client, envelope, KERNEL, np.array(Y, "float32"), X)
    assert answer.json["outputs"][0]["data"] == Y[0]
    assert answer.json["comparison"]["passed"]
    assert HEADER not in answer.headers


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_outputs_come_as_bytes_where_they_are_wanted_so(client, dtype):
    x = np.arange(6).reshape(2, 3).astype(dtype)
    wanted = {"model": DENSE, "inputs": [said(x)], "weights": {"d/kernel": KERNEL.tolist(), "d/bias": BIAS.tolist()}}
    whole = {"parameters": {"binary_data_output": True}, "return_layers": ["d"]}
    single = {"outputs": [{"name": "d", "parameters": {"binary_data": True}}]}
    for asked, copies in ((whole, 2), (single, 1)):
        answer = binary(client, wanted | asked, x)
        size = int(answer.headers[HEADER])
        body = json.loads(answer.data[:size])
        assert answer.mimetype == "application/octet-stream"
        assert body["outputs"] == [
            {"name": "d", "shape": [2, 2], "datatype": "FP32", "parameters": {"binary_data_size": 16}}
        ]
        made = np.frombuffer(answer.data[size:], "<f4").reshape(copies, 2, 2)
        assert made.tolist() == [(x @ KERNEL + BIAS).tolist()] * copies


@pytest.mark.parametrize("header", ["", "-1", "x", "1.5", "1000000", "9" * 5000, "٣"])
def test_length_that_is_none(client, header):
    answer = client.post(
        "/v1/forward", data=json.dumps({"model": DENSE}), headers={HEADER: header.encode().decode("latin-1")}
    )
    assert answer.status_code == 400
    assert HEADER in answer.json["detail"]


BROKEN = [
    ({"inputs": [said(X)]}, b"", "/inputs/0/parameters/binary_data_size", "0 at most are left; received 12"),
    ({"inputs": [said(X)]}, X.tobytes() + b"1", "", "13 bytes follow the JSON; its tensors take 12"),
    ({"inputs": [X.tolist()]}, b"1234", "", "4 bytes follow the JSON; its tensors take 0"),
    ({"inputs": [said(X, data=[1, 2, 3])]}, X.tobytes(), "/inputs/0", "either data or b64"),
    ({"inputs": [said(X, shape=[1, 2])]}, X.tobytes(), "/inputs/0/parameters/binary_data_size", "8 bytes; received 12"),
    ({"inputs": [said(X, shape=[10**9, 10**9])]}, X.tobytes(), "/inputs/0/parameters/binary_data_size", "received 12"),
    (
        {"inputs": [said(X, parameters={"binary_data_size": -1})]},
        b"",
        "/inputs/0/parameters/binary_data_size",
        "received -1",
    ),
    (
        {"inputs": [said(X, parameters={"binary_data_size": True})]},
        b"1",
        "/inputs/0/parameters/binary_data_size",
        "received true",
    ),
    (
        {"inputs": [said(X, parameters={"binary_data_size": 10**200})]},
        b"",
        "/inputs/0/parameters/binary_data_size",
        "0 at most",
    ),
    (
        {"inputs": {"seed": 1}, "weights": {"d/kernel": said(KERNEL)}},
        X.tobytes(),
        "/weights/d~1kernel/parameters/binary_data_size",
        "12 at most",
    ),
]


@pytest.mark.parametrize(("part", "tail", "pointer", "words"), BROKEN)
def test_bytes_that_do_not_fit_what_is_said_of_them(client, part, tail, pointer, words):
    answer = binary(client, {"model": DENSE, **part}, tail)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer
    assert words in answer.json["errors"][0]["detail"]


def test_bytes_without_the_header_are_missed(client):
    answer = client.post("/v1/forward", json={"model": DENSE, "inputs": [said(X)]})
    assert answer.status_code == 422
    assert "binary_data_size and its bytes after the JSON" in answer.json["detail"]


def parts(**given):
    return {name: (io.BytesIO(one), f"{name}.bin") if isinstance(one, bytes) else one for name, one in given.items()}


MODEL = json.dumps(DENSE)
WEIGHTS = {"d/kernel": KERNEL, "d/bias": BIAS}
FORMS = [
    {"model": MODEL, "inputs": npy(X), "weights": safetensors.numpy.save(WEIGHTS)},
    {"model": MODEL.encode(), "inputs": safetensors.numpy.save({"input": X}), "weights": npz(**WEIGHTS)},
    {"model": "Dense(2, input_shape=(3,), name='d')", "input": npy(X), "weights": npz(arr_0=KERNEL, arr_1=BIAS)},
    {"model": MODEL, "inputs": "[[[1, 0, 2]]]", "weights": json.dumps({k: v.tolist() for k, v in WEIGHTS.items()})},
    {"model": MODEL, "inputs": npz(input=np.asfortranarray(X)), "weights": safetensors.numpy.save(WEIGHTS)},
]


@pytest.mark.parametrize("form", range(len(FORMS)))
def test_model_tensors_and_weights_as_parts_of_a_form(client, form):
    options = {"expected": npy(np.array(Y)), "rtol": "1e-6", "stats": "1", "return_layers": "d"}
    answer = client.post("/v1/forward", data=parts(**FORMS[form], **options))
    assert answer.status_code == 200, answer.json
    data = answer.json["outputs"][0]["data"]
    assert data in (Y, Y[0])
    assert answer.json["comparison"]["passed"]
    assert answer.json["layers"][0]["max"] == 13.5
    assert list(answer.json["returned_layers"]) == ["d"]


def test_several_inputs_as_parts(client):
    left, right = np.array([[5, 7]], "float32"), np.array([[1, 2]], "float16")
    model = {"model": json.dumps(TWO)}
    in_order = {**model, "inputs": [(io.BytesIO(npy(left)), "a.npy"), (io.BytesIO(npy(right)), "b.npy")]}
    for form in (
        in_order,
        parts(**model, left=npy(left), right=npy(right)),
        parts(**model, inputs=npz(right=right, left=left)),
    ):
        assert client.post("/v1/forward", data=form).json["outputs"][0]["data"] == [[4, 5]]


def test_parts_for_the_other_verbs(client):
    def post(verb, **form):
        return client.post(f"/v1/{verb}", data=parts(**form), content_type="multipart/form-data").json

    answer = post("analyze", model=MODEL.encode(), batch_size="4", conventions="thop,fvcore")
    assert answer["batch_size"] == 4
    assert list(answer["conventions"]) == ["thop", "fvcore"]
    assert post("analyze", model="Dense(4)", input_shape="28,28,1")["outputs"][0]["shape"] == [None, 28, 28, 4]
    assert not post("check", model=MODEL, budgets=json.dumps([{"metric": "params", "max": 7}]))["passed"]
    assert post("diff", before=MODEL, after=MODEL)["identical"]


WRONG = [
    ({"model": MODEL}, 422, "", "'inputs' is required"),
    ({"inputs": npy(X)}, 422, "", "'model' is required"),
    ({"model": MODEL, "inputs": npy(X), "wieghts": npy(X)}, 422, "/wieghts", "Did you mean 'weights'?"),
    ({"model": MODEL, "left": npy(X)}, 422, "/inputs", "The input 'input' is missing"),
    (
        {"model": MODEL, "inputs": npy(X), "left": npy(X)},
        422,
        "/left",
        "There is no part 'left' here. The parts are model",
    ),
    ({"model": "{", "inputs": npy(X)}, 400, "/model", "Not JSON"),
    ({"model": b"\xff\xfe", "inputs": npy(X)}, 400, "/model", "Not UTF-8"),
    ({"model": MODEL, "inputs": npy(X)[:-1]}, 422, "/inputs", ""),
    ({"model": MODEL, "inputs": b"nothing"}, 400, "/inputs", "Expected .npy"),
    ({"model": MODEL, "inputs": npy(np.array([{}], object))}, 422, "/inputs", "pickled"),
    ({"model": MODEL, "inputs": npy(X), "weights": npz(**{"d/kernel": KERNEL})}, 422, "/weights", "d/bias"),
    ({"model": MODEL, "inputs": npy(X), "rtol": "much"}, 422, "/rtol", "received"),
    ({"model": MODEL, "inputs": npy(X), "dtype": "float8"}, 422, "/dtype", 'one of "float32", "float64"'),
    ({"model": MODEL, "inputs": npy(X), "outputs": '["e"]'}, 422, "/outputs/0/name", "no output 'e'"),
]


@pytest.mark.parametrize(("form", "status", "pointer", "words"), WRONG)
def test_parts_that_are_wrong(client, form, status, pointer, words):
    answer = client.post("/v1/forward", data=parts(**form), content_type="multipart/form-data")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (status, pointer)
    assert words in answer.json["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x--\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\nhm\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\n{', "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\n{}\r\n--x--\r\n', "multipart/form-data"),
    ],
)
def test_form_that_is_none(client, body, media):
    answer = client.post("/v1/forward", data=body, content_type=media)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"


KERAS = oracle.DATA / "keras_files"


def keras_parts():
    values = {kind: oracle.numbered("keras_files", f"sequential/{kind}")[0] for kind in ("x", "y")}
    model = (KERAS / "sequential.keras").read_bytes()
    return parts(model=model, inputs=npy(values["x"]), expected=npy(values["y"]))


def test_hdf5_is_parsed_only_where_a_setting_allows_its_size():
    refused = create_app(Limits()).test_client().post("/v1/forward", data=keras_parts())
    assert refused.status_code == 422
    assert "LAYERCALC_MAX_HDF5_BYTES is 0" in refused.json["detail"]
    narrow = create_app(Limits(max_hdf5_bytes=100)).test_client().post("/v1/forward", data=keras_parts())
    assert "the limit is 100 (LAYERCALC_MAX_HDF5_BYTES)" in narrow.json["detail"]
    answer = create_app(Limits(max_hdf5_bytes=1 << 20)).test_client().post("/v1/forward", data=keras_parts())
    assert answer.json["comparison"]["passed"]
    legacy = parts(model=gzip.decompress((KERAS / "sequential.h5.gz").read_bytes()), inputs='{"seed": 1}')
    told = create_app(Limits()).test_client().post("/v1/forward", data=legacy)
    assert (told.status_code, told.json["errors"][0]["pointer"]) == (422, "/model")


def test_keras_file_runs_with_other_weights_where_hdf5_is_not_parsed(client):
    given = {**keras_parts(), "weights": '{"seed": 3}'}
    assert client.post("/v1/forward", data=given).json["weights"] == {"source": "seeded", "seed": 3}
    assert client.post("/v1/analyze", data=parts(model=(KERAS / "sequential.keras").read_bytes())).status_code == 200


def test_float64_by_request(client):
    x = [[0.1, 0.2, 0.3]]
    answer = client.post("/v1/forward", json={"model": DENSE, "inputs": [x], "dtype": "float64"}).json
    assert answer["outputs"][0]["datatype"] == "FP64"
    assert answer["outputs"][0]["data"] == forward(DENSE, [x], dtype="float64")["outputs"][0]["data"]
