"""Long programs: they take work as they are long, and each row holds what its module holds."""

import copy
import sys

import pytest

from layercalc.files import read_model
from layercalc.layers.base import PARAMETER
from layercalc.layers.stored import Array
from layercalc.layers.torch.exported import Held
from layercalc.readers import read
from layercalc.readers.torch.held import Holdings
from tests.torch_files import changed

KIND = "torch.nn.modules.linear.Linear"


def sizes(like, *shape):
    return {**like, "sizes": [{"as_int": n} for n in shape]}


def chain(length):
    """A file of so many blocks, each with a Linear of its own."""

    def change(program):
        module = program["graph_module"]
        graph = module["graph"]
        (linear,) = [node for node in graph["nodes"] if "linear" in node["target"]][:1]
        values = graph["tensor_values"]
        x, kernel, bias = sizes(values["input"], 1, 4), sizes(values["p_1_weight"], 4, 4), sizes(values["p_1_bias"], 4)
        given = module["signature"]["input_specs"][-1]
        names = ["input", *(f"out{i}" for i in range(length))]
        graph["nodes"], graph["tensor_values"], specs = [], dict.fromkeys(names, x), []
        for i in range(length):
            node = copy.deepcopy(linear)
            held = {"input": names[i], "weight": f"p_{i}_weight", "bias": f"p_{i}_bias"}
            for one in node["inputs"]:
                one["arg"]["as_tensor"]["name"] = held[one["name"]]
            node["outputs"][0]["as_tensor"]["name"] = node["name"] = names[i + 1]
            node["metadata"] = {"nn_module_stack": f"L__self__,,Net;b{i},blocks.{i},Block;f{i},blocks.{i}.fc,{KIND}"}
            graph["nodes"].append(node)
            graph["tensor_values"] |= {held["weight"]: kernel, held["bias"]: bias}
            specs += [
                {"parameter": {"arg": {"name": held[what]}, "parameter_name": f"blocks.{i}.fc.{what}"}}
                for what in ("weight", "bias")
            ]
        module["signature"]["input_specs"] = [*specs, given]
        module["signature"]["output_specs"] = [{"user_output": {"arg": {"as_tensor": {"name": names[-1]}}}}]

    return changed("mlp", change)


def test_a_program_is_read_in_the_time_that_it_is_long():
    seen = []
    for length in (200, 800):
        program, count = read_model(chain(length))[0], [0]
        sys.setprofile(lambda *_, count=count: count.__setitem__(0, count[0] + 1))
        try:
            model, builder = read(program, ())
        finally:
            sys.setprofile(None)
        assert not builder.faults
        assert [[one.path for one in call.layer.held] for call in model.calls[:2]] == [
            ["blocks.0.fc.weight", "blocks.0.fc.bias"],
            ["blocks.1.fc.weight", "blocks.1.fc.bias"],
        ]
        seen.append(count[0])
    assert seen[1] < 5 * seen[0], seen


@pytest.mark.parametrize("path", ["a", "a.b", "a.b.c", "a-b", "b", "", "a.", "é"])
def test_what_a_module_holds_is_what_is_below_its_path(path):
    paths = ["b.w", "a.w", "a.b.w", "a-b.w", "a.b.c.w", "a.b", "a", "a/b.w", "ab.w", "a.b-c.w", "é.w", ".w", "a..w"]
    held = {f"p{i}": Held(f"p{i}", one, Array(one, (1,), "float32", None), PARAMETER, True)
            for i, one in enumerate(paths)}  # fmt: skip
    holdings = Holdings(held)
    found = [one.path for one in holdings.ordered(holdings.below(path))]
    assert found == [one for one in paths if one.startswith(f"{path}.")]
