"""What is known of the signs of recorded numbers, and of what is computed from them."""

from typing import Any

Ends = tuple[int | None, int | None]


def ends(n: Any) -> Ends:
    """The least and the most that a number may be, of 1, 0 and −1; None where neither is known."""
    if hasattr(n, "low"):  # recorded
        return n.low, n.high
    return (min(n, 1) if n >= 0 else None), (max(n, -1) if n <= 0 else None)


def total(a: Any, b: Any) -> Ends:
    (low, high), (least, most) = ends(a), ends(b)
    return (
        None if low is None or least is None else max(low, least),
        None if high is None or most is None else min(high, most),
    )


def difference(a: Any, b: Any) -> Ends:
    (low, high), (least, most) = ends(a), ends(b)
    return (
        None if low is None or most is None else max(low, -most),
        None if high is None or least is None else min(high, -least),
    )


def product(a: Any, b: Any) -> Ends:
    (low, high), (least, most) = ends(a), ends(b)
    if low is not None and least is not None:
        return low * least, None
    if low is not None and most is not None:
        return None, low * most
    return (None, high * least) if high is not None and least is not None else (None, None)


def quotient(a: Any, b: Any) -> Ends:
    (low, high), (least, _) = ends(a), ends(b)
    return (None if low is None else 0, high) if least == 1 else (None, None)


def remainder(a: Any, b: Any) -> Ends:
    return (0 if ends(b)[0] == 1 else None), None
