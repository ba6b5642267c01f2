"""What can be asked of a model: the same in Python, over HTTP and on the command line."""

from layercalc.verbs.models import analyze, analyze_json, check, compare, diff, examples
from layercalc.verbs.passes import forward
from layercalc.verbs.spaces import candidates, fit, sweep

__all__ = ["analyze", "analyze_json", "candidates", "check", "compare", "diff", "examples", "fit", "forward", "sweep"]
