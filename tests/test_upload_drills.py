"""Large files and broken lines against the production server: what arrives whole is kept, of the rest nothing stays."""

import hashlib
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from flask_migrate import upgrade
from sqlalchemy import select

import config
from app import create_app
from app.extensions import db
from app.models import Attachment, Publication
from tests.browse import forms
from tests.conftest import settings
from tests.factories import PASSWORD, make_cast
from tests.samples import noise

pytestmark = pytest.mark.slow
NEW = "/mon-conseil/documents/nouveau"


def scan(megabytes: float) -> bytes:
    """Return a PDF of one page that was scanned, as heavy as asked."""
    photo = noise((1200, 1700))
    photo += os.urandom(int(megabytes * 2**20) - len(photo) - 1000)
    head = b"%%PDF-1.4\n1 0 obj<</Type/XObject/Subtype/Image/Filter/DCTDecode/Length %d>>stream\n" % len(photo)
    return head + photo + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class Site:
    """A site under gunicorn, with the people of the tests and Alice logged in."""

    def __init__(self, folder, number):
        self.folder, self.number = Path(folder), number
        self.app = create_app(settings(folder, DATABASE_URL=f"sqlite:///{folder / 'conseils.sqlite3'}"))
        with self.app.app_context():
            upgrade()
            make_cast()
        self.browser = requests.Session()

    def address(self, path):
        return f"http://127.0.0.1:{self.number}{path}"

    def log_in(self):
        page = self.browser.get(self.address("/connexion"))
        fields = next(form for form in forms(page.text) if "password" in form.fields).fields.to_dict()
        fields |= {"email": "alice@essai.example", "password": PASSWORD}
        assert self.browser.post(self.address("/connexion"), data=fields, allow_redirects=False).status_code == 302

    def fields(self):
        form = next(form for form in forms(self.browser.get(self.address(NEW)).text) if "key" in form.fields)
        return form.fields.to_dict() | {"title": "Le plan", "act": "draft"}

    def send(self, *files):
        started = time.monotonic()
        sent = [("files", (name, content, "application/pdf")) for name, content in files]
        page = self.browser.post(self.address(NEW), data=self.fields(), files=sent, allow_redirects=False, timeout=60)
        return page, time.monotonic() - started

    def cut(self, content, part):
        """Send a part of a form with a file, then hang up."""
        request = requests.Request("POST", self.address(NEW), data=self.fields(), files={"files": ("a.pdf", content)})
        prepared = self.browser.prepare_request(request)
        head = "".join(f"{name}: {value}\r\n" for name, value in prepared.headers.items())
        with socket.create_connection(("127.0.0.1", self.number)) as line:
            line.sendall(f"POST {NEW} HTTP/1.1\r\nHost: 127.0.0.1:{self.number}\r\n{head}\r\n".encode())
            line.sendall(prepared.body[: int(len(prepared.body) * part)])

    def left(self):
        return [path for path in (self.folder / "files").rglob("*") if path.is_file()]

    def count(self, model):
        with self.app.app_context():
            return len(db.session.scalars(select(model.id)).all())


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    site = Site(folder, number)
    env = os.environ | {
        "INSTANCE_DIR": str(folder), "PORT": str(number), "DATABASE_URL": "", "PRODUCTION": "0", "SCHEDULER": "off",
        "SECRET_KEY": site.app.config["SECRET_KEY"],
    }  # fmt: skip
    server = subprocess.Popen([sys.executable, "-m", "gunicorn", "wsgi:app"], env=env, cwd=config.ROOT)
    deadline = time.monotonic() + 30
    while socket.socket().connect_ex(("127.0.0.1", number)) and time.monotonic() < deadline:
        time.sleep(0.1)
    site.log_in()
    yield site
    server.terminate()
    assert server.wait(20) == 0


@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_a_line_that_is_cut_in_the_middle_of_a_file_leaves_nothing(site, part):
    before = site.count(Publication), site.count(Attachment), site.left()
    site.cut(scan(8), part)
    time.sleep(1)
    assert (site.count(Publication), site.count(Attachment), site.left()) == before
    assert site.browser.get(site.address(NEW)).status_code == 200


def test_a_scan_of_twenty_megabytes_is_kept_and_comes_back_whole_and_in_parts(site):
    content = scan(19.9)
    page, seconds = site.send(("scan.pdf", content))
    assert page.status_code == 302 and seconds < 10
    link = re.search(r"/fichiers/\d+/scan.pdf", site.browser.get(site.address(page.headers["Location"])).text)[0]
    got = site.browser.get(site.address(link))
    assert hashlib.sha256(got.content).digest() == hashlib.sha256(content).digest()
    part = site.browser.get(site.address(link), headers={"Range": "bytes=10000000-10000009"})
    assert (part.status_code, part.content) == (206, content[10_000_000:10_000_010])
    assert requests.get(site.address(link), timeout=9).status_code == 404


def test_five_large_files_go_at_once_and_one_too_large_among_them_is_told(site):
    files = [(f"{number}.pdf", scan(10) + b"%%EOF" * number) for number in range(4)]
    page, seconds = site.send(*files, ("trop.pdf", scan(21)))
    assert page.status_code == 422 and "« trop.pdf » n’est pas gardé. Ce fichier est trop lourd : 20" in page.text
    assert page.text.count("Retirer « ") == 4 and seconds < 30


def test_what_is_too_large_as_a_whole_is_answered_by_a_page_that_says_what_to_do(site):
    page, _ = site.send(*((f"{number}.pdf", b"x" * 21 * 2**20) for number in range(5)))
    assert page.status_code == 413 and "votre texte y est encore" in page.text
    assert not [path for path in site.left() if path.parent.name == "staged"]
