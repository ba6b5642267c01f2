"""Layers as the program writes them: for a vector, a sequence, an image or class numbers, and what each makes of it."""

import re

ACTIVATIONS = ("relu", "tanh", "sigmoid", "softmax", "elu", "gelu", "selu", "swish", "linear")
STAYS = {  # of a space: layers that keep it
    "vector": (
        "Dense({n})", "Dense({n}, activation={a})", "Dense(units={n}, use_bias={f})", "Dense({n}, {a})", "Dropout(0.3)",
        "Dense({n}, kernel_initializer='he_normal', name={name})", "BatchNormalization()", "Activation({a})", "PReLU()",
        "LeakyReLU()", "ReLU()", "LayerNormalization()", "GaussianNoise(0.1)", "Softmax()", "Dense({n}, trainable={f})",
        "Dense({n}, kernel_regularizer={reg})", "BatchNormalization(scale={f}, center={f})", "Dense({n}, name={name})",
        "ELU(0.5)", "AlphaDropout(0.2)", "ActivityRegularization(l2=0.1)", "Reshape((-1,))", "Flatten()", "Identity()",
        "UnitNormalization()", "Rescaling(0.5)", "Dense({n}, dtype='float32')", "BatchNormalization(trainable={f})",
    ),
    "sequence": (
        "Dense({n})", "Dense({n}, activation={a})", "LSTM({n}, return_sequences=True)", "Conv1D({n}, {k}, padding='same')",
        "GRU({n}, return_sequences=True, reset_after={f})", "SimpleRNN({n}, return_sequences=True)", "Dropout(0.2)",
        "Bidirectional(LSTM({n}, return_sequences=True))", "TimeDistributed(Dense({n}))", "LayerNormalization()",
        "Bidirectional(GRU({n}, return_sequences=True), merge_mode='sum')", "SpatialDropout1D(0.2)", "BatchNormalization()",
        "Conv1D({n}, {k}, padding='causal', dilation_rate=2)", "Activation({a})", "Permute((2, 1))", "Masking(0.0)",
        "Conv1D(filters={n}, kernel_size={k}, strides=1, padding='same', activation={a})", "UpSampling1D(2)",
        "SeparableConv1D({n}, {k}, padding='same')", "ZeroPadding1D({k})", "PReLU(shared_axes=[1])", "MaxPooling1D(2)",
        "LSTM({n}, return_sequences=True, use_bias={f})", "Conv1DTranspose({n}, {k}, padding='same')", "ReLU(6.0)",
        "RNN(LSTMCell({n}), return_sequences=True)", "TimeDistributed(BatchNormalization())", "Cropping1D(1)",
    ),
    "image": (
        "Conv2D({n}, {k})", "Conv2D({n}, ({k}, {k}), padding='same', activation={a})", "Conv2D({n}, {k}, strides=2, padding='same')",
        "MaxPooling2D()", "MaxPooling2D((2, 2), strides=1)", "AveragePooling2D(2, padding='same')", "BatchNormalization()",
        "SeparableConv2D({n}, 3, padding='same')", "DepthwiseConv2D({k}, padding='same', depth_multiplier=2)",
        "Conv2DTranspose({n}, {k}, strides=2, padding='same')", "UpSampling2D()", "ZeroPadding2D(1)", "Dropout(0.25)",
        "Conv2D(filters={n}, kernel_size=1, use_bias={f}, name={name})", "Activation({a})", "ReLU(max_value=6)",
        "Cropping2D(((1, 0), (0, 1)))", "SpatialDropout2D(0.2)", "Dense({n})", "LeakyReLU(0.2)", "MaxPool2D(pool_size=2)",
        "Conv2D({n}, {k}, padding='same', groups=1, kernel_regularizer={reg})", "BatchNormalization(axis=-1)",
        "Conv2D({n}, {k}, padding='same', name={name})", "GroupNormalization(groups=1)", "LayerNormalization(axis=-1)",
        "Conv2D({n}, {k}, dilation_rate=2, padding='same')", "ZeroPadding2D(((1, 0), (2, 1)))", "PReLU(shared_axes=[1, 2])",
        "Resizing({n}, {n})", "Permute((2, 1, 3))",
    ),
}  # fmt: skip
LEAVES = {  # layers that lead from one space into another
    "vector": (
        ("RepeatVector({n})", "sequence"), ("Reshape((1, -1))", "sequence"), ("Reshape((-1, 1))", "sequence"),
        ("Reshape((1, 1, -1))", "image"), ("Dense(12)", "vector"),
    ),
    "sequence": (
        ("LSTM({n})", "vector"), ("GRU({n})", "vector"), ("Flatten()", "vector"), ("GlobalAveragePooling1D()", "vector"),
        ("GlobalMaxPooling1D()", "vector"), ("Bidirectional(LSTM({n}))", "vector"), ("SimpleRNN({n}, activation={a})", "vector"),
        ("Reshape((1, -1, 2))", "image"), ("LSTM({n}, go_backwards=True)", "vector"), ("GlobalAvgPool1D()", "vector"),
    ),
    "image": (
        ("Flatten()", "vector"), ("GlobalAveragePooling2D()", "vector"), ("GlobalMaxPooling2D()", "vector"),
        ("Reshape((-1, 4))", "sequence"), ("TimeDistributed(Flatten())", "sequence"),
        ("GlobalAveragePooling2D(keepdims=True)", "image"), ("ConvLSTM1D({n}, 2)", "sequence"),
    ),
    "classes": (("Embedding(20, {n})", "sequence"), ("Embedding(input_dim={n} + 10, output_dim={n}, mask_zero={f})", "sequence")),
}  # fmt: skip
WRONG = (  # layers that Keras refuses, or may
    "Dense()", "Dense(-{n})", "Dense({n}, unit=3)", "Dense(0)", "Dense('{n}')", "Dense({n}.5)", "Conv2D({n})", "Conv2D({n}, 50)",
    "Dense({n}, activation='nonsense')", "Reshape((7, 11))", "Dropout(1.5)", "LSTM({n}, 3, 4, 5, 6, 7, name='a', name='b')",
    "Dense(None)", "Flatten(3, 4, 5)", "MaxPooling2D(pool=2)", "Conv1D({n}, 3, padding='some')", "Densely({n})", "Dense[3]",
    "Conv2D({n}, 3, strides=(0, 1))", "Embedding(3)", "Concatenate()", "Dense({n}, kernel_initializer='nonsense')",
    "Conv2D({n}, 3, groups=5)", "Dense({n}, name=3)", "LSTM({n}, return_sequence=True)", "Permute((3, 1))", "Add()",
    "GroupNormalization(groups=7)", "Conv2D({n}, 3, data_format='first')", "Dense({n}, 'relu', 'yes', 1, 2, 3, 4, 5, 6, 7)",
    "Dense({n}, name='a/b')", "LayerNormalization(axis=7)", "UpSampling2D(2, interpolation='none')", "Dot()",
)  # fmt: skip
INPUTS = {  # shapes of inputs, without the batch
    "vector": ("(4,)", "(6,)", "(3,)", "(12,)"),
    "sequence": ("(6, 4)", "(8, 3)", "(5, 6)", "(None, 4)"),
    "image": ("(8, 8, 3)", "(12, 10, 1)", "(9, 9, 2)", "(16, 16, 4)", "(None, None, 3)"),
    "classes": ("(7,)", "(5,)", "(None,)"),
}


