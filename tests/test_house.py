"""The structure: imports point one way, no layer is named outside layers/ and the foreign readers, modules stay small."""

import ast
import dataclasses
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from layercalc.catalogue import cost_table
from layercalc.environment import setting
from layercalc.layers import fields_of
from layercalc.layers.keras.base import KERAS
from layercalc.limits import Limits
from layercalc.ops import OPS

PACKAGE = Path(__file__).parents[1] / "service" / "layercalc"
MODULES = sorted(PACKAGE.rglob("*.py"))
ORDER = [  # each may import from those before it
    {"lazy_numpy"},
    {"formulas", "columns", "recording"},
    {"dims", "errors", "cores", "usage", "keys", "amounts", "escapes"},
    {"deadline", "environment"},
    {"wording"},
    {"arrays"},
    {"limits"},
    {"settings"},
    {"capacity"},
    {"ops"},
    {"layers"},
    {"locations", "cache", "gc_pause"},
    {"model"},
    {"analysis"},
    {"readers"},
    {"input_shapes", "conventions", "modules"},
    {"execution"},
    {"files"},
    {"report", "differences"},
    {"budgets"},
    {"document"},
    {"samples"},
    {"sweeps"},
    {"fitting"},
    {"verbs", "formats", "catalogue"},
    {"options", "checks"},
    {"__init__"},
    {"repository"},
    {"web"},
    {"cli"},
    {"__main__"},
]


parsed = cache(ast.parse)


@cache
def walked(text):
    """Every node of a text, found once for all tests."""
    return list(ast.walk(parsed(text)))


class Module(NamedTuple):
    """A module of the package: its path in parts, `("ops", "base.py")`, and its text."""

    parts: tuple[str, ...]
    text: str

    @property
    def nodes(self):
        return walked(self.text)

    def imports(self):
        """What it imports of the package: `("ops", "base")`, wherever the import stands."""
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "layercalc":
                parts = tuple(node.module.split(".")[1:])
                yield from ((*parts, alias.name) for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (tuple(one.name.split(".")[1:]) for one in node.names if one.name.startswith("layercalc."))

    def dicts(self):
        return (node for node in self.nodes if isinstance(node, ast.Dict))

    def said(self):
        """Its strings, and the names of its arguments, attributes and keywords."""
        for node in self.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.arg | ast.keyword) and node.arg:
                yield node.arg
            elif isinstance(node, ast.Attribute):
                yield node.attr


def level(name):
    return next(level for level, names in enumerate(ORDER) if name in names)


def imports_point_one_way(module):
    own = module.parts[0].removesuffix(".py")
    for name, *_ in module.imports():
        name = "dims" if name == "__version__" else name
        if name != own and level(name) >= level(own):
            yield f"imports {name}"


VOCABULARIES = {folder.name for folder in (PACKAGE / "layers").iterdir() if (folder / "__init__.py").exists()}


def vocabularies_know_nothing_of_one_another(module):
    own = set(module.parts) & VOCABULARIES
    for folder, *rest in module.imports():
        if folder in ("layers", "readers") and own and rest[0] in VOCABULARIES - own:
            yield f"imports {folder}.{rest[0]}"


KNOWS_KERAS = {  # beside Keras' own layers and readers: who chooses the reader, and who reads the files that Keras writes
    ("readers", "__init__.py"),
    ("files", "keras_names.py"),
    ("samples.py",),
}


def few_know_keras(module):
    for imported in module.imports():
        own = module.parts[:2] in (("layers", "keras"), ("readers", "keras")) or module.parts in KNOWS_KERAS
        if imported[:2] in (("layers", "keras"), ("readers", "keras")) and not own:
            yield f"imports {'.'.join(imported)}"


def no_layer_is_named_outside_layers(module):
    if module.parts[0] == "layers" or module.parts[:2] == ("readers", "keras"):
        return
    documents = {id(node) for one in module.dicts() for node in ast.walk(one)}
    for node in module.nodes:
        text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents
        if text and node.value in KERAS.kinds:
            yield f"names {node.value}"


def it_is_documented_and_small(module):
    if not ast.get_docstring(parsed(module.text)):
        yield "has no docstring"
    if len(module.text.splitlines()) > 470:
        yield "is long: worth asking whether it is one thing"


def functions_are_small(module):
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 60:
            yield f"{node.name} does more than one thing"


FRAMEWORKS = {  # who may import it
    "click": {"cli"},
    "rich": {"cli", "formats"},
    **dict.fromkeys(("flask", "gunicorn", "werkzeug", "prometheus_client", "opentelemetry", "http", "socket"), {"web"}),
}


