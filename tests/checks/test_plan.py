"""layercalc.yaml: what it may say, what is wrong with it and in which line, and its JSON Schema."""

import contextlib
import json
import os
import time
from glob import glob
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from layercalc import InvalidBudgets, check
from layercalc.analysis.metrics import METRICS, PER_LAYER
from layercalc.analysis.weight_specs import BUFFERS
from layercalc.budgets import read_document
from layercalc.budgets.keys import BUDGET, DEFAULTS, DOCUMENT, MODEL, budgets_schema
from layercalc.budgets.presets import PRESETS
from layercalc.checks import globs
from layercalc.checks.globs import TooMany, files_of
from layercalc.checks.plan import plan
from layercalc.checks.source import MAX_VALUES, read_source
from tests.test_check import GROWN, NET
from tests.web.attacks_service import GLOBS

SCHEMA = jsonschema.Draft202012Validator(budgets_schema())
SHAPES = ("input_shape", "batch_shape")
LIMIT = {"metric": "params", "max": "13K"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, model in {"a.json": NET, "b.json": GROWN, "old/a.json": NET, "deep/er/c.json": NET}.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(json.dumps(model))
    return tmp_path


def planned(text, *models, **more):
    Path("layercalc.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return plan("layercalc.yaml", models, **more)


def faults(text):
    with pytest.raises(InvalidBudgets) as caught:
        planned(text)
    return [(one.get("line"), one["detail"]) for one in caught.value.errors]


def test_models_by_glob_with_named_budgets_presets_and_defaults(folder):
    jobs = planned("""
defaults: {level: warn, min_delta: 1K, batch_size: 2}
named:
  small: [{metric: params, max: 13K}, head]
  head:
    - {metric: params, layer: head, max: 12K, level: error}
budgets: [{metric: params, max_increase: 2%}]
models:
  - path: "*.json"
    budgets: [small, mobile]
    baseline: old/{name}
  - {path: "deep/**/*.json", batch_size: 1, baseline_git: main}
  - path: a.json
    budgets: [{metric: macs, max: 1M, name: arithmetic}]
""")
    assert [job.name for job in jobs] == ["a.json", "b.json", "deep/er/c.json"]
    a, b, c = jobs
    assert [one.title for one in a.budgets] == [
        "params max 13K",
        "params of head max 12K",
        "macs max 600M",
        "param_bytes max 200MB",
        "arithmetic: macs max 1M",
        "params max_increase 2%",
    ]
    assert [one.level for one in a.budgets] == ["warn", "error", "error", "warn", "warn", "warn"]
    assert [one.set for one in a.budgets] == ["small", "small", "mobile", "mobile", None, None]
    assert [one.lines[""] for one in a.budgets] == [4, 6, 10, 10, 14, 7]
    assert a.budgets[-1].min_delta == 1000
    assert len(b.budgets) == len(a.budgets) - 1
    assert (a.baseline, a.where, a.options) == ("old/a.json", {"file": "layercalc.yaml", "line": 11}, {"batch_size": 2})
    assert (c.baseline, c.ref, c.options, len(c.budgets)) == (None, "main", {"batch_size": 1}, 1)


def test_models_that_are_named_keep_the_budgets_of_their_path_and_options_go_first(folder):
    text = "models: [{path: '*.json', budgets: [{metric: params, max: 1}], baseline: old.json}]\n"
    (job,) = planned(
        text, "./a.json", options={"batch_size": 3}, ref="main", own={"--max-macs": [{"metric": "macs", "max": 5}]}
    )
    assert (job.name, job.options, job.baseline, job.ref) == ("./a.json", {"batch_size": 3}, None, "main")
    assert [one.metric for one in job.budgets] == ["params", "macs"]
    with pytest.raises(InvalidBudgets, match="There is no budget for deep/er/c"):
        planned(text, "deep/er/c.json")


def test_merge_keys_and_aliases_are_read_as_yaml_has_them(folder):
    (job,) = planned("""
named:
  x: &x [{metric: params, max: &most 5M}]
defaults: &d {batch_size: 2}
models:
  - <<: *d
    path: a.json
    budgets: *x
""")
    assert job.budgets[0].limits == {"max": 5_000_000}
    assert job.options == {"batch_size": 2}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "is empty"),
        ("# nothing\n", None, "comments and nothing else"),
        ("budgets:\n\t- metric: params\n", 2, "a tab stands where YAML takes spaces"),
        ("budgets:\n  - metric: params\n    max: 1\n    metric: flops\n", 4, "'metric' is here a second time; the first is in line 2"),
        (BOMB, 1, f"more than {MAX_VALUES:,} values"),
        ("budgets: &a [*a]\n", None, "contains itself"),
        ("&a {<<: *a}\n", None, "contains itself"),
        ("[" * 3000, None, "nested too deeply"),
        ("budgets: !!python/object:os.system [x]\n", 1, "The tag !!python/object:os.system is not taken"),
        ("a: 1\n---\nb: 2\n", 2, "a second document begins"),
        (b"a: 1\nb: \xff\n", 2, "Not UTF-8: byte 8 is 0xff"),
        ("budgets: [\n", 2, "Neither YAML nor JSON"),
        ("budgets: *nowhere\n", 1, "undefined alias"),
        ("a: \x00\n", None, "Neither YAML nor JSON"),
        ("? [a]\n: b\n", 1, "Expected a name as a key"),
        ("<<: 3\n", 1, "Expected a mapping to merge"),
        ("3\n", 1, "Expected a mapping with `budgets` or `models`; received 3"),
        ("{}\n", 1, "There is no budget in it"),
        ("budgets:\n", 1, "There is no budget in it"),
        ("budgets: []\n", 1, "Expected a list of budgets"),
        ("budgets: 3\n", 1, "Expected a list of budgets"),
        ("named: [a]\n", 1, "a mapping of names"),
        ("budgets:\n- small\n", 2, "no budgets named 'small'"),
        ("budgets:\n- mobil\n", 2, "Did you mean 'mobile'?"),
        ("named:\n  a: [b]\n  b: [a]\nbudgets: [a]\n", 3, "'a' contains itself"),
        ("named:\n  edge: [mobile]\nbudgets: [edge]\n", 2, '"edge" is a preset'),
        ("budgets:\n- metric: params\n  max:\n    5X\n", 3, 'text such as "5M"'),
        ("budgets:\n- metric: params\n  maxx: 5\n", 3, "Did you mean 'max'?"),
        ("budgets:\n- {metric: params, max: 1, layer: x, output: y}\n", 2, "of layers or of outputs"),
        ("budgets:\n- {metric: params, max: 1, output: y}\n", 2, "is not of an output"),
        ("budgets:\n- {metric: params, equals: [1]}\n", 2, "Expected a number"),
        ("budgets:\n- {metric: params, max: 1, min_delta: 1}\n", 2, "is slack for 'max_increase'"),
        ("models:\n- path: 'zz*'\n  budgets: [edge]\n", 2, "No file matches 'zz*'"),
        ("models:\n- path: a.json\n", 2, "There is no budget for these models"),
        ("models:\n- budgets: [edge]\n", 2, "'path' is required"),
        ("models:\n- 3\n", 2, "Expected a model"),
        ("models:\n- path: a.json\n  budgets: [edge]\n  batch_size: two\n", 4, "an integer of at least 1"),
        ("defaults: {levl: warn}\nbudgets: [edge]\n", 1, "Did you mean 'level'?"),
        ("defaults:\n  baseline: a\n  baseline_git: b\nbudgets: [edge]\n", 3, "a file or a git ref, not both"),
    ],
)  # fmt: skip
def test_fault_names_the_line(folder, text, line, words):
    assert any(at == line and words in detail for at, detail in faults(text)), faults(text)


