"""Sweeps: one network with values left open, read for many candidates at once.

A template is a document with placeholders; a space says which values their names take; a block is a run of candidates
that is read together, columns in place of numbers, parted where a rule holds for some of them only.
"""
