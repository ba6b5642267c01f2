"""A model in the making: what every reader fills, and what all forms of a document have in common."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from layercalc import deadline
from layercalc.cache import STORE
from layercalc.errors import MAX_FAULTS, Offer
from layercalc.layers import ConfigError, Layer, Vocabulary, build
from layercalc.layers.base import Identity
from layercalc.locations import JsonLocation, Location, mendable
from layercalc.model import INPUTS, Call, Container, Input, Model, Ref
from layercalc.ops import BYTES, STRING
from layercalc.wording import nearest_name, received

LOOK = 16  # calls between looks at the clock
EXACTLY = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
LAYER_BYTES = 3_000  # about what a layer takes beside its config


class Source(NamedTuple):
    """A tensor as a document names it: a layer or input, which use of it (from 1), and which output."""

    name: str
    use: int = 1
    output: int = 0


new = tuple.__new__  # a named tuple of values that are at hand, in half the time
NOTHING: tuple[Any, Layer | None] = (None, None)


class Marked(Exception):  # noqa: N818
    """A document has marks that its reader has not seen to."""


class Builder:
    """Collects inputs, calls, faults and warnings; `finish` links the names and gives the model."""

    def __init__(self, name: str, form: str, vocabulary: Vocabulary, memo: dict[Any, Any] | None = None):
        self.name, self.form, self.vocabulary = name, form, vocabulary
        self.inputs: list[Input] = []
        self.calls: list[Call] = []
        self.again: list[Call] = []  # those of a layer that was called before
        self.links: list[tuple[tuple[Source, ...], dict[str, Source | tuple[Source, ...]]]] = []
        self.faults: list[dict[str, Any]] = []
        self.gaps = 0  # how many of them leave out a layer and nothing beside it
        self.warnings: list[dict[str, Any]] = []
        self.of_passes: list[dict[str, Any]] = []  # warnings that bear on forward passes alone
        self.taken: set[str] = set()
        self.counters: dict[str, int] = {}
        self.memo = {} if memo is None else memo
        self.as_sent = True  # whether configs are what was sent, or translations of it
        self.plain = False  # whether the document is taken to need no second look
        self.unmarked = b""  # what no config may hold that is read: `Marked` is raised where one does

    def fault(self, where: dict[str, Any], detail: str) -> None:
        deadline.check()
        self.faults.append({**where, "detail": detail})

    def left_out(self, where: dict[str, Any], detail: str) -> None:
        """A fault of a layer that is not described: all that does not depend on it stands."""
        self.gaps += 1
        self.fault(where, detail)

    def warn(self, where: dict[str, Any], detail: str) -> None:
        self.warnings.append({**where, "detail": detail})

    def layer(self, kind: type[Layer], config: dict[str, Any], location: Location) -> Layer | None:
        """The layer of a config, its faults and warnings noted; equal configs share one layer."""
        try:
            text = orjson.dumps(config, None, EXACTLY)
        except TypeError:
            text = b""  # of what JSON cannot hold
        if self.unmarked and self.unmarked in text:
            raise Marked
        known, made = self.memo.get((kind, text), NOTHING)
        try:
            if made is None or known != config:  # null is what JSON says of nan, too
                made = self.built(kind, config, text)
                if text:
                    self.memo[kind, bytes(memoryview(text))] = config, made  # without the room that was left behind it
        except ConfigError as error:
            for path, detail in error.faults:
                self.fault(mendable(location, path, detail), str(detail))
            return None
        for path, detail in made.notes:
            self.warn(location.at(path), detail)
        return made

    def built(self, kind: type[Layer], config: dict[str, Any], text: bytes) -> Layer:
        """The layer of a config, from an earlier request if one like it was there; `text` is the config as JSON.

        Its traces are kept from then on: of most layers that nobody asked for before there is no second request.
        """
        store = STORE.get()
        if store is None or not text:
            return build(kind, config)
        known, made = store.layers.get((kind, text)) or NOTHING
        if made is None or known != config:
            made = build(kind, config)
            store.layers.put((kind, bytes(memoryview(text))), (config, made), LAYER_BYTES + 10 * len(text))
        else:
            made.lasting = True
        return made

    def kind(self, name: Any, location: Location, key: str) -> type[Layer] | None:
        """The layer type of that name, or a fault at the config key that names it."""
        try:
            return self.vocabulary.find(name)
        except ConfigError as error:
            detail = error.faults[0][1]
            self.left_out(mendable(location, (key,), detail) if key else location.at(), str(detail))
            return None

    def reserve(self, name: Any, location: Location) -> bool:
        """Take a name that the document gives; a name that is none, or is taken, is a fault."""
        if not isinstance(name, str) or not name or ("/" in name and self.form == "stack"):
            self.fault(location.at(("name",)), f"Expected a name, a string without '/'; received {received(name)}.")
        elif name in self.taken:
            detail = f"There is a layer or input called {name[:80]!r} already; names are unique."
            self.fault(location.at(("name",)), detail)
        else:
            self.taken.add(name)
            return True
        return False

    def named(self, kind: str) -> str:
        """The vocabulary's name for the next unnamed layer of a type, with a counter that skips taken names."""
        base = self.vocabulary.unnamed(kind)
        count = self.counters.get(base, 0)
        while (name := f"{base}_{count}" if count else base) in self.taken:
            count += 1
        self.counters[base] = count + 1
        self.taken.add(name)
        return name

    def add_input(self, name: str, shape: tuple[int | str | None, ...] | None, dtype: str, location: Location) -> None:
        self.inputs.append(Input(name, shape, dtype, location))
        if dtype == STRING:
            self.warn(location.at(), f"{name!r} holds strings: their memory is counted as {BYTES[STRING]} bytes each")

    def add_call(
        self,
        name: str,
        layer: Layer | None,
        inputs: Iterable[Source],
        location: Location,
        named: dict[str, Any] | None = None,
        use: int = 1,
        identity: Identity | None = None,
        output_names: tuple[str, ...] = (),
        module: str = "",
        around: tuple[Container, ...] = (),
    ) -> None:
        if not len(self.calls) % LOOK:
            deadline.check()
        call = Call(name, use, layer, location, (), {}, identity, output_names, module, around)
        self.calls.append(call)
        if use > 1:
            self.again.append(call)
        self.links.append((tuple(inputs), named or {}))

    def finish(self, outputs: Sequence[tuple[Source, tuple[Location, str]]]) -> Model:
        """Resolve every name; unknown names and cycles are faults."""
        index = {Source(one.name): Ref(INPUTS, i) for i, one in enumerate(self.inputs)}  # of first outputs
        index |= {new(Source, (call.name, call.use, 0)): new(Ref, (i, 0)) for i, call in enumerate(self.calls)}
        for call in self.again:
            if (again := f"{call.name}@{call.use}") in self.taken:
                self.fault(
                    call.location.at(("name",)), f"{again!r} is the name of another layer and of a use of this one."
                )

        def resolve(source: Source, location: Location, key: str) -> Ref | None:
            ref = index.get(Source(source.name, source.use))
            if ref is None:
                self.unknown(source, index, location, key)
                return None
            if ref.source == INPUTS and source.output > 0:
                self.fault(
                    location.at((key,)), f"The input {source.name!r} has 1 output; there is no output {source.output}."
                )
                return None
            return Ref(ref.source, source.output) if source.output and ref.source != INPUTS else ref

        if len(self.inputs) == 1 and self.inputs[0].shape is None and self.calls:
            first = self.calls[0].layer
            if isinstance(first, Model) and first.inputs:  # a model inside, in front, may name the shape
                self.inputs[0].shape = first.inputs[0].shape
        for call, (inputs, named) in zip(self.calls, self.links, strict=True):
            found_at = tuple(map(index.get, inputs))
            if not named and None not in found_at:  # as most are
                call.inputs = found_at  # type: ignore[assignment]
                continue
            refs = [resolve(source, call.location, "inputs") for source in inputs]
            by_name: dict[str, Any] = {}
            for key, value in named.items():
                found = (
                    resolve(value, call.location, "inputs")
                    if isinstance(value, Source)
                    else tuple(resolve(one, call.location, "inputs") for one in value)
                )
                if found is None or (not isinstance(found, Ref) and None in found):
                    refs.append(None)
                else:
                    by_name[key] = found
            if None in refs:
                call.layer = None
            else:
                call.inputs, call.named = tuple(refs), by_name  # type: ignore[arg-type]  # none is None
        self.memo, self.links = {}, []  # a model may be held for long
        ends = [resolve(source, location, key) for source, (location, key) in outputs]
        known = [(ref, location) for ref, (_, (location, _)) in zip(ends, outputs, strict=True) if ref is not None]
        locations = [location for _, location in known]
        model = Model(self.name, self.form, self.inputs, self.calls, [ref for ref, _ in known], locations)
        model.of_vocabulary, model.reads_values = self.vocabulary, self.vocabulary.reads_values
        model.keeps_dtypes = self.vocabulary.keeps_dtypes
        if model.stuck:
            names = ", ".join(repr(self.calls[i].name) for i in model.stuck[:5])
            self.fault(self.calls[model.stuck[0]].location.at(("inputs",)), f"A cycle: {names} wait for each other.")
        return model

    def unknown(self, source: Source, index: Iterable[Source], location: Location, key: str) -> None:
        """The fault of a name that no layer or input has, with the nearest of those that there are."""
        names = [one.name for one in index]
        near = nearest_name(source.name, names) if len(self.faults) < MAX_FAULTS else None
        which = f"use {source.use} of {source.name!r}" if source.name in names else repr(source.name)
        hint = "" if near is None else f" Did you mean {near!r}?"
        self.fault(referring(location, key, source, near), f"There is no layer or input {which}.{hint}")


