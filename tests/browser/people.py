"""People who use a site of their own at the same time, as the drills have them: chromiums and a lynx."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
import time_machine
from flask import Flask
from flask_migrate import upgrade
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

import config
from app.extensions import db
from tests.browser.chromium import TOO_WIDE, Browser
from tests.browser.lynx import Lynx
from tests.factories import PASSWORD

PICTURES = os.environ.get("SCREENSHOTS")
PATIENCE = 20  # seconds
TELEPHONE, DESK = 360, 1280  # pixels


class Answer(NamedTuple):
    """What the site answers in the end, and at which address of it."""

    status: int
    address: str
    words: str


class Writer(Browser):
    """Somebody with a chromium, as small as a telephone unless `width` says otherwise."""

    numbers = count(1)  # of the pictures of all of them, in the order of what happens

    def __init__(self, base, name, width=TELEPHONE):
        super().__init__()
        self.base, self.name, self.width = base, name, width
        self.resize(width)

    def visit(self, address):
        """Open a page: an address of the site, or a whole one."""
        self.driver.get(address if address.startswith(self.base) else self.base + address)
        self._take_picture()

    def log_in(self):
        self.visit("/connexion")
        self.fill("email", f"{self.name}@essai.example")
        self.fill("password", PASSWORD)
        self.press_button("Se connecter")
        assert "Se déconnecter" in self.words

    def fill(self, field, text):
        box = self.driver.find_element(By.NAME, field)
        box.clear()
        box.send_keys(text)

    def set(self, field, value):
        """Give a day or an hour to its field: which keys that takes hangs on the language of the browser."""
        self.evaluate(f"document.getElementsByName({field!r})[0].value = {value!r}")

    def join(self, path, field="files"):
        """Choose a file of this machine."""
        self.driver.find_element(By.NAME, field).send_keys(str(path))

    def choose(self, field, words):
        """Choose a line of a list."""
        Select(self.driver.find_element(By.NAME, field)).select_by_visible_text(words)

    def value(self, field):
        """What stands in a field."""
        return self.driver.find_element(By.NAME, field).get_property("value")

    def tick(self, label):
        """Tick a box or a circle; take a tick away."""
        self._labelled(label).click()

    def is_ticked(self, label):
        """Tell whether the box with this label is ticked."""
        return self.driver.find_element(By.ID, self._labelled(label).get_attribute("for")).is_selected()

    def _labelled(self, label):
        return self.driver.find_element(By.XPATH, f'//main//label[contains(., "{label}")]')

    def replace(self, before, after):
        """Change some words of the text in the form."""
        text = self.value("description")
        assert before in text
        self.fill("description", text.replace(before, after))

    def press_button(self, words, place="//main"):
        self._take_picture()
        self._go(By.XPATH, f'{place}//button[normalize-space()="{words}"]')

    def follow(self, address):
        """Follow the link whose address ends like this."""
        self._go(By.CSS_SELECTOR, f'main a[href$="{address}"]')

    def follow_words(self, words, place="//main"):
        """Follow the link that bears these words."""
        self._go(By.XPATH, f'{place}//a[normalize-space()="{words}"]')

    def _go(self, *where):
        former = self.driver.find_element(By.TAG_NAME, "html")
        self.driver.find_element(*where).click()
        # The page that goes may be asked half way, which has an error of its own.
        WebDriverWait(self.driver, PATIENCE, 0.1, [WebDriverException]).until(staleness_of(former))
        self._take_picture()

    @property
    def words(self):
        """What the page says, with one blank between its words."""
        return plain(self.driver.find_element(By.TAG_NAME, "body").text)

    def marked(self, tag):
        """Return what stands between the marks of a comparison, with the words for those who do not see the marks."""
        return [plain(each.get_property("textContent")) for each in self.driver.find_elements(By.TAG_NAME, tag)]

    @property
    def address(self):
        return self.driver.current_url.removeprefix(self.base)

    def ask(self, address):
        """Return what the site answers to this browser, which goes on showing its page."""
        cookies = "; ".join(f"{one['name']}={one['value']}" for one in self.driver.get_cookies())
        request = urllib.request.Request(self.base + address, headers={"Cookie": cookies})
        try:
            response = urllib.request.urlopen(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            words = response.read().decode("utf-8", "replace")
            return Answer(response.status, response.url.removeprefix(self.base), words)

    def flaws(self):
        """Return what is wrong with the page, for whoever looks at it, tabs through it or hears it."""
        found, (page, mark, _) = [], self.driver.current_url.partition("#")
        if mark:
            self.driver.get(page)  # from a mark on, Tab would go on from there
        for width in (320, DESK):
            self.resize(width)
            found += self.evaluate(TOO_WIDE) + self.violations()
        found += self.walk()
        self.resize(self.width)
        return found

    def _take_picture(self):
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            Path(PICTURES, f"{next(self.numbers):03}-{self.name}.png").write_bytes(self.whole_picture())


@contextmanager
def writer(base: str, name: str, width: int = TELEPHONE) -> Iterator[Writer]:
    """Let somebody use the site with a chromium, logged in; nobody's name is that of a visitor."""
    someone = Writer(base, name or "visitor", width)
    try:
        if name:
            someone.log_in()
        yield someone
    finally:
        someone.driver.quit()


@contextmanager
def reader(base: str, name: str, folder: Path) -> Iterator[Lynx]:
    """Let somebody use the site with a lynx, logged in; nobody's name is that of a visitor, who begins at the home."""
    lynx = Lynx(f"{base}/connexion" if name else f"{base}/", folder)
    try:
        if name:
            lynx.fill("Adresse électronique", f"{name}@essai.example")
            lynx.fill("Mot de passe", PASSWORD)
            lynx.follow("Se connecter")
            lynx.see("Se déconnecter")
        yield lynx
    finally:
        lynx.quit()


@contextmanager
def running(app: Flask, fill: Callable[[], object]) -> Iterator[str]:
    """Run the site of `app` with the rows that `fill` makes; its address. Its clock stands still: mails leave when the
    test says so."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = app.config["BASE_URL"] = f"http://127.0.0.1:{port}"
    with app.app_context():
        upgrade()
        fill()
        db.session.commit()
        own = {name: app.config[name] for name in ("INSTANCE_DIR", "SECRET_KEY")}
        own["DATABASE_URL"] = db.engine.url.render_as_string(hide_password=False)
        env = (
            os.environ
            | own
            | {"PORT": str(port), "BASE_URL": base, "SCHEDULER": "off", "PRODUCTION": "0", "MAINTENANCE": "0"}
        )
        server = subprocess.Popen([sys.executable, "-m", "gunicorn", "wsgi:app"], env=env, cwd=config.ROOT)
        try:
            _wait_for(port)
            yield base
        finally:
            server.terminate()
            server.wait(PATIENCE)


def _wait_for(port):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the site does not start")


def twice(*jobs: Callable[[], object], after: int = 1) -> None:
    """Do each of these jobs two times, as if so many minutes had passed."""
    db.session.rollback()  # what is in the database now
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=after), tick=False):
        for job in jobs:
            job()
            job()


def plain(words: str) -> str:
    """Return words with one blank between them."""
    return " ".join(words.split())
