"""Exported programs of PyTorch (`.pt2`): the archive, the graph in it, and the modules whose calls it is."""
