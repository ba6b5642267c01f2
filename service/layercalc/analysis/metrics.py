"""The metrics of a report that budgets, differences and sweeps speak of, by name."""

from layercalc.analysis.liveness import PEAKS
from layercalc.analysis.memory import STATES
from layercalc.analysis.tracing import METRICS as COUNTS
from layercalc.analysis.weight_specs import BUFFERS

SHAPE, REACH = "output_shape", "receptive_field"
PER_LAYER = (*COUNTS, *BUFFERS, SHAPE, REACH)
MEMORY = (  # of the report's `memory`
    "inference_bytes",
    "workspace_bytes",
    "training.gradient_bytes",
    "training.kept_activation_bytes",
    *(f"training.{key}.{name}" for key in ("optimizer_state_bytes", "total_bytes") for name in STATES),
    "training.step_flops",
)
METRICS = (*COUNTS, *BUFFERS, *PEAKS, SHAPE, REACH, *MEMORY)
