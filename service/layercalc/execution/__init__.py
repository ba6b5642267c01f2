"""The reading with arrays: tensors and weights read, a pass bounded and run, its outputs compared."""
