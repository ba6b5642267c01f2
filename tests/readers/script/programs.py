"""Random programs over plain values, run by CPython and by the interpreter, and what the two say held against one another."""

import ast
import resource
import sys
from pathlib import Path

from layercalc.readers.script import MISSING, Bounds, Fault, Instance, Machine, Opaque, Vocabulary
from layercalc.readers.script.values import Class, Names, Record

LINES = 4_000
MEMORY = 512 << 20  # that a program may take
BUILTIN = [
    "len",
    "sum",
    "min",
    "max",
    "sorted",
    "list",
    "tuple",
    "abs",
    "str",
    "repr",
    "bool",
    "int",
    "reversed",
    "any",
    "all",
    "set",
    "dict",
    "enumerate",
    "type",
    "float",
]
METHODS = [
    "append",
    "extend",
    "pop",
    "insert",
    "remove",
    "reverse",
    "sort",
    "index",
    "count",
    "copy",
    "clear",
    "get",
    "keys",
    "values",
    "items",
    "update",
    "setdefault",
    "upper",
    "lower",
    "split",
    "join",
    "strip",
    "replace",
    "startswith",
    "find",
    "add",
    "discard",
    "union",
    "format",
]
ERRORS = [
    "ValueError",
    "TypeError",
    "IndexError",
    "KeyError",
    "ZeroDivisionError",
    "AttributeError",
    "Exception",
    "NameError",
    "StopIteration",
]


