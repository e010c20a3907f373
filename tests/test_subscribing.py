"""Who gets the letter: the form of everybody, the profile, the link of a mail."""

import base64
import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.jobs.purging import purge
from app.labels import Channel, DeliveryState, IssueState, Priority, UserStatus
from app.models import Delivery, NewsletterIssue, OptOut, Subscriber
from app.models.types import utcnow
from app.notifications import newsletter, outbox
from app.notifications.message import Message
from app.notifications.newsletter import LETTER, addresses
from app.services import closing, exporting, mailing, referents, renewals, signups, subscribing, validation
from tests.browse import forms, send, submit
from tests.factories import make_user
from tests.test_mailing import make_issue

LOUISE = "louise@ex.fr"
NO_MORE, AGAIN = "Ne plus recevoir la lettre", "Recevoir de nouveau la lettre"


def ask(client, email=LOUISE, button="Recevoir la lettre"):
    """Fill in the form of the page, not faster than a person does."""
    with time_machine.travel(utcnow() - timedelta(seconds=10), tick=False):
        (form,) = forms(client.get("/lettre").text)
    wish = next(value for words, _, value in form.buttons if words == button)
    return client.post(form.action, data=form.fields.to_dict() | {"email": email, "wish": wish})


def mails(email=LOUISE):
    return db.session.scalars(select(Delivery).where(Delivery.recipient == email).order_by(Delivery.id)).all()


def link(email=LOUISE):
    """The path of the link in the newest mail."""
    return re.sub(r"^https?://[^/]+", "", mails(email)[-1].content["link"][1])


def link_of(purpose, email=LOUISE):
    """The path of the link in the mail that asks for a yes."""
    (mail,) = [row for row in mails(email) if row.key.startswith(purpose)]
    return re.sub(r"^https?://[^/]+", "", mail.content["link"][1])


def readers(without=None):
    return sorted(row.address for row in db.session.execute(addresses(without)))


def subscribe(client, email=LOUISE):
    ask(client, email)
    submit(client, link(email), "Confirmer")


def test_a_link_and_then_a_button_subscribe_somebody_without_an_account(client):
    assert ask(client).location == "/lettre/envoyee"
    page = client.get("/lettre/envoyee").text
    assert "Un courriel est parti" in page and LOUISE in page
    assert mails()[0].priority == Priority.ACCOUNT
    assert "Ne faites rien" in str(mails()[0].content)
    assert "Confirmer" in client.get(link()).text
    assert readers() == [] and db.session.scalar(select(func.count(Subscriber.id))) == 0  # GET changes nothing
    submit(client, link(), "Confirmer")
    assert readers() == [LOUISE]
    page = client.get(link()).text
    assert "Vous recevez la lettre" in page and "<button>Confirmer" not in page


def test_the_link_and_the_button_of_the_same_form_end_it(client):
    subscribe(client)
    with time_machine.travel(utcnow() + timedelta(minutes=11)):
        ask(client, button="Me désabonner")
        assert "/lettre/desabonnement/" in link()
        assert client.get(link()).status_code == 200 and readers() == [LOUISE]
        page = submit(client, link(), "Me désabonner")
        assert readers() == [] and db.session.scalar(select(Subscriber.id)) is None
        assert "Vous ne recevez pas la lettre" in client.get(page.location).text


def test_the_answer_never_tells_whether_an_address_is_known(client, cast):
    db.session.add(Subscriber(address="paul@ex.fr", confirmed_at=utcnow()))
    db.session.commit()
    answers = set()
    for email in ("paul@ex.fr", LOUISE, cast.alice.email):
        for button in ("Recevoir la lettre", "Me désabonner"):
            answer = ask(client, email, button)
            page = client.get(answer.location).text.replace(email, "…")
            answers.add((answer.status_code, answer.location, re.sub(r'nonce="[^"]*"', "", page)))
    assert len(answers) == 1
    assert "vous recevez déjà" in str(mails("paul@ex.fr")[0].content)
    assert "vous ne recevez pas" in str(mails("louise@ex.fr")[1].content)


