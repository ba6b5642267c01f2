"""Models and tensors in files, each known by its content: `.keras`, HDF5, ONNX, safetensors, `.npy`, `.npz`, text."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layercalc.environment import setting
from layercalc.errors import InvalidModel, Tokens, Unreadable, pointer, unfit
from layercalc.files.beginnings import HDF5, NUMPY, is_safetensors
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers import archive, parse_document
from layercalc.readers.foreign import foreign
from layercalc.readers.onnx.file import is_onnx as is_onnx
from layercalc.readers.onnx.file import read_file as read_onnx_file
from layercalc.readers.text import decode_text, looks_like_json, parse_json
from layercalc.readers.torch.archive import is_program_file
from layercalc.readers.torch.archive import read_file as read_program_file

if TYPE_CHECKING:
    from layercalc.analysis.walk import Analysis
    from layercalc.files.hdf5 import Tree
    from layercalc.files.keras_names import Found

WEIGHTS = "model.weights.h5"  # in a .keras archive
LONGEST = 100  # characters of a version


@dataclass(frozen=True)
class KerasWeights:
    """The weights of a Keras file, opened when a model asks for them."""

    tree: Callable[[], "Tree"]

    def named(self, analysis: "Analysis") -> list["Found"]:
        """Every tensor of the file, with the name of ours where there is one."""
        from layercalc.files.keras_names import mapped

        return mapped(self.tree(), analysis)


def read_model(
    body: Any, path: Tokens = ("model",), limits: Limits = UNLIMITED, folder: Path | None = None
) -> tuple[Any, KerasWeights | None]:
    """A model's document, told by its first bytes, and the weights that are in the file with it.

    `folder` is where the file lies, for one that names others beside it; a file that somebody sent lies nowhere.
    Raises Unreadable, which calls a form that is not read by its name.
    """
    if is_onnx(body):
        return read_onnx_file(body, path, limits, folder), None
    if is_program_file(body):
        return read_program_file(body, path, limits), None
    if name := foreign(body):
        raise Unreadable([{"pointer": pointer(*path), "detail": name}], status=422)
    if body.startswith(archive.MAGIC):
        document = parse_json(archive.unpacked(body, limits), limits)
        told = archive.unpacked(body, limits, archive.METADATA)
        with_versions(document, parse_json(told, limits) if told else {})
        return document, keras_weights(body, path, limits)
    if body.startswith(HDF5):
        permit(len(body), path, limits)
        tree = tree_of(body, path)
        config = tree.attribute("", "model_config")
        if config is None:
            detail = "The file has weights and no model; give the model's document, and this file as its weights."
            raise Unreadable([{"pointer": pointer(*path), "detail": detail}], status=422)
        document = parse_json(text_of(config), limits)
        with_versions(document, {key: tree.attribute("", key) for key in ("keras_version", "backend")})
        return document, keras_weights(body, path, limits)
    if looks_like_json(body):
        return parse_document(body, limits), None
    text = decode_text(body)
    if not text.strip():
        raise Unreadable([{"pointer": pointer(*path), "detail": "The model is empty."}])
    return parse_document(text, limits) if looks_like_json(text) else text, None


def with_versions(document: Any, beside: Any) -> None:
    """Note in a document which Keras wrote it, where only what lies beside it in the file says so."""
    for key in ("keras_version", "backend") if isinstance(document, dict) and isinstance(beside, dict) else ():
        if (said := beside.get(key)) is not None:
            document.setdefault(key, text_of(said)[:LONGEST])


def text_of(value: Any) -> str:
    """An attribute as text."""
    return value.decode("utf8", "replace") if isinstance(value, bytes) else str(value)


def read_weights_file(body: bytes, path: Tokens = ("weights",), limits: Limits = UNLIMITED) -> Any:
    """Weights by name: of safetensors, an `.npz`, a Keras file, or JSON; a list for an `.npz` without names."""
    from layercalc.files.numpy_files import read_npy, read_npz
    from layercalc.files.safetensors_files import read_safetensors

    if body.startswith(archive.MAGIC) and "config.json" not in members(body, path, limits):
        arrays = read_npz(body, path, limits)
        plain = [f"arr_{i}" for i in range(len(arrays))]  # np.savez(file, *model.get_weights())
        return [arrays[name] for name in plain] if arrays and set(plain) == set(arrays) else arrays
    if is_keras(body):
        return keras_weights(body, path, limits)
    if body.startswith(NUMPY):
        return [read_npy(body, (*path, 0))]
    if is_safetensors(body):
        return read_safetensors(body, path, limits)
    return read_json(body, path, limits, "safetensors, .npz, .keras, .weights.h5, .h5, or JSON")


def read_tensor_file(body: bytes, path: Tokens, limits: Limits = UNLIMITED) -> Any:
    """One tensor of an `.npy`, several by name of safetensors or an `.npz`, or whatever the JSON says."""
    from layercalc.files.numpy_files import read_npy, read_npz
    from layercalc.files.safetensors_files import read_safetensors

    if body.startswith(NUMPY):
        return read_npy(body, path)
    if body.startswith(archive.MAGIC):
        return read_npz(body, path, limits)
    if is_safetensors(body):
        return read_safetensors(body, path, limits)
    return read_json(body, path, limits, ".npy, .npz, safetensors, or JSON")


def read_json(body: bytes, path: Tokens, limits: Limits, expected: str) -> Any:
    try:
        return parse_json(body, limits, path)
    except Unreadable as error:
        if error.status != Unreadable.status:  # a limit is passed
            raise
        detail = f"Expected {expected}. As text: {error.errors[0]['detail']}"
        raise Unreadable([{"pointer": pointer(*path), "detail": detail}]) from None


def permit(size: int, path: Tokens, limits: Limits) -> None:
    """Refuse HDF5 that is larger than may be parsed; a service parses none unless it is told to."""
    most = limits.max_hdf5_bytes
    if most == 0:
        detail = f"HDF5 is not parsed here ({setting('max_hdf5_bytes')} is 0); send the weights as safetensors or .npz."
        raise unfit(path, detail)
    if size > most:
        raise unfit(path, f"{size:,} bytes of HDF5; the limit is {most:,} ({setting('max_hdf5_bytes')}).")


def is_binary(beginning: bytes) -> bool:
    """Whether bytes begin as a file in binary does that is read: an archive, HDF5, ONNX, safetensors or NumPy's."""
    if is_keras(beginning) or is_onnx(beginning) or beginning.startswith(NUMPY):
        return True
    return is_safetensors(beginning)


