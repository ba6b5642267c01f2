"""One number varied, or the size that a name stands for: the curve is what the analyses of its values say."""

import gzip
import json
import re
from pathlib import Path

import layercalc
from tests.page.browser import expect
from tests.page.test_numbers import SIZED
from tests.page.test_writing import DATA, dropped, total, wait_for_total

DENSE = {
    "name": "dense",
    "input_shape": [20],
    "layers": [{"type": "Dense", "units": 64}, {"type": "Dense", "units": 3}],
}
CODE = """model = keras.Sequential([
    keras.Input((8, 8, 1)),
    layers.Conv2D(4, kernel_size=3),  # of 8 by 8
])
"""


def with_units(units):
    return {**DENSE, "layers": [{**DENSE["layers"][0], "units": units}, DENSE["layers"][1]]}


def asked_of(page):
    """The routes that are asked from now on."""
    asked = []
    page.on("request", lambda request: asked.append(request.url.partition("/v1/")[2].partition("?")[0]))
    return asked


def chosen(page, field, value):
    page.locator(".vary").get_by_label(field, exact=True).fill(value)


def test_number_that_is_clicked_on_is_varied_by_one_sweep(visited):
    page, limit = visited.page, 2500
    visited.write(json.dumps(DENSE))
    wait_for_total(visited, "Parameters", f"{layercalc.analyze(DENSE)['totals']['params']:,}")
    visited.tab("Budgets").page.locator("#limit-params").fill("2.5K")
    visited.tab("Vary")
    page.get_by_text("Click on a number in the text").wait_for()
    asked = asked_of(page)
    page.locator(".cm-content").get_by_text("64", exact=True).click()
    expect(page.locator(".vary select").first.locator("option:checked")).to_have_text("units = 64")
    page.get_by_label("see").select_option("params")
    for field, value in (("from", "90"), ("to", "120"), ("step", "3")):
        chosen(page, field, value)
    params = {units: layercalc.analyze(with_units(units))["totals"]["params"] for units in range(90, 121, 3)}
    last = max(units for units, n in params.items() if n <= limit)
    held = page.locator(".vary .fine", has_text=f"2.5K holds up to units = {last}: ")
    expect(held).to_contain_text(re.compile(rf"{params[last] / 1000:.2f}".rstrip("0")))
    page.locator(".vary .soft", has_text=f"units = {last + 3}: ").wait_for()
    assert "sweep" in asked
    assert asked.count("analyze") <= 1  # of the layer that the click selected, explained
    page.locator(".vary .u-over").click()
    button = page.get_by_role("button", name=re.compile(r"Set units to \d+"))
    units = int(button.inner_text().split()[-1])
    assert units in params
    button.click()
    wait_for_total(visited, "Parameters", f"{params[units]:,}")
    expect(page.locator(".vary select").first.locator("option:checked")).to_have_text(f"units = {units}")
    chosen(page, "to", "10")
    page.get_by_text("The range has no value").wait_for()
    chosen(page, "to", "1000000")
    page.get_by_text("At most 400 values").wait_for()


def test_number_of_code_is_varied_by_an_analysis_of_each_value(visited):
    page = visited.page
    visited.write(CODE)
    wait_for_total(visited, "Parameters", "40")
    visited.tab("Vary")
    visited.box("conv2d").click()
    choice = page.locator(".vary select").first
    expect(choice.locator("option")).to_have_text(["nothing yet", "Conv2D(…) = 4", "kernel_size = 3"])
    choice.select_option(label="kernel_size = 3")
    page.get_by_label("see").select_option("params")
    for field, value in (("from", "6"), ("to", "10"), ("step", "1")):
        chosen(page, field, value)
    page.locator(
        ".vary .soft", has_text="2 of 5 values are no network: A [9, 9] window does not fit in [8, 8]"
    ).wait_for()
    said = page.locator(".vary .said")
    expect(said).to_have_text(f"6: {4 * 37} … 10: unknown")
    chosen(page, "to", "8")
    expect(said).to_have_text(f"6: {4 * 37} … 8: {4 * 65}")


