"""Bytes as if floating tensors were stored in other dtypes: every number by hand, every face, every wrong word."""

import json
import re
from itertools import pairwise
from math import ceil, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc import analyze, catalogue, check, diff
from layercalc.analysis.storage import DTYPES, PATTERN, SCALED, read_stored
from layercalc.budgets import read_budgets, read_document
from layercalc.errors import InvalidBudgets, InvalidModel
from layercalc.layers.keras.base import KERAS
from layercalc.ops.spec import BITS, WIDTH
from layercalc.web import create_app
from tests.command import run
from tests.layers.test_registry import PLAIN, stack

NET = {
    "input_shape": [9, 9, 3],
    "layers": [
        {"type": "Conv2D", "filters": 5, "kernel_size": 3, "name": "conv"},
        {"type": "BatchNormalization", "name": "norm"},
        {"type": "DepthwiseConv2D", "kernel_size": 3, "depth_multiplier": 2, "use_bias": False, "name": "depth"},
        {"type": "Conv2DTranspose", "filters": 7, "kernel_size": 2, "use_bias": False, "name": "up"},
        {"type": "Flatten", "name": "flat"},
        {"type": "Dense", "units": 11, "name": "dense"},
    ],
}
SHAPES = {  # of each weight, and its output channels
    "conv/kernel": ([3, 3, 3, 5], 5),
    "conv/bias": ([5], 1),
    **{f"norm/{name}": ([5], 1) for name in ("gamma", "beta", "moving_mean", "moving_variance")},
    "depth/kernel": ([3, 3, 5, 2], 10),
    "up/kernel": ([2, 2, 7, 10], 7),
    "dense/kernel": ([252, 11], 11),
    "dense/bias": ([11], 1),
}
TENSORS = [[7, 7, 5], [7, 7, 5], [5, 5, 10], [6, 6, 7], [252], [11]]


def bits(dtype):
    return BITS.get(dtype) or 8 * WIDTH[dtype]


def stored(shape, channels, dtype, scales=None):
    """The bytes of a tensor, by the rules of analysis/storage.py."""
    n = prod(shape)
    groups, scale = (0, 0) if scales is None else (channels, 4) if scales == "channel" else (ceil(n / scales), 2)
    zeros = ceil(groups * bits(dtype) / 8) if dtype.startswith("u") else 0
    return ceil(n * bits(dtype) / 8) + groups * scale + zeros


WAYS = [(dtype, None) for dtype in DTYPES]
WAYS += [(dtype, scales) for dtype in SCALED for scales in (1, 32, 100, 10**8, "channel")]


@pytest.mark.parametrize(("dtype", "scales"), WAYS, ids=str)
def test_weights_take_what_they_would(dtype, scales):
    text = dtype if scales is None else f"{dtype}:{scales}"
    report, plain = analyze(NET, weight_dtype=text), analyze(NET)
    each = {name: stored(shape, channels, dtype, scales) for name, (shape, channels) in SHAPES.items()}
    for row in report["layers"]:
        assert row["param_bytes"] == sum(n for name, n in each.items() if name.startswith(f"{row['name']}/")), row[
            "name"
        ]
        assert all(one["dtype"] == text for one in row["weights"])
    assert report["totals"]["param_bytes"] == sum(each.values())
    assert report["memory"]["param_bytes_by_dtype"] == {text: sum(each.values())}
    peak = report["totals"]["peak_activation_bytes"]
    assert report["memory"]["inference_bytes"] == sum(each.values()) + peak
    same = (
        "params",
        "trainable_params",
        "macs",
        "flops",
        "activation_bytes",
        "peak_activation_bytes",
        "peak_in_place_bytes",
    )
    assert {key: report["totals"][key] for key in same} == {key: plain["totals"][key] for key in same}
    assert report["weight_dtype"] == text
    assert "activation_dtype" not in report


