"""The nodes of a program in the order in which they run, those of regions that it wraps among them."""

from collections.abc import Iterator
from typing import Any

from layercalc.errors import Tokens
from layercalc.layers.torch.exported import Name
from layercalc.readers.torch.program import FAULTS, Call, Malformed, argument, broken, call_of, outputs

HIGHER = "torch.ops.higher_order."
GRAD, AUTOCAST = f"{HIGHER}wrap_with_set_grad_enabled", f"{HIGHER}wrap_with_autocast"
REGIONS = (  # which run their graph once, as it stands
    *(GRAD, AUTOCAST, f"{HIGHER}wrap", f"{HIGHER}strict_mode", f"{HIGHER}invoke_subgraph", f"{HIGHER}hints_wrapper"),
    *(f"{HIGHER}tag_activation_checkpoint", f"{HIGHER}wrap_activation_checkpoint"),
)


def calls(graph: Any, path: Tokens) -> Iterator[Call]:
    """The nodes numbered as they run; Unreadable says which is not as torch.export writes it."""
    for number, call in enumerate(inside(graph, path)):
        yield call._replace(number=number)


def inside(graph: Any, path: Tokens) -> Iterator[Call]:
    """The nodes of a graph, and of the regions in it."""
    for number, node in enumerate(graph["nodes"]):
        at = (*path, "nodes", number)
        try:
            if node["target"] in REGIONS:
                yield from region(node, at)
            else:
                yield call_of(node, at)
        except FAULTS as error:
            raise broken(at, error) from None


def region(node: Any, at: Tokens) -> Iterator[Call]:
    """The nodes of a region, under names that are theirs alone; its results have the names of the node's."""
    given = [one["arg"] for one in node["inputs"]]
    place = next(place for place, one in enumerate(given) if one.get("as_graph") is not None)
    if node["target"] == AUTOCAST and any(one.get("as_bool") for one in given[: place - 1]):
        raise Malformed("Under torch.autocast its functions compute in other types than they say, which is not read")
    graph = given[place]["as_graph"]["graph"]
    whole = call_of({**node, "inputs": []}, at)
    operands = [argument(one) for one in given[place + 1 :]]
    if len(operands) == 1 and isinstance(operands[0], list):
        operands = operands[0]
    if node["target"] == f"{HIGHER}invoke_subgraph":
        operands = operands[1:]  # after the name of the graph
    takes = [name for name, _ in outputs(graph["inputs"])]
    gives = [name for name, _ in outputs(graph["outputs"])]
    if len(takes) != len(operands) or len(gives) != len(whole.outputs):
        raise Malformed("Its graph takes or gives another number of tensors than it does")
    names: dict[str, Any] = dict(zip(takes, operands, strict=True))
    for name, outer in zip(gives, whole.outputs, strict=True):
        names.setdefault(name, Name(outer))
    for call in inside(graph, (*at, "inputs", place, "arg", "as_graph", "graph")):
        for name in call.outputs:
            names.setdefault(name, Name(f"{whole.name}.{name}"))
        arguments = {key: put(value, names) for key, value in call.arguments.items()}
        yield call._replace(arguments=arguments, outputs=[names.get(name, name) for name in call.outputs])
    for name, outer in zip(gives, whole.outputs, strict=True):
        if names[name] != outer:  # an input of the region as it is, or a result that has two names
            yield whole._replace(
                target="torch.ops.aten.alias.default", arguments={"self": names[name]}, outputs=[outer]
            )


def put(value: Any, names: dict[str, Any]) -> Any:
    """An argument with the names outside a region in place of those inside."""
    if isinstance(value, Name):
        return names.get(value, value)
    return [put(one, names) for one in value] if isinstance(value, list) else value
