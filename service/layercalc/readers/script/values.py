"""The values of a text that are not Python's own plain ones: functions, classes, instances, modules, iterators."""

import ast
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.faults import Unknown
from layercalc.readers.script.opaque import Opaque

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine
    from layercalc.readers.script.scope import Info, Scope

Run = Callable[["Machine", list[Any], dict[str, Any], ast.AST | None], Any]


class Missing:
    """No such value; the only one of its kind is MISSING."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


NUMBERS = count()


class Names(dict[str, Any]):
    """Values by name: a scope's variables, the attributes of an instance or a class.

    `volatile` names were given to an unknown callee to change: what is stored under one is not known afterwards.
    `number` tells which of two was made first.
    """

    __slots__ = ("number", "volatile")

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.volatile: dict[str, Opaque] | None = None
        self.number = next(NUMBERS)


class Ordered(dict[Any, Any]):
    """collections.OrderedDict."""

    __slots__ = ()


class Default(dict[Any, Any]):
    """collections.defaultdict."""

    __slots__ = ("factory",)

    def __init__(self, factory: Any, *args: Any):
        super().__init__(*args)
        self.factory = factory


class Counted(dict[Any, Any]):
    """collections.Counter: what it lacks it has no times."""

    __slots__ = ()

    def __missing__(self, key: Any) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        if type(other) is not Counted:
            return dict.__eq__(self, other)
        return all(self[key] == other[key] for one in (self, other) for key in one)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None


class Int64(int):
    """numpy.int64: the arithmetic of int that knows its range, and is no int to isinstance."""

    __slots__ = ()


class Float64(float):
    """numpy.float64."""

    __slots__ = ()


class Foreign:
    """A value of a vocabulary: a layer, a tensor, a model, a class of the framework.

    `spoilt` says why it may have changed in ways that are not known. A vocabulary calls `machine.changing(value)`
    before it changes one; `snapshot` and `restore` then bring it back where two branches have to be compared.
    """

    spoilt: Opaque | None = None
    by_identity = True  # == is `is`, as for objects that define no __eq__
    is_class = False  # a call of it makes an object, and leaves it as it is
    lasting = False  # arithmetic with whatever else leaves it as it is, as it does a number

    def parts(self) -> list[Any]:
        """What can be reached and changed through it."""
        return list(vars(self).values())

    def spoil(self, reason: Opaque) -> None:
        """Something unknown may have changed it (`reason.why` says what): the first reason stays."""
        if self.spoilt is None:
            self.spoilt = reason

    def snapshot(self) -> dict[str, Any]:
        """Its state, one level deep."""
        return {
            key: value.copy() if type(value) in (list, dict, set) else value
            for key, value in vars(self).items()
            if key != "spoilt"
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Bring back the state of a snapshot."""
        for key in [key for key in vars(self) if key not in state and key != "spoilt"]:
            del vars(self)[key]
        for key, value in state.items():
            vars(self)[key] = value.copy() if type(value) in (list, dict, set) else value

    def __eq__(self, other: object) -> bool:
        if self is other or self.by_identity:
            return self is other
        raise Unknown(Opaque(f"whether {self!r} equals another"))

    __hash__ = object.__hash__

    def compared(self, other: object) -> bool:
        raise Unknown(Opaque(f"the order of {self!r}"))

    __lt__ = __gt__ = __le__ = __ge__ = compared


class Function:
    """A function of the text: its node, the scope it closes over, its defaults as they were when it was defined."""

    __slots__ = ("attrs", "decorated", "defaults", "keywords", "name", "names_of", "node", "outer", "owner")

    def __init__(
        self,
        node: Any,
        outer: "Scope",
        names_of: "Callable[[Any], Info]",
        name: str,
        defaults: list[Any],
        keywords: dict[str, Any],
    ):
        self.node, self.outer, self.names_of, self.name = node, outer, names_of, name
        self.defaults, self.keywords = defaults, keywords
        self.owner: Class | None = None
        self.attrs = Names()
        self.decorated = False  # by what gives it back with members that are not known

    @property
    def info(self) -> "Info":
        """The names of its scope, found when it is first called."""
        return self.names_of(self.node)


class Bound:
    """A method with the object it was asked of."""

    __slots__ = ("function", "owner")

    def __init__(self, function: Any, owner: Any):
        self.function, self.owner = function, owner

    def __eq__(self, other: object) -> bool:
        if type(other) is not Bound or self.owner is not other.owner:
            return False
        if self.function is not other.function and type(self.function) is Native is type(other.function):
            raise Unknown(Opaque("whether two methods of a library are one"))  # they are made each time they are asked
        return self.function is other.function

    def __hash__(self) -> int:
        return hash(id(self.owner))


class Native:
    """A function that is known by name: `run(machine, args, kwargs, node)`. `holds` are values of the text in it."""

    __slots__ = ("holds", "members", "name", "run")

    def __init__(self, name: str, run: Run, holds: tuple[Any, ...] = (), members: dict[str, Any] | None = None):
        self.name, self.run, self.holds, self.members = name, run, holds, members

    def __repr__(self) -> str:
        return f"{self.name}()"


def leads(value: Any) -> bool:
    """Whether anything of the text may be reached through what stands in a class: not through most of a library's."""
    return type(value) is not Native or bool(value.holds or value.members)


class Type(Native):
    """A builtin class: `host` is what it is in Python, `members` are its methods by name."""

    __slots__ = ("host",)

    def __init__(self, name: str, run: Run, host: type | tuple[type, ...]):
        super().__init__(name, run)
        self.host = host

    def __repr__(self) -> str:
        return f"<class '{self.name}'>"


