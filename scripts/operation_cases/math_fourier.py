"""Calls of the Fourier transforms of keras.ops but those of frames, in which backends differ."""

from keras import ops
from record_operations import Given, floats

CASES: list[tuple[str, list[Given], object]] = []


def case(name: str, function: object, *given: Given) -> None:
    CASES.append((name, list(given), function))


for n in (7, 8):
    case(f"fft_{n}", lambda a, b: ops.fft((a, b)), floats(3, n), floats(3, n))
    case(f"fft2_{n}", lambda a, b: ops.fft2((a, b)), floats(2, n, 5), floats(2, n, 5))
    case(f"ifft2_{n}", lambda a, b: ops.ifft2((a, b)), floats(4, n), floats(4, n))
    case(f"rfft_{n}", lambda x: ops.rfft(x), floats(3, n))
    case(f"irfft_{n}", lambda a, b: ops.irfft((a, b)), floats(3, n), floats(3, n))
for length in (5, 6, 12, 15):
    case(f"rfft_to_{length}", lambda x, n=length: ops.rfft(x, fft_length=n), floats(8))
    case(f"irfft_to_{length}", lambda a, b, n=length: ops.irfft((a, b), fft_length=n), floats(8), floats(8))
case("fft_alone", lambda a, b: ops.fft((a, b)), floats(6, alone=True), floats(6, alone=True))
case("rfft_open", lambda x: ops.rfft(x), floats(None))
case("irfft_open", lambda a, b: ops.irfft((a, b)), floats(None), floats(None))
case("rfft_back", lambda x: ops.irfft(ops.rfft(x, fft_length=9), fft_length=9), floats(2, 9))
