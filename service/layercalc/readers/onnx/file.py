"""An ONNX file as a document: told by its first bytes, and parsed."""

from dataclasses import dataclass
from typing import Any

from layercalc.errors import Tokens
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.onnx.wire import Message, read_message

VERSION = 0x08  # the key of ir_version, which is written first
FIELDS = (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72)  # of ModelProto, behind it


@dataclass(frozen=True)
class OnnxFile:
    """The messages of an ONNX file; the numbers of its tensors stay where they lie."""

    message: Message


def is_onnx(body: bytes) -> bool:
    """Whether bytes begin as an ONNX file; a TensorFlow SavedModel begins as one of version 1 would."""
    return len(body) > 2 and body[0] == VERSION and 2 <= body[1] <= 0x7F and body[2] in FIELDS


def read_file(body: Any, path: Tokens = (), limits: Limits = UNLIMITED) -> OnnxFile:
    """The file as a document; Unreadable where it is broken."""
    return OnnxFile(read_message(body, path, limits))
