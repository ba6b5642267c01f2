"""One call of a layer or operation, as Keras 3 (`args`, `kwargs`) and Keras 2 (lists) write it."""

from typing import Any

from layercalc.layers import Layer
from layercalc.layers.keras.functions import Slot, decoded
from layercalc.model import MASK_OF
from layercalc.readers.builder import Source, bound
from layercalc.wording import HUGE, received, whole

new = tuple.__new__  # a named tuple of values that are at hand, in half the time


class BadNode(ValueError):  # noqa: N818
    """An inbound node that is of neither Keras version's form."""


def read_node(node: Any, kind: type[Layer] | None) -> tuple[list[Source], dict[str, Any], dict[str, Any]]:
    """One call of a layer: the tensors by position, those by name, and the arguments that are no tensors."""
    if isinstance(node, dict) and isinstance(args := node.get("args"), list):
        kwargs = node.get("kwargs") or {}
        if len(args) == 1 and (not kwargs or kwargs == MASK_FREE) and (only := tensors(args[0])):  # as most are
            return (only if only.__class__ is list else [only]), {}, {}  # type: ignore[list-item]
    elif isinstance(node, list):
        if node and isinstance(node[0], str):
            node = [node]
        args = [tensor_of_2(one) for one in node]
        kwargs = next((one[3] for one in node if isinstance(one, list) and len(one) > 3 and one[3]), {})
        if isinstance(kwargs, dict):
            kwargs = {key: histories_of(value) for key, value in kwargs.items()}
        if kind is not None and "initial_state" in kind.accepts and len(args) > 1:
            args = [args[0], args[1:]]  # the states of a recurrent layer are more inputs
    else:
        raise BadNode(f'Expected a node, {{"args": […], "kwargs": {{…}}}}; received {received(node)}.')
    if not isinstance(kwargs, dict):
        raise BadNode(f"Expected kwargs as an object; received {received(kwargs)}.")
    names = () if kind is None else kind.positional
    inputs: list[Source] = []
    named: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    behind = kind.takes[1] if kind is not None and "mask" in kind.accepts else None
    for index, arg in enumerate(args):
        value = tensors(arg)
        if isinstance(value, Source) and index == behind:
            named["mask"] = value  # as Keras' call(inputs, mask) takes it
        elif isinstance(value, Source):
            inputs.append(value)
        elif isinstance(value, list) and (index == 0 or index >= len(names)):
            inputs += value
        elif isinstance(value, list):
            named[names[index]] = tuple(value)
        elif arg is not None and not isinstance(arg, bool):
            raise BadNode(f"Expected a tensor; received {received(arg)}.")
    for key, arg in kwargs.items():
        if key == "mask" and isinstance(arg, list):
            of_each = [(index, tensors(one)) for index, one in enumerate(arg)]
            named |= {f"{MASK_OF}{index}": one for index, one in of_each if isinstance(one, Source)}
            continue
        value = tensors(arg)
        if value is not None:
            named[key] = tuple(value) if isinstance(value, list) else value
        elif arg is not None and key != "training":
            extra[key] = arg
    if kind is not None:
        inputs, named = bound(kind, inputs, named)
    return inputs, named, extra


TENSOR = "__keras_tensor__"  # the class of a tensor in a node of Keras 3
NONE: Any = object()
MASK_FREE = {"mask": None}  # arguments by name that say nothing
ROWS = (list, tuple)


def tensors(value: Any) -> Source | list[Source] | None:
    """A Keras tensor, or a list of them however nested; None for anything else."""
    if isinstance(value, dict):
        if (name := value.get("class_name", NONE)) == TENSOR:
            config = value.get("config")
            return tensor_of_2(config.get("keras_history") if config.__class__ is dict else None)
        value = [value[key] for key in sorted(value, key=str)] if name is NONE else None
    elif isinstance(value, Source):
        return value
    if isinstance(value, list) and value:
        found = [tensors(one) for one in value]
        if None not in found:
            return [one for many in found for one in ([many] if isinstance(many, Source) else many or [])]
    return None


