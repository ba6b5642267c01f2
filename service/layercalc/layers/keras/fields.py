"""Fields that only Keras' layers have."""

from typing import Any

from layercalc.layers.array_fields import MAX_DEPTH, Numbers
from layercalc.layers.fields import Choice, Field

POLICIES = {
    **{name: (name, name) for name in ("float16", "bfloat16", "float32", "float64")},
    "mixed_float16": ("float16", "float32"),
    "mixed_bfloat16": ("bfloat16", "float32"),
    **{name: (name, name) for name in ("int8", "uint8", "int16", "int32", "int64", "bool")},
}


class DataFormat(Choice):
    """Where the channels stand; Keras' null is its default, channels_last."""

    def __init__(self) -> None:
        super().__init__(("channels_last", "channels_first"), None)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:
        return super().deserialize(value, attr, data) or "channels_last"


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


class Dtype(Field):
    """A dtype or a dtype policy, by name or as Keras serialises it; loads as (compute dtype, variable dtype)."""

    def __init__(self) -> None:
        super().__init__(None)

    def expects(self) -> str:
        return "a dtype or policy, one of " + ", ".join(POLICIES)

    def schema_of(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(POLICIES)}, {"type": "object"}]}

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:
        return super().deserialize(value, attr, data) or POLICIES["float32"]

    def read(self, value: Any, name: str) -> tuple[str, str]:
        policy = value
        if isinstance(value, dict):
            config = value.get("config")
            policy = config.get("name") if isinstance(config, dict) else None
            if "Quantized" in str(value.get("class_name")):
                raise self.refuse(value, "Quantised policies are not supported.")
        if not isinstance(policy, str) or policy not in POLICIES:
            quantised = isinstance(policy, str) and "from" in policy
            raise self.refuse(policy or value, "Quantised policies are not supported." if quantised else "")
        return POLICIES[policy]


class Window(Numbers):
    """A window by its name in SciPy, or its numbers."""

    def expects(self) -> str:
        return "the name of a window, null, or a list of numbers"

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["string", "array", "number"], "items": {}}

    def read(self, value: Any, name: str, depth: int = MAX_DEPTH) -> Any:
        return value if isinstance(value, str) else super().read(value, name, depth)
