"""The graph of an exported program: calls of functions with arguments, and what goes in and comes out."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from layercalc.errors import Tokens, Unreadable, pointer
from layercalc.layers.torch.exported import Name
from layercalc.readers.torch.dtypes import dtype_of
from layercalc.readers.torch.paths import Module, around, stack_of
from layercalc.readers.torch.traces import innermost

PLAIN: dict[str, Any] = {"as_int": int, "as_float": (int, float), "as_bool": bool, "as_string": str}
LISTS = {f"{kind}s": kind for kind in PLAIN}
TENSOR_LISTS = ("as_tensors", "as_nested_tensors")
NAMES = ("as_sym_int", "as_sym_bool", "as_sym_float")
NAME_LISTS = ("as_sym_ints", "as_sym_bools", "as_sym_floats")
WORDS = ("as_memory_format", "as_layout", "as_device", "as_operator")  # bear on memory alone


class Call(NamedTuple):
    """A node as the file has it."""

    number: int  # its place in the order in which nodes run
    at: Tokens  # where it stands in the file
    name: str
    target: str
    arguments: dict[str, Any]
    outputs: list[str]
    kinds: set[str]  # of the outputs: tensors, or sizes
    modules: tuple[Module, ...] | None  # around it; None where the file does not say
    caller: str = ""  # what called it in Python, as `function.relu`
    frame: str = ""  # the innermost of its stack trace

    @property
    def word(self) -> str:
        """The function in a word: `add` of `torch.ops.aten.add_.Tensor`."""
        inside = self.target.split(".")
        word = inside[-2] if self.target.startswith("torch.ops.") and len(inside) > 3 else inside[-1]
        return word if word.startswith("__") else word.strip("_") or word

    @property
    def sizes(self) -> bool:
        """Whether it gives a size and no tensor."""
        return "as_sym_int" in self.kinds

    @property
    def measures(self) -> bool:
        """Whether it is the size of a tensor, and not of other sizes."""
        return self.word.startswith("sym_")


class Malformed(ValueError):  # noqa: N818
    """The graph is not as torch.export writes it."""


def union(value: Any) -> tuple[str, Any]:
    """The one member of a union that is there; old files write the others too, as null."""
    if not isinstance(value, dict):
        raise Malformed(f"Expected an object with one key such as 'as_tensor'; received {type(value).__name__}.")
    found = [(key, one) for key, one in value.items() if one is not None and key != "$type"]
    if len(found) != 1:
        raise Malformed(f"Expected one key such as 'as_tensor'; received {', '.join(map(str, value)) or 'none'}.")
    key, one = found[0]
    return (key if key.startswith("as_") or key in SPECS else f"as_{key}"), one


SPECS = (
    *("user_input", "parameter", "buffer", "tensor_constant", "custom_obj", "token", "constant_input"),
    *("user_output", "loss_output", "buffer_mutation", "parameter_mutation", "user_input_mutation"),
    *("gradient_to_parameter", "gradient_to_user_input"),
)


def text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise Malformed(f"Expected {what}; received {type(value).__name__}.")
    return value


def argument(value: Any) -> Any:
    """An argument of a node: a number, a word, a tensor's name, or a list of them."""
    key, one = union(value)
    if key == "as_none":
        return None
    if key in PLAIN:
        return plain_value(key, one)
    if key in LISTS:
        return [plain_value(LISTS[key], item) for item in one]
    if key == "as_tensor":
        return Name(text(one["name"] if isinstance(one, dict) else one, "a name"))
    if key in TENSOR_LISTS:
        return [tensors(item) for item in one]
    if key in NAMES:
        return symbol(one)
    if key in NAME_LISTS:
        return [symbol(item) for item in one]
    if key in ("as_optional_tensor", "as_optional_tensors"):
        return [argument(item) for item in one] if isinstance(one, list) else argument(one)
    if key == "as_graph":
        raise Malformed("It runs a graph of its own, which is not followed")
    if key == "as_scalar_type":
        return dtype_of(one)
    if key in WORDS:
        return None
    raise Malformed(f"Arguments of the kind {key} are not read.")


def plain_value(key: str, value: Any) -> Any:
    """A number, a truth or a text, as its key says."""
    if key == "as_float" and value in INFINITE:
        return float(value)
    if not isinstance(value, PLAIN[key]) or (isinstance(value, bool) and key != "as_bool"):
        raise Malformed(f"Expected {key.removeprefix('as_')}; received {type(value).__name__}")
    return float(value) if key == "as_float" else value


INFINITE = ("Infinity", "-Infinity", "NaN")  # which JSON has no numbers for


def tensors(value: Any) -> Any:
    """A tensor's name, or a list of them."""
    return [tensors(one) for one in value] if isinstance(value, list) else Name(text(value["name"], "a name"))


def symbol(value: Any) -> Any:
    """A size by its name, or a number."""
    key, one = union(value)
    if key == "as_name":
        return Name(text(one, "a name"))
    return plain_value(key, one)


def outputs(value: Any) -> Iterator[tuple[str, str]]:
    """What a node gives, with the kind of each, lists in their order."""
    for one in value:
        key, found = union(one)
        if key == "as_tensor":
            yield text(found["name"], "a name"), key
        elif key == "as_tensors":
            for item in found:
                yield text(item["name"], "a name"), "as_tensor"
        elif key in NAMES:
            yield text(union(found)[1], "a name"), key
        elif key in ("as_optional_tensor", "as_optional_tensors"):
            for item in found if isinstance(found, list) else [found]:
                inside, inner = union(item)
                yield (text(inner["name"], "a name") if inside == "as_tensor" else ""), "as_tensor"
        elif key != "as_none":
            raise Malformed(f"Results of the kind {key} are not read.")


def call_of(node: Any, at: Tokens) -> Call:
    """A node of the file."""
    given = {text(one["name"], "a name"): argument(one["arg"]) for one in node["inputs"]}
    named = list(outputs(node["outputs"]))
    made = [name for name, _ in named]
    name = node.get("name") or (made[0] if made else "")
    target = text(node["target"], "the name of a function")
    metadata = node.get("metadata")
    caller = str((metadata or {}).get("torch_fn", "")).rpartition(";")[2]
    frame = innermost(str((metadata or {}).get("stack_trace") or ""))
    kinds = {kind for _, kind in named}
    return Call(0, at, name, target, given, made, kinds, around(stack_of(metadata)), caller, frame)


FAULTS = (Malformed, KeyError, TypeError, ValueError, AttributeError, IndexError)  # of a part of another form


def broken(path: Tokens, error: Exception) -> Unreadable:
    """What is wrong with a part of the file, and where."""
    detail = (
        str(error)
        if isinstance(error, ValueError)
        else f"it has no {error}"
        if isinstance(error, KeyError)
        else "its form is another"
    )
    told = f"This part of the graph is not read: {detail.removesuffix('.')}."
    return Unreadable([{"pointer": pointer(*path), "detail": told}], status=422)
