"""The specs of a model's inputs: what the document names, what the request overrides, the batch in front."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from layercalc.analysis.tracing import unwieldy
from layercalc.dims import Batch, Unknown
from layercalc.errors import InvalidModel
from layercalc.model import Model
from layercalc.ops import Spec
from layercalc.readers import Draft
from layercalc.wording import nearest, received, whole


def declared(model: Model, draft: Draft, override: Any, batch_size: int | None) -> list[tuple[str, Spec]]:
    """The specs of a model's inputs: from the document, overridden by the request, the batch in front."""
    if batch_size is not None and not whole(batch_size, 1):
        raise InvalidModel(
            [
                {
                    "parameter": "batch_size",
                    "detail": f"Expected an integer of at least 1; received {received(batch_size)}.",
                }
            ]
        )
    shapes = {one.name: one.shape for one in model.inputs}
    for name, sizes in shape_option(override, list(shapes)).items():
        named = shapes[name]
        if model.sized and named and not fits(named[1:], sizes):
            told = (
                f"The text computes with the sizes of {name!r}, [{', '.join(map(str, named[1:]))}]; change them there."
            )
            raise InvalidModel([{"parameter": "input_shape", "detail": told}])
        shapes[name] = (named[0] if named else None, *sizes)
    batch = next((shape[0] for shape in shapes.values() if shape and shape[0] is not None), None)
    leading = batch_size if batch_size is not None else Batch(1) if batch is None else batch
    specs = []
    for one in model.inputs:
        shape = shapes[one.name]
        if not shape:
            if shape is None and not (draft.form == "code" and draft.faults):  # a broken line may have named it
                detail = (
                    f"The document names no shape for the input {one.name!r}; add an input_shape without the batch to "
                    "the first layer or the request, such as input_shape=28,28,1."
                )
                draft.fault(one.place.at(), detail)
            shape = (None,)
            for call in model.calls:
                call.layer = None
        if fault := unwieldy(tuple(dim for dim in shape if dim is not None)):
            raise InvalidModel([{**one.place.at(), "detail": f"The input {one.name!r} has {fault}."}])
        origins = (f"axis {axis} of the input {one.name!r}" for axis in range(1, len(shape)))
        rest = (Unknown(origin) if dim is None else dim for dim, origin in zip(shape[1:], origins, strict=True))
        own = leading if batch_size is not None or shape[0] is None else shape[0]
        specs.append((one.name, Spec((own, *rest), one.dtype)))
    return specs


def fits(named: Sequence[int | None], sizes: Sequence[int | None]) -> bool:
    """Whether sizes are those that are named, as far as they are."""
    return len(named) == len(sizes) and all(a is None or a == b for a, b in zip(named, sizes, strict=True))


def shape_option(value: Any, names: list[str]) -> dict[str, list[int | None]]:
    """The `input_shape` of a request, by input name."""

    def refuse(detail: str) -> InvalidModel:
        return InvalidModel([{"parameter": "input_shape", "detail": detail}])

    if value is None:
        return {}
    if isinstance(value, Mapping):
        found = {str(name): parsed_shape(sizes) for name, sizes in value.items()}
    else:
        named = isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value)
        texts = value if named else [value]
        found = {}
        for one in texts:
            name, colon, sizes = one.rpartition(":") if isinstance(one, str) else ("", "", one)
            if not colon and len(names) != 1:
                raise refuse(
                    f"The model has {len(names)} inputs; say which, as in input_shape={names[0] if names else 'a'}:16."
                )
            found[name if colon else names[0]] = parsed_shape(sizes)
    for name, parsed in found.items():
        if name not in names:
            raise refuse(f"There is no input {name!r}.{nearest(name, names)} The inputs are {', '.join(names)}.")
        if parsed is None:
            expected = "sizes without the batch, such as 28,28,1 (null for an unknown one)"
            raise refuse(f"Expected {expected}; received {received(value)}.")
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
