"""What the page says of a network is what the service says: colours, table, charts, copies, files."""

import csv
import io
import json
import re
from pathlib import Path

import layercalc
from layercalc.formats.formulas import drawn
from tests.page.browser import expect, visit
from tests.page.test_writing import DATA, dropped, wait_for_total

LENET = layercalc.examples("lenet")
SIZED = {
    "name": "sized",
    "input_shape": ["H", "W", 3],
    "layers": [
        {"type": "Conv2D", "filters": 32, "kernel_size": 3, "strides": 2, "padding": "same"},
        {"type": "MaxPooling2D", "pool_size": 3},
        {"type": "Flatten"},
    ],
}
BLUE = """(figure) => {
  const canvas = figure.querySelector('canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let coloured = 0;
  for (let at = 0; at < data.length; at += 4) coloured += data[at + 3] > 200 && data[at + 2] - data[at] > 60;
  return coloured;
}"""


def saved(visited, click):
    with visited.page.expect_download() as file:
        click()
    return file.value.suggested_filename, Path(file.value.path()).read_text()


def copied(page, button):
    page.evaluate("navigator.clipboard.writeText('nothing')")
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()) !== 'nothing'")
    return page.evaluate("navigator.clipboard.readText()")


def names(page):
    return page.locator(".rows td.name").all_inner_texts()


def figure(page, title):
    return page.locator("figure", has=page.get_by_text(title, exact=True))


def test_boxes_are_coloured_by_the_metric_that_is_chosen(visited):
    rows = {row["name"]: row for row in layercalc.analyze(LENET)["layers"]}
    for metric, title in (("params", "Parameters"), ("flops", "FLOPs")):
        visited.page.get_by_label("Colour by").select_option(metric)
        most = max(rows, key=lambda name: rows[name][metric])
        expect(visited.page.locator(".drawing .s7")).to_have_attribute("data-box", most)
        expect(visited.page.locator(".legend")).to_contain_text(title)
        expect(visited.box(most).locator(".value")).to_have_text(visited.page.locator(".legend span").last.inner_text())
    expect(visited.box("flatten")).to_have_class(re.compile(r"\bs0\b"))
    expect(visited.page.locator(".legend rect")).to_have_count(8)


def test_minimap_shows_where_the_view_is_and_moves_it(visited):
    visited.example("ResNet50")
    wait_for_total(visited, "Parameters", "25,636,712")
    minimap, content = visited.page.locator(".minimap"), visited.page.locator(".drawing > g")
    minimap.wait_for()
    expect(minimap.locator("rect")).to_have_count(int(visited.page.locator(".drawing").get_attribute("data-boxes")) + 1)
    placed, sight = content.get_attribute("transform"), minimap.locator(".sight").get_attribute("y")
    box = minimap.bounding_box()
    visited.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 6)
    expect(content).not_to_have_attribute("transform", placed)
    expect(minimap.locator(".sight")).not_to_have_attribute("y", sight)
    visited.box("predictions").wait_for()
    visited.page.get_by_role("button", name="Fit the whole network").click()
    minimap.wait_for(state="detached")


def test_newer_question_cancels_the_older_one(visited):
    wait_for_total(visited, "Parameters", "61,706")
    page, held = visited.page, []
    page.route("**/v1/analyze", lambda route: held.append(route) if not held else route.continue_())
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/v1/analyze")) as failed:
        with page.expect_request("**/v1/analyze"):
            visited.write('{"input_shape": [8], "layers": [{"type": "Dense", "units": 3}]}')
        visited.write('{"input_shape": [8], "layers": [{"type": "Dense", "units": 4}]}')
    assert '"units": 3' in failed.value.post_data
    wait_for_total(visited, "Parameters", "36")


