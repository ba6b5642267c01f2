"""Values of Python literals, and what surrounds them in Keras code: bound names, small arithmetic, named functions."""

import ast
import operator
from typing import Any

from layercalc import deadline
from layercalc.layers.initializers import Initializer
from layercalc.locations import CodePlace
from layercalc.readers.code_names import PASSIVE_ATTRIBUTES
from layercalc.readers.code_values import Named, Opaque, inside
from layercalc.wording import received

MAX_ITEMS = 10_000  # of one list, those inside it included
MAX_USED = 1_000_000  # items and characters of values, at every use of a name for them
ARITHMETIC = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


class CodeError(ValueError):
    """A part of the code that cannot be read."""

    def __init__(self, node: ast.AST, detail: str, general: bool = False, bears: bool = False):
        """`general`: it says nothing of what the model is to it; `bears`: it matters whatever else the line names."""
        super().__init__(detail)
        self.node, self.detail, self.general, self.bears = node, detail, general, bears


class Literals:
    """Reads expressions; `call` says what a call means, and is the reader's."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.unknown: dict[int, tuple[Any, Opaque]] = {}  # lists that may have changed, and by what
        self.used = 0

    def call(self, node: ast.Call) -> Any:
        raise NotImplementedError

    def unbound(self, node: ast.Name) -> Any:
        raise NotImplementedError

    def attribute(self, node: ast.Attribute) -> Any:
        raise NotImplementedError

    def value(self, node: ast.expr) -> Any:
        """The value of an expression, or CodeError at what is none."""
        deadline.check()
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bytes | complex) or node.value is ...:
                raise CodeError(node, f"Expected a number, string, tuple or layer; received {short(node)}.")
            return node.value
        if isinstance(node, ast.Tuple | ast.List):
            values = self.bounded(node, [self.value(one) for one in node.elts])
            return values if isinstance(node, ast.List) else tuple(values)
        if isinstance(node, ast.Dict):
            keys = [self.value(key) for key in node.keys if key]
            if len(keys) < len(node.keys) or not all(isinstance(key, str | int) for key in keys):
                raise CodeError(node, "Expected a dictionary whose keys are strings.")
            values = self.bounded(node, [self.value(one) for one in node.values])
            return dict(zip(keys, values, strict=True))
        if isinstance(node, ast.UnaryOp | ast.BinOp):
            return self.arithmetic(node)
        if isinstance(node, ast.Name):
            value = self.counted(node, self.names[node.id]) if node.id in self.names else self.unbound(node)
            return self.unknown[id(value)][1] if self.unknown and id(value) in self.unknown else value
        if isinstance(node, ast.Attribute):
            return self.attribute(node)
        if isinstance(node, ast.Subscript):
            return self.item(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        return self.unreadable(node)

    def item(self, node: ast.Subscript) -> Any:
        """An item of a list, tuple or dict that the code has written out."""
        value = self.value(node.value)
        if isinstance(value, list | tuple | dict) and isinstance(node.slice, ast.Constant | ast.UnaryOp | ast.Name):
            index = self.value(node.slice)
            try:
                return value[index]
            except (LookupError, TypeError) as error:
                raise CodeError(node, f"{short(node)}: {error}.") from None
        if isinstance(value, Opaque):
            return part_of(value, node)
        return self.unreadable(node)

    def items(self, node: ast.expr) -> list[Any]:
        """A list or tuple as a list of its own."""
        value = self.value(node)
        if not isinstance(value, list | tuple):
            raise CodeError(
                node, f"Expected a list; received {value if isinstance(value, Opaque) else received(value)}."
            )
        return list(value)

    def grow(self, node: ast.AST, owner: list[Any], added: list[Any]) -> None:
        """Put more into a list, in place; one that would hold itself is refused."""
        if any(one is owner for one in inside(added)):
            raise CodeError(node, "A list that holds itself.")
        self.bounded(node, [*owner, *added])
        owner.extend(added)

    def spoilt(self, value: Any, why: Opaque) -> None:
        """Note that a list or dict, and those in it, may have changed."""
        for one in inside(value):
            if isinstance(one, list | dict):
                self.unknown.setdefault(id(one), (one, why))

    def counted(self, node: ast.Name, value: Any) -> Any:
        """The value of a name, which whoever uses it may copy: many layers may have one long list or text."""
        pending: list[Any] = [value] if isinstance(value, str | list | tuple | dict) else []
        while pending:
            one = pending.pop()
            self.used += len(one)
            if self.used > MAX_USED:
                raise CodeError(node, f"With {node.id!r} more than {MAX_USED:,} items and characters are used by name.")
            if not isinstance(one, str):
                pending += [
                    each
                    for each in (one.values() if isinstance(one, dict) else one)
                    if isinstance(each, str | list | tuple | dict)
                ]
        return value

    def bounded(self, node: ast.AST, values: list[Any]) -> list[Any]:
        """A list that can be written out: names for lists of lists could make one that doubles with every line."""
        pending: list[Any] = [values]
        seen = 0
        while pending:
            items = pending.pop()
            seen += len(items)
            if seen > MAX_ITEMS:
                raise CodeError(node, f"A list of more than {MAX_ITEMS:,} items.")
            pending += [one for one in items if isinstance(one, list | tuple)]
            pending += [list(one.values()) for one in items if isinstance(one, dict)]
        return values

    def unreadable(self, node: ast.expr) -> Any:
        raise CodeError(node, f"Code is read, never run: {short(node)!r} cannot be followed; write a literal.")

    def arithmetic(self, node: ast.UnaryOp | ast.BinOp) -> Any:
        """Sums and products of numbers that the code has written out."""
        parts = (
            [self.value(node.operand)]
            if isinstance(node, ast.UnaryOp)
            else [self.value(node.left), self.value(node.right)]
        )
        for part in parts:
            if isinstance(part, Opaque):
                raise CodeError(node, f"Expected numbers; received {part}.")
        small = all(type(part) in (int, float) and (type(part) is float or part.bit_length() < 2048) for part in parts)
        if small and isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            return -parts[0] if isinstance(node.op, ast.USub) else parts[0]
        if small and isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            try:
                return ARITHMETIC[type(node.op)](*parts)
            except (ArithmeticError, ValueError) as error:
                raise CodeError(node, f"{short(node)}: {error}.") from None
        if not any(type(part) in (int, float, str) for part in parts):
            raise CodeError(node, "Arithmetic on tensors is not read; use layers such as Add()([a, b]).")
        return self.unreadable(node)

    def arguments(self, node: ast.Call, order: list[str]) -> tuple[dict[str, Any], CodePlace]:
        """A call's arguments by name, and where each stands."""
        place = place_of(node)
        out: dict[str, Any] = {}
        if len(node.args) > len(order):
            raise CodeError(
                node.args[len(order)], f"Too many arguments: at most {len(order)} ({', '.join(order)}) go by position."
            )
        pairs = list(zip(order, node.args, strict=False))
        for keyword in node.keywords:
            if keyword.arg is None:
                raise CodeError(keyword.value, "**arguments cannot be followed; write them out.")
            pairs.append((keyword.arg, keyword.value))
        for name, value in pairs:
            if isinstance(value, ast.Starred):
                raise CodeError(value, "*arguments cannot be followed; write them out.")
            if name in out:
                raise CodeError(value, f"The argument {name!r} is given twice.")
            place.arguments[name] = (value.lineno, value.col_offset + 1)
            if name.endswith(("_regularizer", "_constraint")) and isinstance(value, ast.Call):
                out[name] = {"class_name": dotted(value.func), "config": {}}  # acts in training only
            else:
                out[name] = self.plain(value, self.value(value))
        return out, place

    def plain(self, node: ast.expr, value: Any) -> Any:
        """A value as a config holds it: lists of its own in place of tuples; a fault at what is not in the text."""
        if isinstance(value, list | tuple):
            if id(value) in self.unknown:
                value = self.unknown[id(value)][1]
            else:
                return [self.plain(node, one) for one in value]
        if isinstance(value, dict) and id(value) not in self.unknown:
            return {key: self.plain(node, one) for key, one in value.items()}
        if isinstance(value, Opaque):
            raise CodeError(node, f"Expected a literal; received {value}.")
        return str(value) if isinstance(value, Named) else value

    def foreign(self, node: ast.Call, name: str) -> Any:
        """An initializer, regularizer or constraint as Keras would serialise it; None for anything else."""
        module, _, last = name.rpartition(".")
        config = {k.arg: self.plain(k.value, self.value(k.value)) for k in node.keywords if k.arg}
        if any(part in module for part in ("regularizers", "constraints")):
            return {"class_name": last, "config": config}
        try:
            Initializer.load({"class_name": last, "config": config})
        except ValueError as error:
            if str(error):
                raise CodeError(node, str(error)) from None
            return None
        if node.args:
            raise CodeError(node, f"Write the arguments of {received(last)} by name.")
        return {"class_name": last, "config": config}


def dotted(node: ast.expr) -> str:
    """`tf.keras.layers.Dense` of an attribute chain, or an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def short(node: ast.AST) -> str:
    """The beginning of an expression or statement, as Python would write it."""
    try:
        return ast.unparse(node).partition("\n")[0][:60]
    except RecursionError:
        return "…"


def part_of(value: Opaque, node: ast.Attribute | ast.Subscript) -> Opaque:
    """An attribute or an item of what is not known; the numbers of what `fit` returned are no model."""
    fitted = value.fitted and getattr(node, "attr", "") not in PASSIVE_ATTRIBUTES
    source = short(node) if value.source == short(node.value) else value.source
    return Opaque(source, value.line, value.holds, value.functions, fitted, plain=value.plain)


def place_of(node: ast.expr) -> CodePlace:
    return CodePlace(node.lineno, node.col_offset + 1, {}, getattr(node, "cell", None))
