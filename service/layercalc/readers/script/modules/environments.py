"""Gym and Gymnasium: the spaces of their own small environments, whose sizes their documentation gives."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.script.modules.arrays import Args, Kwargs, array
from layercalc.readers.script.modules.system import UNKNOWN
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Instance, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

BOXES: dict[str, tuple[int, int | tuple[int, float]]] = {  # numbers observed; actions, or numbers of one and up to what
    "CartPole": (4, 2), "MountainCar": (2, 3), "Acrobot": (6, 3), "LunarLander": (8, 4),
    "MountainCarContinuous": (2, (1, 1.0)), "Pendulum": (3, (1, 2.0)), "LunarLanderContinuous": (8, (2, 1.0)),
    "BipedalWalker": (24, (4, 1.0)), "BipedalWalkerHardcore": (24, (4, 1.0)),
}  # fmt: skip
STATES = {  # how many states there are, and how many actions
    "FrozenLake": (16, 4), "FrozenLake8x8": (64, 4), "CliffWalking": (48, 4), "Taxi": (500, 6),
}  # fmt: skip
ACTS = {  # what gives data and changes no space
    name: Native(name, lambda m, args, kwargs, at: Opaque("", at))
    for name in ("reset", "step", "render", "close", "seed", "sample", "contains")
}
SETTINGS = {"render_mode", "max_episode_steps", "autoreset", "disable_env_checker"}  # that change no space


def make(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """`gym.make("CartPole-v1")`: an environment with its two spaces; of others nothing is known."""
    which = args[0] if len(args) == 1 else kwargs.get("id")
    name, dash, version = which.rpartition("-v") if type(which) is str else ("", "", "")
    if not dash or not version.isdecimal() or not SETTINGS.issuperset(set(kwargs) - {"id"}):
        return Opaque("", at)
    if name in BOXES:
        seen, done = BOXES[name]
        observed = box(m, seen, None, at)
        acted = discrete(m, done) if isinstance(done, int) else box(m, *done, at)
    elif name in STATES:
        observed, acted = (discrete(m, one) for one in STATES[name])
    else:
        return Opaque("", at)
    return holding(m, "Env", observation_space=observed, action_space=acted)


def holding(m: "Machine", kind: str, **attributes: Any) -> Instance:
    """An object with these attributes, of which nothing else is known."""
    made = Instance(m.kept_class(kind, {**ACTS, "__getattr__": UNKNOWN}))
    made.attrs.update(attributes)
    return made


def discrete(m: "Machine", count: int) -> Instance:
    return holding(m, "Discrete", n=count, shape=())


def box(m: "Machine", size: int, bound: float | None, at: Any) -> Instance:
    """A space of vectors, from -bound to bound where that is known."""

    def ends(sign: int) -> Any:
        return array(m, (size,), Opaque("", at) if bound is None else [sign * bound] * size, at)

    return holding(m, "Box", shape=(size,), high=ends(1), low=ends(-1))


GYM = {"make": Native("make", make)}
