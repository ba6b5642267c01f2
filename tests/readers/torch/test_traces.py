"""Lines of code in stack traces: how they call a function, and what tools that patch functions count for it."""

import json
import tracemalloc
from types import SimpleNamespace

import pytest

import layercalc
from layercalc.analysis.observing import Seen, SeenCall
from layercalc.conventions.programs import calflops, ptflops
from layercalc.files import read_model
from layercalc.ops import Spec
from layercalc.readers.torch.frames import framed
from layercalc.readers.torch.paths import Module
from layercalc.readers.torch.traces import KEPT, LOOKED_UP, METHOD, NAMED, OPERATOR, innermost, way, ways
from tests.torch_files import changed

PRODUCTS = (OPERATOR, METHOD)
CALLS = (LOOKED_UP, KEPT, NAMED, METHOD)
LINES = [  # line, function, which of how many nodes of the line, of which ways, the way
    ("y = x @ w", "matmul", 0, 1, PRODUCTS, OPERATOR),
    ("y = x.matmul(w)", "matmul", 0, 1, PRODUCTS, METHOD),
    ("return (q @ k.transpose(-2, -1)) * scale", "matmul", 0, 1, PRODUCTS, OPERATOR),
    ("return (q @ k.transpose(-2, -1)) * scale", "mul", 0, 1, PRODUCTS, OPERATOR),
    ("y = (x @ w).matmul(v)", "matmul", 0, 2, PRODUCTS, OPERATOR),
    ("y = (x @ w).matmul(v)", "matmul", 1, 2, PRODUCTS, METHOD),
    ("y = (x @ w).matmul(v)", "matmul", 3, 4, PRODUCTS, METHOD),  # in a loop
    ("y = (x @ w).matmul(v)", "matmul", 0, 1, PRODUCTS, ""),
    ("y = x @ w if first else x.matmul(w)", "matmul", 0, 2, PRODUCTS, ""),
    ("y = (x", "matmul", 0, 1, PRODUCTS, ""),
    ("a @ b", "matmul", 0, 1, PRODUCTS, ""),  # may be a part of a longer statement
    ("y = f(x)  # as x @ w", "matmul", 0, 1, PRODUCTS, ""),
    ("y = 'x @ w'", "matmul", 0, 1, PRODUCTS, ""),
    ("if (x @ w).sum() > 0:", "matmul", 0, 1, PRODUCTS, OPERATOR),
    ("def forward(self, x): return x @ self.w", "matmul", 0, 1, PRODUCTS, OPERATOR),
    ("x = x + y.add(z)", "add", 0, 2, PRODUCTS, METHOD),
    ("x = x + y.add(z)", "add", 1, 2, PRODUCTS, OPERATOR),
    ("x = F.relu(self.fc(x))", "relu", 0, 1, CALLS, LOOKED_UP),
    ("x = torch.nn.functional.relu(x)", "relu", 0, 1, CALLS, LOOKED_UP),
    ("x = self.act(self.fc(x))", "relu", 0, 1, CALLS, KEPT),
    ("x = F.relu(self.act(x))", "relu", 0, 2, CALLS, ""),
    ("x = relu(x)", "relu", 0, 1, CALLS, NAMED),
    ("x = self.relu(x)", "relu", 0, 1, CALLS, METHOD),
    ("y = " + "(" * 300 + "x @ w" + ")" * 300, "matmul", 0, 1, PRODUCTS, ""),
    ("y = " + "-" * 400 + "x @ w", "matmul", 0, 1, PRODUCTS, OPERATOR),
    ("y = x @ w" + " " * 1000, "matmul", 0, 1, PRODUCTS, ""),
]


@pytest.mark.parametrize(("line", "word", "place", "of", "among", "wanted"), LINES)
def test_a_line_tells_how_it_calls_a_function(line, word, place, of, among, wanted):
    frame = innermost(f'File "a.py", line 1, in f\n    y = other(x)\nFile "b.py", line 7, in forward\n    {line}')
    assert way(frame, word, place, of, among) == wanted


