"""What somebody does with a model on the page: fold, compare, limit, run, share, by mouse and by keyboard."""

import gzip
import json
import re
from pathlib import Path

import pytest

import layercalc
from tests.page.browser import Visit, expect, served, visit
from tests.page.test_writing import DATA, dropped, wait_for_total

TINY = {
    "name": "tiny",
    "input_shape": [28, 28, 1],
    "layers": [{"type": "Conv2D", "filters": 8, "kernel_size": 3}, {"type": "Flatten"}, {"type": "Dense", "units": 10}],
}
WIDER = {**TINY, "layers": [{**TINY["layers"][0], "filters": 16}, {"type": "ReLU"}, *TINY["layers"][1:]]}


def test_repeated_blocks_are_folded_and_open(visited):
    visited.example("ResNet50")
    block = visited.page.locator('.drawing [data-box^="block:conv2_block1"]')
    block.wait_for()
    expect(visited.box("conv2_block1_1_conv")).to_have_count(0)
    block.click()
    visited.box("conv2_block1_1_conv").wait_for(state="attached")
    visited.page.get_by_role("button", name="Fold block").click()
    block.wait_for()
    visited.page.get_by_label("Find a layer").fill("conv5_block3_2_conv")
    visited.page.get_by_label("Find a layer").press("Enter")
    visited.page.locator(".drawing .match").wait_for()


def test_cells_of_which_each_reads_the_two_before_it_are_folded(visited):
    visited.write("keras.applications.NASNetMobile(weights=None)\n")
    wait_for_total(visited, "Parameters", "5,326,716")
    expect(visited.page.locator(".drawing")).to_have_attribute("data-boxes", re.compile(r"^\d\d$"))
    visited.page.get_by_label("Find a layer").fill("normal_concat_6")
    visited.page.get_by_label("Find a layer").press("Enter")
    visited.page.locator('.drawing .match[data-box^="block:"]').wait_for()


def test_rows_of_a_file_are_folded_by_the_modules_it_was_exported_from(visited):
    dropped(visited, "resnet18.onnx", gzip.decompress((DATA / "onnx" / "resnet18.dy.onnx.gz").read_bytes()))
    visited.page.locator('.drawing [data-box="model:layer1"]').click()
    visited.page.locator('.drawing [data-box="model:layer1.0"]').wait_for()
    dropped(visited, "unet.pt2", (DATA / "torch" / "unet.pt2").read_bytes())
    visited.page.locator('.drawing [data-box="model:inc"]').click()
    visited.page.locator('.drawing [data-box="inc.double_conv.0"]').wait_for()


def test_nested_model_is_folded(visited):
    visited.write(
        "inner = keras.Sequential([keras.Input((8,)), layers.Dense(4, name='d')], name='inner')\nmodel = keras.Sequential([keras.Input((8,)), inner, layers.Dense(2)])\n"
    )
    box = visited.page.locator('.drawing [data-box="model:inner"]')
    box.click()
    visited.box("inner/d").wait_for()


def test_difference_from_a_pinned_model_is_shown(visited):
    visited.write(json.dumps(TINY))
    wait_for_total(visited, "Parameters", "54,170")
    visited.tab("Compare").page.get_by_role("button", name=re.compile("Pin this model")).click()
    visited.write(json.dumps(WIDER))
    changed = visited.page.locator(".changes .changed", has_text="filters: 8 → 16")
    changed.wait_for()
    visited.page.locator(".changes .added", has_text="re_lu").wait_for()
    visited.page.locator(".drawing .added[data-box=re_lu]").wait_for()
    visited.page.locator(".drawing .changed[data-box=conv2d]").wait_for()
    visited.tab("Table").page.locator(".rows tr.changed", has_text="dense").wait_for()


def test_layers_that_are_gone_are_drawn_where_they_stood(visited):
    visited.write(json.dumps(WIDER))
    wait_for_total(visited, "Parameters", f"{160 + 26 * 26 * 16 * 10 + 10:,}")
    visited.tab("Compare").page.get_by_role("button", name=re.compile("Pin this model")).click()
    visited.write(json.dumps({**WIDER, "layers": [WIDER["layers"][0], *WIDER["layers"][2:]]}))
    visited.page.locator(".changes .removed", has_text="re_lu").wait_for()
    visited.page.locator('.drawing .removed[data-box="re_lu (before)"]').wait_for()
    expect(visited.page.locator(".drawing .arrow")).to_have_count(
        5
    )  # of the four boxes of now, and to and from what is gone


