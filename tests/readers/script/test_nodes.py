"""The nodes of a text, found in one walk: those that ast.walk finds, in its order."""

import ast
from pathlib import Path

import pytest

from layercalc.readers.script.nodes import Nodes

TEXTS = [
    *(path.read_text() for path in sorted(Path(__file__).parent.glob("test_*.py"))),
    "match x:\n    case {'a': [b, *c], **d} | P(1, y=None) as e if f: global g; del h.i[j:k], l\n",
    "async def f(a: b, /, c=d, *e: g, h=i, j, **k) -> l:\n    async with m as n, o: return lambda p, q=r: (yield)\n"
    "    async for s in t: u = [v async for v in w if x for y in z]\n",
    "try: a\nexcept (B, C) as d: raise e from f\nelse: g: h = {**i, j: k}\nfinally: l @= f'{m!r:>{n}}' 'o' + -p if q else r",
    "import a.b as c\nfrom .d import e as f\n@g(h, *i, j=k, **l)\nclass M(N, metaclass=O): p = q < r <= s is not t and not u",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:40])
def test_all_nodes_are_found_in_the_order_of_walk(text):
    tree = ast.parse(text)
    every = [one for one in ast.walk(tree) if not isinstance(one, ast.expr_context)]
    nodes = Nodes(tree)
    for kind in {type(one) for one in every}:
        assert nodes.of(kind) == [one for one in every if type(one) is kind], kind
    both = ast.Name, ast.Attribute
    assert nodes.of(*both) == [one for one in every if isinstance(one, both)]
