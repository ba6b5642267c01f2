"""What something unknown could change is not known afterwards; what it could not is. With a toy framework."""

import ast

import pytest

from layercalc.readers.script import Bounds, Fault, Machine, Opaque
from tests.readers.script.toy import Toy, units

TOY = "from toy import *\nimport toy\n"
MADE = "net = Stack([Layer(3)])\n"

KNOWN = [
    # text, what `net` comes to
    ("net = Stack([Layer(3), Layer(4)])", [3, 4]),
    ("net = Stack()\nfor n in (1, 2): net.add(Layer(n))", [1, 2]),
    (MADE + "net.fit(x, y)\nprint(net)", [3]),
    (MADE + "plot(7)\nhelper()\nother.thing(x_train)", [3]),
    (MADE + "import matplotlib.pyplot as plt\nplt.plot(net)", [3]),
    (MADE + "c = toy.callbacks.Saver(net)", [3]),
    (MADE + "if debug: print(net)", [3]),
    (MADE + "if debug: raise ValueError\nnet.add(Layer(4))", [3, 4]),
    (MADE + "assert x_train.ok\nnet.add(Layer(4))", [3, 4]),
    (MADE + "for e in range(epochs):\n    loss = net.fit(next(data))", [3]),
    (MADE + "while True:\n    ok = cam.read()\n    if not ok: break\n    net.fit(ok)", [3]),
    (MADE + "while True:\n    net.fit(next(data))", [3]),
    (MADE + "while 1:\n    net.fit(next(data))\nnet.add(Layer(4))", [3]),
    (MADE + "def train():\n    while True: net.fit(next(data))\ntrain()\nnet.add(Layer(4))", [3]),
    (MADE + "try:\n    while True: net.fit(next(data))\nexcept KeyboardInterrupt:\n    net.add(Layer(4))", [3, 4]),
    (MADE + "n = 0\nfor b in data: n += 1", [3]),
    (MADE + "try:\n    import cv2\nexcept ImportError:\n    cv2 = None", [3]),
    (MADE + "try:\n    net.fit(a)\nexcept KeyboardInterrupt:\n    net = None", [3]),
    (MADE + "try:\n    x = load()\nexcept Exception:\n    raise SystemExit", [3]),
    (MADE + "def show(e): return net.fit(e)\nrun(show)", [3]),
    (MADE + "@toy.function\ndef f(x): return net.fit(x)\nf(1)", [3]),
    (MADE + "d = {'a': 1}\nhelper(d)", [3]),
    (MADE + "async def f(): net.pop()\nf", [3]),
    (MADE + "from typing import List, Optional\ndef f(x: List[int] | None, y: Optional['q'] = None) -> 'net.pop()': pass", [3]),
    (MADE + "def f():\n    y: net.pop() = 3\nf()", [3]),
    ("import os\nos.environ['N'] = '7'\ndel os.environ['N']\nnet = Stack([Layer(int(os.environ.get('N', '5')))])", [5]),
    ("import os\nos.environ.update({'N': '7'})\nos.environ.setdefault('N', '8')\nnet = Stack([Layer(int(os.environ['N']))])", [7]),
    ("c = {'n': 3}\nn = c['n']\nhelper(c)\nnet = Stack([Layer(n)])", [3]),
    ("class M(toy.Model):\n    def __init__(self):\n        super().__init__()\n        self.a = Layer(3)\n        self.b = Layer(4)\nnet = M()", [3, 4]),
    ("def make(n=2):\n    if flag: print('x')\n    return Stack([Layer(n)])\nnet = make()", [2]),
    ("with scope() as s:\n    net = Stack([Layer(3)])", [3]),
    ("import os\nnet = Stack([Layer(int(os.environ.get('N', '5')))])", [5]),
    ("import argparse\np = argparse.ArgumentParser()\np.add_argument('--n', type=int, default=6)\nnet = Stack([Layer(p.parse_args().n)])", [6]),
    ("import argparse\np = argparse.ArgumentParser()\ng = p.add_argument_group('x')\ng.add_argument('-n', '--num-units', default='7', type=int)\nnet = Stack([Layer(p.parse_args().num_units)])", [7]),
    ("import click\n@click.command()\n@click.option('--n', default=8)\ndef main(n):\n    global net\n    net = Stack([Layer(n)])\nmain()", [8]),
    ("import click\n@click.option('--n', default=8)\n@click.command()\n@click.option('--k', type=int, default='3')\ndef main(n, k):\n    global net\n    net = Stack([Layer(n), Layer(k)])\nmain()", [8, 3]),
    ("import click\n@click.command\n@click.option('--n', default=4, type=float)\n@click.option('--to', default='x', type=click.Path(exists=True))\ndef main(n, to):\n    global net\n    net = Stack([Layer(n if type(n) is float and to == 'x' else 0)])\nmain()", [4.0]),
    ("from absl import app, flags\nflags.DEFINE_integer('n', 9, 'units')\nF = flags.FLAGS\ndef main(_):\n    global net\n    net = Stack([Layer(F.n)])\napp.run(main)", [9]),
    ("import numpy as np\nx = np.zeros((100, 20))\nnet = Stack([Layer(x.shape[1])])", [20]),
    ("if __name__ == '__main__':\n    net = Stack([Layer(3)])", [3]),
    (MADE + "def g():\n    with open('x') as f:\n        for l in f: yield l\nfor x in g(): print(x)", [3]),
    ("from contextlib import contextmanager\n@contextmanager\ndef c():\n    try: yield\n    except Exception: pass\nwith c(): net = Stack([Layer(3)])", [3]),
    ("import sys\nif len(sys.argv) > 1: n = int(sys.argv[1])\nelse: n = 4\nnet = Stack([Layer(n)])", [4]),
]  # fmt: skip

