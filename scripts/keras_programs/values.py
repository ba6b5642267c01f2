"""A program in the writing: its lines, and the plain values that its names stand for."""

import math
import random
from contextlib import contextmanager
from types import SimpleNamespace

NUMPY = SimpleNamespace(prod=math.prod, ceil=math.ceil)
SIZES = (2, 3, 4, 5, 6, 8)
FORMS = (
    "{a} * 2", "{a} // 2 + 1", "{a} + 1", "{a} - 1", "min({a}, {b})", "max({a}, 3)", "2 ** {s}", "{a} if {a} > {b} else {b}",
    "int({a} * 1.5)", "abs(-{a})", "int('{s}')", "round({a} / 2) + 1", "divmod({a} + 2, 2)[0]", "{a} % 4 + 1",
    "({a}, {b})[1]", "[{b}, {a}][-1]", "{{'n': {a}}}['n']", "{{'n': {a}}}.get('m', {b})", "len('{word}')",
    "sum(({a}, 1))", "sum(i for i in range(1, 4))", "len([i for i in range({s}) if i % 2 == 0])", "math.ceil({a} / 2)",
    "int(np.prod((2, {s})))", "{a} << 1", "{a} or 3", "({a} > 2) + 1", "int(math.sqrt({s} * {s}))", "{a} and {b}",
    "max([{a}, {b}, 2][:2])", "-(-{a} // 2)", "sorted(({b}, {a}))[0]", "max((1, {a}), (2, {b}))[1]", "next(iter([{a}]))",
    "(lambda q: q + 1)({a})", "dict(n={a})['n']", "list(range(1, {a} + 1))[-1]", "3 if not {a} else {a}",
    "[n for n in ({a}, {b}) if n][0]", "len(set([1, 1, {a}])) + 1", "{a}.bit_length()", "(1, 2, 3).index(2) + {a}",
    "ord('c') - ord('a')", "int(f'{{{a}}}')", "{a} ^ 1 or 2", "int(bool({a})) + 2", "'abcab'.count('a') + 1",
)  # fmt: skip
LISTS = (
    "[{0}, {1}]", "({0}, {1}, {2})", "[{0}] * 2", "list(range(2, 5))", "[n * 2 for n in range(1, 4)]",
    "[2 ** i for i in range(1, 3)]", "[{0}, {1}, {2}][1:]", "[{0}, {1}, {2}][::-1]", "sorted([{0}, {1}])",
    "[{0}] + [{1}]", "list(map(int, '42'))", "[n for n in range(2, 9) if n % 3 == 0]", "list(reversed([{0}, {1}]))",
    "[*range(2, 4), {0}]", "tuple(n + 1 for n in ({0}, {1}))", "[a * b for a, b in zip((1, 2), ({0}, {1}))]",
    "[max(a, 2) for a in ({0}, 1)]", "list(dict(a={0}, b={1}).values())", "[int(p) for p in '3,4'.split(',')]",
)  # fmt: skip


class Writer:
    """Appends lines at the depth of its blocks; `env` holds what names stand for where the next line is."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.lines = []
        self.depth = 0
        self.env = {"math": math, "np": NUMPY}
        self.count = 0

    def chance(self, part):
        return self.rng.random() < part

    def pick(self, items):
        return items[self.rng.randrange(len(items))]

    def fresh(self, base):
        self.count += 1
        return f"{base}{self.count}"

    def line(self, text):
        self.lines += ["    " * self.depth + one for one in text.split("\n")]

    @contextmanager
    def block(self, head, names=None):
        """What is written in it stands below `head`; names bound in it, and those of `names`, end with it."""
        self.line(head)
        before, length = dict(self.env), len(self.lines)
        self.env |= names or {}
        self.depth += 1
        yield
        if len(self.lines) == length:
            self.line("pass")
        self.depth -= 1
        self.env = before

    def value(self, text):
        """What an expression of plain values comes to; None for one that does not work out."""
        try:
            return eval(text, dict(self.env))
        except Exception:
            return None

    def known(self, kind):
        return [name for name, one in self.env.items() if type(one) in kind]

    def atom(self):
        names = [name for name in self.known((int,)) if 1 <= self.env[name] <= 12]
        return self.pick(names) if names and self.chance(0.6) else str(self.pick(SIZES))

    def size(self, most=12):
        """A positive number, written in one of many ways."""
        if self.chance(0.45):
            return str(self.pick([n for n in SIZES if n <= most]))
        for _ in range(8):
            text = self.written()
            if type(found := self.value(text)) is int and 1 <= found <= most:
                return text
        return str(self.pick([n for n in SIZES if n <= most]))

    def written(self):
        lists, dicts = self.known((list, tuple)), self.known((dict,))
        way = self.rng.randrange(10)
        if way < 3:
            return self.atom()
        if way < 5 and lists:
            return f"{self.pick(lists)}[{self.pick(['0', '-1', '1'])}]"
        if way < 6 and lists:
            return f"{self.pick(['len', 'max', 'min', 'sum'])}({self.pick(lists)})"
        if way < 7 and dicts:
            name = self.pick(dicts)
            key = self.pick([*self.env[name], "none"])
            return self.pick([f"{name}[{key!r}]", f"{name}.get({key!r}, 4)"])
        values = {"a": self.atom(), "b": self.atom(), "s": self.pick((1, 2, 3)), "word": self.pick(("relu", "abc"))}
        return self.pick(FORMS).format(**values)

    def bind(self, name, text):
        """A name that stands for an expression of plain values."""
        found = self.value(text)
        if found is not None:
            self.line(f"{name} = {text}")
            self.env[name] = found
        return name

    def sizes(self):
        """A list or tuple of small positive numbers."""
        for _ in range(8):
            text = self.pick(LISTS).format(self.atom(), self.atom(), self.atom())
            found = self.value(text)
            if found and all(type(n) is int and 1 <= n <= 12 for n in found) and len(found) <= 4:
                return text
        return "[4, 6]"

    def condition(self):
        """A condition on plain values."""
        a, b = self.atom(), self.pick(("1", "3", "4", "6"))
        forms = [
            f"{a} > {b}", f"{a} % 2 == 0", f"not {a} < {b}", f"{b} <= {a} < 7", f"{a} in (2, 4, 8)", f"isinstance({a}, int)",
            f"{a} == {b} or {a} > 4", f"{a} and {a} != {b}", "True", "None", "'a' in 'cat'", f"any(n > {a} for n in (2, 5))",
            f"all(n for n in ({a}, 0))", f"{a} is not None", f"str({a}).isdigit()", "not []", f"({a}, 1) < ({b}, 2)",
        ]  # fmt: skip
        flags = self.known((bool,))
        return self.pick(flags) if flags and self.chance(0.4) else self.pick(forms)
