"""The modules that nodes were exported from: rows, tables, budgets, drawings and differences speak of them."""

import gzip

import numpy as np
import pytest

import layercalc
from layercalc.files import read_model
from layercalc.modules import containers
from layercalc.readers.onnx.modules import module_of, without_root
from tests.command import run
from tests.onnx_files import DATA, NAMES, body_of, chunk, file_of, node, tensor, value_info, written


def entry(key, value):
    return chunk(1, key.encode()) + chunk(2, value.encode())


SCOPES = "pkg.torch.onnx.name_scopes"


@pytest.mark.parametrize(
    ("name", "metadata", "weights", "module"),
    [
        ("/layer1/layer1.0/conv1/Conv", {}, [], "layer1.0.conv1"),
        ("/features/features.3/conv/conv.0/conv.0.2/Clip_1", {}, [], "features.3.conv.0.2"),
        ("/layer10/layer1.0/Add", {}, [], "layer10.layer1.0"),
        ("/Flatten", {}, ["fc.weight"], "fc"),
        ("Conv_7", {}, ["layer1.0.conv1.weight", "layer1.0.conv1.bias"], "layer1.0.conv1"),
        ("Conv_7", {}, ["onnx::Conv_193", "onnx::Conv_194"], ""),
        ("Conv_7", {}, ["a.weight", "b.bias"], ""),
        ("Conv_7", {}, ["gpu_0/conv.w"], ""),
        ("node_add_3", {SCOPES: "['', 'layer1', 'layer1.0', 'add_3']"}, [], "layer1.0"),
        ("node_relu", {SCOPES: "['', 'relu']"}, [], ""),
        ("node_x", {SCOPES: '["", "it\'s", "x"]'}, [], "it's"),
        ("node_x", {SCOPES: "no list"}, [], ""),
        ("n", {"namespace": ": m.Net/layer1: torch.nn.Sequential/layer1.0: m.Block/add: aten.add"}, [], "layer1.0"),
        ("n", {"pkg.torch.onnx.stack_trace": "…" * 900}, [], ""),
        (
            "node_Conv_3",
            {SCOPES: "['', 'bn1', 'batch_norm']", "pkg.onnxscript.rewriter.rule_name": "FuseBatchNormIntoConv"},
            ["conv1.weight"],
            "conv1",
        ),
        ("StatefulPartitionedCall/net/conv2d/BiasAdd", {}, [], "net/conv2d"),
    ],
)
def test_where_a_node_is_from(name, metadata, weights, module):
    entries = [memoryview(entry(key, value)) for key, value in metadata.items()]
    assert module_of(name, entries, "", weights) == module


def test_names_of_models_in_front_are_left_out():
    assert without_root(["net/a", "net/b/c", "", "net"]) == ["a", "b/c", "", ""]
    assert without_root(["net_1/a_1", "net_1/b_1_1/moments"]) == ["a", "b_1/moments"]
    assert without_root(["net_1/a", "net_1/b_1"]) == ["a", "b_1"]
    assert without_root(["a/b", "c"]) == ["a/b", "c"]
    assert without_root(["layer1.0", "layer1.1"]) == ["layer1.0", "layer1.1"]
    assert containers("layer1.0.conv1") == ["layer1", "layer1.0", "layer1.0.conv1"]
    assert containers("block/conv") == ["block", "block/conv"]
    assert containers("") == []


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("resnet18.", "resnet50.", "mobilenet"))])
def test_both_exporters_of_pytorch_give_the_modules_of_the_network(name):
    report = analysed(body_of(name))
    convolutions = [row["module"] for row in report["layers"] if row["type"] == "Conv"]
    assert len(set(convolutions)) == len(convolutions)
    if name.startswith("resnet"):
        assert convolutions[:3] == ["conv1", "layer1.0.conv1", "layer1.0.conv2"]
        assert {"layer2.0.downsample.0", "layer4.1.conv2"} <= set(convolutions)
        adds = {row["module"] for row in report["layers"] if row["type"] == "Add"}
        assert {"layer1.0", "layer4.1"} <= adds
    else:
        assert {"features.0.0", "features.3.conv.0.0"} <= set(convolutions)


def analysed(body, **options):
    return layercalc.analyze(read_model(body)[0], **options)


def test_nodes_of_a_function_are_of_its_call():
    functions = [
        {
            "name": "f",
            "domain": "d",
            "input": ["x"],
            "output": ["y"],
            "node": [node("Relu", ["x"], ["h"], "act"), node("Relu", ["h"], ["y"], "inner/act")],
            "opset_import": [{"domain": "", "version": 17}],
        }
    ]
    call = node("f", ["x"], ["y"], "call", "d") | {"metadata_props": [entry(SCOPES, "['', 'head', 'f']")]}
    for top, modules in (
        ([node("f", ["x"], ["y"], "call", "d")], ["call", "inner"]),
        ([call], ["head", "inner"]),
    ):
        body = file_of(
            top,
            {"x": [1]},
            {"y": [1]},
            functions=functions,
            opset_import=[{"version": 17}, {"domain": "d", "version": 1}],
        )
        assert [row["module"] for row in analysed(body)["layers"]] == modules


SIZES = {"height": 224, "width": 224}


