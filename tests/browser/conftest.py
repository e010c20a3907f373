"""The running site and the chromium that looks at it; scripts/check-browser starts both."""

import json
import os
import re
import shutil
import urllib.error
import urllib.request
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PAGES = Path(__file__).with_name("pages.txt").read_text(encoding="utf-8").split()
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


class Site:
    """The site under test, as a plain HTTP client sees it."""

    def __init__(self, base):
        self.base = base.rstrip("/")

    def fetch(self, path):
        """Return the HTML of `path`, whatever its status."""
        try:
            with urllib.request.urlopen(self.base + path, timeout=20) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def path(self, path):
        """Return `path`; with a `*` at its end, the first address below its own that the page links to, and with
        `>/elsewhere/` the first one below that."""
        if not path.endswith("*") and ">" not in path:
            return path
        page, _, below = path.removesuffix("*").partition(">")
        link = re.search(rf'href="({below or urlsplit(page).path + "/"}[^"?#]+)"', self.fetch(page))
        return link[1] if link else pytest.fail(f"{page} has no link below itself: the demonstration data is missing.")


class Browser:
    """Chromium without JavaScript: the page runs none, while the checks still evaluate theirs in it."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in FLAGS:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.cdp = self.driver.execute_cdp_cmd
        self.cdp("Emulation.setScriptExecutionDisabled", {"value": True})

    def open(self, url, width, *, dark=False):
        """Visit `url` for the first time: nothing cached, no cookie, logs empty."""
        self.cdp("Network.clearBrowserCache", {})
        self.cdp("Network.clearBrowserCookies", {})
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.cdp("Emulation.setDeviceMetricsOverride", size)
        preferences = {"prefers-color-scheme": "dark" if dark else "light", "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in preferences.items()]
        self.cdp("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(url)

    def evaluate(self, script):
        """Return the value of `script`, a JavaScript expression, once its promise is kept."""
        call = {"expression": script, "returnByValue": True, "awaitPromise": True}
        answer = self.cdp("Runtime.evaluate", call)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key, code):
        for kind in ("rawKeyDown", "keyUp"):
            self.cdp("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code})

    def picture(self, **options):
        return b64decode(self.cdp("Page.captureScreenshot", {"format": "png", **options})["data"])

    def complaints(self):
        """Return what the console says, but for the status of the page itself, which may well be a 404."""
        page = f"{self.driver.current_url} - Failed to load resource"
        return [entry["message"] for entry in self.driver.get_log("browser") if not entry["message"].startswith(page)]

    def requests(self):
        """Return the addresses asked for since `open`, but for the icon, which browsers fetch when they like."""
        events = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        urls = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        icons = self.evaluate("[...document.querySelectorAll('link[rel~=icon]')].map(e => e.href)")
        return [url for url in urls if url not in icons and urlsplit(url).path != "/favicon.ico"]


@pytest.fixture(scope="session")
def site():
    base = os.environ.get("CHECK_URL", "")
    if urlsplit(base).scheme not in ("http", "https"):
        pytest.fail("CHECK_URL must be the address of a running site; scripts/check-browser starts one and sets it.")
    return Site(base)


@pytest.fixture(scope="session")
def browser():
    chromium = Browser()
    yield chromium
    chromium.driver.quit()


@pytest.fixture(scope="session")
def pages(site):
    """The paths of all pages."""
    return [site.path(path) for path in PAGES]


@pytest.fixture(params=PAGES)
def page(request, site):
    """The path of each page in turn."""
    return site.path(request.param)
