"""From a config to a layer: its fields in order, arguments under other names, and every fault with its path."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import marshmallow as ma

from layercalc.errors import Offer
from layercalc.layers.base import Layer
from layercalc.layers.fields import HERE, MISSING, NOTES, Field, Note, ValidationError, note
from layercalc.wording import nearest_name

FIELDS: dict[type["Layer"], dict[str, Field]] = {}
PRESETS: dict[type["Layer"], dict[str, Any]] = {}


class ConfigError(ValueError):
    """A config that makes no layer: every fault with the path of keys that leads to it."""

    def __init__(self, faults: list[tuple[tuple[object, ...], str]]):
        super().__init__(faults[0][1])
        self.faults = faults


def fields_of(kind: type[Layer]) -> dict[str, Field]:
    """The config fields of a layer type by name, in Keras' order.

    Put in order when first asked for: hundreds of types are known, and a document has few.
    """
    if kind not in FIELDS:
        FIELDS[kind] = ordered_fields(kind)
    return FIELDS[kind]


def presets_of(kind: type[Layer]) -> dict[str, Any]:
    """What a layer type has where its config says nothing; `missing` for what it has to say."""
    if kind not in PRESETS:
        PRESETS[kind] = {
            key: MISSING if field.default is ... else field.deserialize(MISSING, key)
            for key, field in fields_of(kind).items()
        }
    return PRESETS[kind]


class Reading(NamedTuple):
    """How the configs of a layer type are read."""

    fields: dict[str, Field]
    places: dict[str, int]  # of the fields in their order
    required: set[str]
    presets: dict[str, Any]
    readers: dict[str, Any]  # of values that are there


READINGS: dict[type["Layer"], Reading] = {}


def reading_of(kind: type[Layer]) -> Reading:
    """How configs of a layer type are read, found out when the first is."""
    if kind not in READINGS:
        fields, presets = fields_of(kind), presets_of(kind)
        places = {key: place for place, key in enumerate(fields)}
        required = {key for key in fields if presets[key] is MISSING}
        READINGS[kind] = Reading(fields, places, required, presets, {key: one.read for key, one in fields.items()})
    return READINGS[kind]


def ordered_fields(kind: type[Layer]) -> dict[str, Field]:
    """Those of its bases, then its own, each bound to the layer type.

    A field declared again keeps its place; several of them take each other's places in their new order.
    """
    found: dict[str, Field] = {}
    order: list[str] = []
    bases = kind.__mro__[::-1]
    for base in sorted(bases, key=lambda base: bool(vars(base).get("fields_last"))):
        own = {key: value for key, value in vars(base).items() if isinstance(value, Field)}
        own |= vars(base).get("own_fields", {})
        again = [key for key in own if key in order]
        for place, key in zip(sorted(map(order.index, again)), again, strict=True):
            order[place] = key
        order += [key for key in own if key not in found]
        found = {**own, **found} if vars(base).get("fields_last") else {**found, **own}
    bound = {"rank": kind.rank, "of_vocabulary": kind.of_vocabulary}
    ranked = type(kind.type + "Schema", (ma.Schema,), {key: found[key] for key in order} | bound)
    return ranked().fields


def build(kind: type[Layer], config: dict[str, Any]) -> Layer:
    """A layer from its config; what was read kindly is in its `notes`. ConfigError lists every fault."""
    notes: list[Note] = []
    token = NOTES.set(notes)
    try:
        config, faults, spelled = straightened(kind, config)
        reading = reading_of(kind)
        loaded = reading.presets.copy()
        wrong: list[tuple[str, ValidationError]] = []
        for key, given in config.items():
            try:
                if given is not None:
                    loaded[key] = reading.readers[key](given, key)
                elif reading.fields[key].default is not None:  # else it is preset
                    loaded[key] = reading.fields[key].deserialize(None, key, config)
            except ValidationError as error:
                wrong.append((key, error))
        if not reading.required <= config.keys():
            renamed = {detail.value for _, detail in faults if isinstance(detail, Offer)}  # stands under another name
            absent = reading.required - config.keys() - renamed
            wrong += [(key, reading.fields[key].missing(key)) for key in absent]
        for key, fault in sorted(wrong, key=lambda one: reading.places[one[0]]) if wrong else ():
            faults.extend(flattened(fault.messages, respelled((key,), spelled)))
        if faults:
            raise ConfigError(faults)
        try:
            made = kind(loaded)
        except ValidationError as error:
            path = () if error.field_name == HERE else respelled((error.field_name,), spelled)
            raise ConfigError(flattened(error.messages, path)) from None
    finally:
        NOTES.reset(token)
    if len(notes) > 1:
        notes.sort(key=lambda one: reading.places[str(one[0][0])] if one[0][0] in reading.places else -1)
    made.holds = any(map(has_notes, {*map(type, loaded.values())}))
    for at, child in made.children() if made.holds else ():
        notes.extend(((*at, *path), detail) for path, detail in child.notes)
    if notes:
        made.notes = tuple((respelled(path, spelled), detail) for path, detail in notes)
    if spelled:
        made.spelled = spelled
    return made


@cache
def has_notes(kind: type) -> bool:
    """Whether values of that type are layers, or have some."""
    return hasattr(kind, "notes")


def respelled(path: tuple[object, ...], spelled: Mapping[str, str]) -> tuple[object, ...]:
    """The path of a field under the name that the config has it by."""
    return (spelled.get(str(path[0]), path[0]), *path[1:]) if path and spelled else path


def straightened(
    kind: type[Layer], config: dict[str, Any]
) -> tuple[dict[str, Any], list[tuple[tuple[object, ...], str]], dict[str, str]]:
    """The config under today's names, a fault for each argument that has none, and the fields that had another name."""
    known = fields_of(kind)
    if config.keys() <= known.keys():
        return config, [], {}
    out: dict[str, Any] = {}
    faults: list[tuple[tuple[object, ...], str]] = []
    spelled: dict[str, str] = {}
    for key, value in config.items():
        if key in known:
            out[key] = value
            continue
        if key in kind.legacy or key in kind.of_vocabulary.ignored:
            meant = kind.legacy.get(key)
            if meant is not None and meant not in config:
                out[meant], spelled[meant] = value, key
            continue
        meanings = [name for name in kind.of_vocabulary.slips.get(key, ()) if name in known]
        meant = meanings[0] if len(meanings) == 1 else None
        if meant is not None and meant not in config:
            out[meant], spelled[meant] = value, key
            note((key,), f"{key!r} read as {meant!r}")
        elif meant is not None:
            faults.append(((key,), f"{key!r} means {meant!r}, which is given too; leave one of them out."))
        else:
            near, listed = nearest_name(str(key), list(known)), ", ".join(known)
            hint = "" if near is None else f" Did you mean {near!r}?"
            detail = f"{kind.type} has no argument {key!r}.{hint} It takes {listed}."
            faults.append(((key,), detail if near is None or near in config else Offer(detail, near, renames=True)))
    return out, faults, spelled


def flattened(messages: Any, path: tuple[object, ...]) -> list[tuple[tuple[object, ...], str]]:
    """Nested messages as (path, detail) pairs."""
    if isinstance(messages, dict):
        here = {HERE: path}
        return [fault for key, inner in messages.items() for fault in flattened(inner, here.get(key, (*path, key)))]
    details = messages if isinstance(messages, list) else [messages]
    return [(path, detail if isinstance(detail, str) else str(detail)) for detail in details]


def nested(faults: list[tuple[tuple[object, ...], str]]) -> dict[Any, Any]:
    """The opposite of `flattened`, for a field that holds a config of its own."""
    out: dict[Any, Any] = {}
    for path, detail in faults:
        at = out
        for key in path:
            at = at.setdefault(key, {})
        at.setdefault(HERE, []).append(detail)
    return out
