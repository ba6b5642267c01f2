"""Debian's Chromium, driven by Playwright, against real gunicorn; what it complains of is kept."""

import os
import re
import shutil
from contextlib import contextmanager

import pytest

from tests.service import running

CHROMIUM = shutil.which("chromium")
PATIENCE = 60_000  # milliseconds: a machine that is busy with other tests is slow
EXPECTED = re.compile("responded with a status of 4(00|22)")  # how a browser logs an answer that lists faults


def needed():
    """Playwright, or the test is skipped with the reason."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium (Debian: apt-get install chromium)")
    return pytest.importorskip("playwright.sync_api", reason="there is no playwright (the test extra)")


def expect(of):
    """Playwright's assertions, which wait until they hold: nothing on the page is read while it may still change."""
    driver = needed()
    driver.expect.set_options(timeout=PATIENCE)
    return driver.expect(of)


@contextmanager
def chromium():
    with needed().sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@contextmanager
def served(**settings):
    with running(log_level="warning", **settings) as service:
        yield f"http://127.0.0.1:{service.port}/"


class Visit:
    """A page in a fresh profile, and what went wrong on it: errors of the console, other origins, the policy."""

    def __init__(self, browser, address, **how):
        self.context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **how})
        self.address, self.complaints = address, []
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self.said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self.asked)
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.error('policy', e.violatedDirective, e.blockedURI))"
        )

    def said(self, message):
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.complaints.append(f"console: {message.text}")

    def asked(self, request):
        if not request.url.startswith((self.address, "blob:", "data:")):
            self.complaints.append(f"another origin: {request.url}")

    def open(self, fragment=""):
        self.page.goto(f"{self.address}{fragment}")
        self.page.wait_for_selector(".cm-content", state="attached")
        return self

    def example(self, name):
        self.page.locator("summary", has_text="Examples").click()
        self.page.locator(".menu[open] .sheet").get_by_text(name, exact=True).click()
        return self

    def write(self, text):
        """Put a text in place of what the editor holds, by the keyboard."""
        self.page.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        return self

    def text(self):
        return "\n".join(self.page.locator(".cm-line").all_inner_texts())

    def box(self, name):
        return self.page.locator(f'.drawing [data-box="{name}"]')

    def tab(self, name):
        self.page.get_by_role("tab", name=name, exact=True).click()
        return self

    def close(self):
        self.context.close()
        assert not self.complaints, self.complaints


@contextmanager
def visit(browser, address, **how):
    found = Visit(browser, address, **how)
    yield found.open()
    found.close()
