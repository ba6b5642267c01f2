"""How fast this tree is beside another revision, in turns in one run: `make bench-pair REV=304eb4d`.

Each round starts one process for each tree; every figure is the median over the rounds, the ratio that of the pairs.
Older revisions have other modules, so that only what `layercalc` itself gives is called.
"""

import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parents[1]
APPS = HERE / "tests" / "data" / "keras_apps"
ANALYSED = ("ResNet50", "EfficientNetB0", "DenseNet121", "VGG16", "NASNetMobile")
ROUNDS = 7
FOR = 0.5  # seconds of one figure in one process
STACK: dict[str, Any] = {
    "input_shape": [32, 32, 3],
    "layers": [
        *({"type": "Conv2D", "filters": 8 + n, "kernel_size": 3, "padding": "same"} for n in range(9)),
        {"type": "Flatten"},
        *({"type": "Dense", "units": 10 + n, "activation": "relu"} for n in range(10)),
    ],
}
STACKS = 1_000  # of 20 layers with other names: a document of a form that is met often is not analysed again
DENSE = {"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}
BLOCK = {
    "input_shape": [128, 256],
    "batch_size": 8,
    "layers": [
        {"type": "LayerNormalization", "name": "n"},
        {"type": "MultiHeadAttention", "num_heads": 8, "key_dim": 32, "inputs": ["n", "n"], "name": "a"},
        {"type": "Add", "inputs": ["input", "a"], "name": "r"},
        {"type": "Dense", "units": 1024, "activation": "gelu"},
        {"type": "Dense", "units": 256},
    ],
}
CHECKED = ("ResNet50", "MobileNetV2", "DenseNet121", "EfficientNetB0", "InceptionV3")
ALONE = "reading and analysis of one of five networks, ms"
Figures = dict[str, float]


def text_of(name: str) -> str:
    return gzip.decompress((APPS / f"{name}.model.json.gz").read_bytes()).decode()


def seconds_of(call: Callable[[], Any]) -> float:
    """The least processor time of one call: other programs on the machine take turns, and do not count."""
    call()
    least, until = 1e9, time.process_time() + FOR
    while (start := time.process_time()) < until:
        call()
        least = min(least, time.process_time() - start)
    return least


def analyses() -> Figures:
    """Analyses of parsed documents, each as if never asked before, and as multiples of parsing their text."""
    from layercalc import analyze

    found: Figures = {}
    documents = {name: cycle([json.loads(text_of(name))]) for name in ANALYSED}
    documents["20 layers"] = cycle([*map(stack, range(STACKS))])
    for name, several in documents.items():
        text = json.dumps(next(several))
        found[f"analysis of {name}, ms"] = whole = 1e3 * seconds_of(lambda several=several: analyze(next(several)))
        found[f"  in json.loads of its text, {name}"] = whole / (1e3 * seconds_of(lambda text=text: json.loads(text)))
    return found


def stack(number: int) -> dict[str, Any]:
    """Twenty layers with names of their own."""
    layers = STACK["layers"]
    return {**STACK, "layers": [{**layer, "name": f"l{number}_{at}"} for at, layer in enumerate(layers)]}


def alone() -> Figures:
    """One after another in one process, what `layercalc check` does with many."""
    from layercalc import analyze

    texts = [text_of(name) for name in CHECKED]
    return {ALONE: 1e3 * seconds_of(lambda: [analyze(json.loads(text)) for text in texts]) / len(texts)}


def passes() -> Figures:
    """Forward passes: what the rows of a profile take together, in real time, the least of several."""
    from layercalc import forward

    models: dict[str, Any] = {name: json.loads(text_of(name)) for name in ("MobileNetV2", "ResNet50")}
    found: Figures = {}
    for name, document in {**models, "a transformer block": BLOCK}.items():
        runs = [forward(document, {"seed": 0}, profile=True)["layers"] for _ in range(4)]
        found[f"forward of {name}, ms"] = 1e3 * min(sum(row["seconds"] for row in rows) for rows in runs)
    return found


def started(*command: str, cwd: str | None = None, code: int = 0, **environment: str) -> float:
    """The processor time of a command, from its start to its end, which is to exit with at most this code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment |= {"PYTHONDONTWRITEBYTECODE": ""}  # modules are compiled once, as where it is installed
    done = subprocess.run(command, env=os.environ | environment, check=False, stdout=subprocess.DEVNULL, cwd=cwd)
    if done.returncode > code:
        raise subprocess.CalledProcessError(done.returncode, command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def starts(tree: Path) -> Figures:
    """The command line on one layer, from nothing, beside Python importing NumPy."""
    with TemporaryDirectory() as folder:
        model = Path(folder) / "dense.json"
        model.write_text(json.dumps(DENSE))
        numpy = min(started(sys.executable, "-c", "import numpy") for _ in range(3))
        command = (sys.executable, "-m", "layercalc", "analyze", str(model))
        own = min(started(*command, PYTHONPATH=str(tree / "service")) for _ in range(3))
    return {"`layercalc analyze` on one Dense, ms": 1e3 * own, "  in `import numpy`": own / numpy}


def checks(tree: Path, single: float) -> Figures:
    """`layercalc check` on 100 models in one process, for each of them, beside one analysis in `single` ms."""
    with TemporaryDirectory() as folder:
        for index in range(100):
            (Path(folder) / f"{index:03}.json").write_text(text_of(CHECKED[index % len(CHECKED)]))
        budgets = "models: [{path: '*.json', budgets: [{metric: flops, max: 20G}, edge]}]\n"
        (Path(folder) / "layercalc.yaml").write_text(budgets)
        command = (sys.executable, "-m", "layercalc", "check", "--format", "json", "--processes", "1")
        each = 1e3 * started(*command, cwd=folder, code=1, PYTHONPATH=str(tree / "service")) / 100
    return {"check of 100 models, ms each": each, "  in analyses of one": each / single}


def figures_of(tree: Path) -> Figures:
    """Every figure of one round of a tree: those of the package in a process of its own."""
    command = [sys.executable, __file__]
    environment = os.environ | {"PYTHONPATH": str(tree / "service")}
    found: Figures = json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    return found | starts(tree) | checks(tree, found[ALONE])


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A worktree of a revision in a temporary folder."""
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ("git", "-C", str(HERE), "worktree")
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def compared(revision: str) -> None:
    """Print every figure of the revision and of this tree, and how many times as much it is here."""
    rounds: list[tuple[Figures, Figures]] = []
    with checked_out(revision) as tree:
        for turn in range(ROUNDS):
            pair = [figures_of(one) for one in ((tree, HERE) if turn % 2 else (HERE, tree))]
            rounds.append((pair[0], pair[1]) if turn % 2 else (pair[1], pair[0]))
            print(f"{turn + 1} of {ROUNDS}", end="\r", file=sys.stderr, flush=True)
    print(f"{'medians of ' + str(ROUNDS) + ' rounds':48} {revision[:12]:>12} {'this tree':>12} {'ratio':>8}")
    for what in rounds[0][0]:
        then, now = (median(one[side][what] for one in rounds) for side in (0, 1))
        ratio = median(new[what] / old[what] for old, new in rounds)
        print(f"{what:48} {then:12.2f} {now:12.2f} {ratio:8.2f}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        compared(sys.argv[1])
    else:
        print(json.dumps({**analyses(), **alone(), **passes()}))
