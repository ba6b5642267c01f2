"""Code on recorded integers is the same code on others, or says that it would decide otherwise."""

import operator
import random
import re

import pytest

from layercalc.dims import Batch, least, most, of_batch
from layercalc.recording import Recording, Unfit, called, compiled

STEPS = [
    *(operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, divmod, most, least, of_batch),
    *(max, min, operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge),
    lambda a, b: -a,
    lambda a, b: abs(a),
    lambda a, b: ~a,
    lambda a, b: a if a < b else b + 1,
    lambda a, b: a // 2 if b <= 3 else 7,
    lambda a, b: [5, 6, 7][a % 3],
    lambda a, b: {1: 2}.get(a, 3),
    lambda a, b: len(str(a)),
    lambda a, b: a << 2 if a >= 0 else a & 3,
    lambda a, b: a.bit_length(),
    lambda a, b: int(0.5 * a),
]
SIZES = [0, 1, 2, 3, 5, 8]
OTHERS = [-1, *range(10), 100, 2**70]


def drawn(generator):
    """Code of a few steps on integers."""
    places = [(generator.choice(STEPS), generator.random(), generator.random()) for _ in range(generator.randint(1, 9))]
    constants = [generator.choice([None, None, 0, 1, -1, 2, 3]) for _ in places]

    def code(*given):
        made = [*given]
        for (step, one, other), constant in zip(places, constants, strict=True):
            b = made[int(other * len(made))] if constant is None else constant
            found = step(made[int(one * len(made))], b)
            made.append(found[0] if isinstance(found, tuple) else found)
        return [(*made,), {"last": made[-1], "all": made}]

    return code


def typed(value):
    """A result with the types of its numbers."""
    if isinstance(value, dict):
        return {key: typed(one) for key, one in value.items()}
    return [*map(typed, value)] if isinstance(value, list | tuple) else (type(value), value)


@pytest.mark.parametrize("seed", range(40))
def test_code_of_any_steps(seed):
    generator = random.Random(seed)
    holds = 0
    for _ in range(25):
        code, kinds = drawn(generator), generator.choices([int, int, Batch], k=generator.randint(1, 3))
        first = [kind(generator.choice(SIZES)) for kind in kinds]
        recording = Recording()
        try:
            wanted = code(*first)
            made = compiled(recording, code(*[recording.number(n, generator.random() < 0.5) for n in first]))
        except ZeroDivisionError:
            continue
        assert typed(made(*first)) == typed(wanted)
        for _ in range(10):
            given = [kind(generator.choice(OTHERS)) for kind in kinds]
            if (found := made(*given)) is not None:
                holds += 1
                assert typed(found) == typed(code(*given))
    assert holds > 5


def test_what_is_decided_by_a_number_is_said_for_others():
    def code(n, k):
        return "small" if n < 10 else k * n

    recording = Recording()
    made = compiled(recording, code(recording.number(20), recording.number(3)))
    assert [made(10, 4), made(9, 4), made(30, 0)] == [40, None, None]  # 0 is none of what 3 stands for


def test_signs_decide_without_asking():
    recording = Recording()
    n, k = recording.number(20), recording.number(3)
    given = len(recording.steps)
    assert not any([n * k + 1 < 1, -(-n // k) < 1, most(n, k) <= 0, n % k < 0, -n > 0, k - (-n) == 0])
    assert not [step for step in recording.steps[given:] if not step.name]
    assert n - k > 0
    assert len([step for step in recording.steps[given:] if not step.name]) == 1


def test_functions_are_called_with_the_numbers_of_each_call():
    def half(n):
        return n / 2

    recording = Recording()
    made = compiled(recording, {"half": called(half, recording.number(20))})
    assert made(5) == {"half": 2.5}


def test_what_may_change_is_made_anew_and_what_is_no_value_is_refused():
    recording = Recording()
    n = recording.number(2)
    made = compiled(recording, [[n], {"a": []}])
    one, other = made(4), made(4)
    assert one == other == [[4], {"a": []}]
    assert not any(a is b for a, b in zip(one, other, strict=True))
    with pytest.raises(Unfit):
        compiled(Recording(), object())
    assert compiled(Recording(), "'''\n")() == "'''\n"


def test_a_text_is_handed_on_or_held_against_others():
    def code(text):
        return [text, "kind" if text in ("net", "model") else "name", {"text": text}]

    recording = Recording()
    text = recording.text("mine")
    made = compiled(recording, code(text))
    assert made("yours") == code("yours")
    assert text.others == {"net", "model"}  # for which it would not hold


ASKED = [
    *(str, repr, hash, len, bool, sorted, list, "{:>9}".format, "{!r}".format, lambda text: text + "s"),
    *(lambda text: "s" + text, lambda text: text[0], lambda text: text * 2, lambda text: text.upper()),
    *(lambda text: "i" in text, lambda text: text < "n", lambda text: text >= "n", lambda text: {"mine": 1}.get(text)),
    *(lambda text: text.startswith("m"), lambda text: max(text, "net"), lambda text: text % ()),
    *(lambda text: text == "mine", lambda text: text != "mine", lambda text: text in ("mine",), lambda text: text == 1),
]


@pytest.mark.parametrize("number", range(len(ASKED)))
def test_nothing_else_may_be_asked_of_a_text(number):
    with pytest.raises(Unfit):
        ASKED[number](Recording().text("mine"))


def test_code_that_takes_no_text_but_pythons_own_refuses_a_recorded_one():
    text = Recording().text("mine")
    for ask in ("".join, "mine".startswith, re.compile("m").match):
        with pytest.raises(TypeError):
            ask([text] if ask == "".join else text)


def test_a_recording_ends_at_its_longest_and_when_it_is_closed():
    recording = Recording(longest=3)
    n = recording.number(20)
    with pytest.raises(Unfit):
        sum(n + k for k in range(1, 9))
    recording.close()
    assert n + 5 + n == 45
    assert n > 7
    assert not recording.steps
    assert not recording.known


def test_a_recorded_number_is_no_key_of_a_result():
    recording = Recording()
    with pytest.raises(Unfit):
        compiled(recording, {recording.number(3): 1})
