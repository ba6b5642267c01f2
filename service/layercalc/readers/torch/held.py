"""The tensors that a program holds: in the order of its state dict, and by the modules that they are of."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from layercalc.layers.torch.exported import Held


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
