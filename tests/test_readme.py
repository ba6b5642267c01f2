"""The README's commands, as pasted, print what it says; its numbers are those of the tests."""

import importlib.util
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from layercalc.readers.keras.script.networks import NETWORKS
from tests import oracle, test_keras
from tests.conventions import test_conventions
from tests.readers.keras.script.refused import REFUSED
from tests.readers.keras.script.test_recorded import PROGRAMS
from tests.service import PATIENT

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCK = r"((?:(?!```).)*)```\n"
PAIRS = re.findall(rf"```(sh|python)\n{BLOCK}```(?:text|json)\n{BLOCK}", README, re.S)


@pytest.fixture(scope="module")
def server():
    """The address of a service, started as `make run` starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        [sys.executable, "-m", "layercalc", "serve", "--bind", address],
        stderr=subprocess.DEVNULL,
        env={**os.environ, **PATIENT},
    )
    host, port = address.split(":")
    for _ in range(1200):
        try:
            socket.create_connection((host, int(port)), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield address
    process.terminate()
    assert process.wait(timeout=60) == 0


def test_there_are_commands_to_check():
    assert len(PAIRS) >= 7
    assert sum("curl" in command for _, command, _ in PAIRS) >= 5


@pytest.mark.parametrize(("language", "command", "output"), PAIRS, ids=lambda text: text.strip()[:40])
def test_command_prints_what_the_readme_says(server, language, command, output):
    binaries = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    program = (
        ["bash", "-c", command.replace("127.0.0.1:8000", server)]
        if language == "sh"
        else [sys.executable, "-c", command]
    )
    done = subprocess.run(
        program, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PATH": binaries}, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == output


def test_numbers_of_the_readme_are_those_of_the_tests():
    assert f"- {len(oracle.APPS)} networks of" in README
    assert f" {len(NETWORKS)} that code may call by name" in README
    assert f"- {len(test_keras.CASES)} layer calls" in README
    assert (
        f"- {len(test_conventions.ORACLE) + len(test_conventions.TORCH)} networks as counted by each of six PyTorch tools"
        in README
    )
    assert f"and {len(test_conventions.PROFILER) + len(test_conventions.GRAPHS)} as counted by tf.profiler" in README
    assert f"{len(test_keras.ZOO)} small networks and {len(test_keras.GRAPHS)} random graphs" in README
    assert f"- {len(PROGRAMS)} random programs that build models" in README
    refused, run = sum(map(len, REFUSED.values())), sum("models" in one for one in PROGRAMS.values())
    assert f"and {refused} of\n  the {run} that it runs are refused" in README
    for name in oracle.APPS:
        assert name in README


def test_table_of_layers_is_fresh():
    spec = importlib.util.spec_from_file_location("readme_layers", ROOT / "scripts" / "readme_layers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.placed(README) == README, "run `make openapi`"


def test_first_screen_holds_the_two_commands_and_an_answer():
    screen = "\n".join(README.splitlines()[:35])
    assert "make run" in screen
    assert "make test" in screen
    assert "248,768 MACs" in screen


def test_contributing_example_is_a_layer_that_works():
    """The class in CONTRIBUTING.md is pasted into a process of its own and used."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    program = (
        "from layercalc import analyze, forward\nfrom layercalc.layers.keras.activation import *\n"
        "from layercalc.layers.keras.activation import Any, ClassVar, Layer, Number, RELU, Tensor, Weight, layer\n"
        "from layercalc.layers.keras.base import KERAS\nKERAS.kinds.pop('ThresholdedReLU', None)\n"
        f"{code}\n"
        "doc = {'input_shape': [3], 'layers': [{'type': 'ThresholdedReLU', 'theta': 1.5}]}\n"
        "print(analyze(doc)['outputs'][0]['shape'], forward(doc, [[[1, 2, -3]]])['outputs'][0]['data'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.stdout == "[None, 3] [[0.0, 2.0, 0.0]]\n", done.stderr
