"""Random stacks over random spaces, of which many are no networks: each candidate is what the analysis says."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sweeps.test_exact import holds

NAMES = ("a", "b", "c")
VALUES = st.lists(st.integers(-1, 40), min_size=1, max_size=4, unique=True)
EXPRESSIONS = st.one_of(
    st.sampled_from(NAMES),
    st.builds("{}*{}".format, st.integers(1, 4), st.sampled_from(NAMES)),
    st.builds("{} + {}".format, st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.builds("max({}, {} // 2)".format, st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.builds("{} % {}".format, st.sampled_from(NAMES), st.sampled_from(NAMES)),
)
SIZE = st.one_of(st.builds(lambda text: {"$": text}, EXPRESSIONS), st.integers(1, 6))
PADDING = st.sampled_from(["same", "valid", {"$": "padding"}])


def layer(type_, **fields):
    return st.builds(lambda **given: {"type": type_, **given}, **fields)


SPATIAL = st.one_of(
    layer("Conv2D", filters=SIZE, kernel_size=SIZE, strides=SIZE, padding=PADDING, activation=st.sampled_from(["relu", {"$": "word"}])),
    layer("Conv2D", filters=SIZE, kernel_size=SIZE, dilation_rate=SIZE, groups=SIZE),
    layer("DepthwiseConv2D", kernel_size=SIZE, depth_multiplier=SIZE, padding=PADDING),
    layer("SeparableConv2D", filters=SIZE, kernel_size=st.just(3), padding=st.just("same")),
    layer("Conv2DTranspose", filters=SIZE, kernel_size=SIZE, strides=SIZE, padding=PADDING),
    layer("MaxPooling2D", pool_size=SIZE, strides=SIZE, padding=PADDING),
    layer("AveragePooling2D", pool_size=SIZE),
    layer("ZeroPadding2D", padding=SIZE),
    layer("Cropping2D", cropping=SIZE),
    layer("UpSampling2D", size=SIZE),
    layer("Resizing", height=SIZE, width=SIZE),
    st.just({"type": "BatchNormalization"}),
    layer("GroupNormalization", groups=SIZE),
    layer("Dropout", rate=st.sampled_from([0.5, {"$": "rate"}])),
    layer("Dense", units=SIZE),
    st.builds(lambda depth: {"repeat": depth, "layers": [{"type": "Conv2D", "filters": {"$": "b"}, "kernel_size": 2}]}, SIZE),
)  # fmt: skip
HEADS = st.one_of(
    st.just([{"type": "Flatten"}]),
    st.just([{"type": "GlobalAveragePooling2D"}]),
    st.builds(lambda n: [{"type": "Reshape", "target_shape": [-1, n]}, {"type": "LSTM", "units": n}], SIZE),
    st.builds(lambda n, heads: [{"type": "Reshape", "target_shape": [n, -1]}, {"type": "Flatten"}, {"type": "Dense", "units": heads}], SIZE, SIZE),
    st.just([]),
)  # fmt: skip
STACKS = st.builds(
    lambda shape, body, head: {"input_shape": shape, "layers": [*body, *head, {"type": "Dense", "units": {"$": "a + b + c"}}]},
    st.tuples(SIZE, SIZE, st.just(3)).map(list),
    st.lists(SPATIAL, max_size=4),
    HEADS,
)  # fmt: skip
OTHERS = {"padding": ["same", "valid"], "word": ["relu", "swish", "linear", "no"], "rate": [0, 0.25, 1.5]}


def used(value):
    """The texts of the placeholders in a document."""
    if isinstance(value, dict):
        return value["$"] if "$" in value else " ".join(map(used, value.values()))
    return " ".join(map(used, value)) if isinstance(value, list) else ""


@settings(max_examples=int(os.environ.get("SWEEPS", "60")), deadline=None)
@given(STACKS, st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)), st.booleans())
def test_every_candidate_is_what_the_analysis_says(model, space, together):
    if together:
        length = min(map(len, space.values()))
        space = {"all": {"zip": {name: values[:length] for name, values in space.items()}}}
    words = used(model)
    space |= {name: values for name, values in OTHERS.items() if name in words}
    holds(model, space)