class Programs:
    """Writes a program by drawing from `rng`; `free` names stand for inputs, `ext` for functions of other files."""

    def __init__(self, rng, free=(), ext=False, guard=0.8):
        self.guard = guard
        self.rng, self.free, self.ext = rng, list(free), ext
        self.names, self.functions, self.classes = ["a", "b"], [], []
        self.count = 0
        self.depth = 0
        self.loop = self.inside = self.generator = 0
        self.method = False

    def pick(self, items):
        return items[self.rng.randrange(len(items))]

    def chance(self, part):
        return self.rng.random() < part

    def fresh(self, letter="v"):
        self.count += 1
        return f"{letter}{self.count}"

    def program(self, size=8):
        lines = ["a = [1, 2]", "b = {'x': 1, 'y': [3]}"]
        for _ in range(size):
            more = self.statement()
            if self.chance(self.guard) and not more[0].startswith(("def ", "class ")):
                more = ["try:", *("    " + line for line in more), "except Exception:", "    pass"]
            lines += more
        return "\n".join(lines) + "\n"

    # -- expressions

    def name(self):
        if self.free and self.chance(0.2):
            return self.pick(self.free)
        return self.pick(self.names)

    def expression(self, depth=0):
        if depth > 3 or self.chance(0.3):
            return self.atom()
        return getattr(self, "e_" + self.pick(EXPRESSIONS))(depth + 1)

    def atom(self):
        if self.chance(0.55):
            return self.name()
        return self.pick(
            ["0", "1", "2", "3", "-1", "7", "0.5", "True", "False", "None", "'x'", "'y'", "'ab'", "[]", "()", "{}"]
        )

    def e_binary(self, d):
        return f"({self.expression(d)} {self.pick(['+', '-', '*', '//', '%', '/', '**', '&', '|', '<<', '@'])} {self.expression(d)})"

    def e_compare(self, d):
        op = self.pick(["<", "<=", "==", "!=", "in", "not in", "is", "is not", ">"])
        tail = f" {self.pick(['<', '==', '!='])} {self.expression(d)}" if self.chance(0.2) else ""
        right = "None" if op.startswith("is") else self.expression(d)
        return f"({self.expression(d)} {op} {right}{tail})"

    def e_boolean(self, d):
        return f"({self.expression(d)} {self.pick(['and', 'or'])} {self.expression(d)})"

    def e_not(self, d):
        return f"(not {self.expression(d)})"

    def e_unary(self, d):
        return f"(-{self.expression(d)})"

    def e_choice(self, d):
        return f"({self.expression(d)} if {self.expression(d)} else {self.expression(d)})"

    def e_list(self, d):
        star = "*" if self.chance(0.15) else ""
        return (
            "["
            + ", ".join([*(self.expression(d) for _ in range(self.rng.randrange(4))), star + self.expression(d)])
            + "]"
        )

    def e_tuple(self, d):
        return "(" + "".join(self.expression(d) + ", " for _ in range(self.rng.randrange(3))) + ")"

    def e_dict(self, d):
        spread = f"**{self.name()}, " if self.chance(0.1) else ""
        items = ", ".join(f"{self.atom()}: {self.expression(d)}" for _ in range(self.rng.randrange(3)))
        return "{" + spread + items + "}"

    def e_set(self, d):
        return "{" + self.atom() + ", " + self.atom() + "}"

    def e_item(self, d):
        return f"{self.name()}[{self.pick(['0', '1', '-1', repr('x'), ':2', '1:', '::-1', self.atom()])}]"

    def e_builtin(self, d):
        f = self.pick(BUILTIN)
        if f in ("min", "max", "sorted") and self.chance(0.3):
            return f"{f}({self.expression(d)}, key=lambda q: {self.pick(['-q', 'str(q)', 'q'])})"
        return f"{f}({self.expression(d)})"

    def e_call2(self, d):
        kind = self.pick(
            [
                "isinstance({}, (int, str))",
                "isinstance({}, list)",
                "list(range({}))",
                "list(zip({}, {}))",
                "list(map(lambda q: q, {}))",
                "getattr({}, 'p', 5)",
                "hasattr({}, 'p')",
                "divmod({}, {})",
                "round({})",
                "next(iter({}))",
                "dict({})",
                "list(enumerate({}))",
                "callable({})",
                "list(filter(None, {}))",
                "isinstance({}, dict)",
            ]
        )
        return kind.format(*[self.expression(d) for _ in range(kind.count("{}"))])

    def e_method(self, d):
        args = ", ".join(self.expression(d) for _ in range(self.rng.randrange(3)))
        return f"{self.name()}.{self.pick(METHODS)}({args})"

    def e_call(self, d):
        if not self.functions:
            return self.atom()
        name, least, most = self.pick(self.functions)
        count = self.rng.randrange(least, most + 1) if self.chance(0.9) else self.rng.randrange(4)
        args = [self.expression(d) for _ in range(count)]
        if self.chance(0.1):
            args.append(f"p0={self.atom()}")
        if self.chance(0.1):
            args.append(f"*{self.name()}")
        return f"{name}({', '.join(args)})"

    def e_new(self, d):
        return f"{self.pick(self.classes)}({self.expression(d)})" if self.classes else self.atom()

    def e_attribute(self, d):
        return f"{self.name()}.{self.pick(['p', 'q', 'm', 'w'])}"

    def e_comprehension(self, d):
        n = self.fresh("c")
        self.names.append(n)
        head = self.expression(d)
        cond = f" if {self.expression(d)}" if self.chance(0.4) else ""
        self.names.remove(n)
        kind = self.pick(["[{}]", "[{}]", "list({})", "{{{}}}", "sum({})", "any({})", "all({})"])
        second = f" for {self.fresh('c')} in range(2)" if self.chance(0.15) else ""
        return kind.format(f"{head} for {n} in {self.pick([self.name(), 'range(3)', self.atom()])}{cond}{second}")

    def e_dictcomp(self, d):
        n = self.fresh("c")
        return f"{{{n}: {self.expression(d)} for {n} in {self.pick([self.name(), 'range(3)', repr('xy')])}}}"

    def e_format(self, d):
        return self.pick([
            lambda: "f'{" + self.name() + "}-{" + self.name() + "!r}'",
            lambda: "f'{" + self.name() + ":" + self.pick([">4", "d", ".2f", "s", "03"]) + "}'",
            lambda: f"'{{}}/{{0}}'.format({self.name()})" if self.chance(0.2) else f"'{{}}/{{!r:>6}}'.format({self.name()}, {self.name()})",
            lambda: f"'%s %d' % ({self.expression(d)}, {self.expression(d)})",
            lambda: f"'%r' % {self.name()}",
        ])()  # fmt: skip

    def e_lambda(self, d):
        return f"(lambda q, r={self.atom()}: {self.pick(['q', '[q, r]', 'q + r', self.name()])})({self.expression(d)})"

    def e_walrus(self, d):
        n = self.pick(self.names)
        return f"({n} := {self.expression(d)})" if not self.inside and n.startswith("v") else self.atom()

    def e_ext(self, d):
        if not self.ext:
            return self.atom()
        args = [
            self.pick([self.name(), self.atom(), *(f[0] for f in self.functions), *self.names])
            for _ in range(self.rng.randrange(3))
        ]
        return f"{self.pick(['ext', 'ext.make', 'u0'])}({', '.join(args)})"

    # -- statements

    def block(self, size=None):
        self.depth += 1
        out = []
        for _ in range(size or self.rng.randrange(1, 4)):
            out += self.statement()
        self.depth -= 1
        return ["    " + line for line in out] or ["    pass"]

    def statement(self):
        kinds = SIMPLE if self.depth > 2 else SIMPLE + COMPOUND
        kinds = kinds + (["ext"] * 4 if self.ext else [])
        return getattr(self, "s_" + self.pick(kinds))()

    def target(self):
        if self.chance(0.5):
            n = self.fresh()
            self.pending = n
            return n
        self.pending = None
        return self.pick([n for n in self.names if n not in self.free])

    def s_assign(self):
        value = self.expression()
        n = self.target()
        if n not in self.names:
            self.names.append(n)
        return [f"{n} = {value}"]

    def s_unpack(self):
        x, y = self.fresh(), self.fresh()
        value = self.pick([f"{self.expression()}, {self.expression()}", self.expression(), "'xy'"])
        self.names += [x, y]
        return [f"{x}, {self.pick(['', '*'])}{y} = {value}"]

    def s_augment(self):
        return [f"{self.pick(self.names)} {self.pick(['+=', '-=', '*=', '|='])} {self.expression()}"]

    def s_item(self):
        op = self.pick(["=", "=", "+="])
        return [
            f"{self.pick(self.names)}[{self.pick(['0', repr('x'), '-1', ':1', self.atom()])}] {op} {self.expression()}"
        ]

    def s_attribute(self):
        return [f"{self.pick(self.names)}.{self.pick(['p', 'q', 'w'])} {self.pick(['=', '+='])} {self.expression()}"]

    def s_method(self):
        return [self.e_method(1)]

    def s_call(self):
        return [self.pick([self.e_call, self.e_ext, self.e_new, self.e_comprehension])(1)]

    def s_delete(self):
        n = self.pick(self.names)
        return [f"del {n}[{self.pick(['0', repr('x')])}]"]

    def s_raise(self):
        return [f"if {self.expression(2)}:", f"    raise {self.pick(ERRORS[:6])}({self.atom()})"]

    def s_assert(self):
        return [f"assert {self.expression(2)}"]

    def s_leave(self):
        word = self.pick(["break", "continue"]) if self.loop else None
        if self.inside and (word is None or self.chance(0.4)):
            word = f"return {self.expression(2)}"
        if self.generator:
            word = f"yield {self.expression(2)}"
            return [word]
        if word is None:
            return ["pass"]
        return [f"if {self.expression(2)}:", f"    {word}"]

    def s_ext(self):
        target = f"{self.pick([n for n in self.names if n not in self.free])} = " if self.chance(0.3) else ""
        return [target + self.e_ext(1)]

    def s_if(self):
        out = [f"if {self.expression()}:", *self.block()]
        if self.chance(0.3):
            out += [f"elif {self.expression()}:", *self.block()]
        return out + (["else:", *self.block()] if self.chance(0.5) else [])

    def s_for(self):
        n = self.fresh()
        source = self.pick([self.name(), f"range({self.rng.randrange(4)})", self.expression()])
        self.names.append(n)
        self.loop, loop = 1, self.loop
        out = [f"for {n} in {source}:", *self.block()]
        self.loop = loop
        return out + (["else:", *self.block(1)] if self.chance(0.2) else [])

    def s_while(self):
        n = self.fresh("w")
        self.loop, loop = 1, self.loop
        body = self.block()
        self.loop = loop
        extra = f" and {self.expression()}" if self.chance(0.5) else ""
        return [f"{n} = 0", f"while {n} < 3{extra}:", f"    {n} += 1", *body]

    def s_try(self):
        out = ["try:", *self.block()]
        kind = self.pick(ERRORS)
        n = self.fresh("e")
        if self.chance(0.8):
            out += [
                f"except {self.pick([kind, f'({kind}, {self.pick(ERRORS)})'])}"
                + (f" as {n}:" if self.chance(0.3) else ":"),
                *self.block(1),
            ]
            if self.chance(0.3):
                out += ["except Exception:", *self.block(1)]
            if self.chance(0.3):
                out += ["else:", *self.block(1)]
            if self.chance(0.3):
                out += ["finally:", *self.block(1)]
        else:
            out += ["finally:", *self.block(1)]
        return out

    def s_function(self):
        n = self.fresh("f")
        params = [f"p{i}" for i in range(self.rng.randrange(3))]
        shown = [
            p + (f"={self.atom()}" if self.chance(0.3) or (i and "=" in "".join(params[:i])) else "")
            for i, p in enumerate(params)
        ]
        seen = False
        for i, one in enumerate(shown):
            seen = seen or "=" in one
            if seen and "=" not in one:
                shown[i] = one + "=1"
        extra = self.pick(["", "", "", "*rest", "**named", "*, key=1"])
        names, loop, inside, generator = list(self.names), self.loop, self.inside, self.generator
        held = [x for x in self.names if x[0] in "vab" and x not in self.free]
        outer = self.pick([None, None, "nonlocal" if inside else "global"])
        self.names = self.names + params + (["rest"] if extra == "*rest" else ["named"] if extra == "**named" else [])
        self.loop, self.inside, self.generator = 0, 1, self.chance(0.15)
        body = self.block()
        if not self.generator:
            body.append(f"    return {self.expression(2)}")
        g = self.generator
        self.names, self.loop, self.inside, self.generator = names, loop, inside, generator
        if outer == "global":
            body.insert(0, f"    global {self.pick(held)}")
        if outer == "global" and self.depth:
            body = body[1:]
        self.functions.append((n, sum("=" not in one for one in shown), len(params)))
        if g:
            self.functions.pop()
            v = self.fresh()
            self.names.append(v)
            shown_args = ", ".join(self.atom() for one in shown if "=" not in one)
            call = f"{v} = {self.pick(['list', 'sum', 'next', 'tuple'])}({n}({shown_args}))"
            return [f"def {n}({', '.join([*shown, *([extra] if extra else [])])}):", *body, "    yield 1", call]
        return [f"def {n}({', '.join([*shown, *([extra] if extra else [])])}):", *body]

    def s_class(self):
        n = self.fresh("K")
        base = f"({self.pick(self.classes)})" if self.classes and self.chance(0.4) else ""
        names, loop, inside, generator, depth = list(self.names), self.loop, self.inside, self.generator, self.depth
        self.names = [*self.names, "self", "x"]
        self.loop, self.inside, self.generator, self.depth = 0, 1, 0, 3
        out = [f"class {n}{base}:", f"    q = {self.atom()}"]
        parent = "        super().__init__(x)\n" if base and self.chance(0.5) else ""
        out += [
            "    def __init__(self, x=1):",
            *(parent.splitlines()),
            f"        self.p = {self.pick(['x', '[x]', 'x'])}",
        ]
        for dunder in (
            "__len__(self)",
            "__getitem__(self, x)",
            "__eq__(self, x)",
            "__add__(self, x)",
            "__call__(self, x)",
            "__bool__(self)",
            "__repr__(self)",
            "m(self, x=2)",
            "__iter__(self)",
        ):
            if self.chance(0.25):
                value = self.pick([self.expression(2), "self.p", "x" if "x" in dunder else "2"])
                value = {
                    "__len__(self)": "2",
                    "__repr__(self)": "'K'",
                    "__bool__(self)": "self.p == 1",
                    "__iter__(self)": "iter([1, self.p])",
                }.get(dunder, value)
                body = ["    " + line for line in self.block(1)] if self.chance(0.4) else []
                out += [f"    def {dunder}:", *body, f"        return {value}"]
        if self.chance(0.3):
            out += [
                "    @property",
                "    def w(self):",
                f"        return {self.pick(['self.p', 'self.q', '[self.p]'])}",
            ]
        self.names, self.loop, self.inside, self.generator, self.depth = names, loop, inside, generator, depth
        self.classes.append(n)
        v = self.fresh()
        self.names.append(v)
        return [*out, f"{v} = {n}({self.atom()})"]


