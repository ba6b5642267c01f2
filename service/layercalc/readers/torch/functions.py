"""Which function a target of an exported program is."""

from layercalc.layers.config import ConfigError
from layercalc.layers.torch.base import TORCH, Function
from layercalc.wording import nearest

ATEN = "torch.ops.aten."


def found(target: str) -> Function:
    """The function of a target, that of its overload before that of its name; ConfigError says why there is none."""
    functions: dict[str, Function] = TORCH.functions
    if not target.startswith(ATEN):
        if target in functions:
            return functions[target]
        raise ConfigError([((), f"The function {target[:200]} is not read here.")])
    name, _, overload = target.removeprefix(ATEN).partition(".")
    plain = name[:-1] if name.endswith("_") and not name.endswith("__") else name
    for one in dict.fromkeys((name, plain, plain.removeprefix("special_"))):
        for key in (f"{one}.{overload}", one):
            if key in functions:
                return functions[key]
    if plain in TORCH.refused:
        raise ConfigError([((), f"{target} {TORCH.refused[plain]}, and is not read.")])
    raise ConfigError([((), f"The function {target[:200]} is not read here.{nearest(plain, list(functions))}")])
