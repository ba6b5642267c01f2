"""Arguments of a call of Keras' as a config holds them, and where each stands in the text."""

import ast
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from layercalc.layers.keras.initializers import INITIALIZERS, load_initializer
from layercalc.locations import Argument, CodeLocation
from layercalc.ops import WIDTH
from layercalc.readers.keras.script.sizes import ShapeObject
from layercalc.readers.keras.script.values import (
    PIECES,
    FunctionName,
    InitializerObject,
    TensorObject,
    Weights,
)
from layercalc.readers.script import Fault, Foreign, Instance, Native, Opaque
from layercalc.readers.script.modules.arrays import is_array
from layercalc.readers.script.values import SCALARS, Float64, Int64
from layercalc.wording import received

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

INERT = ("_regularizer", "_constraint")  # what acts in training only
DROPPED = {"weights", "embeddings_regularizer", "W_regularizer", "b_regularizer", "W_constraint", "b_constraint"}
LOOKED_AT = (*INERT, "_initializer", "init", "weights", "output_shape")  # how all those end that are no plain values
MAX_DEPTH = 20
NUMBERS = frozenset((int, float, bool, type(None)))
LITERALS = NUMBERS | {str}


def location_of(at: Any) -> CodeLocation:
    return CodeLocation(getattr(at, "lineno", 1), getattr(at, "col_offset", 0) + 1, {})


def node_at(location: CodeLocation) -> ast.AST:
    """A node where a place is, for faults of what was made there."""
    return ast.Pass(lineno=location.line, col_offset=location.column - 1, end_lineno=None, end_col_offset=None)


