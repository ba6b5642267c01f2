"""What a value has and which operation raises is claimed as CPython has it, or not at all."""

import numpy  # noqa: F401  (the first import of it is longer than what CPython is given to run)
import pytest

from tests.readers.script.programs import interpret, run_python

HEAD = """import enum, functools
from collections import Counter, OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass
import numpy as np
class A:
    def __init__(self): self.q = 2
    def m(self): return 1
@dataclass
class D:
    u: int = 1
class E(enum.Enum):
    X = 1
def gen(): yield 1
"""
VALUES = [
    "3", "None", "'ab'", "[1]", "(1,)", "{'k': 1}", "range(3)", "len", "A", "A()", "A().m", "gen", "gen()", "lambda: 1",
    "ValueError('x')", "ValueError", "E", "E.X", "D", "D()", "namedtuple('P', 'u v')(1, 2)", "defaultdict(int)",
    "OrderedDict()", "Counter('ab')", "functools.partial(len)", "np.int64(2)", "np.zeros((2, 3))", "{}.items()", "zip([1])", "...",
    "NotImplemented", "int",
]  # fmt: skip
NAMES = [
    "__len__", "__iter__", "__call__", "__getitem__", "__name__", "__doc__", "__module__", "__hash__", "__eq__", "__str__",
    "__format__", "__init__", "__cause__", "__dataclass_fields__", "_fields", "default_factory", "real", "__array__",
    "args", "send", "q", "foo",
]  # fmt: skip
QUESTIONS = [
    *(f"a = hasattr(v, {name!r})" for name in NAMES),
    *(
        f"try:\n    {one}\n    a = True\nexcept Exception:\n    a = False"
        for one in ("issubclass(v, object)", "hash(v)", "v[0]", "v.foo", "vars(v)", "int(v)", "float(v)", "round(v)", "v.__name__")
    ),
    "a = isinstance(v, type)",
    "a = len(str(v)) if isinstance(v, type) else 0",
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_claims_about_a_value_are_cpythons(value):
    certain = 0
    for question in QUESTIONS:
        text = f"{HEAD}v = {value}\n{question}"
        names, error = run_python(text)
        machine, fault = interpret(text)
        found = machine.globals.vars.get("a")
        if fault is None and error == "" and type(found) in (bool, int):
            assert found == names["a"], question
            certain += 1
    assert certain > 5


PRIVATE = [
    "class A:\n    __n = 3\n    def __f(self, __k=2): return self.__n * __k\n    def g(self): return self.__f() + A.__n\n    @property\n    def __p(self): return 5\n    @staticmethod\n    def __s(): return 7\n    def h(self): return self.__p, A.__s()\nclass _B(A):\n    __n = 4\n    def b(self): return self.__n\na = A().g(), A().h(), _B().b(), _B().g(), hasattr(A, '__n'), getattr(A, '_A__n', 0)",
    "class A:\n    def g(self): return self.__f()\n    def __f(self): return 1\nclass B(A):\n    def __f(self): return 2\na = B().g()",
    "class A:\n    def __init__(self): self.__u = 3\n    def f(self): return self.__u\nclass B(A):\n    def __init__(self):\n        super().__init__()\n        self.__u = 5\n    def g(self): return self.__u\na = B().f(), B().g()",
    "class A:\n    class __B:\n        __z = 4\n        def f(self): return self.__z\n    def m(self): return A.__B().f()\na = A().m()",
    "class A:\n    def f(self, **k): return list(k)\n    def g(self):\n        def __in(): return [__i for __i in range(2)]\n        return self.f(__x=1), __in()\na = A().g()",
    "class ___:\n    __x = 3\na = ___.__x",
    "def deco(f): return lambda self: f(self) + 1\nclass A:\n    def __init__(self): self.__v = 3\n    @deco\n    def g(self): return self.__v\na = A().g()",
    "class A:\n    def __init__(self): self._w = 3\n    @property\n    def w(self): return self._w\n    @w.setter\n    def w(self, v): self._w = v\n    @w.deleter\n    def w(self): self._w = 8\n    y = property(lambda self: 1, None, lambda self: setattr(self, '_w', 9))\no = A()\no.w = 4\na = [o.w]\ntry: del o.w\nexcept AttributeError: a.append('none')\na.append(o.w)\ndel o.y\na.append(o.w)\no = A = None",
    "from functools import lru_cache, partial\n@lru_cache(None)\ndef conv(n): return n\np = partial(conv, 3, k=1)\na = conv.__name__, p.args, p.keywords, hasattr(p, '__name__')\np = conv = None",
]  # fmt: skip


@pytest.mark.parametrize("text", PRIVATE, ids=lambda text: text[:50])
def test_private_names_and_deleters_are_pythons(text):
    names, error = run_python(text)
    machine, fault = interpret(text)
    assert (error, fault) == ("", None), fault
    assert machine.globals.vars["a"] == names["a"]
