"""argparse, click and absl: what a run without arguments would use, said in a warning."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.script.faults import Raised
from layercalc.readers.script.modules.system import UNKNOWN, build
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import MISSING, Computed, Instance, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]
EMPTY = {"store_true": False, "store_false": True, "count": None, "append": None, "store_const": None, "help": MISSING}
DEFAULTS = "The options of the command line are taken to be their defaults."


def parser(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Instance:
    """argparse.ArgumentParser: `options` are those added so far, by their name."""
    made = build(
        m, "ArgumentParser", {name: Native(name, run) for name, run in PARSER.items()} | {"__getattr__": UNKNOWN}
    )
    made.attrs["options"] = {}
    made.attrs["flags"] = {}
    if "parents" in kwargs or "argument_default" in kwargs or "fromfile_prefix_chars" in kwargs:
        m.journal.poison(made.attrs["options"], m.reason(at, "the parents of this parser"))
    return made


def add_argument(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    own, *names = args
    options = own.attrs["options"]
    m.changing(options)
    known = names and all(type(one) is str for one in names) and type(kwargs.get("dest", "")) is str
    if not known or "" in kwargs:
        m.journal.poison(options, m.reason(at, "an option whose name is not known"), tuple(kwargs.values()))
        return None
    long = next((one for one in names if one.startswith("--")), names[0])
    dest = kwargs.get("dest", long.lstrip("-").replace("-", "_"))
    action = kwargs.get("action", "store")
    m.changing(own.attrs["flags"])
    own.attrs["flags"].update({one: (dest, kwargs) for one in names if one.startswith("-")})
    if action in ("help", "version"):
        return None
    default = kwargs.get("default", EMPTY.get(action) if type(action) is str else MISSING)
    if not names[0].startswith("-") and kwargs.get("nargs") not in ("?", "*"):
        default = Opaque(f"the argument {dest!r} of the command line", at)
    elif type(action) is not str or default is MISSING:
        default = Opaque(f"the option {dest!r}", at)
    elif kwargs.get("required") not in (None, False) and "default" not in kwargs:
        default = Opaque(f"the option {dest!r}, which a run has to give", at)
    elif type(default) is str and kwargs.get("type") is not None:
        default = m.call(kwargs["type"], [default], {}, at)
    m.meter.hold(200, at)
    if dest not in options or "default" in kwargs:
        options[dest] = default
    return Opaque("", at)


def same(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """Groups add to the parser."""
    return args[0]


def set_defaults(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> None:
    m.changing(args[0].attrs["options"])
    args[0].attrs["options"].update(kwargs)


def subparsers(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Opaque:
    m.journal.poison(args[0].attrs["options"], m.reason(at, "a command that a run has to name"))
    return Opaque("", at)


def parse(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    own, *given = args
    options = own.attrs["options"]
    first = given[0] if given else kwargs.get("args")
    if m.spoilt(own.attrs) or m.spoilt(options):
        return Opaque("", at, m.journal.spoilt[id(options)][1] if m.spoilt(options) else None)
    made = build(m, "Namespace", {})
    made.attrs.update(options)
    if first is None or first == [] or first == "":
        m.warn(at, DEFAULTS)
        return made
    told = stated(m, own, first, at)
    if told is None:
        return Opaque("", at)
    made.attrs.update(told)
    return made


def stated(m: "Machine", own: Instance, words: Any, at: Any) -> dict[str, Any] | None:
    """The options that `parse_args([...])` gives: `--name value`, `--name=value` and flags; None for anything else."""
    m.known(words)
    if not isinstance(words, list | tuple) or not all(type(one) is str for one in words):
        return None
    found: dict[str, Any] = {}
    pending = [part for one in words for part in (one.split("=", 1) if one.startswith("--") else (one,))]
    m.meter.elements(len(pending), at)
    pending.reverse()
    while pending:
        dest, given = own.attrs["flags"].get(pending.pop(), ("", {}))
        if not dest or set(given) - {"action", "type", "default", "help", "required", "dest", "metavar"}:
            return None
        if (action := given.get("action", "store")) in ("store_true", "store_false"):
            found[dest] = action == "store_true"
        elif action != "store" or not pending or pending[-1].startswith("-"):
            return None
        else:
            value = pending.pop()
            found[dest] = m.call(given["type"], [value], {}, at) if given.get("type") is not None else value
    return found


def parse_known(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    found = parse(m, args, kwargs, at)
    return found, (Opaque("", at) if type(found) is Opaque else [])


def printed(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> None:
    """What a parser prints changes nothing."""


def formatted(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Opaque:
    """A parser's help, whose words decide no model."""
    return Opaque("", at)


PARSER = {
    "add_argument": add_argument,
    "add_argument_group": same,
    "add_mutually_exclusive_group": same,
    "set_defaults": set_defaults,
    "add_subparsers": subparsers,
    "parse_args": parse,
    "parse_known_args": parse_known,
    "print_help": printed,
    "print_usage": printed,
    "format_help": formatted,
    "format_usage": formatted,
}