class Class:
    """A class of the text, or an exception of Python's. `mro` begins with itself; a foreign base is apart.

    `abstract` are the methods that ABCMeta wants overridden (None: of another metaclass), `native` says that the class
    is a library's, which has more than is listed; objects of one without `dict` have their slots alone. An enumeration
    has `members` by name, and those `combined` of several bits by value.
    """

    __slots__ = (
        "abstract", "attrs", "bases", "builtin", "combined", "dict", "fields", "foreign", "generic", "machine",
        "members", "mro", "name", "native", "opaque",
    )  # fmt: skip

    def __init__(self, name: str, bases: list["Class"], machine: "Machine"):
        self.name, self.bases, self.machine = name, bases, machine
        self.attrs = Names()
        self.mro: list[Class] = [self]
        self.foreign: Any = None
        self.opaque: Opaque | None = None
        self.builtin = self.native = self.generic = False
        self.dict = True
        self.abstract: frozenset[str] | None = None
        self.fields: dict[str, Any] | None = None
        self.members: dict[str, Any] | None = None
        self.combined: dict[int, Any] = {}

    def find(self, name: str) -> Any:
        """The attribute along the method resolution order, or MISSING."""
        for one in self.mro:
            if name in one.attrs:
                return one.attrs[name]
        return MISSING

    def every(self, name: str) -> list[Any]:
        """All attributes of this name along the method resolution order."""
        return [one.attrs[name] for one in self.mro if name in one.attrs]

    def derives(self, other: "Class") -> bool:
        return other in self.mro

    def __repr__(self) -> str:
        return f"<class '{self.name}'>"


class Instance:
    """An object of a class of the text; `core` is what a vocabulary keeps for one whose class derives from its own.

    `data` is the dict that an object is whose class derives from dict; it may be its attributes too.

    Python asks these dunders when it compares, sorts or hashes what holds one; they ask the text's.
    """

    __slots__ = ("attrs", "cls", "core", "data")

    def __init__(self, cls: Class):
        self.cls = cls
        self.attrs = Names()
        self.core: Any = None
        self.data: dict[Any, Any] | None = None

    def __repr__(self) -> str:
        return f"<{self.cls.name} object>"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return bool(self.cls.machine.equal(self, other))

    def __hash__(self) -> int:
        return self.cls.machine.hash_of(self)

    def __lt__(self, other: object) -> bool:
        return bool(self.cls.machine.less(self, other))

    def __gt__(self, other: object) -> bool:
        return bool(self.cls.machine.less(other, self))

    def __index__(self) -> int:
        return int(self.cls.machine.index_of(self))


class Property:
    """A property of a class."""

    __slots__ = ("deleter", "getter", "setter")

    def __init__(self, getter: Any, setter: Any = None, deleter: Any = None):
        self.getter, self.setter, self.deleter = getter, setter, deleter

    @property
    def parts(self) -> list[Any]:
        return [self.getter, self.setter, self.deleter]


class Slot:
    """What a name of __slots__ stands for in its class."""

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name


class StaticMethod:
    __slots__ = ("function",)

    def __init__(self, function: Any):
        self.function = function


class ClassMethod:
    __slots__ = ("function",)

    def __init__(self, function: Any):
        self.function = function


class Super:
    """super(): attributes of `owner` (an instance or a class) from behind `cls` in the order of `kind`."""

    __slots__ = ("cls", "kind", "owner")

    def __init__(self, cls: Class, kind: Class, owner: Any):
        self.cls, self.kind, self.owner = cls, kind, owner


class Module:
    """A module known by name: its members are a table, or found by a function that gives MISSING for others."""

    __slots__ = ("find", "name", "names")

    def __init__(self, name: str, members: Mapping[str, Any] | Callable[[str], Any], names: tuple[str, ...] = ()):
        self.name = name
        if callable(members):
            self.find, self.names = members, names
        else:
            table = members
            self.find = lambda name: table.get(name, MISSING)
            self.names = tuple(name for name in members if not name.startswith("_"))

    def __repr__(self) -> str:
        return f"the module {self.name}"


class Computed:
    """A member of a module that each run makes for itself, once."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[["Machine", ast.AST | None], Any]):
        self.make = make


class Cursor:
    """An iterator of the text: `host` gives the values, `over` are those it was made of, `count` is how far it is."""

    __slots__ = ("count", "held", "host", "name", "over", "spoilt")

    def __init__(self, name: str, host: Iterator[Any], over: tuple[Any, ...] = ()):
        self.name, self.host, self.over = name, host, over
        self.count = 0
        self.held = False  # by a loop that runs through it
        self.spoilt: Opaque | None = None

    def __repr__(self) -> str:
        return f"<{self.name}>"


class View:
    """dict.keys(), values() or items(): a look at a dict that follows its changes."""

    __slots__ = ("kind", "of")

    def __init__(self, kind: str, of: dict[Any, Any]):
        self.kind, self.of = kind, of

    def host(self) -> Any:
        """Python's own view."""
        return {"keys": dict.keys, "values": dict.values, "items": dict.items}[self.kind](self.of)


class Record(tuple[Any, ...]):
    """An object of a namedtuple; `kind` is its class."""

    kind: "RecordType"


class RecordType(Native):
    """A class that collections.namedtuple has made."""

    __slots__ = ("defaults", "fields")

    def __init__(self, name: str, run: Run, fields: tuple[str, ...], defaults: tuple[Any, ...]):
        super().__init__(name, run, defaults)
        self.fields, self.defaults = fields, defaults


SCALARS = frozenset((int, float, complex, str, bytes, bool, type(None), type(...), range, Int64, Float64))
CONTAINERS = (list, tuple, dict, set, frozenset)
MUTABLE = frozenset((list, dict, set, Names, Ordered, Default, Counted))
PLAIN = SCALARS | frozenset((list, tuple, dict, set, frozenset, slice, Names, Ordered, Default, Counted, Record))
