"""Notebooks are read as the script of their cells; what is wrong stands in its cell."""

import base64
import io
import json
from itertools import pairwise

import pytest

from layercalc import Refused, analyze
from layercalc.limits import Limits
from layercalc.readers.keras.script import read_script
from layercalc.readers.notebooks import is_notebook, notebook
from layercalc.readers.text import parse_code
from layercalc.web import create_app
from tests.command import run

IMPORTS = "from keras.models import Sequential\nfrom keras.layers import Dense, Dropout"
MODEL = "model = Sequential()\nmodel.add(Dense(3, input_dim=4, activation='relu'))"
LAST = "model.add(Dense(2, name='last'))"
CELLS = (IMPORTS, MODEL, LAST)
PNG = base64.b64encode(bytes(range(256)) * 40).decode()


def code(source, **more):
    return {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source} | more


def text(source, kind="markdown"):
    return {"cell_type": kind, "metadata": {}, "source": source}


def book(*cells, **metadata):
    cells = [code(one) if isinstance(one, str) else one for one in cells]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def old_book(*cells):
    """As nbformat 3 has it."""
    cells = [
        {"cell_type": "code", "input": one, "language": "python", "outputs": [], "prompt_number": 1} for one in cells
    ]
    heading = {"cell_type": "heading", "level": 1, "source": ["T"]}
    return {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [heading, *cells]}]}


def listed(source):
    return source.splitlines(keepends=True)


SAME = {
    "cells": book(*CELLS),
    "one cell": book("\n".join(CELLS)),
    "lines in a list": book(*(code(listed(one)) for one in CELLS)),
    "text between": book(text("# Model\nmodel.add(Dense(9))"), IMPORTS, text("model.pop()", "raw"), MODEL, LAST, text([])),
    "empty cells": book("", IMPORTS, "  \n", MODEL, code([" "]), LAST, code([])),
    "outputs": book(IMPORTS, code(MODEL, outputs=[{"output_type": "display_data", "data": {"image/png": PNG, "text/plain": ["x"]}}]), LAST),
    "ids and attachments": book(*(code(one, id="a1", attachments={}) for one in CELLS)),
    "the kernel": book(*CELLS, kernelspec={"name": "conda-tf", "display_name": "TF"}, language_info={"name": "python", "version": "3.8.5"}),
    "another name of the kernel": book(*CELLS, kernelspec={"name": "tf2", "language": "python"}),
    "broken metadata": {**book(*CELLS), "metadata": []},
    "kernel that is no object": book(*CELLS, kernelspec=3, language_info={"name": 7}),
    "nbformat 3": old_book(*CELLS),
    "nbformat 3, lines in a list": old_book(*map(listed, CELLS)),
    "several worksheets": {**old_book(), "worksheets": [{"cells": old_book(one)["worksheets"][0]["cells"]} for one in CELLS]},
    "magic": book("%matplotlib inline\n" + IMPORTS, "!pip install keras\n!ls", "%%time\n" + MODEL, "%%capture\n" + LAST, "model.summary?"),
    "cells of other languages": book(IMPORTS, "%%bash\nls | wc", "%%html\n<b>x</b>", "%%javascript\nf()", "%%writefile a.py\nx = 1", MODEL, LAST),
    "cell that another language is said of": book(*CELLS, code("ls -l", metadata={"vscode": {"languageId": "shellscript"}})),
    "training": book(*CELLS, "model.compile('adam', 'mse')", "x, y = load()\nh = model.fit(x, y)", "import pandas as pd\npd.DataFrame(h.history).plot();"),
    "a value at the end": book(*CELLS, "model"),
    "indented cell": book(IMPORTS, "    " + MODEL.replace("\n", "\n    "), LAST),
    "prompts in a cell": book(IMPORTS, ">>> " + MODEL.replace("\n", "\n>>> "), LAST),
    "loop over cells": book(IMPORTS, MODEL, "for n in [2]:\n  model.add(Dense(n, name='last'))"),
    "function in a cell": book(IMPORTS, "def build():\n  " + MODEL.replace("\n", "\n  ") + "\n  return model", "model = build()", LAST),
    "Python 2": book(*CELLS, "print 'done'"),
    "two models": book(IMPORTS, "small = Sequential([Dense(9, input_dim=2)])", MODEL, LAST),
}  # fmt: skip


