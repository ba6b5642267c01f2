"""The routes of the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotFound

from layercalc import __version__, catalogue, verbs
from layercalc.errors import InvalidBudgets, InvalidModel, Refused, pointer
from layercalc.layers import ALIASES, LAYERS, nearest
from layercalc.limits import published
from layercalc.sheets import report_sheet
from layercalc.verdicts import check_sheet, diff_sheet
from layercalc.web.answers import answer, limits, one_of_few, posted, presented, repeatable, unchanging
from layercalc.web.binary import tensors_answer
from layercalc.web.body import read_document
from layercalc.web.envelopes import AnalyzeEnvelope, CheckEnvelope, DiffEnvelope, ForwardEnvelope, load
from layercalc.web.problems import problem
from layercalc.web.readiness import why_not
from layercalc.web.texts import json_bytes

api = Blueprint("api", __name__)


@api.post("/v1/analyze")
@posted("max_analysis_seconds")
@repeatable
def analyze(body: bytes) -> Response:
    document = read_document(request, body, limits(), AnalyzeEnvelope)
    options: dict[str, Any] = query_options()
    path: tuple[object, ...] = ()
    if isinstance(document, dict) and "model" in document:
        envelope = load(AnalyzeEnvelope, document)
        document, path = envelope.pop("model"), ("model",)
        options = {**{key: value for key, value in envelope.items() if value is not None}, **options}
    with faults_in_body(set() if not path else {"model", *envelope} - set(request.args)):
        columns = options.pop("columns", ())
        report = verbs.analyze(document, limits=limits(), path=path, **options)
        return presented(report, lambda: report_sheet(report, columns))


@contextmanager
def faults_in_body(names: set[str]) -> Iterator[None]:
    """A fault in an option that came in the envelope stands there, and not in the query."""
    try:
        yield
    except Refused as error:
        for fault in error.every:
            if fault.get("parameter") in names:
                fault["pointer"] = pointer(fault.pop("parameter"))
            elif "line" in fault and "model" in names:
                fault["pointer"] = "/model"  # code in an envelope: the line and column are those of the string
        raise


OPTIONS = ("input_shape", "batch_size", "conventions", "explain", "device", "columns")


def query_options(known: tuple[str, ...] = OPTIONS) -> dict[str, Any]:
    """The options of a request from the query; an unknown or malformed one is a fault that names it."""
    options: dict[str, Any] = {}
    faults = []
    for name in request.args:
        values = request.args.getlist(name)
        if name not in known:
            detail = f"There is no parameter {name!r}.{nearest(name, list(known))}"
            faults.append({"parameter": name, "detail": detail})
        elif name == "input_shape":
            options[name] = values
        elif name == "batch_size":
            options[name] = size(values[-1])
        elif name == "device":
            options[name] = values[-1]
        elif name in ("conventions", "columns"):
            options[name] = [one for value in values for one in value.split(",") if one]
        else:
            options[name] = values[-1] not in ("0", "false", "")
    if faults:
        raise InvalidModel(faults)
    return options


@api.post("/v1/forward")
@posted("max_forward_seconds")
def forward(body: bytes) -> Response:
    document = read_document(request, body, limits(), ForwardEnvelope)
    envelope = load(ForwardEnvelope, document)
    options = {key: value for key, value in envelope.items() if value is not None and key not in ("model", "inputs")}
    options |= query_options(("input_shape", "stats", "profile"))
    with faults_in_body(set(envelope) - set(request.args)), one_of_few():
        return tensors_answer(verbs.forward(envelope["model"], envelope["inputs"], limits=limits(), **options))


@api.post("/v1/check")
@posted("max_analysis_seconds")
@repeatable
def check(body: bytes) -> Response:
    """An envelope, or a bare model with the budgets in the query: `?max_params=5M&layer…`, for curl."""
    document = read_document(request, body, limits(), CheckEnvelope)
    limited = {name: request.args[name] for name in request.args if name.partition("_")[0] in ("max", "min", "equals")}
    options = query_options(("input_shape", "batch_size", "strict", *limited))
    strict = options.pop("strict", False)
    options = {key: value for key, value in options.items() if key not in limited}
    asked = budgets_in_query(limited)
    asked_in_query = bool(asked)
    path: tuple[object, ...] = ()
    baseline = None
    if isinstance(document, dict) and "model" in document:
        asked_in_query = asked_in_query and "budgets" not in document
        if asked_in_query:
            document = {**document, "budgets": asked}
        envelope = load(CheckEnvelope, document)
        document, path = envelope.pop("model"), ("model",)
        asked, baseline = envelope.pop("budgets"), envelope.pop("baseline")
        options = {**{key: value for key, value in envelope.items() if value is not None}, **options}
    elif not asked:
        detail = 'There is no budget: send {"model": …, "budgets": […]}, or put ?max_params=5M in the query.'
        raise InvalidBudgets([{"pointer": "", "detail": detail}])
    names = {"model", "budgets", *options} - set(request.args) if path else set()
    with faults_in_body(names), faults_in_query(list(limited) if asked_in_query else []):
        verdict = verbs.check(document, asked, baseline, limits=limits(), path=path, **options)
    return presented(verdict, lambda: check_sheet(verdict), 409 if strict and not verdict["passed"] else 200)


@contextmanager
def faults_in_query(names: list[str]) -> Iterator[None]:
    """A fault of a budget that stood in the query names its parameter."""
    try:
        yield
    except Refused as error:
        for fault in error.every:
            _, _, rest = fault.get("pointer", "").partition("/budgets/")
            if rest and names:
                del fault["pointer"]
                fault["parameter"] = names[int(rest.split("/")[0])]
        raise


def budgets_in_query(limited: dict[str, str]) -> list[dict[str, Any]]:
    """`max_flops=600M`, `min_params=1`, `equals_output_shape=null,10` as budgets."""
    out: list[dict[str, Any]] = []
    for name, text in limited.items():
        kind, _, metric = name.partition("_")
        value: Any = text
        if metric == "output_shape":
            sizes = [one.strip() for one in text.strip("[]()").split(",")]
            value = [None if one in ("null", "None") else size(one) for one in sizes]
        out.append({"metric": metric, kind: value})
    return out


def size(text: str) -> int | str:
    """A size, or the text itself where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 300 else text


