"""A bounded run of the fuzzer on every reader, and every input that once broke one. `make fuzz` runs for longer."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import CORPUS, READERS, kept, mutated, tried

FOUND = sorted(path.name for path in CORPUS.glob("*-*"))


@pytest.mark.parametrize("name", FOUND)
def test_what_once_broke_a_reader(name):
    tried(name.rpartition("-")[0], (CORPUS / name).read_bytes())


@pytest.mark.parametrize("reader", READERS)
def test_seeds_are_read(reader):
    """The fuzzer starts from what is right, or it finds nothing: but for bytes that are no HDF5 inside."""
    for seed in READERS[reader][0]:
        if reader == "hdf5":
            tried(reader, seed)
        else:
            READERS[reader][1](seed)


@pytest.mark.parametrize("reader", READERS)
@given(number=st.integers(0, 2**32))
def test_reader_answers_or_refuses(reader, number):
    random_ = random.Random(number)
    tried(reader, mutated(random_.choice(kept(reader)), random_))


@pytest.mark.parametrize("reader", READERS)
@given(body=st.binary(max_size=300))
def test_reader_answers_or_refuses_noise(reader, body):
    tried(reader, body)
