"""What can be asked of a model: the same in Python, over HTTP and on the command line."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from math import inf, prod
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import numpy as np

from layercalc import differences, files
from layercalc.analysis.inputs import declared
from layercalc.analysis.roofline import device as named_device
from layercalc.analysis.walk import Analysis, analyse
from layercalc.budgets import read_budgets
from layercalc.budgets.judging import judged
from layercalc.conventions import chosen
from layercalc.differences import side
from layercalc.differences.earlier import is_report, read_report
from layercalc.dims import Dim, Unknown, provably
from layercalc.environment import setting
from layercalc.errors import InvalidModel, InvalidTensors, Refused, TooLarge, pointer
from layercalc.execution import demand, tensors
from layercalc.execution.comparison import compared, origin
from layercalc.execution.inputs import (
    output_names,
    read_arrays,
    read_compared,
    read_expected,
    read_inputs,
    read_names,
    read_outputs,
)
from layercalc.execution.running import execute, seeded_inputs
from layercalc.execution.weights import read_weights
from layercalc.gc_pause import paused
from layercalc.limits import UNLIMITED, Limits
from layercalc.model import Model
from layercalc.ops import Spec
from layercalc.readers import Draft, read
from layercalc.report import Extras, report, rows
from layercalc.usage import effort
from layercalc.wording import received

Place = tuple[object, ...]
MODEL: Place = ("model",)
DTYPES = ("float32", "float64")
Given = ParamSpec("Given")
Made = TypeVar("Made")


def timed(name: str) -> Callable[[Callable[Given, Made]], Callable[Given, Made]]:
    """A verb that has as many seconds as the limit of that name says; Overdue past it."""

    def decorate(verb: Callable[Given, Made]) -> Callable[Given, Made]:
        @wraps(verb)
        def bounded(*args: Given.args, **kwargs: Given.kwargs) -> Made:
            limits: Any = kwargs.get("limits", UNLIMITED)
            with limits.deadline(name):
                return verb(*args, **kwargs)

        return bounded

    return decorate


@timed("max_analysis_seconds")
def analyze(
    document: Any,
    *,
    input_shape: Any = None,
    batch_size: int | None = None,
    conventions: Sequence[str] | str = (),
    explain: bool = False,
    device: Any = None,
    limits: Limits = UNLIMITED,
    path: Place = (),
) -> dict[str, Any]:
    """The report of a model: shapes, parameters, MACs, FLOPs and bytes of every layer and in total.

    `document` is a stack, Keras JSON (parsed or as text), Keras code, or a Keras model. `input_shape` leaves the batch
    out: a list of sizes (None: unknown), `"28,28,1"`, or a mapping or list of `"name:sizes"` for several inputs.
    Counts are for one sample, or for `batch_size` of them. `conventions` are names of other tools' ways to count (or
    "all"), `explain` adds the arithmetic of every row, `device` (a name, `"1e12,5e10"`, or a mapping of peak_flops and
    bandwidth) the roofline. `path` is where the document stands in a larger one, for the
    pointers of errors. Raises InvalidModel.
    """
    extras = Extras(chosen(conventions), explain, None if device is None else named_device(device))
    document = from_files(document, None, None, None)[0]
    with paused():
        model, draft = guarded(document, path, limits)
        analysis = analysed(model, draft, declared(model, draft, input_shape, batch_size), path)
        return located(report(analysis, draft.warnings, extras), path)


@timed("max_forward_seconds")
def forward(
    document: Any,
    inputs: Any,
    weights: Any = None,
    *,
    expected: Any = None,
    rtol: float = 1e-4,
    atol: float = 1e-5,
    return_layers: Sequence[str] = (),
    stats: bool = False,
    profile: bool = False,
    input_shape: Any = None,
    dtype: str = "float32",
    outputs: Any = None,
    parameters: Any = None,
    told: Callable[[int, int, str], None] | None = None,
    limits: Limits = UNLIMITED,
    path: Place = MODEL,
) -> dict[str, Any]:
    """Run a model in NumPy, hold every layer's shape against the analysis, and outputs against `expected`.

    `inputs` is a list in the model's order, a map by input name, or `{"seed": 7}`; `weights` a map by name, a list in
    Keras' get_weights() order, or `{"seed": 7}` (seed 0 when left out). A path (os.PathLike) of a `.keras`, `.h5`,
    `.safetensors`, `.npz` or `.npy` file does in place of `document`, `weights`, `inputs` or `expected`, which is a
    list for the outputs, or a map by the names of outputs and layers. `stats` adds to each layer's row its smallest,
    largest and mean number and how many are none; `profile` its seconds, FLOPs and GFLOP/s. Floats are computed in
    `dtype`, "float32" or "float64". `outputs` and `parameters` are the Open Inference Protocol's: which outputs are
    wanted, and whether as bytes. `told` hears after each layer how many of how many have run, and its name. Raises
    InvalidModel, InvalidTensors, TooLarge and Overdue.
    """
    if dtype not in DTYPES:
        raise InvalidTensors(
            [{"pointer": "/dtype", "detail": f"Expected one of {', '.join(DTYPES)}; received {received(dtype)}."}]
        )
    document, weights, inputs, expected = from_files(document, weights, inputs, expected)
    model, draft = guarded(document, path, limits)
    specs = declared(model, draft, input_shape, None)
    if draft.faults:
        analysed(model, draft, specs, path)
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if not isinstance(tolerance, int | float) or not 0 <= tolerance < inf:
            raise InvalidTensors(
                [{"pointer": f"/{name}", "detail": f"Expected a number of at least 0; received {tolerance}."}]
            )
    posted = read_inputs(inputs, specs, dtype)
    if not isinstance(posted, int):
        specs = [(name, Spec(one.array.shape, spec.dtype)) for (name, spec), one in zip(specs, posted, strict=True)]
    analysis = analysed(model, draft, specs, path)
    if any(isinstance(dim, Unknown) for value in analysis.inputs for dim in value.spec.shape):
        raise InvalidTensors(
            [{"pointer": "/inputs", "detail": "Seeded inputs need a shape without unknown dimensions."}]
        )
    runnable(analysis)
    returned = read_names(return_layers, analysis)
    names = output_names(analysis)
    form = "nested" if isinstance(posted, int) or not posted else posted[0].form
    forms = read_outputs(outputs, parameters, names, form)
    asked = {} if expected is None else read_compared(expected, names, analysis)
    keep = list(dict.fromkeys([*returned, *(name for name in asked if name not in names)]))
    drawn = weights is None or (isinstance(weights, Mapping) and set(weights) == {"seed"})
    bounded(analysis, limits, returned, drawn, path, dtype, [name.partition(":")[0] for name in asked])
    arrays = seeded_inputs(analysis, posted, dtype) if isinstance(posted, int) else read_arrays(posted, specs, dtype)
    posted = []  # those of another dtype are held no longer
    given, source = read_weights(weights, analysis, dtype)
    arrays = [a.astype(dtype, copy=False) if a.dtype.kind == "f" else a for a in arrays]
    how: dict[str, Any] = {"dtype": dtype}
    flops = analysis.totals()["flops"]
    effort.flops += flops if isinstance(flops, int) else 0
    ran = execute(analysis, list(arrays), given, stats=stats, profile=profile, keep=keep, told=told, **how)
    made = ran.kept | dict(zip(names, ran.outputs, strict=True))
    wanted = None if expected is None else read_expected(asked, made)
    lines = ran.results
    if not stats and not all(a.dtype.kind != "f" or np.isfinite(a).all() for a in ran.outputs):
        lines = execute(analysis, list(arrays), given, stats=True, **how).results  # once more, to find where
    order = [row.name for row in analysis.rows]
    entered = dict(zip([value.source for value in analysis.inputs], arrays, strict=True))
    answer = {
        "outputs": [tensors.encode(ran.outputs[names.index(name)], name, how) for name, how in forms.items()],
        "verified": ran.verified,
        "layers": ran.results,
        "comparison": None if wanted is None else compared(made, wanted, order, rtol, atol),
        "non_finite": origin(entered, given, lines) if "nan_count" in next(iter(lines), {}) else None,
        "weights": source,
        "returned_layers": {name: tensors.encode(ran.kept[name], name, forms.default) for name in returned},
        "warnings": draft.warnings,
    }
    return located(answer, path)


def from_files(document: Any, weights: Any, inputs: Any, expected: Any) -> tuple[Any, Any, Any, Any]:
    """What is given by its path, read; a model's file may have its weights."""
    if isinstance(document, os.PathLike):
        document, kept = files.read_model(Path(document).read_bytes())
        weights = kept if weights is None else weights
    if isinstance(weights, os.PathLike):
        weights = files.read_weights_file(Path(weights).read_bytes())
    if isinstance(inputs, os.PathLike):
        inputs = files.read_tensor_file(Path(inputs).read_bytes(), ("inputs",))
    if isinstance(expected, os.PathLike):
        expected = files.read_tensor_file(Path(expected).read_bytes(), ("expected",))
    return document, weights, inputs, expected


