"""Code as people paste it: read as the clean text is, or a fault at the line that was sent."""

import ast
import sys
import textwrap

import pytest

from layercalc import Refused, analyze, deadline
from layercalc.errors import Overdue
from layercalc.limits import Limits
from layercalc.readers.pastes import tree_of
from layercalc.readers.text import parse_code

LINES = [
    "from keras.models import Sequential",
    "from keras.layers import Dense, Dropout",
    "model = Sequential()",
    "model.add(Dense(3, input_dim=4, activation='relu'))",
    "model.add(Dense(2, name='last'))",
]
CODE = "\n".join(LINES)
ADDED = "model.add(Dense(9))"
LOOP = "for n in (3, 2):\n    model.add(Dense(n))"
BUILD = "\n".join(LINES[:2]) + "\nmodel = Sequential([Dense(3, input_dim=4)])\n"


def prompted(text, sign=">>> ", more="... "):
    return "\n".join((more if line[:1] in " )" else sign) + line for line in text.splitlines())


def fenced(text, label="python", fence="```"):
    return f"{fence}{label}\n{text}\n{fence}"


def curly(text, quotes="‘’“”"):
    """Quotes as a word processor sets them."""
    out, opened = [], False
    for sign in text:
        if sign in "'\"":
            out.append(quotes[opened + 2 * (sign == '"')])
            opened = not opened
        else:
            out.append(sign)
    return "".join(out)


INDENTED = textwrap.indent(CODE, "    ")
OF_THE_FIRST = INDENTED.lstrip()
SUMMARY = "_____\nLayer (type)   Output Shape   Param #\n=====\ndense (Dense)  (None, 3)  15\nTotal params: 15"
IPYTHON = "\n".join(f"In [{n}]: {line}" for n, line in enumerate(LINES, 1))

