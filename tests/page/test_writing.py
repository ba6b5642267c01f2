"""What somebody sees who writes a model on the page: shapes, faults, files, completion."""

import gzip
import json
import re
import time
from base64 import b64encode
from pathlib import Path

import pytest

from tests.page.browser import expect

DATA = Path(__file__).parents[1] / "data"
TUTORIAL = """model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
    layers.MaxPooling2D(pool_size=(2, 2)),
    layers.Flatten(),
    layers.Dense(10),
])
"""
DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], name));
  window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def dropped(visited, name, content):
    visited.page.evaluate(DROP, [name, b64encode(content).decode()])


def total(visited, name):
    return visited.page.locator(".totals > div", has=visited.page.get_by_text(name, exact=True)).locator("dd")


def wait_for_total(visited, name, value):
    visited.page.wait_for_function(
        "([name, value]) => [...document.querySelectorAll('.totals > div')].some("
        "(one) => one.querySelector('dt').textContent === name && one.querySelector('dd').textContent === value)",
        arg=[name, value],
    )


def test_lines_of_a_tutorial_are_drawn_as_they_are_typed(visited):
    visited.write(TUTORIAL)
    visited.box("conv2d").wait_for()
    visited.page.locator(".drawing .shape", has_text="26 × 26 × 32").wait_for()
    wait_for_total(visited, "Parameters", "54,410")
    expect(visited.page.get_by_role("heading", level=1)).to_contain_text("sequential")
    visited.page.get_by_role("row", name=re.compile("max_pooling2d")).get_by_text("(None, 13, 13, 32)").wait_for()


def test_typing_is_followed_by_one_question_after_a_pause(visited):
    visited.write(TUTORIAL)
    wait_for_total(visited, "Parameters", "54,410")
    asked = []
    visited.page.on("request", lambda request: asked.append(request) if request.url.endswith("/v1/analyze") else None)
    visited.page.locator(".cm-content").press("Control+End")
    visited.page.clock.install()
    visited.page.clock.pause_at(time.time() + 60)  # so that a slow machine makes no pause of its own
    visited.page.keyboard.type("layers.Dense(5)")
    visited.page.clock.run_for(149)
    assert not asked
    with visited.page.expect_request("**/v1/analyze"):
        visited.page.clock.run_for(1)
    visited.page.clock.resume()
    wait_for_total(visited, "Parameters", "54,410")
    assert len(asked) == 1


def test_fault_is_underlined_with_its_message_and_drawn_up_to(visited):
    visited.write(TUTORIAL.replace("(3, 3)", "(33, 33)"))
    mark = visited.page.locator(".cm-lintRange-error")
    mark.wait_for()
    expect(mark).to_have_text("(33, 33)")
    visited.page.locator(".faults", has_text="window does not fit in [28, 28]").wait_for()
    visited.box("conv2d").and_(visited.page.locator(".faulty")).wait_for()
    visited.page.locator(".faults .where").click()
    visited.page.wait_for_function("() => document.activeElement.className === 'editor'")


@pytest.mark.parametrize(("text", "marked"), [
    ('{"input_shape": [8], "layers": [{"type": "Dense", "units": 4, "unit": 3}]}', "3"),
    ('{"input_shape": [8], "layers": [{"type": "Dens", "units": 4}]}', '"Dens"'),
    ("Dense(4, input_shape=(8,))\nDense(unts=3)", "3"),
])  # fmt: skip
def test_fault_of_a_name_is_underlined_where_it_stands(visited, text, marked):
    visited.write(text)
    visited.page.locator(".cm-lintRange-error", has_text=re.compile(f"^{re.escape(marked)}$")).first.wait_for()


def test_dropped_json_of_keras_is_read_and_given_line_breaks(visited):
    dropped(visited, "vgg16.json", gzip.decompress((DATA / "keras_apps" / "VGG16.model.json.gz").read_bytes()))
    wait_for_total(visited, "Parameters", "138,357,544")
    visited.box("block1_conv1").or_(visited.page.locator('[data-box^="block:block1"]')).first.wait_for()
    visited.page.locator(".cm-line").nth(20).wait_for(state="attached")


@pytest.mark.parametrize("pattern", ["keras_files/*.keras", "onnx/lenet.dy.onnx.gz", "torch/alexnet.pt2"])
def test_file_that_is_no_text_is_sent_as_it_is(visited, pattern):
    file = min(DATA.glob(pattern))
    content = file.read_bytes()
    dropped(visited, file.name, gzip.decompress(content) if file.suffix == ".gz" else content)
    visited.page.get_by_role("heading", name=file.name).wait_for()
    visited.page.locator(".rows tbody tr").first.wait_for()


