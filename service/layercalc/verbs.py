"""What can be asked of a model: the same in Python, over HTTP and on the command line."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from layercalc import tensors
from layercalc.analysis import Analysis, analyse
from layercalc.dims import Batch, Unknown
from layercalc.errors import InvalidModel, InvalidTensors, Refused, ShapeError, TooLarge
from layercalc.execution import execute, seeded_inputs, seeded_weights
from layercalc.layers.base import nearest
from layercalc.layers.fields import received, whole
from layercalc.limits import UNLIMITED, Limits
from layercalc.model import Model
from layercalc.ops import Spec
from layercalc.readers import Draft, read
from layercalc.report import report, rows

Path = tuple[object, ...]
MODEL: Path = ("model",)


def analyze(
    document: Any,
    *,
    input_shape: Any = None,
    batch_size: int | None = None,
    conventions: Sequence[str] = (),
    explain: bool = False,
    limits: Limits = UNLIMITED,
    path: Path = (),
) -> dict[str, Any]:
    """The report of a model: shapes, parameters, MACs, FLOPs and bytes of every layer and in total.

    `document` is a stack, Keras JSON (parsed or as text), Keras code, or a Keras model. `input_shape` leaves the batch
    out: a list of sizes (None: unknown), `"28,28,1"`, or a mapping or list of `"name:sizes"` for several inputs.
    Counts are for one sample, or for `batch_size` of them. `path` is where the document stands in a larger one, for the
    pointers of errors. Raises InvalidModel.
    """
    not_yet(conventions, explain)
    model, draft = guarded(document, path, limits)
    analysis = analysed(model, draft, declared(model, draft, input_shape, batch_size))
    return report(analysis, draft.warnings)


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
    input_shape: Any = None,
    limits: Limits = UNLIMITED,
) -> dict[str, Any]:
    """Run a model in NumPy, hold every layer's shape against the analysis, and outputs against `expected`.

    `inputs` is a list in the model's order, a map by input name, or `{"seed": 7}`; `weights` a map by name, a list in
    Keras' get_weights() order, or `{"seed": 7}` (seed 0 when left out). Raises InvalidModel and InvalidTensors.
    """
    model, draft = guarded(document, MODEL, limits)
    specs = declared(model, draft, input_shape, None)
    if draft.faults:
        analysed(model, draft, specs)
    posted = read_inputs(inputs, specs)
    if isinstance(posted, int):
        analysis = analysed(model, draft, specs)
        if any(isinstance(dim, Unknown) for value in analysis.inputs for dim in value.spec.shape):
            raise InvalidTensors([{"pointer": "/inputs", "detail": "Seeded inputs need a shape without unknown dimensions."}])
        bounded(analysis, limits)
        arrays, form = seeded_inputs(analysis, posted), "nested"
    else:
        arrays, form = [one.array for one in posted], posted[0].form
        analysis = analysed(model, draft, [(name, Spec(a.shape, spec.dtype)) for (name, spec), a in zip(specs, arrays, strict=True)])
        bounded(analysis, limits)
    given, source = read_weights(weights, analysis)
    names = [value.source for value in analysis.outputs]
    keep = read_names(return_layers, analysis)
    ran = execute(analysis, [a.astype(np.float32) if a.dtype.kind == "f" else a for a in arrays], given, stats=stats, keep=keep)
    wanted = None if expected is None else read_expected(expected, names, ran.outputs)
    return {
        "outputs": [tensors.encode(array, name, form) for name, array in zip(names, ran.outputs, strict=True)],
        "verified": ran.verified,
        "layers": ran.results,
        "comparison": None if wanted is None else compared(names, ran.outputs, wanted, rtol, atol),
        "weights": source,
        "returned_layers": {name: tensors.encode(ran.kept[name], name, form) for name in keep},
        "warnings": draft.warnings,
    }


def not_yet(conventions: Sequence[str], explain: bool) -> None:
    """Refuse by name what this version does not have."""
    if conventions:
        detail = "This version counts by its own convention only; other tools' counts are not available yet."
        raise InvalidModel([{"parameter": "conventions", "detail": detail}])
    if explain:
        raise InvalidModel([{"parameter": "explain", "detail": "Explanations are not available in this version."}])


def guarded(document: Any, path: Path, limits: Limits) -> tuple[Model, Draft]:
    """Read a document; what is too deep or too long is refused like any other fault."""
    try:
        model, draft = read(document, path)
    except RecursionError:
        raise InvalidModel([{"pointer": tensors.pointer(*path), "detail": "The model is nested too deeply."}]) from None
    if len(model.calls) > limits.max_layers:
        detail = f"{len(model.calls)} layers; the limit is {limits.max_layers} (LAYERCALC_MAX_LAYERS)."
        raise InvalidModel([{"pointer": tensors.pointer(*path), "detail": detail}])
    return model, draft


def analysed(model: Model, draft: Draft, specs: list[tuple[str, Spec]]) -> Analysis:
    """The analysis of a model that has no fault; InvalidModel with every fault and the rows there are."""
    try:
        analysis = analyse(model, specs)
    except RecursionError:
        raise InvalidModel([{"pointer": "", "detail": "The model is nested too deeply."}]) from None
    if draft.faults or analysis.faults:
        raise InvalidModel([*draft.faults, *analysis.faults], rows(analysis) if analysis.faults else None)
    return analysis


def declared(model: Model, draft: Draft, override: Any, batch_size: int | None) -> list[tuple[str, Spec]]:
    """The specs of a model's inputs: from the document, overridden by the request, the batch in front."""
    if batch_size is not None and not whole(batch_size, 1):
        raise InvalidModel([{"parameter": "batch_size", "detail": f"Expected an integer of at least 1; received {received(batch_size)}."}])
    shapes = {one.name: one.shape for one in model.inputs}
    for name, sizes in shape_option(override, list(shapes)).items():
        named = shapes[name]
        shapes[name] = (named[0] if named else None, *sizes)
    batch = next((shape[0] for shape in shapes.values() if shape and shape[0] is not None), None)
    leading = batch_size if batch_size is not None else Batch(1) if batch is None else batch
    specs = []
    for one in model.inputs:
        shape = shapes[one.name]
        if shape is None:
            detail = (
                f"The document names no shape for the input {one.name!r}; add an input_shape without the batch to the "
                "first layer or the request, such as input_shape=28,28,1."
            )
            draft.fault(one.place.at(), detail)
            shape = (None,)
            for call in model.calls:
                call.layer = None
        origins = (f"axis {axis} of the input {one.name!r}" for axis in range(1, len(shape)))
        rest = (Unknown(origin) if dim is None else dim for dim, origin in zip(shape[1:], origins, strict=True))
        own = leading if batch_size is not None or shape[0] is None else shape[0]
        specs.append((one.name, Spec((own, *rest), one.dtype)))
    return specs