@timed("max_analysis_seconds")
def check(
    document: Any,
    budgets: Any,
    baseline: Any = None,
    *,
    file: str | None = None,
    input_shape: Any = None,
    batch_size: int | None = None,
    limits: Limits = UNLIMITED,
    path: Place = (),
) -> dict[str, Any]:
    """Hold a model against budgets: `{"passed", "results", "totals", "warnings"}`, a result for each, in their order.

    `budgets` is a list of `{"metric", "max"?, "min"?, "equals"?, "max_increase"?, "min_delta"?, "layer"?, "output"?,
    "level"?, "name"?}` and names of presets, or a document such as layercalc.yaml, whose `models` are chosen by `file`.
    `baseline` is an earlier report, or the model as it was. Raises InvalidModel, and InvalidBudgets for a budget that
    is wrong or that nothing can be said of (a glob that no layer matches, a count that is unknown).
    """
    held = read_budgets(budgets, file=file)
    report = analyze(document, input_shape=input_shape, batch_size=batch_size, limits=limits, path=path)
    was = None
    if baseline is not None:
        options: dict[str, Any] = {"input_shape": input_shape, "batch_size": batch_size, "limits": limits}
        past: Place = ("baseline",)
        baseline = from_files(baseline, None, None, None)[0]
        was = read_report(baseline, past) if is_report(baseline) else analyze(baseline, path=past, **options)
    return judged(report, held, was)