def facts(document):
    return [(row["type"], row["output_shape"], row["params"]) for row in analyze(document)["layers"]]


@pytest.mark.parametrize("name", SAME)
def test_a_notebook_is_read_as_the_script_of_its_cells(name):
    wanted = facts("\n".join(CELLS))
    assert facts(SAME[name]) == wanted
    assert facts(json.dumps(SAME[name], indent=1)) == wanted


def test_rows_and_warnings_say_their_cell():
    report = analyze(book(text("# T"), IMPORTS, "\n" + MODEL, LAST))
    assert [(row["cell"], row["line"], row["column"]) for row in report["layers"]] == [(3, 3, 11), (4, 1, 11)]
    assert all("cell" not in row for row in analyze("\n".join(CELLS))["layers"])
    told = analyze(book(IMPORTS, "import os\nn = os.environ.get('N', 3)", MODEL, "model.add(Dense(n))"))["warnings"]
    assert [(one["cell"], one["line"]) for one in told if "environment" in one["detail"]] == [(2, 2)]


def test_entry_chooses_among_the_models_of_a_notebook():
    document = book(
        IMPORTS, "def build(n):\n  return Sequential([Dense(n, input_dim=2)])", "small = build(3)", "large = build(9)"
    )
    for given in (document, json.dumps(document)):
        small, built = (analyze(given, entry=one)["layers"] for one in ("small", "build(5)"))
        assert [(row["cell"], row["line"], row["output_shape"]) for row in small + built] == [
            (2, 2, [None, 3]),
            (2, 2, [None, 5]),
        ]
    with pytest.raises(Refused) as caught:
        analyze(document, entry="bild(5)")
    assert caught.value.errors[0]["parameter"] == "entry"
    assert facts(document)[0][1] == [None, 9]


def test_python_2_ran_all_cells_if_it_ran_one():
    for document in (
        book(*CELLS, "print 'done'", "model.add(Dense(7 / 2))"),
        book(*CELLS, "model.add(Dense(7 / 2))", "print 'done'"),
        book(*CELLS, "model.add(Dense(7 / 2))", kernelspec={"name": "python2"}),
        book(*CELLS, "model.add(Dense(7 / 2))", language_info={"name": "python", "version": "2.7.12"}),
    ):
        assert facts(document)[-1][1] == [None, 3]
    with pytest.raises(Refused, match="units"):
        analyze(book(*CELLS, "model.add(Dense(7 / 2))"))


