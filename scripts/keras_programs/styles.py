"""Whole programs: imports, values, a model in one of the styles that people use, and what is done with it then."""

import random

from keras_programs.endings import Endings
from keras_programs.layers import INPUTS, Layers
from keras_programs.statements import Place, Statements
from keras_programs.values import Writer

HEADS = (
    ("", "from keras.layers import *\nfrom keras.models import Model, Sequential\nfrom keras import ops\nimport keras"),
    ("layers.", "import keras\nfrom keras import layers, ops, Input, Model, Sequential"),
    ("keras.layers.", "import keras\nfrom keras import ops\nfrom keras.models import *\nfrom keras.layers import Input"),
    ("tf.keras.layers.", "import tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import Input, Model, Sequential\nfrom keras import ops"),
    ("L.", "import keras, keras.layers as L\nfrom keras import models, ops\nInput, Model, Sequential = keras.Input, models.Model, models.Sequential"),
    ("", "import keras\nfrom keras import *\nfrom keras.layers import *"),
)  # fmt: skip


class Styles:
    """One program in the writing."""

    def __init__(self, seed):
        self.w = Writer(random.Random(seed))
        self.prefix, self.head = self.w.pick(HEADS)
        self.layers = Layers(self.w, self.prefix)
        self.layers.wrong = 0.06 if self.w.chance(0.25) else 0.0
        self.s = Statements(self.w, self.layers)
        self.e = Endings(self.w, self.layers)

    def text(self):
        w = self.w
        w.line(self.head + "\nimport math\nimport numpy as np")
        for _ in range(w.pick((0, 1, 2, 3))):
            self.value()
        ways = (self.graph, self.graph, self.graph, self.stack, self.stack, self.listed, self.function, self.function, self.stacked_function,
                self.builder, self.module_class, self.subclass, self.subclass, self.layer_class, self.two, self.pair, self.config)  # fmt: skip
        w.pick(ways)()
        self.e.write()
        return "\n".join(w.lines) + "\n"

    def value(self):
        w = self.w
        way = w.rng.randrange(6)
        if way == 0:
            w.bind(w.pick(("sizes", "filters", "units")), w.sizes())
        elif way == 1:
            w.bind(w.pick(("use_bn", "deep", "flag")), w.condition())
        elif way == 2:
            w.bind(
                w.pick(("config", "params")), f"{{'units': {w.size()}, 'depth': {w.pick((1, 2, 3))}, 'act': 'relu'}}"
            )
        elif way == 3:
            w.bind("act", w.pick(("'relu'", "'tanh'", "'relu' if 1 else None")))
        else:
            w.bind(w.pick(("n", "width", "classes", "N")), w.size())

    def start(self):
        space = self.w.pick(("vector", "vector", "sequence", "image", "image", "classes"))
        return space, self.w.pick(INPUTS[space])

    def input(self, name, space, shape):
        w = self.w
        kind = w.pick(("Input", "Input", "keras.Input"))
        more = w.pick(
            (
                "",
                "",
                f", name='{name}'",
                ", batch_size=3" if w.chance(0.3) else "",
                ", dtype='float32'" if space != "classes" else "",
            )
        )
        w.line(f"{name} = {kind}({w.pick(('shape=', 'shape=', ''))}{shape}{more})")

    def end(self, place):
        """To a vector, mostly, and a last layer."""
        while place.space != "vector" and self.w.chance(0.85):
            place = self.s.move(place, "vector" if place.space != "classes" else None)
        if self.w.chance(0.7):
            self.s.put(place, self.layers.filled("Dense({n}, activation='softmax')"))
        return place

    # -- functional

    def graph(self):
        w, (space, shape) = self.w, self.start()
        self.input("inputs", space, shape)
        x = w.pick(("x", "h", "out"))
        w.line(f"{x} = inputs")
        place = self.end(self.s.grow(Place("call", x, space), w.pick((1, 2, 3, 5))))
        w.line("model = " + w.pick((f"Model(inputs, {x})", f"Model(inputs=inputs, outputs={place.name})", f"Model([inputs], [{x}])",
                                    f"keras.Model(inputs=[inputs], outputs={x}, name='net')", f"Model(inputs, outputs={x})")))  # fmt: skip

    def two(self):
        """Several inputs or outputs."""
        w, (space, shape) = self.w, self.start()
        self.input("first", space, shape)
        self.input("second", space, shape if w.chance(0.7) else w.pick(INPUTS[space]))
        ends = []
        for name in ("first", "second"):
            w.line(f"{name}_x = {name}")
            place = self.s.grow(Place("call", f"{name}_x", space), w.pick((1, 2)))
            while place.space != "vector":
                place = self.s.move(place, "vector" if place.space != "classes" else None)
            ends.append(place.name)
        p = self.prefix
        a, b = ends
        forms = (f"{p}Concatenate()([{a}, {b}])", f"{p}Add()([{p}Dense(4)({a}), {p}Dense(4)({b})])", f"{p}concatenate([{a}, {b}])",
                 f"ops.concatenate([{a}, {b}], axis=1)", f"{p}Dot(1)([{p}Dense(3)({a}), {p}Dense(3)({b})])")  # fmt: skip
        w.line(f"x = {w.pick(forms)}")
        self.s.grow(Place("call", "x", "vector", True), w.pick((0, 1, 2)))
        w.line(f"y = {p}Dense(2)(x)")
        w.line("model = " + w.pick(("Model([first, second], y)", "Model(inputs=[first, second], outputs=[x, y])", "Model([first, second], [y, x, y])",
                                    "Model({'first': first, 'second': second}, y)", "Model((first, second), {'y': y, 'x': x})")))  # fmt: skip

    def pair(self):
        """An encoder and a decoder, or a generator and a judge: models of models."""
        w, (n, m) = self.w, (self.w.size(), self.w.size())
        names = w.pick((("encoder", "decoder"), ("generator", "judge"), ("a", "b")))
        for name, shape, out in ((names[0], f"({m},)", n), (names[1], f"({n},)", m)):
            if w.chance(0.5):
                w.line(f"{name}_in = Input({shape})\n{name}_x = {name}_in")
                self.s.grow(Place("call", f"{name}_x", "vector", True), w.pick((0, 1, 2)))
                w.line(f"{name} = Model({name}_in, {self.prefix}Dense({out})({name}_x))")
            else:
                w.line(f"{name} = Sequential([Input({shape})])")
                self.s.grow(Place("add", name, "vector", True), w.pick((0, 1, 2)))
                w.line(f"{name}.add({self.prefix}Dense({out}))")
        if w.chance(0.4):
            w.line(f"{w.pick(names)}.trainable = False")
        a, b = names
        w.line(w.pick((f"z = Input(({m},))\nmodel = Model(z, {b}({a}(z)))", f"model = Sequential([{a}, {b}])",
                       f"model = Model({a}.input, {b}({a}.output))", f"model = Sequential()\nfor part in ({a}, {b}):\n    model.add(part)",
                       f"model = Model({a}.inputs, [{a}.output, {b}({a}.outputs[0])])",
                       f"z = Input({a}.input_shape[1:])\nh = {a}(z)\nmodel = Model(z, [{b}(h), {b}({self.prefix}Dense({n})(h))])")))  # fmt: skip
        if w.chance(0.3):
            w.line(
                w.pick(
                    (
                        f"{a}.trainable = False",
                        f"for one in {b}.layers:\n    one.trainable = False",
                        f"{b}.trainable = True",
                    )
                )
            )

    # -- sequential

    def stack(self, name="model"):
        w, (space, shape) = self.w, self.start()
        p = self.prefix
        if space == "vector" and w.chance(0.3):
            w.line(
                f"{name} = Sequential()\n{name}.add({p}Dense({w.size()}, {w.pick((f'input_shape={shape}', 'input_dim=6'))}))"
            )
        elif space == "image" and w.chance(0.3):
            w.line(f"{name} = Sequential()\n{name}.add({p}Conv2D({w.size()}, 3, input_shape={shape}))")
        elif w.chance(0.15):
            w.line(f"{name} = Sequential()")
            place = self.end(self.s.grow(Place("add", name, space), w.pick((1, 2, 3))))
            w.line(f"{name}.build((None, *{shape}))")
            return place
        else:
            w.line(w.pick((f"{name} = Sequential([Input({shape})])", f"{name} = Sequential()\n{name}.add(Input({shape}))",
                           f"{name} = keras.Sequential([{p}InputLayer({shape})], name='stack')")))  # fmt: skip
        return self.end(self.s.grow(Place("add", name, space), w.pick((1, 2, 3, 5))))

    def listed(self):
        w, (space, shape) = self.w, self.start()
        w.line(f"parts = [Input({shape})]" if w.chance(0.7) else "parts = []")
        bare = w.lines[-1].endswith("[]")
        self.end(self.s.grow(Place("append", "parts", space), w.pick((1, 2, 3, 4))))
        w.line(
            w.pick(
                (
                    "model = Sequential(parts)",
                    "model = Sequential(layers=parts)",
                    "model = Sequential([*parts])",
                    "model = Sequential(parts, name='listed')",
                )
            )
        )
        if bare:
            w.line(f"model.build((None,) + {shape})")

    def config(self):
        """A list of what layers are, which a function reads."""
        w, p = self.w, self.prefix
        rows = ", ".join(
            w.pick(
                (
                    f"('dense', {w.size()})",
                    f"('dense', {w.size()})",
                    "('drop', 0.5)",
                    "('norm', None)",
                    "('act', 'relu')",
                )
            )
            for _ in range(4)
        )
        w.line(f"plan = [{rows}]")
        with w.block("def make(kind, value, i=0):"):
            w.line(
                f"if kind == 'dense':\n    return {p}Dense(value, name=f'dense_no_{{i}}')\nelif kind == 'drop':\n    return {p}Dropout(value)"
            )
            w.line(f"if kind == 'norm':\n    return {p}BatchNormalization()\nreturn {p}Activation(value)")
        w.line("model = Sequential([Input((5,))])")
        w.line(w.pick(("for i, (kind, value) in enumerate(plan):\n    model.add(make(kind, value, i))", "for i, row in enumerate(plan):\n    model.add(make(*row, i=i))",
                       "for one in [make(*row, i) for i, row in enumerate(plan)]:\n    model.add(one)",
                       "while plan:\n    kind, value = plan.pop()\n    model.add(make(kind, value, len(plan)))",
                       "for kind, value in plan:\n    model.add(make(kind=kind, value=value))")))  # fmt: skip

    # -- in functions and classes

    def function(self):
        w, (space, shape) = self.w, self.start()
        head, names, call = w.pick([
            ("shape, n", {"n": 4}, ("{name}({shape}, {n})", "{name}(shape={shape}, n={n})", "{name}({shape}, **{{'n': {n}}})")),
            (f"shape={shape}, n=4, deep=True", {"n": 4, "deep": True}, ("{name}()", "{name}(n={n})", "{name}({shape}, {n}, False)")),
            ("shape, sizes=(4, 6), *more", {"sizes": (4, 6)}, ("{name}({shape})", "{name}({shape}, [{n}, 3])", "{name}({shape}, (2, 3), 'a')")),
            ("shape, **conf", {"conf": {"n": 4}}, ("{name}({shape}, n={n})", "{name}({shape}, **dict(n={n}, m=2))")),
        ])  # fmt: skip
        name = w.pick(("build", "build_model", "create", "make_net"))
        with w.block(f"def {name}({head}):", names):
            w.line(f"i = {w.pick(('Input', 'keras.Input'))}(shape=shape)\nx = i")
            self.end(self.s.grow(Place("call", "x", space), w.pick((1, 2, 3, 4))))
            w.line(
                w.pick(
                    (
                        "return Model(i, x)",
                        "model = Model(inputs=i, outputs=x)\nreturn model",
                        "net = Model(i, x)\nnet.compile('adam', 'mse')\nreturn net",
                    )
                )
            )
        call = w.pick(call)
        made = call.format(name=name, shape=shape, n=w.size())
        w.line(w.pick((f"model = {made}", f"model = {made}", f"nets = [{made} for _ in range(2)]\nmodel = nets[1]", f"if __name__ == '__main__':\n    model = {made}",
                       f"def main():\n    global model\n    model = {made}\nmain()", f"model, other = {made}, 3", f"model = other = {made}")))  # fmt: skip

    def stacked_function(self):
        w = self.w
        with w.block("def build(n, depth=2):", {"n": 4, "depth": 2}):
            self.stack("net")
            w.line("return net")
        w.line(f"model = build({w.size()}{w.pick(('', ', 3', ', depth=1'))})")

    def builder(self):
        """A class of the text with methods that make a model."""
        w, (space, shape) = self.w, self.start()
        with w.block("class Builder:"):
            w.line(w.pick(("width = 4", "counter = 0")))
            with w.block("def __init__(self, n, act='relu', **more):"):
                w.line("self.n = n\nself.act = act\nself.more = more" + w.pick(("", "\nself.made = []")))
            with w.block("def block(self, x, n=3):", {"n": 3}):
                w.line("n = self.n + n" if w.chance(0.4) else "n = max(n, 2)")
                self.s.body(Place("call", "x", space if space != "classes" else "sequence", True), 2)
                w.line("return x")
            w.line(w.pick(("@property\ndef size(self):\n    return self.n * 2", "@staticmethod\ndef double(n):\n    return 2 * n",
                           "@classmethod\ndef small(cls):\n    return cls(2)")))  # fmt: skip
            told = w.lines[-1].strip()
            with w.block("def build(self, shape):"):
                w.line("i = Input(shape)\nx = i")
                place = Place("call", "x", space)
                if space == "classes":
                    place = self.s.move(place)
                before = place.space
                place = self.s.grow(place, w.pick((0, 1, 2)))
                if place.space == before and before == (space if space != "classes" else "sequence"):
                    w.line(
                        w.pick(
                            (
                                "x = self.block(x)",
                                "x = self.block(x, n=5)",
                                "for k in (2, 3):\n    x = self.block(x, k)",
                            )
                        )
                    )
                own = {"return self.n * 2": "self.size", "return 2 * n": "self.double(self.n)"}.get(told, "self.n")
                w.line(f"x = {self.prefix}Dense({own}, activation=self.act)(x)")
                self.end(place)
                w.line(w.pick(("return Model(i, x)", "self.model = Model(i, x)\nreturn self.model")))
        if w.chance(0.25):
            w.line("class Other(Builder):\n    def __init__(self, n):\n        super().__init__(n + 1, act='tanh')\n")
            w.line(f"model = Other({w.size()}).build({shape})")
        elif told == "return cls(2)" and w.chance(0.5):
            w.line(f"model = Builder.small().build({shape})")
        else:
            w.line(
                w.pick(
                    (
                        f"b = Builder({w.size()})\nmodel = b.build({shape})",
                        f"model = Builder(n={w.size()}, act=None, k=1).build({shape})",
                    )
                )
            )

    def module_class(self):
        """A class that holds its model."""
        w = self.w
        with w.block("class Agent:"):
            with w.block("def __init__(self, n=4):"):
                w.line("self.n = n\nself.model = self.make()")
            with w.block("def make(self):"):
                self.stack("net")
                w.line("return net")
        w.line(f"agent = Agent({w.pick(('', w.size()))})\nmodel = agent.model")

    # -- classes derived from Keras'

    def subclass(self):
        w, (space, shape) = self.w, self.w.pick((("vector", "(4,)"), ("image", "(8, 8, 3)"), ("sequence", "(6, 4)")))
        base = w.pick(("Model", "keras.Model", "Model"))
        with w.block(f"class Net({base}):"):
            with w.block("def __init__(self, n=4, **kwargs):", {"n": 4}):
                w.line(
                    w.pick(
                        (
                            "super().__init__(**kwargs)",
                            "super(Net, self).__init__(**kwargs)",
                            "super().__init__(name='net')",
                        )
                    )
                )
                names = [w.fresh("part") for _ in range(w.pick((1, 2, 3)))]
                for name in names:
                    w.line(f"self.{name} = {self.layers.stays(space)}")
                several = w.chance(0.4)
                if several:
                    w.line(f"self.more = [{self.layers.stays(space)} for _ in range({w.pick((1, 2, 3))})]")
                w.line(f"self.head = {self.prefix}Dense(n)")
                if w.chance(0.15):
                    w.line(f"self.never = {self.prefix}Dense(3)")
            with w.block(f"def call(self, {w.pick(('x', 'x, training=None', 'x, training=False'))}):"):
                for name in names:
                    w.line(f"x = self.{name}(x)")
                if several:
                    w.line("for one in self.more:\n    x = one(x)")
                if w.chance(0.3):
                    w.line(f"x = {w.pick(('x * 2.0', 'ops.relu(x)', 'x + self.head(x)', 'self.' + names[0] + '(x)'))}")
                w.line("return self.head(x)")
        made = w.pick(("Net()", f"Net({w.size()})", f"Net(n={w.size()})"))
        w.line(f"model = {made}")
        numbers = shape.strip("()").rstrip(",")
        w.line(w.pick((f"model.build((None, {numbers}))", f"model(Input({shape}))", f"model(np.zeros((1, {numbers})))", f"model.build(input_shape=(2, {numbers}))",
                       f"i = Input({shape})\nmodel = Model(i, model(i))", f"net = model\nmodel = Sequential([Input({shape}), net])")))  # fmt: skip

    def layer_class(self):
        """A layer of the text's own in a graph."""
        w, (space, shape) = self.w, self.w.pick((("vector", "(4,)"), ("image", "(8, 8, 3)"), ("sequence", "(6, 4)")))
        with w.block(
            f"class Block({w.pick(('Layer', 'keras.layers.Layer')) if not self.prefix else self.prefix + 'Layer'}):"
        ):
            with w.block("def __init__(self, n, **kwargs):", {"n": 4}):
                w.line("super().__init__(**kwargs)\nself.n = n")
                inside = w.chance(0.6)
                if inside:
                    w.line(f"self.one = {self.layers.stays(space)}\nself.two = {self.prefix}Dense(n)")
            if not inside:
                with w.block("def build(self, input_shape):"):
                    w.line(
                        "self.w = self.add_weight(shape=(input_shape[-1], self.n), initializer='zeros', trainable=True)"
                    )
                    if w.chance(0.5):
                        w.line(
                            f"self.b = self.add_weight(shape=(self.n,), initializer='zeros', trainable={w.pick(('True', 'False'))})"
                        )
                    w.line(w.pick(("super().build(input_shape)", "self.built = True", "pass")))
            with w.block("def call(self, x):"):
                w.line(
                    "return self.two(self.one(x))"
                    if inside
                    else w.pick(("return ops.matmul(x, self.w)", "return x @ self.w"))
                )
        if w.chance(0.5):
            w.line(f"i = Input({shape})\nx = i")
            self.s.grow(Place("call", "x", space, True), w.pick((0, 1, 2)))
            w.line(
                f"x = Block({w.size()})(x)"
                + w.pick(
                    ("", "\nx = Block(3, name='own')(x)", "\nb = Block(n=4)\nx = b(b(x))" if w.chance(0.3) else "")
                )
            )
            w.line("model = Model(i, x)")
        else:
            w.line(f"model = Sequential([Input({shape}), Block({w.size()}), {self.prefix}Dense(2)])")


def program(seed):
    """The text of one program."""
    return Styles(seed).text()
