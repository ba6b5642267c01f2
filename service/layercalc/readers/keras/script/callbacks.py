"""What training may call: callbacks, losses, batches of the text's own, which have the model at hand from then on."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script import subclassed
from layercalc.readers.keras.script.scan import changes_model, held_by, methods_in, methods_of
from layercalc.readers.keras.script.values import OwnObject
from layercalc.readers.script import Instance, Opaque
from layercalc.readers.script.calls import belongs, functions_in
from layercalc.readers.script.spoil import escape
from layercalc.readers.script.values import Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def given_to(names: "KerasNames", model: Any, values: list[Any], at: Any, callbacks: Any = None) -> None:
    """Functions and callbacks that a method of a model may call, which have the model at hand from then on."""
    machine = names.machine
    reason = machine.reason(at, "a callback")
    for one in held_by(callbacks):
        told(names, one, model, at)
    objects = [one for one in held_by(values) if type(one) is Instance]
    for one in objects:
        for method in methods_of(one):
            belongs(machine, method, [one])
            if method.name != "set_model":
                escape(machine, method, reason)
    parts = {label for _, label in subclassed.tracked(names, model).values()} if isinstance(model, OwnObject) else ()
    others = [one for one in held_by(values) if type(one) is not Instance]
    for one in [*functions_in(others), *methods_in(values)]:
        if one.owner is not None and changes_model(machine.nodes_of(one.node), parts):
            machine.touch([model], reason)
        escape(machine, one, reason)


def told(names: "KerasNames", one: Any, model: Any, at: Any) -> None:
    """Keras tells a callback its model."""
    machine = names.machine
    if type(one) is Opaque:
        one.holds = (*one.holds, model)
        machine.harmless.clear()
    elif type(one) is Instance and type(own := one.cls.find("set_model")) is Function:
        machine.call(own, [one, names.shown(model)], {}, at)
    elif type(one) is Instance:
        machine.changing(one.attrs)
        one.attrs["model"] = names.shown(model)
