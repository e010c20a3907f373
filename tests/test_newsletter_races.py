"""The letter is drafted and sent by several at the same instant, on a real database."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask_migrate import upgrade
from sqlalchemy import func, select

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.drafting import draft_letter
from app.labels import IssueState
from app.models import Activity, AuditEntry, Delivery, NewsletterIssue
from app.services import accounts, newsletter, settings
from tests.browse import send
from tests.factories import make_article, make_cast

pytestmark = pytest.mark.slow
MANY = 4


@pytest.fixture
def site(own_app):
    """A site of its own, where the letter is to be drafted every day from the first one on."""
    with own_app.app_context():
        upgrade()
        cast = make_cast()
        make_article("Une nouvelle")
        settings.put(newsletter.DAY, "1")
        db.session.commit()
        own_app.cast = cast
        own_app.tokens = [accounts.log_in(cast.animator) for _ in range(MANY)]
        db.session.commit()
    return own_app


def at_once(site, work):
    def one(number):
        with site.app_context():
            return work(number)

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))


def count(model, **columns):
    return db.session.scalar(select(func.count()).select_from(model).filter_by(**columns))


def browsers(site):
    found = []
    for token in site.tokens:
        client = site.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = token
        found.append(client)
    return found


def test_several_processes_draft_one_issue_and_tell_of_it_once(site, monkeypatch):
    monkeypatch.setattr(newsletter, "is_due", lambda now: True)  # nobody has noticed the others yet
    at_once(site, lambda number: draft_letter())
    with site.app_context():
        dispatch()
        assert count(NewsletterIssue) == count(Activity, verb="issue.drafted") == count(Delivery) == 1


def test_several_animators_who_write_at_once_all_keep_what_they_wrote(site):
    with site.app_context():
        issue = newsletter.draft(newsletter.utcnow())
        db.session.commit()
        address, ids = f"/animation/lettre/{issue.slug}", [item.id for item in issue.items]
    clients = browsers(site)
    fields = [
        {"introduction": "Un mot"},
        {"subject": "Un objet"},
        {f"title_{ids[0]}": "Un titre"},
        {"brief_title": "Brève"},
    ]
    pages = [client.get(address) for client in clients]
    answers = at_once(site, lambda number: send(clients[number], pages[number], "Enregistrer", **fields[number]))
    assert [answer.status_code for answer in answers] == [302] * MANY
    with site.app_context():
        issue = newsletter.newest()
        assert (issue.introduction, issue.subject) == ("Un mot", "Un objet")
        assert {"Un titre", "Brève"} <= {item.title for item in issue.items}


def test_a_letter_that_several_send_at_once_leaves_once(site):
    with site.app_context():
        issue = newsletter.draft(newsletter.utcnow())
        db.session.commit()
        address = f"/animation/lettre/{issue.slug}/depart"
    clients = browsers(site)
    pages = [client.get(address) for client in clients]
    answers = at_once(site, lambda number: send(clients[number], pages[number], "Oui, envoyer"))
    assert [answer.status_code for answer in answers] == [302] * MANY
    with site.app_context():
        assert newsletter.newest().state == IssueState.LEAVING and count(AuditEntry, verb="issue.sent") == 1
