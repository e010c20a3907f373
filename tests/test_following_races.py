"""Many write one document while its changes are being told: each difference is told once, and none is forgotten."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask_migrate import upgrade
from sqlalchemy import select

from app.extensions import begin_write, db
from app.jobs.dispatching import dispatch
from app.models import Activity, Delivery, Document, Publication, User
from app.notifications import bursts
from app.services import cowriting, following, publishing, revisions
from tests.factories import make_cast, make_publication

pytestmark = pytest.mark.slow

WRITERS, SAVES = 6, 12


@pytest.fixture
def site(own_app, monkeypatch):
    """A site with a database of its own, a document of Alice that nobody has been told of, and a very short calm."""
    monkeypatch.setattr(bursts, "CALM", timedelta(milliseconds=30))
    monkeypatch.setattr(bursts, "LONGEST", timedelta(milliseconds=200))
    with own_app.app_context():
        upgrade()
        cast = make_cast()
        item = make_publication(Document, cast.alice, is_collaborative=True, published_at=None, description="# Tous\n")
        publishing.publish(item)
        following.begin(item, cast.chloe)  # of another council: she may not read it
        db.session.commit()
        own_app.ids = (item.id, cast.alice.id, cast.bruno.id)
        dispatch()
    return own_app


def write(app, number):
    item_id, _, bruno_id = app.ids
    with app.app_context():
        for save in range(SAVES):
            begin_write()
            locked = select(Document).where(Document.id == item_id).with_for_update(of=Publication, key_share=True)
            item = db.session.scalar(locked.execution_options(populate_existing=True))
            text = f"{item.description}\nLe mot {number} et le mot {save}.\n"
            html = cowriting.rendered(item, text)
            cowriting.write(item, text, html, db.session.get(User, bruno_id))
            db.session.commit()
            time.sleep(0.02 * (number % 3))


def compared(mail):
    """Return the numbers of the two versions whose differences a mail tells."""
    words, address = mail.content["also"][0]
    return tuple(int(number) for number in re.findall(r"(?:de|a)=(\d+)", address))


def test_bursts_follow_one_another_without_a_gap_and_without_telling_anything_twice(site):
    done = threading.Event()

    def tell():
        with site.app_context():
            while not done.is_set():
                dispatch()
                time.sleep(0.005)

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        tellers = [pool.submit(tell) for _ in range(2)]
        try:
            for each in [pool.submit(write, site, number) for number in range(WRITERS)]:
                each.result()
        finally:
            done.set()
        for each in tellers:
            each.result()
    item_id, alice_id, _ = site.ids
    time.sleep(0.3)  # the last burst calms down
    with site.app_context():
        dispatch()
        rows = db.session.scalars(select(Activity).filter_by(verb=bursts.WRITTEN)).all()
        assert all(row.dispatched_at for row in rows)
        mails = db.session.scalars(select(Delivery).where(Delivery.kind == "following")).all()
        assert {mail.person_id for mail in mails} == {alice_id}
        told = sorted(compared(mail) for mail in mails)
        assert len(told) > 1
        assert [start for start, _ in told] == [1, *(end for _, end in told[:-1])]
        assert told[-1][1] == revisions.newest_number(db.session.get(Document, item_id)) == 1 + WRITERS * SAVES