@timed("max_analysis_seconds")
def diff(
    before: Any,
    after: Any,
    *,
    input_shape: Any = None,
    batch_size: int | None = None,
    limits: Limits = UNLIMITED,
) -> dict[str, Any]:
    """What changed from one model to another, layer by layer and in total; either may be an earlier report."""
    sides = []
    for name, document in (("before", before), ("after", after)):
        if is_report(document):
            sides.append(side(read_report(document, (name,))))
            continue
        with paused():
            model, draft = guarded(document, (name,), limits)
            analysis = analysed(model, draft, declared(model, draft, input_shape, batch_size), (name,))
            sides.append(side(located(report(analysis, draft.warnings), (name,)), analysis))
    return differences.compared(*sides)


def analysis_of(document: Any) -> Analysis:
    """The analysis itself, for who wants more of it than a report says. Raises InvalidModel."""
    with paused():
        model, draft = guarded(document, (), UNLIMITED)
        return analysed(model, draft, declared(model, draft, None, None))


def guarded(document: Any, path: Place, limits: Limits) -> tuple[Model, Draft]:
    """Read a document; what is too deep or too long is refused like any other fault."""
    body = document.get("config", document) if isinstance(document, dict) else document
    listed = body.get("layers") if isinstance(body, dict) else body
    if isinstance(listed, list) and len(listed) > limits.max_layers:
        too_many(len(listed), limits, path)
    try:
        with standing(path):
            model, draft = read(document, path, limits)
        layers, longest = extent(model, {})
    except RecursionError:
        raise InvalidModel([{"pointer": pointer(*path), "detail": "The model is nested too deeply."}]) from None
    if layers > limits.max_layers:
        too_many(layers, limits, path)
    if longest > limits.max_name_length:
        detail = f"A name of {longest:,} characters; the limit is {limits.max_name_length:,} "
        raise InvalidModel([{"pointer": pointer(*path), "detail": f"{detail}({setting('max_name_length')})."}])
    return model, draft


