"""Which outputs a request wants, in what form, and what it expects of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.analysis.walk import Analysis
from layercalc.errors import InvalidTensors, Tokens, pointer, unfit
from layercalc.execution import tensors
from layercalc.execution.inputs import hint
from layercalc.wording import nearest, received


def read_names(value: Any, analysis: Analysis) -> list[str]:
    """The rows whose tensors are asked for."""
    if (
        isinstance(value, str)
        or not isinstance(value, list | tuple)
        or not all(isinstance(name, str) for name in value)
    ):
        raise unfit(("return_layers",), f"Expected a list of layer names; received {received(value)}.")
    known = {row.name: row for row in analysis.rows}
    faults: list[dict[str, Any]] = []
    for i, name in deadline.each(enumerate(value)):
        if name not in known:
            detail = f"There is no layer {name!r}.{hint(name, known, faults)}"
            faults.append({"pointer": pointer("return_layers", i), "detail": detail})
    if faults:
        raise InvalidTensors(faults)
    return list(dict.fromkeys(value))


class Forms(dict[str, str]):
    """The form of each output that is wanted, in the order asked for; `default` is that of anything else."""

    default: str


def output_names(analysis: Analysis) -> list[str]:
    """A name for each output of the model: the layer's, `lstm:1` for its second one."""
    found: list[str] = []
    for value in deadline.each(analysis.outputs):
        use = sum(name == value.source or name.startswith(f"{value.source}:") for name in found)
        found.append(f"{value.source}:{use}" if use else value.source)
    return found


def read_outputs(outputs: Any, parameters: Any, names: list[str], form: str) -> Forms:
    """Which outputs are wanted and in which form: the Open Inference Protocol's `outputs` and `binary_data_output`."""
    binary = switch(parameters, ("parameters",), "binary_data_output", False)
    forms = Forms()
    forms.default = "binary" if binary else form
    if outputs is None:
        forms.update(dict.fromkeys(names, forms.default))
        return forms
    if not isinstance(outputs, list | tuple):
        raise unfit(("outputs",), f"Expected a list of outputs; received {received(outputs)}.")
    for i, one in deadline.each(enumerate(outputs)):
        asked = {"name": one} if isinstance(one, str) else one
        if not isinstance(asked, Mapping) or not isinstance(asked.get("name"), str):
            raise unfit(("outputs", i), f'Expected {{"name": …}}; received {received(one)}.')
        for key in asked:
            if key not in ("name", "parameters", "datatype", "shape"):
                raise unfit(("outputs", i, key), f"A wanted output has no key {key!r}: name, parameters.")
        name = asked["name"]
        if name not in names:
            known = f"The outputs are {', '.join(names)}." if len(names) < 20 else ""
            raise unfit(
                ("outputs", i, "name"), f"The model has no output {name!r}.{nearest(name, names)} {known}".strip()
            )
        wanted = switch(asked.get("parameters"), ("outputs", i, "parameters"), "binary_data", bool(binary))
        forms[name] = "binary" if wanted else form
    return forms


IGNORED = ("priority", "timeout")  # of a queue, which we have not


def switch(parameters: Any, path: Tokens, key: str, default: bool) -> bool:
    """One parameter that is true or false; one that is not known is refused."""
    if parameters is None:
        return default
    if not isinstance(parameters, Mapping):
        raise unfit(path, f"Expected an object; received {received(parameters)}.")
    for name in parameters:
        if name != key and not (name in IGNORED and path == ("parameters",)):
            raise unfit((*path, name), f"There is no parameter {name!r} here.{nearest(str(name), [key])}")
    value = parameters.get(key, default)
    if not isinstance(value, bool):
        raise unfit((*path, key), f"Expected true or false; received {received(value)}.")
    return value


def read_compared(value: Any, names: list[str], analysis: Analysis) -> dict[str, tuple[object, Any]]:
    """What is to be compared: by the name of an output or a layer, where it stands and the tensor posted for it."""
    path: Tokens = ("expected",)
    if isinstance(value, np.ndarray | tensors.Stored):
        value = [value]
    if isinstance(value, list | tuple) and len(value) == len(names):
        return {name: (i, one) for i, (name, one) in enumerate(zip(names, value, strict=True))}
    if not isinstance(value, Mapping):
        raise unfit(
            path, f"Expected a list of {len(names)} tensors, for {', '.join(names)}; received {received(value)}."
        )
    known = dict.fromkeys([*names, *(row.name for row in analysis.rows)])
    faults: list[dict[str, Any]] = []
    for name in deadline.each(value):
        if name not in known:
            detail = f"There is no output and no layer {name!r}.{hint(name, known, faults)}"
            faults.append({"pointer": pointer(*path, name), "detail": detail})
    if not value:
        detail = f"Expected a tensor for an output ({', '.join(names)}) or a layer; received {{}}."
        faults.append({"pointer": pointer(*path), "detail": detail})
    if faults:
        raise InvalidTensors(faults)
    return {name: (name, value[name]) for name in known if name in value}


def read_expected(
    asked: Mapping[str, tuple[object, Any]], made: Mapping[str, np.ndarray]
) -> Iterator[tuple[str, np.ndarray]]:
    """The expected tensors by name, one at a time; one of another shape than what was made is an error."""
    for name, (key, one) in asked.items():
        output, path = made[name], ("expected", key)
        dtype = "float64" if output.dtype.kind == "f" else output.dtype.name
        found = tensors.decode(one, path, dtype, unread=True)
        if found.array.shape != output.shape:
            raise unfit(
                path, f"The output {name!r} has shape {list(output.shape)}; received {list(found.array.shape)}."
            )
        yield name, tensors.read(found, dtype)
