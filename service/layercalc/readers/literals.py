"""Values of Python literals, and what surrounds them in Keras code: bound names, small arithmetic, named functions."""

import ast
import operator
from typing import Any

from layercalc import deadline
from layercalc.layers.fields import received
from layercalc.layers.initializers import Initializer
from layercalc.places import CodePlace

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

    def __init__(self, node: ast.AST, detail: str):
        super().__init__(detail)
        self.node, self.detail = node, detail


class Literals:
    """Reads expressions; `call` says what a call means, and is the reader's."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.renamed: dict[str, str] = {}
        self.used = 0

    def call(self, node: ast.Call) -> Any:
        raise NotImplementedError

    def value(self, node: ast.expr) -> Any:
        """The value of an expression, or CodeError at what is none."""
        deadline.check()
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bytes | complex) or node.value is ...:
                raise CodeError(node, f"Expected a number, string, tuple or layer; received {ast.unparse(node)[:60]}.")
            return node.value
        if isinstance(node, ast.Tuple | ast.List):
            return self.bounded(node, [self.value(one) for one in node.elts])
        if isinstance(node, ast.Dict):
            keys = [self.value(key) for key in node.keys if key]
            if len(keys) < len(node.keys) or not all(isinstance(key, str | int) for key in keys):
                raise CodeError(node, "Expected a dictionary whose keys are strings.")
            values = self.bounded(node, [self.value(one) for one in node.values])
            return dict(zip(keys, values, strict=True))
        if isinstance(node, ast.UnaryOp | ast.BinOp):
            return self.arithmetic(node)
        if isinstance(node, ast.Name):
            if node.id in self.names:
                return self.counted(node, self.names[node.id])
            if node.id in self.renamed:
                return self.renamed[node.id]
            raise CodeError(node, f"The name {node.id!r} is not bound in this code; write its value.")
        if isinstance(node, ast.Attribute):
            return dotted(node).rpartition(".")[2] or self.unreadable(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        return self.unreadable(node)

    def counted(self, node: ast.Name, value: Any) -> Any:
        """The value of a name, which whoever uses it may copy: many layers may have one long list or text."""
        pending = [value] if isinstance(value, str | list | tuple | dict) else []
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

    def bounded(self, node: ast.expr, values: list[Any]) -> list[Any]:
        """A list that can be written out: names for lists of lists could make one that doubles with every line."""
        pending, seen = [values], 0
        while pending:
            items = pending.pop()
            seen += len(items)
            if seen > MAX_ITEMS:
                raise CodeError(node, f"A list of more than {MAX_ITEMS:,} items.")
            pending += [one for one in items if isinstance(one, list)]
            pending += [list(one.values()) for one in items if isinstance(one, dict)]
        return values

    def unreadable(self, node: ast.expr) -> Any:
        raise CodeError(
            node, f"Code is read, never run: {ast.unparse(node)[:60]!r} cannot be followed; write a literal."
        )

    def arithmetic(self, node: ast.UnaryOp | ast.BinOp) -> Any:
        """Sums and products of numbers that the code has written out."""
        parts = (
            [self.value(node.operand)]
            if isinstance(node, ast.UnaryOp)
            else [self.value(node.left), self.value(node.right)]
        )
        small = all(type(part) in (int, float) and (type(part) is float or part.bit_length() < 2048) for part in parts)
        if small and isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            return -parts[0] if isinstance(node.op, ast.USub) else parts[0]
        if small and isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            try:
                return ARITHMETIC[type(node.op)](*parts)
            except (ArithmeticError, ValueError) as error:
                raise CodeError(node, f"{ast.unparse(node)[:60]}: {error}.") from None
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
                out[name] = self.value(value)
        return out, place

    def foreign(self, node: ast.Call, name: str) -> Any:
        """An initializer, regularizer or constraint as Keras would serialise it; None for anything else."""
        module, _, last = name.rpartition(".")
        config = {k.arg: self.value(k.value) for k in node.keywords if k.arg}
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


def place_of(node: ast.expr) -> CodePlace:
    return CodePlace(node.lineno, node.col_offset + 1, {})


def spot(node: ast.AST) -> dict[str, Any]:
    """Line and column of a node, counted from one."""
    return {"line": getattr(node, "lineno", 1), "column": getattr(node, "col_offset", 0) + 1}
