"""Classes of a text that derive from dict do what CPython's do, and what may have changed in one is not known."""

import pytest

import layercalc
from layercalc.readers.script import Opaque
from tests.readers.script.programs import interpret, known_as_in_cpython

TEXTS = [
    "class AttrDict(dict):\n    __getattr__ = dict.__getitem__\n    __setattr__ = dict.__setitem__\n    __delattr__ = dict.__delitem__\nc = AttrDict(u=3)\nc.v = 4\nc['w'] = AttrDict(x=1)\na = c.u, c['v'], c.w.x, len(c), list(c), 'u' in c, dict(c), repr(c), str(c), isinstance(c, dict), c == {'u': 3, 'v': 4, 'w': {'x': 1}}, {'u': 1} != c, vars(c), type(c).__name__, bool(AttrDict())\ndel c.v\nr = []\nfor f in (lambda: c.nope, lambda: c['z'], lambda: c + 1, lambda: AttrDict(1), lambda: AttrDict({}, {}), lambda: c.pop()):\n    try: r.append(f())\n    except Exception as e: r.append((type(e).__name__))\na = a, r, c",
    "class AttrDict(dict):\n    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)\n        self.__dict__ = self\nc = AttrDict({'u': 3}, v=4)\nc.w = 5\nc['x'] = 6\ndel c.u\nd = c\nd.q = [1]\nd.q.append(2)\na = c.v, c['w'], c.x, c['q'], len(c), list(c.items()), hasattr(c, 'u'), getattr(c, 'z', 9), c.get('q'), sorted(c), repr(c), {**c}, c.pop('v'), 'v' in c.__dict__, hasattr(c, 'v'), c.setdefault('n', 8), c.n\nc.update(n=1)\nb = c.n, c",
    "class Config(dict):\n    def __init__(self, *a, **k):\n        dict.__init__(self, *a, **k)\n        for key, v in self.items():\n            if isinstance(v, dict): self[key] = Config(v)\n            elif isinstance(v, list): self[key] = [Config(o) if isinstance(o, dict) else o for o in v]\n    def __getattr__(self, name):\n        try: return self[name]\n        except KeyError: raise AttributeError(name)\n    def __setattr__(self, name, v): self[name] = v\nc = Config({'m': {'u': [1, 2], 'n': {'k': 3}}, 'l': [{'z': 1}]})\nc.m.n.k += 4\na = c.m.u, c.m.n.k, c['m']['n'], c.l[0].z, hasattr(c, 'nope'), getattr(c, 'nope', 7), c\ndef f(**k): return k\nb = f(**c.m), [k for k in c], list(reversed(c)), max(c), c.copy() == c, type(c.copy()).__name__",
    "class D(dict):\n    def __missing__(self, k):\n        self[k] = v = k * 2\n        return v\nclass E(D):\n    def __getitem__(self, k): return 'own'\n    def __setitem__(self, k, v): log.append(k); super().__setitem__(k, v)\nlog = []\nx, y = D(a=1), E(a=1)\ny['b'] = 2\ny.update(c=3)\na = x['a'], x[4], x.get(9), x, y['a'], y.get('a'), dict(y), {**y}, log, list(y.values()), 4 in x, 5 in x\nclass F(dict):\n    def __iter__(self): return iter(['q'])\n    def keys(self): return ['k']\n    def __getitem__(self, k): return k + '!'\nb = dict(F(a=1)), {**F(a=1)}, list(F(a=1)), len(F(a=1))",
    "class D(dict): pass\nx = D(a=1)\nx.attr = 5\ny = x | {'b': 2}\nz = {'b': 3, 'a': 0} | x\nw = x\nw |= {'c': 4}\na = y, type(y).__name__, z, x, w is x, x.attr, 'attr' in x, x.__dict__, x == D(x), D([('k', 1)]), D(x, a=9), x.items() == {'a': 1, 'c': 4}.items(), x.fromkeys is not None\nx.clear()\nb = x, not x, [D(a=1)] == [{'a': 1}], {1: D()} == {1: {}}",
    "class A(dict):\n    units = 8\n    def twice(self): return self.units * 2\n    @property\n    def k(self): return self['k']\nclass M:\n    def hi(self): return 'hi'\nclass B(A, M):\n    def __init__(self, **kw): super(B, self).__init__(kw, k=3)\nb = B(z=1)\na = b.twice(), b.k, b.hi(), b, issubclass(B, A), isinstance(b, A), [c.__name__ for c in (A, B)], A.units\nclass S(dict):\n    def __str__(self): return 'S'\na = a, str(S()), f'{S()}', '%s' % S(a=1), repr(S(a=1))",
    "class AttrDict(dict):\n    __getattr__ = dict.get\n    __setattr__ = dict.__setitem__\nc = AttrDict()\nc.x = c.nope\na = c, c.nope, c.x, c.keys() | {'q'} == {'x', 'q'}\nfor k, v in sorted(AttrDict(b=1, a=2).items()): c[k] = v\nb = c, [*c], {k: v for k, v in c.items() if v}",
    "class D(dict):\n    def __init__(self, **k):\n        super().__init__(**k)\n        self.__dict__ = self\n    def copy(self): return D(**self)\nx = D(a=1)\ny = x.copy()\ny.a = 2\na = x, y, x == y, x.a\ny.items = 5\na = a, y['items'], y.items",
    "class D(dict):\n    def __init__(self, *a): self.log = []; super().__init__(*a)\n    def __setitem__(self, k, v):\n        self.log.append(k)\n        dict.__setitem__(self, k, v)\n    def update(self, *a, **k):\n        for q, v in dict(*a, **k).items(): self[q] = v\nx = D({'z': 1})\nx.update(p=1, q=2)\nx['r'] = 3\nx.setdefault('s', 4)\na = x, x.log, x.pop('p'), x.popitem(), x",
    "class D(dict):\n    def __contains__(self, k): return True\n    def __len__(self): return 7\n    def __bool__(self): return False\n    def __eq__(self, o): return 'eq'\nx = D(a=1)\na = 'q' in x, len(x), bool(x), x == 1, x.get('q', 0), dict(x), list(x), {1: 2} == x",
    "class D(dict):\n    def __hash__(self): return 1\nx = D(a=1)\na = {x: 2}[x], x in {x}, isinstance({}, D), isinstance(x, (list, dict))",
    "class D(dict): pass\nx = D()\nx.y = 1\nx['y'] = 2\na = x.y, x['y'], x, x.__dict__, hasattr(x, 'keys'), hasattr(x, 'nope')\nr = []\nfor k in D(a=1, b=2): r.append(k)\ntry:\n    for k in x: x[k + 'z'] = 1\nexcept RuntimeError: r.append('changed')\nb = r",
    "class D(dict):\n    def __getattr__(self, k):\n        if k.startswith('_'): raise AttributeError(k)\n        return self.get(k)\nx = D(a=D(b=1))\na = x.a.b, x.q, hasattr(x, '_z'), '%(a)s' % dict(a=x.a.b), [v for v in x.values()], x.items()\nb = sorted(x), min(x), sum(D({1: 2, 3: 4})), tuple(x), set(x), x.keys() == {'a'}, any(x), str(x), [*x], dict(x, q=2), dict(**x), list(zip(x, x.values()))",
    "class D(dict): pass\nx, y = D(a=1), D(a=1)\na = x == y, x is y, x != y, (x | y), type(x | y) is dict, [x] == [y], (1, x) == (1, y), x in [y], [y].index(x), D(b=1) == D(b=2)\nr = []\nfor f in (lambda: x < y, lambda: x + y, lambda: x - 1, lambda: x['q'], lambda: D([1]), lambda: x(), lambda: x | 1):\n    try: r.append(f())\n    except Exception as e: r.append(type(e).__name__)\nb = r",
    "from dataclasses import dataclass\nclass D(dict):\n    @classmethod\n    def of(cls, **k): return cls(k)\n    @staticmethod\n    def z(): return 1\nx = D.of(a=1)\na = x, D.z(), type(x) is D, type(x) is dict, type(x) == dict, D.__name__, callable(D)\nmatch x:\n    case dict(): b = 1\n    case _: b = 2",
    "a = dict.get({'k': 1}, 'k'), dict.__getitem__({'k': 2}, 'k'), dict.__len__({}), list(map(dict.copy, [{1: 2}])), dict.keys({1: 2}) == {1}\nx = {}\ndict.__setitem__(x, 'q', 1)\ndict.update(x, z=2)\nb = x, dict.__contains__(x, 'q'), dict.pop(x, 'q'), x",
]  # fmt: skip
DOUBTFUL = [
    "c = X(u=1)\next(c)\na = c.u",
    "c = X(u=1)\nif u0: c.u = 2\na = c.u",
    "c = X(u=1)\nif u0: c['u'] = 2\na = c['u']",
    "c = X(u=1)\nif u0: c.v = 2\na = len(c)",
    "c = X(u=1)\nc[u0] = 3\na = c.u",
    "c = X(u=1)\nc.update(u0)\na = c.u",
    "c = X(u=1)\ndef f(): c.u = 2\next(f)\na = c.u",
    "l = [1]\nc = X(l=l)\next(c)\na = l[0]",
    "c = X(u=1)\nfor k in u0: c[k] = 2\na = c.u",
    "c = X(u=1)\ntry:\n    ext()\n    c.u = 2\nexcept E: pass\na = c.u",
    "if u0: c = X(u=1)\nelse: c = X(u=2)\na = c.u",
    "c = X(u=1)\nv = c.items()\next(v)\na = c.u",
    "c = X(u=1)\nsetattr(c, u0, 3)\na = c.u",
    "a = X(u=u0).u",
    "c = X(u=1)\nc |= u0\na = c.u",
    "c = X(u=1)\nif u0: c.clear()\na = c.get('u')",
    "c = X(u=1)\nif u0: del c['u']\na = 'u' in c",
    "import copy\na = copy.deepcopy(X(u=1)).u",
]  # fmt: skip
CLASSES = [
    "class X(dict):\n    __getattr__ = dict.__getitem__\n    __setattr__ = dict.__setitem__\n",
    "class X(dict):\n    def __init__(self, *a, **k):\n        super().__init__(*a, **k)\n        self.__dict__ = self\n",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:60].split("\n")[-1])
