"""layercalc check, init and schema with a budgets file: one verdict from every face, and what cannot be judged."""

import json
import os
import subprocess
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import jsonschema
import pytest

from layercalc import check
from layercalc.budgets.keys import budgets_schema
from layercalc.checks import jobs, start
from layercalc.checks.plan import plan
from layercalc.checks.source import read_source
from tests.command import run
from tests.test_check import FLOPS, GROWN, NET, PARAMS

BUDGETS = """\
# what we can afford
defaults: {level: error}
named:
  small:
    - {metric: params, max: 13K}   # the flash of the board
    - microcontroller
models:
  - path: "models/*.json"
    budgets:
      - small
      - metric: flops
        max: "100K"
        level: warn
      - {metric: output_shape, equals: [null, 10]}
      - {metric: activation_bytes, layer: conv*, max: 5K}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.json").write_text(json.dumps(NET))
    (tmp_path / "models" / "b.json").write_text(json.dumps(GROWN))
    (tmp_path / "layercalc.yaml").write_text(BUDGETS)
    return tmp_path


def git(*arguments):
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


def by_command(model, client):
    process = run("check", model)
    return process.returncode, json.loads(process.stdout)


def by_http(model, client):
    body = {
        "model": json.loads(Path(model).read_text()),
        "budgets": read_source("layercalc.yaml").content,
        "file": model,
    }
    answer = client.post("/v1/check?strict=1", json=body)
    return {200: 0, 409: 1, 422: 2}[answer.status_code], answer.get_json()


def by_python(model, client):
    verdict = check(json.loads(Path(model).read_text()), read_source("layercalc.yaml").content, file=model)
    return 0 if verdict["passed"] else 1, verdict


def by_jobs(model, client):  # as the plugin of pytest does
    judged = jobs.run(plan("layercalc.yaml", [model]))
    return jobs.exit_code(judged), judged[0][1]


FACES = [by_command, by_http, by_python, by_jobs]


@pytest.mark.parametrize(("model", "code"), [("models/a.json", 0), ("models/b.json", 1)])
def test_every_face_gives_one_verdict_for_a_budgets_file(project, client, model, code):
    def without_source(verdict):
        return {**verdict, "results": [{k: v for k, v in one.items() if k != "source"} for one in verdict["results"]]}

    found = [face(model, client) for face in FACES]
    assert [one for one, _ in found] == [code] * len(FACES)
    assert all(without_source(one) == without_source(found[0][1]) for _, one in found)
    assert len(found[0][1]["results"]) == 6


def test_result_names_the_line_to_edit_and_the_layers_that_did_it(project):
    ((_, verdict),) = jobs.run(plan("layercalc.yaml", ["models/b.json"], baseline="models/a.json"))
    first = verdict["results"][0]
    assert first["source"] == {"file": "layercalc.yaml", "line": 5}
    assert first["set"] == "small"
    assert first["layers"] == [
        {"name": "head", "part": 17290, "delta": 5760},
        {"name": "conv2d", "part": 1344, "delta": 448},
    ]
    assert [one["source"]["line"] for one in verdict["results"]] == [5, 6, 6, 12, 14, 15]
    assert verdict["baseline"]["totals"]["params"] == PARAMS
    layer = verdict["results"][-1]
    assert (layer["layer"], layer["layers"][0]["name"]) == ("conv2d", "conv2d")


def test_a_model_that_cannot_be_judged_hides_no_verdict_and_is_no_pass(project):
    Path("models/broken.json").write_text('{"layers": [{"type": "Dens", "units": 3}], "input_shape": [3]}')
    Path("models/empty.json").write_text("")
    Path("models/nojson.json").write_text('{"layers": [}')
    process = run("check")
    answer = json.loads(process.stdout)
    assert process.returncode == 2
    assert [(one["model"].removeprefix("models/"), one["passed"], "errors" in one) for one in answer["models"]] == [
        ("a.json", True, False), ("b.json", False, False), ("broken.json", False, True), ("empty.json", False, True), ("nojson.json", False, True),
    ]  # fmt: skip
    for words in (
        "models/broken.json, /layers/0/type: Unknown layer type",
        "models/empty.json: The file is empty",
        "models/nojson.json, line 1, column 13: Not JSON",
    ):
        assert words in process.stderr
    Path("models/b.json").unlink()
    table = run("check", "--format", "table")
    assert table.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.json", "--max-params", "5X"], "--max-params: Expected a number"),
        (["a.json", "--budgets", "none.yaml"], "none.yaml: The budgets cannot be read: No such file"),
        (["none.json", "--max-params", "5M"], "none.json: No such file"),
        (["a.json", "--max-params", "5M", "--baseline", "none.json"], "none.json: The baseline cannot be read: No such file"),
        (["a.json", "--max-params", "5M", "--baseline", "bad.json"], "bad.json, /layers: The baseline is no model"),
        (["a.json", "--max-params", "5M", "--baseline", "a.json", "--baseline-git", "main"], "a FILE or a git REF"),
        (["a.json", "--max-params", "5M", "--baseline-git", "main"], "It is in no git repository"),
        (["a.json", "--max-params", "5M", "--baseline-git", "--all"], "is no git ref"),
        (["a.json", "--budgets", "up.yaml"], "up.yaml, line 1: a.json: 'max_increase' needs a baseline"),
        (["a.json", "--budgets", "up.yaml", "--baseline", "other.json"], "up.yaml, line 1: a.json: The baseline has no layer 'head'"),
        (["a.json", "--budgets", "glob.yaml"], "glob.yaml, line 3: a.json: No layer matches 'heads'. Did you mean 'head'?"),
        (["a.json", "--budgets", "old.yaml"], "old.yaml, line 2: gone.json: The baseline cannot be read"),
        (["a.json", "--budgets", "twice.yaml"], "twice.yaml, line 3: Neither YAML nor JSON") ,
        (["unknown.json", "--max-flops", "5M"], "--max-flops: unknown.json: flops is unknown (null)"),
        (["a.json"], "There is no budget: give --max-params 5M"),
        (["--max-params", "5M"], "There is no model to check"),
        (["a.json", "--max-params", "5M", "--update"], "there is none"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_says_so_and_is_no_pass(tmp_path, monkeypatch, arguments, words):
    unknown = {"input_shape": [None, None, 3], "layers": [{"type": "Conv2D", "filters": 2, "kernel_size": 3}]}
    for name, model in {"a": NET, "bad": {"layers": []}, "other": unknown, "unknown": unknown}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(model))
    (tmp_path / "up.yaml").write_text("budgets: [{metric: params, layer: head, max_increase: 2%}]\n")
    (tmp_path / "glob.yaml").write_text("budgets:\n- metric: params\n  layer: heads\n  max: 3\n")
    (tmp_path / "old.yaml").write_text("defaults:\n  baseline: gone.json\nbudgets: [{metric: params, max: 5M}]\n")
    (tmp_path / "twice.yaml").write_text("budgets:\n- {metric: params, max: 1}\n]\n")
    monkeypatch.chdir(tmp_path)
    process = run("check", *arguments)
    assert process.returncode == 2
    assert words in process.stderr
    assert json.loads(process.stdout or "{}").get("passed", False) is False


def test_git_baseline_says_what_is_missing(project, monkeypatch):
    git("init", "-q")
    git("add", "models/a.json")
    git("commit", "-qm", "first")
    Path("models/a.json").write_text(json.dumps({**NET, "name": "second"}))
    git("commit", "-qam", "second")
    Path("up.yaml").write_text("budgets: [{metric: params, max_increase: 0}]\n")

    def check_against(ref, model="models/a.json"):
        done = run("check", model, "--budgets", "up.yaml", "--baseline-git", ref)
        return done.returncode, done.stderr

    assert check_against("HEAD~1") == (0, "")
    code, told = check_against("origin/main")
    assert code == 2
    assert "There is no commit 'origin/main' in this repository. If it is a remote branch" in told
    code, told = check_against("HEAD", "models/b.json")
    assert code == 2
    assert "There is no models/b.json at HEAD" in told
    with monkeypatch.context() as without:
        without.setenv("PATH", "/nowhere")
        code, told = check_against("HEAD")
    assert code == 2
    assert "git is not installed" in told
    git("clone", "-q", "--depth", "1", f"file://{project}", "shallow")
    Path("up.yaml").rename("shallow/up.yaml")
    monkeypatch.chdir("shallow")
    code, told = check_against("HEAD~1")
    assert code == 2
    assert "The clone is shallow: fetch the history (fetch-depth: 0" in told
    Path("models/a.json").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    git("commit", "-qam", "lfs")
    Path("models/a.json").write_text(json.dumps(NET))
    assert "Git LFS pointer" in check_against("HEAD")[1]


def test_update_moves_what_is_exceeded_and_leaves_the_rest_of_the_file_as_it_is(project):
    process = run("check", "--update")
    assert process.returncode == 0, process.stderr
    assert process.stderr.splitlines() == [
        "layercalc.yaml:5: params max: 13K -> 18634 (models/b.json)",
        "layercalc.yaml:12: flops max: 100K -> 131338 (models/b.json)",
        "layercalc.yaml:15: activation_bytes max: 5K -> 6912 (models/b.json)",
    ]
    assert Path("layercalc.yaml").read_text() == BUDGETS.replace("13K", "18634").replace('"100K"', "131338").replace(
        "5K", "6912"
    )
    again = run("check", "--update")
    assert (again.returncode, again.stderr) == (0, "layercalc.yaml: every limit is kept; none was moved.\n")


def test_update_says_what_it_cannot_move(project):
    Path("layercalc.yaml").write_text("""\