WRONG = {  # the place of the fault, and what it says
    "broken cell": (book(*CELLS, "x = [\n", "y = 1"), {"cell": 4, "line": 1, "column": 5}, "Not Python: '[' was never closed"),
    "prose in a cell": (book(IMPORTS, "This is prose."), {"cell": 2, "line": 1, "column": 15}, "Not Python"),
    "wrong units": (book(*CELLS, "%%time\nx = 1; model.add(Dense(-2))"), {"cell": 4, "line": 2, "column": 24}, "units"),
    "wrong units behind a sign": (book(*CELLS, "s = '漢'; model.add(Dense(-2))"), {"cell": 4, "line": 1, "column": 26}, "units"),
    "what is not in the text": (book(*CELLS, "model.add(Dense(n))", "x = 1"), {"cell": 4, "line": 1, "column": 17}, "line 1 of cell 4"),
    "unknown magic": (book(IMPORTS, "x = 1\n%train"), {"cell": 2, "line": 2, "column": 1}, "%train"),
    "%% below": (book(IMPORTS, "x = 1\n%%time\n" + MODEL), {"cell": 2, "line": 2, "column": 1}, "first line"),
    "%run": (book("%run a.py", *CELLS), {"cell": 1, "line": 1, "column": 1}, "brings code"),
    "settings of another cell": (book("%env N=3", *CELLS, "import os\nmodel.add(Dense(int(os.environ['N'])))"), {"cell": 1, "line": 1, "column": 1}, "os.environ"),
    "leaked from another cell": (book(*CELLS, "n = 2\nprint n", "x = [n for n in y]", "model.add(Dense(n))"), {"cell": 6, "line": 1, "column": 17}, "Python 2 left"),
    "no model": (book(text("x"), "import keras", "x = 1"), {"cell": 2, "line": 1, "column": 1}, "No layer found"),
    "R": (book("x <- 1", kernelspec={"name": "ir", "language": "R"}), {"pointer": "/metadata"}, "A notebook of R"),
    "R without its language": (book("x <- 1", kernelspec={"name": "ir"}), {"pointer": "/metadata"}, "A notebook of R"),
    "Julia": (book("x = 1", kernelspec={"name": "julia-1.9"}), {"pointer": "/metadata"}, "A notebook of Julia"),
    "JavaScript": (book("x", language_info={"name": "javascript"}), {"pointer": "/metadata"}, "A notebook of javascript"),
    "no cells": (book(), {"pointer": ""}, "without code"),
    "no code": (book(text("Dense(3)"), "", "\n"), {"pointer": ""}, "without code"),
    "cells that are no list": ({**book(), "cells": {"a": 1}}, {"pointer": "/cells"}, "Expected a list"),
    "a cell that is no object": (book(code("x"), 3), {"pointer": "/cells/1"}, "Expected a cell"),
    "source that is no text": (book(code("x"), code(5)), {"pointer": "/cells/1/source"}, "Expected a string"),
    "source of other things": (book(code(["x", 5])), {"pointer": "/cells/0/source"}, "Expected a string"),
    "input that is no text": (old_book(7), {"pointer": "/worksheets/0/cells/1/input"}, "Expected a string"),
    "worksheets that are no list": ({"nbformat": 3, "worksheets": 1}, {"pointer": "/worksheets"}, "Expected a list"),
    "a worksheet that is no object": ({"nbformat": 3, "worksheets": [1]}, {"pointer": "/worksheets/0"}, "Expected an object"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_stands_in_its_cell(name):
    document, place, words = WRONG[name]
    with pytest.raises(Refused) as caught:
        analyze(document)
    fault = caught.value.errors[0]
    assert {key: fault[key] for key in fault if key in ("cell", "line", "column", "pointer")} == place
    assert words in fault["detail"]


BODY = json.dumps(book(*CELLS)).encode()
BAD = json.dumps(book(*CELLS, "model.add(Dense(-2))")).encode()
SENT = {
    "json": lambda body: {"data": body, "content_type": "application/json"},
    "ipynb": lambda body: {"data": body, "content_type": "application/x-ipynb+json"},
    "bytes": lambda body: {"data": body, "content_type": "application/octet-stream"},
    "curl -d": lambda body: {"data": body, "content_type": "application/x-www-form-urlencoded"},
    "byte order mark": lambda body: {"data": b"\xef\xbb\xbf" + body, "content_type": "text/plain"},
    "envelope": lambda body: {"json": {"model": json.loads(body)}},
    "text in an envelope": lambda body: {"json": {"model": body.decode()}},
    "base64": lambda body: {"json": {"model": {"b64": base64.b64encode(body).decode()}}},
    "a part": lambda body: {"data": {"model": (io.BytesIO(body), "m.ipynb")}},
}


@pytest.mark.parametrize("name", SENT)
def test_a_notebook_may_stand_wherever_a_model_may(name):
    client = create_app().test_client()
    answer = client.post("/v1/analyze", **SENT[name](BODY))
    assert answer.status_code == 200, answer.text
    assert answer.json["totals"]["params"] == 23
    assert answer.json["layers"][1]["cell"] == 3
    answer = client.post("/v1/analyze", **SENT[name](BAD))
    assert answer.status_code == 422
    fault = answer.json["errors"][0]
    assert (fault["cell"], fault["line"], fault["column"]) == (4, 1, 17)
    assert ("pointer" in fault) == (name in ("envelope", "text in an envelope", "base64", "a part"))


def test_a_notebook_is_a_file_of_the_command_line_and_of_python(tmp_path):
    path = tmp_path / "model.ipynb"
    path.write_bytes(BODY)
    assert analyze(path)["totals"]["params"] == 23
    assert run("check", "model.ipynb", "--max-params", "23", cwd=tmp_path).returncode == 0
    assert run("init", cwd=tmp_path).returncode == 0
    assert "model.ipynb" in (tmp_path / "layercalc.yaml").read_text()
    path.write_bytes(BAD)
    done = run("analyze", "model.ipynb", cwd=tmp_path)
    assert done.returncode == 2
    assert "cell 4, line 1, column 17" in done.stderr


def test_limits_hold_over_all_cells():
    with pytest.raises(Refused, match="LAYERCALC_MAX_CODE_TOKENS") as caught:
        parse_code(notebook(book("a\nb", "c\nd d d", "e")), Limits(max_code_tokens=8))
    assert (caught.value.errors[0]["cell"], caught.value.errors[0]["line"]) == (2, 2)
    with pytest.raises(Refused, match="LAYERCALC_MAX_CODE_CHARACTERS"):
        parse_code(notebook(book(*["a" * 90] * 9)), Limits(max_code_characters=500))


def test_a_limit_that_is_passed_inside_a_call_has_the_line_of_its_statement():
    for document in (notebook(book("x = 1", "y = 2\nz = pow(2, 3, 5)")), "y = 2\nz = pow(2, 3, 5)"):
        with pytest.raises(Refused, match="LAYERCALC_MAX_SCRIPT_STEPS") as caught:
            read_script(document, Limits(max_script_steps=300))
        assert (caught.value.errors[0]["line"], caught.value.errors[0]["column"]) == (2, 1)


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": [value]}
    return value


HOSTILE = {  # made when they are sent: some are large
    "deep metadata": lambda: book(*CELLS, x=nested(60)),
    "deep outputs": lambda: book(code(IMPORTS, outputs=[nested(45)]), *CELLS),
    "many cells": lambda: book(*CELLS, *["a"] * 20_000),
    "many empty cells": lambda: book(*CELLS, *[""] * 100_000),
    "many lines": lambda: book(*CELLS, code(["\n"] * 400_000)),
    "large outputs": lambda: book(*CELLS, code("x = 1", outputs=[{"data": {"image/png": "A" * 20_000_000}}])),
    "long key": lambda: book(*CELLS, **{"k" * 600: 1}),
    "surrogates": lambda: book(*CELLS, "x = '\ud800'"),
    "null": lambda: book(*CELLS, "x = 1\0"),
    "deep code": lambda: book(*CELLS, "(" * 5000),
    "code and magics": lambda: book(*CELLS, *["%%time\nget_ipython().run_cell('a')\n"] * 3000),
    "fence": lambda: book(*CELLS, "```\n" * 30_000),
    "version that is none": lambda: {**book(*CELLS), "nbformat": "x"},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_notebook_is_answered(name):
    answer = create_app().test_client().post("/v1/analyze", data=json.dumps(HOSTILE[name]()).encode())
    assert answer.status_code in (200, 400, 422, 503), answer.text[:500]
    if answer.status_code == 200:
        assert answer.json["totals"]["params"] == 23


def test_what_is_no_notebook_is_none():
    assert not any(map(is_notebook, [{"cells": []}, {"nbformat": 4}, [], "x", None, {"layers": [], "nbformat": 4}]))


def test_later_cells_are_greater():
    lines = [node.lineno for node in parse_code(notebook(book("\n\n\na", "b\nc", "d"))).body]
    assert all(after > before for before, after in pairwise(lines))
    assert [str(line) for line in lines] == ["4 of cell 1", "1 of cell 2", "2 of cell 2", "1 of cell 3"]
