"""What a statement of code is by its syntax alone."""

import ast

from layercalc.readers.code_names import BACKENDS
from layercalc.readers.literals import dotted


def is_main(test: ast.expr) -> bool:
    """`__name__ == '__main__'`."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = [
        one.id if isinstance(one, ast.Name) else getattr(one, "value", None) for one in (test.left, *test.comparators)
    ]
    return set(map(str, sides)) == {"__name__", "__main__"}


def sets_backend(node: ast.Assign) -> bool:
    """KERAS_BACKEND among the variables of the environment, set to a backend whose layers are those of any other."""
    target = node.targets[0]
    return (
        len(node.targets) == 1
        and isinstance(target, ast.Subscript)
        and dotted(target.value) in ("os.environ", "environ")
        and isinstance(target.slice, ast.Constant)
        and target.slice.value == "KERAS_BACKEND"
        and isinstance(node.value, ast.Constant)
        and node.value.value in BACKENDS
    )


def load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())
