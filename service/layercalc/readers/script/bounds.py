"""How far a text is followed: steps, bytes of the values it builds, digits of its numbers, calls inside one another."""

import ast
import sys
from dataclasses import dataclass
from typing import Any

from layercalc import deadline
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.script.faults import Fault

STRIDE = 512  # steps between two looks at the clock
FRAMES = 3  # of Python's stack, for one level of nesting at most
RESERVE = 150  # frames left to whoever is called last
ELEMENT = 40  # bytes that one element of a container is taken for


@dataclass(frozen=True)
class Bounds:
    """What one text may ask for."""

    steps: int = 500_000
    bytes: int = 64 << 20
    bits: int = 16_384
    depth: int = 1_000

    @classmethod
    def of(cls, limits: Limits) -> "Bounds":
        """Those of the service's limits; the default's where there are none."""
        return cls() if limits is UNLIMITED else cls(limits.max_script_steps, limits.max_script_bytes)


class Meter:
    """What is left of the bounds. Bytes are counted as they are built and never given back."""

    def __init__(self, bounds: Bounds):
        self.bounds = bounds
        self.fuel, self.alarm, self.room = bounds.steps, bounds.steps - STRIDE, bounds.bytes
        self.given_up: set[int] = set()  # loops by the ids of their nodes, that have taken too many steps
        self.hurried = 0  # of these, how many are being followed as if they ran any number of times
        self.depth = 0
        self.deepest = min(bounds.depth, max((sys.getrecursionlimit() - frames() - RESERVE) // FRAMES, 10))

    def tick(self, node: ast.AST | None) -> None:
        """Look at the clock and at the steps."""
        deadline.check()
        if self.fuel < 0:
            raise Fault(
                node,
                f"The text takes more than {self.bounds.steps:,} steps: "
                "write the loop's result out, or name the expression that makes the model with `entry`.",
                limit="max_script_steps",
            )
        self.alarm = self.fuel - STRIDE

    def work(self, count: int, node: ast.AST | None = None) -> None:
        """Account for the work of C code on so many elements."""
        self.fuel -= count >> 5
        if self.fuel < self.alarm:
            self.tick(node)

    def hold(self, size: int, node: ast.AST | None = None) -> None:
        """Account for so many bytes, before they are there."""
        self.room -= size
        if size > 1024:
            self.work(size >> 3, node)
        if self.room < 0:
            raise Fault(
                node,
                f"The values of this text take more than {self.bounds.bytes:,} bytes: "
                "give the value that the model needs instead.",
                limit="max_script_bytes",
            )

    def elements(self, count: int, node: ast.AST | None = None) -> None:
        """Account for a container of so many elements."""
        self.hold(56 + count * ELEMENT, node)

    def digits(self, bits: int, node: ast.AST | None = None) -> None:
        """Refuse an integer of so many bits before it is computed."""
        if bits > self.bounds.bits:
            raise Fault(node, f"An integer of more than {self.bounds.bits:,} bits; write a smaller one.", limit="bits")

    def deepen(self, node: ast.AST | None, by: int = 1) -> None:
        self.depth += by
        if self.depth > self.deepest:
            raise self.too_deep(node)

    def too_deep(self, node: ast.AST | None) -> Fault:
        return Fault(
            node,
            f"Calls and expressions are nested more than {self.deepest} deep; write a loop instead of the recursion, "
            "and several statements instead of one expression.",
            limit="depth",
        )


def frames() -> int:
    """How many frames of Python's stack are in use."""
    frame: Any = sys._getframe()
    count = 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count