def test_layer_types_and_arguments_are_completed(visited):
    visited.write('{"input_shape": [8], "layers": [{"type": "Dense", ')
    visited.page.keyboard.type('"uni')
    visited.page.locator(".cm-tooltip-autocomplete", has_text="units").wait_for()
    visited.page.keyboard.press("Escape")
    visited.write('{"input_shape": [3, 8, 8], ')
    visited.page.keyboard.type('"voc')
    visited.page.locator(".cm-tooltip-autocomplete", has_text="vocabulary").wait_for()
    visited.page.keyboard.press("Escape")
    visited.write('{"vocabulary": ')
    visited.page.keyboard.type('"to')
    visited.page.locator(".cm-tooltip-autocomplete", has_text="torch").wait_for()
    visited.page.keyboard.press("Escape")
    visited.write('{"vocabulary": "torch", "input_shape": [3, 8, 8], "layers": [{"type": "Conv2d", ')
    visited.page.keyboard.type('"in_')
    visited.page.locator(".cm-tooltip-autocomplete", has_text="in_channels").wait_for()
    visited.page.keyboard.press("Escape")
    visited.write("")
    visited.page.keyboard.type("keras.layers.Conv2DT")
    visited.page.locator(".cm-tooltip-autocomplete", has_text="Conv2DTranspose").wait_for()


def test_input_shape_batch_and_convention_are_asked_for(visited):
    visited.write("layers.Dense(4)\n")
    visited.page.locator(".faults", has_text="input_shape").wait_for()
    visited.page.get_by_label("Input shape").fill("8")
    wait_for_total(visited, "Parameters", "36")
    visited.page.get_by_label("Batch", exact=True).fill("10")
    wait_for_total(visited, "MACs", "320")
    visited.page.get_by_label("Count also as").focus()
    visited.page.get_by_label("Count also as").locator("option", has_text="fvcore").wait_for(state="attached")
    visited.page.get_by_label("Count also as").select_option("fvcore")
    visited.page.locator(".totals dt", has_text="fvcore").wait_for()
    visited.page.locator(".rows th", has_text="fvcore").wait_for()


def test_selection_is_one_in_text_graph_and_table(visited):
    visited.box("dense_1").click()
    visited.page.locator(".detail", has_text="120·84 kernel").wait_for()
    visited.page.locator(".rows tr.selected", has_text="dense_1").wait_for()
    expect(visited.page.locator(".cm-line.linked")).to_contain_text('"units": 84')
    visited.page.locator(".cm-line", has_text='"units": 120').click()
    visited.page.locator(".rows tr.selected td.name", has_text=re.compile("^dense$")).wait_for()
    expect(visited.box("dense")).to_have_class(re.compile(r"\bselected\b"))
    visited.page.locator(".rows td.name", has_text=re.compile("^conv2d$")).click()
    visited.page.locator(".detail h2", has_text="conv2d").wait_for()


@pytest.mark.parametrize(("text", "offered", "mended", "params"), [
    ("Conv2D(32, kernel_size=(33, 33), input_shape=(28, 28, 1))", "Change to 28", "kernel_size=28", "25,120"),
    ('{"input_shape": [8, 8, 1], "layers": [{"type": "Conv2D", "filters": 2, "kernel_size": [9, 3]}]}', "Set kernel_size to [8, 3]", '"kernel_size": [8, 3]', "50"),
    ('{"input_shape": [8], "layers": [{"type": "Dense", "unit": 4}]}', "Rename unit to units", '"units": 4', "36"),
    ('{"vocabulary": "torch", "input_shape": [1, 8, 8], "layers": [{"type": "MaxPool2d", "kernel_size": [9, 2]}, {"type": "Flatten"}, {"type": "Linear", "in_features": 32, "out_features": 1}]}', "Set kernel_size to [8, 2]", '"kernel_size": [8, 2]', None),
    ("Dens(4, input_shape=(8,))\nDense(unit=4, input_shape=(8,))", "Change to units", "units=4", None),
])  # fmt: skip
def test_change_that_is_offered_is_made_on_a_click(visited, text, offered, mended, params):
    visited.write(text)
    visited.page.locator(".faults .primary", has_text=offered).click()
    visited.page.locator(".cm-content", has_text=mended).wait_for()
    if params:
        wait_for_total(visited, "Parameters", params)
        expect(visited.page.locator(".cm-lintRange-error")).to_have_count(0)


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</style><style>*{display:none}</style>",
    "javascript:alert(1)",
    "url(//example.org/x)",
    "${alert(1)}{{7*7}}",
    '" onload=alert(1) x="',
    "‮drow",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_and_nothing_else(visited, name):
    said = []
    visited.page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    layers = [
        {"type": "Dense", "units": 4, "name": name.replace("/", "|")},
        {"type": "Dense", "units": 10**6, "activation": name},
    ]
    visited.write(json.dumps({"name": name, "input_shape": [8], "layers": layers[:1]}))
    drawn = "(name) => document.querySelector('.rows td.name')?.textContent === name"
    visited.page.wait_for_function(drawn, arg=layers[0]["name"])
    visited.page.wait_for_function("(name) => document.querySelector('h1').textContent === name", arg=name)
    for view in ("Charts", "Compare", "Budgets", "Run", "Vary", "Table"):
        visited.tab(view)
    visited.page.locator(".rows td.name").first.click()
    visited.write(json.dumps({"name": name, "input_shape": [8], "layers": layers}))
    visited.page.locator(".faults li").first.wait_for()
    assert visited.page.locator("#app img, #app script, #app style, #app iframe").count() == 0
    assert visited.page.evaluate("getComputedStyle(document.body).display") == "block"
    assert not said