def shape_option(value: Any, names: list[str]) -> dict[str, list[int | None]]:
    """The `input_shape` of a request, by input name."""

    def refuse(detail: str) -> InvalidModel:
        return InvalidModel([{"parameter": "input_shape", "detail": detail}])

    if value is None:
        return {}
    if isinstance(value, Mapping):
        found = {str(name): parsed_shape(sizes) for name, sizes in value.items()}
    else:
        texts = [value] if isinstance(value, str) or not all(isinstance(one, str) and one for one in value) else list(value)
        found = {}
        for one in texts:
            name, colon, sizes = one.rpartition(":") if isinstance(one, str) else ("", "", one)
            if not colon and len(names) != 1:
                raise refuse(f"The model has {len(names)} inputs; say which, as in input_shape={names[0] if names else 'a'}:16.")
            found[name if colon else names[0]] = parsed_shape(sizes)
    for name, parsed in found.items():
        if name not in names:
            raise refuse(f"There is no input {name!r}.{nearest(name, names)} The inputs are {', '.join(names)}.")
        if parsed is None:
            raise refuse(f"Expected sizes without the batch, such as 28,28,1 (null for an unknown one); received {received(value)}.")
    return found  # type: ignore[return-value]


def parsed_shape(sizes: Any) -> list[int | None] | None:
    """Sizes from text or a sequence; None where they are none."""
    if isinstance(sizes, str):
        words = [word.strip() for word in sizes.strip().strip("[]()").rstrip(",").split(",")]
        if words == [""]:
            return []
        if not all(re.fullmatch(r"\d{1,300}|null|none|\?", word, re.ASCII | re.IGNORECASE) for word in words):
            return None
        return [int(word) if word.isdecimal() else None for word in words]
    if whole(sizes, 0):
        return [sizes]
    if isinstance(sizes, list | tuple) and all(dim is None or whole(dim, 0) for dim in sizes):
        return list(sizes)
    return None