def test_budget_that_is_passed_turns_red_with_the_layer_to_blame(visited):
    visited.write(json.dumps(TINY))
    visited.tab("Budgets").page.get_by_label("Parameters", exact=True).and_(visited.page.locator("input")).fill("50K")
    limit = visited.page.locator(".limit.passed-over")
    limit.get_by_role("button", name="dense").click()
    visited.page.locator(".detail h2", has_text="dense").wait_for()
    visited.page.locator(".totals .over", has_text="54,170").wait_for()
    with visited.page.expect_download() as file:
        visited.page.get_by_role("button", name="Download layercalc.yaml").click()
    assert '{metric: params, max: "50K"}' in Path(file.value.path()).read_text()
    visited.page.get_by_label("Parameters", exact=True).and_(visited.page.locator("input")).fill("60K")
    visited.page.locator(".limit.held").wait_for()


def test_pass_runs_and_its_shapes_are_verified(visited):
    visited.write(json.dumps(TINY))
    wait_for_total(visited, "Parameters", "54,170")
    visited.tab("Run").page.get_by_role("button", name="Run forward pass").click()
    visited.page.locator(".run .fine", has_text="All 3 shapes are as analysed").wait_for()
    expect(visited.page.locator(".run tbody tr")).to_have_count(3)


def test_link_opens_the_document_in_a_fresh_profile(visited, browser, address):
    asked = []
    visited.page.on("request", lambda request: asked.append(request.url))
    visited.write(json.dumps(WIDER))
    wait_for_total(visited, "Parameters", f"{160 + 26 * 26 * 16 * 10 + 10:,}")
    visited.page.get_by_label("Batch", exact=True).fill("3")
    visited.page.get_by_role("button", name="Share").click()
    visited.page.wait_for_function("() => location.hash.startsWith('#d=')")
    with visit(browser, address) as other:
        other.page.goto(visited.page.url)
        other.page.reload()
        wait_for_total(other, "Parameters", f"{160 + 26 * 26 * 16 * 10 + 10:,}")
        expect(other.page.get_by_label("Batch", exact=True)).to_have_value("3")
    assert not any("#" in url or "d=" in url for url in asked)


def test_last_document_is_kept_in_this_browser(visited):
    visited.write(json.dumps({**TINY, "name": "kept_one"}))
    wait_for_total(visited, "Parameters", "54,170")
    visited.page.wait_for_function("() => (localStorage.getItem('layercalc.recent') ?? '').includes('kept_one')")
    visited.open()
    wait_for_total(visited, "Parameters", "54,170")
    visited.page.locator("summary", has_text="Recent").click()
    visited.page.get_by_role("button", name="kept_one").wait_for()


@pytest.mark.parametrize(("name", "begins"), [("SVG", b"<svg"), ("PNG", b"\x89PNG")])
def test_network_is_saved_as_a_picture(visited, name, begins):
    visited.example("unet")
    wait_for_total(visited, "Parameters", "8,630,563")
    visited.page.wait_for_function("() => document.querySelector('.drawing').dataset.boxes == 32")
    with visited.page.expect_download() as file:
        visited.page.get_by_role("button", name=name, exact=True).click()
    content = Path(file.value.path()).read_bytes()
    assert content.startswith(begins)
    assert len(content) > 5000


def test_everything_can_be_reached_by_the_keyboard(visited):
    page = visited.page
    visited.box("conv2d").wait_for()
    page.locator(".frame").focus()
    for name in ("input", "conv2d"):
        page.keyboard.press("ArrowDown")
        expect(visited.box(name)).to_have_class(re.compile(r"\bselected\b"))
    page.locator(".detail h2", has_text="conv2d").wait_for()
    page.keyboard.press("Escape")
    page.locator(".detail").wait_for(state="detached")
    page.get_by_role("tab", name="Table").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("tab", name="Charts", selected=True).wait_for()
    page.locator("summary", has_text="Settings").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Dark").wait_for()
    page.keyboard.press("Escape")
    page.get_by_label("Dark").wait_for(state="hidden")
    seen = set()
    page.locator(".mark").focus()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate("(document.activeElement.ariaLabel || document.activeElement.textContent || '').slice(0, 12)")
        )
    assert {"Examples", "Open", "Share", "Find a layer", "Table"} & seen >= {"Open", "Share", "Find a layer"}