def only_faces_know_their_framework(module):
    """Nothing below the verbs knows HTTP or click; the environment is read in few places; the CLI serves, no more."""
    for name in re.findall(r"^\s*(?:from|import) (\w+)", module.text, re.M):
        if module.parts[0] not in FRAMEWORKS.get(name, {module.parts[0]}):
            yield f"imports {name}"
    asks = "environ[" in module.text or "environ.get(" in module.text
    if asks and module.parts[0] not in ("web", "cli") and module.parts[-1] not in ("environment.py", "threads.py"):
        yield "reads the environment: make it a setting"
    for imported in module.imports():
        if module.parts[0] == "cli" and imported[0] == "web" and module.parts[1] != "service.py":
            yield f"imports {'.'.join(imported)}"


LAYOUTS = {"data_format", "channels_first", "channels_last"}
WINDOWS = {"same", "valid", "causal", "kernel_size", "pool_size"}
COMMON = {"output_size", "output_padding", "negative_slope", "max_value", "clip_limit"}  # as the papers have them
FIELDS = {field for kind in KERAS.kinds.values() for field in fields_of(kind) if "_" in field} - COMMON


def ops_speak_no_framework(module):
    """No op knows the words of one, and no reading of a model asks a layer for its data_format."""
    if module.parts[0] in ("layers", "readers"):
        return
    words = LAYOUTS | WINDOWS | FIELDS if module.parts[0] == "ops" else LAYOUTS
    yield from (f"says {word}" for word in module.said() if word in words)


def numpy_is_imported_when_it_is_asked_for(module):
    text = module.parts[:3] == ("readers", "keras", "applications")  # that is followed, as what people write is
    if module.parts != ("lazy_numpy.py",) and not text and re.search(r"^\s*(?:from|import) numpy\b", module.text, re.M):
        yield "imports numpy: write `from layercalc import lazy_numpy as np`"


def kernels_loop_over_no_axis_of_their_input(module):
    """They loop over blocks and over the elements of a window; this finds `for … in range(x.shape[…])` only."""
    if module.parts[0] == "ops" and re.search(r"for \w+ in range\(\w+\.shape\[", module.text):
        yield "loops over an axis"


def nothing_is_handed_over_in_a_module(module):
    """What a request used comes back as a value; what holds for a request stands in a ContextVar."""
    if module.parts != ("gc_pause.py",):  # the collector is the process's
        yield from (f"global {node.names[0]}" for node in module.nodes if isinstance(node, ast.Global))


def what_is_noted_as_a_guard_refuses(module):
    """`provably` and `differ` note that a layer refuses sizes by name; what decides how it goes on asks otherwise."""
    asks = {"provably", "differ"} & {name[-1] for name in module.imports() if name[0] == "dims"}
    refusing = {
        id(part)
        for node in module.nodes
        if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise)
        for part in ast.walk(node.test)
    }
    for node in module.nodes:
        if isinstance(node, ast.Name) and node.id in asks and id(node) not in refusing:
            yield f"{node.id} in line {node.lineno}: ask presumably, equal, unequal or certainly"