def namespace(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Instance:
    made = build(m, "Namespace", {})
    made.attrs.update(kwargs)
    return made


def flag_type(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Opaque:
    return Opaque("", at)


ARGPARSE: dict[str, Any] = {
    "ArgumentParser": Native("ArgumentParser", parser),
    "Namespace": Native("Namespace", namespace),
    "FileType": Native("FileType", flag_type),
}


# -- click


class Command:
    """A function with what click gives it: `values` by parameter. Called as a `command` it ends the program."""

    def __init__(self, function: Any, values: dict[str, Any], command: bool):
        self.function, self.values, self.command = function, values, command

    @staticmethod
    def of(value: Any) -> "Command":
        """What a decorator of click's has made, or a function that none has been put on."""
        made = getattr(value.run, "__self__", None) if type(value) is Native else None
        return made if type(made) is Command else Command(value, {}, False)

    def native(self) -> Native:
        return Native("command", self.run, (self.function, *self.values.values()))

    def run(self, m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        """Calling a command parses the command line, runs the function, and ends the program."""
        if args or kwargs or not self.command:
            return m.unknown_call(Opaque("", at, holds=(self.function,)), args, kwargs, at)
        m.warn(at, DEFAULTS)
        m.call(self.function, [], dict(self.values), at)
        raise Raised(m.exception("SystemExit", 0), at)


def option(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Native:
    """@click.option(…): its default, under the name that the function knows it by."""
    names = [one for one in args if type(one) is str]
    plain = [one for one in names if not one.startswith("-")]
    long = max((one.split("/")[0] for one in names), key=lambda one: (one.startswith("--"), len(one)), default="")
    name = (plain[0] if plain else long.lstrip("-")).replace("-", "_").lower()
    flag = kwargs.get("is_flag") is True or any("/" in one for one in names)
    default = kwargs.get("default", False if flag else () if kwargs.get("multiple") is True else None)
    if kwargs.get("required") is True and "default" not in kwargs:
        default = Opaque(f"the option {name!r}, which a run has to give", at)
    return given(name, converted(m, default, kwargs.get("type"), at))


def converted(m: "Machine", default: Any, kind: Any, at: Any) -> Any:
    """A default as click's `type` makes it."""
    if default is None or kind is None or type(default) is Opaque:
        return default
    if isinstance(default, list | tuple):
        return tuple(converted(m, one, kind, at) for one in default)
    if kind is m.builtins["bool"] and type(default) is str:
        return Opaque("an option that click makes a bool of", at)  # which knows "no" and "off"
    return m.call(kind, [default], {}, at)


def argument(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Native:
    name = str(args[0]).replace("-", "_").lower() if args and type(args[0]) is str else ""
    default = kwargs.get("default", Opaque(f"the argument {name!r} of the command line", at))
    return given(name, converted(m, default, kwargs.get("type"), at))


def given(name: str, default: Any) -> Native:
    """The decorator that gives a function, or a command, one more parameter."""

    def decorate(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Native:
        made = Command.of(args[0])
        return Command(made.function, {**made.values, name: default}, made.command).native()

    return Native("option", decorate, (default,))


def command(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Native:
    """@click.command, called or not."""

    def decorate(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Native:
        made = Command.of(args[0])
        return Command(made.function, made.values, True).native()

    return decorate(m, args, kwargs, at) if args and not isinstance(args[0], str) else Native("command", decorate)


def kept(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Native:
    """click.Path(…) and click.Choice(…), by which a string stays what it is."""
    return Native("kept", lambda m, args, kwargs, at: args[0])


CLICK: dict[str, Any] = {
    "command": Native("command", command),
    "option": Native("option", option),
    "argument": Native("argument", argument),
    "echo": Native("echo", lambda m, args, kwargs, at: None),
    "Path": Native("Path", kept),
    "Choice": Native("Choice", kept),
}


# -- absl


def flags(m: "Machine", at: Any) -> Instance:
    m.warn(at, DEFAULTS)
    return build(m, "FLAGS", {})


def define(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """flags.DEFINE_…(name, default, help)."""
    told = dict(zip(("name", "default"), args, strict=False)) | kwargs
    name, default = told["name"], told.get("default", Opaque("a flag", at))
    values = m.attribute(m.module("absl.flags"), "FLAGS", at)
    m.known(name)
    m.changing(values.attrs)
    values.attrs[name] = default
    return Opaque("", at)


def run_app(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """app.run(main)."""
    m.call(args[0], [[Opaque("the name of the script", at)]], {}, at)
    raise Raised(m.exception("SystemExit", 0), at)


KINDS = ("integer", "float", "string", "boolean", "bool", "list", "enum")
FLAGS: dict[str, Any] = {
    "FLAGS": Computed(flags),
    **{f"DEFINE_{kind}": Native(f"DEFINE_{kind}", define) for kind in KINDS},
}
APP: dict[str, Any] = {"run": Native("run", run_app)}
