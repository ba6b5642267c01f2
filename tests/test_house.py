"""The structure: imports point one way, no layer is named outside layers/ and the foreign readers, modules stay small."""

import ast
import dataclasses
import re
from pathlib import Path

import pytest

from layercalc.catalogue import cost_table
from layercalc.environment import setting
from layercalc.layers.keras.base import KERAS
from layercalc.limits import Limits
from layercalc.ops import OPS

PACKAGE = Path(__file__).parents[1] / "service" / "layercalc"
MODULES = sorted(PACKAGE.rglob("*.py"))
ORDER = [  # each may import from those before it
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
    {"input_shapes", "conventions"},
    {"execution"},
    {"files"},
    {"report", "differences"},
    {"budgets"},
    {"document"},
    {"verbs", "formats", "catalogue"},
    {"options", "checks"},
    {"__init__"},
    {"repository"},
    {"web"},
    {"cli"},
    {"__main__"},
]


def layer_of(name):
    return next(level for level, names in enumerate(ORDER) if name in names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("layercalc"):
            parts = node.module.split(".")[1:]
            for name in [parts[0]] if parts else [alias.name for alias in node.names]:
                name = "dims" if name == "__version__" else name
                assert name == own or layer_of(name) < layer_of(own), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_layer_is_named_outside_layers(path):
    parts = path.relative_to(PACKAGE).parts
    if parts[0] == "layers" or parts[:2] == ("readers", "keras") or parts[-1] == "keras_code.py":
        return
    tree = ast.parse(path.read_text())
    documents = {id(node) for node in ast.walk(tree) if isinstance(node, ast.Dict) for node in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            assert node.value not in KERAS.kinds, f"{path.name} names {node.value}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_is_documented_and_small(path):
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 470, "worth asking whether it is one thing"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_functions_are_small(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 60, f"{node.name} does more than one thing"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_faces_know_their_framework(path):
    """Flask and gunicorn are imported in web/ only, click in cli/ only; the environment is read in few places."""
    folder = path.relative_to(PACKAGE).parts[0]
    text = path.read_text()
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.M))
    assert folder == "web" or not imported & {"flask", "gunicorn", "werkzeug", "prometheus_client"}
    assert folder == "cli" or "click" not in imported
    if "environ[" in text or "environ.get(" in text:
        assert folder in ("web", "cli") or path.name in ("environment.py", "threads.py"), "make it a setting"


PARSERS = {  # what cannot be interrupted is called by those who have looked at what it will cost
    r"\bjson\.loads?\(|JSONDecoder": {
        "readers/text.py",
        "web/server/in_flight.py",
        "web/openapi/verdicts.py",
    },  # two read what is ours
    r"\borjson\.loads\(": {"readers/text.py"},
    r"\bast\.(parse|literal_eval)\(|[^.\w]compile\(|[^.\w]eval\(": {"readers/pastes/source.py"},
    r"\byaml\.(\w*_)?load\w*\(|yaml\.\w*Loader\b": {"checks/source.py"},
    r"\bZipFile\(": {"readers/archive.py"},
    r"\b(zlib|gzip|bz2|lzma|pickle|marshal|tarfile)\.(loads?|open|decompress\w*)\(|\bnp\.(load|fromstring|loadtxt)\(": {
        "files/hdf5.py"  # a chunk, no further than it may go
    },
}


@pytest.mark.parametrize("call", PARSERS)
def test_parsers_are_called_in_one_place(call):
    found = {str(path.relative_to(PACKAGE)) for path in MODULES if re.search(call, path.read_text())}
    assert found == PARSERS[call]


def test_no_kernel_loops_over_an_axis_of_its_input():
    """Kernels loop over blocks and over the elements of a window; this finds `for … in range(x.shape[…])` only."""
    for path in (PACKAGE / "ops").rglob("*.py"):
        assert not re.search(r"for \w+ in range\(\w+\.shape\[", path.read_text()), path.name


LAYOUTS = {"data_format", "channels_first", "channels_last"}
WORDS = LAYOUTS | {"same", "valid", "causal", "dilation_rate", "kernel_size", "pool_size"}


def test_windows_and_layouts_are_numbers_below_the_layers():
    """No op knows the words of a framework for them, and no reading of a model asks a layer for its data_format."""
    for path in MODULES:
        folder = path.relative_to(PACKAGE).parts[0]
        if folder in ("layers", "readers"):
            continue
        words = WORDS if folder == "ops" else LAYOUTS
        for node in ast.walk(ast.parse(path.read_text())):
            said = {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
            said |= {node.attr} if isinstance(node, ast.Attribute) else set()
            said |= {node.arg} if isinstance(node, ast.arg) else set()
            assert not said & words, f"{path.name} says {said & words}"


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
