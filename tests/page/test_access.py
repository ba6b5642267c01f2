"""For everybody: no finding of axe in either theme, nothing wider than a phone, numbers in the browser's own grouping."""

from pathlib import Path

import pytest

from tests.page.browser import Visit, expect, visit
from tests.page.test_writing import wait_for_total

AXE = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.target.flat().join(' ') + ' ' + (node.any[0]?.message ?? '')).join('; '))"
VIEWS = ["Table", "Charts", "Compare", "Budgets", "Run", "Vary"]


def findings(page):
    package = pytest.importorskip("axe_playwright_python", reason="there is no axe (the test extra)")
    page.evaluate(Path(package.__file__).with_name("axe.min.js").read_text())
    return page.evaluate(AXE)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(browser, address, theme, width):
    shown = Visit(
        browser, address, color_scheme=theme, viewport={"width": width, "height": 844}, bypass_csp=True
    ).open()
    for name, faults, boxes in (("One that does not fit", 1, 4), ("unet", 0, 32)):
        shown.example(name)
        expect(shown.page.locator(".faults .fault")).to_have_count(faults)
        for view in [*(["Text", "Graph"] if width < 500 else []), *VIEWS]:
            shown.tab(view)
            if view == "Table" and name == "unet":
                shown.page.locator(".rows td.name").first.click()
                shown.page.locator(".detail").wait_for()
            if view == "Graph" or width > 500:
                expect(shown.page.locator(".drawing")).to_have_attribute("data-boxes", str(boxes))
            assert findings(shown.page) == [], (name, view)
    shown.page.locator("summary", has_text="Settings").click()
    shown.page.get_by_label("Dark").wait_for()
    assert findings(shown.page) == []
    shown.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_phone_scrolls_up_and_down_only(browser, address, theme):
    with visit(browser, address, viewport={"width": 390, "height": 844}, color_scheme=theme, has_touch=True) as shown:
        wait_for_total(shown, "Parameters", "61,706")
        for view in ("Text", "Graph", *VIEWS):
            shown.tab(view)
            shown.page.get_by_role("tab", name=view, selected=True).wait_for()
            assert shown.page.evaluate("document.documentElement.scrollWidth") == 390, view


def test_menus_open_within_a_window_of_a_tablet(browser, address):
    with visit(browser, address, viewport={"width": 794, "height": 1000}) as shown:
        shown.example("unet")
        wait_for_total(shown, "Parameters", "8,630,563")
        for menu in ("Examples", "Recent", "Download", "Settings"):
            shown.page.locator("summary", has_text=menu).click()
            box = shown.page.locator(".menu[open] .sheet").bounding_box()
            assert box["x"] >= 0, menu
            assert box["x"] + box["width"] <= 794, menu


@pytest.mark.parametrize(("locale", "written"), [("de-DE", "61.706"), ("en-GB", "61,706")])
def test_numbers_are_grouped_as_the_browser_does(browser, address, locale, written):
    with visit(browser, address, locale=locale) as shown:
        wait_for_total(shown, "Parameters", written)


@pytest.mark.parametrize(("system", "chosen"), [("dark", "Light"), ("light", "Dark")])
def test_theme_is_the_systems_until_another_is_chosen(browser, address, system, chosen):
    ground = "getComputedStyle(document.body).backgroundColor"
    changed = f"(before) => {ground} !== before"
    with visit(browser, address, color_scheme=system) as shown:
        before = shown.page.evaluate(ground)
        shown.page.locator("summary", has_text="Settings").click()
        shown.page.get_by_label(chosen, exact=True).check()
        shown.page.wait_for_function(changed, arg=before)
        shown.open()
        shown.page.wait_for_function(changed, arg=before)


def test_page_prints_every_row(browser, address):
    with visit(browser, address) as shown:
        shown.example("ResNet50")
        wait_for_total(shown, "Parameters", "25,636,712")
        shown.page.emulate_media(media="print")
        shown.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        shown.page.wait_for_function("() => document.querySelectorAll('.rows tbody tr').length === 176")
        shown.page.locator('.drawing [data-box="predictions"]').wait_for()  # the last box, far below what is in sight
        frame, last = (
            shown.page.locator(one).bounding_box() for one in (".frame", '.drawing [data-box="predictions"]')
        )
        assert frame["y"] < last["y"] < frame["y"] + frame["height"]
        assert len(shown.page.pdf()) > 20_000
        shown.page.evaluate("dispatchEvent(new Event('afterprint'))")
        expect(shown.page.locator('.drawing [data-box="predictions"]')).to_have_count(0)