EXPRESSIONS = [name[2:] for name in vars(Programs) if name.startswith("e_")]
SIMPLE = [
    "assign",
    "assign",
    "assign",
    "unpack",
    "augment",
    "item",
    "attribute",
    "method",
    "method",
    "call",
    "call",
    "delete",
    "raise",
    "assert",
    "leave",
]
COMPOUND = ["if", "if", "for", "while", "try", "function", "function", "class"]


class Stopped(BaseException):
    """CPython has run long enough."""


def run_python(text, inputs=None):
    """The globals that CPython comes to, and the name of the exception that ended it; None where it ran too long."""
    names = {"__name__": "__main__", **(inputs or {})}
    count = 0

    def trace(frame, event, arg):
        nonlocal count
        count += 1
        if count > LINES:
            raise Stopped
        return trace if frame.f_code.co_filename == "<program>" else None

    code = compile(text, "<program>", "exec")
    before = sys.gettrace()
    most = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (held() + MEMORY, most[1]))
        sys.settrace(trace)
        exec(code, names)  # the program is the test's own
    except Stopped:
        return None
    except (RecursionError, MemoryError, OverflowError):
        return None
    except BaseException as error:
        return names, next(one.__name__ for one in type(error).__mro__ if one.__module__ == "builtins")
    finally:
        sys.settrace(before)
        resource.setrlimit(resource.RLIMIT_AS, most)
    return names, ""


