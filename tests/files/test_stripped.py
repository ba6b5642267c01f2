"""A file without its weights: every shape and count as before, and small."""

import numpy as np
import pytest

import layercalc
from layercalc.errors import Unreadable
from layercalc.files import read_model
from layercalc.files.stripped import stripped
from layercalc.readers.onnx.wire import read_message
from tests.command import run
from tests.onnx_files import NAMES, body_of, file_of, node, tensor

WEIGHTS = np.random.default_rng(0).standard_normal((64, 32)).astype("float32")
FILE = file_of(
    [node("MatMul", ["x", "w"], ["h"]), node("Reshape", ["h", "to"], ["y"])],
    {"x": ["N", 64]},
    {"y": ["M", 4, 8]},
    [tensor("w", WEIGHTS), tensor("to", np.array([-1, 4, 8], "int64")), tensor("b", np.ones(3, "float32"))],
)


def test_the_numbers_of_large_tensors_go_and_all_else_stays():
    small = stripped(FILE)
    assert len(small) < len(FILE) - WEIGHTS.nbytes + 100
    before, after = read_message(FILE), read_message(small)
    assert {**before, "graph": 0} == {**after, "graph": 0}
    for name in before["graph"]:
        if name != "initializer":
            assert before["graph"][name] == after["graph"][name]
    left, *others = after["graph"]["initializer"]
    assert others == before["graph"]["initializer"][1:]
    assert (left["name"], left["dims"], left["data_location"]) == ("w", [64, 32], 1)
    assert "raw_data" not in left


def test_a_stripped_file_is_analysed_as_the_whole_one():
    whole, small = (layercalc.analyze(read_model(body)[0]) for body in (FILE, stripped(FILE)))
    assert whole == small
    assert whole["totals"]["params"] == WEIGHTS.size


@pytest.mark.parametrize("name", NAMES[::6])
def test_a_file_without_weights_stays_as_it_is(name):
    assert stripped(body_of(name)) == stripped(stripped(body_of(name)))


def test_numbers_in_a_field_of_their_type_go_too():
    typed = tensor("w", WEIGHTS)
    typed["float_data"] = [typed.pop("raw_data")]
    body = file_of([node("MatMul", ["x", "w"], ["y"])], {"x": ["N", 64]}, {"y": None}, [typed])
    assert len(stripped(body)) < 300


def test_the_command_writes_it(tmp_path):
    (tmp_path / "big.onnx").write_bytes(FILE)
    done = run("strip", "big.onnx", "-o", "small.onnx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "small.onnx").read_bytes() == stripped(FILE)
    (tmp_path / "a.json").write_text("{}")
    done = run("strip", "a.json", "-o", "b", cwd=tmp_path)
    assert done.returncode == 2
    assert "Expected an ONNX file" in done.stderr


def test_what_is_broken_is_refused():
    with pytest.raises(Unreadable):
        stripped(FILE[:-5])


@pytest.mark.parametrize("name", [None, *NAMES[::8]])
def test_the_checker_of_onnx_takes_a_stripped_file(name, tmp_path):
    """Where its numbers are said to be there has to be a file, which may be empty of them."""
    onnx = pytest.importorskip("onnx")
    body = stripped(FILE if name is None else body_of(name))
    places = {
        one["value"]
        for tensor in read_message(body)["graph"]["initializer"]
        for one in tensor["external_data"]
        if one["key"] == "location"
    }
    for place in places:
        with (tmp_path / place).open("wb") as file:
            file.truncate(1 << 30)
    (tmp_path / "small.onnx").write_bytes(body)
    onnx.checker.check_model(str(tmp_path / "small.onnx"))