def test_a_form_sent_twice_is_one_mail_and_many_are_refused(client):
    ask(client)
    ask(client)
    assert len(mails()) == 1
    for _ in range(3):
        ask(client)
    answer = ask(client)
    assert answer.status_code == 429 and "trop d’essais" in answer.text and f'value="{LOUISE}"' in answer.text


@pytest.mark.parametrize("email", ["", "louise", "a@b", "x\0@ex fr", "a@ex.fr\r\nBcc: b@ex.fr", "é" * 300])
def test_what_is_no_address_is_refused_with_a_sentence(client, email):
    answer = ask(client, email)
    assert answer.status_code == 422 and "Écrivez une adresse électronique complète" in answer.text
    assert "<title>Erreur" in answer.text
    assert db.session.scalar(select(func.count(Delivery.id))) == 0


def test_machines_get_the_same_answer_and_nothing_leaves(client):
    with time_machine.travel(utcnow() - timedelta(seconds=10), tick=False):
        (form,) = forms(client.get("/lettre").text)
    filled = form.fields.to_dict() | {"email": LOUISE, "remarque": "http://ex.com"}
    assert client.post(form.action, data=filled).location == "/lettre/envoyee"
    assert mails() == []
    hasty = client.post(form.action, data={"email": LOUISE, "wish": "join"})
    assert hasty.status_code == 422 and "très rapide" in hasty.text and mails() == []


def test_a_link_that_is_old_cut_or_for_something_else_changes_nothing(client):
    ask(client)
    address = link()
    assert client.get(address[:-3]).status_code == 404
    assert client.get(address + ".").status_code == 200  # the dot of the sentence around it
    assert client.get(address.replace("confirmation", "desabonnement")).status_code == 404
    assert client.post(address).status_code == 422  # without the token of its page
    with time_machine.travel(utcnow() + timedelta(days=8)):
        assert client.get(address).status_code == 410
        assert client.post(address).status_code == 410
    assert readers() == []


def test_confirming_twice_is_the_same(client):
    ask(client)
    page = client.get(link())
    data = forms(page.text)[0].fields
    assert client.post(link(), data=data).status_code == 302
    assert client.post(link(), data=data).status_code == 302
    assert readers() == [LOUISE]


def test_whoever_has_an_account_gets_it_by_the_account_and_once(client, cast):
    cast.alice.letter_since = None
    db.session.commit()
    subscribe(client, cast.alice.email)
    assert cast.alice.letter_since is not None
    assert db.session.scalar(select(func.count(Subscriber.id))) == 0
    assert readers().count(cast.alice.email) == 1


def test_a_subscriber_who_gets_an_account_gets_the_letter_once_and_by_it(cast):
    db.session.add(Subscriber(address=cast.dora.email, confirmed_at=utcnow()))
    cast.dora.letter_since = None
    assert readers() == [cast.dora.email]
    validation.decide(cast.animator, cast.dora, approves=True)
    assert cast.dora.letter_since is not None and readers() == [cast.dora.email]
    assert db.session.scalar(select(Subscriber.id)) is None


def test_confirming_lifts_an_earlier_stop(client):
    outbox.stop(Channel.MAIL, LOUISE, LETTER)
    outbox.stop(Channel.MAIL, LOUISE, outbox.ALL)
    db.session.commit()
    subscribe(client)
    assert readers() == [LOUISE] and not outbox.stops(Channel.MAIL, LOUISE)


def test_a_member_who_stopped_everything_is_told_that_the_letter_waits(client, cast):
    outbox.stop(Channel.MAIL, cast.alice.email, outbox.ALL)
    db.session.commit()
    ask(client, cast.alice.email)
    page = submit(client, link(cast.alice.email), "Confirmer")
    assert "arrêté tous les messages" in client.get(page.location).text
    assert outbox.stops(Channel.MAIL, cast.alice.email) == {outbox.ALL}


