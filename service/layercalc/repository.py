"""Named models in a folder, served by the Open Inference Protocol: documents, and their weights beside them.

`digits.json` (or `.py`, `.keras`, `.onnx`) with `digits.safetensors` (or `.npz`), or one of each in a folder `digits/`.
"""

import logging
import os
import stat
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import EFBIG, EINVAL
from itertools import islice
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from layercalc import deadline, files, verbs
from layercalc.dims import Batch, Unknown
from layercalc.document import analysis_of
from layercalc.environment import setting
from layercalc.errors import InvalidTensors, NotReady, Refused, UnknownModel, pointer
from layercalc.execution.outputs import output_names
from layercalc.execution.tensors import SAID
from layercalc.execution.weights import read_weights
from layercalc.limits import Limits
from layercalc.ops import Spec
from layercalc.wording import nearest, received

DOCUMENTS = (".json", ".py", ".keras", ".h5", ".onnx")
WEIGHTS = (".safetensors", ".npz")
VERSION = "1"
MAX_ENTRIES = 10_000  # of a folder that are looked at
MAX_NEAR = 2_000  # names that a misspelt one is held against
READINGS = 4  # models that are read at a time
RETRY_SECONDS = 2  # after which a file that could not be read is tried again

log = logging.getLogger("layercalc")


