"""The state dict of an exported program: its names in PyTorch's order, and passes held against what modules gave.

`state/network` has tied weights, a module under two names, a buffer that is kept and one that is not; PyTorch says what
its state dict is, and hooks what each of its modules gave.
"""

import io
import json

import numpy as np
import pytest
from safetensors.numpy import save_file

import layercalc
from layercalc.errors import InvalidTensors
from layercalc.files import read_model
from tests.command import run
from tests.torch_files import DATA, NAMES, body_of, changed, expected

FILE = DATA / "state" / "network.pt2"
RECORDED = dict(np.load(DATA / "state" / "network.npz"))
INPUT, OUTPUT = RECORDED["in0"], RECORDED["out0"]
STATE = {key.removeprefix("state/"): array for key, array in RECORDED.items() if key.startswith("state/")}
MODULES = {key.removeprefix("module/"): array for key, array in RECORDED.items() if key.startswith("module/")}


def test_the_state_dict_is_pytorchs():
    listed = layercalc.analyze(FILE)["state_dict"]
    assert {one["name"]: (one["shape"], one["dtype"]) for one in listed} == {
        name: (list(array.shape), str(array.dtype)) for name, array in STATE.items()
    }
    assert [one["name"] for one in listed] == list(STATE)
    buffers = {"mask", "bn.running_mean", "bn.running_var", "bn.num_batches_tracked"}
    assert {one["name"] for one in listed if one["kind"] == "buffer"} == buffers
    assert {one["name"] for one in listed if not one["trainable"]} == buffers
    tied = {one["name"]: one["tied_to"] for one in listed if "tied_to" in one}
    assert tied == {
        "embed.weight": "decoder.weight",
        "shared.weight": "blocks.0.weight",
        "shared.bias": "blocks.0.bias",
    }


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_buffers_are_each_in_pytorchs_order(name):
    listed = layercalc.analyze(read_model(body_of(name))[0])["state_dict"]
    recorded = expected(name)["weights"]
    for kind in ("parameter", "buffer"):
        names = [one["name"] for one in listed if one["kind"] == kind]
        wanted = [path for path, _, _, what, *_ in recorded if what == kind]
        assert [path for path in wanted if path in names] == names
        assert kind == "buffer" or names == wanted
    for one in listed:
        assert [one["shape"], one["dtype"]] == next(entry[1:3] for entry in recorded if entry[0] == one["name"])


def forward(weights, **options):
    return layercalc.forward(FILE, [INPUT], weights, **options)


@pytest.mark.parametrize("weights", [STATE, list(STATE.values())], ids=["by name", "in order"])
def test_every_module_gives_what_it_gave_in_pytorch(weights):
    found = forward(weights, expected={**MODULES})["comparison"]
    assert found["passed"], found["first_divergence"]
    assert {one["name"] for one in found["outputs"]} == set(MODULES)
    np.testing.assert_allclose(forward(weights)["outputs"][0], OUTPUT, rtol=1e-4, atol=1e-6)


ONCE = [
    name for name in STATE if name not in ("decoder.weight", "embed.weight", "bn.num_batches_tracked", "mask", "scale")
]


@pytest.mark.parametrize("name", [one for one in ONCE if not one.startswith("shared")])
def test_the_first_module_that_differs_is_that_of_the_wrong_weight(name):
    wrong = {**STATE, name: STATE[name] + 0.25}
    wrong |= {name.replace("blocks.0", "shared"): wrong[name]} if name.startswith("blocks.0") else {}
    divergence = forward(wrong, expected=MODULES)["comparison"]["first_divergence"]
    assert divergence["layer"] == name.rpartition(".")[0]


@pytest.fixture
def files(tmp_path):
    """Files as a user has them: the state dict in safetensors, and arrays."""
    save_file(STATE, tmp_path / "state.safetensors")
    wrong = {**STATE, "blocks.1.weight": STATE["blocks.1.weight"] + 0.25}
    save_file(wrong, tmp_path / "wrong.safetensors")
    np.save(tmp_path / "x.npy", INPUT)
    np.savez(tmp_path / "modules.npz", **MODULES)
    return tmp_path


