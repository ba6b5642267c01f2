"""At the value that is found the budgets hold, and at the next they do not; so does every value before it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc import analyze, check, fit
from layercalc.errors import InvalidBudgets, InvalidModel, Refused
from layercalc.fitting.values import Values, read_range
from layercalc.formulas import at, named
from layercalc.formulas.growth import first_where, grows_from
from layercalc.web import create_app
from tests.command import run
from tests.sweeps.test_exact import EXAMPLES, example, network

H = named("H")


@pytest.mark.parametrize(("formula", "low", "grows"), [
    (3 * H + 1, 1, True), (H * H - 2 * H, 1, True), (H * H - 4 * H, 1, False), (H * H - 4 * H, 2, True),
    ((H // 2 - 2) * (H // 2 - 2), 1, False), ((H // 2 - 2) * (H // 2 - 2), 4, True), (H - H // 2, 1, True),
    (5 - H, 1, False), (7, 1, True), (H % 3, 1, False), (H * (H // 4), 1, True),
])  # fmt: skip
def test_growth_is_proven_or_not_said(formula, low, grows):
    assert grows_from(formula, "H", low) is grows
    if grows:
        values = [at(formula, {"H": n}) for n in range(low, low + 200)]
        assert values == sorted(values)


@given(st.lists(st.integers(-3, 5), min_size=1, max_size=4), st.integers(2, 5), st.integers(1, 9))
def test_what_is_proven_to_grow_grows(coefficients, divisor, low):
    formula = sum((c * H**power + c * (H // divisor) ** power for power, c in enumerate(coefficients)), 0)
    values = [at(formula, {"H": n}) for n in range(low, low + 60)]
    if grows_from(formula, "H", low):
        assert values == sorted(values)


@given(st.integers(1, 50), st.integers(0, 10**6))
def test_the_first_number_from_which_something_holds(low, limit):
    assert first_where(lambda n: n * n >= limit, low) == next(n for n in range(low, 1001 + low) if n * n >= limit)
    assert first_where(lambda n: n < 0, low) is None


CONV = st.fixed_dictionaries({"type": st.just("Conv2D"), "filters": st.integers(1, 9), "kernel_size": st.integers(1, 3),
                              "strides": st.integers(1, 2), "padding": st.sampled_from(["same", "valid"])})  # fmt: skip
POOL = st.fixed_dictionaries(
    {"type": st.sampled_from(["MaxPooling2D", "AveragePooling2D"]), "pool_size": st.integers(1, 3)}
)
PLAIN = st.sampled_from([{"type": "ReLU"}, {"type": "BatchNormalization"}, {"type": "Dropout", "rate": 0.5}])
STACKS = st.lists(st.one_of(CONV, POOL, PLAIN), min_size=1, max_size=5)
METRICS = ("flops", "macs", "params", "activation_bytes", "peak_activation_bytes", "peak_in_place_bytes", "inference_bytes",
           "training.total_bytes.adam", "training.kept_activation_bytes", "training.step_flops")  # fmt: skip
BUDGETS = st.lists(
    st.tuples(st.sampled_from(METRICS), st.sampled_from(["max", "min"]), st.integers(1, 400_000)),
    min_size=1,
    max_size=2,
)


def holds(model, within, **options):
    try:
        return check(model, within, **options)["passed"]
    except (Refused, ValueError):
        return False


def found_by_trying(values, holding, goal):
    """The contract, value by value."""
    order = list(values) if goal == "largest" else list(values)[::-1]
    value = None
    for n in order:
        if not holding(n):
            return value, n
        value = n
    return value, None


def budgets(drawn):
    return [{"metric": metric, kind: limit if kind == "max" else limit // 50} for metric, kind, limit in drawn]


@given(
    STACKS, BUDGETS, st.integers(1, 12), st.integers(1, 3), st.integers(0, 24), st.sampled_from(["largest", "smallest"])
)
def test_resolutions(layers, drawn, first, step, more, goal):
    model = {
        "input_shape": ["H", "H", 2],
        "layers": [*layers, {"type": "GlobalAveragePooling2D"}, {"type": "Dense", "units": 3}],
    }
    within, last = budgets(drawn), first + step * more
    answer = fit(model, "H", within, range={"from": first, "to": last, "step": step}, goal=goal)
    wanted = found_by_trying(range(first, last + 1, step), lambda n: holds(model, within, dims={"H": n}), goal)
    assert (answer["value"], answer["next"]) == wanted
    assert (answer["stopped_by"] is None) == (answer["next"] is None)
    assert (answer["totals"] is None) == (answer["value"] is None)


@given(STACKS, BUDGETS, st.sampled_from(["largest", "smallest"]))
def test_batches(layers, drawn, goal):
    model = {"input_shape": [12, 12, 2], "layers": layers}
    within = budgets(drawn)
    if not holds(model, [{"metric": "params", "min": 0}]):
        return
    answer = fit(model, "batch_size", within, range="1..40", goal=goal)
    wanted = found_by_trying(range(1, 41), lambda n: holds(model, within, batch_size=n), goal)
    assert (answer["value"], answer["next"]) == wanted
    assert answer["proof"] == "formula"


@given(BUDGETS, st.sampled_from(["w", "2*w", "max(3, w//2)", "40 - w", "(w*w) % 17 + 1"]), st.integers(1, 4))
def test_widths_that_grow_and_that_do_not(drawn, expression, groups):
    model = {
        "input_shape": [8, 8, groups],
        "layers": [{"type": "Conv2D", "filters": {"$": expression}, "kernel_size": 3, "groups": groups}],
    }
    within = budgets(drawn)

    def filled(n):
        width = str(eval(expression, {"w": n, "max": max}))
        return json.loads(json.dumps(model).replace(json.dumps({"$": expression}), width))

    answer = fit(model, "w", within, range={"from": 1, "to": 30})
    assert (answer["value"], answer["next"]) == found_by_trying(
        range(1, 31), lambda n: holds(filled(n), within), "largest"
    )


@given(STACKS, st.sampled_from(METRICS), st.integers(20, 10**9))
def test_at_the_value_it_holds_and_at_the_next_it_does_not(layers, metric, limit):
    """Without a range: from the first that makes a network on."""
    model = {"input_shape": ["H", 16, 2], "layers": layers}
    within = [{"metric": metric, "max": limit}]
    try:
        answer = fit(model, "H", within)
    except (InvalidModel, InvalidBudgets):
        return
    if answer["value"] is None:
        assert answer["next"] is None or not holds(model, within, dims={"H": answer["next"]})
        return
    assert holds(model, within, dims={"H": answer["value"]})
    assert not holds(model, within, dims={"H": answer["next"]})
    assert answer["next"] == answer["value"] + 1
    assert answer["stopped_by"]["metric"] == metric
    assert answer["totals"] == check(model, within, dims={"H": answer["value"]})["totals"]


NET = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}
MEMORY = [{"metric": "peak_activation_bytes", "max": "8GiB"}]


def test_a_batch_in_memory_that_no_trying_would_reach():
    answer = fit(NET, "batch_size", MEMORY)
    assert answer["value"] == (8 << 30) // 48
    assert answer["stopped_by"]["excess"] == 48 * answer["next"] - (8 << 30)
    assert answer["proof"] == "formula"
    half = fit(NET, "batch_size", MEMORY, activation_dtype="float16")
    assert half["value"] == (8 << 30) // 24
    assert half["activation_dtype"] == "float16"


def test_no_end_and_none():
    answer = fit(NET, "batch_size", [{"metric": "params", "max": "1M"}])
    assert (answer["value"], answer["next"], answer["stopped_by"], answer["totals"]) == (None, None, None, None)
    assert "No end is found" in answer["detail"]
    assert fit(NET, "batch_size", [{"metric": "params", "max": "1M"}], range="1..64")["value"] == 64
    none = fit(NET, "batch_size", [{"metric": "flops", "max": 3}])
    assert (none["value"], none["next"], none["stopped_by"]["metric"]) == (None, 1, "flops")
    assert "No batch_size is found. The first value does not hold." in none["detail"]
    open_end = {"input_shape": [8], "layers": [{"type": "Dense", "units": {"$": "w"}}]}
    ones = fit(open_end, "w", [{"metric": "output_shape", "equals": [None, 1]}], range="1..")
    assert (ones["value"], ones["next"]) == (1, 2)
    assert (
        "give the range an end"
        in fit({**NET, "input_shape": ["n"]}, "n", [{"metric": "output_shape", "equals": [None, 4]}])["detail"]
    )


def test_training_is_a_metric_and_depth_varies():
    deep = {"input_shape": [16], "layers": [{"repeat": {"$": "d"}, "layers": [{"type": "Dense", "units": 16}]}]}
    answer = fit(deep, "d", [{"metric": "training.total_bytes.adam", "max": "100KB"}], batch_size=8, range="1..")
    one, two = (
        check(deep_of(n), [{"metric": "params", "max": "1G"}], batch_size=8) for n in (answer["value"], answer["next"])
    )
    assert one["totals"] == answer["totals"]
    assert two["totals"]["params"] - one["totals"]["params"] == 272
    assert 4 * 4 * one["totals"]["params"] + 64 * 8 * (1 + answer["value"]) > 100_000 - 64 - 8 * 64 - 4 * 4 * 272


def deep_of(n):
    return {"input_shape": [16], "layers": [{"type": "Dense", "units": 16}] * n}


def test_the_first_value_of_no_range_is_the_first_network():
    model = {
        "input_shape": ["H", "H", 1],
        "layers": [{"type": "Conv2D", "filters": 1, "kernel_size": 7}, {"type": "Flatten"}],
    }
    within = [{"metric": "output_shape", "equals": [None, 1]}]
    assert fit(model, "H", within)["value"] == 7
    ranged = fit(model, "H", within, range="1..9")
    assert (ranged["value"], ranged["next"]) == (None, 1)
    assert "window" in ranged["stopped_by"]["detail"]


def test_what_is_no_model_is_refused_and_0_is_no_batch():
    with pytest.raises(InvalidModel, match="No layer found"):
        fit("import os", "batch_size", MEMORY)
    nothing = fit(NET, "batch_size", MEMORY, range="0..")
    assert (nothing["value"], nothing["next"]) == (None, 0)
    assert "at least 1" in nothing["stopped_by"]["detail"]


def test_a_range_of_dims_is_that_of_the_fit():
    model = {"input_shape": ["H", "W", 1], "layers": [{"type": "Flatten"}, {"type": "Dense", "units": 2}]}
    within = [{"metric": "macs", "max": 1000}]
    assert fit(model, "H", within, dims="H=3..9,W=5")["value"] == 9
    assert fit(model, "H", within, dims={"H": "3..200", "W": 5})["value"] == 100
    with pytest.raises(InvalidModel, match="'H' varies; say a range of it"):
        fit(model, "H", within, dims="H=9,W=5")
    with pytest.raises(InvalidModel, match="leave one of the two out"):
        fit(model, "H", within, dims="H=3..9,W=5", range="3..5")
    for vary in ("H", "batch_size"):
        with pytest.raises(InvalidModel, match=r"need a number: .*W; say dims=") as caught:
            fit(model, vary, within)
        assert caught.value.errors[0]["parameter"] == "dims"


WRONG = [
    ({"vary": "no name"}, "parameter", "vary", "Expected 'batch_size', the name of a size or of a placeholder"),
    ({"vary": "n"}, "parameter", "vary", "The model names no size 'n'. It names none"),
    ({"vary": "batch_sise"}, "parameter", "vary", "Did you mean 'batch_size'?"),
    ({"goal": "best"}, "parameter", "goal", "largest"),
    ({"range": "1-5"}, "parameter", "range", "Expected a range such as"),
    ({"range": {"to": 5}}, "parameter", "range", "Expected a range such as"),
    ({"range": "5..1"}, "parameter", "range", "From 5 to 1 there is no value."),
    ({"range": {"from": 1, "step": 0}}, "pointer", "/range/step", "Expected an integer of at least 1; received 0."),
    ({"range": {"from": 1.5}}, "pointer", "/range/from", "Expected an integer of at least 0"),
    ({"range": {"from": 1, "till": 3}}, "pointer", "/range/till", "There is no key 'till' of a range"),
    ({"within": [{"metric": "flops"}]}, "pointer", "/within/0", "A budget needs a limit"),
    ({"within": [{"metric": "flops", "max_increase": "2%"}]}, "pointer", "/within/0", "which a fit does not have"),
    ({"batch_size": 4}, "parameter", "batch_size", "It varies; leave it out."),
    ({"model": {**NET, "name": {"$": "d"}}}, "pointer", "/name", "The model leaves 'd' open"),
]


@pytest.mark.parametrize(("wrong", "kind", "place", "words"), WRONG, ids=lambda one: str(one)[:30])
def test_what_is_wrong_is_told_where_it_stands(wrong, kind, place, words):
    asked = {"model": NET, "vary": "batch_size", "within": MEMORY, **wrong}
    answer = create_app().test_client().post("/v1/fit", json=asked)
    assert answer.status_code == 422
    (fault,) = answer.json["errors"]
    pointer = place if kind == "pointer" else f"/{place}"
    assert fault["pointer"] == ("/model" if "model" in wrong else "") + pointer
    assert words in fault["detail"]
    with pytest.raises((InvalidModel, InvalidBudgets)) as caught:
        fit(asked.pop("model"), asked.pop("vary"), asked.pop("within"), **asked)
    assert caught.value.errors[0].get(kind) == place


def test_ranges():
    assert read_range("8..512:8") == read_range({"from": 8, "to": 515, "step": 8}) == Values(8, 512, 8)
    assert read_range(" 3 .. ") == read_range({"from": 3}) == read_range({"from": 3, "to": None}) == Values(3, None, 1)
    assert [n for run in Values(3, 1000, 7).runs(1 << 20) for n in run] == list(range(3, 1001, 7))
    assert [n for run in Values(3, 997, 7).runs(1 << 20, down=True) for n in run] == list(range(997, 2, -7))
    assert sum(len(run) for run in Values().runs(1000)) == 1000


def test_every_face(tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(NET))
    (tmp_path / "request.json").write_text(json.dumps({"model": NET, "vary": "batch_size", "within": MEMORY}))
    answer = fit(NET, "batch_size", MEMORY)
    client = create_app().test_client()
    query = "/v1/fit?vary=batch_size&max_peak_activation_bytes=8GiB"
    assert client.post("/v1/fit", json={"model": NET, "vary": "batch_size", "within": MEMORY}).json == answer
    assert client.post(query, json=NET).json == answer
    asked = ("--vary", "batch_size", "--within", "peak_activation_bytes=8GiB")
    ran = run("fit", "net.json", *asked, cwd=tmp_path)
    assert (ran.returncode, json.loads(ran.stdout)) == (0, answer)
    assert json.loads(run("fit", "request.json", cwd=tmp_path).stdout) == answer
    csv = f"vary,goal,value,next,metric,limit,actual\nbatch_size,largest,{answer['value']},{answer['next']}"
    assert client.post(f"{query}&format=csv", json=NET).text.replace("\r", "").startswith(csv)
    text = client.post(query, json=NET, headers={"Accept": "text/plain"}).text
    assert answer["detail"] in text
    assert client.post(f"{query}&range=1..5&goal=smallest", json=NET).json["value"] == 1
    none = run("fit", "net.json", "--vary", "batch_size", "--within", "flops=3", cwd=tmp_path)
    assert (none.returncode, json.loads(none.stdout)["value"]) == (1, None)
    assert run("fit", "net.json", "--vary", "batch_size", cwd=tmp_path).returncode == 2
    assert run("fit", "net.json", "--vary", "H", "--within", "flops=3", cwd=tmp_path).returncode == 2
    missing = client.post("/v1/fit?vary=batch_size", json=NET)
    assert (missing.status_code, "There is no budget" in missing.json["errors"][0]["detail"]) == (422, True)


def test_a_step_past_64_bits():
    model = {"input_shape": ["H"], "layers": [{"type": "Dense", "units": {"$": "w"}}]}
    within = [{"metric": "params", "max": 100}]
    answer = fit(model, "w", within, range={"from": 3, "to": 10**200, "step": 10**200}, dims={"H": 4})
    assert (answer["value"], answer["next"]) == (3, None)
    wide = {"from": 3, "to": 10**200 + 3, "step": 10**200}
    down = fit(model, "w", [{"metric": "params", "min": 100}], range=wide, dims={"H": 4}, goal="smallest")
    assert (down["value"], down["next"]) == (10**200 + 3, 3)


NAMED = [
    param for param in EXAMPLES
    if param.values[0] == "keras"
    and any(type(n) is int for one in example(*param.values)[2] for n in one["batch_shape"][1:])
]  # fmt: skip


@pytest.mark.parametrize(("vocabulary", "name"), NAMED)
def test_every_layer_with_a_size_by_name(vocabulary, name):
    kind, config, inputs = example(vocabulary, name)
    axes = ((one["batch_shape"], axis) for one in inputs for axis in range(1, len(one["batch_shape"])))
    shape, axis = next((shape, axis) for shape, axis in axes if type(shape[axis]) is int)
    size, shape[axis] = shape[axis], "H"
    model, within = network(vocabulary, kind, config, inputs), [{"metric": "activation_bytes", "max": 10**9}]
    try:
        analyze(model, dims={"H": size})
    except Refused:
        return
    assert fit(model, "H", within, range={"from": size, "to": size})["value"] == size
