"""The command line: what is printed, where, and the exit codes."""

import json
import os
import re
import subprocess
import sys
import zipfile
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pytest

import layercalc.cli
from layercalc.cli.base import COMMANDS, cli
from tests.command import run

TINY = {"name": "tiny", "input_shape": [3], "layers": [{"type": "Dense", "units": 2, "name": "d"}]}


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(TINY))
    return str(path)


def test_analyze_prints_json_to_a_pipe(model):
    from layercalc import analyze

    command = [sys.executable, "-m", "layercalc", "analyze", model]  # in a process of its own, as a user has it
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert json.loads(done.stdout) == analyze(TINY)
    assert done.stderr == ""
    assert json.loads(run("analyze", "-", stdin=json.dumps(TINY)).stdout) == analyze(TINY)
    assert json.loads(run("analyze", "-", "--batch-size", "7", stdin=json.dumps(TINY)).stdout)["batch_size"] == 7


def test_keras_archive_is_read_without_its_weights(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(TINY))
        archive.writestr("model.weights.h5", b"not looked at")
    assert json.loads(run("analyze", str(path)).stdout)["totals"]["params"] == 8
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
    assert run("analyze", str(path)).returncode == 2
    path.write_bytes(b"PK\x03\x04 and no more")
    process = run("analyze", str(path))
    assert process.returncode == 2
    assert "Not a .keras archive" in process.stderr


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("table", "(None, 2)           8      6      14"),
        ("markdown", "| d | Dense | (None, 2) | 8 | 6 | 14 |"),
        ("csv", "d,Dense,input,nullx2,8,8,0,6,14,32,8"),
    ],
)
def test_formats(model, form, words):
    assert words in run("analyze", model, "--format", form).stdout


def test_counts_of_other_tools_arithmetic_and_roofline(model):
    from layercalc import analyze

    options = ("--conventions", "fvcore, thop", "--explain", "--device", "raspberry-pi-5")
    expected = analyze(TINY, conventions=["fvcore", "thop"], explain=True, device="raspberry-pi-5")
    assert json.loads(run("analyze", model, *options).stdout) == expected
    table = run("analyze", model, *options, "--format", "table").stdout
    for words in ("Least seconds", "From fvcore to thop", "d: params = 3·2 kernel + 2 bias = 8", "at least"):
        assert words.lower() in table.lower()
    chosen = run("analyze", model, "--columns", "name,receptive_field,param_bytes", "--format", "csv").stdout
    assert chosen.splitlines() == ["name,receptive_field,param_bytes", "d,null,32"]
    markdown = run("analyze", model, *options, "--columns", "name,thop,seconds", "--format", "markdown").stdout
    assert "| Layer | thop | Least seconds |" in markdown


def test_code_and_input_shape():
    result = run("analyze", "-", "--input-shape", "28,28,1", stdin="Conv2D(3, (3, 3), stride=2)\nFlatten()\n")
    report = json.loads(result.stdout)
    assert report["outputs"][0]["shape"] == [None, 507]
    assert report["warnings"][0]["line"] == 1


def test_forward_with_files(model, tmp_path):
    np.save(tmp_path / "x.npy", np.array([[1.0, 2, 3]]))
    np.save(tmp_path / "y.npy", np.array([[22.0, 28]], "float32"))
    np.savez(tmp_path / "w.npz", **{"d/kernel": np.array([[1.0, 2], [3, 4], [5, 6]]), "d/bias": np.zeros(2)})
    arguments = ("forward", model, "--input", "x.npy", "--weights", "w.npz", "--expected", "y.npy", "--stats")
    result = run(*arguments, cwd=tmp_path)
    body = json.loads(result.stdout)
    assert (result.returncode, body["comparison"]["passed"]) == (0, True)
    assert body["outputs"][0] == {"name": "d", "shape": [1, 2], "datatype": "FP32", "data": [[22.0, 28.0]]}
    np.save(tmp_path / "y.npy", np.array([[22.0, 29]]))
    result = run(*arguments, cwd=tmp_path)
    assert (result.returncode, json.loads(result.stdout)["comparison"]["passed"]) == (1, False)
    named = run("forward", model, "--input", "input=x.npy", "--weights-seed", "4", "--return-layer", "d", cwd=tmp_path)
    assert json.loads(named.stdout)["returned_layers"]["d"]["shape"] == [1, 2]


