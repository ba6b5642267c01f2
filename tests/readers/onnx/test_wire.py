"""The protobuf reader: what is written comes back, and whatever else there is gives one of our own errors, soon."""

import cProfile
import random
from time import process_time

import numpy as np
import pytest

import layercalc
from layercalc import deadline
from layercalc.errors import Overdue, Unreadable
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.onnx.messages import MESSAGES
from layercalc.readers.onnx.wire import read_message
from tests.onnx_files import NAMES, body_of, chunk, file_of, key, node, tensor, varint, written


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_of_a_file_is_written_as_it_was_and_read_again(name):
    once = read_message(body_of(name))
    assert once["graph"]["node"]
    assert read_message(written("Model", once)) == once


def test_every_kind_of_field_comes_back():
    array = np.arange(6, dtype="float32").reshape(2, 3)
    nodes = [node("Conv", ["x", ""], ["y"], "name", pads=[1, -1], alpha=0.5, mode="constant", value=tensor("", array))]
    found = read_message(file_of(nodes, {"x": ["N", 3, None]}, {"y": None}, [tensor("w", array)]))
    one = found["graph"]["node"][0]
    assert one["input"] == ["x", ""]
    assert one["attribute"][0]["ints"] == [1, -1]
    assert one["attribute"][1]["f"] == 0.5
    assert bytes(one["attribute"][2]["s"]) == b"constant"
    assert np.frombuffer(one["attribute"][3]["t"]["raw_data"], "<f4").tolist() == array.ravel().tolist()
    dims = found["graph"]["input"][0]["type"]["tensor_type"]["shape"]["dim"]
    assert [(d["dim_param"], d["dim_value"]) for d in dims] == [("N", 0), ("", 3), ("", 0)]


def test_what_is_not_there_has_the_default_of_proto3():
    found = read_message(b"", kind="Node")
    for field in MESSAGES["Node"].values():
        assert found[field.name] == (() if field.many else "")


@pytest.mark.parametrize("packed", [True, False])
def test_numbers_come_packed_or_one_by_one(packed):
    numbers = [0, 1, 127, 128, 2**31, 2**63 - 1, -1]
    body = chunk(8, b"".join(map(varint, numbers))) if packed else b"".join(key(8, 0) + varint(n) for n in numbers)
    assert read_message(body, kind="Attribute")["ints"] == numbers


def test_the_data_of_a_tensor_is_not_copied():
    body = bytearray(file_of([], {}, {}, [tensor("w", np.zeros(4, "float32"))]))
    found = read_message(body)
    at = bytes(body).index(bytes(16))
    body[at] = 9
    assert found["graph"]["initializer"][0]["raw_data"][0] == 9


