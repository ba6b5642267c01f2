"""By whose count: every convention against what the tool itself reports, to the digit."""

import json

import pytest

import layercalc
from layercalc.conventions import CONVENTIONS
from layercalc.ops import OPS
from tests import oracle

FOLDER = oracle.DATA / "flops"
TORCH = json.loads((FOLDER / "torch.json").read_text())
GRAPHS = json.loads((FOLDER / "tf.json").read_text())
ORACLE = json.loads((FOLDER / "torch_tools.json").read_text())
PROFILER = json.loads((FOLDER / "tf_profiler.json").read_text())
TOOLS = ("fvcore", "torch", "torchinfo", "thop", "ptflops", "calflops")


@pytest.mark.parametrize("name", [*ORACLE, *(f"own/{name}" for name in TORCH)])
def test_count_is_that_of_each_pytorch_tool(name):
    case = TORCH[name[4:]] if name.startswith("own/") else ORACLE[name]
    report = layercalc.analyze(case["stack"], conventions=TOOLS, batch_size=case.get("batch_size"))
    assert report["totals"]["counts"] == {tool: case["expected"][tool] for tool in TOOLS}


@pytest.mark.parametrize("name", [*PROFILER, *(f"own/{name}" for name in GRAPHS)])
def test_count_is_that_of_tf_profiler(name):
    case = GRAPHS[name[4:]] if name.startswith("own/") else PROFILER[name]
    document = case.get("model") or oracle.app(name.removeprefix("own/"))[0]
    report = layercalc.analyze(document, conventions=["tf"], batch_size=1)
    assert report["totals"]["counts"]["tf"] == case["tf"]


def every_network():
    return [
        *(case["stack"] for case in ORACLE.values()),
        *(oracle.app(name)[0] for name in ("ResNet50", "NASNetMobile")),
    ]


@pytest.mark.parametrize("document", every_network(), ids=lambda one: one["name"] if isinstance(one, dict) else None)
def test_totals_are_the_sum_of_rows_and_differences_the_sum_of_their_terms(document):
    report = layercalc.analyze(document, conventions="all")
    counts = report["totals"]["counts"]
    assert list(counts) == list(CONVENTIONS) == list(report["conventions"])
    for name, number in counts.items():
        assert number == sum(row["counts"][name] for row in report["layers"])
    pairs = [tuple(pair["between"]) for pair in report["reconciliation"]]
    assert pairs == [(a, b) for i, a in enumerate(CONVENTIONS) for b in list(CONVENTIONS)[i + 1 :]]
    for pair in report["reconciliation"]:
        a, b = pair["between"]
        assert pair["difference"] == counts[b] - counts[a] == sum(term["difference"] for term in pair["terms"])
        sizes = [abs(term["difference"]) for term in pair["terms"]]
        assert sizes == sorted(sizes, reverse=True)
        assert all(sizes)
        assert all(term[b] - term[a] == term["difference"] for term in pair["terms"])


def test_reconciliation_says_what_each_counts():
    report = layercalc.analyze(TORCH["dcgan"]["stack"], conventions=["fvcore", "thop"])
    largest = report["reconciliation"][0]["terms"][0]
    assert largest["op"] == "conv_transpose"
    assert "fvcore counts one for each multiply-accumulate" in largest["detail"]
    assert "thop counts input channels × window for each output element" in largest["detail"]


def test_conventions_name_their_unit_rule_and_source():
    for one in CONVENTIONS.values():
        assert one.unit in ("MACs", "FLOPs")
        assert one.rule
        assert one.source.startswith("https://")
        for op, rule in {**one.rules, **one.loops}.items():
            assert op in OPS or op in ("LSTM", "GRU", "RNN")
            assert rule.says
            assert rule.source


def test_all_and_several_mean_the_same_as_their_names():
    document = ORACLE["lenet"]["stack"]
    assert layercalc.analyze(document, conventions=["all"]) == layercalc.analyze(
        document, conventions=list(CONVENTIONS)
    )
    alone = layercalc.analyze(document, conventions=["thop", "thop"])
    assert list(alone["conventions"]) == ["thop"]
    assert "reconciliation" not in alone


def test_unknown_size_makes_a_count_null_but_for_the_tool_that_passes_over_it():
    layers = [{"type": "Conv2D", "filters": 4, "kernel_size": 3}, {"type": "GlobalAveragePooling2D"}]
    document = {"input_shape": [None, None, 3], "layers": [*layers, {"type": "Dense", "units": 5}]}
    counts = layercalc.analyze(document, conventions="all", batch_size=1)["totals"]["counts"]
    assert counts == {**dict.fromkeys(TOOLS), "tf": 2 * 4 * 5 + 5, "torchinfo": None}


def test_what_nobody_measured_is_null_and_said():
    document = {"input_shape": [5, 9, 2], "layers": [{"type": "ConvLSTM1D", "filters": 3, "kernel_size": 3}]}
    report = layercalc.analyze(document, conventions=["fvcore", "thop", "tf"])
    counts = report["totals"]["counts"]
    assert counts["thop"] is None
    assert counts["tf"] is None
    assert counts["fvcore"] == report["totals"]["macs"]
    told = [one["detail"] for one in report["warnings"]]
    assert any("thop" in one and "conv_lstm1d" in one for one in told)


def test_declared_costs_stand_for_themselves():
    declared = {"type": "Custom", "output_shape": [4], "params": 3, "macs": 10, "flops": 25}
    counts = layercalc.analyze({"input_shape": [2], "layers": [declared]}, conventions="all")["totals"]["counts"]
    assert counts == {name: 10 if one.unit == "MACs" else 25 for name, one in CONVENTIONS.items()}


NORMALISED = [
    *({"type": "LayerNormalization"}, {"type": "RMSNormalization"}, {"type": "UnitNormalization"}),
    {"type": "Softmax", "axis": [-1, -2]},
]


@pytest.mark.parametrize("layer", NORMALISED)
def test_there_is_a_count_along_an_axis_of_size_0(layer):
    found = layercalc.analyze({"input_shape": [4, 0], "layers": [layer]}, conventions="all")
    assert found["totals"]["counts"].keys() == set(CONVENTIONS)
