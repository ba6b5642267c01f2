"""Calls of keras.ops.nn, core, math and image, as rows of a name, the inputs and the function."""

import numpy as np
from keras import ops
from record_operations import Given, floats, pixels, whole

FIRST = "channels_first"
F32 = np.float32


def kernel(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype("float32").round(2)


CASES: list[tuple[str, list[Given], object]] = []


def case(name: str, function: object, *given: Given) -> None:
    CASES.append((name, list(given), function))


# Convolution and pooling
for tag, how in {
    "plain": {},
    "strides": {"strides": 2},
    "same": {"strides": 3, "padding": "same"},
    "extra": {"strides": 2, "output_padding": 1},
    "extra_same": {"strides": 3, "padding": "same", "output_padding": 2},
    "dilated": {"dilation_rate": 2},
    "wide": {"strides": 5},
}.items():
    case(f"conv_transpose_1d_{tag}", lambda x, how=how: ops.conv_transpose(x, kernel(3, 4, 2), **how), floats(5, 2))
case(
    "conv_transpose_2d",
    lambda x: ops.conv_transpose(x, kernel(2, 3, 4, 3), strides=(2, 1), padding="same"),
    floats(3, 4, 3),
)
case("conv_transpose_2d_open", lambda x: ops.conv_transpose(x, kernel(2, 3, 4, 3), strides=2), floats(None, None, 3))
case("conv_transpose_3d", lambda x: ops.conv_transpose(x, kernel(2, 2, 2, 3, 2)), floats(2, 3, 2, 2))
case("conv_transpose_given", lambda x, k: ops.conv_transpose(x, k), floats(4, 2, batch=2), floats(3, 3, 2, alone=True))
for pool in ("average", "max"):
    function = getattr(ops, f"adaptive_{pool}_pool")
    for rank, sizes in ((1, [(3,), (2,)]), (2, [(2, 3), (4, 5)]), (3, [(2, 3, 3)])):
        for i, to in enumerate(sizes):
            case(
                f"adaptive_{pool}_{rank}d_{i}",
                lambda x, f=function, to=to: f(x, to, data_format=FIRST),
                floats(2, *(5, 7, 4)[:rank]),
            )

# Windows
for tag, how in {
    "plain": {"size": 2},
    "strides": {"size": (2, 3), "strides": 1},
    "pair": {"size": (3, 2), "strides": (1, 2), "padding": "same"},
    "dilated": {"size": 2, "strides": 1, "dilation_rate": 2},
    "dilated_same": {"size": 3, "strides": 1, "dilation_rate": 2, "padding": "same"},
    "same": {"size": 3, "padding": "same"},
}.items():
    case(f"patches_{tag}", lambda x, how=how: ops.image.extract_patches(x, **how), floats(5, 7, 2))
case("patches_alone", lambda x: ops.image.extract_patches(x, 2), floats(4, 5, 2, alone=True))
case("patches_open", lambda x: ops.image.extract_patches(x, 2), floats(None, 5, 2))
case("patches_3d", lambda x: ops.image.extract_patches(x, (2, 2, 1)), floats(4, 5, 3, 2))
case(
    "patches_3d_strides",
    lambda x: ops.image.extract_patches(x, (2, 1, 2), strides=1, padding="same"),
    floats(3, 4, 3, 1),
)
case("patches_3d_alone", lambda x: ops.image.extract_patches(x, (2, 2, 2)), floats(4, 5, 3, 2, alone=True))
for tag, how in {
    "plain": {"kernel_size": 2},
    "stride": {"kernel_size": (2, 3), "stride": 2},
    "padding": {"kernel_size": 3, "padding": (1, 2), "stride": (2, 1)},
    "dilation": {"kernel_size": 2, "dilation": (2, 1)},
}.items():
    case(f"unfold_{tag}", lambda x, how=how: ops.unfold(x, **how), floats(2, 5, 6, batch=2))
for tag, shape, how in (
    ("plain", (8, 20), {"output_size": (5, 6), "kernel_size": 2}),
    ("stride", (8, 6), {"output_size": (6, 7), "kernel_size": 2, "stride": (2, 3), "padding": 0}),
    ("padding", (9, 15), {"output_size": (5, 6), "kernel_size": 3, "padding": 1, "stride": (1, 2), "dilation": 1}),
    ("dilation", (8, 9), {"output_size": (5, 4), "kernel_size": 2, "dilation": (2, 1)}),
):
    case(f"fold_{tag}", lambda x, how=how: ops.fold(x, **how), floats(*shape))
case("sequences", lambda x: ops.extract_sequences(x, 3, 2), floats(8))
case("sequences_more", lambda x: ops.extract_sequences(x, 4, 1), floats(3, 6))
case("sequences_apart", lambda x: ops.extract_sequences(x, 2, 5), floats(2, 9))
case("sequences_int", lambda x: ops.extract_sequences(x, 2, 2), whole(7, below=9))
case("sequences_one", lambda x: ops.extract_sequences(x, 5, 3), floats(5, alone=True))

# Scattering
case("scatter", lambda x: ops.scatter([[0], [2], [0]], x, (4, 3)), floats(3, 3, alone=True))
case(
    "scatter_deep",
    lambda x: ops.scatter([[0, 1], [2, 2]], x, (3, 3, 2)),
    floats(2, batch=2),
)
case("scatter_given", lambda i, x: ops.scatter(i, x, (5,)), whole(4, 1, below=5, alone=True), floats(4, alone=True))
case("scatter_int", lambda x: ops.scatter(np.array([[[0]], [[1]]]), x, (2, 3)), whole(1, 3, below=9, batch=2))
for reduction in (None, "add", "max", "min", "mul"):
    case(
        f"scatter_update_{reduction}",
        lambda x, r=reduction: ops.scatter_update(
            x, [[0, 1], [1, 2], [0, 1]], [[0.5, 2.0], [-1.0, 3.0], [0.7, -4.0]], reduction=r
        ),
        floats(3, 2),
    )
    case(
        f"scatter_update_given_{reduction}",
        lambda x, i, u, r=reduction: ops.scatter_update(x, i, u, reduction=r),
        floats(5, alone=True),
        whole(3, 1, below=5, alone=True),
        floats(3, alone=True),
    )
case(
    "scatter_update_rows",
    lambda x, u: ops.scatter_update(x, [[1], [0]], u),
    floats(3, 2, batch=2),
    floats(3, 2, batch=2),
)
case("scatter_update_int", lambda x: ops.scatter_update(x, [[1, 0]], np.array([7], "int32")), whole(3, below=5))
case("slice_update", lambda x, u: ops.slice_update(x, (0, 1, 2), u), floats(4, 5), floats(2, 3))
case(
    "slice_update_beyond", lambda x, u: ops.slice_update(x, (0, 3, 4), u), floats(4, 5, batch=2), floats(2, 3, batch=2)
)
case(
    "slice_update_at",
    lambda x, i, u: ops.slice_update(x, i, u),
    floats(4, batch=3),
    whole(2, below=3, alone=True),
    floats(2, batch=1),
)
case("slice", lambda x: ops.slice(x, (0, 1, 2), (2, 2, 2)), floats(4, 5, batch=2))
case("slice_rest", lambda x: ops.slice(x, (0, 1, 2), (-1, 2, -1)), floats(4, 5, batch=2))
case("slice_at", lambda x, i: ops.slice(x, i, (1, 2)), floats(4, batch=3), whole(2, below=2, alone=True))
for what in ("sum", "prod", "max", "min"):
    function = getattr(ops, f"segment_{what}")
    case(f"segment_{what}", lambda x, f=function: f(x, np.array([0, 2, 0, 3]), num_segments=5), floats(3, batch=4))
    case(f"segment_{what}_given", lambda x, i, f=function: f(x, i, num_segments=4), floats(2, 2), whole(below=4))
    case(
        f"segment_{what}_int",
        lambda x, i, f=function: f(x, i, num_segments=3),
        whole(2, below=9, batch=6),
        whole(below=3, least=-1, batch=6),
    )

# Losses
case(
    "sparse_crossentropy",
    lambda t, o: ops.sparse_categorical_crossentropy(t, ops.softmax(o)),
    whole(below=4),
    floats(4),
)
case("sparse_crossentropy_raw", lambda t, o: ops.sparse_categorical_crossentropy(t, o), whole(3, below=4), pixels(3, 4))
case(
    "sparse_crossentropy_logits",
    lambda t, o: ops.sparse_categorical_crossentropy(t, o, from_logits=True),
    whole(3, below=4),
    floats(3, 4),
)
case(
    "sparse_crossentropy_one",
    lambda t, o: ops.sparse_categorical_crossentropy(t, o, from_logits=True, axis=2),
    whole(3, 1, below=4),
    floats(3, 4),
)
case("psnr", lambda a, b: ops.psnr(a, b, max_val=1.0), pixels(4, 5, 3), pixels(4, 5, 3))
case("psnr_255", lambda a, b: ops.psnr(a, b, 255), floats(6), floats(6))
case("cdist", lambda a, b: ops.cdist(a, b), floats(4, 3), floats(5, 3))
case("cdist_flat", lambda a, b: ops.cdist(a, b), floats(3, batch=4), floats(3, batch=2))
case("cdist_wide", lambda a, b: ops.cdist(a, b), floats(1, 4, 3, batch=2), floats(3, 2, 3, batch=1))
for tag, blank in (("", 0), ("_blank", 2), ("_last", -1)):
    low, high = {0: (1, 5), 2: (3, 5), -1: (0, 4)}[blank]
    case(
        f"ctc_loss{tag}",
        lambda t, o, n, m, b=blank: ops.ctc_loss(t, o, n, m, mask_index=b),
        whole(3, below=high, least=low, batch=4),
        floats(8, 5, batch=4),
        whole(below=4, batch=4),
        whole(below=9, least=6, batch=4),
    )
    for merge in (True, False):
        case(
            f"ctc_decode{tag}_{merge}",
            lambda x, n, b=blank, m=merge: ops.ctc_decode(x, n, merge_repeated=m, mask_index=b),
            floats(7, 3, batch=4),
            whole(below=8, least=2, batch=4),
        )

# Hot places, look-ups
case("multi_hot", lambda x: ops.multi_hot(x, 5), whole(3, below=5))
case("multi_hot_int", lambda x: ops.multi_hot(x, 5, dtype="int32"), whole(3, 2, below=6))
case("multi_hot_axis", lambda x: ops.multi_hot(x, 4, axis=0), whole(3, below=4, batch=2))
case("multi_hot_alone", lambda x: ops.multi_hot(x, 4), whole(3, below=4, alone=True))
case("relu_int", lambda x: ops.relu(x), whole(4, below=5, least=-5))
case("relu6_int", lambda x: ops.relu6(x), whole(4, below=9, least=-5))
case("in_top_k", lambda t, p: ops.in_top_k(t, p, 2), whole(below=5, batch=6), floats(5, batch=6))

# Images
case("grayscale", lambda x: ops.image.rgb_to_grayscale(x), pixels(3, 4, 3))
case("grayscale_one", lambda x: ops.image.rgb_to_grayscale(x), pixels(3, 4, 1))
case("grayscale_int", lambda x: ops.image.rgb_to_grayscale(x), whole(3, 4, 3, below=256))
case("grayscale_first", lambda x: ops.image.rgb_to_grayscale(x, data_format=FIRST), pixels(3, 4, 5))
for to in ("rgb_to_hsv", "hsv_to_rgb"):
    function = getattr(ops.image, to)
    case(to, lambda x, f=function: f(x), pixels(3, 4, 3))
    case(f"{to}_alone", lambda x, f=function: f(x), pixels(3, 4, 3, alone=True))
    case(f"{to}_first", lambda x, f=function: f(x, data_format=FIRST), pixels(3, 4, 5))
    case(f"{to}_grey", lambda x, f=function: f(ops.concatenate([x, x, x], -1)), pixels(3, 4, 1))
    case(f"{to}_beyond", lambda x, f=function: f(x), floats(3, 4, 3))
TURN = np.array([0.9, 0.31, -1.13, -0.27, 1.17, 0.43, 0.013, -0.021], "float32")
FAR = np.array([2.1, 0.31, -7.13, -0.27, 2.3, -5.43, 0.0, 0.0], "float32")
for way in ("bilinear", "nearest"):
    for mode in ("constant", "nearest", "wrap", "reflect"):
        how = {"interpolation": way, "fill_mode": mode}
        case(f"affine_{way}_{mode}", lambda x, how=how: ops.image.affine_transform(x, TURN, **how), floats(6, 7, 2))
        case(f"affine_far_{way}_{mode}", lambda x, how=how: ops.image.affine_transform(x, FAR, **how), floats(5, 6, 1))
    case(
        f"affine_int_{way}",
        lambda x, w=way: ops.image.affine_transform(x, TURN, interpolation=w, fill_value=7.0),
        whole(6, 5, 2, below=256),
    )
case("affine_fill", lambda x: ops.image.affine_transform(x, TURN, fill_value=0.5), floats(5, 6, 1))
case("affine_alone", lambda x: ops.image.affine_transform(x, TURN), floats(5, 6, 2, alone=True))
case("affine_first", lambda x: ops.image.affine_transform(x, TURN, data_format=FIRST), floats(2, 5, 6))
case("affine_each", lambda x: ops.image.affine_transform(x, np.stack([TURN, FAR])), floats(5, 6, 2, batch=2))
case("affine_given", lambda x, t: ops.image.affine_transform(x, t), floats(5, 6, 2), floats(8))
START = np.array([[0, 0], [0.3, 5.1], [4.2, 0.4], [4.7, 5.3]], "float32")
END = np.array([[0.6, 0.2], [0.1, 4.4], [3.9, 0.9], [4.1, 4.9]], "float32")
for way in ("bilinear", "nearest"):
    case(
        f"perspective_{way}",
        lambda x, w=way: ops.image.perspective_transform(x, START, END, interpolation=w),
        floats(5, 6, 2),
    )
case("perspective_fill", lambda x: ops.image.perspective_transform(x, END, START, fill_value=0.7), floats(5, 6, 2))
case("perspective_first", lambda x: ops.image.perspective_transform(x, START, END, data_format=FIRST), floats(2, 5, 6))
case("perspective_alone", lambda x: ops.image.perspective_transform(x, START, END), floats(5, 6, 2, alone=True))
case(
    "perspective_each",
    lambda x: ops.image.perspective_transform(x, np.stack([START, END]), np.stack([END, START])),
    floats(5, 6, 1, batch=2),
)
AT = np.random.default_rng(5).uniform(-2.4, 6.4, (2, 3, 4)).astype("float32").round(2)
INSIDE = np.random.default_rng(5).uniform(0, 3, (2, 9)).astype("float32").round(2)
for order in (0, 1):
    for mode in ("constant", "nearest", "wrap", "reflect"):
        case(
            f"map_{order}_{mode}",
            lambda x, o=order, m=mode: ops.image.map_coordinates(x, AT, o, m),
            floats(4, 5, alone=True),
        )
    case(
        f"map_{order}_mirror",
        lambda x, o=order: ops.image.map_coordinates(x, INSIDE, o, "mirror"),
        floats(5, 6, alone=True),
    )
    case(
        f"map_{order}_fill",
        lambda x, o=order: ops.image.map_coordinates(x, AT, o, fill_value=1.5),
        floats(4, 5, alone=True),
    )
    case(
        f"map_{order}_int",
        lambda x, o=order: ops.image.map_coordinates(x, AT, o, "reflect"),
        whole(4, 5, below=200, alone=True),
    )
case(
    "map_3d",
    lambda x, c: ops.image.map_coordinates(x, c, 1, "wrap"),
    floats(3, 4, 2, alone=True),
    floats(3, 5, alone=True),
)
case(
    "map_integers",
    lambda x, c: ops.image.map_coordinates(x, c, 0),
    floats(4, 3, alone=True),
    whole(2, 6, below=5, least=-1, alone=True),
)
for tag, how in {
    "plain": {},
    "size": {"kernel_size": (5, 5), "sigma": (1.5, 0.7)},
    "oblong": {"kernel_size": (3, 5), "sigma": (0.8, 1.4)},
    "even": {"kernel_size": (2, 4), "sigma": (1.0, 2.0)},
}.items():
    case(f"blur_{tag}", lambda x, how=how: ops.image.gaussian_blur(x, **how), floats(6, 7, 2))
case("blur_alone", lambda x: ops.image.gaussian_blur(x), floats(6, 7, 2, alone=True))
case("blur_first", lambda x: ops.image.gaussian_blur(x, data_format=FIRST), floats(2, 6, 7))
case("blur_open", lambda x: ops.image.gaussian_blur(x), floats(None, None, 3))
case("sobel", lambda x: ops.image.sobel_edges(x), floats(5, 6, 2))
case("sobel_first", lambda x: ops.image.sobel_edges(x, data_format=FIRST), floats(2, 5, 6))
for tag, how in {
    "plain": {},
    "small": {"filter_size": 4, "filter_sigma": 0.9, "max_val": 2.0, "k1": 0.02, "k2": 0.05},
}.items():
    case(f"ssim_{tag}", lambda a, b, how=how: ops.image.ssim(a, b, **how), pixels(12, 13, 2), pixels(12, 13, 2))
case(
    "ssim_alone",
    lambda a, b: ops.image.ssim(a, b, filter_size=5),
    pixels(7, 8, 3, alone=True),
    pixels(7, 8, 3, alone=True),
)
case(
    "ssim_first", lambda a, b: ops.image.ssim(a, b, filter_size=5, data_format=FIRST), pixels(2, 7, 8), pixels(2, 7, 8)
)
for method in ("linear", "cubic", "lanczos3", "lanczos5", "trilinear", "bicubic"):
    for antialias in (True, False):
        case(
            f"scale_{method}_{antialias}",
            lambda x, m=method, a=antialias: ops.image.scale_and_translate(
                x, (2, 7, 3, 2), F32([1.4, 0.6]), F32([0.3, -0.4]), (1, 2), m, a
            ),
            floats(5, 6, 2, batch=2),
        )
case(
    "scale_one_axis",
    lambda x, s, t: ops.image.scale_and_translate(x, (2, 8), s, t, (-1,), "linear"),
    floats(5, batch=2),
    pixels(1, alone=True),
    floats(1, alone=True),
)
for way in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area"):
    case(f"resize_{way}", lambda x, w=way: ops.image.resize(x, (4, 9), interpolation=w), floats(6, 5, 2))
    case(
        f"resize_{way}_first",
        lambda x, w=way: ops.image.resize(x, (3, 4), interpolation=w, antialias=True, data_format=FIRST),
        floats(2, 6, 5),
    )
case("resize_crop", lambda x: ops.image.resize(x, (4, 4), crop_to_aspect_ratio=True), floats(6, 9, 1))
case("resize_pad", lambda x: ops.image.resize(x, (4, 4), pad_to_aspect_ratio=True, fill_value=0.5), floats(6, 9, 1))
case("resize_alone", lambda x: ops.image.resize(x, (4, 4)), floats(6, 9, 1, alone=True))
case("pad_images", lambda x: ops.image.pad_images(x, 1, 2, 3, 0), floats(3, 4, 2))
case("pad_images_to", lambda x: ops.image.pad_images(x, 1, None, None, 2, 6, 8), floats(3, 4, 2))
case("pad_images_first", lambda x: ops.image.pad_images(x, 1, 2, 3, 0, data_format=FIRST), floats(2, 3, 4))
case("crop_images", lambda x: ops.image.crop_images(x, 1, 2, 1, 0), floats(5, 6, 2))
case("crop_images_to", lambda x: ops.image.crop_images(x, 1, None, None, 2, 3, 2), floats(5, 6, 2))
case("crop_images_first", lambda x: ops.image.crop_images(x, 1, 2, 1, 0, data_format=FIRST), floats(2, 5, 6))

# Axes by a pattern: Keras 3.15.1 takes no unknown size here
for tag, pattern, lengths in (
    ("turn", "b h w c -> b c h w", {}),
    ("join", "b h w c -> (b h) (w c)", {}),
    ("apart", "b (h k) (w l) c -> b h w (c k l)", {"k": 2, "l": 3}),
    ("tiles", "b (k h) w c -> (b k) h w c", {"k": 2}),
):
    case(f"rearrange_{tag}", lambda x, p=pattern, how=lengths: ops.rearrange(x, p, **how), floats(4, 6, 3, batch=2))
