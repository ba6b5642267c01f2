"""What is counted before a parser is called: JSON as a slow reader would count it, code so that people's own passes."""

import json
import random
import re
import sys
import sysconfig
from pathlib import Path

import pytest

from layercalc import Refused
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers import json_counts, read
from layercalc.readers.code_bounds import bounded_code
from layercalc.readers.json_counts import Counts, counted
from layercalc.readers.text import parse_code, parse_json

PIECES = [
    '"',
    "\\",
    "\\\\",
    '\\"',
    "[",
    "{",
    ",",
    ":",
    ".",
    "e",
    "-",
    "a",
    " ",
    "é",
    *("1" * n for n in (1, 18, 19, 40)),
]


def slowly(text: bytes) -> Counts:
    """The counts, byte by byte."""
    inside, strings, outside = False, 0, bytearray()
    for byte in re.sub(rb'\\[\\"]', b"  ", text):
        if byte == ord('"'):
            inside = not inside
            strings += inside
        outside.append(ord(" ") if inside or byte == ord('"') else byte)
    found = bytes(outside)
    opened = found.count(b"[") + found.count(b"{")
    long = re.search(rb"(?<![\d.])\d{19,}(?![\d.eE])", found) is not None
    return Counts(opened, strings, opened + found.count(b","), found.count(b":"), long)


@pytest.mark.parametrize(("size", "short"), [(16, 0), (64, 0), (100, 0), (1 << 20, 0), (1 << 20, 1 << 15)])
def test_json_is_counted_as_a_slow_reader_would(monkeypatch, size, short):
    monkeypatch.setattr(json_counts, "PIECE", size)
    monkeypatch.setattr(json_counts, "SHORT", short)
    choice = random.Random(size)
    for _ in range(500):
        text = "".join(choice.choices(PIECES, k=choice.randint(0, 90))).encode().rstrip(b"\\")
        found, right = counted(text), slowly(text)
        assert found == right or (found.long and found.keys == len(text)), text


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("[0.1234567890123456789012345, 12345678901234567890.5, 1234567890123456789012e3]", True),
        ('["12345678901234567890", "x:1", "\\\\"]', True),
        ("[123456789012345678]", True),
        ("[9223372036854775808]", False),
        ("[-12345678901234567890]", False),
        ('{"\\"": 99999999999999999999}', False),
    ],
)
def test_what_a_fast_parser_reads_exactly_goes_to_it(text, exact):
    assert counted(text.encode()).long is not exact
    assert parse_json(text) == json.loads(text)
    if not exact:
        with pytest.raises(Refused, match="LAYERCALC_MAX_SLOW_JSON_BYTES"):
            parse_json(text, Limits(max_slow_json_bytes=5))


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "a": 2}', '{"a\\\\": 1, "a\\\\": 2}', '[{"x": {":": 1, ":": 2}}]', '{"a": "\\":\\":", "\\u0061": 2}'],
)
@pytest.mark.parametrize("most", [2, 1 << 20])
def test_key_twice_is_found_in_json_of_any_length(text, most):
    with pytest.raises(Refused, match="twice"):
        parse_json(text, Limits(max_slow_json_bytes=most))


@pytest.mark.parametrize("text", ['{"a": ":", "b": ":a:"}', '{"\\":": 1, "a\\\\": 2}', '{"a": {"a": {"a": "a:"}}}'])
def test_colon_in_a_string_is_no_key(text):
    assert parse_json(text, Limits(max_slow_json_bytes=2)) == json.loads(text)


@pytest.mark.parametrize("text", ["[1e400]", '["\\ud800"]', "[1,]", "{]", "[1] 2", "[NaN]"])
def test_what_only_a_slow_parser_could_read_is_refused_where_it_is_long(text):
    with pytest.raises(Refused, match="Not JSON"):
        parse_json(text, Limits(max_slow_json_bytes=2))


def test_text_that_is_no_utf_8_is_told_where():
    with pytest.raises(Refused, match="Not UTF-8: byte 2 is 0xff"):
        parse_json(b'["\xff"]')
    with pytest.raises(Refused, match="Not UTF-8: byte 2 is 0xff"):
        parse_json(b'["\xff"]', Limits(max_slow_json_bytes=2))


