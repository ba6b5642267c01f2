"""Hostile texts: each a fault in about a second, in bounded memory; nothing of a text reaches Python itself."""

import ast
import builtins
import contextlib
import os
import time
import tracemalloc
from pathlib import Path

import pytest

from layercalc.readers.script import Bounds, Fault, Machine, Opaque, Vocabulary
from layercalc.readers.script.builtins import BUILTINS
from layercalc.readers.script.methods import METHODS
from layercalc.readers.script.modules import MODULES

PACKAGE = Path(__file__).parents[3] / "service" / "layercalc" / "readers" / "script"
DOUBLED = "\n".join(f"a{i} = [a{i - 1}, a{i - 1}]\nb{i} = [b{i - 1}, b{i - 1}]" for i in range(1, 60))
TUPLES = "\n".join(f"t{i} = (t{i - 1}, t{i - 1})" for i in range(1, 60))
ATTACKS = [
    "while True: pass",
    "while True:\n    x = 1",
    "for i in iter(int, 1): pass",
    "x = [1]\nfor i in x: x.append(i)",
    "import itertools\nfor i in itertools.count(): pass",
    "import itertools\nlist(itertools.repeat(1))",
    "import itertools\nfor i in itertools.cycle([1]): pass",
    "import itertools\nlist(itertools.product(range(100), repeat=100))",
    "import itertools\nlen(list(itertools.permutations(range(12))))",
    "import itertools\nsum(1 for _ in itertools.combinations(range(60), 30))",
    "x = [0 for a in range(9999) for b in range(9999) for c in range(9999)]",
    "sum(a for a in range(10**9))",
    "x = 'a' * 10**10",
    "x = b'a' * 10**10",
    "x = [0] * 10**9",
    "x = (0,) * 10**9",
    "x = 10**9 * [[]]",
    "x = [1]\nx *= 10**9",
    "x = 'ab'\nfor i in range(99): x += x",
    "x = [1]\nfor i in range(99): x += x",
    "x = [1]\nfor i in range(99): x.extend(x)",
    "x = [1]\nfor i in range(99): x[:0] = x",
    "x = {1}\nfor i in range(99): x |= {y + 2**i for y in x}",
    "10 ** 10 ** 10",
    "x = 7\nfor i in range(99): x *= x",
    "1 << 10**9",
    "pow(7, 10**9)",
    "pow(3, 10**5000, 10**5000 + 1)",
    "import math\nmath.factorial(10**7)",
    "import math\nmath.comb(10**7, 10**6)",
    "import math\nmath.perm(10**6)",
    "import math\nmath.prod(range(1, 10**5))",
    "round(5, -10**9)",
    "list(range(10**12))",
    "tuple(range(10**12))",
    "set(range(10**12))",
    "dict.fromkeys(range(10**9))",
    "sorted(range(10**9))",
    "''.join(str(i) for i in range(10**9))",
    "'{:>1000000000}'.format(1)",
    "'{:{}}'.format(1, 10**9)",
    "'{0:{1}}'.format('a', 10**10)",
    "'{:.1000000000f}'.format(1.0)",
    "'%1000000000d' % 1",
    "'%*d' % (10**9, 1)",
    "'%.1000000000f' % 1.0",
    "'%-1000000000s' % 'a'",
    "w = 10**9\nf'{1:>{w}}'",
    "w = 10**9\nf'{w!r:>{w}}'",
    "format('a', '>1000000000')",
    "'a'.center(10**10)",
    "'a'.ljust(10**10)",
    "'1'.zfill(10**10)",
    "'\\t'.expandtabs(10**10)",
    "('a' * 1000000).replace('a', 'b' * 1000000)",
    "('b' * 1000000).join(['a'] * 1000000)",
    "x = 'a' * 1000000\nx.join(x)",
    "def f(n): return f(n + 1)\nf(0)",
    "f = lambda n: f(n)\nf(0)",
    "class A:\n    def __getattr__(self, n): return self.x\nA().y",
    "class A:\n    def __eq__(self, o): return self == o\nA() == A()",
    "class A:\n    def __repr__(self): return repr(self)\nrepr(A())",
    "class A:\n    def __len__(self): return len(self)\nlen(A())",
    "class A:\n    @property\n    def x(self): return self.x\nA().x",
    "class A:\n    def __call__(self): return self()\nA()()",
    "class A:\n    def __iter__(self): return self\n    def __next__(self): return 1\nlist(A())",
    "class A:\n    def __getitem__(self, i): return i\nlist(A())",
    "class A:\n    def __hash__(self): return 1\n    def __eq__(self, o): return False\nx = {A() for i in range(10**5)}",
    "def g():\n    yield from g()\nlist(g())",
    "def g():\n    while True: yield 1\nlist(g())",
    "x = map(lambda a: a, [])\nfor i in range(9999): x = map(lambda a: a, x)\nlist(x)",
    "x = []\nfor i in range(10**5): x = [x]\nrepr(x)",
    "x = []\ny = []\nfor i in range(10**4): x, y = [x], [y]\nx == y",
    "import copy\nx = []\nfor i in range(10**4): x = [x]\ncopy.deepcopy(x)",
    f"a0 = [1]\nb0 = [1]\n{DOUBLED}\na59 == b59",
    f"a0 = [1]\nb0 = [1]\n{DOUBLED}\na59 < b59",
    f"a0 = [1]\nb0 = [1]\n{DOUBLED}\nrepr(a59)",
    f"a0 = [1]\nb0 = [1]\n{DOUBLED}\nb59 in [a59]",
    f"a0 = [1]\nb0 = [1]\n{DOUBLED}\n[a59, b59].index(b59)",
    f"a0 = [1]\nb0 = [1]\n{DOUBLED}\nsorted([a59, b59])",
    f"t0 = (1,)\n{TUPLES}\nx = {{t59}}",
    f"t0 = (1,)\n{TUPLES}\nx = {{}}\nx[t59] = 1",
    "x = {}\nfor i in range(10**5): x[i * (2**61 - 1)] = 0",
    "x = {i * (2**61 - 1) for i in range(10**5)}",
    "import itertools\nx = set(itertools.product([-1, -2], repeat=16))",
    "x = dict(zip([i * (2**61 - 1) for i in range(10**4)], range(10**4)))",
    "x = list(range(50000))\nfor i in range(10**6): 60000 in x",
    "x = list(range(50000))\nfor i in range(10**6): x.count(1)",
    "x = list(range(50000))\nfor i in range(10**6): x.insert(0, 1)",
    "x = list(range(50000))\nfor i in range(10**6): x.pop(0); x.append(1)",
    "x = 'a' * 500000\nfor i in range(10**6): 'b' in x",
    "x = 'a' * 500000\nfor i in range(10**6): x.count('b')",
    "x = list(range(50000))\nfor i in range(10**6): x == x[:]",
    "x = list(range(50000))\nfor i in range(10**6): max(x)",
    "sum([[1] * 1000 for i in range(9999)], [])",
    "x = ['a'] * 100000\nfor i in range(1000): sorted(x, key=len)",
    "x = " + "[" * 60 + "1" + "]" * 60 + "\nfor i in range(10**9): repr(x)",
    "x = " + " + ".join(["1"] * 900),
    "x = " + "not " * 900 + "1",
    "while u: x = [u]\n" * 1000 + "while True: x = [u]",
    "def f(n):\n    if u: f(n)\n    if u: f(n)\n    if u: f(n)\nf(1)\nwhile True: pass",
    "def f(n):\n    for x in u: f(x)\n    for x in u: f(x)\nf(1)\nwhile True: f(1)",
    "for a in u:\n for b in u:\n  for c in u:\n   for d in u:\n    for e in u:\n     x = [a]\n     while True: x.append(1)",
    "try:\n    while True: u()\nexcept Exception: pass",
    "x = [0] * 100000\nwhile True:\n    if u: x[0] = 1",
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__.__mro__",
    "(lambda: 0).__globals__",
    "(lambda: 0).__code__.co_code",
    "(lambda: 0).__closure__",
    "[].append.__self__.__class__.__base__",
    "len.__self__.eval('1')",
    "print.__globals__",
    "'{0.__class__.__mro__}'.format(1)",
    "'{0.__init__.__globals__}'.format(1)",
    "def f(): pass\n'{0.__globals__}'.format(f)",
    "class A: pass\nA.__subclasses__()",
    "class A: pass\nA().__class__.__mro__",
    "class A: pass\nA().__init__.__globals__",
    "class A: pass\nA.__bases__[0].__subclasses__",
    "getattr((), '__class__').__bases__",
    "getattr(print, '__glo' + 'bals__')",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'exec')",
    "__import__('os').system('true')",
    "f = eval\nf('1')",
    "globals()['eval']('1')",
    "int.__subclasses__()",
    "type('A', (), {})",
    "type(type(1))(1)\ntype.__subclasses__(type)",
    "def f():\n    try: f()\n    finally: f()\nf()",
    "import functools\nfunctools.reduce(lambda a, b: a + a, range(99), 'ab')",
    "import operator\noperator.mul('a', 10**10)",
    "import numpy as np\nnp.arange(10**12).tolist()\nwhile True: np.array([1] * 1000)",
    "match 1:\n    case 1:\n        while True: pass",
    "print(*range(10**9))",
    "f = lambda *a: a\nf(*range(10**9))",
    "a, *b = range(10**10)",
    "x = {**{i: i for i in range(1000)}}\nwhile True: x = {**x}",
    "int('9' * 4000) ** 9",
    "class A:\n    def __index__(self): return 10**9\n[0] * A()",
    "from collections import defaultdict\nx = defaultdict(lambda: x[1])\nx[1]",
]  # fmt: skip


