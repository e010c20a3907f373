"""The site under its production server, as scripts/start runs it."""

import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest
from flask_migrate import upgrade

import config
from app import create_app
from tests.conftest import settings


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    instance = tmp_path_factory.mktemp("server")
    with create_app(settings(instance, DATABASE_URL=f"sqlite:///{instance / 'conseils.sqlite3'}")).app_context():
        upgrade()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    env = os.environ | {"INSTANCE_DIR": str(instance), "PORT": str(number), "DATABASE_URL": "", "PRODUCTION": "0"}
    server = subprocess.Popen([sys.executable, "-m", "gunicorn", "wsgi:app"], env=env, cwd=config.ROOT)
    deadline = time.monotonic() + 30
    while socket.socket().connect_ex(("127.0.0.1", number)) and time.monotonic() < deadline:
        time.sleep(0.1)
    yield number
    server.terminate()
    assert server.wait(20) == 0


def ask(port, path, **headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response.status, response.headers, response.read().decode()


def test_the_server_is_in_good_health(port):
    assert ask(port, "/sante")[0] == 200


def test_a_search_of_ten_thousand_letters_is_answered_by_a_page_of_the_site(port):
    status, _, page = ask(port, "/conseils?q=" + "a" * 10_000)
    assert status == 422
    assert "<title>Erreur : " in page


def test_the_server_does_not_tell_its_version(port):
    assert not any(sign.isdigit() for sign in ask(port, "/")[1]["Server"])


def test_the_open_data_are_streamed(port):
    status, headers, text = ask(port, "/donnees/conseils.csv")
    assert (status, headers["Transfer-Encoding"]) == (200, "chunked")
    assert text.startswith("identifiant,nom,page,")
