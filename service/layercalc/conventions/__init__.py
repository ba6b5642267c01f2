"""By whose count: the number that each of seven tools reports for a network, and why two of them differ."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from layercalc.errors import InvalidModel
from layercalc.wording import nearest

if TYPE_CHECKING:
    from layercalc.conventions.base import Convention

MODULES = {
    "fvcore": "fvcore",
    "torch": "flop_counter",
    "torchinfo": "torchinfo",
    "thop": "thop",
    "ptflops": "ptflops",
    "calflops": "calflops",
    "tf": "tf",
}


class Conventions(Mapping[str, "Convention"]):
    """The conventions by name; the module of one is imported when it is asked for: few reports count as others do."""

    def __getitem__(self, name: str) -> "Convention":
        return getattr(import_module(f"{__name__}.{MODULES[name]}"), name.upper())

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


CONVENTIONS = Conventions()


def chosen(names: Sequence[str] | str) -> "list[Convention]":
    """The conventions of these names; `all` is every one. InvalidModel for a name that is none."""
    listed = [names] if isinstance(names, str) else list(names)
    wanted = [name for one in listed for name in (CONVENTIONS if one == "all" else [one])]
    faults = [
        {
            "parameter": "conventions",
            "detail": f"There is no convention {name!r}.{nearest(str(name), list(CONVENTIONS))} "
            f"They are {', '.join(CONVENTIONS)}, or all of them: all.",
        }
        for name in dict.fromkeys(map(str, wanted))
        if name not in CONVENTIONS
    ]
    if faults:
        raise InvalidModel(faults)
    return [CONVENTIONS[name] for name in dict.fromkeys(wanted)]