def test_objects_of_a_class_derived_from_dict_are_dicts(text):
    known_as_in_cpython(text)


@pytest.mark.parametrize("head", CLASSES, ids=("items", "attributes"))
@pytest.mark.parametrize("text", DOUBTFUL, ids=lambda text: text.replace("\n", ";")[:60])
def test_what_may_have_changed_in_one_is_not_known(head, text):
    machine, fault = interpret(f"from other import ext, u0, E\n{head}{text}")
    assert fault is None
    assert type(machine.globals.vars["a"]) is Opaque


@pytest.mark.parametrize(
    "body",
    [
        "def __init__(self, **k):\n        if u0: self.__dict__ = self",
        "def __init__(self, **k): self.__dict__ = k",
        "def __new__(cls, **k): return {'u': 2}",
        "def __init__(self, **k): self.update(k, v=u0); self.__dict__ = u0",
    ],
)
def test_a_class_that_replaces_more_is_not_known(body):
    machine, fault = interpret(f"from other import u0\nclass X(dict):\n    {body}\na = len(X(u=1).__dict__)")
    assert fault is None
    assert type(machine.globals.vars["a"]) is Opaque


MODEL = "import keras\nfrom keras import layers\n" + CLASSES[0]
READ = [
    "c = X(units=32, shape=(8,))\nc.out = 3\nmodel = keras.Sequential([keras.Input(c.shape), layers.Dense(c.units), layers.Dense(c['out'])])",
    "c = X(units=32, use_bias=True)\nmodel = keras.Sequential([keras.Input((8,)), layers.Dense(**c), layers.Dense(3)])",
    "class M(keras.Model):\n    def __init__(self, c):\n        super().__init__()\n        self.c = c\n        self.d = keras.Sequential([layers.Dense(u) for u in c.units])\n    def call(self, x): return self.d(x)\nmodel = M(X(units=[32, 3]))\nmodel.build((None, 8))",
]  # fmt: skip
REFUSED = [
    "c = X(l=layers.Dense(4))\nx = keras.Input((8,))\nmodel = keras.Model(x, c.l(x))",
    "x = keras.Input((8,))\nmodel = keras.Model(x, X(y=layers.Dense(4)(x)))",
    "class M(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.b = X()\n        self.b['x'] = layers.Dense(5)\n    def call(self, x): return self.b['x'](x)\nmodel = M()\nmodel.build((None, 8))",
    "class M(keras.Model):\n    def __init__(self, c):\n        super().__init__()\n        self.c = c\n    def build(self, shape): self.d = layers.Dense(self.c.units)\n    def call(self, x): return self.d(x)\nmodel = M(X(units=4))\nmodel.build((None, 8))",
]  # fmt: skip


@pytest.mark.parametrize("text", READ, ids=("attributes", "keywords", "model"))
def test_a_configuration_of_such_a_class_gives_the_sizes_of_a_model(text):
    assert layercalc.analyze(MODEL + text)["totals"]["params"] == 8 * 32 + 32 + 32 * 3 + 3


@pytest.mark.parametrize("text", REFUSED, ids=("layer", "output", "attribute", "Keras 3's own"))
def test_one_that_a_framework_looks_into_is_refused(text):
    with pytest.raises(layercalc.Refused, match="derived from dict"):
        layercalc.analyze(MODEL + text)
