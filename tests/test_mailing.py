"""The letter on its way: decided once, written once to each, light, and held back at any time."""

import email.utils
import re
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update

from app.extensions import db
from app.jobs import mailing as job
from app.jobs import sending
from app.jobs.dispatching import dispatch
from app.labels import Channel, DeliveryState, IssueState, Priority, UserStatus, Visibility
from app.markup import render
from app.models import Action, Address, AuditEntry, Delivery, Event, NewsletterIssue, NewsletterItem, Subscriber
from app.models.types import utcnow
from app.notifications import mail, newsletter, outbox
from app.notifications.plain import plain
from app.services import articles, closing, mailing, subscribing
from app.services import newsletter as services
from tests.factories import make_article, make_publication
from tests.test_outbox import box, rows, states  # noqa: F401 - a fixture

HEAVIEST = 30 * 1024  # bytes of a mail


def make_issue(month=11, year=2026, **columns) -> NewsletterIssue:
    """Add an issue with a few words of the animator's."""
    known = {"subject": "La lettre des conseils citoyens", "sections": ["news", "actions", "briefs"]}
    dates = {"month": date(year, month, 1), "since": utcnow(), "until": utcnow()}
    issue = NewsletterIssue(**known | dates | columns)
    issue.items = [make_item(title="Un mot de l’équipe", text="Bonne lecture.")]
    db.session.add(issue)
    db.session.flush()
    return issue


def make_item(section="briefs", position=1, **columns):
    return NewsletterItem(section=section, position=position, **columns)


def make_readers(count):
    db.session.add_all(Subscriber(address=f"l{number}@ex.fr", confirmed_at=utcnow()) for number in range(count))
    db.session.commit()


def leave(issue, animator, readers=3):
    """Let an issue begin to leave to some readers: its mails are written."""
    make_readers(readers)
    mailing.send_now(issue, animator)
    db.session.commit()
    job.send_letters()
    db.session.refresh(issue)


def send(*kept):
    """Send what waits. Sending forgets all that the session holds, but for `kept`."""
    sending.send_mails()
    db.session.expunge_all()
    db.session.add_all(kept)
    for row in kept:
        db.session.refresh(row)


def acts():
    return list(db.session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.like("issue.%"))))


# Decided ----------------------------------------------------------------------------------------------------------


def test_a_letter_leaves_at_its_date_and_not_before(cast):
    issue, at = make_issue(), utcnow() + timedelta(days=2)
    make_readers(2)
    mailing.schedule(issue, at, cast.animator)
    mailing.schedule(issue, at, cast.animator)  # a double click
    assert (issue.state, issue.send_at, issue.decided_by_id) == (IssueState.SCHEDULED, at, cast.animator.id)
    assert acts() == ["issue.scheduled"] and not mailing.is_any_due()
    job.send_letters()
    assert rows() == []
    with time_machine.travel(at + timedelta(days=5), tick=False):  # nothing ran for days: it leaves now
        assert mailing.is_any_due()
        job.send_letters()
        job.send_letters()
    assert (issue.state, issue.recipients, len(rows())) == (IssueState.LEAVING, 2, 2)
    assert acts() == ["issue.scheduled", "issue.sent"] and not mailing.is_any_due()


def test_a_date_in_the_past_an_empty_letter_and_one_that_has_left_are_refused_with_a_sentence(cast):
    issue = make_issue()
    with pytest.raises(mailing.Refused, match="déjà passée"):
        mailing.schedule(issue, utcnow() - timedelta(minutes=1), cast.animator)
    issue.subject = " "
    with pytest.raises(mailing.Refused, match="objet"):
        mailing.send_now(issue, cast.animator)
    issue.subject, issue.items = "La lettre", []
    with pytest.raises(mailing.Refused, match="vide"):
        mailing.send_now(issue, cast.animator)
    issue.state = IssueState.LEAVING
    for act in (mailing.unschedule, lambda *who: mailing.schedule(who[0], utcnow() + timedelta(1), who[1])):
        with pytest.raises(mailing.Refused, match="déjà partie"):
            act(issue, cast.animator)
    issue.state = IssueState.SENT
    for act in (mailing.stop, mailing.resume):
        with pytest.raises(mailing.Refused, match="arrêt"):
            act(issue, cast.animator)
    assert acts() == []


