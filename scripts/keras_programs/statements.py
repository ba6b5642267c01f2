"""Statements that let a model grow: a layer at a time, in loops, branches, functions, lists and operators."""

from dataclasses import dataclass, replace

from keras_programs.layers import WRONG

TENSOR_WORDS = {  # operations on a tensor x that keep its space
    "vector": (
        "{x} * 2.0", "{x} + 1", "-{x}", "{x} - 0.5", "1 - {x}", "{x} / 3", "{x} ** 2", "{x} + {x}", "{x}[:, :2]", "{x}[:, ::-1]",
        "ops.relu({x})", "ops.concatenate([{x}, {x}], axis=-1)", "ops.reshape({x}, (-1, {x}.shape[-1]))", "abs({x})",
        "ops.softmax({x})", "ops.maximum({x}, 0.0)", "ops.tanh({x})", "{x}[:, 1:]", "2.0 * {x} * {x}", "ops.square({x})",
        "ops.expand_dims({x}, 1)[:, 0]", "ops.sum(ops.expand_dims({x}, -1), axis=-1)", "{x}[..., :-1]", "ops.add({x}, {x})",
    ),
    "sequence": (
        "{x} + 0.1", "{x}[:, 1:]", "{x}[:, ::2]", "{x} * {x}", "ops.transpose({x}, (0, 2, 1))", "{x}[:, :, :2]", "{x}[..., ::-1]",
        "ops.concatenate([{x}, {x}], axis=1)", "ops.relu({x})", "{x}[:, -2:, :]", "ops.flip({x}, axis=1)", "{x} / 2",
        "ops.repeat({x}, 2, axis=1)", "ops.mean({x}, axis=-1, keepdims=True)", "ops.pad({x}, [[0, 0], [1, 1], [0, 0]])",
        "ops.swapaxes({x}, 1, 2)", "ops.matmul({x}, ops.transpose({x}, (0, 2, 1)))", "{x} @ ops.swapaxes({x}, 1, 2)",
    ),
    "image": (
        "{x} * 0.5", "{x}[:, 1:-1, 1:-1, :]", "{x}[:, ::2, ::2]", "ops.concatenate([{x}, {x}], axis=-1)", "{x} + {x}", "-{x}",
        "ops.transpose({x}, (0, 2, 1, 3))", "ops.relu6({x})", "{x}[..., :1]", "ops.mean({x}, axis=3, keepdims=True)",
        "ops.max({x}, axis=-1, keepdims=True)", "{x} / 255.0 - 1", "ops.moveaxis({x}, 1, 2)",
    ),
}  # fmt: skip
TENSOR_LEAVES = {
    "vector": (("ops.expand_dims({x}, axis=-1)", "sequence"), ("{x}[:, None, :]", "sequence"), ("{x}[:, None]", "sequence")),
    "sequence": (
        ("{x}[:, 0]", "vector"), ("{x}[:, -1, :]", "vector"), ("ops.mean({x}, axis=1)", "vector"),
        ("ops.reshape({x}, (-1, {x}.shape[1] * {x}.shape[2]))", "vector"), ("ops.max({x}, axis=-1)", "vector"),
        ("ops.expand_dims({x}, -1)", "image"), ("ops.sum({x}, axis=(1,))", "vector"), ("{x}[:, :, 0]", "vector"),
    ),
    "image": (
        ("ops.mean({x}, axis=(1, 2))", "vector"), ("{x}[:, 0, 0]", "vector"), ("{x}[:, 0]", "sequence"), ("{x}[..., 0]", "sequence"),
        ("ops.reshape({x}, (-1, {x}.shape[1] * {x}.shape[2], {x}.shape[3]))", "sequence"), ("ops.max({x}, axis=1)", "sequence"),
    ),
}  # fmt: skip
MERGES = ("Add", "Concatenate", "Average", "Maximum", "Multiply", "Concatenate")


