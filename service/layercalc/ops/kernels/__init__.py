"""How NumPy computes what the ops say: im2col, Winograd, fusion, threads."""