SAME = {
    "clean": CODE,
    "crlf": CODE.replace("\n", "\r\n"),
    "cr": CODE.replace("\n", "\r"),
    "byte order mark": "\ufeff" + CODE,
    "no-break spaces": CODE.replace(" ", "\u00a0"),
    "no-break spaces in the indentation": BUILD + "for n in (2,):\n\u00a0\u00a0\u00a0\u00a0model.add(Dense(n, name='last'))",
    "thin and wide blanks": CODE.replace(", ", ",\u2009").replace(" = ", "\u3000=\u202f"),
    "signs of no width": CODE.replace("(", "(\u200b").replace("model", "\u200bmodel"),
    "sign of no width in a name": CODE.replace("Sequential()", "Sequen\u00adtial()"),
    "form feeds": CODE.replace("\nmodel =", "\n\x0c\nmodel ="),
    "full width brackets": CODE.replace("(", "（").replace(")", "）").replace(", ", "，"),
    "curly quotes": curly(CODE),
    "curly double quotes": curly(CODE.replace("'", '"')),
    "low quotes": curly(CODE, "‚‘„“"),
    "primes behind": curly(CODE, "‘′“″"),
    "all closing": curly(CODE, "’’””"),
    "curly and straight": CODE.replace("'relu'", "'relu’").replace("'last'", "‘last'"),
    "curly docstring": "”””The\nnet's ```layers```”””\n" + CODE,
    "curly docstring in a line": "“““It's a net”””\n" + CODE,
    "backquotes of markdown": fenced(CODE),
    "tildes": fenced(CODE, "py", "~~~"),
    "fence of four": fenced(CODE + '\ns = """\n```\n"""', "", "````"),
    "fence without an end": "```python\n" + CODE,
    "fence with attributes": fenced(CODE, "{.python .numberLines}"),
    "fence of an R notebook": fenced(CODE, "{python}"),
    "prose around": f"Here's my model:\n\n{fenced(CODE)}\n\nIt doesn't learn (see below). Loss = high?\n",
    "blocks in order": f"First:\n{fenced(chr(10).join(LINES[:3]))}\n\nThen:\n{fenced(chr(10).join(LINES[3:]), 'py')}",
    "blocks of other languages": f"{fenced('pip install keras', 'bash')}\n{fenced(CODE)}\n{fenced('{1: 2}', 'json')}",
    "what was printed": f"{fenced(CODE)}\nprints\n{fenced(SUMMARY, '')}\n{fenced(SUMMARY, 'text')}",
    "shell without a label": f"{fenced('pip install keras', '')}\n{fenced(CODE)}",
    "citation without a label": f"{fenced(CODE)}\nCite:\n{fenced('@misc{a,' + chr(10) + '  author = {A B},' + chr(10) + '}', '')}",
    "prose that begins as code does": f"{fenced(CODE)}\nimport the test set. Each set\nclass to drive [a](b): x\nDataset => http://x\nA_B=1 C=x python a.py\n",
    "tree of files": f"{fenced('data/' + chr(10) + '├── train/' + chr(10) + '└── test/', '')}\n{fenced(CODE)}",
    "fence in a list": "1. Build:\n\n" + textwrap.indent(fenced(CODE), "   ") + "\n2. Run.",
    "fence behind a bullet": "- ```python\n" + textwrap.indent(CODE + "\n```", "  "),
    "session in a fence": fenced(prompted(CODE), "pycon"),
    "session in a console": fenced(prompted(CODE), "console"),
    "docstring with a fence": f'"""Use:\n\n```\n{ADDED}\n```\n"""\n{CODE}\nprint "done"',
    "prompts": prompted(CODE),
    "prompts and answers": prompted(CODE) + "\n>>> model.count_params()\n23\n>>> model\n<keras.Sequential at 0x7f>\n",
    "prompts of a block": prompted(f"{BUILD}for n in (2,):\n    model.add(Dense(n, name='last'))") + "\n... \n>>> ",
    "prompts without a blank": prompted(BUILD + "if True:\n    model.add(Dense(2, name='last'))") + "\n...\n>>>\n",
    "prompts indented": textwrap.indent(prompted(CODE), "    "),
    "header of Python": f"Python 3.8.5 (default, Jul 28 2020)\n[GCC 9.3.0] on linux\nType \"help\".\n{prompted(CODE)}",
    "traceback between": prompted(CODE) + '\n>>> x\nTraceback (most recent call last):\n  File "<stdin>", line 1\nNameError: x',
    "arrays between": prompted(CODE) + "\n>>> x\narray([[1., 2.],\n       ...,\n       [3., 4.]])\n>>> y\nnp.float64(0.5)",
    "prompts with a long string": '>>> s = """\n... model.add(Dense(9))\n... """\n' + prompted(CODE),
    "docstring with prompts": f'"""\n>>> {ADDED}\n"""\n{CODE}\nprint "done"',
    "IPython": IPYTHON,
    "IPython, all of it annotations": "In [1]: import keras\n".replace("import keras", "from keras.layers import Dense")
    + "In [2]: import keras\nIn [3]: model = keras.Sequential([Dense(3, input_dim=4), Dense(2)])\nOut[3]: 5",
    "IPython's answers": IPYTHON + "\nOut[5]: <keras.Sequential>\n\nIn [6]: model.summary()\n" + SUMMARY + "\n\nIn [7]: ",
    "IPython's blocks": prompted(f"{BUILD}for n in (2,):\n    model.add(Dense(n, name='last'))", "In [1]: ", "   ...: "),
    "IPython with bare prompts": f"In [1]:\n{chr(10).join(LINES[:3])}\nIn [2]:\n{chr(10).join(LINES[3:])}\nOut[2]:\n<net>",
    "IPython running": f"In [*]: {LINES[0]}\n" + "\n".join(f"In [ ]: {line}" for line in LINES[1:]),
    "magic": "%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n%config X.figure_format = 'retina'\n" + CODE,
    "versions": "%tensorflow_version 2.x\n%pip install -q keras\n" + CODE,
    "pylab": "%pylab inline\n" + CODE,
    "shell": "!pip install keras==2.3\n!wget http://x/y.zip && unzip y.zip\n!ls \\\n  -l\n" + CODE,
    "shell in a block": "if True:\n    !pip install keras\n" + CODE,
    "shell from a page": "$ pip install keras\n$ python\n" + CODE,
    "automagic": "pip install keras -q\nconda install numpy\n" + CODE,
    "what a command gave": "files = !ls\nx = %env\na, b = !pwd\n" + CODE,
    "timed": CODE.replace("model.add(Dense(2", "%time model.add(Dense(2") + "\n%timeit -n 3 model.predict(x)",
    "timed in a block": BUILD + "if True:\n    %time model.add(Dense(2, name='last'))",
    "timed cell": "%%time\n" + CODE,
    "timed cell after remarks": "# the model\n\n%%time\n" + CODE,
    "captured cell": "%%capture out\n" + CODE,
    "measured cell": CODE + "\n%%timeit -n 10\nmodel.predict(x)\nmodel.evaluate(x, y)",
    "measured cell in front": "%%timeit\nf(x)\ng(x)\n# %%\n" + CODE,
    "cell of a backend": CODE + "\n# %%\n%%backend jax\nimport jax\nx = jax.numpy.zeros(3)\n",
    "command of the text's own": "from IPython.core.magic import register_cell_magic\n@register_cell_magic\ndef backend(line, cell):\n    get_ipython().run_cell(cell)\n" + CODE,
    "asked for Colab": "import sys\nif 'google.colab' in sys.modules:\n    !pip install keras\nX = 'a' not in sys.modules\n" + CODE,
    "cell of bash": "# %%\n%%bash\ncd x && ls\n# %%\n" + CODE,
    "cell that writes": f"{CODE}\n# In[2]:\n%%writefile a.txt\nnothing here\n",
    "help": CODE + "\nmodel.add?\n?model\nDense??\n%timeit?\n??Sequential",
    "remarks": "# %% cell\n#!ls\n" + CODE + "  # model?",
    "indented": INDENTED,
    "indented but for the first line": OF_THE_FIRST,
    "indented by tabs": textwrap.indent(CODE, "\t"),
    "indented below a loop": textwrap.indent(f"{BUILD}for n in (2,):\n    model.add(Dense(n, name='last'))", "        "),
    "first line is a loop": "for n in (3,):\n            pass\n" + textwrap.indent(CODE, "        "),
    "indented with a string": INDENTED + '\n    s = """\nleft\n  """',
    "indented with brackets": INDENTED.replace("Dense(2", "Dense(\n2"),
    "tabs and blanks": BUILD + "if True:\n\tpass\n        \n\tmodel.add(Dense(2, name='last'))",
    "tabs of eight": BUILD + "if True:\n\tpass\n        model.add(Dense(2, name='last'))",
    "print": CODE + '\nprint "params", model.count_params()\nprint\nprint "%d" % 3, ; print model',
    "print in a block": CODE + "\nfor i in range(3): print i\nif True: print 'a'\nelse: print 'b'  # c",
    "print over lines": CODE + "\nprint 'a %d' % (\n  3), \\\n  'b'\nprint model.summary()",
    "print to a file": "import sys\n" + CODE + "\nprint >>sys.stderr, 'done', 1\nprint >> sys.stdout",
    "exceptions": CODE + "\ntry:\n    fit()\nexcept ValueError, e:\n    print e\nexcept (IOError, OSError), e:\n    raise IOError, 'no'",
    "old numbers": CODE + "\nx = 10L\ny = 0755 + 0xFFL\nif x <> y: print `x`, ur'\\d'",
    "prompts of Python 2": prompted(CODE + "\nprint 'done'") + "\ndone",
    "IPython and Python 2": IPYTHON + "\nIn [6]: print 'done'\ndone",
    "lines of blanks": CODE.replace("\n", "\n   \t \n") + "\n\u00a0",
    "all at once": "\ufeffHi!\r\n\r\n```python\r\n" + prompted(curly(CODE)).replace("\n", "\r\n").replace("(Dense", "(\u00a0Dense") + "\r\n```",
}  # fmt: skip


