"""What is asked of a model, or of two: a report, a verdict on budgets, what changed; and models to begin with."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from layercalc.analysis.readings import Readings
from layercalc.analysis.roofline import device as named_device
from layercalc.analysis.storage import Storage
from layercalc.analysis.walk import Analysis
from layercalc.conventions import chosen
from layercalc.document import analysed, guarded, located, nameless, opened, timed
from layercalc.errors import Tokens
from layercalc.formulas import Formula, Undecided, limited
from layercalc.gc_pause import paused
from layercalc.input_shapes import ModelOptions, declared, names_of
from layercalc.limits import UNLIMITED, Limits
from layercalc.model import Model
from layercalc.ops import Spec
from layercalc.readers import Builder, is_code
from layercalc.readers.text import Json
from layercalc.report import Extras, report
from layercalc.verbs.forms import answered

if TYPE_CHECKING:
    from layercalc.differences import Comparison


@timed("max_analysis_seconds")
@paused()
def analyze(
    document: Any,
    *,
    entry: str | None = None,
    custom: str | None = None,
    input_shape: Any = None,
    batch_shape: Any = None,
    dims: Any = None,
    batch_size: int | None = None,
    weight_dtype: str | None = None,
    activation_dtype: str | None = None,
    conventions: Sequence[str] | str = (),
    explain: bool = False,
    device: Any = None,
    limits: Limits = UNLIMITED,
    path: Tokens = (),
) -> dict[str, Any]:
    """The report of a model: shapes, parameters, MACs, FLOPs and bytes of every layer and in total.

    `document` is a stack, Keras JSON (parsed or as text), Keras code, a Keras model, or a file: its path
    (os.PathLike), its bytes, or `{"b64": …}`.
    `entry` is the expression, in the names of code, that makes the model where a text makes several or none by itself.
    With `custom="recorded"` Lambdas and classes of the author's own in Keras JSON keep the shape that it records, with
    counts null.
    `input_shape` leaves the batch out: a list of sizes (None: unknown), `"28,28,1"`, or for several inputs a mapping or
    list of `"name:sizes"`, or one for each in their order; `batch_shape` is the same with the batch first; `dims`
    are sizes that an ONNX file has names for: a mapping, or `"height=224,width=224"`. Counts are for one sample, or for
    `batch_size` of them. `conventions` are names of other tools' ways to count (or "all"), `explain` adds the
    arithmetic of every row, `device` (a name, `"1e12,5e10"`, or a mapping of peak_flops and bandwidth) the roofline.
    Bytes are as if floating weights and activations were stored in `weight_dtype` and `activation_dtype`: names of
    dtypes, `"int4:32"` with a scale for each 32 numbers, `"int8:channel"` (analysis/storage.py has the rules).
    `path` is where the document stands in a larger one, for the pointers of errors. Raises InvalidModel.
    """
    asked = ModelOptions(input_shape, batch_size, batch_shape, entry, custom, dims)
    shown = Shown(weight_dtype, activation_dtype, conventions, explain, device)
    report: dict[str, Any] = asked_for(document, asked, shown, limits, path)
    return report


@timed("max_analysis_seconds")
@paused()
def analyze_json(
    document: Any, encode: Callable[[Any], bytes], *, limits: Limits = UNLIMITED, path: Tokens = (), **options: Any
) -> bytes:
    """The report of `analyze` in JSON, as `encode` makes it of dictionaries and texts; `options` are those of it."""
    asked = ModelOptions(**{name: n for name, n in options.items() if name not in Shown._fields})
    shown = Shown(**{name: n for name, n in options.items() if name in Shown._fields})
    written: bytes = asked_for(document, asked, shown, limits, path, encode)
    return written


class Shown(NamedTuple):
    """What a request says of the report, beside what it says of the model."""

    weight_dtype: str | None = None
    activation_dtype: str | None = None
    conventions: Sequence[str] | str = ()
    explain: bool = False
    device: Any = None


def asked_for(
    document: Any,
    asked: ModelOptions,
    shown: Shown,
    limits: Limits,
    path: Tokens,
    encode: Callable[[Any], bytes] | None = None,
) -> Any:
    """The report of a model, or what `encode` makes of it."""
    storage = Storage.asked(shown.weight_dtype, shown.activation_dtype)
    device = None if shown.device is None else named_device(shown.device)
    extras = Extras(chosen(shown.conventions), shown.explain, device, storage)
    if not isinstance(document, Json):
        document, _ = opened(document, path, limits)

    def answer(document: Any, readings: Readings | None) -> dict[str, Any]:
        if isinstance(document, Json):
            document, _ = opened(document, path, limits)
        model, builder = guarded(document, path, limits, asked)
        return reported(model, builder, declared(model, builder, asked, formulas=True), extras, path, readings)[0]

    if shown.explain:  # in words, in which every number stands
        report = answer(document, None)
        return report if encode is None else encode(report)
    counted = [one.name for one in extras.conventions]
    key = (*asked, shown.weight_dtype, shown.activation_dtype, shown.device, *counted, len(path), *path)
    return answered(document, key, limits, answer, encode)


def reported(
    model: Model,
    builder: Builder,
    specs: list[tuple[str, Spec]],
    extras: Extras,
    path: Tokens,
    readings: Readings | None = None,
) -> tuple[dict[str, Any], Analysis]:
    """The report of a model read with these inputs, and the analysis: with formulas, unless they take too long."""
    if not any(Formula in map(type, spec.shape) for _, spec in specs):
        analysis = analysed(model, builder, specs, path, readings=readings)
        return located(report(analysis, builder.warnings, extras), path), analysis
    try:
        with limited():
            analysis = analysed(model, builder, specs, path)
            answer = report(analysis, builder.warnings, extras)
    except Undecided:  # formulas that are too long to be of use
        analysis = analysed(model, builder, nameless(specs), path)
        answer = report(analysis, builder.warnings, extras)
    return located(answer, path), analysis


@timed("max_analysis_seconds")
def check(
    document: Any,
    budgets: Any,
    baseline: Any = None,
    *,
    file: str | None = None,
    entry: str | None = None,
    custom: str | None = None,
    input_shape: Any = None,
    batch_shape: Any = None,
    dims: Any = None,
    batch_size: int | None = None,
    weight_dtype: str | None = None,
    activation_dtype: str | None = None,
    limits: Limits = UNLIMITED,
    path: Tokens = (),
    beside: Callable[[dict[str, Any], dict[str, Any] | None], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Hold a model against budgets: `{"passed", "results", "totals", "warnings"}`, a result for each, in their order.

    `budgets` is a list of `{"metric", "max"?, "min"?, "equals"?, "max_increase"?, "min_delta"?, "layer"?, "output"?,
    "level"?, "name"?}` and names of presets, or a document such as layercalc.yaml, whose `models` are chosen by `file`.
    `baseline` is an earlier report, or the model as it was. Raises InvalidModel, and InvalidBudgets for a budget that
    is wrong or that nothing can be said of (a glob that no layer matches, a count that is unknown). `beside`
    says more of the report and of that of the baseline, which goes into the verdict.
    """
    from layercalc.budgets import read_budgets
    from layercalc.budgets.judging import judge
    from layercalc.differences.earlier import is_report, read_report

    held = read_budgets(budgets, file=file)
    sizes = {"input_shape": input_shape, "batch_shape": batch_shape, "dims": dims, "batch_size": batch_size}
    dtypes = {"weight_dtype": weight_dtype, "activation_dtype": activation_dtype}
    options: dict[str, Any] = {**sizes, **dtypes, "custom": custom, "limits": limits}
    report = analyze(document, path=path, entry=entry, **options)
    was = None
    if baseline is not None:
        past: Tokens = ("baseline",)
        baseline, _ = opened(baseline, past, limits)
        options["entry"] = entry if is_code(baseline) else None
        was = read_report(baseline, past) if is_report(baseline) else analyze(baseline, path=past, **options)
    with limited():
        verdict = judge(report, held, was)
    return verdict | ({} if beside is None else beside(report, was))


