"""The reading with shapes, and what follows from it: memory, receptive fields, arithmetic in words, rooflines."""
