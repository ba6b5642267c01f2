"""What a framework's names have to bring: a vocabulary, asked wherever a value is its own.

A vocabulary is a subclass of `Vocabulary`; its values are subclasses of `Foreign` (values.py), whose state is plain
attributes, lists and dicts. Every hook has a default that gives something unknown, so that a vocabulary need only say
what it knows. A hook gets an `Instance` where its class derives from a foreign one and does not itself say what
happens. `at` is the node of the text, for faults and locations. Rules:

- Raise `Fault(at, detail)` where something unknown (`Opaque`, or a `Foreign` with `spoilt`) would decide a model, with
  its `why`; `self.machine.fail("ValueError", "…", at)` where the framework would raise an exception that texts catch.
- Call `self.machine.changing(value)` before a Foreign's state is changed, whoever changes it.
- A list or dict of the text that is kept is shared, as in Python: copy it if the framework copies.
- To call a function of the text use `self.machine.call(f, args, kwargs, at)`; to run through a list, `listed`.
"""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.opaque import Opaque, derived
from layercalc.readers.script.values import MISSING, Class, Foreign, Instance, Module

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None


class Vocabulary:
    """The names of a framework; this one knows none."""

    machine: "Machine"
    parts = 0  # a number that grows with every part of what the framework builds

    def forget(self) -> None:
        """The text has been read: let go of all that it has made."""
        vars(self).clear()

    # -- names

    def module(self, name: str) -> Module | None:
        """The module of this dotted name (`keras.layers`), whose members are a table or found by a function."""
        return None

    def called(self, module: Module) -> Any:
        """What a call of a module calls, where an older framework had a function of that name; None: it is an error."""
        return None

    def same_module(self, name: str) -> str:
        """The one name of a module that has several: `tf.keras.layers` is `keras.layers`."""
        return name

    def bare(self, name: str) -> Any:
        """The value of a name that the text binds nowhere (lines of a snippet without imports), or MISSING."""
        return MISSING

    def is_pure(self, origin: str) -> bool:
        """Whether the callee of this dotted name changes nothing it is given: `matplotlib.pyplot.plot`."""
        return False

    def is_apart(self, origin: str) -> bool:
        """Whether what a callee that changes nothing gives leads to nothing that it was given: `keras.losses.mse`."""
        return False

    def ignores(self, origin: str) -> bool:
        """Whether a decorator of this dotted name gives the function back: `tensorflow.function`."""
        return False

    # -- foreign values

    def either(self, values: tuple[Any, ...], at: At) -> Any:
        """The one of several values, of which the text has one or another here, that stands for all; None if none."""
        return None

    def unknown(self, at: At, *holds: Any) -> Opaque:
        """What an operation gives of which nothing is known, not even that it does not raise."""
        self.machine.risk(at)
        return Opaque("", at, holds=holds)

    def describe(self, value: Any) -> str:
        """A value for a message."""
        return repr(value)

    def attribute(self, value: Foreign, name: str, at: At) -> Any:
        """value.name; MISSING is an AttributeError. A method is a `Native` or `Bound(native, value)`."""
        return self.unknown(at, value)

    def has(self, value: Foreign | Instance, name: str, at: At) -> Any:
        """hasattr(value, name): True, False or Opaque; None where asking for the attribute tells."""
        return None

    def of_older(self, value: Any, name: str, at: At) -> Any:
        """value.name of a plain value, which it has in older versions of the framework alone; MISSING is an error."""
        return MISSING

    def class_of(self, value: Foreign, at: At) -> Any:
        """type(value)."""
        return Opaque("", at)

    def set_attribute(self, value: Foreign, name: str, item: Any, at: At) -> None:
        """value.name = item."""
        self.machine.risk(at)
        self.machine.touch((value, item), self.machine.reason(at))

    def set_on_some(self, value: Foreign, name: str, at: At) -> None:
        """An attribute of something unknown is set that may be value, or part of it."""

    def call(self, value: Foreign | Instance, args: list[Any], kwargs: dict[str, Any], at: At) -> Any:
        """value(*args, **kwargs): what an unknown argument holds is spoilt already, other arguments are not."""
        return self.machine.unknown_call(Opaque("", at, holds=(value,)), args, kwargs, at)

    def unary(self, op: str, value: Foreign | Instance, at: At) -> Any:
        """Op is "-", "+", "~" or "abs"."""
        return self.unknown(at, value)

    def binary(self, op: str, left: Any, right: Any, at: At) -> Any:
        """Left op right, one of which is foreign; op is one of + - * / // % ** @ & | ^ << >>."""
        return derived(at, self.unknown(at, left, right))

    def compare(self, op: str, left: Any, right: Any, at: At) -> Any:
        """Left op right: "==", "!=", "<", "<=", ">", ">=". By default == and != are `is`, where `by_identity`."""
        if op in ("==", "!=") and all(one.by_identity for one in (left, right) if isinstance(one, Foreign)):
            return (left is right) is (op == "==")
        return self.unknown(at)

    def identical(self, left: Foreign, right: Any, at: At) -> Any:
        """Left is right."""
        return left is right

    def contains(self, value: Foreign | Instance, item: Any, at: At) -> Any:
        """Item in value."""
        return self.unknown(at)

    def contained(self, item: Foreign, value: Any, at: At) -> Any:
        """Item in value, a container of Python's; None where the items tell, one by one."""
        return None

    def item(self, value: Foreign | Instance, key: Any, at: At) -> Any:
        """value[key]; a slice is Python's `slice`, several a tuple."""
        return self.unknown(at, value)

    def set_item(self, value: Foreign | Instance, key: Any, item: Any, at: At) -> None:
        """value[key] = item."""
        self.machine.risk(at)
        self.machine.touch((value, item), self.machine.reason(at))

    def iterate(self, value: Foreign | Instance, at: At) -> Any:
        """The items of value, as a list or tuple, or Opaque."""
        return self.unknown(at, value)

    def length(self, value: Foreign | Instance, at: At) -> Any:
        """len(value)."""
        return self.unknown(at)

    def truth(self, value: Foreign | Instance, at: At) -> Any:
        """bool(value)."""
        return self.unknown(at)

    def convert(self, kind: str, value: Foreign | Instance, at: At) -> Any:
        """int(value), float(value), str(value), …: `kind` is the name of the builtin."""
        return self.unknown(at)

    def plain(self, value: Foreign) -> Any:
        """The tuple or number that NumPy takes a value for; itself where it is none."""
        return value

    def enter(self, value: Foreign | Instance, at: At) -> Any:
        """`with value as result`: leaving swallows nothing."""
        return self.unknown(at, value)

    def is_instance(self, value: Any, kind: Foreign, at: At) -> Any:
        """isinstance(value, kind), where kind is foreign: True, False or Opaque. An Instance has its `core`."""
        return self.unknown(at)

    def is_plain(self, value: Foreign, kinds: set[str], at: At) -> Any:
        """isinstance(value, kinds), names of Python's own classes: True, False or Opaque."""
        return False

    def is_everywhere(self, value: Any, name: str) -> bool:
        """Whether every version of the framework has value.name, or, where value is None, the module of that name."""
        return True

    # -- classes of the text that derive from a foreign one

    def derive(self, cls: Class, base: Foreign, at: At) -> None:
        """`class cls(base)` has been read; `cls.foreign` is base. By default any will do."""

    def create(self, instance: Instance, base: Foreign, args: list[Any], kwargs: dict[str, Any], at: At) -> Any:
        """What to keep as `instance.core`, before the text's `__init__` runs; a Foreign, so that it can be spoilt."""
        return Foreign()

    def inherited(self, instance: Instance, name: str, at: At) -> Any:
        """instance.name or super().name, where the text's classes have none: a Native (without self), or MISSING."""
        return Opaque("", at, holds=(instance,))

    def class_member(self, cls: Class, name: str, at: At) -> Any:
        """cls.name, or super().name in a class method, where the text's classes have none; MISSING: not known."""
        return MISSING

    def put(self, container: Any, item: Any, at: At, index: bool = False) -> None:
        """An item comes into a list or dict, by its index or key where `index` says so of a list."""

    def wraps(self, container: Any) -> str:
        """What to say of the class of a list, dict, set or tuple that an object holds as one of its own; or nothing."""
        return ""

    def attached(self, instance: Instance, name: str, value: Any, at: At) -> None:
        """instance.name = value has been done, so that a layer gets its name and its owner."""