def diff(
    before: Any,
    after: Any,
    *,
    entry: str | None = None,
    custom: str | None = None,
    input_shape: Any = None,
    batch_shape: Any = None,
    dims: Any = None,
    batch_size: int | None = None,
    weight_dtype: str | None = None,
    activation_dtype: str | None = None,
    limits: Limits = UNLIMITED,
) -> dict[str, Any]:
    """What changed from one model to another, layer by layer and in total; either may be an earlier report.

    `entry` is for each of them that is code; dtypes are those that both are stored in, as in `analyze`.
    """
    sizes = {"input_shape": input_shape, "batch_shape": batch_shape, "dims": dims, "batch_size": batch_size}
    dtypes = {"weight_dtype": weight_dtype, "activation_dtype": activation_dtype}
    return compare(before, after, entry=entry, custom=custom, limits=limits, **dtypes, **sizes).found


@timed("max_analysis_seconds")
@paused()
def compare(
    before: Any,
    after: Any,
    *,
    entry: str | None = None,
    weight_dtype: str | None = None,
    activation_dtype: str | None = None,
    limits: Limits = UNLIMITED,
    **options: Any,
) -> "Comparison":
    """The same with the two models that were compared, for who draws them; `options` are those of `diff`."""
    from layercalc.differences import compared, side
    from layercalc.differences.earlier import is_report, read_report

    extras = Extras(storage=Storage.asked(weight_dtype, activation_dtype))
    asked = ModelOptions(**options, entry=entry)
    both = {"before": opened(before, ("before",), limits)[0], "after": opened(after, ("after",), limits)[0]}
    alone = asked._replace(entry=None) if any(map(is_code, both.values())) else asked
    options_of = {name: asked if is_code(one) else alone for name, one in both.items()}
    read_of = {
        name: None if is_report(one) else guarded(one, (name,), limits, options_of[name]) for name, one in both.items()
    }
    named = [names_of(found[0]) for found in read_of.values() if found is not None]
    sides = []
    for name, one in both.items():
        found = read_of[name]
        if found is None:
            sides.append(side(read_report(one, (name,))))
            continue
        model, builder = found
        specs = declared(model, builder, options_of[name].own(model, named), formulas=True)
        sides.append(side(*reported(model, builder, specs, extras, (name,))))
    with limited():
        return compared(*sides)


def examples(name: str | None = None) -> Any:
    """Networks to begin with: `{"name", "format", "description", "group"}` of each, or by its name the document of one.

    A document is code, a string, or a stack, a dictionary; every verb takes it. Raises LookupError for a name that
    there is not.
    """
    from layercalc.samples import example, listed

    return listed() if name is None else example(name)
