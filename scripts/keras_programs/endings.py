"""What is done with a model when it is made: training switched, layers taken off and put on, cut, put into another."""


class Endings:
    """Writes some statements about `model`, which may change it or bind it anew."""

    def __init__(self, writer, layers):
        self.w, self.layers = writer, layers

    def write(self):
        for _ in range(self.w.pick((0, 0, 1, 1, 2, 3))):
            self.w.pick(
                (self.training, self.training, self.training, self.stacked, self.cut, self.put, self.asked, self.other)
            )()

    def training(self):
        w = self.w
        part = w.pick(("", "", "[:-1]", "[1:]", "[-1:]", "[:2]", "[::2]", "[::-1]"))
        flag = w.pick(("True", "False", "False", "1", "not True"))
        p = self.layers.prefix
        forms = (
            f"model.trainable = {flag}", f"for layer in model.layers{part}:\n    layer.trainable = {flag}", "model.layers[0].trainable = False",
            f"for i, layer in enumerate(model.layers):\n    layer.trainable = i > {w.pick((0, 1, 2))}", f"model.layers[{w.pick(('-1', '1', '0', '-2'))}].trainable = {flag}",
            f"for layer in model.layers:\n    if isinstance(layer, {p}{w.pick(('BatchNormalization', 'Dense', 'Conv2D'))}):\n        layer.trainable = False",
            "for layer in model.layers:\n    if 'dense' in layer.name:\n        layer.trainable = False",
            "for layer in model.layers:\n    layer.trainable = not layer.trainable",
            "def freeze(net, on=False):\n    for layer in net.layers:\n        layer.trainable = on\nfreeze(model)",
            "for k in range(len(model.layers) // 2):\n    model.layers[k].trainable = False", "[setattr(layer, 'trainable', False) for layer in model.layers]",
            "for layer in model.layers:\n    if layer.name.startswith('part'):\n        layer.trainable = False\n    else:\n        layer.trainable = True",
            "for layer in model.layers:\n    if hasattr(layer, 'layers'):\n        for one in layer.layers:\n            one.trainable = False",
            "last = [layer for layer in model.layers if layer.trainable][-1]\nlast.trainable = False",
            "model.trainable = False\nmodel.layers[-1].trainable = True", "model.trainable = False\nmodel.trainable = True",
            f"for layer in filter(lambda one: isinstance(one, {p}Dense), model.layers):\n    layer.trainable = False",
            "seen = 0\nfor layer in model.layers:\n    if layer.count_params() > 0:\n        seen += 1\n    layer.trainable = seen > 1",
            "while model.trainable:\n    model.trainable = False", "for layer in model.layers:\n    if len(layer.weights) > 2:\n        layer.trainable = False",
        )  # fmt: skip
        w.line(w.pick(forms))

    def stacked(self):
        w, p = self.w, self.layers.prefix
        forms = (
            "model.pop()", f"model.pop()\nmodel.add({p}Dense({w.size()}))", f"model.add({p}Dense({w.size()}, name='{w.fresh('last')}'))",
            f"if isinstance(model, Sequential):\n    model.add({p}Dense({w.size()}))", "if len(model.layers) > 2:\n    model.pop()",
            "try:\n    model.pop()\nexcept AttributeError:\n    pass", f"try:\n    model.add({p}Dense(3))\nexcept Exception:\n    pass",
            "while len(model.layers) > 3:\n    model.pop()", f"extra = model\nextra.add({p}Dense(2))",
        )  # fmt: skip
        w.line(w.pick(forms))

    def cut(self):
        w, p = self.w, self.layers.prefix
        at = w.pick(("-1", "-2", "-2", "-3", "1", "0", "len(model.layers) // 2"))
        forms = (
            f"model = Model(model.input, model.layers[{at}].output)", f"model = Model(model.inputs, model.layers[{at}].output)",
            f"model = Model(inputs=model.input, outputs=[model.output, model.layers[{at}].output])",
            "model = Model(model.input, [layer.output for layer in model.layers[1:]])", f"model = Sequential(model.layers[:{at}])",
            f"model = Sequential([*model.layers[:-1], {p}Dense(3)])", f"model = Model(model.layers[0].input, model.layers[{at}].output)",
            "model = Model(model.input, model.get_layer(index=1).output)", "model = Model(model.input, model.get_layer(model.layers[-1].name).output)",
            "model = Model(model.layers[1].input, model.output)", "model = Model(model.layers[1].output, model.output)",
            "base = model\nmodel = Sequential()\nfor layer in base.layers[:-1]:\n    model.add(layer)",
            f"x = model.layers[{at}].output\nx = {p}Dense({w.size()})(x)\nmodel = Model(model.input, x)",
            "new = Input(model.input_shape[1:])\nx = new\nfor layer in model.layers[1:]:\n    x = layer(x)\nmodel = Model(new, x)",
        )  # fmt: skip
        w.line(w.pick(forms))

    def put(self):
        """The model in another."""
        w, p = self.w, self.layers.prefix
        forms = (
            f"model = Model(model.input, {p}Dense({w.size()})(model.output))", f"model = Sequential([model, {p}Dense({w.size()})])",
            "again = Input(model.input_shape[1:])\nmodel = Model(again, model(again))", "model = Model(model.inputs, model.outputs)",
            f"a, b = Input(model.input_shape[1:]), Input(shape=model.input_shape[1:])\nmodel = Model([a, b], {p}Concatenate()([model(a), model(b)]))",
            f"model.trainable = False\nmodel = Sequential([model, {p}Dense({w.size()})])", "twin = keras.models.clone_model(model)\nmodel = twin",
            f"base = model\nbase.trainable = False\ni = Input(base.input_shape[1:])\nmodel = Model(i, {p}Dense(3)(base(i, training=False)))",
            f"nets = [model]\nmodel = Sequential([Input(nets[0].input_shape[1:]), nets[0], {p}Dense(1)])",
            f"model = Model(model.input, {p}Dense(model.output_shape[-1] * 2)(model.output))", "model = (lambda net: Model(net.input, net.output * 2.0))(model)",
            f"many = Input((3, *model.input_shape[1:]))\nmodel = Model(many, {p}TimeDistributed(model)(many))",
        )  # fmt: skip
        w.line(w.pick(forms))

    def asked(self):
        """What changes nothing."""
        w = self.w
        forms = (
            "model.compile(optimizer='adam', loss='mse')", "model.summary()", "print(model.count_params(), len(model.layers))",
            "assert model.output_shape is not None", "names = [layer.name for layer in model.layers]\nprint(names)",
            "for layer in model.layers:\n    print(layer.name, layer.trainable)", "total = sum(int(np.prod(w.shape)) for w in model.weights)",
            "with open('/dev/null', 'w') as f:\n    f.write(model.to_json())", "opt = keras.optimizers.Adam(1e-3)\nmodel.compile(opt, keras.losses.MeanSquaredError())",
            "config = model.get_config()", "keras.utils.set_random_seed(3)", "model.get_layer('nothing')", "assert len(model.layers) > 40",
        )  # fmt: skip
        w.line(w.pick(forms))

    def other(self):
        """Another model, made after or of the same layers."""
        w, p = self.w, self.layers.prefix
        forms = (
            f"small = Sequential([Input((3,)), {p}Dense(2)])", f"keras.backend.clear_session()\nsmall = Sequential([Input((3,)), {p}Dense(2)])",
            f"side = Model(model.input, {p}Dense(2)(model.layers[-1].output))\nside.trainable = False",
            "keep = model\nmodel = None\nmodel = keep", f"del {w.pick(('ops', 'math'))}",
        )  # fmt: skip
        w.line(w.pick(forms))