def test_key_is_asked_for_and_kept_for_the_session(browser, tmp_path):
    from layercalc.keys import new_key

    key, line = new_key("page")
    (tmp_path / "keys").write_text(line + "\n")
    with served(api_keys_file=tmp_path / "keys") as address:
        visit = Visit(browser, address).open()
        visit.page.locator(".key-wanted").wait_for()
        visit.page.locator(".key-wanted input").fill(key)
        visit.page.locator(".key-wanted button").click()
        wait_for_total(visit, "Parameters", "61,706")
        assert key in visit.page.evaluate("JSON.stringify(sessionStorage)")
        assert key not in visit.page.evaluate("JSON.stringify(localStorage)")
        visit.context.close()
        assert [one for one in visit.complaints if "401" not in one] == []


def test_large_network_is_laid_out_and_moves_without_another_layout(visited):
    page = visited.page
    visited.write("keras.applications.NASNetLarge(weights=None)\n")
    page.get_by_role("button", name="Unfold all").click()
    drawing, content = page.locator(".drawing"), page.locator(".drawing > g")
    expect(drawing).to_have_attribute("data-boxes", "1041")
    taken, placed = drawing.get_attribute("data-milliseconds"), content.get_attribute("transform")
    page.get_by_role("button", name="Zoom out").click()
    expect(content).not_to_have_attribute("transform", placed)
    placed = content.get_attribute("transform")
    box = page.locator(".frame").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 100, steps=5)
    page.mouse.up()
    expect(content).not_to_have_attribute("transform", placed)
    expect(drawing).to_have_attribute("data-milliseconds", taken)  # benchmarks/page.py says how long it takes


def test_time_from_the_pause_to_the_table_is_measured(visited):
    """One measure for each table that is drawn, which benchmarks/page.py reads: no test bounds it on a busy machine."""
    wait_for_total(visited, "Parameters", "61,706")
    visited.page.evaluate("performance.clearMeasures()")
    visited.page.locator(".cm-content").press("Control+End")
    visited.page.keyboard.type(" ")
    visited.page.wait_for_function("() => performance.getEntriesByName('layercalc:drawn').length === 1")
    assert visited.page.evaluate("performance.getEntriesByName('layercalc:drawn')[0].duration") > 0


def test_first_analysis_is_asked_for_before_the_page_is_there(browser, address):
    held = []
    shown = Visit(browser, address)
    shown.page.route("**/page/app.js", lambda route: held.append(route))
    with shown.page.expect_request("**/page/app.js"), shown.page.expect_response("**/v1/analyze"):
        shown.page.goto(address, wait_until="commit")
    expect(shown.page.locator("#app > *")).to_have_count(0)
    while not held:
        shown.page.wait_for_timeout(10)
    held[0].continue_()
    wait_for_total(shown, "Parameters", "61,706")
    assert shown.page.evaluate("performance.getEntriesByName('layercalc:asked').length") == 1
    shown.close()


def test_gallery_is_the_list_of_the_service(visited):
    visited.page.locator("summary", has_text="Examples").click()
    sheet = visited.page.locator(".menu[open] .sheet")
    for one in layercalc.examples():
        sheet.get_by_text(one["name"], exact=True).wait_for()
    sheet.get_by_text("two-towers", exact=True).click()
    wait_for_total(visited, "Parameters", f"{2 * (16 * 8 + 8) + 16 + 1}")
    visited.page.locator(".cm-line", has_text='{"type": "Dense", "name": "of_left"').wait_for()


CENTRED = """() => {
  const [box, frame] = [".drawing .faulty", ".frame"].map((one) => document.querySelector(one)?.getBoundingClientRect());
  return box && Math.abs(box.x + box.width / 2 - frame.x - frame.width / 2) < 10;
}"""


def test_document_that_is_opened_is_fitted_to_the_frame(visited):
    visited.example("unet")
    wait_for_total(visited, "Parameters", "8,630,563")
    visited.example("One that does not fit")
    visited.page.wait_for_function(CENTRED)
