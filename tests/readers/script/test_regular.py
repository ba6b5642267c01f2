"""Regular expressions of a text do what CPython's do, and those that may take long are not tried."""

import re

import pytest

from layercalc.readers.script import Opaque
from layercalc.readers.script.modules import regular
from tests.readers.script.programs import interpret, known_as_in_cpython

TEXTS = [
    "import re\na = [re.split(r'(\\d.*)', one) for one in 'r1_k3_s11_e6_i16_o24_se0.25_noskip'.split('_')]\nb = {k: v for k, v, *_ in (one for one in a if len(one) >= 2)}",
    "import re\nm = re.match(r'([a-z]+)(\\d+)(x)?', 'conv32-64')\na = m.group(), m.group(1), m.group(1, 2), m[2], m.groups(), m.groups('z'), m.span(), m.start(2), m.end(1), m.span(3), bool(m), m.string, m.lastindex\nr = []\nfor f in (lambda: m.group(9), lambda: m.group('n'), lambda: m[-1]):\n    try: r.append(f())\n    except Exception as e: r.append(type(e).__name__)\nb = r, re.match('b', 'ab'), re.search('b', 'ab').start(), re.fullmatch('a.', 'ab') is not None",
    "import re\nm = re.search(r'(?P<kind>[A-Z])(?P<n>\\d*)', 'x C3')\na = m.groupdict(), m.group('n', 'kind'), m['n'], int(m.group('n')) + 1, m.start('n'), m.lastgroup",
    "import re\na = re.findall(r'\\d+', '3x4x5'), re.findall(r'(\\w)(\\d)', 'a1b2'), re.sub(r'\\s+', ' ', 'a  b   c'), re.sub('a', 'b', 'aaa', 2), re.sub('(a)(b)', r'\\2\\1', 'abab', count=1), re.escape('a.b'), re.split(',', 'a,b,c', maxsplit=1), [m.group() for m in re.finditer('..', 'abcd')]",
    "import re\np = re.compile(r'^layer_(\\d+)$', re.I)\na = p.match('LAYER_7').group(1), p.match('x'), p.search('layer_8')[1], p.sub('z', 'layer_1'), p.findall('layer_3'), p.pattern, re.compile(p) is p, re.search(p, 'layer_4').group(1), bool(re.search('A', 'a', flags=re.IGNORECASE | re.M))",
    "import re\ndef f(m): return str(int(m.group()) * 2)\na = re.sub(r'\\d+', f, 'a1b20'), re.sub('x', lambda m: 'yy', 'axbx', count=1), re.sub('', '-', 'ab')\ntry: re.compile('(')\nexcept Exception: b = 'bad'",
    "import re\nspec = 'C64,P2,C128,F10'\na = [(k, int(n)) for k, n in re.findall(r'([A-Z])(\\d+)', spec)]\nb = [one for one in ['conv1_bn', 'dense', 'conv2'] if re.match(r'conv\\d', one)]\nc = 'x' if re.match('[]a-]+$', 'a-]') else 'y', re.sub(r'[^a-z]', '', 'a B-c'), re.search(r'a{2,3}?', 'aaa').group(), re.search('a{,2}b|c', 'xc').group(), re.match(r'(?:ab)+', 'ababa').group(), re.search(r'(?<=a)b(?!c)', 'abc abd').start()",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:60])
def test_what_is_found_is_what_cpython_finds(text):
    known_as_in_cpython(text)


SLOW = [
    ("(a+)+$", "a" * 30 + "b"), ("(a|a)*$", "a" * 30 + "b"), ("(a|aa)+$", "a" * 40 + "b"), ("(.*)*x", "a" * 30),
    ("((a*)b*)*c", "a" * 30), ("(?:a?){30}b", "a" * 30), ("(a?){3}{3}{3}{3}b", "a" * 30), ("(?:(?:a{9}){9}){9}", "a" * 30),
    (".*.*.*.*.*x", "a" * 500), ("a?" * 40 + "b", "a" * 40), ("(x+x+)+y", "x" * 40), ("(?:){9999999}", "a"),
    (r"(\w+\s?)*$", "a " * 20 + "!"), ("([a-z]+|[0-9]+)*!", "a1" * 20), (r"\((a+)+", "(" + "a" * 30),
    ("[(](a+)+$", "(" + "a" * 30), ("(?=(a+)+)b", "a" * 30), ("(?P<n>a+)+$", "a" * 30 + "b"), ("x" * 201, "x"),
    ("a", "a" * 2001), ("(a++)++b", "a" * 30),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "text"), SLOW, ids=[one[0][:30] for one in SLOW])
@pytest.mark.parametrize(
    "call", ["re.match({0!r}, {1!r})", "re.compile({0!r}).sub('z', {1!r})", "re.findall({0!r}, {1!r})"]
)
def test_what_may_take_long_is_not_tried(pattern, text, call):
    machine, fault = interpret(f"import re\na = {call.format(pattern, text)}")
    assert fault is None
    assert type(machine.globals.vars["a"]) is Opaque


def test_a_search_is_accounted_for_as_it_is_bounded():
    machine, _ = interpret("import re\na = re.search('a*b*', 'a' * 50)")
    assert machine.meter.bounds.steps - machine.meter.fuel > 51**2 * 51 * 5 // 32


@pytest.mark.parametrize(
    ("pattern", "text"), [("a*b", "aaaa"), ("(a)|b?c", "bbc"), ("a{2,5}a{2,3}", "aaaaaa"), ("[a-c]*[b-d]*x", "abcd")]
)
def test_the_ways_are_at_least_those_that_are_tried(pattern, text):
    """A pattern that fails everywhere tries each of its ways; their number bounds how often a part of it matches."""
    tried = sum(
        len(re.findall(f"(?=({pattern[:end]}))", text)) for end in range(1, len(pattern)) if valid(pattern[:end])
    )
    assert regular.ways(pattern, len(text)) * (len(text) + 1) * (len(pattern) + 1) >= tried


def valid(pattern):
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


@pytest.mark.parametrize(
    "text", ["re.match(u0, 'a')", "re.match('a', u0)", "re.match('a', 'b', u0)", "re.search('a', 'b', re.X)"]
)
def test_what_is_not_known_stays_so(text):
    machine, fault = interpret(f"import re, unknown\nu0 = unknown.x\na = {text}")
    assert fault is None
    assert type(machine.globals.vars["a"]) is Opaque


def test_nothing_of_python_s_own_is_reached():
    machine, _ = interpret("import re\nm = re.match('a', 'a')\np = re.compile('a')")
    for name in "mp":
        held = [*machine.globals.vars[name].attrs.values()]
        assert not [one for one in held if type(one) in (re.Match, re.Pattern)]
