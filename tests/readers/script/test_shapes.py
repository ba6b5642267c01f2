"""The shapes of arrays that the interpreter follows are those that NumPy gives."""

import ast

import numpy as np
import pytest

from layercalc.readers.script import Machine, Opaque, Vocabulary

GIVEN = "import numpy as np\na = np.zeros((3, 4, 1))\nb = np.ones((3, 4))\ny = np.array([0, 2, 1, 2])\n"
SHAPES = [
    "np.pad(b, 1)", "np.pad(b, (1, 2))", "np.pad(a, ((0, 0), (1, 2), (3, 0)), mode='constant')",
    "np.concatenate([b, b])", "np.concatenate((b, b, b), axis=-1)", "np.concatenate([y, [1, 2]])",
    "np.stack([b, b])", "np.stack([b, b], axis=-1)", "np.stack((b, b, b), 1)",
    "np.expand_dims(b, -1)", "np.expand_dims(b, axis=0)", "np.squeeze(a)", "np.squeeze(a, axis=-1)", "a.squeeze()",
    "np.transpose(a)", "np.transpose(a, (2, 0, 1))", "a.transpose(0, 2, 1)", "a.transpose((1, 0, 2))", "b.T",
    "np.swapaxes(a, 0, 2)", "a.swapaxes(0, 1)", "np.moveaxis(a, -1, 0)", "np.rollaxis(a, 2)",
    "np.repeat(b, 3)", "np.repeat(b, 3, axis=1)", "b.repeat(2, axis=-1)", "np.tile(b, 2)", "np.tile(b, (2, 1, 3))",
    "np.zeros_like(a)", "np.full_like(b, 7)", "np.eye(3)", "np.eye(3, 4)", "np.identity(5)", "np.linspace(0, 1, 7)",
    "np.linspace(0, 1, num=9)", "np.linspace(0, 1)", "np.reshape(b, (2, -1))", "np.reshape(b, -1)", "a.flatten()",
    "a.ravel()", "np.ravel(b)", "np.flip(b, 1)", "np.atleast_2d(y)", "np.broadcast_to(y, (3, 4))", "b.reshape(-1, 1, 2)",
    "np.asarray(b).astype('float32') / 255.0", "b[:, None]", "b[1:, 0]",
    "np.vstack([b, b[:1]])", "np.vstack([y, y])", "np.vstack(([1, 2], [3, 4])).T", "np.vstack([a, a])",
    "np.hstack([b, b[:, :1]])", "np.hstack([y, [1, 2]])", "np.hstack((a, a))", "np.column_stack([y[:3], b])",
    "np.append(b, [5, 6])", "np.append(b, b, axis=0)", "np.append(y, values=[1])", "np.array([y, y, [1, 2, 3, 4]])",
    "np.array([b[i : i + 2, :] for i in np.arange(2)])", "np.array([b[i, :] for i in y])", "np.array([[y, y], [y, y]])",
]  # fmt: skip
RAISING = [
    "np.concatenate([b, y])",
    "np.stack([b, y])",
    "np.vstack([b, y[:2]])",
    "np.append(b, y, axis=0)",
    "np.squeeze(b, axis=0)",
    "np.transpose(b, (0, 2))",
    "b.reshape(5)",
]


def followed(text):
    machine = Machine(Vocabulary())
    machine.run(ast.parse(GIVEN + text))
    return machine.globals.vars.get("x")


@pytest.mark.parametrize("expression", SHAPES)
def test_a_shape_is_that_of_numpy(expression):
    names = {}
    exec(GIVEN, names)
    assert followed(f"x = ({expression}).shape") == eval(expression, names).shape


@pytest.mark.parametrize("expression", RAISING)
def test_what_numpy_refuses_raises_in_the_text(expression):
    names = {}
    exec(GIVEN, names)
    with pytest.raises((ValueError, np.exceptions.AxisError)):
        eval(expression, names)
    assert followed(f"try:\n    {expression}\nexcept Exception:\n    x = 'raised'") == "raised"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("x = load().reshape(-1, 28, 28, 1).shape[1:]", (28, 28, 1)),
        ("x = load().values.reshape((len(load()), 5)).astype('float32').shape[1]", 5),
        ("x = np.reshape(load(), (7, 5)).shape", (7, 5)),
        ("d = load().reshape(-1, 3)\nx = np.concatenate([d, d], axis=1).shape[1]", 6),
        ("d = load().reshape(-1, 3)\nx = (d / 255.0).reshape(d.shape[0], 3, 1).shape[1:]", (3, 1)),
    ],
)
def test_what_is_not_known_has_the_shape_that_it_is_brought_into(text, shape):
    assert followed(text) == shape


@pytest.mark.parametrize(
    "text",
    [
        "x = load().reshape(-1, 3).shape[0]",
        "x = load().reshape(sizes).shape",
        "x = np.expand_dims(load(), -1).shape",
        "x = np.unique(np.zeros((3, 4))).shape",
        "x = np.repeat(load().reshape(-1, 3), 2, axis=0).shape[0]",
        "x = load().reshape(-1, 3).reshape(4, -1).shape[1]",
    ],
)
def test_a_size_that_data_decide_is_not_known(text):
    assert type(followed(text)) is Opaque
