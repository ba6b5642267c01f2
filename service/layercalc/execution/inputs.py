"""Posted tensors held against what the model wants: inputs, weights, expected outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Unknown
from layercalc.errors import MAX_FAULTS, InvalidTensors, Tokens, pointer, unfit
from layercalc.execution import tensors
from layercalc.model import Model
from layercalc.ops import STRING, Spec
from layercalc.ops.constant_folding import SMALL, Known, objects
from layercalc.wording import nearest, received, whole


def hint(name: Any, known: Iterable[str], faults: list[dict[str, Any]]) -> str:
    """The nearest name, while its fault will still be shown."""
    return nearest(str(name), list(known)) if len(faults) < MAX_FAULTS else ""


def seed_of(value: Any, path: Tokens) -> int | None:
    """The seed of `{"seed": n}`, None for anything else."""
    if not isinstance(value, Mapping) or set(value) != {"seed"}:
        return None
    if not whole(value["seed"], 0) or value["seed"] >= 1 << 64:
        raise unfit((*path, "seed"), f"Expected an integer from 0 to 2^64 − 1; received {received(value['seed'])}.")
    return int(value["seed"])


def read_inputs(value: Any, specs: list[tuple[str, Spec]], compute: str = "float32") -> int | list[tensors.Decoded]:
    """The posted inputs in the model's order, or the seed to make them from; what is in a file is not read yet."""
    path: Tokens = ("inputs",)
    if texts := [name for name, spec in specs if spec.dtype == STRING]:
        raise unfit(path, f"The input {texts[0]!r} holds strings; a pass computes with numbers.")
    if (seed := seed_of(value, path)) is not None:
        return seed
    names = [name for name, _ in specs]
    if isinstance(value, np.ndarray | tensors.Stored):
        value = [value]
    if isinstance(value, Mapping):
        missing, surplus = [n for n in names if n not in value], [n for n in deadline.each(value) if n not in names]
        if missing or surplus:
            faults = [{"pointer": pointer(*path), "detail": f"The input {name!r} is missing."} for name in missing]
            faults += [
                {
                    "pointer": pointer(*path, name),
                    "detail": f"The model has no input {name!r}.{nearest(str(name), names)}",
                }
                for name in surplus
            ]
            raise InvalidTensors(faults)
        keyed: list[tuple[object, Any]] = [(name, value[name]) for name in names]
    elif isinstance(value, list | tuple):
        if len(value) != len(names):
            raise unfit(path, f"Expected {len(names)} tensors, for {', '.join(names)}; received {len(value)}.")
        keyed = list(enumerate(value))
    else:
        raise unfit(path, f'Expected a list of tensors, a map by name, or {{"seed": 7}}; received {received(value)}.')
    out = []
    for (key, one), (name, spec) in zip(keyed, specs, strict=True):
        found = tensors.decode(one, (*path, key), tensors.computed(spec.dtype, compute), unread=True)
        if found.name is not None and found.name != name:
            raise unfit((*path, key, "name"), f"Expected the name of this input, {name!r}; received {found.name!r}.")
        fits = len(found.array.shape) == len(spec.shape) and all(
            isinstance(want, Unknown) or axis == 0 or want == have
            for axis, (want, have) in enumerate(zip(spec.shape, found.array.shape, strict=False))
        )
        if not fits:
            wanted = ", ".join(["batch", *map(str, spec.shape[1:])])
            raise unfit((*path, key), f"The input {name!r} has shape [{wanted}]; received {list(found.array.shape)}.")
        out.append(found)
    return out


def one_size_each(model: Model, found: list[tensors.Decoded]) -> None:
    """Refuse posted inputs in which a size that the document has a name for is two numbers."""
    sizes: dict[str, tuple[int, str]] = {}
    for declared, one in zip(model.inputs, found, strict=True):
        named = enumerate(zip(declared.shape or (), one.array.shape, strict=False))
        for axis, (name, size) in named:
            if name is None and axis == 0:
                name = model.batch_name
            if not name or not isinstance(name, str):
                continue
            where = f"axis {axis} of {declared.name!r}"
            before, by = sizes.setdefault(name, (size, where))
            if before != size:
                detail = f"The size {name!r} is {before:,} in {by} and {size:,} in {where}; it is one size."
                raise unfit(("inputs", declared.name), detail)


def spec_of(found: tensors.Decoded, spec: Spec, values: bool) -> Spec:
    """The spec of a posted input: its own sizes, and where sizes of other tensors may follow from them its values."""
    shape, array = found.array.shape, found.array
    if values and isinstance(array, np.ndarray) and array.size <= SMALL:
        return Known(shape, spec.dtype, objects(array.tolist()))
    return Spec(shape, spec.dtype)


def read_arrays(found: list[tensors.Decoded], specs: list[tuple[str, Spec]], compute: str) -> list[np.ndarray]:
    """The arrays of posted inputs, those in files too."""
    return [
        tensors.read(one, tensors.computed(spec.dtype, compute)) for one, (_, spec) in zip(found, specs, strict=True)
    ]
