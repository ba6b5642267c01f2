"""torchinfo: summary(model).total_mult_adds, from the parameters and the output of each module."""

from layercalc.conventions.base import CONVOLUTIONS, Convention, Loop, Rule, Use, linear
from layercalc.conventions.programs.torchinfo import count
from layercalc.dims import Dim, size
from layercalc.ops import FLOATS

FILE = "torchinfo/layer_info.py: LayerInfo.calculate_macs"


def convolved(use: Use) -> Dim:
    """Every weight once for each output position, whatever the groups, transposed or not."""
    return use.y[0] * size(use.y[1:-1]) * size(use.entry.shapes[1])


def biased(use: Use) -> Dim:
    """A bias goes with the module it belongs to: once a position after a convolution, else once a sample."""
    return use.outputs if use.before in CONVOLUTIONS else use.y[0] * size(use.entry.shapes[1])


def weighed(use: Use) -> Dim:
    return use.y[0] * size(use.entry.shapes[1]) if linear(use) else 0


def table(use: Use) -> Dim:
    """An embedding's whole table, though one row of it is read; integers, and one place for all samples, are none."""
    places = use.entry.shapes[1]
    return places[0] * size(use.x) if places and use.entry.out.dtype in FLOATS else 0


def moments(use: Use) -> Dim:
    return use.y[0] * sum((size(shape) for shape in use.entry.shapes[3:]), 0)


def parameters(use: Use) -> Dim:
    return use.y[0] * sum((size(shape) for shape in use.entry.shapes[1:]), 0)


def looped(loop: Loop) -> Dim:
    weights = loop.products + (2 * loop.gates * loop.units if loop.bias else 0)
    return loop.batch * loop.steps * weights


LOOP = Rule("each parameter, with two biases, once for each step", looped, FILE)
ONCE = "each parameter once for each sample, positions left out"


TORCHINFO = Convention(
    name="torchinfo",
    tool="torchinfo 1.8, summary(model, input_data=x).total_mult_adds",
    unit="MACs",
    rule="Each weight and bias of a convolution once for each output position (also of a transposed one), those of any "
    "other module once for each sample, of a recurrent one once for each step. What has no parameters counts nothing.",
    source="https://github.com/TylerYep/torchinfo/blob/main/torchinfo/layer_info.py",
    program=count,
    rules={
        **dict.fromkeys(CONVOLUTIONS, Rule("each weight once for each output position", convolved, FILE)),
        "bias_add": Rule("each bias once for each position of a convolution, else once for each sample", biased, FILE),
        "matmul": Rule(ONCE, weighed, FILE),
        "gather": Rule("the whole table once for each sample", table, FILE),
        "batch_norm": Rule(ONCE, moments, FILE),
        **dict.fromkeys(("layer_norm", "group_norm", "rms_norm", "prelu"), Rule(ONCE, parameters, FILE)),
    },
    loops={"LSTM": LOOP, "GRU": LOOP, "RNN": LOOP},
)
