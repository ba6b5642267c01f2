"""Layers of a form that is met often, read by arithmetic that was recorded once: all that a trace says but its ops.

A form is all of a call but its numbers: the type of the layer, its arguments that are no integers, the axes and dtypes
of its inputs. The first calls of a form are read with shapes, then one is recorded (`layercalc.recording`): others are
what the recorded arithmetic gives, where it holds for their numbers.
"""

from collections.abc import Callable
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any

from layercalc.analysis.tracing import FACTS, Tape, Traced, trace
from layercalc.dims import Batch
from layercalc.layers import Layer, fields_of
from layercalc.layers.array_fields import Dims, Ints, Numbers
from layercalc.layers.fields import Int
from layercalc.layers.initializers import Initializer
from layercalc.ops import Spec
from layercalc.recording import Recording, Unfit, compiled

OFTEN = 16  # calls of a form that are read with shapes before one is recorded, which pays after about 40 more
MOST_FORMS, MOST_PROGRAMS = 2_000, 500  # of a process
MOST_DECIDED = 8  # programs of one form, each for other decisions
MOST_NUMBERS = 64  # of a call
MOST_KEPT = 2_000  # characters and values of all else in a call, which a process keeps
SIZES = {int, Batch}

Pairs = list[tuple[Spec, Spec | None]]  # tensors and their masks


Program = tuple[Callable[..., Any], tuple[bool, bool, bool, int, bool]]  # and what its traces have alike: view to owned


class Form:
    """What is known of the calls of one form."""

    __slots__ = ("missed", "programs", "unfit")

    def __init__(self) -> None:
        self.programs: list[Program] = []
        self.missed = 0  # calls that no program was for, since the last was made
        self.unfit = False  # whether no program can be made


class Arguments:
    """Which arguments of a type of layers are integers, or several, and which are not."""

    def __init__(self, kind: type[Layer]):
        fields = fields_of(kind)
        self.known = {*fields, HOLDS, "lasting"}
        self.numbers = [name for name, one in fields.items() if isinstance(one, Int | Ints | Dims)]
        self.arrays = [name for name, one in fields.items() if isinstance(one, Numbers)]
        self.numbers_of = itemgetter(HOLDS, HOLDS, *self.numbers)  # of two or more, which makes it a tuple
        self.others_of = itemgetter(HOLDS, HOLDS, *[name for name in fields if name not in self.numbers])


HOLDS = "holds"  # whether there are layers in a layer: they have weights and names of their own
ARGUMENTS: dict[type[Layer], Arguments] = {}
FORMS: dict[Any, Form] = {}


def read(layer: Layer, inputs: Pairs, named: dict[str, Any], visits: list[int], frozen: bool) -> Traced:
    """One layer read on given specs, as `trace` reads it, by recorded arithmetic if there is some for it."""
    found = None if named else form_of(layer, inputs, frozen)
    if found is None:
        return trace(layer, inputs, named, visits, frozen)
    key, numbers = found
    try:
        form = FORMS.get(key)
    except TypeError:  # an argument that is no key
        return trace(layer, inputs, named, visits, frozen)
    for program, alike in form.programs if form else ():
        made = program(*numbers)
        if made is not None:
            outputs, weights, counts, traffic, notes = made
            noted = partial(tape_of, layer, inputs, frozen)
            reads = [spec for spec, _ in inputs]
            return Traced(outputs, weights, (inputs, named), reads, counts, traffic, *alike, noted, notes)
    traced = trace(layer, inputs, named, visits, frozen)
    if form is None:
        if length(key) > MOST_KEPT:
            return traced
        if len(FORMS) >= MOST_FORMS:
            FORMS.clear()
        form = FORMS.setdefault(key, Form())
    form.missed += 1
    if form.missed > OFTEN and not form.unfit and len(form.programs) < MOST_DECIDED:
        form.missed = 0
        made = recorded(layer, inputs, frozen)
        form.unfit = made is None
        if made is not None:
            if sum(len(one.programs) for one in [*FORMS.values()]) >= MOST_PROGRAMS:  # other threads add some
                FORMS.clear()
            form.programs.insert(0, made)
    return traced