LIMITS = Limits(max_code_tokens=30, max_code_fields=2, max_name_length=12, max_integer_digits=5)
MARKS = "\u0301\u0327"


@pytest.mark.parametrize(
    ("code", "setting", "line", "column"),
    [
        ("a = 1\n" * 8, "TOKENS", 8, 5),
        ("#" * 31, "TOKENS", 1, 31),
        ("x = f'{a}{b}{c}'", "FIELDS", 1, 5),
        ('\n\ny=Rf"{a}\\"{b}{c}"', "FIELDS", 3, 3),
        ("x = f'''{a}\n{b}'{c}", "FIELDS", 1, 5),
        ("f(F'{a:{b:{c}}}')", "FIELDS", 1, 3),
        ("# if'{'\nx=t'{{{'", "FIELDS", 2, 3),
        ("import a.b.c.d.e.f.g.h", "NAME_LENGTH", 1, 9),
        ("import a . b\\\n.c.d.e.f.g.h", "NAME_LENGTH", 1, 10),
        (f"x = 1; a{MARKS * 7}", "NAME_LENGTH", 1, 9),
        ("x = 1; a" + "\uff9e" * 13, "NAME_LENGTH", 1, 9),
        ("x = 123_456", "INTEGER_DIGITS", 1, 5),
        ("x = 0b111111", "INTEGER_DIGITS", 1, 5),
        ("x = 0xfFfFfF", "INTEGER_DIGITS", 1, 5),
    ],
)
def test_code_is_refused_with_the_limit_and_where(code, setting, line, column):
    with pytest.raises(Refused) as caught:
        parse_code(code, LIMITS)
    (fault,) = caught.value.errors
    assert (fault["line"], fault["column"]) == (line, column)
    assert f"LAYERCALC_MAX_{setting}" in fault["detail"] or f"LAYERCALC_MAX_CODE_{setting}" in fault["detail"]
    assert bounded_code(code, UNLIMITED) == code


@pytest.mark.parametrize(
    "code",
    [
        "x = f'{a}{b}' f'{c}{d}'",
        "x = f'{a}{b}' + '{c}{d}{e}'",
        "x = '{a}{b}{c}'",
        "x = {1: {2: {3: 4}}}",
        "x = f'{a}\\n' # {{{",
        "a.b.c.d.e.f",
        "a.b(1).c.d.e.f(2).g.h",
        "0.123456 + 1.234567e8",
        f"x = 'a{MARKS}b{MARKS}c{MARKS}d{MARKS}e{MARKS}'",
        "x = '漢字漢字漢字漢字漢字漢字漢字漢字'",
    ],
)
def test_code_within_the_limits_is_parsed(code):
    assert parse_code(code, LIMITS).body


def test_code_of_people_passes():
    """Python's own library: of hundreds of modules none is refused."""
    paths = [path for path in Path(sysconfig.get_path("stdlib")).rglob("*.py") if "site-packages" not in path.parts]
    seen = 0
    for path in paths[:: 1 + len(paths) // 500]:
        try:
            text = path.read_text("utf-8")
        except ValueError:
            continue  # tests of how Python reads other encodings
        if len(text) < Limits().max_code_characters:
            bounded_code(text, Limits())
            seen += 1
    assert seen > 300, sys.version


@pytest.mark.parametrize(
    ("code", "limits", "words"),
    [
        (
            "n = 0\nfor i in range(10**9):\n    n += i\nDense(n)",
            Limits(max_script_steps=5000),
            "5,000 steps that a text may take (max_script_steps)",
        ),
        ("n = 0\nwhile True:\n    n += 1", Limits(max_script_steps=5000), "5,000 (LAYERCALC_MAX_SCRIPT_STEPS)"),
        (
            "n = 'a'\nfor i in range(40):\n    n += n\nDense(3)",
            Limits(max_script_bytes=5000),
            "5,000 (LAYERCALC_MAX_SCRIPT_BYTES)",
        ),
    ],
)
def test_a_text_past_its_steps_or_bytes_is_told_the_limit(code, limits, words):
    with pytest.raises(Refused) as caught:
        read(code, (), limits)
    (fault,) = caught.value.errors
    assert caught.value.status == 422
    assert fault["line"] in (2, 3, 4)
    assert words in fault["detail"]
