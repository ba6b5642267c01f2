"""The Open Inference Protocol, version 2, for the models of a folder: what Triton's and KServe's clients speak."""

from typing import Any

from flask import Blueprint, Response, current_app, request

from layercalc import __version__
from layercalc.options import read_envelope
from layercalc.repository import VERSION, Repository, Served
from layercalc.web.answers import answer, limits, one_of_few, posted
from layercalc.web.requests.binary import tensors_answer
from layercalc.web.requests.body import read_document
from layercalc.web.server.readiness import why_not

inference = Blueprint("inference", __name__, url_prefix="/v2")


def repository() -> Repository:
    found: Repository = current_app.extensions["layercalc.models"]
    return found


@inference.get("/")
def server() -> Response:
    return answer({"name": "layercalc", "version": __version__, "extensions": ["binary_tensor_data"]})


@inference.get("/health/live")
def live() -> Response:
    return answer({"live": True})


@inference.get("/health/ready")
def ready() -> Response:
    reason = why_not(repository().folder)
    return answer({"ready": not reason, **({"reason": reason} if reason else {})}, 503 if reason else 200)


def found(name: str, version: str = VERSION) -> Served:
    """A model, waited for as long as an analysis may take where no other deadline is in force."""
    with limits().deadline("max_analysis_seconds"):
        return repository().model(name, version)


@inference.post("/repository/index")
def index() -> Response:
    with limits().deadline("max_analysis_seconds"):
        return answer([found(name).index() for name in repository().names()])


@inference.get("/models/<name>")
@inference.get("/models/<name>/versions/<version>")
def metadata(**which: str) -> Response:
    return answer(found(**which).metadata())


@inference.get("/models/<name>/config")
@inference.get("/models/<name>/versions/<version>/config")
def config(**which: str) -> Response:
    return answer(found(**which).config())


@inference.get("/models/<name>/ready")
@inference.get("/models/<name>/versions/<version>/ready")
def model_ready(**which: str) -> Response:
    model = found(**which)
    why = {"reason": model.reason} if model.reason else {}
    return answer({"name": model.name, "ready": not model.reason, **why}, 503 if model.reason else 200)


@inference.post("/models/<name>/infer")
@inference.post("/models/<name>/versions/<version>/infer")
@posted("max_forward_seconds")
def infer(body: bytes, **which: str) -> Response:
    model = found(**which).ready()
    asked: dict[str, Any] = read_envelope("infer", read_document(request, body, limits(), "infer"))
    with one_of_few():
        made = model.infer(asked["inputs"], asked["outputs"], asked["parameters"], limits())
    return tensors_answer(made | ({} if asked["id"] is None else {"id": asked["id"]}))
