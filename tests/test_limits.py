"""Every limit of the service: refused by a problem that names it and its setting, published, and a setting."""

import dataclasses
import json

import pytest

from layercalc import Refused, analyze, check, deadline, diff, forward
from layercalc.environment import setting
from layercalc.errors import Overdue
from layercalc.limits import Limits, published
from layercalc.web import create_app

DENSE = {"input_shape": [3], "layers": [{"type": "Dense", "units": 2, "name": "first"}, {"type": "ReLU"}]}
RUN = {"model": DENSE, "inputs": {"seed": 1}}
PARTS = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n1\r\n' for name in "ab") + "--x--\r\n"
WITH_VALUES = "".join(f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n[1,1]\r\n' for n in "ab") + "--x--\r\n"
LSTM = {"input_shape": [9, 3], "layers": [{"type": "LSTM", "units": 2}]}
NESTED = {"input_shape": [3], "layers": [{"type": "Sequential", "name": "outer", "layers": DENSE["layers"]}]}

OPEN = {"input_shape": [4], "layers": [{"type": "Dense", "units": {"$": "n"}}]}
OPEN_WORD = {"input_shape": [4], "layers": [{"type": "Dense", "units": {"$": "n"}, "activation": {"$": "a"}}]}
REFUSALS = [
    # limit, its value, path, body, status
    ("max_body_bytes", 10, "/v1/analyze", DENSE, 413),
    ("max_depth", 2, "/v1/analyze", DENSE, 422),
    ("max_depth", 3, "/v1/forward", RUN, 422),
    ("max_depth", 2, "/v1/analyze", json.dumps(json.dumps(DENSE)), 422),
    ("max_containers", 3, "/v1/analyze", DENSE, 422),
    ("max_containers", 3, "/v1/forward", RUN, 422),
    ("max_strings", 8, "/v1/analyze", DENSE, 422),
    ("max_strings", 8, "/v1/analyze", json.dumps(json.dumps(DENSE)), 422),
    ("max_values", 7, "/v1/analyze", DENSE, 422),
    ("max_values", 7, "/v1/forward", RUN, 422),
    ("max_values", 3, "/v1/forward", WITH_VALUES, 422),
    ("max_slow_json_bytes", 50, "/v1/analyze", {**DENSE, "batch_size": 1 << 70}, 422),
    ("max_layers", 1, "/v1/analyze", DENSE, 422),
    ("max_layers", 1, "/v1/analyze", NESTED, 422),
    ("max_layers", 1, "/v1/diff", {"before": DENSE, "after": DENSE}, 422),
    ("max_code_characters", 20, "/v1/analyze", "Dense(3, input_dim=4)\n", 422),
    ("max_code_characters", 20, "/v1/forward", {**RUN, "model": "Dense(3, input_dim=4)\n"}, 422),
    ("max_code_tokens", 7, "/v1/analyze", "Dense(3, input_dim=4)\n", 422),
    ("max_code_tokens", 7, "/v1/forward", {**RUN, "model": "Dense(3, input_dim=4)\n"}, 422),
    ("max_code_fields", 2, "/v1/analyze", "x = f'{a}{b}{c}'\nDense(3, input_dim=4)\n", 422),
    ("max_integer_digits", 3, "/v1/analyze", "Dense(0x1234, input_dim=4)", 422),
    ("max_integer_digits", 3, "/v1/analyze", {**DENSE, "input_shape": [10_000]}, 422),
    ("max_integer_digits", 3, "/v1/analyze", "Dense(10_000, input_dim=4)", 422),
    ("max_integer_digits", 3, "/v1/analyze", "Dense(3, input_dim=1000)\n" * 2, 422),
    ("max_integer_digits", 3, "/v1/forward", {**RUN, "model": "Dense(4000, input_dim=4)"}, 422),
    ("max_name_length", 12, "/v1/analyze", {**DENSE, "name": "x" * 13}, 422),
    ("max_name_length", 12, "/v1/analyze", {**DENSE, "x" * 13: 1}, 422),
    ("max_name_length", 12, "/v1/analyze", {"layers": [{"type": "T" * 13}]}, 422),
    ("max_name_length", 10, "/v1/analyze", NESTED, 422),
    ("max_name_length", 12, "/v1/analyze", "import a.b.c.d.e.f.g.h\nDense(3, input_dim=4)", 422),
    ("max_name_length", 12, "/v1/analyze", f"a{chr(0x301) * 13} = 1\nDense(3, input_dim=4)", 422),
    ("max_name_length", 12, "/v1/analyze", f"Dense(3, input_dim=4, name={'x' * 13!r})", 422),
    ("max_candidates", 2, "/v1/sweep", {"model": OPEN, "space": {"n": [1, 2, 3]}}, 422),
    (
        "max_words",
        2,
        "/v1/sweep",
        {"model": OPEN_WORD, "space": {"n": [*range(1, 9)], "a": ["relu", "tanh", "elu"]}},
        422,
    ),
    ("max_parts", 1, "/v1/forward", PARTS, 413),
    ("max_forward_flops", 1, "/v1/forward", RUN, 422),
    ("max_forward_bytes", 1, "/v1/forward", RUN, 422),
    ("max_forward_outputs", 1, "/v1/forward", RUN, 422),
    ("max_forward_steps", 1, "/v1/forward", {**RUN, "model": LSTM}, 422),
]


@pytest.mark.parametrize(("name", "value", "path", "body", "status"), REFUSALS, ids=lambda value: str(value)[:40])
def test_refusal_names_the_limit_and_its_setting(name, value, path, body, status):
    client = create_app(Limits(**{name: value})).test_client()
    media = "multipart/form-data; boundary=x" if body in (PARTS, WITH_VALUES) else "application/octet-stream"
    answer = client.post(path, data=body if isinstance(body, str) else json.dumps(body), content_type=media)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert setting(name) in answer.text
    assert f"{value:,}" in answer.text


TESTED = {name for name, *_ in REFUSALS}
ELSEWHERE = {  # the test that shows it
    "max_errors": "test_errors_past_the_limit_are_counted",
    "max_analysis_seconds": "test_deadline",
    "max_forward_seconds": "test_deadline",
    "max_read_seconds": "test_framing: drip",
    "min_read_rate": "test_framing: a slow body above the rate",
    "max_forward_passes": "test_serving",
    "max_hdf5_bytes": "test_tensors",
    "max_kept_bytes": "test_kept",
    "max_kept_answers": "test_kept",
    "max_kept_layers": "test_kept",
    "max_script_steps": "test_bounds: test_a_text_past_its_steps_or_bytes_is_told_the_limit",
    "max_script_bytes": "test_bounds: test_a_text_past_its_steps_or_bytes_is_told_the_limit",
}


def test_every_limit_has_a_test():
    assert {one.name for one in dataclasses.fields(Limits)} == TESTED | set(ELSEWHERE)


@pytest.mark.parametrize(
    ("name", "value", "body"),
    [
        ("max_depth", 4, RUN),
        ("max_layers", 2, RUN),
        ("max_containers", 5, RUN),
        ("max_integer_digits", 1, RUN),
        ("max_name_length", 11, {"model": {**DENSE, "layers": DENSE["layers"][1:]}, "inputs": {"seed": 1}}),
    ],
)
def test_what_just_fits_is_answered(name, value, body):
    answer = create_app(Limits(**{name: value})).test_client().post("/v1/analyze", json=body["model"])
    assert answer.status_code == 200, answer.text


def test_errors_past_the_limit_are_counted():
    client = create_app(Limits(max_errors=3)).test_client()
    answer = client.post("/v1/analyze", json={"layers": [{"type": "Dense"}] * 10, "input_shape": [3]})
    assert len(answer.json["errors"]) == 4
    assert answer.json["errors"][-1]["detail"] == "7 more faults are not listed (limit 3, LAYERCALC_MAX_ERRORS)."


@pytest.mark.parametrize(
    ("verb", "arguments", "name"),
    [
        (analyze, [DENSE], "max_analysis_seconds"),
        (analyze, ["Dense(3, input_dim=3)"], "max_analysis_seconds"),
        (check, [DENSE, [{"metric": "params", "max": 1}]], "max_analysis_seconds"),
        (diff, [DENSE, DENSE], "max_analysis_seconds"),
        (forward, [DENSE, {"seed": 1}], "max_forward_seconds"),
    ],
)
def test_deadline(verb, arguments, name):
    with pytest.raises(Overdue) as caught:
        verb(*arguments, limits=Limits(**{name: 0}))
    assert caught.value.status == 503
    assert caught.value.errors[0]["detail"] == f"The deadline of 0 s ({setting(name)}) passed."


def test_deadline_of_a_request_is_one_for_all_it_does():
    with deadline.within(0, "OUTER"), pytest.raises(Overdue, match="OUTER"):
        analyze(DENSE, limits=Limits())
    deadline.check()  # and is gone after it


def test_limits_are_published_as_they_are_in_force(client):
    listed = client.get("/v1/limits").json["limits"]
    assert listed == published(Limits())
    assert {one["setting"] for one in listed} == {setting(one.name) for one in dataclasses.fields(Limits)}
    assert all(one["value"] == one["default"] and one["unit"] and one["what"] for one in listed)
    narrow = create_app(Limits(max_layers=7)).test_client().get("/v1/limits").json["limits"]
    assert next(one for one in narrow if one["name"] == "max_layers")["value"] == 7


@pytest.mark.parametrize(
    ("name", "text"),
    [("MAX_LAYERS", "0"), ("MAX_LAYERS", "-1"), ("MAX_DEPTH", "901"), ("MAX_ERRORS", "many"), ("MAX_ERRORS", "1_0")],
)
def test_setting_that_makes_no_sense_is_said_at_the_start(monkeypatch, name, text):
    monkeypatch.setenv(f"LAYERCALC_{name}", text)
    with pytest.raises(SystemExit, match=f"LAYERCALC_{name} has to be an integer"):
        Limits.from_environment()


def test_the_package_itself_has_no_limits():
    assert analyze({"input_shape": [10**298], "layers": [{"type": "ReLU", "name": "x" * 1000}]})["totals"]["flops"]
    config = {"class_name": "Constant", "config": {"value": 10**400}}
    with pytest.raises(Refused, match="float can hold"):
        analyze({"input_shape": [3], "layers": [{"type": "Dense", "units": 2, "bias_initializer": config}]})
