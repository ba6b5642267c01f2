"""Layers of the text's classes by their configs: what Keras puts into one, and the layers that it makes of one."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.values import Kind, OwnObject
from layercalc.readers.script import MISSING, Fault, Instance, Native, Opaque
from layercalc.readers.script.values import Class, Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

OF_LAYERS = {"name", "trainable", "dtype"}  # what Keras itself puts into a config


def config_of(names: "KerasNames", instance: Instance, at: Any) -> Any:
    """`super().get_config()` of a layer that derives from Layer itself; what else a config holds is not known."""
    own = instance.core
    told = type(instance.cls.find("get_config")) is Function or not takes_more(instance.cls)
    if own.is_model or own.base is not None or own.shape is not None or not told:
        return names.unknown(at)
    name = own.name if own.sure else Opaque("", at)
    return {"name": name, "trainable": own.trainable, "dtype": own.dtype or "float32"}


def takes_more(cls: Class) -> bool:
    """Whether the `__init__` of a class has arguments of its own, which Keras 3 alone puts into a config."""
    init = cls.find("__init__")
    if type(init) is not Function:
        return init is not MISSING
    spec = init.node.args
    listed = [one.arg for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)][1:]
    return spec.vararg is not None or not OF_LAYERS.issuperset(listed)


def class_member(names: "KerasNames", cls: Class, name: str) -> Any:
    """`Mine.from_config`, where the class has none: it calls the class with the config; MISSING for other members."""
    if name != "from_config" or not isinstance(cls.foreign, Kind) or cls.opaque is not None:
        return MISSING

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        config = args[0] if args else kwargs.get("config")
        if not isinstance(config, dict) or m.spoilt(config) or cls.foreign.name != "Layer":
            return m.unknown_call(Opaque("", at, holds=(cls,)), args, kwargs, at)
        return m.call(cls, [], dict(config), at)

    return Native(name, run, (cls,))


def made_anew(names: "KerasNames", own: OwnObject, at: Any) -> OwnObject:
    """The layer that Keras makes of the config of this one, by methods of its class."""
    m, instance = names.machine, own.instance
    config = m.call(m.attribute(instance, "get_config", at), [], {}, at)
    made = m.call(m.attribute(instance.cls, "from_config", at), [config], {}, at) if isinstance(config, dict) else None
    if type(made) is not Instance or not isinstance(made.core, OwnObject):
        told = f"Keras copies {own!r} here by its config, which `get_config` of {own.title} does not tell"
        raise Fault(at, f"{told}: write that method, from super().get_config() and the arguments of __init__.")
    made.core.given = own.given
    return made.core


def check(names: "KerasNames", layers: list[Any], at: Any) -> None:
    """Refuse copies of layers of the text's classes, whose `__init__` gets the config: it may make another of it."""
    for one in layers:
        own = one if isinstance(one, OwnObject) else names.derived.get(id(one))
        if own is not None and own.instance is not None and type(own.instance.cls.find("__init__")) is Function:
            told = (
                f"Keras copies {own!r} here by its config, and __init__ of {own.title} may make another layer of that"
            )
            raise Fault(at, f"{told}; make it anew.")