def test_marks_tell_which_part_of_a_line_it_is():
    code = "    y = (x @ w).matmul(v)"
    for part, wanted in (("x @ w", OPERATOR), ("(x @ w).matmul(v)", METHOD)):
        marks = " " * code.index(part) + "^" * len(part)
        frame = innermost(f'  File "b.py", line 7, in forward\n{code}\n{marks}\n')
        assert way(frame, "matmul", 0, 5, PRODUCTS) == wanted


TRACE = 'File "net.py", line 9, in forward\n    '


@pytest.mark.parametrize(("code", "times"), [("a = q @ k", 0), ("a = q.matmul(k)", 1), ("a = (q", None)])
def test_ptflops_and_calflops_count_a_product_that_is_called_as_a_method(code, times):
    def change(program):
        for node in program["graph_module"]["graph"]["nodes"]:
            if node["target"] == "torch.ops.aten.matmul.default":
                node["metadata"]["stack_trace"] = TRACE + code

    report = layercalc.analyze(read_model(changed("attention", change))[0], conventions=["ptflops", "calflops"])
    recorded = {"ptflops": 149_760, "calflops": 300_672}
    products = sum(row["macs"] for row in report["layers"] if row["type"] == "matmul")
    for tool, total in recorded.items():
        more = 0 if times is None else times * products * (1 if tool == "ptflops" else 2)
        assert report["totals"]["counts"][tool] == (None if times is None else total + more)


def test_what_is_taken_for_granted_is_said():
    report = layercalc.analyze(read_model(changed("lenet", lambda _: None))[0], conventions=["ptflops", "thop"])
    (told,) = [one["detail"] for one in report["warnings"] if "takes for granted" in one["detail"]]
    assert told.startswith("No line of code in the file tells how functions are called: ptflops's count")
    assert json.dumps(report)


def test_a_pooling_that_is_written_in_cpp_is_counted_as_one_in_python():
    x = Spec((1, 24, 64), "float32")
    call = SeenCall("adaptive_avg_pool1d", "builtin_function_or_method.adaptive_avg_pool1d", {"self": x}, (x,), [])
    kind = "torch.nn.modules.pooling.AdaptiveAvgPool1d"
    seen = Seen(kind, True, False, (), False, [x], [x], [], [call])
    assert ptflops.patched(seen, call) == calflops.patched(seen, call) == ("adaptive_avg_pool1d", 24 * 64)


LONG = {  # texts of a file that took hours, or all memory, in square of their length
    "brackets": {"nn_module_stack": "L__self__,,Net;k," + "[" * 1_000_000 + ",Linear"},
    "attributes": {"nn_module_stack": "L__self__,,Net;k," + "getattr(" * 50_000 + "x" + ", 'a')" * 50_000 + ",Linear"},
    "modules in one another": {"nn_module_stack": "L__self__,,Net" + ";k,a,Linear" * 100_000},
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_text_in_a_file_is_answered_or_refused_at_once(name):
    """Not a matter of the clock: who reads them otherwise does not come back."""

    def change(program):
        program["graph_module"]["graph"]["nodes"][-1]["metadata"] |= LONG[name]

    try:
        assert layercalc.analyze(changed("mlp", change))["totals"]["params"] == 235_146
    except layercalc.Refused as error:
        assert "100,000 modules inside one another; at most 1,000 are read" in str(error)


def test_a_long_line_of_marks_is_none_and_a_long_frame_is_not_kept():
    frame = 'File "a.py", line 1, in f\n    y = x @ w\n'
    assert ways(frame + "^" * 1_000_000 + "x", "matmul") == (OPERATOR,)
    assert innermost(frame + "x" * 1_000_000) == ""


def test_what_modules_stand_in_takes_a_step_for_each():
    """A tuple for each of all around it took gigabytes for a file of some megabytes."""
    modules = tuple(Module(f"k{number}", "a", "Linear") for number in range(1_000))
    identity = SimpleNamespace(named=lambda module: module)
    tracemalloc.start()
    ((frame, _),) = framed([SimpleNamespace(modules=modules)], identity)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one.called for one in frame.within] == [*modules]
    assert [one.called for one in frame.around] == [*modules[:-1]]
    assert taken < 1_000_000  # 8 bytes for each pair of them would be four times as much
