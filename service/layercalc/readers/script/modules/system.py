"""os and sys: what a run in an empty environment and without arguments would see, each said in a warning."""

import posixpath
import string
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.faults import Raised
from layercalc.readers.script.methods import known_arguments
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Class, Computed, Instance, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]


def build(m: "Machine", name: str, members: dict[str, Any]) -> Instance:
    """An object with native methods, whose state is its attributes."""
    cls = Class(name, [], m)
    cls.attrs.update(members)
    cls.native = True
    return Instance(cls)


def env_get(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """The environment's `get`, with a default: what the text has set, else the default."""
    own, name, default = (*args, kwargs.get("default"))[:3]
    m.known(own.attrs, name, own.attrs["set"])
    if name in own.attrs["set"]:
        return own.attrs["set"][name]
    if name in ALWAYS:
        return Opaque(f"the environment's {name}", at)
    m.warn(at, f"The environment's {name} is taken not to be set.")
    return default


def env_item(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    own, name = args
    m.known(own.attrs, name, own.attrs["set"])
    if name in own.attrs["set"]:
        return own.attrs["set"][name]
    m.risk(at)
    return Opaque(f"the environment's {name}", at)


def env_set(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    own, name, value = args
    m.known(own.attrs, name, own.attrs["set"])
    m.changing(own.attrs["set"])
    m.meter.hold(100, at)
    if type(value) is not str:
        m.risk(at)
    if len(args) == 3:
        own.attrs["set"][name] = value


def env_contains(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    own, name = args
    m.known(own.attrs, name, own.attrs["set"])
    return True if name in own.attrs["set"] else Opaque(f"whether the environment has {name}", at)


def env_del(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> None:
    own, name = args
    m.known(own.attrs, name, own.attrs["set"])
    if name in own.attrs["set"]:
        m.changing(own.attrs["set"])
        del own.attrs["set"][name]
    else:
        m.risk(at)


def env_update(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> None:
    own, *rest = args
    m.known(own.attrs, own.attrs["set"])
    m.call(m.attribute(own.attrs["set"], "update", at), rest, kwargs, at)


def env_default(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    found = env_get(m, args, kwargs, at)
    env_set(m, [*args[:2], found], {}, at)
    return found


ALWAYS = frozenset(
    ("HOME", "PATH", "PWD", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "HOSTNAME", "TMPDIR", "TMP", "TEMP",
     "USERNAME", "USERPROFILE", "APPDATA", "COMPUTERNAME", "OS", "SYSTEMROOT", "DISPLAY", "PYTHONPATH")
)  # fmt: skip


def environ(m: "Machine", at: Any) -> Instance:
    members = {"get": env_get, "__getitem__": env_item, "__setitem__": env_set, "__contains__": env_contains,
               "__delitem__": env_del, "update": env_update, "setdefault": env_default}  # fmt: skip
    made = build(m, "environ", {name: Native(name, run) for name, run in members.items()} | {"__getattr__": UNKNOWN})
    made.attrs["set"] = {}
    return made


UNKNOWN = Native("attribute", lambda m, args, kwargs, at: Opaque("", at, holds=(args[0],)))


def getenv(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    module = m.module("os")
    return env_get(m, [m.attribute(module, "environ", at), *args], kwargs, at)


def path(name: str) -> Native:
    host = vars(posixpath)[name]

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        known_arguments(m, args, kwargs)
        m.meter.hold(sum(len(one) for one in args if isinstance(one, str)) + 64, at)
        return host(*args)

    return Native(name, run)


def leave(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    raise Raised(m.exception("SystemExit", *args), at)


def arguments(m: "Machine", at: Any) -> list[Any]:
    m.warn(at, "sys.argv is taken to be that of a run without arguments.")
    return [Opaque("sys.argv[0], the name of the script", at)]


def import_module(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    known_arguments(m, args, kwargs)
    found = m.module(args[0]) if len(args) == 1 and type(args[0]) is str else None
    return Opaque("", at, origin=args[0] if args and type(args[0]) is str else "") if found is None else found


def at_least(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """sys.version_info >= (3, 6): so it is on every Python that runs today's Keras; later versions are not known."""
    wanted = args[1]
    known_arguments(m, [wanted], {})
    if type(wanted) is not tuple or not all(type(one) is int for one in wanted[:2]):
        return Opaque("", at)
    return True if wanted and (wanted[:2] < OLDEST or wanted == OLDEST) else Opaque("the version of Python", at)


def below(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    found = at_least(m, args, kwargs, at)
    return found if type(found) is Opaque else not found


def part(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """sys.version_info[0]."""
    return 3 if args[1] == 0 and type(args[1]) is int else Opaque("the version of Python", at)


UNTOLD = dict.fromkeys(
    ("__getattr__", "__eq__", "__ne__", "__iter__", "__len__", "__str__", "__repr__", "__format__", "__hash__",
     "__bool__", "__contains__"), UNKNOWN,
)  # fmt: skip


def version(m: "Machine", at: Any) -> Instance:
    members = {"__ge__": at_least, "__gt__": at_least, "__lt__": below, "__le__": below, "__getitem__": part}
    made = build(m, "version_info", {name: Native(name, run) for name, run in members.items()} | UNTOLD)
    made.attrs["major"] = 3
    return made


OLDEST = (3, 6)
PATH: dict[str, Any] = {
    **{
        name: path(name)
        for name in ("join", "basename", "dirname", "splitext", "split", "normpath", "isabs", "commonprefix")
    },
    "sep": "/", "extsep": ".", "pardir": "..", "curdir": ".",
}  # fmt: skip
OS: dict[str, Any] = {
    "environ": Computed(environ), "getenv": Native("getenv", getenv), "sep": "/", "extsep": ".",
}  # fmt: skip
STRING: dict[str, Any] = {
    name: vars(string)[name]
    for name in ("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits", "octdigits",
                 "punctuation", "printable", "whitespace")
}  # fmt: skip
IMPORTLIB: dict[str, Any] = {"import_module": Native("import_module", import_module)}
SYS: dict[str, Any] = {
    "exit": Native("exit", leave),
    "maxsize": (1 << 63) - 1,
    "argv": Computed(arguments),
    "version_info": Computed(version),
}
