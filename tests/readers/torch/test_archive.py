"""The archive of an exported program: weights in it, taken out of it, tied, and on the meta device; broken ones."""

import io
import json
import random
import tracemalloc
import zipfile

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel, Refused
from layercalc.files import read_model
from layercalc.files.mapped import mapped
from layercalc.files.stripped import stripped
from tests.formula import weight_of
from tests.torch_files import MAIN, archive_of, body_of, changed, expected

CONFIG = "data/weights/model_weights_config.json"


def members_of(name):
    with zipfile.ZipFile(io.BytesIO(body_of(name))) as archive:
        return {one: archive.read(one) for one in archive.namelist()}


def with_weights(name, meta=False):
    """A recorded file with the weights that the formula makes, and another member to unpickle."""
    members = members_of(name)
    folder = next(iter(members)).partition("/")[0]
    config = json.loads(members[f"{folder}/{CONFIG}"])
    for path, entry in config["config"].items():
        sizes = [one["as_int"] for one in entry["tensor_meta"]["sizes"]]
        if meta:
            entry["path_name"] = "weight_0"
        where = f"{folder}/data/weights/{entry['path_name']}"
        if where not in members:
            members[where] = b"" if meta else weight_of(path, sizes).astype("<f4").tobytes()
    members[f"{folder}/{CONFIG}"] = json.dumps(config).encode()
    members[f"{folder}/data/sample_inputs/model.pt"] = b"a pickle, which nobody opens"
    return archive_of(members)


def totals(body):
    return layercalc.analyze(read_model(body)[0])["totals"]


@pytest.mark.parametrize("name", ["mlp", "tied", "rnn_sequence"])
def test_weights_of_the_file_are_used_and_may_be_taken_out(name):
    body = with_weights(name)
    small = stripped(body)
    assert len(small) < len(body)
    with zipfile.ZipFile(io.BytesIO(small)) as archive:
        assert not [one for one in archive.namelist() if "weight_" in one or "sample_inputs" in one]
    assert totals(small) == totals(body) == totals(body_of(name))
    shape = expected(name)["inputs"][0][0]
    inputs = [np.ones(shape, "int64" if name == "tied" else "float32")]
    given = {path: weight_of(path, shape) for path, shape, *rest in expected(name)["weights"] if len(rest) < 3}
    own = layercalc.forward(read_model(body)[0], inputs)
    posted = layercalc.forward(read_model(small)[0], inputs, given)
    np.testing.assert_array_equal(own["outputs"][0], posted["outputs"][0])


def test_on_the_meta_device_everything_has_one_payload_and_a_tie_is_seen_where_a_module_reads_it():
    body = with_weights("tied", meta=True)
    assert totals(body)["params"] == totals(body_of("tied"))["params"] == expected("tied")["params"]
    assert totals(stripped(body))["params"] == expected("tied")["params"]
    warnings = layercalc.analyze(read_model(body)[0])["warnings"]
    assert "on the meta device" in warnings[0]["detail"]


def test_the_command_line_maps_an_archive(tmp_path):
    file = tmp_path / "model.pt2"
    file.write_bytes(with_weights("mlp"))
    assert mapped(file) is not None
    assert layercalc.analyze(file)["totals"] == totals(body_of("mlp"))
    other = tmp_path / "arrays.npz"
    np.savez(other, a=np.ones(3))
    assert mapped(other) is None


def test_what_is_pickled_in_an_older_archive_is_left_out():
    members = members_of("versions/net-2.4.1")
    body = archive_of(members | {"serialized_state_dict.pt": b"PK pickled", "serialized_state_dict.json": b"pickled"})
    assert totals(body) == totals(stripped(body)) == totals(body_of("versions/net-2.4.1"))
    assert len(stripped(body)) < len(body)


def test_no_more_is_inflated_of_a_tensor_than_it_has():
    members = {}
    with zipfile.ZipFile(io.BytesIO(with_weights("mlp"))) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    where = next(one for one in members if one.endswith("weights/weight_1"))
    bomb = archive_of(members | {where: members[where] + bytes(50_000_000)})
    document = read_model(bomb)[0]
    tracemalloc.start()
    layercalc.forward(document, [np.ones(expected("mlp")["inputs"][0][0], "float32")])
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    short = read_model(archive_of(members | {where: members[where][:-4]}))[0]
    with pytest.raises(Refused, match=r"bytes do not hold the tensor '1\.bias'"):
        layercalc.forward(short, [np.ones(expected("mlp")["inputs"][0][0], "float32")])


def test_an_archive_without_a_graph_is_refused():
    for program in (b"{}", b"[]", b"{", b'{"graph_module": {"graph": {}}}'):
        with pytest.raises(InvalidModel):
            layercalc.analyze(read_model(archive_of({f"m/{MAIN}": program}))[0])


VALUES = [None, True, -1, 0, 2**70, 1.5, "x", "torch.ops.aten.mul.Tensor", [], {}, [1], {"as_int": -5}]


def paths_of(document):
    """Where the values of a document stand."""
    waiting = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if path:
            yield path
        if isinstance(value, dict | list):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [((*path, key), one) for key, one in pairs]


@pytest.mark.parametrize("seed", range(40))
def test_a_changed_graph_is_read_or_refused(seed):
    rng = random.Random(seed)

    def change(program):
        for path in rng.sample(list(paths_of(program)), 3):
            parent = program
            try:
                for key in path[:-1]:
                    parent = parent[key]
                if rng.random() < 0.3:
                    del parent[path[-1]]
                else:
                    parent[path[-1]] = rng.choice(VALUES)
            except (KeyError, IndexError, TypeError):
                continue

    name = ("lenet", "attention.dynamic", "lstm_classifier", "versions/net-2.4.1-dyn")[seed % 4]
    try:
        report = layercalc.analyze(read_model(changed(name, change))[0])
    except Refused as error:
        assert all(fault["detail"] for fault in error.errors)
    else:
        json.dumps(report)


@pytest.mark.parametrize(
    "listed", [3, "x", [1], {"a": 3}, {"a": {"tensor_meta": []}}, {"a": {"tensor_meta": {"strides": 1}}}]
)
def test_a_list_of_tensors_of_another_form_is_refused(listed):
    with zipfile.ZipFile(io.BytesIO(with_weights("mlp"))) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    where = next(one for one in members if one.endswith("weights_config.json"))
    broken = archive_of(members | {where: json.dumps({"config": listed}).encode()})
    with pytest.raises(InvalidModel):
        layercalc.analyze(read_model(broken)[0])


@pytest.mark.parametrize("dtype", [{}, [], "x", 1e9, None])
def test_a_type_of_another_form_is_refused_or_not_needed(dtype):
    def change(program):
        for meta in program["graph_module"]["graph"]["tensor_values"].values():
            meta["dtype"] = dtype

    with pytest.raises(InvalidModel):
        layercalc.analyze(read_model(changed("mlp", change))[0])


def test_a_list_of_modules_of_another_form_tells_nothing():
    def change(program):
        program["graph_module"]["module_call_graph"] = 3

    assert layercalc.analyze(read_model(changed("mlp", change))[0])["totals"]["params"] == expected("mlp")["params"]
