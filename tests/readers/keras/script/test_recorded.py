"""Random programs that build models, read by the interpreter and held against what Keras made of them."""

import re

import pytest

from layercalc import Refused
from layercalc.document import analysed
from layercalc.input_shapes import declared
from layercalc.readers.keras.script import read_script
from layercalc.report import report
from tests import oracle
from tests.readers.keras.script.refused import ANSWERED, REFUSED

OWN = ("Net", "Block")  # classes of the programs, of which our rows are the layers in them
PROGRAMS = {entry["seed"]: entry for entry in oracle.unzipped(oracle.DATA / "keras_scripts" / "programs.json.gz")}


def ours(text, entry=None):
    model, builder = read_script(text, entry=entry)
    return report(analysed(model, builder, declared(model, builder)), builder.warnings)


def plain(name):
    """Keras counts models of the text's own and the Functional inside each Sequential together."""
    return re.sub(r"functional(_\d+)?", "functional", name)


def assert_same(found, expected):
    """The counts, the outputs and the layers of a model; a name stands before each that it is in."""
    totals = found["totals"]
    assert (totals["params"], totals["trainable_params"]) == (expected["params"], expected["trainable"])
    if "outputs" in expected:
        assert [one["shape"] for one in found["outputs"]] == expected["outputs"]
    rows = {plain(row["name"]): row for row in found["layers"]}
    for name, kind, shapes, params in expected.get("layers", ()):
        if kind in OWN:
            inside = [row["params"] for path, row in rows.items() if path.split("/")[0] == name.split("/")[0]]
            assert sum(inside) >= params
            continue
        row = rows[plain(name)]
        assert (row["type"], row["params"]) == (kind, params), name
        if shapes is not None and len(shapes) == 1:  # without the batch, which Resizing of Keras forgets
            assert row["output_shape"][1:] == shapes[0][1:], name


@pytest.mark.parametrize("seed", [seed for seed, one in PROGRAMS.items() if "models" in one])
def test_a_program_comes_to_the_model_that_keras_makes(seed):
    """By `entry` every model bound at the end; without, one of them."""
    program = PROGRAMS[seed]
    models = {name: one for name, one in program["models"].items() if one is not None}
    allowed = any(seed in seeds for seeds in REFUSED.values())
    for name, expected in models.items():
        try:
            found = ours(program["text"], name)
        except Refused:
            assert allowed
            continue
        assert_same(found, expected)
    if None in program["models"].values():  # one of no shape, which may be the last
        return
    try:
        found = ours(program["text"])
    except Refused:
        assert allowed
        return
    counts = [(one["params"], one["trainable"]) for one in models.values()]
    assert (found["totals"]["params"], found["totals"]["trainable_params"]) in counts


@pytest.mark.parametrize("seed", [seed for seed, one in PROGRAMS.items() if "raises" in one])
def test_a_program_that_raises_is_refused(seed):
    if any(seed in seeds for seeds in ANSWERED.values()):
        return
    with pytest.raises(Refused) as caught:
        ours(PROGRAMS[seed]["text"])
    assert caught.value.errors[0]["line"] >= 1


def test_most_programs_are_read():
    named = [seed for table in (REFUSED, ANSWERED) for seeds in table.values() for seed in seeds]
    assert len(named) == len(set(named))
    assert set(named) <= PROGRAMS.keys()
    assert len(PROGRAMS) >= 440
