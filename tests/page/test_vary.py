"""One number varied, or the size that a name stands for: the curve is what the analyses of its values say."""

import gzip
import json
import re

import layercalc
from tests.page.browser import expect
from tests.page.test_numbers import SIZED
from tests.page.test_writing import DATA, dropped, total, wait_for_total

CODE = """model = keras.Sequential([
    keras.Input((8, 8, 1)),
    layers.Conv2D(4, kernel_size=3),  # of 8 by 8
])
"""


def asked_of(page):
    """The routes that are asked from now on."""
    asked = []
    page.on("request", lambda request: asked.append(request.url.partition("/v1/")[2].partition("?")[0]))
    return asked


def chosen(page, field, value):
    page.locator(".vary").get_by_label(field, exact=True).fill(value)


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
    dropped(visited, "lenet.onnx", gzip.decompress((DATA / "onnx" / "lenet.dy.onnx.gz").read_bytes()))
    page.get_by_text("A file has no number to vary but sizes that have names.").wait_for()


def bytes_of(n):
    """As the page writes bytes."""
    value, units = n, iter(("B", "KiB", "MiB", "GiB"))
    unit = next(units)
    while value >= 1024:
        value, unit = value / 1024, next(units)
    return f"{float(f'{value:.3g}'):g}\u202f{unit}."
