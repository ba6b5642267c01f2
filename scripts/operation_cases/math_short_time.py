"""Calls of keras.ops.stft and istft, recorded with KERAS_BACKEND=numpy."""

from keras import ops
from record_operations import Given, floats

CASES: list[tuple[str, list[Given], object]] = []


def case(name: str, function: object, *given: Given) -> None:
    CASES.append((name, list(given), function))


for tag, how in {
    "plain": {"sequence_length": 8, "sequence_stride": 4, "fft_length": 8},
    "narrow": {"sequence_length": 5, "sequence_stride": 3, "fft_length": 8},
    "odd": {"sequence_length": 6, "sequence_stride": 2, "fft_length": 9},
    "apart": {"sequence_length": 3, "sequence_stride": 7, "fft_length": 4},
}.items():
    for window in ("hann", "hamming", None):
        for center in (True, False):
            case(
                f"stft_{tag}_{window}_{center}",
                lambda x, how=how | {"window": window, "center": center}: ops.stft(x, **how),
                floats(30),
            )
case("stft_deep", lambda x: ops.stft(x, 6, 3, 8), floats(2, 3, 20))
case("stft_given", lambda x: ops.stft(x, 3, 2, 4, window=[0.5, 1.0, 0.25]), floats(20))

for tag, how in {
    "plain": (8, 4, 8, 6),
    "often": (4, 1, 8, 10),
    "narrow": (5, 3, 8, 6),
    "odd": (7, 2, 9, 6),
    "apart": (4, 6, 8, 5),
    "beside": (8, 8, 8, 4),
    "gaps": (4, 5, 4, 4),
}.items():
    length, stride, size, frames = how
    for window in ("hann", "hamming", None, [0.25 + 0.5 * (i % 3) for i in range(length)]):
        for center in (True, False):
            for to in (None, 3):
                more = {"window": window, "center": center, "length": to}
                tensors = [floats(frames, size // 2 + 1)] * 2
                kind = "given" if isinstance(window, list) else window
                CASES.append(
                    (
                        f"istft_{tag}_{kind}_{center}_{to}",
                        tensors,
                        lambda a, b, how=how[:3], more=more: ops.istft((a, b), *how, **more),
                    )
                )
CASES.append(("istft_deep", [floats(2, 5, 5)] * 2, lambda a, b: ops.istft((a, b), 8, 2, 8)))
CASES.append(("istft_fewer", [floats(5, 3)] * 2, lambda a, b: ops.istft((a, b), 8, 2, 8)))
CASES.append(("istft_more", [floats(5, 9)] * 2, lambda a, b: ops.istft((a, b), 4, 1, 8, length=1, center=False)))
CASES.append(("istft_open", [floats(None, 5)] * 2, lambda a, b: ops.istft((a, b), 8, 2, 8)))
CASES.append(("istft_open_to", [floats(None, 5)] * 2, lambda a, b: ops.istft((a, b), 8, 2, 8, length=4)))
