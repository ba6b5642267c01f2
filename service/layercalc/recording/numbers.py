"""Integers that record what is computed from them and what is decided by them.

Code that is right for integers is right for these too: it runs on the numbers that they stand for. What is left of it
is a line of arithmetic, which gives what the code would give for other numbers, as long as every decision is the same
for these. Where the number itself is asked for, as an index say, that it is this one is a decision too.
"""

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from layercalc.recording.signs import Ends, difference, ends, product, quotient, remainder, total
from layercalc.recording.texts import RecordedText, Unfit

DECIMAL = 1 << 64  # constants up to which are written in decimals: Python reads no long ones


class Step(NamedTuple):
    """A number computed (`name`), or something decided: the code must be `true` for other numbers too, or not."""

    code: str
    reads: tuple[str, ...]  # the names in it
    name: str = ""
    true: bool = True


LONGEST = 2_000  # steps of a recording that is worth it


class Recording:
    """What was computed and decided, in its order; Unfit where that are more than `longest` steps."""

    def __init__(self, longest: int = LONGEST) -> None:
        self.longest, self.closed = longest, False
        self.given: list[str] = []
        self.steps: list[Step] = []
        self.known: dict[str, Any] = {}  # by their code: numbers that were computed, and what was decided
        self.functions: dict[str, Callable[..., Any]] = {}  # those that are called, by their names

    def close(self) -> None:
        """Record no more, and forget the numbers, which refer to their recording: no collector has to find them."""
        self.closed = True
        self.known.clear()
        self.steps.clear()

    def number(self, value: int, switch: bool = False) -> Any:
        """The next of the numbers that the line of arithmetic is given.

        It is taken to be at least 1 where it is; any other is taken to be as it is, and so is 1 for a `switch`.
        """
        name = f"n{len(self.given)}"
        self.given.append(name)
        made = Recorded(self, name, value, value.__class__, 1)
        if value > switch:
            self.decided(f"{name} < 1", (name,), False)
            return made
        self.decided(f"{name} == {value}", (name,), True)
        return value

    def text(self, value: str) -> RecordedText:
        """The next of what the line of arithmetic is given, a text: it holds for any that is none of its `others`."""
        name = f"t{len(self.given)}"
        self.given.append(name)
        return RecordedText(name, value)

    def computed(self, code: str, reads: tuple[str, ...], value: Any, low: Any = None, high: Any = None) -> Any:
        """A number that was computed; one that was computed before is the same."""
        found = self.known.get(code)
        if found is None:
            name = f"v{len(self.steps)}"
            found = Recorded(self, name, value, value.__class__, low, high)
            self.note(found, Step(code, reads, name))
        return found

    def decided(self, code: str, reads: tuple[str, ...], true: bool) -> bool:
        """What was decided, and how."""
        if code not in self.known:
            self.note(true, Step(code, reads, "", true))
        return true

    def note(self, known: Any, step: Step) -> None:
        if self.closed:
            return
        if len(self.steps) >= self.longest:
            raise Unfit
        self.known[step.code] = known
        self.steps.append(step)


class Recorded:
    """A number of a recording: `low` is 1 or 0 where it is at least that for all numbers, `high` −1 or 0 likewise."""

    __slots__ = ("high", "kind", "low", "name", "recording", "value")

    def __init__(self, recording: Recording, name: str, value: Any, kind: type, low: Any = None, high: Any = None):
        self.recording, self.name, self.value, self.kind = recording, name, value, kind
        self.low, self.high = low, high

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # what `isinstance` goes by, where the type itself says no
        return self.kind

    def of(self, kind: type) -> Any:
        """The same as a kind of integer."""
        return called(kind, self, low=self.low, high=self.high)

    def number(self) -> int:
        """The number itself, which the line of arithmetic then holds for alone."""
        self.recording.decided(f"{self.name} == {written(self.value)}", (self.name,), True)
        return int(self.value)

    __int__ = __index__ = number

    if TYPE_CHECKING:

        def __add__(self, other: Any) -> Any: ...

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __add__

    def __neg__(self) -> Any:
        return self.recording.computed(f"-{self.name}", (self.name,), -self.value, *difference(0, self))

    def __pos__(self) -> Any:
        if self.kind is int:
            return self
        return self.recording.computed(f"+{self.name}", (self.name,), int(self.value), self.low, self.high)

    __round__ = __trunc__ = __floor__ = __ceil__ = conjugate = __pos__

    def __abs__(self) -> Any:
        return extreme("max", +self, -self)

    def __invert__(self) -> Any:
        return -self - 1

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    numerator = real = property(__pos__)
    denominator = property(lambda _: 1)
    imag = property(lambda _: 0)

    def __lt__(self, other: Any) -> Any:
        return compared("<", operator.lt, self, other)

    def __le__(self, other: Any) -> Any:
        return compared("<=", operator.le, self, other)

    def __gt__(self, other: Any) -> Any:
        return compared(">", operator.gt, self, other)

    def __ge__(self, other: Any) -> Any:
        return compared(">=", operator.ge, self, other)

    def __eq__(self, other: object) -> Any:
        return compared("==", operator.eq, self, other)

    def __ne__(self, other: object) -> Any:
        return compared("!=", operator.ne, self, other)

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __hash__(self) -> int:
        return hash(self.number())

    def __float__(self) -> float:
        return float(self.number())

    def __complex__(self) -> complex:
        return complex(self.number())

    def __str__(self) -> str:
        return str(self.number())

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(self.number(), spec)

    def __copy__(self) -> "Recorded":
        return self

    def __deepcopy__(self, memo: Any) -> "Recorded":
        return self

    def bit_length(self) -> int:
        return self.number().bit_length()

    def is_integer(self) -> bool:
        return True


