"""A document with placeholders: `{"$": "2*w"}` where a value varies, `{"repeat": n, "layers": […]}` for depth."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.environment import setting
from layercalc.errors import InvalidModel, Tokens, pointer
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.placeholders import LAYERS, MARK, REPEAT, is_placeholder, is_repeat
from layercalc.sweeps.expressions import Expression, InvalidExpression, evaluated, parsed
from layercalc.wording import received, whole

MOST_REPEATED = 100_000  # items of a list that is repeated, in one document


class Placeholder(NamedTuple):
    """An expression and where it stands."""

    expression: Expression
    path: Tokens


class Unfilled(InvalidModel):
    """A placeholder that has no value for a candidate."""


class Template:
    """A document, or the options beside it, with its placeholders found; InvalidModel with every fault."""

    def __init__(self, document: Any, path: Tokens = ()):
        self.document, self.path = document, path
        self.placeholders: dict[int, Placeholder] = {}  # by the id of the object in the document
        self.open: set[int] = set()  # lists and objects with placeholders or repetition in them
        self.faults: list[dict[str, Any]] = []
        try:
            self.look(document, path)
        except RecursionError:
            raise InvalidModel([{"pointer": pointer(*path), "detail": "The document is nested too deeply."}]) from None
        if self.faults:
            raise InvalidModel(self.faults)

    @property
    def names(self) -> dict[str, Tokens]:
        """The names in the expressions, and where each stands first."""
        found: dict[str, Tokens] = {}
        for one in self.placeholders.values():
            for name in sorted(one.expression.names):
                found.setdefault(name, one.path)
        return found

    def look(self, value: Any, path: Tokens) -> bool:
        """Find what is open in a value; whether there is something."""
        if is_placeholder(value):
            self.placeholder(value, path)
        elif isinstance(value, dict):
            found = [self.look(one, (*path, key)) for key, one in value.items()]
            if not any(found) and not is_repeat(value):
                return False
        elif isinstance(value, list | tuple):
            found = [self.look(one, (*path, place)) for place, one in enumerate(value)]  # all of them
            if not any(found):
                return False
        else:
            return False
        self.open.add(id(value))
        return True

    def placeholder(self, value: dict[str, Any], path: Tokens) -> None:
        deadline.check()
        if len(value) > 1:
            told = f"A placeholder is {{{MARK!r}: expression}} and nothing beside; received {received(value)}."
            self.faults.append({"pointer": pointer(*path), "detail": told})
            return
        try:
            self.placeholders[id(value)] = Placeholder(parsed(value[MARK]), path)
        except InvalidExpression as error:
            self.faults.append({"pointer": pointer(*path, MARK), "detail": str(error)})

    def filled(self, values: Mapping[str, Any], limits: Limits = UNLIMITED) -> tuple[Any, "Origins"]:
        """The document of a candidate, or of many with columns in it, and where what was repeated stood."""
        filling = Filling(self, values, min(limits.max_layers, MOST_REPEATED))
        return filling.of(self.document, self.path, self.path), filling.origins


def listed(value: Any) -> Sequence[Any]:
    """A list, or nothing."""
    return value if isinstance(value, list | tuple) else ()


def renamed(item: Any, names: Mapping[str, str], known: Mapping[str, str]) -> Any:
    """A layer under the name of its copy, taking what it names from the copies that are `known`."""
    if not isinstance(item, dict) or not known:
        return item
    out = dict(item)
    if isinstance(name := item.get("name"), str):
        out["name"] = names.get(name, name)
    if "inputs" in item:
        out["inputs"] = referring(item["inputs"], known)
    return out


def referring(value: Any, known: Mapping[str, str]) -> Any:
    """References, `a` or `a:1`, to the copies of what they name."""
    if isinstance(value, dict):
        return {key: referring(one, known) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [referring(one, known) for one in value]
    if not isinstance(value, str) or value in known:
        return known.get(value, value) if isinstance(value, str) else value
    name, colon, output = value.rpartition(":")
    return f"{known[name]}:{output}" if colon and name in known else value


class Origins(dict[Tokens, Tokens]):
    """Where in the template stands what was repeated in the document."""

    def located(self, where: str) -> str:
        """A pointer into the document as one into the template."""
        if not self:
            return where
        tokens = tuple(where.split("/")[1:])
        known = {tuple(map(str, one)): origin for one, origin in self.items()}
        for length in range(len(tokens), 0, -1):
            if (origin := known.get(tokens[:length])) is not None:
                return pointer(*origin) + "".join(f"/{token}" for token in tokens[length:])
        return where


class Filling:
    """Values put into a template."""

    def __init__(self, template: Template, values: Mapping[str, Any], most: int):
        self.template, self.values, self.most = template, values, most
        self.copies = 0
        self.origins = Origins()

    def of(self, value: Any, path: Tokens, origin: Tokens) -> Any:
        """A value of the template with its placeholders filled; it stands at `path` now and at `origin` there."""
        if id(value) not in self.template.open:
            return value
        if (placeholder := self.template.placeholders.get(id(value))) is not None:
            deadline.check()
            try:
                return evaluated(placeholder.expression, self.values)
            except InvalidExpression as error:
                raise Unfilled([{"pointer": pointer(*origin), "detail": str(error)}]) from None
        if isinstance(value, dict):
            if any(map(is_repeat, listed(value.get(LAYERS)))):
                return self.stack(value, path, origin)
            return {key: self.of(one, (*path, key), (*origin, key)) for key, one in value.items()}
        return [self.of(one, (*path, place), (*origin, place)) for place, one in enumerate(value)]

    def stack(self, value: dict[str, Any], path: Tokens, origin: Tokens) -> dict[str, Any]:
        """An object in whose layers some are to be repeated."""
        filled = {key: self.of(one, (*path, key), (*origin, key)) for key, one in value.items() if key != LAYERS}
        layers, last = self.spliced(value[LAYERS], (*path, LAYERS), 0, (*origin, LAYERS))
        if "outputs" in filled:
            filled["outputs"] = referring(filled["outputs"], last)
        return {key: layers if key == LAYERS else filled[key] for key in value}

    def spliced(self, items: Any, path: Tokens, start: int, origin: Tokens) -> tuple[list[Any], dict[str, str]]:
        """A list in which what is to be repeated stands as often as it says; the last copy of each name in that."""
        out: list[Any] = []
        last: dict[str, str] = {}
        for place, item in enumerate(items):
            at: Tokens = (*origin, place)
            if not is_repeat(item):
                here: Tokens = (*path, start + len(out))
                if here != at:
                    self.origins[here] = at
                out.append(renamed(self.of(item, here, at), {}, last))
                continue
            times, layers = self.times(item, at), item[LAYERS]
            if not listed(layers):
                detail = f"Expected a list of at least one layer; received {received(layers)}."
                raise Unfilled([{"pointer": pointer(*at, LAYERS), "detail": detail}])
            if (found := start + len(out) + times * len(layers)) > self.most:
                told = f"{found:,} layers; the limit is {self.most:,} ({setting('max_layers')})."
                raise Unfilled([{"pointer": pointer(*at, REPEAT), "detail": told}])
            for copy in range(1, times + 1):
                deadline.check()
                self.copies += 1
                if self.copies > self.most:
                    told = f"More than {self.most:,} copies; the limit is that of layers ({setting('max_layers')})."
                    raise Unfilled([{"pointer": pointer(*at, REPEAT), "detail": told}])
                inner, _ = self.spliced(layers, path, start + len(out), (*at, LAYERS))
                own = [one["name"] for one in inner if isinstance(one, dict) and isinstance(one.get("name"), str)]
                mine = {name: name if copy == 1 else f"{name}_{copy}" for name in own}
                out += [renamed(one, mine, last | mine) for one in inner]
                last |= mine
        return out, last

    def times(self, item: dict[str, Any], at: Tokens) -> int:
        """How often a list is to be repeated."""
        found = self.of(item[REPEAT], (), (*at, REPEAT))
        for key in item:
            if key not in (REPEAT, LAYERS):
                detail = f"There is no key {key!r} beside {REPEAT!r} and {LAYERS!r}."
                raise Unfilled([{"pointer": pointer(*at, key), "detail": detail}])
        if not whole(found, 0):
            detail = f"Expected an integer of at least 0; received {received(found)}."
            raise Unfilled([{"pointer": pointer(*at, REPEAT), "detail": detail}])
        return int(found)
