"""Posted tensors held against what the model wants: inputs, weights, expected outputs."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from layercalc import tensors
from layercalc.analysis import Analysis
from layercalc.dims import Unknown
from layercalc.errors import MAX_FAULTS, InvalidTensors, pointer
from layercalc.execution import seeded_weights
from layercalc.layers import nearest
from layercalc.layers.fields import received, whole
from layercalc.ops import Spec

Path = tuple[object, ...]


def hint(name: Any, known: Iterable[str], faults: list[dict[str, Any]]) -> str:
    """The nearest name, while its fault will still be shown."""
    return nearest(str(name), list(known)) if len(faults) < MAX_FAULTS else ""


def seed_of(value: Any, path: Path) -> int | None:
    """The seed of `{"seed": n}`, None for anything else."""
    if not isinstance(value, Mapping) or set(value) != {"seed"}:
        return None
    if not whole(value["seed"], 0) or value["seed"] >= 1 << 64:
        raise tensors.refuse(
            (*path, "seed"), f"Expected an integer from 0 to 2^64 − 1; received {received(value['seed'])}."
        )
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
            raise tensors.refuse(path, f"Expected {len(names)} tensors, for {', '.join(names)}; received {len(value)}.")
        keyed = list(enumerate(value))
    else:
        raise tensors.refuse(
            path, f'Expected a list of tensors, a map by name, or {{"seed": 7}}; received {received(value)}.'
        )
    out = []
    for (key, one), (name, spec) in zip(keyed, specs, strict=True):
        found = tensors.decode(one, (*path, key), spec.dtype)
        if found.name is not None and found.name != name:
            raise tensors.refuse(
                (*path, key, "name"), f"Expected the name of this input, {name!r}; received {found.name!r}."
            )
        fits = found.array.ndim == len(spec.shape) and all(
            isinstance(want, Unknown) or axis == 0 or want == have
            for axis, (want, have) in enumerate(zip(spec.shape, found.array.shape, strict=False))
        )
        if not fits:
            wanted = ", ".join(["batch", *map(str, spec.shape[1:])])
            raise tensors.refuse(
                (*path, key), f"The input {name!r} has shape [{wanted}]; received {list(found.array.shape)}."
            )
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
        faults.append({"pointer": pointer(*path, *at), "detail": detail})

    given: dict[str, tuple[object, Any]] = {}
    if isinstance(value, Mapping):
        for key, one in value.items():
            matches = (
                [str(key)]
                if key in known
                else [name for name in known if str(key).endswith("/" + name) or name.endswith("/" + str(key))]
            )
            if len(matches) != 1:
                near = f" It could be {' or '.join(matches[:3])}." if matches else hint(key, known, faults)
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
            array = tensors.decode(
                one, (*path, key), "float32" if weight.spec.dtype.endswith("float16") else weight.spec.dtype
            ).array
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
    if (
        isinstance(value, str)
        or not isinstance(value, list | tuple)
        or not all(isinstance(name, str) for name in value)
    ):
        raise tensors.refuse(("return_layers",), f"Expected a list of layer names; received {received(value)}.")
    known = {row.name: row for row in analysis.rows}
    faults: list[dict[str, Any]] = []
    for i, name in enumerate(value):
        if name not in known:
            detail = f"There is no layer {name!r}.{hint(name, known, faults)}"
            faults.append({"pointer": pointer("return_layers", i), "detail": detail})
    if faults:
        raise InvalidTensors(faults)
    return list(dict.fromkeys(value))


def read_compared(value: Any, names: list[str], analysis: Analysis) -> dict[str, tuple[object, Any]]:
    """What is to be compared: by the name of an output or a layer, where it stands and the tensor posted for it."""
    path: Path = ("expected",)
    if isinstance(value, np.ndarray):
        value = [value]
    if isinstance(value, list | tuple) and len(value) == len(names):
        return {name: (i, one) for i, (name, one) in enumerate(zip(names, value, strict=True))}
    if not isinstance(value, Mapping):
        raise tensors.refuse(
            path, f"Expected a list of {len(names)} tensors, for {', '.join(names)}; received {received(value)}."
        )
    known = dict.fromkeys([*names, *(row.name for row in analysis.rows)])
    faults: list[dict[str, Any]] = []
    for name in value:
        if name not in known:
            detail = f"There is no output and no layer {name!r}.{hint(name, known, faults)}"
            faults.append({"pointer": pointer(*path, name), "detail": detail})
    if not value:
        detail = f"Expected a tensor for an output ({', '.join(names)}) or a layer; received {{}}."
        faults.append({"pointer": pointer(*path), "detail": detail})
    if faults:
        raise InvalidTensors(faults)
    return {name: (name, value[name]) for name in known if name in value}


def read_expected(asked: Mapping[str, tuple[object, Any]], made: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The expected tensors by name; one of another shape than what was made is an error."""
    out = {}
    for name, (key, one) in asked.items():
        output, path = made[name], ("expected", key)
        array = tensors.decode(one, path, "float64" if output.dtype.kind == "f" else output.dtype.name).array
        if array.shape != output.shape:
            raise tensors.refuse(
                path, f"The output {name!r} has shape {list(output.shape)}; received {list(array.shape)}."
            )
        out[name] = array
    return out
