"""Fits: the largest or smallest value of a size within budgets.

A question says what varies, over which values and within what; a search finds the end of the run of values that hold,
by formulas that are proven to grow, else by trying every value.
"""