# The profile ------------------------------------------------------------------------------------------------------


def test_the_box_of_the_profile_and_what_was_stopped_agree(alice, cast):
    submit(alice, "/mon-profil", "Enregistrer", letter="y")
    since = cast.alice.letter_since
    assert readers() == [cast.alice.email]
    outbox.stop(Channel.MAIL, cast.alice.email, LETTER)
    db.session.commit()
    assert readers() == []
    submit(alice, "/mon-profil", "Enregistrer", letter="y")
    assert readers() == [cast.alice.email] and cast.alice.letter_since == since  # the proof keeps its date
    db.session.add(Subscriber(address=cast.alice.email, confirmed_at=utcnow()))
    submit(alice, "/mon-profil", "Enregistrer", letter=None)
    assert readers() == [] and cast.alice.letter_since is None


def test_alerts_that_rest_do_not_hold_the_letter_back(cast):
    cast.alice.letter_since = cast.alice.alerts_paused_at = utcnow()
    assert readers() == [cast.alice.email]


def test_only_open_accounts_and_confirmed_addresses_that_work_get_it(cast):
    for name in ("dora", "bruno", "chloe", "emile"):
        getattr(cast, name).letter_since = utcnow()  # Dora waits for her validation
    cast.chloe.status = UserStatus.SUSPENDED
    outbox.stop(Channel.MAIL, cast.emile.email, outbox.ALL)
    db.session.add_all(Subscriber(address=address, confirmed_at=utcnow()) for address in ("a@ex.fr", "off@ex.fr"))
    db.session.add(outbox.Address(channel="mail", address="off@ex.fr", refusals=3, off_since=utcnow()))
    db.session.flush()
    assert readers() == sorted(["a@ex.fr", cast.bruno.email])
    assert mailing.count_recipients() == 2


# The link of a mail -----------------------------------------------------------------------------------------------


@pytest.fixture
def letter(cast):
    """A letter that has left to a member and to somebody else."""
    issue = make_issue(state=IssueState.SENT)
    rows = []
    cast.alice.letter_since = utcnow()
    db.session.add(Subscriber(address=LOUISE, confirmed_at=utcnow()))
    for email in (cast.alice.email, LOUISE):
        key = {"key": f"letter:{issue.id}:{email}", "kind": LETTER, "priority": Priority.LETTER, "issue_id": issue.id}
        rows.append(outbox.row(Message("La lettre", ("…",)), to=email, **key))
    outbox.post_many(rows)
    db.session.commit()
    return issue


def stop_path(email):
    return f"/desabonnement/{subscribing.signing.sign('stop', mails(email)[0].id)}"


def one_click(client, email):
    return client.post(stop_path(email), data={"List-Unsubscribe": "One-Click"})


def stopped(issue):
    return db.session.scalar(select(NewsletterIssue.stopped).where(NewsletterIssue.id == issue.id))


def test_the_mail_programs_button_unsubscribes_for_good(client, cast, letter):
    assert one_click(client, cast.alice.email).status_code == 200
    assert one_click(client, LOUISE).status_code == 200
    db.session.expire_all()
    assert cast.alice.letter_since is None
    assert db.session.scalar(select(Subscriber.id)) is None
    assert readers() == [] and stopped(letter) == 2


def test_whoever_presses_it_twice_counts_once_and_may_come_back(client, letter):
    for _ in range(2):
        one_click(client, LOUISE)
    assert stopped(letter) == 1
    submit(client, stop_path(LOUISE), AGAIN)
    assert LOUISE in readers()
    one_click(client, LOUISE)
    assert LOUISE not in readers() and stopped(letter) == 1


