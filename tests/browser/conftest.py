"""The running site and the chromium that looks at it; scripts/check-browser starts both."""

import os
import re
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from app.services.demo_people import PASSWORD
from tests.browse import forms
from tests.browser.chromium import Browser

PAGES = Path(__file__).with_name("pages.txt").read_text(encoding="utf-8").split()


class Page(NamedTuple):
    """A page as somebody sees it. `name`: its address on the site; `cookies`: those of its reader."""

    url: str
    name: str
    cookies: dict[str, str]


class Site:
    """The site under test, as plain HTTP clients see it: a visitor, and members of the demo who have logged in."""

    def __init__(self, base):
        self.base, self._jars = base.rstrip("/"), {"": CookieJar()}

    def page(self, line):
        """Return the page that a line of pages.txt names.

        `alice@/address`: as Alice of the demo sees it. With a `*` at its end, it is the first address below its own
        that the page links to, and with `>/elsewhere/` the first one below that; `>` once more goes on from there.
        """
        who, _, path = line.rpartition("@")
        self._log_in(who)
        path, below, rest = (*path.split(">"), "", "")[:3]
        if path.endswith("*") or below:
            path = self._first_link(self._page(path.removesuffix("*"), who), below) + rest
        return self._page(path, who)

    def fetch(self, page):
        """Return the HTML of a page, whatever its status."""
        cookies = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
        return self._open(urllib.request.Request(page.url, headers={"Cookie": cookies}))

    def _page(self, path, who):
        return Page(self.base + path, path, {cookie.name: cookie.value for cookie in self._jars[who]})

    def _first_link(self, page, below):
        link = re.search(rf'href="({below or urlsplit(page.name).path + "/"}[^"?#]+)"', self.fetch(page))
        return link[1] if link else pytest.fail(f"{page.name} has no link below: the demonstration data is missing.")

    def _log_in(self, who):
        if who in self._jars:
            return
        jar = self._jars[who] = CookieJar()
        fields = next(
            form for form in forms(self._open(f"{self.base}/connexion", jar)) if "email" in form.fields
        ).fields
        typed = fields.to_dict() | {"email": f"{who}@demo.example", "password": PASSWORD}
        answer = self._open(urllib.request.Request(f"{self.base}/connexion", urlencode(typed).encode()), jar)
        assert "Se déconnecter" in answer, f"{who} of the demonstration data cannot log in"

    def _open(self, request, jar=None):
        opener = urllib.request.build_opener(*([urllib.request.HTTPCookieProcessor(jar)] if jar is not None else []))
        try:
            with opener.open(request, timeout=20) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()


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
    """All pages."""
    return [site.page(line) for line in PAGES]


@pytest.fixture(params=PAGES)
def page(request, site):
    """Each page in turn."""
    return site.page(request.param)