def nested(levels):
    """Graphs in attributes of nodes in graphs."""
    body = b""
    for _ in range(levels // 3):
        body = chunk(1, chunk(5, chunk(6, body)))
    return chunk(7, body)


BROKEN = {
    "not-a-message": (b"hello", "wire type"),
    "length-past-the-end": (chunk(7, b"")[:-1] + varint(2**62), "bytes, of which"),
    "endless-varint": (b"\x08" + b"\xff" * 20, "does not end"),
    "cut": (file_of([node("Relu", ["x"], ["y"])], {"x": [1]}, {"y": [1]})[:-12], "bytes, of which"),
    "wire-type": (b"\x0b", "wire type 3"),
    "another-kind": (key(7, 0) + varint(3), "graph is Graph"),
    "twice": (chunk(7, b"") + chunk(7, b""), "twice"),
    "not-utf-8": (chunk(2, b"\xff\xfe"), "UTF-8"),
    "deep": (nested(3_000), "nested"),
    "floats": (chunk(7, chunk(1, chunk(5, chunk(7, b"abc")))), "four bytes"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_said_with_its_place(name):
    body, words = BROKEN[name]
    with pytest.raises(Unreadable, match="Not a readable ONNX file") as refused:
        read_message(body, ("model",))
    assert refused.value.status == 422
    assert refused.value.errors[0]["pointer"] == "/model"
    assert words in refused.value.errors[0]["detail"]


def test_a_fault_says_in_which_message_it_stands():
    bad = chunk(7, chunk(1, chunk(4, b"Relu")) + chunk(1, chunk(5, b"\x0b")))
    with pytest.raises(Unreadable, match="In /graph/node/1/attribute/0"):
        read_message(bad)


FEW = Limits(max_containers=100, max_values=200, max_layers=50, max_name_length=30)
TOO_MUCH = {
    "messages": (chunk(7, b"".join(chunk(12, b"") for _ in range(200))), "LAYERCALC_MAX_CONTAINERS"),
    "nodes": (chunk(7, b"".join(chunk(1, b"") for _ in range(60))), "LAYERCALC_MAX_LAYERS"),
    "numbers": (chunk(7, chunk(1, chunk(5, chunk(8, bytes(1000))))), "LAYERCALC_MAX_VALUES"),
    "floats": (chunk(7, chunk(1, chunk(5, chunk(7, bytes(4000))))), "LAYERCALC_MAX_VALUES"),
    "a-long-name": (chunk(7, chunk(1, chunk(4, b"a" * 31))), "LAYERCALC_MAX_NAME_LENGTH"),
    "texts": (chunk(7, chunk(1, b"".join(chunk(1, b"a") for _ in range(300)))), "LAYERCALC_MAX_VALUES"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_limit_is_named_with_its_setting(name):
    body, setting = TOO_MUCH[name]
    read_message(body, limits=UNLIMITED)
    with pytest.raises(Unreadable, match=setting):
        read_message(body, limits=FEW)


def test_millions_of_empty_messages_are_refused_before_they_are_made():
    body = chunk(7, chunk(12, b"") * 3_000_000)
    begin = process_time()
    with pytest.raises(Unreadable, match="MAX_CONTAINERS"):
        read_message(body, limits=Limits())
    assert process_time() - begin < 20


def test_mutations_of_real_files_give_our_own_errors_only():
    seeds = [body_of(name)[:20_000] for name in NAMES[::4]]
    draw, refused = random.Random(7), 0
    for _ in range(1_500):
        body = bytearray(draw.choice(seeds))
        for _ in range(draw.randint(1, 8)):
            body[draw.randrange(len(body))] = draw.randrange(256)
        try:
            with deadline.within(5, "a test"):
                read_message(bytes(body[: draw.randint(1, len(body))]), limits=Limits())
        except Unreadable:
            refused += 1
    assert refused > 1_000


def test_the_clock_is_looked_at_inside_of_one_message():
    body = chunk(7, chunk(1, chunk(1, b"a") * 1_000_000))
    with pytest.raises(Overdue), deadline.within(0.02, "A_SETTING"):
        read_message(body, limits=Limits())


def calls_of(count):
    """How many calls the analysis of a file of so many nodes makes: of what is read, and of what is answered."""
    nodes = [node("Relu", ["x"], ["t0"], "/block0/first/Relu")]
    for i in range(count):
        kind, inputs = (("Add", [f"t{i}", f"t{max(i - 1, 0)}"]), ("Sigmoid", [f"t{i}"]), ("Mul", [f"t{i}", "w"]))[i % 3]
        nodes.append(node(kind, inputs, [f"t{i + 1}"], f"/block{i // 50}/part{i}/{kind}"))
    body = file_of(nodes, {"x": ["batch", 8]}, {f"t{count}": None}, [tensor("w", np.ones(8, "float32"))])
    profile = cProfile.Profile()
    profile.enable()
    layercalc.analyze(body)
    profile.disable()
    return sum(entry.callcount for entry in profile.getstats())


def test_twice_as_many_nodes_take_twice_as_long():
    """Counted in calls, which no load of the machine changes; with some for what is done once."""
    calls_of(10)
    few, many = calls_of(600), calls_of(2_400)
    assert many < 4.2 * few
    assert many < 2_400 * 220
