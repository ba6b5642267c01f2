"""KerasTuner's HyperParameters: each one is what a first build uses, its default; said in a warning."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.script.modules.arrays import Args, Kwargs
from layercalc.readers.script.modules.system import UNKNOWN, build
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

DEFAULTS = "The hyperparameters are taken to be their defaults, as a first build has them."
PARAMETERS = {  # of each kind, what may be given by position, behind the name
    "Int": ("min_value", "max_value", "step", "sampling", "default"),
    "Float": ("min_value", "max_value", "step", "sampling", "default"),
    "Choice": ("values", "ordered", "default"),
    "Boolean": ("default",),
    "Fixed": ("value",),
}


def default_of(m: "Machine", kind: str, told: Kwargs) -> Any:
    """The value of a hyperparameter that nobody has set, with the arguments that it was defined by."""
    if told.get("default") is not None:
        return told["default"]
    if kind == "Choice":
        values = m.listed(told["values"], None)
        return None if None in values else values[0]
    return told["value"] if kind == "Fixed" else False if kind == "Boolean" else told["min_value"]


def hyperparameter(kind: str) -> Native:
    """`hp.Int("units", 32, 512, step=32)`; a name that is known already keeps what it is."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        own, *given = args
        told = dict(zip(("name", *PARAMETERS[kind]), given, strict=False)) | kwargs
        name, values = told["name"], own.attrs["values"]
        m.known(own.attrs, name, values)
        if set(told) - {"name", *PARAMETERS[kind]}:  # one that is active only where others have certain values
            return Opaque("", at)
        m.changing(values)
        m.meter.hold(200, at)
        return values.setdefault(name, default_of(m, kind, told))

    return Native(kind, run)


def value_of(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """`hp.get("units")`."""
    own, name = args
    m.known(own.attrs, name, own.attrs["values"])
    return own.attrs["values"].get(name, Opaque("", at))


MEMBERS: dict[str, Any] = {kind: hyperparameter(kind) for kind in PARAMETERS}
MEMBERS |= {"get": Native("get", value_of), "__getattr__": UNKNOWN}


def hyperparameters(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """`HyperParameters()`."""
    m.warn(at, DEFAULTS)
    made = build(m, "HyperParameters", MEMBERS)
    made.attrs["values"] = {}
    return made


TUNING: dict[str, Any] = {"HyperParameters": Native("HyperParameters", hyperparameters)}
