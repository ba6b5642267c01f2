"""PyTorch's vocabulary: its functions by family, imported here so that each is known by existing."""

from layercalc.layers.torch import functions as functions
