"""A YAML or JSON file, read so that everything in it knows its line and can be replaced in its place."""

from typing import Any, NamedTuple, NoReturn

import yaml

from layercalc.errors import InvalidBudgets, Unreadable, escape
from layercalc.files.named import read_file
from layercalc.readers.text import looks_like_json

MAX_CHARACTERS = 1_000_000
MAX_VALUES = 100_000  # aliases expanded
LONGEST_NUMBER = 300  # characters: what is longer is a text, as one number of base 60 takes seconds
STANDARD = "tag:yaml.org,2002:"
PLAIN = (str, int, float, bool, type(None))


class Spot(NamedTuple):
    """Where something stands: its line (that of its key), and from where to where its value goes in the text."""

    line: int
    start: int
    end: int


class Source(NamedTuple):
    """A file's name, text and content, and the spot of everything in it by JSON Pointer."""

    name: str
    text: str
    content: Any
    spots: dict[str, Spot]

    def line(self, pointer: str) -> int:
        """The line of a pointer, or of the nearest thing around it that has one."""
        while pointer and pointer not in self.spots:
            pointer = pointer.rpartition("/")[0]
        return self.spots[pointer].line if pointer in self.spots else 1

    def with_lines(self, error: InvalidBudgets) -> InvalidBudgets:
        """The same faults, with the file and the line in place of the pointer."""
        faults = []
        for fault in error.errors:
            rest = {key: value for key, value in fault.items() if key != "pointer"}
            place = {"file": self.name, "line": self.line(fault["pointer"])} if "pointer" in fault else {}
            faults.append({**place, **rest})
        return InvalidBudgets(faults)

    def changeable(self, pointer: str) -> bool:
        """Whether a value is written where it is used, and not behind an anchor, an alias or a tag."""
        spot = self.spots.get(pointer)
        shared = sum(one.start == spot.start for one in self.spots.values()) > 1 if spot else True
        return (
            spot is not None
            and not shared
            and self.text[spot.start : spot.start + 1] not in ("", "&", "!", "|", ">", "-")
        )

    def changed(self, values: dict[str, str]) -> str:
        """The text with other values in their places; all else, comments too, stays as it is."""
        out = self.text
        for spot, value in sorted(((self.spots[where], value) for where, value in values.items()), reverse=True):
            out = out[: spot.start] + value + out[spot.end :]
        return out


def read_source(name: str) -> Source:
    """The file; InvalidBudgets says what is wrong with it, and in which line."""
    try:
        body = read_file(name)
    except Unreadable as error:
        refuse(name, None, f"The budgets cannot be read: {error.errors[0]['detail']}")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(
            name, body[: error.start].count(b"\n") + 1, f"Not UTF-8: byte {error.start} is {body[error.start]:#04x}."
        )
    if not text.strip():
        refuse(name, None, "The file is empty; `layercalc init` writes one.")
    return parsed(name, text)


def parsed(name: str, text: str) -> Source:
    """The source of a text."""
    if len(text) > MAX_CHARACTERS:
        refuse(name, None, f"The file has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read.")
    tabs = text.replace("\t", " ") if looks_like_json(text) else text  # JSON takes tabs, which YAML does not
    try:
        loader = Loader(tabs)
        loader.name = name
        node = loader.get_single_node()
        reading = Reading(name, loader)
        content = None if node is None else reading.value(node, "", None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        refuse(name, mark.line + 1 if mark else None, f"Neither YAML nor JSON: {problem(error)}.")
    except InvalidBudgets:
        raise
    except RecursionError:
        refuse(name, None, "It is nested too deeply, or contains itself by an alias.")
    except (yaml.YAMLError, ValueError) as error:
        refuse(name, None, f"Neither YAML nor JSON: {' '.join(str(error).split())}.")
    if node is None:
        refuse(name, None, "The file has comments and nothing else; `layercalc init` writes one.")
    return Source(name, text, content, reading.spots)


def problem(error: yaml.MarkedYAMLError) -> str:
    """What PyYAML found, in its words or in clearer ones."""
    said = " ".join(str(error.problem or error.context).split())
    if "'\\t'" in said:
        return "a tab stands where YAML takes spaces"
    if "single document" in str(error.context or ""):
        return "a second document begins (---) where one is expected"
    return f"{error.context} {said}" if error.context and error.problem else said


def refuse(name: str, line: int | None, detail: str) -> NoReturn:
    raise InvalidBudgets([{"file": name, **({} if line is None else {"line": line}), "detail": detail}])


class Loader(yaml.SafeLoader):
    """PyYAML's, which ends where a file has more keys and values than may be read."""

    composed = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.composed += 1
        if self.composed > 2 * MAX_VALUES:
            refuse(self.name, self.line + 1, f"It has more than {2 * MAX_VALUES:,} keys and values.")
        return super().compose_node(parent, index)


class Reading:
    """The values of a tree of YAML nodes, and their spots."""

    def __init__(self, name: str, loader: yaml.SafeLoader):
        self.name, self.loader = name, loader
        self.spots: dict[str, Spot] = {}
        self.seen = 0

    def value(self, node: yaml.Node, at: str, key: yaml.Node | None) -> Any:
        line = (key or node).start_mark.line + 1
        self.seen += 1
        if self.seen > MAX_VALUES:
            refuse(self.name, line, f"With its aliases expanded it has more than {MAX_VALUES:,} values.")
        self.spots[at] = Spot(line, node.start_mark.index, node.end_mark.index)
        if isinstance(node, yaml.ScalarNode):
            if len(node.value) > LONGEST_NUMBER:
                return node.value
            value = self.loader.construct_object(node)
            return value if isinstance(value, PLAIN) else node.value
        if not node.tag.startswith(STANDARD) or node.tag.removeprefix(STANDARD) not in ("map", "seq"):
            refuse(self.name, line, f"The tag {node.tag.replace(STANDARD, '!!')} is not taken here.")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, f"{at}/{index}", None) for index, one in enumerate(node.value)]
        return self.mapping(node, at)

    def mapping(self, node: yaml.Node, at: str) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, one in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                refuse(self.name, line, "Expected a name as a key.")
            if key.tag == f"{STANDARD}merge":
                for part in one.value if isinstance(one, yaml.SequenceNode) else [one]:
                    if not isinstance(part, yaml.MappingNode):
                        refuse(self.name, line, "Expected a mapping to merge after `<<`.")
                    for name, value in self.value(part, at, key).items():
                        merged.setdefault(name, value)  # what is merged first goes before
                continue
            if key.value in lines:
                refuse(
                    self.name,
                    line,
                    f"The key {key.value!r} is here a second time; the first is in line {lines[key.value]}.",
                )
            lines[key.value] = line
        self.spots[at] = Spot(node.start_mark.line + 1, node.start_mark.index, node.end_mark.index)
        for key, one in node.value:
            if key.tag != f"{STANDARD}merge":
                own[key.value] = self.value(one, f"{at}/{escape(key.value)}", key)
        return merged | own
