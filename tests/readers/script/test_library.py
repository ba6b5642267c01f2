"""Names of the standard library: what a text makes with them, the interpreter knows, and CPython has the same."""

import pytest

from layercalc.readers.script import Opaque
from tests.readers.script.programs import interpret, known_as_in_cpython

TEXTS = [
    "from collections import deque\nd = deque([1, 2])\nd.append(3)\nd.appendleft(7)\na = d.popleft(), d.pop(), len(d), d[0], list(d)\nw = deque(maxlen=2)\nfor i in (3, 4, 5): w.append(i)\nw.extendleft([8])\nb = list(w), w.maxlen, repr(w), sum(w), 8 in w, bool(deque()), repr(deque('ab'))\nw.rotate(1)\nw += [9]\nc = list(w), list(reversed(w)), w == deque([8, 9]), w.count(9), w.index(9)\nr = []\nfor bad in (deque().pop, deque().popleft, lambda: w[0:1], lambda: deque([], -1)):\n    try: bad()\n    except Exception as e: r.append((type(e).__name__, str(e)))",
    "from collections import ChainMap\nx = {'a': 1}\nc = ChainMap(x, {'a': 2, 'b': 3})\nc['n'] = 4\na = c['a'], c['b'], c.get('z', 5), 'b' in c, len(c), list(c), dict(c), x, list(c.items())\nb = c.new_child({'b': 0})['b'], c.parents['a'], bool(ChainMap()), c.pop('n')",
    "from types import SimpleNamespace, MappingProxyType\nc = SimpleNamespace(u=3, v=[4])\nc.w = c.u + 1\na = c.u, c.w, vars(c), repr(c), c == SimpleNamespace(u=3, v=[4], w=4), hasattr(c, 'z'), getattr(c, 'z', 2)\np = MappingProxyType({'a': 1})\nb = p['a'], dict(p), len(p), list(p.items()), p.get('z')\ntry: p['b'] = 1\nexcept TypeError: d = 'read only'",
    "import types\nd = {'u': 3}\nc = types.SimpleNamespace(**d)\na = c.u\nclass Config(types.SimpleNamespace):\n    def size(self): return self.u * 2\nb = Config(u=4).size()",
    "from collections import UserDict\nclass Config(UserDict):\n    def __getattr__(self, n):\n        if n == 'data': raise AttributeError(n)\n        return self.data[n]\nx = Config({'u': 3}, v=4)\nx['w'] = 5\na = x.u, x.v, x['w'], len(x), list(x), dict(x), x.get('q', 1), 'u' in x, repr(x), {**x, 'q': 1}\ndef f(**k): return k\nb = f(**x)",
    "from itertools import groupby, compress, tee\na = [(k, list(g)) for k, g in groupby([1, 1, 2, 1])], [(k, len(list(g))) for k, g in groupby('aAb', key=str.lower)], [k for k, _ in groupby('aab')]\nb = list(compress('abc', [1, 0, 1]))\np, q = tee([1, 2])\nc = list(p), list(q), list(groupby([]))",
    "import functools\n@functools.total_ordering\nclass A:\n    def __init__(self, v): self.v = v\n    def __eq__(self, o): return self.v == o.v\n    def __lt__(self, o): return self.v < o.v\nx, y = A(1), A(2)\na = x < y, x <= y, x > y, x >= y, x >= A(1), max(x, y).v\nb = sorted([3, 1, 2], key=functools.cmp_to_key(lambda p, q: q - p))\nclass B:\n    def f(self, p, q, r=0): return p, q, r\n    g = functools.partialmethod(f, 1, r=5)\nc = B().g(2)",
    "import heapq\nh = [5, 3, 8, 1]\nheapq.heapify(h)\na = list(h)\nheapq.heappush(h, 0)\nb = heapq.heappop(h), heapq.heappushpop(h, 4), heapq.heapreplace(h, 9), h\nc = heapq.nlargest(2, [1, 5, 3]), heapq.nsmallest(2, ['bb', 'a', 'ccc'], key=len)\ntry: heapq.heappop([])\nexcept IndexError: d = 'empty'",
    "import bisect\nx = [1, 3, 3, 5]\na = bisect.bisect(x, 3), bisect.bisect_left(x, 3), bisect.bisect_right(x, 9), bisect.bisect_left(x, 3, 2), bisect.bisect(x, -3, key=lambda v: -v)\nbisect.insort(x, 4)\nbisect.insort_left(x, 3)\nb = x",
    "import operator\nx = [1, 2]\noperator.setitem(x, 0, 5)\nx = operator.iadd(x, [3])\noperator.delitem(x, 1)\na = x, operator.countOf([1, 1.0, 2], 1), operator.indexOf([4, 5], 5), operator.not_([]), operator.concat([1], [2]), operator.index(True), operator.methodcaller('replace', 'a', 'b')('aa'), operator.isub({1, 2}, {2})\ntry: operator.indexOf([], 1)\nexcept ValueError as e: b = str(e)",
    "from contextlib import ExitStack\nlog = []\nclass C:\n    def __init__(self, n): self.n = n\n    def __enter__(self): return self.n\n    def __exit__(self, t, v, tb):\n        log.append(self.n)\n        return t is KeyError\nwith ExitStack() as stack:\n    a = [stack.enter_context(C(i)) for i in range(3)]\n    stack.callback(log.append, 'back')\n    raise KeyError\nstack = None\nb = log",
    "def g():\n    def h(n):\n        yield n\n        yield n + 1\n    def k(): return 5\n    for x in h(1): yield x\n    yield k()\na = list(g())",
    "from collections import deque\ndef len(x): return 'own'\nsum = None\nd = deque([1, 2], 2)\nd.append(3)\na = list(d), len(d)",
    "import json\nc = json.loads('{\"layers\": [{\"units\": 8}, {\"units\": 4.5}], \"x\": null, \"t\": true}')\na = c, c['layers'][0]['units']\nb = json.dumps({'b': [1, 2.5, 'é'], 'a': None}, indent=2, sort_keys=True), json.dumps((1, True)), json.loads(json.dumps({'k': [1]}))\nr = []\nfor bad in ('{', '[1,]', ''):\n    try: json.loads(bad)\n    except json.JSONDecodeError as e: r.append((type(e).__name__, isinstance(e, ValueError)))",
    "import statistics\na = statistics.mean([1, 2, 3]), statistics.mean([1, 2]), statistics.median([1, 3, 2, 9]), statistics.mode([1, 1, 2]), statistics.stdev([1.0, 2.0, 4.0]), statistics.fmean([1, 2])\ntry: statistics.mean([])\nexcept ValueError: b = 'none'",
    "import string, textwrap, os\na = string.ascii_lowercase[:3], string.digits, textwrap.dedent('  a\\n  b'), textwrap.indent('a', '- '), os.path.normpath('a//b/../c'), os.path.isabs('/a'), os.sep, os.path.sep",
    "import sys\na = 4 if sys.version_info >= (3, 6) else 5\nb = 4 if sys.version_info[0] >= 3 else 5, 4 if sys.version_info < (3,) else 5, sys.version_info.major, sys.version_info > (2, 7)",
    "from enum import Enum, auto\nclass Mode(Enum):\n    FAST = 'f'\n    SLOW = 's'\n    QUICK = 'f'\n    def units(self): return 8 if self is Mode.FAST else 4\n    @property\n    def label(self): return self.name.lower()\n    @classmethod\n    def first(cls): return next(iter(cls)).name\nclass N(Enum):\n    A = auto()\n    B = auto()\na = Mode.FAST.value, Mode('s').name, Mode['SLOW'].value, [m.name for m in Mode], len(Mode), Mode.QUICK is Mode.FAST, Mode.SLOW.units(), Mode.SLOW.label, Mode.first(), [n.value for n in N], list(Mode.__members__), Mode.FAST in Mode\nb = {Mode.FAST: 1, Mode.SLOW: 2}[Mode('s')], Mode.FAST == 'f', Mode.FAST != Mode.SLOW, repr(Mode.SLOW), str(N.A), isinstance(N.A, N), isinstance(N.A, int)\nr = []\nfor bad in (lambda: Mode('z'), lambda: Mode['z'], lambda: N.A < N.B, lambda: N.A + 1):\n    try: bad()\n    except Exception as e: r.append(type(e).__name__)\ndef f(m):\n    match m:\n        case Mode.FAST: return 1\n        case Mode.SLOW: return 2\nc = f(Mode.SLOW)",
    "import enum, copy\nclass Size(enum.IntEnum):\n    S = 8\n    M = 16\na = Size.S + 1, Size.S * Size.M, 2 - Size.S, Size.S < Size.M, Size.S == 8, max(Size).value, sorted([Size.M, Size.S])[0].name, range(Size.S)[-1], int(Size.M), [0] * Size.S, {8: 'x'}[Size.S], isinstance(Size.S, int), -Size.S, Size(16).name, sum(s for s in Size), [1] * 20 == [1] * (Size.M + 4)\nb = copy.deepcopy([Size.S])[0] is Size.S, Size.S.value / 3, Size.S / 3, 2 ** Size.S, bool(Size.S)",
    "from collections import Counter\nc = Counter('abracadabra')\na = c.most_common(), c.most_common(2), c.most_common(0), c.most_common(-1), c['z'], 'z' in c, len(c), list(c), repr(c), str(c), f'{c}', c.get('z'), c.total(), list(c.elements()), dict(c), {**c}, isinstance(c, dict), max(c, key=c.get), sorted(c.values())",
    "from collections import Counter\nc = Counter(x=3, y=-1)\nc.update(['x', 'q'])\nc.update({'y': 4}, x=1)\nc.update()\nd = Counter({'p': 'text'})\ndel c['missing']\nc['w'] += 2\na = c, d, Counter(), repr(Counter()), bool(Counter()), Counter(None), Counter([(1, 2), (1, 2)]), Counter(c) == c, c.copy() is c",
    "from collections import Counter\nx, y = Counter(u=3, v=1), Counter(u=1, v=2, w=-1)\na = x + y, x - y, x | y, x & y, +y, -y, y - x\nb = x == y, x != y, x <= y, x < y, x >= y, x > y, Counter(k=0) == Counter(), Counter(k=0) == {}, [Counter(k=0)] == [Counter()], Counter(u=1) <= x, {'u': 3, 'v': 1} == x",
    "from collections import Counter\nx = Counter(u=3, v=1)\ny = x\nx += Counter(u=-5, w=2)\na = x, x is y\nx -= {'w': 1}\nb = dict(x)\nx |= Counter(w=7, t=1)\nc = dict(x)\nx &= Counter(w=2)\nd = x, y\nx.subtract('wwww', t=3)\nr = x, x.pop('w'), x.setdefault('k', 4), x.popitem(), x.items() == {'t': -3}.items()\nx.clear()",
    "from collections import Counter\nr = []\nfor bad in (lambda: Counter(1), lambda: Counter([[]]), lambda: Counter(1, 2), lambda: Counter('a') + 1, lambda: hash(Counter()), lambda: Counter('a').pop('z'), lambda: ~Counter('a'), lambda: Counter('a') < {'a': 1}, lambda: Counter(a='x') + Counter(a=1)):\n    try: r.append(bad())\n    except Exception as e: r.append(type(e).__name__)\na = r",
    "from collections import Counter\nimport copy\nc = Counter([1, 1, 2])\nc[7] = [3]\nd = copy.deepcopy(c)\nb = copy.copy(c)\nd[7].append(4)\na = c, d, b[7] is c[7], '%(z)s' % Counter(), c.keys() & {1, 9}, {} | {'q': 1}",
    "from collections import Counter\nc = Counter()\nfor w in 'a b a'.split(): c[w] += 1\ndef f(**k): return k\na = f(**c), sum(c.values()), [k for k, n in c.items() if n > 1], list(reversed(c)), c.most_common(1)[0][0]\ncfg = ['C', 'C', 'M']\nb = Counter(cfg)['C'], Counter(dict(p=1)), Counter(range(3)), Counter(n % 2 for n in range(5))",
    "from collections import Counter\nc = Counter(a=2, b=[1])\nr = []\ntry: c.most_common()\nexcept TypeError: r.append(1)\na = r, repr(c), hasattr(c, 'most_common'), hasattr(c, 'nope'), hasattr(c, '__missing__')",
    "from collections import Counter\nx = Counter(a=1)\nx += x\ny = Counter('ab')\ny.update(y)\ny.subtract(y)\na = x, y, Counter({3: 1}) + Counter({3.0: 2}), Counter(b'aab'), Counter({True: 2})[1]",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:50].split("\n")[0])