def test_a_member_may_come_back_by_the_same_page(client, cast, letter):
    submit(client, stop_path(cast.alice.email), NO_MORE)
    assert cast.alice.letter_since is None
    submit(client, stop_path(cast.alice.email), AGAIN)
    assert cast.alice.letter_since is not None and cast.alice.email in readers()


def test_whoever_stops_everything_gets_no_letter_either_and_comes_back_to_all(client, cast, letter):
    for email in (cast.alice.email, LOUISE):
        submit(client, stop_path(email), "Ne plus recevoir aucun message")
    assert readers() == [] and stopped(letter) == 2
    for email in (cast.alice.email, LOUISE):
        submit(client, stop_path(email), "Recevoir de nouveau tous")
    assert readers() == sorted([cast.alice.email, LOUISE])


def test_the_stop_of_another_message_leaves_the_letter_alone(client, cast, letter):
    alert = {"to": cast.alice.email, "key": "alert", "kind": "alert", "priority": Priority.ALERT}
    outbox.post(Message("Alerte", ("…",)), **alert)
    db.session.commit()
    number = db.session.scalar(select(Delivery.id).where(Delivery.key == "alert"))
    client.post(f"/desabonnement/{subscribing.signing.sign('stop', number)}", data={"List-Unsubscribe": "One-Click"})
    assert cast.alice.letter_since is not None and cast.alice.email in readers()
    assert db.session.scalars(select(OptOut.kind)).all() == ["alert"] and stopped(letter) == 0


# What is kept -----------------------------------------------------------------------------------------------------


def test_a_link_names_nobody_and_nothing_of_a_request_is_left_after_a_week(client):
    ask(client)
    address = link()
    token = address.rpartition("/")[2].split(".")[0]
    assert LOUISE.encode() not in base64.urlsafe_b64decode(token + "==") and LOUISE not in mails()[0].key
    mails()[0].state = DeliveryState.SENT
    db.session.commit()
    purge()
    assert client.get(address).status_code == 200
    with time_machine.travel(utcnow() + timedelta(days=8)):
        purge()
        assert client.get(address).status_code == 410
    row = db.session.scalars(select(Delivery)).one()
    assert (row.recipient, row.name, row.subject, row.content, row.key) == ("", "", "", None, f"erased:{row.id}")


def test_what_proves_the_wish_is_when_it_was_asked_and_when_it_was_confirmed(client):
    ask(client)
    asked_at = mails()[0].created_at
    with time_machine.travel(utcnow() + timedelta(days=2), tick=False):
        submit(client, link(), "Confirmer")
        confirmed_at = utcnow()
    row = db.session.scalars(select(Subscriber)).one()
    assert (row.created_at, row.confirmed_at) == (asked_at, confirmed_at)


def test_the_copy_of_ones_data_tells_a_subscription_without_the_account(cast):
    db.session.add(Subscriber(address=cast.dora.email, confirmed_at=utcnow()))
    db.session.flush()
    told = dict((part.title, part.rows(cast.dora)) for part in exporting.PARTS)
    assert [row for rows in told.values() for row in rows if row.get("Accord confirmé le")]
    cast.dora.confirmed_at = None
    assert not any("Accord confirmé le" in row for part in exporting.PARTS for row in part.rows(cast.dora))


# Accounts that open, close or change their address ----------------------------------------------------------------


@pytest.mark.parametrize("status", [UserStatus.UNCONFIRMED, UserStatus.PENDING, UserStatus.REFUSED])
def test_a_sign_up_by_somebody_else_ends_no_subscription(client, cast, letter, status):
    outbox.stop(Channel.MAIL, LOUISE, "reminder")
    ask(client, button="Me désabonner")
    stranger = make_user("Louise", cast.council, status=status, email=LOUISE)
    signups.ask_to_confirm(stranger)
    for row in mails():
        row.state = DeliveryState.SENT
    db.session.commit()
    address, stop = link_of("letter-leave"), stop_path(LOUISE)
    signups.erase(stranger)
    db.session.commit()
    assert LOUISE in readers() and outbox.stops(Channel.MAIL, LOUISE) == {"reminder"}
    assert client.get(address).status_code == client.get(stop).status_code == 200
    assert [row.kind for row in mails() if not row.key.startswith("letter")] == []


