"""Prints each figure beside its goal. The machine may be noisy: the smallest of several runs is taken."""

import gzip
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks import onnx_files, peers, scripts, sweeps, torch_files
from layercalc import analyze
from layercalc.analysis.walk import Analysis, analyse
from layercalc.cores import available
from layercalc.execution.running import execute
from layercalc.execution.seeds import seeded_inputs, seeded_weights
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


def code() -> None:
    """Keras code, read and analysed, nothing kept from one call to the next, against ast.parse of it."""
    for style, lines, parsed, read_in in scripts.figures():
        what = f"a script of {lines} lines, {style}, {read_in * 1e3:.1f} ms beside its analysis, in ast.parse"
        line(what, f"{read_in / parsed:.1f}", "goal: at most 3")


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


def read_model(document: Any, shape: tuple[int, ...]) -> tuple[Analysis, list[Any], dict[str, Any]]:
    model, _ = read(document, ())
    read_once = analyse(model, [(model.inputs[0].name, Spec(shape))])
    return read_once, seeded_inputs(read_once, 0), seeded_weights(read_once, 0)


ATTENTION = {
    "input_shape": [128, 256],
    "layers": [
        {"type": "LayerNormalization", "name": "n"},
        {"type": "MultiHeadAttention", "num_heads": 8, "key_dim": 32, "inputs": ["n", "n"], "name": "a"},
        {"type": "Add", "inputs": ["input", "a"], "name": "r"},
        {"type": "LayerNormalization"},
        {"type": "Dense", "units": 1024, "activation": "gelu"},
        {"type": "Dense", "units": 256, "name": "d"},
        {"type": "Add", "inputs": ["r", "d"]},
    ],
}
BLOCK, RECURRENT = "a transformer block, batch 8", "an LSTM, batch 32"
LSTM = {"input_shape": [128, 256], "layers": [{"type": "LSTM", "units": 256}]}


def passes() -> None:
    """Forward passes, in FLOPs of the direct algorithm against a large product, or in time beside a copy of memory."""
    a = np.random.default_rng(0).standard_normal((2048, 2048), np.float32)
    image = (1, 224, 224, 3)
    shares = {
        "VGG16": "goal: 1.0; PyTorch 0.7",
        "ResNet50": "goal: 0.6",
        "a transformer block, batch 8": "",
        "an LSTM, batch 32": "",
    }
    documents: dict[str, tuple[Any, tuple[int, ...]]] = {
        **{name: (json.loads(text_of(name)), image) for name in ("VGG16", "ResNet50", "MobileNetV2", "EfficientNetB0")},
        BLOCK: (ATTENTION, (8, 128, 256)),
        RECURRENT: (LSTM, (32, 128, 256)),
    }
    for name, (document, shape) in documents.items():
        read_once, inputs, weights = read_model(document, shape)
        product = seconds = 1e9
        # In turns, since the machine is not always as fast; several each, since BLAS' threads spin on for a while.
        for _ in range(5):
            product = min(product, best(lambda: a @ a, 3))
            seconds = min(seconds, best(lambda r=read_once, i=inputs, w=weights: execute(r, list(i), w), 4))
        totals = read_once.totals()
        if name in shares:
            share = 2 * totals["macs"] / seconds / (2 * 2048**3 / product)
            line(f"forward of {name}, {seconds * 1e3:.0f} ms, as a share of sgemm", f"{share:.2f}", shares[name])
        else:
            block = np.zeros(totals["activation_bytes"] // 4, np.float32)
            copied = best(lambda x=block: x.copy(), 5)
            line(
                f"forward of {name}, {seconds * 1e3:.0f} ms, beside a copy of its activations",
                f"{seconds / copied:.1f}",
            )


def against_peers() -> None:
    """The same networks with the same weights elsewhere, in turns, each answer held against ours first."""
    goals = {
        ("VGG16", "PyTorch"): "goal: under 1",
        ("VGG16", "ONNX Runtime"): "goal: under 1",
        ("ResNet50", "PyTorch"): "goal: 1",
        ("MobileNetV2", "PyTorch"): "goal: at most 1.5",
    }
    shape = (1, 224, 224, 3)
    for name in ("VGG16", "ResNet50", "MobileNetV2", "EfficientNetB0"):
        read_once, inputs, weights = read_model(json.loads(text_of(name)), shape)
        found = peers.runs_of(read_once, weights, shape)
        if not found:
            line("forward beside PyTorch, ONNX Runtime and onnx.reference", "not installed", "pip install '.[peers]'")
            return
        seconds = peers.compared(lambda r=read_once, i=inputs, w=weights: execute(r, list(i), w), found, inputs[0])
        for peer in found:
            told = f"forward of {name}, {seconds['layercalc'] * 1e3:.0f} ms, as a multiple of {peer}'s"
            goal = "goal: at most 0.05" if peer == "onnx.reference" else goals.get((name, peer), "")
            line(f"{told} {seconds[peer] * 1e3:.0f} ms", f"{seconds['layercalc'] / seconds[peer]:.2f}", goal)


def files() -> None:
    """ONNX files, read and run, beside the tools for them."""
    onnx_files.figures(line)


def candidates() -> None:
    """A network read for a million candidates at once."""
    sweeps.figures(line)


def programs() -> None:
    """Exported programs of PyTorch, beside the tools that run the model."""
    torch_files.figures(line)


def checks() -> None:
    """`layercalc check` on 100 models in files, for each of them, against one after another in a loop."""
    names = ("ResNet50", "MobileNetV2", "DenseNet121", "EfficientNetB0", "InceptionV3")
    with TemporaryDirectory() as folder:
        for index in range(100):
            (Path(folder) / f"{index:03}.json").write_text(text_of(names[index % len(names)]))
        budgets = Path(folder) / "layercalc.yaml"
        budgets.write_text("models: [{path: '*.json', budgets: [{metric: flops, max: 20G}, edge]}]\n")
        paths = sorted(Path(folder).glob("*.json"))[: len(names)]
        single = best(lambda: [analyze(json.loads(path.read_text())) for path in paths], 5) / len(paths)
        for processes in dict.fromkeys((1, available())):
            command = [sys.executable, "-m", "layercalc", "check", "--format", "json", "--processes", str(processes)]
            each = best(lambda c=command: subprocess.run(c, cwd=folder, capture_output=True, check=False), 3) / 100
            what = f"check of 100 models, {processes} at a time, {each * 1e3:.0f} ms each, start included"
            line(f"{what}, against {single * 1e3:.0f} ms", f"{each / single:.2f}", "goal: at most 1.5")


if __name__ == "__main__":
    for section in (checks, analysis, code, costs, chains, memory, passes, against_peers, files, programs, candidates):
        section()
