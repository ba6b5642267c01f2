"""Code that is right for integers carried out once on integers that record it, and compiled for other numbers."""

from layercalc.recording.numbers import Recorded, Recording, called, extreme
from layercalc.recording.program import compiled
from layercalc.recording.texts import Unfit

__all__ = ["Recorded", "Recording", "Unfit", "called", "compiled", "extreme"]