@pytest.mark.parametrize(("dtype", "scales"), [way for way in WAYS if way[1] != "channel"], ids=str)
def test_activations_take_what_they_would(dtype, scales):
    text = dtype if scales is None else f"{dtype}:{scales}"
    report, plain = analyze(NET, activation_dtype=text), analyze(NET)
    each = [stored(shape, 1, dtype, scales) for shape in TENSORS]
    entry = stored([9, 9, 3], 1, dtype, scales)
    assert [row["activation_bytes"] for row in report["layers"]] == each
    assert report["totals"]["peak_activation_bytes"] == max(
        entry + each[0], each[0] + each[1], each[1] + each[2], each[2] + each[3]
    )
    assert report["totals"]["peak_in_place_bytes"] == max(entry + each[0], each[1] + each[2], each[2] + each[3])
    assert {one["dtype"] for one in (*report["inputs"], *report["outputs"])} == {text}
    assert report["totals"]["param_bytes"] == plain["totals"]["param_bytes"]
    kept = entry + sum(each) - each[4]  # a view is none
    assert report["memory"]["training"]["kept_activation_bytes"] == kept


def test_only_floats_are_stored_otherwise():
    words = {"inputs": [{"name": "words", "shape": [6], "dtype": "int32"}],
             "layers": [{"type": "Embedding", "input_dim": 100, "output_dim": 9}]}  # fmt: skip
    report = analyze(words, weight_dtype="int8:channel", activation_dtype="float16")
    assert report["inputs"][0]["dtype"] == "int32"
    assert report["totals"]["param_bytes"] == 900 + 4 * 100  # a scale for each row
    assert report["totals"]["peak_activation_bytes"] == 6 * 4 + 6 * 9 * 2
    (op,) = (one for one in report["layers"][0]["ops"] if one["op"] == "gather")
    assert op["bytes_read"] == 6 * 4 + 6 * (9 + 4)


@pytest.mark.parametrize("name", PLAIN)
def test_the_same_dtypes_are_the_same_report(name):
    """A model stored as it is read; what changes is said at the top alone."""
    plain = analyze(stack(name), explain=True, device="a100", conventions="all")
    again = analyze(
        stack(name), explain=True, device="a100", conventions="all", weight_dtype="float32", activation_dtype="float32"
    )
    assert again.pop("weight_dtype") == again.pop("activation_dtype") == "float32"
    assert again == plain


@pytest.mark.parametrize("name", PLAIN)
def test_half_of_every_float_is_half(name):
    plain, half = analyze(stack(name)), analyze(stack(name), weight_dtype="float16", activation_dtype="bfloat16")
    for before, after in zip(plain["layers"], half["layers"], strict=True):
        floats = {one["name"] for one in before["weights"] if one["dtype"] == "float32"}
        if len(floats) == len(before["weights"]):
            assert 2 * after["param_bytes"] == before["param_bytes"]
        for was, now in zip(before["ops"], after["ops"], strict=True):
            assert was["bytes_read"] // 2 <= now["bytes_read"] <= was["bytes_read"]
            assert was["bytes_written"] // 2 <= now["bytes_written"] <= was["bytes_written"]
        assert {key: after[key] for key in ("params", "macs", "flops", "receptive_field")} == {
            key: before[key] for key in ("params", "macs", "flops", "receptive_field")
        }
    if all(one["dtype"] == "float32" for one in (*plain["inputs"], *plain["outputs"])):
        assert 2 * half["totals"]["peak_activation_bytes"] == plain["totals"]["peak_activation_bytes"]


def test_what_a_mixed_policy_casts_is_the_weight():
    """Read in float16, kept in float32; as int8 it is read as int8."""
    dense = {
        "type": "Dense",
        "units": 4,
        "use_bias": False,
        "dtype": {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}},
    }
    report = analyze({"input_shape": [8], "layers": [dense]}, weight_dtype="int8")
    (op,) = report["layers"][0]["ops"]
    assert op["bytes_read"] == 8 * 2 + 8 * 4


SCALES = st.one_of(st.none(), st.integers(1, 70))


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=5), st.sampled_from(SCALED), SCALES)
def test_dense_stacks(widths, dtype, scales):
    text = dtype if scales is None else f"{dtype}:{scales}"
    layers = [{"type": "Dense", "units": n, "use_bias": bias} for n, bias in widths]
    report = analyze({"input_shape": [13], "layers": layers}, weight_dtype=text, activation_dtype=text)
    sizes = [13, *(n for n, _ in widths)]
    shapes = [[a, b] for a, b in pairwise(sizes)] + [[n] for n, bias in widths if bias]
    assert report["totals"]["param_bytes"] == sum(stored(shape, 1, dtype, scales) for shape in shapes)
    pairs = pairwise(sizes)
    peak = max(stored([a], 1, dtype, scales) + stored([b], 1, dtype, scales) for a, b in pairs)
    assert report["totals"]["peak_activation_bytes"] == peak