def test_a_subscriber_goes_on_getting_the_letter_while_the_account_waits(client, client_as, cast):
    cast.dora.letter_since = None
    subscribe(client, cast.dora.email)
    assert readers() == [cast.dora.email] and cast.dora.letter_since is None
    with time_machine.travel(utcnow() + timedelta(minutes=11)):
        ask(client, cast.dora.email)
        assert "vous recevez déjà" in str(mails(cast.dora.email)[-1].content)
    subscribing.wish(cast.dora, wants=True)
    assert readers() == [cast.dora.email]
    validation.decide(cast.animator, cast.dora, approves=False, reason="Personne ne la connaît ici.")
    assert readers() == [cast.dora.email]


def test_whoever_waits_for_an_account_that_asked_for_the_letter_may_end_that(client, cast):
    cast.dora.letter_since = utcnow()
    db.session.commit()
    assert not subscribing.is_subscribed(cast.dora.email)
    ask(client, cast.dora.email, "Me désabonner")
    submit(client, link(cast.dora.email), "Me désabonner")
    assert cast.dora.letter_since is None


def test_a_referent_who_had_subscribed_keeps_the_letter_and_the_ticked_box(client_as, cast):
    db.session.add(Subscriber(address=LOUISE, confirmed_at=utcnow()))
    db.session.flush()
    words = {"email": LOUISE, "first_name": "Louise", "last_name": "Roy", "organisation": "", "public_contact": ""}
    louise = referents.appoint(None, actor_id=cast.animator.id, territories=[cast.country.ain], **words)
    db.session.commit()
    assert readers() == [LOUISE] and louise.letter_since and db.session.scalar(select(Subscriber.id)) is None
    submit(client_as(louise), "/mon-profil", "Enregistrer", last_name="Leroy")
    assert readers() == [LOUISE]


def test_a_profile_that_was_open_meanwhile_undoes_nothing(alice, cast):
    page = alice.get("/mon-profil")
    subscribing.confirm(cast.alice.email)
    db.session.commit()
    send(alice, page, "Enregistrer", presentation="Bonjour")
    assert readers() == [cast.alice.email]
    page = alice.get("/mon-profil")
    subscribing.end(cast.alice.email)
    db.session.commit()
    send(alice, page, "Enregistrer", presentation="Bonsoir")
    assert readers() == []


def test_a_new_address_gets_what_waits_and_nothing_twice(cast, letter):
    former, new = cast.alice.email, "neuve@ex.fr"
    assert renewals.change_address(cast.alice, new)
    (row,) = mails(new)[:1]
    assert (row.state, row.person_id, row.key) == ("waiting", cast.alice.id, f"letter:{letter.id}:#{cast.alice.id}")
    taken_up = Delivery(issue_id=letter.id, recipient=former, person_id=cast.alice.id)  # a moment before
    assert newsletter.objection(row) == newsletter.objection(taken_up) == ""
    row.state = DeliveryState.SENT
    assert renewals.change_address(cast.alice, "encore@ex.fr")
    assert [one.kind for one in mails(new)] == ["closing"]  # « Votre adresse a été changée »
    db.session.refresh(row)
    assert (row.recipient, row.state, row.issue_id) == ("", "sent", letter.id)
    assert readers(without=letter.id) == [] and readers() == ["encore@ex.fr", LOUISE]


@pytest.mark.parametrize("status", [UserStatus.PENDING, UserStatus.ACTIVE])
def test_a_subscription_without_the_account_follows_to_the_new_address_too(cast, status):
    db.session.add(Subscriber(address=cast.dora.email, confirmed_at=utcnow()))
    cast.dora.letter_since, cast.dora.status = None, status
    db.session.flush()
    renewals.change_address(cast.dora, "neuve@ex.fr")
    assert readers() == ["neuve@ex.fr"]
    assert (cast.dora.letter_since is None) == (status == UserStatus.PENDING)


