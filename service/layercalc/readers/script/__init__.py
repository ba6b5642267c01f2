"""An interpreter of Python over known values: it walks the syntax tree, knows no framework, and never runs anything.

`Machine(vocabulary).run(tree)`; what a vocabulary is, says `host.py`.
"""

from layercalc.readers.script.bounds import Bounds
from layercalc.readers.script.faults import Fault
from layercalc.readers.script.host import Vocabulary
from layercalc.readers.script.machine import Machine
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import MISSING, Foreign, Instance, Module, Native

__all__ = ["MISSING", "Bounds", "Fault", "Foreign", "Instance", "Machine", "Module", "Native", "Opaque", "Vocabulary"]