CALLED_BY_EACH_OTHER = {  # functions that something unknown has, of which one changes what another reads
    "a list": ("l = [3]", "if l[0] != 3: net.add(Layer(9))", "l[0] = 5"),
    "a list that is handed over": ("l = [3]", "if l[0] != 3: net.add(Layer(9))", "foo(l)"),
    "a name": ("n = 3", "if n != 3: net.add(Layer(9))", "global n; n = 5"),
    "an attribute": ("class O: n = 3\no = O()", "if o.n != 3: net.add(Layer(9))", "o.n = 5"),
    "an iterator": ("i = iter([3, 4])", "if next(i) != 3: net.add(Layer(9))", "next(i)"),
    "a list of a third": ("l = [3]\nk = [1]", "if l[0] != 3: net.add(Layer(9))", "if k[0] != 1: l[0] = 5\n    foo(k)"),
    "a generator": ("l = [3]", "if l[0] != 3: net.add(Layer(9))", "yield l.append(5)"),
    "a function inside": ("l = [3]", "if l[0] != 3: net.add(Layer(9))", "foo(lambda: l.append(l.pop() + 1))"),
}
MANY = "".join(f"def f{i}(x):\n    net.fit(g{i}(x))\n    return h{i}(x)\n" for i in range(9))
CLOSURES = (
    "def data(d, k):\n    def prepare(x): return resize(net.fit(x), k)\n    return d.map(lambda x: prepare(x)).batch(8)\n"
    + "".join(f"d{i} = data(read(), {i})\n" for i in range(9))
    + "for b in range(9): show(d1.take(b))\n"
)

