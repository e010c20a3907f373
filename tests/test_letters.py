"""A whole letter on a bad day: real processes that die half-way, real connections at once, a real mail server."""

import multiprocessing
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.extensions import begin_write, db
from app.jobs import mailing as job
from app.labels import Channel, DeliveryState, IssueState, UserStatus
from app.models import AuditEntry, Delivery, NewsletterIssue, NewsletterItem, Subscriber, User
from app.models.types import utcnow
from app.notifications import mail, newsletter, outbox
from app.services import mailing
from tests import bad_days_worker as worker
from tests.test_bad_days import count, site, wait  # noqa: F401 - a fixture

MEMBERS, OUTSIDE, BOTH, DEAD, STOPPED = 1000, 200, 30, 12, 20


def begin(members, outside, *, state=IssueState.SCHEDULED):
    """Make people and a letter that is due; some people subscribed both ways. Return the id of the letter."""
    begin_write()
    now = utcnow()
    people = {"status": UserStatus.ACTIVE, "letter_since": now, "first_name": "Ève", "last_name": "Martin"}
    people |= {"password_hash": ""}
    db.session.execute(sa.insert(User), [people | {"email": f"m{number}@ex.fr"} for number in range(members)])
    names = [f"m{number}@ex.fr" for number in range(min(BOTH, members))] + [f"s{n}@ex.fr" for n in range(outside)]
    db.session.execute(sa.insert(Subscriber), [{"address": name, "confirmed_at": now} for name in names])
    for number in range(min(STOPPED, members)):
        outbox.stop(Channel.MAIL, f"m{members - 1 - number}@ex.fr", newsletter.LETTER)
    issue = NewsletterIssue(month=date(2026, 11, 1), subject="La lettre", sections=["briefs"], since=now, until=now)
    issue.items = [NewsletterItem(section="briefs", position=1, title="Un mot", text="Bonne lecture.")]
    issue.state, issue.send_at = state, now - timedelta(seconds=1)
    db.session.add(issue)
    db.session.flush()
    issue_id = issue.id
    db.session.commit()
    return issue_id


def send_letters(env):
    """Do what the clock of the site does with a letter, over and over."""
    worker.send(env, job.send_letters, worker.sending.send_mails)


@pytest.mark.slow
def test_a_letter_reaches_each_of_1200_people_once_though_its_sender_is_killed(site):  # noqa: F811
    dead = {f"m{100 + number}@ex.fr" for number in range(DEAD)}

    async def refuse(server, session, envelope, address, options):
        if address in dead:
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    site.box.handle_RCPT = refuse
    issue_id = begin(MEMBERS, OUTSIDE)
    people = MEMBERS + OUTSIDE - STOPPED
    sender = site.start(send_letters)
    wait(lambda: count(Delivery) >= people // 2, 60, lambda: site.log)
    site.kill(sender)  # while it writes
    sender = site.start(send_letters)
    site.wait_for_mails((people - DEAD) // 2, 120)
    site.kill(sender)  # while it sends
    site.start(send_letters)
    wait(lambda: count(NewsletterIssue, NewsletterIssue.state == IssueState.SENT) == 1, 300, lambda: site.log)
    issue = db.session.get(NewsletterIssue, issue_id)
    assert (issue.recipients, issue.sent, issue.failed) == (people, people - DEAD, DEAD)
    assert len(site.box.copies) == people - DEAD and not dead & set(site.box.copies)
    twice = {recipient for recipient, copies in site.box.copies.items() if copies > 1}
    flagged = set(db.session.scalars(sa.select(Delivery.recipient).where(Delivery.is_maybe_double)))
    assert twice <= flagged and len(flagged) <= 2
    assert len({message_id for _, message_id in site.box.mails}) == people - DEAD  # a double is the same mail
    unsubscribe_by_the_button(site.app.test_client(), issue_id)


def unsubscribe_by_the_button(client, issue_id):
    for address in ("m50@ex.fr", "s7@ex.fr"):
        delivery = db.session.scalar(sa.select(Delivery).where(Delivery.recipient == address))
        stop = mail.make(delivery).extra_headers["List-Unsubscribe"].strip("<>")
        path = "/" + stop.split("/", 3)[3]
        answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    db.session.expire_all()
    assert db.session.get(NewsletterIssue, issue_id).stopped == 2
    assert mailing.count_recipients() == MEMBERS + OUTSIDE - STOPPED - 2
    assert db.session.scalar(sa.select(User.letter_since).where(User.email == "m50@ex.fr")) is None


def step(env, barrier):
    """Take the letter as far as the job does, at the same instant as another process."""
    with worker.running(env):
        barrier.wait()
        job.send_letters()


def test_two_processes_at_once_start_and_write_one_letter(site):  # noqa: F811
    issue_id = begin(300, 50)
    barrier = multiprocessing.get_context("forkserver").Barrier(3)
    both = [site.start(step, barrier) for _ in range(2)]
    barrier.wait(30)
    for process in both:
        process.join(60)
        assert process.exitcode == 0, site.log
    db.session.rollback()
    issue = db.session.get(NewsletterIssue, issue_id)
    assert (issue.state, issue.recipients, count(Delivery)) == (IssueState.LEAVING, 330, 330)
    assert issue.prepared_at and count(AuditEntry, AuditEntry.verb == "issue.sent") == 1
    assert count(Delivery, Delivery.state != DeliveryState.WAITING) == 0
