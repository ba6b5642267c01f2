"""A `.pt2` archive: a ZIP of JSON and raw bytes, in one of four layouts. Nothing in it is unpickled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from math import prod
from typing import TYPE_CHECKING, Any

from layercalc import lazy_numpy as np
from layercalc.errors import Refused, ShapeError, Tokens, Unreadable, pointer
from layercalc.layers.stored import Array
from layercalc.limits import UNLIMITED, Limits
from layercalc.ops import WIDTH
from layercalc.readers.archive import MAGIC, members, opened
from layercalc.readers.text import parse_json
from layercalc.readers.torch.dtypes import dtype_of

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

OLD = "serialized_exported_program.json"  # of PyTorch before 2.8
NEW = "models/model.json"  # in a folder of the model's name
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"
MOST = 256 << 20  # bytes of JSON: what is larger is no graph of a network


@dataclass(frozen=True)
class TorchProgram:
    """An exported program as a document: the graph, and what the archive says of weights and constants."""

    program: dict[str, Any]
    weights: dict[str, Any]
    constants: dict[str, Any]
    sizes: dict[str, int]  # of the members of the archive, in bytes
    read: Callable[[str, int], bytes]  # so many bytes of a member of the archive, and no more
    says_ties: bool  # whether the archive says which names share one tensor


def is_program(names: Iterable[str]) -> bool:
    """Whether the members of an archive are those of an exported program."""
    return any(name in (OLD, NEW) or name.endswith(f"/{NEW}") for name in names)


def is_program_file(body: Any) -> bool:
    """Whether bytes are an archive of an exported program."""
    return bytes(body[: len(MAGIC)]) == MAGIC and is_program(members(body))


def read_file(body: Any, path: Tokens = (), limits: Limits = UNLIMITED) -> TorchProgram:
    """The program in an archive; Unreadable where it is broken."""
    try:
        with opened(body, limits, path) as archive:
            names = archive.namelist()
            main = next(name for name in names if name == OLD or name.endswith(NEW))
            folder = main.removesuffix(NEW) if main.endswith(NEW) else ""
            sizes = {one.filename.removeprefix(folder): one.file_size for one in archive.infolist()}
            says_ties = folder + WEIGHTS in names  # PyTorch 2.8 pickles its weights still
            texts = [text_of(archive, name, limits, path) for name in (main, folder + WEIGHTS, folder + CONSTANTS)]
    except Refused:
        raise
    except Exception as error:  # whatever zipfile and zlib raise on a broken archive
        raise unreadable(path, f"Not a readable .pt2 archive: {error}.") from None
    program, weights, constants = (parsed(text, limits, path) for text in texts)
    read = partial(member, body, folder, limits)
    return TorchProgram(program, weights, constants, sizes, read, says_ties)


def text_of(archive: ZipFile, name: str, limits: Limits, path: Tokens) -> bytes:
    """A member in JSON, of a size that is checked first; empty where there is none."""
    if name not in archive.namelist():
        return b""
    most = min(MOST, limits.max_body_bytes)
    with archive.open(name) as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise unreadable(path, f"{name} is larger than {most:,} bytes.")
    return found


def parsed(text: bytes, limits: Limits, path: Tokens) -> dict[str, Any]:
    document = parse_json(with_infinities(text), limits, path) if text else {}
    if not isinstance(document, dict):
        raise unreadable(path, "The JSON in the archive is no object.")
    return document


def with_infinities(text: bytes) -> bytes:
    """JSON in which infinities are texts, as PyTorch writes them since 2.6; before, it wrote what is no JSON."""
    if b"Infinity" not in text and b"NaN" not in text:
        return text
    return NO_NUMBER.sub(lambda found: found[0] if found[0][:1] == b'"' else b'"' + found[0] + b'"', text)


NO_NUMBER = re.compile(  # or a text, which stays as it is; one without an end goes on to the last byte
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|-?Infinity|NaN', re.DOTALL
)


def member(body: Any, folder: str, limits: Limits, name: str, most: int) -> bytes:
    """The first bytes of a tensor, however many there are; ShapeError where they cannot be read."""
    try:
        with opened(body, limits) as archive, archive.open(folder + name) as file:
            return file.read(most)
    except Exception as error:  # whatever zipfile and zlib raise on a broken archive
        raise ShapeError(f"The tensor in {name!r} cannot be read: {error}.") from None


def without_tensors(body: Any) -> bytes:
    """The archive without weights, large constants and whatever is pickled; Unreadable where it is broken."""
    import zipfile

    out = BytesIO()
    try:
        with opened(body, UNLIMITED) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as smaller:
            for one in archive.infolist():
                if stays(one):
                    smaller.writestr(
                        zipfile.ZipInfo(one.filename, one.date_time), archive.read(one), zipfile.ZIP_DEFLATED
                    )
    except Exception as error:  # whatever zipfile and zlib raise on a broken archive
        raise unreadable((), f"Not a readable .pt2 archive: {error}.") from None
    return out.getvalue()


SMALL = 4096  # bytes of a constant that stays
PICKLED = ("serialized_state_dict", "serialized_constants", "serialized_example_inputs")  # of PyTorch before 2.8


def stays(one: ZipInfo) -> bool:
    """Whether a member of an archive says anything of shapes: text, what is empty, and small constants."""
    inside = one.filename.partition("/")[2] or one.filename
    if one.filename.endswith(JSON) and not one.filename.startswith(PICKLED):
        return True
    if inside.startswith("data/constants/") and not one.filename.endswith(".pt"):
        return one.file_size <= SMALL
    return one.file_size == 0 or (not one.filename.startswith(PICKLED) and not inside.startswith("data/"))


JSON = ".json"


def unreadable(path: Tokens, detail: str) -> Unreadable:
    return Unreadable([{"pointer": pointer(*path), "detail": detail}], status=422)


class Tensors:
    """The tensors of an archive by their names: what their bytes are, and which names share them."""

    def __init__(self, program: TorchProgram):
        self.program = program
        self.entries: dict[str, tuple[str, dict[str, Any]]] = {}
        for folder, config in (("data/weights", program.weights), ("data/constants", program.constants)):
            for name, entry in entries_of(config.get("config"), folder):
                self.entries.setdefault(name, (folder, entry))

    def array(self, name: str, meta: dict[str, Any]) -> Array:
        """A tensor by its name; its sizes are those of the graph, its values are read when they are asked for."""
        shape, dtype = shape_of(meta), dtype_of(meta.get("dtype"))
        folder, entry = self.entries.get(name, ("", {}))
        path = entry.get("path_name")
        if not isinstance(path, str) or entry.get("use_pickle") is not False:
            return Array(name, shape, dtype, None)
        where = f"{folder}/{path}"
        if not self.has(where, shape):
            return Array(name, shape, dtype, None)
        return Array(
            name, shape, dtype, partial(self.values, where, entry.get("tensor_meta") or {}, shape, dtype, name)
        )

    def has(self, where: str, shape: tuple[int, ...]) -> bool:
        """Whether the archive has the bytes of a tensor: a stripped one and one of the meta device have none."""
        return self.program.sizes.get(where, 0) > 0 or (where in self.program.sizes and 0 in shape)

    def values(self, where: str, meta: dict[str, Any], shape: tuple[int, ...], dtype: str, name: str) -> np.ndarray:
        """Little-endian bytes as numbers, as strides say; bfloat16 as float32, which holds it."""
        steps = tuple(whole(one) for one in meta.get("strides") or ())
        width, first = WIDTH[dtype], whole(meta.get("storage_offset") or {"as_int": 0})
        last = first + sum((n - 1) * step for n, step in zip(shape, steps, strict=False)) if prod(shape) else -1
        there, needed = self.program.sizes.get(where, 0), (last + 1) * width
        if len(steps) != len(shape) or min((*steps, first)) < 0 or needed > there:
            raise ShapeError(f"{there:,} bytes do not hold the tensor {name!r} of {list(shape)} {dtype}.")
        raw = self.program.read(where, needed)
        if len(raw) < needed:
            raise ShapeError(f"The archive has {len(raw):,} bytes of the tensor {name!r}, and says it has {there:,}.")
        plain = np.frombuffer(
            raw, "<u2" if dtype == "bfloat16" else np.dtype(dtype).newbyteorder("<"), len(raw) // width
        )
        seen = np.lib.stride_tricks.as_strided(plain[first:], shape, tuple(step * width for step in steps))
        if dtype != "bfloat16":
            return seen
        return (seen.astype(np.uint32) << 16).view(np.float32)

    def shared(self) -> dict[str, str]:
        """Names whose tensor another name before them has: the same bytes, of a tensor that has some.

        On the meta device everything has one payload of no bytes; taken out of the archive it is told by its names
        being of different sizes.
        """
        groups: dict[tuple[str, Any], dict[str, str]] = {}  # by their bytes: names, and what each is
        for name, (folder, entry) in self.entries.items():
            meta = entry.get("tensor_meta") or {}
            told = [meta.get(key) for key in ("sizes", "strides", "storage_offset", "dtype")]
            groups.setdefault((folder, str(entry.get("path_name"))), {})[name] = str(told)
        ties: dict[str, str] = {}
        for (folder, path), names in groups.items():
            if len(set(names.values())) == 1 and not self.empty(f"{folder}/{path}"):
                first, *others = names
                ties |= dict.fromkeys(others, first)
        return ties

    def of_meta(self) -> bool:
        """Whether weights of several names have one payload of no bytes, as on the meta device."""
        paths = [f"{folder}/{entry.get('path_name')}" for folder, entry in self.entries.values()]
        return len(paths) > len(set(paths)) and any(map(self.empty, paths))

    def empty(self, where: str) -> bool:
        """Whether bytes are there, and none: the one payload of everything on the meta device."""
        return self.program.sizes.get(where) == 0


def entries_of(listed: Any, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tensors of a list in the archive by name; Unreadable where it is not as torch.export writes it."""
    if listed is not None and not isinstance(listed, dict):
        raise unreadable((), f"The tensors in {folder} are listed as {type(listed).__name__}; expected an object.")
    for name, entry in (listed or {}).items():
        meta = entry.get("tensor_meta") if isinstance(entry, dict) else entry
        if meta is not None and (not isinstance(meta, dict) or not isinstance(meta.get("strides") or [], list)):
            raise unreadable((), f"The tensor {name[:200]!r} in {folder} is not as torch.export writes it.")
        if isinstance(entry, dict):
            yield name, entry


def whole(size: Any) -> int:
    """A size of a tensor in the file, which is a number."""
    found = size.get("as_int") if isinstance(size, dict) else size
    if not isinstance(found, int) or isinstance(found, bool):
        raise ShapeError("The size of a tensor of the file is no number.")
    return found


def shape_of(meta: dict[str, Any]) -> tuple[int, ...]:
    """The sizes of a tensor of the file."""
    sizes = tuple(map(whole, meta.get("sizes") or ()))
    if len(sizes) > MAX_AXES or any(n < 0 for n in sizes):
        raise ShapeError(f"A tensor has the sizes {list(sizes[:MAX_AXES])}.")
    return sizes


MAX_AXES = 64