def test_the_command_line_names_the_module(files):
    asked = ("--input", "x.npy", "--expected", "modules.npz")
    good = run("forward", str(FILE), *asked, "--weights", "state.safetensors", cwd=files)
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["comparison"]["passed"]
    bad = run("forward", str(FILE), *asked, "--weights", "wrong.safetensors", "--format", "table", cwd=files)
    assert bad.returncode == 1
    assert "blocks.1" in next(line for line in bad.stdout.split("\n") if line.startswith("First to differ"))


def test_python_takes_the_paths_of_files(files):
    asked = {"expected": files / "modules.npz"}
    assert forward(files / "state.safetensors", **asked)["comparison"]["passed"]
    assert forward(files / "wrong.safetensors", **asked)["comparison"]["first_divergence"]["layer"] == "blocks.1"


def test_the_service_takes_them_as_parts(files, client):
    for name, layer in (("state", None), ("wrong", "blocks.1")):
        parts = {
            "model": (io.BytesIO(FILE.read_bytes()), "network.pt2"),
            "weights": (io.BytesIO((files / f"{name}.safetensors").read_bytes()), f"{name}.safetensors"),
            "inputs": (io.BytesIO((files / "x.npy").read_bytes()), "x.npy"),
            "expected": (io.BytesIO((files / "modules.npz").read_bytes()), "modules.npz"),
        }
        answer = client.post("/v1/forward", data=parts, content_type="multipart/form-data")
        assert answer.status_code == 200, answer.text
        divergence = answer.json["comparison"]["first_divergence"]
        assert (divergence and divergence["layer"]) == layer


@pytest.mark.parametrize(
    ("weights", "pointer", "told"),
    [
        ({**STATE, "embed.weight": STATE["embed.weight"] + 1}, "/weights/embed.weight", "one tensor of the model"),
        ([*STATE.values()][1:], "/weights", "Expected 16 weights in the order of state_dict(); received 15."),
        ({**STATE, "blocks.1.wieght": OUTPUT}, "/weights/blocks.1.wieght", "Nearest: 'blocks.1.weight' [6, 6]"),
        (
            {key: array for key, array in STATE.items() if key != "blocks.1.bias"},
            "/weights",
            "The weight 'blocks.1.bias' of shape [6] is missing.",
        ),
        (
            {**STATE, "bn.weight": OUTPUT},
            "/weights/bn.weight",
            "The weight 'bn.weight' has shape [4]; received [2, 4, 9].",
        ),
    ],
)
def test_a_state_dict_that_does_not_fit_is_refused_by_its_names(weights, pointer, told):
    with pytest.raises(InvalidTensors) as refused:
        forward(weights)
    assert any(one["pointer"] == pointer and told in one["detail"] for one in refused.value.errors), (
        refused.value.errors
    )


def test_one_name_of_a_tied_weight_is_enough():
    alone = {
        name: array for name, array in STATE.items() if name not in ("decoder.weight", "shared.weight", "shared.bias")
    }
    np.testing.assert_allclose(forward(alone)["outputs"][0], OUTPUT, rtol=1e-4, atol=1e-6)


def test_a_program_of_no_operation_counts_its_buffers_as_none():
    def emptied(program):
        graph, signature = program["graph_module"]["graph"], program["graph_module"]["signature"]
        given = [one for one in signature["input_specs"] if "user_input" in one]
        graph["nodes"], signature["input_specs"] = [], given
        graph["inputs"] = graph["outputs"] = [{"as_tensor": {"name": "input"}}]
        signature["output_specs"] = [{"user_output": {"arg": {"as_tensor": {"name": "input"}}}}]
        program["graph_module"]["module_call_graph"] = []

    body = changed("mlp", emptied)  # what torch.export writes of nn.Identity
    found = layercalc.analyze(body)
    assert (found["layers"], found["totals"]["buffers"], found["totals"]["buffer_bytes"]) == ([], 0, 0)
    assert [one["shape"] for one in found["outputs"]] == [one["shape"] for one in found["inputs"]]
    assert layercalc.check(body, [{"metric": "buffers", "max": 0}])["passed"]
