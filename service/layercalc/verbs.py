"""What can be asked of a model: the same in Python, over HTTP and on the command line."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from layercalc.analysis.roofline import device as named_device
from layercalc.analysis.storage import Storage
from layercalc.analysis.walk import Analysis, analyse
from layercalc.conventions import chosen
from layercalc.document import MODEL, analysed, from_files, guarded, located, nameless, opened, timed
from layercalc.errors import InvalidModel, Tokens
from layercalc.formulas import Formula, Undecided, limited
from layercalc.gc_pause import paused
from layercalc.input_shapes import ModelOptions, declared, names_of
from layercalc.limits import UNLIMITED, Limits
from layercalc.model import Model
from layercalc.ops import Spec
from layercalc.readers import Builder, is_code
from layercalc.report import Extras, report
from layercalc.usage import used

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from layercalc.differences import Comparison
    from layercalc.sweeps.results import Candidates


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
    storage = Storage.asked(weight_dtype, activation_dtype)
    extras = Extras(chosen(conventions), explain, None if device is None else named_device(device), storage)
    document, _ = opened(document, path, limits)
    asked = ModelOptions(input_shape, batch_size, batch_shape, entry, custom, dims)
    model, builder = guarded(document, path, limits, asked)
    return reported(model, builder, declared(model, builder, asked, formulas=True), extras, path)[0]


def reported(
    model: Model, builder: Builder, specs: list[tuple[str, Spec]], extras: Extras, path: Tokens
) -> tuple[dict[str, Any], Analysis]:
    """The report of a model read with these inputs, and the analysis: with formulas, unless they take too long."""
    if not any(Formula in map(type, spec.shape) for _, spec in specs):
        analysis = analysed(model, builder, specs, path)
        return located(report(analysis, builder.warnings, extras), path), analysis
    unknown = nameless(specs)
    try:
        with limited():
            analysis, unnamed = analysed(model, builder, specs, path), analyse(model, unknown)
            if unnamed.faults and extras.of_numbers:
                raise InvalidModel(unnamed.faults)
            answer = report(analysis, builder.warnings, extras, unnamed)
    except Undecided:  # formulas that are too long to be of use
        analysis = analysed(model, builder, unknown, path)
        answer = report(analysis, builder.warnings, extras)
    return located(answer, path), analysis


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
    entry: str | None = None,
    custom: str | None = None,
    input_shape: Any = None,
    batch_shape: Any = None,
    dims: Any = None,
    dtype: str = "float32",
    outputs: Any = None,
    parameters: Any = None,
    progress: Callable[[int, int, str], None] | None = None,
    limits: Limits = UNLIMITED,
    path: Tokens = MODEL,
) -> dict[str, Any]:
    """Run a model in NumPy, hold every layer's shape against the analysis, and outputs against `expected`.

    `inputs` is a list in the model's order, a map by input name, or `{"seed": 7}`; `weights` a map by name, a list in
    Keras' get_weights() order, or `{"seed": 7}` (seed 0 when left out). A path (os.PathLike) of a `.keras`, `.h5`,
    `.safetensors`, `.npz` or `.npy` file does in place of `document`, `weights`, `inputs` or `expected`, which is a
    list for the outputs, or a map by the names of outputs and layers. `stats` adds to each layer's row its smallest,
    largest and mean number and how many are none; `profile` its seconds, FLOPs and GFLOP/s. Floats are computed in
    `dtype`, "float32" or "float64". `outputs` and `parameters` are the Open Inference Protocol's: which outputs are
    wanted, and whether as bytes. `progress` hears after each layer how many of how many have run, and its name. Raises
    InvalidModel, InvalidTensors, TooLarge and Overdue.
    """
    from layercalc.execution.forward import computable

    computable(dtype, rtol, atol)
    document, weights, inputs, expected = from_files(document, weights, inputs, expected, path, limits)
    asked = ModelOptions(input_shape, batch_shape=batch_shape, entry=entry, custom=custom, dims=dims)
    model, builder = guarded(document, path, limits, asked)
    specs = declared(model, builder, asked)
    if builder.faults:
        analysed(model, builder, specs, path)
    tensors, wanted = (inputs, weights, expected), (outputs, parameters, return_layers)
    shown = {"stats": stats, "profile": profile, "progress": progress}
    answer = run((model, builder, specs), tensors, wanted, dtype, (rtol, atol), limits, path, **shown)
    return located(answer | {"warnings": [*builder.warnings, *builder.of_passes]}, path)


def run(
    read: tuple[Model, Builder, list[tuple[str, Spec]]],
    tensors: tuple[Any, Any, Any],
    asked: tuple[Any, Any, Sequence[str]],
    dtype: str,
    tolerances: tuple[float, float],
    limits: Limits,
    path: Tokens,
    **shown: Any,
) -> dict[str, Any]:
    """The pass of a model that was read, with the specs of its inputs, on inputs, weights and expected tensors.

    `asked` are the protocol's outputs and parameters, and the layers that are answered too.
    """
    from layercalc.execution.forward import passed, read_wanted
    from layercalc.execution.inputs import one_size_each, read_arrays, read_inputs, spec_of
    from layercalc.execution.limits import bounded, runnable
    from layercalc.execution.seeds import seeded_inputs
    from layercalc.execution.weights import is_drawn, read_weights

    model, builder, specs = read
    inputs, weights, expected = tensors
    outputs, parameters, return_layers = asked
    posted = read_inputs(inputs, specs, dtype)
    if not isinstance(posted, int):
        one_size_each(model, posted)
        specs = [
            (name, spec_of(one, spec, model.reads_values)) for (name, spec), one in zip(specs, posted, strict=True)
        ]
    analysis = analysed(model, builder, specs, path)
    runnable(analysis)
    form = "nested" if isinstance(posted, int) or not posted else posted[0].form
    wanted = read_wanted(analysis, outputs, parameters, form, return_layers, expected)
    bounded(analysis, limits, wanted.returned, is_drawn(weights), path, dtype, wanted.compared)
    arrays = seeded_inputs(analysis, posted, dtype) if isinstance(posted, int) else read_arrays(posted, specs, dtype)
    posted = []  # those of another dtype are held no longer
    held = read_weights(weights, analysis, dtype)
    arrays = [a.astype(dtype, copy=False) if a.dtype.kind == "f" else a for a in arrays]
    used(flops=analysis.totals()["flops"])
    return passed(analysis, arrays, held, wanted, dtype, tolerances, **shown)


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
    from layercalc.differences import Comparison, compared, side
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
    titles = extras.storage.titles if extras.storage else {}
    with limited():
        return Comparison(compared(*sides) | titles, *sides)


ROWS = 100  # of a sweep, where no limit is said


@timed("max_analysis_seconds")
def sweep(
    document: Any,
    space: Any,
    *,
    where: Any = None,
    best: Any = None,
    columns: Sequence[str] = (),
    limit: int | None = None,
    entry: Any = None,
    custom: str | None = None,
    input_shape: Any = None,
    batch_shape: Any = None,
    dims: Any = None,
    batch_size: Any = None,
    weight_dtype: str | None = None,
    activation_dtype: str | None = None,
    device: Any = None,
    executor: "Executor | None" = None,
    progress: Callable[[int, int, str], None] | None = None,
    limits: Limits = UNLIMITED,
    path: Tokens = (),
) -> dict[str, Any]:
    """What `analyze` would say of every candidate of a space, from one reading of the model for many at once.

    `document` is a model with `{"$": "2*w"}` where a value varies, an expression over the names of `space`, or a name
    alone for a word or a whole config; `{"repeat": {"$": "depth"}, "layers": […]}` among its layers repeats those.
    The options `input_shape` to `batch_size`, those of `analyze`, may hold placeholders too. `space` maps names to
    lists of values, ranges `{"from", "to", "step"?}` (both ends included), or `{"zip": {name: list, …}}` of values that
    go together; the last name changes fastest. `where` are budgets that a row must hold, `best` is `{"max": metric}`
    or `{"min": metric}` or a list of two for their Pareto front, `columns` are metrics (those of budgets, and "seconds"
    on a `device`), at most `limit` rows (100) are answered.

    `{"count", "valid", "matching", "columns", "rows", "refused", "warnings"}`: so many candidates, networks among them,
    and networks that hold `where`; rows are `{"values": {name: value}, metric: number, …}`, the best first, else in the
    order of the space; what is no network is gathered by what is said of it, with the first example. Blocks of
    candidates go to `executor`, any of concurrent.futures' or Dask's, where there is one; `progress` hears after each
    how many of how many are done, and a line. Raises InvalidModel, InvalidBudgets and Overdue.
    """
    from layercalc.sweeps.results import Result

    options = {"entry": entry, "custom": custom, "input_shape": input_shape, "batch_shape": batch_shape}
    options |= {"dims": dims, "batch_size": batch_size, "where": where, "best": best, "columns": columns}
    options |= {"weight_dtype": weight_dtype, "activation_dtype": activation_dtype}
    options |= {"limit": limit or ROWS, "device": device, "executor": executor, "progress": progress}
    found = candidates(document, space, **options, limits=limits, path=path)
    result = Result(found.question)
    for answer in found.answers:
        result.add(answer)
    return result.answer()


def candidates(
    document: Any,
    space: Any,
    *,
    where: Any = None,
    best: Any = None,
    columns: Sequence[str] = (),
    limit: int | None = None,
    device: Any = None,
    weight_dtype: str | None = None,
    activation_dtype: str | None = None,
    executor: "Executor | None" = None,
    progress: Callable[[int, int, str], None] | None = None,
    limits: Limits = UNLIMITED,
    path: Tokens = (),
    **options: Any,
) -> "Candidates":
    """The rows of a sweep one by one, as they are found: all that match unless `limit` says otherwise.

    What it is given is what `sweep` is. Faults of the request are raised at once, those of the work as it is done.
    """
    from layercalc.sweeps.results import Candidates, question
    from layercalc.sweeps.running import answers

    storage = Storage.asked(weight_dtype, activation_dtype)
    asked = question(document, space, where, best, columns, limit, device, storage, options, limits, path)
    return Candidates(asked, answers(asked, executor, progress))


@timed("max_analysis_seconds")
def fit(
    document: Any,
    vary: str,
    within: Any,
    *,
    range: Any = None,
    goal: str = "largest",
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
) -> dict[str, Any]:
    """The largest value of a size such that every one in the range up to it is within budgets; exactly the last.

    `vary` is "batch_size", the name of a size (`"H"` in the document or in `input_shape`), or that of a placeholder of
    the document (`{"$": "2*w"}`). `within` are budgets as those of `check`, without `max_increase`. `range` is
    `{"from", "to"?, "step"?}` or `"8..512:8"`; left out, it begins with the first value that makes a network and has no
    end. The smallest value (`goal`) is that from which on all in the range hold.

    `vary` may be arguments of layers instead, `"conv.kernel_size,conv.strides,conv.padding"` or a list of them: `value`
    are those, by name, that hold `within` (an output shape, say) and change the model least, `values` all that do, at
    most a hundred; sizes are tried from 1 to 16 or over `range`.

    `{"vary", "goal", "value", "next", "stopped_by", "totals", "proof", "detail", "warnings"}`: `next` is the value that
    does not hold, `stopped_by` the result of the budget that says so, or a fault where it is no network. `value` is
    null where none is found, or no end, as `detail` says. Where formulas are proven to grow with a size by name, they
    tell (`proof`: "formula"); else every value is tried, up to a million ("tried"). Raises InvalidModel and
    InvalidBudgets.
    """
    from layercalc.fitting.arguments import answered, arguments, is_of_arguments
    from layercalc.fitting.question import question
    from layercalc.fitting.search import fitted

    options = {"entry": entry, "custom": custom, "input_shape": input_shape, "batch_shape": batch_shape}
    options |= {"dims": dims, "batch_size": batch_size}
    dtypes: dict[str, Any] = {"weight_dtype": weight_dtype, "activation_dtype": activation_dtype}
    storage = Storage.asked(**dtypes)

    def judge(filled: Any, own: dict[str, Any]) -> dict[str, Any]:
        return check(filled, within, limits=limits, path=path, **own, **dtypes)

    if is_of_arguments(vary):
        found = answered(arguments(document, vary, within, range, options, storage, limits, path), judge)
    else:
        asked = question(document, vary, within, range, goal, options, storage, limits, path)
        found = fitted(asked, lambda n: judge(*asked.at(n)))
    return located(found, path)


def examples(name: str | None = None) -> Any:
    """Networks to begin with: `{"name", "format", "description", "group"}` of each, or by its name the document of one.

    A document is code, a string, or a stack, a dictionary; every verb takes it. Raises LookupError for a name that
    there is not.
    """
    from layercalc.samples import example, listed

    return listed() if name is None else example(name)