def is_keras(body: bytes) -> bool:
    """Whether reading it means to parse HDF5."""
    return body.startswith((HDF5, archive.MAGIC))


def keras_weights(body: bytes, path: Tokens, limits: Limits) -> KerasWeights:
    """The weights of a `.keras` archive or an HDF5 file; the size is checked before anything is inflated."""

    def tree() -> "Tree":
        inside = inflated(body, path, limits) if body.startswith(archive.MAGIC) else body
        permit(len(inside), path, limits)
        return tree_of(inside, path)

    return KerasWeights(tree)


def tree_of(body: bytes, path: Tokens) -> "Tree":
    """The groups and arrays of an HDF5 file."""
    from layercalc.files.hdf5 import opened

    return opened(body, path)


def inflated(body: bytes, path: Tokens, limits: Limits) -> bytes:
    """The HDF5 file in a `.keras` archive."""
    if WEIGHTS not in members(body, path, limits):
        raise unfit(path, f"The archive has no {WEIGHTS}; a .keras file with weights has one.")
    try:
        with archive.opened(body, limits, path) as opened:
            info = opened.getinfo(WEIGHTS)
            permit(info.file_size, path, limits)
            with opened.open(info) as file:
                return file.read(info.file_size)  # no more, whatever the stream would give
    except InvalidModel:
        raise
    except Exception as error:  # whatever zlib, lzma and zipfile raise on a broken stream
        raise unfit(path, f"Not a readable archive: {error}.") from None


def members(body: bytes, path: Tokens, limits: Limits) -> list[str]:
    try:
        with archive.opened(body, limits, path) as opened:
            return opened.namelist()
    except InvalidModel:
        raise
    except Exception as error:
        raise unfit(path, f"Not a readable archive: {error}.") from None
