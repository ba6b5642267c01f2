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


def parents() -> dict[str, str]:
    """The exception that each derives from, by name."""
    listed = [line.partition(": ") for line in DESCENT.strip().splitlines()]
    return {name: parent for parent, _, names in listed for name in names.split()}


PARENTS = {"BaseException": "", **parents()}
ALIASES = {"IOError": "OSError", "EnvironmentError": "OSError"}


class Exceptions(dict[str, Class]):
    """Python's exceptions by name, each made for a text when it is first asked for."""

    def __init__(self, machine: "Machine"):
        super().__init__()
        self.machine = machine

    def __contains__(self, name: object) -> bool:
        return name in PARENTS or name in ALIASES

    def __missing__(self, name: str) -> Class:
        if name in ALIASES:
            self[name] = self[ALIASES[name]]
            return self[name]
        parent = PARENTS[name]
        one = self[name] = Class(name, [self[parent]] if parent else [], self.machine)
        one.builtin = True
        if parent:
            one.mro += self[parent].mro
        else:
            one.attrs["__init__"] = Native("__init__", init)
            one.attrs["with_traceback"] = Native("with_traceback", lambda m, args, kwargs, at: args[0])
        return one

    def every(self) -> dict[str, Class]:
        """All of them."""
        return {name: self[name] for name in (*PARENTS, *ALIASES)}


def init(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: Any) -> None:
    """BaseException.__init__: the arguments are `args`."""
    m.changing(args[0].attrs)
    args[0].attrs["args"] = tuple(args[1:])


def is_exception(m: "Machine", cls: Any) -> bool:
    return type(cls) is Class and m.exceptions["BaseException"] in cls.mro