def test_every_fault_comes_at_once(folder):
    text = "budgets:\n- {metric: parms, max: 1}\n- {metric: params}\n- small\nmodel: 3\n"
    assert {line for line, _ in faults(text)} == {2, 3, 4, 5}


def test_lists_that_multiply_are_bounded(folder):
    levels = "".join(f"  n{i}: [{', '.join([f'n{i - 1}'] * 10)}]\n" for i in range(1, 30))
    found = faults(f"named:\n  n0: [{{metric: params, max: 1}}]\n{levels}budgets: [n29]\n")
    assert "More than 1,000 budgets" in found[0][1]


def test_json_with_tabs_and_a_byte_order_mark_is_read_too(folder):
    text = '\ufeff{\n\t"$schema": "x.json",\n\t"budgets": [\n\t\t{"metric": "params", "max": "1K"}\n\t]\n}\n'
    assert planned(text, "a.json")[0].budgets[0].lines == {"": 4, "metric": 4, "max": 4}


def test_source_changes_values_in_their_places():
    Path("x.yaml")
    text = "a: 'one' # first\r\nb: [1, {c: 5M}]  # last\r\nd: &x 3\ne: *x\n"
    from layercalc.checks.source import parsed

    source = parsed("x.yaml", text)
    assert source.changed({"/a": "2", "/b/1/c": "600"}) == text.replace("'one'", "2").replace("5M", "600")
    assert [source.changeable(at) for at in ("/a", "/b/1/c", "/d", "/e", "/nowhere")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_presets_are_budgets_with_a_source():
    for name, preset in PRESETS.items():
        assert {"mobile", "microcontroller", "edge"} == set(PRESETS)
        assert preset.description
        assert "arXiv" in preset.source
        assert len(check(NET, [name])["results"]) == len(preset.budgets)
    assert not check(NET, [{"metric": "macs", "max": 1}, "edge"])["passed"]


def readable(document):
    try:
        read_document(document, ())
    except InvalidBudgets:
        return False
    return True


VALUES = [
    None,
    0,
    5,
    -1,
    2.0,
    2.5,
    "5M",
    "5X",
    "2%",
    "x%",
    "",
    "16MiB",
    "warn",
    True,
    [],
    [None, 10],
    ["a"],
    {},
    "mobile",
]
BUDGETS = [
    {key: value for key, value in {"metric": metric, key: limit, other: value}.items() if value is not ...}
    for metric in ("params", "output_shape", "peak_activation_bytes", "receptive_field", "nothing")
    for key, limit in (("max", 5), ("equals", [None, 10]), ("max_increase", "2%"))
    for other in BUDGET
    for value in (*VALUES, ...)
]


@pytest.mark.parametrize("metric", ["params", "output_shape"])
def test_reader_and_schema_agree_on_budgets(metric):
    for one in BUDGETS:
        if one.get("metric") == metric or metric == "params":
            document = {"budgets": [one]}
            assert readable(document) == SCHEMA.is_valid(document), one


@pytest.mark.parametrize("table", [DOCUMENT, MODEL, DEFAULTS], ids=["document", "model", "defaults"])
def test_reader_and_schema_agree_on_the_rest(table):
    def around(one):
        if table is DOCUMENT:
            return {"budgets": [LIMIT], **one}
        return (
            {"models": [{"path": "a", "budgets": [LIMIT], **one}]}
            if table is MODEL
            else {"budgets": [LIMIT], "defaults": one}
        )

    for key in (*table, "nothing"):
        for value in (*VALUES, [LIMIT], {"a": [LIMIT]}, [{"path": "a"}], ["a", 3], {"level": "warn"}):
            document = around({key: value})
            if (
                value == "mobile"
                or value in (["a"], ["a", 3])
                or (key in SHAPES and isinstance(value, str | list | dict))
                or (key in (*SHAPES, "batch_size") and value == 2.0)
            ):
                continue  # names are the document's own, shapes the model's: more than a schema can tell
            assert readable(document) == SCHEMA.is_valid(document), document


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=6), st.sampled_from(VALUES)
)
DRAWN = st.fixed_dictionaries(
    {"metric": st.sampled_from([*METRICS, "x"])},
    optional={key: SCALARS for key in (*BUDGET, "x") if key != "metric"},
)


