"""The metrics of a sweep: those of budgets, and seconds on a device."""

from layercalc.analysis.tracing import METRICS as COUNTS
from layercalc.budgets.keys import METRICS as BUDGETED

SECONDS = "seconds"  # of the roofline, where a device is named
METRICS = (*BUDGETED, SECONDS)
USUAL = (*COUNTS, "peak_activation_bytes")
