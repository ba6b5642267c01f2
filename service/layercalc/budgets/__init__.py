"""Budgets: what they may say (`keys`), how they are read (`reading`), and reports held against them (`judging`)."""

from layercalc.budgets.reading import (
    BASELINES,
    Budget,
    Document,
    Entry,
    Judged,
    over,
    placed,
    read_budgets,
    read_document,
    read_parameters,
)

__all__ = [
    "BASELINES",
    "Budget",
    "Document",
    "Entry",
    "Judged",
    "over",
    "placed",
    "read_budgets",
    "read_document",
    "read_parameters",
]
