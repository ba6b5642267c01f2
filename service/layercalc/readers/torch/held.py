"""The tensors that a program holds: in the order of its state dict, and by the modules that they are of."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from layercalc.layers.base import PARAMETER
from layercalc.layers.torch.exported import Held
from layercalc.model import StateEntry


class Holdings:
    """Tensors of the state dict and constants, by their names in the program, to be asked for by module."""

    def __init__(self, held: Mapping[str, Held]):
        self.order = {name: number for number, name in enumerate(held)}
        self.sorted = sorted(held.values(), key=lambda one: one.path)
        self.paths = [one.path for one in self.sorted]

    def below(self, path: str) -> list[Held]:
        """What a module holds, and the modules inside it, by their paths: those from `path.` on, up to `path/`."""
        return self.sorted[bisect_left(self.paths, f"{path}.") : bisect_left(self.paths, f"{path}/")]

    def ordered(self, held: Iterable[Held]) -> tuple[Held, ...]:
        """The same in the order of the state dict."""
        return tuple(sorted(held, key=lambda one: self.order[one.name]))


def state_of(held: Iterable[Held], modules: Sequence[str]) -> list[StateEntry]:
    """The state dict in its order: of each module, of the paths in their order, the parameters before the buffers."""
    every = [one for one in held if one.persistent]
    places = {path: place for place, path in enumerate(modules)}
    for one in every:
        places.setdefault(one.path.rpartition(".")[0], len(places))
    every.sort(key=lambda one: (places[one.path.rpartition(".")[0]], one.kind != PARAMETER))
    return [StateEntry(one.path, one.array.name, one.kind) for one in every]
