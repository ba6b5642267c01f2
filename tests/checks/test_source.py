"""A YAML file is read in a time that its length bounds: what aliases, merges and numbers of base 60 stand for is bounded."""

import time

import pytest

from layercalc.checks import source
from layercalc.checks.source import parsed
from layercalc.errors import InvalidBudgets

MANY = 20_000
SECONDS = 10  # one to two on a machine that does nothing else; the first took 13, the number of base 60 forty

SLOW = {
    "merges of different keys": (
        "".join(f"a{i}: &a{i} {{k{i}: 1}}\n" for i in range(MANY))
        + "m: {<<: ["
        + ",".join(f"*a{i}" for i in range(MANY))
        + "]}\n",
        None,
    ),
    "merges of one": ("a: &a {k: 1}\nm: {<<: [" + "*a," * MANY + "*a]}\n", None),
    "merges one by one": ("a: &a {k: 1}\nm: {" + "<<: *a," * MANY + "}\n", None),
    "doubling": (
        "a0: &a0 [1,1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1},*a{i - 1}]\n" for i in range(1, 40)),
        "100,000 values",
    ),
    "itself": ("a: &a [*a]", "contains itself"),
    "characters": ("#" * 1_000_001 + "\na: 1", "1,000,006 characters"),
    "base 60": ("a: 1" + ":1" * 400_000, None),
    "base 60, a fraction": ("a: 1" + ":1" * 20_000 + ".5", None),
    "base 60, of a length to be read": ("a: 1" + ":1" * 148 + ".5", None),
    "digits": ("a: " + "9" * 100_000, None),
    "hexadecimal digits": ("a: 0x" + "f" * 900_000, None),
    "brackets": ("[" * MANY, "nested too deeply"),
}
TOO_MANY = {  # more values than are read, for a service that reads a tenth of what it does
    "merges of a long one": (
        "a: &a {" + ",".join(f"k{i}: 1" for i in range(1000)) + "}\nm: {<<: [" + "*a," * 5_000 + "*a]}\n",
        "10,000 values",
    ),
    "merges of merges": (
        "a0: &a0 {k: 1}\n" + "".join(f"a{i}: &a{i} {{<<: *a{i - 1}, k{i}: 1}}\n" for i in range(1, 160)),
        "10,000 values",
    ),
    "merges of nothing": ("a: &a {}\nm: {<<: [" + "*a," * 12_000 + "*a]}\n", "10,000 values"),
    "values": ("a: [" + "1," * 499_000 + "1]", "20,000 keys and values"),
}


@pytest.mark.parametrize("name", SLOW)
def test_reading_takes_as_long_as_the_file_is(name):
    read(*SLOW[name])


@pytest.mark.parametrize("name", TOO_MANY)
def test_reading_ends_where_there_are_too_many_values(name, monkeypatch):
    monkeypatch.setattr(source, "MAX_VALUES", 10_000)
    read(*TOO_MANY[name])


def read(text, words):
    """The text, in time; or a refusal with these words."""
    begin = time.process_time()
    if words is None:
        assert parsed("layercalc.yaml", text).content
    else:
        with pytest.raises(InvalidBudgets) as caught:
            parsed("layercalc.yaml", text)
        assert words in caught.value.errors[0]["detail"]
        assert caught.value.errors[0]["file"] == "layercalc.yaml"
    assert time.process_time() - begin < SECONDS


def test_what_is_merged_first_goes_before():
    text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nm: {<<: [*a, *b], y: 3}\n"
    assert parsed("layercalc.yaml", text).content["m"] == {"x": 1, "y": 3, "z": 2}