def test_budgets_hold_modules_by_their_paths():
    document = read_model(body_of("resnet18.ts17d"))[0]
    budgets = [
        {"metric": "params", "layer": "layer1.0", "equals": 73_856},
        {"metric": "macs", "layer": "layer[1-4].?", "max": "1G"},
        {"metric": "output_shape", "layer": "layer1.0", "equals": [None, 64, 56, 56]},
        {"metric": "params", "layer": "layer1.0.conv1", "equals": 36_928},
        {"metric": "params", "layer": "/layer1/layer1.0/conv1/Conv", "equals": 36_928},
        {"metric": "params", "layer": "layer4*", "max_increase": 0},
    ]
    verdict = layercalc.check(document, budgets, document, dims=SIZES)
    assert verdict["passed"], [one["detail"] for one in verdict["results"]]
    tight = layercalc.check(document, [{"metric": "params", "layer": "layer?.0", "max": "1M"}], dims=SIZES)
    assert tight["results"][0]["layer"] == "layer4.0"
    with pytest.raises(layercalc.InvalidModel, match=r"Did you mean 'layer1.0'"):
        layercalc.check(document, [{"metric": "params", "layer": "layer1_0", "max": 1}], dims=SIZES)


def test_tables_and_drawings_speak_of_modules(tmp_path):
    (tmp_path / "net.onnx").write_bytes(body_of("resnet18.dy"))
    table = run("analyze", "net.onnx", "--format", "table", cwd=tmp_path).stdout
    assert "layer1.0.conv1" in table
    assert "node_Conv" not in table.split("Total:")[0]
    listed = run("analyze", "net.onnx", "--format", "csv", cwd=tmp_path).stdout.splitlines()
    assert listed[0].startswith("name,module,type")
    assert any(line.startswith("node_Conv_299,layer1.1.conv2,Conv") for line in listed)
    chosen = run("analyze", "net.onnx", "--format", "csv", "--columns", "module,params", cwd=tmp_path).stdout
    assert chosen.startswith("module,params")
    drawn = run("analyze", "net.onnx", "--format", "mermaid", cwd=tmp_path).stdout
    assert drawn.count("subgraph") == 20  # layer1 to layer4, two blocks in each, whose relu has two uses
    assert '["layer2.0.downsample"]' not in drawn  # of one row


def warnings_of(body):
    return [one["detail"] for one in analysed(body)["warnings"]]


def test_weights_that_an_exporter_computed_or_merged_are_said():
    for name in ("resnet18.dy", "resnet18.ts17d", "resnet18.external"):
        assert any(
            told.startswith("20 nodes have weights that the exporter computed") for told in warnings_of(body_of(name))
        )
    for name in ("small_resnet.ts7", "lenet.dy", "hf_bert.dy"):
        assert not any("exporter" in told for told in warnings_of(body_of(name)))
    w = tensor("fc1.bias", np.array([1, 2], "float32"))
    nodes = [
        node("Add", ["x", "fc1.bias"], ["h"], "/fc1/Add"),
        node("Identity", ["fc1.bias"], ["fc2.bias"], "Identity_0"),
        node("Add", ["h", "fc2.bias"], ["y"], "/fc2/Add"),
    ]
    (told,) = warnings_of(file_of(nodes, {"x": [1, 2]}, {"y": None}, [w]))
    assert told.startswith("A weight of the file is read by several modules ('fc1.bias')")
    nodes[1:] = [node("Add", ["h", "fc1.bias"], ["y"], "/fc2/Add")]
    assert len(warnings_of(file_of(nodes, {"x": [1, 2]}, {"y": None}, [w]))) == 1
    nodes[1] = node("Add", ["h", "fc1.bias"], ["y"], "/fc1/Add_1")
    assert warnings_of(file_of(nodes, {"x": [1, 2]}, {"y": None}, [w])) == []


@pytest.mark.parametrize("name", ["keras2", "keras3"])
def test_a_file_beside_its_source_in_keras(name):
    """tf2onnx keeps the names of layers: what differs is what the exporter folded and the biases that it left out."""
    source = (DATA / "tf2onnx" / f"{name}.json").read_text()
    body = gzip.decompress((DATA / "tf2onnx" / f"{name}.onnx.gz").read_bytes())
    assert layercalc.analyze(source)["totals"]["macs"] == analysed(body)["totals"]["macs"]
    found = layercalc.diff(source, read_model(body)[0])
    changes = {one["before"] or one["after"]: (one["change"], one["deltas"]["params"]) for one in found["layers"]}
    assert changes["depthwise_conv2d"] == ("changed", -8)  # a bias of zeros
    assert changes["block/conv2d"] == ("changed", -16)
    assert changes["head"] == ("changed", -10)
    same = {"image", "re_lu", "add", "global_average_pooling2d"}
    assert not same & changes.keys()
    assert found["totals"]["macs"]["delta"] == 0
    assert "inputs" not in found
    assert sum(delta for _, delta in changes.values()) == found["totals"]["params"]["delta"]
    assert layercalc.diff(read_model(body)[0], source)["totals"]["macs"]["delta"] == 0
    sizes = [row["output_shape"] for row in analysed(body)["layers"] if row["type"] in ("Conv", "Neg", "MatMul")]
    assert all(shape[0] is None for shape in sizes)  # Neg is behind a Reshape to [-1, 1, 15, 15]


def test_metadata_is_bounded():
    """However long it is, and whatever it says: a module's path is a name, and names have a limit."""
    props = [b"\x0a", b"", entry(SCOPES, "['" + "a" * 100_000 + "', 'x']"), entry("namespace", "/" * 100_000)]
    top = node("Relu", ["x"], ["y"], "n") | {"metadata_props": props}
    body = file_of([top], {"x": value_info("x", [1])}, {"y": None})
    (row,) = analysed(body)["layers"]
    assert len(row.get("module", "")) < 500
    assert written("Node", top)
