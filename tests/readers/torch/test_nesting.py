"""The modules that rows stand in: as PyTorch called them, with sums, in reports, tables and budgets."""

import csv
import io
import json
import re

import pytest

import layercalc
from layercalc.errors import InvalidBudgets
from layercalc.files import read_model
from layercalc.formats.report import report_sheet
from layercalc.formats.sheet import as_csv, as_markdown, as_text
from tests.command import run
from tests.torch_files import DATA, NAMES, body_of, changed, expected

SUMMED = ("params", "trainable_params", "buffers", "macs", "flops", "param_bytes", "activation_bytes")
NESTED = ("resnet18", "swin_t", "transformer_encoder", "timm_levit_128s")
LINE = re.compile(r"([│ ]*[├└]─) (.*)")


def analysed(body, **options):
    return layercalc.analyze(read_model(body)[0], **options)


def inside(report, module):
    """The rows of a module."""
    names = [row["name"] for row in report["layers"]]
    return report["layers"][names.index(module["first"]) : names.index(module["last"]) + 1]


@pytest.mark.parametrize("name", NAMES)
def test_every_module_with_others_inside_is_as_pytorch_called_it(name):
    report = analysed(body_of(name), conventions="fvcore")
    modules = {one["name"]: one for one in report.get("modules", ())}
    leaves = {row["name"] for row in report["layers"]}
    whole = set()
    for path, kind, _, leaf, _, outputs, _ in expected(name)["rows"]:
        if path and not leaf and path not in leaves:
            one = modules[path]
            whole.add(path)
            assert (one["type"], one["depth"]) == (kind.rpartition(".")[2], path.count(".") + 1)
            assert one["output_shape"] == outputs[0]
    never_called = modules.keys() - whole  # the lists of modules that these networks have
    assert all(
        modules[path]["type"] is None and path.rpartition(".")[2] in ("layer", "layers", "h") for path in never_called
    )
    for one in modules.values():
        rows = inside(report, one)
        assert all(row["name"].startswith(f"{one['name']}.") for row in rows)
        assert {key: one[key] for key in SUMMED} == {key: sum(row[key] for row in rows) for key in SUMMED}
        assert one["counts"]["fvcore"] == sum(row["counts"]["fvcore"] for row in rows)


def paths(text):
    """The names in a table drawn as a tree, put together from where they stand."""
    found, above = [], []
    for line in text.split("\n"):
        drawn = LINE.match(line[2:].replace("\u200b", "").replace("\u00a0", " "))
        if drawn:
            depth = len(drawn[1]) // 3
            above[depth:] = [re.split(r" \| |   ", drawn[2])[0].strip()]
            found.append(".".join(above))
    return found


@pytest.mark.parametrize("written", [as_text, as_markdown])
@pytest.mark.parametrize("name", NESTED)
def test_a_table_is_drawn_as_the_tree_of_modules(name, written):
    report = analysed(body_of(name))
    every = [*report["layers"], *report["modules"]]
    for depth in (1, 2, 3, None):
        wanted = {one["name"] for one in every if depth is None or one["name"].count(".") < depth}
        found = paths(written(report_sheet(report, depth=depth)))
        assert len(found) == len(wanted)
        assert set(found) == wanted
    rows = [one for one in paths(as_text(report_sheet(report))) if one in {row["name"] for row in report["layers"]}]
    assert rows == [row["name"] for row in report["layers"]]


def test_lines_end_at_the_last_of_a_module():
    text = as_text(report_sheet(analysed(body_of("small_resnet")), ["name"])).split("\n")
    assert [line.strip() for line in text[text.index("  ├─ layer1") :][:17]] == [
        "├─ layer1",
        "│  ├─ 0",
        *(f"│  │  ├─ {name}" for name in ("conv1", "bn1", "relu", "conv2", "bn2", "add")),
        "│  │  └─ relu_1",
        "│  └─ 1",
        *(f"│     ├─ {name}" for name in ("conv1", "bn1", "relu", "conv2", "bn2", "add")),
        "│     └─ relu_1",
    ]


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("name", NESTED)
def test_rows_of_csv_add_up_to_the_totals_at_any_depth(name, depth):
    report = analysed(body_of(name))
    rows = list(csv.DictReader(io.StringIO(as_csv(report_sheet(report, depth=depth)))))
    assert len(rows) < len(report["layers"])
    for metric in ("params", "macs", "flops", "activation_bytes"):
        assert sum(int(row[metric]) for row in rows) == report["totals"][metric]