def tape_of(layer: Layer, inputs: Pairs, frozen: bool) -> Tape:
    """The ops of a call, which arithmetic says nothing of."""
    return trace(layer, inputs, {}, [0], frozen).tape


def form_of(layer: Layer, inputs: Pairs, frozen: bool) -> tuple[Any, list[Any]] | None:
    """The form of a call and its numbers, in their order; None of a call that is always read with shapes."""
    kind, state = type(layer), layer.__dict__
    if state.get(HOLDS, True):
        return None
    arguments = ARGUMENTS.get(kind)
    if arguments is None:
        arguments = ARGUMENTS[kind] = Arguments(kind)
    if not state.keys() <= arguments.known or (arguments.arrays and has_array(state, arguments.arrays)):
        return None
    numbers: list[Any] = []
    layout: list[Any] = []  # of the numbers
    for value in arguments.numbers_of(state)[2:]:
        if value.__class__ is int:
            numbers.append(value)
            layout.append(int)
        elif value.__class__ is tuple and value:
            nested = value[0].__class__ is tuple
            numbers += chain.from_iterable(value) if nested else value
            layout.append(tuple(map(len, value)) if nested else len(value))
        else:
            layout.append(value)
    places: dict[int, int] = {}
    for spec, mask in inputs:
        if spec.__class__ is not Spec or mask is not None:
            return None
        shape, dtype = spec
        if id(spec) in places:
            layout.append(places[id(spec)])  # a tensor that was there before
            continue
        places[id(spec)] = len(places)
        numbers += shape
        layout += len(shape), dtype
    kinds = tuple(map(type, numbers))
    if len(kinds) > MOST_NUMBERS or not SIZES.issuperset(kinds):
        return None
    return (kind, frozen, arguments.others_of(state), tuple(layout), kinds), numbers


def length(value: Any) -> int:
    """About how many characters and values there are in an argument, or in several."""
    if isinstance(value, tuple):
        return 1 + sum(map(length, value))
    return len(value) if isinstance(value, str) else 1


def has_array(state: dict[str, Any], names: list[str]) -> bool:
    """Whether an argument is an array, which may be large."""
    return any(state[name].__class__ is tuple for name in names)


def recorded(layer: Layer, inputs: Pairs, frozen: bool) -> Program | None:
    """The arithmetic of calls that are decided as this one is; None of a form that has none."""
    recording = Recording()
    spelled: Layer = object.__new__(type(layer))
    spelled.__dict__.update(layer.__dict__)
    for name in ARGUMENTS[type(layer)].numbers:
        spelled.__dict__[name] = numbered(recording, spelled.__dict__[name])
    specs: dict[int, Spec] = {}
    for spec, _ in inputs:
        if id(spec) not in specs:
            specs[id(spec)] = Spec(tuple(map(recording.number, spec.shape)), spec.dtype)
    visits = [0]
    try:
        traced = trace(spelled, [(specs[id(spec)], None) for spec, _ in inputs], {}, visits, frozen)
        notes = {name: find(traced) for name, find in FACTS.items()}
        made = compiled(
            recording, (traced.outputs, traced.weights, traced.counts, traced.traffic, notes), (Initializer,)
        )
    except Unfit:
        return None
    finally:
        recording.close()
    if visits[0]:  # calls of layers inside are to be counted
        return None
    return made, (traced.view, traced.turned, traced.buffers, traced.ops, traced.owned)


def numbered(recording: Recording, value: Any) -> Any:
    """An argument with its integers recorded."""
    if value.__class__ is tuple:
        return tuple([numbered(recording, one) for one in value])
    return recording.number(value, switch=True) if value.__class__ is int else value
