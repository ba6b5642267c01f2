"""The routes of the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotFound

from layercalc import __version__, catalogue, formats, verbs
from layercalc.amounts import integer
from layercalc.budgets import read_budgets
from layercalc.errors import InvalidBudgets, InvalidModel, Refused, pointer
from layercalc.layers import nearest
from layercalc.limits import published
from layercalc.sheets import report_sheet
from layercalc.verdicts import BADGE, FORMATS, diff_markdown, diff_sheet
from layercalc.web.answers import (
    answer,
    asked_form,
    badge_answer,
    limits,
    one_of_few,
    posted,
    presented,
    repeatable,
    unchanging,
    verdict_answer,
)
from layercalc.web.binary import tensors_answer
from layercalc.web.body import read_document
from layercalc.web.budget_query import LIMITED, budgets_in_query, is_limit
from layercalc.web.envelopes import (
    AnalyzeEnvelope,
    CheckEnvelope,
    DiffEnvelope,
    ForwardEnvelope,
    PartialCheckEnvelope,
    load,
)
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
    form = asked_form(("json", *formats.FORMATS), badges=True)
    path: tuple[object, ...] = ()
    if isinstance(document, dict) and "model" in document:
        envelope = load(AnalyzeEnvelope, document)
        document, path = envelope.pop("model"), ("model",)
        options = {**{key: value for key, value in envelope.items() if value is not None}, **options}
    with faults_in_body(set() if not path else {"model", *envelope} - set(request.args)):
        columns = options.pop("columns", ())
        report = verbs.analyze(document, limits=limits(), path=path, **options)
        if form.startswith(BADGE):
            return badge_answer(form, report)
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
        raise


OPTIONS = ("input_shape", "batch_size", "conventions", "explain", "device", "columns", "format")


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
            options[name] = integer(values[-1])
        elif name in ("device", "vocabulary"):
            options[name] = values[-1]
        elif name == "format":
            continue  # of the answer
        elif name in ("conventions", "columns", "budgets"):
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
    """An envelope, or a bare model with the budgets in the query: `?max_params=5M`, for curl."""
    document = read_document(request, body, limits(), CheckEnvelope)
    limited = [name for name in request.args if is_limit(name)]
    options = query_options(("input_shape", "batch_size", "strict", "format", *LIMITED, *limited))
    form = asked_form(list(FORMATS), badges=True)
    strict = options.pop("strict", False)
    options = {key: value for key, value in options.items() if key not in (*LIMITED, *limited)}
    asked = budgets_in_query(request.args)
    path: tuple[object, ...] = ()
    baseline = file = None
    names: set[str] = set()
    if isinstance(document, dict) and "model" in document:
        needed = CheckEnvelope if not asked or "budgets" in document else PartialCheckEnvelope
        envelope = load(needed, document)
        document, path = envelope.pop("model"), ("model",)
        listed, baseline, file = envelope.pop("budgets", None), envelope.pop("baseline"), envelope.pop("file")
        asked = [*([] if listed is None else read_budgets(listed, file=file)), *asked]
        options = {**{key: value for key, value in envelope.items() if value is not None}, **options}
        names = {"model", "budgets", *options} - set(request.args)
    if not asked:
        detail = 'There is no budget: send {"model": …, "budgets": […]}, or put ?max_params=5M in the query.'
        raise InvalidBudgets([{"pointer": "/budgets" if path else "", "detail": detail}])
    name = file or (document.get("name") if isinstance(document, dict) else None)
    name = name if isinstance(name, str) else "model"
    with faults_in_body(names):
        verdict = verbs.check(document, asked, baseline, limits=limits(), path=path, **options)
    return verdict_answer(name, verdict, form, 409 if strict and not verdict["passed"] else 200)


@api.post("/v1/diff")
@posted("max_analysis_seconds")
@repeatable
def diff(body: bytes) -> Response:
    envelope = load(DiffEnvelope, read_document(request, body, limits(), DiffEnvelope))
    before, after = envelope.pop("before"), envelope.pop("after")
    options = {key: value for key, value in envelope.items() if value is not None}
    options |= query_options(("input_shape", "batch_size", "format"))
    with faults_in_body(set(envelope) - set(request.args)):
        found = verbs.diff(before, after, limits=limits(), **options)
    return presented(found, lambda: diff_sheet(found), diff_markdown)


@cache
def fixed(part: str, *which: str) -> bytes:
    """A part of the catalogue as it goes out; only names that there are come here."""
    found = getattr(catalogue, part)(*which)
    return json_bytes(found if which else {part: found})


@api.get("/v1/layers")
def layers() -> Response:
    return unchanging(listed(vocabulary()))


@api.get("/v1/layers/<name>")
def layer(name: str) -> Response:
    try:
        return unchanging(fixed("entry", name, vocabulary()))
    except LookupError as error:
        raise NotFound(str(error.args[0])) from None


@cache
def listed(vocabulary: str) -> bytes:
    """The layer types of a vocabulary as they go out."""
    return json_bytes({"layers": catalogue.layers(vocabulary)})


def vocabulary() -> str:
    """The vocabulary that is asked for."""
    found: str = query_options(("vocabulary",)).get("vocabulary", catalogue.DEFAULT)
    return found


@api.get("/v1/presets")
def presets() -> Response:
    return unchanging(fixed("presets"))


@api.get("/v1/schemas/<name>")
def schema(name: str) -> Response:
    if name not in catalogue.SCHEMAS:
        raise NotFound(f"There is no schema {name!r}. There is {', '.join(catalogue.SCHEMAS)}.")
    return unchanging(fixed("schema", name), "application/schema+json")


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
