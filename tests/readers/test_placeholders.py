"""A document that is open for a sweep is refused elsewhere with the way on, at the place that is open."""

import json

import pytest

from layercalc import InvalidModel, analyze, check, diff, forward
from layercalc.web import create_app
from tests.command import run

DENSE = {"type": "Dense", "units": 4}
KERAS = {"class_name": "Sequential", "config": {"layers": [
    {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "x"}},
    {"class_name": "Dense", "config": {"units": {"$": "w"}, "name": "d"}}]}}  # fmt: skip
OPEN = [
    ({"input_shape": [{"$": "h"}, 4], "layers": [DENSE]}, "/input_shape/0", "--space h="),
    ({"input_shape": [4], "layers": [{"type": "Dense", "units": {"$": "max(8, 2*w)"}}]}, "/layers/0/units", "--vary w"),
    ({"input_shape": [4], "layers": [{"type": {"$": "kind"}, "units": 4}]}, "/layers/0/type", "--space kind="),
    ({"input_shape": [4], "layers": [{"$": "first"}]}, "/layers/0", "--space first="),
    ({"input_shape": [4], "layers": {"$": "all"}}, "/layers", "--space all="),
    ({"$": "model"}, "", "--space model="),
    ({"input_shape": [4], "layers": [DENSE, {"repeat": {"$": "d"}, "layers": [DENSE]}]}, "/layers/1", "repeated by"),
    ({"input_shape": [4], "layers": [{"repeat": 3, "layers": [DENSE]}]}, "/layers/0", "repeated by sweep and fit"),
    (KERAS, "/config/layers/1/config/units", "POST /v1/fit"),
]


@pytest.mark.parametrize(("model", "where", "words"), OPEN, ids=lambda one: str(one)[:30])
def test_what_is_open_is_told_with_the_way_on(model, where, words):
    for ask in (
        analyze,
        lambda one: check(one, [{"metric": "params", "max": 1}]),
        lambda one: forward(one, {"seed": 1}, path=()),
    ):
        with pytest.raises(InvalidModel) as caught:
            ask(model)
        (fault,) = caught.value.every
        assert (fault["pointer"], words in fault["detail"]) == (where, True)
        assert "sweep" in fault["detail"]
    with pytest.raises(InvalidModel) as caught:
        diff({"input_shape": [4], "layers": [DENSE]}, model)
    assert caught.value.every[0]["pointer"] == f"/after{where}"


def test_other_faults_stay_and_places_are_told_once():
    model = {"input_shape": [{"$": "h"}, {"$": "w"}], "layers": [{"type": "Dense", "units": 0}, {"type": "Dense"}]}
    with pytest.raises(InvalidModel) as caught:
        analyze(model)
    assert [one["pointer"] for one in caught.value.every] == ["/input_shape/0", "/layers/0/units", "/layers/1"]


def test_where_a_mark_means_nothing_nothing_is_said_of_it():
    model = {"input_shape": [4], "name": "a", "layers": [DENSE], "metadata": {"$": "w"}}
    try:
        analyze(model)
    except InvalidModel as error:
        assert "metadata" in error.every[0]["pointer"]


def test_every_face(tmp_path):
    model, where, words = OPEN[1]
    answer = create_app().test_client().post("/v1/analyze", json={"model": model})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, f"/model{where}")
    (tmp_path / "net.json").write_text(json.dumps(model))
    ran = run("analyze", "net.json", cwd=tmp_path)
    assert (ran.returncode, words in ran.stderr) == (2, True)