def written(n: Any) -> str:
    """A number or a recorded one as Python writes it."""
    if type(n) is Recorded:
        return n.name
    return f"({int(n)})" if -DECIMAL < n < DECIMAL else f"({int(n):#x})"


def names(*operands: Any) -> tuple[str, ...]:
    return tuple([one.name for one in operands if type(one) is Recorded])


def value_of(n: Any) -> Any:
    return n.value if type(n) is Recorded else n


def the(*operands: Any) -> Recorded:
    """The first of them that is recorded."""
    return next(one for one in operands if type(one) is Recorded)


def operand(other: Any) -> Any:
    """The other side of an operation; None for what is no integer."""
    kind = type(other)
    if kind is Recorded or kind is int:
        return other
    return int(other) if isinstance(other, int) or hasattr(kind, "__index__") else None


def compared(sign: str, op: Callable[[Any, Any], bool], a: Recorded, other: Any) -> Any:
    """A comparison, noted unless its result is known for all numbers."""
    if a is other:
        return op(0, 0)
    b = operand(other)
    if b is None:
        return op(a.number(), other) if isinstance(other, float) else NotImplemented
    true = op(a.value, value_of(b))
    if type(b) is Recorded:
        low, high = difference(a, b)
    else:
        low, high = (None if one is None else one - b for one in (a.low, a.high))
    above, below = (
        (low is not None and low >= (sign not in (">=", "<"))),
        (high is not None and high <= -(sign not in ("<=", ">"))),
    )
    if above or below:
        return true
    return a.recording.decided(f"{a.name} {sign} {written(b)}", names(a, b), true)


def called(function: Callable[..., Any], *operands: Any, low: Any = None, high: Any = None) -> Any:
    """What a function of numbers gives, as one step: a number, or what is only handed on."""
    recording = the(*operands).recording
    recording.functions[function.__name__] = function
    code = f"{function.__name__}({', '.join(map(written, operands))})"
    return recording.computed(code, names(*operands), function(*map(value_of, operands)), low, high)


def extreme(word: str, a: Any, b: Any) -> Any:
    """The larger (max) or smaller (min) of two numbers."""
    pick = max if word == "max" else min
    if not a.__class__ is b.__class__ is int:  # which of them it is tells the kind
        return pick(a, b)
    (low, high), (least, most) = ends(a), ends(b)
    down, up = joint(low, least, word == "max", max), joint(high, most, word == "min", min)
    value = pick(value_of(a), value_of(b))
    return the(a, b).recording.computed(f"{word}({written(a)}, {written(b)})", names(a, b), value, down, up)


def joint(one: Any, other: Any, either: bool, pick: Callable[..., Any]) -> Any:
    """An end of two numbers' extreme: the better of theirs where `either` will do, else the worse."""
    known = [end for end in (one, other) if end is not None]
    if either:
        return pick(known, default=None)
    return (min if pick is max else max)(known) if len(known) == 2 else None


NEUTRAL = {"+": (0, 0), "-": (None, 0), "*": (1, 1), "//": (None, 1)}  # on the left and on the right


def computed(sign: str, op: Callable[[Any, Any], Any], find: Callable[[Any, Any], Ends], a: Any, b: Any) -> Any:
    """A sum, a difference, a product, a quotient or a remainder."""
    one, other = (None if type(n) is Recorded else n for n in (a, b))
    left, right = NEUTRAL.get(sign, (None, None))
    if other is not None and other == right:
        return +a
    if one is not None and one == left:
        return +b
    if (sign == "*" and 0 in (one, other)) or (sign == "%" and other == 1):
        return 0
    if sign in ("//", "%") and type(b) is Recorded and b.value and b.low != 1:
        b.recording.decided(f"{b.name} == 0", (b.name,), False)
    code = f"{written(a)} {sign} {written(b)}"
    return the(a, b).recording.computed(code, names(a, b), op(value_of(a), value_of(b)), *find(a, b))


def methods(sign: str, op: Callable[[Any, Any], Any], find: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """An operation with the recorded number on its left and on its right; without `find` on the number itself."""

    def left(self: Recorded, other: Any) -> Any:
        if find is None or isinstance(other, float | complex):
            return op(self.number(), other)
        b = operand(other)
        return NotImplemented if b is None else computed(sign, op, find, self, b)

    def right(self: Recorded, other: Any) -> Any:
        if find is None or isinstance(other, float | complex):
            return op(other, self.number())
        b = operand(other)
        return NotImplemented if b is None else computed(sign, op, find, b, self)

    return left, right


LINES = {
    "add": ("+", total),
    "sub": ("-", difference),
    "mul": ("*", product),
    "floordiv": ("//", quotient),
    "mod": ("%", remainder),
    **dict.fromkeys(("truediv", "pow", "lshift", "rshift", "and", "or", "xor"), ("", None)),
}
for name, (sign, find) in LINES.items():
    made = methods(sign, getattr(operator, f"__{name}__"), find)
    for method, at in zip(made, (f"__{name}__", f"__r{name}__"), strict=True):
        setattr(Recorded, at, method)
