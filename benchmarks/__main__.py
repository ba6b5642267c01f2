"""Prints each figure beside its goal. The machine may be noisy: the smallest of several runs is taken."""

import gzip
import json
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from layercalc import analyze
from layercalc.analysis import analyse
from layercalc.execution import execute, seeded_inputs, seeded_weights
from layercalc.ops import Spec
from layercalc.readers import read

APPS = Path(__file__).parents[1] / "tests" / "data" / "keras_apps"


def best(call: Callable[[], Any], runs: int = 15) -> float:
    """The shortest of several runs, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def text_of(name: str) -> str:
    return gzip.decompress((APPS / f"{name}.model.json.gz").read_bytes()).decode()


def line(what: str, value: str, goal: str = "") -> None:
    print(f"{what:62} {value:>14}   {goal}")


def analysis() -> None:
    """A whole analysis, nothing kept from one call to the next, against parsing the text."""
    for name in ("VGG16", "ResNet50", "MobileNetV2", "DenseNet121", "EfficientNetB0", "InceptionV3", "NASNetMobile"):
        text = text_of(name)
        document = json.loads(text)
        parse, whole = best(lambda text=text: json.loads(text)), best(lambda document=document: analyze(document))
        goal = "goal: at most 8" if name == "ResNet50" else ""
        line(f"analysis of {name}, {whole * 1e3:.1f} ms, as a multiple of json.loads", f"{whole / parse:.1f}", goal)


def costs() -> None:
    """What the counts of seven other tools and the arithmetic in words add to an analysis."""
    for name in ("ResNet50", "NASNetMobile"):
        document = json.loads(text_of(name))
        plain = best(lambda document=document: analyze(document))
        for what, options in {
            "one convention": {"conventions": ["thop"]},
            "all conventions": {"conventions": "all"},
            "explanations": {"explain": True},
        }.items():
            more = best(lambda document=document, options=options: analyze(document, **options))
            line(f"analysis of {name} with {what}, as a multiple of one without", f"{more / plain:.2f}")


def chains() -> None:
    """Stacks of layers that all differ."""
    for length in (100, 1_000, 10_000):
        document = {"input_shape": [8], "layers": [{"type": "Dense", "units": 1 + i} for i in range(length)]}
        per_layer = best(lambda document=document: analyze(document), 3) / length
        line(f"chain of {length:,} different layers, per layer", f"{per_layer * 1e6:.0f} µs", "goal: flat")


def memory() -> None:
    """The peak of what an analysis allocates, per byte of the document."""
    for name in ("VGG16", "ResNet50", "NASNetMobile"):
        text = text_of(name)
        document = json.loads(text)
        tracemalloc.start()
        analyze(document)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        line(f"memory of an analysis of {name}, per byte of its text", f"{peak / len(text):.1f}", "goal: proportional")


def passes() -> None:
    """A forward pass, in FLOPs of the direct algorithm, against a large matrix product."""
    a = np.random.default_rng(0).standard_normal((2048, 2048), np.float32)
    for name, size in (("VGG16", 224), ("ResNet50", 224), ("MobileNetV2", 224), ("EfficientNetB0", 224)):
        model, _ = read(json.loads(text_of(name)))
        read_once = analyse(model, [("input_layer", Spec((1, size, size, 3)))])
        weights, inputs = seeded_weights(read_once, 0), seeded_inputs(read_once, 0)
        sgemm = 2 * 2048**3 / best(lambda: a @ a, 5)
        seconds = best(lambda r=read_once, i=inputs, w=weights: execute(r, list(i), w), 4)
        share = 2 * read_once.totals()["macs"] / seconds / sgemm
        goal = "goal: 0.3" if name == "VGG16" else ""
        line(f"forward of {name}, {seconds * 1e3:.0f} ms, as a share of sgemm", f"{share:.2f}", goal)


if __name__ == "__main__":
    for section in (analysis, costs, chains, memory, passes):
        section()