def held():
    """The bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


class Strict(Vocabulary):
    """Names of inputs are unknown, others that are bound nowhere are errors, as Python has it."""

    def __init__(self, free=()):
        self.free = free

    def bare(self, name):
        if name in self.free:
            return MISSING
        return self.machine.fail("NameError", f"name {name!r} is not defined", None)


def interpret(text, vocabulary=None, bounds=None):
    """The machine after the text, and the Fault that ended it."""
    machine = Machine(vocabulary or Strict(), bounds or Bounds())
    try:
        machine.run(ast.parse(text))
    except Fault as fault:
        return machine, fault
    return machine, None


class Differs(AssertionError):  # noqa: N818
    pass


def agree(machine, ours, real, path="", seen=None):
    """Hold what the interpreter knows of a value against CPython's; what it does not know agrees with anything."""
    seen = seen or set()
    if type(ours) is Opaque or (id(ours), id(real)) in seen:
        return
    seen = seen | {(id(ours), id(real))}
    if machine.spoilt(ours):
        return
    if isinstance(ours, Instance):
        if machine.spoilt(ours.attrs) or machine.spoilt(ours.cls.attrs):
            return
        if type(real).__name__ != ours.cls.name:
            raise Differs(f"{path}: {ours!r} against {real!r}")
        library = ours.cls.builtin or ours.cls.native
        if not isinstance(real, BaseException) and (hasattr(real, "__dict__") or not library):
            agree(machine, dict(ours.attrs), vars(real), path + ".__dict__", seen)
        if ours.data is not None:
            agree(machine, dict(ours.data), dict(dict.items(real)), path, seen)
        return
    if isinstance(ours, dict):
        ours_keys, real_keys = list(ours), list(real)
        if type(ours) is not Names and len(ours_keys) != len(real_keys):
            raise Differs(f"{path}: {ours!r} against {real!r}")
        for key in ours_keys:
            if type(ours[key]) is Opaque and ours[key].maybe:
                continue
            match = [
                other for other in real_keys if type(other) is type(key) and (other == key or repr(other) == repr(key))
            ]
            if not match and not isinstance(key, Instance):
                raise Differs(f"{path}: no key {key!r} in {real!r}")
            if match:
                agree(machine, ours[key], real[match[0]], f"{path}[{key!r}]", seen)
        return
    if isinstance(ours, Record):
        ours, real = tuple(ours), tuple(real)
    if isinstance(ours, list | tuple):
        if type(ours) is not type(real) or len(ours) != len(real):
            raise Differs(f"{path}: {ours!r} against {real!r}")
        for index, (x, y) in enumerate(zip(ours, real, strict=True)):
            agree(machine, x, y, f"{path}[{index}]", seen)
        return
    if isinstance(ours, set | frozenset):
        plain = all(type(one) in (int, str, float, bool, type(None)) for one in ours)
        if type(ours) is not type(real) or len(ours) != len(real) or (plain and ours != real):
            raise Differs(f"{path}: {ours!r} against {real!r}")
        return
    if type(ours) in (int, float, str, bool, type(None), complex, bytes, range):
        if type(ours) is not type(real) or repr(ours) != repr(real):
            raise Differs(f"{path}: {ours!r} against {real!r}")
        return
    if isinstance(ours, Class) and not isinstance(real, type):
        raise Differs(f"{path}: {ours!r} against {real!r}")