SPOILT = [
    # text, what the reason mentions
    (MADE + "while True:\n    grow(net)", "grow()"),
    (MADE + "while True:\n    if next(data): net.add(Layer(3))", "a block that may not run"),
    (MADE + "helper(net)", "helper"),
    (MADE + "a.b.helper(1, [net])", "helper"),
    (MADE + "helper({'m': (net,)})", "helper"),
    (MADE + "helper(net.add)", "helper"),
    (MADE + "helper(net.layers)", "helper"),
    (MADE + "helper(lambda: net.add(Layer(4)))", "helper"),
    (MADE + "def f(e): net.add(Layer(4))\nhelper(f)", "helper"),
    (MADE + "def f(): g()\ndef g(): net.pop()\nhelper([f])", "helper"),
    (MADE + "class A:\n    def on(self): net.add(Layer(1))\nhelper(A())", "helper"),
    (MADE + "class A(Base):\n    def on(self): net.add(Layer(1))\nhelper()", "A"),
    (MADE + "class A:\n    def __init__(self, m): self.m = m\nhelper(A(net))", "helper"),
    (MADE + "thing.model = net", "set on"),
    (MADE + "thing['m'] = net", "set in"),
    (MADE + "import functools\nhelper(functools.partial(net.add, Layer(2)))", "helper"),
    (MADE + "x = [n for n in [net]]\nhelper(x)", "helper"),
    (MADE + "t = thing(1)\nt.register(net)", "register"),
    (MADE + "async def f(): net.pop()\nimport asyncio\nasyncio.run(f())", "asynchronous"),
    (MADE + "async def f(m): m.pop()\nhelper(f(net))", "asynchronous"),
    (MADE + "def f(x: net.pop()): pass", "annotation"),
    (MADE + "y: net.pop() = 3", "annotation"),
    (MADE + "class A:\n    y: net.pop() = 3", "annotation"),
    (MADE + "class A:\n    def write(self, s): net.pop()\nprint('x', file=A())", "print"),
    (MADE + "class A:\n    def __bytes__(self): net.pop(); return b''\nbytes(A())", "line"),
    (MADE + "import math\nclass A:\n    def __float__(self): net.pop(); return 1.0\nmath.sqrt(A())", "line"),
    (MADE + "class M(type):\n    def __new__(c, *a): net.pop()\nclass A(metaclass=M): pass", "line"),
    (MADE + "def made(*a): net.pop()\nclass A(metaclass=made): pass", "line"),
    (MADE + "helper(*[net])", "helper"),
    (MADE + "helper(**{'a': net})", "helper"),
    (MADE + "helper(*more, net)", "helper"),
    (MADE + "net.add(*more)", "net.add"),
    (MADE + "other = net if flag else Stack()\nother.add(Layer(4))", "other.add"),
    (MADE + "if flag: net.add(Layer(4))", "flag"),
    (MADE + "if a:\n    if b:\n        net.add(Layer(4))", "b"),
    (MADE + "for x in data: net.add(Layer(4))", "data"),
    (MADE + "for m in filter(lambda m: m in data, [net]): m.add(Layer(4))", "m.add"),
    (MADE + "while more(): net.pop()", "more"),
    (MADE + "for x in data:\n    if flag: helper(prev)\n    prev = net", "helper"),
    (MADE + "for x in data:\n    if flag: prev = 1\n    helper(prev)\n    prev = net", "helper"),
    (MADE + "for x in data:\n    if flag: prev = load()\n    prev += 1\n    prev = net", "operation"),
    (MADE + "for x in data:\n    if 'prev' in globals(): helper(globals()['prev'])\n    prev = net", "helper"),
    (MADE + "def f(): prev.pop()\nhelper(f)\nfor x in data:\n    helper()\n    prev = net", "prev.pop"),
    (MADE + "def f(): prev.pop()\nhelper(f)\nhelper()\nfor x in data:\n    helper()\n    prev = net", "prev.pop"),
    (MADE + "prev = None\nclass A:\n    for x in data:\n        helper(prev)\n        prev = net", "helper"),
    (MADE + "def f():\n    while more():\n        if flag: prev.pop()\n        prev = net\nf()", "prev.pop"),
    (MADE + "def f():\n    for x in data:\n        [helper(prev) for n in x]\n        prev = net\nf()", "helper"),
    (MADE + "[net.add(Layer(2)) for x in data]", "data"),
    (MADE + "[net.add(Layer(2)) for x in (1, 2) if flag]", "flag"),
    (MADE + "flag and net.add(Layer(4))", "flag"),
    (MADE + "net.add(Layer(2)) if flag else None", "flag"),
    (MADE + "x = flag or net.pop()", "flag"),
    (MADE + "for i in range(9):\n    if flag: break\n    net.add(Layer(2))", ""),
    (MADE + "for i in range(2):\n    if flag: continue\n    net.add(Layer(2))", "flag"),
    (MADE + "def f():\n    if flag: return\n    net.add(Layer(4))\nf()", "flag"),
    (MADE + "try:\n    load()\n    net.add(Layer(4))\nexcept Exception: pass", "load"),
    (MADE + "try: load()\nexcept Exception: net.add(Layer(4))", "load"),
    ("try: net = load()\nexcept Exception: net = Stack([Layer(3)])", "load"),
    ("def f():\n    if flag: return Stack([Layer(3)])\n    return Stack([Layer(4)])\nnet = f()", "flag"),
    ("if flag: net = Stack([Layer(3)])\nelse: net = Stack([Layer(4)])", "flag"),
    (
        "def f():\n    try:\n        if flag(): return Stack([Layer(3)])\n        return {}['no']\n    except ValueError: raise\n"
        "net = f()\nhelper(net)",
        "line",
    ),
    ("net = helper(Stack([Layer(3)]))", "helper"),
    (MADE + "helper(globals())", "helper"),
    (MADE + "def f():\n    global net\n    net = Stack()\nhelper(f)\nnet = Stack([Layer(4)])", "helper"),
    (MADE + "@register\ndef f(): net.add(Layer(4))", "register"),
    (MADE + "l = net[0]\nl.trainable = flag\nhelper(l)", "helper"),
    (MADE + "def g():\n    net.pop()\n    yield 1\nhelper(g())", "helper"),
    (MADE + "def g():\n    for i in (1, 2):\n        if flag: return\n        net.add(Layer(i))\n        yield i\nlist(g())", "flag"),
    (MADE + "helper(map(lambda x: net.pop(), [1]))", "helper"),
    ("class M(toy.Model):\n    def __init__(self):\n        self.a = Layer(3)\nnet = M()\nhelper(net)", "helper"),
    ("class M(toy.Model):\n    def __init__(self):\n        self.a = Layer(3)\n        helper(self)\nnet = M()", "helper"),
    ("ls = [Layer(3)]\nhelper(ls)\nls.append(Layer(4))\nnet = Stack([ls[1]])", "helper"),
]  # fmt: skip

