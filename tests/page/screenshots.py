"""The pictures of the README: `python -m tests.page.screenshots docs`, or `make screenshots`."""

import sys
from pathlib import Path

from tests.page.browser import Visit, chromium, served

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def taken(folder):
    with chromium() as browser, served() as address:

        def shown(name, example, view=None, prepare=None, **how):
            visit = Visit(browser, address, **how).open().example(example)
            visit.page.wait_for_timeout(1500)
            if prepare:
                prepare(visit)
            if view:
                visit.tab(view)
            visit.page.mouse.move(0, 0)
            visit.page.wait_for_timeout(800)
            visit.page.screenshot(path=folder / name)
            visit.close()

        shown(
            "page.png", "unet", prepare=lambda one: one.box("conv2d_1").click(), viewport=DESKTOP, color_scheme="light"
        )
        shown("page-dark.png", "ResNet50", view="Charts", viewport=DESKTOP, color_scheme="dark")
        shown(
            "page-phone.png",
            "One that does not fit",
            viewport=PHONE,
            view="Text",
            color_scheme="light",
            device_scale_factor=2,
        )


if __name__ == "__main__":
    taken(Path(sys.argv[1]))