@dataclass(frozen=True)
class Place:
    """Where layers go: a tensor ("call"), a Sequential ("add") or a list ("append"), its name and its space."""

    way: str
    name: str
    space: str
    inside: bool = False  # in a loop, branch or function, after which the space has to be the one before


class Statements:
    """Writes statements by which what is at a place grows."""

    def __init__(self, writer, layers):
        self.w, self.layers = writer, layers
        self.helpers = []  # (name, space, ways to write the rest of the arguments)
        self.deep = 0

    # -- one layer

    def put(self, place, layer):
        w, name = self.w, place.name
        if place.way == "call":
            way = w.rng.randrange(12)
            if way == 0:
                part = w.fresh("layer")
                w.line(f"{part} = {layer}\n{name} = {part}({name})")
            elif way == 1:
                part = w.fresh("layer")
                w.line(f"{name} = ({part} := {layer})({name})")
            else:
                w.line(f"{name} = {layer}({name})")
        elif place.way == "add":
            w.line(f"{name}.add({layer})")
        else:
            forms = (
                "{}.append({})",
                "{} += [{}]",
                "{0} = [*{0}, {1}]",
                "{0} = {0} + [{1}]",
                "{}.extend([{}])",
                "{0}.insert(len({0}), {1})",
            )
            w.line(w.pick(forms).format(name, layer))

    def layer(self, place):
        """A layer that keeps the space."""
        self.put(place, self.layers.stays(place.space))

    def move(self, place, wanted=None):
        """A layer or operation that leads into another space."""
        if place.way == "call" and self.w.chance(0.3):
            ways = [one for one in TENSOR_LEAVES.get(place.space, ()) if wanted in (None, one[1])]
            if ways:
                form, after = self.w.pick(ways)
                self.w.line(f"{place.name} = {form.format(x=place.name)}")
                return replace(place, space=after)
        layer, after = self.layers.leaves(place.space, wanted)
        self.put(place, layer)
        return replace(place, space=after)

    # -- several

    def grow(self, place, count):
        """Some statements; gives the place with the space that it has then."""
        for _ in range(count):
            if place.space == "classes":
                place = self.move(place)
                continue
            if not place.inside and self.w.chance(0.15):
                place = self.move(place)
                continue
            self.step(place)
        return place

    def step(self, place):
        w = self.w
        if w.chance(0.35) or self.deep > 2:
            return self.layer(place)
        kinds = [self.loop, self.loop, self.counted, self.branch, self.branch, self.tried, self.chosen, self.table, self.helper, self.helper,
                 self.whole, self.plain, self.configured, self.matched, self.partial]  # fmt: skip
        if place.way == "call":
            kinds += [self.residual, self.parallel, self.shared, self.operator, self.operator, self.sized, self.folded,
                      self.nested, self.closure, self.several]  # fmt: skip
        self.deep += 1
        w.pick(kinds)(place)
        self.deep -= 1

    def body(self, place, most=2):
        self.grow(replace(place, inside=True), 1 + self.w.rng.randrange(most))

    def plain(self, place):
        """A plain value more, and a layer."""
        w = self.w
        way = w.rng.randrange(7)
        if way == 0:
            w.bind(w.fresh("sizes"), w.sizes())
        elif way == 1:
            w.bind(w.fresh("flag"), w.condition())
        elif way == 2:
            w.bind(
                w.fresh("conf"), w.pick((f"{{'units': {w.size()}, 'rate': 0.5}}", f"dict(a={w.size()}, b={w.size()})"))
            )
        elif way == 3:
            a, b = w.fresh("n"), w.fresh("n")
            w.line(f"{a}, {b} = {w.size()}, {w.size()}")
            found = w.value("(" + w.lines[-1].partition(" = ")[2] + ")")
            w.env |= {a: found[0], b: found[1]} if found else {}
        elif way == 4 and (names := [n for n in w.known((int,)) if w.env[n] < 6 and n in self.local(place)]):
            name = w.pick(names)
            w.line(f"{name} += 1")
            w.env[name] += 1
        else:
            w.bind(w.fresh("n"), w.size())
        self.layer(place)

    def local(self, place):
        """Names that may be bound anew here: not those of a function around it."""
        return [name for name in self.w.known((int,)) if not place.inside and not self.w.depth]

    def loop(self, place):
        w, i, n = self.w, self.w.fresh("i"), self.w.fresh("n")
        heads = [
            (f"for {i} in range({w.pick((1, 2, 3))}):", {i: 1}), (f"for {n} in {w.sizes()}:", {n: 4}),
            (f"for {i}, {n} in enumerate({w.sizes()}):", {i: 1, n: 4}), ("for _ in range(2):", {}),
            (f"for {n}, {i} in zip({w.sizes()}, range(1, 9)):", {i: 1, n: 4}), (f"for {i} in reversed(range(1, 3)):", {i: 1}),
            (f"for {i} in range(1, 6, 2):", {i: 1}), (f"for {i}, {n} in {{1: 4, 2: 3}}.items():", {i: 1, n: 4}),
            (f"for {n} in sorted({{5, 3}}, reverse=True):", {n: 3}), (f"for {n} in [q for q in {w.sizes()} if q > 2]:", {n: 3}),
        ]  # fmt: skip
        head, names = w.pick(heads)
        with w.block(head, names):
            if names and w.chance(0.2):
                word = next(iter(names))
                w.line(f"if {word} {w.pick(('>', '==', '%'))} {w.pick((2, 3))}:\n    {w.pick(('continue', 'break'))}")
            self.body(place)
        if w.chance(0.1):
            with w.block("else:"):
                self.body(place, 1)

    def counted(self, place):
        w, n = self.w, self.w.fresh("n")
        start = w.pick((1, 2, 4))
        w.line(f"{n} = {start}")
        head, after = w.pick(
            [(f"while {n} < 7:", f"{n} *= 2"), (f"while {n} <= 5:", f"{n} += 2"), (f"while {n}:", f"{n} -= 1")]
        )
        with w.block(head, {n: start}):
            self.body(place, 1)
            w.line(after)

    def branch(self, place):
        w = self.w
        with w.block(f"if {w.condition()}:"):
            self.body(place)
        if w.chance(0.3):
            with w.block(f"elif {w.condition()}:"):
                self.body(place)
        if w.chance(0.6):
            with w.block("else:"):
                self.body(place)

    def tried(self, place):
        """What is tried may raise or not; layers made before it did are made."""
        w = self.w
        error = w.pick(
            (
                "KeyError",
                "Exception",
                "(KeyError, ValueError)",
                "LookupError",
                "ZeroDivisionError",
                "(TypeError, IndexError)",
            )
        )
        with w.block("try:"):
            if w.chance(0.5):
                self.body(place, 1)
            if w.chance(0.15):
                self.put(place, self.layers.filled(w.pick(WRONG)))
            elif w.chance(0.6):
                w.line(
                    w.pick(
                        (
                            "{}['a']",
                            "1 / 0",
                            "raise ValueError('no')",
                            "raise KeyError",
                            "[][1]",
                            "int('x')",
                            "None + 1",
                            "pass",
                        )
                    )
                )
            if w.chance(0.4):
                self.body(place, 1)
        with w.block(f"except {error}:" if w.chance(0.8) else f"except {error.split(',')[0].strip('(')} as error:"):
            self.body(place, 1)
        if w.chance(0.2):
            with w.block("else:"):
                self.body(place, 1)
        if w.chance(0.2):
            with w.block("finally:"):
                self.body(place, 1)

    def chosen(self, place):
        one, other = self.layers.stays(place.space), self.layers.stays(place.space)
        w = self.w
        if place.way == "call" and w.chance(0.5):
            w.line(
                f"{place.name} = {one}({place.name}) if {w.condition()} else {w.pick((place.name, f'{other}({place.name})'))}"
            )
        else:
            self.put(place, w.pick((f"({one} if {w.condition()} else {other})", f"[{one}, {other}][{w.pick((0, 1, -1))}]",
                                    f"{{'a': {one}, 'b': {other}}}['b']", f"({w.pick(('None', '0'))} or {one})",
                                    f"(lambda: {one})()")))  # fmt: skip

    def table(self, place):
        """Layers of a list, run through."""
        w, layer = self.w, self.w.fresh("layer")
        listed = ", ".join(self.layers.stays(place.space) for _ in range(w.pick((2, 3))))
        name = w.fresh("parts")
        w.line(f"{name} = [{listed}]")
        part = w.pick(("", "", "[::-1]", "[1:]", "[:1]", "[-1:]"))
        with w.block(f"for {layer} in {name}{part}:"):
            self.put(place, layer)

    def configured(self, place):
        """Layers by class and keywords."""
        w, kind, more = self.w, self.w.fresh("kind"), self.w.fresh("more")
        prefix = self.layers.prefix
        ways = [
            f"[({prefix}Dense, {{'units': {w.size()}}}), ({prefix}Dropout, {{'rate': 0.5}})]",
            f"[({prefix}Dense, dict(units={w.size()}, activation='relu')), ({prefix}BatchNormalization, {{}})]",
        ]
        with w.block(f"for {kind}, {more} in {w.pick(ways)}:"):
            self.put(place, f"{kind}(**{more})")

    def partial(self, place):
        w, name = self.w, self.w.fresh("Make")
        prefix = self.layers.prefix
        forms = (
            f"import functools\n{name} = functools.partial({prefix}Dense, activation='relu')",
            f"from functools import partial\n{name} = partial({prefix}Dense, use_bias=False)",
            f"{name} = lambda n, **more: {prefix}Dense(n, **more)", f"{name} = {prefix}Dense",
            f"def {name}(n=3, *rest, **more):\n    return {prefix}Dense(n, *rest, **more)",
        )  # fmt: skip
        w.line(w.pick(forms))
        for _ in range(w.pick((1, 2))):
            self.put(place, f"{name}({w.size()}{w.pick(('', ', name=' + repr(w.fresh('own_'))))})")

    def matched(self, place):
        w = self.w
        with w.block(f"match {w.pick((w.atom(), repr('small'), '(1, 4)'))}:"):
            for pattern in w.pick((("1 | 2 | 3", "4"), ("'big'", "'small'"), ("(1, 2)", "(1, _)"))):
                with w.block(f"case {pattern}:"):
                    self.body(place, 1)
            with w.block("case _:"):
                self.body(place, 1)

    # -- functions

    def helper(self, place):
        """A function of the text that the place is given to."""
        w = self.w
        if place.way == "append" or w.depth > 2:
            return self.layer(place)
        alike = [one for one in self.helpers if one[1:3] == (place.way, place.space) and one[0] in w.env]
        if alike and w.chance(0.5):
            name, _, _, calls = w.pick(alike)
        else:
            name, calls = self.function(place)
        for _ in range(w.pick((1, 1, 2))):
            call = w.pick(calls).format(x=place.name, n=w.size(), name=name)
            w.line(f"{place.name} = {call}" if place.way == "call" else call)

    def function(self, place):
        w, name = self.w, self.w.fresh("block")
        head, names, calls = w.pick([
            ("x, n", {"n": 4}, ("{name}({x}, {n})", "{name}({x}, n={n})", "{name}(n={n}, x={x})", "{name}(*[{x}, {n}])")),
            ("x, n=4, act='relu'", {"n": 4, "act": "relu"}, ("{name}({x})", "{name}({x}, {n}, 'tanh')", "{name}({x}, act=None)")),
            ("x, *sizes", {"sizes": (4, 3)}, ("{name}({x}, {n}, 3)", "{name}({x}, 2, *[{n}, 4])")),
            ("x, n, **more", {"n": 4, "more": {"k": 2}}, ("{name}({x}, {n}, k=3)", "{name}({x}, **{{'n': {n}, 'k': 2}})")),
            ("x, n, *, flag=True", {"n": 4, "flag": True}, ("{name}({x}, {n})", "{name}({x}, {n}, flag=False)")),
            ("x, depth=2", {"depth": 2}, ("{name}({x})", "{name}({x}, depth=3)", "{name}({x}, 1)")),
            ("x, n: int = 4, flag: bool = False", {"n": 4, "flag": False}, ("{name}({x}, {n}, True)", "{name}({x})")),
        ])  # fmt: skip
        if w.chance(0.15):
            w.line(
                "def same(f):\n    def inner(*args, **kwargs):\n        return f(*args, **kwargs)\n    return inner\n@same"
            )
        with w.block(f"def {name}({head}):", names):
            if w.chance(0.3):
                w.line('"""A part of the network."""')
            if "depth" in names and place.way == "call" and w.chance(0.5):
                w.line(f"if depth == 0:\n    return x\nx = {name}(x, depth - 1)")
            if "more" in names:
                w.bind("k", "more['k']")
            self.body(Place(place.way, "x", place.space, True), 3)
            if place.way == "call":
                w.line("return x")
        w.env[name] = name.encode()  # no plain value that an expression may use
        self.helpers.append((name, place.way, place.space, calls))
        return name, calls

    def closure(self, place):
        """A function that gives a function."""
        w, name = self.w, self.w.fresh("maker")
        with w.block(f"def {name}(n, act='relu'):", {"n": 4, "act": "relu"}):
            with w.block("def apply(x, m=2):" if w.chance(0.5) else "def apply(x):"):
                self.body(Place("call", "x", place.space, True), 2)
                w.line("return x")
            w.line("return apply")
        w.line(f"{place.name} = {name}({w.size()})({place.name})")

    def whole(self, place):
        """Layers that a comprehension or generator makes."""
        w, n = self.w, self.w.fresh("n")
        with_name = dict(w.env)
        w.env[n] = 4
        layer = self.layers.stays(place.space)
        w.env = with_name
        listed = w.pick(
            (
                f"[{layer} for {n} in {w.sizes()}]",
                f"list({layer} for {n} in range(2, 4))",
                f"[{layer} for {n} in (2, 3) if {n} > 2]",
            )
        )
        if place.way == "append":
            w.line(f"{place.name} {w.pick(('+=', '+='))} {listed}")
        elif place.way == "add" and w.chance(0.3):
            w.line(f"[{place.name}.add(one) for one in {listed}]")
        else:
            with w.block(f"for one in {listed}:"):
                self.put(place, "one")

    # -- of tensors

    def operator(self, place):
        self.w.line(f"{place.name} = {self.w.pick(TENSOR_WORDS[place.space]).format(x=place.name)}")

    def residual(self, place):
        w, kept = self.w, self.w.fresh("skip")
        w.line(f"{kept} = {place.name}")
        self.body(place, 1)
        merge, x = w.pick(MERGES), place.name
        prefix = self.layers.prefix
        forms = [
            f"{prefix}{merge}()([{x}, {kept}])",
            f"{prefix}Concatenate(axis=-1)([{kept}, {x}])",
            f"{x} + {kept}",
            f"{kept} * {x}",
        ]
        if w.chance(0.5):
            w.line(f"{kept} = {prefix}Dense({x}.shape[-1])({kept})")
        with w.block(f"if {x}.shape == {kept}.shape:") if w.chance(0.4) else w.block("if True:"):
            w.line(f"{x} = {w.pick(forms)}")

    def parallel(self, place):
        """Branches side by side."""
        w, x, n = self.w, place.name, self.w.fresh("n")
        before = dict(w.env)
        w.env[n] = 4
        layer = self.layers.stays(place.space)
        w.env = before
        prefix = self.layers.prefix
        merge = w.pick(
            (f"{prefix}Concatenate()", f"{prefix}Add()", f"{prefix}Concatenate(axis=-1)", f"{prefix}Average()")
        )
        form = w.pick((
            f"{x} = {merge}([{layer}({x}) for {n} in {w.sizes()}])",
            f"sides = [{layer}({x}) for {n} in (4, 4)]\n{x} = {merge}(sides)",
            f"sides = []\nfor {n} in (3, 3):\n    sides.append({layer}({x}))\n{x} = {merge}(sides) if len(sides) > 1 else sides[0]",
            f"sides = {{'a': {x}, 'b': {self.layers.stays(place.space)}({x})}}\n{x} = {merge}(list(sides.values()))",
            f"{x} = {merge}([{x}, *({layer}({x}) for {n} in (2, 3))])",
        ))  # fmt: skip
        w.line(form)

    def shared(self, place):
        w, part, x = self.w, self.w.fresh("shared"), place.name
        w.line(f"{part} = {self.layers.stays(place.space)}")
        w.line(w.pick((f"{x} = {self.layers.prefix}Add()([{part}({x}), {part}({x})])", f"{x} = {part}({x})\n{x} = {part}({x})",
                       f"for _ in range(2):\n    {x} = {part}({x})", f"a, b = {part}({x}), {part}({x})\n{x} = a + b")))  # fmt: skip

    def sized(self, place):
        """A number of the shape of the tensor."""
        w, x, n = self.w, place.name, self.w.fresh("n")
        axis = {"vector": ("-1", "1"), "sequence": ("-1", "2"), "image": ("-1", "3")}[place.space]
        at = w.pick(
            (
                f"{x}.shape[{w.pick(axis)}]",
                f"int({x}.shape[-1])",
                f"keras.backend.int_shape({x})[-1]",
                f"tuple({x}.shape)[-1]",
            )
        )
        w.line(f"{n} = {w.pick((at, at + ' * 2', at + ' // 2 + 1', f'max({at}, 3)', f'min({at}, 6)'))}")
        w.line(f"{x} = {self.layers.prefix}Dense({n})({x})")

    def folded(self, place):
        """Layers of a list, called one after another."""
        w, name, x = self.w, self.w.fresh("parts"), place.name
        w.line(f"{name} = [{', '.join(self.layers.stays(place.space) for _ in range(2))}]")
        w.line(w.pick((f"import functools\n{x} = functools.reduce(lambda t, one: one(t), {name}, {x})",
                       f"while {name}:\n    {x} = {name}.pop(0)({x})", f"first, *rest = {name}\n{x} = first({x})\nfor one in rest:\n    {x} = one({x})",
                       f"{x} = {name}[-1]({name}[0]({x}))")))  # fmt: skip

    def nested(self, place):
        w, name, x = self.w, self.w.fresh("inner"), place.name
        listed = ", ".join(self.layers.stays(place.space) for _ in range(2))
        prefix = self.layers.prefix
        w.line(w.pick((f"{name} = Sequential([{listed}])", f"{name} = Sequential([Input({x}.shape[1:]), {listed}], name='{name}')",
                       f"{name} = Sequential()\n{name}.add({self.layers.stays(place.space)})",
                       f"{name}_in = Input(shape={x}.shape[1:])\n{name} = Model({name}_in, {prefix}Dense(3)({name}_in))")))  # fmt: skip
        for _ in range(w.pick((1, 1, 2))):
            w.line(f"{x} = {name}({x})")

    def several(self, place):
        """Two of them at once, unpacked."""
        w, x = self.w, place.name
        with w.block(f"def {(name := w.fresh('pair'))}(x):"):
            w.line(
                f"a = {self.layers.stays(place.space)}(x)\nb = {self.layers.stays(place.space)}(a)\nreturn {w.pick(('a, b', '[a, b]', '(b, a)'))}"
            )
        w.line(w.pick((f"{x}, other = {name}({x})", f"_, {x} = {name}({x})", f"*_, {x} = {name}({x})", f"{x} = {name}({x})[0]",
                       f"{x} = sum({name}({x}))" if w.chance(0.3) else f"{x} = {name}({x})[-1]")))  # fmt: skip