def test_whoever_takes_the_address_of_a_reader_gets_an_issue_once(cast, letter):
    db.session.execute(update(Delivery).values(state=DeliveryState.WAITING))
    renewals.change_address(cast.alice, LOUISE)
    assert [row.state for row in mails() if row.issue_id] == ["waiting"]
    assert readers() == [LOUISE] and readers(without=letter.id) == []


def test_looking_for_who_has_no_mail_of_an_issue_reads_its_mails_once(app):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("the plan of the other database depends on what the tables hold")
    query = addresses(without=3).compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = db.session.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
    lists = [row for row in plan if row.detail.startswith("LIST SUBQUERY")]
    of_mails = [row for row in plan if "deliveries" in row.detail]
    assert of_mails and {row.parent for row in of_mails} <= {row.id for row in lists}


# The link of a mail whose reader is forgotten ---------------------------------------------------------------------


def test_the_link_of_a_mail_whose_reader_is_forgotten_is_dead(client, cast, letter):
    path = stop_path(cast.alice.email)
    db.session.execute(update(Delivery).values(state=DeliveryState.SENT))
    closing.close(cast.alice, at_once=True)
    db.session.commit()
    assert client.get(path).status_code == 404
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert db.session.scalar(select(OptOut.id)) is None
    db.session.add(Subscriber(address="", confirmed_at=utcnow()))
    with pytest.raises(IntegrityError):
        db.session.flush()


def test_the_page_of_the_link_says_what_is_true(client, cast, letter):
    path = stop_path(cast.alice.email)
    page = client.get(path).text
    assert "Vous recevez la lettre." in page
    assert [button[0] for button in forms(page)[0].buttons][0] == NO_MORE
    subscribing.wish(cast.alice, wants=False)
    db.session.commit()
    page = client.get(path).text
    assert "Vous ne recevez plus la lettre." in page and f">{AGAIN}<" in page and f">{NO_MORE}<" not in page


def test_whoever_stops_all_by_another_mail_gets_the_letter_again_with_all(client):
    db.session.add(Subscriber(address=LOUISE, confirmed_at=utcnow()))
    outbox.post(Message("Rappel", ("…",)), to=LOUISE, key="r", kind="reminder", priority=Priority.REMINDER)
    db.session.commit()
    submit(client, stop_path(LOUISE), "Enregistrer", choice="stop-all")
    assert readers() == []
    submit(client, stop_path(LOUISE), "Enregistrer", choice="resume-all")
    assert readers() == [LOUISE]


# The page ---------------------------------------------------------------------------------------------------------


def test_the_page_lists_the_letters_that_left_the_newest_first_and_sets_no_cookie(client):
    for month in range(1, 13):
        make_issue(month=month, state=IssueState.SENT, subject=f"Lettre n°{month}")
    make_issue(month=1, year=2027, subject="Un brouillon")
    db.session.commit()
    page = client.get("/lettre")
    found = re.findall(r"Lettre n°(\d+)", page.text)
    assert found == [str(month) for month in range(12, 0, -1)]
    assert "Un brouillon" not in page.text
    assert "Set-Cookie" not in page.headers and page.headers["ETag"]
    assert 'href="/lettre/2026-12"' in page.text and "Décembre 2026" in page.text


def test_a_page_kept_for_visitors_shows_a_letter_that_begins_to_leave(client, cast):
    issue = make_issue(subject="Toute fraîche")
    make_user("Ines", letter_since=utcnow())
    db.session.commit()
    assert "Toute fraîche" not in client.get("/lettre").text
    mailing.send_now(issue, cast.animator)
    db.session.commit()
    assert "Toute fraîche" in client.get("/lettre").text
