"""The contents of files: gone with the last row that names them, and never while one does."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flask_migrate import upgrade

from app import storage
from app.extensions import begin_write, db
from app.jobs import contents as job
from app.models import User
from app.services import contents
from tests.browse import submit
from tests.factories import PASSWORD

PHOTO = {"name": "portrait.webp", "media_type": "image/webp"}


def close(client):
    fields = {"when": "now", "contributions": "stay", "password": PASSWORD}
    assert submit(client, "/mon-profil/fermeture", **fields).status_code == 302


def test_a_content_that_another_row_comes_to_name_before_its_end_stays(client_as, cast, monkeypatch):
    cast.alice.photo = contents.keep(b"photo", **PHOTO)
    db.session.commit()
    path, bruno_id = storage.path(cast.alice.photo.digest), cast.bruno.id

    def begin_after_bruno():
        db.session.get(User, bruno_id).photo = contents.keep(b"photo", **PHOTO)
        begin_write()

    monkeypatch.setattr(job, "begin_write", begin_after_bruno)
    close(client_as(cast.alice))
    assert path.exists()
    monkeypatch.undo()
    close(client_as(cast.bruno))
    assert not path.exists()


def test_who_keeps_a_content_and_who_deletes_it_wait_for_one_another(own_app):
    with own_app.app_context():
        upgrade()
        digest = storage.save(b"photo")
    is_kept, is_over = threading.Event(), threading.Event()

    def keep():
        with own_app.app_context():
            begin_write()
            db.session.add(contents.keep(b"photo", **PHOTO))
            db.session.flush()
            is_kept.set()
            is_over.wait(0.3)
            db.session.commit()

    def delete():
        with own_app.app_context():
            is_kept.wait(5)
            job.delete_unused([digest])
            is_over.set()

    with ThreadPoolExecutor() as pool:
        for act in [pool.submit(keep), pool.submit(delete)]:
            act.result()
    with own_app.app_context():
        assert storage.path(digest).exists()


def test_nothing_else_keeps_or_deletes_contents():
    for path in Path(storage.__file__).parent.rglob("*.py"):
        assert path.name == "contents.py" or not re.search(r"storage\.(save|delete)\(", path.read_text()), path
