"""A real browser, headless: Chromium or Chrome with its driver, as the system has them."""

import os
import shutil
from contextlib import contextmanager
from urllib.parse import quote

import numpy as np
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Chromium's sandbox does not work as root, and small shared memory is common in containers.
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1000")


def missing():
    """Return what a test in a browser lacks here, or an empty text."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed"
    if not any(map(shutil.which, NAMES)):
        return f"no browser found ({', '.join(NAMES)})"
    return "" if shutil.which("chromedriver") else "chromedriver is not installed"


@contextmanager
def browser():
    """Start a browser, and end it. Without one the test is skipped, but fails where CI is set."""
    if reason := missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"the page is not tested in a browser: {reason}")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = next(filter(None, map(shutil.which, NAMES)))
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


class Page:
    """The explorer in a browser: what a test does with it and reads from it."""

    def __init__(self, driver, path):
        self.driver = driver
        self.address = path.as_uri()

    def script(self, text, *arguments):
        """Run a script in the page and return what it returns."""
        return self.driver.execute_script(text, *arguments)

    def open(self, state=""):
        """Open the page anew, at a state."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.address}#{quote(state, safe='=&,_~')}" if state else self.address)
        self.wait("document.documentElement.dataset.ready")

    def wait(self, condition):
        """Wait until a condition of JavaScript holds."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 20, poll_frequency=0.02).until(lambda _: self.script(f"return {condition}"))

    def find(self, selector):
        """Return the first element that a CSS selector names."""
        return self.driver.find_element("css selector", selector)

    def click(self, selector):
        """Click as a user would, with the pointer."""
        element = self.find(selector)
        self.script("arguments[0].scrollIntoView({ block: 'center' })", element)
        element.click()

    def type(self, selector, *keys):
        """Type keys into an element."""
        self.find(selector).send_keys(*keys)

    def text(self, selector):
        """Return the text of an element, with a plain minus sign."""
        return self.script("return document.querySelector(arguments[0]).textContent", selector).replace("−", "-")

    def choose(self, selector, value):
        """Choose an option of a select by its value."""
        from selenium.webdriver.support.ui import Select

        Select(self.find(selector)).select_by_value(value)

    def fill(self, selector, value):
        """Replace the text of a field, and leave it."""
        field = self.find(selector)
        self.script(
            "arguments[0].scrollIntoView({ block: 'center' }); arguments[0].focus(); arguments[0].select()", field
        )
        field.send_keys(str(value), "\ue004")  # Tab

    def matrix(self, selector):
        """Return the numbers of a table in full precision: every cell has them as its title."""
        rows = self.script(
            "return [...document.querySelectorAll(arguments[0] + ' tr')]"
            ".map((row) => [...row.querySelectorAll('td:not(.corner)')].map((cell) => cell.title))"
            ".filter((row) => row.length > 0)",
            selector,
        )
        return np.array(rows, float)

    def cell(self, selector, row, column):
        """Return the selector of a cell of a grid that begins at (0, 0)."""
        return f"{selector} tr:nth-child({row + 2}) td:nth-child({column + 2})"

    def complaints(self):
        """Return what the browser's console has received since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]