def seed_of(value: Any, path: Path) -> int | None:
    """The seed of `{"seed": n}`, None for anything else."""
    if not isinstance(value, Mapping) or set(value) != {"seed"}:
        return None
    if not whole(value["seed"], 0) or value["seed"] >= 1 << 64:
        raise tensors.refuse((*path, "seed"), f"Expected an integer from 0 to 2^64 − 1; received {received(value['seed'])}.")
    return int(value["seed"])


def read_inputs(value: Any, specs: list[tuple[str, Spec]]) -> int | list[tensors.Decoded]:
    """The posted inputs in the model's order, or the seed to make them from."""
    path: Path = ("inputs",)
    if (seed := seed_of(value, path)) is not None:
        return seed
    names = [name for name, _ in specs]
    if isinstance(value, np.ndarray):
        value = [value]
    if isinstance(value, Mapping):
        missing, surplus = [n for n in names if n not in value], [n for n in value if n not in names]
        if missing or surplus:
            faults = [{"pointer": tensors.pointer(*path), "detail": f"The input {name!r} is missing."} for name in missing]
            faults += [{"pointer": tensors.pointer(*path, name), "detail": f"The model has no input {name!r}.{nearest(str(name), names)}"}
                       for name in surplus]  # fmt: skip
            raise InvalidTensors(faults)
        keyed: list[tuple[object, Any]] = [(name, value[name]) for name in names]
    elif isinstance(value, list | tuple):
        if len(value) != len(names):
            raise tensors.refuse(path, f"Expected {len(names)} tensors, for {', '.join(names)}; received {len(value)}.")
        keyed = list(enumerate(value))
    else:
        raise tensors.refuse(path, f'Expected a list of tensors, a map by name, or {{"seed": 7}}; received {received(value)}.')
    out = []
    for (key, one), (name, spec) in zip(keyed, specs, strict=True):
        found = tensors.decode(one, (*path, key), spec.dtype)
        if found.name is not None and found.name != name:
            raise tensors.refuse((*path, key, "name"), f"Expected the name of this input, {name!r}; received {found.name!r}.")
        fits = found.array.ndim == len(spec.shape) and all(
            isinstance(want, Unknown) or axis == 0 or want == have
            for axis, (want, have) in enumerate(zip(spec.shape, found.array.shape, strict=False))
        )
        if not fits:
            wanted = ", ".join(["batch", *map(str, spec.shape[1:])])
            raise tensors.refuse((*path, key), f"The input {name!r} has shape [{wanted}]; received {list(found.array.shape)}.")
        out.append(found)
    return out