def test_table_is_sorted_filtered_and_copied_with_the_columns_that_are_chosen(browser, address):
    rows = layercalc.analyze(LENET)["layers"]
    shown = [row["name"] for row in rows]
    with visit(browser, address, permissions=["clipboard-read", "clipboard-write"]) as visited:
        page = visited.page
        wait_for_total(visited, "Parameters", "61,706")
        assert names(page) == shown
        head = page.get_by_role("columnheader", name="Params", exact=False).first
        for sort in ("descending", "ascending"):
            head.get_by_role("button").click()
            expect(head).to_have_attribute("aria-sort", sort)
            expected = sorted(rows, key=lambda row: row["params"], reverse=sort == "descending")
            assert names(page) == [row["name"] for row in expected]
        head.get_by_role("button").click()
        expect(head).not_to_have_attribute("aria-sort", re.compile("."))
        assert names(page) == shown
        page.get_by_label("Filter layers").fill("conv")
        expect(page.locator(".table .count")).to_have_text("2 of 8 layers")
        assert names(page) == ["conv2d", "conv2d_1"]
        page.locator("summary", has_text="Columns").click()
        page.get_by_label("Live bytes", exact=True).check()
        page.get_by_label("FLOPs", exact=True).uncheck()
        page.keyboard.press("Escape")
        expect(page.locator(".rows thead th")).to_have_text(["Layer", "Type", "Output shape", "Params", "Live bytes"])
        kept = [row for row in rows if row["type"] == "Conv2D"]
        table = list(csv.reader(io.StringIO(copied(page, "CSV"))))
        assert table[0] == ["Layer", "Type", "Output shape", "Params", "Live bytes"]
        assert [(name, int(params), int(live)) for name, _, _, params, live in table[1:]] == [
            (row["name"], row["params"], row["live_bytes"]) for row in kept
        ]
        lines = copied(page, "Copy Markdown").splitlines()
        assert lines[1] == "| --- | --- | --- | ---: | ---: |"
        assert lines[2].startswith("| conv2d | Conv2D | (None, 28, 28, 6) | 156 | ")
        assert len(lines) == 4
        page.get_by_label("Filter layers").fill("nothing like it")
        page.get_by_text("No layer is called so.").wait_for()


def test_rows_stand_in_a_tree_of_the_modules_that_a_report_has(browser, address):
    body = (DATA / "torch" / "transformer_encoder.pt2").read_bytes()
    report = layercalc.analyze(body)
    rows, modules = [row["name"] for row in report["layers"]], report["modules"]
    first = modules[-1]  # three deep
    inside = rows[rows.index(first["first"]) : rows.index(first["last"]) + 1]
    with visit(browser, address, permissions=["clipboard-read", "clipboard-write"]) as visited:
        page = visited.tab("Table").page
        dropped(visited, "transformer_encoder.pt2", body)
        wait_for_total(visited, "Parameters", f"{report['totals']['params']:,}")
        module = page.locator(".rows tr.module", has=page.get_by_label(f"Rows of {first['name']}", exact=True))
        expect(page.locator(".rows tr.module")).to_have_count(len(modules))
        expect(module.locator("td.num").first).to_have_text(f"{first['params']:,}")
        page.get_by_label(f"Rows of {first['name']}", exact=True).press("Enter")
        expect(module.get_by_role("button")).to_have_attribute("aria-expanded", "false")
        told = page.locator(".rows td.name").evaluate_all("cells => cells.map((cell) => cell.title)")
        assert [name for name in rows if name not in told] == inside
        assert first["name"] in told
        page.get_by_role("button", name="Unfold all").click()
        page.get_by_role("button", name="Fold all", exact=True).click()
        expect(page.locator(".rows tr.module")).to_have_count(sum(one["depth"] == 1 for one in modules))
        lines = list(csv.reader(io.StringIO(copied(page, "CSV"))))
        assert [line[0] for line in lines[1:]] == rows
        page.get_by_label("Filter layers").fill("conv")
        expect(page.locator(".rows tr.module")).to_have_count(0)


def test_charts_draw_live_memory_receptive_field_and_the_roofline_of_a_device(visited):
    report = layercalc.analyze(LENET, device="raspberry-pi-5")
    page = visited.page
    wait_for_total(visited, "Parameters", "61,706")
    page.get_by_label("Device").focus()
    page.get_by_label("Device").select_option("raspberry-pi-5")
    visited.tab("Charts")
    live = figure(page, "Live activations along the run")
    expect(live.locator(".said")).to_contain_text(f"at {report['memory']['peak_layer']}")
    seen = [row["receptive_field"]["size"][0] for row in report["layers"] if row["receptive_field"]]
    field = figure(page, "Receptive field along the first axis")
    expect(field.locator(".said")).to_contain_text(f"at the end {[one for one in seen if one][-1]}")
    roofline = figure(page, "Roofline on Raspberry Pi 5")
    expect(roofline.locator(".said")).to_contain_text("at least")
    for one in (live, field, roofline):
        page.wait_for_function(f"(figure) => ({BLUE})(figure) > 20", arg=one.element_handle())
    over = live.locator(".u-over")
    over.scroll_into_view_if_needed()
    over.hover()  # in the middle
    expect(live.locator(".said")).to_have_text(re.compile(r"^(dense|flatten|average_pooling2d_1|conv2d_1): "))
    over.click()
    name = live.locator(".said").inner_text().split(":")[0]
    expect(page.locator(".detail h2")).to_have_text(name)
    visited.tab("Table")
    expect(page.locator(".rows thead th", has_text="Least time")).to_have_count(1)


