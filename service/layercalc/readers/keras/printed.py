"""What `print(model.get_config())` shows: a dictionary of Python, whose literals are those of JSON by other names."""

import ast
import re
from typing import Any, NoReturn

from layercalc.errors import Refused, Unreadable
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.bounds import bounded
from layercalc.readers.keras.serialized import is_config
from layercalc.readers.text import parse_code, parse_json, text_of
from layercalc.wording import received

BEGINS = re.compile(r"[\s\[(]*\{\s*[uU]?'")  # as no JSON does
BRACKETS = re.compile(rb"(\xef\xbb\xbf)?\s*[\[{]")
WRAPPERS = {"ListWrapper", "DictWrapper", "TensorShape", "Dimension"}  # around values that TensorFlow keeps

Path = tuple[object, ...]


def parse_document(source: str | bytes, limits: Limits = UNLIMITED, path: Path = ()) -> Any:
    """A document that begins as JSON does: JSON, or the literals of Python that a dictionary prints as."""
    try:
        return parse_json(source, limits, path)
    except Unreadable as error:
        body = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
        if error.status != Unreadable.status or not BRACKETS.match(body):
            raise
        text = text_of(body).removeprefix("\ufeff")
        try:
            document = bounded(printed(text, limits), limits, path)
        except Refused:
            if BEGINS.match(text):
                raise
            raise error from None
        if is_config(document) or (isinstance(document, dict) and "class_name" in document):
            return document
        raise  # a stack is JSON


def printed(text: str, limits: Limits) -> Any:
    """The value of a text that is one literal of Python; Unreadable says where it is none."""
    body = parse_code(text, limits).body
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        refuse(body[0], "one dictionary or list")
    try:
        return literal(body[0].value)
    except RecursionError:
        raise Unreadable([{"pointer": "", "detail": "The dictionary is nested too deeply."}]) from None


def literal(node: ast.expr) -> Any:
    """The value of a literal, a tuple as a list; a call by the name of a wrapper is what it wraps."""
    if isinstance(node, ast.Dict):
        out: dict[str, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                refuse(key or value, "a key that is a string")
            if key.value in out:
                refuse(key, f"each key once; {received(key.value)} stands here again")
            out[key.value] = literal(value)
        return out
    if isinstance(node, ast.List | ast.Tuple):
        return [literal(one) for one in node.elts]
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool | int | float | str)):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = literal(node.operand)
        if type(value) in (int, float):
            return -value
    wraps = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WRAPPERS
    if wraps and len(node.args) == 1 and not node.keywords:  # type: ignore[attr-defined]
        return literal(node.args[0])  # type: ignore[attr-defined]
    return refuse(node, "a literal: a dictionary, list, tuple, string, number, True, False or None")


def refuse(node: ast.AST, expected: str) -> NoReturn:
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
    detail = f"As a printed dictionary of Python: expected {expected}."
    raise Unreadable([{"line": line, "column": column, "detail": detail}], status=422)