defaults: {baseline: models/a.json}
models:
  - path: models/*.json
    budgets:
      - {metric: params, max: &most 1}
      - {metric: params, max_increase: 1%}
      - {metric: macs, equals: 1}
      - edge
named: {edges: [mobile]}
""")
    before = Path("layercalc.yaml").read_text()
    process = run("check", "--update")
    assert process.returncode == 1
    lines = process.stderr.splitlines()
    assert [line.split(":")[1] for line in lines] == ["5", "6", "7"]
    for line, words in zip(lines, ("anchor", "moves when that does", "the models differ"), strict=True):
        assert words in line
    assert Path("layercalc.yaml").read_text() == before
    Path("models/a.json").write_text("{")
    assert run("check", "--update").returncode == 2


def test_init_writes_a_file_that_its_models_keep(project):
    Path("layercalc.yaml").unlink()
    files = {
        "package.json": '{"name": "x"}', "report.json": json.dumps({"version": "1", "totals": {}, "layers": [], "outputs": []}),
        "models/broken.json": '{"layers": [{"type": "Nope"}]}', "code.py": "from keras import layers\nimport os\nprint(os)\n",
        "we ird/[1].json": json.dumps(NET), "node_modules/x.json": json.dumps(NET), ".hidden/x.json": json.dumps(NET),
        "net.py": "model = keras.Sequential([layers.Dense(4, input_shape=(3,))])\n",
    }  # fmt: skip
    for name, text in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    process = run("init")
    assert process.returncode == 0
    assert [line.split(": ", 1)[1] for line in process.stdout.splitlines()] == [
        "net.py",
        "models/a.json",
        "models/b.json",
        "we ird/[1].json",
    ]
    assert "left out models/broken.json: Unknown layer type" in process.stderr
    text = Path("layercalc.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=layercalc.schema.json\n")
    assert f"      - {{metric: params, max: {PARAMS}}}\n      - {{metric: flops, max: {FLOPS}}}\n" in text
    jsonschema.validate(read_source("layercalc.yaml").content, json.loads(Path("layercalc.schema.json").read_text()))
    assert json.loads(Path("layercalc.schema.json").read_text()) == budgets_schema()
    assert jobs.exit_code(jobs.run(plan("layercalc.yaml"))) == 0
    refused = run("init")
    assert (refused.returncode, refused.stderr) == (
        2,
        "Error: layercalc.yaml is there already; --force writes it anew.\n",
    )
    assert run("init", "models/a.json", "--force", "--schema", "x.json").returncode == 0
    assert Path("layercalc.yaml").read_text().startswith("# yaml-language-server: $schema=x.json\n")
    assert run("init", "models/broken.json", "--output", "sub.yaml").returncode == 2
    nothing = run("init", "node_modules/..", "--output", "nowhere/x.yaml")
    assert (nothing.returncode, "nowhere" in nothing.stderr) == (2, True)


def test_init_goes_past_what_is_no_file(tmp_path):
    """A pipe would be waited for for ever; a link to nowhere has no size."""
    (tmp_path / "a.json").write_text(json.dumps({"input_shape": [3], "layers": [{"type": "ReLU"}]}))
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "nowhere.json").symlink_to("gone.json")
    (tmp_path / "circle.py").symlink_to("circle.py")
    done = run("init", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "layercalc.yaml: a.json\n")


def test_unknown_counts_have_no_limit_to_begin_with(tmp_path):
    open_ended = {"input_shape": [None, None, 3], "layers": [{"type": "Conv2D", "filters": 2, "kernel_size": 3}]}
    (tmp_path / "a.json").write_text(json.dumps(open_ended))
    text = start.written(list(start.find([str(tmp_path)])), tmp_path, "x")
    assert "# flops is unknown" in text
    assert "{metric: params, max: 56}" in text


def test_several_processes_give_what_one_gives(project, monkeypatch):
    for index in range(6):
        Path(f"models/n{index}.json").write_text(json.dumps({**NET, "name": f"n{index}"}) if index != 3 else "{")
    planned = plan("layercalc.yaml")
    alone = jobs.run(planned, 1)
    monkeypatch.setattr(jobs, "ALONE", 0.0)
    heard = []
    assert jobs.run(planned, 2, lambda done, total, name: heard.append((done, total, name))) == alone
    assert [done for done, _, _ in heard] == list(range(1, len(planned) + 1))
    assert {name for _, _, name in heard} == {job.name for job in planned}
    assert jobs.exit_code(alone) == 2


def test_process_that_dies_is_a_fault_of_its_models_and_no_pass(project, monkeypatch):
    class Dying:
        def __init__(self, *_, **__):
            pass

        __enter__ = lambda self: self  # noqa: E731
        __exit__ = lambda *_: None  # noqa: E731
        shutdown = lambda *_, **__: None  # noqa: E731

        def submit(self, *_):
            future = futures.Future()
            future.set_exception(BrokenProcessPool("killed"))
            return future

    monkeypatch.setattr(jobs, "ALONE", 0.0)
    monkeypatch.setattr(futures, "ProcessPoolExecutor", Dying)
    judged = jobs.run(plan("layercalc.yaml"), 2)
    assert jobs.exit_code(judged) == 2
    assert "ended before it was done" in judged[0][1]["errors"][0]["detail"]


def test_schema_is_printed_and_served(client):
    assert json.loads(run("schema", "budgets").stdout) == budgets_schema()
    answer = client.get("/v1/schemas/budgets")
    assert (answer.mimetype, answer.get_json()) == ("application/schema+json", budgets_schema())
    assert client.get("/v1/schemas/other").status_code == 404
    assert [one["name"] for one in client.get("/v1/presets").get_json()["presets"]] == [
        "microcontroller",
        "mobile",
        "edge",
    ]


TWO = {"input_shape": [8], "layers": [{"type": "Dense", "units": 3, "name": "a"}, {"type": "Dense", "units": 5, "name": "b"}], "outputs": ["a", "b"]}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "model", "passed"),
    [
        ("max_params=5M&max_flops=600M", NET, [True, True]),
        ("max_params=conv*:1K&max_params=head:1K", NET, [True, False]),
        ("min_flops=1M&equals_macs=42624", NET, [False, True]),
        ("equals_output_shape=null,10", NET, [True]),
        ("equals_output_shape=a:null,3&equals_output_shape=b:null,5&equals_output_shape=*:null,5", TWO, [True, True, False]),
        ("max_receptive_field=conv2d:3&max_receptive_field=7", NET, [True, False]),
        ("max_peak_activation_bytes=1KiB&max_inference_bytes=1MiB&max_training.total_bytes.adam=1KB", NET, [False, True, False]),
        ("budgets=mobile,edge&budgets=microcontroller", NET, [True] * 6),
        ("max_increase_params=2%25", {"model": GROWN, "baseline": NET}, [False]),
        ("max_increase_params=2%25&min_delta_params=7K", {"model": GROWN, "baseline": NET}, [True]),
        ("max_params=1", {"model": NET, "budgets": ["edge"]}, [True, True, False]),
    ],
)  # fmt: skip
def test_budgets_in_the_query(client, query, model, passed):
    answer = client.post(f"/v1/check?strict=1&{query}", json=model)
    assert [one["passed"] for one in answer.get_json()["results"]] == passed
    assert answer.status_code == (200 if all(passed) else 409)


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        ("max_params=5X", "max_params", "Expected a number"),
        ("max_params=", "max_params", "Expected a number"),
        ("max_parms=5", "max_parms", "Did you mean 'params'?"),
        ("max_params=nope*:5", "max_params", "No layer matches 'nope*'"),
        ("max_output_shape=5", "max_output_shape", "Expected a number"),
        ("equals_output_shape=x,10", "equals_output_shape", "Expected a shape"),
        ("equals_output_shape=other:null,10", "equals_output_shape", "No output matches 'other'"),
        ("max_peak_activation_bytes=head:3", "max_peak_activation_bytes", "is of the whole model"),
        ("budgets=mobil", "budgets", "Did you mean 'mobile'?"),
        ("max_increase_params=2%25", "max_increase_params", "needs a baseline"),
        ("min_delta_params=5", "min_delta_params", "is slack for 'max_increase'"),
        ("max_params=5&levl=warn", "levl", "no parameter 'levl'"),
    ],
)
def test_fault_in_the_query_names_its_parameter(client, query, parameter, words):
    answer = client.post(f"/v1/check?{query}", json=NET)
    assert answer.status_code == 422
    assert any(one.get("parameter") == parameter and words in one["detail"] for one in answer.get_json()["errors"])


DOCUMENT = {
    "named": {"s": [{"metric": "params", "max": "1K"}]},
    "models": [{"path": "m/**/*.json", "budgets": ["s", "edge"]}],
}


