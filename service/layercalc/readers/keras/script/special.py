"""Functions of tensors whose arguments decide what operation they are: einsum, K.batch_dot and the like."""

from math import prod
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script import convolutions, images, indexing, tensors
from layercalc.readers.keras.script.operations import given, operation
from layercalc.readers.keras.script.values import FunctionName, TensorObject
from layercalc.readers.script import Fault

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def einsum(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`tf.einsum("bij,bjk->bik", a, b)`."""
    equation, *operands = args or [kwargs.get("subscripts", kwargs.get("equation"))]
    if type(equation) is not str or not operands:
        raise Fault(at, "Expected an equation and tensors, as in einsum('ij,jk->ik', a, b).")
    return operation(names, "Einsum", {"subscripts": equation}, operands, at)


def shape(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`keras.ops.shape(x)`: a tuple of numbers, and of tensors for the sizes that are not known."""
    (x,) = given(args, kwargs, "x")
    if not isinstance(x, TensorObject):
        return names.machine.attribute(x, "shape", at)
    sizes = tensors.shape_of(names, x, at)
    names.sized = True
    found = tensors.recorded_call(names, "ShapeOf", [x], at)
    return tuple(indexing.item(names, found, index, at) if size is None else size for index, size in enumerate(sizes))


def batch_dot(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`K.batch_dot(x, y, axes)`: a sum of products over one axis of each, the batch in common."""
    x, y, axes = given(args, kwargs, "x", "y", "axes")
    shapes = [tensors.shape_of(names, one, at) for one in (x, y) if isinstance(one, TensorObject)]
    if len(shapes) != 2:
        raise Fault(at, "Expected two tensors.")
    ranks = [len(one) for one in shapes]
    if axes is None:
        axes = [ranks[0] - 1, max(1, ranks[1] - 2)]
    axes = [axes, axes] if type(axes) is int else list(axes)
    axes = [one + rank if one < 0 else one for one, rank in zip(axes, ranks, strict=True)]
    if not all(0 < one < rank for one, rank in zip(axes, ranks, strict=True)):
        raise Fault(at, f"Expected axes of both tensors behind the batch; received {axes}.")
    left = "z" + LETTERS[: ranks[0] - 1]
    right = "z" + LETTERS[ranks[0] : ranks[0] + ranks[1] - 1]
    summed = left[axes[0]]
    right = right[: axes[1]] + summed + right[axes[1] + 1 :]
    out = left.replace(summed, "") + right[1:].replace(summed, "")
    made = operation(names, "Einsum", {"subscripts": f"{left},{right}->{out}"}, [x, y], at)
    return made if len(out) > 1 else operation(names, "ExpandDims", {"axis": 1}, [made], at)


def batch_flatten(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    (x,) = given(args, kwargs, "x")
    sizes = tensors.shape_of(names, x, at)[1:]
    if None in sizes:
        raise Fault(at, "The sizes of this tensor are not known; use Flatten.")
    return operation(names, "Reshape", {"newshape": [-1, prod(one or 0 for one in sizes)]}, [x], at)


def flatten(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    return operation(names, "Reshape", {"newshape": [-1]}, given(args, kwargs, "x"), at)


def repeat(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`K.repeat(x, n)`: (batch, features) as (batch, n, features)."""
    x, n = given(args, kwargs, "x", "n")
    wide = operation(names, "ExpandDims", {"axis": 1}, [x], at)
    return operation(names, "Repeat", {"repeats": n, "axis": 1}, [wide], at)


def in_phase(location: int) -> Any:
    def run(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        found = given(args, kwargs, "x", "alt")[location]
        return found if isinstance(found, TensorObject) else names.machine.call(found, [], {}, at)

    return run


def activation(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`keras.activations.get("relu")`."""
    (found,) = given(args, kwargs, "identifier")
    return FunctionName(f"keras.activations.{found or 'linear'}") if found is None or type(found) is str else found


def dropout(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    made = operation(names, "Copy", {}, [given(args, kwargs, "x")[0]], at)
    made.call.layer.layer.only_analysed = "It drops at random whenever it runs."
    return made


def relu(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`keras.activations.relu(x, negative_slope, max_value, threshold)`; the slope was called alpha."""
    slope_name = "alpha" if "alpha" in kwargs else "negative_slope"
    x, slope, most, threshold = given(args, kwargs, "x", slope_name, "max_value", "threshold")
    if threshold:
        raise Fault(at, "A threshold is not read here; use the layer ReLU.")
    made = operation(names, "LeakyRelu", {"negative_slope": slope}, [x], at) if slope else None
    made = operation(names, "Relu", {}, [x], at) if made is None else made
    return made if most is None else operation(names, "Minimum", {}, [made, most], at)


def band_part(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`tf.linalg.band_part(x, -1, 0)`: the lower triangle, or the upper one."""
    x, below, above = given(args, kwargs, "input", "num_lower", "num_upper")
    if (below, above) not in ((-1, 0), (0, -1)):
        raise Fault(at, "Expected the lower (-1, 0) or the upper (0, -1) triangle.")
    return operation(names, "Tril" if below else "Triu", {}, [x], at)


BACKEND = {
    "batch_dot": batch_dot, "batch_flatten": batch_flatten, "flatten": flatten, "repeat": repeat,
    **images.BACKEND, "in_train_phase": in_phase(1), "in_test_phase": in_phase(0), "dropout": dropout,
    "relu": relu,
}  # fmt: skip
ROOTS = ("keras", "tensorflow.keras", "tf_keras")
TABLE = {
    **{f"{root}.backend.{name}": run for root in ROOTS for name, run in BACKEND.items()},
    **{f"{root}.einsum": einsum for root in ("keras.ops", "tensorflow.keras.ops", "tensorflow", "tensorflow.linalg")},
    "keras.ops.shape": shape,
    "tensorflow.keras.ops.shape": shape,
    **{f"{root}.activations.get": activation for root in ROOTS},
    **{f"{root}.activations.relu": relu for root in ROOTS},
    "tensorflow.nn.dropout": dropout,
    "keras.random.dropout": dropout,
    "tensorflow.keras.random.dropout": dropout,
    "tensorflow.linalg.band_part": band_part,
    **{f"tensorflow.{version}{name}": run for version in ("", "compat.v1.") for name, run in images.TF.items()},
    **{f"tensorflow.{name}": run for name, run in convolutions.TF.items()},
}