def restacked(*stacks):
    """The file of four modules in a row with other stacks: pairs of paths and classes, the outermost first."""

    def change(program):
        nodes = program["graph_module"]["graph"]["nodes"]
        for node, stack in zip(nodes, stacks, strict=False):
            told = "".join(f";{key},{path},{kind}" for key, path, kind in stack)
            node["metadata"]["nn_module_stack"] = f"L__self__,,Net{told}"

    return changed("mlp", change)


def test_a_module_that_is_called_twice_and_one_that_never_is():
    outer, again = ("o", "body", "lib.Body"), ("o@1", "body", "lib.Body")
    one = ("x", "body.list.0", "torch.nn.Linear")
    other = ("y", "body.list.1", "torch.nn.Linear")
    report = analysed(restacked([outer, one], [outer, other], [("z", "head", "torch.nn.ReLU")], [again, other]))
    keys = ("name", "type", "depth", "first", "last")
    assert [[module[key] for key in keys] for module in report["modules"][:4]] == [
        ["body", "Body", 1, "body.list.0", "body.list.1"],
        ["body.list", None, 2, "body.list.0", "body.list.1"],
        ["body@2", "Body", 1, "body.list.1@2", "body.list.1@2"],
        ["body.list@2", None, 2, "body.list.1@2", "body.list.1@2"],
    ]
    lines = as_text(report_sheet(report, ["name"])).split("\n")[4:]
    drawn = [line.strip() for line in lines if not line.endswith(("weight", "bias"))]  # of mlp's own modules, lent
    assert drawn[:8] == [
        "├─ body",
        "│  └─ list",
        "│     ├─ 0",
        "│     └─ 1",
        "├─ head",
        "├─ body@2",
        "│  └─ list@2",
        "│     └─ 1@2",
    ]


def test_levels_end_somewhere():
    deep = ".".join(["a"] * 90)
    report = analysed(restacked([("x", deep, "torch.nn.Linear")]))
    assert [one["depth"] for one in report["modules"]] == list(range(1, 65))


def test_a_document_without_modules_has_no_tree():
    stack = {
        "vocabulary": "torch",
        "input_shape": [4],
        "layers": [{"type": "Linear", "in_features": 4, "out_features": 2}],
    }
    report = layercalc.analyze(stack)
    assert "modules" not in report
    assert as_text(report_sheet(report, depth=1)) == as_text(report_sheet(report))
    assert not paths(as_text(report_sheet(report)))


def test_the_depth_is_an_option_of_the_command_and_of_the_service(client):
    file = DATA / "resnet18.pt2"
    printed = run("analyze", str(file), "--format", "table", "--depth", "1").stdout
    assert paths(printed) == [
        "conv1",
        "bn1",
        "relu",
        "maxpool",
        *(f"layer{n}" for n in (1, 2, 3, 4)),
        "avgpool",
        "flatten",
        "fc",
    ]
    answer = client.post("/v1/analyze?depth=1", data=file.read_bytes(), headers={"Accept": "text/plain"})
    assert answer.text == printed
    posted = client.post("/v1/analyze?depth=1", data=file.read_bytes()).json
    assert posted == json.loads(run("analyze", str(file), "--format", "json").stdout)
    wrong = client.post("/v1/analyze?depth=0", data=file.read_bytes())
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["parameter"] == "depth"
    assert run("analyze", str(file), "--depth", "0").returncode == 2


def test_a_budget_may_be_a_modules():
    document = read_model(body_of("resnet18"))[0]
    baseline = json.loads(json.dumps(layercalc.analyze(document)))
    check = layercalc.check(document, [{"metric": "params", "layer": "layer?", "max": "8.4M"}], baseline)
    (worst,) = check["results"]
    assert (worst["layer"], worst["actual"], worst["passed"]) == ("layer4", 8_393_728, True)
    (one,) = layercalc.check(document, [{"metric": "params", "layer": "layer4.1", "max_increase": 0}], baseline)[
        "results"
    ]
    assert (one["actual"], one["passed"]) == (4_720_640, True)
    (rows,) = layercalc.check(document, [{"metric": "params", "layer": "layer4.*", "max": "3M"}])["results"]
    assert rows["passed"]  # a glob that rows match is theirs alone
    with pytest.raises(InvalidBudgets, match="Did you mean 'layer4'"):
        layercalc.check(document, [{"metric": "params", "layer": "layer44", "max": 1}])


@pytest.mark.parametrize("wrong", [7, [7], [{"name": 3}], [{"name": "a", "type": None, "params": -1}]])
def test_modules_of_an_earlier_report_are_looked_at(wrong):
    document = read_model(body_of("mlp"))[0]
    with pytest.raises(layercalc.InvalidModel) as refused:
        layercalc.check(document, [{"metric": "params", "max": 1}], layercalc.analyze(document) | {"modules": wrong})
    assert refused.value.errors[0]["pointer"].startswith("/baseline/modules")
