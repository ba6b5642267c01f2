"""ONNX files read and run, beside the tools that people have for that, where the extra `peers` is installed.

The files are those of tests/data/onnx with their weights put back, so that each is as large as it was exported.
"""

import contextlib
import io
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tests.onnx_files import body_of, weight_of

import layercalc
from layercalc.document import analysis_of
from layercalc.execution.running import execute
from layercalc.execution.seeds import seeded_inputs
from layercalc.execution.weights import read_weights
from layercalc.files import read_model

Line = Callable[..., None]
RUNS = 7
READ = {  # names here and in tests/data/onnx, and numbers for the names of their sizes
    "ResNet50": ("resnet50.ts13d", {"batch": 2}),
    "a small BERT": ("hf_bert.ts14d", {"batch": 2, "sequence": 16}),
    "Swin-T": ("swin_t.ts17d", {"batch": 2}),
}
PASSES = {"ResNet50": ("resnet50.dy", 1e-3), "a small BERT": ("hf_bert.dy", 1e-3), "Swin-T": ("swin_t.dy", 1e-3)}


def missing() -> str:
    """Which of the peers is not installed; nothing where all are."""
    for name in ("onnx", "onnxruntime", "onnx_tool", "sympy"):
        try:
            __import__(name)
        except ImportError:
            return name
    return ""


def whole(name: str) -> Any:
    """A recorded file with its weights in it."""
    import onnx

    model = onnx.load_model_from_string(body_of(name))
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
            array = weight_of(tensor.name, tuple(tensor.dims)).astype(kind)
            del tensor.external_data[:]
            tensor.data_location = onnx.TensorProto.DEFAULT
            tensor.raw_data = array.tobytes()
    return model


@contextlib.contextmanager
def file_of(name: str) -> Iterator[Path]:
    """The file on disk."""
    import onnx

    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(whole(name), path)
        yield path


def known(shape: Any) -> bool:
    """Whether every size is a number or an expression that is no invention of the tool's own."""
    return all(one.HasField("dim_value") or (one.dim_param and "unk__" not in one.dim_param) for one in shape.dim)


def found_in(model: Any) -> str:
    """Of how many of the tensors that nodes make a model has the shapes."""
    made = {name for node in model.graph.node for name in node.output if name}
    told = {
        one.name
        for one in [*model.graph.value_info, *model.graph.output]
        if one.type.tensor_type.HasField("shape") and known(one.type.tensor_type.shape)
    }
    return f"{len(made & told):,} of {len(made):,}"


def ours(path: Path, dims: dict[str, int]) -> str:
    """The whole report, and of how many tensors it has the shapes in numbers."""
    rows = layercalc.analyze(path, dims=dims)["layers"]
    shapes = [shape for row in rows for shape in row["output_shapes"]]
    return f"{sum(shape is not None and None not in shape for shape in shapes):,} of {len(shapes):,}"


def by_onnx(path: Path) -> str:
    import onnx

    return found_in(onnx.shape_inference.infer_shapes(onnx.load(path), data_prop=True))


def by_symbols(path: Path) -> str:
    import onnx
    from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

    return found_in(SymbolicShapeInference.infer_shapes(onnx.load(path), auto_merge=True))


def by_onnx_tool(path: Path) -> str:
    import onnx_tool

    model = onnx_tool.Model(str(path))
    shapes = {name: tuple(1 if isinstance(n, str) else n for n in one.shape) for name, one in inputs_of(model)}
    model.graph.shape_infer({name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
    model.graph.profile()
    return f"{model.graph.macs[0]:,.0f} MACs"


def inputs_of(model: Any) -> Iterator[tuple[str, Any]]:
    return ((name, model.graph.tensormap[name]) for name in model.graph.input)


TOOLS = {"onnx.load and infer_shapes": by_onnx, "symbolic_shape_infer": by_symbols, "onnx-tool": by_onnx_tool}


def timed(call: Callable[[Path], str], path: Path, runs: int = RUNS) -> tuple[float, str]:
    """The least processor time of several runs, and what was found; infinite for a tool that fails, with how."""
    best, told = float("inf"), ""
    for _ in range(runs):
        start = time.process_time()
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                told = call(path)
        except Exception as error:
            return float("inf"), f"fails: {type(error).__name__}"
        seconds = time.process_time() - start
        best = min(best, seconds)
        if seconds > 3:
            break
    return best, told


def reading(line: Line) -> None:
    """Shapes, parameters and counts of a file on disk, against what finds shapes alone."""
    for title, (name, dims) in READ.items():
        with file_of(name) as path:
            own, told = timed(partial(ours, dims=dims), path)
            size = path.stat().st_size / 1e6
            line(f"{title}, dynamic, {size:.1f} MB: shapes, parameters, FLOPs and memory in {own * 1e3:.0f} ms", told)
            for tool, call in TOOLS.items():
                seconds, found = timed(call, path)
                ratio = "" if seconds == float("inf") else f"{seconds / own:.1f}"
                spent = "" if not ratio else f" {seconds * 1e3:,.0f} ms"
                line(f"  {tool}{spent}, {found}; as a multiple of ours", ratio or "-", "goal: at least 10")


def passes(line: Line) -> None:
    """The same files run, each answer held against ours first."""
    for title, (name, tolerance) in PASSES.items():
        runs = runs_of(whole(name))
        answer, seconds = runs["layercalc"](), dict.fromkeys(runs, float("inf"))
        for peer in list(runs)[1:]:
            try:
                found = runs[peer]()
            except Exception as error:
                del runs[peer]
                line(f"{title}: a pass in {peer}", "-", f"fails: {type(error).__name__}")
            else:
                np.testing.assert_allclose(found, answer, rtol=tolerance, atol=tolerance, err_msg=peer)
        for _ in range(3):
            for peer, run in runs.items():
                for _ in range(1 if peer == "onnx.reference" else 4):
                    start = time.perf_counter()
                    run()
                    seconds[peer] = min(seconds[peer], time.perf_counter() - start)
        for peer in list(runs)[1:]:
            what = f"{title}: a pass, {seconds['layercalc'] * 1e3:.0f} ms, as a multiple of {peer}'s"
            line(f"{what} {seconds[peer] * 1e3:.0f} ms", f"{seconds['layercalc'] / seconds[peer]:.2f}")


def runs_of(model: Any) -> dict[str, Callable[[], np.ndarray]]:
    """A pass here and in each of the peers, on the same seeded inputs and the weights of the file."""
    import onnxruntime
    from onnx.reference import ReferenceEvaluator

    document = model.SerializeToString()
    analysis = analysis_of(read_model(document)[0])
    weights, inputs = read_weights(None, analysis)[0], seeded_inputs(analysis, 0)
    feed = dict(zip([value.source for value in analysis.inputs], inputs, strict=True))
    session = onnxruntime.InferenceSession(document, providers=["CPUExecutionProvider"])
    reference = ReferenceEvaluator(model)
    return {
        "layercalc": lambda: execute(analysis, list(inputs), weights).outputs[0],
        "ONNX Runtime": lambda: session.run(None, feed)[0],
        "onnx.reference": lambda: reference.run(None, feed)[0],
    }


def figures(line: Line) -> None:
    """All of it, or why not."""
    if name := missing():
        line("ONNX files beside onnx, ONNX Runtime and onnx-tool", "skipped", f"{name}: pip install '.[peers]'")
        return
    reading(line)
    passes(line)


if __name__ == "__main__":
    from benchmarks.__main__ import line as printed

    figures(printed)
