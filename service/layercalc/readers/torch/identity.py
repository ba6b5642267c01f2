"""Modules that have several names: by the keys of their calls, and by whose tensors they read."""

from collections.abc import Iterable, Mapping

from layercalc.layers.torch.exported import Held, named
from layercalc.readers.torch.held import Holdings
from layercalc.readers.torch.paths import Module
from layercalc.readers.torch.program import Call

NN = "torch.nn.modules."
WEIGHTS = ("weight", "bias", "running_mean", "running_var", "params", "w_ih", "w_hh", "b_ih", "b_hh")


TURNED = ("t", "transpose", "permute", "addmm")  # what a Linear may be made of: the first argument is a weight


def lent(call: Call, kind: str) -> list[str]:
    """What a function reads as the weights of a module of torch.nn."""
    if not kind.startswith(NN):
        return []
    first = next(iter(call.arguments), "") if call.word in TURNED and kind.endswith(".Linear") else ""
    given = [value for key, value in call.arguments.items() if key in WEIGHTS or key == first]
    return [name for value in given for name in named(value)]


def tied(calls: Iterable[Call], held: Mapping[str, Held]) -> dict[str, Held]:
    """What is the tensor of another name: a module was seen to read that one in place of its own.

    Archives of PyTorch before 2.9 say of tied weights no more.
    """
    paths = {one.path: one for one in held.values()}
    order = {name: place for place, name in enumerate(held)}
    found: dict[str, Held] = {}
    for call in calls:
        module = call.modules[-1] if call.modules else None
        for name in lent(call, module.kind) if module is not None else ():
            read = held.get(name)
            own = paths.get(f"{module.path}.{read.path.rpartition('.')[2]}") if module and read else None
            if read and own and own is not read and own.array.shape == read.array.shape:
                first, other = sorted((own, read), key=lambda one: order[one.name])
                found[other.name] = other._replace(array=first.array)
    return found


class Identity:
    """The first name of each module."""

    def __init__(self, calls: Iterable[Call], held: Mapping[str, Held], holdings: Holdings):
        self.holdings = holdings
        self.first = shared(held.values())
        keys: dict[str, str] = {}
        owners: dict[str, set[str]] = {}  # by module: whose tensors it reads
        ways: dict[str, set[str]] = {}  # by name: the keys of its calls
        for call in calls:
            for module in call.modules or ():
                key = module.key.partition("@")[0]
                ways.setdefault(module.path, set()).add(key)
                if (path := keys.setdefault(key, module.path)) != module.path:
                    self.first.setdefault(module.path, path)
            if call.modules:
                path = self.of(call.modules[-1].path)
                read = [name for name in lent(call, call.modules[-1].kind) if name in held]
                owners.setdefault(path, set()).update(held[name].array.name.rpartition(".")[0] for name in read)
        own = {one.path.rpartition(".")[0] for one in held.values()}
        for path, found in owners.items():
            if path not in own and len(found) == 1 and not ways.keys() & found:
                self.first[path] = found.pop()
        self.containers()

    def containers(self) -> None:
        """Where everything that a module holds is another's, under the same names inside, they are one."""
        for path, first in list(self.first.items()):
            while path.rpartition(".")[2] == first.rpartition(".")[2] and "." in path and "." in first:
                path, first = path.rpartition(".")[0], first.rpartition(".")[0]
                within = self.holdings.below(path)
                if path == first or any(one.array.name != first + one.path.removeprefix(path) for one in within):
                    break
                self.first.setdefault(path, first)

    def of(self, path: str) -> str:
        """The first name of a module."""
        if path in self.first or not self.first:
            return self.first.get(path, path)
        above, _, rest = path.rpartition(".")
        return f"{self.of(above)}.{rest}" if above else path

    def named(self, module: Module) -> Module:
        return module._replace(path=self.of(module.path))


def shared(held: Iterable[Held]) -> dict[str, str]:
    """First names of modules that have several: two tensors or more, and each of them another module's too."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in held:
        path, _, name = one.path.rpartition(".")
        first, _, other = one.array.name.rpartition(".")
        found.setdefault(path, []).append((first, "" if name == other else name))
    return {
        path: firsts[0][0]
        for path, firsts in found.items()
        if len(firsts) > 1 and len(set(firsts)) == 1 and firsts[0][1] == "" and firsts[0][0] != path
    }
