"""What a member has opened on the site is noted, once, so that it is not told to them any more."""

from datetime import timedelta

import time_machine
from sqlalchemy import select

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.purging import purge
from app.labels import UserStatus, Visibility
from app.models import Delivery, Document, Event, Reading
from app.models.types import utcnow
from app.services import publishing
from tests.factories import make_publication


def address(item):
    return f"/{item.path}/{item.id}-{item.slug}"


def readings():
    db.session.expire_all()
    return {(row.user_id, row.publication_id): row.read_at for row in db.session.scalars(select(Reading))}


def test_a_page_that_is_opened_is_noted_once_and_again_after_a_change(cast, bruno, queries):
    item = make_publication(Document, cast.alice)
    db.session.commit()
    assert bruno.get(address(item)).status_code == 200
    (first,) = readings().values()
    queries.clear()
    bruno.get(address(item))
    assert list(readings().values()) == [first]
    assert not any(statement.startswith(("INSERT", "UPDATE")) for statement in queries)
    item.edited_at = utcnow()
    db.session.commit()
    bruno.get(address(item))
    (again,) = readings().values()
    assert again > first


def test_neither_visitors_nor_authors_nor_who_waits_nor_old_things_are_noted(cast, client, client_as, alice, bruno):
    public = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    old = make_publication(Document, cast.alice, published_at=utcnow() - timedelta(days=41))
    db.session.commit()
    for browser, item in ((client, public), (client_as(cast.dora), public), (alice, public), (bruno, old)):
        assert browser.get(address(item)).status_code == 200
    assert cast.dora.status == UserStatus.PENDING and readings() == {}
    bruno.get(address(public).replace("/documents/", "/actions/"))
    assert readings() == {}


def test_what_was_read_before_the_alert_is_prepared_is_not_sent(cast, bruno):
    item = make_publication(Event, cast.alice, published_at=None)
    publishing.publish(item)
    db.session.commit()
    bruno.get(address(item))
    dispatch()
    assert db.session.scalars(select(Delivery)).all() == []


def test_readings_are_forgotten_after_two_months(cast, bruno):
    item = make_publication(Document, cast.alice)
    db.session.commit()
    bruno.get(address(item))
    with time_machine.travel(utcnow() + timedelta(days=59), tick=False):
        purge()
        assert len(readings()) == 1
    with time_machine.travel(utcnow() + timedelta(days=61), tick=False):
        purge()
        assert readings() == {}