@dataclass(frozen=True)
class Served:
    """One model: what it takes and gives, its weights, or the reason why it cannot be run."""

    name: str
    inputs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    document: Any = None
    weights: Any = None
    reason: str = ""
    again: bool = False  # whether another try may go better although the files are the same

    def metadata(self) -> dict[str, Any]:
        """The protocol's metadata, from the analysis; -1 stands for a size that is not fixed."""
        return {
            "name": self.name,
            "versions": [VERSION],
            "platform": "layercalc_numpy",
            "inputs": self.inputs,
            "outputs": self.outputs,
        }

    def config(self) -> dict[str, Any]:
        """The same in the terms of Triton's model configuration."""

        def terms(tensors: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [
                {"name": one["name"], "data_type": f"TYPE_{one['datatype']}", "dims": one["shape"]} for one in tensors
            ]

        named = {"name": self.name, "platform": "layercalc_numpy", "backend": "layercalc", "max_batch_size": 0}
        return {**named, "input": terms(self.inputs), "output": terms(self.outputs)}

    def index(self) -> dict[str, str]:
        """A line of the repository's index."""
        state = {"state": "UNAVAILABLE", "reason": self.reason} if self.reason else {"state": "READY", "reason": ""}
        return {"name": self.name, "version": VERSION, **state}

    def ready(self) -> "Served":
        """The model itself; NotReady with the reason where it cannot be run."""
        if self.reason:
            raise NotReady([{"pointer": "", "detail": f"The model {self.name!r} is not ready: {self.reason}"}])
        return self

    def infer(self, inputs: Any, outputs: Any, parameters: Any, limits: Limits) -> dict[str, Any]:
        """Run the model on the protocol's inputs, in whatever order; the outputs that are asked for."""
        places = named(inputs)
        by_name = {name: inputs[index] for name, index in places.items()}
        with at_their_index(places):
            ran = verbs.forward(
                self.document, by_name, self.weights, outputs=outputs, parameters=parameters, limits=limits
            )
        return {"model_name": self.name, "model_version": VERSION, "outputs": ran["outputs"]}


def named(inputs: Any) -> dict[str, int]:
    """Where each input stands in the request."""
    if not isinstance(inputs, list):
        detail = f"Expected a list of tensors; received {received(inputs)}."
        raise InvalidTensors([{"pointer": "/inputs", "detail": detail}])
    places: dict[str, int] = {}
    for index, one in deadline.each(enumerate(inputs)):
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or name in places:
            wrong = "is there already" if isinstance(name, str) else f"is {received(name)}"
            detail = f"Expected a tensor with a name of its own; the name {wrong}."
            raise InvalidTensors([{"pointer": pointer("inputs", index, "name"), "detail": detail}])
        places[name] = index
    return places


@contextmanager
def at_their_index(places: dict[str, int]) -> Iterator[None]:
    """The faults of an input point to where it stands in the request."""
    starts = {pointer("inputs", name): pointer("inputs", index) for name, index in places.items()}
    try:
        yield
    except Refused as error:
        for fault in deadline.each(error.every):
            at = fault.get("pointer", "")
            start = next((one for one in starts if at == one or at.startswith(one + "/")), None)
            if start is not None:
                fault["pointer"] = starts[start] + at[len(start) :]
        raise


class Reading(NamedTuple):
    """A model as it is read, or was: from which files, and when it is worth another try although these are the same."""

    stamp: list[Any]
    future: "Future[Served]"
    begun: float

    def holds(self, stamp: list[Any]) -> bool:
        """Whether what was read is what is there now, and worth keeping."""
        return self.stamp == stamp and not (self.future.result().again and monotonic() - self.begun > RETRY_SECONDS)


class Repository:
    """The models of a folder, each read when it is first asked for and again when its files have changed.

    A model is read by a thread of its own, whoever waits for it and however long: a request that is over before only
    says so, and no other model waits. The files are the operator's, so what is wrong with them is said, and no fault.
    """

    def __init__(self, folder: Path | None, most_bytes: int = 1 << 62) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self.lock = Lock()
        self.threads = ThreadPoolExecutor(READINGS, "models")
        self.readings: dict[str, Reading] = {}
        self.left_out: set[str] = set()  # what the log was told of

    def names(self) -> list[str]:
        """Every model there is, whether it can be run or not."""
        return sorted(name for name, entries in deadline.each(self.entries().items()) if self.files(entries) != [])

    def model(self, name: str, version: str = VERSION) -> Served:
        """The model of a name, within the deadline in force; UnknownModel if there is none."""
        entries = self.entries()
        paths = self.files(entries.get(name, []))
        if paths == [] or version != VERSION:
            there = f"Its only version is {VERSION}." if paths != [] else nearest(name, self.names()[:MAX_NEAR])
            if self.folder is None:
                there = f"No folder of models is given ({setting('models')})."
            told = "" if version == VERSION else f" of version {version!r}"
            raise UnknownModel([{"pointer": "", "detail": f"There is no model {name!r}{told}. {there}".strip()}])
        if isinstance(paths, OSError):
            return Served(name, reason=said(paths))
        time = deadline.left()
        found = self.readings.get(name) if time == 0 else self.reading(name, paths)
        if found is None or (time is not None and not wait([found.future], time).done):
            return Served(name, reason="it is being read, which takes longer than a request may; ask again")
        return found.future.result()

    def reading(self, name: str, paths: list[Path]) -> Reading:
        """The reading of a model that is under way, or was made of its files as they are."""
        stamp = [state(path) for path in paths]
        with self.lock:
            found = self.readings.get(name)
            if found is None or (found.future.done() and not found.holds(stamp)):
                future = self.threads.submit(load, name, paths, self.most_bytes)
                found = self.readings[name] = Reading(stamp, future, monotonic())
            return found

    def entries(self) -> dict[str, list[os.DirEntry[str]]]:
        """What lies in the folder, by the model that it would be of; nothing in it is opened."""
        found: dict[str, list[os.DirEntry[str]]] = {}
        try:
            listed = [] if self.folder is None else bounded(self.folder)
        except OSError as error:
            self.tell(f"The folder of models cannot be read: {said(error)}")
            return found
        if len(listed) > MAX_ENTRIES:
            self.tell(f"The folder of models has more than {MAX_ENTRIES:,} entries; what is past them is left out")
        for one in listed[:MAX_ENTRIES]:
            whole, suffix = is_folder(one), Path(one.name).suffix
            if one.name.startswith(".") or not (whole or suffix in (*DOCUMENTS, *WEIGHTS)):
                continue
            name = one.name if whole else one.name[: -len(suffix)]
            if name != name.encode("utf-8", "replace").decode():
                self.tell(f"{one.name!r} in the folder of models is left out: its name is not UTF-8")
            else:
                found.setdefault(name, []).append(one)
        return found

    def files(self, entries: list[os.DirEntry[str]]) -> list[Path] | OSError:
        """The files of a model, its documents before its weights; none where there is no document."""
        paths: list[Path] = []
        try:
            for entry in entries:
                inside = bounded(Path(entry.path)) if is_folder(entry) else [entry]
                paths += [Path(one.path) for one in inside]
        except OSError as error:
            return error
        suffixes = (*DOCUMENTS, *WEIGHTS)
        wanted = sorted(path for path in paths if path.suffix in suffixes and not path.name.startswith("."))
        wanted.sort(key=lambda path: path.suffix in WEIGHTS)
        return wanted if wanted and wanted[0].suffix in DOCUMENTS else []

    def tell(self, what: str) -> None:
        """A line of the log, once."""
        if what not in self.left_out:
            self.left_out.add(what)
            log.warning("%s", what)


def bounded(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder in order, one more than are looked at if there are more."""
    with os.scandir(folder) as entries:
        return sorted(islice(entries, MAX_ENTRIES + 1), key=lambda one: one.name)


def is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def state(path: Path) -> tuple[Any, ...]:
    """What changes when a file does."""
    try:
        found = path.stat()
    except OSError as error:
        return path, error.errno
    return path, found.st_mtime_ns, found.st_size, found.st_ino


def said(error: Exception) -> str:
    """What the system says, without the path it is in."""
    name = getattr(error, "filename", None)
    words = getattr(error, "strerror", None) or str(error) or "there is not enough memory for it"
    return f"{Path(os.fsdecode(name)).name}: {words}" if name else words


def content(path: Path, most: int) -> bytes:
    """A regular file of a size that can be served; anything else may never end, or never begin."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(EINVAL, "It is no regular file", str(path))
        if found.st_size > most:
            raise OSError(EFBIG, f"It has {found.st_size:,} bytes; the limit is {most:,}", str(path))
        return file.read(found.st_size)


def load(name: str, paths: list[Path], most: int) -> Served:
    """Read and analyse a model, and hold its weights against it."""
    inputs: list[dict[str, Any]] = []
    outputs: list[dict[str, Any]] = []
    if len(paths) > 2 or (len(paths) == 2 and paths[1].suffix in DOCUMENTS):
        listed = ", ".join(path.name for path in paths[:5])
        return Served(name, reason=f"expected a document and its weights; found {listed}")
    try:
        document, weights = files.read_model(content(paths[0], most), folder=paths[0].parent)
        analysis = analysis_of(document)
        inputs = [about(one.source, one.spec) for one in analysis.inputs]
        outputs = [about(one, value.spec) for one, value in zip(output_names(analysis), analysis.outputs, strict=True)]
        if len(paths) == 2:
            weights = files.read_weights_file(content(paths[1], most))
        wanted = [key for key, weight in analysis.weights if not weight.initializer.stored]
        if weights is None and wanted:
            return Served(name, inputs, outputs, reason=missing(wanted, name))
        if weights is None and (size := analysis.totals()["param_bytes"]) > most:  # in files beside the document
            return Served(name, inputs, outputs, reason=f"it has {size:,} bytes of weights; the limit is {most:,}")
        return Served(name, inputs, outputs, document, read_weights(weights or {}, analysis)[0])
    except Refused as error:
        return Served(name, inputs, outputs, reason=str(error))
    except (OSError, MemoryError) as error:
        return Served(name, inputs, outputs, reason=said(error), again=True)
    except Exception:
        log.exception("The model %r cannot be read", name)
        return Served(name, inputs, outputs, reason="an error of ours, which the log has", again=True)


def missing(weights: list[str], name: str) -> str:
    return f"its {len(weights)} weights ({weights[0]}, …) are not there; put {name}.safetensors beside the document"


def about(name: str, spec: Spec) -> dict[str, Any]:
    """A tensor in the protocol's terms."""
    shape = [-1 if isinstance(dim, Batch | Unknown) else dim for dim in spec.shape]
    return {"name": name, "datatype": SAID[spec.dtype], "shape": shape}
