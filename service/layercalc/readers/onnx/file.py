"""An ONNX file as a document: told by its first bytes, and parsed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layercalc.errors import Tokens
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.onnx.external import Folder
from layercalc.readers.onnx.wire import Message, read_message

VERSION = 0x08  # the key of ir_version, which is written first
FIELDS = (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72)  # of ModelProto, behind it


@dataclass(frozen=True)
class OnnxFile:
    """The messages of an ONNX file; the numbers of its tensors stay where they lie, some in files of its folder."""

    message: Message
    folder: Folder | None = None  # None: nobody may name files


def is_onnx(body: Any) -> bool:
    """Whether bytes begin as an ONNX file; a TensorFlow SavedModel begins as one of version 1 would."""
    return len(body) > 2 and body[0] == VERSION and 2 <= body[1] <= 0x7F and body[2] in FIELDS


def read_file(body: Any, path: Tokens = (), limits: Limits = UNLIMITED, folder: Path | None = None) -> OnnxFile:
    """The file as a document, of bytes or a memory map, with the folder that it lies in; Unreadable if it is broken."""
    return OnnxFile(read_message(body, path, limits), None if folder is None else Folder(folder))