class Places(Mapping[str, Argument]):
    """Where each argument of a call stands, looked up when somebody asks: most calls have no fault."""

    def __init__(self, at: ast.Call, order: list[str]):
        self.at, self.order = at, order

    def node(self, name: str) -> ast.expr | None:
        """The expression of one argument."""
        for one in self.at.keywords:
            if one.arg == name:
                return one.value
        found = self.nodes.get(name)
        return None if found is None else found[0]

    @cached_property
    def nodes(self) -> dict[str, tuple[ast.expr, ast.keyword | None]]:
        """The expression of each argument, and the keyword that names it."""
        at = self.at
        starred = ast.Starred in map(type, at.args)
        by_position = () if starred else zip(self.order, at.args, strict=False)
        return {
            **{name: (node, None) for name, node in by_position},
            **{one.arg: (one.value, one) for one in at.keywords if one.arg},
        }

    def __getitem__(self, name: str) -> Argument:
        return Argument.of(*self.nodes[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)


def arguments(
    names: "KerasNames", args: list[Any], kwargs: dict[str, Any], order: list[str], at: Any
) -> tuple[dict[str, Any], CodeLocation]:
    """Values by name, as they were given, and the line and column of each."""
    places = Places(at, order) if isinstance(at, ast.Call) else {}
    location = CodeLocation(getattr(at, "lineno", 1), getattr(at, "col_offset", 0) + 1, places)
    if not args:
        return kwargs.copy(), location
    if len(args) > len(order):
        node = at.args[len(order)] if isinstance(at, ast.Call) and len(at.args) > len(order) else at
        most = f"at most {len(order)} ({', '.join(order)}) go by position"
        raise Fault(node, f"Too many arguments: {most}.")
    given = dict(zip(order, args, strict=False))
    for name, value in kwargs.items():
        if name in given:
            raise Fault(spot(at, name, location), f"The argument {name!r} is given twice.")
        given[name] = value
    return given, location


def plain(names: "KerasNames", value: Any, at: Any, depth: int = 0) -> Any:
    """A value as a config holds it, lists in place of tuples; Fault at what is not known."""
    if depth > MAX_DEPTH:
        raise Fault(at, "Lists are nested too deeply.")
    kind = type(value)
    if kind in NUMBERS:
        return value
    if kind is str:
        names.machine.meter.hold(len(value), at)
        return value
    value = names.known(value, at)
    if isinstance(value, list | tuple):
        names.machine.meter.elements(len(value), at)
        return [plain(names, one, at, depth + 1) for one in value]
    if isinstance(value, dict):
        names.machine.meter.elements(len(value), at)
        return {plain(names, key, at, depth + 1): plain(names, one, at, depth + 1) for key, one in value.items()}
    if type(value) is Int64:
        return int(value)
    if type(value) is Float64:
        return float(value)
    if isinstance(value, FunctionName):
        return value.last
    if isinstance(value, ShapeObject):
        return list(value.sizes)
    if type(value) is str:  # what is known of a dtype
        names.machine.meter.hold(len(value), at)
        return value
    if isinstance(value, PIECES):
        return value
    if is_array(names.machine, value) and len(value.attrs["shape"]) == 1 and type(value.attrs["_values"]) is list:
        return plain(names, names.known(value.attrs["_values"], at), at, depth + 1)
    raise Fault(at, f"Expected a literal, a layer or a model; received {names.describe(value)}.")


def config_of(names: "KerasNames", given: dict[str, Any], kind: str, at: Any, location: CodeLocation) -> dict[str, Any]:
    """The arguments of a layer as its config; what changes no count may be unknown."""
    out: dict[str, Any] = {}
    for key, value in given.items():
        if not key.endswith(LOOKED_AT):
            if type(value) is str:
                names.machine.meter.hold(len(value), at)
            out[key] = value if type(value) in LITERALS else plain(names, value, spot(at, key, location))
        elif key in DROPPED:
            names.warn(spot(at, key, location), f"{key} of {kind} changes no count; skipped")
        elif key == "output_shape" and kind in ("Conv2DTranspose", "Conv3DTranspose"):
            names.machine.risk(at)
            told = f"{key} of {kind} is left out, as Keras 2 does it; Keras 3 refuses it."
            names.warn(spot(at, key, location), told)
        elif key.endswith(INERT):
            out[key] = None if value is None else {"class_name": "Opaque", "config": {}}
        elif key.endswith("_initializer") or key == "init":
            read = initializer(names, value, node := spot(at, key, location))
            if read is not None:
                out[key] = read
            elif value is not None:
                names.warn(node, f"{key} of {kind} is not known, and changes no count; the default is taken")
        elif type(value) is str:
            names.machine.meter.hold(len(value), at)
            out[key] = value
        else:
            out[key] = plain(names, value, spot(at, key, location))
    return out


def spot(at: Any, key: str, location: CodeLocation) -> Any:
    """The node of an argument."""
    places = location.arguments
    found = places.node(key) if isinstance(places, Places) else None
    return at if found is None else found


def initializer(names: "KerasNames", value: Any, at: Any) -> Any:
    """An initializer by name or as Keras' object; None for one that is not known."""
    if type(value) is str and value in INITIALIZERS:
        return value
    if isinstance(value, InitializerObject):
        value = {"class_name": value.name, "config": value.config}
    elif type(value) is dict and names.machine.spoilt(value):
        return None
    if type(value) is dict:
        config = value.get("config")
        known = {k: v for k, v in config.items() if type(v) in (int, float, str)} if isinstance(config, dict) else {}
        if isinstance(config, dict) and len(known) < sum(v is not None for v in config.values()):
            return None
        value = {"class_name": value.get("class_name"), "config": known}
    elif isinstance(value, FunctionName):
        value = value.last
    elif type(value) is not str:
        return None
    try:
        load_initializer(value)
    except ValueError as error:
        if str(error):
            raise Fault(at, str(error)) from None
        return value if type(value) is str else None
    return value


def sizes(names: "KerasNames", value: Any, key: str, at: Any) -> tuple[int | None, ...]:
    """The shape that an argument names, the batch in front."""
    value = plain(names, value, at)
    dims = [value] if key == "input_dim" or type(value) is int else value
    if not isinstance(dims, list) or not all(dim is None or (type(dim) is int and dim >= 0) for dim in dims):
        raise Fault(at, f"Expected a tuple of sizes; received {received(value)}.")
    return tuple(dims) if key.startswith("batch") else (None, *dims)


def flat(names: "KerasNames", value: Any, at: Any) -> list[Any]:
    """Nested lists of tensors as one; Fault at what is not known."""
    pending, out = [value], []
    while pending:
        one = pending.pop()
        names.machine.meter.work(32, at)
        kind = type(one)
        if kind is TensorObject and one.spoilt is None:
            out.append(one)
            continue
        if kind in SCALARS:
            if one is not None:
                out.append(one)
            continue
        one = names.piece(one, at)
        if isinstance(one, list | tuple):
            pending += reversed(one)
        elif isinstance(one, dict):
            pending += [one[key] for key in sorted(one, key=str, reverse=True)]
        elif one is not None:
            out.append(one)
    return out


def numpy_dtype(value: Any) -> str:
    """The dtype that `np.float32` is, or an empty string."""
    if type(value) is Opaque and value.origin.startswith("numpy.") and value.origin[6:] in WIDTH:
        return value.origin[6:]
    return value.name if isinstance(value, Native) and value.name in WIDTH else ""


def unknown_in(names: "KerasNames", *values: Any) -> Opaque | None:
    """Something unknown among arguments, in lists of them too."""
    pending = list(values)
    while pending:
        one = pending.pop()
        names.machine.meter.work(32)
        if type(one) in SCALARS or numpy_dtype(one):
            continue
        if type(one) is Opaque:
            return one
        if isinstance(one, Weights):
            return one.values
        if isinstance(one, Foreign) and one.spoilt is not None:
            return one.spoilt
        if type(one) is Instance and one.core is None and names.machine.spoilt(one.attrs):
            return names.machine.from_spoilt(one.attrs, None)
        if isinstance(one, list | tuple | dict):
            if isinstance(one, list | dict) and names.machine.spoilt(one):
                return names.machine.from_spoilt(one, None)
            pending += one.values() if isinstance(one, dict) else one
    return None
