"""The routes of the API."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotFound

from layercalc import __version__, catalogue, verbs
from layercalc.budgets import read_budgets
from layercalc.capacity import worker_peak_bytes
from layercalc.errors import InvalidBudgets, Refused, pointer
from layercalc.formats import BADGE, FORMATS, MEDIA, beside, diff_markdown, diff_sheet, drawn_difference, drawn_report
from layercalc.formats.fit import fit_sheet
from layercalc.formats.report import report_sheet
from layercalc.formats.sweep import csv_lines, sweep_sheet
from layercalc.limits import published
from layercalc.options import fields_of, read_envelope, read_texts
from layercalc.web.answers import (
    JSON,
    PRESENTED,
    TABLES,
    answer,
    asked_form,
    badge_answer,
    current_request,
    limits,
    one_of_few,
    posted,
    presented,
    repeatable,
    streamed,
    unchanging,
    verdict_answer,
)
from layercalc.web.encoding import json_bytes
from layercalc.web.problems import problem
from layercalc.web.requests.binary import tensors_answer
from layercalc.web.requests.body import read_document
from layercalc.web.requests.budget_query import LIMITED, budgets_in_query, is_limit
from layercalc.web.server.readiness import why_not

api = Blueprint("api", __name__)


@api.post("/v1/analyze")
@posted("max_analysis_seconds")
@repeatable
def analyze(body: bytes) -> Response:
    document = read_document(request, body, limits(), "analyze")
    options = query_options("analyze")
    form = asked_form(PRESENTED, badges=True)
    path: tuple[object, ...] = ()
    names: set[str] = set()
    if isinstance(document, dict) and "model" in document:
        given = joined(document, "analyze")
        document, path, names = given.pop("model"), ("model",), {"model", *given} - set(options)
        options = {**given, **options}
    with faults_in_body(names):
        columns, depth = options.pop("columns", ()), options.pop("depth", None)
        if form == "json":
            written = verbs.analyze_json(document, json_bytes, limits=limits(), path=path, **options)
            return Response(written, mimetype=JSON)
        report = verbs.analyze(document, limits=limits(), path=path, **options)
        if form.startswith(BADGE):
            return badge_answer(form, report)
        return presented(report, lambda: report_sheet(report, columns, depth), lambda: drawn_report(report))


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


def query_options(verb: str, beside: Collection[str] = ()) -> dict[str, Any]:
    """The options of a request from the query; an unknown or malformed one is a fault that names it."""
    args = current_request().args
    return read_texts(verb, dict(args.lists()), {"format", *beside} if verb in FORMED else beside) if args else {}


FORMED = ("analyze", "check", "diff", "sweep", "fit")  # the routes whose answers have several formats


def joined(document: Any, verb: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """What an envelope gives, without what it leaves out."""
    needed = {name for name, field in fields_of(verb, optional).items() if field.required}
    values = read_envelope(verb, document, optional)
    return {key: value for key, value in values.items() if value is not None or key in needed}


@api.post("/v1/forward")
@posted("max_forward_seconds")
def forward(body: bytes) -> Response:
    document = read_document(request, body, limits(), "forward")
    options = query_options("forward")
    given = joined(document, "forward")
    model, inputs = given.pop("model"), given.pop("inputs")
    with faults_in_body({"model", *given} - set(options)), one_of_few():
        return tensors_answer(verbs.forward(model, inputs, limits=limits(), **{**given, **options}))


@api.post("/v1/check")
@posted("max_analysis_seconds")
@repeatable
def check(body: bytes) -> Response:
    """An envelope, or a bare model with the budgets in the query: `?max_params=5M`, for curl."""
    document = read_document(request, body, limits(), "check")
    options = query_options("check", [*LIMITED, *filter(is_limit, request.args)])
    form = asked_form(list(FORMATS), badges=True)
    strict = options.pop("strict", False)
    asked = budgets_in_query(request.args)
    path: tuple[object, ...] = ()
    baseline = file = None
    names: set[str] = set()
    if isinstance(document, dict) and "model" in document:
        given = joined(document, "check", () if not asked or "budgets" in document else ("budgets",))
        document, path, names = given.pop("model"), ("model",), {"model", "budgets", *given} - set(options)
        listed, baseline, file = given.pop("budgets", None), given.pop("baseline", None), given.pop("file", None)
        asked = [*([] if listed is None else read_budgets(listed, file=file)), *asked]
        options = {**given, **options}
    if not asked:
        detail = 'There is no budget: send {"model": …, "budgets": […]}, or put ?max_params=5M in the query.'
        raise InvalidBudgets([{"pointer": "/budgets" if path else "", "detail": detail}])
    name = file or (document.get("name") if isinstance(document, dict) else None)
    name = name if isinstance(name, str) else "model"
    with faults_in_body(names):
        options["beside"] = beside(form)
        verdict = verbs.check(document, asked, baseline, limits=limits(), path=path, **options)
    return verdict_answer(name, verdict, form, 409 if strict and not verdict["passed"] else 200)


@api.post("/v1/diff")
@posted("max_analysis_seconds")
@repeatable
def diff(body: bytes) -> Response:
    given = joined(read_document(request, body, limits(), "diff"), "diff")
    options = query_options("diff")
    before, after = given.pop("before"), given.pop("after")
    with faults_in_body(set(given) - set(options)):
        compared = verbs.compare(before, after, limits=limits(), **{**given, **options})
    found = compared.found
    return presented(found, lambda: diff_sheet(found), lambda: drawn_difference(compared), diff_markdown)


@api.post("/v1/sweep")
@posted("max_analysis_seconds")
def sweep(body: bytes) -> Response:
    """Rows in one answer, or as CSV all of them, as they are found."""
    given = joined(read_document(request, body, limits(), "sweep"), "sweep")
    options = query_options("sweep")
    model, space = given.pop("model"), given.pop("space")
    asked: dict[str, Any] = {**given, **options, "limits": limits(), "path": ("model",)}
    with faults_in_body({"model", "space", *given} - set(options)):
        if asked_form(TABLES) == "csv":
            return streamed(csv_lines(verbs.candidates(model, space, **asked)), MEDIA["csv"])
        found = verbs.sweep(model, space, **asked)
    return presented(found, lambda: sweep_sheet(found))


@api.post("/v1/fit")
@posted("max_analysis_seconds")
@repeatable
def fit(body: bytes) -> Response:
    """An envelope, or a bare model with the rest in the query: `?vary=batch_size&max_peak_activation_bytes=8GiB`."""
    document = read_document(request, body, limits(), "fit")
    options = query_options("fit", [*LIMITED, *filter(is_limit, request.args)])
    within = budgets_in_query(request.args)
    path: tuple[object, ...] = ()
    names: set[str] = set()
    if isinstance(document, dict) and "model" in document:
        given = joined(document, "fit", ("vary", "within"))
        document, path, names = given.pop("model"), ("model",), {"model", "within", *given} - set(options)
        listed = given.pop("within", None)
        options = {**given, **options}
        within = [*([] if listed is None else read_budgets(listed, ("within",))), *within]
    if not within:
        detail = 'There is no budget: send {"model": …, "vary": …, "within": […]}, or put ?max_params=5M in the query.'
        raise InvalidBudgets([{"pointer": "/within" if path else "", "detail": detail}])
    with faults_in_body(names):
        found = verbs.fit(document, options.pop("vary", None), within, limits=limits(), path=path, **options)
    return presented(found, lambda: fit_sheet(found))


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
    found: str = query_options("layers").get("vocabulary", catalogue.DEFAULT)
    return found


@api.get("/v1/examples")
def examples() -> Response:
    return unchanging(json_bytes({"examples": verbs.examples()}))


@api.get("/v1/examples/<name>")
def example(name: str) -> Response:
    """The document itself, to be changed and sent on."""
    try:
        found = verbs.examples(name)
    except LookupError as error:
        raise NotFound(str(error.args[0])) from None
    return unchanging(found.encode(), "text/x-python") if isinstance(found, str) else unchanging(json_bytes(found))


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
    peak = worker_peak_bytes(limits(), current_app.extensions["layercalc.settings"])
    return answer({"limits": published(limits()), "worker_peak_bytes": peak})


@api.get("/livez")
def livez() -> Response:
    return answer({"status": "ok", "version": __version__})


@api.get("/readyz")
def readyz() -> Response:
    if reason := why_not(current_app.extensions["layercalc.models"].folder):
        return problem(503, "Not ready", reason, "not-ready")
    return answer({"status": "ok", "version": __version__})
