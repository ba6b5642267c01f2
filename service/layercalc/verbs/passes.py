"""What is asked of a model's forward pass."""

from collections.abc import Callable, Sequence
from typing import Any

from layercalc.document import MODEL, analysed, from_files, guarded, located, timed
from layercalc.errors import Tokens
from layercalc.input_shapes import ModelOptions, declared
from layercalc.limits import UNLIMITED, Limits
from layercalc.model import Model
from layercalc.ops import Spec
from layercalc.readers import Builder
from layercalc.usage import used


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