def test_names_of_the_library_do_what_cpythons_do(text):
    known_as_in_cpython(text)


def test_an_exception_inside_the_library_has_the_place_of_the_call():
    _, fault = interpret("from collections import deque\nd = deque()\nx = [\n  d.pop()]")
    assert fault.where()["line"] == 3
    assert "pop from an empty deque" in fault.detail


def test_what_something_unknown_has_held_is_not_known():
    machine, fault = interpret(
        "from collections import deque\nd = deque([1])\nimport other\nother.f(d)\na = len(d)\nb = len(deque([1]))"
    )
    assert fault is None
    assert type(machine.globals.vars["a"]) is Opaque
    assert machine.globals.vars["b"] == 1


COUNTED = [
    "c = Counter(u0)\na = c['x']",
    "c = Counter('a')\nc.update(u0)\na = c['a']",
    "c = Counter('a')\next(c)\na = c['a']",
    "c = Counter('a')\nif u0: c['a'] += 1\na = c['a']",
    "c = Counter('a')\nif u0: c.update('b')\na = len(c)",
    "c = Counter('a')\nd = c\nd += u0\na = c['a']",
    "c = Counter('a')\na = c + u0",
    "c = Counter('a')\nd = Counter('a')\nif u0: d['b'] = 2\na = (c + d)['b']",
    "c = Counter('a')\na = (c - Counter(a=u0))['a']",
    "a = Counter('a') == Counter(a=u0)",
    "c = Counter('a')\nc[u0] = 3\na = c['a']",
    "c = Counter(a=u0, b=1)\na = c.most_common(1)[0][0]",
    "class M:\n    def keys(self): return ['q']\n    def __getitem__(self, k): return 9\n    def __iter__(self): return iter(['q'])\na = Counter(M())['q']",
    "c = Counter('a')\nl = [1]\nc['k'] = l\next(c)\na = l[0]",
    "c = Counter('a')\nfor k in u0: c['a'] -= 1\na = c['a']",
    "c = Counter('a')\ndef f(): c['a'] = 3\next(f)\na = c['a']",
]  # fmt: skip


