"""How a function was called, by the line of code in a stack trace: x @ y, x.matmul(y), F.relu(x), self.act(x)."""

import ast
from collections.abc import Iterator
from functools import lru_cache

OPERATORS: dict[type[ast.operator], str] = {ast.MatMult: "matmul", ast.Mult: "mul", ast.Add: "add"}
FRAME = 'File "'
MARKS = set(" ~^")
LONGEST = 500  # characters of a line that is parsed
MOST_KEPT = 10_000  # characters of a frame: its file, its code, and what is below

OPERATOR, METHOD, LOOKED_UP, KEPT, NAMED = "operator", "method", "looked up", "kept", "named"
"""x @ y; x.matmul(y); F.relu(x), found in its module when it runs; self.act(x), found before; relu(x), nobody knows."""
OF_TORCH = "of torch"  # torch.conv2d(x), which is no function of torch.nn.functional


def innermost(trace: str) -> str:
    """The last frame of a stack trace: its line of code, and the marks below it; empty for one that is too long."""
    start = trace.rfind(FRAME)
    return "" if start < 0 or len(trace) - start > MOST_KEPT else trace[start:]


@lru_cache(maxsize=4096)
def ways(frame: str, word: str) -> tuple[str, ...]:
    """How the code of a frame calls the function of that name, in the order in which that runs.

    Empty where it does not, or where the line does not say it all.
    """
    lines = frame.split("\n")
    code, marks = (*lines[1:3], "", "")[:2]
    if len(code) > LONGEST:
        return ()
    if "^" in marks and MARKS.issuperset(marks):
        part = parsed(code[len(marks) - len(marks.lstrip()) : len(marks.rstrip())], "eval")
        if isinstance(part, ast.Expression):
            return tuple(way for way in [way_of(part.body, word)] if way)
    code = code.strip()
    body = parsed(f"{code} pass" if code.endswith(":") else code, "exec")
    if not isinstance(body, ast.Module) or any(isinstance(one, ast.Expr) for one in body.body):
        return ()  # a part of a longer statement may look like an expression
    found = [way for node in in_order(body) if (way := way_of(node, word))]
    branches = any(isinstance(node, BRANCHES) for node in ast.walk(body))
    return () if branches and len(set(found)) > 1 else tuple(found)


BRANCHES = (ast.IfExp, ast.BoolOp, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)


def parsed(code: str, mode: str) -> ast.AST | None:
    try:
        return ast.parse(code, mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def in_order(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of code, each after those that it needs."""
    for one in ast.iter_child_nodes(node):
        yield from in_order(one)
    yield node


def way_of(node: ast.AST, word: str) -> str:
    """How an expression calls the function, or an empty text."""
    if isinstance(node, ast.BinOp):
        return OPERATOR if OPERATORS.get(type(node.op)) == word else ""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Name):
        return NAMED if node.func.id == word else ""
    if not isinstance(node.func, ast.Attribute):
        return ""
    if named_module(node.func.value):
        if node.func.attr != word:
            return ""
        return OF_TORCH if isinstance(node.func.value, ast.Name) and node.func.value.id == "torch" else LOOKED_UP
    if node.func.attr == word:
        return METHOD
    return KEPT if isinstance(node.func.value, ast.Name) else ""


def named_module(node: ast.AST) -> bool:
    """Whether an expression names a module: `torch`, `F`, `nn.functional`."""
    if isinstance(node, ast.Attribute):
        return node.attr in ("functional", "nn") and named_module(node.value)
    return isinstance(node, ast.Name) and node.id in ("torch", "nn", "F", "functional")


def way(frame: str, word: str, place: int, count: int, among: tuple[str, ...]) -> str:
    """How the node that is the `place`-th of `count` of its line was called, of some ways; empty where nothing says."""
    found = [one for one in ways(frame, word) if one in among]
    certain = [one for one in found if one != KEPT]  # any call of self's may be of another function
    for some in (certain, found):
        if some and len(set(some)) == 1 and (some is found or count <= len(some) or KEPT not in found):
            return some[0]
    return certain[place % len(certain)] if certain and certain == found and count % len(certain) == 0 else ""
