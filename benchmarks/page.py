"""How soon the page draws, measured in Chromium: `python -m benchmarks.page`. Least and median, in milliseconds.

`load`: from the HTML's arrival to the first table, `paint` to its being on the screen; `table`: from the end of the
pause after the last key to the table of ResNet50; `layout`: NASNetLarge's 1,041 layers unfolded, in the worker. The
machine's load goes with them: on one that is busy the least says what the page takes.
"""

import os
import statistics

from tests.page.browser import Visit, chromium, served
from tests.page.test_writing import wait_for_total

LOADED = """() => {
  const { responseEnd } = performance.getEntriesByType('navigation')[0];
  const [drawn] = performance.getEntriesByName('layercalc:drawn');
  const [paint] = performance.getEntriesByName('first-contentful-paint');
  return [drawn.startTime + drawn.duration - responseEnd, paint.startTime - responseEnd];
}"""
DRAWN = "() => performance.getEntriesByName('layercalc:drawn').length > 0"
TURNS = 5
LOADS = 15


def load(browser, address):
    visit = Visit(browser, address).open()
    visit.page.wait_for_function(DRAWN)
    taken = visit.page.evaluate(LOADED)
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


def told(name, taken):
    taken = list(taken)
    print(f"{name:8}{min(taken):6.0f} {statistics.median(taken):6.0f}   of {len(taken)}")


def main():
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with chromium() as browser, served() as address:
        loads = [load(browser, address) for _ in range(LOADS)]
        told("load", (drawn for drawn, _ in loads))
        told("paint", (paint for _, paint in loads))
        visit = Visit(browser, address).open()
        told("table", tables(visit))
        told("layout", layouts(browser, address))
    print(f"load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