FAULTS = [
    # text, line, what the message mentions
    ("net = Stack([Layer(x_train.shape[1])])", 3, ["x_train", "not in the text"]),
    ("c = {'n': 3}\nhelper(c)\nnet = Stack([Layer(c['n'])])", 5, ["helper", "line 4"]),
    ("c = [3]\nfor x in data: c.append(4)\nnet = Stack([Layer(len(c))])", 5, ["line 4"]),
    ("n = 3\nif flag: n = 4\nnet = Stack([Layer(n)])", 5, ["flag", "line 4"]),
    ("def grow(d): d['n'] = 5\nc = {'n': 3}\nhelper(grow, c)\nLayer(c['n'])", 6, ["helper"]),
    ("class A: n = 3\na = A()\nhelper(a)\nLayer(a.n)", 6, ["helper"]),
    ("n = [1]\nm = n\nhelper(m)\nLayer(n[0])", 6, ["helper"]),
    ("async def f(a): a.append(3)\nn = [1]\nf(n)\nLayer(n[0])", 6, ["asynchronous"]),
    ("def f():\n    x = (yield) + 1\nLayer(list(f())[0])", 5, ["yield"]),
    ("def f():\n    with open('x') as g:\n        for l in g: yield 3\nLayer(next(f()))", 6, ["yield", "line 4"]),
    ("def f():\n    try: yield 3\n    except ValueError: yield 4\nLayer(next(f()))", 6, ["yield", "line 4"]),
    ("eval('Layer(3)')", 3, ["text"]),
    ("import os\nLayer(int(os.getenv('HOME', 'x') == 'x'))", 4, ["HOME"]),
    ("from enum import Flag\nclass S(Flag):\n    A = 3\ntry: n = len(S)\nexcept TypeError: n = 9\nLayer(n)", 8, ["len(S)"]),
    ("class A:\n    def __getattribute__(self, n): return 1", 3, ["__getattribute__"]),
    ("class A: pass\nA.__new__ = 1", 4, ["__new__"]),
    ("raise ValueError('no')", 3, ["ValueError", "no"]),
    ("Layer(1 / 0)", 3, ["ZeroDivisionError"]),
    ("class A:\n    def __enter__(self): pass\n    def __exit__(self, *a): return True\nwith A():\n    helper()\n    n = 2", 6, ["may raise", "try and except"]),
    ("class A:\n    def __enter__(self): pass\n    def __exit__(self, kind, *a):\n        if kind is None: n.append(3)\n"
     "n = []\ntry:\n    with A(): helper()\nexcept Exception: pass", 9, ["may raise", "try and except"]),
    ("from contextlib import contextmanager\n@contextmanager\ndef c():\n    yield\n    n.append(3)\nn = []\ntry:\n    with c(): helper()\nexcept Exception: pass", 10, ["may raise"]),
    ("from contextlib import contextmanager\n@contextmanager\ndef c():\n    try: yield\n    finally: return\nwith c():\n    helper()\n    n = 2", 8, ["may raise"]),
    ("from contextlib import contextmanager\n@contextmanager\ndef c():\n    while True:\n        try: yield\n        finally: break\nwith c(): helper()", 9, ["may raise"]),
    ("from contextlib import contextmanager\n@contextmanager\ndef c():\n    try: yield\n    except Exception: pass\nwith c(): helper()", 8, ["may raise"]),
]  # fmt: skip


