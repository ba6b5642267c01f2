"""Posted weights held against what the model wants: by name, in order, from a file, or by seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.analysis.walk import Analysis
from layercalc.analysis.weight_specs import WeightSpec
from layercalc.errors import MAX_FAULTS, InvalidTensors, Tokens, pointer, unfit
from layercalc.execution import tensors
from layercalc.execution.inputs import seed_of
from layercalc.execution.seeds import seeded, seeded_weights
from layercalc.wording import received

PATH: Tokens = ("weights",)
MAX_COMPARED = 2_000  # names that a misspelt one is held against

LONGEST = 10_000  # characters of a name that is looked for


def is_drawn(value: Any) -> bool:
    """Whether weights are asked for by seed."""
    return value is None or (isinstance(value, Mapping) and set(value) == {"seed"})


def read_weights(
    value: Any, analysis: Analysis, compute: str = "float32"
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The weights by name, and how they came: posted, seeded, or with the model, all or but some that are seeded."""
    seed = 0 if value is None else seed_of(value, PATH)
    if seed is not None:
        stored = [weight.initializer.stored for _, weight in analysis.weights]
        drawn = stored.count(False)
        told: dict[str, Any] = {"source": "seeded", "seed": seed}
        if drawn < len(stored):
            told = {"source": "model", **({"seed": seed, "seeded": drawn} if drawn else {})}
        return seeded_weights(analysis, seed, compute), told
    known = dict(analysis.weights)
    faults: list[dict[str, Any]] = []
    tied: list[tuple[object, str, Any]] = []
    given = assigned(value, known, analysis, faults, tied)
    out: dict[str, np.ndarray] = {}
    for name, weight in deadline.each(known.items()):
        if name in given:
            key, one = given[name]
            try:
                out[name] = fitting(name, weight, one, (*PATH, key), compute)
            except InvalidTensors as error:
                faults += error.errors
        elif weight.initializer.stored:
            out[name] = seeded(name, weight, 0, compute)
        elif isinstance(value, Mapping) or hasattr(value, "named"):
            faults.append(at(PATH, f"The weight {name!r} of shape {list(weight.spec.shape)} is missing."))
    for key, name, one in tied:
        if name in out and not np.array_equal(fitting(name, known[name], one, (*PATH, key), compute), out[name]):
            faults.append(at((*PATH, key), f"This and {name!r} are one tensor of the model; they differ here."))
    if faults:
        raise InvalidTensors(faults)
    return out, {"source": "posted"}


def at(path: Tokens, detail: str) -> dict[str, Any]:
    return {"pointer": pointer(*path), "detail": detail}


def assigned(
    value: Any,
    known: dict[str, WeightSpec],
    analysis: Analysis,
    faults: list[dict[str, Any]],
    tied: list[tuple[object, str, Any]],
) -> dict[str, tuple[object, Any]]:
    """Each weight that was given, under the model's name for it: the key it came by, and the tensor.

    What comes under a second name of a weight is put into `tied` too: the key, the weight, the tensor.
    """
    given: dict[str, tuple[object, Any]] = {}
    strange: list[tuple[str, list[str]]] = []
    state = {one.name: one.weight for one in analysis.model.state}
    if isinstance(value, list | tuple):
        names, order = (list(state.values()), "state_dict()") if state else (list(known), "get_weights()")
        if len(value) != len(names):
            faults.append(at(PATH, f"Expected {len(names)} weights in the order of {order}; received {len(value)}."))
        for i, (name, one) in enumerate(zip(names, value, strict=False)):
            if name in given:
                tied.append((i, name, one))
            given.setdefault(name, (i, one))
        return given
    if hasattr(value, "named"):  # a file of Keras', whose names only the model can tell
        named = value.named(analysis)
        found = [(key, one, [name] if name else []) for name, key, one in named]
    elif isinstance(value, Mapping):
        ends = tails(known)
        found = []
        for key, one in deadline.each(value.items()):
            if (first := state.get(str(key), key)) != key and first in known:
                tied.append((str(key), first, one))
            else:
                found.append((str(key), one, matches(str(key), known, ends)))
    else:
        faults.append(at(PATH, f'Expected a map by name, a list, or {{"seed": 7}}; received {received(value)}.'))
        return {}
    for key, one, names in found:
        if len(names) != 1:
            strange.append((key, names))
        elif names[0] in given:
            faults.append(at((*PATH, key), f"The weight {names[0]!r} is given twice."))
        else:
            given[names[0]] = key, one
    faults += unknown(strange, known, given)
    for key, name, one in tied:
        given.setdefault(name, (key, one))
    return given


def tails(known: Iterable[str]) -> dict[str, list[str]]:
    """Every end of every name, as `dense/kernel` is one of `model/dense/kernel`."""
    out: dict[str, list[str]] = {}
    for name in known:
        parts = name.split("/")
        for i in range(1, len(parts)):
            out.setdefault("/".join(parts[i:]), []).append(name)
    return out


def matches(key: str, known: Mapping[str, Any], ends: dict[str, list[str]]) -> list[str]:
    """The weights a key can mean: by its name, a longer path (Keras' `v.path`) or the end of one.

    Keras 2's `:0` and PyTorch's dots are understood.
    """
    if len(key) > LONGEST:
        return []
    for form in dict.fromkeys((key, key.removesuffix(":0"), key.removesuffix(":0").replace(".", "/"))):
        parts = form.split("/")
        longer = [name for i in range(1, len(parts)) if (name := "/".join(parts[i:])) in known]
        if found := [form] if form in known else longer + ends.get(form, []):
            return found
    return []


def unknown(strange: list[tuple[str, list[str]]], known: dict[str, WeightSpec], given: Any) -> list[dict[str, Any]]:
    """A fault for each name that matches none or several, those first that are nearest to one."""
    free = [name for name in known if name not in given and not known[name].initializer.stored] or list(known)
    scored = []
    for i, (key, names) in deadline.each(enumerate(strange)):
        if names:
            scored.append((2.0, key, f" It could be {' or '.join(names[:3])}."))
            continue
        near = get_close_matches(key[:200], free[:MAX_COMPARED], n=3, cutoff=0.4) if i < MAX_FAULTS else []
        told = ", ".join(f"{name!r} {list(known[name].spec.shape)}" for name in near)
        score = SequenceMatcher(None, key[:200], near[0]).ratio() if near else 0.0
        scored.append((score, key, f" Nearest: {told}." if near else ""))
    scored.sort(key=lambda one: -one[0])
    return [at((*PATH, key), f"The model has no weight {key!r}.{near}") for _, key, near in scored]


def fitting(name: str, weight: WeightSpec, one: Any, path: Tokens, compute: str) -> np.ndarray:
    """The array of one weight; what is in a file is read only if its shape is the weight's."""
    shape = weight.spec.shape
    array = one if isinstance(one, tensors.Stored) else tensors.decode(one, path, wanted(weight, compute)).array
    if tuple(array.shape) != shape:
        raise unfit(path, f"The weight {name!r} has shape {list(shape)}; received {list(array.shape)}.")
    return tensors.decode(array, path, wanted(weight, compute)).array if isinstance(array, tensors.Stored) else array


def wanted(weight: WeightSpec, compute: str) -> str:
    dtype = weight.spec.dtype
    return tensors.computed("float32" if dtype.endswith("float16") else dtype, compute)