def histories_of(value: Any) -> Any:
    """A keyword argument of Keras 2, with `[layer, node index, tensor index]` in it read as tensors."""
    if isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str) and whole(value[1], 0):
        return tensor_of_2(value)
    if isinstance(value, dict) and value.keys() == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": {key: histories_of(part) for key, part in value.items()}}
    return [histories_of(one) for one in value] if isinstance(value, list) else value


def tensor_of_2(history: Any) -> Source:
    """`[layer, node index, tensor index]`, as both versions write it."""
    if isinstance(history, ROWS) and len(history) > 2:
        name, use, output = history if len(history) == 3 else history[:3]
        if isinstance(name, str) and use.__class__ is output.__class__ is int and -1 < use < HUGE > output > -1:
            return new(Source, (name, use + 1, output))
    raise BadNode(f"Expected [layer, node index, tensor index]; received {received(history)}.")


def read_arguments(node: Any) -> tuple[list[Source], list[Any], dict[str, Any]]:
    """A call of an operation: its tensors, and its arguments with a slot for each of them and constants decoded."""
    if not isinstance(node, dict) or not isinstance(node.get("args"), list):
        raise BadNode(f'Expected a node, {{"args": […], "kwargs": {{…}}}}; received {received(node)}.')
    kwargs = node.get("kwargs") or {}
    if not isinstance(kwargs, dict):
        raise BadNode(f"Expected kwargs as an object; received {received(kwargs)}.")
    found: list[Source] = []
    args = [slotted(arg, found) for arg in node["args"]]
    return found, args, {key: slotted(arg, found) for key, arg in kwargs.items() if key != "name"}


def histories(value: Any) -> list[Any]:
    """`input_layers` or `output_layers` as a list of histories: one, a list, or a dict sorted by key."""
    if isinstance(value, dict):
        return [history for key in sorted(value) for history in histories(value[key])]
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [value]
    if isinstance(value, list):
        return [history for one in value for history in histories(one)]
    return [value]


MAX_DEPTH = 10  # of lists in an argument


def slotted(value: Any, found: list[Source], depth: int = MAX_DEPTH) -> Any:
    """An argument with its tensors taken out, to `found`, and slots in their places."""
    if isinstance(value, Source) or (isinstance(value, dict) and value.get("class_name") == TENSOR):
        source = tensors(value)
        assert isinstance(source, Source)
        found.append(source)
        return Slot(len(found) - 1)
    if isinstance(value, dict) and value.get("class_name") == "__slice__" and isinstance(value.get("config"), dict):
        parts = [value["config"].get(key) for key in ("start", "stop", "step")]
        if any(isinstance(part, Source) for part in parts):
            return slice(*(slotted(part, found, depth) for part in parts))
    if isinstance(value, list) and depth and (not numeric(value) or any(isinstance(one, Source) for one in value)):
        return [slotted(one, found, depth - 1) for one in value]
    try:
        return decoded(value)
    except ValueError as error:
        raise BadNode(str(error)) from None


def numeric(value: list[Any]) -> bool:
    """Whether the first leaf of nested lists is a number: then they are a constant."""
    depth = MAX_DEPTH
    while isinstance(value, list) and value and depth:
        value, depth = value[0], depth - 1
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_call(node: Any) -> dict[str, Any]:
    """A node of Keras 2, `[[layer, node, tensor, kwargs], …]`, as arguments of a call; several tensors are one list.

    A function that was called without tensors in front has all of them in `kwargs`, and `_CONSTANT_VALUE` ahead.
    """
    if isinstance(node, list) and node and isinstance(node[0], str):
        node = [node]
    if not isinstance(node, list) or not node or not all(isinstance(one, list) and len(one) > 2 for one in node):
        raise BadNode(f"Expected [[layer, node index, tensor index, kwargs], …]; received {received(node)}.")
    kwargs: Any = next((one[3] for one in node if len(one) > 3 and one[3]), {})
    if not isinstance(kwargs, dict):
        raise BadNode(f"Expected kwargs as an object; received {received(kwargs)}.")
    first = [one[2] if one[0] == "_CONSTANT_VALUE" else tensor_of_2(one) for one in node]
    args = [first[0] if len(first) == 1 else first]
    return {"args": args, "kwargs": {key: histories_of(value) for key, value in kwargs.items()}}