def agree_all(machine, names):
    """Every global of a run."""
    for name, ours in machine.globals.vars.items():
        if name.startswith("__"):
            continue
        if type(ours) is Opaque:
            continue
        if name not in names:
            raise Differs(f"{name} is not bound by CPython, is {ours!r} here")
        agree(machine, ours, names[name], name)
    for name, real in names.items():
        if not name.startswith("__") and name not in machine.globals.vars and name not in ("ext", "u0", "u1", "u2"):
            raise Differs(f"{name} is {real!r} in CPython, not bound here")


def known_as_in_cpython(text, names="abcdr"):
    """Both follow the text to its end and come to the same; what is bound to the names is known, whole."""
    real, error = run_python(text)
    machine, fault = interpret(text)
    assert (error, fault) == ("", None), fault and fault.detail
    agree_all(machine, real)
    told = {name: value for name, value in machine.globals.vars.items() if name in names}
    assert "a" in told
    for name, value in told.items():
        assert type(value) is not Opaque, name
        assert "unknown" not in repr(value), name


class Adversary:
    """A function of another file: it keeps what it is given and can reach, changes some of it, and calls what it can."""

    def __init__(self, rng):
        self.rng, self.known, self.calls = rng, [], 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.calls > 60:
            raise Stopped
        for one in args:
            self.learn(one, 0)
        for _ in range(self.rng.randrange(3)):
            if self.known:
                self.act(self.known[self.rng.randrange(len(self.known))])
        if self.known and self.rng.random() < 0.4:
            return self.known[self.rng.randrange(len(self.known))]
        choice = self.rng.randrange(6)
        if choice == 0 and self.rng.random() < 0.3:
            raise ValueError("of another file")
        return [0, 1, [1, 2], "x", self, {"x": 1}][choice]

    make = property(lambda self: self)

    def learn(self, value, depth):
        if depth > 4 or any(one is value for one in self.known) or len(self.known) > 60:
            return
        if isinstance(value, list | dict | set) or callable(value) or hasattr(value, "p"):
            self.known.append(value)
        if isinstance(value, dict):
            for one in list(value.values()):
                self.learn(one, depth + 1)
        elif isinstance(value, list | tuple):
            for one in list(value):
                self.learn(one, depth + 1)
        elif hasattr(value, "p") and not isinstance(value, type):
            for one in list(vars(value).values()):
                self.learn(one, depth + 1)

    def act(self, value):
        try:
            if isinstance(value, list):
                self.rng.choice(
                    [lambda: value.append(self.rng.choice(self.known)), value.clear, lambda: value.insert(0, 9)]
                )()
            elif isinstance(value, dict):
                self.rng.choice([lambda: value.update(x=8), value.clear, lambda: value.update(z=[])])()
            elif isinstance(value, set):
                value.add(77)
            elif value is not self and callable(value):
                made = value(*[self.rng.choice([1, [2], *self.known]) for _ in range(self.rng.randrange(3))])
                self.learn(made, 0)
                if hasattr(made, "__next__"):
                    list(zip(made, range(5), strict=False))
            elif hasattr(value, "p"):
                self.rng.choice(
                    [lambda: setattr(value, "p", 55), lambda: setattr(value, "q", []), lambda: setattr(value, "new", 1)]
                )()
        except Exception:
            pass