def follow(text, **bounds):
    machine = Machine(Vocabulary(), Bounds(**bounds))
    machine.run(ast.parse(text))
    return machine


def ends(tree, **bounds):
    """How a text ends: with a fault, in a loop that never ends, or by leaving a long one over a range.

    That makes unknown what it binds; a long comprehension is left too, and what it makes is not known.
    """
    machine = Machine(Vocabulary(), Bounds(**bounds))
    try:
        machine.run(tree)
    except Fault as fault:
        return fault
    if isinstance(machine.ended, ast.While):
        return None
    names = machine.globals.vars
    assert type(names.get("i", names.get("x", Opaque("nothing is bound")))) is Opaque
    return None


@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: text[:50])
def test_attack_is_refused_soon_and_small(text):
    tree = ast.parse(text)
    begin = time.process_time()
    fault = ends(tree, steps=250_000)  # half of what the service follows, in half the time
    assert time.process_time() - begin < 2.5, "was under half a second"
    assert fault is None or (fault.detail and len(fault.detail) < 500)


@pytest.mark.parametrize("text", ["x = [" + "1, " * 6_000 + "]", "x = 1\n" * 5_100], ids=["list", "lines"])
def test_a_text_is_as_many_steps_as_it_is_long(text):
    with pytest.raises(Fault, match="more than 5,000 steps"):
        follow(text, steps=5_000)
    follow(text, steps=50_000)