def test_size_by_name_is_varied_by_its_formula(visited):
    page = visited.page
    visited.write(json.dumps(SIZED))
    total(visited, "FLOPs").and_(page.locator(".formula")).wait_for()
    visited.tab("Budgets").page.locator("#limit-peak_activation_bytes").fill("2MiB")
    visited.tab("Vary")
    asked = asked_of(page)
    page.get_by_label("see").select_option("peak_activation_bytes")
    for field, value in (("from", "1"), ("to", "300"), ("step", "1")):
        chosen(page, field, value)

    def peak(height, width):
        return layercalc.analyze(SIZED, dims={"H": height, "W": width})["totals"]["peak_activation_bytes"]

    page.locator(".vary .wrong", has_text="holds for no value from 1 on").wait_for()
    page.locator(".vary .soft", has_text="H = 1: The formulas hold where").wait_for()
    chosen(page, "from", "10")
    said = page.locator(".vary .fine")
    expect(said).to_have_text(re.compile(r"2MiB holds up to H = \d+: "))
    last = int(said.inner_text().split("H = ")[1].split(":")[0])
    assert peak(last, last) <= 2 * 2**20 < peak(last + 1, last + 1)
    chosen(page, "W", "64")
    expect(said).not_to_have_text(re.compile(f"H = {last}:"))
    expect(said).to_have_text("2MiB holds up to H = 300: " + bytes_of(peak(300, 64)))
    assert not {"analyze", "sweep"} & set(asked)
    page.locator(".vary .u-over").click()
    button = page.get_by_role("button", name=re.compile(r"Set H to \d+"))
    height = button.inner_text().split()[-1]
    button.click()
    expect(page.get_by_label("Sizes")).to_have_value(f"H={height}")
    page.get_by_label("Sizes").fill("")
    visited.write(json.dumps({**SIZED, "input_shape": [None, "W", 3]}))  # of which one has no name
    page.locator(".vary figcaption", has_text="by W").wait_for()
    page.get_by_text("The number is not known, and the report has no formula of it.").wait_for()
    dropped(visited, "lenet.onnx", gzip.decompress((DATA / "onnx" / "lenet.dy.onnx.gz").read_bytes()))
    page.get_by_text("A file has no number to vary but sizes that have names.").wait_for()


def bytes_of(n):
    """As the page writes bytes."""
    value, units = n, iter(("B", "KiB", "MiB", "GiB"))
    unit = next(units)
    while value >= 1024:
        value, unit = value / 1024, next(units)
    return f"{float(f'{value:.3g}'):g}\u202f{unit}."


def test_bytes_are_counted_as_if_stored_otherwise_and_so_they_are_limited(visited):
    page = visited.page
    stored = {"weight_dtype": "int4:32", "activation_dtype": "int8"}
    visited.write(json.dumps(DENSE))
    wait_for_total(visited, "Weights", bytes_of(layercalc.analyze(DENSE)["totals"]["param_bytes"]).rstrip("."))
    page.locator(".options").get_by_label("Weights").select_option(stored["weight_dtype"])
    page.locator(".options").get_by_label("Activations").select_option(stored["activation_dtype"])
    totals = layercalc.analyze(DENSE, **stored)["totals"]
    for title, key in (("Weights", "param_bytes"), ("Peak activations", "peak_activation_bytes"), ("Peak in place", "peak_in_place_bytes")):  # fmt: skip
        wait_for_total(visited, title, bytes_of(totals[key]).rstrip("."))
    visited.tab("Budgets").page.locator("#limit-param_bytes").fill("1KiB")
    page.get_by_label("Batch", exact=True).fill("2")
    page.locator(".limit.held, .limit.passed-over").wait_for()
    with page.expect_download() as file:
        page.get_by_role("button", name="Download layercalc.yaml").click()
    text = Path(file.value.path()).read_text()
    assert text == (
        'models:\n  - path: "dense.json"\n    batch_size: 2\n    weight_dtype: "int4:32"\n    activation_dtype: "int8"\n'
        '    budgets:\n      - {metric: param_bytes, max: "1KiB"}\n'
    )
    visited.tab("Vary")
    page.locator(".cm-content").get_by_text("64", exact=True).click()
    page.get_by_label("see").select_option("param_bytes")
    for field, value in (("from", "64"), ("to", "66"), ("step", "1")):
        chosen(page, field, value)
    last = layercalc.analyze(with_units(66), **stored)["totals"]["param_bytes"]
    expect(page.locator(".vary .said")).to_have_text(re.compile(rf"… 66: {re.escape(bytes_of(last).rstrip('.'))}$"))