@pytest.mark.parametrize("side", range(3, 12))
def test_sizes_by_name_give_formulas_of_bytes(side):
    net = {**NET, "layers": NET["layers"][:3]}
    asked = {"weight_dtype": "uint4:32", "activation_dtype": "int4:32"}
    formulas = analyze(net, input_shape="H,H,3", **asked)["totals"]["formulas"]
    numbers = analyze(net, input_shape=f"{side + 4},{side + 4},3", **asked)["totals"]
    assert formulas.keys() >= {"activation_bytes", "peak_activation_bytes", "peak_in_place_bytes"}
    for key, text in formulas.items():
        assert eval(text, {"H": side + 4, "max": max, "min": min}) == numbers[key], key


def test_a_step_of_training_is_known_for_floats_alone():
    half = analyze(NET, weight_dtype="bfloat16")["memory"]["training"]
    trainable = analyze(NET)["totals"]["trainable_params"]
    assert (half["gradient_bytes"], half["optimizer_state_bytes"]["adam"]) == (2 * trainable, 4 * trainable)
    whole = analyze(NET, weight_dtype="int8")["memory"]["training"]
    assert whole["gradient_bytes"] is whole["total_bytes"]["adam"] is whole["optimizer_state_bytes"]["sgd"] is None
    assert whole["weight_bytes"] == analyze(NET)["totals"]["params"]
    assert "not trained" in whole["assumptions"][-1]
    with pytest.raises(InvalidBudgets, match="Weights stored as int8 are not trained"):
        check(NET, [{"metric": "training.total_bytes.adam", "max": "1G"}], weight_dtype="int8")


def test_a_roofline_moves_fewer_bytes_and_computes_as_the_device_can():
    wide = {"input_shape": [4096], "layers": [{"type": "Dense", "units": 4096, "use_bias": False}]}
    times = {dtype: analyze(wide, device="a100", weight_dtype=dtype, activation_dtype="float16")["roofline"]["seconds"]
             for dtype in ("float16", "int4")}  # fmt: skip
    assert times["int4"] == pytest.approx(times["float16"] / 4, rel=0.01)
    flops = {"float32": 19.5e12, "float16": 312e12, "int8": 19.5e12}
    for dtype, peak in flops.items():
        found = analyze(wide, device="a100", batch_size=10**6, weight_dtype=dtype, activation_dtype=dtype)
        assert found["layers"][0]["roofline"]["seconds"] == pytest.approx(found["totals"]["flops"] / peak), dtype


def test_explanations_spell_it_out():
    report = analyze(NET, weight_dtype="uint4:32", activation_dtype="int4", explain=True)
    said = {row["name"]: row["explain"] for row in report["layers"]}
    assert "param_bytes = ⌈135 × 4 / 8⌉ + 5 × 2 + ⌈5 × 4 / 8⌉ + ⌈5 × 4 / 8⌉ + 1 × 2 + ⌈1 × 4 / 8⌉ = 87" in said["conv"]
    assert "activation_bytes = ⌈245 × 4 / 8⌉ = 123" in said["conv"]


