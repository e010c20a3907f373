"""Several people write and publish articles at the same instant, on a real database."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask_migrate import upgrade
from sqlalchemy import select

from app.extensions import db
from app.jobs.publishing import publish as publish_job
from app.labels import Role
from app.models import Activity, Article, AuditEntry, Revision, Series
from app.models.types import utcnow
from app.services import accounts
from tests.browse import send
from tests.factories import make_article, make_cast, make_user

pytestmark = pytest.mark.slow

HANDS = 6
NEW = "/animation/articles/nouveau"


@pytest.fixture
def site(own_app):
    """A site with a database of its own."""
    with own_app.app_context():
        upgrade()
        own_app.referent_id = make_cast().referent.id
        db.session.commit()
    return own_app


def browser(app, number):
    """Return the browser of a new animator."""
    client = app.test_client()
    with app.app_context():
        user = make_user(f"N{number} Essai", email=f"n{number}@essai.example", role=Role.ANIMATOR)
        token = accounts.log_in(user)
        db.session.commit()
    with client.session_transaction() as session:
        session["_user_id"] = token
    return client


def at_once(work, things):
    """Do something with all of these at the same instant."""
    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(work, things))


def test_articles_of_one_title_published_at_once_all_have_an_address(site):
    clients = [browser(site, number) for number in range(HANDS)]
    pages = [(client, client.get(NEW)) for client in clients]
    sent = {"title": "La rentrée", "kind": "guide", "new_series": "Les cahiers"}
    answers = at_once(lambda pair: send(*pair, "Publier", **sent), pages)
    assert {answer.status_code for answer in answers} == {302}
    with site.app_context():
        rows = db.session.scalars(select(Article)).all()
        wanted = {"la-rentree", *(f"la-rentree-{number}" for number in range(2, HANDS + 1))}
        assert {row.slug for row in rows} == wanted and len(rows) == HANDS
        assert sorted(row.episode for row in rows) == list(range(1, HANDS + 1))
        assert [one.name for one in db.session.scalars(select(Series))] == ["Les cahiers"]


def test_one_form_sent_by_many_hands_at_once_makes_one_article(site):
    client = browser(site, 0)
    page = client.get(NEW)
    answers = at_once(lambda _: send(client, page, "Publier", title="Une fois"), range(HANDS))
    assert {answer.status_code for answer in answers} == {302}
    with site.app_context():
        assert [row.slug for row in db.session.scalars(select(Article))] == ["une-fois"]
        assert len(db.session.scalars(select(Revision)).all()) == 1


def test_a_submission_that_many_publish_at_once_is_published_and_told_once(site):
    with site.app_context():
        article = make_article("De l’Ain", published_at=None, submitted_at=utcnow(), author_id=site.referent_id)
        path = f"/animation/articles/{article.id}"
        db.session.commit()
    clients = [browser(site, number) for number in range(HANDS)]
    pages = [(client, client.get(path)) for client in clients]
    answers = at_once(lambda pair: send(*pair, "Publier maintenant"), pages)
    assert {answer.status_code for answer in answers} == {302}
    with site.app_context():
        assert db.session.scalars(select(AuditEntry.verb)).all() == ["article.published"]
        assert db.session.scalars(select(Activity.verb)).all() == ["article.published"]
        assert len(db.session.scalars(select(Revision)).all()) == 1


def test_what_is_due_is_published_once_by_all_the_jobs_together(site):
    with site.app_context():
        for number in range(4):
            make_article(f"Vœu {number % 2}", published_at=None, publish_on=utcnow())
        db.session.commit()

    def run(_):
        with site.app_context():
            publish_job()

    at_once(run, range(3))
    with site.app_context():
        rows = db.session.scalars(select(Article)).all()
        assert sorted(row.slug for row in rows) == ["voeu-0", "voeu-0-2", "voeu-1", "voeu-1-2"]
        assert len(db.session.scalars(select(Revision)).all()) == 4
