"""Archives of PyTorch 2.2 to 2.15: what the exported program says of itself, and the shapes that hooks saw."""

import io
import json
import zipfile
from functools import cache

import numpy as np
import pytest

import layercalc
from layercalc.files import read_model
from layercalc.readers.torch.paths import Module, around, plain
from tests.torch_files import DATA, archive_of

with zipfile.ZipFile(DATA / "versions.zip") as _archive:
    EXPECTED = json.loads(_archive.read("expected.json"))
    MEMBERS = {name: _archive.read(name) for name in _archive.namelist()}

WITHOUT_FROZEN = "2.2."  # versions of which no file says what is trainable
STATES = ("LSTM", "GRU", "RNN")  # whose last states are no results of the program where nothing reads them


NEWEST = max((name.partition("/")[0] for name in EXPECTED), key=lambda version: [*map(int, version.split("."))])


@cache
def document_of(name):
    prefix = f"{name}/"
    members = {path.removeprefix(prefix): one for path, one in MEMBERS.items() if path.startswith(prefix)}
    return read_model(archive_of(members))[0]


@cache
def report_of(name):
    options = {"batch_shape": [shape for shape, _ in EXPECTED[name]["inputs"]]} if "dynamic" in name else {}
    return layercalc.analyze(document_of(name), **options)


@cache
def counts_of(name):
    return layercalc.analyze(document_of(name), conventions=TOOLS)["totals"]["counts"]


@pytest.mark.parametrize("name", EXPECTED)
def test_what_a_program_holds_is_what_the_model_holds(name):
    recorded, report = EXPECTED[name], report_of(name)
    totals, twice = report["totals"], 0
    if any("tied" in one["detail"] for one in report["warnings"]) and name.endswith("tied.strict"):
        twice = 640  # the table of a file that does not say whether it is tied
    assert totals["params"] == recorded["params"] + twice
    if not name.startswith(WITHOUT_FROZEN):
        assert totals["trainable_params"] == recorded["trainable"] + twice
    assert totals["buffers"] == recorded["ep"]["buffers"]
    assert [[one["shape"], one["dtype"]] for one in report["outputs"]] == recorded["outputs"]


def test_where_nothing_says_what_is_tied_there_is_a_warning():
    untold = [name for name in EXPECTED if "/tied" in name and report_of(name)["totals"]["params"] != 912]
    assert untold
    for name in untold:
        assert any("tied" in one["detail"] for one in report_of(name)["warnings"]), name


TOOLS = ("fvcore", "torch", "torchinfo", "thop", "ptflops", "calflops")


@pytest.mark.parametrize("name", [name for name in EXPECTED if not name.endswith(("dynamic", "kwargs"))])
def test_a_network_costs_the_same_whoever_wrote_its_archive_or_nobody_knows(name):
    counts, wanted = counts_of(name), counts_of(f"{NEWEST}/{name.partition('/')[2].partition('.')[0]}")
    assert {tool: n for tool, n in counts.items() if n is not None and n != wanted[tool]} == {}


def test_most_is_known_of_most_versions():
    names = [name for name in EXPECTED if not name.endswith(("dynamic", "kwargs", "core"))]
    known = [n is not None for name in names for n in counts_of(name).values()]
    assert sum(known) > 0.75 * len(known)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_module_that_it_tells_of_has_the_shapes_that_hooks_saw(name):
    rows = {row["name"]: row for row in report_of(name)["layers"]}
    uses, found = {}, 0
    for path, kind, leaf, inputs, outputs, _ in EXPECTED[name]["rows"]:
        use = uses[path] = uses.get(path, 0) + 1
        row = rows.get(path if use == 1 else f"{path}@{use}")
        if leaf and row is not None:
            found += 1
            assert row["type"] == kind
            assert [shape for shape in row["input_shapes"] if shape] == inputs
            assert row["output_shapes"] == (outputs[: len(row["output_shapes"])] if kind in STATES else outputs)
    assert found or name.endswith("frozen.core")  # which tells of no modules


TRAINED = [name for name in EXPECTED if name.endswith(".train")]


@pytest.mark.parametrize("name", TRAINED)
def test_a_program_exported_in_training_is_read_as_in_use_with_a_warning(name):
    report, in_use = report_of(name), layercalc.analyze(document_of(f"{NEWEST}/{name.split('/')[1].split('.')[0]}"))
    assert any("read as after model.eval()" in one["detail"] for one in report["warnings"])
    mine, wanted = ({row["name"]: row["output_shapes"] for row in one["layers"]} for one in (report, in_use))
    assert {row: shapes for row, shapes in mine.items() if row in wanted and shapes != wanted[row]} == {}
    if not name.startswith("2.2."):  # which has attention and instance norms in other parts
        assert report["totals"]["flops"] == in_use["totals"]["flops"]  # how many batches there were is not counted


def test_a_dropout_that_is_always_in_training_gives_what_it_is_given():
    document = document_of(TRAINED[-1])
    x = np.zeros(EXPECTED[TRAINED[-1]]["inputs"][0][0], np.float32)
    first, second = (layercalc.forward(document, [x], {"seed": 3})["outputs"][0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


PATHS = {
    "L['self'].layer1": "layer1",
    "getattr(L['self'].layer1, '0')": "layer1.0",
    "getattr(getattr(L['self'].net, '0').block, '2').conv": "net.0.block.2.conv",
    "L['s'].blocks[0]": "blocks.0",
    "L['self']._modules['layer1']._modules['0'].conv1": "layer1.0.conv1",
    "L__self__": "",
    "": "",
    "layer1.0.conv1": "layer1.0.conv1",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_name_is_that_of_the_state_dict(path):
    assert plain(path) == PATHS[path]


def test_a_name_may_have_commas():
    stack = "L__self__,,net.Net;L__s___a_0,getattr(L['self'].a, '0'),torch.nn.modules.linear.Linear"
    assert around(stack) == (Module("L__s___a_0", "a.0", "torch.nn.modules.linear.Linear"),)


def test_a_region_is_read_as_if_it_stood_outside():
    name = next(name for name in EXPECTED if name.endswith("/frozen") and not name.startswith(WITHOUT_FROZEN))
    program = next(one for path, one in MEMBERS.items() if path.startswith(f"{name}/") and b"graph_module" in one)
    assert b"torch.ops.higher_order.wrap_with_set_grad_enabled" in program
    assert [row["name"] for row in report_of(name)["layers"]] == ["l", "add"]


def test_a_file_in_which_floats_are_no_json_is_read():
    text = b'{"a": "Infinity NaN \\" -Infinity", "b": [Infinity, -Infinity, NaN, 1.5]}'
    from layercalc.readers.torch.archive import with_infinities

    assert json.loads(with_infinities(text)) == {
        "a": 'Infinity NaN " -Infinity',
        "b": ["Infinity", "-Infinity", "NaN", 1.5],
    }
    assert io.BytesIO(with_infinities(b"[1]")).read() == b"[1]"
    endless = b'[NaN, "' + b'\\"\\\n' * 500_000  # hours, where each quote is tried as the first of a text
    assert with_infinities(endless) == endless.replace(b"NaN", b'"NaN"')