def test_report_and_texts_are_downloaded_as_the_service_writes_them(visited):
    page = visited.page
    visited.write(json.dumps({"name": "huge", "input_shape": [3], "layers": [{"type": "Dense", "units": 10**17 + 1}]}))
    wait_for_total(visited, "Parameters", f"{4 * (10**17 + 1):,}")
    page.get_by_label("Count also as").focus()
    page.get_by_label("Count also as").select_option("fvcore")
    page.locator(".totals dt", has_text="fvcore").wait_for()
    menu = page.locator("summary", has_text="Download")

    def chosen(name):
        menu.click()
        return saved(visited, page.locator(".menu[open]").get_by_role("button", name=name).click)

    name, text = chosen("Report")
    assert name == "huge.report.json"
    assert json.loads(text)["totals"]["params"] == 4 * (10**17 + 1)
    assert "fvcore" in json.loads(text)["conventions"]
    assert chosen("Mermaid")[1].startswith("flowchart")
    assert chosen("DOT")[1].startswith("digraph")
    assert "| dense" in chosen("Markdown")[1]
    visited.write("nothing that is read")
    page.locator(".faults .fault").wait_for()
    menu.click()
    expect(page.locator(".menu[open]").get_by_role("button", name="Report")).to_be_disabled()


def test_named_sizes_are_shown_as_formulas_in_signs(visited):
    page = visited.page
    report = layercalc.analyze(SIZED)
    visited.write(json.dumps(SIZED))
    row = page.get_by_role("row", name=re.compile("^conv2d "))
    expect(row).to_contain_text("(None, ⌈H/2⌉, ⌈W/2⌉, 32)")
    expect(row).to_contain_text(drawn(report["layers"][0]["formulas"]["flops"]))
    page.locator(".drawing .shape", has_text="⌈H/2⌉ × ⌈W/2⌉ × 32").wait_for()
    page.locator(".drawing .shape", has_text="H × W × 3").wait_for()
    for key, title in (("flops", "FLOPs"), ("peak_activation_bytes", "Peak activations")):
        total = page.locator(".totals > div", has=page.get_by_text(title, exact=True)).locator("dd")
        expect(total).to_have_attribute("title", drawn(report["totals"]["formulas"][key]))
    row.click()
    page.locator(".detail .formulas", has_text=drawn(report["layers"][0]["formulas"]["live_bytes"])).wait_for()
    expect(visited.box("conv2d").locator(".value")).to_have_text("896")
    page.get_by_label("Colour by").select_option("flops")
    expect(visited.box("conv2d").locator(".value")).to_have_text("f(H, W)")
    page.get_by_label("Sizes").fill("H = 32 .. 512, W=64")
    page.locator(".rows td", has_text="(None, ⌈H/2⌉, 32, 32)").wait_for()
    page.get_by_label("Sizes").fill("H=96; W=64")
    exact = layercalc.analyze(SIZED, dims={"H": 96, "W": 64})["totals"]["flops"]
    wait_for_total(visited, "FLOPs", f"{exact:,}")
    page.get_by_label("Sizes").fill("H=none")
    page.locator(".options .wrong").wait_for()
    page.get_by_label("Sizes").fill("")
    page.get_by_label("Input shape").fill("H × 64 × 3")
    page.locator(".rows td", has_text="(None, ⌈H/2⌉, 32, 32)").wait_for()


def test_what_is_no_model_is_said_and_not_left_standing(visited):
    page = visited.page
    visited.box("conv2d").wait_for()
    visited.write('{"input_shape": [8], "layers": [')
    page.locator(".drawing.stale [data-box=conv2d]").wait_for(state="attached")
    page.get_by_text("Drawn as it was before the fault.").wait_for()
    page.get_by_text("No layer could be read yet").wait_for()
    visited.write(" ")
    expect(page.locator(".drawing .box")).to_have_count(0)
    page.get_by_text("The network is drawn here as it is written.").wait_for()
    page.get_by_text("or begin with one of the examples").wait_for()
    expect(page.locator(".rows tfoot")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("nothing yet")