def inputs(seed, rng):
    """Values for the free names of a program: the same seed gives the same."""
    plain = [
        0,
        1,
        -3,
        2.5,
        "",
        "x",
        "xy",
        None,
        True,
        [],
        [1, 2, 3],
        {},
        {"x": 1},
        (1, 2),
        [[1], [2]],
        range(3),
        {1, 2},
    ]
    return {"ext": Adversary(rng), **{f"u{i}": rng.choice([*plain, Adversary(rng)]) for i in range(3)}}


class Typed(Programs):
    """Programs that mostly run: numbers i…, lists l…, dicts d…, objects o…, functions; inputs u… decide some branches."""

    def __init__(self, rng, free=("u0", "u1", "u2")):
        super().__init__(rng, free, True)
        self.ints, self.lists, self.dicts, self.objects, self.calls = ["i0"], ["l0"], ["d0"], ["o0"], []

    def program(self, size=10):
        lines = [
            "class O:",
            "    def __init__(self): self.p = 1; self.q = []",
            "    def inc(self, by=1):",
            "        self.p += by",
            "        self.q.append(by)",
            "        return self.p",
            "i0 = 1",
            "l0 = [1, 2]",
            "d0 = {'x': 1, 'y': 2}",
            "o0 = O()",
        ]
        for _ in range(size):
            lines += self.statement()
        return "\n".join(lines) + "\n"

    def number(self, d=0):
        k = self.rng.randrange(14)
        if d > 2 or k < 4:
            return self.pick([*self.ints, *self.ints, "0", "1", "2", "5"])
        n = self.number
        return [
            lambda: f"({n(d + 1)} {self.pick(['+', '-', '*'])} {n(d + 1)})",
            lambda: f"len({self.pick(self.lists + self.dicts)})",
            lambda: f"sum({self.pick(self.lists)})",
            lambda: f"{self.pick(self.objects)}.p",
            lambda: f"{self.pick(self.objects)}.inc({n(d + 1)})",
            lambda: f"{self.pick(self.dicts)}.get({self.pick(['repr(1)', repr('x'), repr('z')])}, 3)",
            lambda: f"({n(d + 1)} if {self.test()} else {n(d + 1)})",
            lambda: f"({self.test()} and {n(d + 1)})",
            lambda: f"{self.pick(self.calls)}({n(d + 1)})" if self.calls else "4",
            lambda: f"({self.pick(self.ints)} := {n(d + 1)})" if not self.inside else "6",
        ][k - 4]()

    def test(self):
        if self.chance(0.45):
            return self.pick(["u0", "u1 == 1", "u2 is None", "ext(1)", "u0 or u1", "not u2", "isinstance(u1, int)"])
        return self.pick(
            [
                f"{self.pick(self.ints)} > {self.rng.randrange(4)}",
                f"1 in {self.pick(self.lists)}",
                self.pick(self.lists),
                f"{self.pick(self.objects)}.p == {self.number(2)}",
                f"'x' in {self.pick(self.dicts)}",
            ]
        )

    def anything(self):
        return self.pick(
            [
                *self.ints,
                *self.lists,
                *self.dicts,
                *self.objects,
                *self.calls,
                "u0",
                "1",
                "[1]",
                f"lambda: {self.pick(self.lists)}.append(1)",
                f"{self.pick(self.objects)}.inc",
                f"[{self.pick(self.lists)}]",
            ]
        )

    def statement(self):
        k = self.rng.randrange(17 if self.depth < 3 else 10)
        if self.chance(0.12):
            return [
                self.pick(
                    [
                        f"ext({self.anything()})",
                        f"ext({self.anything()}, {self.anything()})",
                        "ext()",
                        f"ext.make = {self.anything()}" if False else f"ext.make({self.anything()})",
                    ]
                )
            ]
        return [
            lambda: [f"{self.int_target()} {self.pick(['=', '=', '+='])} {self.number()}"],
            lambda: [f"{self.pick(self.lists)}.{self.pick(['append', 'append', 'extend', 'insert'])}({self.number()})".replace("extend(", "extend([").replace("])", ")") if False else f"{self.pick(self.lists)}.append({self.number()})"],
            lambda: [f"{self.pick(self.dicts)}[{self.pick([repr('x'), repr('z'), 'i0'])}] = {self.number()}"],
            lambda: [f"{self.pick(self.objects)}.p {self.pick(['=', '+='])} {self.number()}"],
            lambda: self.fresh_value(),
            lambda: [f"{self.pick(self.lists)} += [{self.number()}]"],
            lambda: [f"[{self.pick(self.lists)}.append({self.pick(['c', '1'])}) for c in {self.source()} if {self.test()}]"],
            lambda: self.s_jump(),
            lambda: [f"if {self.test()}:", f"    {self.pick([f'{self.pick(self.lists)}.clear()', 'raise ValueError', f'{self.pick(self.ints)} = 9'])}"],
            lambda: [f"{self.pick(self.lists)} = {self.pick([*self.lists, f'[*{self.pick(self.lists)}]', f'(u0, {self.pick(self.lists)})[1]'])}"],
            lambda: [f"if {self.test()}:", *self.block(), *(["else:", *self.block()] if self.chance(0.6) else [])],
            lambda: [f"if {self.test()}:", *self.block(), *(["else:", *self.block()] if self.chance(0.6) else [])],
            lambda: self.looped(f"for {self.fresh('x')} in {self.source()}:", []),
            lambda: self.while_(),
            lambda: self.function(),
            lambda: ["try:", *self.block(), f"except {self.pick(['ValueError', 'Exception', 'KeyError'])}:", *self.block(1),
                     *(["else:", *self.block(1)] if self.chance(0.3) else []), *(["finally:", *self.block(1)] if self.chance(0.3) else [])],
            lambda: self.yielding(),
        ][k]()  # fmt: skip

    def int_target(self):
        if self.chance(0.3) and not self.inside:
            self.ints.append(self.fresh("i"))
            return self.ints[-1] + " = 0; " + self.ints[-1]
        return self.pick(self.ints)

    def fresh_value(self):
        kind, name = self.pick([("lists", "l"), ("dicts", "d"), ("objects", "o")])
        if self.inside:
            return ["pass"]
        n = self.fresh(name)
        known = getattr(self, kind)
        value = {
            "l": self.pick([f"[{self.number()}]", *known]),
            "d": f"{{'x': {self.number()}}}",
            "o": self.pick(["O()", *known]),
        }[name]
        known.append(n)
        return [f"{n} = {value}"]

    def source(self):
        return self.pick([*self.lists, *self.lists, "u0", "u1", "range(3)", *self.dicts, "list(u2 or [])"])

    def s_jump(self):
        words = (
            (["break", "continue"] if self.loop else [])
            + ([f"return {self.number()}"] if self.inside else [])
            + ["raise KeyError(1)"]
        )
        return [f"if {self.test()}:", f"    {self.pick(words)}"]

    def looped(self, head, first):
        self.loop, loop = 1, self.loop
        body = self.block()
        self.loop = loop
        return [head, *first, *body, *(["else:", *self.block(1)] if self.chance(0.2) else [])]

    def while_(self):
        n = self.fresh("w")
        return [
            f"{n} = 0",
            *self.looped(
                f"while {n} < {self.pick(['3', '3', 'len(l0)'])} and ({self.test()} or True):", [f"    {n} += 1"]
            ),
        ]

    def function(self):
        n = self.fresh("f")
        inside, loop, depth = self.inside, self.loop, self.depth
        declared = self.pick(self.ints)
        word = "nonlocal" if inside and self.chance(0) else "global"
        self.inside, self.loop = 1, 0
        body = self.block()
        self.inside, self.loop, self.depth = inside, loop, depth
        self.calls.append(n)
        names = ", ".join(sorted({declared, *self.pick([[], self.ints])}))
        lists = "    global " + ", ".join(self.lists + self.dicts + self.objects)
        return [
            f"def {n}(a=1):",
            f"    {word} {names}",
            *([lists] if self.chance(0.9) else []),
            *body,
            f"    return {self.number()}",
        ]

    def yielding(self):
        n = self.fresh("g")
        self.ints.append(f"{n}t")
        return [
            f"def {n}(k):",
            "    for j in range(3):",
            f"        {self.pick(self.lists)}.append(j)",
            f"        if {self.test()}: {self.pick(['yield 7', 'return', 'pass'])}",
            "        yield j",
            f"{n}t = {self.pick(['next', 'sum'])}({n}(1))",
            f"for z in {n}(2):",
            *self.block(1),
        ]
