"""What is analysed can be run, to the same shapes: random stacks from Hypothesis."""

from hypothesis import given
from hypothesis import strategies as st

from layercalc import InvalidModel, analyze, forward

small, pair = st.integers(1, 4), st.tuples(st.integers(1, 3), st.integers(1, 3)).map(list)
dims = st.one_of(st.integers(1, 3), pair)
padding = st.sampled_from(["valid", "same"])
activation = st.sampled_from(["linear", "relu", "tanh", "softmax", "gelu", "swish"])
switch = st.booleans()


def layer(kind, **fields):
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=fields)


def needs(kind, required, **fields):
    return st.fixed_dictionaries({"type": st.just(kind), **required}, optional=fields)


amounts = st.one_of(
    st.integers(0, 2), st.lists(st.lists(st.integers(0, 2), min_size=2, max_size=2), min_size=2, max_size=2)
)
IMAGES = st.one_of(
    needs(
        "Conv2D",
        {"filters": small, "kernel_size": dims},
        padding=padding,
        strides=dims,
        activation=activation,
        use_bias=switch,
    ),
    needs("Conv2D", {"filters": small, "kernel_size": dims}, dilation_rate=dims, padding=padding),
    needs("DepthwiseConv2D", {"kernel_size": dims}, depth_multiplier=small, padding=padding, strides=dims),
    needs("SeparableConv2D", {"filters": small, "kernel_size": dims}, padding=padding, depth_multiplier=small),
    needs("Conv2DTranspose", {"filters": small, "kernel_size": dims}, padding=padding, strides=dims),
    layer("MaxPooling2D", pool_size=dims, strides=dims, padding=padding),
    needs("AveragePooling2D", {"pool_size": dims}, strides=dims, padding=padding),
    layer("ZeroPadding2D", padding=amounts),
    layer("Cropping2D", cropping=amounts),
    layer("UpSampling2D", size=st.integers(1, 2), interpolation=st.sampled_from(["nearest", "bilinear"])),
    layer("BatchNormalization", axis=st.sampled_from([-1, 1, 2, 3]), scale=switch, center=switch),
    layer("LayerNormalization", axis=st.sampled_from([-1, 3, [1, 2], [-1, -2]])),
    layer("GlobalAveragePooling2D", keepdims=switch),
    layer("GlobalMaxPooling2D", keepdims=switch),
    layer("PReLU", shared_axes=st.sampled_from([None, [1], [1, 2]])),
)
ANY = st.one_of(
    needs("Dense", {"units": small}, activation=activation, use_bias=switch),
    layer("Flatten"),
    layer("ReLU", max_value=st.sampled_from([None, 6.0]), negative_slope=st.sampled_from([0.0, 0.1])),
    layer("Softmax"),
    needs("Dropout", {"rate": st.just(0.5)}),
    needs("Rescaling", {"scale": st.just(0.5)}),
    needs("Reshape", {"target_shape": st.sampled_from([[-1], [-1, 1], [1, -1], [2, -1], [-1, 2, 2]])}),
    needs("Permute", {"dims": st.sampled_from([[1], [2, 1], [3, 1, 2], [2, 1, 3]])}),
    needs("RepeatVector", {"n": small}),
)
SEQUENCES = st.one_of(
    needs(
        "Conv1D",
        {"filters": small, "kernel_size": small},
        padding=st.sampled_from(["valid", "same", "causal"]),
        strides=small,
    ),
    needs("LSTM", {"units": small}, return_sequences=switch, go_backwards=switch),
    st.builds(
        lambda units, merge, sequences: {
            "type": "Bidirectional",
            "merge_mode": merge,
            "layer": {"type": "LSTM", "units": units, "return_sequences": sequences},
        },
        small,
        st.sampled_from(["concat", "sum", "mul", "ave"]),
        switch,
    ),
    st.builds(lambda units: {"type": "TimeDistributed", "layer": {"type": "Dense", "units": units}}, small),
    layer("MaxPooling1D", pool_size=small, padding=padding),
    layer("GlobalAveragePooling1D", keepdims=switch),
    layer("UpSampling1D", size=small),
    layer("ZeroPadding1D", padding=st.one_of(small, pair)),
)
stacks = st.fixed_dictionaries(
    {
        "input_shape": st.lists(st.integers(1, 9), min_size=1, max_size=3),
        "layers": st.lists(st.one_of(IMAGES, ANY, SEQUENCES), min_size=1, max_size=6),
    }
)


@given(stacks, st.integers(1, 3), st.integers(0, 5))
def test_what_is_analysed_can_be_run_to_the_same_shapes(stack, batch, seed):
    try:
        report = analyze(stack, batch_size=batch)
    except InvalidModel as error:
        assert all(fault["pointer"].startswith("/layers/") for fault in error.errors)
        assert error.layers is not None
        stack = {**stack, "layers": stack["layers"][: len(error.layers)]}
        if not stack["layers"]:
            return
        report = analyze(stack, batch_size=batch)
    stack = {"batch_shape": [batch, *stack["input_shape"]], "layers": stack["layers"]}
    result = forward(stack, {"seed": seed}, {"seed": seed})
    assert result["verified"]
    assert [output["shape"] for output in result["outputs"]] == [output["shape"] for output in report["outputs"]]
    assert [row["actual_shape"] for row in result["layers"]] == [row["output_shape"] for row in report["layers"]]


@given(stacks)
def test_unknown_batch_and_named_batch_agree(stack):
    try:
        unnamed, named = analyze(stack), analyze(stack, batch_size=1)
    except InvalidModel:
        return
    assert unnamed["totals"] == named["totals"]
    for one, other in zip(unnamed["layers"], named["layers"], strict=True):
        assert one["output_shape"][0] is None
        assert one["output_shape"][1:] == other["output_shape"][1:]


@given(stacks, st.data())
def test_unknown_dimension_never_contradicts_a_known_one(stack, data):
    """With one input size unknown, what is said is what is said when it is known."""
    try:
        known = analyze(stack)
    except InvalidModel:
        return
    axis = data.draw(st.integers(0, len(stack["input_shape"]) - 1))
    shape = [None if i == axis else n for i, n in enumerate(stack["input_shape"])]
    try:
        unknown = analyze({**stack, "input_shape": shape})
    except InvalidModel as error:
        # a weight may need the size: then it is said so
        assert error.errors
        return
    for one, other in zip(unknown["layers"], known["layers"], strict=True):
        for a, b in zip(one["output_shape"], other["output_shape"], strict=True):
            assert a is None or a == b
        for metric in ("params", "macs", "flops"):
            assert one[metric] is None or one[metric] == other[metric]
