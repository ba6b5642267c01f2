"""Named models in a folder, served by the Open Inference Protocol: documents, and their weights beside them.

`digits.json` (or `.py`, `.keras`) with `digits.safetensors` (or `.npz`), or a folder `digits/` with one of each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from layercalc import deadline, files, verbs
from layercalc.dims import Batch, Unknown
from layercalc.environment import setting
from layercalc.errors import InvalidTensors, NotReady, Refused, UnknownModel, pointer
from layercalc.limits import Limits
from layercalc.ops import Spec
from layercalc.posted import output_names
from layercalc.tensors import NAMES
from layercalc.weights import read_weights
from layercalc.wording import nearest, received

DOCUMENTS = (".json", ".py", ".keras", ".h5")
WEIGHTS = (".safetensors", ".npz")
VERSION = "1"


@dataclass(frozen=True)
class Served:
    """One model: what it takes and gives, its weights, or the reason why it cannot be run."""

    name: str
    inputs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    document: Any = None
    weights: Any = None
    reason: str = ""

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

    def infer(self, inputs: Any, outputs: Any, parameters: Any, limits: Limits) -> dict[str, Any]:
        """Run the model on the protocol's inputs, in whatever order; the outputs that are asked for."""
        if self.reason:
            raise NotReady([{"pointer": "", "detail": f"The model {self.name!r} is not ready: {self.reason}"}])
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
            wrong = "is there already" if name in places else f"is {received(name)}"
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


class Repository:
    """The models of a folder, each read when it is first asked for and again when its files have changed."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.lock = Lock()
        self.loaded: dict[str, tuple[Any, Served]] = {}

    def names(self) -> list[str]:
        """Every model there is, whether it can be run or not."""
        return sorted(self.found())

    def model(self, name: str, version: str = VERSION) -> Served:
        """The model of a name; UnknownModel if there is none."""
        known = self.found()
        if name not in known or version != VERSION:
            there = f"Its only version is {VERSION}." if name in known else nearest(name, list(known))
            if self.folder is None:
                there = f"No folder of models is given ({setting('models')})."
            version_told = "" if version == VERSION else f" of version {version!r}"
            raise UnknownModel(
                [{"pointer": "", "detail": f"There is no model {name!r}{version_told}. {there}".strip()}]
            )
        with self.lock:
            paths = known[name]
            stamp = [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths]
            if name not in self.loaded or self.loaded[name][0] != stamp:
                self.loaded[name] = stamp, load(name, paths)
            return self.loaded[name][1]

    def found(self) -> dict[str, list[Path]]:
        """The files of each model: its document, then its weights."""
        found: dict[str, list[Path]] = {}
        entries = [] if self.folder is None else sorted(self.folder.iterdir())
        for one in entries:
            inside = sorted(one.iterdir()) if one.is_dir() else [one]
            for path in inside:
                if path.suffix in (*DOCUMENTS, *WEIGHTS) and not path.name.startswith("."):
                    found.setdefault(one.name if one.is_dir() else one.stem, []).append(path)
        ordered = {name: sorted(paths, key=lambda path: path.suffix in WEIGHTS) for name, paths in found.items()}
        return {name: paths for name, paths in ordered.items() if paths[0].suffix in DOCUMENTS}


def load(name: str, paths: list[Path]) -> Served:
    """Read and analyse a model, and hold its weights against it."""
    inputs: list[dict[str, Any]] = []
    outputs: list[dict[str, Any]] = []
    try:
        if len(paths) > 2 or (len(paths) == 2 and paths[1].suffix in DOCUMENTS):
            return Served(name, reason=f"expected a document and its weights; found {', '.join(p.name for p in paths)}")
        document, weights = files.read_model(paths[0].read_bytes())
        analysis = verbs.analysis_of(document)
        inputs = [about(one.source, one.spec) for one in analysis.inputs]
        outputs = [about(one, value.spec) for one, value in zip(output_names(analysis), analysis.outputs, strict=True)]
        if len(paths) == 2:
            weights = files.read_weights_file(paths[1].read_bytes())
        wanted = [key for key, _ in analysis.weights]
        if weights is None and wanted:
            return Served(name, inputs, outputs, reason=missing(wanted, name))
        return Served(name, inputs, outputs, document, read_weights(weights or {}, analysis)[0])
    except (Refused, OSError) as error:
        return Served(name, inputs, outputs, reason=str(error))


def missing(weights: list[str], name: str) -> str:
    return f"its {len(weights)} weights ({weights[0]}, …) are not there; put {name}.safetensors beside the document"


def about(name: str, spec: Spec) -> dict[str, Any]:
    """A tensor in the protocol's terms."""
    shape = [-1 if isinstance(dim, Batch | Unknown) else dim for dim in spec.shape]
    return {"name": name, "datatype": NAMES[spec.dtype], "shape": shape}
