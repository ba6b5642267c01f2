"""The specs of a model's inputs: what the document names, what the request overrides, the batch in front."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from layercalc.analysis.tracing import unwieldy
from layercalc.dims import Batch, Unknown
from layercalc.errors import InvalidModel
from layercalc.model import Model
from layercalc.ops import Spec
from layercalc.readers import Builder
from layercalc.wording import nearest, received, whole


class ModelOptions(NamedTuple):
    """What a request says of a model beside its document.

    The sizes of its inputs without the batch or with it, the batch of all of them, of code the expression that makes
    the model, and of Keras JSON what becomes of layers that it does not describe.
    """

    input_shape: Any = None
    batch_size: int | None = None
    batch_shape: Any = None
    entry: str | None = None
    custom: str | None = None

    def shapes(self, names: list[str]) -> dict[str, list[int | None]]:
        """The sizes of the inputs of these names, without the batch, as far as the request says them."""
        with_batch = shape_option("batch_shape", self.batch_shape, names)
        found = {name: sizes[1:] for name, sizes in with_batch.items()}
        return found | shape_option("input_shape", self.input_shape, names)


NONE = ModelOptions()


def declared(model: Model, builder: Builder, asked: ModelOptions = NONE) -> list[tuple[str, Spec]]:
    """The specs of a model's inputs: from the document, overridden by the request, the batch in front."""
    batch_size = asked.batch_size
    if batch_size is not None and not whole(batch_size, 1):
        raise InvalidModel(
            [
                {
                    "parameter": "batch_size",
                    "detail": f"Expected an integer of at least 1; received {received(batch_size)}.",
                }
            ]
        )
    shapes = {one.name: one.shape for one in model.inputs} | overrides(model, asked)
    batch = next((shape[0] for shape in shapes.values() if shape and shape[0] is not None), None)
    leading = batch_size if batch_size is not None else Batch(1) if batch is None else batch
    specs = []
    for one in model.inputs:
        shape = shapes[one.name]
        if not shape:
            if shape is None and not (builder.form == "code" and builder.faults):  # a broken line may have named it
                detail = (
                    f"The document names no shape for the input {one.name!r}; add an input_shape without the batch to "
                    "the first layer or the request, such as input_shape=28,28,1."
                )
                builder.fault(one.location.at(), detail)
            shape = (None,)
            for call in model.calls:
                call.layer = None
        if fault := unwieldy(tuple(dim for dim in shape if dim is not None)):
            raise InvalidModel([{**one.location.at(), "detail": f"The input {one.name!r} has {fault}."}])
        origins = (f"axis {axis} of the input {one.name!r}" for axis in range(1, len(shape)))
        rest = (Unknown(origin) if dim is None else dim for dim, origin in zip(shape[1:], origins, strict=True))
        own = leading if batch_size is not None or shape[0] is None else shape[0]
        specs.append((one.name, Spec((own, *rest), one.dtype)))
    return specs


def overrides(model: Model, asked: ModelOptions) -> dict[str, tuple[int | None, ...]]:
    """The shapes of inputs, the batch in front, that a request says in place of the document's."""
    known = {one.name: one.shape for one in model.inputs}
    out = {}
    for name, sizes in shape_option("input_shape", asked.input_shape, list(known)).items():
        shape = known[name]
        within_text(model, name, shape, sizes, "input_shape")
        out[name] = (shape[0] if shape else None, *sizes)
    for name, sizes in shape_option("batch_shape", asked.batch_shape, list(known)).items():
        if name in out:
            raise refuse("batch_shape", f"The input {name!r} has an input_shape too; say its sizes once.")
        if not sizes:
            raise refuse("batch_shape", f"Expected {SIZES['batch_shape']}; received no size for the input {name!r}.")
        if None not in (batch := sizes[0], asked.batch_size) and batch != asked.batch_size:
            detail = f"The input {name!r} has a batch of {batch:,}, and batch_size says {asked.batch_size:,}; say one."
            raise refuse("batch_shape", detail)
        within_text(model, name, known[name], sizes[1:], "batch_shape")
        out[name] = tuple(sizes)
    return out


def within_text(
    model: Model, name: str, named: tuple[int | None, ...] | None, sizes: Sequence[int | None], option: str
) -> None:
    """Refuse sizes, without the batch, other than those that a text computes with or that shapes were recorded for."""
    if model.sized and named and not fits(named[1:], sizes):
        known = f"[{', '.join('null' if dim is None else str(dim) for dim in named[1:])}]"
        told = f"The text computes with the sizes of {name!r}, {known}; change them there."
        if model.form != "code":
            told = f"The shapes that custom=recorded keeps were recorded for {name!r} of {known}; leave {option} out."
        raise refuse(option, told)


def fits(named: Sequence[int | None], sizes: Sequence[int | None]) -> bool:
    """Whether sizes are those that are named, as far as they are."""
    return len(named) == len(sizes) and all(a is None or a == b for a, b in zip(named, sizes, strict=True))


SIZES = {
    "input_shape": "sizes without the batch, such as 28,28,1 (null for an unknown one)",
    "batch_shape": "sizes with the batch first, such as 8,28,28,1 (null for an unknown one)",
}
EXAMPLES = {"input_shape": "16", "batch_shape": "8,16"}


def refuse(option: str, detail: str) -> InvalidModel:
    return InvalidModel([{"parameter": option, "detail": detail}])


def shape_option(option: str, value: Any, names: list[str]) -> dict[str, list[int | None]]:
    """The shapes that an option of a request says, by input name; a list with one for each input is in their order."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        found = {str(name): parsed_shape(sizes) for name, sizes in value.items()}
    else:
        kinds = (str, list, tuple)
        several = isinstance(value, list | tuple) and value and all(isinstance(one, kinds) for one in value)
        shapes, found = value if several else [value], {}
        for index, one in enumerate(shapes):
            name, colon, sizes = one.rpartition(":") if isinstance(one, str) else ("", "", one)
            if not colon and len(names) != len(shapes):
                first = names[0] if names else "a"
                which = f"say which, as in {option}={first}:{EXAMPLES[option]}."
                one_of = f"The model has one input; received {len(shapes)} shapes."
                raise refuse(option, one_of if len(names) == 1 else f"The model has {len(names)} inputs; {which}")
            name = name if colon else names[index]
            if name in found:
                raise refuse(option, f"The input {name!r} has two shapes; say one.")
            found[name] = parsed_shape(sizes)
    for name, parsed in found.items():
        if name not in names:
            raise refuse(
                option, f"There is no input {name!r}.{nearest(name, names)} The inputs are {', '.join(names)}."
            )
        if parsed is None:
            raise refuse(option, f"Expected {SIZES[option]}; received {received(value)}.")
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
