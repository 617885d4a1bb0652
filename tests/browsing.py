"""Debian's Chromium without a window, for tests of pages, which are skipped where it is missing."""

import json
import shutil
import time
from contextlib import contextmanager

import pytest

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SECONDS = 20


@contextmanager
def chromium(profile):
    """A browser with a fresh profile."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (binary and driver):
        pytest.skip("chromium or chromedriver is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield Browser(browser)
    finally:
        browser.quit()


class Browser:
    """What the tests ask of a browser."""

    def __init__(self, driver):
        self.driver = driver

    def show(self, path, *, width=1440, height=900, dark=False, scripts=True):
        """Load a file in a window of this size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        self.driver.get("about:blank")
        self.messages(), self.requests()
        self.driver.get(path.as_uri())

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, script, *arguments):
        """Wait until the script returns something true, and return it."""
        end = time.monotonic() + _SECONDS
        while not (value := self.run(script, *arguments)):
            assert time.monotonic() < end, script
            time.sleep(0.02)
        return value

    def messages(self):
        """What was written to the console since it was last asked for."""
        return [each["message"] for each in self.driver.get_log("browser")]

    def requests(self):
        """What was asked for since the last time, but for data that an address holds itself."""
        events = [json.loads(each["message"])["message"] for each in self.driver.get_log("performance")]
        asked = [
            each["params"]["request"] for each in events if each["method"] == "Network.requestWillBeSent"
        ]
        return [each["url"] for each in asked if not each["url"].startswith("data:")]

    def press(self, *keys):
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def draw_all(self):
        """Open every column and draw all of its charts."""
        self.run("for (const each of document.querySelectorAll('details')) each.open = true")
        for index in range(self.run("return document.querySelectorAll('.chart').length")):
            self.draw(index)

    def draw_first(self):
        """Draw both charts of the column that is open when the page is loaded."""
        self.draw(0)
        self.draw(1)

    def draw(self, index):
        """Scroll to a chart until it is drawn."""
        chart = "const chart = document.querySelectorAll('.chart')[arguments[0]];"
        self.run(f"{chart} chart.scrollIntoView()", index)
        state = f"{chart} return ['drawn', 'failed'].find(each => each === chart.dataset.state)"
        assert self.wait(state, index) == "drawn"