@pytest.mark.parametrize("text", COUNTED, ids=lambda text: text[:50].split("\n")[0])
def test_what_a_counter_may_have_counted_is_not_known(text):
    machine, fault = interpret("from collections import Counter\nfrom other import ext, u0\n" + text)
    assert fault is None
    assert type(machine.globals.vars["a"]) is Opaque


@pytest.mark.parametrize("text", ["Counter(range(10**9))", "Counter(list(Counter(a=10**9).elements()))"])
def test_a_counter_of_too_much_is_refused_or_unknown(text):
    machine, fault = interpret(f"from collections import Counter\na = {text}")
    assert fault is not None or machine.spoilt(machine.globals.vars["a"])


@pytest.mark.parametrize(
    "test", ["sys.version_info >= (3, 12)", "sys.version_info[1] > 8", "sys.version_info[:2] == (3, 11)"]
)
def test_the_version_of_python_is_known_as_far_as_all_agree(test):
    machine, fault = interpret(f"import sys\na = {test}")
    assert fault is None
    assert type(machine.globals.vars["a"]) is Opaque


@pytest.mark.parametrize(
    "text", ["json.dumps([[1] * 10**6] * 10**4)", "json.loads('[' * 10**6)", "json.loads('1' * 10**5)"]
)
def test_json_that_is_large_is_refused_or_unknown(text):
    machine, fault = interpret(f"import json\na = {text}")
    assert fault is not None or type(machine.globals.vars["a"]) is Opaque