class Layers:
    """Writes layers with their arguments; `writer` writes numbers, `prefix` is where layers are taken from."""

    def __init__(self, writer, prefix):
        self.writer, self.prefix = writer, prefix
        self.wrong = 0.0  # the part of layers that Keras may refuse

    def named(self, text):
        """`Bidirectional(LSTM(4))` with the prefix at every class of layers in it."""
        return re.sub(r"\b(?=[A-Z]\w*\()|^(?=Dense\[)", self.prefix, text)

    def filled(self, form):
        writer = self.writer
        regular = ("'l2'", "None", "keras.regularizers.l2(0.01)", "keras.regularizers.L1(0.1)")
        flag = writer.pick(writer.known((bool,)) or ["True"]) if writer.chance(0.4) else writer.pick(("True", "False"))
        label = writer.fresh("part_")
        name = repr(label)
        if numbers := writer.known((int,)):
            number = writer.pick(numbers)
            forms = (name, f"f'{label}_{{{number}}}'", f"'{label}_' + str({number})", f"'{label}_%d' % {number}",
                     f"'{label}_{{}}'.format({number})")  # fmt: skip
            name = writer.pick(forms)
        activation = repr(writer.pick(ACTIVATIONS))
        if words := writer.known((str,)):
            activation = writer.pick([activation, *words])
        elif writer.chance(0.15):
            activation = writer.pick(("keras.activations.relu", "None", "keras.activations.tanh", "'re' + 'lu'"))
        values = {"a": activation, "f": flag, "name": name, "reg": writer.pick(regular), "k": writer.pick((1, 2, 3))}
        return self.named(form).replace("{n}", "\0").format(**values).replace("\0", writer.size())

    def stays(self, space):
        if self.wrong and self.writer.chance(self.wrong):
            return self.filled(self.writer.pick(WRONG))
        return self.filled(self.writer.pick(STAYS[space]))

    def leaves(self, space, wanted=None):
        """A layer that leads into another space, and which."""
        ways = [one for one in LEAVES[space] if wanted in (None, one[1])]
        form, after = self.writer.pick(ways)
        return self.filled(form), after