def test_a_date_is_taken_back_and_given_anew(cast):
    issue = make_issue()
    mailing.schedule(issue, utcnow() + timedelta(days=1), cast.animator)
    for _ in range(2):
        mailing.unschedule(issue, cast.animator)
    assert (issue.state, issue.send_at, issue.decided_by_id) == (IssueState.DRAFT, None, None)
    with time_machine.travel(utcnow() + timedelta(days=2)):
        assert not mailing.start_due(issue.id)  # the job had read it a moment before
    assert acts() == ["issue.scheduled", "issue.unscheduled"]


def test_two_clicks_and_the_job_at_once_send_one_letter(cast):
    issue = make_issue()
    make_readers(3)
    for _ in range(2):
        mailing.send_now(issue, cast.animator)
    db.session.commit()
    assert not mailing.start_due(issue.id)
    for _ in range(2):
        job.send_letters()
    assert len(rows()) == 3 and acts() == ["issue.sent"]


def test_a_letter_that_has_become_empty_by_its_date_is_a_draft_again_and_the_animators_are_told(cast, box):  # noqa: F811
    article = make_article("Un article")
    issue, at = make_issue(), utcnow() + timedelta(hours=1)
    issue.items = [make_item("news", 1, article=article, title=article.title)]
    make_readers(1)
    mailing.schedule(issue, at, cast.animator)
    article.hidden_at = utcnow()
    db.session.commit()
    with time_machine.travel(at + timedelta(minutes=1)):
        for _ in range(2):
            job.send_letters()
        dispatch()
    assert (issue.state, issue.send_at, issue.content) == (IssueState.DRAFT, None, None)
    assert acts() == ["issue.scheduled", "issue.unfit"]
    ((told, subject),) = [(row.recipient, row.subject) for row in rows()]
    assert told == cast.animator.email and subject == "La lettre de novembre 2026 n’est pas partie : elle est vide"


def test_what_was_changed_since_it_was_read_does_not_leave(cast):
    issue = make_issue()
    for act in (
        lambda version: mailing.send_now(issue, cast.animator, version),
        lambda version: mailing.schedule(issue, utcnow() + timedelta(1), cast.animator, version),
        lambda version: mailing.skip(issue, cast.animator, version),
    ):
        with pytest.raises(mailing.Refused, match="La lettre a changé depuis : relisez-la."):
            act(issue.version - 1)
    assert issue.state == IssueState.DRAFT and acts() == []
    mailing.send_now(issue, cast.animator, issue.version)
    mailing.send_now(issue, cast.animator, issue.version - 1)  # the second click of a page that is old by now
    assert issue.state == IssueState.LEAVING


@pytest.mark.parametrize("state", [IssueState.SCHEDULED, IssueState.LEAVING, IssueState.STOPPED, IssueState.SENT])
def test_an_old_draft_does_not_leave_once_a_newer_letter_has_told_it(cast, state):
    old, newer = make_issue(month=10), make_issue(month=11, state=state)
    for act in (mailing.send_now, lambda *who: mailing.schedule(who[0], utcnow() + timedelta(1), who[1])):
        with pytest.raises(mailing.Refused, match="La lettre de novembre 2026 est .* ne rien dire deux fois"):
            act(old, cast.animator)
    newer.state = IssueState.DRAFT
    mailing.send_now(old, cast.animator)
    assert old.state == IssueState.LEAVING


def test_a_month_goes_by_without_its_letter_and_it_is_taken_up_again(cast):
    issue = make_issue()
    for _ in range(2):
        mailing.skip(issue, cast.animator)
    with pytest.raises(mailing.Refused, match="reprenez-la"):
        mailing.send_now(issue, cast.animator)
    for _ in range(2):
        mailing.take_up(issue, cast.animator)
    assert issue.state == IssueState.DRAFT and acts() == ["issue.skipped", "issue.taken_up"]
    mailing.schedule(issue, utcnow() + timedelta(days=1), cast.animator)
    with pytest.raises(mailing.Refused, match="annulez-le"):
        mailing.skip(issue, cast.animator)
    mailing.send_now(issue, cast.animator)
    with pytest.raises(mailing.Refused, match="déjà partie"):
        mailing.skip(issue, cast.animator)


# Written ----------------------------------------------------------------------------------------------------------


def test_who_is_a_member_and_a_subscriber_gets_one_mail(cast, box):  # noqa: F811
    cast.alice.letter_since = utcnow()
    db.session.add(Subscriber(address=cast.alice.email, confirmed_at=utcnow()))
    leave(make_issue(), cast.animator, readers=1)
    send(cast.alice)
    assert sorted(box.recipients) == sorted([cast.alice.email, "l0@ex.fr"])
    (to,) = [mail["To"] for recipient, mail in box.mails if recipient == cast.alice.email]
    assert email.utils.parseaddr(str(to)) == (cast.alice.name, cast.alice.email)


