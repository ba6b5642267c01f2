"""A browser and a service for all tests of the page."""

import pytest

from tests.page import browser as driver


@pytest.fixture(scope="session")
def browser():
    with driver.chromium() as found:
        yield found


@pytest.fixture(scope="session")
def address(browser):
    with driver.served() as found:
        yield found


@pytest.fixture
def visited(browser, address):
    """The page as somebody sees it who has never been there; nothing may have gone wrong on it afterwards."""
    with driver.visit(browser, address) as found:
        yield found
