"""Python's exception classes, as classes of the text: their names and order of descent are Python's own."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.script.values import Class, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

DESCENT = """
BaseException: Exception GeneratorExit KeyboardInterrupt SystemExit
Exception: ArithmeticError AssertionError AttributeError BufferError EOFError ImportError LookupError MemoryError
Exception: NameError OSError ReferenceError RuntimeError StopAsyncIteration StopIteration SyntaxError SystemError
Exception: TypeError ValueError Warning
ArithmeticError: FloatingPointError OverflowError ZeroDivisionError
ImportError: ModuleNotFoundError
LookupError: IndexError KeyError
NameError: UnboundLocalError
OSError: BlockingIOError ChildProcessError ConnectionError FileExistsError FileNotFoundError InterruptedError
OSError: IsADirectoryError NotADirectoryError PermissionError ProcessLookupError TimeoutError
ConnectionError: BrokenPipeError ConnectionAbortedError ConnectionRefusedError ConnectionResetError
RuntimeError: NotImplementedError RecursionError
SyntaxError: IndentationError
ValueError: UnicodeError
UnicodeError: UnicodeDecodeError UnicodeEncodeError
Warning: DeprecationWarning FutureWarning ImportWarning PendingDeprecationWarning RuntimeWarning UserWarning
"""

ENDS = ("SystemExit", "KeyboardInterrupt")  # by which a program ends as it is meant to


def exception_classes(machine: "Machine") -> dict[str, Class]:
    """Python's exceptions by name; IOError and EnvironmentError are OSError."""
    base = Class("BaseException", [], machine)
    base.builtin = True
    base.attrs["__init__"] = Native("__init__", init)
    base.attrs["with_traceback"] = Native("with_traceback", lambda m, args, kwargs, at: args[0])
    found = {"BaseException": base}
    for line in DESCENT.strip().splitlines():
        parent, _, names = line.partition(": ")
        for name in names.split():
            one = Class(name, [found[parent]], machine)
            one.mro += found[parent].mro
            one.builtin = True
            found[name] = one
    return found | {"IOError": found["OSError"], "EnvironmentError": found["OSError"]}


def init(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: Any) -> None:
    """BaseException.__init__: the arguments are `args`."""
    m.changing(args[0].attrs)
    args[0].attrs["args"] = tuple(args[1:])


def is_exception(m: "Machine", cls: Any) -> bool:
    return type(cls) is Class and m.exceptions["BaseException"] in cls.mro
