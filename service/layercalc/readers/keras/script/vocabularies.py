"""Layers that look tokens up, as a text asks them for their vocabulary and gives them one."""

from typing import TYPE_CHECKING, Any

from layercalc.layers import ConfigError, Layer
from layercalc.layers.keras.categorical import Discretization
from layercalc.layers.keras.lookups import IndexLookup
from layercalc.layers.keras.texts import Hashing, TextVectorization
from layercalc.ops import STRING
from layercalc.readers.keras.script.arguments import plain, unknown_in
from layercalc.readers.keras.script.values import FunctionName, GraphObject, LayerObject
from layercalc.readers.script import Native, Opaque
from layercalc.readers.script.values import Bound, Class, Function, Instance

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

ADAPTED = IndexLookup, Discretization
FUNCTIONS = Function | Bound | Native | FunctionName | Instance | Class
OWN = {"class_name": "Function", "config": {}}
FOUND = "the vocabulary that adapt() finds in data"


def given(names: "KerasNames", kind: type[Layer], arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of such a layer without those that change no count: functions, and tokens that are not known."""
    if not issubclass(kind, IndexLookup):
        return arguments
    out = dict(arguments)
    for key in ("standardize", "split"):
        if isinstance(out.get(key), FUNCTIONS):
            out[key] = OWN
    places = out.get("output_mode", "int") in ("int", None) or out.get("pad_to_max_tokens") is True
    for key in ("vocabulary", "idf_weights") if places else ():
        if type(out.get(key)) is str or unknown_in(names, out.get(key)) is not None:
            del out[key]
    return out


def first_input(first: Any) -> tuple[tuple[int | None, ...] | None, str]:
    """The shape and dtype of what a layer is given that stands first in a Sequential, where its kind says so."""
    kind = first.kind if isinstance(first, LayerObject) and first.layer is None else Layer
    if issubclass(kind, TextVectorization):
        return (None,), STRING
    inverted = issubclass(kind, IndexLookup) and first.config.get("invert")
    strings = issubclass(kind, IndexLookup) and kind.token_dtype == STRING and not inverted
    return None, STRING if strings or issubclass(kind, Hashing) else "float32"


def takes_values(layer: Any) -> bool:
    """Whether it may be called on plain numbers or strings: a model, or a layer that makes numbers of strings."""
    return isinstance(layer, GraphObject) or (
        isinstance(layer, LayerObject) and issubclass(layer.kind, (*ADAPTED, Hashing))
    )


def method(names: "KerasNames", layer: Any, name: str) -> Native | None:
    """`adapt`, `get_vocabulary` and the like of a layer that looks tokens up; None for other methods and layers."""
    run = METHODS.get(name)
    if run is None or not isinstance(layer, LayerObject) or not issubclass(layer.kind, ADAPTED):
        return None
    return Native(name, lambda m, args, kwargs, at: run(names, layer, args, kwargs, at), (layer,))


def adapt(names: "KerasNames", layer: LayerObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> None:
    """`layer.adapt(data)`: a vocabulary of the data's, which is not known."""
    names.machine.risk(at)


def tokens(names: "KerasNames", layer: LayerObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`layer.get_vocabulary()`: the tokens with the mask and those out of vocabulary in front."""
    special = names.known(args[0] if args else kwargs.get("include_special_tokens", True), at)
    made: Any = built(names, layer, at)
    if made is None or made.vocabulary is None:
        names.machine.risk(at)
        return Opaque(FOUND, at)
    masked, oov = [made.mask_token] * made.masked, [made.oov_token] * made.num_oov_indices
    return [*(masked + oov if special else []), *made.tokens]


def count(names: "KerasNames", layer: LayerObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`layer.vocabulary_size()`: how many those are."""
    found = tokens(names, layer, [], {}, at)
    return len(found) if isinstance(found, list) else found


def set_tokens(names: "KerasNames", layer: LayerObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> None:
    """`layer.set_vocabulary(tokens)`."""
    names.machine.changing(layer)
    asked = dict(zip(("vocabulary", "idf_weights"), args, strict=False)) | kwargs
    kept = given(names, layer.kind, {**layer.config, **asked})
    layer.config = {key: plain(names, one, at) for key, one in kept.items()}


def built(names: "KerasNames", layer: LayerObject, at: Any) -> Layer | None:
    """The layer of its config; None where that has a fault."""
    try:
        found: Any = names.whole(layer, at)
    except ConfigError:
        return None
    return found if isinstance(found, Layer) else None


METHODS: dict[str, Any] = {
    "adapt": adapt,
    "get_vocabulary": tokens,
    "set_vocabulary": set_tokens,
    "vocab_size": count,
    "vocabulary_size": count,
}