def test_forward_with_an_envelope_and_with_seeds(model):
    envelope = json.dumps({"model": TINY, "inputs": [[[1, 2, 3]]], "weights": [[[1, 2], [3, 4], [5, 6]], [0, 0]]})
    assert json.loads(run("forward", "-", stdin=envelope).stdout)["outputs"][0]["data"] == [[22.0, 28.0]]
    assert json.loads(run("forward", model, "--seed", "3").stdout)["verified"] is True
    table = run("forward", model, "--seed", "3", "--stats", "--format", "table").stdout
    assert "Verified: yes" in table
    assert "(1, 2)" in table
    assert run("forward", model, "--format", "csv").stdout.splitlines()[1] == "d,Dense,1x2,1x2,True"


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("analyze", "nowhere.json"), None, "nowhere.json: No such file"),
        (("analyze", "-"), "", "empty"),
        (("analyze", "-"), "{", "Not JSON"),
        (
            ("analyze", "-"),
            '{"input_shape": [3], "layers": [{"type": "Dense", "units": 0}]}',
            "/layers/0/units: Expected",
        ),
        (("analyze", "-"), "Dense(0, input_dim=3)", "line 1, column 7: Expected"),
        (("analyze", "-", "--input-shape", "3x"), json.dumps(TINY), "input_shape: Expected"),
        (("analyze", "-", "--format", "xml"), json.dumps(TINY), "xml"),
        (("analyze", "-", "--conventions", "thopp"), json.dumps(TINY), "Did you mean 'thop'?"),
        (("analyze", "-", "--device", "toaster"), json.dumps(TINY), "device: Expected one of a100"),
        (("analyze", "-", "--columns", "flop", "--format", "csv"), json.dumps(TINY), "Did you mean 'flops'?"),
        (("analyze", "-", "--columns", "seconds", "--format", "csv"), json.dumps(TINY), "needs a device"),
        (("analyze",), None, "MODEL"),
        (("nothing",), None, "nothing"),
        (("forward", "-", "--input", "nowhere.npy"), json.dumps(TINY), "nowhere.npy"),
        (("layers", "Dens"), None, "'Dense'"),
    ],
)
def test_wrong_input_is_exit_code_2_and_said_on_stderr(arguments, stdin, words):
    result = run(*arguments, stdin=stdin)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_a_process_ends_with_the_code_and_says_why():
    command = [sys.executable, "-m", "layercalc", "analyze", "-"]
    done = subprocess.run(command, input="{", capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Not JSON" in done.stderr


def test_anything_else_is_exit_code_3(model):
    code = "import layercalc.cli as c, layercalc.verbs as v, sys; v.analyze = lambda *a, **k: 1 / 0; sys.argv = ['layercalc', 'analyze', sys.argv[1]]; c.main()"
    process = subprocess.run([sys.executable, "-c", code, model], capture_output=True, text=True, timeout=300)
    assert process.returncode == 3
    assert "ZeroDivisionError" in process.stderr
    assert "Traceback" not in process.stderr


def test_layers_and_openapi():
    listed = json.loads(run("layers").stdout)["layers"]
    assert {
        "type": "Dense",
        "aliases": [],
        "family": "core",
        "description": listed[[one["type"] for one in listed].index("Dense")]["description"],
    } in listed
    assert json.loads(run("layers", "MaxPool2D").stdout)["type"] == "MaxPooling2D"
    assert "kernel_size" in run("layers", "Conv2D", "--format", "table").stdout
    assert "| Dense | core |" in run("layers", "--format", "markdown").stdout
    assert run("layers", "--format", "csv").stdout.startswith("type,family,aliases,description\n")
    assert run("openapi").stdout.startswith("paths:") or "openapi: 3.1.0" in run("openapi").stdout


def test_version_and_help():
    assert "0.1.0" in run("--version").stdout
    for command in ("analyze", "check", "diff", "forward", "sweep", "fit", "layers", "serve", "openapi"):
        told = run(command, "--help")
        assert (told.returncode, "Ellipsis" in told.stdout) == (0, False)


def test_forward_profiles_each_layer(model):
    answer = json.loads(run("forward", model, "--profile").stdout)
    assert answer["layers"][0]["flops"] == 14
    assert answer["layers"][0]["seconds"] >= 0
    assert run("forward", model).stderr == ""


def test_forward_shows_its_progress_on_a_terminal_and_leaves_stdout_alone(model):
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "layercalc", "forward", model]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs) as ran:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # how Linux says that nobody writes to it any more
            while piece := os.read(ours, 1 << 16):
                shown += piece
        assert json.loads(ran.stdout.read())["verified"]
    os.close(ours)
    assert b"100%" in shown


def test_an_api_key_goes_to_the_terminal_and_its_line_to_the_file():
    done = run("key", "ci")
    assert re.fullmatch(r"ci:sha256:[0-9a-f]{64}\n", done.stdout)
    assert re.search(r"lck_[A-Za-z0-9_-]{43}$", done.stderr.strip())
    refused = run("key", "a:b")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "received 'a:b'" in refused.stderr


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--rtol", "0", "--atol", "0"), 1), (("--rtol", "0"), 0)])
def test_a_tolerance_of_zero_is_one(options, code, tmp_path):
    net = {"input_shape": [2], "layers": [{"type": "Dense", "units": 1, "name": "d"}]}
    weights = {"d/kernel": [[1.0], [1.0]], "d/bias": [0.0]}
    body = {"model": net, "inputs": [[[1.0, 1.0]]], "weights": weights, "expected": [[[2.000001]]]}
    (tmp_path / "request.json").write_text(json.dumps(body))
    assert run("forward", "request.json", *options, cwd=tmp_path).returncode == code
    body |= {"rtol": 0, "atol": 0}
    (tmp_path / "request.json").write_text(json.dumps(body))
    assert run("forward", "request.json", cwd=tmp_path).returncode == 1
    assert run("forward", "request.json", "--rtol", "0.1", cwd=tmp_path).returncode == 0


def test_the_commands_of_a_module_are_those_listed_for_it():
    for module in iter_modules(layercalc.cli.__path__):
        import_module(f"layercalc.cli.{module.name}")
    made = {name: command.callback.__module__.rpartition(".")[2] for name, command in cli.commands.items()}
    assert made == {name: module for module, names in COMMANDS.items() for name in names}
