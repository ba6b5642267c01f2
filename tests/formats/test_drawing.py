"""Reports and differences as Mermaid and Graphviz: every box and arrow, and names that stay text."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc import analyze
from layercalc.formats import DRAWINGS, draw, drawn_difference, drawn_report
from layercalc.formats.drawing import DEEPEST
from layercalc.verbs import compare
from tests.command import run
from tests.web.attacks_service import NAMES

TINY = {
    "name": "tiny",
    "input_shape": [28, 28, 1],
    "layers": [
        {"type": "Conv2D", "filters": 32, "kernel_size": 3},
        {"type": "Flatten"},
        {"type": "Dense", "units": 10},
    ],
}
FORKED = {
    "inputs": [{"name": "a", "shape": [4]}],
    "layers": [
        {"type": "Dense", "units": 4, "name": "left", "inputs": ["a"]},
        {"type": "Dense", "units": 4, "name": "right", "inputs": ["a"]},
        {"type": "Add", "name": "sum", "inputs": ["left", "right"]},
    ],
}
INNER = {"class_name": "Sequential", "config": {"name": "inner", "layers": [
    {"class_name": "InputLayer", "config": {"batch_shape": [None, 8], "name": "x"}},
    {"class_name": "Dense", "config": {"units": 4, "name": "d"}},
]}}  # fmt: skip
NESTED = {
    "class_name": "Sequential",
    "config": {"name": "outer", "layers": [INNER, {"class_name": "Dense", "config": {"units": 2, "name": "d"}}]},
}
MERMAID_BOX = re.compile(r'^\s*(n\d+)\["(.*)"\]$', re.M)
MERMAID_ARROW = re.compile(r'^\s*(n\d+) -->(?:\|"(.*)"\|)? (n\d+)$', re.M)
DOT_BOX = re.compile(r'^\s*(n\d+) \[label="((?:[^"\\]|\\.)*)"', re.M)
DOT_ARROW = re.compile(r'^\s*(n\d+) -> (n\d+)(?: \[label="(.*)"\])?$', re.M)


def entities(text):
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)


def read(form, text):
    """The boxes by their names, and the arrows between them with their shapes."""
    if form == "mermaid":
        boxes = {key: [entities(line) for line in label.split("<br>")] for key, label in MERMAID_BOX.findall(text)}
        arrows = [(a, b, shape) for a, shape, b in MERMAID_ARROW.findall(text)]
    else:
        found = {key: re.split(r"(?<!\\)(?:\\\\)*\\n", label) for key, label in DOT_BOX.findall(text)}
        boxes = {key: [re.sub(r"\\(.)", r"\1", line) for line in lines] for key, lines in found.items()}
        arrows = DOT_ARROW.findall(text)
    return boxes, {(boxes[a][0], boxes[b][0], shape) for a, b, shape in arrows}


@pytest.mark.parametrize("form", DRAWINGS)
def test_report_is_drawn_with_every_row_and_the_shapes_between_them(form):
    boxes, arrows = read(form, draw(form, drawn_report(analyze(TINY))))
    assert list(boxes.values()) == [
        ["input", "28 × 28 × 1"],
        ["conv2d", "Conv2D", "320 params", "26 × 26 × 32"],
        ["flatten", "Flatten", "21632"],
        ["dense", "Dense", "216,330 params", "10"],
    ]
    assert arrows == {
        ("input", "conv2d", "28 × 28 × 1"),
        ("conv2d", "flatten", "26 × 26 × 32"),
        ("flatten", "dense", "21632"),
    }


@pytest.mark.parametrize("form", DRAWINGS)
def test_every_input_of_a_layer_is_an_arrow(form):
    _, arrows = read(form, draw(form, drawn_report(analyze(FORKED))))
    assert arrows == {("a", "left", "4"), ("a", "right", "4"), ("left", "sum", "4"), ("right", "sum", "4")}


@pytest.mark.parametrize(("form", "frame"), [("mermaid", 'subgraph g1["inner"]'), ("dot", 'label="inner"')])
def test_nested_model_has_a_frame(form, frame):
    text = draw(form, drawn_report(analyze(NESTED)))
    assert text.count(frame) == 1
    deep = analyze({"input_shape": [2], "layers": [{"type": "ReLU"}] * 3})
    for n, row in enumerate(deep["layers"]):
        row |= {"name": f"{'m/' * 100}{n}", "inputs": []}
    assert len(draw(form, drawn_report(deep)).split("\n")) < 3 * DEEPEST + 20


@pytest.mark.parametrize("form", DRAWINGS)
def test_difference_marks_what_was_added_changed_and_removed(form):
    after = {
        **TINY,
        "layers": [{**TINY["layers"][0], "filters": 16}, {"type": "ReLU"}, TINY["layers"][1], TINY["layers"][2]],
    }
    there, back = (drawn_difference(compare(*pair)) for pair in ((TINY, after), (after, TINY)))
    kinds = {node.lines[0]: node.kind for node in there.nodes.values()}
    assert (kinds["re_lu"], kinds["conv2d"], kinds["dense"], kinds["input"]) == ("added", "changed", "changed", "input")
    assert {node.lines[0]: node.kind for node in back.nodes.values()}["re_lu"] == "removed"
    boxes, _ = read(form, draw(form, there))
    assert "filters: 32 → 16" in next(lines for lines in boxes.values() if lines[0] == "conv2d")
    _, arrows = read(form, draw(form, back))
    assert ("conv2d", "re_lu", "26 × 26 × 16") in arrows


def test_layers_that_are_named_anew_and_the_same_are_one_box():
    before = {"input_shape": [4], "layers": [{"type": "Dense", "units": 4}, {"type": "Dense", "units": 3}]}
    after = {"input_shape": [4], "layers": [{"type": "ReLU"}, *before["layers"]]}
    drawn = drawn_difference(compare(before, after))
    assert sorted(node.kind for node in drawn.nodes.values()) == ["added", "input", "layer", "layer"]


@pytest.mark.parametrize("form", DRAWINGS)
@given(st.text(max_size=30).filter(bool) | st.sampled_from(sorted(NAMES - {""})))
def test_a_name_is_text_and_nothing_else(form, name):
    report = analyze(TINY)
    for row in report["layers"][:1]:
        row["name"] = name.replace("/", "|")
        report["layers"][1]["inputs"] = [row["name"]]
    report["model"]["name"] = name
    plain = draw(form, drawn_report(analyze(TINY)))
    text = draw(form, drawn_report(report))
    assert len(text.split("\n")) == len(plain.split("\n"))
    boxes, arrows = read(form, text)
    assert (len(boxes), len(arrows)) == (4, 3)
    for label in re.findall(r'"(.*)"', text) if form == "mermaid" else ():
        assert not re.search(r"""[<>"'`&\\{}|]""", label.replace("<br>", "")), label


@pytest.mark.parametrize(("form", "media"), [("mermaid", "text/vnd.mermaid"), ("dot", "text/vnd.graphviz")])
def test_service_and_command_line_draw_the_same(client, tmp_path, form, media):
    for path, body, arguments in (
        ("/v1/analyze", TINY, ["analyze"]),
        ("/v1/diff", {"before": TINY, "after": FORKED}, ["diff"]),
    ):
        answers = [
            client.post(f"{path}?format={form}", json=body),
            client.post(path, json=body, headers={"Accept": media}),
        ]
        files = []
        for name, document in body.items() if path == "/v1/diff" else [("model", TINY)]:
            files.append(tmp_path / f"{name}.json")
            files[-1].write_text(json.dumps(document))
        done = run(*arguments, *map(str, files), "--format", form)
        assert done.returncode == 0, done.stderr
        for answer in answers:
            assert answer.status_code == 200
            assert answer.mimetype == media
            assert answer.text == done.stdout
    assert client.post(f"/v1/check?format={form}&max_params=5", json=TINY).status_code == 422
