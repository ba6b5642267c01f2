"""Keras code as `tests/readers/test_keras_code.py` has it, followed by the interpreter; here is what it says otherwise."""

import pytest

from layercalc import Refused, analyze
from tests.readers.test_keras_code import (  # noqa: F401
    QUICKSTART,
    test_a_fault_in_one_line_does_not_hide_the_next,
    test_a_layer_used_again_in_a_sequential_is_read_again,
    test_each_line_of_the_tutorial_alone,
    test_first_line_of_the_tutorial,
    test_functional_graph_with_sharing_and_merging,
    test_lines_of_the_tutorial_with_their_slips,
    test_lines_without_an_input_say_how_to_name_it,
    test_nothing_is_executed,
    test_positional_arguments_are_those_of_keras,
    test_same_network_in_many_words,
    test_states_and_nested_models,
    test_steps_named_by_input_length,
    test_what_is_no_code_is_unreadable,
)


@pytest.mark.parametrize(
    ("code", "line", "column", "words"),
    [
        ("Dens(10, input_dim=3)", 1, 1, "'Dense'"),
        ("Dense(10, unit=3, input_dim=3)", 1, 16, "'units'"),
        ("Dense('a', input_dim=3)", 1, 7, 'received "a"'),
        ("Dense(10, 'relu', True, 'zeros', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)", 1, 61, "Too many"),
        ("Dense(10, units=3)", 1, 17, "twice"),
        ("for i in range(3):\n  Dense(3)", 1, 1, "No layer found"),
        ("def f():\n  pass", 1, 1, "No layer found"),
        ("Dense(n, input_dim=3)", 1, 7, "received n, which is not in the text"),
        ("Dense([i for i in x], input_dim=3)", 1, 7, "depends on x, which is not in the text"),
        ("Dense(*a, input_dim=3)", 1, 1, "depends on a, which is not in the text"),
        ("Dense(**a)", 1, 1, "depends on a, which is not in the text"),
        ("Dense(2**99999, input_dim=3)", 1, 7, "16,384 bits"),
        ("Dense(9**9**9**9, input_dim=3)", 1, 10, "16,384 bits"),
        ("Dense(1 // 0, input_dim=3)", 1, 7, "zero"),
        ("Dense(b'3', input_dim=3)", 1, 7, "an object of bytes"),
        ("x = Input((3,))\ny = Dense(2)(x)\nz = x + y", 3, 5, "[null, 3], [null, 2] do not go together"),
        ("x = Dense(2)(3)", 1, 5, "on tensors"),
        ("model = Sequential([3])", 1, 9, "Expected a layer"),
        ("Dense(3, input_shape='a')", 1, 22, "tuple of sizes"),
        ("Conv2D(4, 9, input_shape=(8, 8, 1))", 1, 11, "at most 8"),
        ("Dense(3, name='a', input_dim=2)\nDense(3, name='a')", 2, 15, "'a' already"),
    ],
)
def test_fault_in_code_names_line_and_column(code, line, column, words):
    with pytest.raises(Refused) as caught:
        analyze(code)
    error = caught.value.errors[0]
    assert words in error["detail"]
    assert (error["line"], error["column"]) == (line, column)


def test_what_no_model_uses_has_no_effect():
    report = analyze(QUICKSTART)
    assert report["totals"]["params"] == 101_770  # as the page of that tutorial says
    assert report["warnings"] == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("model.add(Dense(n))", "received n, which is not in the text"),
        ("model.add(Lambda(helper))", "received helper, which is not in the text"),
        ("model.add(dence(2))", "Did you mean 'Dense'?"),
    ],
)
def test_a_layer_that_cannot_be_read_is_never_left_out_of_its_model(line, words):
    with pytest.raises(Refused) as caught:
        analyze(f"model = Sequential()\nmodel.add(Dense(3, input_dim=2))\n{line}\nmodel.add(Dense(1))")
    assert [one["line"] for one in caught.value.errors] == [3]
    assert words in caught.value.errors[0]["detail"]
