"""How soon the page draws, measured in Chromium: `python -m benchmarks.page`. Medians of five, in milliseconds.

`load`: from the HTML's arrival to the first table; `table`: from the end of the pause after the last key to the table
of ResNet50; `layout`: NASNetLarge's 1,041 layers unfolded, in the worker.
"""

import statistics

from tests.page.browser import Visit, chromium, served
from tests.page.test_writing import wait_for_total

ARRIVED = "() => performance.getEntriesByName('layercalc:drawn')[0].startTime + performance.getEntriesByName('layercalc:drawn')[0].duration - performance.getEntriesByType('navigation')[0].responseEnd"  # noqa: E501
DRAWN = "() => performance.getEntriesByName('layercalc:drawn').length > 0"
TURNS = 5


def load(browser, address):
    visit = Visit(browser, address).open()
    visit.page.wait_for_function(DRAWN)
    taken = visit.page.evaluate(ARRIVED)
    visit.close()
    return taken


def tables(visit):
    visit.example("ResNet50")
    wait_for_total(visit, "Parameters", "25,636,712")
    for turn in range(TURNS):
        visit.page.evaluate("performance.clearMeasures()")
        visit.page.locator(".cm-content").press("Control+End")
        visit.page.keyboard.type(f"#{turn}")  # another text: no answer is kept of it
        visit.page.wait_for_function(DRAWN)
        yield visit.page.evaluate("() => performance.getEntriesByName('layercalc:drawn').at(-1).duration")


def layouts(browser, address):
    for _ in range(TURNS):
        visit = Visit(browser, address).open()
        visit.write("keras.applications.NASNetLarge(weights=None)\n")
        wait_for_total(visit, "Parameters", "88,949,818")
        visit.page.get_by_role("button", name="Unfold all").click()
        unfolded = "() => document.querySelector('.drawing').dataset.boxes == 1041"
        visit.page.wait_for_function(unfolded, timeout=60_000)
        yield float(visit.page.locator(".drawing").get_attribute("data-milliseconds"))
        visit.close()


def main():
    with chromium() as browser, served() as address:
        print(f"load    {statistics.median(load(browser, address) for _ in range(TURNS)):6.0f}")
        visit = Visit(browser, address).open()
        print(f"table   {statistics.median(tables(visit)):6.0f}")
        print(f"layout  {statistics.median(layouts(browser, address)):6.0f}")


if __name__ == "__main__":
    main()
