"""Fields that only Keras' layers have."""

import re
from collections.abc import Iterable
from typing import Any

from layercalc.layers.array_fields import MAX_DEPTH, Numbers
from layercalc.layers.fields import Choice, Field
from layercalc.ops import FLOATS
from layercalc.wording import whole

POLICIES = {
    **{name: (name, name) for name in ("float16", "bfloat16", "float32", "float64")},
    "mixed_float16": ("float16", "float32"),
    "mixed_bfloat16": ("bfloat16", "float32"),
    **{name: (name, name) for name in ("int8", "uint8", "int16", "int32", "int64", "bool")},
}


class DataFormat(Choice):
    """Where the channels stand; Keras' null is its default, channels_last."""

    of_null = "channels_last"

    def __init__(self) -> None:
        super().__init__(("channels_last", "channels_first"), None)


class TrainingOnly(Field):
    """What acts in training only (regularizers, constraints): Keras' own object or name, kept out of everything."""

    def __init__(self, default: Any = None) -> None:
        super().__init__(default, null=True)

    def expects(self) -> str:
        return "null, a name, or a serialised Keras object"

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["string", "object"]}

    def read(self, value: Any, name: str) -> Any:
        if not isinstance(value, str | dict):
            raise self.refuse(value)
        return None


class Quantised(tuple[str, str]):
    """A quantised policy: the dtypes as of any policy, and how kernels are stored.

    `group` is how many integers share a scale (None: all of a column), `bits` what each has, `history` how many largest
    numbers float8 keeps.
    """

    mode: str
    group: int | None
    bits: int | None
    history: int

    def __new__(
        cls, dtypes: tuple[str, str], mode: str, group: int | None = None, bits: int | None = None, history: int = 1024
    ) -> "Quantised":
        made = super().__new__(cls, dtypes)
        made.mode, made.group, made.bits, made.history = mode, None if group == -1 else group, bits, history
        return made

    def __eq__(self, other: object) -> bool:
        """A plain policy of the same dtypes is another one."""
        return isinstance(other, Quantised) and (*self,) == (*other,) and vars(self) == vars(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((*self, *vars(self).values()))

    def of(self, group: int | None, bits: int | None) -> "Quantised":
        return Quantised((self[0], self[1]), self.mode, group, bits or self.bits, self.history)


QUANTISED = (
    r"(?:int8|int4(?:/(?:-1|[1-9]\d{0,17}))?|float8|gptq/[2348]/(?:-1|[1-9]\d{0,17})|awq/4/(?:-1|[1-9]\d{0,17}))"
)
FROM = re.compile(rf"({QUANTISED})_from_([a-z0-9_]+)")


class Dtype(Field):
    """A dtype or a dtype policy, by name or as Keras serialises it; loads as (compute dtype, variable dtype)."""

    of_null = POLICIES["float32"]

    def __init__(self) -> None:
        super().__init__(None)

    def expects(self) -> str:
        return f"a dtype or policy, one of {', '.join(POLICIES)}, or a quantised one such as int8_from_float32"

    def words(self) -> Iterable[str]:
        return POLICIES

    def schema_of(self) -> dict[str, Any]:
        pattern = {"type": "string", "pattern": "_from_"}
        return {"anyOf": [{"enum": list(POLICIES)}, pattern, {"type": "object"}]}

    def read(self, value: Any, name: str) -> tuple[str, str]:
        policy: Any = value
        config: dict[str, Any] = {}
        if isinstance(value, dict):
            config = value["config"] if isinstance(value.get("config"), dict) else {}
            policy = f"{config['mode']}_from_{config.get('source_name')}" if "mode" in config else config.get("name")
        if isinstance(policy, str) and policy in POLICIES:
            return POLICIES[policy]
        found = FROM.fullmatch(policy) if isinstance(policy, str) else None
        history = config.get("amax_history_length", 1024)
        if found is None or POLICIES.get(found[2], ("",))[0] not in FLOATS or not whole(history, 0):
            raise self.refuse(value if policy is None else policy)
        if found[1] == "int8" and POLICIES[found[2]][0] == "float16":
            raise self.refuse(policy, "Keras quantises nothing that computes in float16 to int8.")
        mode, *sizes = found[1].split("/")
        numbers = [int(one) for one in sizes]
        group, bits = (numbers[-1] if numbers else None), numbers[0] if len(numbers) == 2 else None
        return Quantised(POLICIES[found[2]], mode, group, bits, history)


class Window(Numbers):
    """A window by its name in SciPy, or its numbers."""

    def expects(self) -> str:
        return "the name of a window, null, or a list of numbers"

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["string", "array", "number"], "items": {}}

    def read(self, value: Any, name: str, depth: int = MAX_DEPTH) -> Any:
        return value if isinstance(value, str) else super().read(value, name, depth)