@pytest.mark.parametrize(
    ("budgets", "file", "pointer", "words"),
    [
        (DOCUMENT, None, "/budgets/models", "say in `file`"),
        (DOCUMENT, "z.json", "/budgets/models", "No path matches 'z.json'"),
        ({"named": {"s": [{"metric": "parms", "max": 1}]}, "budgets": ["s"]}, None, "/budgets/named/s/0/metric", "Did you mean"),
        ({"budgets": ["q"]}, None, "/budgets/budgets/0", "no budgets named 'q'"),
        ({"defaults": {"baseline": "/etc/passwd"}, "budgets": [{"metric": "params", "max_increase": 1}]}, None, "/budgets/budgets/0/max_increase", "needs a baseline"),
        ([{"metric": "params", "max": 1}] * 1001, None, "/budgets", "More than 1,000 budgets"),
        ([{"metric": "params", "max": 1, "layer": "*" * 5000}], None, "/budgets/0/layer", "the limit is 500"),
        (["edge", {"metric": "params", "layer": "zz", "max": 1}], None, "/budgets/1/layer", "No layer matches"),
    ],
)  # fmt: skip
def test_service_takes_the_document_and_points_at_its_faults(client, budgets, file, pointer, words):
    body = {"model": NET, "budgets": budgets, **({"file": file} if file else {})}
    answer = client.post("/v1/check", json=body)
    assert answer.status_code == 422
    (fault,) = answer.get_json()["errors"]
    assert fault["pointer"] == pointer
    assert words in fault["detail"]


def test_service_chooses_the_budgets_of_a_path(client):
    for file in ("m/x.json", "m/deep/er/x.json", "./m/x.json"):
        answer = client.post("/v1/check", json={"model": NET, "budgets": DOCUMENT, "file": file}).get_json()
        assert [(one["set"], one["passed"]) for one in answer["results"]] == [
            ("s", False),
            ("edge", True),
            ("edge", True),
        ]