WRONG = [
    ("int3", "Expected a dtype, one of float64, "),
    ("", "Expected a dtype"),
    ("bool", "Expected a dtype"),
    ("floot16", "Did you mean 'float16'?"),
    ("float16:32", "Scales are of int8, uint8, int4, uint4, int2, uint2, not of float16; leave ':32' out."),
    ("int4:0", 'Expected how many numbers share a scale, such as int4:32, or int4:channel; received "int4:0".'),
    ("int4:-1", "Expected how many numbers share a scale"),
    ("int4:", "Expected how many numbers share a scale"),
    ("int4:٣", "Expected how many numbers share a scale"),
    ("int4:1234567890", "Expected how many numbers share a scale"),
    ("int4:32:32", "Expected how many numbers share a scale"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_wrong_dtypes_are_told_where_they_stand(text, words):
    client = create_app().test_client()
    for name in ("weight_dtype", "activation_dtype"):
        with pytest.raises(InvalidModel) as caught:
            analyze(NET, **{name: text})
        assert [(one["parameter"], words in one["detail"]) for one in caught.value.errors] == [(name, True)]
        (fault,) = client.post("/v1/analyze", json=NET, query_string={name: text}).json["errors"]
        assert (fault["parameter"], words in fault["detail"]) == (name, True)
        (fault,) = client.post("/v1/analyze", json={"model": NET, name: text}).json["errors"]
        assert (fault["pointer"], words in fault["detail"]) == (f"/{name}", True)
        with pytest.raises(InvalidBudgets) as caught:
            read_document({"defaults": {name: text}, "budgets": ["mobile"]})
        assert words in caught.value.errors[0]["detail"]
        assert caught.value.errors[0]["pointer"] == f"/budgets/defaults/{name}"
    assert not re.fullmatch(PATTERN, text)


@pytest.mark.parametrize("wrong", [8, True, ["int8"], {"dtype": "int8"}])
def test_what_is_no_text_is_refused(wrong):
    answer = (
        create_app().test_client().post("/v1/check", json={"model": NET, "budgets": ["mobile"], "weight_dtype": wrong})
    )
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/weight_dtype"


def test_activations_have_no_scales_by_channel():
    with pytest.raises(InvalidModel, match="Scales by channel are of weights"):
        analyze(NET, activation_dtype="int8:channel")


def test_names_of_other_libraries_are_known():
    assert read_stored("float8_e4m3fn").title == "float8e4m3fn"
    for dtype, scales in WAYS:
        text = dtype if scales is None else f"{dtype}:{scales}"
        assert read_stored(f" {text} ").title == text
        assert re.fullmatch(PATTERN, text)


FITS = {"metric": "param_bytes", "max": "4KiB"}


def test_every_face_takes_them(tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(NET))
    (tmp_path / "layercalc.yaml").write_text(
        "defaults: {weight_dtype: int8, activation_dtype: int8}\nmodels:\n"
        "  - {path: net.json, budgets: [{metric: param_bytes, max: 4KiB}]}\n"
    )
    client = create_app().test_client()
    assert not check(NET, [FITS])["passed"]
    verdict = check(NET, [FITS], weight_dtype="int8")
    assert verdict["passed"]
    assert verdict["weight_dtype"] == "int8"
    assert client.post("/v1/check?weight_dtype=int8&max_param_bytes=4KiB", json=NET).json == verdict
    assert client.post("/v1/check", json={"model": NET, "budgets": [FITS], "weight_dtype": "int8"}).json == verdict
    ran = run(
        "check", "net.json", "--max-param-bytes", "4KiB", "--weight-dtype", "int8", "--format", "text", cwd=tmp_path
    )
    assert ran.returncode == 0
    assert "Bytes are those of weights as int8." in ran.stdout
    assert run("check", "--format", "json", cwd=tmp_path).returncode == 0
    (tmp_path / "net.json").write_text(json.dumps({**NET, "layers": [*NET["layers"], {"type": "Dense", "units": 200}]}))
    failed = run("check", "--format", "json", cwd=tmp_path)
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["activation_dtype"] == "int8"
    text = client.post(
        "/v1/analyze?weight_dtype=int4:32&activation_dtype=int8", json=NET, headers={"Accept": "text/plain"}
    ).text
    assert "Bytes are those of weights as int4:32 and activations as int8." in text


def test_differences_and_baselines_are_of_both_models_stored_so():
    wider = json.loads(json.dumps(NET).replace('"units": 11', '"units": 12'))
    found = diff(NET, wider, weight_dtype="int8")
    assert found["totals"]["param_bytes"]["delta"] == 252 + 1
    assert found["weight_dtype"] == "int8"
    grown = [{"metric": "param_bytes", "max_increase": 253}]
    assert check(wider, grown, NET, weight_dtype="int8")["passed"]
    assert not check(wider, grown, NET)["passed"]


def test_budgets_of_a_file_may_say_them_for_each_model():
    document = {"models": [{"path": "a.json", "weight_dtype": "int4:32", "budgets": [FITS]}]}
    assert read_document(document).models[0].options == {"weight_dtype": "int4:32"}
    assert read_budgets(document, file="a.json")


def test_a_quantised_file_stays_what_it_is():
    example = catalogue.example(KERAS.kinds["Dense"])["layer"]
    net = {"input_shape": [4], "layers": [{**example, "dtype": "float16"}]}
    assert analyze(net, weight_dtype="float16")["totals"] == analyze(net)["totals"]
