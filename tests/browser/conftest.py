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
