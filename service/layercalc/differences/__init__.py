"""Reports held against one another: their rows aligned (`alignment`), and what changed (`comparing`)."""

from layercalc.differences.comparing import Side, compared, side

__all__ = ["Side", "compared", "side"]
