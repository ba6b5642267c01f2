"""A short soak: memory stays where it was. `make soak` is the long one."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, sys
sys.path.insert(0, "benchmarks")
import soak
print(json.dumps([line for line in soak.soak(2000, least=2)]))
"""


def test_memory_and_threads_stay_where_they_were():
    root = Path(__file__).parents[1]
    output = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=root,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert output.returncode == 0, output.stderr
    (_, before, threads), (_, after, still) = json.loads(output.stdout)
    assert still == threads
    assert after < 1.1 * before, (before, after)
