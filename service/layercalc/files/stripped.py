"""Files without their weights: the numbers of large tensors taken out, everything else as it is."""

from collections.abc import Iterator
from math import prod
from typing import Any

from layercalc.errors import Unreadable
from layercalc.limits import UNLIMITED
from layercalc.readers.onnx.file import is_onnx
from layercalc.readers.onnx.messages import MESSAGES
from layercalc.readers.onnx.tensors import array_of
from layercalc.readers.onnx.wire import EIGHT, LENGTH, VARINT, Wire, read_message
from layercalc.readers.torch.archive import is_program_file, without_tensors

FEW = 64  # numbers that stay: sizes, axes, bounds
DATA = {number for number, field in MESSAGES["Tensor"].items() if field.kind == "packed" or field.name == "raw_data"}
KEPT_DTYPES = ("int32", "int64", "bool")  # of whose tensors more may stay: they may be sizes
MANY = 4096
LOCATION = b"weights.bin"  # where the numbers are said to be


def stripped(body: Any) -> bytes:
    """An ONNX file with its large initializers said to be external data, or an exported program without tensors.

    Raises Unreadable.
    """
    if is_program_file(body):
        return without_tensors(body)
    if not is_onnx(body):
        raise Unreadable([{"pointer": "", "detail": "Expected an ONNX file or an exported program."}], status=422)
    read_message(body)
    return b"".join(Stripping(body).message("Model", 0, len(body)))


class Stripping(Wire):
    """One reading of a file, which hands on its parts."""

    def __init__(self, body: Any):
        super().__init__(memoryview(body), UNLIMITED)

    def message(self, kind: str, at: int, end: int) -> Iterator[bytes | memoryview]:
        """The parts of a message: graphs and their initializers written anew, others as they are."""
        while at < end:
            begin = at
            key, start, at = self.field(at, end)
            field = MESSAGES[kind].get(key >> 3)
            inside = field.kind if field is not None else ""
            if inside == "Graph":
                yield chunk(key, b"".join(self.message("Graph", start, at)))
            elif inside == "Tensor" and self.large(start, at):
                yield chunk(key, b"".join(self.tensor(start, at)))
            else:
                yield self.data[begin:at]

    def field(self, at: int, end: int) -> tuple[int, int, int]:
        """The key of a field, where its content begins, and where it ends; the file has been read once and is whole."""
        key, at = self.varint(at, end)
        if key & 7 == LENGTH:
            length, start = self.varint(at, end)
            return key, start, start + length
        return key, at, self.varint(at, end)[1] if key & 7 == VARINT else at + (8 if key & 7 == EIGHT else 4)

    def large(self, start: int, end: int) -> bool:
        """Whether a tensor has more numbers than stay."""
        found = read_message(self.data[start:end], kind="Tensor")
        try:
            array = array_of(found)
        except ValueError:
            return False
        return array.read is not None and prod(array.shape) > (MANY if array.dtype in KEPT_DTYPES else FEW)

    def tensor(self, at: int, end: int) -> Iterator[bytes | memoryview]:
        """A tensor without its numbers."""
        while at < end:
            begin = at
            key, _, at = self.field(at, end)
            if key >> 3 not in DATA:
                yield self.data[begin:at]
        entry = chunk(1 << 3 | LENGTH, b"location") + chunk(2 << 3 | LENGTH, LOCATION)
        yield chunk(13 << 3 | LENGTH, entry)
        yield number(14 << 3) + number(1)  # data_location: external


def number(n: int) -> bytes:
    """An integer of seven bits a byte."""
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes([*out, n])


def chunk(key: int, body: bytes) -> bytes:
    return number(key) + number(len(body)) + body
