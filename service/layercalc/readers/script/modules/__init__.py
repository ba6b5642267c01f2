"""Modules of the standard library and NumPy, as far as they compute on plain values; callees that change nothing."""

from typing import Any

from layercalc.readers.script.modules import (
    arrays,
    callables,
    commandline,
    containers,
    copies,
    iterators,
    mathematics,
    records,
    system,
)
from layercalc.readers.script.values import Module

TABLES: dict[str, dict[str, Any]] = {
    "math": mathematics.MATH,
    "operator": mathematics.OPERATOR,
    "itertools": iterators.ITERTOOLS,
    "functools": callables.FUNCTOOLS,
    "contextlib": callables.CONTEXTLIB,
    "collections": containers.COLLECTIONS,
    "copy": copies.COPY,
    "dataclasses": records.DATACLASSES,
    "abc": records.ABC,
    "typing": records.TYPING,
    "typing_extensions": records.TYPING,
    "argparse": commandline.ARGPARSE,
    "click": commandline.CLICK,
    "absl": {},
    "absl.flags": commandline.FLAGS,
    "absl.app": commandline.APP,
    "os": system.OS,
    "os.path": system.PATH,
    "sys": system.SYS,
    "numpy": arrays.NUMPY,
    "numpy.random": arrays.RANDOM,
}
MODULES = {name: Module(name, table) for name, table in TABLES.items()}

PURE = frozenset(
    [
        "builtins",
        "os",
        "sys",
        "time",
        "datetime",
        "glob",
        "logging",
        "warnings",
        "json",
        "re",
        "pathlib",
        "shutil",
        "subprocess",
        "platform",
        "string",
        "math",
        "random",
        "csv",
        "pickle",
        "pprint",
        "struct",
        "hashlib",
        "base64",
        "io",
        "tempfile",
        "urllib",
        "requests",
        "numpy",
        "pandas",
        "matplotlib",
        "seaborn",
        "sklearn",
        "scipy",
        "PIL",
        "cv2",
        "skimage",
        "tqdm",
        "h5py",
        "itertools",
        "operator",
        "typing",
        "enum",
        "decimal",
        "fractions",
        "statistics",
        "textwrap",
        "traceback",
        "uuid",
        "zipfile",
        "tarfile",
        "gzip",
        "bz2",
        "getpass",
        "socket",
        "inspect",
        "gc",
        "argparse",
        "click",
        "absl",
        "collections",
        "imageio",
        "plotly",
        "nltk",
    ]
)  # fmt: skip
CHANGING = frozenset(
    [
        "random.shuffle",
        "numpy.random.shuffle",
        "numpy.copyto",
        "numpy.put",
        "numpy.place",
        "numpy.putmask",
        "numpy.fill_diagonal",
        "heapq.heappush",
        "heapq.heapify",
        "operator.setitem",
        "operator.delitem",
        "operator.iadd",
        "operator.iconcat",
        "operator.methodcaller",
        "numpy.put_along_axis",
        "numpy.nan_to_num",
        "inspect.currentframe",
        "gc.get_objects",
        "gc.get_referrers",
        "random.Random",
        "numpy.random.RandomState",
        "numpy.random.default_rng",
    ]
)  # fmt: skip


def core_module(name: str) -> Module | None:
    """A module that is known whatever the framework."""
    return MODULES.get(name)


def is_pure(origin: str) -> bool:
    """Whether a callee of a well-known library changes nothing it is given; functions given to it may be called."""
    return origin.split(".", 1)[0] in PURE and origin not in CHANGING


__all__ = ["MODULES", "core_module", "is_pure"]