@given(st.lists(DRAWN, max_size=2))
def test_what_the_schema_refuses_the_reader_refuses(budgets):
    document = {"budgets": budgets}
    if readable(document):
        SCHEMA.validate(document)


def test_schema_is_committed_valid_and_says_every_metric():
    committed = Path(__file__).parents[2] / "docs" / "budgets.schema.json"
    assert json.loads(committed.read_text()) == budgets_schema(), "run `make openapi`"
    jsonschema.Draft202012Validator.check_schema(budgets_schema())
    metrics = [metric for metric in METRICS if metric not in ("output_shape", *BUFFERS)]  # Keras counts none apart
    report = check(NET, [{"metric": metric, "max": "1Y"} for metric in metrics])
    assert [one["metric"] for one in report["results"]] == metrics
    for metric in [metric for metric in PER_LAYER if metric not in BUFFERS]:
        limit = {"equals": [None, 10]} if metric == "output_shape" else {"max": "1Y"}
        layer = "conv2d" if metric == "receptive_field" else "head"
        assert len(check(NET, [{"metric": metric, "layer": layer, **limit}])["results"]) == 1
    assert yaml.safe_load(json.dumps(budgets_schema())) == budgets_schema()


def test_missing_file_says_so(folder):
    with pytest.raises(InvalidBudgets, match="No such file"):
        read_source("nowhere.yaml")
    with pytest.raises(InvalidBudgets, match="directory"):
        read_source(str(folder))