def test_what_is_written_of_each_mail_is_small_and_half_written_goes_on(cast, monkeypatch):
    issue = make_issue()
    make_readers(25)
    mailing.send_now(issue, cast.animator)
    db.session.commit()
    monkeypatch.setattr(job, "LOT", 10)
    written, prepare = [], mailing.prepare

    def die(issue_id, lot):
        written.append(len(lot))
        if len(written) == 2:
            raise KeyboardInterrupt
        return prepare(issue_id, lot)

    monkeypatch.setattr(mailing, "prepare", die)
    with pytest.raises(KeyboardInterrupt):
        job.send_letters()
    db.session.rollback()
    assert len(rows()) == 10 and issue.prepared_at is None and mailing.is_any_due()
    job.send_letters()
    assert len(rows()) == 25 and issue.prepared_at and issue.recipients == 25
    assert written == [10, 10, 10, 5]  # the ten that are there are not written again
    assert len({row.recipient for row in rows()}) == 25
    assert all(len(str(row.content)) < 600 and row.priority == Priority.LETTER for row in rows())


def test_everybody_gets_the_text_of_the_moment_it_began_to_leave(cast, box):  # noqa: F811
    issue = make_issue()
    leave(issue, cast.animator)
    issue.items[0].title = "Changé après"
    db.session.commit()
    send()
    for _, got in box.mails:
        assert "Un mot de l’équipe" in got.get_body(("plain",)).get_content()


