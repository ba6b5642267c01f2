"""How much an analysis does: calls of Python functions for each row, which no other program on the machine changes."""

import json
import sys
from typing import Any

import pytest

from layercalc import analyze
from tests.oracle import app

DIFFERENT = {
    "input_shape": [32, 32, 3],
    "layers": [
        *({"type": "Conv2D", "filters": 8 + n, "kernel_size": 3, "padding": "same"} for n in range(9)),
        {"type": "Flatten"},
        *({"type": "Dense", "units": 10 + n, "activation": "relu"} for n in range(10)),
    ],
}
EQUAL = {"input_shape": [8], "layers": [{"type": "Dense", "units": 8}] * 500}


def calls(document: Any) -> float:
    """Python functions that an analysis calls, for each row; what is set up once has been."""
    count, rows = 0, len(analyze(document)["layers"])

    def profile(_: Any, event: str, __: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        analyze(document)
    finally:
        sys.setprofile(before)
    return count / rows


@pytest.mark.parametrize(
    ("document", "most"),
    [("ResNet50", 115), ("DenseNet121", 140), ("NASNetMobile", 90), (DIFFERENT, 290), (EQUAL, 60)],
    ids=["ResNet50", "DenseNet121", "NASNetMobile", "different layers", "equal layers"],
)
def test_an_analysis_does_each_thing_once(document: Any, most: int) -> None:
    assert calls(json.loads(app(document)[0]) if isinstance(document, str) else document) < most
