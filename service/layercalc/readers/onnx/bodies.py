"""Nodes with graphs inside: branches and loops."""

import inspect
from typing import Any

from layercalc.errors import ShapeError
from layercalc.layers import Layer
from layercalc.layers.config import ConfigError
from layercalc.layers.onnx.base import Ints, Value, Version
from layercalc.layers.onnx.control import Axes, If, Loop, Scan
from layercalc.layers.onnx.dtypes import dtype_of
from layercalc.layers.onnx.flex_attention import FlexAttention
from layercalc.locations import NodeLocation
from layercalc.readers.builder import Source
from layercalc.readers.onnx.functions import Node

Made = tuple[Layer | None, list[Source]]


def handed(*tensors: Value) -> tuple[Any, ...]:
    """The tensors themselves."""
    return tensors


HANDED = Version(0, handed, tuple(inspect.signature(handed).parameters.values()), {}, False)


def conditional(graph: Any, node: Node, location: NodeLocation) -> Made:
    """If: a condition and two graphs."""
    if len(node.inputs) != 1:
        raise ConfigError([((), "If has one input, the condition.")])
    condition, sources = graph.handed(node)
    bodies = [graph.body(node, name, location, sources) for name in ("then_branch", "else_branch")]
    told = f"The node {node.name or node.outputs[0]!r} runs one of two graphs; the dearer is counted."
    graph.builder.warn(location.at(), told)
    return None if None in bodies else If(condition, *(one for one, _ in bodies)), sources


def repeated(graph: Any, node: Node, location: NodeLocation) -> Made:
    """Loop: a number of runs, a condition, states; the graph gives a condition, states, and what is stacked."""
    states = max(len(node.inputs) - 2, 0)
    given, sources = graph.handed(node)
    found = graph.body(node, "body", location, sources)
    if found is None:
        return None, sources
    body, outputs = found
    own = len(body.model.inputs) - len(body.takes)
    if own != states + 2 or outputs < states + 1:
        raise ConfigError([((), f"The graph of a Loop with {states} states has {own} inputs and {outputs} outputs.")])
    return Loop(given, body), sources


def scanned(graph: Any, node: Node, location: NodeLocation) -> Made:
    """Scan: states, and tensors that are gone through along an axis."""
    values = {one["name"]: one for one in node.attributes}
    batched = node.opsets.get("", 0) < 9  # the first input is then the length of each sample, and may be left out
    if batched and node.inputs and node.inputs[0]:
        raise ConfigError([((), "Lengths of the samples of a Scan are not read.")])
    inputs = len(node.inputs) - batched
    count = values["num_scan_inputs"]["i"] if "num_scan_inputs" in values else 0
    given, sources = graph.handed(node)
    found = graph.body(node, "body", location, sources)
    if found is None:
        return None, sources
    body, outputs = found
    states, own = inputs - count, len(body.model.inputs) - len(body.takes)
    if not 1 <= count <= inputs or own != inputs or outputs < states:
        told = f"A Scan of {inputs} inputs, {count} of them gone through, has a graph of {own} and {outputs}."
        raise ConfigError([((), told)])

    def numbers(name: str, many: int) -> Ints:
        ints = tuple(values[name]["ints"]) if name in values else ()
        if ints and len(ints) != many:
            raise ConfigError([((name,), f"Scan.{name} has {len(ints)} numbers; {many} are needed.")])
        return ints or (0,) * many

    made = outputs - states
    axes = Axes(
        numbers("scan_input_axes", count),
        numbers("scan_output_axes", made),
        numbers("directions" if batched else "scan_input_directions", count),
        numbers("scan_output_directions", made),
    )
    return Scan(given, body, axes, batched), sources


def flexible(graph: Any, node: Node, location: NodeLocation) -> Made:
    """FlexAttention: queries, keys and values, and a graph for the scores, one for their shares, or neither."""
    values = {one["name"]: one for one in node.attributes}
    strange = values.keys() - {"scale", "softmax_precision", "score_mod", "prob_mod"}
    if strange or len(node.inputs) != 3:
        told = "FlexAttention has three inputs, and takes scale, softmax_precision, score_mod and prob_mod."
        raise ConfigError([((min(strange),) if strange else (), told)])
    given, sources = graph.handed(node)
    bodies: list[Any] = []
    for name in ("score_mod", "prob_mod"):
        found = graph.body(node, name, location, sources) if name in values else (None, 1)
        if found is None:
            return None, sources
        body = found[0]
        if body is not None and len(body.model.inputs) - len(body.takes) != 1:
            raise ConfigError([((name,), f"The graph {name} of FlexAttention has one input.")])
        bodies.append(body)
    scale = values["scale"]["f"] if "scale" in values else None
    precision = values["softmax_precision"]["i"] if "softmax_precision" in values else 0
    try:
        wide = dtype_of(precision) if precision else None
    except ShapeError as error:
        raise ConfigError([(("softmax_precision",), str(error))]) from None
    return FlexAttention(given, bodies[0], bodies[1], scale, wide), sources


INSIDE = {  # by domain and name
    ("", "If"): conditional,
    ("", "Loop"): repeated,
    ("", "Scan"): scanned,
    ("ai.onnx.preview", "FlexAttention"): flexible,
}