def facts(text):
    report = analyze(text)
    return [(row["type"], row["output_shape"], row["params"]) for row in report["layers"]]


@pytest.mark.parametrize("name", SAME)
def test_a_paste_is_read_as_the_clean_text(name):
    assert facts(SAME[name]) == facts(CODE)


WRONG = {  # what is sent, the line and column of the fault, and what it says
    "cut off": (CODE + "\nmodel.add(Dense(", 6, 16, "never closed"),
    "cut off in a string": (CODE + "\nmodel.add(Dense(2, name='la", 6, 25, "unterminated"),
    "cut off before a body": (CODE + "\nfor n in (1, 2):", 6, 17, "expected an indented block"),
    "cut off in a session": (prompted(CODE + "\nmodel.add("), 6, 14, "never closed"),
    "cut off in a fence": (fenced(CODE + "\nmodel.add("), 7, 10, "never closed"),
    "code outside of the fence": (f"{fenced(CODE)}\n{ADDED}", 8, 1, "outside of the blocks"),
    "line named by the parser": (f"a\n\n{fenced(CODE + chr(10) + 'x = (' + chr(10) + '  3]')}", 10, 4, "opening parenthesis '(' on line 9"),
    "end named by the parser": (f"a\n\n{fenced(CODE + chr(10) + 'x = 1 + ' + chr(39) * 3 + chr(10) + 'y')}", 9, 9, "(detected at line 11)"),
    "an import outside": (f"{fenced(CODE)}\nimport numpy as np, keras", 8, 1, "outside of the blocks"),
    "a class outside": (f"{fenced(CODE)}\nclass A(B):\n  pass", 8, 1, "outside of the blocks"),
    "code in a block of text": (f"{fenced(CODE)}\n{fenced(ADDED, 'text')}", 9, 1, "outside of the blocks"),
    "code without a prompt": (f"{prompted(CODE)}\n{ADDED}", 6, 1, "no prompt"),
    "a loop without a prompt": (f"{prompted(CODE)}\nfor n in x:\n  model.pop()", 6, 1, "no prompt"),
    "a block that goes on in the next": (f"{fenced(BUILD + 'for n in (2, 3):')}\n{fenced('    ' + ADDED)}", 5, 0, ""),
    "broken block": (f"{fenced(CODE)}\n{fenced('model.add(Dense(9)')}", 9, 10, "never closed"),
    "file that is run": ("%run build.py\n" + CODE, 1, 1, "%run brings code"),
    "unknown magic": (CODE + "\n    \n%train model", 7, 1, "%train"),
    "unknown cell": ("%%train model\n" + CODE, 1, 1, "%%train"),
    "block behind %timeit": (CODE + "\n%timeit -r1 for x in y: pass", 6, 1, "A block behind"),
    "change in a cell of a backend": (CODE + "\n# %%\n%%backend jax\nmodel.add(Dense(9))", 7, 0, "may run any number of times"),
    "modules replaced": ("import sys\nsys.modules['keras'] = x\n" + CODE, 2, 1, "may replace"),
    "names taken away": (CODE + "\n%reset -f", 6, 1, "takes names away"),
    "settings that are read": ("%env UNITS=3\nimport os\n" + CODE + "\nn = os.environ.get('UNITS')", 1, 1, "os.environ"),
    "cell without an end": (f"{CODE}\n%%bash\nls\n\n{ADDED}", 9, 1, "Where the cell ends"),
    "measured change": (CODE + f"\n%timeit {ADDED}", 6, 0, "may"),
    "curly quotes that do not fit": (CODE.replace("'last'", "‘it’s'\"\"”"), 5, 0, ""),
    "prose and no fence": (f"Here is my model:\n\n{CODE}", 1, 0, ""),
    "no-break space in front": (f"\u00a0\u00a0{CODE}\u00a0\nx = [\u00a0)", 6, 7, "does not match"),
    "unit of another name behind prompts": (prompted(CODE.replace("Dense(2", "Dense(unit=2")), 5, 0, "unit"),
    "units behind curly quotes": (curly(CODE).replace("Dense(2", "Dense(-2"), 5, 17, "units"),
    "units behind a wide sign": (CODE + "; s = '漢字'; model.add(Dense(-2))", 5, 61, "units"),
    "units in an indented text": (INDENTED.replace("Dense(2", "Dense(-2"), 5, 21, "units"),
    "units behind removed signs": (CODE.replace("model.add(Dense(2", "\u200bmodel.\u200badd(Dense(-2"), 5, 19, "units"),
    "units behind a print": (CODE + "\nprint 'a'; model.add(Dense(-2))", 6, 28, "units"),
    "units in a fence in a list": ("1. x:\n" + textwrap.indent(fenced(CODE.replace("Dense(2", "Dense(-2")), "   "), 7, 20, "units"),
    "shapes in a session": (prompted(f"{CODE}\nmodel.add(keras.layers.Flatten())\nmodel.add(keras.layers.Conv2D(3, 3))").replace("from keras.models", "import keras\n>>> from keras.models"), 8, 0, ""),
    "leaked name": (CODE + "\nn = 2\nx = [n for n in (4, 9)]\nmodel.add(Dense(n))\nprint n", 8, 17, "Python 2 left"),
    "leaked in one branch": (CODE + "\nn = 2\nif c:\n  x = [n for n in y]\nelse:\n  n = 3\nmodel.add(Dense(n))\nprint n", 11, 17, "Python 2 left"),
    "leaked in a round before": (CODE + "\nn = 2\nwhile c:\n  model.add(Dense(n))\n  x = [n for n in y]\nprint 1", 8, 19, "Python 2 left"),
    "leaked into a function": (CODE + "\nn = 2\nx = [n for n in y]\ndef f():\n  model.add(Dense(n))\nprint 1", 9, 19, "Python 2 left"),
    "leaked into a comprehension": (CODE + "\nn = 2\nx = [n for n in y]\nz = [n * k for k in x]\nprint 1", 8, 6, "Python 2 left"),
    "leaked and added to": (CODE + "\nn = 2\nx = [n for n in y]\nn += 1\nprint 1", 8, 1, "Python 2 left"),
    "a file of Python 2": (CODE + "\nexecfile('a.py')\nprint 1", 6, 1, "from text"),
    "shell's calls": ("from IPython import get_ipython\ni = get_ipython()\ni.run_line_magic('run', 'a.py')\n" + CODE, 3, 1, "brings code"),
    "divided in place": (CODE + "\nprint 1\na[f()] /= 2", 7, 1, "Python 2 divides"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_of_a_paste_has_the_place_that_was_sent(name):
    text, line, column, words = WRONG[name]
    with pytest.raises(Refused) as caught:
        analyze(text)
    fault = caught.value.errors[0]
    assert (fault["line"], fault["column"] if column else 0) == (line, column), fault
    assert words in fault["detail"]


PYTHON_2 = {  # what Python 2 made of it, behind a print statement
    "7 / 2": 3, "-7 / 2 + 9": 5, "int(7 / 2.0 * 2)": 7, "int(7 / float(2))": 3, "int(round(2.5))": 3, "int(round(-2.5)) + 9": 6,
    "map(int, [4, 5])[1]": 5, "(range(3) + [7])[3]": 7, "len(filter(None, [0, 1, 2]))": 2, "zip([3], [4])[0][1]": 4,
    "long(6)": 6, "3 if isinstance(u'a', basestring) else 4": 3, "len(unicode('abc'))": 3, "10L": 10, "010": 8, "xrange(9)[4]": 4, "sum([n for n in range(4)])": 6,
}  # fmt: skip


@pytest.mark.parametrize("expression", PYTHON_2)
def test_python_2_reckons_as_it_did(expression):
    n = PYTHON_2[expression]
    text = f"print 'start'\n{CODE}\nn = {expression}\nmodel.add(Dense(n))"
    assert facts(text)[-1] == ("Dense", [None, n], 3 * n)
    text = f"print 'start'\n{CODE}\nn = 15\nn /= 2\nmodel.add(Dense(n))"
    assert facts(text)[-1][1] == [None, 7]


NOT_LEFT = [
    "for n in (3,):\n    x = [n + 1 for n in y]\n    n = 9\n    use(n)",
    "x = [k for k in y]\nfor k in x:\n    use(k)",
    "x = [[k for k in row] for row in y]\ndef f(k):\n    row = k\n    return [row for row in k]",
    "def f():\n    return [m for m in y]\nm = 2\nuse(m)",
    "x = set(k for k in y), {k for k in y}, {k: 1 for k in y}\nuse(k)",
    "x = [k for k in y]\nuse(lambda k: k + 1)",
]


@pytest.mark.parametrize("lines", NOT_LEFT)
def test_a_name_that_was_set_anew_is_read(lines):
    assert facts(f"print 'start'\n{lines}\n{CODE}") == facts(CODE)


def test_a_print_statement_may_begin_with_a_bracket():
    assert facts(f"print 'start'\nn = 3\nprint ('%d') % n\nprint ('a'), n\nprint (n).real\n{CODE}") == facts(CODE)


def test_division_of_the_future_has_a_rest():
    text = f"from __future__ import division\nprint 'start'\n{CODE}\nmodel.add(Dense(6 / 4))"
    with pytest.raises(Refused, match="units"):
        analyze(text)


STRINGS = [
    "“a”",
    "\u00a0",
    "a\u200bb",
    ">>> x",
    "!ls",
    "%time",
    "`x`",
    "10L",
    "print x",
    "ＡＢ（",
    "In [1]: x",
    "\t x",
    "#",
]


@pytest.mark.parametrize("inside", STRINGS)
@pytest.mark.parametrize("quote", ["'", '"', "'''", '"""', "r'", "f'", "'''\n", '"""\n'])
def test_nothing_changes_inside_a_string(inside, quote):
    begin, end = quote, quote.lstrip("rf")[::-1]
    literal = f"{begin}{inside}{end}"
    right = ast.literal_eval(literal.lstrip("f"))
    for text in (
        f"x\u00a0= {literal}",
        f"!ls\nx = {literal}\n",
        f"    y\n    x = {literal}",
        f"print 1\nx = {literal}",
    ):
        value = next(one.value for one in ast.walk(tree_of(text)) if isinstance(one, ast.Assign))
        found = ast.literal_eval(value.values[0] if isinstance(value, ast.JoinedStr) else value)
        assert found == right


PLAIN = [
    "x = 1", "def f():\n    return '“”'\n", "if x:\n\ty\n\tz", "s = '''\n>>> a\n```\nb\n```\n'''", "x = [\n1,\n2\n]", "é = 1; b = 2",
    "In: int = 1", "In = {}\nIn[3]: x = 1", "def get_ipython():\n    pass\nget_ipython().run_cell('x')", "get_ipython\nb.ex('x')",
    "print(x)\nx = 3/2", "# `a` “b” >>> c\nx", "\tx\n\ty" .replace("\t", ""), "a = b if c else d; e = f", "x = {\n 'a': 1}",
]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_python_is_left_as_it_is(text):
    assert ast.dump(tree_of(text)) == ast.dump(ast.parse(text))
    for ours, theirs in zip(ast.walk(tree_of(text)), ast.walk(ast.parse(text)), strict=True):
        if hasattr(theirs, "lineno") and text.isascii():
            assert (ours.lineno, ours.col_offset) == (theirs.lineno, theirs.col_offset)


def test_limits_hold_before_anything_is_tried():
    with pytest.raises(Refused, match="LAYERCALC_MAX_CODE_TOKENS") as caught:
        parse_code(">>> a\n" * 9 + "%%bash\n", Limits(max_code_tokens=30))
    assert caught.value.errors[0]["line"] > 1


ALIKE = {  # what is repeated, and what stands before it: long texts of what is no Python
    "magics": ("%time\n", ""), "environment": ("%env A=1\n", ""), "division": ("a.b/=c/d\n", "print 1\n"), "prints": ("print a;", ""),
    "quotes": ("“a” ", ""), "open quotes": ("“\"", ""), "letters": ("é" * 300 + " = 1\n", "!ls\n"), "fences": ("```\na b\n```\n", ""),
    "tabs": ("if a:\n\tb\n        c\n", ""), "sessions": (">>> a\nb c\n", ""), "leaks": ("x=[n for n in z]\n", "print 1\n"),
    "calls": ("get_ipython().run_cell_magic('time','','x=1')\n", ""), "loops": ("%%timeit\na\n", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", ALIKE)
def test_a_text_costs_what_it_is_long(name):
    piece, before = ALIKE[name]
    seen = []
    for times in (200, 800):
        count = [0]
        sys.setprofile(lambda *_, count=count: count.__setitem__(0, count[0] + 1))
        try:
            parse_code(before + piece * times)
        except Refused:
            pass
        finally:
            sys.setprofile(None)
        seen.append(count[0])
    assert seen[1] < 6 * seen[0], seen


@pytest.mark.parametrize("text", ["a\n" * 99, "!ls\n" + "a\n" * 99, "print 1\n" + "a\n" * 99, "é\n" * 99])
def test_a_deadline_that_passes_is_no_fault_of_the_text(text):
    with pytest.raises(Overdue), deadline.within(0, "LAYERCALC_MAX_ANALYSIS_SECONDS"):
        parse_code(f"{text}x = get_ipython\n")


def test_a_print_statement_tells_old_keras_apart():
    conv = "{}\nfrom keras.models import Sequential\nm = Sequential()\nm.add(Conv2D(8, 3, 5, input_shape=(9, 9, 1)))"
    assert facts(conv.format("print 'start'"))[0][1] == [None, 7, 5, 8]
    assert facts(conv.format("print('start')"))[0][1] == [None, 2, 2, 8]
