"""Regular expressions of the standard library on known texts, as far as no search of them can take long.

What a match may try is bounded before it is tried: so many ways for each repetition as there are characters, twice as
many for each choice. A repetition of what repeats or chooses itself, which may take forever, is not followed.
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.methods import known_arguments
from layercalc.readers.script.modules.system import UNKNOWN
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Instance, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]
Run = Callable[["Machine", re.Pattern[str], Args, Any], Any]

LONGEST_PATTERN, LONGEST_TEXT, MOST_REPEATED = 200, 2_000, 1_000  # characters, and repetitions that are counted out
MOST_WAYS = 1_000_000  # of one call
COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
FLAGS = {name: int(re.RegexFlag[name]) for name in ("A", "ASCII", "I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL")}
HOLDER = "_expression"  # the attribute of a compiled one that holds its pattern and flags


def ways(pattern: str, length: int) -> int | None:
    """In how many ways a pattern may be tried at one place of a text of that length, at most; None: not bounded."""
    found, open_groups, last, place = 1, [False], False, 0  # whether each group that is open repeats or chooses
    while place < len(pattern):
        sign, size = pattern[place], 1
        if sign == "\\":
            last, size = False, 2
        elif sign == "[":
            last, size = False, in_brackets(pattern, place)
        elif sign == "(":
            open_groups.append(False)
            size = 2 if pattern.startswith("?", place + 1) else 1  # whose sign is no repetition
        elif sign == ")" and len(open_groups) > 1:
            last = open_groups.pop()
            open_groups[-1] |= last
        elif sign == "|":
            found, open_groups[-1], last = found * 2, True, False
        elif sign in "*+?" or (sign == "{" and (count := COUNT.match(pattern, place)) and len(count[0]) > 2):
            counted = sign == "{"
            numbers = [int(one) for one in (count[1], count[3]) if one] if counted and count else []
            if (last and sign != "?") or any(one > MOST_REPEATED for one in numbers):
                return None
            found *= 2 if sign == "?" else length + 1
            open_groups[-1] = True
            size = len(count[0]) if counted and count else 1
            size += pattern.startswith("?", place + size)  # of one that takes as little as it may
            last = True
        else:
            last = False
        place += size
    return found


def in_brackets(pattern: str, place: int) -> int:
    """How many characters a set of characters takes."""
    end = place + 1 + pattern.startswith("^", place + 1)
    end += pattern.startswith("]", end)
    while end < len(pattern) and pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    return end + 1 - place


def bounded(m: "Machine", pattern: Any, text: Any, flags: Any, at: Any) -> re.Pattern[str] | None:
    """The pattern, its search of the text accounted for; None of one that may take long, or is no plain one."""
    if type(pattern) is not str or type(text) is not str or not isinstance(flags, int):
        return None
    if len(pattern) > LONGEST_PATTERN or len(text) > LONGEST_TEXT or flags & ~sum(set(FLAGS.values())):
        return None
    found = ways(pattern, len(text))
    total = None if found is None else found * (len(text) + 1) * (len(pattern) + 1)
    if total is None or total > MOST_WAYS:
        return None
    m.meter.work(total, at)
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        m.fail("Exception", str(error), at)
        return None


# -- the functions of the module, and the methods of a compiled pattern


def function(name: str, run: Run, before: int = 0) -> Native:
    """A function of a pattern and a text, with so many arguments between them, by the pattern or its text."""

    def asked(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        order = ("pattern", *(("repl",) if before else ()), "string", *MORE.get(name, ()), "flags")
        given = dict(zip(order, args, strict=False)) | kwargs
        m.known(*given.values())
        pattern, flags = given.pop("pattern", None), given.pop("flags", 0)
        if type(pattern) is Instance and HOLDER in pattern.attrs:
            pattern, flags = pattern.attrs[HOLDER]
        text = given.pop("string", None)
        made = bounded(m, pattern, text, flags, at) if set(given) <= set(order) else None
        if made is None:
            return m.unknown_call(Opaque("a regular expression that may take long", at), args, kwargs, at)
        return run(m, made, [text, *(given[key] for key in order if key in given)], at)

    return Native(name, asked)


MORE = {"split": ("maxsplit",), "sub": ("count",), "subn": ("count",)}


def searched(method: str) -> Run:
    def run(m: "Machine", pattern: re.Pattern[str], args: Args, at: Any) -> Any:
        return of_match(m, getattr_of(pattern, method)(args[0]), at)

    return run


def getattr_of(pattern: re.Pattern[str], method: str) -> Callable[..., Any]:
    return {"match": pattern.match, "fullmatch": pattern.fullmatch, "search": pattern.search}[method]


def split(m: "Machine", pattern: re.Pattern[str], args: Args, at: Any) -> Any:
    return pattern.split(*args)


def find_all(m: "Machine", pattern: re.Pattern[str], args: Args, at: Any) -> Any:
    return pattern.findall(args[0])


def find_each(m: "Machine", pattern: re.Pattern[str], args: Args, at: Any) -> Any:
    return m.builtins["iter"].run(m, [[of_match(m, one, at) for one in pattern.finditer(args[0])]], {}, at)


def replaced(m: "Machine", pattern: re.Pattern[str], args: Args, at: Any) -> Any:
    text, by, *count = args
    if type(by) is not str:
        return substituted(m, pattern, text, by, count[0] if count else 0, at)
    m.meter.hold((len(text) + 1) * (len(by) + len(text) + 1), at)
    return pattern.sub(by, text, *count)


def substituted(m: "Machine", pattern: re.Pattern[str], text: str, by: Any, count: int, at: Any) -> Any:
    """`re.sub(pattern, function, text)`: what a function of the text makes of each match."""
    parts: list[str] = []
    place = 0
    for number, one in enumerate(matches(pattern, text)):
        if count and number >= count:
            break
        made = m.call(by, [of_match(m, one, at)], {}, at)
        if type(made) is not str:
            return m.unknown(at, made)
        parts += [text[place : one.start()], made]
        place = one.end()
        m.meter.hold(len(made), at)
    return "".join([*parts, text[place:]])


def matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    return pattern.finditer(text)


def compiled(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """`re.compile(pattern)`: an object with the functions as methods."""
    m.known(*args, *kwargs.values())
    given = dict(zip(("pattern", "flags"), args, strict=False)) | kwargs
    pattern, flags = given.get("pattern"), given.get("flags", 0)
    if type(pattern) is Instance and HOLDER in pattern.attrs:
        return pattern
    if bounded(m, pattern, "", flags, at) is None:
        return Opaque("", at)
    made = Instance(m.kept_class("Pattern", {**FUNCTIONS, "__getattr__": UNKNOWN}))
    made.attrs.update({HOLDER: (pattern, flags), "pattern": pattern})
    return made


# -- what is found


def of_match(m: "Machine", found: re.Match[str] | None, at: Any) -> Any:
    """The object of a match, which holds plain values alone, or None."""
    if found is None:
        return None
    every = range(found.re.groups + 1)
    m.meter.hold(400 + len(found.string) + 100 * len(every), at)
    made = Instance(m.kept_class("Match", MATCH))
    made.attrs.update(string=found.string, lastindex=found.lastindex, lastgroup=found.lastgroup)
    made.attrs["_groups"] = tuple(found.group(one) for one in every)
    made.attrs["_spans"] = tuple(found.span(one) for one in every)
    made.attrs["_names"] = dict(found.re.groupindex)
    return made


def place(m: "Machine", own: Instance, which: Any, at: Any) -> int:
    """The number of a group by its number or name."""
    found = own.attrs["_names"].get(which) if type(which) is str else which
    if type(found) is not int or not 0 <= found < len(own.attrs["_groups"]):
        m.fail("IndexError", "no such group", at)
    return int(found)


def group(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """`found.group()`, of one number or name, or of several."""
    own, *which = args
    m.known(*which)
    told = [own.attrs["_groups"][place(m, own, one, at)] for one in which or [0]]
    return told[0] if len(told) == 1 else tuple(told)


def groups(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    own, default = (*args, kwargs.get("default"))[:2]
    return tuple(default if one is None else one for one in own.attrs["_groups"][1:])


def named(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    own, default = (*args, kwargs.get("default"))[:2]
    found = {name: own.attrs["_groups"][index] for name, index in own.attrs["_names"].items()}
    return {name: default if one is None else one for name, one in found.items()}


def span(part: int | None) -> Native:
    """`found.span()`, or its start or end."""

    def asked(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        m.known(*args[1:])
        ends = args[0].attrs["_spans"][place(m, args[0], args[1] if len(args) > 1 else 0, at)]
        return ends if part is None else ends[part]

    return Native("span", asked)


MATCH: dict[str, Any] = {
    "group": Native("group", group), "groups": Native("groups", groups), "groupdict": Native("groupdict", named),
    "start": span(0), "end": span(1), "span": span(None), "__getitem__": Native("group", group),
    "__bool__": Native("bool", lambda m, args, kwargs, at: True), "__getattr__": UNKNOWN,
}  # fmt: skip
FUNCTIONS: dict[str, Any] = {
    **{name: function(name, searched(name)) for name in ("match", "fullmatch", "search")},
    "split": function("split", split),
    "findall": function("findall", find_all),
    "finditer": function("finditer", find_each),
    "sub": function("sub", replaced, 1),
}


def escaped(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    known_arguments(m, args, kwargs)
    if kwargs or [type(one) for one in args] != [str]:
        return Opaque("", at)
    m.meter.hold(len(args[0]) * 2, at)
    return re.escape(args[0])


RE = {**FUNCTIONS, **FLAGS, "compile": Native("compile", compiled), "escape": Native("escape", escaped)}
