"""The command line starts without compiling regular expressions that nothing asks for."""

import re
from abc import ABC

import pytest

from layercalc.__main__ import COMPILED, Pattern, patterns_later


def test_a_pattern_whatever_the_case_is_compiled_when_it_is_used():
    with patterns_later():
        late, early = re.compile("[a-\uffff]+", re.IGNORECASE), re.compile("a+")
        assert type(late) is Pattern
        assert type(early) is re.Pattern
        assert type(type("Base", (ABC,), {"pattern": late}).pattern) is Pattern  # what an abstract class asks is no use
    assert re.compile is COMPILED
    assert late.fullmatch("ABC").group() == "ABC"
    assert late.pattern == "[a-\uffff]+"
    assert re.compile("a", re.IGNORECASE).match("A")


def test_patterns_are_compiled_again_after_a_fault():
    with pytest.raises(ImportError), patterns_later():
        raise ImportError
    assert re.compile is COMPILED
