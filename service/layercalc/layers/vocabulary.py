"""A vocabulary: the layer types that one framework has, by name, and how that framework speaks of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TypeVar

from layercalc.errors import Offer
from layercalc.layers.base import Layer
from layercalc.layers.config import ConfigError
from layercalc.wording import nearest, nearest_name, received

Kind = type[Layer]
Cls = TypeVar("Cls", bound=Kind)

WAY_OUT = (
    'To go on without it, put {"type": "Custom", "output_shape": …, "params": …, "macs": …, "flops": …} in its place.'
)
VARARGS = 0x04  # inspect.CO_VARARGS
VOCABULARIES: dict[str, "Vocabulary"] = {}  # those that are imported; `vocabularies()` are all


@cache
def folders() -> list[str]:
    """The names of the folders beside this module: one for each vocabulary, known by existing."""
    return [one.name for one in iter_modules([str(Path(__file__).parent)]) if one.ispkg]


def vocabulary_of(name: Any) -> "Vocabulary | None":
    """The vocabulary of that name, if there is one; its folder is imported when it is first asked for."""
    if name not in VOCABULARIES and name in folders():
        import_module(f"layercalc.layers.{name}")
    return VOCABULARIES.get(name)


def vocabularies() -> dict[str, "Vocabulary"]:
    """All that there are, by name."""
    return {name: one for name in (*folders(), *VOCABULARIES) if (one := vocabulary_of(name))}


def written() -> dict[str, "Vocabulary"]:
    """Those that people write documents in: a vocabulary of files alone has no layer types."""
    return {name: one for name, one in vocabularies().items() if one.registered or one.makes}


@dataclass(eq=False)
class Vocabulary:
    """The layer types of a framework: `kinds` by name, `aliases` to those names.

    `unnamed` is what a layer without a name is called after its type (a counter follows where that is taken), `slips`
    arguments as people misspell them and what each may mean, `ignored` arguments of any layer that change nothing here,
    `refused` types that cannot be layers here and why, `functions` what is called on tensors and constants and is no
    layer, `models` class names that readers build a whole model from, `older` layer types as an earlier version of the
    framework computed them, by names that it does not have, `conventions` what to know of other tools' counts.
    `makes` gives layer types that are made when some are first asked for, `sample` is a layer for messages to show,
    `reads_values` says that sizes may follow from the numbers in a model's inputs, `keeps_dtypes` that each tensor is
    computed in its own dtype, `buffers` that tensors beside the parameters are counted by themselves.
    """

    name: str  # as `vocabulary` says it in documents
    title: str  # as sentences say it
    unnamed: Callable[[str], str]
    slips: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    conventions: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    registered: dict[str, Kind] = field(default_factory=dict)
    makes: Callable[[], Mapping[str, Kind]] | None = None
    aliases: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Any] = field(default_factory=dict)
    models: dict[str, Callable[[dict[str, Any]], Layer]] = field(default_factory=dict)
    older: dict[str, Kind] = field(default_factory=dict)
    sample: str = '{"type": "…"}'
    reads_values: bool = False
    keeps_dtypes: bool = False
    buffers: bool = False

    def __post_init__(self) -> None:
        if self.name in VOCABULARIES:
            raise ValueError(f"There is a vocabulary {self.name!r} already.")
        VOCABULARIES[self.name] = self

    @property
    def kinds(self) -> dict[str, Kind]:
        """The layer types by name."""
        if self.makes is not None:
            self.registered.update(self.makes())
            self.makes = None
        return self.registered

    def layer(self, cls: Cls | None = None, /, aliases: tuple[str, ...] = (), **ranks: int) -> Any:
        """Register a layer type: `@layer`, or `@layer(Conv2D=2, Conv3D=3)` for one type per number of spatial axes.

        An alias may hold `{}` for the rank: `aliases=("Convolution{}D",)`.
        """

        def register(cls: Cls) -> Cls:
            for name, rank in (ranks or {cls.__name__: 0}).items():
                kind: Any = type(name, (cls,), {"rank": rank, "__doc__": cls.__doc__}) if rank else cls
                if name in self.registered:
                    raise ValueError(f"There is a layer {name!r} already.")
                kind.type, kind.of_vocabulary = name, self
                kind.aliases = tuple(alias.format(rank) for alias in aliases)
                read_signature(kind)
                if hasattr(kind, "examples"):
                    kind.example = kind.examples[rank]
                self.registered[name] = kind
                self.aliases.update(dict.fromkeys(kind.aliases, name))
            return cls

        return register(cls) if cls else register

    def get(self, name: Any) -> Kind | None:
        """The layer type of that name or alias, if there is one."""
        if not isinstance(name, str):
            return None
        return self.registered.get(name) or self.kinds.get(self.aliases.get(name, name)) or self.older.get(name)

    def find(self, name: Any) -> Kind:
        """The layer type of that name or alias; ConfigError names the nearest one."""
        if not isinstance(name, str):
            raise ConfigError([(("type",), f"Expected the name of a layer type; received {received(name)}.")])
        kind = self.get(name)
        if kind is not None:
            return kind
        if name in self.refused:
            raise ConfigError([(("type",), self.refusal(name))])
        near = nearest_name(name, [*self.kinds, *self.aliases])
        unknown = f"Unknown layer type {received(name)}."
        told = (
            f"{unknown} {self.way_out}".rstrip() if near is None else Offer(f"{unknown} Did you mean {near!r}?", near)
        )
        raise ConfigError([(("type",), told)])

    def nearest(self, name: str, *more: str) -> str:
        """` Did you mean …?` of a name that no layer type has, or nothing."""
        return nearest(name, [*self.kinds, *self.aliases, *more])

    def refusal(self, name: str) -> str:
        """Why that type is no layer here, and what to write in its place."""
        return f"{name} {self.refused[name]}. {self.way_out}".rstrip()

    @property
    def way_out(self) -> str:
        """What to write in place of a layer that there is not, where there is something."""
        return WAY_OUT if "Custom" in self.kinds else ""


def read_signature(kind: type[Layer]) -> None:
    """Note how many tensors `call` takes by position, and which by name."""
    code, defaults = kind.call.__code__, kind.call.__defaults__ or ()
    named = code.co_varnames[2 : code.co_argcount + code.co_kwonlyargcount]
    by_position = [name for name in code.co_varnames[2 : code.co_argcount] if name != "mask"]
    optional = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
    least = sum(name not in optional for name in by_position)
    kind.takes = (max(1, least), None) if code.co_flags & VARARGS else (least, len(by_position))
    kind.positional = tuple(by_position)
    kind.accepts = frozenset(named)