def referring(location: Location, key: str, source: Source, near: str | None) -> dict[str, Any]:
    """Where a layer names a tensor that there is not, and the change to the name that is near, if one place has it."""
    where = location.at((key,))
    if near is None or not isinstance(location, JsonLocation) or source.use != 1:
        return where
    if not key:  # the name itself
        return {**where, "fix": {**where, "value": near}} if not source.output else where
    named = [path for path, one in texts(location.config.get(key), (key,)) if one == source.name]
    return {**where, "fix": location.fix(named[0], Offer("", near))} if len(named) == 1 else where


def texts(value: Any, path: tuple[object, ...]) -> Iterator[tuple[tuple[object, ...], str]]:
    """The texts in a value of JSON, or in the lists and objects of it, with their paths."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list | dict):
        for token, one in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(one, str):
                yield (*path, token), one
            elif isinstance(one, list):
                yield from (((*path, token, at), each) for at, each in enumerate(one) if isinstance(each, str))


def bound(kind: type[Layer], positional: list[Source], named: dict[str, Any]) -> tuple[list[Source], dict[str, Any]]:
    """Call arguments sorted into those by position and those by name, as the layer's `call` lists them.

    Keras calls the only tensor of most layers `inputs`, so that name is understood everywhere.
    """
    if not named:
        return positional, named
    names, rest = kind.positional, dict(named)
    out = list(positional)
    if not out and "inputs" in rest:
        given = rest.pop("inputs")
        out.extend([given] if isinstance(given, Source) else given)
    while len(out) < len(names) and names[len(out)] in rest and isinstance(rest[names[len(out)]], Source):
        if names[len(out)] in ("mask", "initial_state"):
            break
        out.append(rest.pop(names[len(out)]))
    return out, rest
