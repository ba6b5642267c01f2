"""How many steps a text takes: what is followed again tells nothing new, and few steps are spent on finding that out."""

import ast

import pytest

from layercalc import analyze
from layercalc.limits import Limits
from layercalc.readers.script import Bounds, Machine, Opaque
from tests.readers.script.toy import Toy

EPOCHS = """
total = 0
def step(x):
    loss = model(x) - x.mean() * (1 - rate) + sum([one.loss for one in losses])
    optimizer.apply(loss, model.variables)
    return loss
for epoch in range(100):
    for batch in range(500):
        total = total + step(next(data))
    for batch in range(500):
        print(step(next(data)))
"""
TRIED = """
def show(x):
    for one in data:
        said = ''
        for i in range(5):
            said = said + table[sample(net(said)[0, i])]
        print(said)
run(show)
"""
MADE = """
table = [[i] for i in range(1000)]
def plotted(x):
    plot([one for one in range(3)])
for i in range(20):
    def step(x):
        plot([one for one in range(3)])
        train(plotted)
    train(step)
"""
TREE = """
def shown(tree):
    if tree.leaf:
        return tree.name
    return shown(tree.left) + shown(tree.middle) + shown(tree.right)
if data:
    shown(data)
run(shown)
"""
DEEP = """
x = inputs = keras.Input((8,))
for i in range(100):
    x = keras.layers.Dense(8)(x)
model = keras.Model(inputs, x)
for i in range({times}):
    found = model.trainable_variables
"""


@pytest.mark.parametrize(
    ("text", "most"),
    [(EPOCHS, 120_000), (TRIED, 500), (MADE, 8_000), (TREE, 8_000)],
    ids=["epochs in epochs", "a counter where something may raise", "a list that is made", "a tree"],
)
def test_a_text_takes_no_more_steps(text, most):
    machine = Machine(Toy(), Bounds())
    machine.run(ast.parse(text))
    assert machine.meter.bounds.steps - machine.meter.fuel < most


def test_however_many_loops_a_text_has_none_takes_the_steps_of_the_next():
    loop = "for i in range(9999):\n    score = play(env, score) - i * rate\n"
    Machine(Toy(), Bounds(steps=40_000)).run(ast.parse("score = 0\n" + loop * 30))


def test_an_unknown_that_leads_to_nothing_is_held_by_no_other():
    nothing, rows = Opaque("one"), [1]
    assert Opaque("two", holds=(nothing, rows)).holds == (rows,)
    assert Opaque("three", holds=(nothing, Opaque("four", holds=(nothing,)))).holds == ()


def test_weights_of_a_deep_model_are_listed_in_steps_by_its_layers():
    for times in (1, 11):
        analyze(DEEP.format(times=times), limits=Limits(max_script_steps=12_000 + times * 4_000))