@pytest.mark.parametrize("text", ATTACKS[::3], ids=lambda text: text[:50])
def test_attack_takes_bounded_memory(text):
    tree = ast.parse(text)
    tracemalloc.start()
    try:
        ends(tree, steps=20_000)
        assert tracemalloc.get_traced_memory()[1] < 150 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("bounds", "text", "names"),
    [
        ({"steps": 1000}, "while True: pass", r"more than [\d,]+ steps"),
        ({"bytes": 9_999}, "x = 'a' * 10_000", r"more than [\d,]+ bytes"),
    ],
)
def test_limit_is_named_with_its_value(bounds, text, names):
    with pytest.raises(Fault, match=names) as caught:
        follow(text, **bounds)
    assert f"{next(iter(bounds.values())):,}" in caught.value.detail
    assert caught.value.where()["line"] == 1


def test_what_just_fits_is_followed():
    follow("x = [i for i in range(100)]\ny = 'a' * 1000", steps=2000, bytes=20_000)


# -- nothing of the text reaches Python itself

REACHING = {"eval", "exec", "compile", "__import__", "open", "getattr", "setattr", "delattr", "globals", "locals", "input",
            "breakpoint", "import_module"}  # fmt: skip


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_the_package_calls_nothing_that_runs_text(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            allowed = {"ast", "re", "sys", "math", "string", "operator", "posixpath", "keyword", "itertools", "functools", "numpy",
                       "_string", "json", "statistics", "textwrap", "typing", "dataclasses", "collections.abc", "layercalc"}  # fmt: skip
            assert all(name in allowed or name.startswith("layercalc.") for name in names), names
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REACHING:
            literal = node.func.id == "getattr" and isinstance(node.args[1], ast.Constant)
            assert literal, f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("__globals__", "__subclasses__", "__builtins__", "system", "popen")


def test_canaries_stay_silent(monkeypatch):
    """Every known name called with a text that would run, and asked for what leads to Python's own."""

    def bang(*args, **kwargs):
        raise SystemError("the text has reached Python")

    for name in ("open", "input"):
        monkeypatch.setattr(builtins, name, bang)
    monkeypatch.setattr(os, "system", bang)
    monkeypatch.setattr(os, "getenv", bang)
    names = [name for name in BUILTINS if name not in ("exit", "quit")]
    members = [(module, name) for module, one in MODULES.items() for name in one.names]
    calls = [
        f"{name}({arg})" for name in names for arg in ("", "'__import__(\"os\")'", "1", "[1]", "print", "lambda *a: 1")
    ]
    calls += [
        f"import {module}\n{module}.{name}({arg})"
        for module, name in members
        for arg in ("", "'x'", "[1, 2]", "2", "len")
    ]
    calls += [
        f"{value}.{name}({arg})"
        for value, kind in (("'ab'", str), ("[1]", list), ("{}", dict), ("{1}", set), ("(1,)", tuple))
        for name in METHODS[kind]
        for arg in ("", "1", "'x'", "[1]", "print", "1, 2")
    ]
    for call in calls:
        with contextlib.suppress(Fault):
            follow(call, steps=20_000)
    assert len(calls) > 1500


@pytest.mark.parametrize("name", ["len", "print", "range", "sum", "int", "Exception"])
def test_names_that_shadow_builtins_are_the_texts_own(name):
    machine = follow(
        f"def {name}(*a): return 'own'\nx = {name}(1)\nimport math\ny = [i for i in (1, 2)]\nz = min(2, 1)"
    )
    assert machine.globals.vars["x"] == "own"
    assert (machine.globals.vars["y"], machine.globals.vars["z"]) == ([1, 2], 1)
