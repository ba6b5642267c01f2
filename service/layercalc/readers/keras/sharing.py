"""One object of Keras in several places of a document: a layer in a model and in a submodel of it, bare and wrapped.

Keras marks the second place and those after it with a `shared_object_id`, the first one not where it stands in the
config of another object, since that was copied before the second was met. Sources:
keras.src.saving.serialization_lib (record_object_after_serialization) and
tf_keras.src.saving.legacy.serialization (SharedObjectSavingScope).
"""

import copy
import marshal
from collections.abc import Iterator
from typing import Any

from layercalc import deadline
from layercalc.errors import Unreadable, pointer
from layercalc.layers.keras.base import KERAS
from layercalc.layers.nested import identity_of

MARK = "shared_object_id"
PLAIN = ("inbound_nodes", "build_config", "compile_config")  # where no layer stands

Item = dict[str, Any]
Path = tuple[object, ...]


def marked(document: Item, path: Path = ()) -> Item:
    """The document with the mark on the first place too, wherever an object stands in several; itself if none does.

    Unreadable where two first places would do.
    """
    names = {called(item) for item, _ in layers(document, path) if identity_of(item)}
    if not names:
        return document
    document = copy.deepcopy(document)
    known: set[str] = set()
    free: dict[bytes, list[Item]] = {}  # places without a mark, by class and config
    for item, at in layers(document, path):
        if called(item) not in names or (identity := identity_of(item)) in known:
            continue
        deadline.check()
        alike = free.setdefault(marshal.dumps((item["class_name"], unmarked(item["config"]))), [])
        if identity is None:
            alike.append(item)
            continue
        known.add(identity)
        if len(alike) > 1:
            kind, name = called(item)
            detail = f"It is one of {len(alike)} layers {kind} {name!r} before it; which, is not said: rename them."
            raise Unreadable([{"pointer": pointer(*at, MARK), "detail": detail}], status=422)
        for one in alike:
            one[MARK] = item[MARK]
        alike.clear()
    return document


def layers(value: Any, path: Path) -> Iterator[tuple[Item, Path]]:
    """Every layer and model of a document as Keras serialises them, in its order, those inside them too."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            if isinstance(one, dict | list):
                yield from layers(one, (*path, index))
    elif isinstance(value, dict):
        name = value.get("class_name")
        if isinstance(name, str) and not (KERAS.get(name) or name in KERAS.models):
            return  # an initializer or the like
        if name is not None and isinstance(value.get("config"), dict | list):
            yield value, path
        for key, one in value.items():
            if isinstance(one, dict | list) and key not in PLAIN:
                yield from layers(one, (*path, key))


def called(item: Item) -> tuple[Any, Any]:
    """The class of a layer and its name, which is one wherever the object stands."""
    config = item["config"]
    return item.get("class_name"), str(config.get("name")) if isinstance(config, dict) else None


def unmarked(value: Any) -> Any:
    """A config without marks, by which places of one object are alike."""
    if isinstance(value, dict):
        return {key: unmarked(one) for key, one in value.items() if key != MARK}
    return [unmarked(one) for one in value] if isinstance(value, list) else value
