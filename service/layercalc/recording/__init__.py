"""Code that is right for integers carried out once on integers that record it, and compiled for other numbers."""

from layercalc.recording.numbers import Recorded, Recording, Unfit, called, extreme
from layercalc.recording.program import compiled

__all__ = ["Recorded", "Recording", "Unfit", "called", "compiled", "extreme"]
