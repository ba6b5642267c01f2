"""An exported program read, beside the tools that import PyTorch and run the model, where they are installed.

The file is ResNet50 of tests/data/torch with weights put back, so that it is as large as it was exported.
"""

import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tests.torch_files import body_of

import layercalc

Line = Callable[..., None]
RUNS = 7
NEEDED = ("benchmarks.resnet50", "torchinfo", "fvcore")  # and with the first torch and torchvision
TOOLS = {  # with `model` and `x` at hand, as their own documentation has it
    "torchinfo": ("import torchinfo", "torchinfo.summary(model, input_data=x, verbose=0).total_mult_adds"),
    "fvcore": ("from fvcore.nn import FlopCountAnalysis", "FlopCountAnalysis(model, x).total()"),
    "FlopCounterMode": (
        "from torch.utils.flop_counter import FlopCounterMode",
        "[counter := FlopCounterMode(display=False), counter.__enter__(), model(x), counter.get_total_flops(), "
        "counter.__exit__(None, None, None)][-2]",
    ),
}
BUILD = "import torch; from benchmarks.resnet50 import model, x"
QUIET = "import logging; logging.disable(logging.WARNING)"  # fvcore warns of each operator that it does not count


def missing() -> str:
    """Which of the peers cannot be imported; nothing where all can."""
    for name in NEEDED:
        try:
            import_module(name)
        except Exception as error:  # a torchvision for another PyTorch raises what it likes
            return f"{getattr(error, 'name', None) or name} ({type(error).__name__})"
    return ""


def whole(name: str) -> bytes:
    """A recorded archive with its weights in it, as zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body_of(name))) as archive, zipfile.ZipFile(out, "w") as larger:
        for one in archive.namelist():
            larger.writestr(one, archive.read(one))
        config = next(one for one in archive.namelist() if one.endswith("model_weights_config.json"))
        folder = config.rpartition("/")[0]
        for entry in json.loads(archive.read(config))["config"].values():
            sizes = [one["as_int"] for one in entry["tensor_meta"]["sizes"]]
            where = f"{folder}/{entry['path_name']}"
            if where not in archive.namelist():
                larger.writestr(where, np.zeros(sizes, np.float32).tobytes())
    return out.getvalue()


@contextmanager
def file_of(name: str) -> Iterator[Path]:
    """The file on disk."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.pt2"
        path.write_bytes(whole(name))
        yield path


def timed(call: Callable[[], Any], runs: int = RUNS) -> tuple[float, Any]:
    """The least processor time of several runs, and what was found."""
    best, told = float("inf"), None
    for _ in range(runs):
        start = time.process_time()
        told = call()
        best = min(best, time.process_time() - start)
    return best, told


def cold(command: list[str]) -> float:
    """The least time from a command to its end, of two."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def figures(line: Line) -> None:
    """ResNet50 from its file: beside a model that is built already, and beside a start from nothing."""
    with file_of("resnet50") as path:
        own, report = timed(lambda: layercalc.analyze(path, conventions="all"))
        size, rows = path.stat().st_size / 1e6, len(report["layers"])
        line(f"ResNet50, {size:.0f} MB .pt2: {rows} rows, seven tools' counts, in {own * 1e3:.0f} ms", "")
        if name := missing():
            line("  beside torchinfo, fvcore, FlopCounterMode", "skipped", f"{name}: pip install '.[peers]'")
            return
        start = cold([sys.executable, "-m", "layercalc", "analyze", str(path)])
        scope: dict[str, Any] = {}
        exec(f"{QUIET}; {BUILD}", scope)  # this module's own text
        for tool, (imported, call) in TOOLS.items():
            exec(imported, scope)
            code = compile(call, tool, "eval")
            seconds, found = timed(lambda code=code: eval(code, scope), 3)  # type: ignore[misc]
            line(f"  {tool}, the model built, {seconds * 1e3:,.0f} ms ({found:,})", f"{seconds / own:.1f}", "goal: 10")
            whole_time = cold([sys.executable, "-c", f"{QUIET}; {BUILD}; {imported}; {call}"])
            line(f"  {tool} from a cold start, {whole_time * 1e3:,.0f} ms", f"{whole_time / start:.1f}", "goal: 100")


if __name__ == "__main__":
    from benchmarks.__main__ import line as printed

    figures(printed)
