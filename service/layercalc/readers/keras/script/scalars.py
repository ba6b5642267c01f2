"""Functions of tensors called on plain numbers: `tf.math.sqrt(tf.cast(8, tf.float32))`.

What they give is a tensor of no axes, of which Python makes no size: its arithmetic is in single precision.
"""

import math
import operator
import struct
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import Opaque
from layercalc.readers.script.modules.arrays import array, is_array
from layercalc.readers.script.values import Float64, Int64

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

NUMBERS = (int, float, Int64, Float64)
OF_ONE = {"sqrt": math.sqrt, "exp": math.exp, "log": math.log, "abs": abs, "square": lambda x: x * x}
OF_TWO = {
    "maximum": max, "minimum": min, "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
    "less": operator.lt, "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "equal": operator.eq, "not_equal": operator.ne,
}  # fmt: skip


def number(names: "KerasNames", value: Any) -> Any:
    """The number of a tensor of no axes, where it is known; any other value as it is."""
    if is_array(names.machine, value) and value.attrs["shape"] == ():
        held = value.attrs["_values"]
        return held[0] if type(held) is list and not names.machine.spoilt(held) else value
    return value


def spaced(names: "KerasNames", start: Any, stop: Any, count: int, at: Any) -> list[float]:
    """The numbers of linspace in single precision, both ends exact."""
    names.machine.meter.elements(count, at)
    step = (stop - start) / max(count - 1, 1)
    exact = [stop if i and i == count - 1 else start + step * i for i in range(count)]
    return [struct.unpack("f", struct.pack("f", one))[0] for one in exact]


def computed(names: "KerasNames", name: str, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """What a function gives of numbers; unknown where it is no such function, None where they are no numbers."""
    found = [number(names, one) for one in args]
    if name == "cast" and found and type(found[0]) in (bool, *NUMBERS):
        dtype = found[1] if len(found) > 1 else kwargs.get("dtype")
        if type(dtype) is not str:
            return Opaque("", at)
        if dtype == "bool":
            return array(names.machine, (), [bool(found[0])], at)
        return array(names.machine, (), [float(found[0]) if "float" in dtype else int(found[0])], at)
    if not found or not all(type(one) in NUMBERS and abs(one) < 1e9 for one in found):
        return None
    if name == "linspace" and len(found) == 3 and type(found[2]) in (int, Int64) and found[2] >= 0 and not kwargs:
        return array(names.machine, (int(found[2]),), spaced(names, found[0], found[1], int(found[2]), at), at)
    table: dict[str, Any] = OF_ONE if len(found) == 1 else OF_TWO if len(found) == 2 else {}
    if name not in table or kwargs:
        return Opaque("", at)
    try:
        return array(names.machine, (), [table[name](*found)], at)
    except (ValueError, OverflowError):
        return Opaque("", at)