BROKEN = {  # each rule, and modules that break it
    imports_point_one_way: [
        ("ops/x.py", "from layercalc.layers import Layer"),
        ("dims.py", "def f():\n import layercalc.web.app"),
    ],
    vocabularies_know_nothing_of_one_another: [
        ("layers/torch/x.py", "from layercalc.layers.keras.base import Layer"),
        ("layers/keras/x.py", "from layercalc.layers import torch"),
        ("readers/onnx/x.py", "import layercalc.readers.keras.nodes"),
    ],
    few_know_keras: [
        ("analysis/walk.py", "from layercalc.layers.keras.base import KERAS"),
        ("readers/stack.py", "from layercalc.layers import keras"),
        ("readers/script/x.py", "from layercalc.readers.keras.nodes import read"),
    ],
    no_layer_is_named_outside_layers: [("verbs/models.py", "if layer.type == 'Conv2D': pass")],
    it_is_documented_and_small: [("x.py", "a = 1"), ("x.py", '"""Long."""' + "\n" * 500)],
    functions_are_small: [("x.py", "def f():\n" + "    f()\n" * 60)],
    only_faces_know_their_framework: [
        ("verbs/models.py", "import flask"),
        ("web/x.py", "def f():\n    from click import echo"),
        ("files/x.py", "from http import HTTPStatus"),
        ("limits.py", "os.environ.get('HOME')"),
        ("cli/models.py", "from layercalc.web import create_app"),
    ],
    ops_speak_no_framework: [
        ("ops/x.py", "conv(x, padding='same')"),
        ("ops/x.py", "def run(self, dilation_rate): pass"),
        ("ops/x.py", "raise ShapeError('…', 'fft_length')"),
        ("ops/x.py", "conv(x, data_format=1)"),
        ("analysis/x.py", "getattr(layer, 'data_format')"),
        ("analysis/x.py", "layer.data_format"),
    ],
    numpy_is_imported_when_it_is_asked_for: [
        ("ops/x.py", "import numpy as np"),
        ("ops/x.py", "def f():\n    from numpy.lib import format"),
    ],
    kernels_loop_over_no_axis_of_their_input: [("ops/x.py", "for i in range(x.shape[0]): pass")],
    what_is_noted_as_a_guard_refuses: [
        ("ops/x.py", "from layercalc.dims import differ\nif differ(a, 1):\n x = 3"),
        ("layers/x.py", "from layercalc.dims import provably\ny = any(provably(n < 1) for n in x)"),
    ],
    nothing_is_handed_over_in_a_module: [("x.py", "def f():\n global EFFORT")],
}


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_house(rule, monkeypatch):
    found = {path: list(rule(Module(path.relative_to(PACKAGE).parts, path.read_text()))) for path in MODULES}
    assert not {str(path.relative_to(PACKAGE)): faults for path, faults in found.items() if faults}
    monkeypatch.setitem(globals(), "VOCABULARIES", {"keras", "torch", "onnx"})
    for path, text in BROKEN[rule]:
        assert list(rule(Module(tuple(path.split("/")), text))), f"nobody would notice {text!r} in {path}"


SIZED = (
    "ops",
    "layers",
    "analysis",
    "model.py",
    "input_shapes.py",
    "conventions",
)  # folders and modules that have sizes


def test_sizes_are_asked_for_their_class():
    """A column of integers says by its class that it is one; its type is another."""
    asks = re.compile(r"\btype\([^()]*\) (is|is not|in|not in) .*\bint\b")
    mine = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] in SIZED]
    assert asks.search("if type(n) is int:")
    found = {
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in mine
        for line in path.read_text().splitlines()
        if asks.search(line)
    }
    assert not {one for one in found if "type(given) is float" not in one}


PARSERS = {  # what cannot be interrupted is called by those who have looked at what it will cost
    r"\bjson\.loads?\(|JSONDecoder": {
        "readers/text.py",
        "readers/script/modules/data.py",  # no further than it may go
        "web/server/in_flight.py",
        "web/openapi/verdicts.py",
        "layers/onnx/layer_types.py",
    },  # three read what is ours
    r"\borjson\.loads\(": {"readers/text.py"},
    r"\bast\.(parse|literal_eval)\(|[^.\w]compile\(|[^.\w]eval\(": {
        "formulas/reading.py",  # no longer than it may be
        "readers/pastes/source.py",
        "readers/script/modules/written.py",  # what is ours
        "readers/torch/traces.py",  # a line, no longer than it may be
    },
    r"\byaml\.(\w*_)?load\w*\(|yaml\.\w*Loader\b": {"checks/source.py"},
    r"\bZipFile\((?!\w+, \"w\")": {"readers/archive.py"},
    r"\b(zlib|gzip|bz2|lzma|pickle|marshal|tarfile)\.(loads?|open|decompress\w*)\(|\bnp\.(load|fromstring|loadtxt)\(": {
        "files/hdf5.py"  # a chunk, no further than it may go
    },
}


@pytest.mark.parametrize("call", PARSERS)
def test_parsers_are_called_in_one_place(call):
    found = {str(path.relative_to(PACKAGE)) for path in MODULES if re.search(call, path.read_text())}
    assert found == PARSERS[call]


def test_every_setting_is_documented_with_its_default():
    text = (PACKAGE.parents[1] / "deploy" / "README.md").read_text()
    for field in dataclasses.fields(Limits):
        assert f"| `{setting(field.name)}` | {field.default} |" in text


def test_table_of_costs_is_fresh_and_complete():
    committed = (PACKAGE.parents[1] / "docs" / "ops.md").read_text()
    assert committed == cost_table(), "run `make openapi`"
    for name, op in OPS.items():
        assert op.view or op.free or op.price or op.each, f"{name} has no price in words"


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("LAYERCALC_MAX_LAYERS", "7")
    assert Limits.from_environment().max_layers == 7
    monkeypatch.setenv("LAYERCALC_MAX_LAYERS", "seven")
    with pytest.raises(SystemExit, match="seven"):
        Limits.from_environment()