def test_the_mail_is_what_programs_and_people_expect_of_a_letter(cast, box):  # noqa: F811
    issue = make_issue(introduction="Bonjour", introduction_html=render("Bonjour à **tous** : [l’aide](/aide)."))
    leave(issue, cast.animator)
    send(issue)
    ids = {got["Message-ID"] for _, got in box.mails}
    assert len(ids) == 3
    recipient, got = box.mails[0]
    assert got["Subject"] == issue.subject and got["Precedence"] == "bulk" and got["List-Id"].startswith("<letter.")
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and got["Auto-Submitted"] == "auto-generated"
    stop = got["List-Unsubscribe"].strip("<>")
    text, html = (got.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for part in (text, html):
        assert stop in part and "Lire sur le site" in part and "/lettre/2026-11" in part
        assert "Vous recevez cette lettre parce que" in part and "http://127.0.0.1:8000/aide" in part
    assert "<img" not in html and "http" not in re.sub(r'href="[^"]*"', "", html).split("<body>")[1]
    assert "prefers-color-scheme: dark" in html and '<meta name="color-scheme"' in html
    assert max(map(len, text.split("\n"))) < 200
    other = box.mails[1][1]["List-Unsubscribe"].strip("<>")
    assert other != stop and other not in text


def big_content(items, text=280, introduction=0):
    item = {"title": "é" * 200, "text": "Des mots accentués. " * (text // 20), "facts": "x" * 300, "address": "a" * 300}
    sections = [{"name": "news", "heading": "Actualités", "items": [item] * items} for _ in range(7)]
    html = render("Un long mot d’accueil, très long. " * introduction)
    known = {"subject": "s" * 78, "month": "novembre 2026", "address": "http://127.0.0.1:8000/lettre/2026-11"}
    return known | {"introduction": "x", "introduction_html": html, "sections": sections}


@pytest.mark.parametrize(
    "size", [(1, 280, 0), (3, 280, 50), (5, 280, 0), (20, 280, 0), (150, 5000, 550), (1, 100_000, 550)]
)
def test_the_biggest_letter_weighs_thirty_kilobytes_at_most_and_says_what_is_left_out(cast, size):
    issue = make_issue()
    leave(issue, cast.animator, readers=1)
    issue.content = big_content(*size)
    db.session.commit()
    raw = mail.make(rows()[0]).as_bytes()
    assert len(raw) <= HEAVIEST
    items = size[0] * 7
    text = newsletter.body(issue.content, "txt", None)
    assert ("… et " in text) == (text.count("* ééé") < items)
    assert text.count("* ééé") >= 7 and len(raw) > 10_000


def test_links_of_the_introduction_lead_to_the_same_places_from_a_mail(cast):
    issue = make_issue(introduction="x")
    issue.introduction_html = render("[a](aide) [b](#x) [c](?q=1) [d](/aide) [e](../aide) [f](https://ex.fr/) g@ex.fr")
    content = services.compose(issue)
    for kind in ("html", "txt"):
        said = newsletter.body(content, kind, None)
        for place in ("lettre/aide", "lettre/2026-11#x", "lettre/2026-11?q=1", "aide", "aide"):
            assert f"http://127.0.0.1:8000/{place}" in said
        assert "https://ex.fr/" in said and not re.search(r'href="(?!http|mailto)', said)


def test_the_preview_says_what_mails_leave_out_be_it_an_item_or_the_introduction(cast):
    known = services.compose(make_issue(introduction="x", introduction_html=render("Un mot. ")))
    assert not newsletter.is_cut(known)
    assert newsletter.is_cut(known | {"introduction_html": render("Un mot **important**. " * 900)})
    assert newsletter.is_cut(big_content(20))


def test_a_test_goes_to_its_animator_alone_before_anything_else(cast, box):  # noqa: F811
    issue = make_issue()
    make_readers(3)
    assert mailing.send_test(issue, cast.animator)
    assert not mailing.send_test(issue, cast.animator)  # a double click
    db.session.commit()
    send(issue, cast.animator)
    ((recipient, got),) = box.mails
    assert recipient == cast.animator.email and got["Subject"] == f"[Essai] {issue.subject}"
    assert got["List-Unsubscribe"] is None and "Ceci est un essai" in got.get_body(("plain",)).get_content()
    assert "Un mot de l’équipe" in got.get_body(("html",)).get_content()
    assert issue.state == IssueState.DRAFT and rows()[0].priority == Priority.ACCOUNT


# On its way -------------------------------------------------------------------------------------------------------


def test_what_visitors_may_not_read_any_more_falls_out_of_the_mails_still_to_leave(cast, box, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sending, "BATCH", 1)
    article, other = make_article("Un article retiré"), make_article("Un article qui reste")
    action = make_publication(Action, cast.alice, level=Visibility.PUBLIC, title="Une action retirée")
    issue = make_issue()
    issue.items += [make_item("news", 1, article=article, title=article.title, text="Son résumé.")]
    issue.items += [make_item("news", 2, article=other, title=other.title)]
    issue.items += [make_item("actions", 1, publication=action, title=action.title)]
    leave(issue, cast.animator)
    first = mail.make(rows()[0]).body
    assert all(title in first for title in (article.title, other.title, action.title))
    articles.delete(article, cast.animator)
    action.level = Visibility.COUNCIL
    db.session.commit()
    send(article, other, action)
    for _, got in box.mails:
        for kind in ("plain", "html"):
            said = got.get_body((kind,)).get_content()
            assert article.title not in said and "Son résumé" not in said and action.title not in said
            assert other.title in said and "Un mot de l’équipe" in said


def test_an_event_called_off_falls_out_of_the_mails_and_is_marked_on_the_page(cast, client, box):  # noqa: F811
    starts = {"starts_at": utcnow() + timedelta(days=5), "level": Visibility.PUBLIC}
    events = [make_publication(Event, cast.alice, title=title, **starts) for title in ("La fête", "Le bal")]
    issue = make_issue(sections=["events", "briefs"])
    issue.items += [make_item("events", place, publication=one, title=one.title) for place, one in enumerate(events)]
    leave(issue, cast.animator, readers=1)
    events[0].cancelled_at = utcnow()
    db.session.commit()
    send()
    for kind in ("plain", "html"):
        said = box.mails[0][1].get_body((kind,)).get_content()
        assert "La fête" not in said and "Le bal" in said
    page = client.get("/lettre/2026-11").text
    assert page.count("<strong>Annulé</strong>") == 1 and "Le bal" in page
    assert re.search(r"La fête</a>\s*<strong>Annulé</strong>", page)


def test_the_figures_add_up_when_accounts_are_suspended_or_closed_meanwhile(cast, box):  # noqa: F811
    cast.alice.letter_since = cast.bruno.letter_since = cast.chloe.letter_since = utcnow()
    animator, issue = cast.animator, make_issue()
    leave(issue, animator, readers=1)
    closing.shut(cast.alice, UserStatus.SUSPENDED)
    closing.close(cast.bruno, at_once=False)
    closing.close(cast.chloe, at_once=True)
    db.session.commit()
    told = mailing.figures(issue)
    assert (told.recipients, told.waiting, told.unwanted) == (4, 3, 1)
    send(issue, animator)
    job.send_letters()
    db.session.refresh(issue)
    told = mailing.figures(issue)
    assert (told.recipients, told.sent, told.failed, told.unwanted) == (4, 1, 0, 3)
    assert issue.state == IssueState.SENT and list(mailing.to_recount()) == []
    letters = select(Delivery).where(Delivery.issue_id.is_not(None), Delivery.recipient.like("chlo%"))
    assert box.recipients.count("l0@ex.fr") == 1 and db.session.scalar(letters) is None


def test_who_is_let_in_again_before_it_leaves_gets_the_letter(cast, box):  # noqa: F811
    cast.alice.letter_since, animator, issue = utcnow(), cast.animator, make_issue()
    leave(issue, animator, readers=0)
    closing.shut(cast.alice, UserStatus.SUSPENDED)
    cast.alice.status = UserStatus.ACTIVE
    db.session.commit()
    send(cast.alice)
    assert cast.alice.email in box.recipients


def test_who_wants_it_no_more_gets_nothing_whatever_way_they_said_so(cast, box):  # noqa: F811
    cast.alice.letter_since = cast.bruno.letter_since = utcnow()
    leave(make_issue(), cast.animator, readers=3)
    subscribing.wish(cast.alice, wants=False)  # the box of the profile
    subscribing.end("l0@ex.fr")  # the form of everybody
    subscribing.stop(next(row for row in rows() if row.recipient == "l1@ex.fr"), "letter")
    db.session.commit()
    send(cast.bruno)
    assert sorted(box.recipients) == sorted(["l2@ex.fr", cast.bruno.email])
    job.send_letters()
    issue = db.session.scalar(select(NewsletterIssue))
    assert (issue.state, issue.sent, issue.failed, issue.stopped) == (IssueState.SENT, 2, 0, 1)
    assert issue.unwanted == 3


def test_a_letter_is_held_back_and_goes_on_to_the_others_alone(cast, box, monkeypatch):  # noqa: F811
    animator = cast.animator
    issue = make_issue()
    leave(issue, animator, readers=9)
    monkeypatch.setattr(sending, "BATCH", 4)

    # Held back once four are claimed and one of them is on its way.
    batch = outbox.claim(Channel.MAIL, "another process", 4, timedelta(minutes=5))
    db.session.add_all([issue, animator])
    assert outbox.mark_in_flight(batch[0].id, "another process", timedelta(minutes=5))
    assert mailing.stop(issue, animator) == 8
    assert mailing.stop(issue, animator) == 0
    assert not outbox.mark_in_flight(batch[1].id, "another process", timedelta(minutes=5))
    assert outbox.sent(batch[0], "another process")
    db.session.commit()
    send(issue, animator)
    assert box.recipients == [] and states() == [DeliveryState.SENT]
    assert mailing.figures(issue)[:4] == (9, 1, 0, 0)
    assert not mailing.is_any_due()
    for _ in range(2):
        mailing.resume(issue, animator)
    job.send_letters()
    send(issue, animator)
    assert len(box.recipients) == 8 and batch[0].recipient not in box.recipients
    job.send_letters()
    db.session.refresh(issue)
    assert (issue.state, issue.sent, issue.recipients) == (IssueState.SENT, 9, 9)
    assert acts() == ["issue.sent", "issue.stopped", "issue.resumed"]


def test_a_mail_that_is_to_be_tried_again_waits_while_the_letter_is_held_back(cast, box):  # noqa: F811
    animator = cast.animator
    issue = make_issue()
    leave(issue, animator, readers=1)
    db.session.execute(update(Delivery).values(is_maybe_double=True))  # nobody knows whether it has left
    mailing.stop(issue, animator)
    db.session.commit()
    send(issue, animator)
    assert [(row.state, row.error) for row in rows()] == [(DeliveryState.FAILED, newsletter.HELD)]
    mailing.resume(issue, animator)
    job.send_letters()
    send(issue, animator)
    assert box.recipients == ["l0@ex.fr"] and rows()[0].is_maybe_double


def test_mails_taken_back_while_others_were_being_written_are_written_after_all(cast):
    issue = make_issue()
    make_readers(4)
    mailing.send_now(issue, cast.animator)
    lot = mailing.missing(issue.id)
    mailing.prepare(issue.id, lot[:2])
    mailing.stop(issue, cast.animator)
    assert not mailing.prepare(issue.id, lot[2:])
    mailing.resume(issue, cast.animator)
    mailing.prepare(issue.id, lot[2:])
    mailing.note_prepared(issue.id)
    assert issue.prepared_at is None  # two are missing
    job.send_letters()
    assert issue.prepared_at and len(rows()) == 4


def test_dead_addresses_count_as_failed_and_the_third_letter_is_their_last(cast, box):  # noqa: F811
    animator = cast.animator
    dead = [f"l{number}@ex.fr" for number in (1, 4, 7)]
    box.refusals = dict.fromkeys(dead, "550 5.1.1 No such user")
    make_readers(10)
    for month in range(1, 5):
        issue = make_issue(month=month)
        leave(issue, animator, readers=0)
        send(issue, animator)
        job.send_letters()
        db.session.refresh(issue)
        expected = (10, 7, 3) if month < 4 else (7, 7, 0)
        assert (issue.recipients, issue.sent, issue.failed) == expected and issue.state == IssueState.SENT
    off = select(func.count(Address.id)).where(Address.off_since.is_not(None))
    assert db.session.scalar(off) == 3 and mailing.count_recipients() == 7


def test_the_figures_say_how_many_days_the_quota_needs(app, cast, box, monkeypatch):  # noqa: F811
    animator = cast.animator
    monkeypatch.setitem(app.config, "MAIL_DAILY_QUOTA", 10)
    issue = make_issue()
    leave(issue, animator, readers=25)
    told = mailing.figures(issue)
    assert (told.recipients, told.waiting, told.sent, told.days) == (
        25,
        25,
        0,
        3,
    )  # eight a day: the rest is for others
    send(issue, animator)
    told = mailing.figures(issue)
    assert (told.sent, told.waiting, told.days) == (8, 17, 3)
    assert issue.state == IssueState.LEAVING and not mailing.is_any_due()


def test_a_mail_tried_again_by_hand_counts_as_sent_afterwards(cast, box):  # noqa: F811
    animator = cast.animator
    box.refusals = {"l1@ex.fr": "550 5.7.1 Not today"}
    issue = make_issue()
    leave(issue, animator)
    send(issue, animator)
    job.send_letters()
    assert mailing.figures(issue)[:4] == (3, 2, 0, 1)
    box.refusals = {}
    failed = db.session.scalar(select(Delivery.id).where(Delivery.state == DeliveryState.FAILED))
    assert outbox.try_again(failed)
    db.session.commit()
    send(issue, animator)
    job.send_letters()
    db.session.refresh(issue)
    assert mailing.figures(issue)[:4] == (3, 3, 0, 0) and issue.state == IssueState.SENT


def test_a_letter_nobody_asked_for_is_published_all_the_same(cast):
    issue = make_issue()
    leave(issue, cast.animator, readers=0)
    assert (issue.state, issue.recipients) == (IssueState.SENT, 0)


def test_the_page_of_the_outbox_shows_a_letter_without_its_text(app, animator, cast):
    leave(make_issue(), cast.animator)
    page = animator.get(f"/animation/courrier/{rows()[0].id}")
    assert page.status_code == 200 and "tous ses lecteurs" in page.text and "/lettre/2026-11" in page.text


def test_sending_costs_the_same_few_queries_for_each_mail(cast, box, queries):  # noqa: F811
    article = make_article("Un article")
    issue = make_issue()
    issue.items += [make_item("news", 1, article=article, title=article.title)]
    leave(issue, cast.animator, readers=10)
    mail.make(rows()[0])
    queries.clear()
    send()
    assert len(box.mails) == 10 and len(queries) / 10 <= 9
    assert sum("articles" in query for query in queries) <= 1


# Plain text -------------------------------------------------------------------------------------------------------


def test_a_text_reads_well_without_its_marks():
    html = render(
        "## Bonjour\n\nUn mot **fort**, et [le site](https://ex.fr/a?b=1&c=2).\n\n* un\n* deux\n\n> dit-elle\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    assert plain(html) == (
        "Bonjour\n\nUn mot fort, et le site.\nhttps://ex.fr/a?b=1&c=2\n\n* un\n* deux\n\ndit-elle\n\na b\n1 2"
    )
    two = '<p><a href="/a">Un</a>, <a href="mailto:b@ex.fr">deux</a>, <a href="c">c</a>.</p><ul><li>x</li></ul>'
    assert plain(two) == "Un, deux, c.\nUn :\n/a\ndeux :\nb@ex.fr\n\n* x"
    assert plain("<p>1 &lt; 2 &amp; 3<br>fin</p>") == "1 < 2 & 3\nfin"