@api.post("/v1/diff")
@posted("max_analysis_seconds")
@repeatable
def diff(body: bytes) -> Response:
    envelope = load(DiffEnvelope, read_document(request, body, limits(), DiffEnvelope))
    before, after = envelope.pop("before"), envelope.pop("after")
    options = {key: value for key, value in envelope.items() if value is not None}
    options |= query_options(("input_shape", "batch_size"))
    with faults_in_body(set(envelope) - set(request.args)):
        found = verbs.diff(before, after, limits=limits(), **options)
    return presented(found, lambda: diff_sheet(found))


@cache
def fixed(part: str, *which: str) -> bytes:
    """A part of the catalogue as it goes out; only names that there are come here."""
    found = getattr(catalogue, part)(*which)
    return json_bytes(found if which else {part: found})


@api.get("/v1/layers")
def layers() -> Response:
    return unchanging(fixed("layers"))


@api.get("/v1/layers/<name>")
def layer(name: str) -> Response:
    if name not in LAYERS and name not in ALIASES:
        raise NotFound(f"There is no layer type {name!r}.{nearest(name, [*LAYERS, *ALIASES])}")
    return unchanging(fixed("entry", name))


@api.get("/v1/conventions")
def conventions() -> Response:
    return unchanging(fixed("conventions"))


@api.get("/v1/devices")
def devices() -> Response:
    return unchanging(fixed("devices"))


@api.get("/v1/limits")
def limits_in_force() -> Response:
    return answer({"limits": published(limits())})


@api.get("/livez")
def livez() -> Response:
    return answer({"status": "ok", "version": __version__})


@api.get("/readyz")
def readyz() -> Response:
    if reason := why_not(current_app.extensions["layercalc.models"].folder):
        return problem(503, "Not ready", reason, "not-ready")
    return answer({"status": "ok", "version": __version__})
