"""Recorded exported programs: parameters, and every module's shapes, as PyTorch's own hooks saw them."""

from functools import cache

import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from layercalc.formats.report import summary_lines
from tests.torch_files import DATA, NAMES, body_of, changed, expected

DYNAMIC = [name for name in NAMES if (DATA / f"{name}.dynamic.pt2").exists()]
WITHOUT_OPS = {"Identity", "StochasticDepth", "DropPath", "Sequential"}  # of which no node tells


TOOLS = ("fvcore", "torch", "torchinfo", "thop", "ptflops", "calflops")


def analysed(name, **options):
    return layercalc.analyze(read_model(body_of(name))[0], **options)


@cache
def recorded_report(name):
    return analysed(name, conventions=TOOLS)


def leaves(recorded):
    """The calls of modules without modules: name in the report, and the recorded row."""
    uses = {}
    for row in recorded["rows"]:
        use = uses[row[0]] = uses.get(row[0], 0) + 1
        if row[3]:
            yield row[0] if use == 1 else f"{row[0]}@{use}", row


@pytest.mark.parametrize("name", NAMES)
def test_every_module_has_the_shapes_and_parameters_that_pytorch_gave(name):
    recorded = expected(name)
    report = recorded_report(name)
    totals = report["totals"]
    tied = {one[0].rpartition(".")[0] for one in recorded["weights"] if len(one) > 4}
    assert totals["params"] == recorded["params"]
    assert totals["trainable_params"] == recorded["trainable_params"]
    assert totals["buffers"] == recorded["buffers"]
    assert [one["shape"] for one in report["outputs"]] == [shape for shape, _ in recorded["outputs"]]
    assert [one["dtype"] for one in report["outputs"]] == [dtype for _, dtype in recorded["outputs"]]
    rows = {row["name"]: row for row in report["layers"]}
    found = {}
    for key, (path, kind, _, _, inputs, outputs, own) in leaves(recorded):
        if key not in rows and kind.rpartition(".")[2] in WITHOUT_OPS:
            continue
        row = rows[key]
        found[key] = row
        assert row["type"] == kind.rpartition(".")[2]
        assert [one for one in row["input_shapes"] if one] == inputs, key
        assert row["output_shapes"] == outputs, key
        if path not in tied:
            assert row["params"] == (own if key == path else 0), key
    assert found
    weights = [one for row in report["layers"] for one in row["weights"] if "shared" not in one]
    wanted = {one[0]: one[1:3] for one in recorded["weights"] if len(one) == 4}
    assert {one["name"]: [one["shape"], one["dtype"]] for one in weights} == wanted


UNTOLD = {"attention": ("ptflops", "calflops")}  # files without lines of code that multiply in a class of their own


@pytest.mark.parametrize("name", NAMES)
def test_six_tools_count_what_they_count_when_they_run_the_model(name):
    tools = expected(name)["tools"]
    every = {tool: tools["torch_meta" if tool == "torch" else tool].get("total") for tool in TOOLS if tool in tools}
    wanted = {tool: total for tool, total in every.items() if total is not None}  # the model runs on no meta device
    assert len(wanted) > 4
    counts = recorded_report(name)["totals"]["counts"]
    wanted |= dict.fromkeys(UNTOLD.get(name, ()))
    assert {tool: counts[tool] for tool in wanted} == wanted
    reasons = [one["detail"] for one in recorded_report(name)["warnings"]]
    assert any("x @ y is not counted, x.matmul(y) is" in reason for reason in reasons) == (name in UNTOLD)


@pytest.mark.parametrize("name", ["resnet18", "timm_vit_tiny"])
def test_terms_that_reconcile_two_tools_have_one_name_for_an_operation(name):
    pairs = {tuple(one["between"]): one for one in recorded_report(name)["reconciliation"]}
    terms = {term["op"]: term["difference"] for term in pairs["fvcore", "thop"]["terms"]}
    assert sum(terms.values()) == pairs["fvcore", "thop"]["difference"]
    assert not {"conv", "matmul"} & terms.keys()  # which both count alike
    assert not any(
        "." in op or op[0].isupper() for one in pairs.values() for op in [term["op"] for term in one["terms"]]
    )


@pytest.mark.parametrize("name", DYNAMIC)
def test_every_module_has_those_at_other_sizes_too(name):
    recorded = expected(name)["dynamic"]
    report = analysed(f"{name}.dynamic", batch_shape=recorded["inputs"])
    assert [one["shape"] for one in report["outputs"]] == [shape for shape, _ in recorded["outputs"]]
    rows = {row["name"]: row for row in report["layers"]}
    known = {key for key, _ in leaves(expected(name))}
    uses, checked = {}, 0
    for path, inputs, outputs in recorded["rows"]:
        use = uses[path] = uses.get(path, 0) + 1
        key = path if use == 1 else f"{path}@{use}"
        if key in rows and key in known:
            checked += 1
            assert [one for one in rows[key]["input_shapes"] if one] == inputs, key
            assert rows[key]["output_shapes"] == outputs, key
    assert checked


@pytest.mark.parametrize("name", DYNAMIC)
def test_sizes_that_nobody_named_are_null(name):
    report = analysed(f"{name}.dynamic")
    assert report["totals"]["params"] == expected(name)["params"]
    axes = expected(name)["dynamic"]["axes"]
    for given, axis in zip(report["inputs"], axes, strict=True):
        assert [str(i) for i, n in enumerate(given["shape"]) if n is None] == sorted(axis or {})


def test_a_table_says_what_is_in_buffers():
    lines = summary_lines(recorded_report("resnet18"))
    assert "11,689,512 trainable, 0 non-trainable, 9,620 in buffers" in lines[0]
    assert "37.66 KiB buffers" in lines[1]


def test_tied_weights_are_one():
    report = analysed("tied")
    rows = {row["name"]: row for row in report["layers"]}
    assert rows["embed"]["params"] == 800
    assert rows["decoder"]["params"] == 0
    assert rows["decoder"]["weights"] == [{**rows["embed"]["weights"][0], "shared": True}]


def test_a_function_that_is_not_known_is_named_with_its_node():
    def change(program):
        program["graph_module"]["graph"]["nodes"][1]["target"] = "torch.ops.aten.lineer.default"

    with pytest.raises(InvalidModel) as caught:
        layercalc.analyze(read_model(changed("mlp", change))[0])
    (fault,) = caught.value.errors
    assert fault["pointer"] == "/graph_module/graph/nodes/1"
    assert "torch.ops.aten.lineer.default is not read here. Did you mean 'linear'?" in fault["detail"]


def test_a_program_exported_for_its_sizes_alone_says_how_to_have_others():
    with pytest.raises(InvalidModel, match=r"must be the same number.*dynamic_shapes=\{'\w+': \{0: torch.export.Dim"):
        analysed("attention", batch_size=7)
    with pytest.raises(InvalidModel, match=r"axis 2 of the input 'x' are numbers in the file.*dynamic_shapes"):
        analysed("resnet18", input_shape=[3, 256, 224])
    assert analysed("resnet18", batch_size=2)["outputs"][0]["shape"] == [2, 1000]
