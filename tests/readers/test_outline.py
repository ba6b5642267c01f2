"""Texts of one outline are documents that differ in the integers and the name that it leaves out, and in nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc.errors import Refused
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.outline import LETTERS, MOST_BYTES, MOST_INTEGERS, outline_of
from layercalc.readers.text import parse_json

LEFT_OUT = [
    # a text, its integers, and the name
    ('{"a": 3, "b": [64,64,3], "c":0}', [3, 64, 64, 3, 0], None),
    ('{"a": 3.5, "b": -3, "c": 1e5, "d": true, "e": "7", "f7": "x3"}', [], None),
    ('{"a": 1234567890, "b": 123456789}', [123456789], None),
    ('{\n "a" : [\t5\n,6 ] }', [5, 6], None),
    ('{"name": "net", "a": 3}', [3], "net"),
    ('{"a": 3, "name": ""}', [3], ""),
    (' {"a": [{"name": "inner 5"}], "name" : "é" } ', [], "é"),
    ('{"a": [{"name": "inner"}]}', [], None),
    ('{"name": "a\\"b", "a": 3}', [3], None),
    ('{"a": {"name": "inner"}}', [], None),
]


@pytest.mark.parametrize(("text", "numbers", "name"), LEFT_OUT)
def test_what_is_left_out(text, numbers, name):
    outline = outline_of(text.encode(), UNLIMITED)
    assert (outline.numbers, outline.name) == (numbers, name)
    assert repr(outline.filled(outline.given)) == repr(parse_json(text))


WITHOUT = [
    *("[3]", "3", '"a"', "x = 3", '\ufeff{"a": 3}', json.dumps({"a": "x" * MOST_BYTES})),
    json.dumps({"a": [1] * (MOST_INTEGERS + 1)}),
]


@pytest.mark.parametrize("text", WITHOUT)
def test_texts_without_an_outline(text):
    assert outline_of(text.encode(), UNLIMITED) is None
    assert outline_of(b'{"a": 3, "name": "\xff"}', UNLIMITED) is None


def test_what_may_come_to_a_limit_is_not_left_out():
    text = b'{"a": 3}'
    assert outline_of(text, Limits()) is not None
    assert outline_of(text, Limits(max_integer_digits=5)) is outline_of(text, Limits(max_name_length=5)) is None
    assert outline_of(b'{"name": "%b"}' % (b"a" * (LETTERS + 1)), Limits()).name is None


@pytest.mark.parametrize("text", ['{"a": "5, 6, 7"}', '{"a": "is 5 long", "b": 3}'])
def test_integers_in_a_text_are_none(text):
    outline = outline_of(text.encode(), UNLIMITED)
    with pytest.raises(Refused):
        outline.filled(outline.given)


VALUES = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(-12, 12), st.integers(), st.floats(allow_nan=False)),
        st.text(max_size=6),
        st.text(alphabet='"\\ ,:[]{}0123456789@nam', max_size=8),
    ),
    lambda inside: st.one_of(
        st.lists(inside, max_size=4), st.dictionaries(st.sampled_from(["name", "a", "5", "b c"]), inside, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["name", "a", "units", "7"]), VALUES, max_size=4), st.integers(0, 10**9 - 1))
def test_other_texts_of_an_outline(document, n):
    for separators in ((",", ":"), (", ", ": ")):
        text = json.dumps(document, separators=separators, ensure_ascii=False)
        try:
            outline = outline_of(text.encode(), UNLIMITED)
            filled = outline.filled(outline.given)
        except (Refused, UnicodeEncodeError):
            continue
        if repr(filled) != repr(parse_json(text)):  # it has a text that stands for what is left out
            assert "@" in text
            continue
        numbers = [(n + place) % 10**9 for place, _ in enumerate(outline.numbers)]
        parts = [str(one).encode() for one in numbers]
        other = b"".join([part for pair in zip(outline.parts, [*parts, b""], strict=True) for part in pair])
        if outline.name is not None:
            other = other.replace(b'"@name@"', b'"other"')
        given = [*numbers, *([] if outline.name is None else ["other"])]
        assert outline_of(other, UNLIMITED) == (outline.parts, numbers, None if outline.name is None else "other")
        assert repr(parse_json(other)) == repr(outline.filled(given))
