"""The metrics of a sweep: those of budgets, buffers where a vocabulary counts them apart, and seconds on a device."""

from layercalc.analysis.tracing import METRICS as COUNTS
from layercalc.analysis.weight_specs import BUFFERS
from layercalc.budgets.keys import METRICS as BUDGETED

SECONDS = "seconds"  # of the roofline, where a device is named
METRICS = (*BUDGETED, *BUFFERS, SECONDS)
USUAL = (*COUNTS, "peak_activation_bytes")