@pytest.mark.parametrize(
    "body",
    [
        "A = f()",
        "_missing_ = 3",
        "A = []",
        "def __init__(self, v): self.v = v\n    A = 1",
        "A = 5\n    B = 1\n    C = auto()",
        "A = len",
        "A = auto()\n    B = A + 5",
        "A = auto()\n    if A == 1: B = 4",
    ],
)
def test_an_enumeration_that_versions_or_hooks_decide_is_unknown(body):
    machine, fault = interpret(
        f"from enum import Enum, auto\nfrom other import f\nclass E(Enum):\n    {body}\na = [one.value for one in E]"
    )
    assert fault is None
    assert type(machine.globals.vars["a"]) is Opaque


def test_arguments_that_a_parser_is_given_leave_nothing_certain():
    """Neither the options nor what is left over, which was taken to be nothing."""
    text = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--u', type=int, default=3)\n"
    machine, fault = interpret(text + "n, a = p.parse_known_args(['--u=7', '--z'])\nd, b = p.parse_known_args([])")
    assert fault is None
    assert type(machine.globals.vars["a"]) is Opaque
    assert machine.globals.vars["b"] == []


FLAGS = [
    "from enum import Flag, auto\nclass F(Flag):\n    A = auto()\n    B = auto()\n    C = auto()\nf = F.A | F.C\na = f.value, F.A in f, F.B in f, bool(f & F.B), (f ^ F.A) is F.C, (F.A | F.C) is f, F(5) is f, (~F.A).value, F.B.name, [m.value for m in F], len(F), F['C'].value, F(2).name, f == F.A, f != F.B, isinstance(f, F), {f: 1}[F.A | F.C], bool(F(0))\nr = []\nfor bad in (lambda: F.A | 1, lambda: F.A + F.B, lambda: F.A < F.B, lambda: F['Z']):\n    try: r.append(bad())\n    except Exception as e: r.append(type(e).__name__)",
    "import enum\nclass P(enum.IntFlag):\n    R = 4\n    W = 2\n    X = 1\na = int(P.R | P.W), (P.R | P.W) + 1, P.R | 1 == 5, (P.R & 6) is P.R, P.R == 4, P(3).value, isinstance(P.R, int), [0] * P.W, range(P.R)[-1], sum(P), len(P), P.X in P.R | P.X, 8 - P.R, P.R > P.W, (1 | P.R).value, bool(P.R & P.W)\nn = 8\nif P.R in (P.R | P.W): n += P.W\nb = n",
    "from enum import Flag\nclass F(Flag):\n    NONE = 0\n    A = 1\n    B = 2\n    AB = 3\n    def has(self, o): return bool(self & o)\na = F.NONE.value, (F.A | F.B) is F.AB, F.AB.has(F.B), F.NONE in F.A, bool(F.NONE), F.AB.name, (F.AB & F.A) is F.A",
]  # fmt: skip


@pytest.mark.parametrize("text", FLAGS, ids=lambda text: text[:60].split("\n")[-1])
def test_flags_are_the_bits_of_cpythons(text):
    known_as_in_cpython(text)


@pytest.mark.parametrize(
    "told",
    [
        "[m for m in F]",
        "len(F)",
        "str(F.A | F.B)",
        "(I.A | I.B).name",
        "3 in F.A",
        "list(F.AB)",
        "I.A | 8",
        "~I.A",
        "F(8)",
    ],
)
def test_what_versions_of_python_give_of_a_flag_differently_is_unknown(told):
    head = "from enum import Flag, IntFlag\nclass F(Flag): A = 1; B = 2; AB = 3\nclass I(IntFlag): A = 1; B = 2\n"
    machine, fault = interpret(f"{head}try: a = {told}\nexcept TypeError: a = 0")
    assert fault is not None or type(machine.globals.vars["a"]) is Opaque
