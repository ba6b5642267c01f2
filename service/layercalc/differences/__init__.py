"""Reports held against one another: their rows aligned (`alignment`), and what changed (`comparing`)."""

from layercalc.differences.comparing import Comparison, Side, compared, side

__all__ = ["Comparison", "Side", "compared", "side"]