def extent(model: Model, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many rows a model has, those of nested models included, and the length of the longest name among them."""
    if id(model) not in known:
        layers, longest = 0, max((len(one.name) for one in model.inputs), default=0)
        for call in model.calls:
            inside, below = extent(call.layer, known) if isinstance(call.layer, Model) else (1, -1)
            layers, longest = layers + inside, max(longest, len(call.name) + 1 + below)
        known[id(model)] = layers, longest
    return known[id(model)]


def too_many(layers: int, limits: Limits, path: Place) -> NoReturn:
    detail = f"{layers:,} layers; the limit is {limits.max_layers:,} ({setting('max_layers')})."
    raise InvalidModel([{"pointer": pointer(*path), "detail": detail}])


def analysed(model: Model, draft: Draft, specs: list[tuple[str, Spec]], path: Place = ()) -> Analysis:
    """The analysis of a model that has no fault; InvalidModel with every fault and the rows there are."""
    try:
        analysis = analyse(model, specs)
    except RecursionError:
        raise InvalidModel([{"pointer": pointer(*path), "detail": "The model is nested too deeply."}]) from None
    effort.layers += len(analysis.rows)
    if draft.faults or analysis.faults:
        with standing(path):
            raise InvalidModel([*draft.faults, *analysis.faults], rows(analysis) if analysis.faults else None)
    return analysis


def located(answer: dict[str, Any], path: Place) -> dict[str, Any]:
    """An answer whose warnings say where the document stands in a larger one, as its faults do."""
    for one in answer["warnings"] if path else ():
        one["pointer"] = one.get("pointer") or pointer(*path)
    return answer


@contextmanager
def standing(path: Place) -> Iterator[None]:
    """A fault in code has the line and column in the code; this says where the code stands in a larger document."""
    try:
        yield
    except Refused as error:
        for fault in error.every if path else ():
            if "line" in fault:
                fault.setdefault("pointer", pointer(*path))
        raise


def runnable(analysis: Analysis) -> None:
    """Refuse a pass through layers that can only be analysed."""
    layers = [(row, row.call.layer) for row in analysis.rows if row.call.layer is not None]
    faults = [{**row.call.place.at(), "detail": layer.only_analysed} for row, layer in layers if layer.only_analysed]
    if faults:
        raise InvalidModel(faults)


def bounded(
    analysis: Analysis,
    limits: Limits,
    keep: Sequence[str],
    seeded: bool,
    path: Place,
    dtype: str = "float32",
    compared: Sequence[str] = (),
) -> None:
    """Refuse a pass whose cost, known from the analysis, is past the limits."""
    asked = [value.spec.shape for value in analysis.outputs]
    asked += [row.traced.outputs[0][0].shape for row in analysis.rows if row.name in set(keep)]
    shapes = [value.spec.shape for value in (*analysis.inputs, *analysis.outputs)]
    entries = [entry for row in analysis.rows for entry in row.traced.entries]
    shapes += [entry.out.shape for entry in entries]
    if max((dim for shape in shapes for dim in shape), default=0) >= 1 << 62:
        detail = "A tensor of the forward pass has an axis of 2^62 or more."
        raise TooLarge([{"pointer": pointer(*path), "detail": detail}])
    filling = demand.filling(analysis, dtype)[0] if seeded else 0
    costs = (
        ("as long as a matrix product of %s FLOPs", demand.work(analysis, dtype) + filling, "max_forward_flops"),
        ("%s bytes", demand.held(analysis, dtype, keep, compared, seeded), "max_forward_bytes"),
        ("%s op calls", sum(entry.launches for entry in entries), "max_forward_steps"),
        ("%s numbers in the answer", sum(prod(max(dim, 1) for dim in shape) for shape in asked), "max_forward_outputs"),
    )
    faults = [
        {
            "pointer": pointer(*path),
            "detail": f"The forward pass takes {what % told(cost)}; the limit is {limit:,} ({setting(name)}).",
        }
        for what, cost, name in costs
        if not (
            provably(cost <= (limit := getattr(limits, name))) or (limits is UNLIMITED and isinstance(cost, Unknown))
        )
    ]
    if faults:
        raise TooLarge(faults)


def told(cost: Dim) -> str:
    """A cost in a message; what takes as long as it takes is unknown."""
    return "an unknown number of" if isinstance(cost, Unknown) else f"{cost:,}"