@pytest.fixture
def forest(tmp_path):
    """Folders with links: to nowhere, to themselves, to the top, and pairs that make 2**30 ways."""
    for name in (
        "m.json",
        "a/m.json",
        "a/b/m.json",
        "a/b/.h/m.json",
        ".git/m.json",
        "b/n.json",
        "b/[x].json",
        "w/x.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    (tmp_path / "a" / "self").symlink_to(".")
    (tmp_path / "a" / "top").symlink_to("..")
    (tmp_path / "a" / "gone.json").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe.json")
    return tmp_path


@pytest.mark.parametrize("pattern", [
    "*.json", "*/*.json", "**/*.json", "**/m.json", "a/**", "**/**/m.json", "./a/*.json", "a//b/*.json", "?/[mn].json", "**", "nothing*",
    "b/[[]x].json", "b/[x].json", ".*/m.json", "**/.h/*", "*/b/m.json", "[!a]/*", "../*/m.json", "w/x.p[xyz]", "a/b/**/*.json",
])  # fmt: skip
def test_globs_mean_what_they_mean_to_python(forest, pattern):
    """But that a folder that holds itself is not entered again."""
    for link in ("self", "top"):
        (forest / "a" / link).unlink()
    listed = {str(forest / one) for one in glob(pattern, root_dir=forest, recursive=True) if (forest / one).is_file()}
    if pattern.startswith("b/[x"):
        listed = {str(forest / "b" / "[x].json")}  # a file that is there is meant
    assert files_of(pattern, forest) == sorted({str(Path(one)) for one in listed})


@pytest.mark.parametrize("pattern", [*GLOBS, "**/m.json", "**", "*/**/*/**/m.json"])
def test_glob_ends_whatever_it_is(forest, pattern, monkeypatch):
    monkeypatch.setattr(globs, "MAX_LOOKED", globs.MAX_LOOKED // 5)
    for number in range(30):
        (forest / f"d{number}").mkdir()
        for way in ("left", "right"):
            (forest / f"d{number}" / way).symlink_to(f"../d{number + 1}")
    began = time.process_time()
    with contextlib.suppress(TooMany):
        assert str(forest / ".git" / "m.json") not in files_of(pattern, forest)
    assert time.process_time() - began < 4
    with contextlib.suppress(InvalidBudgets):
        check(NET, {"models": [{"path": pattern, "budgets": [LIMIT]}]}, file="a/" * 400 + "m.json")
        check(NET, [{"metric": "params", "layer": pattern, "max": 1}])
    assert time.process_time() - began < 8


def test_glob_that_cannot_be_walked_is_a_fault_with_its_line(folder, monkeypatch):
    ((line, detail),) = faults("models:\n  - path: '" + "*/../" * 25 + "a.json'\n    budgets: [mobile]\n")
    assert line == 2
    assert "goes up again after a wildcard" in detail
    monkeypatch.setattr(globs, "MAX_LOOKED", 2)
    ((_, detail),) = faults("models:\n  - path: '**/*.json'\n    budgets: [mobile]\n")
    assert "too many files" in detail


def test_many_files_are_planned_in_one_pass(tmp_path, monkeypatch):
    """Each is looked up among all of them by its name, and not by looking at each again."""
    for number in range(2_000):
        (tmp_path / f"{number}.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    began = time.process_time()
    assert len(planned("models:\n  - {path: '*.json', budgets: [mobile]}\n")) == 2_000
    assert time.process_time() - began < 20  # of 2,000 × 2,000 paths: minutes


def test_shapes_of_a_model_stand_in_place_of_others(folder):
    """What goes before says all of the shapes, whichever of the two keys it says them with."""
    text = """
defaults: {input_shape: [4], batch_size: 3}
budgets: [edge]
models:
  - {path: a.json, batch_shape: [8, 6]}
  - {path: b.json}
"""
    one, other = planned(text)
    assert one.options == {"batch_shape": [8, 6], "batch_size": 3}
    assert other.options == {"input_shape": [4], "batch_size": 3}
    for job in planned(text, options={"input_shape": ("5",)}):
        assert job.options == {"input_shape": ("5",), "batch_size": 3}
