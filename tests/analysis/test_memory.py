"""What a forward pass really holds, against what its analysis announces."""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from layercalc import forward
from layercalc.document import analysis_of
from layercalc.execution import demand

PROGRAM = """
import gzip, json, re, sys
from layercalc.analysis.liveness import PEAKS, live, peak
from layercalc.analysis.memory import memory
from layercalc.analysis.walk import analyse
from layercalc.execution.running import execute
from layercalc.execution.seeds import seeded_inputs, seeded_weights
from layercalc.ops import Spec
from layercalc.readers import read

def status(key):
    return int(re.search(key + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024

model, _ = read(json.loads(gzip.open(sys.argv[1]).read()))
found = analyse(model, [("input_layer", Spec((1, 224, 224, 3)))])
weights, inputs = seeded_weights(found, 0), seeded_inputs(found, 0)
execute(analyse(read({"input_shape": [4], "layers": [{"type": "Dense", "units": 4}]}, ())[0],
                [("input", Spec((1, 4)))]), [inputs[0][0, 0, :1, :1].repeat(4, 1)],
        {"dense/kernel": inputs[0][0, :4, :4, 0], "dense/bias": inputs[0][0, 0, :4, 0]})  # BLAS wakes up
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
execute(found, inputs, weights)
lives = live(found)
most, row = peak(found, lives, lives.rows)
totals = found.totals() | dict.fromkeys(PEAKS, most)
print(json.dumps([status("VmHWM") - before, most, memory(found, totals, row, row)["workspace_bytes"]]))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux' /proc")
def test_vgg16_holds_what_its_analysis_announces():
    path = Path(__file__).parents[1] / "data" / "keras_apps" / "VGG16.model.json.gz"
    ran = subprocess.run([sys.executable, "-c", PROGRAM, path], capture_output=True, text=True, timeout=600, check=True)
    held, peak, workspace = json.loads(ran.stdout)
    assert held <= 1.3 * peak + workspace, (held, peak, workspace)
    assert held > 0.5 * peak  # the measurement sees the pass at all


SEQUENCE = {"inputs": ["input", "input"]}


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ({"type": "Attention", **SEQUENCE}, [800, 1]),
        ({"type": "Attention", "use_causal_mask": True, **SEQUENCE}, [800, 1]),
        ({"type": "Attention", "score_mode": "concat", **SEQUENCE}, [150, 32]),
        ({"type": "AdditiveAttention", **SEQUENCE}, [150, 32]),
        ({"type": "MultiHeadAttention", "num_heads": 8, "key_dim": 4, **SEQUENCE}, [300, 4]),
        ({"type": "Dense", "units": 900, "kernel_initializer": "identity", "use_bias": False}, [900]),
    ],
    ids=lambda one: one["type"] if isinstance(one, dict) else str(one),
)
def test_a_pass_holds_no_more_than_what_it_is_bounded_by(layer, shape):
    """NumPy tells tracemalloc of every array."""
    model = {"batch_shape": [1, *shape], "layers": [layer]}
    found = analysis_of(model)
    bound = demand.held(found, "float32", (), (), True)
    forward(model, {"seed": 1})  # what is kept between passes is not of one
    tracemalloc.start()
    forward(model, {"seed": 1})
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 1.05 * bound + (1 << 18)