def follow(text):
    machine = Machine(Toy())
    machine.run(ast.parse(TOY + text))
    return machine


@pytest.mark.parametrize(("text", "expected"), KNOWN, ids=lambda value: str(value)[:60])
def test_what_nothing_unknown_could_change_is_known(text, expected):
    assert units(follow(text).globals.vars["net"]) == expected


@pytest.mark.parametrize(("text", "cause"), SPOILT, ids=lambda value: str(value)[-60:])
def test_what_something_unknown_could_change_is_not(text, cause):
    try:
        found = units(follow(text).globals.vars["net"])
    except Fault as fault:
        found = fault.detail
    assert isinstance(found, str) or any(isinstance(one, str) for one in found), found
    assert cause in str(found)
    assert "line" in str(found)


@pytest.mark.parametrize(("setting", "first", "second"), CALLED_BY_EACH_OTHER.values(), ids=CALLED_BY_EACH_OTHER)
@pytest.mark.parametrize("order", ["a, b", "b, a"])
def test_of_functions_that_call_each_other_by_something_unknown_all_changes_are_seen(setting, first, second, order):
    text = f"{MADE}{setting}\ndef a(x):\n    foo()\n    {first}\ndef b(x):\n    {second}\n    foo()\nrun({order})"
    assert isinstance(units(follow(text).globals.vars["net"]), str)


@pytest.mark.parametrize("text", [MANY + f"run({', '.join(f'f{i}' for i in range(9))})", CLOSURES])
def test_functions_that_something_unknown_has_are_not_followed_one_inside_another(text):
    vocabulary = Toy()
    machine = Machine(vocabulary, Bounds(steps=40_000))
    machine.run(ast.parse(TOY + MADE + text))
    assert units(machine.globals.vars["net"]) == [3]


@pytest.mark.parametrize(("text", "line", "mentions"), FAULTS, ids=lambda value: str(value)[:40])
def test_fault_names_the_line_and_the_cause(text, line, mentions):
    with pytest.raises(Fault) as caught:
        follow(text)
    assert caught.value.where()["line"] == line
    assert caught.value.where().keys() == {"line", "column", "end_line", "end_column"}
    for word in mentions:
        assert word in caught.value.detail


def test_a_loop_that_binds_new_names_is_followed_once():
    """A name that nobody asks for before it is bound tells nothing by having been bound in an earlier turn."""
    loops = "".join(f"{'    ' * depth}for n{depth} in data:\n" for depth in range(9))
    machine = follow(MADE + loops + "    " * 9 + "last = n0\n")
    assert machine.meter.bounds.steps - machine.meter.fuel < 300


def test_warnings_say_what_was_taken():
    machine = follow(next(text for text, _ in KNOWN if "argparse" in text))
    assert any("defaults" in text for _, text in machine.warnings)
    machine = follow(next(text for text, _ in KNOWN if "environ" in text))
    assert any("N is taken not to be set" in text for _, text in machine.warnings)


def test_layers_of_a_subclass_are_told_their_names():
    net = follow("class M(toy.Model):\n    def __init__(self):\n        self.first = Layer(3)\nnet = M()").globals.vars[
        "net"
    ]
    assert net.core.layers[0].name == "first"


def test_unknown_says_where_it_came_from():
    found = follow("x = load('a')\ny = x.shape[1:]").globals.vars["y"]
    assert type(found) is Opaque
    assert found.why == "`x.shape[1:]` of line 4, which depends on load, which is not in the text (line 3)"