def read_weights(value: Any, analysis: Analysis) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The weights by name, and how they came: posted, or seeded."""
    path: Path = ("weights",)
    seed = 0 if value is None else seed_of(value, path)
    if seed is not None:
        return seeded_weights(analysis, seed), {"source": "seeded", "seed": seed}
    known = dict(analysis.weights)
    faults: list[dict[str, Any]] = []

    def fault(detail: str, *at: object) -> None:
        faults.append({"pointer": tensors.pointer(*path, *at), "detail": detail})

    given: dict[str, tuple[object, Any]] = {}
    if isinstance(value, Mapping):
        for key, one in value.items():
            matches = [str(key)] if key in known else [name for name in known if str(key).endswith("/" + name) or name.endswith("/" + str(key))]
            if len(matches) != 1:
                near = f" It could be {' or '.join(matches[:3])}." if matches else nearest(str(key), list(known))
                fault(f"The model has no weight {key!r}.{near}", key)
            elif matches[0] in given:
                fault(f"The weight {matches[0]!r} is given twice.", key)
            else:
                given[matches[0]] = key, one
    elif isinstance(value, list | tuple):
        if len(value) != len(known):
            fault(f"Expected {len(known)} weights in the order of get_weights(); received {len(value)}.")
        given = {name: (i, one) for i, (name, one) in enumerate(zip(known, value, strict=False))}
    else:
        fault(f'Expected a map by name, a list, or {{"seed": 7}}; received {received(value)}.')
    out: dict[str, np.ndarray] = {}
    for name, weight in known.items():
        if name not in given:
            if isinstance(value, Mapping):
                fault(f"The weight {name!r} of shape {list(weight.spec.shape)} is missing.")
            continue
        key, one = given[name]
        try:
            array = tensors.decode(one, (*path, key), "float32" if weight.spec.dtype.endswith("float16") else weight.spec.dtype).array
        except InvalidTensors as error:
            faults += error.errors
            continue
        if array.shape != weight.spec.shape:
            fault(f"The weight {name!r} has shape {list(weight.spec.shape)}; received {list(array.shape)}.", key)
        out[name] = array
    if faults:
        raise InvalidTensors(faults)
    return out, {"source": "posted"}


def read_names(value: Any, analysis: Analysis) -> list[str]:
    """The rows whose tensors are asked for."""
    if isinstance(value, str) or not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise tensors.refuse(("return_layers",), f"Expected a list of layer names; received {received(value)}.")
    known = [row.name for row in analysis.rows]
    faults = [
        {"pointer": tensors.pointer("return_layers", i), "detail": f"There is no layer {name!r}.{nearest(name, known)}"}
        for i, name in enumerate(value)
        if name not in set(known)
    ]
    if faults:
        raise InvalidTensors(faults)
    return list(dict.fromkeys(value))


def read_expected(value: Any, names: list[str], outputs: list[np.ndarray]) -> list[np.ndarray]:
    """What the outputs should be, in the model's order; another shape is an error."""
    path: Path = ("expected",)
    if isinstance(value, np.ndarray):
        value = [value]
    if isinstance(value, Mapping):
        if set(value) != set(names):
            raise tensors.refuse(path, f"Expected a tensor for each output, {', '.join(names)}; received {', '.join(map(str, value))}.")
        keyed: list[tuple[object, Any]] = [(name, value[name]) for name in names]
    elif isinstance(value, list | tuple) and len(value) == len(outputs):
        keyed = list(enumerate(value))
    else:
        raise tensors.refuse(path, f"Expected a list of {len(outputs)} tensors, for {', '.join(names)}; received {received(value)}.")
    out = []
    for (key, one), output, name in zip(keyed, outputs, names, strict=True):
        array = tensors.decode(one, (*path, key), "float64" if output.dtype.kind == "f" else output.dtype.name).array
        if array.shape != output.shape:
            raise tensors.refuse((*path, key), f"The output {name!r} has shape {list(output.shape)}; received {list(array.shape)}.")
        out.append(array)
    return out


def compared(
    names: list[str], outputs: list[np.ndarray], wanted: list[np.ndarray], rtol: float, atol: float
) -> dict[str, Any]:
    """|actual − expected| ≤ atol + rtol · |expected|, element by element; two NaN are equal."""
    lines: list[dict[str, Any]] = []
    for name, output, array in zip(names, outputs, wanted, strict=True):
        a, b = output.astype(np.float64), array.astype(np.float64)
        with np.errstate(all="ignore"):
            passed = bool(np.isclose(a, b, rtol, atol, equal_nan=True).all())
            error = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
            relative = np.where(error == 0, 0.0, error / np.abs(b))
        lines.append({"name": name, "passed": passed, "max_abs_error": largest(error), "max_rel_error": largest(relative)})
    return {
        "passed": all(line["passed"] for line in lines),
        "max_abs_error": worst(lines, "max_abs_error"),
        "max_rel_error": worst(lines, "max_rel_error"),
        "outputs": lines,
    }


def largest(errors: np.ndarray) -> float | None:
    """The largest error; null where it is infinite or no number, which JSON cannot say."""
    most = float(errors.max(initial=0.0)) if not np.isnan(errors).any() else float("nan")
    return most if np.isfinite(most) else None


def worst(lines: list[dict[str, Any]], key: str) -> float | None:
    values = [line[key] for line in lines]
    return None if None in values else max(values, default=0.0)


def bounded(analysis: Analysis, limits: Limits) -> None:
    """Refuse a pass whose cost, known from the analysis, is past the limits."""
    totals = analysis.totals()
    steps = sum(entry.times for row in analysis.rows for entry in row.traced.entries)
    costs = {
        "FLOPs": (totals["flops"], limits.max_forward_flops, "max_forward_flops"),
        "bytes": (totals["param_bytes"] + totals["peak_activation_bytes"], limits.max_forward_bytes, "max_forward_bytes"),
        "op calls": (steps, limits.max_forward_steps, "max_forward_steps"),
    }
    faults = [
        {"pointer": "/model", "detail": f"The forward pass takes {cost:,} {unit}; the limit is {limit:,} (LAYERCALC_{name.upper()})."}
        for unit, (cost, limit, name) in costs.items()
        if cost > limit
    ]
    if faults:
        raise TooLarge(faults)


__all__ = ["Refused", "ShapeError", "analyze", "forward"]
