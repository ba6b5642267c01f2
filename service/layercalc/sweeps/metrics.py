"""The metrics of a sweep: those of budgets, and seconds on a device."""

from layercalc.analysis.metrics import METRICS as BUDGETED
from layercalc.analysis.tracing import METRICS as COUNTS

SECONDS = "seconds"  # of the roofline, where a device is named
METRICS = (*BUDGETED, SECONDS)
USUAL = (*COUNTS, "peak_activation_bytes")
