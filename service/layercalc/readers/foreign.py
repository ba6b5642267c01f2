"""Files that people take for a model and that are not read here: told by their first bytes, called by their name."""

from collections.abc import Collection

from layercalc.readers.archive import MAGIC, members

WAY_ON = "Send Keras JSON (model.to_json()), a .keras file, code, an ONNX file, an exported program (.pt2) or a stack."
BEGINNINGS = (
    (
        b"version https://git-lfs.github.com/spec/",
        "A Git LFS pointer, not the file itself: `git lfs pull` brings the file.",
    ),
    (b"\x1f\x8b", "A gzip archive: unpack it first."),
    (b"\x93NUMPY", f"A NumPy array (.npy), and no model. {WAY_ON}"),
    (b"%PDF-", f"A PDF. {WAY_ON}"),
    (b"\x89PNG", f"A picture (PNG). {WAY_ON}"),
    (b"\xff\xd8\xff", f"A picture (JPEG). {WAY_ON}"),
    (b"\x08\x01\x12", f"A TensorFlow SavedModel (saved_model.pb), which is not read here. {WAY_ON}"),
)
TFLITE = f"A TensorFlow Lite file, which is not read here. {WAY_ON}"
PICKLE = f"A pickle, which runs code when it is opened and is never read. {WAY_ON}"
EXPORT = "Export the model: torch.export.save(torch.export.export(model.eval(), (x,)), 'model.pt2')."
TORCHSCRIPT = f"A TorchScript archive (torch.jit.save), which is not read here. {EXPORT}"
CHECKPOINT = f"A PyTorch checkpoint (torch.save), a pickle of weights, which is never read. {EXPORT}"
PACKAGE = (
    f"A PyTorch package (.pt2) without an exported program, such as of AOTInductor, which is not read here. {WAY_ON}"
)
ARRAYS = f"NumPy arrays (.npz), and no model. {WAY_ON}"


def foreign(body: bytes) -> str | None:
    """What a file is, in a sentence with the way on; None where it may be a model that is read."""
    for beginning, told in BEGINNINGS:
        if body.startswith(beginning):
            return told
    if body[4:8] == b"TFL3":
        return TFLITE
    if len(body) > 2 and body[0] == 0x80 and 2 <= body[1] <= 5:
        return PICKLE
    return of_archive(members(body)) if body.startswith(MAGIC) else None


def of_archive(names: Collection[str]) -> str | None:
    """What a ZIP archive is, by the names in it."""
    inside = {name.partition("/")[2] for name in names} | set(names)
    if "config.json" in inside:
        return None
    if inside & {"models/model.json", "serialized_exported_program.json"}:
        return None
    if "archive_format" in inside:
        return PACKAGE
    if "data.pkl" in inside:
        return TORCHSCRIPT if "constants.pkl" in inside else CHECKPOINT
    return ARRAYS if inside and all(name.endswith(".npy") for name in names) else None
